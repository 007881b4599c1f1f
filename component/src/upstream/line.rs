//! The line to one controller: sends a request as often as is right, and no oftener.
//!
//! Everything that all requests share is here: credentials where the host adds none, the request's own deadline, the
//! circuit breaker, the budget for repetitions, and the counters over the instance's life.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{Either, select};

use super::breaker::{Breaker, Permit};
use super::gzip;
use super::retry::{self, Budget};
use super::transport::{Body, Clock, Headers, Local, Method, Request, Response, Transport, TransportError};
use crate::call::Counters;
use crate::error::Error;

/// What a read is held in before anybody sees it, so that it can be kept, shared and repeated. Longer ones stream.
pub(super) const HELD: usize = 1024 * 1024;
/// In all reads under way together. Beyond, they stream from the beginning.
const HELD_IN_ALL: usize = 12 * 1024 * 1024;

/// Counted over the instance's life.
#[derive(Default)]
pub(crate) struct Totals {
    pub(crate) requests: Cell<u64>,
    pub(crate) failures: Cell<u64>,
    pub(crate) timeouts: Cell<u64>,
    pub(crate) bytes: Cell<u64>,
    pub(crate) retries: Cell<u64>,
    /// Repetitions that the budget did not allow.
    pub(crate) unpaid: Cell<u64>,
    pub(crate) unpacked: Cell<u64>,
}

/// Adds to a counter.
pub(super) fn add(counter: &Cell<u64>, more: u64) {
    counter.set(counter.get().saturating_add(more));
}

/// A request as it goes out, complete but for what the line adds.
#[derive(Clone)]
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) endpoint: &'static str,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// Of the call that it is for.
    pub(super) id: String,
}

/// The line.
pub(crate) struct Line {
    transport: Box<dyn Transport>,
    clock: Rc<dyn Clock>,
    authorization: Option<String>,
    base: String,
    /// For one request.
    patience: Duration,
    pub(super) breaker: Rc<RefCell<Breaker>>,
    budget: RefCell<Budget>,
    pub(super) totals: Totals,
    held: Cell<usize>,
}

/// A read that ended well: in hand, or on its way.
pub(super) enum Fetched {
    Whole(u16, Headers, Vec<u8>),
    Streaming { status: u16, headers: Headers, begun: Vec<Vec<u8>>, rest: Box<dyn Body> },
}

/// Why a try failed.
enum Missed {
    /// The breaker did not let it out.
    Refused(Duration),
    Lost(TransportError),
    /// In the middle of its body: the controller lives, and the same may happen again at the same place.
    Cut(TransportError),
    /// Not within the request's time.
    Late,
}

impl Line {
    pub(super) fn new(
        transport: Box<dyn Transport>,
        clock: Rc<dyn Clock>,
        base: String,
        authorization: Option<String>,
        timeout: Duration,
    ) -> Self {
        Self {
            transport,
            clock,
            authorization,
            base,
            patience: timeout * 2 / 3,
            breaker: Rc::new(RefCell::new(Breaker::new())),
            budget: RefCell::new(Budget::new()),
            totals: Totals::default(),
            held: Cell::new(0),
        }
    }

    pub(super) fn clock(&self) -> &Rc<dyn Clock> {
        &self.clock
    }

    /// Sends a request that acts, and again only if it surely never left. It has all the time of its call: only its
    /// answer tells whether it took effect.
    ///
    /// # Errors
    /// What went wrong below HTTP, and whether the request may have arrived.
    pub(super) async fn act(&self, out: &Outgoing, counters: &Counters, deadline: Duration) -> Result<Response, (Error, bool)> {
        self.budget.borrow_mut().earn();
        let mut tries = 0;
        loop {
            let missed = match self.try_once(out.clone(), counters, deadline).await {
                Ok((trial, response)) => {
                    trial.answered(response.status, self.clock.elapsed());
                    return Ok(response);
                }
                Err(missed) => missed,
            };
            tries += 1;
            let left = deadline.saturating_sub(self.clock.elapsed());
            let pause = retry::pause(tries, None).filter(|pause| missed.never_left() && tries < retry::TRIES && *pause < left);
            match pause {
                Some(pause) if self.may_repeat() => self.clock.sleep(pause).await,
                _ => return Err((self.error(&missed, &out.path), missed.may_have_arrived())),
            }
        }
    }

