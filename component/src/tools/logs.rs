//! `get-build-log`: the end, the beginning, a range or the errors of a log.

use futures_util::future::join;

use crate::answer;
use crate::bindings::jankins::plugin::types::{Format, LogChunk, LogMode};
use crate::call::{Call, saturate};
use crate::cursor::Cursors;
use crate::error::Error;
use crate::jenkins::builds::{self, Build};
use crate::jenkins::jobs::missing;
use crate::jenkins::path::{JobPath, Selector};
use crate::jenkins::{log, pipeline};
use crate::text::budget::{self, Keep, Section};
use crate::text::excerpt::{Excerpt, Head, Limits, Tail};
use crate::text::fold::{self, Folded};
use crate::text::lines::{Line, LineScanner, TextLine};
use crate::text::pattern::Pattern;
use crate::text::severity::{LogStats, Severity};
use crate::text::{clean, fence, human};

/// Raw log that is read for a tail or a range when the caller does not say.
const DEFAULT_BYTES: u32 = 64 * 1024;
/// More than the largest answer can show.
const MAX_BYTES: u32 = 1024 * 1024;
/// Lines that are kept of a log for one answer.
const MAX_LINES: usize = 5_000;
/// What the caller asked of a log, checked.
struct Ask {
    job: JobPath,
    which: Selector,
    stage: Option<String>,
    mode: LogMode,
    start: u64,
    bytes: u32,
    filter: Option<Pattern>,
    redact: bool,
    full: bool,
    cursors: Cursors,
}

/// `get-build-log`.
#[expect(clippy::too_many_arguments, reason = "they are the tool's parameters, in the order of the WIT")]
pub(crate) async fn get_build_log(
    call: &Call,
    job: String,
    branch: Option<String>,
    build: Option<String>,
    stage: Option<String>,
    mode: Option<LogMode>,
    start: Option<u32>,
    max_bytes: Option<u32>,
    filter_regex: Option<String>,
    redact: Option<bool>,
    cursor: Option<String>,
    format: Option<Format>,
) -> Result<LogChunk, Error> {
    let (job, which) = JobPath::with_build(&job, branch.as_deref(), build.as_deref())?;
    let name = job.name();
    let cursors = Cursors::new("get-build-log", &[Some(&name), stage.as_deref(), filter_regex.as_deref()]);
    let resumed = cursors.read(cursor.as_deref())?;
    if mode.is_some_and(|m| m != LogMode::Range) && (start.is_some() || resumed.is_some()) {
        return Err(Error::invalid("start and cursor go with mode range", "Leave mode out, or use mode=range."));
    }
    let filter = filter_regex.as_deref().map(|p| pattern("filter-regex", p, false)).transpose()?;
    let mut ask = Ask {
        job,
        which,
        stage,
        mode: mode.unwrap_or(if start.is_some() || resumed.is_some() { LogMode::Range } else { LogMode::Tail }),
        start: u64::from(start.unwrap_or(0)),
        bytes: max_bytes.unwrap_or(DEFAULT_BYTES).clamp(1, MAX_BYTES),
        filter,
        redact: redact.unwrap_or(true),
        full: format == Some(Format::Full),
        cursors,
    };
    if let Some([number, offset]) = resumed {
        // The cursor belongs to one build, whatever `last` has become since.
        ask.which = Selector::Number(number);
        ask.start = u64::from(offset);
    }
    let read = if ask.stage.is_some() { read_stage(call, &ask).await } else { read_build(call, &ask).await };
    let read = match read {
        Ok(read) => read,
        Err(error) => return Err(missing(call, &ask.job, error).await),
    };
    Ok(answer(call, &ask, read))
}

/// An expression of the caller's.
pub(crate) fn pattern(name: &str, source: &str, ignore_case: bool) -> Result<Pattern, Error> {
    Pattern::new(source, ignore_case)
        .map_err(|e| Error::invalid(format!("{name}: {e}"), "Expressions are matched in linear time: no look-around, no back-references."))
}

