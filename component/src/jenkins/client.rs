//! Typed requests of one call.

use std::borrow::Cow;
use std::fmt;

use super::{encode, kept, status};
use crate::call::Call;
use crate::error::Error;
use crate::json::{self, FromJson, Json};
use crate::upstream::transport::{Local, Method};
use crate::upstream::{Ask, Reply};

/// The largest JSON answer that is read. A test report of some ten thousand tests fits twice; memory stays bounded.
const MAX_JSON_BYTES: usize = 32 * 1024 * 1024;
/// Room for a text that is read whole, such as a stage's log from `wfapi`.
const MAX_TEXT_BYTES: usize = 8 * 1024 * 1024;

impl Call {
    /// Asks an object's `api/json` for the fields of `tree`.
    ///
    /// # Errors
    /// Any status but success; an answer that is not the JSON expected. `what` names the object in the error.
    pub(crate) async fn tree<T: FromJson>(&self, endpoint: &'static str, object: &str, tree: &str, what: &str) -> Result<T, Error> {
        let path = format!("{object}/api/json?tree={}", encode::tree(tree));
        self.json(endpoint, &path, what).await
    }

    /// Asks any JSON resource.
    ///
    /// # Errors
    /// As [`Call::tree`].
    pub(crate) async fn json<T: FromJson>(&self, endpoint: &'static str, path: &str, what: &str) -> Result<T, Error> {
        let mut answer = None;
        self.fetch(endpoint, path, what, &mut |json| {
            answer = T::from_json(json);
            answer.is_some()
        })
        .await?;
        answer.ok_or_else(|| unreadable(path, &NOT_AS_EXPECTED))
    }

    /// Has `read` read an answer without the jobs that the operator closed. Boxed, and one for all types: almost every tool
    /// asks several times.
    fn fetch<'a>(
        &'a self,
        endpoint: &'static str,
        path: &'a str,
        what: &'a str,
        read: &'a mut dyn FnMut(&Json<'_>) -> bool,
    ) -> Local<'a, Result<(), Error>> {
        Box::pin(async move {
            let mut reply = self.ask(Ask::get(endpoint, path), what).await?;
            let body = body(&mut reply, MAX_JSON_BYTES, path).await?;
            let done = with_json(&body, path, |mut answer| {
                self.app().settings().jobs.filter(&mut answer, path, what)?;
                if !reply.lasts && has_ended(&answer) {
                    self.app().upstream().ended(Method::Get, path);
                }
                Ok(read(&answer))
            });
            // What cannot be read this time may be right the next.
            if matches!(done, Ok(false) | Err(Error::BadResponse { .. })) {
                self.app().upstream().spoiled(path);
            }
            done.map(drop)
        })
    }

    /// Asks any text resource, whole.
    ///
    /// # Errors
    /// Any status but success; a text of more than 8 MiB.
    pub(crate) async fn text(&self, endpoint: &'static str, path: &str, what: &str) -> Result<String, Error> {
        let mut reply = self.ask(Ask::get(endpoint, path), what).await?;
        let body = body(&mut reply, MAX_TEXT_BYTES, path).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// Sends a request; any status but success is an error.
    ///
    /// # Errors
    /// As `Upstream::send`, and what the status means.
    pub(crate) async fn ask(&self, mut ask: Ask<'_>, what: &str) -> Result<Reply, Error> {
        ask.keep = kept::keep(&ask);
        let path = ask.path;
        self.app().settings().jobs.admits(matches!(ask.method, Method::Get | Method::Head), path, what)?;
        let mut reply = self.app().upstream().send(self, ask).await?;
        if (200..300).contains(&reply.status) {
            return Ok(reply);
        }
        let page = page(&mut reply).await;
        Err(status::error(reply.status, &reply.headers, &page, what, path))
    }
}

/// The beginning of an error page. A page that breaks off is as good as a whole one here.
pub(super) async fn page(reply: &mut Reply) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < status::PAGE_BYTES {
        match reply.body.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    bytes.truncate(status::PAGE_BYTES);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A whole body, up to a limit.
///
/// # Errors
/// A longer body, or one that breaks off.
pub(super) async fn body(reply: &mut Reply, limit: usize, path: &str) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = reply.body.chunk().await? {
        if bytes.is_empty() && chunk.len() <= limit {
            bytes = chunk;
            continue;
        }
        if bytes.len() + chunk.len() > limit {
            return Err(Error::TooLarge { what: shown(path).into_owned(), limit: format!("{} MiB", limit / (1024 * 1024)) });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Reads a body as JSON; a page where JSON was asked for is told apart from broken JSON.
///
/// # Errors
/// What is not the JSON expected.
pub(super) fn parse<T: FromJson>(body: &[u8], path: &str) -> Result<T, Error> {
    with_json(body, path, |json| T::from_json(&json).ok_or_else(|| unreadable(path, &NOT_AS_EXPECTED)))
}

/// Whether this is a build that says of itself that it has ended. A result alone may still become worse.
fn has_ended(answer: &Json<'_>) -> bool {
    answer.get("building") == Some(&Json::Bool(false)) && answer.get("result").is_some_and(|result| *result != Json::Null)
}

fn with_json<T>(body: &[u8], path: &str, read: impl FnOnce(Json<'_>) -> Result<T, Error>) -> Result<T, Error> {
    let first = body.iter().find(|b| !b.is_ascii_whitespace());
    if !matches!(first, Some(b'{' | b'[')) {
        let head = body.get(..body.len().min(status::PAGE_BYTES)).unwrap_or_default();
        return Err(status::not_json(&String::from_utf8_lossy(head), path));
    }
    read(json::parse(&String::from_utf8_lossy(body)).map_err(|error| unreadable(path, &error))?)
}

/// Of an answer that is JSON.
const NOT_AS_EXPECTED: &str = "a field is missing, or of another type";

fn unreadable(path: &str, why: &dyn fmt::Display) -> Error {
    Error::BadResponse {
        message: format!("{} answered with JSON that cannot be read: {why}", shown(path)),
        hint: "The answer was cut short or changed on the way, or this Jenkins differs from those that are known.".into(),
    }
}

/// A path as messages show it: without its query.
fn shown(path: &str) -> Cow<'_, str> {
    Cow::Borrowed(path.split('?').next().unwrap_or(path))
}
