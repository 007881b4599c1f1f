//! The build queue: waiting, blocked, held back by a shutdown, left.

use super::{
    Shared,
    auth::User,
    live::{Live, millis, now},
    params,
    store::{ROOT_URL, Store, reference, referenced},
};
use serde_json::{Value, json};
use std::time::Duration;

/// One build on its way.
pub(crate) struct Item {
    pub(crate) id: u64,
    pub(crate) job: String,
    pub(crate) parameters: Vec<Value>,
    pub(crate) causes: Vec<Value>,
    since: u64,
    due: u64,
    cancelled: bool,
    /// When it left the queue, and as which build.
    left: Option<(u64, Option<String>)>,
}

/// The cause of a build that a user started.
pub(crate) fn user_cause(user: User) -> Value {
    json!({
        "_class": "hudson.model.Cause$UserIdCause",
        "shortDescription": format!("Started by user {}", user.full_name()),
        "userId": user.name(),
        "userName": user.full_name(),
    })
}

/// The absolute address of a queue item, on the configured root URL.
pub(crate) fn location(id: u64) -> String {
    format!("{ROOT_URL}queue/item/{id}/")
}

impl Live {
    /// Queues a build, or joins the same one that still waits; the item's id.
    pub(crate) fn enqueue(&mut self, store: &Store, job: &str, parameters: Vec<Value>, causes: Vec<Value>, delay: Option<Duration>) -> u64 {
        if let Some(known) = recorded_item(store, job).filter(|_| parameters.is_empty()) {
            return known;
        }
        let same = |item: &&mut Item| item.left.is_none() && item.job == job && item.parameters == parameters;
        if let Some(item) = self.items.iter_mut().find(same) {
            item.causes.extend(causes);
            return item.id;
        }
        let (id, since) = (self.next_item, now());
        self.next_item += 1;
        let due = since + millis(delay.unwrap_or(self.timing.quiet_period));
        let job = job.to_owned();
        self.items.push(Item { id, job, parameters, causes, since, due, cancelled: false, left: None });
        id
    }

    /// Takes an item out of the queue; `false` when there is none.
    pub(crate) fn cancel(&mut self, store: &mut Store, id: u64) -> bool {
        if let Some(item) = self.items.iter_mut().find(|item| item.id == id) {
            if item.left.is_none() {
                item.cancelled = true;
                item.left = Some((now(), None));
            }
            return true;
        }
        let recorded = format!("/queue/item/{id}");
        if store.get(&recorded).is_none() {
            return false;
        }
        for (field, value) in [("_class", json!("hudson.model.Queue$LeftItem")), ("cancelled", json!(true)), ("why", Value::Null)] {
            store.set(&recorded, field, value);
        }
        for (field, value) in [("blocked", json!(false)), ("buildable", json!(false)), ("stuck", json!(false)), ("executable", Value::Null)]
        {
            store.set(&recorded, field, value);
        }
        if let Some(job) = store.referred(&recorded, "task") {
            store.set(&job, "inQueue", false);
            store.set(&job, "queueItem", Value::Null);
        }
        let rest = store.field("/queue", "items").map(referenced).unwrap_or_default();
        let rest: Vec<Value> = rest.iter().filter(|item| **item != recorded).map(|item| store.refer(item)).collect();
        store.set("/queue", "items", rest);
        true
    }

    /// Starts what has waited long enough and is not held back.
    pub(crate) fn start_builds(&mut self, shared: &Shared, store: &mut Store, now: u64) {
        let mut items = std::mem::take(&mut self.items);
        for item in &mut items {
            if item.left.is_none() && now >= item.due && hold(store, item).is_none() {
                let build = self.start(shared, store, item, item.due);
                item.left = Some((item.due, Some(build)));
            }
        }
        self.items = items;
    }