    /// Whether the budget allows one more repetition; then it is counted.
    fn may_repeat(&self) -> bool {
        let paid = self.budget.borrow_mut().spend();
        add(if paid { &self.totals.retries } else { &self.totals.unpaid }, 1);
        paid
    }

    /// Reads, again if that may help, until the deadline, which may move away meanwhile.
    ///
    /// # Errors
    /// What went wrong below HTTP the last time. Any status is an answer.
    pub(super) async fn fetch(&self, out: &Outgoing, counters: &Counters, deadline: &Cell<Duration>) -> Result<Fetched, Error> {
        self.budget.borrow_mut().earn();
        let mut tries = 0;
        let mut last = None;
        loop {
            let by = deadline.get().min(self.clock.elapsed() + self.patience);
            let tried = self.read(out, counters, by).await;
            tries += 1;
            let (again, asked) = match &tried {
                Ok(fetched) => {
                    let (status, headers) = fetched.head();
                    (retry::is_passing(status), retry::retry_after(headers))
                }
                Err(Missed::Lost(error)) => (retry::may_pass(error) && (!is_late(error) || self.has_time(deadline)), None),
                Err(Missed::Cut(error)) => (retry::may_pass(error) && tries == 1, None),
                Err(Missed::Late) => (self.has_time(deadline), None),
                Err(Missed::Refused(_)) => (false, None),
            };
            // A repetition that is not let out says less than what it was to repeat.
            if let (Err(Missed::Refused(_)), Some(last)) = (&tried, last.take()) {
                return self.ended(last, out);
            }
            let left = deadline.get().saturating_sub(self.clock.elapsed());
            let pause = if again && tries < retry::TRIES { retry::pause(tries, asked).filter(|pause| *pause < left) } else { None };
            let Some(pause) = pause else { return self.ended(tried, out) };
            if !self.may_repeat() {
                return self.ended(tried, out);
            }
            self.clock.sleep(pause).await;
            last = Some(tried);
        }
    }

    fn ended(&self, tried: Result<Fetched, Missed>, out: &Outgoing) -> Result<Fetched, Error> {
        tried.map_err(|missed| self.error(&missed, &out.path))
    }

    /// After a try that took all its time there has to be enough for another that may end well; less is left to the rest
    /// of the answer.
    fn has_time(&self, deadline: &Cell<Duration>) -> bool {
        deadline.get().saturating_sub(self.clock.elapsed()) >= self.patience / 2
    }

    /// One try of a read, with its body as far as it is held.
    async fn read(&self, out: &Outgoing, counters: &Counters, by: Duration) -> Result<Fetched, Missed> {
        let (permit, response) = self.try_once(out.clone(), counters, by).await?;
        let Response { status, headers, body: mut rest } = response;
        let announced: Option<usize> = headers.get("Content-Length").and_then(|length| length.trim().parse().ok());
        if out.method != Method::Head && announced.is_some_and(|length| length > HELD) {
            permit.answered(status, self.clock.elapsed());
            return Ok(Fetched::Streaming { status, headers, begun: Vec::new(), rest });
        }
        let mut share = Share { all: &self.held, mine: 0 };
        let mut begun: Vec<Vec<u8>> = Vec::new();
        loop {
            let left = by.saturating_sub(self.clock.elapsed());
            let piece = match within(&self.clock, left, rest.chunk()).await {
                Some(Ok(piece)) => piece,
                Some(Err(error @ TransportError::Timeout(_))) => return Err(self.missed(permit, Missed::Lost(error))),
                Some(Err(error)) => {
                    permit.answered(status, self.clock.elapsed());
                    add(&self.totals.failures, 1);
                    return Err(Missed::Cut(error));
                }
                None => return Err(self.missed(permit, Missed::Late)),
            };
            let Some(piece) = piece else {
                permit.answered(status, self.clock.elapsed());
                let whole = if begun.len() == 1 { begun.pop().unwrap_or_default() } else { begun.concat() };
                return Ok(Fetched::Whole(status, headers, whole));
            };
            self.heard(counters, piece.len());
            share.take(piece.len());
            begun.push(piece);
            if share.mine > HELD || self.held.get() > HELD_IN_ALL {
                permit.answered(status, self.clock.elapsed());
                return Ok(Fetched::Streaming { status, headers, begun, rest });
            }
        }
    }

