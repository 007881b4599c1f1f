//! How well a finding explains the failure.
//!
//! A finding starts with the specificity of its rule. What stands around it then speaks for it
//! (the tool gave up right after, it is in the failing stage, it fits the result) or against it
//! (played down, ignored, retried, recovered, or the build went on to later stages). The weights
//! are chosen so that two doubts about a compiler error still leave it above "ERROR: …", and one
//! doubt about an unspecific line puts it below anything undoubted.

use std::sync::OnceLock;

use crate::text::regex::Regex;

use super::finding::{Finding, Note};
use super::hypothesis::GENERIC;
use super::matcher;
use super::rules::{Category, Pods, Role};
use super::stages::Stages;

/// Markers kept from the beginning, and as many from the end.
const KEEP_MARKERS: usize = 512;
/// How many lines after a failure a tool may take to give up.
const CONFIRM_WITHIN: u64 = 40;
/// How many lines after a tool gave up the shell may say that this does not matter.
const IGNORED_WITHIN: u64 = 2;
/// How many lines may stand between the last word of a step and its end.
const LAST_WORD_WITHIN: u64 = 3;
/// How many lines after a failure it may be tried again.
const RETRY_WITHIN: u64 = 12;
/// How many lines after a failure the log may say that it is over.
const RECOVER_WITHIN: u64 = 400;
/// How many lines may stand between the end of a failed step and the word that it is tried again.
const RETRY_AFTER_EXIT: u64 = 3;

/// A line that says something about what stands above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Symptom,
    /// Jenkins says that a step failed.
    Exit,
    Ignored,
    Retried,
    Recovered,
    /// A node took the build.
    Node,
}

/// The markers of a log in order, bounded.
#[derive(Debug, Default)]
pub(super) struct Markers {
    first: Vec<(u64, Marker)>,
    last: std::collections::VecDeque<(u64, Marker)>,
}

impl Markers {
    pub(super) fn push(&mut self, marker: Marker, line: u64) {
        if self.first.len() < KEEP_MARKERS {
            self.first.push((line, marker));
            return;
        }
        if self.last.len() == KEEP_MARKERS {
            self.last.pop_front();
        }
        self.last.push_back((line, marker));
    }

    /// The next marker below `line` that `wanted` accepts, and its distance.
    fn next(&self, line: u64, wanted: impl Fn(Marker) -> bool) -> Option<(u64, Marker)> {
        let below = |marks: &(u64, Marker)| marks.0 >= line && wanted(marks.1);
        let found = self.first.iter().copied().find(below);
        found.or_else(|| self.last.iter().copied().find(below)).map(|(at, marker)| (at - line, marker))
    }
}

/// What the whole log says about the circumstances.
pub(super) struct Scene<'a> {
    pub(super) result: Option<&'a str>,
    pub(super) stages: &'a Stages,
    pub(super) failing_stages: &'a [String],
    pub(super) markers: &'a Markers,
}

