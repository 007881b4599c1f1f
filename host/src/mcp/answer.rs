//! How an outcome looks on the wire.
//!
//! | part | an answer | a failure |
//! |---|---|---|
//! | `content` | the plugin's text | `code: message`, then `hint: …`, `next: …`, one per line |
//! | `structuredContent` | the plugin's record | `{"error": {…}}`, without nulls |
//! | `_meta` | `jankins/answer` | – |
//! | `isError` | – | true |

use rmcp::model::CallToolResult;
use rmcp::model::ContentBlock;
use rmcp::model::MetaObject;
use serde_json::Value;
use serde_json::json;

use super::tools::ERROR;
use crate::plugin::Answer;
use crate::plugin::Failure;
use crate::plugin::Outcome;

/// Where the facts about an answer stand in `_meta`.
pub(super) const ANSWER_META: &str = "jankins/answer";

/// The result of a finished call.
pub(super) fn result(outcome: Outcome) -> CallToolResult {
    match outcome {
        Outcome::Answer(answer) => answered(answer),
        Outcome::Failed(failure) => failed(&failure),
    }
}

fn answered(answer: Answer) -> CallToolResult {
    let mut result = CallToolResult::structured(answer.structured);
    // `structured` puts a second copy of the JSON there; the plugin's text says the same in a fraction of the tokens.
    result.content = vec![ContentBlock::text(answer.text)];
    if answer.meta.as_object().is_some_and(|meta| !meta.is_empty()) {
        let mut meta = MetaObject::new();
        meta.0.insert(ANSWER_META.to_owned(), answer.meta);
        result.meta = Some(meta);
    }
    result
}

/// A failure, for a model that wants to know what to do next.
pub(super) fn failed(failure: &Failure) -> CallToolResult {
    let mut result = CallToolResult::error(vec![ContentBlock::text(readable(failure))]);
    let error = serde_json::to_value(failure).unwrap_or(Value::Null);
    result.structured_content = Some(json!({ ERROR: error }));
    result
}

/// The failure in lines.
pub(crate) fn readable(failure: &Failure) -> String {
    let mut lines = vec![format!("{}: {}", failure.code, failure.message)];
    lines.extend(failure.hint.iter().map(|hint| format!("hint: {hint}")));
    lines.extend(failure.next_actions.iter().map(|action| format!("next: {action}")));
    lines.extend(failure.retry_after_ms.map(|ms| format!("retry after: {} s", f64::from(ms) / 1_000.0)));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure() -> Failure {
        Failure {
            code: "not-found".to_owned(),
            message: "no job `x`".to_owned(),
            hint: Some("names are case-sensitive".to_owned()),
            next_actions: vec!["call list_things".to_owned()],
            retry_after_ms: Some(3_000),
            upstream_status: None,
            correlation_id: "c-1".to_owned(),
        }
    }

    #[test]
    fn a_failure_reads_as_lines_and_as_a_record_without_nulls() {
        let wire = serde_json::to_value(failed(&failure())).unwrap();
        assert_eq!(wire["isError"], true);
        assert_eq!(
            wire["content"][0]["text"],
            "not-found: no job `x`\nhint: names are case-sensitive\nnext: call list_things\nretry after: 3 s"
        );
        assert_eq!(
            wire["structuredContent"],
            json!({"error": {
                "code": "not-found",
                "message": "no job `x`",
                "hint": "names are case-sensitive",
                "next_actions": ["call list_things"],
                "retry_after_ms": 3_000,
                "correlation_id": "c-1",
            }})
        );
    }

    #[test]
    fn an_answer_is_its_text_once_its_record_and_its_meta() {
        let outcome = Outcome::Answer(Answer {
            text: "one line".to_owned(),
            structured: json!({"thing": 1}),
            meta: json!({"correlation_id": "c-1"}),
        });
        let wire = serde_json::to_value(result(outcome)).unwrap();
        assert_eq!(wire["content"], json!([{"type": "text", "text": "one line"}]));
        assert_eq!(wire["structuredContent"], json!({"thing": 1}));
        assert_eq!(wire["_meta"], json!({"jankins/answer": {"correlation_id": "c-1"}}));
        assert_ne!(wire["isError"], true);
    }

    #[test]
    fn an_answer_without_facts_about_itself_has_no_meta() {
        let outcome = Outcome::Answer(Answer { text: String::new(), structured: json!({}), meta: json!({}) });
        let wire = serde_json::to_value(result(outcome)).unwrap();
        assert!(wire.get("_meta").is_none());
    }
}
