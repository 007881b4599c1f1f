//! From findings to an answer: the few statements a person would make about the failure, best first.
//!
//! Findings of one rule become one hypothesis (eleven compiler errors are one broken build), as do
//! all failed tests of one runner. Mere propagation is named only when nothing else is known, and
//! then with low confidence together with the last command and its output.
//! The order depends on nothing but the log.

use super::fallback::fallback;
use super::finding::{Evidence, FailedTest, Finding};
use super::rules::{Category, Role, Tool};
use super::{Analysis, template};

/// Rules below this specificity only recognise that something is an error.
pub(super) const GENERIC: u8 = 50;
/// Hypotheses given.
const MAX_HYPOTHESES: usize = 5;
/// Names of tests in a title.
const MAX_NAMES: usize = 3;
/// How many lines one trace may have between two of its exceptions.
const CHAIN_WITHIN: u64 = 60;
/// Lines of evidence per hypothesis.
const MAX_EVIDENCE: usize = 8;

/// How sure the log makes us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// The log hints at it.
    Low,
    /// It would explain the failure.
    Medium,
    /// The log says so at the place where it failed.
    High,
}

impl Confidence {
    /// The stable lower-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A possible reason for the failure.
#[derive(Clone, Debug)]
pub struct Hypothesis {
    /// One line that names the concrete file, test, host or exit code.
    pub title: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// The kind of trouble.
    pub category: Category,
    /// Whose output says so.
    pub tool: Tool,
    /// The rule behind it.
    pub rule: &'static str,
    /// The stage, when the log has markers.
    pub stage: Option<String>,
    /// The lines it rests on.
    pub evidence: Vec<Evidence>,
    /// How many lines of the log say so.
    pub count: u64,
    /// How many of them repeat the title word for word.
    pub repeated: u64,
    /// One concrete sentence on what to do.
    pub advice: String,
    /// The score of its best finding.
    pub score: i32,
    /// Jenkins itself says so, below the end of the pipeline.
    pub(super) verdict: bool,
    /// Something speaks against its best finding.
    pub(super) doubted: bool,
    /// How many things the finding behind the title names.
    pub(super) detail: usize,
}

/// The hypotheses of an analysis, best first. A successful build has none.
pub(super) fn rank(analysis: &Analysis) -> Vec<Hypothesis> {
    if analysis.result.as_deref() == Some("SUCCESS") {
        return Vec::new();
    }
    let mut hypotheses: Vec<Hypothesis> = Vec::new();
    let mut explained: Vec<(String, usize)> = Vec::new();
    for finding in &analysis.findings {
        if finding.rule.role == Role::Symptom || finding.score <= 0 || only_counts(analysis, finding) {
            continue;
        }
        if let Some(known) = hypotheses.iter_mut().find(|known| same_trouble(known, finding) && (!known.verdict || finding.is_verdict())) {
            known.absorb(finding);
            continue;
        }
        // A second reading of a place that a better hypothesis names adds nothing.
        if let Some((_, at)) = finding.place().and_then(|place| explained.iter().find(|(known, _)| *known == place)) {
            if let Some(known) = hypotheses.get_mut(*at) {
                known.cite(finding);
            }
            continue;
        }
        explained.extend(finding.place().map(|place| (place, hypotheses.len())));
        hypotheses.push(Hypothesis::of(finding));
    }
    for hypothesis in &mut hypotheses {
        hypothesis.entitle(analysis);
    }
    // Where something specific is known, unspecific lines only distract.
    if hypotheses.first().is_some_and(|best| best.score >= 60) {
        hypotheses.retain(|hypothesis| hypothesis.score >= i32::from(GENERIC) - 5);
    }
    hypotheses.truncate(MAX_HYPOTHESES);
    // What is in doubt does not explain why the last step failed.
    let doubted = analysis.result.as_deref() == Some("FAILURE") && !analysis.exit_codes.is_empty();
    if hypotheses.first().is_none_or(|best| best.score < 40 || doubted && best.doubted)
        && let Some(mut fallback) = fallback(analysis)
    {
        fallback.score = fallback.score.max(hypotheses.first().map_or(0, |best| best.score + 1));
        hypotheses.push(fallback);
        crate::sorted::sort_by_key(&mut hypotheses, |hypothesis| -hypothesis.score);
    }
    hypotheses
}

/// "A test of this file failed" adds nothing to the tests that are named, nor does the name that a build system gives the
/// program in which a runner names them.
fn only_counts(analysis: &Analysis, finding: &Finding) -> bool {
    let rule = finding.rule;
    let named_by = |same: bool| analysis.failed_tests.iter().any(|test| (test.tool == rule.tool) == same);
    match rule.role {
        Role::Cause => rule.category == Category::Test && rule.specificity < 70 && named_by(true),
        Role::Test => rule.specificity < 75 && named_by(false),
        _ => false,
    }
}

fn same_trouble(known: &Hypothesis, finding: &Finding) -> bool {
    let tests = known.category == Category::Test && finding.rule.role == Role::Test;
    known.rule == finding.rule.id || (tests && known.tool == finding.rule.tool)
}

impl Hypothesis {
    fn of(finding: &Finding) -> Self {
        let rule = finding.rule;
        let confidence = match finding.score {
            75.. => Confidence::High,
            50..75 => Confidence::Medium,
            _ => Confidence::Low,
        };
        Self {
            title: finding.cause.clone(),
            confidence,
            category: rule.category,
            tool: rule.tool,
            rule: rule.id,
            stage: finding.stage.clone(),
            evidence: finding.evidence.iter().take(MAX_EVIDENCE).cloned().collect(),
            count: finding.count,
            repeated: finding.count,
            advice: template::fill(rule.advice, &finding.captures),
            score: finding.score,
            verdict: finding.is_verdict(),
            doubted: finding.is_doubted(),
            detail: finding.detail(),
        }
    }

