//! Whether clients that know one version of a plugin can go on with another.
//!
//! | change | verdict |
//! |---|---|
//! | a new tool, a new optional parameter, a wider one, a new field of an answer, a new name of an enumeration | fine |
//! | a tool or parameter is gone, a parameter must be given now, takes less or something else | breaks callers |
//! | a field of an answer is gone, may be missing now, or is of another type | breaks readers |
//! | a tool does more to the world than before | breaks the consent that users gave |
//!
//! Judged on the JSON Schemas, because those are what clients have. Texts may change at will.

use super::catalogue::{Catalogue, Tool};
use serde::Serialize;
use serde_json::{Map, Value};

/// What is different in a newer plugin.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Differences {
    /// Tools that only the newer one has.
    pub(crate) added: Vec<String>,
    /// Tools that only the older one has.
    pub(crate) vanished: Vec<String>,
    /// What callers or readers of the older one would stumble over, a sentence each.
    pub(crate) changed: Vec<String>,
}

impl Differences {
    /// Compares two plugins, the older one first.
    pub(crate) fn between(old: &Catalogue, new: &Catalogue) -> Differences {
        let names = |catalogue: &Catalogue, other: &Catalogue| -> Vec<String> {
            let missing = catalogue.tools.iter().filter(|tool| other.get(&tool.mcp_name).is_none());
            missing.map(|tool| tool.mcp_name.clone()).collect()
        };
        let pairs = old.tools.iter().filter_map(|tool| Some((tool, new.get(&tool.mcp_name)?)));
        Differences { added: names(new, old), vanished: names(old, new), changed: pairs.flat_map(|(old, new)| changes(old, new)).collect() }
    }

    /// Whether nobody would notice but by finding more.
    pub(crate) fn are_compatible(&self) -> bool {
        self.vanished.is_empty() && self.changed.is_empty()
    }
}

fn changes(old: &Tool, new: &Tool) -> Vec<String> {
    let mut found = Vec::new();
    if new.effect > old.effect {
        found.push(format!("{}: its effect is {} now, was {}", old.mcp_name, new.effect, old.effect));
    }
    let mut finder = Finder { tool: &old.mcp_name, side: Side::Arguments, found };
    finder.object(&old.input_schema, &new.input_schema, "");
    finder.side = Side::Answer;
    finder.object(&old.output_schema, &new.output_schema, "");
    finder.found
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    /// What the older one took, the newer one must take.
    Arguments,
    /// What the newer one gives, must be what the older one promised.
    Answer,
}

struct Finder<'a> {
    tool: &'a str,
    side: Side,
    found: Vec<String>,
}

