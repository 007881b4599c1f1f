//! One report per request, whatever became of it: what metrics and logs are made of.
//!
//! Labels come from the plugin, so they are bounded in alphabet, length and number; what does not fit counts as
//! `other`. Nothing here fails.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::telemetry::trace::{Span, TraceContext};

/// The endpoint family that a plugin says a request belongs to. It never leaves the host.
pub(crate) const ENDPOINT: HeaderName = HeaderName::from_static("jankins-endpoint");
/// The correlation id of the call that a request serves. It is passed on, so that controller logs can be joined.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub(crate) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

const OTHER: &str = "other";
const MAX_LABEL: usize = 32;
/// A plugin has some dozens of endpoint families. Each distinct label is a time series, so more than this is abuse.
const MAX_LABELS: usize = 64;
/// Room for a UUID with a prefix; longer ids would make log lines a channel for anything.
const MAX_REQUEST_ID: usize = 64;

/// A finished request.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    /// The endpoint family that the plugin named: `[a-z0-9-]`, at most 32 characters.
    pub(crate) endpoint: String,
    /// The method, or `OTHER`.
    pub(crate) method: &'static str,
    /// The controller's answer, if there was one.
    pub(crate) status: Option<u16>,
    /// A stable label of what went wrong; also set when a body failed after a good status.
    pub(crate) error: Option<&'static str>,
    /// Bytes of the request body.
    pub(crate) request_bytes: u64,
    /// Bytes of the response body that were delivered.
    pub(crate) response_bytes: u64,
    /// From the plugin's request to the end of the response body, waiting for a slot included.
    pub(crate) elapsed: Duration,
    /// The id that the plugin gave the call.
    pub(crate) correlation_id: Option<String>,
    /// The trace that the call is a part of.
    pub(crate) trace_id: Option<String>,
}

/// Told about every request once it is over.
pub(crate) trait Observer: Send + Sync {
    /// Called from wherever a request ends, so it must be quick.
    fn request(&self, done: &Exchange);
}

/// Gathers an [`Exchange`] and reports it when dropped: a request that the plugin abandons is reported as well.
pub(crate) struct Meter {
    pub(crate) exchange: Exchange,
    span: Option<Span>,
    started: Instant,
    observer: Arc<dyn Observer>,
}

impl Meter {
    pub(crate) fn start(observer: &Arc<dyn Observer>, endpoint: String, method: &Method, headers: &HeaderMap) -> Self {
        let method = method_label(method);
        let span = trace(headers).map(|parent| Span::client(parent, method));
        Self {
            exchange: Exchange {
                endpoint,
                method,
                status: None,
                error: None,
                request_bytes: 0,
                response_bytes: 0,
                elapsed: Duration::ZERO,
                correlation_id: correlation_id(headers),
                trace_id: span.as_ref().map(|span| span.context().trace_id()),
            },
            span,
            started: Instant::now(),
            observer: Arc::clone(observer),
        }
    }

    /// Names the span of this request in the headers that leave with it.
    pub(crate) fn pass_on(&self, headers: &mut HeaderMap) {
        let value = self.span.as_ref().and_then(|span| HeaderValue::try_from(span.context().to_string()).ok());
        if let Some(value) = value {
            headers.insert(TRACEPARENT, value);
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        let exchange = &mut self.exchange;
        if exchange.status.is_none() && exchange.error.is_none() {
            exchange.error = Some("cancelled");
        }
        exchange.elapsed = self.started.elapsed();
        if let Some(span) = &mut self.span {
            span.set("http.request.method", exchange.method);
            span.set("jankins.endpoint", &exchange.endpoint);
            if let Some(status) = exchange.status {
                span.count("http.response.status_code", status);
            }
            if let Some(id) = &exchange.correlation_id {
                span.set("jankins.correlation_id", id);
            }
            let failed_status = exchange.status.filter(|status| *status >= 400).map(|status| status.to_string());
            if let Some(kind) = exchange.error.map(str::to_owned).or(failed_status) {
                span.fail(&kind);
            }
        }
        self.observer.request(exchange);
    }
}

/// The endpoint labels that a tenant has used so far.
#[derive(Default)]
pub(crate) struct Labels(Mutex<HashSet<String>>);

impl Labels {
    /// The label that `headers` carry, if it is well formed and not one too many.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> String {
        let label = headers.get(ENDPOINT).and_then(|value| value.to_str().ok()).filter(|label| is_label(label));
        let Some(label) = label else {
            return OTHER.to_owned();
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(label) {
            return label.to_owned();
        }
        if known.len() >= MAX_LABELS {
            return OTHER.to_owned();
        }
        known.insert(label.to_owned());
        label.to_owned()
    }
}

fn is_label(text: &str) -> bool {
    (1..=MAX_LABEL).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn correlation_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let fits =
        (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'));
    fits.then(|| id.to_owned())
}

/// The trace of the call, which the host put there itself.
fn trace(headers: &HeaderMap) -> Option<TraceContext> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    TraceContext::parse(text(TRACEPARENT)?, text(TRACESTATE))
}

fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labelled(label: &str) -> HeaderMap {
        HeaderMap::from_iter([(ENDPOINT, HeaderValue::from_str(label).unwrap())])
    }

    #[test]
    fn a_label_outside_the_alphabet_or_length_counts_as_other() {
        let labels = Labels::default();
        assert_eq!(labels.admit(&labelled("build-log")), "build-log");
        assert_eq!(labels.admit(&HeaderMap::new()), OTHER);
        for bad in ["", "Build", "a b", "job/x", &"a".repeat(33)] {
            assert_eq!(labels.admit(&labelled(bad)), OTHER, "{bad:?}");
        }
    }

    #[test]
    fn a_plugin_that_invents_labels_runs_out_of_them_and_keeps_the_old_ones() {
        let labels = Labels::default();
        for n in 0..MAX_LABELS {
            assert_eq!(labels.admit(&labelled(&format!("l{n}"))), format!("l{n}"));
        }
        assert_eq!(labels.admit(&labelled("one-more")), OTHER);
        assert_eq!(labels.admit(&labelled("l0")), "l0");
    }

    #[test]
    fn an_id_that_could_forge_a_log_line_is_not_reported() {
        let with = |id: &'static str| HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_static(id))]);
        assert_eq!(correlation_id(&with("c-12ab.3")), Some("c-12ab.3".to_owned()));
        assert_eq!(correlation_id(&with("a b\" level=error")), None);
        assert_eq!(correlation_id(&HeaderMap::new()), None);
    }
}