impl Scene<'_> {
    /// Sets score and notes.
    pub(super) fn weigh(&self, finding: &mut Finding) {
        let rule = finding.rule;
        let mut notes = Vec::new();
        // Gates report at the level of warnings what fails the build.
        let gate = rule.category == Category::Quality && rule.specificity >= GENERIC;
        if finding.soft && finding.capture("file").is_none() && rule.role == Role::Cause && !gate {
            notes.push(Note::PlayedDown);
        }
        if rule.role != Role::Symptom {
            self.aftermath(finding, &mut notes);
            self.place(finding, &mut notes);
        }
        if self.fits_result(rule.category) {
            notes.push(Note::FitsResult);
        }
        if rule.specificity < GENERIC && rule.role == Role::Cause && self.is_last_word(finding) {
            notes.push(Note::LastWord);
        }
        // What is in doubt gains nothing from standing near the failure.
        if notes.iter().any(|note| weight(*note) < 0) {
            notes.retain(|note| !matches!(note, Note::Confirmed | Note::FailingStage | Note::LastWord));
        }
        finding.score = i32::from(rule.specificity) + notes.iter().map(|note| weight(*note)).sum::<i32>();
        finding.notes = notes;
    }

    /// Where somebody waited for pods in vain, what is wrong with them explains it, though mostly a `post` block asks only then.
    pub(super) fn explain_waiting(findings: &mut [Finding]) {
        let awaited = |finding: &Finding| finding.rule.pods == Pods::Awaited && !finding.is_doubted();
        let Some(since) = findings.iter().filter(|finding| awaited(finding)).map(|finding| finding.line).min() else { return };
        for finding in findings.iter_mut().filter(|finding| finding.rule.pods == Pods::Described && finding.line > since) {
            finding.notes = vec![Note::Explains];
            finding.score = i32::from(finding.rule.specificity) + weight(Note::Explains);
        }
    }

    /// Whether hardly anything stands between the finding and the end of a failed step: the word of Jenkins that it failed, or
    /// the end of the stage that failed.
    fn is_last_word(&self, finding: &Finding) -> bool {
        let line = finding.last_line;
        let exit = self.markers.next(line, |marker| matches!(marker, Marker::Exit | Marker::Symptom));
        let in_failing = finding.stage.as_ref().is_some_and(|stage| self.failing_stages.contains(stage));
        let end = self.stages.end_of_stage(line).filter(|_| in_failing);
        exit.is_some_and(|(distance, _)| distance <= LAST_WORD_WITHIN) || end.is_some_and(|end| end - line <= LAST_WORD_WITHIN)
    }

    /// What the lines after the finding's last occurrence say.
    fn aftermath(&self, finding: &Finding, notes: &mut Vec<Note>) {
        let gave_up = |marker| matches!(marker, Marker::Symptom | Marker::Exit);
        let end = self.stages.end_of_stage(finding.last_line);
        let first = self.markers.next(finding.last_line, |marker| gave_up(marker) || marker == Marker::Ignored);
        // `|| true` of a later stage is said of what failed there.
        let elsewhere = |distance: u64| end.is_some_and(|end| finding.last_line + distance > end);
        let first = match first {
            Some((distance, Marker::Ignored)) if elsewhere(distance) => self.markers.next(finding.last_line, gave_up),
            first => first,
        };
        match first {
            Some((distance, Marker::Symptom | Marker::Exit)) if distance <= CONFIRM_WITHIN => {
                let swallowed = self.markers.next(finding.last_line + distance, |marker| marker == Marker::Ignored);
                let swallowed = swallowed.is_some_and(|(distance, _)| distance <= IGNORED_WITHIN);
                notes.push(if swallowed { Note::Ignored } else { Note::Confirmed });
            }
            Some((distance, Marker::Ignored)) if distance <= CONFIRM_WITHIN => notes.push(Note::Ignored),
            _ => {}
        }
        // A stop by a person or a clock is not undone by what the interrupted program prints.
        if matches!(finding.rule.category, Category::Compile | Category::Lint | Category::Aborted) {
            return;
        }
        if finding.rule.waits_for_node && self.markers.next(finding.last_line, |marker| marker == Marker::Node).is_some() {
            notes.push(Note::Recovered);
        }
        let retried = self.markers.next(finding.last_line, |marker| marker == Marker::Retried);
        if retried.is_some_and(|(distance, _)| distance <= RETRY_WITHIN) || self.step_retried(finding.last_line) {
            notes.push(Note::Retried);
        }
        let recovered = self.markers.next(finding.last_line, |marker| marker == Marker::Recovered);
        if finding.rule.retryable && recovered.is_some_and(|(distance, _)| distance <= RECOVER_WITHIN) {
            notes.push(Note::Recovered);
        }
    }

    /// The step that printed this line failed, and Jenkins ran it again (`retry`).
    fn step_retried(&self, line: u64) -> bool {
        let Some((to_exit, _)) = self.markers.next(line, |marker| marker == Marker::Exit) else { return false };
        let again = self.markers.next(line + to_exit, |marker| marker == Marker::Retried);
        to_exit <= RECOVER_WITHIN && again.is_some_and(|(distance, _)| distance <= RETRY_AFTER_EXIT)
    }

    /// `catchError` caught it: Jenkins said within the stage that its step failed, and the build went on nevertheless.
    fn caught(&self, line: u64) -> bool {
        let end = self.stages.end_of_stage(line);
        let exit = self.markers.next(line, |marker| marker == Marker::Exit);
        end.zip(exit).is_some_and(|(end, (distance, _))| line + distance <= end) && !self.step_retried(line)
    }

    fn place(&self, finding: &Finding, notes: &mut Vec<Note>) {
        if matches!(self.result, Some("FAILURE" | "ABORTED") | None)
            && self.stages.is_aftermath(finding.last_line)
            && finding.rule.category != Category::Aborted
        {
            notes.push(Note::Aftermath);
        }
        if let Some(failed) = finding.branch.as_deref().and_then(|branch| self.stages.branch_failed(branch)) {
            notes.push(if failed { Note::FailingStage } else { Note::OtherBranch });
            return;
        }
        if finding.rule.specificity < GENERIC && self.stages.is_epilogue(finding.last_line) {
            notes.push(Note::Verdict);
        }
        if finding.stage.as_ref().is_some_and(|stage| self.failing_stages.contains(stage)) {
            notes.push(Note::FailingStage);
        } else if finding.stage.is_some()
            && self.result != Some("UNSTABLE")
            && self.stages.ran_on_after(finding.last_line)
            && !self.caught(finding.last_line)
        {
            notes.push(Note::BuildWentOn);
        }
    }

    fn fits_result(&self, category: Category) -> bool {
        match self.result {
            Some("ABORTED") => matches!(category, Category::Aborted | Category::Timeout),
            Some("UNSTABLE") => {
                matches!(category, Category::Test | Category::Quality | Category::Downstream)
            }
            _ => false,
        }
    }
}

pub(super) fn weight(note: Note) -> i32 {
    match note {
        Note::Confirmed | Note::FailingStage => 6,
        Note::LastWord => 8,
        Note::Explains => 14,
        Note::FitsResult => 40,
        Note::Verdict => 30,
        Note::PlayedDown => -35,
        Note::Ignored => -25,
        Note::Retried => -30,
        Note::Recovered => -45,
        Note::BuildWentOn | Note::OtherBranch => -20,
        Note::Aftermath => -45,
    }
}

/// Words with which a line plays down what it says. They are whole words, and the everyday ones of
/// compiler messages ("expected", "ignored") count only in a phrase.
const SOFT: &str = concat!(
    r"(?i)(?:^|[^.\w])retry(?:ing)?\b|\b(?:warn(?:ing)?|debug|retries left|attempt [0-9]+ (?:of|/) ?[0-9]+|",
    r"simulat(?:ed|ing)|recovered|recovering|harmless|non-?fatal|not fatal|can be ignored|ignoring|",
    r"expected (?:failure|error|exception)|as expected|dry[- ]run|deprecated|",
    r"ignore (?:all |any )?previous instructions)\b|\(expected\)|\(ignored\)|\bINFO\b",
);

/// Whether a line plays down what it says.
pub(super) fn is_soft(text: &str) -> bool {
    // The type of a Kubernetes event, which is all that a cluster ever says of a failure.
    if text.trim_start().starts_with("Warning  ") || text.starts_with("[Warning][") {
        return false;
    }
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let pattern = PATTERN.get_or_init(|| matcher::compile(SOFT).ok());
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text.as_bytes()))
}
