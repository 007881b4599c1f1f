//! Parameters, checked against what a job or an input asks for before anything is sent.
//!
//! Jenkins itself ignores unknown names, fails with a 500 on a wrong choice, and takes any word but `true` for false. So
//! all of that is refused here, and the message names what would be right. Values of secrets appear nowhere.

use crate::bindings::jankins::plugin::types::ParameterValue;
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::jobs::{Definition, closest};
use crate::jenkins::pipeline;
use crate::text::names;
use crate::tools::builds;

/// Names or choices that a message lists.
const LISTED: usize = 20;

/// What is asked for, whichever of Jenkins' interfaces describes it.
pub(super) struct Asked {
    name: String,
    kind: String,
    choices: Vec<String>,
    /// Shown, hence known, which that of a secret is not.
    default: Option<String>,
    has_default: bool,
    secret: bool,
}

impl From<&Definition> for Asked {
    fn from(definition: &Definition) -> Self {
        Self {
            name: definition.name.clone(),
            kind: definition.kind(),
            choices: definition.choices.clone(),
            default: definition.default_value(),
            has_default: definition.has_default(),
            secret: definition.is_secret(),
        }
    }
}

impl From<&pipeline::Parameter> for Asked {
    fn from(parameter: &pipeline::Parameter) -> Self {
        Self {
            name: parameter.name.clone(),
            kind: parameter.kind.clone(),
            choices: parameter.choices.clone(),
            default: parameter.default.clone(),
            has_default: parameter.default.is_some(),
            secret: parameter.kind.to_ascii_lowercase().contains("password"),
        }
    }
}

impl Asked {
    /// The name that it goes by.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What Jenkins uses when nobody says.
    pub(super) fn default(&self) -> Option<&str> {
        self.default.as_deref()
    }

    /// yes or no, and nothing else.
    pub(super) fn is_boolean(&self) -> bool {
        self.kind == "boolean"
    }

    /// Whether somebody has to say. A file may be left out, a run is the newest of its job, and what a plugin makes of nothing is its
    /// own business.
    fn is_required(&self) -> bool {
        !self.has_default && matches!(self.kind.as_str(), "string" | "text" | "password" | "credentials") && self.choices.is_empty()
    }

    /// The value as Jenkins takes it.
    fn accept(&self, value: &str) -> Result<String, Error> {
        let name = names::shown(&self.name);
        // The choices of a plugin's parameter may depend on others, or be combined with commas.
        if self.kind == "choice" && !self.choices.is_empty() && !self.choices.iter().any(|c| c == value) {
            return Err(Error::invalid(
                format!("{} is no choice of parameter {name}", names::shown(value)),
                format!("Choices: {}.", listed(self.choices.iter().map(String::as_str))),
            ));
        }
        match self.kind.as_str() {
            "boolean" => match value.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => Ok("true".into()),
                "false" | "no" | "off" | "0" => Ok("false".into()),
                _ => Err(Error::invalid(
                    format!("{} is no boolean for parameter {name}", names::shown(value)),
                    format!("Use {}=true or {}=false.", self.name, self.name),
                )),
            },
            "run" if !value.contains('#') => {
                Err(Error::invalid(format!("parameter {name} names a build"), format!("Write {}=job#number.", self.name)))
            }
            "file" => Err(Error::invalid(
                format!("parameter {name} is a file, which cannot be sent from here"),
                "Leave it out: the build then runs without it.",
            )),
            _ => Ok(value.to_owned()),
        }
    }
}

/// `NAME=value` pairs as a caller gives them, checked; in the order given.
///
/// # Errors
/// [`Error::Invalid`] for the first that does not fit, naming what would.
pub(super) fn check(asked: &[Asked], given: &[String], of: &str) -> Result<Vec<(String, String)>, Error> {
    let mut values: Vec<(String, String)> = Vec::new();
    for (at, pair) in given.iter().enumerate() {
        let Some((name, value)) = pair.split_once('=') else {
            // It may be the value of a secret: it is not repeated.
            return Err(Error::invalid(
                format!("item {} of parameters has no name", at + 1),
                "Each is NAME=value; the value may be empty.",
            ));
        };
        let name = name.trim();
        if asked.is_empty() {
            return Err(Error::invalid(
                format!("{of} takes no parameters, but {} was given", names::shown(name)),
                "Call again without parameters; a pipeline knows those of its Jenkinsfile only after its first build.",
            ));
        }
        let Some(one) = asked.iter().find(|a| a.name == name) else {
            return Err(unknown(asked, name, of));
        };
        if values.iter().any(|(n, _)| n == name) {
            return Err(Error::invalid(format!("parameter {} is given twice", names::shown(name)), "Give each parameter once."));
        }
        values.push((name.to_owned(), one.accept(value)?));
    }
    let missing: Vec<&str> =
        asked.iter().filter(|a| a.is_required() && !values.iter().any(|(n, _)| *n == a.name)).map(Asked::name).collect();
    if !missing.is_empty() {
        let noun = if missing.len() == 1 { "parameter" } else { "parameters" };
        return Err(Error::invalid(format!("{of} needs the {noun} {}", listed(missing)), "They have no default; give each as NAME=value."));
    }
    Ok(values)
}

