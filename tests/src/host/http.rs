//! A `jankins` that serves HTTP, and requests to it.
//!
//! Every request takes a connection of its own, so that what one test sends never depends on another.

use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::Context as _;
use anyhow::Result;
use anyhow::bail;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::Full;
use hyper::HeaderMap;
use hyper::Method;
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::process::Child;
use tokio::process::Command;
use tokio::task::JoinHandle;

use super::stdio::keep;
use super::stdio::lock;

/// Longest wait for the server to listen, answer or end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server.
pub struct Http {
    child: Child,
    log: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
    address: String,
}

/// What it answered.
#[derive(Debug)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as text.
    pub body: String,
}

impl HttpAnswer {
    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

impl Http {
    pub(super) async fn spawn(mut command: Command) -> Result<Self> {
        let mut child = command.spawn().context("jankins cannot be started")?;
        let errors = child.stderr.take().context("no standard error")?;
        let log = Arc::new(Mutex::new(String::new()));
        let reader = tokio::spawn({
            let log = Arc::clone(&log);
            async move { keep(errors, &log).await }
        });
        let listens = async {
            loop {
                if let Some(address) = address(&lock(&log)) {
                    return Ok(address);
                }
                if let Some(status) = child.try_wait()? {
                    bail!("jankins ended ({status}) before it listened: {}", lock(&log));
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let address = tokio::time::timeout(PATIENCE, listens).await.context("jankins does not listen")??;
        Ok(Self { child, log, reader, address })
    }

    /// `host:port`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The process id, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// A GET.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get(&self, path: &str) -> Result<HttpAnswer> {
        self.send(Method::GET, path, &[], String::new()).await
    }

    /// Any request; a `Host` among the headers replaces the true one.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Result<HttpAnswer> {
        send(&self.address, method, path, headers, body).await
    }

    /// An MCP request of 2025-11-25, with further headers.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn mcp(&self, method: &str, params: Value, headers: &[(&str, &str)]) -> Result<HttpAnswer> {
        mcp(&self.address, method, params, headers).await
    }

    /// A request of 2026-07-28 by a client with these capabilities.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn modern(&self, method: &str, params: Value, capabilities: Value) -> Result<HttpAnswer> {
        let (headers, body) = modern(method, params, capabilities);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.send(Method::POST, "/mcp", &headers, body).await
    }

    /// The same, for an answer that comes as a stream of events: reads until `enough`, then closes the connection.
    ///
    /// # Errors
    /// When the stream ends, or [`PATIENCE`] does, before it is enough.
    pub async fn events(&self, method: &str, params: Value, enough: impl Fn(&[Value]) -> bool) -> Result<Vec<Value>> {
        // Dropping it closes the connection, which is how a client cancels.
        let mut connection = Connection::open(&self.address).await?;
        let (headers, body) = modern(method, params, json!({}));
        let request = Request::builder().method(Method::POST).uri("/mcp").header("Host", &self.address);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let response = connection.sender.send_request(request.body(Full::new(Bytes::from(body)))?).await?;
        let mut body = response.into_body();
        let (mut text, mut messages) = (String::new(), Vec::new());
        let reading = async {
            while !enough(&messages) {
                let frame = body.frame().await.with_context(|| format!("the stream ended after {text}"))??;
                text.push_str(&String::from_utf8_lossy(frame.data_ref().map_or(&[][..], |data| data)));
                messages = events(&text);
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(PATIENCE, reading).await.context("too few events")??;
        drop(connection);
        Ok(messages)
    }

    /// Asks it to stop, as a service manager does.
    ///
    /// # Errors
    /// When it runs no more.
    pub fn terminate(&self) -> Result<()> {
        self.signal("-TERM")
    }

    /// Asks it to read its configuration again.
    ///
    /// # Errors
    /// When it runs no more.
    pub fn hang_up(&self) -> Result<()> {
        self.signal("-HUP")
    }

    /// What it logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        lock(&self.log).clone()
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let id = self.child.id().context("jankins has ended already")?;
        let status = std::process::Command::new("kill").args([signal, &id.to_string()]).status()?;
        if status.success() { Ok(()) } else { bail!("kill: {status}") }
    }

    /// Waits for its end; answers that and the log.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn ended(mut self) -> Result<(ExitStatus, String)> {
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.context("jankins does not end")??;
        self.reader.await?;
        let log = lock(&self.log).clone();
        Ok((status, log))
    }
}

