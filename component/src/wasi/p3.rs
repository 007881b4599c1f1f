//! WASI 0.3: asynchronous down to the host.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wasip3::clocks::monotonic_clock;
use wasip3::http::client;
use wasip3::http::types::{ErrorCode, Fields, Method as WasiMethod, Request as WasiRequest, Response as WasiResponse, Scheme, Trailers};
use wasip3::wit_bindgen::{FutureReader, FutureWriter, StreamReader, StreamResult, spawn_local};
use wasip3::{wit_future, wit_stream};

use crate::upstream::transport::{Body, Clock, Headers, Local, Method, Request, Response, Transport, TransportError};

/// How much of a body is asked for at once. The host copies at most what has arrived.
const READ_BYTES: usize = 128 * 1024;

/// The transport and the clock of this artifact.
pub(crate) struct Wasi;

impl Clock for Wasi {
    fn elapsed(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now())
    }

    fn unix_ms(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
    }

    fn sleep(&self, duration: Duration) -> Local<'static, ()> {
        Box::pin(monotonic_clock::wait_for(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl Transport for Wasi {
    fn send(&self, request: Request) -> Local<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let response = client::send(outgoing(request)?).await.map_err(failure)?;
            let status = response.get_status_code();
            let headers = response.get_headers().copy_all();
            let headers = headers.into_iter().map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned())).collect();
            // Dropping the writer tells the host that we are done with the body, whether read to its end or not.
            let (done, result) = wit_future::new(|| Ok(()));
            let (stream, trailers) = WasiResponse::consume_body(response, result);
            let body = Incoming { stream: Some(stream), trailers: Some(trailers), _done: done };
            Ok(Response { status, headers: Headers(headers), body: Box::new(body) })
        })
    }
}

fn outgoing(request: Request) -> Result<WasiRequest, TransportError> {
    let headers: Vec<(String, Vec<u8>)> = request.headers.into_iter().map(|(n, v)| (n, v.into_bytes())).collect();
    let fields = Fields::from_list(&headers).map_err(|e| TransportError::Other(format!("bad header: {e:?}")))?;
    let contents = (!request.body.is_empty()).then(|| {
        let (mut writer, reader) = wit_stream::new();
        let body = request.body;
        spawn_local(async move {
            writer.write_all(body).await;
        });
        reader
    });
    let (_, no_trailers) = wit_future::new(|| Ok(None));
    // The second value reports the sending; a failure shows in the response as well.
    let (out, _) = WasiRequest::new(fields, contents, no_trailers, None);
    address(&out, request.method, &request.url)?;
    Ok(out)
}

struct Incoming {
    stream: Option<StreamReader<u8>>,
    trailers: Option<FutureReader<Result<Option<Trailers>, ErrorCode>>>,
    _done: FutureWriter<Result<(), ErrorCode>>,
}

impl Body for Incoming {
    fn chunk(&mut self) -> Local<'_, Result<Option<Vec<u8>>, TransportError>> {
        Box::pin(async move {
            loop {
                let Some(stream) = self.stream.as_mut() else { return Ok(None) };
                let (result, mut chunk) = stream.read(Vec::with_capacity(READ_BYTES)).await;
                match result {
                    StreamResult::Complete(0) => {}
                    StreamResult::Complete(_) => {
                        // Small answers are kept; they must not hold the room of large ones.
                        chunk.shrink_to_fit();
                        return Ok(Some(chunk));
                    }
                    StreamResult::Dropped | StreamResult::Cancelled => {
                        self.stream = None;
                        // Only the trailers tell a whole body from a broken one.
                        if let Some(trailers) = self.trailers.take() {
                            trailers.await.map_err(failure)?;
                        }
                        return Ok((!chunk.is_empty()).then_some(chunk));
                    }
                }
            }
        })
    }
}

alike!(WasiRequest, ErrorCode);
