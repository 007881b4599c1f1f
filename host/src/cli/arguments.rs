//! The arguments of a tool on the command line, as the catalogue defines them.
//!
//! Every parameter is an option: `--name value` or `--name=value`, in kebab- or snake-case. A switch may stand alone,
//! a list is given by repeating its option, a record as JSON. What is unknown, missing or of the wrong kind is a usage
//! error that names what would be right.

use clap::Arg;
use clap::ArgAction;
use clap::ArgMatches;
use clap::Command;
use clap::builder::BoolishValueParser;
use clap::builder::PossibleValuesParser;
use serde_json::Map;
use serde_json::Value;

use crate::plugin::Effect;
use crate::plugin::Param;
use crate::plugin::Tool;

/// What an option takes, as far as a command line can tell kinds apart.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Switch,
    Whole,
    Choice(Vec<String>),
    List,
    Json,
}

impl Kind {
    /// From the parameter's JSON Schema.
    fn of(schema: Option<&Value>) -> Self {
        let get = |key: &str| schema.and_then(|schema| schema.get(key));
        if let Some(choices) = get("enum").and_then(Value::as_array) {
            return Self::Choice(choices.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        }
        match get("type").and_then(Value::as_str) {
            Some("string") => Self::Text,
            Some("boolean") => Self::Switch,
            Some("integer") => Self::Whole,
            Some("array") if of_strings(get("items")) => Self::List,
            _ => Self::Json,
        }
    }

    fn value_name(&self) -> &'static str {
        match self {
            Self::Text | Self::Choice(_) => "TEXT",
            Self::Switch => "BOOL",
            Self::Whole => "NUMBER",
            Self::List => "TEXT",
            Self::Json => "JSON",
        }
    }
}

fn of_strings(items: Option<&Value>) -> bool {
    items.and_then(|items| items.get("type")).and_then(Value::as_str) == Some("string")
}

fn kind(tool: &Tool, param: &Param) -> Kind {
    Kind::of(tool.input_schema.get("properties").and_then(|properties| properties.get(&param.name)))
}

/// The command line of one tool.
pub(super) fn command(tool: &Tool) -> Command {
    let name = format!("jankins call {}", tool.name);
    let summary = tool.description.lines().next().unwrap_or_default().to_owned();
    let mut command = Command::new(name.clone())
        .bin_name(name)
        .no_binary_name(true)
        .max_term_width(110)
        .about(summary)
        .long_about(tool.description.clone())
        .after_help(after_help(tool));
    for param in &tool.params {
        command = command.arg(option(tool, param));
    }
    command
}

fn after_help(tool: &Tool) -> String {
    let effect = match tool.effect {
        Effect::Read => "Changes nothing.",
        Effect::Write => "Changes things on the controller.",
        Effect::Destructive => "Cannot be undone.",
    };
    format!("{effect} The options of `jankins --help`, and --json, apply too.")
}

fn option(tool: &Tool, param: &Param) -> Arg {
    let kind = kind(tool, param);
    let arg = Arg::new(param.name.clone())
        .long(param.wit_name.clone())
        .help(param.description.clone())
        .value_name(kind.value_name())
        .required(param.required);
    let arg = if param.name == param.wit_name { arg } else { arg.alias(param.name.clone()) };
    match kind {
        Kind::Text => arg.action(ArgAction::Set).allow_hyphen_values(true),
        Kind::Switch => arg
            .action(ArgAction::Set)
            .value_parser(BoolishValueParser::new())
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
        Kind::Whole => arg.action(ArgAction::Set).value_parser(clap::value_parser!(u32)),
        Kind::Choice(choices) => arg.action(ArgAction::Set).value_parser(PossibleValuesParser::new(choices)),
        Kind::List => arg.action(ArgAction::Append).allow_hyphen_values(true),
        Kind::Json => arg.action(ArgAction::Set).value_parser(json),
    }
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))
}

/// The arguments that were given, as the tool takes them.
///
/// # Errors
/// A usage error, ready to be printed; asking for help is one too.
pub(super) fn parse(tool: &Tool, words: &[String]) -> Result<Map<String, Value>, clap::Error> {
    let matches = command(tool).try_get_matches_from(words)?;
    let given = tool.params.iter().filter_map(|param| {
        let value = value(&matches, &param.name, &kind(tool, param))?;
        Some((param.name.clone(), value))
    });
    Ok(given.collect())
}

fn value(matches: &ArgMatches, name: &str, kind: &Kind) -> Option<Value> {
    match kind {
        Kind::Text | Kind::Choice(_) => matches.get_one::<String>(name).cloned().map(Value::String),
        Kind::Switch => matches.get_one::<bool>(name).copied().map(Value::Bool),
        Kind::Whole => matches.get_one::<u32>(name).copied().map(Value::from),
        Kind::List => matches.get_many::<String>(name).map(|values| values.cloned().map(Value::String).collect()),
        Kind::Json => matches.get_one::<Value>(name).cloned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tenant::scripted::tool_with;

    fn tool() -> Tool {
        tool_with(json!({
            "job": {"type": "string"},
            "max_tokens": {"type": "integer", "minimum": 0},
            "with_log": {"type": "boolean"},
            "format": {"type": "string", "enum": ["summary", "full"]},
            "fields": {"type": "array", "items": {"type": "string"}},
        }))
    }

    fn parsed(line: &[&str]) -> Result<Value, String> {
        let words: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        parse(&tool(), &words).map(Value::Object).map_err(|error| error.to_string())
    }

    #[test]
    fn every_kind_arrives_as_its_json_type() {
        let line = ["--job", "a/b", "--max-tokens=50", "--with-log", "--format", "full", "--fields", "x", "--fields", "y"];
        let expected = json!({"job": "a/b", "max_tokens": 50, "with_log": true, "format": "full", "fields": ["x", "y"]});
        assert_eq!(parsed(&line).unwrap(), expected);
    }

    #[test]
    fn what_is_not_given_is_left_out() {
        assert_eq!(parsed(&["--job", "a"]).unwrap(), json!({"job": "a"}));
    }

    #[test]
    fn both_spellings_of_a_name_and_values_with_a_hyphen_are_understood() {
        assert_eq!(parsed(&["--job=-x", "--max_tokens", "5"]).unwrap(), json!({"job": "-x", "max_tokens": 5}));
        assert_eq!(parsed(&["--job", "--weird"]).unwrap(), json!({"job": "--weird"}));
    }

    #[test]
    fn a_misspelt_option_names_the_right_one() {
        let error = parsed(&["--job", "a", "--max-token", "5"]).unwrap_err();
        assert!(error.contains("--max-tokens"), "{error}");
    }

    #[test]
    fn a_wrong_kind_or_choice_says_what_is_right() {
        assert!(parsed(&["--job", "a", "--max-tokens", "many"]).is_err());
        let error = parsed(&["--job", "a", "--format", "ful"]).unwrap_err();
        assert!(error.contains("summary") && error.contains("full"), "{error}");
    }

    #[test]
    fn a_missing_required_option_is_named() {
        let error = parsed(&[]).unwrap_err();
        assert!(error.contains("--job"), "{error}");
    }
}
