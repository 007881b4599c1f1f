//! What a call ends with: an answer, or a failure that tells its reader what to do next.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// How a call ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// The tool answered.
    Answer(Answer),
    /// The tool, or the host in its place, reports a failure.
    Failed(Failure),
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    /// What a model reads.
    pub text: String,
    /// The same facts for programs: an object with snake_case keys and no nulls, as the output schema says.
    pub(crate) structured: Value,
    /// Facts about the answer (requests, cache, what is partial): an object, empty when the plugin gives none.
    pub meta: Value,
}

/// Why a call failed, for a model or a person who wants to go on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Failure {
    /// Stable, kebab-case.
    pub code: String,
    /// What happened, one sentence.
    pub message: String,
    /// What may help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What to do next, most useful first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub next_actions: Vec<String>,
    /// When another try makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u32>,
    /// The HTTP status that the upstream answered, if that was the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream_status: Option<u32>,
    /// Joins this failure to the logs.
    pub correlation_id: String,
}

impl Failure {
    /// A failure that the host itself reports.
    pub(crate) fn host(code: &str, message: impl Into<String>) -> Failure {
        Failure {
            code: code.to_owned(),
            message: message.into(),
            hint: None,
            next_actions: Vec::new(),
            retry_after_ms: None,
            upstream_status: None,
            correlation_id: new_correlation_id(),
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn next(mut self, action: impl Into<String>) -> Failure {
        self.next_actions.push(action.into());
        self
    }

    pub(super) fn retry_after(mut self, ms: u32) -> Failure {
        self.retry_after_ms = Some(ms);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Failure {}

/// Unique within the process and unlikely to repeat across processes; no secret, so a hash is random enough.
pub(super) fn new_correlation_id() -> String {
    static SEED: OnceLock<RandomState> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut hasher = SEED.get_or_init(RandomState::new).build_hasher();
    hasher.write_u64(COUNT.fetch_add(1, Ordering::Relaxed));
    format!("{:016x}", hasher.finish())
}

/// What a plugin finds when it checks whether it can do its work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CheckReport {
    /// Whether it can.
    pub ok: bool,
    /// What it tried, in order.
    pub steps: Vec<CheckStep>,
}

/// One step of a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CheckStep {
    /// What was tried.
    pub name: String,
    /// Whether it worked.
    pub ok: bool,
    /// What was found.
    pub detail: String,
    /// What may help when it did not work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A figure that a plugin reports about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stat {
    /// Its name, without the host's prefix.
    pub name: String,
    /// What it counts.
    pub help: String,
    /// Its value now; a plugin that reports NaN reports nothing, which counts as zero.
    #[serde(default)]
    pub value: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlation_ids_do_not_repeat() {
        let ids: std::collections::HashSet<String> = (0..1000).map(|_| new_correlation_id()).collect();
        assert_eq!(ids.len(), 1000);
    }

    #[test]
    fn a_failure_leaves_out_what_it_does_not_know() {
        let failure = Failure { correlation_id: "c".into(), ..Failure::host("timeout", "no answer") };
        assert_eq!(
            serde_json::to_value(failure).unwrap(),
            serde_json::json!({"code": "timeout", "message": "no answer", "correlation_id": "c"})
        );
    }
}
