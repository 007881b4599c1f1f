//! The log: one line per event on standard error and, if wanted, in a file; as text with upper-case levels or as JSON.
//!
//! A line about a call carries its `correlation_id` (the same as in its answer) and its `trace_id`; one about a request
//! to the controller carries both too, so that the three can be joined. Standard output belongs to the protocol (stdio) or to the answer (command line), so nothing is ever logged there.
//! No call waits for whoever reads standard error, or for the disk, see [`super::unhurried`].
//!
//! | never logged | how |
//! |---|---|
//! | credentials | no type that holds one implements `Display`, and its `Debug` hides the value |
//! | argument values and answers | only names, codes, times and identifiers are fields of our events |
//! | what the protocol and HTTP libraries would log of messages | capped at errors, whatever level is asked for |

use std::io;
use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub(crate) use super::rotating::LogFile;
use super::rotating::Rotating;
use super::unhurried::Unhurried;
use super::unhurried::Unwritten;

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

/// What to log, and where beside standard error.
#[derive(Clone, Debug)]
pub(crate) struct LogSettings {
    /// How much.
    pub level: LogLevel,
    /// One JSON object per line instead of text.
    pub json: bool,
    /// A file that gets every line as well.
    pub file: Option<LogFile>,
    /// The command tells the outcome of its call by itself.
    pub quiet: bool,
}

/// Starts logging for the process; what it answers is to be kept until its end. A second call changes nothing.
///
/// # Errors
/// When the log file cannot be opened.
pub(crate) fn start(settings: &LogSettings) -> io::Result<[Option<Unwritten>; 2]> {
    let (stderr, on_stderr) = Unhurried::start("standard error", io::stderr())?;
    let file = settings.file.clone().map(|file| Unhurried::start("file", Rotating::open(file)?)).transpose()?;
    let (file, in_file) = file.unzip();
    let filter = filter(settings);
    let registry = tracing_subscriber::registry().with(filter);
    let started = if settings.json {
        let stderr = fmt::layer().with_writer(stderr);
        let layers = file.map(|file| json(fmt::layer().with_writer(file)));
        registry.with(json(stderr)).with(layers).try_init()
    } else {
        let stderr = fmt::layer().with_writer(stderr).with_ansi(colour_wanted()).with_target(false);
        let layers = file.map(|file| fmt::layer().with_writer(file).with_ansi(false).with_target(false));
        registry.with(stderr).with(layers).try_init()
    };
    // Only tests start it twice, and then the first one serves.
    drop(started);
    Ok([Some(on_stderr), in_file])
}

fn json<S, W>(layer: fmt::Layer<S, fmt::format::DefaultFields, fmt::format::Format, W>) -> Json<S, W> {
    layer.json().flatten_event(true).with_current_span(false).with_span_list(false)
}

/// A layer that writes objects.
type Json<S, W> = fmt::Layer<S, fmt::format::JsonFields, fmt::format::Format<fmt::format::Json>, W>;

fn filter(settings: &LogSettings) -> EnvFilter {
    let filter = EnvFilter::default().add_directive(own_directive(settings.level));
    let filter = if settings.quiet { filter.add_directive(directive(CALLS, LevelFilter::OFF)) } else { filter };
    // What the MCP library calls errors are clients that left; its real failures come back to us as values.
    filter.add_directive(LevelFilter::ERROR.into()).add_directive(directive("rmcp", LevelFilter::OFF))
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
