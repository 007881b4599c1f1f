//! Inputs that a paused build waits for.
//!
//! `wfapi` tells all but who may answer, which Blue Ocean does. For about a second after the pause the list is still empty (measured), which
//! reads the same as nothing to answer. The values that a secret parameter has by default are never shown.

use super::{Presence, blue_ocean, names, now};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::path::{JobPath, Selector};
use crate::json::{Value, record};

/// An input step that waits. All of it was written by a build.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pending {
    pub(crate) id: String,
    pub(crate) message: String,
    pub(crate) parameters: Vec<Parameter>,
    /// Ids of users and groups who may answer; empty when anybody with the right to build, or when it is not told.
    pub(crate) submitters: Vec<String>,
}

/// What an input asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    /// string, text, boolean, choice, password, file, run, or Jenkins' class name.
    pub(crate) kind: String,
    pub(crate) description: Option<String>,
    pub(crate) default: Option<String>,
    pub(crate) choices: Vec<String>,
}

record! {
    struct Action {
        id: String => required,
        message: String,
        inputs: Vec<Input>,
    }

    struct Input {
        kind: String = "type",
        name: String => required,
        description: Option<String>,
        definition: Option<Definition>,
    }

    #[derive(Default)]
    struct Definition {
        default_val: Option<Value>,
        choices: Vec<String>,
    }
}

/// What a build waits for, by its number. `submitters`: also who may answer, if Blue Ocean is there to tell.
///
/// # Errors
/// [`Error::NotSupported`] on a controller with neither plugin.
pub(crate) async fn pending(call: &Call, job: &JobPath, number: u32, submitters: bool) -> Result<Vec<Pending>, Error> {
    let (path, what) = names(job, Selector::Number(number));
    let listed = match call.json::<Vec<Action>>("wfapi", &format!("{path}/wfapi/pendingInputActions"), &what).await {
        Ok(actions) => Some(actions.into_iter().map(Action::pending).collect::<Vec<_>>()),
        Err(Error::NotFound { .. }) => None,
        Err(error) => return Err(error),
    };
    let enough = listed.as_ref().is_some_and(|listed| listed.is_empty() || !submitters);
    if let (Some(listed), true) = (&listed, enough || call.app().sources().blue_ocean(now(call)) == Presence::Absent) {
        return Ok(listed.clone());
    }
    match (listed, blue_ocean::inputs(call, job, number, &what).await) {
        (Some(mut listed), Ok(told)) => {
            for input in &mut listed {
                if let Some(same) = told.iter().find(|other| other.id == input.id) {
                    input.submitters.clone_from(&same.submitters);
                }
            }
            Ok(listed)
        }
        (None, Err(Error::NotFound { .. })) => Err(Error::NotSupported(
            "this controller has neither pipeline-rest-api nor Blue Ocean: inputs show on the build's page only".into(),
        )),
        (Some(listed), Err(error)) => {
            call.optional("who may answer", Err::<(), _>(error))?;
            Ok(listed)
        }
        (None, told) => told,
    }
}

impl Action {
    fn pending(self) -> Pending {
        let parameter = |input: Input| {
            let definition = input.definition.unwrap_or_default();
            Parameter::new(input.name, &input.kind, input.description, definition.default_val, definition.choices)
        };
        Pending { id: self.id, message: self.message, parameters: self.inputs.into_iter().map(parameter).collect(), submitters: Vec::new() }
    }
}

impl Parameter {
    /// From what either plugin tells.
    pub(super) fn new(name: String, class: &str, description: Option<String>, default: Option<Value>, choices: Vec<String>) -> Self {
        let kind = kind(class);
        let secret = kind == "password";
        let default = default.filter(|_| !secret).and_then(|value| match value {
            Value::String(text) => Some(text.into_owned()),
            Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        });
        Self { name, kind, description: description.filter(|d| !d.is_empty()), default, choices }
    }
}

/// `hudson.model.StringParameterDefinition`, with or without its package.
fn kind(class: &str) -> String {
    let name = class.rsplit('.').next().unwrap_or(class);
    match name {
        "StringParameterDefinition" => "string",
        "TextParameterDefinition" => "text",
        "BooleanParameterDefinition" => "boolean",
        "ChoiceParameterDefinition" => "choice",
        "PasswordParameterDefinition" => "password",
        "FileParameterDefinition" => "file",
        "RunParameterDefinition" => "run",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Script, run};

    const WAITING: &str = r#"[{"id":"Go","message":"Go?","inputs":[
        {"type":"PasswordParameterDefinition","name":"PIN","definition":{"defaultVal":"1234"}},
        {"type":"BooleanParameterDefinition","name":"DRY","description":"","definition":{"defaultVal":true}}]}]"#;
    const STEPS: &str = r#"[{"input":null},{"input":{"id":"Go","message":"Go?","submitter":"ada, lin","parameters":[
        {"type":"PasswordParameterDefinition","name":"PIN","defaultParameterValue":{"value":"1234"}}]}}]"#;

    fn job() -> JobPath {
        JobPath::parse("x", None).unwrap().0
    }

    #[test]
    fn the_default_of_a_password_is_never_shown() {
        let (wfapi, _) = Script::new().json("/job/x/1/wfapi/pendingInputActions", WAITING).call();
        let found = run(pending(&wfapi, &job(), 1, false)).unwrap();
        let defaults: Vec<_> = found[0].parameters.iter().map(|p| (p.kind.as_str(), p.default.as_deref())).collect();
        assert_eq!(defaults, [("password", None), ("boolean", Some("true"))]);
        let (blue, _) = Script::new().json("/blue/rest/organizations/jenkins/pipelines/x/runs/1/steps/", STEPS).call();
        assert_eq!(run(pending(&blue, &job(), 1, false)).unwrap()[0].parameters[0].default, None);
    }

    #[test]
    fn who_may_answer_is_asked_of_blue_ocean_and_only_when_something_waits() {
        let script = |waiting| Script::new().json("/job/x/1/wfapi/", waiting).json("/blue/", STEPS).call();
        let (call, _) = script(WAITING);
        assert_eq!(run(pending(&call, &job(), 1, true)).unwrap()[0].submitters, ["ada", "lin"]);
        let (call, transport) = script("[]");
        assert_eq!(run(pending(&call, &job(), 1, true)), Ok(Vec::new()));
        assert_eq!(transport.requests().len(), 1);
    }

    #[test]
    fn a_controller_that_cannot_tell_is_not_one_where_nothing_waits() {
        let (call, _) = Script::new().call();
        assert_eq!(run(pending(&call, &job(), 1, true)).unwrap_err().code(), "not-supported");
        let (call, _) = Script::new().json("/job/x/1/wfapi/", WAITING).call();
        assert!(run(pending(&call, &job(), 1, true)).unwrap()[0].submitters.is_empty());
    }
}
