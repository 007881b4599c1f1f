//! From facts to causes, their age, and the commits that fit them.

use super::facts::Facts;
use super::history::{self, Window};
use super::suspects::{self, Suspicion};
use crate::analysis::{Analysis, Hypothesis};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::builds::Build;
use crate::jenkins::path::Selector;
use crate::jenkins::tests::{self, Case};
use crate::together;
use crate::tools::analysis::read::analyse;

/// Logs of earlier builds that are read to learn since when the cause exists.
const MAX_EARLIER_LOGS: usize = 3;
/// Builds of the same revision whose tests are compared.
const MAX_SAME_REVISION: usize = 2;

/// What the facts amount to.
pub(super) struct Judgement {
    /// The likeliest first.
    pub(super) causes: Vec<Cause>,
    /// Since when the first cause is there, as far as it was looked.
    pub(super) window: Window,
    /// The earlier builds of the window were bad for another reason.
    pub(super) differs_before: bool,
    pub(super) suspects: Vec<Suspicion>,
    /// Tests that passed in another build of the same revision.
    pub(super) flakes: Vec<Flake>,
    /// A build of the same revision and parameters that passed, when the cause is not that of tests.
    pub(super) passed_in: Option<u32>,
}

/// A test that failed here and passed there, on the same revision.
pub(super) struct Flake {
    pub(super) test: String,
    pub(super) passed_in: u32,
}

/// A possible cause.
pub(super) enum Cause {
    /// What a log says: of this build, or of one that it started (an index into `Facts::below`).
    Log { hypothesis: Hypothesis, below: Option<usize> },
    /// Tests that failed.
    Tests,
}

/// Judges.
pub(super) async fn judge(call: &Call, facts: &Facts) -> Result<Judgement, Error> {
    let mut judgement = Judgement {
        causes: causes(facts),
        window: Window::default(),
        differs_before: false,
        suspects: Vec::new(),
        flakes: Vec::new(),
        passed_in: None,
    };
    match judgement.causes.first() {
        Some(Cause::Tests) => {
            judgement.flakes = flakes(call, facts).await?;
            judgement.window = tests_window(facts, &judgement.flakes);
        }
        Some(Cause::Log { hypothesis, below: None }) if hypothesis.category.as_str() != "aborted" => {
            judgement.passed_in = passed_in(facts);
            if judgement.passed_in.is_some() || !is_about_code(hypothesis) {
                return Ok(judgement);
            }
            let (window, differs) = since(call, facts, hypothesis).await?;
            judgement.window = window;
            judgement.differs_before = differs;
        }
        _ => return Ok(judgement),
    }
    let all_flaky = !judgement.flakes.is_empty() && judgement.flakes.len() >= failed(facts).len();
    if !all_flaky && judgement.window.last_good.is_some() {
        let commits = window_commits(call, facts, judgement.window).await?;
        judgement.suspects = suspects::rank(&commits, &evidence_text(facts, &judgement.causes, &judgement.flakes));
    }
    Ok(judgement)
}

/// The nearest build of the same revision that passed.
fn passed_in(facts: &Facts) -> Option<u32> {
    let same = history::same_revision(&facts.past, facts.build.number);
    same.into_iter().find(|n| facts.past.iter().any(|p| p.number == *n && p.result == "SUCCESS"))
}

fn causes(facts: &Facts) -> Vec<Cause> {
    let has_tests = !failed(facts).is_empty();
    let mut out: Vec<Cause> = Vec::new();
    // What a started build failed of is the cause; that it failed is only how it came up here.
    if let Some((at, last)) = facts.below.iter().enumerate().next_back() {
        let found = last.analysis.hypotheses.iter().take(2).cloned();
        out.extend(found.map(|hypothesis| Cause::Log { hypothesis, below: Some(at) }));
    }
    let explained = !out.is_empty();
    let own = facts.analysis.hypotheses.iter().filter(|h| {
        let repeats_report = has_tests && h.category.as_str() == "test";
        let propagates = explained && h.category.as_str() == "downstream";
        !repeats_report && !propagates
    });
    out.extend(own.cloned().map(|hypothesis| Cause::Log { hypothesis, below: None }));
    if has_tests {
        out.insert(tests_rank(facts, &out), Cause::Tests);
    }
    out
}

/// Where failed tests stand among the causes: first, unless the build failed of something that the log is sure about.
fn tests_rank(facts: &Facts, causes: &[Cause]) -> usize {
    let leads = facts.analysis.hypotheses.first().is_some_and(|h| h.category.as_str() == "test");
    let sure = causes.first().is_some_and(|c| matches!(c, Cause::Log { hypothesis, .. } if hypothesis.confidence.as_str() == "high"));
    usize::from(facts.build.result() != "UNSTABLE" && !leads && sure && facts.build.runs.is_empty())
}

fn is_flaky(case: &Case, flakes: &[Flake]) -> bool {
    flakes.iter().any(|flake| flake.test == case.full_name())
}

/// The failed tests of the report.
pub(super) fn failed(facts: &Facts) -> Vec<&Case> {
    facts.tests.iter().flat_map(|r| &r.cases).filter(|c| c.outcome.is_failure()).collect()
}

/// Commits may have caused it; machines, people and clocks are no commit's doing.
fn is_about_code(hypothesis: &Hypothesis) -> bool {
    !matches!(
        hypothesis.category.as_str(),
        "infrastructure" | "network" | "credentials" | "timeout" | "aborted" | "resource" | "downstream" | "scm"
    )
}

