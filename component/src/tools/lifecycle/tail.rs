//! `tail-log-live`: what a running build writes, as it writes it.

use super::growth::{Growth, read_end, read_on};
use super::patience::Patience;
use crate::answer;
use crate::bindings::jankins::plugin::types::LogChunk;
use crate::call::{Call, saturate};
use crate::cursor::Cursors;
use crate::error::Error;
use crate::jenkins::builds::{self, Build};
use crate::jenkins::jobs::missing;
use crate::jenkins::path::{JobPath, Selector};
use crate::text::budget::{self, Keep, Section};
use crate::text::excerpt::Limits;
use crate::text::fold::Folded;
use crate::text::{fence, human};
use crate::tools::logs;

use std::time::Duration;

/// The longest wait for a line, and the one when the caller does not say.
const MAX_WAIT: u32 = 60;
const DEFAULT_WAIT: u32 = 10;
/// A person who watches wants to see a line within seconds.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// More than the largest answer shows.
const LIMITS: Limits = Limits { lines: 5_000, bytes: 512 * 1024 };
/// How much of what was written before the first call it shows.
const FIRST: Limits = Limits { lines: 5_000, bytes: 8 * 1024 };

/// `tail-log-live`.
pub(crate) async fn tail_log_live(
    call: &Call,
    job: String,
    branch: Option<String>,
    build: Option<String>,
    cursor: Option<String>,
    wait_seconds: Option<u32>,
) -> Result<LogChunk, Error> {
    let (job, which) = JobPath::with_build(&job, branch.as_deref(), build.as_deref())?;
    let name = job.name();
    let cursors = Cursors::new("tail-log-live", &[Some(&name)]);
    let resumed = cursors.read(cursor.as_deref())?;
    let patience = Patience::new(call, wait_seconds, DEFAULT_WAIT, MAX_WAIT)?.at_least_every(LOOK_EVERY);
    let read = match resumed {
        // The cursor belongs to one build, whatever `last` has become since.
        Some([number, offset]) => follow(call, &job, number, u64::from(offset), patience).await.map(|growth| (number, growth)),
        None => first(call, &job, which, patience).await,
    };
    let found = match read {
        Ok((number, growth)) => builds::with_fields(call, &job, Selector::Number(number), builds::BRIEF).await.map(|build| (build, growth)),
        Err(error) => Err(error),
    };
    match found {
        Ok((build, growth)) => Ok(View { call, job: name, build, growth, cursors, first: resumed.is_none() }.record()),
        Err(error) => Err(missing(call, &job, error).await),
    }
}

/// The end of what there is, or the first lines when there is nothing yet.
async fn first(call: &Call, job: &JobPath, which: Selector, patience: Patience<'_>) -> Result<(u32, Growth), Error> {
    let number = match which {
        Selector::Number(number) => number,
        Selector::Permalink(_) => builds::with_fields(call, job, which, "number").await?.number,
    };
    let growth = read_end(call, job, number, 0, FIRST).await?;
    if growth.excerpt.lines.is_empty() && growth.extent.growing {
        return follow(call, job, number, growth.excerpt.end, patience).await.map(|growth| (number, growth));
    }
    Ok((number, growth))
}

/// Waits for lines behind an offset, or for the end of the build.
async fn follow(call: &Call, job: &JobPath, number: u32, offset: u64, mut patience: Patience<'_>) -> Result<Growth, Error> {
    loop {
        let growth = read_on(call, job, number, offset, LIMITS).await?;
        if !growth.excerpt.lines.is_empty() || !growth.extent.growing || !patience.pause().await {
            return Ok(growth);
        }
    }
}

struct View<'a> {
    call: &'a Call,
    job: String,
    build: Build,
    growth: Growth,
    cursors: Cursors,
    first: bool,
}

