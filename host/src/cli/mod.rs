//! The command line: `serve` (the default), `call`, `tools`, `check`, `config`, `plugin` and `token`.
//!
//! Exit codes: 0 done, 1 the tool or a check failed, 2 the command or the configuration cannot be used. Answers go
//! to standard output, everything else to standard error.

mod arguments;
mod call;
mod check;
mod config;
mod health;
mod options;
mod plugin;
mod probe;
mod remote;
mod serve;
mod style;
mod token;
mod tools;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use clap::CommandFactory as _;
use clap::FromArgMatches as _;
use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum as _;

use crate::config::ConfigError;
use crate::config::Settings;
use crate::config::Sources;
use crate::telemetry::LogLevel;
use crate::telemetry::logs;
use crate::telemetry::logs::LogSettings;
use crate::telemetry::otlp;

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
  jankins --config FILE                     serve what a file describes: tenants, tokens, limits
  jankins check                             say what works and what does not
  jankins config                            show every setting, and who set it
  jankins tools                             list the tools
  jankins call TOOL --help                  show what a tool takes
  jankins call TOOL --NAME VALUE            call one from the shell

JENKINS_URL, JENKINS_USER and JENKINS_API_TOKEN are all that is needed to start.";

/// Jenkins for AI agents, over the Model Context Protocol
#[derive(Debug, Parser)]
#[command(name = "jankins", version, after_help = EXAMPLES, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve MCP clients (what `jankins` does without a command)
    Serve,
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
    /// Show every setting, its value and who gave it
    Config(config::ConfigOptions),
    /// Ask the server on this machine whether it is well
    Health(health::HealthOptions),
    /// Show and change the plugin of a running server
    Plugin(plugin::PluginOptions),
    /// Make tokens for callers and operators
    Token(token::TokenOptions),
}

/// The settings of this run, and where they came from.
struct Invocation {
    sources: Sources,
    settings: Result<Settings, ConfigError>,
}

impl Cli {
    /// The definition of the whole command line.
    fn definition() -> clap::Command {
        Self::command().args(options::all())
    }

    /// Reads a command line; an error or a call for help ends the process, as clap does it.
    fn read(arguments: impl IntoIterator<Item = OsString>) -> (Self, Result<Sources, ConfigError>) {
        let matches = Self::definition().get_matches_from(arguments);
        let cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        (cli, options::given(&matches))
    }
}

impl Invocation {
    fn of(sources: Sources) -> Self {
        let settings = sources.read();
        Self { sources, settings }
    }
}

/// Runs the command line of this process.
pub(crate) fn main() -> ExitCode {
    let (cli, sources) = Cli::read(std::env::args_os());
    let invocation = match sources {
        Ok(sources) => Invocation::of(sources),
        Err(error) => return unusable(&error.into()),
    };
    let _unwritten = match logs::start(&log_settings(&invocation, matches!(cli.command, None | Some(Command::Serve)))) {
        Ok(unwritten) => unwritten,
        Err(error) => return unusable(&anyhow::Error::new(error).context("the log file cannot be opened")),
    };
    otlp::start();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return unusable(&anyhow::Error::new(error).context("the runtime cannot be started"));
        }
    };
    let code = runtime.block_on(run(cli, invocation)).unwrap_or_else(|error| unusable(&error));
    // Not a plain drop: that would wait for a read from standard input which nothing can interrupt.
    runtime.shutdown_timeout(SHUTDOWN);
    otlp::finish();
    code
}

/// A command that tells its outcome itself logs errors only, and none about the call it makes.
fn log_settings(invocation: &Invocation, serving: bool) -> LogSettings {
    // An error in the settings is told by the command.
    let settings = invocation.settings.as_ref().ok();
    let level = settings.and_then(Settings::log_level).and_then(|name| LogLevel::from_str(&name, true).ok());
    let default = if serving { LogLevel::Info } else { LogLevel::Error };
    LogSettings {
        level: level.unwrap_or(default),
        json: settings.is_some_and(Settings::log_json),
        file: settings.and_then(Settings::log_file),
        quiet: !serving && level.is_none(),
    }
}

async fn run(cli: Cli, invocation: Invocation) -> anyhow::Result<ExitCode> {
    match cli.command {
        None | Some(Command::Serve) => serve::run(invocation).await,
        Some(Command::Call(options)) => call::run(options).await,
        Some(Command::Tools(options)) => tools::run(invocation, &options),
        Some(Command::Check(options)) => check::run(invocation, &options).await,
        Some(Command::Config(options)) => config::run(invocation, &options),
        Some(Command::Health(options)) => health::run(invocation, &options).await,
        Some(Command::Plugin(options)) => plugin::run(options).await,
        Some(Command::Token(options)) => token::run(&options),
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
        Cli::definition().debug_assert();
    }

    #[test]
    fn serving_is_the_default_and_takes_its_options_before_or_after_its_name() {
        for line in [
            &["jankins", "--transport", "http"][..],
            &["jankins", "serve", "--transport", "http"],
            &["jankins", "--transport", "http", "serve"],
        ] {
            let matches = Cli::definition().try_get_matches_from(line).unwrap();
            let settings = options::given(&matches).unwrap().flags;
            let transport = settings.get(&crate::config::keys::TRANSPORT).unwrap();
            assert_eq!(transport.value.to_string(), "\"http\"", "{line:?}");
        }
    }

    #[test]
    fn a_switch_that_was_not_given_says_nothing() {
        let matches = Cli::definition().try_get_matches_from(["jankins", "tools"]).unwrap();
        assert_eq!(options::given(&matches).unwrap().flags, crate::config::Layer::default());
    }
}