/// A GET to any server.
///
/// # Errors
/// When there is no answer.
pub async fn get(address: &str, path: &str) -> Result<HttpAnswer> {
    send(address, Method::GET, path, &[], String::new()).await
}

/// Any request to any server, over a connection of its own.
///
/// # Errors
/// When there is no answer.
pub async fn send(address: &str, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Result<HttpAnswer> {
    Connection::open(address).await?.send(method, path, headers, body).await
}

/// An MCP request of 2025-11-25 to any server, with further headers.
///
/// # Errors
/// When there is no answer.
pub async fn mcp(address: &str, method: &str, params: Value, headers: &[(&str, &str)]) -> Result<HttpAnswer> {
    Connection::open(address).await?.mcp(method, params, headers).await
}

/// A connection that takes one request after the other, as MCP clients use it.
pub struct Connection {
    address: String,
    sender: http1::SendRequest<Full<Bytes>>,
    _driver: AbortOnDrop<hyper::Result<()>>,
}

impl Connection {
    /// Connects to any server.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        Ok(Self { address: address.to_owned(), sender, _driver: AbortOnDrop(tokio::spawn(connection)) })
    }

    /// Any request; a `Host` among the headers replaces the true one.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Result<HttpAnswer> {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request = request.header("Host", &self.address);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body)))?;
        let response = tokio::time::timeout(PATIENCE, self.sender.send_request(request)).await.context("no answer")??;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(HttpAnswer { status: parts.status.as_u16(), headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() })
    }

    /// An MCP request of 2025-11-25, with further headers.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn mcp(&mut self, method: &str, params: Value, headers: &[(&str, &str)]) -> Result<HttpAnswer> {
        let mut all = vec![
            ("Content-Type", "application/json"),
            ("Accept", "application/json, text/event-stream"),
            ("MCP-Protocol-Version", "2025-11-25"),
        ];
        all.extend(headers);
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        self.send(Method::POST, "/mcp", &all, message.to_string()).await
    }
}

struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Headers and body of a request that stands alone.
fn modern(method: &str, mut params: Value, capabilities: Value) -> (Vec<(&'static str, String)>, String) {
    let mut headers = vec![
        ("Content-Type", "application/json".to_owned()),
        ("Accept", "application/json, text/event-stream".to_owned()),
        ("MCP-Protocol-Version", "2026-07-28".to_owned()),
        ("Mcp-Method", method.to_owned()),
    ];
    if let Some(name) = params.get("name").or_else(|| params.get("uri")).and_then(Value::as_str) {
        headers.push(("Mcp-Name", name.to_owned()));
    }
    let mut meta = params.get("_meta").and_then(Value::as_object).cloned().unwrap_or_default();
    meta.insert("io.modelcontextprotocol/protocolVersion".to_owned(), json!("2026-07-28"));
    meta.insert("io.modelcontextprotocol/clientCapabilities".to_owned(), capabilities);
    if let Some(params) = params.as_object_mut() {
        params.insert("_meta".to_owned(), Value::Object(meta));
    }
    (headers, json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string())
}

/// The messages of an event stream, as far as they are whole.
fn events(text: &str) -> Vec<Value> {
    let whole = text.rsplit_once("\n").map_or("", |(whole, _)| whole);
    whole.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data:")?.trim()).ok()).collect()
}

/// From the line that says where it listens.
fn address(log: &str) -> Option<String> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let url = lines.filter_map(|line| {
        let url = line.get("url").or_else(|| line.pointer("/fields/url"))?;
        url.as_str().map(str::to_owned)
    });
    let mut url = url;
    Some(url.next()?.strip_prefix("http://")?.strip_suffix("/mcp")?.to_owned())
}
