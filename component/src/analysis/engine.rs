//! One pass over a log: every line is fed once, in order; nothing is read twice.
//!
//! A line may open a finding (its rule matches), complete an open one (a place that is printed on
//! a later line, further evidence) or tell a fact. Where several rules match one line, the most
//! specific explains it. The shell's trace (`+ make test`) is never a cause: it shows what was
//! run, not what happened. At most [`MAX_OPEN`] findings wait for later lines at any time and a
//! line is judged by its first [`MAX_LINE_BYTES`], so a hostile log costs bounded memory and time.

use std::collections::VecDeque;

use super::facts::Facts;
use super::finding::{Evidence, Finding, Store};
use super::matcher::{Captures, Matcher};
use super::prefix;
use super::rules::{self, Lookup, Role, Rule};
use super::score::{Marker, Markers, Scene, is_soft};
use super::stages::Stages;
use super::template;
use super::{Analysis, hypothesis};

/// Lines remembered for what is printed above a match.
const LOOK_BACK: usize = 16;
/// Findings that wait for following lines.
const MAX_OPEN: usize = 16;
/// The rule for Jenkins' own word that a step failed.
const EXIT_CODE: &str = "jenkins-exit-code";
/// Longer lines are data, not messages.
const MAX_LINE_BYTES: usize = 4096;

/// A finding that following lines may still complete.
struct Open {
    rule: usize,
    finding: Finding,
    /// Captures for what neither the line nor those after it say.
    late: Captures,
    /// Of the lines below, what the last one says: see [`Lookup::last`].
    last: Captures,
    after: u8,
    extent: u8,
}

/// Reads a log line by line; see the module.
pub struct Analyzer {
    matcher: &'static Matcher,
    candidates: Vec<usize>,
    store: Store,
    open: Vec<Open>,
    recent: VecDeque<Evidence>,
    stages: Stages,
    markers: Markers,
    facts: Facts,
    /// BuildKit wrote into this log.
    builds_images: bool,
    lines: u64,
    last_line: u64,
}

impl Default for Analyzer {
    fn default() -> Self {
        Self::new()
    }
}

impl Analyzer {
    /// An analyzer that has read nothing yet.
    pub fn new() -> Self {
        Self {
            matcher: Matcher::shared(),
            candidates: Vec::new(),
            store: Store::new(rules::all().count()),
            open: Vec::new(),
            recent: VecDeque::with_capacity(LOOK_BACK),
            stages: Stages::default(),
            markers: Markers::default(),
            facts: Facts::default(),
            builds_images: false,
            lines: 0,
            last_line: 0,
        }
    }

    /// Reads the next line: its number and byte offset in the log as the caller counts them, and
    /// its text without line end, console notes and colour codes.
    pub fn feed(&mut self, number: u64, offset: u64, line: &str) {
        self.lines += 1;
        self.last_line = number;
        let line = clip(line);
        self.builds_images = self.builds_images || prefix::is_of_buildkit(line);
        let peel = |text| prefix::peel_where(text, self.builds_images);
        let (branch, text) = self.stages.branch_of(peel(line));
        // The tool's own clock may stand behind the name of the branch.
        let text = if branch.is_some() { peel(text) } else { text };
        let branch = branch.map(str::to_owned);
        if self.stages.read(text, number, offset) {
            return;
        }
        let quoted = prefix::plain_quotes(text);
        let text = quoted.as_ref();
        let command = is_command(text) && !self.is_in_diff(text);
        // `command || true` shows its second half only when the first one failed.
        if command && matches!(text.trim_start_matches('+').trim(), "true" | ":") {
            self.markers.push(Marker::Ignored, number);
        }
        self.matcher.candidates(text, &mut self.candidates);
        let matched = if self.candidates.is_empty() { None } else { self.judge(number, offset, text, command) };
        self.complete(number, offset, text, matched.as_ref().map(|(rule, _)| *rule));
        if let Some((rule, captures)) = matched {
            self.begin(rule, captures, number, offset, text, branch);
        }
        self.remember(number, offset, text, command);
    }

    /// Ends the reading and weighs what was found, by what the log alone tells.
    pub fn finish(self) -> Analysis {
        self.finish_knowing(&[])
    }

