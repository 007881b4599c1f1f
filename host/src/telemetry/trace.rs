//! W3C Trace Context: the trace that a call belongs to, from its caller to the controller.
//!
//! | where | form |
//! |---|---|
//! | in, HTTP | the headers `traceparent` and `tracestate` |
//! | in, MCP | `_meta.traceparent` and `_meta.tracestate`, which win: they are the caller's, a header may be a proxy's |
//! | out, to the controller | the same headers, with a span of ours: the request's own if spans are exported, else the call's |
//! | log | `trace_id` on the line of the call and on those of its requests |
//!
//! A call that brings no trace, or one that cannot be read, begins one, marked as not recorded unless spans are
//! exported (see [`super::otlp`]), whose sampler decides then. The context travels with the task that works on the
//! call; [`current`] finds it.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher as _;
use std::hash::Hasher as _;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use super::otlp;
use super::otlp::Recorded;

/// Longest `tracestate` that is passed on; the specification asks for at least 512 characters.
const MAX_STATE_BYTES: usize = 1_024;
/// The flag of a trace that somebody records.
const SAMPLED: u8 = 1;

tokio::task_local! {
    static CURRENT: TraceContext;
}

/// A place in a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TraceContext {
    trace_id: u128,
    /// The span that is the parent of whatever comes next.
    span_id: u64,
    flags: u8,
    state: Option<String>,
}

impl TraceContext {
    /// A new span: below the caller's where there is one, else the first of a trace.
    fn begin(parent: Option<Self>) -> Self {
        let span_id = nonzero();
        match parent {
            Some(parent) => Self { span_id, ..parent },
            None => Self { trace_id: (u128::from(nonzero()) << 64) | u128::from(nonzero()), span_id, flags: 0, state: None },
        }
    }

    /// Reads `traceparent` and `tracestate`. Nothing that does not follow the specification is passed on.
    pub(crate) fn parse(parent: &str, state: Option<&str>) -> Option<Self> {
        let mut parts = parent.trim().split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let version = hex(version, 2)?;
        // A later version may add parts behind those of version 0, and 255 is no version.
        if version == 255 || (version == 0 && parts.next().is_some()) {
            return None;
        }
        let (trace_id, span_id) = (hex(trace, 32)?, u64::try_from(hex(span, 16)?).ok()?);
        let flags = u8::try_from(hex(flags, 2)?).ok()? & SAMPLED;
        let state = state.filter(|state| state.len() <= MAX_STATE_BYTES && state.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        let state = state.map(str::trim).filter(|state| !state.is_empty()).map(str::to_owned);
        (trace_id != 0 && span_id != 0).then_some(Self { trace_id, span_id, flags, state })
    }

    /// The trace, in 32 hex digits.
    pub(crate) fn trace_id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }

    /// What goes with it, for whoever understands it.
    pub(crate) fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// The numbers, for an exporter: trace, span, flags.
    #[cfg(feature = "otlp")]
    pub(super) fn parts(&self) -> (u128, u64, u8) {
        (self.trace_id, self.span_id, self.flags)
    }

    /// The place of a span that an exporter made, with what goes along with its parent.
    #[cfg(feature = "otlp")]
    pub(super) fn at(trace_id: u128, span_id: u64, flags: u8, parent: Option<&Self>) -> Self {
        Self { trace_id, span_id, flags: flags & SAMPLED, state: parent.and_then(|parent| parent.state.clone()) }
    }
}

/// `traceparent`.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

/// On which side of a request a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpanKind {
    /// A request that we answer.
    Server,
    /// A request that we send.
    Client,
}

/// A piece of work within a trace; it lasts until this is dropped.
#[derive(Debug)]
pub(crate) struct Span {
    context: TraceContext,
    recorded: Option<Recorded>,
}

impl Span {
    /// A request that somebody sends us, perhaps as a part of a trace. The name is for the collector alone.
    pub(crate) fn server(parent: Option<TraceContext>, name: impl FnOnce() -> String) -> Self {
        match otlp::record(SpanKind::Server, name(), parent.as_ref()) {
            Some((recorded, context)) => Self { context, recorded: Some(recorded) },
            None => Self { context: TraceContext::begin(parent), recorded: None },
        }
    }

