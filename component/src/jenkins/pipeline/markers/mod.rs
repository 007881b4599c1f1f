//! The log as a source: what a controller without any of the plugins still tells.
//!
//! One request, read as a stream. Names, nesting, order and what was skipped are exact; states are inferred, by rules
//! that stand at [`infer`]. Times are not in the log. A log that breaks off in the middle is an error.

mod infer;
mod note;
mod outline;
mod plain;
mod slice;

use std::collections::HashSet;

pub(super) use outline::Outline;
pub(super) use slice::slice;

use super::model::{Graph, Status};
use crate::call::Call;
use crate::error::Error;
use crate::json::record;
use crate::text::lines::LineScanner;
use crate::upstream::Ask;

/// The step that records test results, and may so make a build unstable without a word in the log.
const JUNIT: &str = "junit";

record! {
    /// `testReport/api/json` of a build: which `junit` steps reported failures.
    struct Report {
        suites: Vec<Suite>,
    }

    struct Suite {
        node_id: Option<String>,
        cases: Vec<Case>,
    }

    struct Case {
        status: String => required,
    }
}

/// The graph of a build as its log shows it, with failing steps.
pub(super) async fn graph(call: &Call, build: &str, what: &str) -> Result<Graph, Error> {
    let outline = read(call, build, what, usize::MAX, |_| false).await?;
    if outline.dropped {
        call.lacks("stages after the first 20,000 nodes of the pipeline");
    }
    let green = matches!(outline.result, None | Some(Status::Success));
    let failed =
        if !green && outline.atoms.iter().any(|atom| atom.name == JUNIT) { failed_reports(call, build).await? } else { HashSet::new() };
    let graph = outline.graph(&failed);
    if outline.result == Some(Status::Unstable) && graph.culprits().is_empty() {
        call.lacks("which stage made the build unstable: its log does not say");
    }
    Ok(graph)
}

/// Reads a log until it ends, is enough, or is too much.
pub(super) async fn read(call: &Call, build: &str, what: &str, most: usize, enough: impl Fn(&Outline) -> bool) -> Result<Outline, Error> {
    let path = format!("{build}/logText/progressiveText?start=0");
    let mut reply = call.ask(Ask::get("log", &path), what).await?;
    let (mut outline, mut scanner) = (Outline::default(), LineScanner::new());
    let mut bytes = 0_usize;
    while let Some(chunk) = reply.body.chunk().await? {
        bytes = bytes.saturating_add(chunk.len());
        scanner.push(&chunk, |line| outline.line(&line));
        if bytes > most || enough(&outline) {
            return Ok(outline);
        }
    }
    scanner.finish(|line| outline.line(&line));
    Ok(outline)
}

/// The ids of `junit` steps that reported failed tests.
async fn failed_reports(call: &Call, build: &str) -> Result<HashSet<String>, Error> {
    let report = call.tree::<Report>("tests", &format!("{build}/testReport"), "suites[nodeId,cases[status]]", "test report").await;
    let suites = call.optional("test report", report)?.map(|report| report.suites).unwrap_or_default();
    let failed = |suite: &Suite| suite.cases.iter().any(|case| matches!(case.status.as_str(), "FAILED" | "REGRESSION"));
    Ok(suites.into_iter().filter(failed).filter_map(|suite| suite.node_id).collect())
}
