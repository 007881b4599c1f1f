//! `compare-test-results`: two builds of a job, test by test.
//!
//! A test is the same when class, name and stage are: numbers of failures alone hide that one was fixed and another one
//! broke. A test that occurs twice under one name counts as failed when one of them failed.

use std::collections::BTreeMap;

use futures_util::future::join;

use crate::answer;
use crate::bindings::jankins::plugin::types::{Format, TestChange, TestComparison};
use crate::call::{Call, saturate};
use crate::error::Error;
use crate::jenkins::path::{JobPath, Selector};
use crate::jenkins::tests::{Case, Outcome, Report, Want};
use crate::sorted;
use crate::text::budget::{Answer, Rendered, Section};
use crate::text::{fence, human, names};

use super::failed::{Head, fetch};
use super::words::{error_line, test_name};

/// Characters of an error in a line.
const ERROR_CHARS: usize = 120;
/// A test is slower when it takes half as long again, and so much longer in absolute terms that a person would notice.
const SLOWER_BY_MS: u64 = 1_000;

/// What became of a test, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    NewFailure,
    StillFailing,
    Fixed,
    Removed,
    Added,
    Slower,
}

impl Kind {
    const ALL: [Self; 6] = [Self::NewFailure, Self::StillFailing, Self::Fixed, Self::Removed, Self::Added, Self::Slower];

    fn word(self) -> &'static str {
        match self {
            Self::NewFailure => "new-failure",
            Self::StillFailing => "still-failing",
            Self::Fixed => "fixed",
            Self::Removed => "removed",
            Self::Added => "added",
            Self::Slower => "slower",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::NewFailure => "new failures:",
            Self::StillFailing => "still failing:",
            Self::Fixed => "fixed:",
            Self::Removed => "no longer run:",
            Self::Added => "added:",
            Self::Slower => "slower:",
        }
    }
}

struct Change<'a> {
    kind: Kind,
    before: Option<&'a Case>,
    after: Option<&'a Case>,
}

impl Change<'_> {
    /// The test, as the newer build has it where it has it.
    fn case(&self) -> Option<&Case> {
        self.after.or(self.before)
    }
}

/// `compare-test-results`.
pub(crate) async fn compare_test_results(
    call: &Call,
    job: String,
    base: String,
    head: String,
    branch: Option<String>,
    format: Option<Format>,
) -> Result<TestComparison, Error> {
    let (job, _) = JobPath::parse(&job, branch.as_deref())?;
    let (base, head) = (Selector::parse(Some(&base))?, Selector::parse(Some(&head))?);
    let (base, head) = join(fetch(call, &job, base, Want::All), fetch(call, &job, head, Want::AllErrors)).await;
    let (base, head) = (base?, head?);
    let changes = match (&base.1, &head.1) {
        (Some(before), Some(after)) => changes(before, after),
        _ => Vec::new(),
    };
    let rendered = render(call, &job, (&base.0, base.1.as_ref()), (&head.0, head.1.as_ref()), &changes, format.unwrap_or(Format::Summary));
    let count = |kind: Kind| saturate(changes.iter().filter(|c| c.kind == kind).count() as u64);
    // The sections of the text are those of `Kind::ALL`; the record lists what they show.
    let records = Kind::ALL.iter().zip(&rendered.shown).flat_map(|(kind, shown)| changes.iter().filter(|c| c.kind == *kind).take(*shown));
    Ok(TestComparison {
        job: job.name(),
        base: base.0.number,
        head: head.0.number,
        new_failures: count(Kind::NewFailure),
        still_failing: count(Kind::StillFailing),
        fixed: count(Kind::Fixed),
        added: count(Kind::Added),
        removed: count(Kind::Removed),
        slower: count(Kind::Slower),
        changes: records.filter_map(|change| record(call, change)).collect(),
        meta: call.meta(&rendered.text),
        text: rendered.text,
    })
}

type Tests<'a> = BTreeMap<(&'a str, &'a str, &'a [String]), &'a Case>;

fn by_name(report: &Report) -> Tests<'_> {
    let mut tests = Tests::new();
    for case in &report.cases {
        let known = tests.entry((&case.class, &case.name, &case.stages)).or_insert(case);
        if case.outcome.is_failure() {
            *known = case;
        }
    }
    tests
}

/// The tests that fail in only one of two builds, by name, and how many fail in both.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdicts {
    pub(crate) new_failures: Vec<String>,
    pub(crate) fixed: Vec<String>,
    pub(crate) still_failing: usize,
}

/// Compares two reports by the outcome of each test.
pub(crate) fn verdicts(before: &Report, after: &Report) -> Verdicts {
    let mut out = Verdicts::default();
    for change in changes(before, after) {
        let Some(name) = change.case().map(Case::full_name) else { continue };
        match change.kind {
            Kind::NewFailure => out.new_failures.push(name),
            Kind::Fixed => out.fixed.push(name),
            Kind::StillFailing => out.still_failing += 1,
            Kind::Removed | Kind::Added | Kind::Slower => {}
        }
    }
    out
}

