//! The recorded controller as a server that answers `tree=` as Jenkins does, for tests of whole tools.
//!
//! One simulator serves all tests of the process. A test that changes its state starts one of its own. The time is that
//! of the test clock, some hours after the recordings.

use std::cell::RefCell;
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
use crate::settings::Settings;
use crate::upstream::transport::{Headers, Local, Request, Response, Transport, TransportError};

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
    let sent = Sent::default();
    let settings = Settings {
        url: SHARED.1.url().trim_end_matches('/').to_owned(),
        authorization: Some(basic(user)),
        secrets: vec![user.token().to_owned()],
        timeout: Duration::from_secs(30),
        max_tokens: 2_000,
    };
    let wire = Wire { base: settings.url.clone(), sent: Rc::clone(&sent) };
    let app = App::new(settings, Box::new(wire), Rc::new(TestClock::default()));
    (Call::new(Rc::new(app), max_tokens), sent)
}

fn basic(user: User) -> String {
    use base64::Engine;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", user.name(), user.token())))
}

/// One connection per request, and the answer whole: what is tested lies above.
struct Wire {
    base: String,
    sent: Sent,
}

impl Transport for Wire {
    fn send(&self, request: Request) -> Local<'_, Result<Response, TransportError>> {
        let path = request.url.strip_prefix(&self.base).expect("a request to the controller").to_owned();
        self.sent.borrow_mut().push(format!("{} {path}", request.method.as_str()));
        let answer = exchange(&self.base, &path, &request).map_err(|error| TransportError::Other(error.to_string()));
        Box::pin(async move { answer })
    }
}

fn exchange(base: &str, path: &str, request: &Request) -> std::io::Result<Response> {
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