/// Since when the tests fail that are not flaky: those that are new in this build count before old ones.
fn tests_window(facts: &Facts, flakes: &[Flake]) -> Window {
    let cases: Vec<&Case> = failed(facts).into_iter().filter(|c| !is_flaky(c, flakes)).collect();
    let new = cases.iter().any(|c| c.is_new());
    let first_bad = if new { Some(facts.build.number) } else { cases.iter().filter_map(|c| c.since).max() };
    let before = |p: &&history::Past| first_bad.is_some_and(|bad| p.number < bad) && p.tested && history::badness(&p.result).is_some();
    Window { first_bad, last_good: facts.past.iter().find(before).map(|p| p.number) }
}

/// The run of bad builds, cut to those that have the same cause; and whether earlier ones had another.
async fn since(call: &Call, facts: &Facts, cause: &Hypothesis) -> Result<(Window, bool), Error> {
    let window = history::window(&facts.past, facts.build.number);
    let Some(first_bad) = window.first_bad.filter(|first| *first < facts.build.number) else { return Ok((window, false)) };
    if same_cause(call, facts, first_bad, cause).await? {
        return Ok((window, false));
    }
    // Backwards from this build, until the cause is another one.
    let earlier: Vec<u32> = facts
        .past
        .iter()
        .filter(|p| p.number < facts.build.number && p.number > first_bad && p.result == facts.build.result())
        .map(|p| p.number)
        .collect();
    let mut same_from = facts.build.number;
    for (looked, number) in earlier.iter().enumerate() {
        if looked >= MAX_EARLIER_LOGS {
            call.lacks(format!("the cause is there since #{same_from} or earlier; logs before that were not read"));
            break;
        }
        if !same_cause(call, facts, *number, cause).await? {
            break;
        }
        same_from = *number;
    }
    let before = facts.past.iter().find(|p| p.number < same_from && matches!(p.result.as_str(), "SUCCESS" | "UNSTABLE" | "FAILURE"));
    Ok((Window { first_bad: Some(same_from), last_good: before.map(|p| p.number) }, true))
}

async fn same_cause(call: &Call, facts: &Facts, number: u32, cause: &Hypothesis) -> Result<bool, Error> {
    let found = analyse(call, &facts.job, number).await;
    let analysis: Option<Analysis> = call.optional(&format!("log of #{number}"), found)?;
    let shape = |title: &str| title.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    Ok(analysis.is_some_and(|a| a.hypotheses.iter().take(2).any(|h| h.rule == cause.rule && shape(&h.title) == shape(&cause.title))))
}

/// The builds after the last good one, up to the first bad one: their commits came in together.
async fn window_commits(call: &Call, facts: &Facts, window: Window) -> Result<Vec<Build>, Error> {
    let (Some(good), Some(bad)) = (window.last_good, window.first_bad) else { return Ok(Vec::new()) };
    let alone = !facts.past.iter().any(|p| p.number > good && p.number < bad);
    if bad == facts.build.number && alone {
        return Ok(vec![facts.build.clone()]);
    }
    let found = history::commits(call, &facts.job, &facts.past, good, bad).await;
    Ok(call.optional("commits", found)?.unwrap_or_default())
}

/// Newly failing tests that passed in another build of the same revision.
async fn flakes(call: &Call, facts: &Facts) -> Result<Vec<Flake>, Error> {
    let new: Vec<&Case> = failed(facts).into_iter().filter(|c| c.is_new()).collect();
    let others = history::same_revision(&facts.past, facts.build.number);
    if new.is_empty() || others.is_empty() {
        return Ok(Vec::new());
    }
    let others: Vec<u32> = others.into_iter().take(MAX_SAME_REVISION).collect();
    let reports = together::all(others.iter().map(|n| tests::report(call, &facts.job, Selector::Number(*n), tests::Want::All))).await;
    let mut out: Vec<Flake> = Vec::new();
    for (number, report) in others.into_iter().zip(reports) {
        let Some(report) = call.optional(&format!("tests of #{number}"), report)?.flatten() else { continue };
        for case in &new {
            let passed = report.cases.iter().any(|c| c.class == case.class && c.name == case.name && c.outcome.is_pass());
            if passed && !out.iter().any(|f| f.test == case.full_name()) {
                out.push(Flake { test: case.full_name(), passed_in: number });
            }
        }
    }
    Ok(out)
}

/// All text that tells of the failure, for what names commits may share with it.
fn evidence_text(facts: &Facts, causes: &[Cause], flakes: &[Flake]) -> String {
    let mut text = String::new();
    let mut add = |piece: &str| {
        text.push_str(piece);
        text.push('\n');
    };
    // The first cause is what is looked for; the second one often is its other face.
    for cause in causes.iter().take(2) {
        match cause {
            Cause::Log { hypothesis, .. } => {
                add(&hypothesis.title);
                hypothesis.evidence.iter().for_each(|e| add(&e.text));
            }
            Cause::Tests => {
                for case in failed(facts).into_iter().filter(|c| !is_flaky(c, flakes)) {
                    add(&case.full_name());
                    add(case.error.as_deref().unwrap_or_default());
                    add(case.stack.as_deref().unwrap_or_default());
                }
            }
        }
    }
    text
}
