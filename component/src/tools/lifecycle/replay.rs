//! `replay-build`: a build once more, as it was or with another script.
//!
//! A pipeline is rebuilt by Jenkins itself, which still has the secrets among its parameters; it names no queue item, so
//! the new build is found by its cause. Anything else is triggered with the parameters that the build shows.

use std::time::Duration;

use futures_util::future::join;

use super::patience::Patience;
use super::trigger::{Started, follow};
use crate::bindings::jankins::plugin::types::StartedBuild;
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::builds::{self, Build};
use crate::jenkins::jobs::{self, missing};
use crate::jenkins::lifecycle::{self, Scripts};
use crate::jenkins::path::{JobPath, Selector};
use crate::jenkins::queue;
use crate::text::names;

/// How long the new build is looked for.
const APPEARS_WITHIN: Duration = Duration::from_secs(8);
/// Builds looked at to find the new one among those that others start meanwhile.
const RECENT: u32 = 10;
const RECENT_FIELDS: &str = "number,result,building,timestamp,duration,estimatedDuration,actions[causes[shortDescription]]";

/// `replay-build`.
pub(crate) async fn replay_build(
    call: &Call,
    job: String,
    branch: Option<String>,
    build: Option<String>,
    script: Option<String>,
    loaded_scripts: Option<Vec<String>>,
) -> Result<StartedBuild, Error> {
    let (job, which) = JobPath::with_build(&job, branch.as_deref(), build.as_deref())?;
    let loaded = loaded(&loaded_scripts.unwrap_or_default())?;
    let script = script.filter(|s| !s.trim().is_empty());
    if script.is_none() && !loaded.is_empty() {
        return Err(Error::invalid("loaded-scripts go with script", "Give the main script as well: get_job_config shows it."));
    }
    let original = original(call, &job, which).await?;
    let mut patience = Patience::brief(call, APPEARS_WITHIN);
    let Some(script) = script else { return Ok(rebuild(call, &job, &original, &mut patience).await?.record(call)) };
    if !original.is_pipeline() {
        return Err(Error::NotSupported(format!(
            "{} #{} is no pipeline: it has no script that could be replaced",
            names::shown(&job.name()),
            original.number
        )));
    }
    let scripts = Scripts { main: &script, loaded: &loaded };
    let started = match replay(call, &job, &original, Some(&scripts), &mut patience).await {
        Err(Error::NotFound { what, .. }) => {
            return Err(Error::NotSupported(format!(
                "{what}: Jenkins offers no replay of that build; its script may not be kept, or this account may not replay"
            )));
        }
        other => other?,
    };
    if !loaded.is_empty() {
        call.lacks("whether each of loaded-scripts was used: Jenkins passes over names that the build did not load");
    }
    Ok(started.record(call))
}

/// `NAME=text` pairs.
fn loaded(given: &[String]) -> Result<Vec<(String, String)>, Error> {
    let pair = |text: &String| {
        text.split_once('=').filter(|(name, _)| !name.trim().is_empty()).map(|(name, text)| (name.trim().to_owned(), text.to_owned()))
    };
    let pairs: Option<Vec<_>> = given.iter().map(pair).collect();
    pairs.ok_or_else(|| {
        Error::invalid("an item of loaded-scripts has no name", "Each is NAME=text, with the name as Jenkins' replay page shows it.")
    })
}

/// The same build once more, with the same parameters.
pub(super) async fn rebuild(call: &Call, job: &JobPath, original: &Build, patience: &mut Patience<'_>) -> Result<Started, Error> {
    if original.is_pipeline() {
        match replay(call, job, original, None, patience).await {
            // An older Jenkins has no such form.
            Err(Error::NotFound { .. }) => {}
            other => return other,
        }
    }
    retrigger(call, job, original, patience).await
}

