//! The counters of the process, and their two expositions.
//!
//! Recording never fails and never waits for a scrape. [`Metrics::encode`] answers in Prometheus' protobuf when the
//! scraper asks for it (only that carries native histograms, which make `histogram_quantile(0.95, …)` work on the
//! metric's own name) and in OpenMetrics text otherwise (the same histograms, with their classic buckets).

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::prometheus_protobuf;
use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::histogram::NativeHistogramConfig;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::collect::PluginStats;
use super::collect::ProcessFacts;
use super::labels::CallLabel;
use super::labels::EndpointLabel;
use super::labels::ErrorLabel;
use super::labels::ToolLabel;
use super::labels::error_type;
use super::labels::status_class;
use super::names;
use crate::egress::Exchange;
use crate::egress::Observer;
use crate::plugin::InstanceObserver;
use crate::plugin::Stat;

/// The media type of [`Exposition::Protobuf`], as Prometheus asks for it.
pub(crate) const PROTOBUF: &str =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
/// The media type of [`Exposition::Text`].
pub(crate) const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

/// The form in which a scraper wants the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exposition {
    /// Length-delimited `io.prometheus.client.MetricFamily` messages.
    Protobuf,
    /// OpenMetrics text.
    Text,
}

/// The facts that `jankins_build_info` states.
#[derive(Clone, Debug)]
pub(crate) struct BuildFacts {
    /// Version of this binary.
    pub version: &'static str,
    /// Digest of the component that is being served.
    pub component_digest: String,
    /// Version of the engine that runs it.
    pub wasmtime: &'static str,
}

/// Everything that is counted. Cheap to share, and to record into from any task.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<ToolLabel, Counter>,
    failed: Family<ToolLabel, Gauge<u64, AtomicU64>>,
    errors: Family<ErrorLabel, Counter>,
    durations: Durations<ToolLabel>,
    inflight: Gauge,
    calls: Family<CallLabel, Counter>,
    call_durations: Durations<EndpointLabel>,
    sent_bytes: Counter,
    received_bytes: Counter,
    restarts: Counter,
    memory: Gauge<u64, AtomicU64>,
    memory_limit: Gauge<u64, AtomicU64>,
    stats: Arc<PluginStats>,
}

impl Metrics {
    /// Registers every metric; each shows up from the first scrape on.
    pub(crate) fn new(build: BuildFacts) -> Self {
        let metrics = Self {
            registry: Registry::default(),
            requests: Family::default(),
            failed: Family::default(),
            errors: Family::default(),
            durations: Family::new_with_constructor(duration_histogram),
            inflight: Gauge::default(),
            calls: Family::default(),
            call_durations: Family::new_with_constructor(duration_histogram),
            sent_bytes: Counter::default(),
            received_bytes: Counter::default(),
            restarts: Counter::default(),
            memory: Gauge::default(),
            memory_limit: Gauge::default(),
            stats: Arc::default(),
        };
        metrics.registered(build)
    }

    fn registered(mut self, build: BuildFacts) -> Self {
        let mut registry = Registry::default();
        let facts = vec![
            ("version", build.version.to_owned()),
            ("component_digest", build.component_digest),
            ("wasmtime", build.wasmtime.to_owned()),
        ];
        registry.register(names::BUILD, "The running build", Info::new(facts));
        registry.register(names::REQUESTS, "Tool calls", self.requests.clone());
        registry.register(names::REQUESTS_FAILED, "Tool calls that failed", self.failed.clone());
        registry.register(names::REQUESTS_FAILED_TOTAL, "Tool calls that failed", self.failed.clone());
        registry.register(names::ERRORS, "Failed tool calls by kind", self.errors.clone());
        registry.register(
            names::REQUEST_DURATION_MS,
            "Duration of tool calls in milliseconds",
            self.durations.clone(),
        );
        registry.register(names::INFLIGHT_REQUESTS, "Tool calls in progress", self.inflight.clone());
        registry.register(names::JENKINS_CALLS, "Requests to Jenkins by status class", self.calls.clone());
        registry.register(
            names::JENKINS_CALL_DURATION_MS,
            "Duration of requests to Jenkins in milliseconds",
            self.call_durations.clone(),
        );
        registry.register(names::JENKINS_SENT_BYTES, "Request bytes sent to Jenkins", self.sent_bytes.clone());
        registry.register(
            names::JENKINS_RECEIVED_BYTES,
            "Response bytes received from Jenkins",
            self.received_bytes.clone(),
        );
        registry.register(names::PLUGIN_RESTARTS, "Replaced plugin instances", self.restarts.clone());
        registry.register(names::PLUGIN_MEMORY_BYTES, "Memory of the plugin", self.memory.clone());
        registry.register(
            names::PLUGIN_MEMORY_LIMIT_BYTES,
            "Memory that the plugin may use",
            self.memory_limit.clone(),
        );
        registry.register_collector(Box::new(ProcessFacts::started_now()));
        registry.register_collector(Box::new(Arc::clone(&self.stats)));
        self.registry = registry;
        self
    }

