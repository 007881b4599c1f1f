//! What has happened since the recordings: queue, builds, sessions.
//!
//! Time passes only when somebody looks: each request first moves queue items
//! and builds on to the present. All of it lives in memory.

use super::{
    Shared,
    builds::Build,
    lock,
    queue::Item,
    store::{Store, follow, reference},
};
use serde_json::Value;
use std::{
    collections::{HashMap, VecDeque},
    sync::MutexGuard,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// How long things take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long a triggered build waits in the queue (`delay=` in the request wins).
    pub quiet_period: Duration,
    /// How long a queue item that left shows no build yet.
    pub dispatch: Duration,
    /// How long a build runs. Builds modelled on one that never ended run until they are stopped.
    pub build: Duration,
    /// When a build that asks for input pauses, after its start.
    pub until_input: Duration,
    /// How long after the pause the input shows up.
    pub input_lag: Duration,
    /// How long a stopped build needs to end.
    pub stop: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        let millis = Duration::from_millis;
        Self {
            quiet_period: millis(5000),
            dispatch: millis(100),
            build: millis(1000),
            until_input: millis(300),
            input_lag: millis(200),
            stop: millis(300),
        }
    }
}

/// Everything that changes, but for the objects themselves.
pub(crate) struct Live {
    pub(crate) timing: Timing,
    pub(crate) items: Vec<Item>,
    pub(crate) next_item: u64,
    pub(crate) builds: HashMap<String, Build>,
    /// Numbers of the recorded builds that the next builds of a job take after.
    pub(crate) models: HashMap<String, VecDeque<u64>>,
    /// `config.xml` as posted, per job.
    pub(crate) configs: HashMap<String, String>,
    /// Crumb per session.
    pub(crate) crumbs: HashMap<String, String>,
    pub(crate) next_session: u64,
}

impl Live {
    pub(crate) fn new(timing: Timing) -> Self {
        Self {
            timing,
            items: Vec::new(),
            // Beyond every number in the recordings.
            next_item: 400,
            builds: HashMap::new(),
            models: HashMap::new(),
            configs: HashMap::new(),
            crumbs: HashMap::new(),
            next_session: 1,
        }
    }
}

impl Shared {
    /// The present: queue and builds moved on to now. Lock the store only after this.
    pub(crate) fn present(&self) -> MutexGuard<'_, Live> {
        let mut live = lock(&self.live);
        let mut store = self.store();
        let now = now();
        live.finish_builds(self, &mut store, now);
        live.start_builds(self, &mut store, now);
        live.finish_builds(self, &mut store, now);
        live.show_queue(&mut store, now);
        drop(store);
        live
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

pub(crate) fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

impl Store {
    /// Sets a field of an object that exists.
    pub(crate) fn set(&mut self, id: &str, field: &str, value: impl Into<Value>) {
        if let Some(object) = self.get_mut(id) {
            object.fields.insert(field.to_owned(), value.into());
        }
    }

    /// A field of an object.
    pub(crate) fn field(&self, id: &str, name: &str) -> Option<&Value> {
        self.get(id)?.fields.get(name)
    }

    /// A reference to an object, with its class.
    pub(crate) fn refer(&self, id: &str) -> Value {
        reference(id, self.field(id, "_class").cloned())
    }

    /// The object that a field refers to.
    pub(crate) fn referred(&self, id: &str, field: &str) -> Option<String> {
        follow(self.field(id, field)?).map(str::to_owned)
    }

    /// Whether a build still runs.
    pub(crate) fn is_building(&self, build: &str) -> bool {
        self.field(build, "building") == Some(&Value::Bool(true))
    }
}
