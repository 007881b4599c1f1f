//! What the controller knows: its objects, put together from recorded JSON.
//!
//! Every recorded `…/api/json` is walked. A nested object that has an address
//! of its own (a job, build, user, node, queue item) goes into one table and
//! leaves a reference behind, so that each fact exists once and a change shows
//! everywhere. Where recordings of one object differ in depth, the deeper one
//! wins field by field. A reference keeps its own `_class`: Jenkins writes it in
//! some places (`lastBuild`) and not in others (`previousBuild`, `runs`).

use super::{
    auth::User,
    extras,
    paths::{Target, below},
    recordings::Recordings,
    shapes,
};
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// The root URL the recorded controller was configured with.
pub(crate) const ROOT_URL: &str = "http://jenkins.example.com/";
/// Key of a reference to another object of the store.
const REF: &str = "$ref";
/// Rank of facts that follow from other facts: anything recorded beats them.
const DERIVED: i64 = i64::MIN;

/// Fields of a job that name one of its builds, usable as a path segment.
pub(crate) const PERMALINKS: [&str; 7] = [
    "lastBuild",
    "lastCompletedBuild",
    "lastSuccessfulBuild",
    "lastStableBuild",
    "lastFailedBuild",
    "lastUnstableBuild",
    "lastUnsuccessfulBuild",
];

/// One object with an address.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object {
    pub(crate) fields: Map<String, Value>,
    ranks: HashMap<String, i64>,
}

impl Object {
    fn offer(&mut self, name: &str, value: Value, rank: i64) {
        if self.ranks.get(name).is_none_or(|known| *known < rank) {
            self.fields.insert(name.to_owned(), value);
            self.ranks.insert(name.to_owned(), rank);
        }
    }

    /// The class name, as far as one was recorded.
    pub(crate) fn class(&self) -> &str {
        shapes::class_of(&self.fields)
    }

    /// A string field.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }
}

/// What all simulators of a process share.
#[derive(Default)]
struct Recorded {
    objects: HashMap<String, Object>,
    /// Paths that lead to an object with another address (views, the built-in node).
    aliases: HashMap<String, String>,
    /// Order of fields per class.
    orders: HashMap<String, Vec<String>>,
}

/// All objects of one controller: the recorded ones, and what became of them since.
#[derive(Clone, Default)]
pub(crate) struct Store {
    recorded: Arc<Recorded>,
    /// `None` is an object that was deleted.
    changed: HashMap<String, Option<Object>>,
    /// Paths of objects that new builds share with recorded ones.
    aliases: HashMap<String, String>,
}

impl Store {
    /// Puts the recorded answers to the administrator together.
    pub(crate) fn load(recordings: &Recordings) -> Result<Self> {
        let mut store = Self::default();
        let mut aliases = HashMap::new();
        let mut shapes = BTreeSet::new();
        for recording in recordings.iter() {
            let target = Target::parse(&recording.path);
            let Some(path) = target.before(&["api", "json"]) else {
                continue;
            };
            let mine = recording.user() == Some(User::Admin) && recording.method == "GET" && recording.status == 200;
            if !mine || is_permalink(&target) {
                continue;
            }
            let body: Value =
                serde_json::from_slice(&recording.kept()?).with_context(|| format!("recording of {} is not JSON", recording.path))?;
            let selected = target.param("tree").is_some();
            if !selected {
                shapes::collect(&body, &mut shapes);
            }
            let depth = target.param("depth").and_then(|depth| depth.parse().ok()).unwrap_or(0);
            let depth = if selected { -100 } else { depth };
            let id = identity(&body, None).unwrap_or_else(|| path.clone());
            if id != path {
                aliases.insert(path, id.clone());
            }
            store.learn(&id, body, 2 * depth + 1);
        }
        extras::add(&mut store, recordings)?;
        store.derive();
        let objects = store.changed.into_iter().filter_map(|(id, object)| Some((id, object?))).collect();
        let recorded = Recorded { objects, aliases, orders: shapes::weave(shapes) };
        Ok(Self { recorded: Arc::new(recorded), ..Self::default() })
    }

    /// Takes the fields of an object in; nested objects with an address are taken in on their own.
    fn learn(&mut self, id: &str, body: Value, rank: i64) {
        let Value::Object(fields) = body else { return };
        let fields: Vec<(String, Value)> =
            fields.into_iter().map(|(name, value)| (name.clone(), self.intern(value, rank, Some((id, &name))))).collect();
        let object = self.open(id);
        for (name, value) in fields {
            object.offer(&name, value, rank);
        }
    }

    fn intern(&mut self, value: Value, rank: i64, holder: Option<(&str, &str)>) -> Value {
        match value {
            Value::Array(items) => items.into_iter().map(|item| self.intern(item, rank, holder)).collect(),
            Value::Object(fields) => {
                let class = fields.get("_class").cloned();
                let value = Value::Object(fields);
                let Some(id) = identity(&value, holder) else {
                    let Value::Object(fields) = value else {
                        return Value::Null;
                    };
                    return fields.into_iter().map(|(name, value)| (name, self.intern(value, rank - 2, None))).collect();
                };
                // An odd rank marks the object's own record; nested ones rank just below it.
                self.learn(&id, value, (rank - 2) & !1);
                reference(&id, class)
            }
            scalar => scalar,
        }
    }

    /// Every object, while loading.
    pub(crate) fn loaded(&self) -> impl Iterator<Item = (&String, &Object)> {
        self.changed.iter().filter_map(|(id, object)| Some((id, object.as_ref()?)))
    }

