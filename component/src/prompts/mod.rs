//! Prompts: texts that lead a model through the tools in the right order.
//!
//! Nothing here asks Jenkins, but completing a job's or a build's name does. An argument that is not known, missing or
//! longer than [`MAX_CHARS`] is `invalid-params` and names the right ones.

mod data;
mod fill;

use self::data::{Definition, PROMPTS};
use crate::bindings::exports::jankins::plugin::prompts::{Conversation, Message, Prompt, PromptArgument, Role};
use crate::bindings::jankins::plugin::common::{Argument, Completion};
use crate::call::Call;
use crate::complete;
use crate::error::Error;
use crate::jenkins::jobs::closest;

/// Longest argument: a prompt is an order, not a document.
const MAX_CHARS: usize = 2_000;

/// All of them.
pub(crate) fn list() -> Vec<Prompt> {
    PROMPTS.iter().map(listed).collect()
}

fn listed(prompt: &Definition) -> Prompt {
    let argument = |a: &data::Parameter| PromptArgument {
        name: a.name.to_owned(),
        title: None,
        description: Some(a.description.to_owned()),
        required: a.required,
    };
    Prompt {
        name: prompt.name.to_owned(),
        title: Some(prompt.title.to_owned()),
        description: Some(prompt.description.to_owned()),
        arguments: prompt.arguments.iter().map(argument).collect(),
        tools: prompt.tools.iter().map(|&tool| tool.to_owned()).collect(),
    }
}

/// One of them, with its arguments put in.
///
/// # Errors
/// An unknown prompt, or arguments that are not its own.
pub(crate) fn get(name: &str, arguments: &[Argument]) -> Result<Conversation, Error> {
    let prompt = find(name)?;
    let given: Vec<(&str, &str)> =
        arguments.iter().map(|a| (a.name.as_str(), a.value.trim())).filter(|(_, value)| !value.is_empty()).collect();
    for (argument, value) in &given {
        if !prompt.arguments.iter().any(|a| a.name == *argument) {
            return Err(unknown_argument(prompt, argument));
        }
        if value.chars().count() > MAX_CHARS {
            return Err(Error::invalid(format!("{argument} is too long"), format!("At most {MAX_CHARS} characters.")));
        }
    }
    let value = |name: &str| given.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
    if let Some(missing) = prompt.arguments.iter().find(|a| a.required && value(a.name).is_none()) {
        return Err(Error::invalid(format!("{name} needs the argument {}", missing.name), format!("{}.", missing.description)));
    }
    let text = fill::fill(prompt.text, &value);
    Ok(Conversation { description: Some(prompt.description.to_owned()), messages: vec![Message { role: Role::User, text }] })
}

/// Values for an argument that was begun. Which ones goes by the argument's name, which means the same in all prompts.
///
/// # Errors
/// When Jenkins had to be asked and does not answer.
pub(crate) async fn complete(call: &Call, prompt: &str, begun: &Argument, others: &[Argument]) -> Result<Completion, Error> {
    match find(prompt)?.arguments.iter().any(|a| a.name == begun.name) {
        true => complete::complete(call, begun, others).await,
        false => Ok(complete::none()),
    }
}

fn find(name: &str) -> Result<&'static Definition, Error> {
    PROMPTS.iter().find(|prompt| prompt.name == name).ok_or_else(|| {
        let names: Vec<&str> = PROMPTS.iter().map(|p| p.name).collect();
        Error::invalid(format!("there is no prompt {name:?}"), format!("The prompts are {}.", names.join(", ")))
    })
}

fn unknown_argument(prompt: &Definition, name: &str) -> Error {
    let names: Vec<&str> = prompt.arguments.iter().map(|a| a.name).collect();
    let hint = match closest(name, names.iter().copied()).first() {
        Some(meant) => format!("Did you mean {meant}?"),
        None => format!("It takes {}.", names.join(", ")),
    };
    Error::invalid(format!("{} has no argument {name:?}", prompt.name), hint)
}

#[cfg(test)]
mod tests;
