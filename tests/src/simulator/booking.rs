//! Entering builds into the objects that show them: when they start, when they end.
//!
//! A new build looks like its model but for its own number, times, causes and
//! parameters; its result, artifacts and tests appear when it ends.

use super::{
    Shared,
    auth::User,
    builds::{Build, Input, Phase},
    live::{Live, millis},
    paths::{Target, below},
    queue::Item,
    store::{Store, referenced},
};
use serde_json::{Map, Value, json};

/// Models for jobs that were never built, by class of job.
const FALLBACKS: [(&str, &str); 2] =
    [("org.jenkinsci.plugins.workflow.job.WorkflowJob", "/job/train-end/1"), ("hudson.model.FreeStyleProject", "/job/archive-cleanup/1")];

impl Live {
    /// Starts the build of a queue item; its address.
    pub(crate) fn start(&mut self, shared: &Shared, store: &mut Store, item: &Item, at: u64) -> String {
        let job = item.job.clone();
        let (model, endless) = self.model(store, &job);
        let number = store.field(&job, "nextBuildNumber").and_then(Value::as_u64).unwrap_or(1);
        let id = below(&job, &number.to_string());
        let input =
            paused_build(shared, store, &job).map(|model| Input { model, asked: at + millis(self.timing.until_input), answered: None });
        let user = item.causes.first().and_then(|cause| cause.get("userId")?.as_str());
        let user = User::ALL.into_iter().find(|known| Some(known.name()) == user);
        announce(store, item, &id, number, &model, at);
        let build = Build { job, number, model, started: at, endless, user, stopped: None, input, finished: false };
        self.builds.insert(id.clone(), build);
        id
    }

    fn model(&mut self, store: &Store, job: &str) -> (String, bool) {
        if let Some(number) = self.models.get_mut(job).and_then(|numbers| numbers.pop_front()) {
            return (below(job, &number.to_string()), false);
        }
        let builds = store.field(job, "builds").map(referenced).unwrap_or_default();
        let recorded = || builds.iter().filter(|build| !self.builds.contains_key(*build));
        let ended = |build: &&String| store.get(build).and_then(|build| build.text("result")).is_some_and(|result| result != "ABORTED");
        if let Some(model) = recorded().find(ended) {
            return (model.clone(), false);
        }
        if let Some(model) = recorded().find(|build| store.is_building(build)).or_else(|| recorded().next()) {
            return (model.clone(), true);
        }
        let class = store.get(job).map(|job| job.class().to_owned()).unwrap_or_default();
        let fallback = FALLBACKS.into_iter().find(|(known, _)| *known == class).or(FALLBACKS.last().copied());
        (fallback.map(|(_, model)| model.to_owned()).unwrap_or_default(), false)
    }

    /// Takes a recorded build that still runs under control.
    pub(crate) fn adopt(&mut self, shared: &Shared, store: &Store, id: &str) -> Option<&mut Build> {
        if !self.builds.contains_key(id) && store.is_building(id) {
            let (job, number) = id.rsplit_once('/')?;
            let asks = paused_build(shared, store, job).filter(|paused| paused == id);
            let model = if asks.is_some() { self.model(store, job).0 } else { id.to_owned() };
            let input = asks.map(|model| Input { model, asked: 0, answered: None });
            let build = Build {
                job: job.to_owned(),
                number: number.parse().ok()?,
                model,
                started: 0,
                endless: true,
                user: None,
                stopped: None,
                input,
                finished: false,
            };
            self.builds.insert(id.to_owned(), build);
        }
        self.builds.get_mut(id)
    }

    /// Books the builds that have ended since.
    pub(crate) fn finish_builds(&mut self, shared: &Shared, store: &mut Store, now: u64) {
        let timing = self.timing;
        for (id, build) in &mut self.builds {
            let Phase::Done { aborted } = build.phase(&timing, now) else {
                continue;
            };
            if !std::mem::replace(&mut build.finished, true) {
                close(shared, store, id, build, aborted, now);
            }
        }
    }
}

/// Writes a new build into its job.
fn announce(store: &mut Store, item: &Item, id: &str, number: u64, model: &str, at: u64) {
    let mut fields = store.get(model).map(|model| model.fields.clone()).unwrap_or_default();
    let name = store.get(&item.job).and_then(|job| job.text("fullDisplayName")).unwrap_or_default().to_owned();
    let url = store.get(&item.job).and_then(|job| job.text("url")).unwrap_or_default().to_owned();
    let previous = store.referred(&item.job, "lastBuild");
    let actions = actions(fields.get("actions"), item, false);
    let changes = [
        ("actions", actions),
        ("artifacts", json!([])),
        ("building", json!(true)),
        ("description", Value::Null),
        ("displayName", json!(format!("#{number}"))),
        ("duration", json!(0)),
        ("fullDisplayName", json!(format!("{name} #{number}"))),
        ("id", json!(number.to_string())),
        ("inProgress", json!(true)),
        ("keepLog", json!(false)),
        ("number", json!(number)),
        ("queueId", json!(item.id)),
        ("result", Value::Null),
        ("timestamp", json!(at)),
        ("url", json!(format!("{url}{number}/"))),
        ("nextBuild", Value::Null),
        ("previousBuild", previous.as_deref().map_or(Value::Null, Store::refer_bare)),
    ];
    for (field, value) in changes {
        fields.insert(field.to_owned(), value);
    }
    if fields.contains_key("changeSets") {
        fields.insert("changeSets".to_owned(), json!([]));
        fields.insert("culprits".to_owned(), json!([]));
    }
    store.put(id, Value::Object(fields));
    let build = store.refer(id);
    if let Some(previous) = previous {
        store.set(&previous, "nextBuild", Store::refer_bare(id));
    } else {
        store.set(&item.job, "firstBuild", build.clone());
    }
    for list in ["builds", "allBuilds"] {
        let mut builds = store.field(&item.job, list).and_then(Value::as_array).cloned().unwrap_or_default();
        builds.insert(0, build.clone());
        store.set(&item.job, list, builds);
    }
    store.set(&item.job, "lastBuild", build);
    store.set(&item.job, "nextBuildNumber", number + 1);
    let color = store.get(&item.job).and_then(|job| job.text("color")).unwrap_or("notbuilt");
    let color = format!("{}_anime", color.trim_end_matches("_anime"));
    store.set(&item.job, "color", color);
}