    /// Adds a finding that says the same kind of thing.
    fn absorb(&mut self, finding: &Finding) {
        let longer = finding.cause.len() > self.title.len() && finding.cause.starts_with(&self.title);
        let names_more = self.happens_once() && finding.rule.id == self.rule && finding.detail() > self.detail;
        let chained = finding.rule.last_is_root && finding.rule.id == self.rule;
        let root = chained && self.evidence.last().is_some_and(|e| (e.line..e.line + CHAIN_WITHIN).contains(&finding.line));
        if longer || names_more || root {
            // The same again, with more detail.
            self.detail = finding.detail();
            self.title.clone_from(&finding.cause);
            self.evidence = finding.evidence.iter().take(MAX_EVIDENCE).cloned().collect();
            self.repeated += finding.count;
        }
        self.count += finding.count;
        self.cite(finding);
    }

    /// Adds the lines of another finding.
    fn cite(&mut self, finding: &Finding) {
        for line in finding.evidence.iter().take(2) {
            if self.evidence.len() < MAX_EVIDENCE && !self.evidence.contains(line) {
                self.evidence.push(line.clone());
            }
        }
    }

    /// Such a thing happens once in a build and is reported by several lines.
    fn happens_once(&self) -> bool {
        matches!(
            self.category,
            Category::Downstream | Category::Aborted | Category::Timeout | Category::Infrastructure | Category::Scm | Category::Credentials
        )
    }

    /// Completes the title with how much there is of it.
    fn entitle(&mut self, analysis: &Analysis) {
        if self.category == Category::Test {
            let tests: Vec<&FailedTest> = analysis.failed_tests.iter().filter(|test| test.tool == self.tool).collect();
            if !tests.is_empty() {
                self.title = title_of_tests(&tests, &self.title);
                return;
            }
        }
        if self.verdict || self.happens_once() {
            return;
        }
        let all = analysis.counts.iter().find(|(rule, _)| *rule == self.rule);
        self.count = self.count.max(all.map_or(0, |(_, count)| *count));
        // Tools repeat an error in their summary; only other ones are "more".
        match self.count.saturating_sub(self.repeated) {
            0 => {}
            others => self.title = format!("{} (+{others} more)", self.title),
        }
    }
}

fn title_of_tests(tests: &[&FailedTest], first: &str) -> String {
    let [test] = tests else {
        let names: Vec<&str> = tests.iter().take(MAX_NAMES).map(|test| test.name.as_str()).collect();
        let more = match tests.len().saturating_sub(MAX_NAMES) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = tests.iter().find_map(|test| test.message.as_deref());
        let message = message.map_or_else(String::new, |message| format!("; first: {message}"));
        return format!("{} tests failed: {}{more}{message}", tests.len(), names.join(", "));
    };
    match &test.message {
        Some(message) => format!("test {} failed: {message}", test.name),
        None => first.to_owned(),
    }
}
