//! `jankins call TOOL`: one tool, from the shell.
//!
//! What the tool takes is known only once its component is loaded, and which component that is may be said behind the
//! tool's name. So the line is read twice: first for our own options, then, with the catalogue, for the tool's. Where
//! both have an option of one name, it is the tool's.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;

use super::Cli;
use super::Command;
use super::FAILED;
use super::arguments;
use super::style::Style;
use super::style::harmless;
use crate::config::Config;
use crate::config::ConfigError;
use crate::config::Sources;
use crate::lanes::Lanes;
use crate::mcp::readable;
use crate::plugin::Outcome;
use crate::plugin::Tool;
use crate::tenant::Caller;
use crate::tenant::Tenants;
use crate::toolbox::Found;
use crate::toolbox::Toolbox;
use crate::toolbox::Withheld;

pub(super) const EXAMPLES: &str = "\
Examples:
  jankins tools                        list what can be called
  jankins call TOOL --help             show what a tool takes
  jankins call TOOL --NAME VALUE       print its answer
  jankins call TOOL --NAME VALUE --json | jq .structured
                                       the same for a program

Exit codes: 0 answered, 1 the tool failed, 2 the command cannot be understood.";

/// Options of `call`.
#[derive(Args, Debug)]
pub(super) struct CallOptions {
    /// Print JSON: the record, and the facts about the answer
    #[arg(long)]
    json: bool,

    /// The tool, then its options (`--name value`)
    #[arg(value_name = "TOOL [--NAME VALUE]...", required = true, trailing_var_arg = true, num_args = 1..)]
    line: Vec<String>,
}

pub(super) async fn run(options: CallOptions) -> anyhow::Result<ExitCode> {
    let line = options.line;
    // Our own options may stand behind the tool's name. Parsing the whole line again, with them moved before it,
    // keeps their precedence over variables and defaults.
    let (own, _) = split(&line, |_| false);
    let Some((Cli { command: Some(Command::Call(options)) }, sources)) = reparsed(&line, own) else {
        anyhow::bail!("the command line cannot be understood; see jankins call --help");
    };
    let config = Config::new(&sources?.read()?)?;
    let tenants = Tenants::start(&config.tenants, config.cache_dir.as_deref(), Lanes::one())?;
    let tenant = tenants.default_one().context("this calls one tenant: call one of them `default`")?;
    let toolbox = tenant.toolbox();
    let Some(name) = line.first() else { anyhow::bail!("no tool was named; see jankins tools") };
    let tool = find(&toolbox, name)?;
    let (_, words) = split(&line, |option| tool.param(option).is_some());
    let arguments = match arguments::parse(tool, &words) {
        Ok(arguments) => arguments,
        // Help is an error without a failure: clap knows the stream and the code for each.
        Err(error) => {
            error.print()?;
            return Ok(ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(super::UNUSABLE)));
        }
    };
    let outcome = Caller::local(tenant).call(tool, arguments).await;
    tenants.drain(std::time::Duration::ZERO).await;
    print(&outcome, options.json)?;
    Ok(match outcome {
        Outcome::Answer(_) => ExitCode::SUCCESS,
        Outcome::Failed(_) => ExitCode::from(FAILED),
    })
}

/// The command line of this process with `own` moved before the tool.
fn reparsed(line: &[String], own: Vec<String>) -> Option<(Cli, Result<Sources, ConfigError>)> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let before = arguments.len().checked_sub(line.len())?;
    let head = arguments.into_iter().take(before);
    let tool = line.first().map(OsString::from);
    Some(Cli::read(head.chain(own.into_iter().map(OsString::from)).chain(tool)))
}

/// Separates our own options behind the tool's name from the tool's, which `is_tools` recognises.
fn split(line: &[String], is_tools: impl Fn(&str) -> bool) -> (Vec<String>, Vec<String>) {
    let (mut own, mut rest) = (Vec::new(), Vec::new());
    let mut words = line.iter().skip(1);
    while let Some(word) = words.next() {
        let option = word.strip_prefix("--").map(|option| option.split('=').next().unwrap_or(option));
        match option.filter(|option| !is_tools(option)).and_then(takes_value) {
            None => rest.push(word.clone()),
            Some(takes_value) => {
                own.push(word.clone());
                if takes_value && !word.contains('=') {
                    own.extend(words.next().cloned());
                }
            }
        }
    }
    (own, rest)
}

/// Whether an option of ours takes a value; nothing if it is none of ours.
fn takes_value(option: &str) -> Option<bool> {
    let command = Cli::definition();
    let call = command.find_subcommand("call")?;
    let globals = command.get_arguments().filter(|argument| argument.is_global_set());
    let mut known = globals.chain(call.get_arguments());
    known.find(|argument| argument.get_long() == Some(option)).map(|argument| argument.get_action().takes_values())
}

fn find<'a>(toolbox: &'a Toolbox, name: &str) -> anyhow::Result<&'a Tool> {
    match toolbox.find(name) {
        Found::Offered(tool) => Ok(tool),
        Found::Withheld(Withheld::ReadOnly) => {
            anyhow::bail!("{name} changes things, and --read-only is set")
        }
        Found::Withheld(Withheld::Toolset(toolset)) => {
            anyhow::bail!("{name} belongs to the toolset `{toolset}`, which is not on offer: see --toolsets")
        }
        Found::Unknown(Some(closest)) => {
            anyhow::bail!("no tool is called {name}; did you mean {closest}?")
        }
        Found::Unknown(None) => {
            anyhow::bail!("no tool is called {name}; `jankins tools` lists them")
        }
    }
}

fn print(outcome: &Outcome, as_json: bool) -> std::io::Result<()> {
    let mut stdout = std::io::stdout();
    match (outcome, as_json) {
        (Outcome::Answer(answer), true) => {
            let record = json!({"structured": answer.structured, "meta": answer.meta});
            writeln!(stdout, "{record:#}")
        }
        (Outcome::Failed(failure), true) => writeln!(stdout, "{:#}", json!({ "error": failure })),
        (Outcome::Answer(answer), false) => {
            writeln!(stdout, "{}", Style::of_stdout().answer(answer.text.trim_end()))
        }
        (Outcome::Failed(failure), false) => {
            let style = Style::of_stderr();
            let text = harmless(&readable(failure));
            let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
            let mut stderr = std::io::stderr();
            writeln!(stderr, "{}", style.bad(first))?;
            if rest.is_empty() { Ok(()) } else { writeln!(stderr, "{rest}") }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn our_options_are_found_wherever_they_stand() {
        let line = words("get-thing --name a --replay tape --json --read-only --other=b --timeout=5");
        let (own, rest) = split(&line, |_| false);
        assert_eq!(own, words("--replay tape --json --read-only --timeout=5"));
        assert_eq!(rest, words("--name a --other=b"));
    }

    #[test]
    fn an_option_that_the_tool_has_too_is_the_tools() {
        let line = words("get-thing --max-tokens 5 --replay tape");
        let (own, rest) = split(&line, |option| option == "max-tokens");
        assert_eq!(own, words("--replay tape"));
        assert_eq!(rest, words("--max-tokens 5"));
    }
}
