//! The figures of one tenant, and the log lines of its plugin and its way out.
//!
//! The series of a tenant end with it. Tenants beyond the bound share the label `other`, so what is set there is moved
//! by differences and adds up.

use std::sync::Arc;
use std::time::Duration;

use super::labels::CallLabel;
use super::labels::EndpointLabel;
use super::labels::OutcomeLabel;
use super::labels::RESTART_REASONS;
use super::labels::RestartLabel;
use super::labels::TenantLabel;
use super::labels::restart_reason;
use super::labels::status_class;
use super::metrics::Metrics;
use super::metrics::millis;
use crate::egress::Exchange;
use crate::egress::Observer;
use crate::lanes::Lane;
use crate::lanes::Watcher;
use crate::plugin::InstanceObserver;
use crate::plugin::Stat;

/// Where one tenant's figures go.
#[derive(Debug)]
pub(crate) struct TenantMetrics {
    metrics: Arc<Metrics>,
    tenant: String,
}

impl TenantMetrics {
    pub(super) fn new(metrics: Arc<Metrics>, tenant: String) -> Self {
        // A series that begins at zero lets `rate` and `increase` see the first event.
        for outcome in ["ok", "failed"] {
            drop(metrics.tenant_requests.get_or_create(&OutcomeLabel { tenant: tenant.clone(), outcome }));
        }
        for reason in RESTART_REASONS {
            drop(metrics.restarts.get_or_create(&RestartLabel { tenant: tenant.clone(), reason }));
        }
        drop(metrics.slow_moves.get_or_create(&TenantLabel { tenant: tenant.clone() }));
        drop(metrics.slow_seconds.get_or_create(&TenantLabel { tenant: tenant.clone() }));
        Self { metrics, tenant }
    }

    /// Counts one finished call.
    pub(crate) fn call_finished(&self, failed: bool) {
        let outcome = if failed { "failed" } else { "ok" };
        self.metrics.tenant_requests.get_or_create(&OutcomeLabel { tenant: self.tenant.clone(), outcome }).inc();
    }

    /// States the memory limit of the plugin.
    pub(crate) fn memory_limit(&self, bytes: usize) {
        self.metrics.memory_limit.get_or_create(&self.label()).set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// States whether the plugin could use its upstream just now.
    pub(crate) fn ready(&self, ready: bool) {
        self.metrics.ready.get_or_create(&self.label()).set(i64::from(ready));
    }

    /// Replaces the plugin's own figures by fresh ones.
    pub(crate) fn plugin_stats(&self, stats: Vec<Stat>) {
        self.metrics.stats.replace(&self.tenant, stats);
    }

    fn label(&self) -> TenantLabel {
        TenantLabel { tenant: self.tenant.clone() }
    }
}

impl Drop for TenantMetrics {
    fn drop(&mut self) {
        // Another of this name may be there already: a reload makes the new one before the old one ends.
        if self.metrics.tenants.release(&self.tenant) {
            self.metrics.stats.remove(&self.tenant);
            self.metrics.ready.remove(&self.label());
            self.metrics.memory_limit.remove(&self.label());
            self.metrics.memory.remove(&self.label());
        }
    }
}

impl Observer for TenantMetrics {
    fn request(&self, exchange: &Exchange) {
        tracing::debug!(
            tenant = self.tenant,
            endpoint = exchange.endpoint,
            method = exchange.method,
            status = exchange.status,
            error = exchange.error,
            ms = u64::try_from(exchange.elapsed.as_millis()).unwrap_or(u64::MAX),
            bytes = exchange.response_bytes,
            correlation_id = exchange.correlation_id,
            trace_id = exchange.trace_id,
            "request to Jenkins"
        );
        let metrics = &self.metrics;
        let endpoint = metrics.endpoints.admit(&exchange.endpoint);
        let call = CallLabel { endpoint: endpoint.clone(), status: status_class(exchange.status) };
        metrics.calls.get_or_create(&call).inc();
        metrics.call_durations.get_or_create(&EndpointLabel { endpoint }).observe(millis(exchange.elapsed));
        metrics.sent_bytes.inc_by(exchange.request_bytes);
        metrics.received_bytes.inc_by(exchange.response_bytes);
    }
}

impl InstanceObserver for TenantMetrics {
    fn restarted(&self, reason: &str) {
        self.metrics.restarts.get_or_create(&RestartLabel { tenant: self.tenant.clone(), reason: restart_reason(reason) }).inc();
        tracing::error!(tenant = self.tenant, reason, "plugin instance replaced");
    }

    fn memory(&self, before: usize, now: usize) {
        let signed = |bytes: usize| i64::try_from(bytes).unwrap_or(i64::MAX);
        self.metrics.memory.get_or_create(&self.label()).inc_by(signed(now).saturating_sub(signed(before)));
    }
}

impl Watcher for TenantMetrics {
    fn moved(&self, lane: Lane) {
        tracing::debug!(tenant = self.tenant, ?lane, "work goes on in another lane");
        if lane == Lane::Slow {
            self.metrics.slow_moves.get_or_create(&self.label()).inc();
        }
    }

    fn spent(&self, slow: Duration) {
        self.metrics.slow_seconds.get_or_create(&self.label()).inc_by(slow.as_secs_f64());
    }
}
