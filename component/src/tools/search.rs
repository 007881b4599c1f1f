//! `search-log`: the whole log as a stream, however long it is.

use futures_util::future::join;

use crate::answer;
use crate::bindings::jankins::plugin::types::{LogMatch, LogMatches};
use crate::call::{Call, saturate};
use crate::error::Error;
use crate::jenkins::jobs::missing;
use crate::jenkins::path::{JobPath, Selector};
use crate::jenkins::{builds, log, pipeline};
use crate::text::budget::{self, Section};
use crate::text::pattern::PatternError;
use crate::text::search::{Hunk, Search, SearchOptions, SearchReport};
use crate::text::{fence, human};
use crate::tools::logs::pattern as check_pattern;

const DEFAULT_WINDOW: u32 = 5;
const DEFAULT_MATCHES: u32 = 10;
const MAX_MATCHES: u32 = 200;

/// `search-log`.
#[expect(clippy::too_many_arguments, reason = "they are the tool's parameters, in the order of the WIT")]
pub(crate) async fn search_log(
    call: &Call,
    job: String,
    pattern: String,
    branch: Option<String>,
    build: Option<String>,
    stage: Option<String>,
    ignore_case: Option<bool>,
    invert: Option<bool>,
    window_lines: Option<u32>,
    max_matches: Option<u32>,
) -> Result<LogMatches, Error> {
    let (job, which) = JobPath::with_build(&job, branch.as_deref(), build.as_deref())?;
    let options = SearchOptions {
        pattern: &pattern,
        ignore_case: ignore_case.unwrap_or(false),
        invert: invert.unwrap_or(false),
        window_lines: window_lines.unwrap_or(DEFAULT_WINDOW) as usize,
        max_matches: max_matches.unwrap_or(DEFAULT_MATCHES).clamp(1, MAX_MATCHES) as usize,
    };
    // Nothing reaches Jenkins before the expression is known to be good.
    check_pattern("pattern", &pattern, options.ignore_case)?;
    let searched = match &stage {
        Some(stage) => search_stage(call, &job, which, stage, &options).await,
        None => search_build(call, &job, which, &options).await,
    };
    match searched {
        Ok(searched) => Ok(answer(call, &job, &options, searched)),
        Err(error) => Err(missing(call, &job, error).await),
    }
}

struct Searched {
    number: u32,
    report: SearchReport,
    scanned: u64,
    total: u64,
    growing: bool,
}

async fn search_build(call: &Call, job: &JobPath, which: Selector, options: &SearchOptions<'_>) -> Result<Searched, Error> {
    let number = async {
        match which {
            Selector::Number(number) => Ok(number),
            Selector::Permalink(_) => builds::with_fields(call, job, which, "number").await.map(|b| b.number),
        }
    };
    let scan = async {
        let mut stream = log::open(call, job, which, 0).await?;
        let mut search = Search::over(stream.scanner(), options).map_err(bad_pattern)?.hiding(answer::redactor(call));
        let mut reached = u64::MAX;
        loop {
            match stream.chunk().await {
                Ok(Some(chunk)) => search.push(&chunk),
                Ok(None) => break,
                // What was found until the deadline is worth more than nothing, if it says how far it came.
                Err(Error::Timeout(why)) => {
                    call.lacks(format!("the search ended early: {why}"));
                    reached = search.offset();
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok::<_, Error>((search.finish(), stream.extent, reached))
    };
    let (number, scan) = join(number, scan).await;
    let (report, extent, reached) = scan?;
    // The body of a whole log is the file and a CR for each line; what arrived is what was scanned.
    let scanned = if extent.size > 0 { report.totals.bytes.min(extent.size) } else { report.totals.bytes }.min(reached);
    Ok(Searched { number: number?, scanned, total: extent.size.max(scanned), growing: extent.growing, report })
}

fn bad_pattern(error: PatternError) -> Error {
    Error::invalid(format!("pattern: {error}"), String::new())
}

async fn search_stage(call: &Call, job: &JobPath, which: Selector, stage: &str, options: &SearchOptions<'_>) -> Result<Searched, Error> {
    let build = builds::with_fields(call, job, which, builds::BRIEF).await?;
    let log = pipeline::stage_log(call, job, build.number, stage).await?;
    if log.truncated {
        call.lacks(format!("the log of stage {stage} is longer than Jenkins gives"));
    }
    let mut search = Search::new(options).map_err(bad_pattern)?.hiding(answer::redactor(call));
    search.push(log.text.as_bytes());
    let size = log.text.len() as u64;
    Ok(Searched { number: build.number, report: search.finish(), scanned: size, total: size, growing: build.building })
}

fn answer(call: &Call, job: &JobPath, options: &SearchOptions<'_>, it: Searched) -> LogMatches {
    let report = &it.report;
    let growing = if it.growing { ", still growing" } else { "" };
    let mut out = budget::Answer::new(call.max_tokens());
    out.head(format!(
        "{job} #{}: {} of {} for {} in {} lines; scanned {} of {} bytes{growing}{}",
        it.number,
        report.shown,
        human::count(report.matches, "match"),
        answer::quote(call, options.pattern),
        report.totals.lines,
        it.scanned,
        it.total,
        answer::hidden(report.hunks.iter().flat_map(|hunk| &hunk.hits).map(|hit| &hit.line.text)),
    ));
    if report.matches == 0 && !options.ignore_case && options.pattern.chars().any(char::is_alphabetic) {
        out.head("case mattered: ignore_case=true takes any");
    }
    if report.totals.truncated_lines > 0 {
        call.lacks(format!("{} very long lines were searched at their beginning only", report.totals.truncated_lines));
    }
    let blocks = report.hunks.iter().map(|hunk| rendered(hunk).trim_end().to_owned());
    out.section(Section::new("group of matches").items(blocks));
    let rendered = answer::render(call, &out);
    let shown_hunks = rendered.shown.first().copied().unwrap_or(0);
    let matches: Vec<LogMatch> = report.hunks.iter().take(shown_hunks).flat_map(records).collect();
    LogMatches {
        job: job.name(),
        build: it.number,
        shown: saturate(matches.len() as u64),
        total: saturate(report.matches),
        scanned_bytes: saturate(it.scanned),
        total_bytes: saturate(it.total),
        lines: saturate(report.totals.lines),
        matches,
        meta: call.meta(&rendered.text),
        text: rendered.text,
    }
}

/// `| 1234> the match` among its neighbours `| 1233  …`; a match also says where it begins, for a range.
fn rendered(hunk: &Hunk) -> String {
    let lines = hunk.hits.iter().map(|hit| {
        let mark = if hit.is_match { format!("@{}>", hit.line.offset) } else { " ".to_owned() };
        format!("{}{mark} {}", hit.line.number, hit.line.text)
    });
    fence::block(lines)
}

/// One record per match; lines between two matches stand after the first.
fn records(hunk: &Hunk) -> Vec<LogMatch> {
    let mut out: Vec<LogMatch> = Vec::new();
    let mut before = Vec::new();
    for hit in &hunk.hits {
        let text = hit.line.text.clone();
        if hit.is_match {
            let before = std::mem::take(&mut before);
            out.push(LogMatch {
                line: saturate(hit.line.number),
                offset: saturate(hit.line.offset),
                match_: text,
                before,
                after: Vec::new(),
            });
        } else if let Some(last) = out.last_mut() {
            last.after.push(text);
        } else {
            before.push(text);
        }
    }
    out
}
