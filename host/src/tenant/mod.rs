//! One controller with one identity: the tools on offer for it, and the one instance that runs them.
//!
//! Every tool call of every transport passes [`Tenant::call`], which is where calls are counted, timed and logged.
//! The log line names the tool, the outcome, the time and the correlation id, and never what was asked or answered.

mod start;

#[cfg(test)]
pub(crate) mod scripted;

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use futures::future::BoxFuture;
use serde_json::Map;
use serde_json::Value;

pub(crate) use start::Facts;
pub(crate) use start::egress_settings;
pub(crate) use start::load_plugin;

use crate::lifecycle::Lifecycle;
use crate::plugin::Answer;
use crate::plugin::CheckReport;
use crate::plugin::Failure;
use crate::plugin::Outcome;
use crate::plugin::Stat;
use crate::plugin::Tool;
use crate::telemetry::Metrics;
use crate::telemetry::logs::CALLS;
use crate::toolbox::Toolbox;

/// What runs the tools. The plugin's instance does; tests put a script in its place.
pub(crate) trait Runner: Send + Sync {
    /// Runs one tool to its end.
    fn call<'a>(&'a self, tool: &'a Tool, arguments: Map<String, Value>) -> BoxFuture<'a, Outcome>;
    /// Asks the plugin whether it can use its upstream.
    fn check(&self) -> BoxFuture<'_, Result<CheckReport, Failure>>;
    /// Asks the plugin for its figures.
    fn stats(&self) -> BoxFuture<'_, Result<Vec<Stat>, Failure>>;
    /// Empties the plugin's cache, or a scope of it, and says how many entries went.
    fn clear_cache(&self, scope: Option<String>) -> BoxFuture<'_, Result<u32, Failure>>;
    /// Lets what is running finish, and takes nothing new.
    fn drain(&self, deadline: Duration) -> BoxFuture<'_, ()>;
}

/// A controller, an identity, and the tools for it.
pub(crate) struct Tenant {
    toolbox: Toolbox,
    instructions: String,
    facts: Facts,
    runner: Box<dyn Runner>,
    metrics: Arc<Metrics>,
    lifecycle: Arc<Lifecycle>,
    timeout: Duration,
}

impl Tenant {
    /// The tools on offer.
    pub(crate) fn toolbox(&self) -> &Toolbox {
        &self.toolbox
    }

    /// What the plugin wants a model to know before it uses a tool.
    pub(crate) fn instructions(&self) -> &str {
        &self.instructions
    }

    /// What is running.
    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The process's metrics.
    pub(crate) fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// The life of the process.
    pub(crate) fn lifecycle(&self) -> &Arc<Lifecycle> {
        &self.lifecycle
    }

    /// Time that one call may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// What runs the tools, for everything that is not a tool call.
    pub(crate) fn runner(&self) -> &dyn Runner {
        self.runner.as_ref()
    }

    /// Runs one tool. A caller that stops waiting is counted and logged too; the plugin then finishes on its own.
    pub(crate) async fn call(&self, tool: &Tool, arguments: Map<String, Value>) -> Outcome {
        let _in_flight = self.lifecycle.begin();
        let mut record = Record { metrics: &self.metrics, tool: &tool.mcp_name, started: Instant::now(), ended: false };
        let outcome = self.runner.call(tool, arguments).await;
        match &outcome {
            Outcome::Answer(answer) => record.answered(answer),
            Outcome::Failed(failure) => record.failed(failure),
        }
        outcome
    }
}

/// Counts and logs a call, once, whichever way it ends.
struct Record<'a> {
    metrics: &'a Metrics,
    tool: &'a str,
    started: Instant,
    ended: bool,
}

impl Record<'_> {
    fn end(&mut self, code: Option<&str>) -> u64 {
        self.ended = true;
        let elapsed = self.started.elapsed();
        self.metrics.call_finished(self.tool, elapsed, code);
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }

    fn answered(&mut self, answer: &Answer) {
        let ms = self.end(None);
        let correlation_id = answer.meta.get("correlation_id").and_then(Value::as_str).unwrap_or_default();
        tracing::info!(target: CALLS, tool = self.tool, code = "ok", ms, correlation_id, "call");
    }

    fn failed(&mut self, failure: &Failure) {
        let ms = self.end(Some(&failure.code));
        let (tool, code, correlation_id) = (self.tool, failure.code.as_str(), failure.correlation_id.as_str());
        let retry_after_ms = failure.retry_after_ms;
        match Blame::of(code) {
            Blame::Caller => tracing::info!(target: CALLS, tool, code, ms, correlation_id, "call"),
            Blame::Limit => {
                tracing::warn!(target: CALLS, tool, code, ms, correlation_id, retry_after_ms, "call met a rate limit")
            }
            Blame::Operator => {
                tracing::error!(target: CALLS, tool, code, ms, correlation_id, "call failed")
            }
        }
    }
}

impl Drop for Record<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let ms = self.end(None);
            tracing::info!(target: CALLS, tool = self.tool, code = "cancelled", ms, "call");
        }
    }
}

/// Who has to act on a failure, and so how loudly it is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blame {
    /// The caller asked for something that is not there or not allowed.
    Caller,
    /// The caller was too fast.
    Limit,
    /// Credentials, network, Jenkins or we ourselves.
    Operator,
}

impl Blame {
    fn of(code: &str) -> Self {
        match code {
            "invalid-params"
            | "not-found"
            | "conflict"
            | "not-supported"
            | "read-only"
            | "confirmation-required"
            | "forbidden"
            | "too-large" => Self::Caller,
            "rate-limited" => Self::Limit,
            _ => Self::Operator,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Exposition;
    use crate::tenant::scripted::Script;
    use crate::tenant::scripted::tenant;
    use crate::toolbox::Found;

    fn page(tenant: &Tenant) -> String {
        String::from_utf8(tenant.metrics.encode(Exposition::Text).unwrap().1).unwrap()
    }

    async fn call(tenant: &Tenant, name: &str) -> Outcome {
        let Found::Offered(tool) = tenant.toolbox().find(name) else { panic!("{name}") };
        tenant.call(tool, Map::new()).await
    }

    #[tokio::test]
    async fn a_call_that_its_caller_gives_up_is_counted_but_not_as_a_failure() {
        let tenant = tenant(Script::default().slow(Duration::from_secs(60)));
        let waited = tokio::time::timeout(Duration::from_millis(10), call(&tenant, "read_thing")).await;
        assert!(waited.is_err());
        let page = page(&tenant);
        assert!(page.contains("jankins_requests_total{tool=\"read_thing\"} 1"), "{page}");
        assert!(page.contains("jankins_inflight_requests 0"), "{page}");
        assert!(!page.contains("jankins_errors_total{"), "{page}");
    }

    #[tokio::test]
    async fn a_failure_is_counted_under_its_kind() {
        let tenant = tenant(Script::default().failing("unauthorized"));
        call(&tenant, "read_thing").await;
        assert!(page(&tenant).contains("jankins_errors_total{error_type=\"Unauthorized\",tool=\"read_thing\"} 1"));
    }

    #[test]
    fn what_an_operator_must_fix_is_logged_as_an_error() {
        for code in ["unauthorized", "timeout", "unavailable", "upstream-error", "plugin-restarted", "internal"] {
            assert_eq!(Blame::of(code), Blame::Operator, "{code}");
        }
        assert_eq!(Blame::of("not-found"), Blame::Caller);
        assert_eq!(Blame::of("rate-limited"), Blame::Limit);
    }
}
