//! The comparison as text: what differs, in the order in which a person would ask.

use crate::answer;
use crate::bindings::jankins::plugin::types::{Format, LogDifference, RunComparison, StageDifference};
use crate::call::Call;
use crate::jenkins::builds::Build;
use crate::text::budget::{Answer, Section};
use crate::text::{fence, human, names};
use crate::tools::tests::compare::Verdicts;

/// Items that `summary` shows of a kind.
const SHOWN: usize = 8;
/// Characters of a log line.
const LINE_CHARS: usize = 240;

/// What could be compared at all.
pub(super) struct Compared<'a> {
    pub(super) tests: Option<&'a Verdicts>,
    pub(super) stages: bool,
    pub(super) logs: bool,
}

/// The text.
pub(super) fn describe(call: &Call, it: &RunComparison, (base, head): (&Build, &Build), compared: &Compared<'_>, format: Format) -> Answer {
    let mut out = Answer::new(call.max_tokens());
    let job = names::shown(&it.job);
    out.head(format!("{job} {} → {}", answer::build_line(call, base), answer::build_line(call, head)));
    if it.base == it.head {
        out.head("both are the same build");
        return out;
    }
    let limit = if format == Format::Full { usize::MAX } else { SHOWN };
    for difference in &it.differences {
        out.head(difference);
    }
    let list = |noun: &str, title: String, priority: u8, items: Vec<String>| {
        Section::new(noun).title(title).priority(priority).total(items.len() as u64).items(items.into_iter().take(limit))
    };
    let test = |name: &String| format!("  {}", names::shown(name));
    match compared.tests {
        None => out.head(match (base.tests(), head.tests()) {
            (None, None) => "tests: neither recorded any".to_owned(),
            (None, _) => format!("tests: #{} recorded none", it.base),
            (_, None) => format!("tests: #{} recorded none", it.head),
            _ => "tests: not compared".to_owned(),
        }),
        Some(_) if it.new_failures.is_empty() && it.fixed.is_empty() && it.still_failing == 0 => out.head("tests: none fails in either"),
        Some(_) => out.head(format!(
            "tests: {}, {} fixed, {} failing in both",
            human::count(it.new_failures.len() as u64, "new failure"),
            it.fixed.len(),
            it.still_failing
        )),
    };
    if base.is_pipeline() && head.is_pipeline() && it.stages.is_empty() {
        out.head(if compared.stages { "stages: alike in status and time" } else { "stages: not compared" });
    }
    out.section(list("new failure", "new failures:".into(), 10, it.new_failures.iter().map(test).collect()));
    out.section(list("fixed test", "fixed:".into(), 60, it.fixed.iter().map(test).collect()));
    out.section(list("stage", "stages that differ:".into(), 20, it.stages.iter().map(stage).collect()));
    let quote = |text: &str| answer::quote(call, text);
    let commits =
        it.commits.iter().map(|c| format!("  {} #{} {} {}", answer::short(&c.commit), c.build, quote(&c.author), quote(&c.message)));
    out.section(list("commit", format!("commits between ({}):", it.commits.len()), 40, commits.collect()));
    if it.commits.is_empty() {
        out.head("commits between: none");
    }
    if it.log_differences.is_empty() {
        out.head(if compared.logs { "log: no line differs, times and ids aside" } else { "log: not compared" });
    }
    for (at, difference) in it.log_differences.iter().enumerate() {
        out.section(log_section(it, at, difference));
    }
    if it.head_result != "SUCCESS" && !head.building {
        out.next(format!("triage_failure(job={:?}, build=\"{}\")", it.job, it.head));
    }
    if let Some(last) = it.log_differences.last() {
        let start = last.offset.saturating_sub(1500);
        out.next(format!("get_build_log(job={:?}, build=\"{}\", mode=\"range\", start={start})", it.job, last.build));
    }
    out
}

fn stage(it: &StageDifference) -> String {
    let side = |status: &Option<String>, ms: Option<u32>| match status {
        None => "not there".to_owned(),
        Some(status) => {
            let took = ms.map(|ms| format!(" {}", human::duration(u64::from(ms)))).unwrap_or_default();
            format!("{status}{took}")
        }
    };
    format!("  {}: {} → {}", answer::name(&it.name), side(&it.before, it.before_ms), side(&it.after, it.after_ms))
}

fn log_section(it: &RunComparison, at: usize, difference: &LogDifference) -> Section {
    let other = if difference.build == it.head { it.base } else { it.head };
    let what = if at == 0 { "first line that only" } else { "first error that only" };
    let mut lines = String::new();
    for line in difference.after.iter().chain([&difference.content]) {
        fence::push_block_line(&mut lines, line, LINE_CHARS);
    }
    let title = format!("{what} #{} has (not #{other}): line {} @{}", difference.build, difference.line, difference.offset);
    Section::new("log line").title(title).priority(15).items([lines.trim_end().to_owned()])
}