/// The actions of a build: its own causes and parameters, the rest like the model.
fn actions(model: Option<&Value>, item: &Item, complete: bool) -> Value {
    let mut actions = Vec::new();
    if !item.parameters.is_empty() {
        actions.push(json!({"_class": "hudson.model.ParametersAction", "parameters": item.parameters}));
    }
    actions.push(json!({"_class": "hudson.model.CauseAction", "causes": item.causes}));
    let own = ["hudson.model.CauseAction", "hudson.model.ParametersAction"];
    for action in model.and_then(Value::as_array).into_iter().flatten() {
        let class = action.get("_class").and_then(Value::as_str).unwrap_or_default();
        let result = class.contains("TestResult") || class.contains("Interrupted") || class.contains("InputAction");
        if !own.contains(&class) && (complete || !result) {
            actions.push(action.clone());
        }
    }
    Value::Array(actions)
}

/// Writes the end of a build into the build and its job.
fn close(shared: &Shared, store: &mut Store, id: &str, build: &Build, aborted: bool, now: u64) {
    let model = store.get(&build.model).map(|model| model.fields.clone()).unwrap_or_default();
    let result = if aborted { json!("ABORTED") } else { model.get("result").cloned().unwrap_or(json!("SUCCESS")) };
    let started = store.field(id, "timestamp").and_then(Value::as_u64).unwrap_or(now);
    let mut changes = Map::new();
    changes.insert("building".into(), json!(false));
    changes.insert("inProgress".into(), json!(false));
    changes.insert("result".into(), result.clone());
    changes.insert("duration".into(), json!(now.saturating_sub(started).max(1)));
    if let Some(user) = build.stopped.map(|(_, user)| user) {
        let cause = json!({"_class": "jenkins.model.CauseOfInterruption$UserInterruption", "shortDescription": format!("Aborted by {}", user.name())});
        let mut actions = store.field(id, "actions").and_then(Value::as_array).cloned().unwrap_or_default();
        actions.push(json!({"_class": "jenkins.model.InterruptedBuildAction", "causes": [cause]}));
        changes.insert("actions".into(), actions.into());
    }
    if !aborted {
        changes.extend(model.get("artifacts").cloned().map(|artifacts| ("artifacts".to_owned(), artifacts)));
        let tests = model.get("actions").and_then(Value::as_array).into_iter().flatten();
        let tests = tests.filter(|action| action.get("_class").and_then(Value::as_str).is_some_and(|class| class.contains("TestResult")));
        let mut actions = store.field(id, "actions").and_then(Value::as_array).cloned().unwrap_or_default();
        actions.extend(tests.cloned());
        changes.insert("actions".into(), actions.into());
        let report = Target::of(&below(&build.model, "testReport/api/json"), &[]);
        if shared.recordings.find(User::Admin, "GET", &report).is_some_and(|report| report.status == 200) {
            store.alias(&below(id, "testReport"), &below(&build.model, "testReport"));
        }
    }
    for (field, value) in changes {
        store.set(id, &field, value);
    }
    let (color, links): (&str, &[&str]) = match result.as_str() {
        Some("SUCCESS") => ("blue", &["lastSuccessfulBuild", "lastStableBuild"]),
        Some("UNSTABLE") => ("yellow", &["lastSuccessfulBuild", "lastUnstableBuild", "lastUnsuccessfulBuild"]),
        Some("FAILURE") => ("red", &["lastFailedBuild", "lastUnsuccessfulBuild"]),
        _ => ("aborted", &["lastUnsuccessfulBuild"]),
    };
    for link in ["lastCompletedBuild"].iter().chain(links) {
        let newer = store.referred(&build.job, link).is_none_or(|known| number(&known) <= build.number);
        if newer {
            let build_ref = store.refer(id);
            store.set(&build.job, link, build_ref);
        }
    }
    let last = store.referred(&build.job, "lastBuild");
    let busy = last.is_some_and(|last| store.is_building(&last));
    store.set(&build.job, "color", if busy { format!("{color}_anime") } else { color.to_owned() });
}

/// The recorded build of a job that waits for an answer.
fn paused_build(shared: &Shared, store: &Store, job: &str) -> Option<String> {
    let builds = store.field(job, "builds").map(referenced)?;
    builds.into_iter().find(|build| {
        let target = Target::of(&below(build, "wfapi/pendingInputActions"), &[]);
        let recorded = shared.recordings.find(User::Admin, "GET", &target).and_then(|found| found.kept().ok());
        recorded.is_some_and(|body| body.starts_with(b"[{"))
    })
}

fn number(build: &str) -> u64 {
    build.rsplit_once('/').and_then(|(_, number)| number.parse().ok()).unwrap_or(0)
}
