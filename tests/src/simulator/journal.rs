//! What was asked: every request the simulator received, for tests to count.
//!
//! Secrets are left out. Whether one showed up anywhere but in the
//! `Authorization` header is noted instead.

use super::auth::User;
use hyper::HeaderMap;
use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

/// Headers that exist to carry secrets.
const SECRET_HEADERS: [&str; 3] = ["authorization", "cookie", "jenkins-crumb"];

/// One request as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query as sent.
    pub path: String,
    /// Who sent it; `None` when the credentials were wrong.
    pub user: Option<User>,
    /// Names (lower case) and values, without those that carry secrets.
    pub headers: Vec<(String, String)>,
    /// The body, up to 64 KiB.
    pub body: String,
    /// A token or password of the simulator stood in the path, the body or another header.
    pub leaks_secret: bool,
}

impl Request {
    pub(crate) fn new(method: &str, path: &str, user: Option<User>, headers: &HeaderMap, body: &[u8]) -> Self {
        let headers: Vec<(String, String)> = headers
            .iter()
            .filter(|(name, _)| !SECRET_HEADERS.contains(&name.as_str()))
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let body: String = String::from_utf8_lossy(body).chars().take(64 * 1024).collect();
        let secret = |text: &str| {
            let mut secrets = User::ALL.iter().flat_map(|user| [user.token(), user.password()]);
            secrets.any(|secret| !secret.is_empty() && text.contains(secret))
        };
        let leaks_secret = secret(path) || secret(&body) || headers.iter().any(|(_, value)| secret(value));
        Self { method: method.to_owned(), path: path.to_owned(), user, headers, body, leaks_secret }
    }
}

/// The list of requests and how many were answered at once.
#[derive(Default)]
pub(crate) struct Journal {
    requests: Mutex<Vec<Request>>,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

impl Journal {
    fn requests(&self) -> MutexGuard<'_, Vec<Request>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, request: Request) {
        self.requests().push(request);
    }

    pub(crate) fn all(&self) -> Vec<Request> {
        self.requests().clone()
    }

    pub(crate) fn clear(&self) {
        self.requests().clear();
        self.most_open.store(self.open.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    pub(crate) fn most_open(&self) -> usize {
        self.most_open.load(Ordering::SeqCst)
    }

    /// Counts a request as open until the guard goes.
    pub(crate) fn enter(&self) -> Open<'_> {
        let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_open.fetch_max(open, Ordering::SeqCst);
        Open { journal: self }
    }
}

/// A request being answered.
pub(crate) struct Open<'a> {
    journal: &'a Journal,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.journal.open.fetch_sub(1, Ordering::SeqCst);
    }
}
