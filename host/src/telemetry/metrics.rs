//! The counters of the process.
//!
//! Recording never fails and never waits for a scrape; how the figures look to a scraper is in [`super::exposition`].
//! What belongs to one tenant is recorded through its [`TenantMetrics`].

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::histogram::NativeHistogramConfig;
use prometheus_client::registry::Registry;

use super::bounded::Bounded;
use super::bounded::Tally;
use super::build::BuildFacts;
use super::build::BuildInfo;
use super::labels::CallLabel;
use super::labels::EndpointLabel;
use super::labels::ErrorLabel;
use super::labels::HttpLabel;
use super::labels::McpLabel;
use super::labels::OutcomeLabel;
use super::labels::ReasonLabel;
use super::labels::RestartLabel;
use super::labels::TenantLabel;
use super::labels::ToolLabel;
use super::labels::error_type;
use super::names;
use super::plugin_stats::PluginStats;
use super::process::ProcessFacts;
use super::ratelimit::RateLimitHits;
use super::tenant::TenantMetrics;

/// Tenants with series of their own. The other figures of a page are some hundred lines; a tenant adds about twenty.
const MAX_TENANTS: usize = 100;
/// Prompts with series of their own; a plugin has some.
const MAX_PROMPTS: usize = 32;
/// Endpoint families in all. Each tenant's are bounded where they enter; this bounds a host of many plugins.
const MAX_ENDPOINTS: usize = 64;

type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

/// Everything that is counted. Cheap to share, and to record into from any task.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(super) registry: Registry,
    build: Arc<BuildInfo>,
    requests: Family<ToolLabel, Counter>,
    failed: Family<ToolLabel, Gauge<u64, AtomicU64>>,
    errors: Family<ErrorLabel, Counter>,
    durations: Durations<ToolLabel>,
    output: Durations<ToolLabel>,
    partial: Family<ToolLabel, Counter>,
    inflight: Gauge,
    watched: Gauge,
    limited: Arc<Tally>,
    refused: Family<ReasonLabel, Counter>,
    operations: Durations<McpLabel>,
    prompts: Bounded,
    http: Durations<HttpLabel>,
    pub(super) tenants: Bounded,
    pub(super) tenant_requests: Family<OutcomeLabel, Counter>,
    pub(super) endpoints: Bounded,
    pub(super) calls: Family<CallLabel, Counter>,
    pub(super) call_durations: Durations<EndpointLabel>,
    pub(super) sent_bytes: Counter,
    pub(super) received_bytes: Counter,
    pub(super) ready: Family<TenantLabel, Gauge>,
    pub(super) restarts: Family<RestartLabel, Counter>,
    pub(super) memory: Family<TenantLabel, Gauge>,
    pub(super) slow_moves: Family<TenantLabel, Counter>,
    pub(super) slow_seconds: Family<TenantLabel, Counter<f64, AtomicU64>>,
    pub(super) memory_limit: Family<TenantLabel, Gauge>,
    pub(super) stats: Arc<PluginStats>,
}

