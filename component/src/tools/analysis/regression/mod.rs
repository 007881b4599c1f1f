//! `find-regression`: since which build a job fails as the judged one does, and with what that came.
//!
//! Each trouble of the build is traced back by itself, since builds are often red of more than one thing: failed tests by
//! the build that Jenkins counts their failures from, anything else by searching the logs of the red builds before for the
//! same cause (see [`search`]). Builds that were aborted, not built or still run are no evidence; a red build that failed
//! of something else is none either. A test or build that passed on the same revision is flaky and no regression.
//! What was looked at is bounded, and told.

pub(crate) mod changed;
mod search;
mod tests;
mod words;

use futures_util::future::join;

use super::read::analyse;
use crate::analysis::{Analysis, Hypothesis};
use crate::answer;
use crate::bindings::jankins::plugin::types::{Format, Regression};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::builds::{self, Build};
use crate::jenkins::jobs::missing;
use crate::jenkins::path::{JobPath, Selector};
use crate::jenkins::tests::{self as report, Want};
use crate::tools::triage::history::{self, Past, badness};
use crate::tools::triage::suspects::{self, Suspicion};

/// Builds before the judged one that are looked at.
const PAST: u32 = 100;
/// Troubles that are traced back.
const MAX_TROUBLES: usize = 3;

/// One thing that is wrong with the judged build.
enum Trouble {
    /// What its log says, the likeliest.
    Log(Hypothesis),
    /// Tests that began to fail in the same build.
    Tests(tests::Group),
    /// Nothing is known but the result.
    Result,
}

/// What tracing a trouble back has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Regression,
    /// The tests did not exist before they failed.
    NewTest,
    Flaky,
    NeverGood,
    Elsewhere,
    NotEnoughEvidence,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Regression => "regression",
            Self::NewTest => "new-test",
            Self::Flaky => "flaky",
            Self::NeverGood => "never-good",
            Self::Elsewhere => "elsewhere",
            Self::NotEnoughEvidence => "not-enough-evidence",
        }
    }
}

/// A trouble, traced back.
struct Traced {
    trouble: Trouble,
    verdict: Verdict,
    /// What the verdict rests on.
    why: String,
    last_good: Option<u32>,
    first_bad: Option<u32>,
    suspects: Vec<Suspicion>,
    also_changed: Vec<String>,
    /// The build of another job that failed.
    elsewhere: Option<(String, u64)>,
}

impl Traced {
    fn new(trouble: Trouble, verdict: Verdict, why: impl Into<String>) -> Self {
        Self {
            trouble,
            verdict,
            why: why.into(),
            last_good: None,
            first_bad: None,
            suspects: Vec::new(),
            also_changed: Vec::new(),
            elsewhere: None,
        }
    }

    fn between(mut self, last_good: Option<u32>, first_bad: u32) -> Self {
        self.last_good = last_good;
        self.first_bad = Some(first_bad);
        self
    }
}

/// Everything that tracing needs, and what it has cost.
struct Search<'a> {
    call: &'a Call,
    job: &'a JobPath,
    build: &'a Build,
    past: Vec<Past>,
    logs: u32,
    reports: u32,
}

impl Search<'_> {
    /// The log of an earlier build; `None` when it is gone.
    async fn log(&mut self, number: u32) -> Result<Option<Analysis>, Error> {
        self.logs += 1;
        let found = analyse(self.call, self.job, number).await;
        self.call.optional(&format!("log of #{number}"), found)
    }

    /// The tests of another build; `None` when there are none.
    async fn tests(&mut self, number: u32) -> Result<Option<report::Report>, Error> {
        self.reports += 1;
        let found = report::report(self.call, self.job, Selector::Number(number), Want::All).await;
        Ok(self.call.optional(&format!("tests of #{number}"), found)?.flatten())
    }

    fn of(&self, number: u32) -> Option<&Past> {
        self.past.iter().find(|p| p.number == number)
    }
}

/// `find-regression`.
pub(crate) async fn find_regression(
    call: &Call,
    job: String,
    branch: Option<String>,
    build: Option<String>,
    format: Option<Format>,
) -> Result<Regression, Error> {
    let (job, which) = JobPath::with_build(&job, branch.as_deref(), build.as_deref())?;
    let asked = match builds::build(call, &job, which).await {
        Ok(build) => build,
        Err(error) => return Err(missing(call, &job, error).await),
    };
    let past = history::past(call, &job, asked.number, PAST).await?;
    let build = judged(call, &job, &asked, &past).await?;
    let mut search = Search { call, job: &job, build: &build, past, logs: 0, reports: 0 };
    let traced = if badness(build.result()).is_some_and(|bad| bad > 0) { trace(&mut search).await? } else { Vec::new() };
    let mut record = words::record(&search, &asked, &traced);
    let text = words::describe(&search, &asked, &traced, &record, format.unwrap_or(Format::Summary));
    record.text = answer::render(call, &text).text;
    record.meta = call.meta(&record.text);
    Ok(record)
}

