//! `get-failed-tests`.
//!
//! The newest failures come first, since these are what a build broke. A cursor holds the build's number, so that the next
//! page is of the same build even when `last` means another one by then.

use futures_util::future::join;

use crate::answer;
use crate::bindings::jankins::plugin::types::{FailedTest, FailedTests, Format, TestTotals};
use crate::call::{Call, saturate};
use crate::cursor::Cursors;
use crate::error::Error;
use crate::jenkins::builds::{self, TestCounts};
use crate::jenkins::jobs::missing;
use crate::jenkins::path::{JobPath, Selector};
use crate::jenkins::tests::{Case, Report, Totals, Want, report};
use crate::text::budget::{Answer, Section};
use crate::text::{fence, human, names};

use super::words::{error_line, own_stack, stage_name, test_name};

const DEFAULT_LIMIT: u32 = 20;
const MAX_LIMIT: u32 = 200;
/// Room for the line with the cursor.
const NEXT_TOKENS: u32 = 90;
/// Characters of an error in a line; an assertion with both values fits.
const ERROR_CHARS: usize = 160;

/// `get-failed-tests`.
#[expect(clippy::too_many_arguments, reason = "one for each parameter of the tool")]
pub(crate) async fn get_failed_tests(
    call: &Call,
    job: String,
    branch: Option<String>,
    build: Option<String>,
    stage: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
    format: Option<Format>,
) -> Result<FailedTests, Error> {
    let (job, which) = JobPath::with_build(&job, branch.as_deref(), build.as_deref())?;
    let limit = match limit.unwrap_or(DEFAULT_LIMIT) {
        ok @ 1..=MAX_LIMIT => ok,
        bad => return Err(Error::invalid(format!("limit is {bad}"), format!("limit is from 1 to {MAX_LIMIT}."))),
    };
    let stage = stage.map(|s| s.trim().to_owned()).filter(|s| !s.is_empty());
    let cursors = Cursors::new("get-failed-tests", &[Some(&job.name()), Some(&which.segment()), stage.as_deref()]);
    let (which, from) = match cursors.read::<2>(cursor.as_deref())? {
        Some([number, from]) => (Selector::Number(number), from as usize),
        None => (which, 0),
    };
    let format = format.unwrap_or(Format::Summary);
    let want = if format == Format::Full { Want::Stacks } else { Want::Failed };
    let (build, report) = fetch(call, &job, which, want).await?;
    let view = View { call, job: &job, build, stage, format, from, cursors };
    Ok(match report {
        Some(report) => view.listed(report, limit as usize),
        None => view.none(),
    })
}

/// A build as far as this tool needs it; what it did not ask for is unknown.
pub(super) struct Head {
    pub(super) number: u32,
    pub(super) result: Option<String>,
    pub(super) building: bool,
    /// What the build's own page counts, whoever recorded it.
    pub(super) counts: Option<TestCounts>,
}

/// The report of a build and the build's number: together when only Jenkins knows which build is meant. Whether a
/// numbered build exists is asked only when there is no report.
pub(super) async fn fetch(call: &Call, job: &JobPath, which: Selector, want: Want) -> Result<(Head, Option<Report>), Error> {
    let report = report(call, job, which, want);
    let (head, report) = match which {
        Selector::Number(number) => match report.await? {
            Some(report) => return Ok((Head { number, result: None, building: false, counts: None }, Some(report))),
            None => (head(call, job, which).await, None),
        },
        Selector::Permalink(_) => {
            let (head, report) = join(head(call, job, which), report).await;
            (head, report?)
        }
    };
    match head {
        Ok(head) => Ok((head, report)),
        Err(error) => Err(missing(call, job, error).await),
    }
}

async fn head(call: &Call, job: &JobPath, which: Selector) -> Result<Head, Error> {
    let build = builds::with_fields(call, job, which, "number,result,building,actions[failCount,skipCount,totalCount]").await?;
    Ok(Head { number: build.number, result: Some(build.result().to_owned()), building: build.building, counts: build.tests() })
}

/// What is said of a build without a test report.
pub(super) fn no_tests(call: &Call, job: &JobPath, build: &Head) -> String {
    let name = format!("{} #{}", names::shown(&job.name()), build.number);
    let mut text = Answer::new(call.max_tokens());
    let result = build.result.as_deref().unwrap_or_default();
    if let Some(counts) = build.counts {
        let all = human::count(counts.total.into(), "test");
        text.head(format!("{name} counts {all}, {} failed, and Jenkins has no report that names them", counts.failed));
    } else if build.building {
        text.head(format!("{name} is still running and has recorded no tests so far"));
    } else {
        text.head(format!("{name} recorded no tests; it ended as {result}"));
    }
    if matches!(result, "FAILURE" | "ABORTED" | "UNSTABLE") {
        text.next(format!("triage_failure(job={:?}, build=\"{}\")", job.name(), build.number));
    }
    text.render().text
}

struct View<'a> {
    call: &'a Call,
    job: &'a JobPath,
    build: Head,
    stage: Option<String>,
    format: Format,
    from: usize,
    cursors: Cursors,
}

