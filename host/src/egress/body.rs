//! The response body on its way to the plugin: counted, limited, timed, and copied to a recording if there is one.
//!
//! Fails with [`Fault::ReadTimeout`] after a silence, [`Fault::ResponseTooLarge`] beyond the limit, and with what the
//! connection says otherwise. The slot of the request is free once the body has ended, failed or been dropped.

use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep};
use wasmtime_wasi_http::Error as WasiError;

use super::cassette::Tape;
use super::fault::Fault;
use super::observe::Meter;

/// What a body may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) between_bytes: Duration,
    pub(crate) max_bytes: u64,
}

/// A response body with everything that hangs on its end.
pub(crate) struct ResponseBody<B> {
    inner: B,
    limits: Limits,
    silence: Pin<Box<Sleep>>,
    /// Whether `silence` runs. It must not while nobody asks for the next frame: a slow reader is no stalled server.
    waiting: bool,
    received: u64,
    /// Gone once the body is over: what it holds is released or reported when dropped.
    attached: Option<Attached>,
}

/// What lives as long as the body does.
pub(crate) struct Attached {
    pub(crate) meter: Meter,
    pub(crate) tape: Option<Box<Tape>>,
    /// None when nothing is sent, that is in a replay.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
}

impl<B> ResponseBody<B> {
    pub(crate) fn new(inner: B, limits: Limits, attached: Attached) -> Self {
        let silence = Box::pin(sleep(limits.between_bytes));
        Self { inner, limits, silence, waiting: false, received: 0, attached: Some(attached) }
    }

    fn take(&mut self, data: &Bytes) -> Result<(), Fault> {
        self.received = self.received.saturating_add(data.len() as u64);
        if self.received > self.limits.max_bytes {
            return Err(Fault::ResponseTooLarge(self.limits.max_bytes));
        }
        if let Some(attached) = &mut self.attached {
            attached.meter.exchange.response_bytes = self.received;
            if let Some(tape) = &mut attached.tape {
                tape.hear(data);
            }
        }
        Ok(())
    }

    fn end(&mut self, fault: Option<&Fault>, read_to_end: bool) {
        let Some(Attached { mut meter, tape, permit }) = self.attached.take() else {
            return;
        };
        drop(permit);
        if let Some(fault) = fault {
            meter.exchange.error = Some(fault.label());
            tracing::debug!(endpoint = meter.exchange.endpoint, id = meter.exchange.correlation_id, %fault, "response body failed");
        }
        if let Some(tape) = tape {
            tape.end(fault, read_to_end);
        }
    }

    fn fail(&mut self, fault: Fault) -> Poll<Option<Result<Frame<Bytes>, WasiError>>> {
        self.end(Some(&fault), false);
        Poll::Ready(Some(Err(fault.into())))
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: StdError + 'static,
{
    type Data = Bytes;
    type Error = WasiError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, WasiError>>> {
        let this = &mut *self;
        if this.attached.is_none() {
            return Poll::Ready(None);
        }
        match Pin::new(&mut this.inner).poll_frame(cx) {
            Poll::Pending => {
                if !this.waiting {
                    this.waiting = true;
                    this.silence.as_mut().reset(Instant::now() + this.limits.between_bytes);
                }
                ready!(this.silence.as_mut().poll(cx));
                this.fail(Fault::ReadTimeout)
            }
            Poll::Ready(frame) => {
                this.waiting = false;
                match frame {
                    None => {
                        this.end(None, true);
                        Poll::Ready(None)
                    }
                    Some(Err(error)) => this.fail(Fault::of(&error)),
                    Some(Ok(frame)) => match frame.data_ref().map_or(Ok(()), |data| this.take(data)) {
                        Ok(()) => Poll::Ready(Some(Ok(frame))),
                        Err(fault) => this.fail(fault),
                    },
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.attached.is_none() || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B> Drop for ResponseBody<B> {
    fn drop(&mut self) {
        // Readers need not poll for the end once the announced length has arrived, or at all for an empty body.
        let read_to_end =
            self.attached.as_ref().and_then(|attached| attached.tape.as_ref()).is_some_and(|tape| tape.is_whole(self.received));
        self.end(None, read_to_end);
    }
}