/// The build itself, or, when it ended in a way that proves nothing, the nearest one before that does.
async fn judged(call: &Call, job: &JobPath, asked: &Build, past: &[Past]) -> Result<Build, Error> {
    if !asked.building && badness(asked.result()).is_some() {
        return Ok(asked.clone());
    }
    match past.iter().find(|p| p.number < asked.number && badness(&p.result).is_some()) {
        Some(earlier) => builds::build(call, job, Selector::Number(earlier.number)).await,
        None => Ok(asked.clone()),
    }
}

/// Traces every trouble of the build back, what failed it first.
async fn trace(search: &mut Search<'_>) -> Result<Vec<Traced>, Error> {
    let (call, number) = (search.call, search.build.number);
    let wants_tests = search.build.tests().is_some_and(|t| t.failed > 0);
    let report = async {
        if !wants_tests {
            return Ok(None);
        }
        report::report(call, search.job, Selector::Number(number), Want::Stacks).await
    };
    let (log, report) = join(analyse(call, search.job, number), report).await;
    search.logs += 1;
    search.reports += u32::from(wants_tests);
    let analysis = call.optional(&format!("log of #{number}"), log)?.unwrap_or_default();
    let report = call.optional("test report", report)?.flatten();
    let mut out = Vec::new();
    for trouble in troubles(search.build, &analysis, report.map(|r| r.cases).unwrap_or_default()) {
        if out.len() == MAX_TROUBLES {
            call.lacks(format!("traced {MAX_TROUBLES} troubles back, there are more"));
            break;
        }
        out.push(match trouble {
            Trouble::Tests(group) => tests::trace(search, group).await?,
            Trouble::Log(cause) => match elsewhere(&cause, &analysis) {
                Some(below) => {
                    let why = format!("the cause is in {} #{}, which this build started", below.0, below.1);
                    Traced { elsewhere: Some(below), ..Traced::new(Trouble::Log(cause), Verdict::Elsewhere, why) }
                }
                None => search::trace(search, cause).await?,
            },
            Trouble::Result => search::trace_result(search),
        });
    }
    // What explains the run of red builds leads; a flake never does while something else is wrong.
    let run = history::window(&search.past, number).first_bad;
    crate::sorted::sort_by_key(&mut out, |t| (t.verdict == Verdict::Flaky, !matches!(t.trouble, Trouble::Log(_)), t.first_bad != run));
    blame(search, &mut out).await?;
    Ok(out)
}

/// What is wrong with a build: what its log is sure about, and its failed tests by the build they began to fail in.
fn troubles(build: &Build, analysis: &Analysis, failed: Vec<report::Case>) -> Vec<Trouble> {
    let groups = tests::groups(failed, build.number);
    let cause = analysis.hypotheses.first().filter(|h| {
        let sure = h.confidence.as_str() == "high" && build.result() != "UNSTABLE";
        let repeats_report = h.category.as_str() == "test" || h.category.as_str() == "downstream" && !build.runs.is_empty();
        groups.is_empty() || sure && !repeats_report
    });
    let mut out: Vec<Trouble> = cause.cloned().map(Trouble::Log).into_iter().collect();
    out.extend(groups.into_iter().map(Trouble::Tests));
    if out.is_empty() {
        out.push(Trouble::Result);
    }
    out
}

/// The build that this one started and that is to blame.
fn elsewhere(cause: &Hypothesis, analysis: &Analysis) -> Option<(String, u64)> {
    if cause.category.as_str() != "downstream" {
        return None;
    }
    let red = |result: &Option<String>| result.as_deref().is_some_and(|r| r != "SUCCESS");
    let below = analysis.downstream.iter().find(|d| red(&d.result))?;
    Some((below.job.replace(" » ", "/"), below.number?))
}

/// Adds to each regression the commits of its window, and to the first one what else changed with it.
async fn blame(search: &mut Search<'_>, traced: &mut [Traced]) -> Result<(), Error> {
    let mut first = true;
    for it in traced {
        let (Some(good), Some(bad)) = (it.last_good, it.first_bad) else { continue };
        if !matches!(it.verdict, Verdict::Regression | Verdict::NewTest) {
            continue;
        }
        let commits = history::commits(search.call, search.job, &search.past, good, bad).await;
        let commits = search.call.optional("commits", commits)?.unwrap_or_default();
        it.suspects = suspects::rank(&commits, &evidence(&it.trouble));
        if std::mem::take(&mut first) {
            it.also_changed = changed::between(search, good, bad).await?;
        }
    }
    Ok(())
}

/// All text that tells of a trouble, for what names commits may share with it.
fn evidence(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Log(cause) => {
            let lines = cause.evidence.iter().map(|e| e.text.as_str());
            std::iter::once(cause.title.as_str()).chain(lines).collect::<Vec<_>>().join("\n")
        }
        Trouble::Tests(group) => group
            .cases
            .iter()
            .map(|c| format!("{}\n{}\n{}", c.full_name(), c.error.as_deref().unwrap_or_default(), c.stack.as_deref().unwrap_or_default()))
            .collect(),
        Trouble::Result => String::new(),
    }
}

#[cfg(test)]
mod edges;
#[cfg(test)]
mod recorded;
