//! `enable-job` and `disable-job`.

use super::Change;
use crate::bindings::jankins::plugin::types::StateChange;
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::jobs::missing;
use crate::jenkins::lifecycle;
use crate::jenkins::path::JobPath;
use crate::json::record;
use crate::text::names;

/// `enable-job`.
pub(crate) async fn enable_job(call: &Call, job: String, branch: Option<String>) -> Result<StateChange, Error> {
    switch(call, &job, branch.as_deref(), true).await
}

/// `disable-job`.
pub(crate) async fn disable_job(call: &Call, job: String, branch: Option<String>) -> Result<StateChange, Error> {
    switch(call, &job, branch.as_deref(), false).await
}

async fn switch(call: &Call, job: &str, branch: Option<&str>, on: bool) -> Result<StateChange, Error> {
    let (job, _) = JobPath::parse(job, branch)?;
    let before = match state(call, &job).await {
        Ok(state) => state,
        Err(error) => return Err(missing(call, &job, error).await),
    };
    let target = names::shown(&job.name());
    let Some(was_on) = before.is_enabled() else {
        return Err(Error::NotSupported(format!("{target} is a folder, or another thing that is never built: it has no such switch")));
    };
    if was_on == on {
        return Ok(Change { target, before: word(on), after: word(on), notes: Vec::new(), next: None }.record(call));
    }
    match lifecycle::enable(call, &job, on).await {
        Err(Error::NotFound { .. }) => {
            return Err(Error::NotSupported(format!(
                "{target} cannot be enabled or disabled by itself: a branch follows its multibranch job"
            )));
        }
        other => other?,
    }
    let after = state(call, &job).await?.is_enabled().unwrap_or(was_on);
    let notes = if after == on { Vec::new() } else { vec!["Jenkins took the request, but shows the job as it was".to_owned()] };
    Ok(Change { target, before: word(was_on), after: word(after), notes, next: None }.record(call))
}

fn word(on: bool) -> String {
    if on { "enabled" } else { "disabled" }.to_owned()
}

record! {
    struct State {
        buildable: Option<bool>,
        disabled: Option<bool>,
        color: Option<String>,
    }
}

impl State {
    /// Not every kind of job says it in the same field.
    fn is_enabled(&self) -> Option<bool> {
        let by_color = || self.color.as_deref().map(|color| !color.starts_with("disabled"));
        self.disabled.map(|disabled| !disabled).or_else(by_color).or(self.buildable)
    }
}

async fn state(call: &Call, job: &JobPath) -> Result<State, Error> {
    call.tree("job", &job.url_path(), "buildable,disabled,color", &format!("job {job}")).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Script, json, run};

    const ON: &str = r#"{"_class":"hudson.model.FreeStyleProject","buildable":true,"color":"blue","disabled":false}"#;
    const OFF: &str = r#"{"_class":"hudson.model.FreeStyleProject","buildable":false,"color":"disabled","disabled":true}"#;

    #[test]
    fn a_job_is_disabled_and_read_again() {
        let script = Script::new().turns("GET /job/heartbeat/", vec![json(ON), json(OFF)]);
        let (call, script) =
            script.on("POST /job/heartbeat/disable", Answer::Http(302, vec![("Location", "/job/heartbeat/".into())], Vec::new())).call();
        let answer = run(disable_job(&call, "heartbeat".into(), None)).unwrap();
        assert_eq!((answer.text.as_str(), answer.changed), ("heartbeat: disabled, was enabled\n", true));
        assert_eq!(script.requests().len(), 3);
    }

    #[test]
    fn what_is_so_already_is_not_sent_again() {
        let (call, script) = Script::new().json("/job/heartbeat/", ON).call();
        let answer = run(enable_job(&call, "heartbeat".into(), None)).unwrap();
        assert_eq!((answer.text.as_str(), answer.changed), ("heartbeat: enabled as before, nothing changed\n", false));
        assert_eq!(script.requests().len(), 1);
    }

    #[test]
    fn a_folder_has_no_switch() {
        let (call, script) = Script::new().json("/job/shop/", r#"{"_class":"com.cloudbees.hudson.plugins.folder.Folder"}"#).call();
        assert_eq!(run(disable_job(&call, "shop".into(), None)).unwrap_err().code(), "not-supported");
        assert_eq!(script.requests().len(), 1);
    }

    #[test]
    fn a_missing_right_is_named() {
        let headers =
            vec![("X-You-Are-Authenticated-As", "reader".to_owned()), ("X-Required-Permission", "hudson.model.Item.Configure".to_owned())];
        let (call, _) = Script::new().json("/job/heartbeat/", ON).on("POST", Answer::Http(403, headers, Vec::new())).call();
        let error = run(disable_job(&call, "heartbeat".into(), None)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "user reader lacks the permission Job/Configure (hudson.model.Item.Configure) for the change of heartbeat"
        );
    }
}