    /// Counts bytes of an answer.
    pub(super) fn heard(&self, counters: &Counters, bytes: usize) {
        counters.bytes.set(counters.bytes.get().saturating_add(bytes as u64));
        add(&self.totals.bytes, bytes as u64);
    }

    /// Sends it and waits for the answer's head.
    async fn try_once(&self, out: Outgoing, counters: &Counters, by: Duration) -> Result<(Trial, Response), Missed> {
        let permit = self.breaker.borrow_mut().admit(self.clock.elapsed()).map_err(Missed::Refused)?;
        let permit = Trial { breaker: Rc::clone(&self.breaker), clock: Rc::clone(&self.clock), permit: Some(permit) };
        let mut headers = out.headers;
        headers.push(("Accept-Encoding".into(), "gzip".into()));
        // Jenkins gives its reasons (of the queue, of causes) in the language that is asked for, else in its machine's own.
        headers.push(("Accept-Language".into(), "en".into()));
        headers.push(("X-Request-Id".into(), out.id));
        headers.push(("Jankins-Endpoint".into(), out.endpoint.into()));
        if let Some(value) = &self.authorization {
            headers.push(("Authorization".into(), value.clone()));
        }
        let request = Request { method: out.method, url: format!("{}{}", self.base, out.path), headers, body: out.body };
        counters.requests.set(counters.requests.get() + 1);
        add(&self.totals.requests, 1);
        let left = by.saturating_sub(self.clock.elapsed());
        match within(&self.clock, left, self.transport.send(request)).await {
            Some(Ok(Response { status, headers, body })) => {
                if headers.get("Content-Encoding").is_some_and(|coding| coding.contains("gzip")) {
                    add(&self.totals.unpacked, 1);
                }
                let body = gzip::body(out.method, status, &headers, body);
                Ok((permit, Response { status, headers, body }))
            }
            Some(Err(error)) => Err(self.missed(permit, Missed::Lost(error))),
            None => Err(self.missed(permit, Missed::Late)),
        }
    }

    /// Counts a try that failed, and tells the breaker, unless it is no fault of the controller.
    fn missed(&self, mut trial: Trial, missed: Missed) -> Missed {
        add(&self.totals.failures, 1);
        if matches!(&missed, Missed::Late) || matches!(&missed, Missed::Lost(error) if is_late(error)) {
            add(&self.totals.timeouts, 1);
        }
        match &missed {
            Missed::Refused(_)
            | Missed::Cut(_)
            | Missed::Lost(TransportError::Denied(_) | TransportError::TooLarge(_) | TransportError::Other(_)) => {}
            Missed::Late => trial.failed("no answer in time", self.clock.elapsed()),
            Missed::Lost(error) => trial.failed(&error.to_string(), self.clock.elapsed()),
        }
        missed
    }

    fn error(&self, missed: &Missed, path: &str) -> Error {
        match missed {
            Missed::Refused(retry_after) => {
                Error::CircuitOpen { cause: self.breaker.borrow().cause().to_owned(), retry_after: *retry_after }
            }
            Missed::Lost(error) => error_of(error, &self.base, path),
            Missed::Cut(error) => self.body_error(error, path),
            Missed::Late => Error::Timeout(format!("Jenkins did not answer {} in time", plain(path))),
        }
    }

