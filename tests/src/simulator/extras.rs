//! What the recorded JSON lacks: the jobs with generated logs, and who
//! interrupted a build, which JSON by depth leaves out but the log tells.

use super::{
    auth::User,
    biglog::{BIG_LOG, HUGE_LOG},
    log::Log,
    paths::Target,
    recordings::Recordings,
    store::Store,
};
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The recorded job that the generated ones are made after.
const MODEL: &str = "archive-cleanup";
const USER_INTERRUPTION: &str = "jenkins.model.CauseOfInterruption$UserInterruption";

/// Adds all of it while the store is loaded.
pub(crate) fn add(store: &mut Store, recordings: &Recordings) -> Result<()> {
    for (job, _) in [BIG_LOG, HUGE_LOG] {
        for path in [format!("/job/{MODEL}"), format!("/job/{MODEL}/1")] {
            let target = Target::parse(&format!("{path}/api/json"));
            let recording = recordings.find(User::Admin, "GET", &target).with_context(|| format!("{path} was not recorded"))?;
            let text = String::from_utf8(recording.kept()?)?
                .replace(MODEL, job)
                .replace("\"SUCCESS\"", "\"FAILURE\"")
                .replace("\"blue\"", "\"red\"");
            store.put(&path.replace(MODEL, job), serde_json::from_str(&text)?);
        }
    }
    interruptions(store, recordings)
}

/// `Aborted by ID` for builds whose log says `Aborted by Full Name`.
fn interruptions(store: &mut Store, recordings: &Recordings) -> Result<()> {
    let interrupted: Vec<String> = store
        .loaded()
        .filter(|(_, build)| build.fields.get("actions").is_some_and(|actions| causes(actions).next().is_some()))
        .map(|(id, _)| id.clone())
        .collect();
    for build in interrupted {
        let Some(Log::Raw(log, _)) = Log::recorded(recordings, &build)? else {
            continue;
        };
        let log = String::from_utf8(super::log::without_notes(&log))?;
        let Some(name) = log.lines().rev().find_map(|line| line.strip_prefix("Aborted by ")) else {
            continue;
        };
        let user = store.loaded().find(|(_, user)| user.text("fullName") == Some(name)).and_then(|(_, user)| user.text("id"));
        let description = json!(format!("Aborted by {}", user.unwrap_or(name)));
        let actions = store.get_mut(&build).and_then(|build| build.fields.get_mut("actions"));
        for cause in actions.into_iter().flat_map(causes_mut) {
            cause.entry("shortDescription").or_insert_with(|| description.clone());
        }
    }
    Ok(())
}

fn causes(actions: &Value) -> impl Iterator<Item = &Value> {
    let causes = actions.as_array().into_iter().flatten().filter_map(|action| action.get("causes")?.as_array()).flatten();
    causes.filter(|cause| cause.get("_class").and_then(Value::as_str) == Some(USER_INTERRUPTION))
}

fn causes_mut(actions: &mut Value) -> impl Iterator<Item = &mut serde_json::Map<String, Value>> {
    let causes = actions.as_array_mut().into_iter().flatten().filter_map(|action| action.get_mut("causes")?.as_array_mut());
    causes.flatten().filter_map(Value::as_object_mut).filter(|cause| cause.get("_class").and_then(Value::as_str) == Some(USER_INTERRUPTION))
}
