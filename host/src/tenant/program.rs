//! What a tenant runs: one plugin, the tools of it that are on offer, and the runner behind them.
//!
//! This is the unit of change. A tenant gets another plugin by [`super::Tenant::replace`], which swaps the whole program
//! at once; calls under way hold the old one until they end.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::Map;
use serde_json::Value;
use std::time::Duration;

use crate::plugin::Answer;
use crate::plugin::CheckReport;
use crate::plugin::Failure;
use crate::plugin::Library;
use crate::plugin::Outcome;
use crate::plugin::Stat;
use crate::plugin::Tool;
use crate::toolbox::Toolbox;

/// What runs the tools, and has the prompts and resources. The plugin's instance does; tests put a script in its place.
pub(crate) trait Runner: Library {
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
    /// Gives up what a later call can make again, if no call came for `idle`. Says whether it did.
    fn rest(&self, idle: Duration) -> bool {
        let _ = idle;
        false
    }
    /// Whether a call would find everything in place.
    fn is_awake(&self) -> bool {
        true
    }
}

/// What is running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Version of this binary.
    pub version: &'static str,
    /// Digest of the component.
    pub component_digest: String,
    /// The WASI version that the component is built for.
    pub wasi: &'static str,
    /// The controller, or nothing in a test.
    pub controller: String,
}

/// A plugin at work for one tenant.
pub(crate) struct Program {
    /// The tools on offer to callers with all the rights of the tenant.
    pub(crate) toolbox: Arc<Toolbox>,
    /// What is running.
    pub(crate) facts: Facts,
    /// What runs the tools.
    pub(crate) runner: Box<dyn Runner>,
}

/// The correlation id of an answer, by which it is found in the log.
pub(super) fn correlation_id(answer: &Answer) -> &str {
    answer.meta.get("correlation_id").and_then(Value::as_str).unwrap_or_default()
}