    /// The error for a body that failed after its beginning had been passed on.
    pub(super) fn body_error(&self, error: &TransportError, path: &str) -> Error {
        match error {
            TransportError::Broken(_) => broken_off(path),
            error => error_of(error, &self.base, path),
        }
    }
}

impl Missed {
    /// Nobody can have received it.
    fn never_left(&self) -> bool {
        matches!(self, Self::Lost(TransportError::Refused(_) | TransportError::Unreachable(_) | TransportError::Dns(_)))
    }

    fn may_have_arrived(&self) -> bool {
        matches!(self, Self::Late | Self::Lost(TransportError::Timeout(_) | TransportError::Broken(_) | TransportError::Other(_)))
    }
}

impl Fetched {
    fn head(&self) -> (u16, &Headers) {
        match self {
            Self::Whole(status, headers, _) | Self::Streaming { status, headers, .. } => (*status, headers),
        }
    }
}

/// Bytes held by one read, given back when it ends.
struct Share<'a> {
    all: &'a Cell<usize>,
    mine: usize,
}

impl Share<'_> {
    fn take(&mut self, bytes: usize) {
        self.mine += bytes;
        self.all.set(self.all.get() + bytes);
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.all.set(self.all.get().saturating_sub(self.mine));
    }
}

/// A request under way, for the breaker: it learns how it ended, also when nobody waits for it any more.
struct Trial {
    breaker: Rc<RefCell<Breaker>>,
    clock: Rc<dyn Clock>,
    permit: Option<Permit>,
}

impl Trial {
    fn answered(mut self, status: u16, now: Duration) {
        let Some(permit) = self.permit.take() else { return };
        let mut breaker = self.breaker.borrow_mut();
        if matches!(status, 502..=504) {
            breaker.failed(permit, now, &format!("HTTP {status}"));
        } else {
            breaker.succeeded(permit, now);
        }
    }

    fn failed(&mut self, cause: &str, now: Duration) {
        if let Some(permit) = self.permit.take() {
            self.breaker.borrow_mut().failed(permit, now, cause);
        }
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.breaker.borrow_mut().unknown(permit, self.clock.elapsed());
        }
    }
}

fn is_late(error: &TransportError) -> bool {
    matches!(error, TransportError::Timeout(_))
}

/// The future's value, unless the time is over before.
pub(super) async fn within<T>(clock: &Rc<dyn Clock>, left: Duration, future: Local<'_, T>) -> Option<T> {
    match select(future, clock.sleep(left)).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(((), _)) => None,
    }
}

pub(super) fn plain(path: &str) -> &str {
    path.split('?').next().unwrap_or(path)
}

pub(super) fn broken_off(path: &str) -> Error {
    Error::BadResponse {
        message: format!("the answer to {} broke off before its end", plain(path)),
        hint: "The connection ended early: a proxy's limit, or a controller that restarts. Try again.".into(),
    }
}

fn error_of(error: &TransportError, base: &str, path: &str) -> Error {
    let path = plain(path);
    let unavailable = |hint: &str| Error::Unavailable {
        message: format!("cannot reach Jenkins at {base}: {error}"),
        hint: hint.into(),
        retry_after: Some(Duration::from_secs(10)),
        status: None,
    };
    match error {
        TransportError::Refused(_) | TransportError::Unreachable(_) => {
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
        TransportError::TooLarge(limit) => {
            let limit = limit.map_or_else(|| "the runtime passes on".to_owned(), |bytes| format!("{bytes} bytes"));
            Error::TooLarge { what: path.to_owned(), limit }
        }
        TransportError::Other(why) => Error::Unavailable {
            message: format!("the request {path} failed: {why}"),
            hint: "The request did not get an answer from Jenkins.".into(),
            retry_after: None,
            status: None,
        },
    }
}