    /// The same, when it is known from elsewhere which stages went wrong; with none, the log's markers must tell.
    pub fn finish_knowing(mut self, bad_stages: &[String]) -> Analysis {
        for open in std::mem::take(&mut self.open) {
            self.settle(open);
        }
        let mut facts = self.facts;
        facts.without_aftermath(|line| self.stages.is_aftermath(line));
        if facts.result.as_deref() == Some("UNSTABLE") {
            facts.until_exit();
        }
        let (mut findings, counts) = self.store.into_parts();
        let failed = facts.result.as_deref() == Some("FAILURE");
        let failing_stage = self.stages.failing(failed).map(str::to_owned);
        let scene = Scene {
            result: facts.result.as_deref(),
            stages: &self.stages,
            failing_stages: if bad_stages.is_empty() { failing_stage.as_slice() } else { bad_stages },
            markers: &self.markers,
        };
        findings.iter_mut().for_each(|finding| scene.weigh(finding));
        Scene::explain_waiting(&mut findings);
        crate::sorted::sort_by(&mut findings, |a, b| b.score.cmp(&a.score).then(a.line.cmp(&b.line)));
        let mut analysis = Analysis {
            hypotheses: Vec::new(),
            findings,
            counts,
            failed_tests: facts.tests,
            tools: facts.tools,
            exit_codes: facts.exit_codes,
            downstream: facts.downstream,
            nodes: facts.nodes,
            environment: facts.environment,
            failing_stage,
            result: facts.result,
            last_command: facts.command,
            last_output: facts.tail.into(),
            lines: self.lines,
        };
        analysis.hypotheses = hypothesis::rank(&analysis);
        analysis
    }

    /// `+++ b/x` below `--- a/x` heads a diff and is no trace of a nested shell.
    fn is_in_diff(&self, text: &str) -> bool {
        text.starts_with("+++ ") && self.recent.back().is_some_and(|line| line.text.starts_with("--- "))
    }

