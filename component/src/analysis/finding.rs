//! What was found: the records of an analysis, and how many of them are kept.
//!
//! Memory is bounded whatever the log: per rule the first and the last few distinct findings stay,
//! the rest is counted.

use std::collections::VecDeque;

use super::rules::{Category, Role, Rule, Tool};

/// Distinct findings kept from the beginning, and as many from the end, per rule.
const KEEP_PER_RULE: usize = 4;

/// A line of the log that something rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Line number as fed.
    pub line: u64,
    /// Byte offset of the line as fed.
    pub offset: u64,
    /// The line without clock and similar prefixes, cut to a readable length.
    pub text: String,
}

impl Evidence {
    /// The longest text of one line.
    pub(super) const MAX_CHARS: usize = 300;

    /// A line with what was recognised in it: of a long one its beginning and the part from byte `at` on.
    pub(super) fn around(line: u64, offset: u64, text: &str, at: usize) -> Self {
        const HEAD: usize = 80;
        let beginning = text.get(..at).unwrap_or_default();
        if text.chars().count() <= Self::MAX_CHARS || beginning.chars().count() < Self::MAX_CHARS / 2 {
            return Self::new(line, offset, text);
        }
        let head: String = beginning.chars().take(HEAD).collect();
        Self::new(line, offset, &format!("{head} … {}", text.get(at..).unwrap_or_default()))
    }

    pub(super) fn new(line: u64, offset: u64, text: &str) -> Self {
        // One is made of every line, so the characters of a usual one are not counted.
        let cut = if text.len() > Self::MAX_CHARS { text.char_indices().nth(Self::MAX_CHARS) } else { None };
        let text = match cut {
            Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
            None => text.trim_end().to_owned(),
        };
        Self { line, offset, text }
    }
}

/// Something a rule recognised.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// The rule's sentence, filled.
    pub cause: String,
    /// What the rule captured (`file`, `line`, `column`, `message`, `test`, `host`, …).
    pub captures: Vec<(&'static str, String)>,
    /// The lines it rests on, the matching one among them.
    pub evidence: Vec<Evidence>,
    /// First line that says so.
    pub line: u64,
    /// Byte offset of that line.
    pub offset: u64,
    /// Last line that says so.
    pub last_line: u64,
    /// How often it was said.
    pub count: u64,
    /// The stage, when the log has markers.
    pub stage: Option<String>,
    /// The parallel branch, when the line says so.
    pub branch: Option<String>,
    /// How well it explains the failure; higher is better.
    pub score: i32,
    /// Why the score differs from the rule's own.
    pub notes: Vec<Note>,
    pub(super) soft: bool,
    /// What makes it the same as another; see [`Store::add`].
    pub(super) key: String,
}

impl Finding {
    /// A capture by name.
    pub fn capture(&self, name: &str) -> Option<&str> {
        let found = self.captures.iter().find(|(key, value)| *key == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// How many things it names.
    pub(super) fn detail(&self) -> usize {
        self.captures.iter().filter(|(_, value)| !value.is_empty()).count()
    }

    /// Jenkins itself prints it as what made the build fail.
    pub(super) fn is_verdict(&self) -> bool {
        self.notes.contains(&Note::Verdict)
    }

    /// Something speaks against its being the cause.
    pub(super) fn is_doubted(&self) -> bool {
        self.notes.iter().any(|note| super::score::weight(*note) < 0)
    }

    /// `file:line` or `file`, when known.
    pub fn place(&self) -> Option<String> {
        let file = self.capture("file")?;
        Some(match self.capture("line") {
            Some(line) => format!("{file}:{line}"),
            None => file.to_owned(),
        })
    }
}

/// Why a finding counts more or less than its rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// The tool gave up right after it.
    Confirmed,
    /// It happened in the stage that failed.
    FailingStage,
    /// It is the last thing that was said before the step failed.
    LastWord,
    /// It says why what was waited for did not come.
    Explains,
    /// It fits the result of the build (a test in an unstable build, a stop in an aborted one).
    FitsResult,
    /// Jenkins itself prints it below the end of the pipeline as what made it fail.
    Verdict,
    /// The line itself plays it down: a warning, an expected or simulated error.
    PlayedDown,
    /// The command that failed is one whose failure is ignored.
    Ignored,
    /// It was tried again.
    Retried,
    /// A later line says that it works again.
    Recovered,
    /// Later stages ran, so it did not stop the build.
    BuildWentOn,
    /// It happened after the build had failed, in what runs whatever happened.
    Aftermath,
    /// It happened in a parallel branch that did not fail.
    OtherBranch,
}

/// A failed test as its runner names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedTest {
    /// The name.
    pub name: String,
    /// What the runner says about it on the same or a near line.
    pub message: Option<String>,
    /// The runner.
    pub tool: Tool,
    /// Where the log says so.
    pub line: u64,
    /// Byte offset of that line.
    pub offset: u64,
}

