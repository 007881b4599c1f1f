//! `analyze-build-log`: what each build tool says in one log.
//!
//! One request for the build and one for its log, side by side. `triage-failure` weighs all tools against each other and
//! names one cause; here every tool that took part gets its say, doubtful findings included, each with its doubts.
//! A log without anything a rule knows is said to be just that.

use futures_util::future::join;

use super::read::analyse;
use crate::analysis::rules::{Role, Tool};
use crate::analysis::{Analysis, Finding, Note};
use crate::answer;
use crate::bindings::jankins::plugin::types::{Format, LogAnalysis, LogError, ToolReport};
use crate::call::{Call, saturate};
use crate::error::Error;
use crate::jenkins::builds::{self, Build};
use crate::jenkins::jobs::missing;
use crate::jenkins::path::{JobPath, Selector};
use crate::text::budget::{self, Section};
use crate::text::{fence, human};

/// Errors that `summary` shows of a tool.
const ERRORS: usize = 4;
/// Failed tests that `summary` names of a tool.
const TESTS: usize = 5;
/// Characters of an error in a line.
const ERROR_CHARS: usize = 240;

/// `analyze-build-log`.
pub(crate) async fn analyze_build_log(
    call: &Call,
    job: String,
    branch: Option<String>,
    build: Option<String>,
    build_tool: Option<String>,
    format: Option<Format>,
) -> Result<LogAnalysis, Error> {
    let (job, which) = JobPath::with_build(&job, branch.as_deref(), build.as_deref())?;
    let wanted = build_tool.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    if let Some(name) = &wanted {
        check_tool(name)?;
    }
    let head = builds::with_fields(call, &job, which, builds::BRIEF);
    let (build, analysis) = match which {
        Selector::Number(number) => join(head, analyse(call, &job, number)).await,
        // The log must be that of the build that is named, whatever `last` means a moment later.
        Selector::Permalink(_) => {
            let build = head.await;
            let analysis = match &build {
                Ok(build) => analyse(call, &job, build.number).await,
                Err(_) => Ok(Analysis::default()),
            };
            (build, analysis)
        }
    };
    let build = match build {
        Ok(build) => build,
        Err(error) => return Err(missing(call, &job, error).await),
    };
    let analysis = analysis?;
    call.learn_secrets(analysis.quotable());
    let tools = reports(call, &analysis, wanted.as_deref());
    let mut record = LogAnalysis {
        text: String::new(),
        job: job.name(),
        build: build.number,
        result: build.result().to_owned(),
        lines: saturate(analysis.lines),
        tools,
        meta: call.meta(""),
    };
    let described = describe(call, &record, &build, &analysis, wanted.as_deref(), format.unwrap_or(Format::Summary));
    record.text = answer::render(call, &described).text;
    record.meta = call.meta(&record.text);
    Ok(record)
}

/// Refuses a name that no tool and no family has, with those that there are.
fn check_tool(name: &str) -> Result<(), Error> {
    if Tool::ALL.iter().any(|tool| tool.answers_to(name)) {
        return Ok(());
    }
    let names: Vec<&str> = Tool::ALL.iter().map(|tool| tool.as_str()).collect();
    Err(Error::invalid(format!("no rules for a build tool {name:?}"), format!("Known: {}.", names.join(", "))))
}

/// The tools that took part, the one with the likeliest cause first, then those that only ran.
fn reports(call: &Call, analysis: &Analysis, wanted: Option<&str>) -> Vec<ToolReport> {
    let asked = |tool: Tool| wanted.is_none_or(|name| tool.answers_to(name));
    let mut tools: Vec<Tool> = Vec::new();
    let best = analysis.hypotheses.iter().map(|h| h.tool);
    let said = analysis.causes().map(|f| f.rule.tool);
    let ran = analysis.tools.iter().map(|t| t.tool);
    for tool in best.chain(said).chain(ran).filter(|tool| asked(*tool)) {
        if !tools.contains(&tool) {
            tools.push(tool);
        }
    }
    // An unspecific line that some program printed is worth a mention only where nothing else is.
    let known = tools.iter().any(|tool| *tool != Tool::Unknown && analysis.causes().any(|f| f.rule.tool == *tool));
    tools.retain(|tool| *tool != Tool::Unknown || !known);
    tools.into_iter().map(|tool| report(call, analysis, tool)).collect()
}

