//! What every request to Jenkins passes: one function, [`Upstream::send`].
//!
//! It adds credentials where the host does not, stamps the call's correlation id, keeps the call's deadline and counts
//! what the call costs. Whatever shall hold for all requests belongs here, and nowhere above or below.

pub(crate) mod transport;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::call::{Call, Counters};
use crate::error::Error;
use crate::settings::Settings;
use transport::{Body, Clock, Headers, Local, Method, Request, Transport, TransportError};

/// The way to one controller.
pub(crate) struct Upstream {
    transport: Box<dyn Transport>,
    clock: Rc<dyn Clock>,
    authorization: Option<String>,
    base: String,
    totals: Totals,
}

/// Counted over the instance's life.
#[derive(Default)]
pub(crate) struct Totals {
    pub(crate) requests: Cell<u64>,
    pub(crate) failures: Cell<u64>,
    pub(crate) bytes: Cell<u64>,
}

/// What a request asks, relative to the controller.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    /// Label of the kind of request, for whoever measures on the way: lower case and hyphens.
    pub(crate) endpoint: &'static str,
    /// Encoded, beginning with a slash.
    pub(crate) path: &'a str,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl<'a> Ask<'a> {
    /// A plain read.
    pub(crate) fn get(endpoint: &'static str, path: &'a str) -> Self {
        Self { method: Method::Get, endpoint, path, headers: Vec::new(), body: Vec::new() }
    }

    /// The same without its body.
    pub(crate) fn head(endpoint: &'static str, path: &'a str) -> Self {
        Self { method: Method::Head, ..Self::get(endpoint, path) }
    }
}

/// An answer's head, and its body to be read.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Metered,
}

/// A request without an answer.
pub(crate) struct Lost {
    pub(crate) error: Error,
    /// Jenkins may have received it and done what it says.
    pub(crate) may_have_arrived: bool,
}

impl Upstream {
    /// The way to the controller that the settings name.
    pub(crate) fn new(settings: &Settings, transport: Box<dyn Transport>, clock: Rc<dyn Clock>) -> Self {
        Self { transport, clock, authorization: settings.authorization.clone(), base: settings.url.clone(), totals: Totals::default() }
    }

    /// The clock that everything above uses.
    pub(crate) fn clock(&self) -> &Rc<dyn Clock> {
        &self.clock
    }

    /// Counters over the instance's life.
    pub(crate) fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Sends one request of a call.
    ///
    /// # Errors
    /// What went wrong below HTTP, or the call's deadline. Any HTTP status is a reply.
    pub(crate) async fn send(&self, call: &Call, ask: Ask<'_>) -> Result<Reply, Error> {
        self.exchange(call, ask).await.map_err(|lost| lost.error)
    }

    /// The same for a request that acts: whoever sent it must know whether it can have arrived.
    ///
    /// # Errors
    /// As [`Upstream::send`].
    pub(crate) async fn exchange(&self, call: &Call, ask: Ask<'_>) -> Result<Reply, Lost> {
        let mut headers = ask.headers;
        headers.push(("Accept-Encoding".into(), "identity".into()));
        headers.push(("X-Request-Id".into(), call.id().to_owned()));
        headers.push(("Jankins-Endpoint".into(), ask.endpoint.into()));
        if let Some(value) = &self.authorization {
            headers.push(("Authorization".into(), value.clone()));
        }
        let request = Request { method: ask.method, url: format!("{}{}", self.base, ask.path), headers, body: ask.body };
        call.counters().requests.set(call.counters().requests.get() + 1);
        self.totals.requests.set(self.totals.requests.get() + 1);
        let sent = within(&self.clock, call.remaining(), self.transport.send(request)).await;
        let response = match sent {
            Some(Ok(response)) => response,
            Some(Err(error)) => {
                self.totals.failures.set(self.totals.failures.get() + 1);
                let may_have_arrived = matches!(error, TransportError::Timeout(_) | TransportError::Broken(_) | TransportError::Other(_));
                return Err(Lost { error: transport_error(&error, &self.base, ask.path), may_have_arrived });
            }
            None => {
                self.totals.failures.set(self.totals.failures.get() + 1);
                return Err(Lost { error: call.deadline_error(ask.path), may_have_arrived: true });
            }
        };
        let body = Metered {
            inner: response.body,
            clock: Rc::clone(&self.clock),
            counters: Rc::clone(call.counters()),
            deadline: call.deadline(),
            base: self.base.clone(),
            path: ask.path.to_owned(),
        };
        Ok(Reply { status: response.status, headers: response.headers, body })
    }
}

/// A body that counts its bytes to the call and ends with the call's deadline.
pub(crate) struct Metered {
    inner: Box<dyn Body>,
    clock: Rc<dyn Clock>,
    counters: Rc<Counters>,
    deadline: Duration,
    base: String,
    path: String,
}

impl Metered {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// A body that breaks off, or the call's deadline.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let left = self.deadline.saturating_sub(self.clock.elapsed());
        match within(&self.clock, left, self.inner.chunk()).await {
            Some(Ok(Some(bytes))) => {
                let read = self.counters.bytes.get();
                self.counters.bytes.set(read.saturating_add(bytes.len() as u64));
                Ok(Some(bytes))
            }
            Some(Ok(None)) => Ok(None),
            Some(Err(TransportError::Broken(_))) => Err(Error::BadResponse {
                message: format!("the answer to {} broke off before its end", self.path),
                hint: "The connection ended early: a proxy's limit, or a controller that restarts. Try again.".into(),
            }),
            Some(Err(error)) => Err(transport_error(&error, &self.base, &self.path)),
            None => Err(Error::Timeout(format!("the answer to {} did not end in time", self.path))),
        }
    }
}

/// The future's value, unless the time is over before.
async fn within<T>(clock: &Rc<dyn Clock>, left: Duration, future: Local<'_, T>) -> Option<T> {
    match select(future, clock.sleep(left)).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(((), _)) => None,
    }
}

fn transport_error(error: &TransportError, base: &str, path: &str) -> Error {
    let path = path.split('?').next().unwrap_or(path);
    let unavailable = |hint: &str| Error::Unavailable {
        message: format!("cannot reach Jenkins at {base}: {error}"),
        hint: hint.into(),
        retry_after: Some(10),
        status: None,
    };
    match error {
        TransportError::Refused(_) => {
            unavailable("Check JENKINS_URL and that the controller runs; `jankins check` tells which layer fails.")
        }
        TransportError::Dns(_) => unavailable("The host name in JENKINS_URL does not resolve from here."),
        TransportError::Tls(_) => unavailable(
            "The certificate is not trusted here: give the CA of your controller with --ca-file. Verification cannot be switched off.",
        ),
        TransportError::Broken(_) => {
            unavailable("The connection ended before an answer: a proxy in between, or a controller that restarts.")
        }
        TransportError::Timeout(_) => Error::Timeout(format!("no answer from Jenkins in time ({error}) for {path}")),
        TransportError::Denied(_) => Error::Denied(format!("{path}: {error}")),
        TransportError::Other(why) => Error::Unavailable {
            message: format!("the request {path} failed: {why}"),
            hint: "The request did not get an answer from Jenkins.".into(),
            retry_after: None,
            status: None,
        },
    }
}
