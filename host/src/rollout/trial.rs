//! A new plugin under observation, with the old one as a net.
//!
//! Only what the plugin itself does wrong counts: a crash, a limit that it runs into, an answer that cannot be read. What
//! Jenkins or a caller does wrong would happen with any plugin.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::Map;
use serde_json::Value;
use tokio::sync::Notify;

use crate::plugin::Argument;
use crate::plugin::CheckReport;
use crate::plugin::Completion;
use crate::plugin::Conversation;
use crate::plugin::Effect;
use crate::plugin::Failure;
use crate::plugin::Library;
use crate::plugin::Outcome;
use crate::plugin::Owner;
use crate::plugin::Prompt;
use crate::plugin::Reading;
use crate::plugin::ResourcePage;
use crate::plugin::ResourceTemplate;
use crate::plugin::Stat;
use crate::plugin::Tool;
use crate::tenant::Program;
use crate::tenant::Runner;
use crate::toolbox::Found;

/// So many failures, at the least, are a verdict: one may be a call that would crash any plugin.
const MIN_FAILURES: u32 = 3;
/// And so large a share of all calls since the switch: one in this many.
const MAX_SHARE: u32 = 10;

/// What is counted of all tenants that try the same plugin.
pub(super) struct Tally {
    calls: AtomicU32,
    failures: AtomicU32,
    running: AtomicBool,
    verdict: Notify,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self { calls: AtomicU32::new(0), failures: AtomicU32::new(0), running: AtomicBool::new(true), verdict: Notify::new() }
    }

    /// Of a plugin that needs no trial.
    pub(super) fn over() -> Self {
        let tally = Self::new();
        tally.end();
        tally
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }

    pub(super) fn end(&self) {
        self.running.store(false, Ordering::Release);
    }

    /// Returns when there have been too many failures.
    pub(super) async fn failed(&self) {
        self.verdict.notified().await;
    }

    pub(super) fn summary(&self) -> String {
        format!("{} of {} calls failed in the plugin", self.failures.load(Ordering::Relaxed), self.calls.load(Ordering::Relaxed))
    }

    fn count(&self, failed: bool) {
        let calls = self.calls.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if failed {
            let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
            if failures >= MIN_FAILURES && failures.saturating_mul(MAX_SHARE) > calls {
                // A permit is kept for whoever asks later, and one is enough.
                self.verdict.notify_one();
            }
        }
    }
}

/// Runs the new plugin's calls, and those that it fails once more with the old one.
pub(super) struct Trial {
    runner: Box<dyn Runner>,
    before: Mutex<Option<Arc<Program>>>,
    tally: Arc<Tally>,
}

impl Trial {
    pub(super) fn new(runner: Box<dyn Runner>, before: Arc<Program>, tally: Arc<Tally>) -> Self {
        Self { runner, before: Mutex::new(Some(before)), tally }
    }

    /// The old program, as long as the trial lasts.
    fn before(&self) -> Option<Arc<Program>> {
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.tally.is_running() {
            *before = None;
        }
        before.clone()
    }

    async fn tried(&self, tool: &Tool, arguments: Map<String, Value>) -> Outcome {
        let Some(before) = self.before() else { return self.runner.call(tool, arguments).await };
        let outcome = self.runner.call(tool, arguments.clone()).await;
        let Outcome::Failed(failure) = &outcome else {
            self.tally.count(false);
            return outcome;
        };
        let failed = is_the_plugins(failure);
        self.tally.count(failed);
        if !failed || tool.effect != Effect::Read {
            return outcome;
        }
        match before.toolbox.find(&tool.name) {
            Found::Offered(old) if old.effect == Effect::Read => {
                tracing::warn!(tool = tool.name, code = failure.code, id = failure.correlation_id, "answered by the plugin before");
                before.runner.call(old, arguments).await
            }
            _ => outcome,
        }
    }
}

/// Codes that stand for the plugin's own doing, whether it says so or the host in its place.
fn is_the_plugins(failure: &Failure) -> bool {
    matches!(failure.code.as_str(), "plugin-restarted" | "internal")
}

impl Runner for Trial {
    fn call<'a>(&'a self, tool: &'a Tool, arguments: Map<String, Value>) -> BoxFuture<'a, Outcome> {
        self.tried(tool, arguments).boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<CheckReport, Failure>> {
        self.runner.check()
    }

    fn stats(&self) -> BoxFuture<'_, Result<Vec<Stat>, Failure>> {
        self.runner.stats()
    }

    fn clear_cache(&self, scope: Option<String>) -> BoxFuture<'_, Result<u32, Failure>> {
        self.runner.clear_cache(scope)
    }

    fn drain(&self, deadline: Duration) -> BoxFuture<'_, ()> {
        self.runner.drain(deadline)
    }

    fn rest(&self, idle: Duration) -> bool {
        self.before();
        self.runner.rest(idle)
    }

    fn is_awake(&self) -> bool {
        self.runner.is_awake()
    }
}

/// Prompts and resources are the new plugin's from the switch on.
impl Library for Trial {
    fn list_prompts(&self) -> BoxFuture<'_, Result<Vec<Prompt>, Failure>> {
        self.runner.list_prompts()
    }

    fn get_prompt(&self, name: String, arguments: Vec<Argument>) -> BoxFuture<'_, Result<Conversation, Failure>> {
        self.runner.get_prompt(name, arguments)
    }

    fn list_resources(&self, cursor: Option<String>) -> BoxFuture<'_, Result<ResourcePage, Failure>> {
        self.runner.list_resources(cursor)
    }

    fn list_templates(&self) -> BoxFuture<'_, Result<Vec<ResourceTemplate>, Failure>> {
        self.runner.list_templates()
    }

    fn read_resource(&self, uri: String) -> BoxFuture<'_, Result<Reading, Failure>> {
        self.runner.read_resource(uri)
    }

    fn complete(&self, of: Owner, begun: Argument, others: Vec<Argument>) -> BoxFuture<'_, Result<Completion, Failure>> {
        self.runner.complete(of, begun, others)
    }
}
