//! Bytes from outside are progress.
//!
//! A guest that reads a long answer for which it never has to wait does not give control back for as long as the answer
//! lasts, and is no endless loop: each piece that arrives starts the count of [`CpuGuard`] anew. That a controller
//! which never ends helps a guest to spin is bounded by the limits on answers and by the other count.

use super::sandbox::CpuGuard;
use http_body_util::BodyExt as _;
use std::sync::Arc;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

/// Hooks that tell of the pieces of each answer, and leave all else to others.
pub(super) struct ProgressHooks {
    pub(super) cpu: Arc<CpuGuard>,
    pub(super) inner: Box<dyn WasiHttpHooks + Send>,
}

/// What wasmtime expects beside a response.
type Afterwards = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for ProgressHooks {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        response_processed: Afterwards,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Afterwards), Error>> + Send> {
        let cpu = Arc::clone(&self.cpu);
        let sent = Box::into_pin(self.inner.send_request(request, options, response_processed));
        Box::new(async move {
            let (response, afterwards) = sent.await?;
            let told = move |frame| {
                cpu.control_returned();
                frame
            };
            Ok((response.map(|body| body.map_frame(told).boxed_unsync()), afterwards))
        })
    }

    fn set_host_header(&mut self) -> bool {
        self.inner.set_host_header()
    }

    fn default_scheme(&mut self) -> Option<http::uri::Scheme> {
        self.inner.default_scheme()
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
        let mut hooks = ProgressHooks { cpu: Arc::clone(&cpu), inner: Box::new(Pieces) };
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
