//! What each request of a guest passes before the egress.
//!
//! - It gets the headers of its call's trace; whatever the guest set there is replaced.
//! - Little of its body waits to be sent, see [`BODY_PIECE_BYTES`].
//! - Each piece of the answer is progress: a guest that reads a long one for which it never has to wait does not give
//!   control back for as long as it lasts, and is no endless loop. That a controller which never ends helps a guest to
//!   spin is bounded by the limits on answers and by the other count of [`CpuGuard`].

use super::sandbox::{BODY_PIECE_BYTES, CpuGuard};
use super::traces::Traces;
use crate::egress::{TRACEPARENT, TRACESTATE};
use http::header::HeaderValue;
use http_body_util::BodyExt as _;
use std::sync::Arc;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

/// The hooks of one store.
pub(super) struct GuestHooks {
    pub(super) traces: Traces,
    pub(super) cpu: Arc<CpuGuard>,
    pub(super) egress: Box<dyn WasiHttpHooks + Send>,
}

/// What wasmtime expects beside a response.
type Afterwards = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for GuestHooks {
    fn send_request(
        &mut self,
        mut request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        response_processed: Afterwards,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Afterwards), Error>> + Send> {
        let headers = request.headers_mut();
        headers.remove(TRACEPARENT);
        headers.remove(TRACESTATE);
        if let Some(trace) = self.traces.of_request() {
            let text = |text: &str| HeaderValue::try_from(text).ok();
            headers.extend(text(&trace.to_string()).map(|value| (TRACEPARENT, value)));
            headers.extend(trace.state().and_then(text).map(|value| (TRACESTATE, value)));
        }
        let cpu = Arc::clone(&self.cpu);
        let sent = Box::into_pin(self.egress.send_request(request, options, response_processed));
        Box::new(async move {
            let (response, afterwards) = sent.await?;
            let told = move |frame| {
                cpu.control_returned();
                frame
            };
            Ok((response.map(|body| body.map_frame(told).boxed_unsync()), afterwards))
        })
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        BODY_PIECE_BYTES
    }

    fn p3_outgoing_body_chunk_size(&mut self) -> usize {
        BODY_PIECE_BYTES
    }

    fn set_host_header(&mut self) -> bool {
        self.egress.set_host_header()
    }

    fn default_scheme(&mut self) -> Option<http::uri::Scheme> {
        self.egress.default_scheme()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http_body_util::StreamBody;
    use wasmtime::UpdateDeadline;

    /// Answers with four pieces.
    struct Pieces;

    impl WasiHttpHooks for Pieces {
        fn send_request(
            &mut self,
            _: http::Request<WasiBody>,
            _: Option<RequestOptions>,
            afterwards: Afterwards,
        ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Afterwards), Error>> + Send> {
            let pieces = (0..4).map(|_| Ok(http_body::Frame::data(Bytes::from_static(b"piece"))));
            let body = StreamBody::new(futures::stream::iter(pieces)).boxed_unsync();
            Box::new(std::future::ready(Ok((http::Response::new(body), afterwards))))
        }
    }

    #[tokio::test]
    async fn a_guest_that_reads_without_waiting_may_compute_between_the_pieces() {
        let cpu = Arc::new(CpuGuard::default());
        let mut hooks = GuestHooks { traces: Traces::default(), cpu: Arc::clone(&cpu), egress: Box::new(Pieces) };
        let request = http::Request::new(http_body_util::Empty::new().map_err(|never| match never {}).boxed_unsync());
        let sent = hooks.send_request(request, None, Box::new(std::future::ready(Ok(()))));
        let (response, _) = Box::into_pin(sent).await.map_err(|_| "no answer").unwrap();
        let mut body = response.into_body();
        let spins = || (0..40).any(|_| matches!(cpu.tick(), UpdateDeadline::Interrupt));
        while body.frame().await.is_some() {
            assert!(!spins());
        }
        assert!(spins(), "after the last piece it is a loop");
    }
}
