//! What was found as a record, and the record as text.

use super::{Search, Traced, Trouble, Verdict};
use crate::answer;
use crate::bindings::jankins::plugin::types::{Format, Regressed, Regression};
use crate::call::saturate;
use crate::jenkins::builds::Build;
use crate::text::budget::{self, Section};
use crate::text::human;
use crate::tools::triage::history::badness;
use crate::tools::triage::words::suspect;

/// Names of tests in a line.
const NAMES: usize = 4;
/// Commits that `summary` shows of one window.
const COMMITS: usize = 5;
/// Builds between that are listed by number.
const BETWEEN: usize = 8;

/// Everything but `text` and the final `meta`.
pub(super) fn record(search: &Search<'_>, asked: &Build, traced: &[Traced]) -> Regression {
    let first = traced.first();
    Regression {
        text: String::new(),
        job: search.job.name(),
        build: search.build.number,
        result: search.build.result().to_owned(),
        verdict: verdict(search, asked, traced),
        last_good: first.and_then(|t| t.last_good),
        first_bad: first.and_then(|t| t.first_bad),
        changes: traced.iter().map(|t| regressed(search, t)).collect(),
        builds_looked_at: saturate(search.past.len() as u64),
        logs_read: search.logs,
        reports_read: search.reports,
        meta: search.call.meta(""),
    }
}

fn regressed(search: &Search<'_>, it: &Traced) -> Regressed {
    Regressed {
        kind: match it.trouble {
            Trouble::Log(_) => "log",
            Trouble::Tests(_) => "tests",
            Trouble::Result => "result",
        }
        .to_owned(),
        what: what(search, it),
        verdict: it.verdict.word().to_owned(),
        why: it.why.clone(),
        last_good: it.last_good,
        first_bad: it.first_bad,
        between: between(search, it),
        suspects: it.suspects.iter().map(|s| suspect(search.call, s)).collect(),
        also_changed: it.also_changed.clone(),
    }
}

/// The builds between the last good and the first bad one: what they are is no evidence.
fn between(search: &Search<'_>, it: &Traced) -> Vec<u32> {
    let (Some(good), Some(bad)) = (it.last_good, it.first_bad) else { return Vec::new() };
    search.past.iter().map(|p| p.number).filter(|n| *n > good && *n < bad).collect()
}

/// What is wrong, in a few words; what a build wrote is quoted.
fn what(search: &Search<'_>, it: &Traced) -> String {
    match &it.trouble {
        Trouble::Log(cause) => answer::quote(search.call, &cause.title),
        Trouble::Result => search.build.result().to_owned(),
        Trouble::Tests(group) => {
            let names: Vec<String> =
                group.cases.iter().take(NAMES).map(|c| answer::name(&answer::redacted(search.call, &c.full_name()))).collect();
            let more = if group.cases.len() > NAMES { format!(" and {} more", group.cases.len() - NAMES) } else { String::new() };
            format!("{} {}{more}", human::count(group.cases.len() as u64, "test"), names.join(", "))
        }
    }
}

fn verdict(search: &Search<'_>, asked: &Build, traced: &[Traced]) -> String {
    let number = search.build.number;
    let instead = if asked.number == number {
        String::new()
    } else {
        format!("#{} ({}) proves nothing, #{number} was judged: ", asked.number, asked.result())
    };
    let Some(first) = traced.first() else {
        return match badness(search.build.result()) {
            Some(_) => format!("{instead}#{number} succeeded: nothing regressed"),
            None => format!("#{number} is {} and no build before it has ended: nothing to judge", search.build.result()),
        };
    };
    let what = what(search, first);
    let blame = match first.suspects.as_slice() {
        [likely, rest @ ..] if likely.points > 0 && rest.first().is_none_or(|s| s.points < likely.points) => {
            format!("; likely commit {} by {}", answer::short(&likely.id), answer::quote(search.call, &likely.author))
        }
        _ => String::new(),
    };
    let said = match (first.verdict, first.last_good, first.first_bad) {
        (Verdict::Regression | Verdict::NewTest, Some(good), Some(bad)) => format!("first bad #{bad}, last good #{good}: {what}{blame}"),
        (Verdict::Flaky, _, _) => format!("no regression, FLAKY: {what}: {}", first.why),
        (Verdict::NeverGood, _, Some(bad)) => format!("never seen good; bad since #{bad} at least: {what}"),
        (Verdict::Elsewhere, _, _) => format!("not in this job: {}", first.why),
        (_, good, Some(bad)) => {
            let good = good.map(|g| format!(", after #{g}")).unwrap_or_default();
            format!("since #{bad}{good}, but not enough evidence for a regression: {what}: {}", first.why)
        }
        _ => format!("not enough evidence: {what}: {}", first.why),
    };
    format!("{instead}{said}")
}

