//! The question, its binding to one call, and what counts as a yes.

use rmcp::model::ElicitRequestParams;
use rmcp::model::ElicitResult;
use rmcp::model::ElicitationAction;
use rmcp::model::InputRequiredResult;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use sha2::Digest as _;
use sha2::Sha256;

use crate::mcp::tools::CONFIRM;
use crate::plugin::Failure;
use crate::plugin::Tool;
use crate::tenant::Caller;

/// Longest value that is shown in a question; longer ones are cut, for they are not what a person decides by.
const MAX_VALUE_CHARS: usize = 200;

/// Whether a call may run.
#[derive(Debug)]
pub(in crate::mcp) enum Consent {
    /// Yes, with these arguments.
    Given(Map<String, Value>),
    /// First the client has to ask.
    Ask(Box<InputRequiredResult>),
    /// No, for this reason.
    Refused(Box<Failure>),
}

/// What a reply has to be about: who asked whom for what, as a digest.
pub(super) fn binding(caller: &Caller, tool: &Tool, arguments: &Map<String, Value>) -> Vec<u8> {
    let mut names: Vec<&String> = arguments.keys().collect();
    names.sort_unstable();
    let mut hash = Sha256::new();
    hash.update(json!([caller.tenant().id(), caller.user(), tool.mcp_name]).to_string());
    for name in names {
        hash.update(json!([name, arguments.get(name)]).to_string());
    }
    hash.finalize().to_vec()
}

/// What the client is to ask its user; nothing if it cannot be put.
pub(super) fn question(tool: &Tool, arguments: &Map<String, Value>) -> Option<ElicitRequestParams> {
    let about: Vec<String> = arguments.iter().map(|(name, value)| format!("{name} = {}", shown(value))).collect();
    let about = if about.is_empty() { String::new() } else { format!(" with {}", about.join(", ")) };
    let params = json!({
        "mode": "form",
        "message": format!("Run {}{about}? This cannot be undone.", tool.mcp_name),
        "requestedSchema": {
            "type": "object",
            "properties": {
                CONFIRM: {"type": "boolean", "title": "Do it", "description": "Run this now", "default": false},
            },
            "required": [CONFIRM],
        },
    });
    serde_json::from_value(params).ok()
}

/// An argument as a person reads it: cut, and with everything escaped that would let it pass for another part of the
/// question (line breaks, and marks that reorder what is displayed).
fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => format!("{text:?}"),
        other => other.to_string(),
    };
    if text.chars().count() <= MAX_VALUE_CHARS {
        return text;
    }
    text.chars().take(MAX_VALUE_CHARS).chain(['…']).collect()
}

/// A yes needs both: the form accepted, and its box ticked.
pub(super) fn judge(reply: Value, tool: &Tool, arguments: Map<String, Value>) -> Consent {
    let Ok(reply) = serde_json::from_value::<ElicitResult>(reply) else {
        return Consent::Refused(Box::new(declined(tool, "the reply is no elicitation result")));
    };
    let agreed = reply.content.as_ref().and_then(|content| content.get(CONFIRM)) == Some(&Value::Bool(true));
    match reply.action {
        ElicitationAction::Accept if agreed => Consent::Given(arguments),
        ElicitationAction::Accept => Consent::Refused(Box::new(declined(tool, "the user did not tick the box"))),
        ElicitationAction::Decline => Consent::Refused(Box::new(declined(tool, "the user said no"))),
        _ => Consent::Refused(Box::new(declined(tool, "the user closed the question"))),
    }
}

/// For a client that cannot ask: how to consent.
pub(super) fn unconfirmed(tool: &Tool) -> Failure {
    Failure {
        hint: Some("this cannot be undone, and this client cannot ask its user by itself".to_owned()),
        next_actions: vec![
            "tell the user what would be done and wait for a clear yes".to_owned(),
            format!("then repeat {} with the same arguments and `confirm: true`", tool.mcp_name),
        ],
        ..Failure::host("confirmation-required", format!("{} needs the user's consent", tool.mcp_name))
    }
}

/// For a model: nothing happened, and why.
pub(super) fn declined(tool: &Tool, why: &str) -> Failure {
    Failure {
        hint: Some("nothing was done; do not try again unless the user asks for it".to_owned()),
        ..Failure::host("confirmation-required", format!("{} was not run: {why}", tool.mcp_name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::scripted::catalogue;

    fn tool() -> Tool {
        catalogue().get("drop_thing").unwrap().clone()
    }

    fn arguments(name: &str) -> Map<String, Value> {
        Map::from_iter([("name".to_owned(), json!(name))])
    }

    #[test]
    fn the_order_of_the_arguments_does_not_matter() {
        let one = Map::from_iter([("a".to_owned(), json!(1)), ("b".to_owned(), json!(2))]);
        let other = Map::from_iter([("b".to_owned(), json!(2)), ("a".to_owned(), json!(1))]);
        let tenant = crate::tenant::scripted::tenant(crate::tenant::scripted::Script::default());
        let caller = Caller::local(tenant);
        assert_eq!(binding(&caller, &tool(), &one), binding(&caller, &tool(), &other));
    }

    #[test]
    fn only_a_ticked_acceptance_is_consent() {
        let consents = |reply| matches!(judge(reply, &tool(), Map::new()), Consent::Given(_));
        assert!(consents(json!({"action": "accept", "content": {"confirm": true}})));
        assert!(!consents(json!({"action": "accept", "content": {"confirm": false}})));
        assert!(!consents(json!({"action": "accept", "content": {"confirm": "true"}})));
        assert!(!consents(json!({"action": "accept"})));
        assert!(!consents(json!({"action": "decline"})));
        assert!(!consents(json!({"action": "cancel"})));
        assert!(!consents(json!("yes")));
    }

    #[test]
    fn the_question_shows_what_it_is_about_on_one_line() {
        let params = question(&tool(), &arguments("a\nb")).unwrap();
        let message = serde_json::to_value(params).unwrap()["message"].as_str().unwrap().to_owned();
        assert_eq!(message, "Run drop_thing with name = \"a\\nb\"? This cannot be undone.");
    }
}
