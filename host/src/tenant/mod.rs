//! The tenants of a process. A tenant is one controller with one identity: its rights, and the program that runs for it.
//!
//! ```text
//! Tenants (registry)   which tenants there are; a reload swaps the table, calls under way keep what they have
//!   Tenant             id, rights, time limit; every tool call of every transport passes Tenant::call
//!     Program          toolbox and runner of one plugin; Tenant::replace swaps it
//!       Sleeper        the runner: starts the plugin's instance with the first call, drops it after an idle time
//! Caller               a tenant as one user sees it: rights narrowed, name for logs and limits
//! ```
//!
//! [`Tenant::call`] is where calls are counted, timed and logged. The log line names the tenant, the user, the tool, the
//! outcome, the time and the correlation id, and never what was asked or answered.

mod ask;
mod caller;
mod limits;
mod program;
mod registry;
mod rest;
mod rights;
mod shared;
mod shared_limits;
mod start;

#[cfg(test)]
pub(crate) mod scripted;

use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::time::Duration;
use std::time::Instant;

use serde_json::Map;
use serde_json::Value;
use tokio::sync::watch;

pub(crate) use self::caller::Caller;
pub(crate) use self::caller::LOCAL_USER;
pub(crate) use self::limits::Allowance;
pub(crate) use self::limits::Limits;
pub(crate) use self::limits::Verdict;
pub(crate) use self::program::Facts;
pub(crate) use self::program::Program;
pub(crate) use self::program::Runner;
pub(crate) use self::registry::Changes;
pub(crate) use self::registry::TenantConfigs;
pub(crate) use self::registry::Tenants;
pub(crate) use self::rights::Rights;
pub(crate) use self::rights::Toolsets;
pub(crate) use self::shared::load_plugin;
pub(crate) use self::shared_limits::SharedLimits;
pub(crate) use self::start::StartError;
pub(crate) use self::start::egress_settings;

use self::program::correlation_id;
use self::shared::Shared;
use crate::config::TenantConfig;
use crate::lanes::Share;
use crate::lifecycle::Lifecycle;
use crate::plugin::Answer;
use crate::plugin::Failure;
use crate::plugin::Outcome;
use crate::plugin::Tool;
use crate::telemetry::Metrics;
use crate::telemetry::TenantMetrics;
use crate::telemetry::logs::CALLS;
use crate::telemetry::trace;
use crate::toolbox::Toolbox;

/// The tenant of a process that was told of one controller only.
pub(crate) const DEFAULT: &str = "default";

/// A controller, an identity, and what runs for it.
pub(crate) struct Tenant {
    id: String,
    figures: Arc<TenantMetrics>,
    share: Share,
    config: Arc<TenantConfig>,
    program: RwLock<Arc<Program>>,
    /// Whether a reload has put another tenant in the place of this one; touched with every change of the program.
    superseded: watch::Sender<bool>,
    shared: Arc<Shared>,
}

impl Tenant {
    /// Its name in the configuration.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The most that any caller of it may do.
    pub(crate) fn rights(&self) -> &Rights {
        &self.config.rights
    }

    /// What runs now. Whoever needs several facts about it takes it once, for it may be replaced in between.
    pub(crate) fn program(&self) -> Arc<Program> {
        Arc::clone(&self.program.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets another program run from the next call on, and answers the one before: it lives until its last call has
    /// ended, and who replaced it decides how long to wait for that (`Runner::drain`).
    pub(crate) fn replace(&self, program: Program) -> Arc<Program> {
        let replaced = std::mem::replace(&mut *self.program.write().unwrap_or_else(PoisonError::into_inner), Arc::new(program));
        self.superseded.send_modify(|_| {});
        replaced
    }

    /// Wakes whoever waits with each change of what runs. True once this tenant is no longer the one of its name.
    pub(crate) fn changes(&self) -> watch::Receiver<bool> {
        self.superseded.subscribe()
    }

    /// Another tenant has its name now, or nobody. What is under way ends here.
    fn supersede(&self) {
        self.superseded.send_replace(true);
    }

    /// The tools on offer.
    pub(crate) fn toolbox(&self) -> Arc<Toolbox> {
        Arc::clone(&self.program().toolbox)
    }

    /// What is running.
    pub(crate) fn facts(&self) -> Facts {
        self.program().facts.clone()
    }

    /// The process's metrics.
    pub(crate) fn metrics(&self) -> &Arc<Metrics> {
        &self.shared.metrics
    }

    /// Where the figures of this tenant go.
    pub(crate) fn figures(&self) -> &Arc<TenantMetrics> {
        &self.figures
    }

    /// Its part in the process's time.
    pub(crate) fn share(&self) -> &Share {
        &self.share
    }

    /// The life of the process.
    pub(crate) fn lifecycle(&self) -> &Arc<Lifecycle> {
        &self.shared.lifecycle
    }

    /// Time that one call may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.config.timeout
    }

    /// Runs one tool. A caller that stops waiting is counted and logged too; the plugin then finishes on its own.
    pub(crate) async fn call(&self, user: &str, tool: &Tool, arguments: Map<String, Value>) -> Outcome {
        let _in_flight = self.lifecycle().begin();
        let mut record = Record { tenant: self, user, tool: &tool.mcp_name, started: Instant::now(), ended: false };
        let program = self.program();
        let outcome = program.runner.call(tool, arguments).await;
        match &outcome {
            Outcome::Answer(answer) => record.answered(answer),
            Outcome::Failed(failure) => record.failed(failure),
        }
        outcome
    }
}

impl Tenant {
    /// Counts and logs a call that was refused before it began.
    fn refused(&self, user: &str, tool: &Tool, failure: &Failure) {
        Record { tenant: self, user, tool: &tool.mcp_name, started: Instant::now(), ended: false }.failed(failure);
    }
}

/// Counts and logs a call, once, whichever way it ends.
struct Record<'a> {
    tenant: &'a Tenant,
    user: &'a str,
    tool: &'a str,
    started: Instant,
    ended: bool,
}

