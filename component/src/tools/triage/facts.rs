//! Everything that is asked of Jenkins before judging.

use futures_util::future::join4;

use super::history::{self, Past};
use crate::analysis::Analysis;
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::builds::{self, Build};
use crate::jenkins::path::{JobPath, Selector};
use crate::jenkins::pipeline::{self, Graph};
use crate::jenkins::tests;
use crate::together;
use crate::tools::analysis::read::{analyse, read};

/// Builds of the past that are looked at for the last good one.
const PAST: u32 = 60;
/// How far failed builds are followed downwards: what starts what is rarely deeper.
const MAX_DEPTH: usize = 4;
/// Cells of a matrix whose state is asked for.
const MAX_CELLS: usize = 24;

/// What is known about a build.
pub(super) struct Facts {
    pub(super) job: JobPath,
    pub(super) build: Build,
    pub(super) analysis: Analysis,
    pub(super) graph: Option<Graph>,
    pub(super) tests: Option<tests::Report>,
    pub(super) past: Vec<Past>,
    /// Failed builds that this one started, outermost first; the last one is where it went wrong.
    pub(super) below: Vec<Below>,
}

impl Facts {
    /// Of a build of which nothing is asked.
    pub(super) fn none(job: JobPath, build: Build) -> Self {
        Self { job, build, analysis: Analysis::default(), graph: None, tests: None, past: Vec::new(), below: Vec::new() }
    }
}

/// A failed build that the build before it in the chain started.
pub(super) struct Below {
    pub(super) job: JobPath,
    pub(super) number: u32,
    pub(super) analysis: Analysis,
}

/// Asks for everything at once.
pub(super) async fn gather(call: &Call, job: JobPath, build: Build) -> Result<Facts, Error> {
    let number = Selector::Number(build.number);
    let graph = async { if build.is_pipeline() { pipeline::graph(call, &job, number).await } else { Ok(None) } };
    let report = async {
        match build.tests() {
            // No failed test: no report to read.
            Some(counts) if counts.failed > 0 => tests::report(call, &job, number, tests::Want::Stacks).await,
            _ => Ok(None),
        }
    };
    let (log, graph, report, past) =
        join4(read(call, &job, build.number), graph, report, history::past(call, &job, build.number, PAST)).await;
    let graph = call.optional("stages", graph)?.flatten();
    let gone = matches!(log, Err(Error::NotFound { .. }));
    let analysis = match call.optional("log", log)? {
        Some(analyzer) => analyzer.finish_knowing(&graph.as_ref().map(bad_stages).unwrap_or_default()),
        None => Analysis::default(),
    };
    if gone {
        call.lacks(format!("log: #{} has none any more", build.number));
    }
    let mut facts = Facts {
        graph,
        tests: call.optional("test report", report)?.flatten(),
        past: call.optional("history", past)?.unwrap_or_default(),
        below: Vec::new(),
        analysis,
        job,
        build,
    };
    facts.below = if !facts.build.runs.is_empty() {
        cells(call, &facts.build).await?
    } else if blames_another_build(&facts.analysis) {
        chain(call, &facts.analysis).await?
    } else {
        Vec::new()
    };
    Ok(facts)
}

/// A started build is to blame, unless this one's own log is sure of something else.
fn blames_another_build(analysis: &Analysis) -> bool {
    analysis.hypotheses.first().is_none_or(|first| first.category.as_str() == "downstream" || first.confidence.as_str() == "low")
}

/// The stages that went wrong, with those they stand in, as the log's markers name them.
fn bad_stages(graph: &Graph) -> Vec<String> {
    let bad = graph.flat().into_iter().filter(|(_, _, stage)| stage.status.is_bad());
    bad.map(|(_, _, stage)| stage.name.clone()).collect()
}

/// Follows failed builds downwards.
async fn chain(call: &Call, analysis: &Analysis) -> Result<Vec<Below>, Error> {
    let mut out: Vec<Below> = Vec::new();
    let mut next = failed_below(analysis);
    while let Some((job, number)) = next {
        if out.len() >= MAX_DEPTH || out.iter().any(|b| b.job == job && b.number == number) {
            call.lacks(format!("did not follow {job} #{number} further down"));
            break;
        }
        let found = analyse(call, &job, number).await;
        let Some(analysis) = call.optional(&format!("log of {job} #{number}"), found)? else { break };
        next = failed_below(&analysis);
        out.push(Below { job, number, analysis });
    }
    Ok(out)
}

/// The build that this one started and that failed first.
fn failed_below(analysis: &Analysis) -> Option<(JobPath, u32)> {
    let failed = |result: &Option<String>| result.as_deref().is_some_and(|r| matches!(r, "FAILURE" | "UNSTABLE" | "ABORTED"));
    let build = analysis.downstream.iter().find(|d| failed(&d.result) && d.number.is_some())?;
    let number = u32::try_from(build.number?).ok()?;
    // The log shows display names, joined by this arrow inside folders.
    Some((JobPath::from_full_name(&build.job.replace(" » ", "/")), number))
}

/// The failed cells of a matrix build.
async fn cells(call: &Call, build: &Build) -> Result<Vec<Below>, Error> {
    let cells: Vec<(JobPath, u32)> = build
        .runs
        .iter()
        // A matrix lists cells of older builds as well when they did not run again.
        .filter(|run| run.number == build.number)
        .take(MAX_CELLS)
        .filter_map(|run| Some((JobPath::cell(&run.url)?, run.number)))
        .collect();
    let results =
        together::all(cells.iter().map(|(job, number)| builds::with_fields(call, job, Selector::Number(*number), builds::BRIEF))).await;
    for ((job, number), result) in cells.into_iter().zip(results) {
        let Some(cell) = call.optional(&format!("cell {job}"), result)? else { continue };
        if matches!(cell.result(), "FAILURE" | "UNSTABLE") {
            let found = analyse(call, &job, number).await;
            // The first red cell tells; its neighbours mostly repeat it.
            return Ok(call
                .optional(&format!("log of {job}"), found)?
                .map(|analysis| Below { job, number, analysis })
                .into_iter()
                .collect());
        }
    }
    Ok(Vec::new())
}
