//! WASI 0.2: synchronous exports; inside one call, `wstd`'s reactor keeps requests concurrent.
//!
//! Requests go over the bare interfaces: a body that cannot be sent is then no failure by itself, since the response tells
//! better why, and a body that breaks off while it is read says with which code.

use std::pin::pin;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::{Either, select};
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method as WasiMethod, OutgoingBody, OutgoingRequest, Scheme,
    http_error_code,
};
use wasip2::io::streams::{InputStream, StreamError};
use wstd::runtime::AsyncPollable;
use wstd::time::Timer;

use crate::upstream::transport::{Body, Clock, Headers, Local, Method, Request, Response, Transport, TransportError};

pub(crate) use wstd::runtime::block_on;

/// How much of a body is asked for at once.
const READ_BYTES: u64 = 64 * 1024;

/// Monotonic time counts from here.
static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The transport and the clock of this artifact.
pub(crate) struct Wasi;

impl Clock for Wasi {
    fn elapsed(&self) -> Duration {
        EPOCH.elapsed()
    }

    fn unix_ms(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
    }

    fn sleep(&self, duration: Duration) -> Local<'static, ()> {
        Box::pin(async move {
            Timer::after(duration.into()).wait().await;
        })
    }
}

impl Transport for Wasi {
    fn send(&self, request: Request) -> Local<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let out = outgoing(&request)?;
            let body = out.body().ok();
            let answer = outgoing_handler::handle(out, None).map_err(failure)?;
            let sending = pin!(write(body, &request.body));
            let response = match select(pin!(head(&answer)), sending).await {
                Either::Left((response, _)) => response,
                Either::Right(((), head)) => head.await,
            }?;
            let headers = response.headers().entries();
            let headers = headers.into_iter().map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned())).collect();
            let body = response.consume().ok();
            let stream = body.as_ref().and_then(|body| body.stream().ok());
            Ok(Response { status: response.status(), headers: Headers(headers), body: Box::new(Incoming { stream, body }) })
        })
    }
}

fn outgoing(request: &Request) -> Result<OutgoingRequest, TransportError> {
    let headers: Vec<(String, Vec<u8>)> = request.headers.iter().map(|(n, v)| (n.clone(), v.clone().into_bytes())).collect();
    let fields = Fields::from_list(&headers).map_err(|e| TransportError::Other(format!("bad header: {e:?}")))?;
    let out = OutgoingRequest::new(fields);
    address(&out, request.method, &request.url)?;
    Ok(out)
}

/// Sends a body as far as the runtime takes it.
async fn write(body: Option<OutgoingBody>, bytes: &[u8]) {
    let Some(body) = body else { return };
    if !bytes.is_empty()
        && let Ok(stream) = body.write()
    {
        let mut rest = bytes;
        while !rest.is_empty() {
            match stream.check_write() {
                Ok(0) => AsyncPollable::new(stream.subscribe()).wait_for().await,
                Ok(room) => {
                    let (now, later) = rest.split_at(rest.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
                    if stream.write(now).is_err() {
                        break;
                    }
                    rest = later;
                }
                Err(_) => break,
            }
        }
    }
    let _ = OutgoingBody::finish(body, None);
}

async fn head(answer: &FutureIncomingResponse) -> Result<IncomingResponse, TransportError> {
    AsyncPollable::new(answer.subscribe()).wait_for().await;
    match answer.get() {
        Some(Ok(result)) => result.map_err(failure),
        _ => Err(TransportError::Other("the runtime lost the response".into())),
    }
}

/// The stream is a child of the body and has to go first.
struct Incoming {
    stream: Option<InputStream>,
    body: Option<IncomingBody>,
}

impl Body for Incoming {
    fn chunk(&mut self) -> Local<'_, Result<Option<Vec<u8>>, TransportError>> {
        Box::pin(async move {
            loop {
                let Some(stream) = &self.stream else { return Ok(None) };
                match stream.read(READ_BYTES) {
                    Ok(bytes) if bytes.is_empty() => AsyncPollable::new(stream.subscribe()).wait_for().await,
                    Ok(bytes) => return Ok(Some(bytes)),
                    Err(StreamError::LastOperationFailed(error)) => {
                        let code = http_error_code(&error);
                        let text = error.to_debug_string();
                        drop(error);
                        self.stream = None;
                        // Whatever has no code is a connection that ended.
                        return Err(code.map_or(TransportError::Broken(text), failure));
                    }
                    Err(StreamError::Closed) => {
                        self.stream = None;
                        let Some(body) = self.body.take() else { return Ok(None) };
                        // Only the trailers tell a whole body from a broken one.
                        let trailers = IncomingBody::finish(body);
                        AsyncPollable::new(trailers.subscribe()).wait_for().await;
                        return match trailers.get() {
                            Some(Ok(Err(code))) => Err(failure(code)),
                            _ => Ok(None),
                        };
                    }
                }
            }
        })
    }
}

alike!(OutgoingRequest, ErrorCode);
