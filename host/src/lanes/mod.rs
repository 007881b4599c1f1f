//! Two lanes for the work of tenants, so that one who computes without a pause does not make the others wait.
//!
//! A tenant's work are short turns on one of a few threads: between two awaits, a guest computes for up to the tick of
//! the engine's clock, and each request takes its share of parsing and answering. In one queue everybody's next turn
//! waits behind those of whoever has most of them. So there are two runtimes with the same number of threads. Everybody
//! begins in the normal lane. Who uses too much of it (see [`ledger`]) has its work done in the slow lane, whose threads
//! have a lower priority: the operating system lets them have all the time that the normal lane leaves, and takes it
//! back within microseconds. On a machine with time to spare the slow lane is as fast as the normal one.
//!
//! | work | how it is done |
//! |---|---|
//! | the task that owns an instance, connections to the controller | [`Share::spawn`]: moves with each change of lane |
//! | a request, once it is known whose it is | [`Share::run`]: in the lane of its beginning |
//! | what a library spawns for it | stays in the runtime that it is spawned from; [`Share::measured`] counts it |
//!
//! Reading and authenticating requests stays in the normal lane: until then nobody knows whose they are.
//!
//! A task that moves is given to the other runtime as it is and polled there at once, so no wake-up is lost; timers and
//! sockets keep reporting through the runtime that made them. A process with one tenant has nobody to protect and stays
//! in the normal lane, as does everything but a server over HTTP. Where threads have no priority of their own (all
//! but Linux), what remains is that the slow lane's turns do not stand in the normal lane's queue.

mod ledger;
mod stopwatch;

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;
use std::time::Instant;

use tokio::runtime::Builder;
use tokio::runtime::Handle;
use tokio::runtime::Runtime;
use tokio::task::AbortHandle;

use self::ledger::Account;
use self::ledger::Ledger;
use self::stopwatch::Stopwatch;

/// Where work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Where everybody begins.
    Normal,
    /// For who uses too much.
    Slow,
}

/// Is told what becomes of a tenant, for metrics.
pub(crate) trait Watcher: Send + Sync {
    /// Its work goes on in this lane.
    fn moved(&self, lane: Lane);
    /// So much time its work took in the slow lane, since this was last told.
    fn spent(&self, slow: Duration);
}

/// The lanes of a process. Cheap to clone; the slow one ends with the last clone and the last share.
#[derive(Clone, Default)]
pub(crate) struct Lanes(Option<Arc<Pair>>);

struct Pair {
    normal: Handle,
    slow: SlowLane,
    ledger: Ledger,
    begun: Instant,
}

/// Ends without waiting, for the last one who holds it may be one of its own tasks.
struct SlowLane(Option<Runtime>);

impl Drop for SlowLane {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Lanes {
    /// The present runtime only.
    pub(crate) fn one() -> Self {
        Self(None)
    }

    /// The present runtime, and a slow lane with as many threads.
    ///
    /// # Errors
    /// When the operating system gives no more threads.
    pub(crate) fn two() -> io::Result<Self> {
        let normal = Handle::current();
        let threads = normal.metrics().num_workers();
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(threads).thread_name("slow-lane").enable_all().on_thread_start(stopwatch::enter_slow_lane);
        let slow = SlowLane(Some(builder.build()?));
        Ok(Self(Some(Arc::new(Pair { normal, slow, ledger: Ledger::new(threads), begun: Instant::now() }))))
    }

    /// A new tenant's share of them.
    pub(crate) fn share(&self, watcher: Arc<dyn Watcher>) -> Share {
        let ticket = self.0.as_ref().map(|pair| {
            pair.ledger.joined();
            Arc::new(Ticket { pair: Arc::clone(pair), account: Arc::new(Account::new(watcher)) })
        });
        Share(ticket)
    }
}

/// One tenant's part in the lanes. Clones are the same tenant's; the default one knows a single lane.
#[derive(Clone, Default)]
pub(crate) struct Share(Option<Arc<Ticket>>);

struct Ticket {
    pair: Arc<Pair>,
    account: Arc<Account>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.pair.ledger.left();
    }
}