    /// Counts one finished call of `tool`; `code` names the failure, if it was one.
    pub(crate) fn call_finished(&self, tool: &str, elapsed: Duration, code: Option<&str>) {
        let label = ToolLabel { tool: tool.to_owned() };
        self.requests.get_or_create(&label).inc();
        self.durations.get_or_create(&label).observe(millis(elapsed));
        if let Some(code) = code {
            self.failed.get_or_create(&label).inc();
            let kind = ErrorLabel { error_type: error_type(code), tool: label.tool };
            self.errors.get_or_create(&kind).inc();
        }
    }

    /// Moves the number of calls in progress.
    pub(crate) fn inflight_changed(&self, now: usize) {
        self.inflight.set(i64::try_from(now).unwrap_or(i64::MAX));
    }

    /// States the memory limit of the plugin.
    pub(crate) fn memory_limit(&self, bytes: usize) {
        self.memory_limit.set(bytes as u64);
    }

    /// Replaces the plugin's own figures by fresh ones.
    pub(crate) fn plugin_stats(&self, stats: Vec<Stat>) {
        self.stats.replace(stats);
    }

    /// All metrics in the given form, with the media type to answer.
    ///
    /// # Errors
    /// When a metric cannot be written in that form; a scrape then fails as a whole.
    pub(crate) fn encode(&self, exposition: Exposition) -> Result<(&'static str, Vec<u8>), EncodeError> {
        match exposition {
            Exposition::Protobuf => Ok((PROTOBUF, prometheus_protobuf::encode_to_vec(&self.registry)?)),
            Exposition::Text => {
                let mut page = String::new();
                text::encode(&mut page, &self.registry)?;
                Ok((OPENMETRICS, page.into_bytes()))
            }
        }
    }
}

/// The metrics could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EncodeError {
    /// As text.
    #[error("metrics could not be encoded as text")]
    Text(#[from] std::fmt::Error),
    /// As protobuf.
    #[error("metrics could not be encoded as protobuf")]
    Protobuf(#[from] prometheus_protobuf::EncodeError),
}

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

fn duration_histogram() -> Histogram {
    Histogram::new_classic_and_native(names::DURATION_BUCKETS_MS, NativeHistogramConfig::default())
}

fn millis(elapsed: Duration) -> f64 {
    elapsed.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics() -> Metrics {
        Metrics::new(BuildFacts {
            version: "1.2.3",
            component_digest: "sha256:abc".to_owned(),
            wasmtime: "48",
        })
    }

    fn page(metrics: &Metrics) -> String {
        String::from_utf8(metrics.encode(Exposition::Text).unwrap().1).unwrap()
    }

    #[test]
    fn a_failed_call_shows_under_every_name_that_the_runbook_queries() {
        let metrics = metrics();
        metrics.call_finished("get_it", Duration::from_millis(12), Some("not-found"));
        let page = page(&metrics);
        for line in [
            "jankins_requests_total{tool=\"get_it\"} 1",
            "jankins_requests_failed{tool=\"get_it\"} 1",
            "jankins_requests_failed_total{tool=\"get_it\"} 1",
            "jankins_errors_total{error_type=\"NotFound\",tool=\"get_it\"} 1",
            "jankins_request_duration_ms_count{tool=\"get_it\"} 1",
            "jankins_build_info{version=\"1.2.3\",component_digest=\"sha256:abc\",wasmtime=\"48\"} 1",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} is not in\n{page}");
        }
    }

    #[test]
    fn a_good_call_counts_no_failure() {
        let metrics = metrics();
        metrics.call_finished("get_it", Duration::from_millis(12), None);
        let page = page(&metrics);
        assert!(page.contains("jankins_requests_total{tool=\"get_it\"} 1"));
        assert!(!page.contains("jankins_requests_failed{"));
        assert!(!page.contains("jankins_errors_total{"));
    }

    #[test]
    fn no_family_is_declared_twice() {
        let page = page(&metrics());
        let mut families: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
        let declared = families.len();
        families.sort_unstable();
        families.dedup_by_key(|line| line.split(' ').next().unwrap().to_owned());
        assert_eq!(families.len(), declared);
    }

    #[test]
    fn the_protobuf_form_carries_native_histograms() {
        let metrics = metrics();
        metrics.call_finished("get_it", Duration::from_millis(12), None);
        let families = prometheus_protobuf::encode(&metrics.registry).unwrap();
        let durations = families.iter().find(|family| family.name == names::REQUEST_DURATION_MS).unwrap();
        let histogram = durations.metric[0].histogram.as_ref().unwrap();
        assert_eq!(histogram.sample_count, 1);
        assert!(!histogram.positive_span.is_empty(), "native buckets are missing");
        assert_eq!(histogram.bucket.len(), names::DURATION_BUCKETS_MS.len() + 1);
    }
}
