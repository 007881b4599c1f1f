//! The recorded controller as a server that answers `tree=` as Jenkins does, for tests of whole tools.
//!
//! One simulator serves all tests of the process. A test that changes its state starts one of its own. The time is that
//! of the test clock, some hours after the recordings.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::Duration;

use jankins_tests::simulator::{Simulator, SimulatorOptions, User};
use tokio::runtime::Runtime;

use super::{Pieces, TestClock};
use crate::app::App;
use crate::call::Call;
use crate::jenkins::policy::Policy;
use crate::settings::Settings;
use crate::upstream::transport::{Clock, Headers, Local, Request, Response, Transport, TransportError};

static SHARED: LazyLock<(Runtime, Simulator)> = LazyLock::new(|| {
    let runtime = Runtime::new().expect("a runtime");
    let simulator = runtime.block_on(Simulator::start(SimulatorOptions::default())).expect("a simulator");
    (runtime, simulator)
});

/// What a test sent, as `METHOD path`.
pub(crate) type Sent = Rc<RefCell<Vec<String>>>;

/// A call of the administrator, with its token budget, and what it sends.
pub(crate) fn simulated(max_tokens: Option<u32>) -> (Call, Sent) {
    simulated_as(User::Admin, max_tokens)
}

/// The same for another user.
pub(crate) fn simulated_as(user: User, max_tokens: Option<u32>) -> (Call, Sent) {
    let (app, sent) = app(&SHARED.1, user, user.token(), Rc::new(TestClock::default()));
    (Call::new(Rc::new(app), max_tokens), sent)
}

/// A call of the administrator whose answers pass through `change` (path, body) on their way.
pub(crate) fn changed(max_tokens: Option<u32>, change: impl Fn(&str, Vec<u8>) -> Vec<u8> + 'static) -> Call {
    altered(&SHARED.1, max_tokens, change)
}

fn altered(simulator: &Simulator, max_tokens: Option<u32>, change: impl Fn(&str, Vec<u8>) -> Vec<u8> + 'static) -> Call {
    let user = User::Admin;
    let (app, _) = app_with(simulator, user, user.token(), Rc::new(TestClock::default()), Box::new(change));
    Call::new(Rc::new(app), max_tokens)
}

/// A controller of one test's own, which may change it.
pub(crate) struct Controller {
    _runtime: Runtime,
    simulator: Simulator,
}

impl Controller {
    /// A fresh one.
    pub(crate) fn start() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let simulator = runtime.block_on(Simulator::start(SimulatorOptions::default())).expect("a simulator");
        Self { _runtime: runtime, simulator }
    }

    /// As [`changed`].
    pub(crate) fn call(&self, max_tokens: Option<u32>, change: impl Fn(&str, Vec<u8>) -> Vec<u8> + 'static) -> Call {
        altered(&self.simulator, max_tokens, change)
    }

    /// An instance of a user with an API token; waiting passes ten times as fast as its calls believe.
    pub(crate) fn instance(&self, user: User) -> (Rc<App>, Sent) {
        let (app, sent) = app(&self.simulator, user, user.token(), Rc::new(HurriedClock::default()));
        (Rc::new(app), sent)
    }

    /// The same with a password, which needs crumbs.
    pub(crate) fn instance_with_password(&self, user: User) -> (Rc<App>, Sent) {
        let (app, sent) = app(&self.simulator, user, user.password(), Rc::new(HurriedClock::default()));
        (Rc::new(app), sent)
    }
}

fn app(simulator: &Simulator, user: User, secret: &str, clock: Rc<dyn Clock>) -> (App, Sent) {
    app_with(simulator, user, secret, clock, Box::new(|_, body| body))
}

/// What becomes of the body of an answer to a path.
type Change = dyn Fn(&str, Vec<u8>) -> Vec<u8>;

fn app_with(simulator: &Simulator, user: User, secret: &str, clock: Rc<dyn Clock>, change: Box<Change>) -> (App, Sent) {
    let sent = Sent::default();
    let settings = Settings {
        url: simulator.url().trim_end_matches('/').to_owned(),
        authorization: Some(basic(user, secret)),
        secrets: vec![secret.to_owned()],
        timeout: Duration::from_secs(30),
        max_tokens: 2_000,
        jobs: Policy::default(),
        rate_per_minute: 0,
        rate_burst: 1,
        // What is tested above counts its requests; the cache has tests of its own.
        cache_entries: 0,
        cache_ttl: Duration::from_secs(300),
    };
    let wire = Wire { base: settings.url.clone(), sent: Rc::clone(&sent), change };
    (App::new(settings, Box::new(wire), clock), sent)
}

fn basic(user: User, secret: &str) -> String {
    use base64::Engine;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{}:{secret}", user.name())))
}

/// The simulator's builds take real time, so waiting for them must take some too.
#[derive(Default)]
struct HurriedClock {
    elapsed: Rc<Cell<Duration>>,
}

impl Clock for HurriedClock {
    fn elapsed(&self) -> Duration {
        self.elapsed.get()
    }

    fn unix_ms(&self) -> u64 {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
    }

    fn sleep(&self, duration: Duration) -> Local<'static, ()> {
        let elapsed = Rc::clone(&self.elapsed);
        Box::pin(async move {
            std::thread::sleep(duration / 10);
            elapsed.set(elapsed.get() + duration);
        })
    }
}

/// One connection per request, and the answer whole: what is tested lies above.
struct Wire {
    base: String,
    sent: Sent,
    change: Box<Change>,
}

impl Transport for Wire {
    fn send(&self, request: Request) -> Local<'_, Result<Response, TransportError>> {
        let path = request.url.strip_prefix(&self.base).expect("a request to the controller").to_owned();
        self.sent.borrow_mut().push(format!("{} {path}", request.method.as_str()));
        let answer = exchange(&self.base, &path, &request, &*self.change).map_err(|error| TransportError::Other(error.to_string()));
        Box::pin(async move { answer })
    }
}

fn exchange(base: &str, path: &str, request: &Request, change: &Change) -> std::io::Result<Response> {
    let host = base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host)?;
    let mut head = format!(
        "{} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n",
        request.method.as_str(),
        request.body.len()
    );
    for (name, value) in &request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(&request.body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
    let headers = lines.filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    let headers = Headers(headers);
    let chunked = headers.get("Transfer-Encoding") == Some("chunked");
    let body = if chunked { unchunk(&answer[end + 4..]) } else { answer[end + 4..].to_vec() };
    let body = change(path, body);
    Ok(Response { status, headers, body: Box::new(Pieces { pieces: VecDeque::from([body]), broken: false }) })
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(at) = rest.windows(2).position(|w| w == b"\r\n") {
        let size = usize::from_str_radix(&String::from_utf8_lossy(&rest[..at]), 16).expect("a chunk's size");
        body.extend_from_slice(&rest[at + 2..at + 2 + size]);
        rest = &rest[at + 2 + size + 2..];
    }
    body
}
