//! How a build failed, so that two failures can be told from one that repeats.
//!
//! The failed tests if there are any, else the stages that failed with the errors of their steps, else the lines of the
//! log's end that look like errors. Numbers are left out of errors: a port or a time does not make another failure.

use std::collections::BTreeSet;

use super::growth::read_end;
use crate::answer;
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::builds::Build;
use crate::jenkins::path::{JobPath, Selector};
use crate::jenkins::pipeline;
use crate::jenkins::tests::{self, Case};
use crate::text::excerpt::Limits;
use crate::text::severity::{Severity, severity};

/// Error lines that make a failure.
const LOG_LINES: usize = 3;
const LOG: Limits = Limits { lines: 2_000, bytes: 32 * 1024 };
/// Marks that are named.
const NAMED: usize = 3;

/// A failure. Two are the same when what failed is.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    result: String,
    kind: &'static str,
    marks: BTreeSet<String>,
}

impl PartialEq for Failure {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.marks == other.marks && (!self.marks.is_empty() || self.result == other.result)
    }
}

impl Failure {
    /// How this build failed.
    ///
    /// # Errors
    /// What keeps Jenkins from answering at all.
    pub(super) async fn of(call: &Call, job: &JobPath, build: &Build) -> Result<Self, Error> {
        let new = |kind, marks: BTreeSet<String>| Self { result: build.result().to_owned(), kind, marks };
        if build.tests().is_some_and(|t| t.failed > 0) {
            let report = tests::failed(call, job, Selector::Number(build.number)).await;
            let report = call.optional("the tests that failed", report)?.flatten();
            let failed: BTreeSet<String> =
                report.iter().flat_map(|r| &r.cases).filter(|c| c.outcome.is_failure()).map(Case::full_name).collect();
            if !failed.is_empty() {
                return Ok(new("test", failed));
            }
        }
        if build.is_pipeline() {
            let graph = pipeline::graph_with_steps(call, job, Selector::Number(build.number)).await;
            let graph = call.optional("the stages that failed", graph)?.flatten();
            let stage = |stage: &pipeline::Stage| {
                let error = stage
                    .failing
                    .as_ref()
                    .and_then(|step| step.error.as_deref())
                    .map(|e| format!(": {}", without_numbers(e)))
                    .unwrap_or_default();
                format!("{}{error}", stage.name)
            };
            let marks: BTreeSet<String> = graph.iter().flat_map(|g| g.culprits()).map(stage).collect();
            if !marks.is_empty() {
                return Ok(new("stage", marks));
            }
        }
        let end = call.optional("the end of the log", read_end(call, job, build.number, 0, LOG).await)?;
        let errors = end.iter().flat_map(|g| g.excerpt.lines.iter().rev()).filter(|line| severity(&line.text) == Severity::Error);
        Ok(new("error", errors.take(LOG_LINES).map(|line| without_numbers(&line.text)).collect()))
    }

    /// In a few words, quoted.
    pub(super) fn words(&self, call: &Call) -> String {
        let named: Vec<String> = self.marks.iter().take(NAMED).map(|mark| answer::quote(call, mark)).collect();
        let more = self.marks.len().saturating_sub(NAMED);
        match (named.is_empty(), more) {
            (true, _) => self.result.clone(),
            (false, 0) => format!("{} {}", self.kind, named.join(", ")),
            (false, more) => format!("{} {} and {more} more", self.kind, named.join(", ")),
        }
    }
}

fn without_numbers(text: &str) -> String {
    let mut out = String::new();
    for c in text.trim().chars() {
        if !c.is_ascii_digit() {
            out.push(c);
        } else if !out.ends_with('#') {
            out.push('#');
        }
    }
    out
}

#[cfg(test)]
mod unit {
    use super::*;
    use crate::testing::{Answer, Script, run};

    fn failure(script: Script, build: &str) -> Failure {
        let (call, _) = script.call();
        let build: Build = crate::testing::read(build);
        run(Failure::of(&call, &JobPath::from_full_name("x"), &build)).unwrap()
    }

    fn of_tests(names: &[(&str, &str)]) -> Failure {
        let cases: Vec<String> =
            names.iter().map(|(name, status)| format!(r#"{{"className":"T","name":"{name}","status":"{status}"}}"#)).collect();
        let report = format!(r#"{{"suites":[{{"cases":[{}]}}]}}"#, cases.join(","));
        failure(
            Script::new().json("/job/x/1/testReport", &report),
            r#"{"number":1,"result":"UNSTABLE","actions":[{"failCount":1,"totalCount":3}]}"#,
        )
    }

    #[test]
    fn other_tests_are_another_failure_and_the_same_ones_are_the_same() {
        let (a, b) = (of_tests(&[("a", "FAILED"), ("c", "PASSED")]), of_tests(&[("b", "REGRESSION")]));
        assert_ne!(a, b);
        assert_eq!(a, of_tests(&[("a", "REGRESSION"), ("c", "FIXED")]));
    }

    #[test]
    fn the_same_error_with_another_number_is_the_same_failure() {
        let of = |line: &str| {
            let body = format!("make\r\nERROR: {line}\r\nFinished: FAILURE\r\n");
            let log = Answer::Http(200, vec![("X-Text-Size", body.replace('\r', "").len().to_string())], body.into_bytes());
            failure(
                Script::new().on("HEAD /job/x/1/logText", log.clone()).on("GET /job/x/1/logText", log),
                r#"{"number":1,"result":"FAILURE"}"#,
            )
        };
        assert_eq!(of("port 40123 is in use"), of("port 39 is in use"));
        assert_ne!(of("port 40123 is in use"), of("no space left on device"));
    }

    #[test]
    fn without_any_mark_the_result_decides() {
        let aborted = failure(Script::new(), r#"{"number":1,"result":"ABORTED"}"#);
        assert_eq!(aborted, failure(Script::new(), r#"{"number":2,"result":"ABORTED"}"#));
        assert_ne!(aborted, failure(Script::new(), r#"{"number":2,"result":"FAILURE"}"#));
    }
}
