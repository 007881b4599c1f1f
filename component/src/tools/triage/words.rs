//! The judgement as a record, and the record as text.

use super::facts::{Below, Facts};
use super::judge::{self, Cause, Judgement};
use crate::answer;
use crate::bindings::jankins::plugin::types::{Evidence, Format, Hypothesis, Suspect, Triage};
use crate::call::{Call, saturate};
use crate::text::budget::{self, Section};
use crate::text::fence;

/// Names of tests in a line.
const NAMES: usize = 4;
/// Lines of evidence that `summary` shows for the first cause, and for each other one.
const LINES: [usize; 2] = [6, 2];
/// Characters of an advice.
const ADVICE_CHARS: usize = 240;
/// Causes that `summary` shows.
const CAUSES: usize = 3;
/// Failed tests that the record lists.
const MAX_TESTS: usize = 50;

/// Everything but `text` and the final `meta`.
pub(super) fn record(call: &Call, facts: &Facts, judgement: &Judgement) -> Triage {
    let failed = judge::failed(facts);
    let window = judgement.window;
    let stages = facts.graph.iter().flat_map(|g| g.culprits().into_iter().map(|s| s.name.clone()).collect::<Vec<_>>()).collect();
    Triage {
        text: String::new(),
        job: facts.job.name(),
        build: facts.build.number,
        result: facts.build.result().to_owned(),
        verdict: verdict(call, facts, judgement),
        hypotheses: judgement.causes.iter().map(|c| hypothesis(call, facts, judgement, c)).collect(),
        failing_stages: stages,
        failed_tests: failed.iter().take(MAX_TESTS).map(|c| c.full_name()).collect(),
        failed_tests_total: saturate(failed.len() as u64),
        last_good: window.last_good,
        first_bad: window.first_bad,
        suspects: judgement.suspects.iter().map(|s| suspect(call, s)).collect(),
        next_steps: next_steps(facts, judgement),
        meta: call.meta(""),
    }
}

/// One line: what failed, since when, by whose commit.
fn verdict(call: &Call, facts: &Facts, judgement: &Judgement) -> String {
    let build = &facts.build;
    if build.result() == "SUCCESS" {
        return "the build succeeded: there is nothing to triage".into();
    }
    let state = if build.building { "still running; so far: " } else { "" };
    let Some(cause) = judgement.causes.first() else {
        let lacks = |part: &str| call.missing().iter().any(|lack| lack.starts_with(part));
        let why = match build.result() {
            _ if lacks("log: #") => "its log is gone, and nothing else says why",
            _ if lacks("log: ") => "its log could not be read, and nothing else says why",
            "NOT_BUILT" => "nothing ran, and the log says no reason",
            _ if facts.analysis.lines == 0 => "its log is empty, and nothing else says why",
            _ => "neither log nor tests say why",
        };
        return format!("{state}{}, and {why}", build.result());
    };
    let what = match cause {
        Cause::Tests => tests_title(call, facts),
        Cause::Log { hypothesis, below } => {
            let place = below.and_then(|at| facts.below.get(at)).map(|b| format!("{} #{} failed: ", b.job, b.number)).unwrap_or_default();
            format!("{place}{}", answer::quote(call, &hypothesis.title))
        }
    };
    format!("{state}{what}{}{}", age(call, facts, judgement), blame(call, judgement))
}

fn tests_title(call: &Call, facts: &Facts) -> String {
    let failed = judge::failed(facts);
    let names: Vec<String> = failed.iter().take(NAMES).map(|c| answer::name(&answer::redacted(call, &c.name))).collect();
    let more = if failed.len() > NAMES { format!(" and {} more", failed.len() - NAMES) } else { String::new() };
    let noun = if failed.len() == 1 { "test fails" } else { "tests fail" };
    format!("{} {noun}: {}{more}", failed.len(), names.join(", "))
}

fn age(call: &Call, facts: &Facts, judgement: &Judgement) -> String {
    if let Some(flake) = judgement.flakes.first() {
        if judgement.flakes.len() >= judge::failed(facts).len() {
            return format!("; FLAKY: passed in #{} on the same revision", flake.passed_in);
        }
        let names: Vec<String> = judgement.flakes.iter().take(NAMES).map(|f| answer::name(&answer::redacted(call, &f.test))).collect();
        let rest = match (judgement.window.first_bad, judgement.window.last_good) {
            (Some(first), Some(good)) => format!("; the others since #{first} (#{good} was better)"),
            (Some(first), None) => format!("; the others since #{first}"),
            (None, _) => String::new(),
        };
        return format!("; partly FLAKY: {} passed in #{} on the same revision{rest}", names.join(", "), flake.passed_in);
    }
    if let Some(passed) = judgement.passed_in {
        return format!("; #{passed} passed on the same revision: not the code alone");
    }
    let good = judgement.window.last_good.map(|good| format!(" (#{good} was better)")).unwrap_or_default();
    match judgement.window.first_bad {
        Some(first) if first == facts.build.number && judgement.differs_before => {
            "; new in this build, earlier ones failed otherwise".into()
        }
        Some(first) if first == facts.build.number => format!("; new in this build{good}"),
        Some(first) => format!("; since #{first}{good}"),
        None => String::new(),
    }
}