/// The part of the log that was read.
struct Read {
    build: Build,
    excerpt: Excerpt,
    extent: log::Extent,
    stats: LogStats,
    /// Everything from the first byte on went through the counters.
    whole: bool,
    failing_stages: Vec<String>,
}

async fn read_build(call: &Call, ask: &Ask) -> Result<Read, Error> {
    let brief = builds::with_fields(call, &ask.job, ask.which, builds::BRIEF);
    let whole = ask.filter.is_some() || ask.mode == LogMode::Errors;
    if ask.mode == LogMode::Tail && !whole {
        let (build, extent) = join(brief, log::extent(call, &ask.job, ask.which)).await;
        let (build, extent) = (build?, extent?);
        // When nobody tells the size, the end is found by reading on from the beginning.
        let start = extent.size.saturating_sub(u64::from(ask.bytes));
        // From here on by number: a permalink may move on between two requests.
        let number = Selector::Number(build.number);
        let (stream, stages) = join(log::open(call, &ask.job, number, start), failing_stages(call, ask, &build)).await;
        let (excerpt, stats, extent) = collect(call, stream?, ask, start > 0).await?;
        return Ok(Read { failing_stages: stages?, build, excerpt, extent, stats, whole: start == 0 });
    }
    let start = if whole { 0 } else { ask.start };
    // From the byte before, which ends a line if the offset begins one: then no line is lost. Of a line that begins in its
    // middle nobody could tell whether it holds a part of a secret.
    let (build, stream) = join(brief, log::open(call, &ask.job, ask.which, start.saturating_sub(1))).await;
    let (build, stream) = (build?, stream?);
    let (read, stages) = join(collect(call, stream, ask, start > 0), failing_stages(call, ask, &build)).await;
    let (excerpt, stats, extent) = read?;
    Ok(Read { failing_stages: stages?, build, excerpt, extent, stats, whole })
}

async fn read_stage(call: &Call, ask: &Ask) -> Result<Read, Error> {
    let stage = ask.stage.as_deref().unwrap_or_default();
    let build = builds::with_fields(call, &ask.job, ask.which, builds::BRIEF).await?;
    let text = pipeline::stage_log(call, &ask.job, build.number, stage).await?;
    if text.truncated {
        call.lacks(format!("the log of stage {stage} is longer than Jenkins gives"));
    }
    let mut collector = Collector::new(ask);
    let mut scanner = LineScanner::new();
    scanner.push(text.text.as_bytes(), |line| collector.observe(&line));
    scanner.finish(|line| collector.observe(&line));
    let (excerpt, stats) = collector.finish();
    let extent = log::Extent { size: text.text.len() as u64, growing: build.building };
    Ok(Read { build, excerpt, extent, stats, whole: true, failing_stages: Vec::new() })
}

/// The stages that failed, for an answer about a build that is not green.
async fn failing_stages(call: &Call, ask: &Ask, build: &Build) -> Result<Vec<String>, Error> {
    let red = matches!(build.result(), "FAILURE" | "UNSTABLE" | "ABORTED");
    if !red || !build.is_pipeline() || ask.mode == LogMode::Range {
        return Ok(Vec::new());
    }
    let graph = pipeline::graph(call, &ask.job, Selector::Number(build.number)).await;
    let graph = call.optional("stages", graph)?.flatten();
    Ok(graph.map(|g| g.culprits().iter().map(|s| s.name.clone()).collect()).unwrap_or_default())
}