    /// A request that we send as a part of a trace. Not exported, it is no place of its own: the call's is the last that
    /// anybody hears of.
    pub(crate) fn client(parent: TraceContext, name: &str) -> Self {
        match otlp::record(SpanKind::Client, name.to_owned(), Some(&parent)) {
            Some((recorded, context)) => Self { context, recorded: Some(recorded) },
            None => Self { context: parent, recorded: None },
        }
    }

    /// Its place in the trace.
    pub(crate) fn context(&self) -> &TraceContext {
        &self.context
    }

    /// Says something about it, by a name of the OpenTelemetry conventions. Nothing that is a secret or was asked or
    /// answered.
    pub(crate) fn set(&mut self, name: &'static str, value: impl ToString) {
        if let Some(recorded) = &mut self.recorded {
            recorded.set(name, value.to_string());
        }
    }

    /// The same with a number.
    pub(crate) fn count(&mut self, name: &'static str, value: u16) {
        if let Some(recorded) = &mut self.recorded {
            recorded.count(name, value);
        }
    }

    /// Says that it did not end well; the kind is a label.
    pub(crate) fn fail(&mut self, kind: &str) {
        if let Some(recorded) = &mut self.recorded {
            recorded.fail(kind);
        }
    }
}

/// Works on a call as a part of its trace.
pub(crate) async fn scope<T>(context: TraceContext, work: impl Future<Output = T>) -> T {
    CURRENT.scope(context, work).await
}

/// The trace of the call that this task works on.
pub(crate) fn current() -> Option<TraceContext> {
    CURRENT.try_with(Clone::clone).ok()
}

/// The id of that trace, or nothing.
pub(crate) fn current_id() -> String {
    CURRENT.try_with(TraceContext::trace_id).unwrap_or_default()
}

/// A number of lower-case hex digits, as the specification wants them.
fn hex(digits: &str, length: usize) -> Option<u128> {
    let fits = digits.len() == length && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if fits { u128::from_str_radix(digits, 16).ok() } else { None }
}

/// Unlikely to repeat; an id is no secret, so a hash is random enough.
fn nonzero() -> u64 {
    static SEED: OnceLock<RandomState> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut hasher = SEED.get_or_init(RandomState::new).build_hasher();
    hasher.write_u64(COUNT.fetch_add(1, Ordering::Relaxed));
    hasher.finish().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_context_is_read_and_written_in_the_form_of_the_specification() {
        let context = TraceContext::parse(PARENT, Some("congo=t61rcWkgMzE")).unwrap();
        assert_eq!(context.to_string(), PARENT);
        assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(context.state(), Some("congo=t61rcWkgMzE"));
    }

    #[test]
    fn a_call_keeps_its_callers_trace_and_has_a_span_of_its_own() {
        let parent = TraceContext::parse(PARENT, Some("a=1")).unwrap();
        let call = TraceContext::begin(Some(parent.clone()));
        assert_eq!((call.trace_id, call.flags, call.state()), (parent.trace_id, 1, Some("a=1")));
        assert_ne!(call.span_id, parent.span_id);
    }

    #[test]
    fn a_call_without_a_trace_begins_one_that_nobody_records() {
        let (one, other) = (TraceContext::begin(None), TraceContext::begin(None));
        assert_ne!(one.trace_id, other.trace_id);
        assert!(TraceContext::parse(&one.to_string(), None).is_some(), "{one}");
        assert!(one.to_string().ends_with("-00"), "{one}");
    }

    #[test]
    fn what_does_not_follow_the_specification_is_not_passed_on() {
        for bad in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceContext::parse(bad, None), None, "{bad}");
        }
        let forged = TraceContext::parse(PARENT, Some("a=1\r\nAuthorization: Basic x")).unwrap();
        assert_eq!(forged.state(), None);
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = format!("01{}-future", &PARENT[2..]);
        assert_eq!(TraceContext::parse(&later, None).unwrap().to_string(), PARENT);
    }

    #[tokio::test]
    async fn the_context_is_there_for_as_long_as_the_call_is_worked_on() {
        let context = TraceContext::begin(None);
        let id = context.trace_id();
        assert_eq!(scope(context, async { current_id() }).await, id);
        assert_eq!((current(), current_id()), (None, String::new()));
    }
}