fn blame(call: &Call, judgement: &Judgement) -> String {
    let [first, rest @ ..] = judgement.suspects.as_slice() else { return String::new() };
    if first.points <= 0 || rest.first().is_some_and(|s| s.points == first.points) {
        return String::new();
    }
    format!("; likely commit {} by {}", answer::short(&first.id), answer::quote(call, &first.author))
}

fn hypothesis(call: &Call, facts: &Facts, judgement: &Judgement, cause: &Cause) -> Hypothesis {
    match cause {
        Cause::Tests => tests_hypothesis(call, facts, judgement),
        Cause::Log { hypothesis, below } => {
            let below = below.and_then(|at| facts.below.get(at));
            let build = below.map(|b| format!("{} #{}", b.job, b.number));
            let line = |e: &crate::analysis::Evidence| Evidence {
                kind: if below.is_some() { "downstream" } else { "log" }.to_owned(),
                detail: answer::redacted(call, &e.text),
                line: Some(saturate(e.line)),
                offset: Some(saturate(e.offset)),
                build: build.clone(),
            };
            let stage = hypothesis.stage.iter().map(|s| stage_evidence(s, build.clone()));
            let evidence = hypothesis.evidence.iter().map(line).chain(stage).chain(chain(call, facts, below)).collect();
            Hypothesis {
                cause: answer::redacted(call, &hypothesis.title),
                confidence: hypothesis.confidence.as_str().to_owned(),
                category: hypothesis.category.as_str().to_owned(),
                evidence,
                advice: answer::redacted(call, &hypothesis.advice),
            }
        }
    }
}

fn stage_evidence(stage: &str, build: Option<String>) -> Evidence {
    Evidence { kind: "stage".into(), detail: stage.to_owned(), line: None, offset: None, build }
}

/// The lines that lead from this build down to the one that failed by itself.
fn chain(call: &Call, facts: &Facts, below: Option<&Below>) -> Vec<Evidence> {
    let Some(last) = below else { return Vec::new() };
    let mut out = Vec::new();
    let mut analysis = &facts.analysis;
    let mut build = None;
    for step in &facts.below {
        let named = analysis.downstream.iter().find(|d| d.number == Some(u64::from(step.number)));
        out.extend(named.map(|d| Evidence {
            kind: "log".into(),
            detail: answer::redacted(call, &d.evidence.text),
            line: Some(saturate(d.evidence.line)),
            offset: Some(saturate(d.evidence.offset)),
            build: build.clone(),
        }));
        build = Some(format!("{} #{}", step.job, step.number));
        analysis = &step.analysis;
        if step.number == last.number && step.job == last.job {
            break;
        }
    }
    out
}

fn tests_hypothesis(call: &Call, facts: &Facts, judgement: &Judgement) -> Hypothesis {
    let failed = judge::failed(facts);
    let evidence = failed.iter().take(MAX_TESTS).map(|case| {
        let since = case.since.filter(|s| *s != facts.build.number).map(|s| format!(", since #{s}")).unwrap_or_default();
        let error = case.error.as_deref().map(first_line).filter(|e| !e.is_empty()).map(|e| format!(": {e}")).unwrap_or_default();
        let place = case.stage().map(|s| format!(" [{s}]")).unwrap_or_default();
        let detail = answer::redacted(call, &format!("{}{place} {}{since}{error}", case.full_name(), case.outcome.as_str()));
        Evidence { kind: "test".into(), detail, line: None, offset: None, build: None }
    });
    let flaky = judgement.flakes.iter().map(|f| Evidence {
        kind: "build".into(),
        detail: format!("{} passed on the same revision", f.test),
        line: None,
        offset: None,
        build: Some(format!("{} #{}", facts.job, f.passed_in)),
    });
    let advice = if judgement.flakes.is_empty() {
        "Read the errors with their stacks, then the likely commit."
    } else {
        "Run it again before blaming a commit; then mend or quarantine the flaky test."
    };
    Hypothesis {
        cause: tests_title(call, facts),
        confidence: "high".into(),
        category: if judgement.flakes.is_empty() { "test" } else { "flaky-test" }.into(),
        evidence: flaky.chain(evidence).collect(),
        advice: advice.into(),
    }
}

fn first_line(text: &str) -> String {
    text.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or_default().chars().take(160).collect()
}