    /// Facts are noted; of the rules that explain the line the most specific is returned.
    fn judge(&mut self, number: u64, offset: u64, text: &str, command: bool) -> Option<(usize, Captures)> {
        let mut best: Option<(usize, &'static Rule, Captures)> = None;
        let mut symptom = false;
        for index in std::mem::take(&mut self.candidates) {
            let Some(rule) = self.matcher.rule(index) else {
                continue;
            };
            if command && rule.role != Role::Detect {
                continue;
            }
            if rule.role == Role::Detect && self.facts.knows_tool(rule) {
                continue;
            }
            let Some(mut captures) = self.matcher.captures(index, text) else {
                continue;
            };
            if let Some(lookup) = rule.before.filter(|lookup| lookup.required) {
                let Some((_, found)) = self.above(index, lookup) else {
                    continue;
                };
                merge(&mut captures, found);
            }
            self.facts.note(rule, &captures, || Evidence::new(number, offset, text));
            match rule.role {
                Role::Symptom => {
                    symptom = true;
                    let exit = rule.id == EXIT_CODE;
                    self.markers.push(if exit { Marker::Exit } else { Marker::Symptom }, number);
                }
                Role::Ignored => self.markers.push(Marker::Ignored, number),
                Role::Retried => self.markers.push(Marker::Retried, number),
                Role::Recovered => self.markers.push(Marker::Recovered, number),
                Role::Running => {
                    self.markers.push(Marker::Node, number);
                    continue;
                }
                Role::Fact | Role::Detect => continue,
                Role::Cause | Role::Test => {}
            }
            if best.as_ref().is_none_or(|(_, known, _)| rule.specificity > known.specificity) {
                best = Some((index, rule, captures));
            }
        }
        let (index, rule, captures) = best?;
        // A generic reading of a line that is known to be mere propagation is no cause.
        let generic = rule.role == Role::Cause && rule.specificity < hypothesis::GENERIC;
        let explains = matches!(rule.role, Role::Cause | Role::Test | Role::Symptom);
        (explains && !(symptom && generic)).then_some((index, captures))
    }

    /// The nearest line above that completes a match of the rule.
    fn above(&self, index: usize, lookup: Lookup) -> Option<(&Evidence, Captures)> {
        let mut lines = self.recent.iter().rev().take(usize::from(lookup.lines));
        lines.find_map(|line| Some((line, self.matcher.before(index, &line.text)?)))
    }

    /// Opens a finding.
    fn begin(&mut self, index: usize, mut captures: Captures, number: u64, offset: u64, text: &str, branch: Option<String>) {
        let Some(rule) = self.matcher.rule(index) else {
            return;
        };
        self.facts.tool(rule, Evidence::new(number, offset, text));
        let mut evidence = Vec::new();
        let mut late = Captures::new();
        if let Some((line, found)) = rule.before.and_then(|lookup| self.above(index, lookup)) {
            let says_something = found.iter().any(|(_, value)| !value.is_empty());
            if rule.before.is_some_and(|lookup| lookup.late) {
                late = found;
            } else {
                merge(&mut captures, found);
            }
            if says_something {
                evidence.push(line.clone());
            }
        }
        let at = if text.len() > Evidence::MAX_CHARS { self.matcher.position(index, text) } else { 0 };
        evidence.push(Evidence::around(number, offset, text, at));
        // What was running when Jenkins says that something took too long.
        if rule.cause.contains("{command")
            && let Some(command) = &self.facts.command
        {
            late.push(("command", command.text.trim_start_matches(['+', ' ']).to_owned()));
        }
        let finding = Finding {
            rule,
            cause: String::new(),
            captures,
            evidence,
            line: number,
            offset,
            last_line: number,
            count: 1,
            stage: branch.clone().or_else(|| self.stages.current().map(str::to_owned)),
            branch,
            score: 0,
            notes: Vec::new(),
            soft: is_soft(text),
            key: String::new(),
        };
        let after = rule.after.map_or(0, |lookup| lookup.lines);
        let open = Open { rule: index, finding, late, last: Captures::new(), after, extent: rule.extent };
        if after == 0 && rule.extent == 0 {
            self.settle(open);
            return;
        }
        if self.open.len() == MAX_OPEN {
            let oldest = self.open.remove(0);
            self.settle(oldest);
        }
        self.open.push(open);
    }

    /// Lets the open findings see the line; the next finding of the same rule ends an open one.
    fn complete(&mut self, number: u64, offset: u64, text: &str, matched: Option<usize>) {
        if self.open.is_empty() {
            return;
        }
        let mut waiting = Vec::with_capacity(self.open.len());
        for mut open in std::mem::take(&mut self.open) {
            if matched == Some(open.rule) {
                self.settle(open);
                continue;
            }
            let mut found = None;
            if open.after > 0 {
                open.after -= 1;
                found = self.matcher.after(open.rule, text);
            }
            if open.extent > 0 || found.is_some() {
                open.extent = open.extent.saturating_sub(1);
                if !text.trim().is_empty() {
                    open.finding.evidence.push(Evidence::new(number, offset, text));
                }
            }
            match found {
                Some(found) if open.finding.rule.after.is_some_and(|lookup| lookup.last) => open.last = found,
                Some(found) => {
                    merge(&mut open.finding.captures, found);
                    open.after = 0;
                }
                None if !open.last.is_empty() && text.trim().is_empty() => open.after = 0,
                None => {}
            }
            if open.after == 0 && open.extent == 0 {
                self.settle(open);
            } else {
                waiting.push(open);
            }
        }
        self.open = waiting;
    }

    /// Files a finding that nothing can complete any more.
    fn settle(&mut self, open: Open) {
        let mut finding = open.finding;
        merge(&mut finding.captures, open.last);
        merge(&mut finding.captures, open.late);
        if let Some(workspace) = &self.facts.workspace {
            // A path below the workspace is the same on every agent, and what a person reads.
            for (_, value) in finding.captures.iter_mut().filter(|(_, value)| value.contains(workspace.as_str())) {
                *value = value.replace(workspace.as_str(), "");
            }
        }
        finding.cause = template::fill(finding.rule.cause, &finding.captures);
        if self.matcher.vetoes(open.rule, &finding.cause) {
            return;
        }
        if finding.rule.role == Role::Test {
            self.facts.test(&finding);
        }
        self.store.add(open.rule, finding);
    }

    fn remember(&mut self, number: u64, offset: u64, text: &str, command: bool) {
        if text.trim().is_empty() {
            return;
        }
        if self.recent.len() == LOOK_BACK {
            self.recent.pop_front();
        }
        let evidence = Evidence::new(number, offset, text);
        // Below the end Jenkins speaks, and no step.
        if !self.stages.is_epilogue(number) {
            self.facts.output(&evidence, command, self.stages.in_post());
        }
        self.recent.push_back(evidence);
    }
}

/// Captures of the line itself win over what stands near it.
fn merge(captures: &mut Captures, found: Captures) {
    for (name, value) in found {
        if !captures.iter().any(|(known, text)| *known == name && !text.is_empty()) {
            captures.push((name, value));
        }
    }
}

/// `+ make test`: the shell's trace under `-x`, and the prompt of `cmd.exe`.
fn is_command(text: &str) -> bool {
    let trace = text.trim_start_matches('+');
    if trace.len() < text.len() && trace.starts_with(' ') {
        // A diff indents what was added, and PowerShell underlines what failed.
        return !trace.starts_with("  ") && !trace.starts_with(" ~");
    }
    let drive = text.get(1..3) == Some(":\\") && text.starts_with(|c: char| c.is_ascii_alphabetic());
    drive && text.split_once('>').is_some_and(|(path, rest)| !path.contains(' ') && !rest.is_empty())
}

/// The part of a line that is judged.
fn clip(line: &str) -> &str {
    if line.len() <= MAX_LINE_BYTES {
        return line;
    }
    line.get(..line.floor_char_boundary(MAX_LINE_BYTES)).unwrap_or(line)
}
