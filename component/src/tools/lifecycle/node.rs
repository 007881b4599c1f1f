//! `set-node-offline`.

use super::Change;
use crate::answer;
use crate::bindings::jankins::plugin::types::StateChange;
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::jobs::closest;
use crate::jenkins::{encode, lifecycle, nodes};
use crate::json::record;
use crate::text::names;

/// Segments of the controller's own node in addresses, newest first.
const BUILT_IN_SEGMENTS: [&str; 2] = ["(built-in)", "(master)"];

record! {
    struct Node {
        offline: bool,
        temporarily_offline: bool,
        offline_cause_reason: Option<String>,
    }
}

impl Node {
    fn state(&self, call: &Call) -> String {
        let why = self
            .offline_cause_reason
            .as_deref()
            .filter(|r| !r.is_empty() && self.offline)
            .map(|r| format!(": {}", answer::quote(call, r)))
            .unwrap_or_default();
        match (self.temporarily_offline, self.offline) {
            (true, _) => format!("taken offline{why}"),
            (false, true) => format!("not connected{why}"),
            (false, false) => "online".to_owned(),
        }
    }
}

/// `set-node-offline`.
pub(crate) async fn set_node_offline(call: &Call, node: String, offline: bool, reason: Option<String>) -> Result<StateChange, Error> {
    let name = node.trim();
    let (segment, before) = find(call, name).await?;
    let target = format!("node {}", names::shown(name));
    if before.temporarily_offline == offline {
        let state = before.state(call);
        let unconnected = !offline && before.offline;
        let notes = if unconnected {
            vec!["nobody took it offline: its agent is not connected, which this cannot change".to_owned()]
        } else {
            Vec::new()
        };
        return Ok(Change { target, before: state.clone(), after: state, notes, next: None }.record(call));
    }
    let reason = if offline { reason.unwrap_or_default() } else { String::new() };
    lifecycle::toggle_node(call, &segment, &reason).await?;
    let after = read(call, &segment).await?;
    if after.temporarily_offline != offline {
        // The form only toggles: two that do so at once undo each other.
        return Err(Error::Conflict(format!("{target} is {}: somebody switched it at the same time", after.state(call))));
    }
    let notes = if offline { vec!["builds on it go on; it takes no new ones".to_owned()] } else { Vec::new() };
    Ok(Change { target, before: before.state(call), after: after.state(call), notes, next: None }.record(call))
}

/// The node's segment in addresses, and its state.
async fn find(call: &Call, name: &str) -> Result<(String, Node), Error> {
    if name.is_empty() {
        return Err(Error::invalid("node is empty", "list_nodes shows their names."));
    }
    let segments: Vec<&str> = if nodes::is_built_in_name(name) { BUILT_IN_SEGMENTS.to_vec() } else { vec![name] };
    for segment in segments {
        match read(call, segment).await {
            Err(Error::NotFound { .. }) => {}
            other => return Ok((segment.to_owned(), other?)),
        }
    }
    Err(unknown(call, name).await)
}

async fn read(call: &Call, segment: &str) -> Result<Node, Error> {
    let object = format!("/computer/{}", encode::segment(segment));
    call.tree("node", &object, "offline,temporarilyOffline,offlineCauseReason", &format!("node {}", names::shown(segment))).await
}

async fn unknown(call: &Call, name: &str) -> Error {
    record! {
        struct Nodes {
            computer: Vec<Named>,
        }
        struct Named {
            display_name: String => required,
        }
    }
    let what = format!("node {}", names::shown(name));
    let Ok(all) = call.tree::<Nodes>("nodes", "/computer", "computer[displayName]", "the nodes").await else {
        return Error::not_found(what, &["list_nodes"]);
    };
    let known: Vec<&str> = all.computer.iter().map(|n| n.display_name.as_str()).collect();
    let near = closest(name, known.iter().copied());
    let next = near.first().map_or_else(|| "list_nodes".to_owned(), |near| format!("did you mean {}?", names::shown(near)));
    Error::NotFound { what, next: vec![next] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Script, json, run};

    const ONLINE: &str = r#"{"offline":false,"offlineCauseReason":"","temporarilyOffline":false}"#;
    const TAKEN: &str = r#"{"offline":true,"offlineCauseReason":"kernel update","temporarilyOffline":true}"#;
    const LOST: &str = r#"{"offline":true,"offlineCauseReason":"","temporarilyOffline":false}"#;

    fn toggled() -> Answer {
        Answer::Http(302, vec![("Location", "/computer/linux-1/".into())], Vec::new())
    }

    #[test]
    fn a_node_is_taken_offline_with_the_reason() {
        let script = Script::new().turns("GET /computer/linux-1/", vec![json(ONLINE), json(TAKEN)]);
        let (call, script) = script.on("POST /computer/linux-1/toggleOffline?offlineMessage=kernel%20update", toggled()).call();
        let answer = run(set_node_offline(&call, "linux-1".into(), true, Some("kernel update".into()))).unwrap();
        assert!(answer.text.starts_with("node linux-1: taken offline: \"kernel update\", was online\n"), "{}", answer.text);
        assert_eq!(script.requests().len(), 3);
    }

    #[test]
    fn a_toggle_is_never_sent_to_a_node_that_is_so_already() {
        let (call, script) = Script::new().json("/computer/linux-1/", TAKEN).call();
        assert!(!run(set_node_offline(&call, "linux-1".into(), true, None)).unwrap().changed);
        assert_eq!(script.requests().len(), 1);
        let (call, _) = Script::new().json("/computer/linux-2/", LOST).call();
        let answer = run(set_node_offline(&call, "linux-2".into(), false, None)).unwrap();
        assert!(!answer.changed && answer.text.contains("not connected"), "{}", answer.text);
    }

    #[test]
    fn two_that_toggle_at_once_are_noticed() {
        let (call, _) = Script::new().json("/computer/linux-1/", ONLINE).on("POST /computer/linux-1/toggleOffline", toggled()).call();
        assert_eq!(run(set_node_offline(&call, "linux-1".into(), true, None)).unwrap_err().code(), "conflict");
    }

    #[test]
    fn the_controllers_own_node_goes_by_its_old_and_new_names() {
        let (call, script) = Script::new().json("/computer/%28master%29/", TAKEN).call();
        assert!(!run(set_node_offline(&call, "Built-In Node".into(), true, None)).unwrap().changed);
        assert_eq!(script.requests().len(), 2);
    }

    #[test]
    fn an_unknown_node_is_answered_with_the_closest() {
        let (call, _) =
            Script::new().json("/computer/api/json", r#"{"computer":[{"displayName":"Built-In Node"},{"displayName":"linux-1"}]}"#).call();
        let record = run(set_node_offline(&call, "linux1".into(), true, None)).unwrap_err().into_tool_error(String::new());
        assert_eq!((record.code.as_str(), record.next_actions[0].as_str()), ("not-found", "did you mean linux-1?"));
    }
}