    /// Facts that Jenkins answers to `tree=` but never shows by depth.
    fn derive(&mut self) {
        let has_builds = |object: &Option<Object>| object.as_ref().is_some_and(|job| job.fields.contains_key("builds"));
        let jobs: Vec<String> = self.changed.iter().filter(|(_, job)| has_builds(job)).map(|(id, _)| id.clone()).collect();
        for id in jobs {
            let job = self.open(&id);
            let builds = job.fields.get("builds").cloned().unwrap_or_default();
            job.offer("allBuilds", builds, DERIVED);
            let all: Vec<String> = job.fields.get("allBuilds").map(referenced).unwrap_or_default();
            for (at, build) in all.iter().enumerate() {
                let newer = at.checked_sub(1).and_then(|at| all.get(at));
                self.link(build, "nextBuild", newer);
                self.link(build, "previousBuild", all.get(at + 1));
                self.settle(build);
            }
        }
    }

    /// Of a build that was only seen in a list with its result, the record itself would have said that it has ended.
    fn settle(&mut self, build: &str) {
        if let Some(build) = self.get_mut(build)
            && build.fields.get("result").is_some_and(Value::is_string)
        {
            build.offer("building", Value::Bool(false), DERIVED);
        }
    }

    fn link(&mut self, build: &str, field: &str, to: Option<&String>) {
        let value = to.map_or(Value::Null, |id| reference(id, None));
        if let Some(build) = self.get_mut(build) {
            build.offer(field, value, DERIVED);
        }
    }

    /// The key of the object at a path, through permalinks and aliases.
    pub(crate) fn resolve(&self, segments: &[String]) -> Option<String> {
        let mut path = String::from("/");
        for segment in segments {
            let build = PERMALINKS.contains(&segment.as_str()).then(|| self.get(&path)?.fields.get(segment)).flatten();
            path = match build {
                Some(build) => follow(build)?.to_owned(),
                None => below(&path, segment),
            };
        }
        Some(self.aliases.get(&path).or_else(|| self.recorded.aliases.get(&path)).cloned().unwrap_or(path))
    }

    /// Makes a path lead to another object.
    pub(crate) fn alias(&mut self, path: &str, id: &str) {
        self.aliases.insert(path.to_owned(), id.to_owned());
    }

    /// An object by its key.
    pub(crate) fn get(&self, id: &str) -> Option<&Object> {
        match self.changed.get(id) {
            Some(object) => object.as_ref(),
            None => self.recorded.objects.get(id),
        }
    }

    /// An object to change.
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Object> {
        self.get(id).is_some().then(|| self.open(id))
    }

    /// An object to change, created if there is none.
    fn open(&mut self, id: &str) -> &mut Object {
        let known = self.get(id).cloned().unwrap_or_default();
        self.changed.entry(id.to_owned()).or_default().get_or_insert(known)
    }

    /// Whether an object differs from its recording.
    pub(crate) fn is_changed(&self, id: &str) -> bool {
        self.changed.contains_key(id)
    }

    /// Adds or replaces an object given as plain JSON, with addresses like a recorded one.
    pub(crate) fn put(&mut self, id: &str, body: Value) {
        self.remove(id);
        self.learn(id, body, i64::MAX);
    }

    /// Forgets an object.
    pub(crate) fn remove(&mut self, id: &str) {
        self.changed.insert(id.to_owned(), None);
    }

    /// Order in which a class shows its fields.
    pub(crate) fn order(&self, class: &str) -> &[String] {
        self.recorded.orders.get(class).map(Vec::as_slice).unwrap_or_default()
    }
}

fn is_permalink(target: &Target) -> bool {
    target.segments().iter().any(|segment| PERMALINKS.contains(&segment.as_str()))
}

/// A reference as it stands in the place of an object.
pub(crate) fn reference(id: &str, class: Option<Value>) -> Value {
    let mut fields = Map::new();
    if let Some(class) = class {
        fields.insert("_class".to_owned(), class);
    }
    fields.insert(REF.to_owned(), json!(id));
    Value::Object(fields)
}

/// Where a reference leads.
pub(crate) fn follow(value: &Value) -> Option<&str> {
    value.get(REF)?.as_str()
}

/// Where the references in a list lead.
pub(crate) fn referenced(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|item| follow(item).map(str::to_owned)).collect()
}

/// The address of an object, if it has one of its own.
fn identity(value: &Value, holder: Option<(&str, &str)>) -> Option<String> {
    let class = value.get("_class").and_then(Value::as_str).unwrap_or_default();
    if class.ends_with("Computer") {
        let name = value.get("displayName")?.as_str()?;
        let name = if name == "Built-In Node" { "(built-in)" } else { name };
        return Some(format!("/computer/{name}"));
    }
    if class.ends_with("PlaceholderExecutable") {
        // It carries the address of the build whose step it runs.
        return None;
    }
    let url = value.get("url").or_else(|| value.get("absoluteUrl")).and_then(Value::as_str);
    let path = match url {
        Some(url) => url.strip_prefix(ROOT_URL).or_else(|| url.starts_with("queue/").then_some(url))?.to_owned(),
        None => {
            let (id, _) = holder.filter(|(_, field)| *field == "allBuilds")?;
            format!("{id}/{}", value.get("number")?)
        }
    };
    let path = Target::parse(&path).path();
    // A folder's default view has the address of the folder.
    let view = class.contains("View");
    Some(if view { format!("{path}#view") } else { path })
}
