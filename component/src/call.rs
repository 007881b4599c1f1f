//! One call of a tool: its id, its deadline, its token budget, and what it has cost so far.

use std::cell::{Cell, RefCell};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::rc::Rc;
use std::time::Duration;

use crate::app::App;
use crate::bindings::jankins::plugin::types::Meta;
use crate::error::Error;
use crate::settings::MAX_TOKENS_CAP;
use crate::text::{fence, redact, tokens};
use crate::upstream::bucket::Ticket;

/// The smallest budget that still says something.
const MIN_TOKENS: u32 = 50;

/// What a call has cost.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) requests: Cell<u32>,
    pub(crate) cache_hits: Cell<u32>,
    pub(crate) bytes: Cell<u64>,
}

/// A tool call on its way.
pub(crate) struct Call {
    app: Rc<App>,
    id: String,
    started: Duration,
    /// The caller is ready to wait so much longer.
    wait: Cell<Duration>,
    max_tokens: u32,
    counters: Rc<Counters>,
    partial: RefCell<Vec<String>>,
    /// Of those, what Jenkins would not or could not give: which part, and why.
    refused: RefCell<Vec<(String, String)>>,
    warnings: RefCell<Vec<String>>,
    /// Secrets that what this call read gave away.
    revealed: RefCell<Vec<String>>,
    /// It looks again and again, or has changed something: what was true a moment ago is no answer.
    watching: Cell<bool>,
}

impl Call {
    /// A call that begins now.
    pub(crate) fn new(app: Rc<App>, max_tokens: Option<u32>) -> Self {
        let started = app.clock().elapsed();
        let max_tokens = max_tokens.unwrap_or(app.settings().max_tokens).clamp(MIN_TOKENS, MAX_TOKENS_CAP);
        Self {
            app,
            id: correlation_id(),
            started,
            wait: Cell::default(),
            max_tokens,
            counters: Rc::default(),
            partial: RefCell::default(),
            refused: RefCell::default(),
            warnings: RefCell::default(),
            revealed: RefCell::default(),
            watching: Cell::default(),
        }
    }

    /// What the instance shares among its calls.
    pub(crate) fn app(&self) -> &Rc<App> {
        &self.app
    }

    /// The correlation id: 16 hex digits.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Tokens that `text` may have.
    pub(crate) fn max_tokens(&self) -> u32 {
        self.max_tokens
    }

    pub(crate) fn counters(&self) -> &Rc<Counters> {
        &self.counters
    }

    /// When a request that begins now must have been answered, on the monotonic clock. A call that waits for something has
    /// longer than the operator's timeout; no single request has.
    pub(crate) fn deadline(&self) -> Duration {
        let timeout = self.app.settings().timeout;
        (self.started + timeout + self.wait.get()).min(self.app.clock().elapsed() + timeout)
    }

    /// When a read that begins now must have been answered: so early that an answer without it can still be given.
    pub(crate) fn request_deadline(&self) -> Duration {
        self.deadline().saturating_sub(self.app.settings().timeout / 10)
    }

    /// From now on the call wants to see what is, not what was a moment ago.
    pub(crate) fn watch(&self) {
        self.watching.set(true);
    }

    /// Whether it does.
    pub(crate) fn is_watching(&self) -> bool {
        self.watching.get()
    }

    /// Says beside the answer what its caller should know about further calls.
    pub(crate) fn warn(&self, what: impl Into<String>) {
        self.warnings.borrow_mut().push(what.into());
    }