fn unknown(asked: &[Asked], name: &str, of: &str) -> Error {
    let near = closest(name, asked.iter().map(Asked::name));
    let near = near.first().map(|n| format!("Did you mean {}? ", names::shown(n))).unwrap_or_default();
    Error::invalid(
        format!("{of} has no parameter {}", names::shown(name)),
        format!("{near}Parameters: {}.", listed(asked.iter().map(Asked::name))),
    )
}

/// Values as answers show them.
pub(super) fn shown(call: &Call, asked: &[Asked], values: &[(String, String)]) -> Vec<ParameterValue> {
    let secret = |name: &str| asked.iter().any(|a| a.name == name && a.secret);
    values.iter().map(|(name, value)| builds::parameter(call, name, (!secret(name)).then(|| value.clone()))).collect()
}

fn listed<'a>(all: impl IntoIterator<Item = &'a str>) -> String {
    let all: Vec<&str> = all.into_iter().collect();
    let mut out: Vec<String> = all.iter().take(LISTED).map(|one| names::shown(one)).collect();
    if all.len() > LISTED {
        out.push(format!("and {} more", all.len() - LISTED));
    }
    out.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Script;

    fn asked(name: &str, kind: &str, choices: &[&str], default: Option<&str>) -> Asked {
        let choices = choices.iter().map(|c| (*c).to_owned()).collect();
        Asked {
            name: name.into(),
            kind: kind.into(),
            choices,
            default: default.map(Into::into),
            has_default: default.is_some(),
            secret: kind == "password",
        }
    }

    fn deploy() -> Vec<Asked> {
        vec![
            asked("VERSION", "string", &[], None),
            asked("DRY_RUN", "boolean", &[], Some("false")),
            asked("TARGET", "choice", &["staging", "production"], Some("staging")),
            asked("UNLOCK_CODE", "password", &[], Some("")),
            asked("NIGHTLY", "run", &[], None),
            asked("PATCH", "file", &[], None),
        ]
    }

    fn values(given: &[&str]) -> Result<Vec<(String, String)>, (String, String)> {
        let given: Vec<String> = given.iter().map(|g| (*g).to_owned()).collect();
        check(&deploy(), &given, "deploy").map_err(|error| {
            let record = error.into_tool_error(String::new());
            assert_eq!(record.code, "invalid-params");
            (record.message, record.hint.unwrap_or_default())
        })
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_closest_and_all_there_are() {
        let (message, hint) = values(&["VERSOIN=1"]).unwrap_err();
        assert_eq!(message, "deploy has no parameter VERSOIN");
        assert!(hint.starts_with("Did you mean VERSION? Parameters: VERSION, DRY_RUN, TARGET"), "{hint}");
    }

    #[test]
    fn a_wrong_choice_never_becomes_a_500() {
        let (message, hint) = values(&["VERSION=1", "TARGET=moon"]).unwrap_err();
        assert_eq!((message.as_str(), hint.as_str()), ("moon is no choice of parameter TARGET", "Choices: staging, production."));
    }

    #[test]
    fn booleans_are_words_and_become_what_jenkins_reads() {
        for (word, value) in [("yes", "true"), ("ON", "true"), ("1", "true"), ("False", "false"), ("off", "false")] {
            assert_eq!(values(&["VERSION=1", &format!("DRY_RUN={word}")]).unwrap()[1].1, value);
        }
        assert!(values(&["VERSION=1", "DRY_RUN=maybe"]).unwrap_err().1.contains("DRY_RUN=true"));
    }

    #[test]
    fn what_has_no_default_must_be_given_and_the_rest_need_not() {
        assert_eq!(values(&[]).unwrap_err().0, "deploy needs the parameter VERSION");
        assert_eq!(values(&["VERSION=a=b"]).unwrap(), [("VERSION".to_owned(), "a=b".to_owned())]);
    }

    #[test]
    fn no_value_of_a_secret_is_ever_repeated() {
        let (message, hint) = values(&["hunter2"]).unwrap_err();
        assert!(!message.contains("hunter2") && !hint.contains("hunter2"));
        let (call, _) = Script::new().call();
        let given = values(&["VERSION=1", "UNLOCK_CODE=hunter2"]).unwrap();
        let shown: Vec<_> = super::shown(&call, &deploy(), &given).into_iter().map(|p| (p.name, p.value)).collect();
        assert_eq!(shown, [("VERSION".to_owned(), "1".to_owned()), ("UNLOCK_CODE".to_owned(), "[redacted]".to_owned())]);
    }

    #[test]
    fn files_runs_and_doubles_are_refused_with_what_to_do() {
        assert!(values(&["VERSION=1", "PATCH=x"]).unwrap_err().1.contains("Leave it out"));
        assert!(values(&["VERSION=1", "NIGHTLY=3"]).unwrap_err().1.contains("job#number"));
        assert!(values(&["VERSION=1", "VERSION=2"]).unwrap_err().0.contains("twice"));
        let none = check(&[], &["A=1".to_owned()], "heartbeat").unwrap_err().to_string();
        assert_eq!(none, "heartbeat takes no parameters, but A was given");
    }
}
