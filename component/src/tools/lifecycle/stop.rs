//! `stop-build`.

use std::time::Duration;

use super::Change;
use super::patience::Patience;
use crate::bindings::jankins::plugin::types::{StateChange, StopMode};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::builds::{self, Build};
use crate::jenkins::jobs::missing;
use crate::jenkins::lifecycle::{self, Force};
use crate::jenkins::path::{JobPath, Selector};
use crate::text::names;

/// A build that reacts ends within a second or a few.
const LOOK_AFTER: Duration = Duration::from_secs(8);

/// `stop-build`.
pub(crate) async fn stop_build(
    call: &Call,
    job: String,
    build: String,
    branch: Option<String>,
    mode: Option<StopMode>,
) -> Result<StateChange, Error> {
    let (job, which) = JobPath::with_build(&job, branch.as_deref(), Some(&build))?;
    let before = match builds::with_fields(call, &job, which, builds::BRIEF).await {
        Ok(build) => build,
        Err(error) => return Err(missing(call, &job, error).await),
    };
    // From here on by number: `last` may be another build in a moment.
    let number = before.number;
    let target = format!("{} #{number}", names::shown(&job.name()));
    let unchanged = |notes: Vec<String>| Change {
        target: target.clone(),
        before: before.result().into(),
        after: before.result().into(),
        notes,
        next: None,
    };
    if !before.building {
        return Ok(unchanged(vec!["it is over: nothing was sent".into()]).record(call));
    }
    let (mode, force) = match mode.unwrap_or(StopMode::Stop) {
        StopMode::Stop => ("stop", Force::Stop),
        StopMode::Term => ("term", Force::Term),
        StopMode::Kill => ("kill", Force::Kill),
    };
    match lifecycle::stop(call, &job, number, force).await {
        Err(Error::NotFound { .. }) if force != Force::Stop => {
            return Err(Error::NotSupported(format!("{mode} is for pipelines only; {target} is none: use mode stop")));
        }
        other => other?,
    }
    let after = settled(call, &job, number).await?;
    let stubborn = after.building;
    let harder = match force {
        Force::Stop => Some("term"),
        Force::Term => Some("kill"),
        Force::Kill => None,
    };
    let name = job.name();
    let next = if stubborn { harder.map(|m| format!("stop_build(job={name:?}, build=\"{number}\", mode={m:?})")) } else { None };
    let notes = if stubborn {
        vec![format!("Jenkins took the {mode}; the build has not ended yet: it may clean up, or not react")]
    } else {
        Vec::new()
    };
    Ok(Change { target, before: before.result().into(), after: after.result().into(), notes, next }.record(call))
}

/// The build when it has ended, or as it is after a while.
async fn settled(call: &Call, job: &JobPath, number: u32) -> Result<Build, Error> {
    let mut patience = Patience::brief(call, LOOK_AFTER);
    loop {
        let build = builds::with_fields(call, job, Selector::Number(number), builds::BRIEF).await?;
        if !build.building || !patience.pause().await {
            return Ok(build);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Script, json, run};

    const RUNNING: &str = r#"{"number":2,"building":true,"result":null,"timestamp":1795521500000}"#;
    const ABORTED: &str = r#"{"number":2,"building":false,"result":"ABORTED","timestamp":1795521500000,"duration":4387}"#;

    fn redirect() -> Answer {
        Answer::Http(302, vec![("Location", "/job/long-runner/2/".into())], Vec::new())
    }

    #[test]
    fn a_running_build_is_stopped_and_seen_to_end() {
        let script = Script::new()
            .turns("GET /job/long-runner/lastBuild/", vec![json(RUNNING)])
            .turns("GET /job/long-runner/2/", vec![json(RUNNING), json(ABORTED)]);
        let (call, script) = script.on("POST /job/long-runner/2/stop", redirect()).call();
        let answer = run(stop_build(&call, "long-runner".into(), "last".into(), None, None)).unwrap();
        assert_eq!(answer.text, "long-runner #2: ABORTED, was RUNNING\n");
        assert!(answer.changed);
        assert_eq!(script.requests().len(), 4);
    }

    #[test]
    fn a_build_that_is_over_is_left_alone() {
        let (call, script) = Script::new().json("/job/long-runner/2/", ABORTED).call();
        let answer = run(stop_build(&call, "long-runner".into(), "2".into(), None, Some(StopMode::Kill))).unwrap();
        assert_eq!(answer.text, "long-runner #2: ABORTED as before, nothing changed\nit is over: nothing was sent\n");
        assert_eq!(script.requests().len(), 1);
    }

    #[test]
    fn a_build_that_does_not_react_is_said_to_run_with_what_is_harder() {
        let (call, _) = Script::new().json("/job/long-runner/2/", RUNNING).on("POST /job/long-runner/2/stop", redirect()).call();
        let answer = run(stop_build(&call, "long-runner".into(), "2".into(), None, None)).unwrap();
        assert!(!answer.changed && answer.after == "RUNNING");
        assert!(answer.text.contains("has not ended yet") && answer.text.contains("mode=\"term\""), "{}", answer.text);
    }

    #[test]
    fn what_only_pipelines_know_is_not_taken_for_a_missing_build() {
        let (call, _) = Script::new().json("/job/nightly/2/", RUNNING).call();
        let error = run(stop_build(&call, "nightly".into(), "2".into(), None, Some(StopMode::Term))).unwrap_err();
        assert_eq!(error.code(), "not-supported");
    }
}