fn report(call: &Call, analysis: &Analysis, tool: Tool) -> ToolReport {
    let found: Vec<&Finding> = analysis.causes().filter(|f| f.rule.tool == tool).collect();
    let is_test = |f: &&&Finding| f.rule.role == Role::Test;
    let errors = found.iter().filter(|f| !is_test(f)).map(|f| error(call, f)).collect();
    let tests: Vec<_> = analysis.failed_tests.iter().filter(|t| t.tool == tool).collect();
    let advice = analysis.hypotheses.iter().find(|h| h.tool == tool).map(|h| h.advice.as_str());
    let line = analysis.tools.iter().find(|t| t.tool == tool).map(|t| t.evidence.line).or_else(|| found.iter().map(|f| f.line).min());
    ToolReport {
        tool: tool.as_str().to_owned(),
        line: line.map(saturate),
        errors,
        failed_tests_total: saturate(tests.len() as u64),
        failed_tests: tests.iter().map(|t| answer::redacted(call, &t.name)).collect(),
        recommendation: advice.map(|a| answer::redacted(call, a)),
    }
}

fn error(call: &Call, finding: &Finding) -> LogError {
    let number = |name: &str| finding.capture(name).and_then(|n| n.parse().ok());
    LogError {
        message: answer::redacted(call, &finding.cause),
        category: finding.rule.category.as_str().to_owned(),
        file: finding.capture("file").map(|f| answer::redacted(call, f)),
        line: number("line"),
        column: number("column"),
        stage: finding.stage.clone(),
        log_line: saturate(finding.line),
        offset: saturate(finding.offset),
        count: saturate(finding.count),
        doubts: finding.notes.iter().filter_map(|note| doubt(*note)).map(str::to_owned).collect(),
    }
}

/// Why a finding may not be what failed the build.
fn doubt(note: Note) -> Option<&'static str> {
    match note {
        Note::PlayedDown => Some("played-down"),
        Note::Ignored => Some("ignored"),
        Note::Retried => Some("retried"),
        Note::Recovered => Some("recovered"),
        Note::BuildWentOn => Some("went-on"),
        Note::Aftermath => Some("after-the-failure"),
        Note::OtherBranch => Some("other-branch"),
        Note::Confirmed | Note::FailingStage | Note::LastWord | Note::Explains | Note::FitsResult | Note::Verdict => None,
    }
}

fn describe(call: &Call, it: &LogAnalysis, build: &Build, analysis: &Analysis, wanted: Option<&str>, format: Format) -> budget::Answer {
    let mut out = budget::Answer::new(call.max_tokens());
    out.head(format!("{} {}; {} in the log", it.job, answer::build_line(call, build), human::count(analysis.lines, "line")));
    if it.result == "SUCCESS" {
        out.head("the build succeeded: nothing below failed it");
    }
    let ran: Vec<&str> = analysis.tools.iter().map(|t| t.tool.as_str()).collect();
    if !ran.is_empty() {
        out.head(format!("took part: {}", ran.join(", ")));
    }
    let silent = it.tools.iter().all(|t| t.errors.is_empty() && t.failed_tests.is_empty());
    if silent {
        let whose = wanted.map(|name| format!(" of {name}")).unwrap_or_default();
        out.head(format!("no error{whose} that a rule knows"));
        if it.result != "SUCCESS" && !build.building {
            out.next(format!("triage_failure(job={:?}, build=\"{}\")", it.job, it.build));
        }
        return out;
    }
    if format == Format::Ids {
        let places = it.tools.iter().flat_map(|t| &t.errors).filter_map(|e| Some(format!("{}:{}", e.file.as_deref()?, e.line?)));
        let tests = it.tools.iter().flat_map(|t| t.failed_tests.iter().cloned());
        let ids = places.chain(tests).map(|id| fence::inline(&id, ERROR_CHARS));
        out.section(Section::new("place").items(ids));
        return out;
    }
    let full = format == Format::Full;
    let mut dubious = 0_u64;
    for (at, tool) in it.tools.iter().enumerate() {
        let shown: Vec<&LogError> = tool.errors.iter().filter(|e| full || e.doubts.is_empty()).collect();
        dubious += (tool.errors.len() - shown.len()) as u64;
        if shown.is_empty() && tool.failed_tests.is_empty() {
            continue;
        }
        out.section(tool_section(tool, &shown, at, full));
    }
    if dubious > 0 {
        out.head(format!("{} that did not fail the build not shown: format=full", human::count(dubious, "finding")));
    }
    let first = it.tools.iter().flat_map(|t| &t.errors).find(|e| e.doubts.is_empty());
    if let Some(first) = first {
        let start = first.offset.saturating_sub(1500);
        out.next(format!("get_build_log(job={:?}, build=\"{}\", mode=\"range\", start={start})", it.job, it.build));
    }
    out
}