/// Everything that differs, and what fails in both.
fn changes<'a>(before: &'a Report, after: &'a Report) -> Vec<Change<'a>> {
    let (old, new) = (by_name(before), by_name(after));
    let of_new = new.iter().filter_map(|(key, after)| {
        let before = old.get(key).copied();
        kind(before, Some(after)).map(|kind| Change { kind, before, after: Some(after) })
    });
    let of_old = old.iter().filter(|(key, _)| !new.contains_key(*key));
    let mut all: Vec<Change<'a>> =
        of_new.chain(of_old.map(|(_, before)| Change { kind: Kind::Removed, before: Some(before), after: None })).collect();
    sorted::sort_by_key(&mut all, |change| change.kind);
    all
}

/// `None` for a test that passes, or is skipped, as before.
fn kind(before: Option<&Case>, after: Option<&Case>) -> Option<Kind> {
    let fails = |case: Option<&Case>| case.is_some_and(|c| c.outcome.is_failure());
    match (fails(before), fails(after)) {
        (true, true) => Some(Kind::StillFailing),
        (false, true) => Some(Kind::NewFailure),
        // A failure that is skipped now is not fixed.
        (true, false) if after.is_some_and(|c| c.outcome.is_pass()) => Some(Kind::Fixed),
        (true, false) => Some(Kind::Removed),
        (false, false) => match (before, after) {
            (None, Some(_)) => Some(Kind::Added),
            (Some(_), None) => Some(Kind::Removed),
            (Some(b), Some(a)) if a.outcome == Outcome::Skipped && b.outcome.is_pass() => Some(Kind::Removed),
            (Some(b), Some(a)) if b.outcome == Outcome::Skipped && a.outcome.is_pass() => Some(Kind::Added),
            (Some(b), Some(a)) => is_slower(b, a).then_some(Kind::Slower),
            (None, None) => None,
        },
    }
}

fn is_slower(before: &Case, after: &Case) -> bool {
    let (Some(before), Some(after)) = (before.duration_ms, after.duration_ms) else { return false };
    after >= before + SLOWER_BY_MS && after >= before + before / 2
}

fn render(
    call: &Call,
    job: &JobPath,
    base: (&Head, Option<&Report>),
    head: (&Head, Option<&Report>),
    changes: &[Change<'_>],
    format: Format,
) -> Rendered {
    let mut text = Answer::new(call.max_tokens());
    let job_name = names::shown(&job.name());
    for (build, report) in [base, head] {
        if report.is_none() {
            text.head(format!("{job_name} #{} recorded no tests: there is nothing to compare", build.number));
        }
    }
    let (Some(before), Some(after)) = (base.1, head.1) else { return answer::render(call, &text) };
    let totals = |report: &Report| format!("{} failed of {}", report.totals.failed, human::number(report.totals.total.into()));
    text.head(format!("{job_name} #{} ({}) → #{} ({})", base.0.number, totals(before), head.0.number, totals(after)));
    if changes.is_empty() {
        text.head("no test differs, and none fails in both");
    }
    for kind in Kind::ALL {
        let lines = changes.iter().filter(|change| change.kind == kind).filter_map(|change| line(call, change, format));
        let priority = 10 + kind as u8;
        text.section(Section::new("test").title(kind.title()).priority(priority).items(lines));
    }
    if changes.iter().any(|change| change.kind == Kind::NewFailure) {
        let tool = if head.0.number == base.0.number + 1 { "get_build_changes" } else { "find_regression" };
        text.next(format!("{tool}(job={:?}, build=\"{}\")", job.name(), head.0.number));
    }
    answer::render(call, &text)
}

fn line(call: &Call, change: &Change<'_>, format: Format) -> Option<String> {
    let name = test_name(call, change.case()?);
    if format == Format::Ids {
        return Some(name);
    }
    let detail = match change.kind {
        Kind::NewFailure | Kind::StillFailing => {
            change.after.and_then(error_line).map(|e| format!(": {}", fence::inline(&answer::redacted(call, &e), ERROR_CHARS)))
        }
        Kind::Removed => change.after.map(|after| format!(" (now {})", after.outcome.as_str())),
        Kind::Slower => times(change),
        Kind::Fixed | Kind::Added => None,
    };
    Some(format!("{name}{}", detail.unwrap_or_default()))
}

fn times(change: &Change<'_>) -> Option<String> {
    let (before, after) = (change.before?.duration_ms?, change.after?.duration_ms?);
    Some(format!(": {} → {}", human::duration(before), human::duration(after)))
}

fn record(call: &Call, change: &Change<'_>) -> Option<TestChange> {
    let case = change.case()?;
    let status = |case: Option<&Case>| case.map(|c| c.outcome.as_str().to_owned());
    Some(TestChange {
        kind: change.kind.word().to_owned(),
        name: answer::redacted(call, &case.full_name()),
        stage: case.stage().map(|s| answer::redacted(call, &s)),
        before: status(change.before),
        after: status(change.after),
        before_ms: change.before.and_then(|c| c.duration_ms).map(saturate),
        after_ms: change.after.and_then(|c| c.duration_ms).map(saturate),
        error: change.after.filter(|c| c.outcome.is_failure()).and_then(error_line).map(|e| answer::redacted(call, &e)),
    })
}

#[cfg(test)]
mod tests;
