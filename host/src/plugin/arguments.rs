//! JSON arguments → component values.
//!
//! Models write nearly right arguments, so what is meant without doubt is taken: kebab- or snake-case names, `"3"`
//! for a number, `42` for a string, `"true"` for a bool, one value for a list of one, any case or separator in an
//! enum, null for an option. Anything else is one `invalid-params` failure that names every problem at once, the
//! parameters that exist, and the one that was probably meant.

use super::catalogue::{Param, Tool, closest};
use super::outcome::Failure;
use super::shape::{Field, Shape, snake};
use serde_json::{Map, Number, Value};
use wasmtime::component::Val;

/// Longest piece of a wrong value that a message repeats.
const QUOTED_CHARS: usize = 60;

/// The values for a call of `tool`, or everything that is wrong with its arguments.
pub(super) fn to_values(tool: &Tool, arguments: Map<String, Value>) -> Result<Vec<Val>, Box<Failure>> {
    let expected: Vec<Expected<'_>> = tool.params.iter().map(Expected::from).collect();
    let mut problems = Vec::new();
    let values = fields_to_values(&expected, arguments, "", &mut problems);
    if problems.is_empty() {
        return Ok(values.into_iter().map(|(_, value)| value).collect());
    }
    let message = format!("{}: {}", tool.mcp_name, problems.join("; "));
    Err(Box::new(Failure::host("invalid-params", message).hint(usage(tool))))
}

/// The parameters that exist, so that a second try needs no look at the schema.
fn usage(tool: &Tool) -> String {
    if tool.params.is_empty() {
        return format!("{} takes no parameters", tool.mcp_name);
    }
    let list = |required: bool| {
        let names: Vec<&str> = tool.params.iter().filter(|p| p.required == required).map(|p| p.name.as_str()).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    format!("required: {}; optional: {}", list(true), list(false))
}

/// What parameters and record fields have in common here.
struct Expected<'a> {
    wit_name: &'a str,
    name: &'a str,
    shape: &'a Shape,
}

impl<'a> From<&'a Param> for Expected<'a> {
    fn from(param: &'a Param) -> Self {
        Expected { wit_name: &param.wit_name, name: &param.name, shape: &param.kind }
    }
}

impl<'a> From<&'a Field> for Expected<'a> {
    fn from(field: &'a Field) -> Self {
        Expected { wit_name: &field.wit_name, name: &field.name, shape: &field.shape }
    }
}