impl Record<'_> {
    fn end(&mut self, code: Option<&str>) -> u64 {
        self.ended = true;
        let elapsed = self.started.elapsed();
        self.tenant.metrics().call_finished(self.tool, elapsed, code);
        self.tenant.figures().call_finished(code.is_some());
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }

    fn answered(&mut self, answer: &Answer) {
        let ms = self.end(None);
        let (tenant, user, tool) = (self.tenant.id(), self.user, self.tool);
        self.tenant.metrics().answered(tool, answer.text.len(), is_partial(answer));
        let (correlation_id, trace_id) = (correlation_id(answer), trace::current_id());
        tracing::info!(target: CALLS, tenant, user, tool, code = "ok", ms, correlation_id, trace_id, "call");
    }

    fn failed(&mut self, failure: &Failure) {
        let ms = self.end(Some(&failure.code));
        let (tenant, user, tool) = (self.tenant.id(), self.user, self.tool);
        let (code, correlation_id) = (failure.code.as_str(), failure.correlation_id.as_str());
        let (retry_after_s, trace_id) = (failure.retry_after_ms.map(|ms| ms.div_ceil(1_000)), trace::current_id());
        match Blame::of(code) {
            Blame::Caller => tracing::info!(target: CALLS, tenant, user, tool, code, ms, correlation_id, trace_id, "call"),
            Blame::Limit => {
                self.tenant.metrics().rate_limited(user);
                tracing::warn!(target: CALLS, tenant, user, tool, code, ms, correlation_id, trace_id, retry_after_s, "call met a rate limit")
            }
            Blame::Operator => {
                tracing::error!(target: CALLS, tenant, user, tool, code, ms, correlation_id, trace_id, "call failed")
            }
        }
    }
}

impl Drop for Record<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let ms = self.end(None);
            let (tenant, user, tool) = (self.tenant.id(), self.user, self.tool);
            tracing::info!(target: CALLS, tenant, user, tool, code = "cancelled", ms, trace_id = trace::current_id(), "call");
        }
    }
}

/// Whether an answer says of itself that something is missing.
fn is_partial(answer: &Answer) -> bool {
    answer.meta.get("partial").and_then(Value::as_array).is_some_and(|missing| !missing.is_empty())
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
        String::from_utf8(tenant.metrics().encode(Exposition::Text).unwrap().1).unwrap()
    }

    async fn call(tenant: &Tenant, name: &str) -> Outcome {
        let toolbox = tenant.toolbox();
        let Found::Offered(tool) = toolbox.find(name) else { panic!("{name}") };
        tenant.call("ada", tool, Map::new()).await
    }

    #[tokio::test]
    async fn a_replaced_program_takes_the_next_call_while_the_old_one_finishes_its_own() {
        let slow = Script::default().slow(Duration::from_millis(100));
        let tenant = tenant(slow.clone());
        let first = tokio::spawn({
            let tenant = Arc::clone(&tenant);
            async move { call(&tenant, "read_thing").await }
        });
        while slow.asked().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let next = Script::default();
        let old = tenant.program();
        let (toolbox, facts) = (Arc::clone(&old.toolbox), old.facts.clone());
        let program = Program { toolbox, facts, plugin: None, runner: Box::new(next.clone()) };
        drop(old);
        let replaced = tenant.replace(program);
        call(&tenant, "read_thing").await;
        assert_eq!((slow.asked().len(), next.asked().len()), (1, 1));
        assert!(matches!(first.await.unwrap(), Outcome::Answer(_)));
        assert_eq!(Arc::strong_count(&replaced), 1, "nobody else holds the old program");
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
