//! The handle of one tenant's instance: what the rest of the host calls.
//!
//! A handle only sends messages; the instance itself belongs to one task (see `actor`). Defaults: 64 MB of memory,
//! 30 s per call and what a caller asks to wait, 64 calls at once and 256 waiting. A call fails with a code of its own when the host and not the
//! plugin is the reason:
//!
//! | code | when |
//! |---|---|
//! | `invalid-params` | the arguments do not fit; nothing was called |
//! | `overloaded` | too many calls wait already |
//! | `timeout` | no answer within the time limit; the guest goes on, its answer is dropped |
//! | `plugin-restarted` | the instance died during the call and was replaced |
//! | `unavailable` | the host is stopping |
//! | `internal` | the plugin does not start, or its answer cannot be understood |

use super::actor::{self, Job, Report};
use super::answers::{to_json, to_outcome};
use super::arguments::to_values;
use super::catalogue::{Effect, Tool};
use super::interfaces::Interface;
use super::load::Plugin;
use super::outcome::{CheckReport, CheckStep, Failure, Outcome, Stat};
use super::shape::snake;
use crate::lanes::Share;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};
use wasmtime::component::Val;
use wasmtime_wasi_http::WasiHttpHooks;

/// How much later than the guest the host gives up. The guest keeps the same limit and answers better.
const GRACE: Duration = Duration::from_millis(500);
/// Calls that may wait for each that may run. A burst fits; what waits longer would time out anyway.
const WAITING: usize = 4;
/// The parameter by which a caller says how long a tool may wait for something to happen.
const WAIT_PARAMETER: &str = "wait_seconds";
/// The longest such wait. It bounds how long a hanging instance goes unnoticed.
const MAX_WAIT: Duration = Duration::from_secs(300);
/// When to try again after an overload: by then some of the waiting calls are done.
const OVERLOAD_RETRY_MS: u32 = 1_000;

/// How an instance is to be run.
pub(crate) struct InstanceSettings {
    /// The environment of the guest. It has no other.
    pub env: Vec<(String, String)>,
    /// Makes the hooks through which a new instance's requests go.
    pub hooks: Arc<dyn Fn() -> Box<dyn WasiHttpHooks + Send> + Send + Sync>,
    /// Most linear memory.
    pub memory_limit_bytes: usize,
    /// Most time for one call; the guest is told the same.
    pub call_timeout: Duration,
    /// Most calls inside the guest at once; four times as many may wait.
    pub max_concurrent_calls: usize,
    /// Where its work is done.
    pub share: Share,
    /// Who wants to know what happens to the instance.
    pub observer: Arc<dyn InstanceObserver>,
}

impl InstanceSettings {
    /// The default limits, with an empty environment, in the runtime at hand.
    pub(crate) fn new(
        hooks: Arc<dyn Fn() -> Box<dyn WasiHttpHooks + Send> + Send + Sync>,
        observer: Arc<dyn InstanceObserver>,
    ) -> InstanceSettings {
        InstanceSettings {
            env: Vec::new(),
            hooks,
            memory_limit_bytes: 64 * 1024 * 1024,
            call_timeout: Duration::from_secs(30),
            max_concurrent_calls: 64,
            share: Share::default(),
            observer,
        }
    }
}

/// Is told what happens to an instance, for metrics.
pub(crate) trait InstanceObserver: Send + Sync {
    /// The instance died and is replaced. `reason` is one of few: cpu, memory, trap, exit, stuck, start, host.
    fn restarted(&self, reason: &str);
    /// The instance had this much linear memory `before`, and has this much `now`. A change and not a figure, because
    /// two instances of one tenant live side by side while one replaces the other.
    fn memory(&self, before: usize, now: usize);
}

/// One tenant's instance of a plugin. Cheap to clone; the instance ends with the last clone.
#[derive(Clone)]
pub(crate) struct Instance {
    plugin: Plugin,
    jobs: mpsc::Sender<Job>,
    limit: Duration,
    stopping: Arc<AtomicBool>,
    /// How many calls are under way.
    calls: Arc<watch::Sender<usize>>,
}

impl Instance {
    /// Starts the task that owns the instance. The instance itself is made at the first call.
    ///
    /// Must be called within a tokio runtime.
    pub(crate) fn spawn(plugin: Plugin, settings: InstanceSettings) -> Instance {
        let (jobs, queue) = mpsc::channel(settings.max_concurrent_calls.max(1).saturating_mul(WAITING));
        let limit = settings.call_timeout + GRACE;
        let share = settings.share.clone();
        share.spawn(actor::run(plugin.clone(), settings, queue));
        Instance { plugin, jobs, limit, stopping: Arc::default(), calls: Arc::new(watch::Sender::new(0)) }
    }

    /// Calls a tool.
    pub(crate) async fn call(&self, tool: &Tool, arguments: Map<String, Value>) -> Outcome {
        // The plugin's own entry counts: the caller's may stem from another version of the file.
        let own = self.plugin.catalogue().get(&tool.name);
        let Some((tool, function)) = own.zip(self.plugin.tool_function(&tool.name)) else {
            let message = format!("this plugin has no tool {}", tool.mcp_name);
            return Outcome::Failed(Failure::host("internal", message));
        };
        let wait = asked_wait(tool, &arguments);
        let params = match to_values(tool, arguments) {
            Ok(params) => params,
            Err(failure) => return Outcome::Failed(*failure),
        };
        match self.run(function, params, wait, tool.effect).await {
            Ok(values) => to_outcome(values),
            Err(failure) => {
                tracing::warn!(tool = tool.name, code = failure.code, id = failure.correlation_id, "{}", failure.message);
                Outcome::Failed(failure)
            }
        }
    }