/// Reads an object whose fields are known; `path` leads to it in messages. Problems are collected, not returned.
fn fields_to_values(expected: &[Expected<'_>], given: Map<String, Value>, path: &str, problems: &mut Vec<String>) -> Vec<(String, Val)> {
    let mut found: Map<String, Value> = Map::new();
    for (key, value) in given {
        let name = snake(&key);
        if !expected.iter().any(|e| e.name == name) {
            problems.push(unknown(expected, &key, &name, path));
        } else if found.insert(name.clone(), value).is_some() {
            problems.push(format!("`{path}{name}` is given twice"));
        }
    }
    expected
        .iter()
        .filter_map(|e| {
            let at = format!("{path}{}", e.name);
            let value = match found.remove(e.name) {
                None | Some(Value::Null) if e.shape.is_optional() => Ok(Val::Option(None)),
                None | Some(Value::Null) => Err(format!("`{at}` is missing: {}", e.shape.describe())),
                Some(value) => to_value(e.shape, value, &at, problems),
            };
            match value {
                Ok(value) => Some((e.wit_name.to_owned(), value)),
                Err(problem) => {
                    problems.push(problem);
                    None
                }
            }
        })
        .collect()
}

fn unknown(expected: &[Expected<'_>], key: &str, name: &str, path: &str) -> String {
    let key = quote(key);
    match closest(name, expected.iter().map(|e| e.name)) {
        Some(meant) => format!("unknown parameter {path}{key}, did you mean `{path}{meant}`?"),
        None => format!("unknown parameter {path}{key}"),
    }
}

fn to_value(shape: &Shape, value: Value, at: &str, problems: &mut Vec<String>) -> Result<Val, String> {
    let wrong = |value: &Value| Err(format!("`{at}` must be {}, not {}", shape.describe(), show(value)));
    match (shape, value) {
        (Shape::Option(inner), value) => to_value(inner, value, at, problems).map(|value| Val::Option(Some(Box::new(value)))),
        (Shape::Bool, Value::Bool(value)) => Ok(Val::Bool(value)),
        (Shape::Bool, Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Val::Bool(true)),
        (Shape::Bool, Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Val::Bool(false)),
        (Shape::Integer { signed, bits }, value) => {
            whole_number(&value).and_then(|number| integer(number, *signed, *bits)).map_or_else(|| wrong(&value), Ok)
        }
        (Shape::Float { bits }, value) => match as_number(&value).as_ref().and_then(Number::as_f64) {
            #[allow(clippy::cast_possible_truncation, reason = "an f32 parameter cannot hold more")]
            Some(number) if *bits == 32 => Ok(Val::Float32(number as f32)),
            Some(number) => Ok(Val::Float64(number)),
            None => wrong(&value),
        },
        (Shape::Text, Value::String(text)) => Ok(Val::String(text)),
        (Shape::Text, Value::Number(number)) => Ok(Val::String(number.to_string())),
        (Shape::Text, Value::Bool(value)) => Ok(Val::String(value.to_string())),
        (Shape::Char, Value::String(text)) => {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(char), None) => Ok(Val::Char(char)),
                _ => wrong(&Value::String(text)),
            }
        }
        (Shape::Enum(names), Value::String(text)) => match names.iter().find(|name| same_word(name, &text)) {
            Some(name) => Ok(Val::Enum(name.clone())),
            None => {
                let meant = closest(&text, names.iter().map(String::as_str));
                let meant = meant.map(|name| format!(", did you mean `{name}`?")).unwrap_or_default();
                Err(format!("`{at}` must be {}, not {}{meant}", shape.describe(), quote(&text)))
            }
        },
        (Shape::List(of), Value::Array(items)) => items
            .into_iter()
            .enumerate()
            .map(|(index, item)| to_value(of, item, &format!("{at}[{index}]"), problems))
            .collect::<Result<_, _>>()
            .map(Val::List),
        (Shape::List(of), value @ (Value::String(_) | Value::Number(_) | Value::Bool(_))) => {
            to_value(of, value, at, problems).map(|value| Val::List(vec![value]))
        }
        (Shape::Record(fields), Value::Object(object)) => {
            let expected: Vec<Expected<'_>> = fields.iter().map(Expected::from).collect();
            Ok(Val::Record(fields_to_values(&expected, object, &format!("{at}."), problems)))
        }
        (_, value) => wrong(&value),
    }
}

/// Numbers, also when written as a string.
fn as_number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Whole numbers, also when written as `3.0` or `"3"`.
fn whole_number(value: &Value) -> Option<i128> {
    let number = as_number(value)?;
    let exact = number.as_u64().map(i128::from).or_else(|| number.as_i64().map(i128::from));
    exact.or_else(|| {
        let float = number.as_f64()?;
        // Above 2^53 a float no longer says which whole number is meant.
        #[allow(clippy::cast_possible_truncation, reason = "whole and small enough, as just tested")]
        (float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0).then_some(float as i128)
    })
}

fn integer(number: i128, signed: bool, bits: u8) -> Option<Val> {
    Some(match (signed, bits) {
        (false, 8) => Val::U8(number.try_into().ok()?),
        (false, 16) => Val::U16(number.try_into().ok()?),
        (false, 32) => Val::U32(number.try_into().ok()?),
        (false, _) => Val::U64(number.try_into().ok()?),
        (true, 8) => Val::S8(number.try_into().ok()?),
        (true, 16) => Val::S16(number.try_into().ok()?),
        (true, 32) => Val::S32(number.try_into().ok()?),
        (true, _) => Val::S64(number.try_into().ok()?),
    })
}

/// `In_Progress` and `in progress` are `in-progress`.
fn same_word(name: &str, given: &str) -> bool {
    let plain = |word: &str| word.trim().to_ascii_lowercase().replace(['_', ' '], "-");
    plain(name) == plain(given)
}

/// A wrong value, short enough for a message.
fn show(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
        Value::String(text) => quote(text),
        other => other.to_string(),
    }
}

