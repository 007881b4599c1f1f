//! Everything that a client asks of the plugin and that is no tool call: prompts, resources, completions.
//!
//! Limited and logged like a call, under the same rules: the log never says what was asked or answered.

use std::time::Duration;
use std::time::Instant;

use futures::future::BoxFuture;

use super::Caller;
use super::Runner;
use super::Tenant;
use super::Verdict;
use crate::plugin::Failure;
use crate::telemetry::logs::CALLS;
use crate::telemetry::trace;

impl Caller {
    /// Asks the plugin for something, as a request of that method, if the user's limit lets it.
    pub(crate) async fn ask<T>(
        &self,
        method: &'static str,
        ask: impl for<'a> FnOnce(&'a dyn Runner) -> BoxFuture<'a, Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let tenant = self.tenant();
        if tenant.lifecycle().is_draining() {
            return Err(Failure { retry_after_ms: Some(1_000), ..Failure::host("unavailable", "this server is shutting down") });
        }
        if let Verdict::Limited(wait) = self.verdict().await {
            let failure = limited(self.user(), wait);
            tenant.metrics().rate_limited(self.user());
            tenant.asked(self.user(), method, Duration::ZERO, Some(&failure));
            return Err(failure);
        }
        let _in_flight = tenant.lifecycle().begin();
        let started = Instant::now();
        let program = tenant.program();
        let answered = ask(program.runner.as_ref()).await;
        tenant.asked(self.user(), method, started.elapsed(), answered.as_ref().err());
        answered
    }
}

fn limited(user: &str, wait: Duration) -> Failure {
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
    let failure = Failure::host("rate-limited", format!("the rate limit of {user} is reached"));
    Failure {
        next_actions: vec![format!("wait {seconds} s, then ask again")],
        retry_after_ms: Some(seconds.saturating_mul(1_000)),
        ..failure
    }
}

impl Tenant {
    /// Logs what was asked.
    fn asked(&self, user: &str, method: &'static str, elapsed: Duration, failure: Option<&Failure>) {
        let (tenant, ms) = (self.id(), u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX));
        let (code, correlation_id) = failure.map_or(("ok", ""), |failure| (failure.code.as_str(), failure.correlation_id.as_str()));
        let trace_id = trace::current_id();
        tracing::info!(target: CALLS, tenant, user, method, code, ms, correlation_id, trace_id, "request");
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;
    use crate::tenant::scripted::Script;
    use crate::tenant::scripted::tenant;

    #[tokio::test]
    async fn a_server_that_is_stopping_asks_nobody() {
        let caller = Caller::local(tenant(Script::default()));
        caller.tenant().lifecycle().drain(Duration::ZERO).await;
        let refused: Result<(), Failure> = caller.ask("prompts/get", |_| async { panic!("it was asked") }.boxed()).await;
        assert_eq!(refused.unwrap_err().code, "unavailable");
    }
}
