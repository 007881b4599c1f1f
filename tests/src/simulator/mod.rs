//! A Jenkins controller made of recordings.
//!
//! It answers as the recorded controller did: `tree=` queries computed from
//! deep JSON, progressive logs by their offset rules, every recorded page as
//! received, errors with their status, headers and weight. What was never
//! recorded is a 501 that says so, never an invention.
//!
//! ```no_run
//! # async fn demo() -> anyhow::Result<()> {
//! use jankins_tests::simulator::{Fault, Simulator, SimulatorOptions};
//! let jenkins = Simulator::start(SimulatorOptions::default()).await?;
//! jenkins.set_fault(Fault::Starting);
//! println!("{} was asked {} times", jenkins.url(), jenkins.requests().len());
//! # Ok(())
//! # }
//! ```
//!
//! It listens on a free port of 127.0.0.1 unless told otherwise, answers without
//! delay and without faults, and stops when the handle is dropped. Users and
//! their secrets are listed in [`User`]. Starting fails when the address is
//! taken or a fixture cannot be read.

mod auth;
mod biglog;
mod booking;
mod builds;
mod extras;
mod faces;
mod faults;
mod jobs;
mod journal;
mod live;
mod log;
mod pages;
mod params;
mod paths;
mod queue;
mod read;
mod recordings;
mod reply;
mod server;
mod session;
mod shapes;
mod store;
mod tree;
mod validator;
mod view;
mod write;

pub use auth::User;
pub use biglog::{BIG_LOG, HUGE_LOG, RARE_LINE};
pub use faults::Fault;
pub use journal::Request;
pub use live::Timing;

use anyhow::{Context, Result};
use faults::Faults;
use journal::Journal;
use live::Live;
use log::Log;
use recordings::Recordings;
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use store::Store;
use tokio::{net::TcpListener, task::JoinHandle};

/// The version that the recorded controller tells.
const VERSION: &str = "2.528.2";

/// How a simulator starts.
#[derive(Debug, Clone)]
pub struct SimulatorOptions {
    /// Where to listen; port 0 takes a free one.
    pub bind: SocketAddr,
    /// How long each answer takes. Answers wait side by side, not in a row.
    pub latency: Duration,
    /// How long builds and their queue take.
    pub timing: Timing,
}

impl Default for SimulatorOptions {
    fn default() -> Self {
        Self { bind: SocketAddr::from(([127, 0, 0, 1], 0)), latency: Duration::ZERO, timing: Timing::default() }
    }
}

/// A running controller. Dropping it stops it.
pub struct Simulator {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

/// What every connection sees.
struct Shared {
    recordings: Arc<Recordings>,
    store: Mutex<Store>,
    logs: Mutex<HashMap<String, Option<Log>>>,
    faults: Mutex<Faults>,
    latency: Mutex<Duration>,
    journal: Journal,
    live: Mutex<Live>,
}

/// The recordings, read once per process.
static RECORDED: LazyLock<Result<(Arc<Recordings>, Store), String>> = LazyLock::new(|| {
    let load = || -> Result<_> {
        let recordings = Recordings::load()?;
        let store = Store::load(&recordings)?;
        Ok((Arc::new(recordings), store))
    };
    load().map_err(|error| format!("{error:#}"))
});

impl Simulator {
    /// Starts a controller on the current Tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be bound or the fixtures cannot be read.
    pub async fn start(options: SimulatorOptions) -> Result<Self> {
        let recorded = tokio::task::spawn_blocking(|| RECORDED.clone()).await?;
        let (recordings, store) = recorded.map_err(anyhow::Error::msg)?;
        let listener = TcpListener::bind(options.bind).await.with_context(|| format!("cannot listen on {}", options.bind))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            recordings,
            store: Mutex::new(store),
            logs: Mutex::default(),
            faults: Mutex::default(),
            latency: Mutex::new(options.latency),
            journal: Journal::default(),
            live: Mutex::new(Live::new(options.timing)),
        });
        let server = tokio::spawn(server::serve(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, server })
    }

    /// The base URL, with a closing slash.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Every request so far, in order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.journal.all()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.shared.journal.clear();
    }

    /// The largest number of requests that were open at once.
    #[must_use]
    pub fn most_open(&self) -> usize {
        self.shared.journal.most_open()
    }

    /// Sets a fault for every request from now on.
    pub fn set_fault(&self, fault: Fault) {
        lock(&self.shared.faults).add(fault, "", None);
    }

    /// Sets a fault for requests whose path contains a text, `times` times or for ever.
    pub fn set_fault_on(&self, path_contains: &str, times: Option<usize>, fault: Fault) {
        lock(&self.shared.faults).add(fault, path_contains, times);
    }

    /// Behaves again.
    pub fn clear_faults(&self) {
        lock(&self.shared.faults).clear();
    }

    /// Sets how long each answer takes from now on.
    pub fn set_latency(&self, latency: Duration) {
        *lock(&self.shared.latency) = latency;
    }

    /// Sets how long builds and their queue take from now on.
    pub fn set_timing(&self, timing: Timing) {
        lock(&self.shared.live).timing = timing;
    }

    /// Makes the next builds of a job take after these recorded ones, one each.
    ///
    /// The job is named by its path, as in `/job/shop/job/checkout/job/main`.
    pub fn next_builds_like(&self, job: &str, numbers: &[u64]) {
        lock(&self.shared.live).models.insert(job.to_owned(), numbers.iter().copied().collect());
    }

    /// Forgets every crumb, as a restart of the controller does.
    pub fn expire_crumbs(&self) {
        lock(&self.shared.live).crumbs.clear();
    }

    /// Serves until the process ends.
    pub async fn wait(mut self) {
        // The task ends only by being aborted, which is how this handle is dropped.
        let _ = (&mut self.server).await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }

    fn logs(&self) -> MutexGuard<'_, HashMap<String, Option<Log>>> {
        lock(&self.logs)
    }
}

/// A panic elsewhere must not make every later answer panic too.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
