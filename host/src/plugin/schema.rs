//! Shapes as JSON Schema 2020-12.
//!
//! Inputs forbid properties that no parameter has, so that a typing error is an error. Outputs do not say so: a
//! newer plugin may add fields. That a number may not be negative only outputs say: inputs are checked anyway, and a
//! model would pay for the words in every parameter that is a number. An optional field is left out rather than null,
//! hence absent from `required`. A float may be missing too, since JSON has no NaN.

use super::catalogue::Param;
use super::shape::{Field, Shape};
use serde_json::{Map, Value, json};

/// The name of the field that carries the text a model reads; the host makes it the content of the answer.
pub(super) const TEXT_FIELD: &str = "text";
/// The name of the field with facts about the answer; the host moves it into `_meta`.
pub(super) const META_FIELD: &str = "meta";
/// Where a result that is no record goes, because structured content must be an object.
pub(super) const VALUE_FIELD: &str = "value";

/// The schema of a tool's arguments.
pub(super) fn input_schema(params: &[Param]) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for param in params {
        let mut schema = shape_schema(param.kind.required(), Direction::Input);
        if let (Some(object), false) = (schema.as_object_mut(), param.description.is_empty()) {
            object.insert("description".into(), param.description.clone().into());
        }
        properties.insert(param.name.clone(), schema);
        if param.required {
            required.push(Value::from(param.name.clone()));
        }
    }
    object_schema(properties, required, Direction::Input)
}

/// The schema of a tool's structured content: its result without the text and meta fields.
pub(super) fn output_schema(result: Option<&Shape>) -> Map<String, Value> {
    match result {
        Some(Shape::Record(fields)) => {
            let facts = fields.iter().filter(|f| f.name != TEXT_FIELD && f.name != META_FIELD);
            fields_schema(facts, Direction::Output)
        }
        Some(other) => {
            let field = Field { wit_name: VALUE_FIELD.into(), name: VALUE_FIELD.into(), shape: other.clone() };
            fields_schema([&field].into_iter(), Direction::Output)
        }
        None => object_schema(Map::new(), Vec::new(), Direction::Output),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Input,
    Output,
}

fn object_schema(properties: Map<String, Value>, required: Vec<Value>, direction: Direction) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".into(), "object".into());
    schema.insert("properties".into(), properties.into());
    if !required.is_empty() {
        schema.insert("required".into(), required.into());
    }
    if direction == Direction::Input {
        schema.insert("additionalProperties".into(), false.into());
    }
    schema
}

fn fields_schema<'a>(fields: impl Iterator<Item = &'a Field>, direction: Direction) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        properties.insert(field.name.clone(), shape_schema(field.shape.required(), direction));
        let may_be_missing = match direction {
            Direction::Input => field.shape.is_optional(),
            Direction::Output => matches!(field.shape, Shape::Option(_) | Shape::Float { .. }),
        };
        if !may_be_missing {
            required.push(Value::from(field.name.clone()));
        }
    }
    object_schema(properties, required, direction)
}

fn shape_schema(shape: &Shape, direction: Direction) -> Value {
    match shape {
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Integer { signed: false, .. } if direction == Direction::Output => json!({"type": "integer", "minimum": 0}),
        Shape::Integer { .. } => json!({"type": "integer"}),
        Shape::Float { .. } => json!({"type": "number"}),
        Shape::Char => json!({"type": "string", "minLength": 1, "maxLength": 1}),
        Shape::Text => json!({"type": "string"}),
        Shape::List(of) => {
            json!({"type": "array", "items": shape_schema(of.required(), direction)})
        }
        Shape::Record(fields) => fields_schema(fields.iter(), direction).into(),
        Shape::Tuple(shapes) => {
            let items: Vec<Value> = shapes.iter().map(|s| nullable(s, direction)).collect();
            json!({"type": "array", "prefixItems": items, "items": false})
        }
        Shape::Variant(cases) => {
            let cases: Vec<Value> = cases.iter().map(|(name, payload)| case_schema(name, payload.as_ref(), direction)).collect();
            json!({"oneOf": cases})
        }
        Shape::Enum(names) => json!({"type": "string", "enum": names}),
        Shape::Option(inner) => shape_schema(inner, direction),
        Shape::Result(ok, err) => json!({"oneOf": [
            case_schema("ok", ok.as_deref(), direction),
            case_schema("error", err.as_deref(), direction),
        ]}),
        Shape::Flags(names) => {
            json!({"type": "array", "items": {"type": "string", "enum": names}, "uniqueItems": true})
        }
    }
}

/// A place in a tuple cannot be left out, so there and only there an absent value is null.
fn nullable(shape: &Shape, direction: Direction) -> Value {
    match shape {
        Shape::Option(inner) => {
            json!({"anyOf": [shape_schema(inner, direction), {"type": "null"}]})
        }
        Shape::Float { .. } => json!({"type": ["number", "null"]}),
        other => shape_schema(other, direction),
    }
}

fn case_schema(name: &str, payload: Option<&Shape>, direction: Direction) -> Value {
    let mut properties = Map::new();
    properties.insert("kind".into(), json!({"const": name}));
    let mut required = vec![Value::from("kind")];
    if let Some(payload) = payload {
        properties.insert(VALUE_FIELD.into(), shape_schema(payload.required(), direction));
        if !matches!(payload, Shape::Option(_) | Shape::Float { .. }) {
            required.push(VALUE_FIELD.into());
        }
    }
    object_schema(properties, required, direction).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, shape: Shape) -> Field {
        Field { wit_name: name.replace('_', "-"), name: name.into(), shape }
    }

    const COUNT: Shape = Shape::Integer { signed: false, bits: 32 };

    #[test]
    fn text_and_meta_are_no_part_of_the_structured_content() {
        let result = Shape::Record(vec![
            field("text", Shape::Text),
            field("book_number", COUNT),
            field("cause", Shape::Option(Box::new(Shape::Text))),
            field("meta", Shape::Record(vec![])),
        ]);
        let schema = Value::from(output_schema(Some(&result)));
        assert_eq!(
            schema,
            json!({
                "type": "object",
                "properties": {"book_number": {"type": "integer", "minimum": 0}, "cause": {"type": "string"}},
                "required": ["book_number"],
            })
        );
    }

    #[test]
    fn a_result_that_is_no_record_is_wrapped_into_an_object() {
        let schema = Value::from(output_schema(Some(&Shape::Text)));
        assert_eq!(schema, json!({"type": "object", "properties": {"value": {"type": "string"}}, "required": ["value"]}));
    }

    #[test]
    fn a_variant_names_its_case_and_carries_its_payload() {
        let variant = Shape::Variant(vec![("running".into(), None), ("done".into(), Some(COUNT))]);
        let schema = shape_schema(&variant, Direction::Output);
        assert_eq!(schema["oneOf"][0], json!({"type": "object", "properties": {"kind": {"const": "running"}}, "required": ["kind"]}));
        assert_eq!(schema["oneOf"][1]["required"], json!(["kind", "value"]));
    }

    #[test]
    fn an_input_record_refuses_unknown_fields_at_every_level() {
        let params = [Param {
            name: "filter".into(),
            wit_name: "filter".into(),
            description: "which books".into(),
            required: true,
            kind: Shape::Record(vec![field("author", Shape::Text)]),
        }];
        let schema = Value::from(input_schema(&params));
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(schema["properties"]["filter"]["additionalProperties"], json!(false));
        assert_eq!(schema["properties"]["filter"]["description"], json!("which books"));
        assert_eq!(schema["required"], json!(["filter"]));
    }
}
