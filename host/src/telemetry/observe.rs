//! What the egress and the plugin report, turned into figures and log lines.

use super::labels::CallLabel;
use super::labels::EndpointLabel;
use super::labels::status_class;
use super::metrics::Metrics;
use super::metrics::millis;
use crate::egress::Exchange;
use crate::egress::Observer;
use crate::plugin::InstanceObserver;

impl Observer for Metrics {
    fn request(&self, exchange: &Exchange) {
        let endpoint = exchange.endpoint.clone();
        tracing::debug!(
            endpoint,
            method = exchange.method,
            status = exchange.status,
            error = exchange.error,
            ms = u64::try_from(exchange.elapsed.as_millis()).unwrap_or(u64::MAX),
            bytes = exchange.response_bytes,
            correlation_id = exchange.correlation_id,
            "request to Jenkins"
        );
        let call = CallLabel { endpoint: endpoint.clone(), status: status_class(exchange.status) };
        self.calls.get_or_create(&call).inc();
        self.call_durations.get_or_create(&EndpointLabel { endpoint }).observe(millis(exchange.elapsed));
        self.sent_bytes.inc_by(exchange.request_bytes);
        self.received_bytes.inc_by(exchange.response_bytes);
    }
}

impl InstanceObserver for Metrics {
    fn restarted(&self, reason: &str) {
        self.restarts.inc();
        tracing::error!(reason, "plugin instance replaced");
    }

    fn memory(&self, bytes: usize) {
        self.memory.set(bytes as u64);
    }
}