impl View<'_> {
    fn record(self) -> LogChunk {
        let (excerpt, extent) = (&self.growth.excerpt, self.growth.extent);
        let folded = logs::shown_lines(self.call, &excerpt.lines, false, true);
        let mut out = budget::Answer::new(self.call.max_tokens());
        let state = if extent.growing { "still written" } else { "complete" };
        let hidden = answer::hidden(folded.iter().flat_map(Folded::lines));
        let size = human::bytes(extent.size);
        out.head(format!("{} #{} {}: log {state}, {size} so far{hidden}", self.job, self.build.number, self.build.result()));
        if folded.is_empty() {
            out.head(if extent.growing { "nothing new yet" } else { "nothing more" });
        }
        // The first answer is the end of what there was; later ones continue where the one before ended.
        let keep = if self.first { Keep::Last } else { Keep::First };
        out.section(Section::new("line").keep(keep).items(folded.iter().map(|f| fence::block(f.lines()).trim_end().to_owned())));
        let cursor = |end: u64| self.cursors.make([self.build.number, saturate(end)]);
        let next = |end: u64| format!("tail_log_live(job={:?}, cursor={:?})", self.job, cursor(end));
        // Where the answer ends is known when it is cut to size. What stands in for it is no shorter.
        let widest = u64::from(u32::MAX);
        let with = |step: String| {
            let mut out = out.clone();
            out.next(step);
            out
        };
        let over = !extent.growing && excerpt.end >= extent.size;
        let last = over.then(|| with(format!("get_build(job={:?}, build=\"{}\")", self.job, self.build.number)));
        // Complete, but not shown whole: there is more to ask for after all.
        let last = last.filter(|out| self.first || out.render().losses.is_empty());
        let rendered = answer::render(self.call, &last.unwrap_or_else(|| with(next(widest))));
        let count = rendered.shown.first().copied().unwrap_or(0);
        let shown = if self.first { folded.get(folded.len().saturating_sub(count)..) } else { folded.get(..count) }.unwrap_or_default();
        // Behind what was shown; noise that is hidden at the end counts as shown.
        let end = if self.first || count == folded.len() { excerpt.end } else { shown.last().map_or(excerpt.start, |f| f.end) };
        let more = extent.growing || end < extent.size;
        let text = rendered.text.replace(&next(widest), &next(end));
        LogChunk {
            job: self.job.clone(),
            build: self.build.number,
            result: self.build.result().to_owned(),
            log: shown.iter().flat_map(Folded::lines).collect::<Vec<_>>().join("\n"),
            start: saturate(shown.first().map_or(excerpt.start, |f| f.first.offset)),
            end: saturate(end),
            total_bytes: saturate(extent.size),
            more_coming: extent.growing,
            next_cursor: more.then(|| cursor(end)),
            lines: saturate(excerpt.lines.len() as u64),
            error_lines: 0,
            warning_lines: 0,
            failing_stages: Vec::new(),
            meta: self.call.meta(&text),
            text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Script, run};

    const RUNNING: &str = r#"{"number":2,"building":true,"result":null,"timestamp":1795521500000}"#;
    const DONE: &str = r#"{"number":2,"building":false,"result":"SUCCESS","timestamp":1795521500000,"duration":4000}"#;

    fn log(size: &str, growing: bool, body: &str) -> Answer {
        let mut headers = vec![("X-Text-Size", size.to_owned())];
        if growing {
            headers.push(("X-More-Data", "true".to_owned()));
        }
        Answer::Http(200, headers, body.replace('\n', "\r\n").into_bytes())
    }

    fn tail(call: &Call, cursor: Option<String>) -> LogChunk {
        run(tail_log_live(call, "x".into(), None, Some("2".into()), cursor, None)).unwrap()
    }

    /// Lines that do not look alike, so that none is folded into another.
    fn distinct(n: u32) -> String {
        let words = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf"];
        let picked: Vec<&str> = (0..6).map(|at| words[(n / 7_u32.pow(at) + at * n) as usize % 7]).collect();
        format!("{} {n}", picked.join(" "))
    }

    fn script(state: &str) -> Script {
        Script::new().json("/job/x/2/api/json", state)
    }

    #[test]
    fn a_tail_shows_the_end_and_then_only_what_is_new() {
        let script = script(RUNNING)
            .on("HEAD /job/x/2/logText", log("8", true, ""))
            .on("GET /job/x/2/logText/progressiveText?start=0", log("8", true, "one\ntwo\n"))
            .turns(
                "GET /job/x/2/logText/progressiveText?start=8",
                vec![log("8", true, ""), log("8", true, ""), log("16", true, "three\nfo")],
            )
            .on("GET /job/x/2/logText/progressiveText?start=14", log("19", false, "four\n"));
        let (call, _) = script.call();
        let first = tail(&call, None);
        assert_eq!((first.log.as_str(), first.start, first.end), ("one\ntwo", 0, 8));
        let second = tail(&call, first.next_cursor);
        assert_eq!((second.log.as_str(), second.start, second.end), ("three", 8, 14));
        let third = tail(&call, second.next_cursor);
        assert_eq!((third.log.as_str(), third.more_coming, third.next_cursor), ("four", false, None));
    }

    #[test]
    fn a_log_that_stays_silent_ends_the_wait_and_not_the_call() {
        let script = script(RUNNING)
            .on("HEAD /job/x/2/logText", log("4", true, ""))
            .on("GET /job/x/2/logText/progressiveText?start=0", log("4", true, "one\n"));
        let (call, _) = script.on("GET /job/x/2/logText/progressiveText?start=4", log("4", true, "")).call();
        let first = tail(&call, None);
        let silent = tail(&call, first.next_cursor);
        assert!(silent.text.contains("nothing new yet") && silent.log.is_empty(), "{}", silent.text);
        assert_eq!((silent.end, silent.more_coming), (4, true));
        assert!(silent.next_cursor.is_some());
    }

    #[test]
    fn what_does_not_fit_comes_with_the_next_cursor_and_nothing_is_skipped() {
        let lines: Vec<String> = (0..400_u32).map(distinct).collect();
        let body = lines.join("\n") + "\n";
        let size = body.len().to_string();
        // The greatest offset first: rules match by prefix.
        let starts: Vec<usize> = std::iter::once(0).chain(body.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let rule = |script: Script, start: &usize| {
            script.on(&format!("GET /job/x/2/logText/progressiveText?start={start}"), log(&size, false, &body[*start..]))
        };
        let (call, _) = starts.iter().rev().fold(script(DONE), rule).call();
        let cursors = Cursors::new("tail-log-live", &[Some("x")]);
        let (mut cursor, mut seen) = (Some(cursors.make([2, 0])), Vec::new());
        while let Some(at) = cursor {
            let chunk = tail(&call, Some(at));
            assert!(chunk.meta.text_tokens <= 2_000);
            seen.push(chunk.log);
            cursor = chunk.next_cursor;
        }
        assert!(seen.len() > 1);
        assert_eq!(seen.join("\n"), lines.join("\n"));
    }

    #[test]
    fn a_cursor_past_the_end_of_a_shorter_log_is_stale() {
        let (call, _) = script(RUNNING).on("GET /job/x/2/logText", log("4", true, "one\n")).call();
        let cursor = Cursors::new("tail-log-live", &[Some("x")]).make([2, 99]);
        let error = run(tail_log_live(&call, "x".into(), None, None, Some(cursor), None)).unwrap_err();
        assert!(error.code() == "invalid-params" && error.to_string().contains("stale"), "{error}");
    }
}