async fn collect(
    call: &Call,
    mut stream: log::LogStream,
    ask: &Ask,
    in_the_middle: bool,
) -> Result<(Excerpt, LogStats, log::Extent), Error> {
    let mut collector = Collector::new(ask);
    let mut scanner = stream.scanner();
    // What begins in the middle of a line is not a line.
    let mut skip = in_the_middle;
    let mut observe = |line: &Line<'_>, collector: &mut Collector<'_>| {
        if !std::mem::take(&mut skip) {
            collector.observe(line);
        }
    };
    loop {
        match stream.chunk().await {
            Ok(Some(chunk)) => scanner.push(&chunk, |line| observe(&line, &mut collector)),
            Ok(None) => break,
            // What was read until the deadline is worth more than nothing, if it says how far it came.
            Err(Error::Timeout(why)) if collector.stats.lines > 0 => {
                call.lacks(format!("the log was read up to byte {} only: {why}", scanner.offset()));
                break;
            }
            Err(error) => return Err(error),
        }
        if collector.is_full() {
            break;
        }
    }
    let mut extent = stream.extent;
    extent.size = extent.size.max(scanner.offset());
    // The rest of a line that is still being written comes with the next range, whole.
    let unfinished = extent.growing && matches!(collector.part, Part::Head(_));
    if !collector.is_full() && !unfinished {
        scanner.finish(|line| observe(&line, &mut collector));
    }
    let (excerpt, stats) = collector.finish();
    Ok((excerpt, stats, extent))
}

enum Part {
    Head(Head),
    Tail(Tail),
}

/// Takes the lines that the caller wants, and counts all.
struct Collector<'a> {
    part: Part,
    filter: Option<&'a Pattern>,
    errors_only: bool,
    stats: LogStats,
}

impl<'a> Collector<'a> {
    fn new(ask: &'a Ask) -> Self {
        let limits = Limits { lines: MAX_LINES, bytes: ask.bytes as usize };
        let part = match ask.mode {
            LogMode::Tail | LogMode::Errors => Part::Tail(Tail::new(limits)),
            LogMode::Head | LogMode::Range => Part::Head(Head::new(limits)),
        };
        Self { part, filter: ask.filter.as_ref(), errors_only: ask.mode == LogMode::Errors, stats: LogStats::default() }
    }

    fn observe(&mut self, line: &Line<'_>) {
        let severity = self.stats.observe(line);
        if self.filter.is_some_and(|f| !f.matches(line)) || self.errors_only && severity != Severity::Error {
            return;
        }
        match &mut self.part {
            Part::Head(head) => head.observe(line),
            Part::Tail(tail) => tail.observe(line),
        }
    }

    /// Nothing more of the log needs to be read.
    fn is_full(&self) -> bool {
        matches!(&self.part, Part::Head(head) if head.is_full())
    }

    fn finish(self) -> (Excerpt, LogStats) {
        let excerpt = match self.part {
            Part::Head(head) => head.finish(),
            Part::Tail(tail) => tail.finish(),
        };
        (excerpt, self.stats)
    }
}