impl View<'_> {
    /// `shop/checkout/main #28`.
    fn name(&self) -> String {
        format!("{} #{}", names::shown(&self.job.name()), self.build.number)
    }

    /// The build has no test report.
    fn none(&self) -> FailedTests {
        self.answer(&no_tests(self.call, self.job, &self.build), Vec::new(), 0, None, None)
    }

    fn listed(&self, report: Report, limit: usize) -> FailedTests {
        let totals = report.totals;
        let everywhere = report.cases.len();
        let stages = stages(&report.cases);
        let cases: Vec<Case> = match &self.stage {
            Some(stage) => report.cases.into_iter().filter(|case| case.ran_in(stage)).collect(),
            None => report.cases,
        };
        let page: Vec<&Case> = cases.iter().skip(self.from).take(limit).collect();
        let lines: Vec<String> = page.iter().map(|case| self.item(case)).collect();
        let head = self.head(&totals, cases.len(), everywhere, &stages);
        let write = |max_tokens: u32, shown: usize| {
            let mut text = Answer::new(max_tokens);
            text.head(&head);
            // The cursor tells how far a page came; a page without any test needs to say so.
            let total = if shown == 0 { lines.len() as u64 } else { 0 };
            text.section(Section::new("test").total(total).items(lines.iter().take(shown).cloned()));
            text
        };
        let draft = write(self.call.max_tokens().saturating_sub(NEXT_TOKENS), lines.len()).render();
        let shown = draft.shown.first().copied().unwrap_or(0);
        let reached = self.from + shown;
        let next_cursor = (reached < cases.len()).then(|| self.cursors.make([self.build.number, saturate(reached as u64)]));
        let mut text = write(self.call.max_tokens(), shown);
        if let Some(cursor) = &next_cursor {
            text.next(format!("get_failed_tests(…, cursor=\"{cursor}\"), from {} of {} on", reached + 1, cases.len()));
        }
        let tests = page.iter().take(shown).map(|case| self.record(case)).collect();
        let totals = TestTotals { total: totals.total, failed: totals.failed, skipped: totals.skipped };
        self.answer(&text.render().text, tests, cases.len(), Some(totals), next_cursor)
    }

    fn answer(
        &self,
        text: &str,
        tests: Vec<FailedTest>,
        total: usize,
        totals: Option<TestTotals>,
        next_cursor: Option<String>,
    ) -> FailedTests {
        FailedTests {
            job: self.job.name(),
            build: self.build.number,
            shown: saturate(tests.len() as u64),
            tests,
            total: saturate(total as u64),
            totals,
            next_cursor,
            meta: self.call.meta(text),
            text: text.to_owned(),
        }
    }

    fn head(&self, totals: &Totals, matching: usize, everywhere: usize, stages: &[String]) -> String {
        let name = self.name();
        let skipped = if totals.skipped > 0 { format!(", {} skipped", human::number(totals.skipped.into())) } else { String::new() };
        let all = human::count(totals.total.into(), "test");
        let mut head = match totals.failed {
            0 if totals.total == 0 => format!("{name}: the test report is empty"),
            0 => format!("{name}: none of {all} failed{skipped}"),
            failed => format!("{name}: {} of {all} failed{skipped}", human::number(failed.into())),
        };
        if self.build.building {
            head.push_str("; it is still running");
        }
        if let Some(stage) = &self.stage {
            let stage = names::shown(stage);
            if matching == 0 && everywhere > 0 {
                head.push_str(&format!("\nnone in stage {stage}; failures are in: {}", stages.join(", ")));
            } else {
                head.push_str(&format!("; {} in stage {stage}", human::number(matching as u64)));
            }
        }
        if self.from > 0 {
            head.push_str(&format!("\nfailure {} and on:", self.from + 1));
        }
        for lack in self.call.missing() {
            head.push_str(&format!("\nnote: without {lack}"));
        }
        head
    }

    /// One line, and in a full answer the stack below it.
    fn item(&self, case: &Case) -> String {
        if self.format == Format::Ids {
            return names::shown(&self.clean(&case.full_name()));
        }
        let age = match case.since {
            _ if case.is_new() => " NEW".to_owned(),
            Some(since) => format!(" since #{since} ({})", human::count(case.age.into(), "build")),
            None => String::new(),
        };
        let error = error_line(case).map(|e| format!(": {}", fence::inline(&self.clean(&e), ERROR_CHARS))).unwrap_or_default();
        let stack = self.stack(case).map(|lines| format!("\n{}", fence::block(lines).trim_end())).unwrap_or_default();
        format!("{}{age}{error}{stack}", test_name(self.call, case))
    }

    fn stack(&self, case: &Case) -> Option<Vec<String>> {
        case.stack.as_deref().filter(|_| self.format == Format::Full).map(|stack| own_stack(&self.clean(stack)))
    }

    fn record(&self, case: &Case) -> FailedTest {
        FailedTest {
            name: self.clean(&case.name),
            class: self.clean(&case.class),
            status: case.outcome.as_str().to_owned(),
            age: case.age,
            failing_since: case.since,
            duration_ms: case.duration_ms.map(saturate),
            stage: case.stage().map(|s| self.clean(&s)),
            error: error_line(case).map(|e| self.clean(&e)),
            stack: self.stack(case).map(|lines| lines.join("\n")),
        }
    }

    fn clean(&self, text: &str) -> String {
        answer::redacted(self.call, text)
    }
}

/// Stages with failures, each with how many.
fn stages(cases: &[Case]) -> Vec<String> {
    let mut counted: Vec<(String, u64)> = Vec::new();
    for stage in cases.iter().map(|case| case.stage().unwrap_or_else(|| "no stage".to_owned())) {
        match counted.iter_mut().find(|(name, _)| *name == stage) {
            Some((_, count)) => *count += 1,
            None => counted.push((stage, 1)),
        }
    }
    counted.into_iter().map(|(name, count)| format!("{} ({count})", stage_name(&name))).collect()
}

#[cfg(test)]
mod tests;
