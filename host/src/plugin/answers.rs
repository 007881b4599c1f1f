//! Component values → JSON, and results → answers and failures.
//!
//! Names come from the values themselves: field names become snake_case, names of enums and cases stay as WIT has
//! them. What is absent is left out: an empty option, a NaN. Only inside a tuple, where places count, it is null.
//!
//! By convention a result record may have `text` (what a model reads) and `meta` (facts about the answer); an error
//! record may have the fields of [`Failure`]. A plugin that keeps to neither is still understood: its result is
//! rendered as compact JSON, its error as a message with the code `error`.

use super::outcome::{Answer, Failure, Outcome, new_correlation_id};
use super::schema::{META_FIELD, TEXT_FIELD, VALUE_FIELD};
use super::shape::snake;
use serde_json::{Map, Number, Value, json};
use wasmtime::component::Val;

/// The code of an error whose plugin gives none.
const UNNAMED_ERROR: &str = "error";

/// What the values that a function returned mean.
pub(super) fn to_outcome(values: Vec<Val>) -> Outcome {
    match values.into_iter().next() {
        Some(Val::Result(Ok(value))) => Outcome::Answer(to_answer(value.map(|v| *v))),
        Some(Val::Result(Err(error))) => Outcome::Failed(to_failure(error.map(|e| *e))),
        other => Outcome::Answer(to_answer(other)),
    }
}

/// The JSON of what a function outside of the catalogue returned, or its failure.
pub(super) fn to_result(values: Vec<Val>) -> Result<Value, Failure> {
    let value = match values.into_iter().next() {
        Some(Val::Result(Ok(value))) => value.map(|v| *v),
        Some(Val::Result(Err(error))) => return Err(to_failure(error.map(|e| *e))),
        other => other,
    };
    Ok(value.and_then(to_json).unwrap_or_else(|| json!({})))
}

fn to_answer(value: Option<Val>) -> Answer {
    let mut facts = match value.and_then(to_json) {
        Some(Value::Object(facts)) => facts,
        Some(other) => Map::from_iter([(VALUE_FIELD.to_owned(), other)]),
        None => Map::new(),
    };
    let meta = facts.shift_remove(META_FIELD).unwrap_or_else(|| json!({}));
    let own_text = match facts.shift_remove(TEXT_FIELD) {
        Some(Value::String(text)) => Some(text),
        Some(other) => Some(other.to_string()),
        None => None,
    };
    let text = own_text.unwrap_or_else(|| match facts.get(VALUE_FIELD) {
        Some(Value::String(text)) if facts.len() == 1 => text.clone(),
        _ => Value::Object(facts.clone()).to_string(),
    });
    Answer { text, structured: Value::Object(facts), meta }
}

fn to_failure(error: Option<Val>) -> Failure {
    let mut fields = match error.and_then(to_json) {
        Some(Value::Object(fields)) => fields,
        Some(Value::String(message)) => Map::from_iter([("message".to_owned(), message.into())]),
        Some(other) => Map::from_iter([("message".to_owned(), other.to_string().into())]),
        None => Map::new(),
    };
    // An error record of another form is shown whole rather than as an empty message.
    let whole = Value::Object(fields.clone()).to_string();
    let mut text = |name: &str| match fields.shift_remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    let code = text("code").unwrap_or_else(|| UNNAMED_ERROR.to_owned());
    let message = text("message").unwrap_or(whole);
    let hint = text("hint");
    let correlation_id = text("correlation_id").unwrap_or_else(new_correlation_id);
    let number = |name: &str| fields.get(name).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
    Failure {
        code,
        message,
        hint,
        next_actions: strings(fields.get("next_actions")),
        retry_after_ms: number("retry_after_ms"),
        upstream_status: number("upstream_status"),
        correlation_id,
    }
}

fn strings(value: Option<&Value>) -> Vec<String> {
    value.and_then(Value::as_array).map(|items| items.iter().filter_map(|item| item.as_str().map(Into::into)).collect()).unwrap_or_default()
}

/// The JSON of a value, or nothing when there is nothing to say.
pub(super) fn to_json(value: Val) -> Option<Value> {
    Some(match value {
        Val::Bool(value) => value.into(),
        Val::S8(value) => value.into(),
        Val::U8(value) => value.into(),
        Val::S16(value) => value.into(),
        Val::U16(value) => value.into(),
        Val::S32(value) => value.into(),
        Val::U32(value) => value.into(),
        Val::S64(value) => value.into(),
        Val::U64(value) => value.into(),
        // Through decimal text, else 0.1 of an f32 becomes 0.10000000149011612.
        Val::Float32(value) => Value::Number(value.to_string().parse::<f64>().ok().and_then(Number::from_f64)?),
        Val::Float64(value) => Value::Number(Number::from_f64(value)?),
        Val::Char(value) => value.to_string().into(),
        Val::String(value) => value.into(),
        Val::List(items) | Val::FixedLengthList(items) => items.into_iter().filter_map(to_json).collect(),
        Val::Record(fields) => {
            Value::Object(fields.into_iter().filter_map(|(name, value)| Some((snake(&name), to_json(value)?))).collect())
        }
        Val::Tuple(items) => items.into_iter().map(|item| to_json(item).unwrap_or(Value::Null)).collect(),
        Val::Variant(name, payload) => case(&name, payload),
        Val::Enum(name) => name.into(),
        Val::Option(inner) => to_json(*inner?)?,
        Val::Result(Ok(payload)) => case("ok", payload),
        Val::Result(Err(payload)) => case("error", payload),
        Val::Flags(names) => names.into(),
        // No function with one of these in its signature becomes a tool.
        Val::Map(_) | Val::Resource(_) | Val::Future(_) | Val::Stream(_) | Val::ErrorContext(_) => {
            return None;
        }
    })
}

