//! `get-build`, and what the tools for builds share.

pub(crate) mod changes;
pub(crate) mod list;
pub(crate) mod scm;

use futures_util::future::join;

use crate::answer;
use crate::bindings::jankins::plugin::types::{Build as Answer, Format, ParameterValue, Revision, StageBrief, TestTotals};
use crate::call::{Call, saturate};
use crate::error::Error;
use crate::jenkins::builds::{self, Build};
use crate::jenkins::jobs::missing;
use crate::jenkins::path::{JobPath, Selector};
use crate::jenkins::pipeline;
use crate::text::budget::{self, Section};
use crate::text::{human, names};
use crate::tools::hint::Hint;

/// Cells of a matrix that are listed; those that are not green come first.
const MAX_CELLS: usize = 200;
/// Of them, those that a summary names.
const BRIEF_CELLS: usize = 10;
/// Commits that a summary of a build shows.
const BRIEF_COMMITS: u32 = 3;

/// `get-build`.
pub(crate) async fn get_build(
    call: &Call,
    job: String,
    branch: Option<String>,
    build: Option<String>,
    format: Option<Format>,
) -> Result<Answer, Error> {
    let (job, which) = JobPath::with_build(&job, branch.as_deref(), build.as_deref())?;
    let build = match builds::build(call, &job, which).await {
        Ok(build) => build,
        Err(error) => return Err(missing(call, &job, error).await),
    };
    // Not at once with the build: only a pipeline's build has stages to ask for, and only a running one can wait for an input, of
    // which not every source of stages knows.
    let pipeline = build.is_pipeline();
    let graph = async { if pipeline { pipeline::graph(call, &job, Selector::Number(build.number)).await } else { Ok(None) } };
    let running = pipeline && build.building;
    let inputs = async { if running { pipeline::pending(call, &job, build.number, false).await } else { Ok(Vec::new()) } };
    let (graph, inputs) = join(graph, inputs).await;
    let graph = call.optional("stages", graph)?.flatten();
    let inputs = call.optional("inputs", inputs)?.unwrap_or_default();
    let mut answer = record(call, &job, &build, graph.as_ref());
    answer.waiting_for_input |= !inputs.is_empty();
    let text = answer::render(call, &describe(call, &answer, &build, format.unwrap_or(Format::Summary))).text;
    answer.meta = call.meta(&text);
    answer.text = text;
    Ok(answer)
}

fn record(call: &Call, job: &JobPath, build: &Build, graph: Option<&pipeline::Graph>) -> Answer {
    let now = call.now_ms();
    let stages = graph.map_or_else(|| cells(build), briefs);
    let clean = |text: &str| answer::redacted(call, text);
    Answer {
        text: String::new(),
        job: job.name(),
        number: build.number,
        url: build.url.clone(),
        result: build.result().to_owned(),
        building: build.building,
        started: answer::timestamp(build.timestamp),
        duration_ms: build.elapsed_ms(now).map(saturate),
        progress_percent: build.progress_percent(now),
        queue_ms: build.queue_ms().map(saturate),
        causes: build.causes().map(|c| clean(&c.short_description)).collect(),
        parameters: build.parameters().map(|(name, value)| parameter(call, name, value)).collect(),
        commits: saturate(build.commits().len() as u64),
        revisions: build
            .checkouts()
            .into_iter()
            .map(|c| Revision { commit: c.commit, branch: c.branch, remote: c.remote.map(|r| clean(&r)) })
            .collect(),
        waiting_for_input: stages.iter().any(|s| s.status == "PAUSED"),
        stages,
        tests: build.tests().map(|t| TestTotals { total: t.total, failed: t.failed, skipped: t.skipped }),
        artifacts: saturate(build.artifacts().len() as u64),
        node: build.built_on.clone().map(|n| if n.is_empty() { "built-in".to_owned() } else { n }),
        display_name: build.display_name.clone().filter(|n| *n != format!("#{}", build.number)),
        description: build.description.as_deref().filter(|d| !d.is_empty()).map(clean),
        meta: call.meta(""),
    }
}

/// The cells of a matrix build, in the place of stages.
fn cells(build: &Build) -> Vec<StageBrief> {
    let (green, others): (Vec<_>, Vec<_>) = build.cells().partition(|(_, result)| *result == "SUCCESS");
    let brief = |(name, result): (String, &str)| StageBrief { name, status: result.to_owned(), duration_ms: None };
    others.into_iter().chain(green).take(MAX_CELLS).map(brief).collect()
}

/// `2 of 9 not green: DB=pg FAILURE, DB=lite ABORTED`.
fn cell_line(stages: &[StageBrief], room: usize) -> String {
    let bad: Vec<&StageBrief> = stages.iter().filter(|cell| cell.status != "SUCCESS").collect();
    if bad.is_empty() {
        return format!("all {} SUCCESS", stages.len());
    }
    let shown: Vec<String> = bad.iter().take(room).map(|cell| format!("{} {}", names::shown(&cell.name), cell.status)).collect();
    let more = if bad.len() > room { ", …" } else { "" };
    format!("{} of {} not green: {}{more}", bad.len(), stages.len(), shown.join(", "))
}

