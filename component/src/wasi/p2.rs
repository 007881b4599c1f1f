//! WASI 0.2: synchronous exports; inside one call, `wstd`'s reactor keeps requests concurrent.

use std::pin::Pin;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::poll_fn;
use wstd::http::body::{Bytes, HttpBody};
use wstd::http::error::ErrorCode;
use wstd::http::{Body as WasiBody, Client, Error as WasiError, Method as WasiMethod, Request as WasiRequest};
use wstd::time::Timer;

use crate::upstream::transport::{Body, Clock, Headers, Local, Method, Request, Response, Transport, TransportError};

pub(crate) use wstd::runtime::block_on;

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
            let method = match request.method {
                Method::Get => WasiMethod::GET,
                Method::Head => WasiMethod::HEAD,
                Method::Post => WasiMethod::POST,
            };
            let mut out = WasiRequest::builder().method(method).uri(&request.url);
            for (name, value) in &request.headers {
                out = out.header(name, value);
            }
            let out = out
                .body(WasiBody::from(request.body))
                .map_err(|e| TransportError::Other(format!("bad request for {}: {e}", request.url)))?;
            let response = Client::new().send(out).await.map_err(failure)?;
            let (head, body) = response.into_parts();
            let headers = head
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
                .collect();
            let body = Incoming(Box::pin(body.into_boxed_body()));
            Ok(Response { status: head.status.as_u16(), headers: Headers(headers), body: Box::new(body) })
        })
    }
}

struct Incoming(Pin<Box<dyn HttpBody<Data = Bytes, Error = WasiError>>>);

impl Body for Incoming {
    fn chunk(&mut self) -> Local<'_, Result<Option<Vec<u8>>, TransportError>> {
        Box::pin(async move {
            loop {
                match poll_fn(|cx| self.0.as_mut().poll_frame(cx)).await {
                    None => return Ok(None),
                    Some(Err(error)) => return Err(failure(error)),
                    Some(Ok(frame)) => {
                        if let Ok(data) = frame.into_data()
                            && !data.is_empty()
                        {
                            return Ok(Some(data.into()));
                        }
                    }
                }
            }
        })
    }
}

fn failure(error: WasiError) -> TransportError {
    let text = format!("{error:#}");
    let Some(code) = error.downcast_ref::<ErrorCode>() else {
        // A body that breaks off is reported as a failed stream, without a code.
        return TransportError::Broken(text);
    };
    match code {
        ErrorCode::ConnectionRefused => TransportError::Refused("nothing accepts connections there".into()),
        ErrorCode::DnsTimeout => TransportError::Timeout("name resolution".into()),
        ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => TransportError::Dns(text),
        ErrorCode::TlsProtocolError | ErrorCode::TlsCertificateError | ErrorCode::TlsAlertReceived(_) => TransportError::Tls(text),
        ErrorCode::ConnectionTimeout => TransportError::Timeout("connecting".into()),
        ErrorCode::HttpResponseTimeout => TransportError::Timeout("waiting for the response".into()),
        ErrorCode::ConnectionReadTimeout | ErrorCode::ConnectionWriteTimeout => TransportError::Timeout("reading the response".into()),
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited | ErrorCode::DestinationIpUnroutable => {
            TransportError::Denied("the runtime's policy forbids it".into())
        }
        ErrorCode::ConnectionTerminated | ErrorCode::HttpResponseIncomplete | ErrorCode::HttpProtocolError => TransportError::Broken(text),
        ErrorCode::HttpResponseBodySize(_) => TransportError::Other("the response is larger than allowed".into()),
        ErrorCode::InternalError(Some(why)) => TransportError::Other(why.clone()),
        _ => TransportError::Other(text),
    }
}
