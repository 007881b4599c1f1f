//! `submit-input`.
//!
//! Jenkins fails with a 500 on an input that does not exist, and gives a script no value for a parameter that a form leaves
//! out. So the inputs are read first, and every parameter is sent: as given, or by its default.

use std::time::Duration;

use super::Change;
use super::parameters::{self, Asked};
use super::patience::Patience;
use crate::bindings::jankins::plugin::types::{InputAction, StateChange};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::builds::{self, Build};
use crate::jenkins::jobs::missing;
use crate::jenkins::lifecycle;
use crate::jenkins::path::{JobPath, Selector};
use crate::jenkins::pipeline::{self, Pending};
use crate::json::{Json, Value};
use crate::text::names;

/// For about a second and a half after a pause Jenkins lists no input.
const APPEARS_WITHIN: Duration = Duration::from_secs(3);
/// An answered input goes on, or ends its build, as soon.
const LOOK_AFTER: Duration = Duration::from_secs(5);

/// `submit-input`.
pub(crate) async fn submit_input(
    call: &Call,
    job: String,
    input_id: String,
    action: InputAction,
    branch: Option<String>,
    build: Option<String>,
    parameters: Option<Vec<String>>,
) -> Result<StateChange, Error> {
    let (job, which) = JobPath::with_build(&job, branch.as_deref(), build.as_deref())?;
    let given = parameters.unwrap_or_default();
    if action == InputAction::Abort && !given.is_empty() {
        return Err(Error::invalid("parameters do not go with action abort", "Leave them out, or use action=proceed."));
    }
    let build = match builds::with_fields(call, &job, which, builds::BRIEF).await {
        Ok(build) => build,
        Err(error) => return Err(missing(call, &job, error).await),
    };
    let number = build.number;
    let target = format!("{} #{number}", names::shown(&job.name()));
    if !build.building {
        return Err(Error::Conflict(format!("{target} is over ({}): it waits for no input", build.result())));
    }
    let id = input_id.trim();
    let pending = find(call, &job, number, id, &target).await?;
    let values = match action {
        InputAction::Abort => None,
        InputAction::Proceed => Some(values(&pending, &given)?),
    };
    // What Jenkins calls it, not what was typed: identifiers compare without case.
    lifecycle::answer_input(call, &job, number, &pending.id, values).await?;

    let before = format!("waiting at input {}", names::shown(&pending.id));
    let (build, waits) = look(call, &job, number, &pending.id).await?;
    let after = match waits {
        true => before.clone(),
        false if build.building => "RUNNING".to_owned(),
        false => build.result().to_owned(),
    };
    let notes = if waits { vec!["Jenkins took the answer, but still lists the input".to_owned()] } else { Vec::new() };
    let name = job.name();
    let next = build.building.then(|| format!("wait_for_build(job={name:?}, build=\"{number}\")"));
    Ok(Change { target, before, after, notes, next }.record(call))
}

/// The input of that id.
async fn find(call: &Call, job: &JobPath, number: u32, id: &str, target: &str) -> Result<Pending, Error> {
    let mut patience = Patience::brief(call, APPEARS_WITHIN);
    loop {
        let pending = pipeline::pending(call, job, number, false).await?;
        if let Some(found) = pending.iter().find(|p| p.id.eq_ignore_ascii_case(id)) {
            return Ok(found.clone());
        }
        let ids: Vec<String> = pending.iter().map(|p| names::shown(&p.id)).collect();
        if !ids.is_empty() {
            return Err(Error::invalid(
                format!("{target} waits for no input {}", names::shown(id)),
                format!("It waits for: {}.", ids.join(", ")),
            ));
        }
        if !patience.pause().await {
            return Err(Error::Conflict(format!(
                "{target} runs and waits for no input now: it was answered already, or is not reached yet"
            )));
        }
    }
}

/// All that the input asks for.
fn values(pending: &Pending, given: &[String]) -> Result<Vec<Value>, Error> {
    let asked: Vec<Asked> = pending.parameters.iter().map(Asked::from).collect();
    let given = parameters::check(&asked, given, &format!("input {}", names::shown(&pending.id)))?;
    let one = |asked: &Asked| {
        let value = given.iter().find(|(name, _)| name == asked.name()).map(|(_, value)| value.as_str()).or_else(|| asked.default());
        let value = if asked.is_boolean() { Json::Bool(value == Some("true")) } else { Json::text(value.unwrap_or_default().to_owned()) };
        Json::object([("name", Json::text(asked.name().to_owned())), ("value", value)])
    };
    Ok(asked.iter().map(one).collect())
}