impl Metrics {
    /// Registers every metric; each shows up from the first scrape on.
    pub(crate) fn new(build: BuildFacts) -> Self {
        let metrics = Self {
            registry: Registry::default(),
            build: Arc::new(BuildInfo::new(build)),
            requests: Family::default(),
            failed: Family::default(),
            errors: Family::default(),
            durations: Family::new_with_constructor(milliseconds),
            output: Family::new_with_constructor(bytes),
            partial: Family::default(),
            inflight: Gauge::default(),
            watched: Gauge::default(),
            limited: Arc::default(),
            refused: Family::default(),
            operations: Family::new_with_constructor(mcp_seconds),
            prompts: Bounded::new(MAX_PROMPTS),
            http: Family::new_with_constructor(http_seconds),
            tenants: Bounded::new(MAX_TENANTS),
            tenant_requests: Family::default(),
            endpoints: Bounded::new(MAX_ENDPOINTS),
            calls: Family::default(),
            call_durations: Family::new_with_constructor(milliseconds),
            sent_bytes: Counter::default(),
            received_bytes: Counter::default(),
            ready: Family::default(),
            restarts: Family::default(),
            memory: Family::default(),
            slow_moves: Family::default(),
            slow_seconds: Family::default(),
            memory_limit: Family::default(),
            stats: Arc::default(),
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Arc::clone(&self.build)));
        registry.register(names::REQUESTS, "Tool calls", self.requests.clone());
        registry.register(names::REQUESTS_FAILED, "Tool calls that failed", self.failed.clone());
        registry.register(names::REQUESTS_FAILED_TOTAL, "Tool calls that failed", self.failed.clone());
        registry.register(names::ERRORS, "Failed tool calls by kind", self.errors.clone());
        registry.register(names::REQUEST_DURATION_MS, "Duration of tool calls in milliseconds", self.durations.clone());
        registry.register(names::TOOL_OUTPUT_BYTES, "Bytes of text that an answer gives a model to read", self.output.clone());
        registry.register(names::TOOL_PARTIAL, "Answers that say that something is missing from them", self.partial.clone());
        registry.register(names::INFLIGHT_REQUESTS, "Tool calls in progress", self.inflight.clone());
        registry.register(names::WATCHED_RESOURCES, "Resources watched for subscribers", self.watched.clone());
        registry.register_collector(Box::new(RateLimitHits(Arc::clone(&self.limited))));
        registry.register(names::REFUSED, "Requests that were refused before a tool was called", self.refused.clone());
        registry.register(names::TENANT_REQUESTS, "Tool calls by tenant", self.tenant_requests.clone());
        registry.register(names::JENKINS_CALLS, "Requests to Jenkins by status class", self.calls.clone());
        registry.register(names::JENKINS_CALL_DURATION_MS, "Duration of requests to Jenkins in milliseconds", self.call_durations.clone());
        registry.register(names::JENKINS_SENT_BYTES, "Request bytes sent to Jenkins", self.sent_bytes.clone());
        registry.register(names::JENKINS_RECEIVED_BYTES, "Response bytes received from Jenkins", self.received_bytes.clone());
        registry.register(names::READY, "Whether Jenkins could be used when it was last checked", self.ready.clone());
        registry.register(names::PLUGIN_RESTARTS, "Replaced plugin instances", self.restarts.clone());
        registry.register(names::PLUGIN_MEMORY_BYTES, "Memory of the plugin", self.memory.clone());
        registry.register(names::PLUGIN_MEMORY_LIMIT_BYTES, "Memory that the plugin may use", self.memory_limit.clone());
        registry.register(names::SLOW_LANE_MOVES, "Moves to the slow lane of tenants that used too much", self.slow_moves.clone());
        registry.register(names::SLOW_LANE_SECONDS, "Processor time used in the slow lane, in seconds", self.slow_seconds.clone());
        registry.register(names::MCP_OPERATION_DURATION, "Duration of MCP requests in seconds", self.operations.clone());
        registry.register(names::HTTP_REQUEST_DURATION, "Duration of HTTP requests in seconds", self.http.clone());
        registry.register_collector(Box::new(ProcessFacts::started_now()));
        registry.register_collector(Box::new(Arc::clone(&self.stats)));
        self.registry = registry;
        self
    }

    /// Where a tenant's figures go. Its name becomes a label, if it is not one too many.
    pub(crate) fn tenant(self: &Arc<Self>, name: &str) -> Arc<TenantMetrics> {
        Arc::new(TenantMetrics::new(Arc::clone(self), self.tenants.admit(name)))
    }

    /// States which components are being served, by digest.
    pub(crate) fn components(&self, digests: impl IntoIterator<Item = String>) {
        self.build.components(digests);
    }

    /// Counts one finished call of `tool`; `code` names the failure, if it was one.
    pub(crate) fn call_finished(&self, tool: &str, elapsed: Duration, code: Option<&str>) {
        let label = ToolLabel { tool: tool.to_owned() };
        self.requests.get_or_create(&label).inc();
        self.durations.get_or_create(&label).observe(millis(elapsed));
        // Made with the first call, so that the first failure is seen as an increase from zero.
        let failed = self.failed.get_or_create_owned(&label);
        if let Some(code) = code {
            failed.inc();
            let kind = ErrorLabel { error_type: error_type(code), tool: label.tool };
            self.errors.get_or_create(&kind).inc();
        }
    }

    /// Records what a finished call of `tool` gave its reader.
    pub(crate) fn answered(&self, tool: &str, bytes: usize, partial: bool) {
        let label = ToolLabel { tool: tool.to_owned() };
        self.output.get_or_create(&label).observe(bytes as f64);
        if partial {
            self.partial.get_or_create(&label).inc();
        }
    }

    /// Counts one call that met a rate limit. The user is the authenticated caller, or a word for whoever is not.
    pub(crate) fn rate_limited(&self, user: &str) {
        self.limited.count(user);
    }

    /// Counts one request that was refused before any tool was called. The reasons are the host's own words, few and
    /// fixed.
    pub(crate) fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// The label of a prompt that the plugin has.
    pub(crate) fn prompt(&self, name: &str) -> String {
        self.prompts.admit(name)
    }

    /// Records one MCP request.
    pub(crate) fn operation(&self, label: &McpLabel, elapsed: Duration) {
        self.operations.get_or_create(label).observe(elapsed.as_secs_f64());
    }

    /// Records one HTTP request.
    pub(crate) fn http_request(&self, label: &HttpLabel, elapsed: Duration) {
        self.http.get_or_create(label).observe(elapsed.as_secs_f64());
    }

    /// Moves the number of calls in progress.
    pub(crate) fn inflight_changed(&self, now: usize) {
        self.inflight.set(i64::try_from(now).unwrap_or(i64::MAX));
    }

    /// Moves the number of resources that are watched.
    pub(crate) fn watched_changed(&self, now: usize) {
        self.watched.set(i64::try_from(now).unwrap_or(i64::MAX));
    }
}

/// Native for those who store them, classic for the others.
fn histogram(buckets: impl IntoIterator<Item = f64>) -> Histogram {
    Histogram::new_classic_and_native(buckets, NativeHistogramConfig::default())
}

fn milliseconds() -> Histogram {
    histogram(names::DURATION_BUCKETS_MS)
}

fn bytes() -> Histogram {
    histogram(names::OUTPUT_BUCKETS_BYTES)
}

fn mcp_seconds() -> Histogram {
    histogram(names::MCP_BUCKETS_SECONDS)
}

fn http_seconds() -> Histogram {
    histogram(names::HTTP_BUCKETS_SECONDS)
}

pub(super) fn millis(elapsed: Duration) -> f64 {
    elapsed.as_secs_f64() * 1_000.0
}