fn answer(call: &Call, ask: &Ask, read: Read) -> LogChunk {
    let from_end = matches!(ask.mode, LogMode::Tail | LogMode::Errors);
    let folded = shown_lines(call, &read.excerpt.lines, ask.full, ask.redact);
    let mut out = budget::Answer::new(call.max_tokens());
    let hidden = answer::hidden(folded.iter().flat_map(Folded::lines));
    out.head(header(ask, &read, &hidden));
    if folded.is_empty() {
        out.head(if ask.filter.is_some() || ask.mode == LogMode::Errors { "no line matches" } else { "the log is empty here" });
    }
    let items = folded.iter().map(|f| fence::block(f.lines()).trim_end().to_owned());
    let keep = if from_end { Keep::Last } else { Keep::First };
    out.section(Section::new("line").keep(keep).items(items));
    // Where the next answer begins is known only when this one is cut to size; the cursor has the same length whatever it says.
    let cursor = |end: u64| ask.cursors.make([read.build.number, saturate(end)]);
    let may_continue = !from_end && ask.stage.is_none();
    let next = |end: u64| format!("get_build_log(job={:?}, cursor={:?})", ask.job.name(), cursor(end));
    if may_continue && (read.excerpt.end < read.extent.size || read.extent.growing) {
        out.next(next(u64::from(u32::MAX)));
    }
    let rendered = answer::render(call, &out);
    let shown = rendered.shown.first().copied().unwrap_or(0);
    let part = if from_end { folded.get(folded.len() - shown..) } else { folded.get(..shown) }.unwrap_or_default();
    let (start, end) = match (part.first(), part.last()) {
        (Some(first), Some(last)) => (first.first.offset, last.end),
        // Everything that was read is hidden noise: go on behind it. If nothing was, go on from here.
        _ if read.excerpt.end == 0 => (ask.start, ask.start),
        _ => (read.excerpt.start, read.excerpt.end),
    };
    let more = may_continue && (end < read.extent.size || read.extent.growing);
    let text = rendered.text.replace(&next(u64::from(u32::MAX)), &next(end));
    LogChunk {
        job: ask.job.name(),
        build: read.build.number,
        result: read.build.result().to_owned(),
        log: part.iter().flat_map(Folded::lines).collect::<Vec<_>>().join("\n"),
        start: saturate(start),
        end: saturate(end),
        total_bytes: saturate(read.extent.size),
        more_coming: read.extent.growing,
        next_cursor: more.then(|| cursor(end)),
        lines: saturate(read.stats.lines),
        error_lines: saturate(read.stats.errors),
        warning_lines: saturate(read.stats.warnings),
        failing_stages: read.failing_stages,
        meta: call.meta(&text),
        text,
    }
}

fn header(ask: &Ask, read: &Read, hidden: &str) -> String {
    let mode = match ask.mode {
        LogMode::Tail => "end",
        LogMode::Head => "beginning",
        LogMode::Range => "range",
        LogMode::Errors => "error lines",
    };
    let stage = ask.stage.as_deref().map(|s| format!(" stage {}", answer::name(s))).unwrap_or_default();
    let growing = if read.extent.growing { ", still growing" } else { "" };
    let of = if read.whole { "whole log" } else { "this part" };
    let mut head = format!(
        "{} #{} {}{stage}: {mode} of a log of {}{growing}; {of}: {}, {} like errors, {} like warnings{hidden}",
        ask.job,
        read.build.number,
        read.build.result(),
        human::bytes(read.extent.size),
        human::count(read.stats.lines, "line"),
        read.stats.errors,
        read.stats.warnings,
    );
    if !read.failing_stages.is_empty() {
        let names: Vec<String> = read.failing_stages.iter().map(|s| answer::name(s)).collect();
        head.push_str(&format!("\nfailing stages: {}", names.join(", ")));
    }
    head
}

/// The lines as they are shown: without timestamps and bare pipeline markers unless `full`, without secrets, runs of
/// alike ones folded. `by_name` hides what only its name calls a secret, too.
pub(crate) fn shown_lines(call: &Call, lines: &[TextLine], full: bool, by_name: bool) -> Vec<Folded> {
    let redactor = answer::redactor(call);
    let mut redactor = if by_name { redactor.lines() } else { redactor.lines().without_names() };
    let mut shown: Vec<TextLine> = Vec::new();
    let mut next = 0;
    for line in lines {
        if std::mem::replace(&mut next, line.number + 1) != line.number {
            redactor.gap();
        }
        // Before anything is taken off or left out: a line that is not shown may begin a key.
        let clean = redactor.line(&line.text);
        let text = if full { clean.as_ref() } else { clean::split_timestamp(&clean).1 };
        if !full && is_bare_marker(text) {
            continue;
        }
        shown.push(TextLine { text: text.to_owned(), number: line.number, offset: line.offset, end: line.end });
    }
    fold::fold(shown)
}

/// `[Pipeline] }`, `[Pipeline] // stage` and their like say nothing that the names of stages and steps do not.
fn is_bare_marker(text: &str) -> bool {
    text.strip_prefix("[Pipeline] ").is_some_and(|rest| matches!(rest, "{" | "}") || rest.starts_with("// "))
}
