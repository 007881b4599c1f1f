//! The task that owns one instance: it receives calls, runs them side by side, and replaces an instance that dies.
//!
//! A store has one owner, so calls arrive over a channel. One loop receives and spawns; nothing inside the store's
//! event loop selects or times out, because there such a future can be kept from running (wasmtime issues 11869 and
//! 11870). A call that is out of time is answered by the handle while the guest finishes it: a call that was
//! started cannot be taken back. Calls that are not started yet stay in the channel and so survive a restart.
//!
//! An instance dies of a trap, a limit, a panic in the host, or of being stuck: a call that is still not done after
//! four times its time limit (counted from where the caller's own `wait_seconds` ends). Its store is then dropped whole, every call in it is told, and the next call gets a fresh
//! instance, less than 0.1 ms later.

use super::engine::TICK;
use super::instance::InstanceSettings;
use super::load::Plugin;
use super::output::harmless;
use super::sandbox::{CpuGuard, Guest};
use crate::telemetry::trace::{self, TraceContext};
use futures::FutureExt;
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use wasmtime::component::{Accessor, AccessorTask, Func, Val};
use wasmtime::{AsContextMut, Store};
use wasmtime_wasi::I32Exit;

/// How many times its limit a call may take before the instance counts as stuck. Its caller has long been answered.
const PATIENCE: u32 = 4;

/// A call on its way to the guest.
pub(super) struct Job {
    function: usize,
    params: Vec<Val>,
    /// So long the caller asked it to wait, beyond the time limit.
    wait: Duration,
    /// The trace that the call is a part of.
    trace: Option<TraceContext>,
    reply: oneshot::Sender<Report>,
}

impl Job {
    /// A call of the function at that place of the plugin's list, in the trace of the task that asks for it.
    pub(super) fn new(function: usize, params: Vec<Val>, wait: Duration, reply: oneshot::Sender<Report>) -> Job {
        Job { function, params, wait, trace: trace::current(), reply }
    }
}

/// What became of a call.
pub(super) enum Report {
    /// What the function returned.
    Values(Vec<Val>),
    /// The instance died meanwhile; completes the sentence "the plugin …".
    Died(&'static str),
    /// The call never reached the guest.
    Refused(String),
}

/// Why an instance died.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Death {
    Cpu,
    Memory,
    Trap,
    Exit,
    Stuck,
    Host,
}

impl Death {
    /// Few and stable, as a label of a metric.
    fn label(self) -> &'static str {
        match self {
            Death::Cpu => "cpu",
            Death::Memory => "memory",
            Death::Trap => "trap",
            Death::Exit => "exit",
            Death::Stuck => "stuck",
            Death::Host => "host",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Death::Cpu => "computed too long without a pause",
            Death::Memory => "used up its memory",
            Death::Trap => "crashed",
            Death::Exit => "ended itself",
            Death::Stuck => "hung",
            Death::Host => "met an error of the host",
        }
    }
}

/// Serves until the last handle is gone.
pub(super) async fn run(plugin: Plugin, settings: InstanceSettings, mut queue: mpsc::Receiver<Job>) {
    // Made only when there is something to do: an unused tenant costs no memory.
    while let Some(job) = queue.recv().await {
        let life = one_life(&plugin, &settings, job, &mut queue);
        if AssertUnwindSafe(life).catch_unwind().await.is_err() {
            tracing::error!("plugin restarted: the host panicked in its place");
            settings.observer.restarted(Death::Host.label());
        }
    }
}

async fn one_life(plugin: &Plugin, settings: &InstanceSettings, job: Job, queue: &mut mpsc::Receiver<Job>) {
    match Life::start(plugin, settings).await {
        Ok(life) => life.live(job, queue, settings).await,
        Err(error) => {
            settings.observer.restarted("start");
            let reason = harmless(&format!("{error:#}"));
            tracing::error!(plugin = %plugin.path().display(), "the plugin does not start: {reason}");
            let reason = "the plugin does not start; the server's log says why".to_owned();
            job.reply.send(Report::Refused(reason)).ok();
        }
    }
}

/// One instance, from its start to its death.
struct Life {
    store: Store<Guest>,
    functions: Arc<[Func]>,
    cpu: Arc<CpuGuard>,
    running: Arc<Running>,
    /// How many calls may be in the guest at once.
    slots: Arc<Semaphore>,
}

impl Life {
    async fn start(plugin: &Plugin, settings: &InstanceSettings) -> wasmtime::Result<Life> {
        let cpu = Arc::new(CpuGuard::default());
        let mut store = Guest::store(plugin.engine(), settings, cpu.clone())?;
        let instance = plugin.instance().instantiate_async(&mut store).await?;
        let functions = plugin
            .functions()
            .iter()
            .map(|index| instance.get_func(&mut store, index).ok_or_else(|| wasmtime::format_err!("an export is gone")))
            .collect::<wasmtime::Result<_>>()?;
        let slots = if plugin.is_concurrent() { settings.max_concurrent_calls.max(1) } else { 1 };
        Ok(Life { store, functions, cpu, running: Arc::default(), slots: Arc::new(Semaphore::new(slots)) })
    }

