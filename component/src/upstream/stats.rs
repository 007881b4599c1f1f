//! What the way to the controller counts, by name. Names that end in `_total` only grow.

use super::Upstream;
use super::breaker::State;
use super::line::Totals;

impl Upstream {
    /// Name, meaning and value of each figure.
    pub(crate) fn stats(&self) -> Vec<(&'static str, &'static str, f64)> {
        let Totals { requests, failures, timeouts, bytes, retries, unpaid, unpacked } = &self.line.totals;
        let (shelf, cache, breaker) = (&self.shelf, self.shelf.cache.borrow(), self.line.breaker.borrow());
        let (hits, asked) = (shelf.hits.get() + shelf.shared.get(), shelf.hits.get() + shelf.misses.get());
        let rate = if asked == 0 { 0.0 } else { hits as f64 / asked as f64 };
        let state = match breaker.state() {
            State::Closed => 0.0,
            State::Probing => 1.0,
            State::Open(_) => 2.0,
        };
        vec![
            ("upstream_requests", "Requests sent to the controller", requests.get() as f64),
            ("upstream_failures", "Requests that got no answer", failures.get() as f64),
            ("upstream_timeouts", "Requests that got no answer in time", timeouts.get() as f64),
            ("upstream_bytes", "Bytes of answers read", bytes.get() as f64),
            ("upstream_compressed_total", "Answers that came compressed", unpacked.get() as f64),
            ("upstream_retries_total", "Requests that were sent again", retries.get() as f64),
            ("upstream_retries_denied_total", "Requests that were not sent again, to spare the controller", unpaid.get() as f64),
            ("breaker_state", "0 requests go through, 1 a probe is on its way, 2 none does", state),
            ("breaker_opened_total", "How often requests were stopped after failures", f64::from(breaker.opened())),
            ("breaker_refused_total", "Requests that were not sent while stopped", f64::from(breaker.refused())),
            ("cache_size", "Answers kept", cache.len() as f64),
            ("cache_bytes", "Bytes of the answers kept", cache.bytes() as f64),
            ("cache_hits_total", "Requests answered from the cache", shelf.hits.get() as f64),
            ("cache_misses_total", "Requests that the cache could not answer", shelf.misses.get() as f64),
            ("cache_shared_total", "Requests answered by another call's request", shelf.shared.get() as f64),
            ("cache_evictions_total", "Answers dropped to make room", cache.evictions() as f64),
            ("cache_hit_rate", "Share of requests that needed none to the controller, from 0 to 1", rate.min(1.0)),
        ]
    }
}