    /// Remembers the secrets that these lines give away, so that the whole answer hides them.
    pub(crate) fn learn_secrets<'a>(&self, lines: impl Iterator<Item = &'a str>) {
        let redactor = redact::Redactor::new();
        self.revealed.borrow_mut().extend(lines.flat_map(|line| redactor.revealed(line)));
    }

    /// What was given away so far.
    pub(crate) fn revealed(&self) -> Vec<String> {
        self.revealed.borrow().clone()
    }

    /// Gives the call so much more time, because its caller asked it to wait that long.
    pub(crate) fn extend(&self, wait: Duration) {
        self.wait.set(wait);
    }

    /// Runs the call's tool, if the rate limit lets it in. What turns out to have asked nothing of the controller
    /// costs a tenth.
    ///
    /// # Errors
    /// The limit, or what the tool fails with.
    pub(crate) async fn limited<T>(&self, tool: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let ticket = self.admitted()?;
        let answer = tool.await;
        if self.counters.requests.get() == 0 {
            self.app.limit().borrow_mut().give_back(&ticket, self.app.clock().elapsed());
        }
        answer
    }

    /// Takes what a call costs from the rate limit.
    fn admitted(&self) -> Result<Ticket, Error> {
        let mut limit = self.app.limit().borrow_mut();
        let per_minute = limit.per_minute();
        let ticket = limit.take(self.app.clock().elapsed()).map_err(|retry_after| Error::Limited { per_minute, retry_after })?;
        if ticket.is_late() {
            let used = ticket.used_percent;
            self.warn(format!(
                "rate limit: {used} % of the burst are used, {per_minute} calls a minute are sustained; fewer calls, or ones asked before"
            ));
        }
        Ok(ticket)
    }

    /// Time left.
    pub(crate) fn remaining(&self) -> Duration {
        self.deadline().saturating_sub(self.app.clock().elapsed())
    }

    /// Wall-clock milliseconds since 1970, for ages.
    pub(crate) fn now_ms(&self) -> u64 {
        self.app.clock().unix_ms()
    }

    /// Says in the answer that something is missing, and why.
    pub(crate) fn lacks(&self, what: impl Into<String>) {
        let what = fence::one_line(&what.into());
        let mut partial = self.partial.borrow_mut();
        if !partial.contains(&what) {
            partial.push(what);
        }
    }

    /// What is missing so far.
    pub(crate) fn missing(&self) -> Vec<String> {
        self.partial.borrow().clone()
    }

    /// Of what is missing, what Jenkins refused or failed to give, and why: an answer that hides it would seem to know.
    pub(crate) fn refused(&self) -> Vec<(String, String)> {
        self.refused.borrow().clone()
    }

    /// The optional part of an answer: `None` when it is absent for a reason that does not spoil the rest, which is
    /// then stated. Failures of the whole controller are passed on.
    pub(crate) fn optional<T>(&self, what: &str, result: Result<T, Error>) -> Result<Option<T>, Error> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) => self.goes_without(what, error).map(|()| None),
        }
    }

    fn goes_without(&self, what: &str, error: Error) -> Result<(), Error> {
        match error {
            Error::NotFound { .. } | Error::NotSupported(_) => Ok(()),
            error if error.is_absence() || error.is_partial() => {
                let lack = (fence::one_line(what), fence::one_line(&error.to_string()));
                self.lacks(format!("{}: {}", lack.0, lack.1));
                let mut refused = self.refused.borrow_mut();
                if !refused.contains(&lack) {
                    refused.push(lack);
                }
                Ok(())
            }
            error => Err(error),
        }
    }

    /// The error for a request that outlived the call.
    pub(crate) fn deadline_error(&self, path: &str) -> Error {
        Error::Timeout(format!("Jenkins did not answer {path} within {} s", self.app.settings().timeout.as_secs()))
    }

    /// The bill, for the answer's `meta`.
    pub(crate) fn meta(&self, text: &str) -> Meta {
        let elapsed = self.app.clock().elapsed().saturating_sub(self.started);
        Meta {
            correlation_id: self.id.clone(),
            upstream_requests: self.counters.requests.get(),
            cache_hits: self.counters.cache_hits.get(),
            upstream_bytes: saturate(self.counters.bytes.get()),
            elapsed_ms: saturate(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)),
            text_tokens: tokens::estimate(text),
            secrets_hidden: saturate(redact::count(text)),
            partial: self.missing(),
            warnings: self.warnings.borrow().clone(),
        }
    }
}

/// Into the `u32` that signatures have, at its limit when it does not fit.
pub(crate) fn saturate(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// 64 random bits. The standard library seeds each `RandomState` from `wasi:random`.
fn correlation_id() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
