//! The egress against real sockets on this machine: a small server that a test scripts, and an observer that remembers.

mod cassettes;
mod failures;
mod hardening;
mod limits;
mod proxies;
mod requests;
#[cfg(feature = "otlp")]
mod spans;
mod tls;
mod wasi;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::dial::Lookup;
use super::send::Tenant;
use super::*;

/// Remembers every exchange.
#[derive(Default)]
struct Spy(Mutex<Vec<Exchange>>);

impl Observer for Spy {
    fn request(&self, done: &Exchange) {
        self.0.lock().unwrap().push(done.clone());
    }
}

/// An egress under test.
struct Subject {
    egress: Egress,
    spy: Arc<Spy>,
    controller: Url,
}

fn settings(controller: &str) -> Settings {
    Settings {
        controller: controller.parse().unwrap(),
        identity: None,
        front_header: None,
        proxy: None,
        denied_paths: Patterns::default(),
        ca_file: None,
        client_cert: None,
        read_only: false,
        read_only_posts: vec![],
        timeouts: all_timeouts(5000),
        max_in_flight: 8,
        max_response_bytes: 100_000,
        cassette: CassetteMode::Off,
    }
}

fn all_timeouts(milliseconds: u64) -> Timeouts {
    let each = Duration::from_millis(milliseconds);
    Timeouts { connect: each, first_byte: each, between_bytes: each }
}

/// Settings for a test that waits for a timeout.
fn impatient(controller: &str) -> Settings {
    Settings { timeouts: all_timeouts(150), ..settings(controller) }
}

impl Subject {
    fn new(settings: Settings) -> Self {
        Self::with_lookup(settings, dial::system_lookup())
    }

    fn with_lookup(settings: Settings, lookup: Lookup) -> Self {
        let spy = Arc::new(Spy::default());
        let controller = settings.controller.clone();
        let tenant = Tenant::new(settings, Arc::clone(&spy) as Arc<dyn Observer>, Share::default(), lookup).unwrap();
        Self { egress: Egress { tenant: Arc::new(tenant) }, spy, controller }
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let uri = self.controller.as_str().trim_end_matches('/').to_owned() + path;
        Request::builder().method(method).uri(uri)
    }

    async fn send(&self, request: Request<WasiBody>) -> Result<Response<WasiBody>, Error> {
        self.send_with(request, None).await
    }

    async fn send_with(&self, request: Request<WasiBody>, options: Option<RequestOptions>) -> Result<Response<WasiBody>, Error> {
        let sent = self.egress.hooks().send_request(request, options, Box::new(async { Ok(()) }));
        Box::into_pin(sent).await.map(|(response, _)| response)
    }

    async fn get(&self, path: &str) -> Result<Response<WasiBody>, Error> {
        self.send(self.request(Method::GET, path).body(empty()).unwrap()).await
    }

    async fn get_text(&self, path: &str) -> Result<String, Error> {
        text(self.get(path).await?).await
    }

    async fn post(&self, path: &str, body: &str) -> Result<Response<WasiBody>, Error> {
        self.send(self.request(Method::POST, path).body(full(body)).unwrap()).await
    }

    fn exchanges(&self) -> Vec<Exchange> {
        self.spy.0.lock().unwrap().clone()
    }

    fn last_error(&self) -> Option<&'static str> {
        self.exchanges().last().unwrap().error
    }
}

fn empty() -> WasiBody {
    Empty::new().map_err(Error::from).boxed_unsync()
}

fn full(body: &str) -> WasiBody {
    Full::new(Bytes::from(body.to_owned())).map_err(Error::from).boxed_unsync()
}

async fn text(response: Response<WasiBody>) -> Result<String, Error> {
    let body = response.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

type Handler = Arc<dyn Fn(Request<Incoming>) -> BoxFuture<'static, Response<Full<Bytes>>> + Send + Sync>;

fn handler<F, O>(answer: F) -> Handler
where
    F: Fn(Request<Incoming>) -> O + Send + Sync + 'static,
    O: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    Arc::new(move |request| Box::pin(answer(request)))
}

/// Answers with what arrived: request line, headers, body.
fn echo() -> Handler {
    handler(|request| async move {
        let mut seen = format!("{} {}\n", request.method(), request.uri());
        for (name, value) in request.headers() {
            seen += &format!("{name}: {}\n", value.to_str().unwrap());
        }
        let body = request.into_body().collect().await.unwrap().to_bytes();
        Response::new(Full::new([seen.as_bytes(), b"\n", &body].concat().into()))
    })
}

/// A local HTTP server.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn start(handler: Handler) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, Arc::clone(&handler)));
            }
        });
        Self { address, connections }
    }

    fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, handler: Handler) {
    let service = service_fn(|request| {
        let answer = handler(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    // A client that goes away mid-answer is part of several tests.
    drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

/// A server below HTTP: `act` gets each connection after the request head was read.
async fn raw<F, O>(act: F) -> String
where
    F: Fn(TcpStream) -> O + Send + Sync + 'static,
    O: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 4096];
            let _ = stream.read(&mut head).await.unwrap();
            tokio::spawn(act(stream));
        }
    });
    url
}

/// A server that reads a request and never says anything.
async fn hang(stream: TcpStream) {
    let _open = stream;
    std::future::pending().await
}

/// A lookup with one fixed answer, and how often it was asked.
fn fixed_lookup(ips: &'static [&'static str]) -> (Lookup, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let lookup: Lookup = Arc::new(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move { Ok(ips.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect()) })
    });
    (lookup, asked)
}

fn file(name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    (folder, path)
}