fn case(name: &str, payload: Option<Box<Val>>) -> Value {
    let mut object = Map::from_iter([("kind".to_owned(), name.into())]);
    if let Some(value) = payload.and_then(|payload| to_json(*payload)) {
        object.insert(VALUE_FIELD.to_owned(), value);
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Val {
        Val::String(text.into())
    }

    fn record(fields: Vec<(&str, Val)>) -> Val {
        Val::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    fn ok(value: Val) -> Vec<Val> {
        vec![Val::Result(Ok(Some(Box::new(value))))]
    }

    fn answer(values: Vec<Val>) -> Answer {
        match to_outcome(values) {
            Outcome::Answer(answer) => answer,
            Outcome::Failed(failure) => panic!("{failure}"),
        }
    }

    fn failure(error: Option<Val>) -> Failure {
        match to_outcome(vec![Val::Result(Err(error.map(Box::new)))]) {
            Outcome::Failed(failure) => failure,
            Outcome::Answer(answer) => panic!("{answer:?}"),
        }
    }

    #[test]
    fn text_goes_to_the_content_and_meta_beside_it() {
        let answer = answer(ok(record(vec![
            ("text", text("book 7 is out")),
            ("book-number", Val::U32(7)),
            ("cause", Val::Option(None)),
            ("meta", record(vec![("cache-hits", Val::U32(2))])),
        ])));
        assert_eq!(answer.text, "book 7 is out");
        assert_eq!(answer.structured, json!({"book_number": 7}));
        assert_eq!(answer.meta, json!({"cache_hits": 2}));
    }

    #[test]
    fn a_result_without_text_is_rendered_as_compact_json() {
        let plain = answer(ok(record(vec![("number", Val::U32(7))])));
        assert_eq!((plain.text.as_str(), plain.meta), (r#"{"number":7}"#, json!({})));
        let wrapped = answer(ok(text("done")));
        assert_eq!((wrapped.text.as_str(), wrapped.structured), ("done", json!({"value": "done"})));
    }

    #[test]
    fn a_function_that_returns_nothing_answers_with_an_empty_object() {
        assert_eq!(answer(vec![]).structured, json!({}));
    }

    #[test]
    fn an_error_record_becomes_a_failure_with_all_its_fields() {
        let failure = failure(Some(record(vec![
            ("code", text("not-found")),
            ("message", text("no such book")),
            ("hint", Val::Option(Some(Box::new(text("check the shelf"))))),
            ("next-actions", Val::List(vec![text("call list_shelves")])),
            ("retry-after-ms", Val::Option(Some(Box::new(Val::U32(1_500))))),
            ("upstream-status", Val::Option(Some(Box::new(Val::U32(404))))),
            ("correlation-id", text("abc")),
        ])));
        let expected = Failure {
            code: "not-found".into(),
            message: "no such book".into(),
            hint: Some("check the shelf".into()),
            next_actions: vec!["call list_shelves".into()],
            retry_after_ms: Some(1_500),
            upstream_status: Some(404),
            correlation_id: "abc".into(),
        };
        assert_eq!(failure, expected);
    }

    #[test]
    fn an_error_of_another_form_still_says_something() {
        assert_eq!(failure(Some(text("boom"))).message, "boom");
        let odd = failure(Some(record(vec![("reason", text("boom"))])));
        assert_eq!((odd.code.as_str(), odd.message.as_str()), ("error", r#"{"reason":"boom"}"#));
        assert!(!failure(None).correlation_id.is_empty());
    }

    #[test]
    fn every_kind_of_value_has_a_json_form() {
        let value = record(vec![
            ("variant", Val::Variant("in-queue".into(), Some(Box::new(Val::U32(3))))),
            ("bare", Val::Variant("done".into(), None)),
            ("pair", Val::Tuple(vec![Val::S8(-1), Val::Option(None)])),
            ("nested", Val::Result(Err(Some(Box::new(text("no")))))),
            ("flags", Val::Flags(vec!["a".into()])),
            ("ratio", Val::Float32(0.1)),
            ("nan", Val::Float64(f64::NAN)),
            ("big", Val::U64(u64::MAX)),
            ("gaps", Val::List(vec![Val::Option(None), Val::Option(Some(Box::new(Val::Char('x'))))])),
        ]);
        assert_eq!(
            to_json(value).unwrap(),
            json!({
                "variant": {"kind": "in-queue", "value": 3}, "bare": {"kind": "done"}, "pair": [-1, null],
                "nested": {"kind": "error", "value": "no"}, "flags": ["a"], "ratio": 0.1, "big": u64::MAX, "gaps": ["x"],
            })
        );
    }
}
