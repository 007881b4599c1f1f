//! Inputs that a paused build waits for.
//!
//! `wfapi` tells all but who may answer. For about a second after the pause the list is still empty (measured), which
//! reads the same as nothing to answer. The values that a secret parameter has by default are never shown.

use serde::Deserialize;
use serde_json::Value;

use crate::call::Call;
use crate::error::Error;

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

#[derive(Deserialize)]
struct Action {
    id: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    inputs: Vec<Input>,
}

#[derive(Deserialize)]
struct Input {
    #[serde(rename = "type", default)]
    kind: String,
    name: String,
    description: Option<String>,
    definition: Option<Definition>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Definition {
    default_val: Option<Value>,
    #[serde(default)]
    choices: Vec<String>,
}

/// What a build waits for.
pub(crate) async fn pending(call: &Call, build: &str, what: &str) -> Result<Vec<Pending>, Error> {
    let actions: Vec<Action> = call.json("wfapi", &format!("{build}/wfapi/pendingInputActions"), what).await?;
    Ok(actions.into_iter().map(|action| Pending { id: action.id, message: action.message, parameters: action.inputs.into_iter().map(parameter).collect(), submitters: Vec::new() }).collect())
}

fn parameter(input: Input) -> Parameter {
    let kind = kind(&input.kind);
    let secret = kind == "password";
    let definition = input.definition.unwrap_or(Definition { default_val: None, choices: Vec::new() });
    let default = definition.default_val.filter(|_| !secret).and_then(|value| match value {
        Value::String(text) => Some(text),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    });
    Parameter { name: input.name, kind, description: input.description.filter(|d| !d.is_empty()), default, choices: definition.choices }
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

    #[test]
    fn the_default_of_a_password_is_never_shown() {
        let body = r#"[{"id":"Go","message":"Go?","inputs":[
            {"type":"PasswordParameterDefinition","name":"PIN","definition":{"defaultVal":"1234"}},
            {"type":"BooleanParameterDefinition","name":"DRY","description":"","definition":{"defaultVal":true}}]}]"#;
        let (call, _) = Script::new().json("/job/x/1/wfapi/pendingInputActions", body).call();
        let found = run(pending(&call, "/job/x/1", "build")).unwrap();
        let defaults: Vec<_> = found[0].parameters.iter().map(|p| (p.kind.as_str(), p.default.as_deref())).collect();
        assert_eq!(defaults, [("password", None), ("boolean", Some("true"))]);
    }
}