async fn replay(
    call: &Call,
    job: &JobPath,
    original: &Build,
    scripts: Option<&Scripts<'_>>,
    patience: &mut Patience<'_>,
) -> Result<Started, Error> {
    let (newest, waiting) = join(builds::list(call, job, "number", 0..1), queue::of_job(call, job)).await;
    let newest = newest?.first().map_or(0, |b| b.number);
    let waiting: Vec<u32> = waiting?.iter().map(|item| item.id).collect();
    lifecycle::again(call, job, original.number, scripts).await?;
    let cause = format!("Replayed #{}", original.number);
    loop {
        let (recent, queued) = join(builds::list(call, job, RECENT_FIELDS, 0..RECENT), queue::of_job(call, job)).await;
        let recent = call.optional("the newest builds", recent)?.unwrap_or_default();
        // The oldest of the new ones: whoever replays the same build after us comes later.
        let build = recent.into_iter().rfind(|b| b.number > newest && b.causes().any(|c| c.short_description == cause));
        if let Some(build) = build {
            return Ok(Started::running(job, None, build));
        }
        let queued = call.optional("the queue", queued)?.unwrap_or_default();
        if let Some(item) = queued.iter().find(|item| !waiting.contains(&item.id) && item.is_caused_by(&cause)) {
            return follow(call, job, item.id, &[], patience).await;
        }
        if !patience.pause().await {
            return Err(Error::Unclear {
                what: format!("the replay of {job} #{}", original.number),
                cause: Box::new(Error::BadResponse {
                    message: "Jenkins accepted the request, but neither the queue nor the builds show it".into(),
                    hint: String::new(),
                }),
                check: format!("list_builds(job={:?}) and summarize_queue", job.name()),
            });
        }
    }
}

async fn retrigger(call: &Call, job: &JobPath, original: &Build, patience: &mut Patience<'_>) -> Result<Started, Error> {
    let (detail, before) = join(jobs::detail(call, job), queue::of_job(call, job)).await;
    let detail = detail?;
    let (mut values, mut lost) = (Vec::new(), Vec::new());
    for (name, value) in original.parameters() {
        match (value, detail.parameters().find(|d| d.name == name)) {
            (Some(value), Some(asked)) if !asked.is_secret() && asked.kind() != "file" => values.push((name.to_owned(), value)),
            (_, Some(_)) => lost.push(format!("{} (its value is not shown)", names::shown(name))),
            (_, None) => lost.push(format!("{} (the job no longer takes it)", names::shown(name))),
        }
    }
    if !lost.is_empty() {
        call.lacks(format!("parameters that were not repeated: {}", lost.join(", ")));
    }
    let before = call.optional("the queue before", before)?.unwrap_or_default();
    let asks = detail.parameters().next().is_some();
    let id = lifecycle::start(call, job, asks.then_some(&values), None).await?;
    follow(call, job, id, &before, patience).await
}