fn tool_section(tool: &ToolReport, errors: &[&LogError], at: usize, full: bool) -> Section {
    let (max_errors, max_tests) = if full { (usize::MAX, usize::MAX) } else { (ERRORS, TESTS) };
    let mut title = format!("{}:", tool.tool);
    if let Some(advice) = &tool.recommendation {
        // Advice names what the log said.
        title.push_str(&format!(" do: {}", fence::inline(advice, ERROR_CHARS)));
    }
    let lines = errors.iter().take(max_errors).map(|e| {
        let times = if e.count > 1 { format!(" ×{}", e.count) } else { String::new() };
        let doubts = if e.doubts.is_empty() { String::new() } else { format!(" ({})", e.doubts.join(", ")) };
        format!("  {} line {} @{}{times}{doubts}: {}", e.category, e.log_line, e.offset, fence::inline(&e.message, ERROR_CHARS))
    });
    let tests = tool.failed_tests.iter().take(max_tests).map(|t| format!("  failed test {}", fence::inline(t, ERROR_CHARS)));
    Section::new(if errors.is_empty() { "failed test" } else { "error" })
        .title(title)
        .priority(u8::try_from(10 + at * 10).unwrap_or(200))
        .total((errors.len() + tool.failed_tests.len()) as u64)
        .items(lines.chain(tests))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::run;
    use crate::testing::simulated::simulated;

    fn ask(job: &str, build: &str, tool: Option<&str>) -> Result<LogAnalysis, Error> {
        let (call, _) = simulated(None);
        run(analyze_build_log(&call, job.to_owned(), None, Some(build.to_owned()), tool.map(str::to_owned), None))
    }

    #[test]
    fn compiler_errors_come_with_file_and_line_and_the_place_in_the_log() {
        let it = ask("rust-core", "2", None).unwrap();
        let rustc = it.tools.iter().find(|t| t.tool == "rustc").expect("rustc");
        let places: Vec<_> = rustc.errors.iter().filter_map(|e| Some((e.file.as_deref()?, e.line?))).collect();
        assert!(places.contains(&("src/ledger.rs", 9)), "{places:?}");
        assert!(rustc.errors.iter().all(|e| e.log_line > 1 && e.offset > 0));
        assert!(it.text.contains("rustc:") && it.text.contains("E0308"), "{}", it.text);
    }

    #[test]
    fn a_tool_that_did_not_take_part_is_said_to_be_silent() {
        let it = ask("rust-core", "2", Some("gradle")).unwrap();
        assert!(it.tools.is_empty() && it.text.contains("no error of gradle that a rule knows"), "{}", it.text);
    }

    #[test]
    fn a_tool_is_asked_for_by_its_family() {
        let it = ask("legacy-nightly", "3", Some("make")).unwrap();
        assert!(it.tools.iter().any(|t| t.tool == "gcc" && t.errors[0].file.as_deref() == Some("report.c")), "{}", it.text);
        assert!(it.tools.iter().all(|t| t.tool != "git"));
    }

    #[test]
    fn an_unknown_tool_is_refused_with_those_that_are_known() {
        let error = ask("rust-core", "2", Some("cobol")).unwrap_err();
        assert_eq!(error.code(), "invalid-params");
    }

    #[test]
    fn failed_tests_are_listed_under_their_runner() {
        let it = ask("shop/checkout/main", "28", None).unwrap();
        let pytest = it.tools.iter().find(|t| t.tool == "pytest").expect("pytest");
        assert_eq!(pytest.failed_tests_total, 2, "{}", it.text);
    }
}