    /// Writes the queue into the objects that show it.
    pub(crate) fn show_queue(&self, store: &mut Store, now: u64) {
        for item in &self.items {
            store.put(&key(item.id), self.show(store, item, now));
            let queued = item.left.is_none();
            store.set(&item.job, "inQueue", queued);
            let value = if queued { store.refer(&key(item.id)) } else { Value::Null };
            store.set(&item.job, "queueItem", value);
        }
        if self.items.is_empty() {
            return;
        }
        let shown = store.field("/queue", "items").map(referenced).unwrap_or_default();
        let ours = |id: &str| self.items.iter().any(|item| key(item.id) == id);
        let waiting = self.items.iter().rev().filter(|item| item.left.is_none()).map(|item| key(item.id));
        let all: Vec<String> = waiting.chain(shown.into_iter().filter(|id| !ours(id))).collect();
        let all: Vec<Value> = all.iter().map(|id| store.refer(id)).collect();
        store.set("/queue", "items", all);
    }

    fn show(&self, store: &Store, item: &Item, now: u64) -> Value {
        let mut actions = vec![json!({"_class": "hudson.model.CauseAction", "causes": item.causes})];
        if !item.parameters.is_empty() {
            actions.insert(0, json!({"_class": "hudson.model.ParametersAction", "parameters": item.parameters}));
        }
        let mut shown = json!({
            "_class": "hudson.model.Queue$WaitingItem",
            "actions": actions,
            "blocked": false,
            "buildable": false,
            "id": item.id,
            "inQueueSince": item.since,
            "params": params::summary(&item.parameters),
            "stuck": false,
            "task": store.refer(&item.job),
            "url": format!("queue/item/{}/", item.id),
            "why": Value::Null,
        });
        let Some(fields) = shown.as_object_mut() else {
            return shown;
        };
        let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        match (&item.left, hold(store, item)) {
            (Some((at, build)), _) => {
                let known = build.as_ref().filter(|_| now >= at + millis(self.timing.dispatch));
                set("_class", json!("hudson.model.Queue$LeftItem"));
                set("cancelled", json!(item.cancelled));
                set("executable", known.map_or(Value::Null, |build| store.refer(build)));
            }
            (None, _) if now < item.due => {
                set("why", json!(format!("In the quiet period. Expires in {}", span(item.due - now))));
                set("timestamp", json!(item.due));
            }
            (None, Some(Hold::ShuttingDown)) => {
                set("_class", json!("hudson.model.Queue$BuildableItem"));
                set("buildable", json!(true));
                set("why", json!("Jenkins is about to shut down"));
                set("buildableStartMilliseconds", json!(item.due + 1));
                set("pending", json!(false));
            }
            (None, Some(Hold::Running(number))) => {
                set("_class", json!("hudson.model.Queue$BlockedItem"));
                set("blocked", json!(true));
                set("why", json!(format!("Build #{number} is already in progress (ETA: N/A)")));
                set("buildableStartMilliseconds", json!(item.due + 2));
            }
            (None, None) => {
                set("why", json!("Finished waiting"));
                set("timestamp", json!(item.due));
            }
        }
        shown
    }
}

enum Hold {
    ShuttingDown,
    Running(u64),
}

/// What keeps an item in the queue after its quiet period.
fn hold(store: &Store, item: &Item) -> Option<Hold> {
    if store.field("/", "quietingDown") == Some(&json!(true)) {
        return Some(Hold::ShuttingDown);
    }
    let last = store.referred(&item.job, "lastBuild")?;
    let exclusive = store.field(&item.job, "concurrentBuild") == Some(&json!(false));
    let number = store.field(&last, "number").and_then(Value::as_u64)?;
    (exclusive && store.is_building(&last)).then_some(Hold::Running(number))
}

/// The recorded item that waits for a build of this job.
fn recorded_item(store: &Store, job: &str) -> Option<u64> {
    let items = store.field("/queue", "items").map(referenced)?;
    let item = items.iter().find(|item| store.referred(item, "task").as_deref() == Some(job))?;
    // Items of the simulator carry their parameters and are compared by them.
    store.field(item, "id").and_then(Value::as_u64).filter(|id| *id < 400)
}

fn key(id: u64) -> String {
    format!("/queue/item/{id}")
}

/// A time span as Jenkins writes it.
fn span(millis: u64) -> String {
    match millis {
        0..10_000 => format!("{}.{} sec", millis / 1000, millis % 1000 / 100),
        _ => format!("{} sec", millis / 1000),
    }
}

impl Store {
    /// A reference without class, as neighbours have it.
    pub(crate) fn refer_bare(id: &str) -> Value {
        reference(id, None)
    }
}
