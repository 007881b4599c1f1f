//! A runner that is there only while it is used.
//!
//! The first call starts the real one (microseconds: the component is compiled already); after an idle time it is
//! dropped, with its memory, its connections and its cache. A tenant at rest costs what its configuration costs.
//! Figures and the clearing of a cache do not wake anybody: at rest there is nothing to count and nothing to clear.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::Map;
use serde_json::Value;

use super::Runner;
use super::StartError;
use crate::plugin::Argument;
use crate::plugin::CheckReport;
use crate::plugin::Completion;
use crate::plugin::Conversation;
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

/// Makes the real runner.
pub(super) type Start = Box<dyn Fn() -> Result<Box<dyn Runner>, StartError> + Send + Sync>;

/// Starts the real runner when it is needed.
pub(super) struct Sleeper {
    start: Start,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    awake: Option<Arc<dyn Runner>>,
    /// Calls in the runner, and when the last one began or ended.
    calls: usize,
    last_used: Option<Instant>,
    /// The host is stopping, or this program was replaced.
    drained: bool,
}

impl Sleeper {
    /// At rest.
    pub(super) fn new(start: Start) -> Self {
        Self { start, state: Mutex::default() }
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The runner, woken if need be, and kept awake as long as the use lasts.
    fn wake(&self) -> Result<InUse<'_>, Failure> {
        self.with(|state| {
            if state.drained {
                return Err(Failure::host("unavailable", "the server is stopping"));
            }
            let runner = match &state.awake {
                Some(runner) => Arc::clone(runner),
                None => {
                    let runner: Arc<dyn Runner> = (self.start)().map_err(|error| cannot_start(&error))?.into();
                    state.awake = Some(Arc::clone(&runner));
                    runner
                }
            };
            state.calls += 1;
            state.last_used = Some(Instant::now());
            Ok(InUse { sleeper: self, runner })
        })
    }

    fn if_awake(&self) -> Option<Arc<dyn Runner>> {
        self.with(|state| state.awake.clone())
    }
}

/// The cause goes to the log: it may name files of the operator.
fn cannot_start(error: &StartError) -> Failure {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    let reason = causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
    tracing::error!(reason, "a tenant cannot be started");
    Failure::host("internal", "this tenant cannot be started; the server's log says why")
}

/// The runner while somebody uses it.
struct InUse<'a> {
    sleeper: &'a Sleeper,
    runner: Arc<dyn Runner>,
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        self.sleeper.with(|state| {
            state.calls = state.calls.saturating_sub(1);
            state.last_used = Some(Instant::now());
        });
    }
}

impl Runner for Sleeper {
    fn call<'a>(&'a self, tool: &'a Tool, arguments: Map<String, Value>) -> BoxFuture<'a, Outcome> {
        async move {
            match self.wake() {
                Ok(awake) => awake.runner.call(tool, arguments).await,
                Err(failure) => Outcome::Failed(failure),
            }
        }
        .boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<CheckReport, Failure>> {
        async { self.wake()?.runner.check().await }.boxed()
    }

    fn stats(&self) -> BoxFuture<'_, Result<Vec<Stat>, Failure>> {
        async {
            match self.if_awake() {
                Some(runner) => runner.stats().await,
                None => Ok(Vec::new()),
            }
        }
        .boxed()
    }

    fn clear_cache(&self, scope: Option<String>) -> BoxFuture<'_, Result<u32, Failure>> {
        async {
            match self.if_awake() {
                Some(runner) => runner.clear_cache(scope).await,
                None => Ok(0),
            }
        }
        .boxed()
    }

    fn drain(&self, deadline: Duration) -> BoxFuture<'_, ()> {
        let runner = self.with(|state| {
            state.drained = true;
            state.awake.clone()
        });
        async move {
            if let Some(runner) = runner {
                runner.drain(deadline).await;
            }
        }
        .boxed()
    }

    fn rest(&self, idle: Duration) -> bool {
        // Dropped after the lock is free: a runner may have much to take down.
        let resting = self.with(|state| {
            let unused = state.last_used.is_none_or(|last| last.elapsed() >= idle);
            (state.calls == 0 && unused).then(|| state.awake.take()).flatten()
        });
        resting.is_some()
    }

    fn is_awake(&self) -> bool {
        self.if_awake().is_some()
    }
}

