//! Reads a build log once and says why the build failed.
//!
//! [`Analyzer`] is fed the cleaned lines of a log in order and keeps a bounded amount of what it
//! saw, however long the log is. What lines mean is data: see [`rules`]. [`Analysis`] holds the
//! findings with the lines they rest on and, best first, the hypotheses drawn from them.
//! A log without any sign of failure gives an empty analysis, never an invented cause.

mod engine;
mod facts;
mod fallback;
mod finding;
mod hypothesis;
mod matcher;
mod prefix;
pub mod rules;
mod score;
mod stages;
mod template;

pub use engine::Analyzer;
pub use finding::{DetectedTool, DownstreamBuild, Evidence, ExitCode, FailedTest, Finding, Note};
pub use hypothesis::Hypothesis;
pub(crate) use prefix::peel;

use rules::Role;

/// What a log says.
#[derive(Debug, Default)]
pub struct Analysis {
    /// Possible reasons, best first; none for a successful build.
    pub hypotheses: Vec<Hypothesis>,
    /// What the rules recognised, best first. Bounded per rule; see `counts`.
    pub findings: Vec<Finding>,
    /// How often each rule matched in all.
    pub counts: Vec<(&'static str, u64)>,
    /// Failed tests in the order of the log, at most 200.
    pub failed_tests: Vec<FailedTest>,
    /// Tools that took part, each with the first line that shows it.
    pub tools: Vec<DetectedTool>,
    /// Exit codes that the log states.
    pub exit_codes: Vec<ExitCode>,
    /// Builds that this one started, with their results where stated.
    pub downstream: Vec<DownstreamBuild>,
    /// Nodes the build ran on.
    pub nodes: Vec<String>,
    /// Versions that the log names: of tools, images, libraries.
    pub environment: Vec<(&'static str, String)>,
    /// The stage that failed, as far as the markers tell.
    pub failing_stage: Option<String>,
    /// The result that the last line states.
    pub result: Option<String>,
    /// The last command of a traced shell step.
    pub last_command: Option<Evidence>,
    /// The last lines of output after that command.
    pub last_output: Vec<Evidence>,
    /// How many lines were read.
    pub lines: u64,
}

impl Analysis {
    /// The lines that an answer may quote.
    pub fn quotable(&self) -> impl Iterator<Item = &str> {
        let of_hypotheses = self.hypotheses.iter().flat_map(|hypothesis| &hypothesis.evidence);
        let of_findings = self.findings.iter().flat_map(|finding| &finding.evidence);
        of_hypotheses.chain(of_findings).chain(&self.last_output).chain(&self.last_command).map(|line| line.text.as_str())
    }

    /// All findings that can be a cause.
    pub fn causes(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| matches!(finding.rule.role, Role::Cause | Role::Test))
    }
}

#[cfg(test)]
mod tests;
