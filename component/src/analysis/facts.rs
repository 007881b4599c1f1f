//! What a log tells besides causes: tools, tests, exit codes, nodes, downstream builds, the result.
//! All of it is bounded; what exceeds a bound is counted (tests) or left out.

use std::collections::VecDeque;

use super::finding::{DetectedTool, DownstreamBuild, Evidence, ExitCode, FailedTest, Finding};
use super::matcher::Captures;
use super::rules::{Category, Role, Rule, Tool};

/// Names of failed tests kept; more are counted.
const MAX_TESTS: usize = 200;
/// Exit codes, downstream builds and nodes kept.
const MAX_FACTS: usize = 100;
/// Last lines of output kept for a failure that no rule knows.
const TAIL: usize = 12;

/// What the log tells besides causes.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) tests: Vec<FailedTest>,
    pub(super) tools: Vec<DetectedTool>,
    pub(super) exit_codes: Vec<ExitCode>,
    pub(super) downstream: Vec<DownstreamBuild>,
    pub(super) nodes: Vec<String>,
    /// Versions of what took part, by name.
    pub(super) environment: Vec<(&'static str, String)>,
    pub(super) result: Option<String>,
    /// Where the build works, with a separator at its end.
    pub(super) workspace: Option<String>,
    pub(super) command: Option<Evidence>,
    pub(super) tail: VecDeque<Evidence>,
    /// How a command ended whose exit code the script kept, and its output.
    kept: Option<(u8, Option<Evidence>, VecDeque<Evidence>)>,
    /// Command and output from before the last exit code.
    at_exit: Option<(Option<Evidence>, VecDeque<Evidence>)>,
    /// Command and output from before the first `post` block.
    before_post: Option<(Option<Evidence>, VecDeque<Evidence>)>,
}

impl Facts {
    pub(super) fn knows_tool(&self, rule: &Rule) -> bool {
        self.tools.iter().any(|known| known.tool == rule.tool)
    }

    /// Takes from a match whatever is a fact about the build.
    pub(super) fn note(&mut self, rule: &Rule, captures: &Captures, evidence: impl Fn() -> Evidence) {
        let named = |name: &str| {
            let found = captures.iter().find(|(key, value)| *key == name && !value.is_empty());
            found.map(|(_, value)| value.as_str())
        };
        if rule.role == Role::Detect {
            self.tool(rule, evidence());
        }
        if let Some(workspace) = named("workspace") {
            self.workspace = Some(format!("{}/", workspace.trim_end_matches(['/', '\\'])));
        }
        if let Some(node) = named("node")
            && matches!(rule.role, Role::Fact | Role::Running)
            && self.nodes.len() < MAX_FACTS
            && !self.nodes.iter().any(|known| known == node)
        {
            self.nodes.push(node.to_owned());
        }
        if let Some(version) = named("version")
            && let Some(name) = rule.id.strip_prefix("env-")
            && self.environment.len() < MAX_FACTS
            && !self.environment.iter().any(|(known, value)| *known == name && value == version)
        {
            self.environment.push((name, version.to_owned()));
        }
        if let Some(code) = named("exit").and_then(|code| code.parse().ok())
            && self.exit_codes.len() < MAX_FACTS
        {
            self.exit_codes.push(ExitCode { code, evidence: evidence() });
            self.at_exit = Some((self.command.clone(), self.tail.clone()));
        }
        if rule.category == Category::Downstream
            && let Some(job) = named("job")
        {
            let number = named("number").and_then(|number| number.parse().ok());
            self.downstream(job, number, named("result"), evidence());
        } else if let Some(result) = named("result") {
            self.result = Some(result.to_owned());
        }
    }

    /// A tool that took part; the machine and the shell always do.
    pub(super) fn tool(&mut self, rule: &Rule, evidence: Evidence) {
        let anyway = matches!(rule.tool, Tool::Unknown | Tool::Machine | Tool::Shell | Tool::Jenkins);
        if !anyway && !self.knows_tool(rule) {
            self.tools.push(DetectedTool { tool: rule.tool, evidence });
        }
    }