impl Ticket {
    fn lane(&self) -> Lane {
        self.pair.ledger.turn(self.pair.begun.elapsed());
        self.account.lane()
    }

    fn charge(&self, took: Duration) {
        self.pair.ledger.charge(&self.account, took, self.pair.begun.elapsed());
    }

    fn runtime(&self, lane: Lane) -> &Handle {
        match (lane, &self.pair.slow.0) {
            (Lane::Slow, Some(slow)) => slow.handle(),
            _ => &self.pair.normal,
        }
    }

    /// Polls a piece of the tenant's work, and charges it.
    fn poll<F: Future + ?Sized>(&self, work: Pin<&mut F>, context: &mut Context<'_>) -> Poll<F::Output> {
        let stopwatch = Stopwatch::start();
        let poll = work.poll(context);
        self.charge(stopwatch.elapsed());
        poll
    }
}

impl Share {
    /// Spawns a task that is always in the lane of the tenant.
    ///
    /// Must be called within a tokio runtime.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        match &self.0 {
            Some(ticket) => Leg::begin(Arc::clone(ticket), ticket.lane(), Box::pin(work)),
            None => drop(tokio::spawn(work)),
        }
    }

    /// Answers a request in the lane that the tenant is in now. The work ends when nobody waits for it any more; nothing
    /// comes of it only if the process is ending.
    pub(crate) async fn run<F>(&self, work: F) -> Option<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let Some(ticket) = &self.0 else { return Some(work.await) };
        let _request = Request::begin(&ticket.account);
        match ticket.lane() {
            Lane::Normal => Some(self.measured(work).await),
            lane @ Lane::Slow => {
                let share = self.clone();
                let task = ticket.runtime(lane).spawn(async move { share.measured(work).await });
                let _ends_with_us = Abort(task.abort_handle());
                match task.await {
                    Ok(output) => Some(output),
                    Err(error) => error.try_into_panic().map_or(None, |panic| std::panic::resume_unwind(panic)),
                }
            }
        }
    }

    /// Does a piece of work where it is, and charges the tenant with it.
    pub(crate) async fn measured<F: Future>(&self, work: F) -> F::Output {
        let Some(ticket) = &self.0 else { return work.await };
        let mut work = pin!(work);
        poll_fn(|context| ticket.poll(work.as_mut(), context)).await
    }
}

/// What an HTTP client spawns, its connections above all.
impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Share {
    fn execute(&self, work: F) {
        self.spawn(work);
    }
}

/// Counts as one of the tenant's requests until it is dropped.
struct Request<'a>(&'a Account);

impl<'a> Request<'a> {
    fn begin(account: &'a Account) -> Self {
        account.begin();
        Self(account)
    }
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

struct Abort(AbortHandle);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A task on its way through the lanes, from one change to the next.
struct Leg {
    ticket: Arc<Ticket>,
    here: Lane,
    /// Gone once it has moved on.
    work: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Leg {
    fn begin(ticket: Arc<Ticket>, lane: Lane, work: Pin<Box<dyn Future<Output = ()> + Send>>) {
        ticket.runtime(lane).clone().spawn(Self { ticket, here: lane, work: Some(work) });
    }
}

impl Future for Leg {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let leg = self.get_mut();
        // Before and after: before, because most of the time a task only waits and others may have used up the share.
        if leg.ticket.account.lane() == leg.here {
            let Some(work) = &mut leg.work else { return Poll::Ready(()) };
            if leg.ticket.poll(work.as_mut(), context).is_ready() {
                return Poll::Ready(());
            }
        }
        let lane = leg.ticket.account.lane();
        if lane == leg.here {
            return Poll::Pending;
        }
        if let Some(work) = leg.work.take() {
            Self::begin(Arc::clone(&leg.ticket), lane, work);
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