pub(crate) fn suspect(call: &Call, it: &super::suspects::Suspicion) -> Suspect {
    Suspect {
        commit: it.id.clone(),
        author: answer::redacted(call, &it.author),
        message: answer::redacted(call, &it.message),
        build: it.build,
        reason: it.reason.clone(),
        paths: it.paths.clone(),
    }
}

/// What to do next, as calls.
fn next_steps(facts: &Facts, judgement: &Judgement) -> Vec<String> {
    let (job, number) = (facts.job.name(), facts.build.number);
    let mut out = Vec::new();
    if facts.build.result() == "SUCCESS" {
        return out;
    }
    match judgement.causes.first() {
        Some(Cause::Tests) => out.push(format!("get_failed_tests(job={job:?}, build=\"{number}\", format=\"full\")")),
        Some(Cause::Log { hypothesis, below }) => {
            let place = below.and_then(|at| facts.below.get(at));
            let (job, number) = place.map_or((job.clone(), number), |b| (b.job.name(), b.number));
            if let Some(first) = hypothesis.evidence.first() {
                let start = first.offset.saturating_sub(1500);
                out.push(format!("get_build_log(job={job:?}, build=\"{number}\", mode=\"range\", start={start})"));
            }
            if place.is_some() {
                out.push(format!("triage_failure(job={job:?}, build=\"{number}\")"));
            }
        }
        None => out.push(format!("get_build_log(job={job:?}, build=\"{number}\")")),
    }
    match judgement.window.first_bad {
        Some(first) if !judgement.suspects.is_empty() => {
            out.push(format!("get_build_changes(job={job:?}, build=\"{first}\", format=\"full\")"));
        }
        Some(first) if first != number => out.push(format!("get_build(job={job:?}, build=\"{first}\", format=\"full\")")),
        _ => {}
    }
    out
}

/// The text: verdict, causes with their evidence, tests, commits, next steps.
pub(super) fn describe(call: &Call, facts: &Facts, judgement: &Judgement, it: &Triage, format: Format) -> budget::Answer {
    let full = format == Format::Full;
    let mut out = budget::Answer::new(call.max_tokens());
    out.head(format!("{} {}", facts.job, answer::build_line(call, &facts.build)));
    out.head(format!("verdict: {}", it.verdict));
    if format == Format::Ids {
        return out;
    }
    if !it.failing_stages.is_empty() {
        let names: Vec<String> = it.failing_stages.iter().map(|s| answer::name(s)).collect();
        out.head(format!("failing stages: {}", names.join(", ")));
    }
    let shown = if full { usize::MAX } else { CAUSES };
    for (at, (cause, hypothesis)) in judgement.causes.iter().zip(&it.hypotheses).enumerate().take(shown) {
        let lines = if full { usize::MAX } else { LINES.get(at).copied().unwrap_or(LINES[1]) };
        out.section(cause_section(call, at, cause, hypothesis, lines));
    }
    if !it.suspects.is_empty() {
        let since = judgement.window.first_bad.unwrap_or_default();
        let good = judgement.window.last_good.map(|g| format!(", after #{g}")).unwrap_or_default();
        let quote = |text: &str| answer::quote(call, text);
        let item = |s: &Suspect| format!("  {} {} {}: {}", answer::short(&s.commit), quote(&s.author), quote(&s.message), s.reason);
        out.section(
            Section::new("commit")
                .title(format!("commits that came in with #{since}{good}:"))
                .priority(20)
                .minimum(1)
                .items(it.suspects.iter().map(item)),
        );
    }
    for step in &it.next_steps {
        out.next(step.clone());
    }
    out
}

/// Advice on what a log says names what the log says.
fn advice(cause: &Cause, text: &str) -> String {
    match cause {
        Cause::Tests => text.to_owned(),
        Cause::Log { .. } => fence::inline(text, ADVICE_CHARS),
    }
}

fn cause_section(call: &Call, at: usize, cause: &Cause, it: &Hypothesis, lines: usize) -> Section {
    let title = match cause {
        Cause::Tests => it.cause.clone(),
        Cause::Log { .. } => answer::quote(call, &it.cause),
    };
    let priority = u8::try_from(10 + at * 20).unwrap_or(200);
    let heading = format!("cause {} ({} confidence, {}): {title}\n  do: {}", at + 1, it.confidence, it.category, advice(cause, &it.advice));
    let items = it.evidence.iter().filter(|e| e.kind != "stage").take(lines).map(|e| {
        let build = e.build.as_deref().map(|b| format!("{b} ")).unwrap_or_default();
        let line = e.line.map(|l| format!("line {l} ")).unwrap_or_default();
        let at = e.offset.map(|o| format!("@{o} ")).unwrap_or_default();
        fence::block([format!("{build}{line}{at}{}", e.detail)]).trim_end().to_owned()
    });
    Section::new("evidence line")
        .title(heading)
        .priority(priority)
        .minimum(2)
        .total(it.evidence.iter().filter(|e| e.kind != "stage").count() as u64)
        .items(items)
}