/// Its stages in a line: the top-level ones, and below them those that are not green.
pub(crate) fn briefs(graph: &pipeline::Graph) -> Vec<StageBrief> {
    let worth = |depth: u32, stage: &pipeline::Stage| depth == 0 || stage.status != pipeline::Status::Success;
    let brief = |stage: &pipeline::Stage| StageBrief {
        name: stage.name.clone(),
        status: stage.status.name().to_owned(),
        duration_ms: stage.duration_ms.map(saturate),
    };
    graph.flat().into_iter().filter(|(depth, _, stage)| worth(*depth, stage)).map(|(_, _, stage)| brief(stage)).collect()
}

/// A parameter as answers show it: a secret is hidden whether Jenkins hides it or only its name tells.
pub(crate) fn parameter(call: &Call, name: &str, value: Option<String>) -> ParameterValue {
    const HIDDEN: &str = "[redacted]";
    let value = value.map_or(HIDDEN.to_owned(), |v| {
        let pair = answer::redacted(call, &format!("{name}={v}"));
        pair.strip_prefix(&format!("{name}=")).map_or(HIDDEN.to_owned(), str::to_owned)
    });
    ParameterValue { name: name.to_owned(), value }
}

fn describe(call: &Call, it: &Answer, build: &Build, format: Format) -> budget::Answer {
    let quote = |text: &str| answer::quote(call, text);
    let full = format == Format::Full;
    let mut out = budget::Answer::new(call.max_tokens());
    let title = it.display_name.as_deref().map(|n| format!(" {}", quote(n))).unwrap_or_default();
    out.head(format!("{} {}{title}", it.job, answer::build_line(call, build)));
    if format == Format::Ids {
        return out;
    }
    if it.waiting_for_input {
        out.head("WAITING FOR INPUT");
    }
    if !it.causes.is_empty() {
        out.head(format!("cause: {}", it.causes.iter().map(|c| quote(c)).collect::<Vec<_>>().join("; ")));
    }
    for revision in &it.revisions {
        let commit = if full { names::shown(&revision.commit) } else { answer::short(&revision.commit) };
        let branch = revision.branch.as_deref().map(|b| format!(" {}", names::shown(b))).unwrap_or_default();
        let remote = revision.remote.as_deref().filter(|_| full || it.revisions.len() > 1);
        let remote = remote.map(|r| format!(" of {}", names::shown(r))).unwrap_or_default();
        out.head(format!("revision: {commit}{branch}{remote}"));
    }
    if !build.runs.is_empty() && !it.stages.is_empty() {
        out.head(format!("cells: {}", cell_line(&it.stages, if full { MAX_CELLS } else { BRIEF_CELLS })));
    } else if !it.stages.is_empty() {
        out.head(format!("stages: {}", stage_line(&it.stages)));
    }
    if let Some(tests) = &it.tests {
        out.head(format!("tests: {} failed, {} skipped, {} in all", tests.failed, tests.skipped, tests.total));
    }
    if !it.parameters.is_empty() {
        let shown: Vec<String> = it.parameters.iter().map(|p| format!("{}={}", quote(&p.name), quote(&p.value))).collect();
        out.head(format!("parameters: {}", shown.join(" ")));
    }
    if let Some(node) = &it.node {
        out.head(format!("node: {node}"));
    }
    if let Some(queue) = it.queue_ms.filter(|ms| *ms >= 1000 || full) {
        out.head(format!("waited in the queue: {}", human::duration(u64::from(queue))));
    }
    if let Some(description) = &it.description {
        out.head(format!("description: {}", quote(description)));
    }
    if it.commits > 0 {
        out.head(format!("commits: {}", it.commits));
        let shown = build.commits().into_iter().take(if full { usize::MAX } else { BRIEF_COMMITS as usize });
        let items = shown.map(|c| format!("  {} {}: {}", answer::short(c.id()), quote(c.author()), quote(&c.msg)));
        out.section(Section::new("commit").items(items));
    }
    if it.artifacts > 0 {
        out.head(format!("artifacts: {}", it.artifacts));
        if full {
            out.section(Section::new("artifact").priority(50).items(build.artifacts().map(|path| format!("  {}", quote(path)))));
        }
    }
    let number = it.number.to_string();
    let hint = |tool: &str| Hint::new(tool).with("job", Some(&it.job)).with("build", Some(&number)).call();
    if it.waiting_for_input {
        out.next(hint("list_pending_inputs"));
    } else if it.building {
        out.next(hint("wait_for_build"));
    } else if it.result != "SUCCESS" {
        out.next(hint("triage_failure"));
    } else if it.artifacts > 0 {
        out.next(hint("get_build_artifacts"));
    }
    if it.commits > BRIEF_COMMITS && !full {
        out.next(hint("get_build_changes"));
    }
    out
}

/// `Checkout ok, Test UNSTABLE, Deploy skipped`: names of stages are the Jenkinsfile's, so they are quoted when odd.
pub(crate) fn stage_line(stages: &[StageBrief]) -> String {
    let word = |status: &str| match status {
        "SUCCESS" => "ok".to_owned(),
        "NOT_BUILT" => "skipped".to_owned(),
        other => other.to_owned(),
    };
    let shown: Vec<String> = stages.iter().map(|s| format!("{} {}", answer::name(&s.name), word(&s.status))).collect();
    shown.join(", ")
}

#[cfg(test)]
mod tests;