    /// Runs calls until the instance dies or no more calls can come.
    async fn live(mut self, first: Job, queue: &mut mpsc::Receiver<Job>, settings: &InstanceSettings) {
        let running = self.running.clone();
        let patience = settings.call_timeout * PATIENCE;
        let ended = {
            let serving = self.serve(first, queue);
            // Outside of the store's event loop a race is safe: the loser takes the whole store with it.
            tokio::select! {
                ended = serving => Some(ended),
                () = running.overdue(patience) => None,
            }
        };
        let (death, detail) = match ended {
            Some(Ok(())) => return,
            Some(Err(error)) => {
                tracing::debug!("{}", harmless(&format!("{error:?}")));
                (self.diagnose(&error), harmless(&error.root_cause().to_string()))
            }
            None => (Death::Stuck, format!("a call took more than {patience:?}")),
        };
        let last_words = self.store.data().last_words();
        tracing::warn!(reason = death.label(), last_words, "plugin restarted: {detail}");
        settings.observer.restarted(death.label());
        // Set before the store and with it the calls are dropped, so that each can tell its caller.
        self.running.death.set(death).ok();
    }

    async fn serve(&mut self, first: Job, queue: &mut mpsc::Receiver<Job>) -> wasmtime::Result<()> {
        let Life { store, functions, cpu, running, slots } = self;
        let serving = store.run_concurrent(async |accessor| {
            let mut receive = pin!(async {
                let mut first = Some(first);
                loop {
                    // The slot first: while all are taken, calls wait in the channel, where they survive a restart.
                    let slot = slots.clone().acquire_owned().await?;
                    let next = match first.take() {
                        Some(job) => Some(job),
                        None => queue.recv().await,
                    };
                    let Some(job) = next else { break };
                    if !job.reply.is_closed() {
                        accessor.spawn(Call::new(job, slot, functions, cpu, running))?;
                    }
                }
                // No handle is left, so nobody waits for the calls that still run.
                wasmtime::Result::Ok(())
            });
            // The event loop polls this between any two pieces of guest work.
            poll_fn(|context| {
                cpu.control_returned();
                receive.as_mut().poll(context)
            })
            .await
        });
        let mut serving = pin!(serving);
        let mut waiting_since = Instant::now();
        poll_fn(|context| {
            // A guest that only yields is polled again at once; one that waits for the network is not.
            if waiting_since.elapsed() >= TICK {
                cpu.no_longer_busy();
            }
            let poll = serving.as_mut().poll(context);
            waiting_since = Instant::now();
            poll
        })
        .await?
    }

    fn diagnose(&self, error: &wasmtime::Error) -> Death {
        if self.cpu.interrupted() {
            Death::Cpu
        } else if self.store.data().ran_out_of_memory() {
            Death::Memory
        } else if error.downcast_ref::<I32Exit>().is_some() {
            Death::Exit
        } else {
            Death::Trap
        }
    }
}

/// The calls that are in the guest, and how the instance died in the end.
#[derive(Default)]
struct Running {
    started: Mutex<BTreeMap<u64, Instant>>,
    death: OnceLock<Death>,
}

impl Running {
    /// A call has begun whose limit counts from after `wait`.
    fn begin(&self, wait: Duration) -> u64 {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        let id = started.last_key_value().map_or(0, |(last, _)| last + 1);
        started.insert(id, Instant::now() + wait);
        id
    }

    fn end(&self, id: u64) {
        self.started.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// Resolves when a call has been running for longer than `patience`.
    async fn overdue(&self, patience: Duration) {
        loop {
            let oldest = self.started.lock().unwrap_or_else(PoisonError::into_inner).values().min().copied();
            let wait = patience.saturating_sub(oldest.map_or(Duration::ZERO, |start| start.elapsed()));
            if wait.is_zero() {
                return;
            }
            tokio::time::sleep(wait).await;
        }
    }
}

/// One call in the guest.
struct Call {
    function: Option<Func>,
    params: Vec<Val>,
    trace: Option<TraceContext>,
    cpu: Arc<CpuGuard>,
    end: End,
}

/// Tells the caller and frees the slot, whether the call returns or dies with the store.
struct End {
    reply: Option<oneshot::Sender<Report>>,
    running: Arc<Running>,
    id: u64,
    _slot: OwnedSemaphorePermit,
}

impl Call {
    fn new(job: Job, slot: OwnedSemaphorePermit, functions: &[Func], cpu: &Arc<CpuGuard>, running: &Arc<Running>) -> Call {
        let end = End { reply: Some(job.reply), id: running.begin(job.wait), running: running.clone(), _slot: slot };
        Call { function: functions.get(job.function).copied(), params: job.params, trace: job.trace, cpu: cpu.clone(), end }
    }
}

impl AccessorTask<Guest> for Call {
    async fn run(mut self, accessor: &Accessor<Guest>) -> wasmtime::Result<()> {
        let Some(function) = self.function else {
            self.end.report(Report::Refused("the plugin has no such function".into()));
            return Ok(());
        };
        let (mut results, traces) = accessor.with(|mut access| {
            // A store that was idle is past its deadline; without this every call would begin with a yield.
            access.as_context_mut().set_epoch_deadline(1);
            (vec![Val::Bool(false); function.ty(&access).results().len()], access.data_mut().traces().clone())
        });
        let call = accessor.with(|access| function.start_call_concurrent(access, &self.params, &mut results))?;
        let task = call.task();
        traces.begin(task, self.trace.take());
        let finished = function.finish_call_concurrent(accessor, call).await;
        traces.end(task);
        finished?;
        self.cpu.no_longer_busy();
        self.end.report(Report::Values(results));
        Ok(())
    }
}

impl End {
    fn report(&mut self, report: Report) {
        if let Some(reply) = self.reply.take() {
            // A caller that ran out of time no longer listens.
            reply.send(report).ok();
        }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.running.end(self.id);
        let death = self.running.death.get().copied().unwrap_or(Death::Host);
        self.report(Report::Died(death.sentence()));
    }
}
