//! For unit tests: a transport that answers from a script, and a clock that the test turns.

pub(crate) mod everything;
pub(crate) mod fuzz;
pub(crate) mod job;
pub(crate) mod recorded;
mod rules;
pub(crate) mod simulated;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::app::App;
use crate::call::Call;
use crate::jenkins::policy::Policy;
use crate::json::FromJson;
use crate::settings::Settings;
use crate::upstream::transport::{Body, Clock, Headers, Local, Request, Response, Transport, TransportError};

/// Noon of a day in November 2026.
pub(crate) const NOW_MS: u64 = 1_795_521_600_000;

/// What a scripted controller answers.
#[derive(Clone)]
pub(crate) enum Answer {
    /// Status, headers, body.
    Http(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// A body that breaks off after some bytes.
    Broken(Vec<u8>),
    /// Nothing below HTTP works.
    Fails(TransportError),
    /// No answer, ever.
    Hangs,
    /// The answer, after a while.
    Slow(Duration, Box<Answer>),
    /// One after the other; the last one stays.
    Turns(Rc<RefCell<VecDeque<Answer>>>),
}

impl Answer {
    fn next(&self) -> Answer {
        match self {
            Self::Turns(turns) => {
                let mut turns = turns.borrow_mut();
                let last = turns.len() == 1;
                let answer = if last { turns.front().cloned() } else { turns.pop_front() };
                answer.expect("an answer")
            }
            other => other.clone(),
        }
    }
}

/// What a text of JSON is read as.
pub(crate) fn read<T: FromJson>(text: &str) -> T {
    T::from_json(&crate::json::parse(text).expect("JSON")).expect("what the type needs")
}

/// A success with JSON.
pub(crate) fn json(body: &str) -> Answer {
    Answer::Http(200, vec![("Content-Type", "application/json".into()), ("X-Jenkins", "2.528.2".into())], body.into())
}

/// The refusal of a controller that misses a permission.
pub(crate) fn forbidden() -> Answer {
    let headers = [("X-Jenkins", "2.528.2"), ("X-You-Are-Authenticated-As", "ci"), ("X-Required-Permission", "hudson.model.Item.Read")];
    Answer::Http(403, headers.map(|(name, value)| (name, value.to_owned())).into(), Vec::new())
}

/// A controller that answers by `METHOD path` (path with query, relative to the root URL). The first rule whose path is
/// a prefix of the request's answers; a request that nothing answers is a 404.
#[derive(Default)]
pub(crate) struct Script {
    rules: Vec<(String, Answer)>,
    pub(crate) seen: RefCell<Vec<Request>>,
}

impl Script {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Answers a GET whose path begins so with JSON.
    pub(crate) fn json(self, path: &str, body: &str) -> Self {
        self.on(&format!("GET {path}"), self::json(body))
    }

    /// Answers `METHOD path`.
    pub(crate) fn on(mut self, request: &str, answer: Answer) -> Self {
        self.rules.push((request.to_owned(), answer));
        self
    }

    /// Answers `METHOD path` differently each time; the last answer stays.
    pub(crate) fn turns(self, request: &str, answers: Vec<Answer>) -> Self {
        self.on(request, Answer::Turns(Rc::new(RefCell::new(answers.into()))))
    }

    /// A call on an instance that talks to this controller, with the transport to look at afterwards.
    pub(crate) fn call(self) -> (Call, Rc<Script>) {
        let (app, script, _) = self.app(|_| {});
        (Call::new(app, None), script)
    }

    /// An instance with its own settings, the transport, and the clock.
    pub(crate) fn app(self, set: impl FnOnce(&mut Settings)) -> (Rc<App>, Rc<Script>, Rc<TestClock>) {
        let script = Rc::new(self);
        let mut settings = Settings {
            url: "http://jenkins.test".into(),
            authorization: None,
            secrets: Vec::new(),
            timeout: Duration::from_secs(30),
            max_tokens: 2_000,
            jobs: Policy::default(),
            rate_per_minute: 0,
            rate_burst: 1,
            // What is tested above counts its requests; the cache has tests of its own.
            cache_entries: 0,
            cache_ttl: Duration::from_secs(300),
        };
        set(&mut settings);
        let clock = Rc::new(TestClock::default());
        let app = App::new(settings, Box::new(Wire(Rc::clone(&script), Rc::clone(&clock))), Rc::<TestClock>::clone(&clock));
        (Rc::new(app), script, clock)
    }

