//! A tenant as one user sees it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Map;
use serde_json::Value;

use super::Rights;
use super::Tenant;
use super::limits::Allowance;
use super::limits::Verdict;
use crate::plugin::Failure;
use crate::plugin::Outcome;
use crate::plugin::Tool;
use crate::toolbox::Toolbox;

/// The user's name where nobody was asked for one: over stdio, and over HTTP without authentication.
pub(crate) const LOCAL_USER: &str = "local";

/// Who calls, and what of the tenant is open to them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Caller {
    tenant: Arc<Tenant>,
    user: Arc<str>,
    /// On top of the tenant's own; the default narrows nothing.
    narrowing: Rights,
    /// How fast they may call; as fast as they like without.
    allowance: Option<Arc<Allowance>>,
}

impl Caller {
    /// The one who started this process, with all the rights of the tenant.
    pub(crate) fn local(tenant: Arc<Tenant>) -> Self {
        Self::new(tenant, LOCAL_USER.into(), Rights::default())
    }

    /// A user, with at most the rights of the tenant.
    pub(crate) fn new(tenant: Arc<Tenant>, user: Arc<str>, narrowing: Rights) -> Self {
        Self { tenant, user, narrowing, allowance: None }
    }

    /// The same under a limit.
    pub(crate) fn limited(self, allowance: Option<Arc<Allowance>>) -> Self {
        Self { allowance, ..self }
    }

    /// Whose controller is used.
    pub(crate) fn tenant(&self) -> &Arc<Tenant> {
        &self.tenant
    }

    /// Who calls.
    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    /// The tools on offer to this caller.
    pub(crate) fn toolbox(&self) -> Arc<Toolbox> {
        let program = self.tenant.program();
        if self.narrowing == Rights::default() {
            return Arc::clone(&program.toolbox);
        }
        self.tenant.shared.narrowed(&program.toolbox, &self.tenant.rights().narrowed(&self.narrowing))
    }

    /// Runs one tool, if the limit lets it.
    pub(crate) async fn call(&self, tool: &Tool, arguments: Map<String, Value>) -> Outcome {
        match self.verdict().await {
            Verdict::Free => self.tenant.call(&self.user, tool, arguments).await,
            Verdict::Warned(left) => warned(self.tenant.call(&self.user, tool, arguments).await, left),
            Verdict::Limited(wait) => Outcome::Failed(self.refused(tool, wait)),
        }
    }

    /// What the limit says to one more call.
    pub(super) async fn verdict(&self) -> Verdict {
        match &self.allowance {
            Some(allowance) => allowance.call(&self.user).await,
            None => Verdict::Free,
        }
    }

    fn refused(&self, tool: &Tool, wait: Duration) -> Failure {
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
        let failure = Failure {
            hint: Some("this user's calls are limited; fewer calls that ask for more at once get further".to_owned()),
            next_actions: vec![format!("wait {seconds} s, then repeat the call")],
            retry_after_ms: Some(seconds.saturating_mul(1_000)),
            ..Failure::host("rate-limited", format!("the rate limit of {} is reached", self.user))
        };
        self.tenant.refused(&self.user, tool, &failure);
        failure
    }
}

/// The answer, with word of how little is left.
fn warned(outcome: Outcome, left: u32) -> Outcome {
    match outcome {
        Outcome::Answer(mut answer) => {
            if let Value::Object(meta) = &mut answer.meta {
                meta.insert("rate_limit_remaining".to_owned(), left.into());
            }
            Outcome::Answer(answer)
        }
        failed @ Outcome::Failed(_) => failed,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Toolsets;
    use super::super::scripted::Script;
    use super::super::scripted::restricted;
    use super::super::scripted::tenant;
    use super::*;

    fn names(caller: &Caller) -> Vec<String> {
        caller.toolbox().offered().iter().map(|tool| tool.mcp_name.clone()).collect()
    }

    #[test]
    fn a_caller_sees_less_than_the_tenant_but_never_more() {
        let all = tenant(Script::default());
        let narrowed = |tenant, narrowing| names(&Caller::new(tenant, "ada".into(), narrowing));
        let read_only = Rights { read_only: true, toolsets: Toolsets::default() };
        assert_eq!(narrowed(Arc::clone(&all), read_only), ["read_thing"]);
        let danger = Rights { read_only: false, toolsets: Toolsets::offered(["danger"]) };
        assert_eq!(narrowed(all, danger.clone()), ["drop_thing"]);
        assert!(narrowed(restricted(Script::default(), true), danger).is_empty());
    }

    #[test]
    fn callers_with_the_same_rights_share_one_toolbox() {
        let tenant = tenant(Script::default());
        let read_only = Rights { read_only: true, toolsets: Toolsets::default() };
        let one = Caller::new(Arc::clone(&tenant), "ada".into(), read_only.clone()).toolbox();
        let other = Caller::new(tenant, "bob".into(), read_only).toolbox();
        assert!(Arc::ptr_eq(&one, &other));
    }
}
