//! Build parameters: what a job declares, and what a request makes of it.

use super::{paths::Target, store::Store};
use serde_json::{Value, json};

/// Why a request cannot become a build.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadParameters {
    /// A choice that the job does not offer: an exception inside Jenkins.
    Exception,
}

/// The parameter definitions of a job; empty when it takes none.
pub(crate) fn definitions(store: &Store, job: &str) -> Vec<Value> {
    let properties = store.field(job, "property").and_then(Value::as_array).into_iter().flatten();
    properties.filter_map(|property| property.get("parameterDefinitions")?.as_array()).flatten().cloned().collect()
}

/// The values for a build: as given, or by default. What is not declared is ignored.
pub(crate) fn values(definitions: &[Value], given: &[(String, String)]) -> Result<Vec<Value>, BadParameters> {
    definitions.iter().map(|definition| value(definition, given)).collect()
}

fn value(definition: &Value, given: &[(String, String)]) -> Result<Value, BadParameters> {
    let name = text(definition, "name");
    let given = given.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let kind = text(definition, "type");
    let default = definition.get("defaultParameterValue").cloned();
    let Some(given) = given else {
        return Ok(default.unwrap_or_else(|| json!({"_class": class(kind), "name": name})));
    };
    Ok(match kind {
        "BooleanParameterDefinition" => {
            json!({"_class": class(kind), "name": name, "value": given == "true" || given == "on"})
        }
        "PasswordParameterDefinition" => json!({"_class": class(kind), "name": name}),
        "RunParameterDefinition" => {
            let (job, number) = given.split_once('#').unwrap_or((given, ""));
            json!({"_class": class(kind), "name": name, "jobName": job, "number": number})
        }
        "ChoiceParameterDefinition" => {
            let choices = definition.get("choices").and_then(Value::as_array);
            if !choices.into_iter().flatten().any(|choice| choice == given) {
                return Err(BadParameters::Exception);
            }
            json!({"_class": class(kind), "name": name, "value": given})
        }
        _ => json!({"_class": class(kind), "name": name, "value": given}),
    })
}

fn class(kind: &str) -> String {
    match kind {
        "ChoiceParameterDefinition" => "hudson.model.StringParameterValue".to_owned(),
        kind => format!("hudson.model.{}", kind.replace("Definition", "Value")),
    }
}

/// The `params` text of a queue item.
pub(crate) fn summary(values: &[Value]) -> String {
    let mut summary = String::new();
    for value in values {
        let shown = match value.get("value") {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None if value.get("jobName").is_some() => {
                format!("{} #{}", text(value, "jobName"), text(value, "number"))
            }
            None => "****".to_owned(),
        };
        summary.push_str(&format!("\n{}={shown}", text(value, "name")));
    }
    summary
}

/// What a request gives: its query, then its form.
pub(crate) fn given(target: &Target, form: &[(String, String)]) -> Vec<(String, String)> {
    target.query().iter().chain(form).cloned().collect()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice() -> Vec<Value> {
        vec![
            json!({"name": "TARGET", "type": "ChoiceParameterDefinition", "choices": ["a", "b"],
                "defaultParameterValue": {"name": "TARGET", "value": "a"}}),
            json!({"name": "KEY", "type": "PasswordParameterDefinition"}),
        ]
    }

    #[test]
    fn a_choice_that_is_not_offered_is_an_exception() {
        let given = [("TARGET".to_owned(), "moon".to_owned())];
        assert_eq!(values(&choice(), &given), Err(BadParameters::Exception));
    }

    #[test]
    fn a_password_never_shows() {
        let given = [("KEY".to_owned(), "hunter2".to_owned()), ("OTHER".to_owned(), "x".to_owned())];
        let values = values(&choice(), &given).unwrap();
        assert_eq!(summary(&values), "\nTARGET=a\nKEY=****");
        assert!(!json!(values).to_string().contains("hunter2"));
    }
}