    /// Asks the plugin whether it can do its work. A plugin that cannot say is taken to be able to.
    pub(crate) async fn check(&self) -> Result<CheckReport, Failure> {
        let Some(function) = self.function(Interface::Control, "check") else {
            let step =
                CheckStep { name: "plugin".into(), ok: true, detail: "it is loaded, and offers no check of its own".into(), hint: None };
            return Ok(CheckReport { ok: true, steps: vec![step] });
        };
        self.control(function, vec![]).await
    }

    /// The figures that the plugin reports about itself, none if it reports none.
    pub(crate) async fn stats(&self) -> Result<Vec<Stat>, Failure> {
        #[derive(Deserialize)]
        struct Stats {
            values: Vec<Stat>,
        }
        match self.function(Interface::Control, "stats") {
            Some(function) => self.control(function, vec![]).await.map(|stats: Stats| stats.values),
            None => Ok(Vec::new()),
        }
    }

    /// Empties the plugin's cache, all of it or the part that `scope` names; tells how many entries went.
    pub(crate) async fn clear_cache(&self, scope: Option<String>) -> Result<u32, Failure> {
        let Some(function) = self.function(Interface::Control, "clear-cache") else {
            return Err(Failure::host("not-supported", "this plugin has no cache that could be emptied"));
        };
        let scope = Val::Option(scope.map(|scope| Box::new(Val::String(scope))));
        self.control(function, vec![scope]).await
    }

    /// Takes no more calls, and waits until those under way have ended or `limit` is over.
    pub(crate) async fn drain(&self, limit: Duration) {
        self.stopping.store(true, Ordering::SeqCst);
        let mut calls = self.calls.subscribe();
        // An error would mean that the sender is gone, and `self` holds it.
        tokio::time::timeout(limit, calls.wait_for(|under_way| *under_way == 0)).await.ok();
    }

    async fn control<T: DeserializeOwned>(&self, function: usize, params: Vec<Val>) -> Result<T, Failure> {
        let values = self.run(function, params, Duration::ZERO, Effect::Read).await?;
        let value = values.into_iter().next().and_then(to_json).unwrap_or_else(|| json!({}));
        serde_json::from_value(value)
            .map_err(|e| Failure::host("internal", format!("the plugin's control interface answers in another form: {e}")))
    }

    /// A function of an interface, as [`Instance::run`] takes it.
    pub(super) fn function(&self, interface: Interface, name: &str) -> Option<usize> {
        self.plugin.interface_function(interface, name)
    }

    /// Runs a function of the plugin to its end, or to that of its time.
    pub(super) async fn run(&self, function: usize, params: Vec<Val>, wait: Duration, effect: Effect) -> Result<Vec<Val>, Failure> {
        let _under_way = UnderWay::new(&self.calls);
        if self.stopping.load(Ordering::SeqCst) {
            return Err(Failure::host("unavailable", "the server is stopping").next("repeat the call in a moment"));
        }
        let (reply, report) = oneshot::channel();
        match self.jobs.try_send(Job::new(function, params, wait, reply)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                return Err(Failure::host("overloaded", "too many calls are waiting for this plugin already")
                    .retry_after(OVERLOAD_RETRY_MS)
                    .next("repeat the call a little later, with fewer calls at once"));
            }
            Err(TrySendError::Closed(_)) => {
                return Err(Failure::host("internal", "the plugin's task has ended"));
            }
        }
        let limit = self.limit + wait;
        match tokio::time::timeout(limit, report).await {
            Err(_) => Err(timed_out(limit, effect)),
            Ok(Ok(Report::Values(values))) => Ok(values),
            Ok(Ok(Report::Died(what))) => Err(restarted(what, effect)),
            Ok(Ok(Report::Refused(reason))) => Err(Failure::host("internal", reason)),
            // Dropped without a report: the host panicked before the call began.
            Ok(Err(_)) => Err(restarted("met an error of the host", effect)),
        }
    }
}

/// How long a call asks the tool to wait for something: by convention its parameter `wait-seconds`, whatever the tool.
/// So much longer may it take than any other call.
fn asked_wait(tool: &Tool, arguments: &Map<String, Value>) -> Duration {
    let waits = tool.params.iter().any(|param| param.name == WAIT_PARAMETER);
    let asked = arguments.iter().find(|(name, _)| snake(name) == WAIT_PARAMETER);
    let seconds = asked.filter(|_| waits).and_then(|(_, value)| value.as_u64());
    seconds.map_or(Duration::ZERO, Duration::from_secs).min(MAX_WAIT)
}

fn timed_out(limit: Duration, effect: Effect) -> Failure {
    let failure = Failure::host("timeout", format!("no answer within {:.1} s", limit.as_secs_f32()));
    match effect {
        Effect::Read => failure.next("repeat the call, or ask for less at once"),
        Effect::Write | Effect::Destructive => unknown_outcome(failure),
    }
}

fn restarted(what: &str, effect: Effect) -> Failure {
    let failure = Failure::host("plugin-restarted", format!("the plugin {what} during this call and was started anew"));
    match effect {
        Effect::Read => failure.hint("the call changed nothing and is safe to repeat").next("repeat the call"),
        Effect::Write | Effect::Destructive => unknown_outcome(failure),
    }
}

fn unknown_outcome(failure: Failure) -> Failure {
    failure.hint("the outcome is unknown: it may or may not have taken effect").next("look at the current state before repeating the call")
}

/// Counts one call for as long as it lives, also when its caller goes away.
struct UnderWay<'a>(&'a watch::Sender<usize>);

impl<'a> UnderWay<'a> {
    fn new(calls: &'a watch::Sender<usize>) -> Self {
        calls.send_modify(|calls| *calls += 1);
        UnderWay(calls)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|calls| *calls = calls.saturating_sub(1));
    }
}
