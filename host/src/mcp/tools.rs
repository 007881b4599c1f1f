//! Tools as MCP lists them.
//!
//! The schemas are the plugin's own, with two additions. A tool that destroys something takes `confirm`, for clients
//! that cannot ask their user (see [`super::confirm`]). And every result may be `{"error": …}` instead: structured
//! content has to match the output schema, and widespread clients (the TypeScript SDK up to 1.x) check that of
//! failures too and show their model a complaint about the schema in place of the error.

use std::sync::Arc;

use rmcp::model::JsonObject;
use rmcp::model::Tool as Listed;
use rmcp::model::ToolAnnotations;
use serde_json::Value;
use serde_json::json;

use crate::plugin::Effect;
use crate::plugin::Tool;

/// The argument that stands for a user's consent.
pub(super) const CONFIRM: &str = "confirm";

/// What a failure stands under in structured content.
pub(super) const ERROR: &str = "error";

const ERROR_DOC: &str = "Instead of everything else, when the call failed.";
const CONFIRM_DOC: &str = "true only after the user agreed to this very action";

/// The tool as clients see it.
pub(super) fn listed(tool: &Tool) -> Listed {
    let title = title(&tool.mcp_name);
    Listed::new(tool.mcp_name.clone(), tool.description.clone(), input_schema(tool))
        .with_title(title.clone())
        .with_raw_output_schema(output_schema(tool))
        .with_annotations(annotations(tool.effect, title))
}

/// Clients older than `title` on a tool look for it among the annotations.
fn annotations(effect: Effect, title: String) -> ToolAnnotations {
    ToolAnnotations::with_title(title)
        .read_only(effect == Effect::Read)
        .destructive(effect == Effect::Destructive)
        .idempotent(effect == Effect::Read)
        .open_world(true)
}

fn input_schema(tool: &Tool) -> Arc<JsonObject> {
    if !takes_confirmation(tool) {
        return Arc::clone(&tool.input_schema);
    }
    let mut schema = tool.input_schema.as_ref().clone();
    let properties = schema.entry("properties").or_insert_with(|| json!({}));
    if let Value::Object(properties) = properties {
        properties.insert(CONFIRM.to_owned(), json!({"type": "boolean", "description": CONFIRM_DOC}));
    }
    Arc::new(schema)
}

/// What the plugin's record requires, or an error.
fn output_schema(tool: &Tool) -> Arc<JsonObject> {
    let mut schema = tool.output_schema.as_ref().clone();
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.entry(ERROR).or_insert_with(|| json!({"type": "object", "description": ERROR_DOC}));
    }
    if let Some(required) = schema.remove("required") {
        schema.insert("anyOf".to_owned(), json!([{"required": required}, {"required": [ERROR]}]));
    }
    Arc::new(schema)
}

/// Whether the host adds the argument `confirm`. It does not if the plugin has one of its own by that name.
pub(super) fn takes_confirmation(tool: &Tool) -> bool {
    tool.effect == Effect::Destructive && !tool.params.iter().any(|param| param.name == CONFIRM)
}

/// `read_thing` as a person would write it.
fn title(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::scripted::catalogue;

    fn list() -> Vec<Value> {
        catalogue().tools.iter().map(|tool| serde_json::to_value(listed(tool)).unwrap()).collect()
    }

    #[test]
    fn the_effect_decides_the_annotations() {
        let hints: Vec<Value> = list().into_iter().map(|tool| tool["annotations"].clone()).collect();
        let expected = |title, read_only, destructive| {
            json!({
                "title": title,
                "readOnlyHint": read_only,
                "destructiveHint": destructive,
                "idempotentHint": read_only,
                "openWorldHint": true,
            })
        };
        assert_eq!(hints[0], expected("Read thing", true, false));
        assert_eq!(hints[1], expected("Add thing", false, false));
        assert_eq!(hints[2], expected("Drop thing", false, true));
    }

    #[test]
    fn a_failure_conforms_to_the_output_schema_and_an_answer_keeps_its_required_fields() {
        let schema = &list()[0]["outputSchema"];
        assert_eq!(schema["type"], "object");
        assert_eq!(schema["properties"]["thing"]["type"], "string");
        assert_eq!(schema["properties"]["error"]["type"], "object");
        assert_eq!(schema["anyOf"], json!([{"required": ["thing"]}, {"required": ["error"]}]));
        assert!(schema.get("required").is_none());
    }

    #[test]
    fn only_what_destroys_takes_a_confirmation_and_never_requires_it() {
        let list = list();
        assert!(list[0]["inputSchema"]["properties"].get(CONFIRM).is_none());
        assert!(list[1]["inputSchema"]["properties"].get(CONFIRM).is_none());
        assert_eq!(list[2]["inputSchema"]["properties"][CONFIRM]["type"], "boolean");
        assert_eq!(list[2]["inputSchema"]["required"], json!(["name"]));
        assert_eq!(list[2]["inputSchema"]["additionalProperties"], false);
    }
}
