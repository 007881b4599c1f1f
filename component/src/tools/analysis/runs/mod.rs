//! `compare-runs`: two builds of a job side by side.
//!
//! The two builds first, then everything else at once: stages, tests, the commits between, and both logs. What is alike is
//! counted, not listed. Stages and tests are matched by name, log lines by what they say apart from times and ids (see
//! [`lines`]). A part that one of the builds lacks is said to be missing.

mod lines;
mod shape;
mod words;

use futures_util::future::{join, join4};

use crate::answer;
use crate::bindings::jankins::plugin::types::{CommitLine, Format, LogDifference, RunComparison, StageDifference};
use crate::call::{Call, saturate};
use crate::error::Error;
use crate::jenkins::builds::{self, Build};
use crate::jenkins::jobs::missing;
use crate::jenkins::path::{JobPath, Selector};
use crate::jenkins::pipeline::{self, Graph};
use crate::jenkins::tests::{Want, report};
use crate::tools::analysis::regression::changed;
use crate::tools::tests::compare::{Verdicts, verdicts};
use crate::tools::triage::history;
use lines::{Pass, Unlike};

/// Builds before the older one that a list of builds holds, so that both are found in it.
const PAST: u32 = 30;
/// Names of tests and commits in the record.
const MAX_LISTED: usize = 200;

/// `compare-runs`.
pub(crate) async fn compare_runs(
    call: &Call,
    job: String,
    base: String,
    head: String,
    branch: Option<String>,
    format: Option<Format>,
) -> Result<RunComparison, Error> {
    let (job, _) = JobPath::parse(&job, branch.as_deref())?;
    let (base, head) = (Selector::parse(Some(&base))?, Selector::parse(Some(&head))?);
    let (base, head) = join(builds::build(call, &job, base), builds::build(call, &job, head)).await;
    let (base, head) = match (base, head) {
        (Ok(base), Ok(head)) => (base, head),
        (Err(error), _) | (_, Err(error)) => return Err(missing(call, &job, error).await),
    };
    let (graphs, tests, commits, logs) = join4(
        graphs(call, &job, &base, &head),
        compare_tests(call, &job, &base, &head),
        commits(call, &job, &base, &head),
        logs(call, &job, &base, &head),
    )
    .await;
    let (logs, graphs) = (logs?, graphs?);
    let mut differences: Vec<String> = revision(&base, &head).into_iter().collect();
    differences.extend(changed::differences(call, &base, &head));
    if let Some((before, after)) = &logs {
        differences.extend(changed::environment(call, &before.analysis, &after.analysis));
    }
    let tests = tests?;
    let names = |names: &[String]| names.iter().take(MAX_LISTED).map(|n| answer::redacted(call, n)).collect();
    let mut record = RunComparison {
        text: String::new(),
        job: job.name(),
        base: base.number,
        head: head.number,
        base_result: base.result().to_owned(),
        head_result: head.result().to_owned(),
        base_ms: base.elapsed_ms(call.now_ms()).map(saturate),
        head_ms: head.elapsed_ms(call.now_ms()).map(saturate),
        stages: stages(&graphs),
        new_failures: tests.as_ref().map(|t| names(&t.new_failures)).unwrap_or_default(),
        fixed: tests.as_ref().map(|t| names(&t.fixed)).unwrap_or_default(),
        still_failing: tests.as_ref().map_or(0, |t| saturate(t.still_failing as u64)),
        differences,
        commits: commit_lines(call, &commits?),
        log_differences: logs.iter().flat_map(|(before, after)| log_differences(call, &base, before, &head, after)).collect(),
        meta: call.meta(""),
    };
    let compared = words::Compared { tests: tests.as_ref(), stages: graphs.0.is_some() && graphs.1.is_some(), logs: logs.is_some() };
    let text = words::describe(call, &record, (&base, &head), &compared, format.unwrap_or(Format::Summary));
    record.text = answer::render(call, &text).text;
    record.meta = call.meta(&record.text);
    Ok(record)
}

async fn graphs(call: &Call, job: &JobPath, base: &Build, head: &Build) -> Result<(Option<Graph>, Option<Graph>), Error> {
    if !base.is_pipeline() || !head.is_pipeline() {
        return Ok((None, None));
    }
    // One after the other the first time, since the first one finds out which source there is.
    let one = pipeline::graph(call, job, Selector::Number(base.number)).await;
    let other = pipeline::graph(call, job, Selector::Number(head.number)).await;
    Ok((call.optional("stages", one)?.flatten(), call.optional("stages", other)?.flatten()))
}

/// `None` when one of the builds recorded no tests.
async fn compare_tests(call: &Call, job: &JobPath, base: &Build, head: &Build) -> Result<Option<Verdicts>, Error> {
    let (Some(before), Some(after)) = (base.tests(), head.tests()) else { return Ok(None) };
    if before.failed == 0 && after.failed == 0 {
        return Ok(Some(Verdicts::default()));
    }
    let ask = |number| report(call, job, Selector::Number(number), Want::All);
    let (before, after) = join(ask(base.number), ask(head.number)).await;
    let before = call.optional(&format!("tests of #{}", base.number), before)?.flatten();
    let after = call.optional(&format!("tests of #{}", head.number), after)?.flatten();
    Ok(before.zip(after).map(|(before, after)| verdicts(&before, &after)))
}

