//! Crumbs: what a POST with a password needs and an API token does not.
//!
//! A crumb is good for the session it was issued in, so the cookie of that
//! session has to come along.

use super::{Shared, auth::Proof, lock, pages, reply::Reply};
use hyper::{HeaderMap, header::COOKIE};
use serde_json::json;

const COOKIE_NAME: &str = "JSESSIONID.sim";

impl Shared {
    /// A fresh crumb in a fresh session.
    pub(crate) fn issue_crumb(&self) -> Reply {
        let mut live = lock(&self.live);
        let session = format!("session{}", live.next_session);
        let crumb = format!("crumb{:0>59}", live.next_session);
        live.next_session += 1;
        live.crumbs.insert(session.clone(), crumb.clone());
        let answer = json!({"_class": "hudson.security.csrf.DefaultCrumbIssuer", "crumb": crumb, "crumbRequestField": "Jenkins-Crumb"});
        Reply::json(&answer).with("Set-Cookie", &format!("{COOKIE_NAME}={session}; Path=/; HttpOnly"))
    }

    /// The refusal of a POST that lacks its crumb.
    pub(crate) fn check_crumb(&self, proof: Proof, headers: &HeaderMap) -> Option<Reply> {
        if proof == Proof::Token {
            return None;
        }
        let sent = headers.get("jenkins-crumb").and_then(|crumb| crumb.to_str().ok());
        let cookies = headers.get_all(COOKIE).iter().filter_map(|cookie| cookie.to_str().ok()).flat_map(|cookie| cookie.split(';'));
        let session = cookies.filter_map(|cookie| cookie.trim().split_once('=')).find(|(name, _)| *name == COOKIE_NAME);
        let live = lock(&self.live);
        let known = session.and_then(|(_, session)| live.crumbs.get(session));
        let valid = sent.is_some() && known.map(String::as_str) == sent;
        (!valid).then(pages::no_crumb)
    }
}
