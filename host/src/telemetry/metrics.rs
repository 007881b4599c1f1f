//! The counters of the process.
//!
//! Recording never fails and never waits for a scrape; how the figures look to a scraper is in [`super::exposition`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

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
use super::labels::UserLabel;
use super::labels::error_type;
use super::names;
use crate::plugin::Stat;

/// Users that get a series of their own when they meet a limit.
const MAX_LIMITED_USERS: usize = 100;

type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

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
    pub(super) registry: Registry,
    requests: Family<ToolLabel, Counter>,
    failed: Family<ToolLabel, Gauge<u64, AtomicU64>>,
    errors: Family<ErrorLabel, Counter>,
    durations: Durations<ToolLabel>,
    inflight: Gauge,
    limited: Family<UserLabel, Gauge<u64, AtomicU64>>,
    limited_users: Mutex<BTreeSet<String>>,
    pub(super) calls: Family<CallLabel, Counter>,
    pub(super) call_durations: Durations<EndpointLabel>,
    pub(super) sent_bytes: Counter,
    pub(super) received_bytes: Counter,
    pub(super) restarts: Counter,
    pub(super) memory: Gauge<u64, AtomicU64>,
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
            limited: Family::default(),
            limited_users: Mutex::default(),
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
        registry.register(names::REQUEST_DURATION_MS, "Duration of tool calls in milliseconds", self.durations.clone());
        registry.register(names::INFLIGHT_REQUESTS, "Tool calls in progress", self.inflight.clone());
        registry.register(names::RATELIMIT_HITS, "Calls that met a rate limit", self.limited.clone());
        registry.register(names::RATELIMIT_HITS_TOTAL, "Calls that met a rate limit", self.limited.clone());
        registry.register(names::JENKINS_CALLS, "Requests to Jenkins by status class", self.calls.clone());
        registry.register(names::JENKINS_CALL_DURATION_MS, "Duration of requests to Jenkins in milliseconds", self.call_durations.clone());
        registry.register(names::JENKINS_SENT_BYTES, "Request bytes sent to Jenkins", self.sent_bytes.clone());
        registry.register(names::JENKINS_RECEIVED_BYTES, "Response bytes received from Jenkins", self.received_bytes.clone());
        registry.register(names::PLUGIN_RESTARTS, "Replaced plugin instances", self.restarts.clone());
        registry.register(names::PLUGIN_MEMORY_BYTES, "Memory of the plugin", self.memory.clone());
        registry.register(names::PLUGIN_MEMORY_LIMIT_BYTES, "Memory that the plugin may use", self.memory_limit.clone());
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

    /// Counts one call that met a rate limit. Users beyond [`MAX_LIMITED_USERS`] are counted as `other`.
    pub(crate) fn rate_limited(&self, user: &str) {
        let mut known = self.limited_users.lock().unwrap_or_else(PoisonError::into_inner);
        let named = known.contains(user) || (known.len() < MAX_LIMITED_USERS && known.insert(user.to_owned()));
        let user = if named { user.to_owned() } else { "other".to_owned() };
        self.limited.get_or_create(&UserLabel { user }).inc();
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
}

fn duration_histogram() -> Histogram {
    Histogram::new_classic_and_native(names::DURATION_BUCKETS_MS, NativeHistogramConfig::default())
}

pub(super) fn millis(elapsed: Duration) -> f64 {
    elapsed.as_secs_f64() * 1_000.0
}
