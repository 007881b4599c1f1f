//! The log: one line per event on standard error, as text with upper-case levels or as JSON.
//!
//! Standard output belongs to the protocol (stdio) or to the answer (command line), so nothing is ever logged there.
//!
//! | never logged | how |
//! |---|---|
//! | credentials | no type that holds one implements `Display`, and its `Debug` hides the value |
//! | argument values and answers | only names, codes, times and identifiers are fields of our events |
//! | what the protocol and HTTP libraries would log of messages | capped at errors, whatever level is asked for |

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;
use tracing_subscriber::filter::LevelFilter;

/// How much to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogLevel {
    /// Only what needs an operator.
    Error,
    /// And what will soon.
    Warn,
    /// And one line per call.
    Info,
    /// And one line per request to the controller.
    Debug,
    /// Everything that is not secret.
    Trace,
}

impl LogLevel {
    fn filter(self) -> LevelFilter {
        match self {
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }
}

/// What a command line says by itself, so that it is not said twice: one target, without children.
pub(crate) const CALLS: &str = "jankins::calls";

/// Starts logging for the process. A second call changes nothing.
pub(crate) fn start(level: LogLevel, json: bool) {
    subscribe(EnvFilter::default().add_directive(own_directive(level)), json);
}

/// The same for a command that tells its outcome itself: errors only, and none about the call it makes.
pub(crate) fn start_quiet(json: bool) {
    let filter = EnvFilter::default().add_directive(own_directive(LogLevel::Error));
    subscribe(filter.add_directive(directive(CALLS, LevelFilter::OFF)), json);
}

fn subscribe(filter: EnvFilter, json: bool) {
    // What the MCP library calls errors are clients that left; its real failures come back to us as values.
    let filter = filter.add_directive(LevelFilter::ERROR.into()).add_directive(directive("rmcp", LevelFilter::OFF));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if json {
        builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    } else {
        builder.with_ansi(colour_wanted()).with_target(false).try_init()
    };
    // Only tests start it twice, and then the first one serves.
    drop(started);
}

/// Our own events at the level asked for. Other crates stay at errors: at `trace`, the MCP library writes whole
/// messages, and messages hold argument values.
fn own_directive(level: LogLevel) -> Directive {
    directive(env!("CARGO_PKG_NAME"), level.filter())
}

fn directive(target: &str, level: LevelFilter) -> Directive {
    format!("{target}={level}").parse().unwrap_or_else(|_| level.into())
}

fn colour_wanted() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_asked_for_applies_to_our_own_events_only() {
        assert_eq!(own_directive(LogLevel::Trace).to_string(), "jankins=trace");
    }
}
