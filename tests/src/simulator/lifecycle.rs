//! What happens after the recordings.
use super::{Shared, auth::{Proof, User}, log::Log, pages, paths::Target, reply::Reply};
use anyhow::Result;

impl Shared {
    pub(crate) fn live(&self, _user: User, _target: &Target, _resolved: &str) -> Option<Reply> {
        None
    }

    pub(crate) fn live_log(&self, _build: &str) -> Option<Log> {
        None
    }

    pub(crate) fn write(&self, _user: User, _proof: Proof, method: &str, path: &str, _headers: &hyper::HeaderMap, _body: &[u8]) -> Result<Reply> {
        Ok(pages::not_recorded(method, path))
    }
}
