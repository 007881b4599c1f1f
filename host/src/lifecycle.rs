//! The life of the process: which calls are in flight, and how it stops.
//!
//! On SIGTERM or SIGINT the process says that it is draining (readiness turns 503), takes no new calls, lets those
//! in flight finish within a deadline and then ends with status 0. A second signal ends it at once.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::telemetry::Metrics;

/// Counts calls in flight and knows whether the process is about to stop.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    draining: CancellationToken,
    inflight: watch::Sender<usize>,
    metrics: Arc<Metrics>,
}

impl Lifecycle {
    /// A process that is up and has nothing to do.
    pub(crate) fn new(metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self { draining: CancellationToken::new(), inflight: watch::Sender::new(0), metrics })
    }

    /// Counts one call until the guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> InFlight {
        self.change(1);
        InFlight(Arc::clone(self))
    }

    fn change(&self, by: isize) {
        self.inflight.send_modify(|count| {
            *count = count.saturating_add_signed(by);
            self.metrics.inflight_changed(*count);
        });
    }

    /// Whether new work is refused by now.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Returns once new work is refused.
    pub(crate) async fn draining(&self) {
        self.draining.cancelled().await;
    }

    /// Returns once no call is in flight.
    pub(crate) async fn idle(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        drop(self.inflight.subscribe().wait_for(|count| *count == 0).await);
    }

    /// Begins to drain, and waits for the calls in flight. Says whether all of them finished in time.
    pub(crate) async fn drain(&self, deadline: Duration) -> bool {
        self.draining.cancel();
        let in_time = tokio::time::timeout(deadline, self.idle()).await.is_ok();
        if !in_time {
            let abandoned = *self.inflight.borrow();
            tracing::warn!(abandoned, "calls were still in flight at the end of the drain");
        }
        in_time
    }
}

/// One call in flight.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Lifecycle>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.change(-1);
    }
}

/// Returns when the process is asked to stop, with the name of the signal.
///
/// # Errors
/// When the operating system refuses to install a handler.
pub(crate) async fn stop_signal() -> io::Result<&'static str> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::SignalKind;
        use tokio::signal::unix::signal;

        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        Ok(tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        })
    }
    #[cfg(not(unix))]
    {
        tokio::signal::ctrl_c().await?;
        Ok("interrupt")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::BuildFacts;

    fn lifecycle() -> Arc<Lifecycle> {
        let build = BuildFacts { version: "0", component_digest: String::new(), wasmtime: "0" };
        Lifecycle::new(Arc::new(Metrics::new(build)))
    }

    #[tokio::test]
    async fn a_drain_waits_for_the_call_in_flight() {
        let life = lifecycle();
        let call = life.begin();
        let drain = tokio::spawn({
            let life = Arc::clone(&life);
            async move { life.drain(Duration::from_secs(10)).await }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!drain.is_finished());
        drop(call);
        assert!(drain.await.unwrap());
    }

    #[tokio::test]
    async fn a_drain_ends_at_its_deadline_and_says_so() {
        let life = lifecycle();
        let _call = life.begin();
        assert!(!life.drain(Duration::from_millis(20)).await);
    }
}