/// The builds after the older one up to the newer one, with their commits.
async fn commits(call: &Call, job: &JobPath, base: &Build, head: &Build) -> Result<Vec<Build>, Error> {
    let (old, new) = if base.number < head.number { (base, head) } else { (head, base) };
    if old.number == new.number {
        return Ok(Vec::new());
    }
    if new.previous_build.as_ref().is_some_and(|previous| previous.number == old.number) {
        return Ok(vec![new.clone()]);
    }
    let past = history::past(call, job, old.number, PAST).await;
    let Some(past) = call.optional("history", past)? else { return Ok(Vec::new()) };
    let found = history::commits(call, job, &past, old.number, new.number).await;
    Ok(call.optional("commits", found)?.unwrap_or_default())
}

async fn logs(call: &Call, job: &JobPath, base: &Build, head: &Build) -> Result<Option<(Pass, Pass)>, Error> {
    let before = lines::pass(call, job, base.number, None).await;
    let Some(mut before) = call.optional(&format!("log of #{}", base.number), before)? else { return Ok(None) };
    let after = lines::pass(call, job, head.number, Some(&before)).await;
    let Some(after) = call.optional(&format!("log of #{}", head.number), after)? else { return Ok(None) };
    // The newer log says nothing new: what it no longer says is told instead.
    if after.first.is_none() {
        let again = lines::pass(call, job, base.number, Some(&after)).await;
        if let Some(again) = call.optional(&format!("log of #{}", base.number), again)? {
            before = again;
        }
    }
    Ok(Some((before, after)))
}

fn revision(base: &Build, head: &Build) -> Option<String> {
    let of = |build: &Build| build.checkouts().first().map(|c| answer::short(&c.commit));
    let (before, after) = (of(base), of(head));
    let show = |commit: Option<String>| commit.unwrap_or_else(|| "unknown".into());
    (before != after).then(|| format!("revision: {} → {}", show(before), show(after)))
}

/// Stages by their path, those that differ: another status, or a time that a person would notice.
fn stages(graphs: &(Option<Graph>, Option<Graph>)) -> Vec<StageDifference> {
    let (Some(base), Some(head)) = graphs else { return Vec::new() };
    let (before, after) = (by_path(base), by_path(head));
    let of_head = after.iter().map(|(path, stage)| (path, before.iter().find(|(p, _)| p == path).map(|(_, s)| *s), Some(*stage)));
    let gone = before.iter().filter(|(path, _)| !after.iter().any(|(p, _)| p == path)).map(|(path, stage)| (path, Some(*stage), None));
    of_head
        .chain(gone)
        .map(|(path, before, after)| StageDifference {
            name: path.clone(),
            before: before.map(|s| s.status.name().to_owned()),
            after: after.map(|s| s.status.name().to_owned()),
            before_ms: before.and_then(|s| s.duration_ms).map(saturate),
            after_ms: after.and_then(|s| s.duration_ms).map(saturate),
        })
        .filter(|it| it.before != it.after || is_notable(it.before_ms, it.after_ms))
        .collect()
}

/// At least 3 s and a third.
fn is_notable(before: Option<u32>, after: Option<u32>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    let distance = before.abs_diff(after);
    distance >= 3_000 && distance >= before.min(after) / 3
}

fn by_path(graph: &Graph) -> Vec<(String, &pipeline::Stage)> {
    let flat = graph.flat();
    let mut open: Vec<&str> = Vec::new();
    let mut out: Vec<(String, &pipeline::Stage)> = Vec::new();
    for (depth, _, stage) in flat {
        open.truncate(depth as usize);
        open.push(&stage.name);
        out.push((open.join(" > "), stage));
    }
    out
}

fn commit_lines(call: &Call, builds: &[Build]) -> Vec<CommitLine> {
    let lines = builds.iter().flat_map(|build| build.commits().into_iter().map(|commit| (build.number, commit)));
    let mut out: Vec<CommitLine> = Vec::new();
    for (build, commit) in lines.take(MAX_LISTED) {
        if !out.iter().any(|known| known.commit == commit.id()) {
            let clean = |text: &str| answer::redacted(call, text);
            out.push(CommitLine { commit: commit.id().to_owned(), author: clean(commit.author()), message: clean(&commit.msg), build });
        }
    }
    out
}

fn log_differences(call: &Call, base: &Build, before: &Pass, head: &Build, after: &Pass) -> Vec<LogDifference> {
    let of = |build: &Build, it: &Unlike| LogDifference {
        build: build.number,
        line: saturate(it.line),
        offset: saturate(it.offset),
        content: answer::redacted(call, &it.text),
        after: it.after.as_deref().map(|line| answer::redacted(call, line)),
    };
    let mut out: Vec<LogDifference> = after.first.iter().map(|it| of(head, it)).collect();
    if after.first_error != after.first {
        out.extend(after.first_error.iter().map(|it| of(head, it)));
    }
    if out.is_empty() {
        out.extend(before.first.iter().map(|it| of(base, it)));
    }
    out
}

#[cfg(test)]
mod tests;