/// The build, and whether it still waits for that input.
async fn look(call: &Call, job: &JobPath, number: u32, id: &str) -> Result<(Build, bool), Error> {
    let mut patience = Patience::brief(call, LOOK_AFTER);
    loop {
        let build = builds::with_fields(call, job, Selector::Number(number), builds::BRIEF).await?;
        let pending = if build.building { pipeline::pending(call, job, number, false).await? } else { Vec::new() };
        let waits = pending.iter().any(|p| p.id == id);
        if !waits || !patience.pause().await {
            return Ok((build, waits));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Script, json, run};

    const RUNNING: &str = r#"{"number":4,"building":true,"result":null}"#;
    const PENDING: &str = r#"[{"id":"ShipIt","message":"Release?","inputs":[
        {"type":"StringParameterDefinition","name":"TAG","definition":{"defaultVal":"v1.8.0"}},
        {"type":"ChoiceParameterDefinition","name":"CHANNEL","definition":{"defaultVal":"stable","choices":["stable","beta"]}},
        {"type":"BooleanParameterDefinition","name":"NOTIFY","definition":{"defaultVal":true}}]}]"#;

    fn script() -> Script {
        let done = Answer::Http(302, vec![("Location", "/job/release/4/console".into())], Vec::new());
        Script::new()
            .json("/job/release/4/api", RUNNING)
            .json("/job/release/lastBuild/", RUNNING)
            .on("POST /job/release/4/input/ShipIt/submit", done)
    }

    fn submit(script: Script, id: &str, action: InputAction, given: &[&str]) -> (Result<StateChange, Error>, std::rc::Rc<Script>) {
        let (call, script) = script.call();
        let given = Some(given.iter().map(|g| (*g).to_owned()).collect());
        (run(submit_input(&call, "release".into(), id.into(), action, None, None, given)), script)
    }

    #[test]
    fn every_parameter_is_sent_with_its_type_given_or_by_default() {
        let script = script().turns("GET /job/release/4/wfapi/pendingInputActions", vec![json(PENDING), json("[]")]);
        let (answer, script) = submit(script, "shipit", InputAction::Proceed, &["CHANNEL=beta"]);
        let answer = answer.unwrap();
        assert!(answer.text.starts_with("release #4: RUNNING, was waiting at input ShipIt\n"), "{}", answer.text);
        let seen = script.seen.borrow();
        let post = seen.iter().find(|r| r.method.as_str() == "POST").unwrap();
        let body = crate::jenkins::encode::decode(&String::from_utf8_lossy(&post.body));
        assert_eq!(
            body,
            r#"json={"parameter":[{"name":"TAG","value":"v1.8.0"},{"name":"CHANNEL","value":"beta"},{"name":"NOTIFY","value":true}]}&proceed=Proceed"#
        );
    }

    #[test]
    fn an_unknown_input_is_refused_before_it_becomes_a_500() {
        let (answer, script) =
            submit(script().json("/job/release/4/wfapi/pendingInputActions", PENDING), "no-such", InputAction::Proceed, &[]);
        let record = answer.unwrap_err().into_tool_error(String::new());
        assert_eq!((record.code.as_str(), record.hint.as_deref()), ("invalid-params", Some("It waits for: ShipIt.")));
        assert!(script.requests().iter().all(|r| r.starts_with("GET")));
    }

    #[test]
    fn an_input_that_is_about_to_appear_is_waited_for() {
        let turns = vec![json("[]"), json("[]"), json(PENDING), json("[]")];
        let (answer, _) =
            submit(script().turns("GET /job/release/4/wfapi/pendingInputActions", turns), "ShipIt", InputAction::Proceed, &[]);
        assert!(answer.unwrap().changed);
    }

    #[test]
    fn aborting_an_input_that_is_gone_is_a_conflict() {
        let (answer, _) = submit(script().json("/job/release/4/wfapi/pendingInputActions", PENDING), "ShipIt", InputAction::Abort, &[]);
        let error = answer.unwrap_err();
        assert!(error.code() == "conflict" && error.to_string().contains("is gone"), "{error}");
    }

    #[test]
    fn who_may_not_answer_is_forbidden_though_jenkins_says_400() {
        let page = b"<html><body><h1>Error</h1><p>You need to be admin to submit this.</p></body></html>".to_vec();
        let script = Script::new()
            .json("/job/release/lastBuild/", RUNNING)
            .json("/job/release/4/wfapi/pendingInputActions", PENDING)
            .on("POST", Answer::Http(400, Vec::new(), page));
        let (answer, _) = submit(script, "ShipIt", InputAction::Proceed, &[]);
        let error = answer.unwrap_err();
        assert!(error.code() == "forbidden" && error.to_string().contains("You need to be admin"), "{error}");
    }

    #[test]
    fn a_build_that_is_over_waits_for_nothing() {
        let over = r#"{"number":4,"building":false,"result":"SUCCESS"}"#;
        let (answer, script) = submit(Script::new().json("/job/release/lastBuild/", over), "ShipIt", InputAction::Proceed, &[]);
        assert_eq!(answer.unwrap_err().code(), "conflict");
        assert_eq!(script.requests().len(), 1);
    }
}