/// Quoted, cut, and with control characters escaped: the text comes from the caller and goes to logs and terminals.
fn quote(text: &str) -> String {
    let mut short: String = text.chars().take(QUOTED_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::catalogue::Effect;
    use serde_json::json;
    use std::sync::Arc;

    fn param(name: &str, kind: Shape) -> Param {
        Param { name: snake(name), wit_name: name.into(), description: String::new(), required: !kind.is_optional(), kind }
    }

    fn option(shape: Shape) -> Shape {
        Shape::Option(Box::new(shape))
    }

    fn tool() -> Tool {
        let order = Shape::Enum(vec!["newest-first".into(), "oldest-first".into()]);
        let range = Shape::Record(vec![
            Field { wit_name: "first-line".into(), name: "first_line".into(), shape: Shape::Integer { signed: false, bits: 32 } },
            Field { wit_name: "last".into(), name: "last".into(), shape: option(Shape::Integer { signed: true, bits: 64 }) },
        ]);
        Tool {
            name: "list-books".into(),
            mcp_name: "list_books".into(),
            description: String::new(),
            effect: Effect::Read,
            toolset: "books".into(),
            off_by_default: false,
            params: vec![
                param("top", Shape::Text),
                param("max-tokens", option(Shape::Integer { signed: false, bits: 32 })),
                param("order", option(order)),
                param("names", option(Shape::List(Box::new(Shape::Text)))),
                param("deep", option(Shape::Bool)),
                param("range", option(range)),
            ],
            input_schema: Arc::default(),
            output_schema: Arc::default(),
        }
    }

    fn read(arguments: Value) -> Result<Vec<Val>, Box<Failure>> {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        to_values(&tool(), arguments)
    }

    fn some(value: Val) -> Val {
        Val::Option(Some(Box::new(value)))
    }

    #[test]
    fn what_is_meant_without_doubt_is_taken() {
        let values = read(json!({
            "top": 42, "max-tokens": "300", "order": "OLDEST_FIRST", "names": "one", "deep": "True",
            "range": {"first_line": 3.0, "last": null},
        }))
        .unwrap();
        let range = Val::Record(vec![("first-line".into(), Val::U32(3)), ("last".into(), Val::Option(None))]);
        let expected = [
            Val::String("42".into()),
            some(Val::U32(300)),
            some(Val::Enum("oldest-first".into())),
            some(Val::List(vec![Val::String("one".into())])),
            some(Val::Bool(true)),
            some(range),
        ];
        assert_eq!(values, expected);
    }

    #[test]
    fn every_problem_is_named_at_once_with_the_parameter_that_was_meant() {
        let failure = read(json!({"tpo": "x", "max_tokens": -1, "order": "newst-first", "range": {"first-line": "a"}})).unwrap_err();
        assert_eq!(failure.code, "invalid-params");
        assert_eq!(
            failure.message,
            "list_books: unknown parameter \"tpo\", did you mean `top`?; `top` is missing: a string; \
             `max_tokens` must be a whole number, 0 or more, not -1; \
             `order` must be one of: newest-first, oldest-first, not \"newst-first\", did you mean `newest-first`?; \
             `range.first_line` must be a whole number, 0 or more, not \"a\""
        );
        assert_eq!(failure.hint.unwrap(), "required: top; optional: max_tokens, order, names, deep, range");
    }

    #[test]
    fn both_spellings_of_one_parameter_are_a_contradiction() {
        let failure = read(json!({"top": "x", "max-tokens": 1, "max_tokens": 2})).unwrap_err();
        assert!(failure.message.contains("`max_tokens` is given twice"), "{}", failure.message);
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused_and_not_cut() {
        for number in [json!(4_294_967_296_u64), json!(1.5), json!(1e300), json!("1e3x"), json!("")] {
            assert!(read(json!({"top": "x", "max_tokens": number})).is_err(), "{number}");
        }
        assert!(read(json!({"top": "x", "max_tokens": 4_294_967_295_u64})).is_ok());
    }

    #[test]
    fn a_hostile_value_is_cut_and_escaped_in_the_message() {
        let failure = read(json!({"top": ["x"], "order": format!("\u{1b}[2J{}", "y".repeat(10_000))})).unwrap_err();
        assert!(!failure.message.contains('\u{1b}'), "{}", failure.message);
        assert!(failure.message.len() < 400, "{}", failure.message.len());
    }
}