    /// `METHOD path` of each request so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.borrow().iter().map(|r| format!("{} {}", r.method.as_str(), r.url.trim_start_matches("http://jenkins.test"))).collect()
    }
}

struct Wire(Rc<Script>, Rc<TestClock>);

impl Transport for Wire {
    fn send(&self, request: Request) -> Local<'_, Result<Response, TransportError>> {
        let line = format!("{} {}", request.method.as_str(), request.url.trim_start_matches("http://jenkins.test"));
        self.0.seen.borrow_mut().push(request);
        let rule = self.0.rules.iter().find(|(prefix, _)| line.starts_with(prefix.as_str()));
        let answer = rule.map_or(Answer::Http(404, Vec::new(), b"Not found".to_vec()), |(_, answer)| answer.next());
        let clock = Rc::clone(&self.1);
        Box::pin(async move {
            let answer = match answer {
                Answer::Slow(wait, answer) => {
                    clock.sleep(wait).await;
                    *answer
                }
                other => other,
            };
            let (status, headers, body, broken) = match answer {
                Answer::Http(status, headers, body) => (status, headers, body, false),
                Answer::Broken(body) => (200, vec![], body, true),
                Answer::Fails(error) => return Err(error),
                Answer::Hangs => std::future::pending().await,
                Answer::Turns(_) | Answer::Slow(..) => unreachable!("answered by the one whose turn it is"),
            };
            let headers = headers.into_iter().map(|(n, v)| (n.to_owned(), v)).collect();
            // Small pieces, so that whatever splits at their borders is tested.
            let pieces = body.chunks(1000).map(<[u8]>::to_vec).collect();
            Ok(Response { status, headers: Headers(headers), body: Box::new(Pieces { pieces, broken }) })
        })
    }
}

struct Pieces {
    pieces: VecDeque<Vec<u8>>,
    broken: bool,
}

impl Body for Pieces {
    fn chunk(&mut self) -> Local<'_, Result<Option<Vec<u8>>, TransportError>> {
        Box::pin(async move {
            match self.pieces.pop_front() {
                Some(piece) => Ok(Some(piece)),
                None if self.broken => Err(TransportError::Broken("in the middle".into())),
                None => Ok(None),
            }
        })
    }
}

/// Time stands still but for sleeping: when nothing else gets on, it jumps to the moment for which somebody sleeps first.
#[derive(Default)]
pub(crate) struct TestClock {
    elapsed: Rc<Cell<Duration>>,
    sleepers: Rc<RefCell<Vec<Duration>>>,
}

impl TestClock {
    /// Lets time pass without anybody noticing before.
    pub(crate) fn turn(&self, by: Duration) {
        self.elapsed.set(self.elapsed.get() + by);
    }
}

impl Clock for TestClock {
    fn elapsed(&self) -> Duration {
        self.elapsed.get()
    }

    fn unix_ms(&self) -> u64 {
        NOW_MS + u64::try_from(self.elapsed.get().as_millis()).unwrap_or(0)
    }

    fn sleep(&self, duration: Duration) -> Local<'static, ()> {
        let until = self.elapsed.get() + duration;
        self.sleepers.borrow_mut().push(until);
        Box::pin(Sleeper { until, turns: 64, elapsed: Rc::clone(&self.elapsed), sleepers: Rc::clone(&self.sleepers) })
    }
}

struct Sleeper {
    until: Duration,
    /// Gives everything else so many first: what is ready wins against any deadline.
    turns: u32,
    elapsed: Rc<Cell<Duration>>,
    sleepers: Rc<RefCell<Vec<Duration>>>,
}

impl Future for Sleeper {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let first = self.sleepers.borrow().iter().min() == Some(&self.until);
        if self.turns == 0 && first {
            self.elapsed.set(self.elapsed.get().max(self.until));
        }
        if self.elapsed.get() >= self.until {
            return Poll::Ready(());
        }
        self.turns = self.turns.saturating_sub(1);
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let mut sleepers = self.sleepers.borrow_mut();
        if let Some(at) = sleepers.iter().position(|until| *until == self.until) {
            sleepers.swap_remove(at);
        }
    }
}

/// Runs a future to its end on this thread.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    futures_executor::block_on(future)
}