/// A library is asked in the same way as a tool is called.
impl Library for Sleeper {
    fn list_prompts(&self) -> BoxFuture<'_, Result<Vec<Prompt>, Failure>> {
        async { self.wake()?.runner.list_prompts().await }.boxed()
    }

    fn get_prompt(&self, name: String, arguments: Vec<Argument>) -> BoxFuture<'_, Result<Conversation, Failure>> {
        async move { self.wake()?.runner.get_prompt(name, arguments).await }.boxed()
    }

    fn list_resources(&self, cursor: Option<String>) -> BoxFuture<'_, Result<ResourcePage, Failure>> {
        async move { self.wake()?.runner.list_resources(cursor).await }.boxed()
    }

    fn list_templates(&self) -> BoxFuture<'_, Result<Vec<ResourceTemplate>, Failure>> {
        async { self.wake()?.runner.list_templates().await }.boxed()
    }

    fn read_resource(&self, uri: String) -> BoxFuture<'_, Result<Reading, Failure>> {
        async move { self.wake()?.runner.read_resource(uri).await }.boxed()
    }

    fn complete(&self, of: Owner, begun: Argument, others: Vec<Argument>) -> BoxFuture<'_, Result<Completion, Failure>> {
        async move { self.wake()?.runner.complete(of, begun, others).await }.boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::atomic::Ordering;

    use super::super::scripted::Script;
    use super::super::scripted::catalogue;
    use super::*;

    fn sleeper(script: Script) -> (Arc<Sleeper>, Arc<AtomicUsize>) {
        let starts = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&starts);
        let start = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(Box::new(script.clone()) as Box<dyn Runner>)
        };
        (Arc::new(Sleeper::new(Box::new(start))), starts)
    }

    async fn call(sleeper: &Sleeper) -> Outcome {
        sleeper.call(&catalogue().tools[0], Map::new()).await
    }

    #[tokio::test]
    async fn only_a_call_wakes_it_and_idleness_puts_it_to_rest() {
        let (sleeper, starts) = sleeper(Script::default());
        assert!(sleeper.stats().await.unwrap().is_empty());
        assert_eq!(sleeper.clear_cache(None).await.unwrap(), 0);
        assert!(!sleeper.is_awake());
        call(&sleeper).await;
        assert!(!sleeper.rest(Duration::from_secs(60)), "it was used just now");
        assert!(sleeper.rest(Duration::ZERO) && !sleeper.is_awake());
        assert!(!sleeper.rest(Duration::ZERO), "it rests already");
        call(&sleeper).await;
        assert_eq!(starts.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn it_does_not_rest_while_a_call_runs() {
        let script = Script::default().slow(Duration::from_millis(50));
        let (sleeper, _) = sleeper(script.clone());
        let running = tokio::spawn({
            let sleeper = Arc::clone(&sleeper);
            async move { call(&sleeper).await }
        });
        while script.asked().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(!sleeper.rest(Duration::ZERO));
        running.await.unwrap();
        assert!(sleeper.rest(Duration::ZERO));
    }

    #[tokio::test]
    async fn a_runner_that_cannot_start_is_a_failure_without_the_reason() {
        let sleeper = Sleeper::new(Box::new(|| Err(StartError::Egress(crate::egress::EgressError::UserName))));
        let Outcome::Failed(failure) = call(&sleeper).await else { panic!() };
        assert_eq!(failure.code, "internal");
        assert!(!failure.message.contains("colon"), "{failure}");
    }

    #[tokio::test]
    async fn after_a_drain_nothing_is_started_any_more() {
        let (sleeper, starts) = sleeper(Script::default());
        sleeper.drain(Duration::ZERO).await;
        let Outcome::Failed(failure) = call(&sleeper).await else { panic!() };
        assert_eq!((failure.code.as_str(), starts.load(Ordering::Relaxed)), ("unavailable", 0));
    }
}
