//! The command line: `serve` (the default), `call`, `tools` and `check`.
//!
//! Exit codes: 0 done, 1 the tool or a check failed, 2 the command or the configuration cannot be used. Answers go
//! to standard output, everything else to standard error.

pub(crate) mod options;

mod arguments;
mod call;
mod check;
mod probe;
mod serve;
mod style;
mod tools;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use clap::CommandFactory as _;
use clap::FromArgMatches as _;
use clap::Parser;
use clap::Subcommand;
use options::GlobalOptions;
use options::ServeOptions;

use crate::telemetry::LogLevel;
use crate::telemetry::logs;

/// The tool, or a check, failed.
const FAILED: u8 = 1;
/// The command or the configuration cannot be used.
const UNUSABLE: u8 = 2;

/// Time that abandoned background work gets when the process ends.
const SHUTDOWN: Duration = Duration::from_millis(100);

const EXAMPLES: &str = "\
Environment:
  JENKINS_API_TOKEN  API token of the user. There is no option for it: arguments are visible to every user of a machine.

Examples:
  JENKINS_URL=https://jenkins.example.com JENKINS_USER=ada JENKINS_API_TOKEN=… jankins
                                            serve an MCP client over stdio
  jankins --transport http --bind 127.0.0.1:8080
                                            serve many, at http://127.0.0.1:8080/mcp
  jankins check                             say what works and what does not
  jankins tools                             list the tools
  jankins call TOOL --help                  show what a tool takes
  jankins call TOOL --NAME VALUE            call one from the shell

JENKINS_URL, JENKINS_USER and JENKINS_API_TOKEN are all that is needed to start.";

/// Jenkins for AI agents, over the Model Context Protocol
#[derive(Debug, Parser)]
#[command(name = "jankins", version, after_help = EXAMPLES, max_term_width = 110)]
struct Cli {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    serve: ServeOptions,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve MCP clients (what `jankins` does without a command)
    Serve(ServeOptions),
    /// Call one tool and print its answer
    #[command(
        override_usage = "jankins call [OPTIONS] <TOOL> [--NAME VALUE]...",
        after_help = call::EXAMPLES
    )]
    Call(call::CallOptions),
    /// List the tools of the plugin
    Tools(tools::ToolsOptions),
    /// Check the configuration and the way to Jenkins, step by step
    Check(check::CheckOptions),
}

impl Cli {
    /// Reads a command line; an error or a call for help ends the process, as clap does it.
    fn read(arguments: impl IntoIterator<Item = OsString>) -> Self {
        let matches = without_empty_variables(Self::command()).get_matches_from(arguments);
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// An empty variable counts as not set: that is what container and unit files mean by `NAME=`.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let unset_if_empty = |argument: clap::Arg| {
        let empty = argument.get_env().is_some_and(|name| std::env::var_os(name).is_some_and(|value| value.is_empty()));
        if empty { argument.env(None::<&str>) } else { argument }
    };
    command.mut_args(unset_if_empty).mut_subcommands(without_empty_variables)
}

/// Runs the command line of this process.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::read(std::env::args_os());
    let serving = matches!(cli.command, None | Some(Command::Serve(_)));
    match cli.global.log_level {
        Some(level) => logs::start(level, cli.global.log_json),
        None if serving => logs::start(LogLevel::Info, cli.global.log_json),
        None => logs::start_quiet(cli.global.log_json),
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return unusable(&anyhow::Error::new(error).context("the runtime cannot be started"));
        }
    };
    let code = runtime.block_on(run(cli)).unwrap_or_else(|error| unusable(&error));
    // Not a plain drop: that would wait for a read from standard input which nothing can interrupt.
    runtime.shutdown_timeout(SHUTDOWN);
    code
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        None => serve::run(&cli.global, &cli.serve).await,
        Some(Command::Serve(options)) => serve::run(&cli.global, &options.or(cli.serve)).await,
        Some(Command::Call(options)) => call::run(cli.global, options).await,
        Some(Command::Tools(options)) => tools::run(&cli.global, &options),
        Some(Command::Check(options)) => check::run(&cli.global, &options).await,
    }
}

/// Says why the command cannot run, with the chain of causes on one line.
fn unusable(error: &anyhow::Error) -> ExitCode {
    let closed = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
    if error.downcast_ref().is_some_and(closed) {
        // `jankins tools | head`: the reader has enough, which is no failure of ours.
        return ExitCode::SUCCESS;
    }
    let style = style::Style::of_stderr();
    complain(&format!("{}: {error:#}", style.bad("error")));
    ExitCode::from(UNUSABLE)
}

/// Writes one line to standard error; a closed one is nobody's loss.
fn complain(line: &str) {
    use std::io::Write as _;
    drop(writeln!(std::io::stderr(), "{line}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_option_has_a_variable() {
        let command = Cli::command();
        let without: Vec<_> = command
            .get_arguments()
            .filter(|argument| argument.get_env().is_none())
            .map(|argument| argument.get_id().as_str())
            .filter(|id| !matches!(*id, "help" | "version"))
            .collect();
        assert!(without.is_empty(), "{without:?}");
    }

    #[test]
    fn no_option_takes_the_value_of_a_token() {
        let command = Cli::command();
        let names: Vec<_> = command.get_arguments().filter_map(|argument| argument.get_long()).collect();
        assert!(names.contains(&"jenkins-token-file"));
        assert!(!names.iter().any(|name| name.ends_with("token") || name.contains("password")), "{names:?}");
    }

    #[test]
    fn serving_is_the_default_and_takes_its_options_before_or_after_its_name() {
        for line in [
            &["jankins", "--transport", "http"][..],
            &["jankins", "serve", "--transport", "http"],
            &["jankins", "--transport", "http", "serve"],
        ] {
            let cli = Cli::try_parse_from(line).unwrap();
            let options = match cli.command {
                Some(Command::Serve(options)) => options.or(cli.serve),
                _ => cli.serve,
            };
            assert_eq!(options.transport, Some(options::Transport::Http), "{line:?}");
        }
    }
}