/// The text.
pub(super) fn describe(search: &Search<'_>, asked: &Build, traced: &[Traced], it: &Regression, format: Format) -> budget::Answer {
    let call = search.call;
    let mut out = budget::Answer::new(call.max_tokens());
    out.head(format!("{} {}", it.job, answer::build_line(call, asked)));
    out.head(format!("verdict: {}", it.verdict));
    if format == Format::Ids {
        return out;
    }
    for (at, (traced, record)) in traced.iter().zip(&it.changes).enumerate() {
        out.section(section(search, at, traced, record, format == Format::Full));
    }
    if !traced.is_empty() {
        out.head(format!(
            "looked at {}, {}, {}",
            human::count(u64::from(it.builds_looked_at), "build"),
            human::count(u64::from(it.logs_read), "log"),
            human::count(u64::from(it.reports_read), "test report")
        ));
    }
    for lack in call.missing() {
        out.head(format!("note: {lack}"));
    }
    next(search, traced, &mut out);
    out
}

fn section(search: &Search<'_>, at: usize, it: &Traced, record: &Regressed, full: bool) -> Section {
    let call = search.call;
    let mut title = format!("{} {}: {}", at + 1, it.verdict.word(), record.what);
    title.push_str(&format!("\n  {}", it.why));
    if !record.between.is_empty() {
        let of = |n: &u32| search.of(*n).map(|p| format!("#{n} {}", p.result)).unwrap_or_default();
        let shown: Vec<String> = record.between.iter().take(BETWEEN).map(of).collect();
        let more = if record.between.len() > BETWEEN { format!(" and {} more", record.between.len() - BETWEEN) } else { String::new() };
        title.push_str(&format!("\n  between, no evidence: {}{more}", shown.join(", ")));
    }
    if !it.also_changed.is_empty() {
        title.push_str(&format!("\n  also changed: {}", it.also_changed.join("; ")));
    }
    match (it.verdict, record.suspects.is_empty()) {
        (Verdict::Regression | Verdict::NewTest, true) => title.push_str("\n  no commit came in"),
        (_, true) => {}
        (_, false) => title.push_str("\n  commits that came in:"),
    }
    let limit = if full { usize::MAX } else { COMMITS };
    let commits = record.suspects.iter().take(limit).map(|s| {
        let quote = |text: &str| answer::quote(call, text);
        format!("  {} #{} {} {}: {}", answer::short(&s.commit), s.build, quote(&s.author), quote(&s.message), s.reason)
    });
    // A section without items would not be shown.
    let items: Vec<String> = if record.suspects.is_empty() { vec![title.clone()] } else { commits.collect() };
    let section = Section::new("commit").priority(u8::try_from(10 + at * 10).unwrap_or(200)).minimum(2).items(items);
    if record.suspects.is_empty() { section } else { section.title(title).total(record.suspects.len() as u64) }
}

fn next(search: &Search<'_>, traced: &[Traced], out: &mut budget::Answer) {
    let job = search.job.name();
    let Some(first) = traced.first() else { return };
    if let Some((job, number)) = &first.elsewhere {
        out.next(format!("find_regression(job={job:?}, build=\"{number}\")"));
        return;
    }
    match (first.verdict, first.last_good, first.first_bad) {
        (Verdict::Flaky, _, _) => out.next(format!("detect_flaky_tests(job={job:?})")),
        (Verdict::Regression | Verdict::NewTest, Some(good), Some(bad)) => {
            out.next(format!("get_build_changes(job={job:?}, build=\"{bad}\", format=\"full\")"));
            out.next(format!("compare_runs(job={job:?}, base=\"{good}\", head=\"{bad}\")"))
        }
        _ => out.next(format!("triage_failure(job={job:?}, build=\"{}\")", search.build.number)),
    };
}