    /// Goes back to what was printed before a step failed whose failure did not end the build.
    pub(super) fn until_exit(&mut self) {
        if let Some((command, tail)) = self.at_exit.take() {
            (self.command, self.tail) = (command, tail);
        }
    }

    /// Goes back to what was printed before `post` blocks, when these ran only after the failure.
    pub(super) fn without_aftermath(&mut self, is_aftermath: impl Fn(u64) -> bool) {
        let last = self.tail.back().or(self.command.as_ref()).map(|line| line.line);
        if last.is_some_and(is_aftermath)
            && let Some((command, tail)) = self.before_post.take()
        {
            (self.command, self.tail) = (command, tail);
        }
    }

    /// Remembers the last command, or the last output after it.
    pub(super) fn output(&mut self, line: &Evidence, command: bool, in_post: bool) {
        if in_post && self.before_post.is_none() {
            self.before_post = Some((self.command.clone(), self.tail.clone()));
        }
        if command {
            self.run(line);
        } else if !line.text.starts_with("Finished: ") {
            self.said(line.clone());
        }
    }

    fn said(&mut self, line: Evidence) {
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(line);
    }

    /// A command begins. What a script does to end by itself is none: `rc=3` keeps how the command before it ended, and
    /// `exit 3` goes back to it.
    fn run(&mut self, line: &Evidence) {
        let typed = line.text.trim_start_matches(['+', ' ']);
        let number = |text: &str| text.parse::<u8>().ok().filter(|code| *code != 0);
        if let Some(code) = typed.strip_prefix("exit ") {
            if let Some((_, command, said)) = self.kept.take().filter(|(kept, ..)| Some(*kept) == number(code)) {
                self.command = command;
                let since = std::mem::replace(&mut self.tail, said);
                since.into_iter().for_each(|line| self.said(line));
            } else {
                // It left by itself, after it had said why.
                self.command = Some(line.clone());
            }
            return;
        }
        if let Some(code) = typed.split_once('=').filter(|(name, _)| is_name(name)).and_then(|(_, value)| number(value)) {
            self.kept = Some((code, self.command.clone(), self.tail.clone()));
            return;
        }
        if ["echo ", "printf ", "set "].iter().any(|begin| typed.starts_with(begin)) {
            return;
        }
        self.command = Some(line.clone());
        self.tail.clear();
    }

    fn downstream(&mut self, job: &str, number: Option<u64>, result: Option<&str>, evidence: Evidence) {
        let known = self.downstream.iter_mut().find(|known| known.job == job && known.number == number);
        if let Some(known) = known {
            known.result = result.map(str::to_owned).or(known.result.take());
            known.evidence = evidence;
        } else if self.downstream.len() < MAX_FACTS {
            let result = result.map(str::to_owned);
            self.downstream.push(DownstreamBuild { job: job.to_owned(), number, result, evidence });
        }
    }

    /// A failed test; runners often name one twice, so names are unique per runner.
    pub(super) fn test(&mut self, finding: &Finding) {
        let Some(name) = finding.capture("test") else {
            return;
        };
        let message = finding.capture("message").map(str::to_owned);
        let known = self.tests.iter_mut().find(|test| test.tool == finding.rule.tool && same_test(&test.name, name));
        if let Some(known) = known {
            known.message = known.message.take().or(message);
            return;
        }
        if self.tests.len() < MAX_TESTS {
            self.tests.push(FailedTest {
                name: name.to_owned(),
                message,
                tool: finding.rule.tool,
                line: finding.line,
                offset: finding.offset,
            });
        }
    }
}

/// Of a variable of the shell.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// `shop.CartTest.addsDiscount` and, in the summary, `CartTest.addsDiscount`.
fn same_test(one: &str, other: &str) -> bool {
    let within = |long: &str, short: &str| long.strip_suffix(short).is_some_and(|package| package.is_empty() || package.ends_with('.'));
    within(one, other) || within(other, one)
}