impl Finder<'_> {
    fn say(&mut self, path: &str, what: &str) {
        let kind = if self.side == Side::Arguments { "parameter" } else { "answer field" };
        self.found.push(format!("{}: {kind} `{path}` {what}", self.tool));
    }

    fn object(&mut self, old: &Map<String, Value>, new: &Map<String, Value>, path: &str) {
        let properties = |schema: &Map<String, Value>| schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let requires = |schema: &Map<String, Value>, name: &str| {
            schema.get("required").and_then(Value::as_array).is_some_and(|names| names.iter().any(|required| required == name))
        };
        let (before, after) = (properties(old), properties(new));
        for (name, was) in &before {
            let path = join(path, name);
            match after.get(name) {
                None => self.say(&path, "is gone"),
                Some(is) => {
                    if self.side == Side::Answer && requires(old, name) && !requires(new, name) {
                        self.say(&path, "may be missing now");
                    }
                    self.value(was, is, &path);
                }
            }
        }
        if self.side == Side::Arguments {
            for name in after.keys().filter(|name| requires(new, name) && !requires(old, name)) {
                self.say(&join(path, name), "must be given now");
            }
        }
    }

    fn value(&mut self, was: &Value, is: &Value, path: &str) {
        let kind = |schema: &Value| schema.get("type").cloned();
        if kind(was) != kind(is) {
            self.say(path, "is of another type");
            return;
        }
        match (was.as_object(), is.as_object()) {
            (Some(was), Some(is)) if was.contains_key("properties") => self.object(was, is, path),
            (Some(was), Some(is)) => {
                if let (Some(was), Some(is)) = (was.get("items"), is.get("items")) {
                    self.value(was, is, &format!("{path}[]"));
                }
                self.names(was, is, path);
                let rest = |schema: &Map<String, Value>| {
                    let known = ["type", "items", "enum", "description"];
                    schema
                        .iter()
                        .filter(|(key, _)| !known.contains(&key.as_str()))
                        .map(|(k, v)| (k.clone(), v.clone()))
                        .collect::<Map<_, _>>()
                };
                if rest(was) != rest(is) {
                    self.say(path, "takes or gives other values");
                }
            }
            _ => {}
        }
    }

    /// A caller must be able to use every name that there was; a reader has to expect new ones anyway.
    fn names(&mut self, was: &Map<String, Value>, is: &Map<String, Value>, path: &str) {
        let Some(allowed) = is.get("enum").and_then(Value::as_array).filter(|_| self.side == Side::Arguments) else { return };
        match was.get("enum").and_then(Value::as_array) {
            None => self.say(path, "takes certain names only now"),
            Some(before) => {
                let gone: Vec<&str> = before.iter().filter(|name| !allowed.contains(name)).filter_map(Value::as_str).collect();
                if !gone.is_empty() {
                    self.say(path, &format!("no longer takes {}", gone.join(", ")));
                }
            }
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::{Effect, Offers};
    use serde_json::json;
    use std::sync::Arc;

    fn object(value: Value) -> Arc<Map<String, Value>> {
        let Value::Object(map) = value else { panic!("no object") };
        Arc::new(map)
    }

    fn tool(name: &str) -> Tool {
        Tool {
            name: name.to_owned(),
            mcp_name: name.to_owned(),
            description: String::new(),
            effect: Effect::Read,
            toolset: "all".to_owned(),
            off_by_default: false,
            params: vec![],
            input_schema: object(json!({
                "type": "object",
                "properties": {
                    "job": {"type": "string", "description": "which"},
                    "format": {"type": "string", "enum": ["short", "full"]},
                    "limits": {"type": "array", "items": {"type": "integer", "minimum": 0}},
                },
                "required": ["job"],
                "additionalProperties": false,
            })),
            output_schema: object(json!({
                "type": "object",
                "properties": {
                    "number": {"type": "integer", "minimum": 0},
                    "state": {"type": "string", "enum": ["red", "green"]},
                    "stages": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
                },
                "required": ["number", "stages"],
            })),
        }
    }

    /// What changes when the schemas of a tool are edited at these places.
    fn edited(edits: &[(&str, Value)]) -> Vec<String> {
        let mut schemas = json!({"in": *tool("get").input_schema, "out": *tool("get").output_schema});
        for (pointer, value) in edits {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            let parent = schemas.pointer_mut(parent).unwrap().as_object_mut().unwrap();
            if value.is_null() {
                parent.remove(key)
            } else {
                parent.insert(key.to_owned(), value.clone())
            };
        }
        let new = Tool { input_schema: object(schemas["in"].take()), output_schema: object(schemas["out"].take()), ..tool("get") };
        changes(&tool("get"), &new)
    }

    #[test]
    fn more_is_fine() {
        let none: Vec<String> = vec![];
        assert_eq!(edited(&[]), none);
        assert_eq!(edited(&[("/in/properties/since", json!({"type": "string"}))]), none);
        assert_eq!(edited(&[("/in/properties/format/enum", json!(["full", "ids", "short"]))]), none);
        assert_eq!(edited(&[("/in/properties/job/description", json!("which one"))]), none);
        assert_eq!(edited(&[("/in/required", Value::Null)]), none);
        assert_eq!(
            edited(&[("/out/properties/url", json!({"type": "string"})), ("/out/required", json!(["number", "stages", "url"]))]),
            none
        );
        assert_eq!(edited(&[("/out/properties/state/enum", json!(["red", "green", "blue"]))]), none);
    }

    #[test]
    fn what_callers_stumble_over_is_told() {
        assert_eq!(edited(&[("/in/properties/format", Value::Null)]), ["get: parameter `format` is gone"]);
        assert_eq!(edited(&[("/in/required", json!(["job", "format"]))]), ["get: parameter `format` must be given now"]);
        assert_eq!(edited(&[("/in/properties/format/enum", json!(["full"]))]), ["get: parameter `format` no longer takes short"]);
        assert_eq!(edited(&[("/in/properties/job", json!({"type": "integer"}))]), ["get: parameter `job` is of another type"]);
        assert_eq!(
            edited(&[("/in/properties/job", json!({"type": "string", "enum": ["a"]}))]),
            ["get: parameter `job` takes certain names only now"]
        );
        assert_eq!(edited(&[("/in/properties/limits/items", json!({"type": "string"}))]), ["get: parameter `limits[]` is of another type"]);
    }

    #[test]
    fn what_readers_stumble_over_is_told() {
        assert_eq!(edited(&[("/out/properties/state", Value::Null)]), ["get: answer field `state` is gone"]);
        assert_eq!(edited(&[("/out/required", json!(["stages"]))]), ["get: answer field `number` may be missing now"]);
        assert_eq!(edited(&[("/out/properties/stages/items/properties", json!({}))]), ["get: answer field `stages[].name` is gone"]);
    }

    #[test]
    fn tools_that_come_go_or_do_more_are_named() {
        let catalogue = |tools: Vec<Tool>| Catalogue {
            instructions: String::new(),
            honours: std::collections::BTreeSet::new(),
            tools,
            offers: Offers::default(),
        };
        let writing = Tool { effect: Effect::Write, ..tool("get") };
        let found = Differences::between(&catalogue(vec![tool("get"), tool("old")]), &catalogue(vec![writing, tool("new")]));
        assert_eq!((found.added.as_slice(), found.vanished.as_slice()), (&["new".to_owned()][..], &["old".to_owned()][..]));
        assert_eq!(found.changed, ["get: its effect is write now, was read"]);
        assert!(!found.are_compatible());
        assert!(Differences::between(&catalogue(vec![tool("get")]), &catalogue(vec![tool("get"), tool("new")])).are_compatible());
    }
}