/// A build by its number, with what tells how it failed.
pub(super) async fn original(call: &Call, job: &JobPath, which: Selector) -> Result<Build, Error> {
    match builds::build(call, job, which).await {
        Ok(build) => Ok(build),
        Err(error) => Err(missing(call, job, error).await),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Script, json, run};

    const PIPELINE: &str = r#"{"_class":"org.jenkinsci.plugins.workflow.job.WorkflowRun","number":1,"result":"FAILURE","timestamp":1795521500000,"duration":1000}"#;

    fn redirect() -> Answer {
        Answer::Http(302, vec![("Location", "/job/p/1/replay/../..".into())], Vec::new())
    }

    fn pipeline() -> Script {
        let new = r#"{"allBuilds":[{"number":3,"building":true,"timestamp":1795521599000,"actions":[{"causes":[{"shortDescription":"Started by user ada"}]}]},
            {"number":2,"building":true,"timestamp":1795521599000,"actions":[{},{"causes":[{"shortDescription":"Started by user admin"},{"shortDescription":"Replayed #1"}]}]},{"number":1}]}"#;
        Script::new().json("/job/p/1/api/json", PIPELINE).json("/queue/api/json", r#"{"items":[]}"#).turns(
            "GET /job/p/api/json?tree=allBuilds",
            vec![json(r#"{"allBuilds":[{"number":1}]}"#), json(r#"{"allBuilds":[{"number":1}]}"#), json(new)],
        )
    }

    fn replayed(script: Script, text: Option<&str>, loaded: &[&str]) -> (Result<StartedBuild, Error>, std::rc::Rc<Script>) {
        let (call, script) = script.call();
        let loaded = loaded.iter().map(|l| (*l).to_owned()).collect();
        (run(replay_build(&call, "p".into(), None, Some("1".into()), text.map(str::to_owned), Some(loaded))), script)
    }

    #[test]
    fn a_rebuild_names_no_queue_item_and_is_found_by_its_cause() {
        let (answer, script) = replayed(pipeline().on("POST /job/p/1/replay/rebuild", redirect()), None, &[]);
        let answer = answer.unwrap();
        assert_eq!((answer.build, answer.queue_id, answer.state.as_str()), (Some(2), None, "RUNNING"));
        assert_eq!(script.requests().iter().filter(|r| r.starts_with("POST")).count(), 1);
    }

    #[test]
    fn another_script_goes_with_the_form_that_jenkins_has_for_it() {
        let (answer, script) = replayed(pipeline().on("POST /job/p/1/replay/run", redirect()), Some("echo 'x'"), &["vars/a.groovy=echo 1"]);
        assert!(answer.unwrap().text.contains("loaded-scripts"));
        let seen = script.seen.borrow();
        let post = seen.iter().find(|r| r.method.as_str() == "POST").unwrap();
        let body = crate::jenkins::encode::decode(&String::from_utf8_lossy(&post.body));
        assert_eq!(body, r#"json={"mainScript":"echo 'x'","vars/a_groovy":"echo 1"}"#);
    }

    #[test]
    fn a_replay_that_is_nowhere_to_be_seen_is_no_success() {
        let script = Script::new()
            .json("/job/p/1/api/json", PIPELINE)
            .json("/queue/api/json", r#"{"items":[]}"#)
            .json("/job/p/api/json?tree=allBuilds", r#"{"allBuilds":[{"number":1}]}"#)
            .on("POST /job/p/1/replay/rebuild", redirect());
        let error = replayed(script, None, &[]).0.unwrap_err();
        assert!(error.to_string().contains("it is not known whether the replay of p #1 took effect"), "{error}");
    }

    #[test]
    fn a_freestyle_build_is_triggered_with_the_parameters_that_it_shows() {
        let build = r#"{"_class":"hudson.model.FreeStyleBuild","number":1,"result":"FAILURE","actions":[{"parameters":[
            {"_class":"hudson.model.StringParameterValue","name":"V","value":"1 2"},{"_class":"hudson.model.PasswordParameterValue","name":"PW"},
            {"_class":"hudson.model.RunParameterValue","name":"FROM","jobName":"nightly","number":"3"}]}]}"#;
        let job = r#"{"_class":"hudson.model.FreeStyleProject","buildable":true,"property":[{"parameterDefinitions":[
            {"name":"V","type":"StringParameterDefinition"},{"name":"PW","type":"PasswordParameterDefinition"},{"name":"FROM","type":"RunParameterDefinition"}]}]}"#;
        let item = r#"{"_class":"x$WaitingItem","id":7,"why":"In the quiet period. Expires in 1 sec"}"#;
        let script = Script::new()
            .json("/job/p/1/api/json", build)
            .json("/job/p/api/json", job)
            .json("/queue/api/json", "{}")
            .json("/queue/item/7/", item);
        let script = script
            .on("POST /job/p/buildWithParameters", Answer::Http(201, vec![("Location", "http://x/queue/item/7/".into())], Vec::new()));
        let (answer, script) = replayed(script, None, &[]);
        let answer = answer.unwrap();
        assert_eq!((answer.queue_id, answer.build), (Some(7), None));
        assert!(answer.text.contains("not repeated: PW (its value is not shown)"), "{}", answer.text);
        let seen = script.seen.borrow();
        assert_eq!(seen.iter().find(|r| r.method.as_str() == "POST").unwrap().body, b"V=1%202&FROM=nightly%233");
    }

    #[test]
    fn a_script_for_what_is_no_pipeline_is_refused() {
        let script = Script::new().json("/job/p/1/api/json", r#"{"_class":"hudson.model.FreeStyleBuild","number":1}"#);
        let (answer, script) = replayed(script, Some("echo"), &[]);
        assert_eq!(answer.unwrap_err().code(), "not-supported");
        assert_eq!(script.requests().len(), 1);
    }
}
