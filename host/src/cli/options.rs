//! The options of the command line: one for every key that has one, with its help.
//!
//! An option wins over its variable, a variable over the file, the file over the default; all of that is decided in
//! [`crate::config`], so clap only collects what was written. The API token is the one setting without an option.

use clap::Arg;
use clap::ArgAction;
use clap::ArgMatches;
use clap::builder::PossibleValuesParser;

use crate::config::ConfigError;
use crate::config::Key;
use crate::config::Kind;
use crate::config::Sources;
use crate::config::keys;

/// The options that every command understands.
pub(super) fn all() -> impl Iterator<Item = Arg> {
    keys::TOP.iter().filter_map(|key| Some(option(key, key.flag?)))
}

fn option(key: &Key, flag: &'static str) -> Arg {
    let arg = Arg::new(flag).long(flag).help(help(key)).help_heading(key.heading).global(true);
    match key.kind {
        Kind::Switch => arg.action(ArgAction::SetTrue),
        Kind::List(_) | Kind::Command => arg.action(ArgAction::Append).value_name("NAMES"),
        Kind::Choice(words) => arg.value_parser(PossibleValuesParser::new(words)).value_name("NAME"),
        Kind::Number(..) => arg.value_name("NUMBER"),
        Kind::Path => arg.value_name("PATH"),
        Kind::Text(_) | Kind::Secret => arg.value_name("TEXT"),
    }
}

fn help(key: &Key) -> String {
    let default = match key.kind {
        Kind::Switch => None,
        _ => key.default,
    };
    let default = default.map_or_else(String::new, |value| format!(" [default: {value}]"));
    let variable = key.env.first().map_or_else(String::new, |name| format!(" [env: {name}]"));
    format!("{}{default}{variable}", key.doc)
}

/// What was written.
///
/// # Errors
/// When a value does not fit its key.
pub(super) fn given(matches: &ArgMatches) -> Result<Sources, ConfigError> {
    Sources::from_flags(|flag| {
        let key = keys::TOP.iter().find(|key| key.flag == Some(flag))?;
        match key.kind {
            Kind::Switch => matches.get_flag(flag).then(|| "true".to_owned()),
            Kind::List(_) | Kind::Command => {
                let values: Vec<&str> = matches.get_many::<String>(flag)?.map(String::as_str).collect();
                Some(values.join(","))
            }
            _ => matches.get_one::<String>(flag).cloned(),
        }
    })
}