/// A tool that took part in the build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectedTool {
    /// Which.
    pub tool: Tool,
    /// The first line that shows it.
    pub evidence: Evidence,
}

/// An exit code the log states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExitCode {
    /// The code.
    pub code: i64,
    /// Where.
    pub evidence: Evidence,
}

/// A build that this one started or waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownstreamBuild {
    /// The job as the log names it (`folder » job` or `folder/job`).
    pub job: String,
    /// The build number, when stated.
    pub number: Option<u64>,
    /// The result, when stated (`FAILURE`, `UNSTABLE`, …).
    pub result: Option<String>,
    /// The last line that tells about it.
    pub evidence: Evidence,
}

/// The findings of one rule.
#[derive(Debug, Default)]
struct Tally {
    first: Vec<Finding>,
    last: VecDeque<Finding>,
    count: u64,
}

/// All findings, bounded.
#[derive(Debug)]
pub(super) struct Store {
    tallies: Vec<Tally>,
}

impl Store {
    pub(super) fn new(rules: usize) -> Self {
        Self { tallies: std::iter::repeat_with(Tally::default).take(rules).collect() }
    }

    /// Adds a finding of the rule with this index, or counts it where it was seen before.
    pub(super) fn add(&mut self, rule: usize, mut finding: Finding) {
        let Some(tally) = self.tallies.get_mut(rule) else {
            return;
        };
        tally.count += 1;
        finding.key = key(&finding);
        let known = tally.first.iter_mut().chain(tally.last.iter_mut()).find(|known| known.key == finding.key);
        if let Some(known) = known {
            known.count += 1;
            known.last_line = known.last_line.max(finding.line);
            // Said once in earnest is enough.
            known.soft &= finding.soft;
            return;
        }
        if tally.first.len() < KEEP_PER_RULE {
            tally.first.push(finding);
            return;
        }
        if tally.last.len() == KEEP_PER_RULE {
            tally.last.pop_front();
        }
        tally.last.push_back(finding);
    }

    /// Everything kept, in the order of the log, and per rule id how often it matched in all.
    pub(super) fn into_parts(self) -> (Vec<Finding>, Vec<(&'static str, u64)>) {
        let mut findings = Vec::new();
        let mut counts = Vec::new();
        for tally in self.tallies {
            if let Some(finding) = tally.first.first() {
                counts.push((finding.rule.id, tally.count));
            }
            findings.extend(tally.first);
            findings.extend(tally.last);
        }
        crate::sorted::sort_by_key(&mut findings, |finding| (finding.line, finding.rule.id));
        (findings, counts)
    }
}

/// What makes two findings the same: the sentence; figures in it differ only when a place is named.
fn key(finding: &Finding) -> String {
    // A downstream build is reported in its stage and once more at the end of the pipeline.
    if finding.rule.category == Category::Downstream {
        return finding.cause.clone();
    }
    let stage = finding.stage.as_deref().unwrap_or_default();
    let exact = finding.capture("line").is_some() || finding.rule.role == Role::Test;
    if exact {
        return format!("{stage}\n{}", finding.cause);
    }
    let shape = finding.cause.chars().map(|c| if c.is_ascii_digit() { '0' } else { c });
    stage.chars().chain(['\n']).chain(shape).collect()
}
