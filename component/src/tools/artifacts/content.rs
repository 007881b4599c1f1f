//! `get-artifact`: text of one archived file, within the budget, and of anything else its type and size.
//!
//! The path must be on the build's list before it is asked for: a path goes into an address, and Jenkins takes some of its
//! signs for commands. A file is read in ranges, from where the caller says and no further than the budget can show; a
//! grep streams through all of it in constant memory. What the bytes are decides whether they are shown, not the name.
//!
//! Lines are redacted whole. One that is longer than [`WRAP`] is shown in several pieces; where a secret was taken out of it, it can
//! only be continued as a whole, because its places no longer agree with those of the file.

use super::kind::{self, SNIFFED};
use super::list::shown;
use super::range::Range;
use crate::answer;
use crate::bindings::jankins::plugin::types::ArtifactContent;
use crate::call::{Call, saturate};
use crate::error::Error;
use crate::jenkins::artifacts::{self, MAX_LISTED};
use crate::jenkins::builds::Build;
use crate::jenkins::jobs::{closest, missing};
use crate::jenkins::path::JobPath;
use crate::text::budget;
use crate::text::lines::{Line, LineScanner};
use crate::text::redact::LineRedactor;
use crate::text::search::{Search, SearchOptions, SearchReport};
use crate::text::{fence, human, names};
use crate::tools::hint::Hint;
use crate::tools::logs::pattern as check_pattern;
use crate::tools::page;

/// Bytes that one token of an answer can stand for at most, in text worth reading.
const BYTES_PER_TOKEN: u64 = 6;
/// Bytes of a file that one answer reads; more than the largest budget can show.
const MAX_WINDOW: u64 = 128 * 1024;
const MIN_WINDOW: u64 = 2 * 1024;
/// Bytes of one line of an answer; the fence cuts at 500 characters.
const WRAP: usize = 400;
/// In a small answer as well there must be room for a line, and a byte may be a token.
const MIN_WRAP: usize = 40;
/// Bytes that a grep looks through.
const MAX_GREP: u64 = 256 * 1024 * 1024;
const MAX_MATCHES: usize = 200;

/// One file of one build.
struct Place {
    job: JobPath,
    build: Build,
    path: String,
    /// Worth saying besides.
    note: Option<String>,
}

/// `get-artifact`.
pub(crate) async fn get_artifact(
    call: &Call,
    job: String,
    path: String,
    branch: Option<String>,
    build: Option<String>,
    range: Option<String>,
    grep: Option<String>,
) -> Result<ArtifactContent, Error> {
    let (job, which) = JobPath::with_build(&job, branch.as_deref(), build.as_deref())?;
    let path = admitted(&path)?;
    let grep = grep.filter(|g| !g.is_empty());
    if grep.is_some() && range.as_deref().is_some_and(|r| !r.trim().is_empty()) {
        return Err(Error::invalid(
            "grep and range exclude each other",
            "A grep reads the whole file; its matches say at which byte a range would begin.",
        ));
    }
    let range = Range::parse(range.as_deref())?;
    if let Some(grep) = &grep {
        check_pattern("grep", grep, false)?;
    }
    let build = match artifacts::list(call, &job, which).await {
        Ok(build) => build,
        Err(error) => return Err(missing(call, &job, error).await),
    };
    let (path, note) = on_the_list(&job, &build, path)?;
    let place = Place { job, build, path, note };
    match grep {
        Some(grep) => search(call, &place, &grep).await,
        None => read(call, &place, range).await,
    }
}

/// A path that may be looked for.
fn admitted(path: &str) -> Result<&str, Error> {
    let path = path.trim();
    let path = path.strip_prefix("./").unwrap_or(path);
    let odd = |segment: &str| segment == ".." || segment == "." || segment.chars().any(char::is_control);
    if path.is_empty() || path.starts_with('/') || path.split(['/', '\\']).any(odd) {
        return Err(Error::invalid(
            format!("path {path:?} is no path of an artifact"),
            "Give a path as get_build_artifacts lists it, such as reports/unit.xml.",
        ));
    }
    Ok(path)
}

/// The path as the list has it. A bare file name that only one artifact has means that one.
fn on_the_list(job: &JobPath, build: &Build, path: &str) -> Result<(String, Option<String>), Error> {
    if build.artifacts().any(|known| known == path) {
        return Ok((path.to_owned(), None));
    }
    let file = |known: &str| known.rsplit('/').next().unwrap_or(known) == path;
    let mut alike = build.artifacts().filter(|known| file(known));
    if let (Some(only), None) = (alike.next(), alike.next()) {
        return Ok((only.to_owned(), Some(format!("{} is the only artifact of that name", names::shown(only)))));
    }
    let name = job.name();
    let number = build.number.to_string();
    let near = closest(path, build.artifacts().take(1_000));
    let mut next: Vec<String> = near.first().map(|near| format!("did you mean path={near:?}?")).into_iter().collect();
    next.push(Hint::new("get_build_artifacts").with("job", Some(&name)).with("build", Some(&number)).call());
    let looked =
        if build.artifacts().len() > MAX_LISTED { format!(" among the first {MAX_LISTED} that it archived") } else { String::new() };
    Err(Error::NotFound { what: format!("artifact {} of {} #{number}{looked}", names::shown(path), names::shown(&name)), next })
}

async fn read(call: &Call, place: &Place, range: Range) -> Result<ArtifactContent, Error> {
    let number = place.build.number;
    let window = (u64::from(call.max_tokens()) * BYTES_PER_TOKEN).clamp(MIN_WINDOW, MAX_WINDOW);
    let (first, to) = match range {
        Range::From(first, to) => (first, to),
        Range::Last(count) => {
            let size = artifacts::head(call, &place.job, number, &place.path).await;
            let size = size.ok_or_else(|| {
                Error::NotSupported(format!(
                    "Jenkins does not tell the size of {}, so its end cannot be asked for: use a range from its beginning",
                    place.path
                ))
            })?;
            (size.saturating_sub(count), None)
        }
    };
    let last = to.unwrap_or(u64::MAX).min(first.saturating_add(window - 1));
    let part = match part(call, place, first, last).await {
        // An empty file has no first byte.
        Err(Error::Invalid { .. }) if first == 0 => Part { bytes: Vec::new(), size: Some(0), ended: true },
        other => other?,
    };
    let head = part.bytes.get(..part.bytes.len().min(SNIFFED)).unwrap_or_default();
    if let Some(kind) = kind::binary(head, first == 0) {
        return Ok(opaque(call, place, kind, part.size));
    }
    // What follows a requested end is not the caller's concern; anything else is cut where a line ends.
    let whole_end = part.ended || to == Some(last);
    let redactor = answer::redactor(call);
    let width = (call.max_tokens() as usize / 3).clamp(MIN_WRAP, WRAP);
    let pieces = pieces(&part.bytes, first, whole_end, width, &mut redactor.lines());
    let end_of = |shown: usize| match shown.checked_sub(1).and_then(|last| pieces.get(last)) {
        None => first,
        // A line that cannot be continued in its middle: go on behind it rather than show it again and again.
        Some(piece) if piece.end <= first => piece.line_end,
        Some(piece) => piece.end,
    };
    let rest = |shown: usize| {
        let end = end_of(shown);
        let over = part.size.is_some_and(|size| end >= size) || (part.ended && shown == pieces.len()) || to.is_some_and(|to| end > to);
        (!over).then(|| to.map_or_else(|| format!("{end}-"), |to| format!("{end}-{to}")))
    };
    let kind = if part.bytes.is_empty() && first == 0 { "empty" } else { "text" };
    let from = if first > 0 { format!(", from byte {first}") } else { String::new() };
    let title = format!("{}: {kind}, {}{from}", place.title(call), size_words(part.size));
    let lines: Vec<String> = pieces.iter().map(|piece| fence::block([&piece.text]).trim_end().to_owned()).collect();
    let page = page::fit(call, "line", &lines, rest, |out, range| {
        place.frame(out, &title);
        if let Some(range) = range {
            out.next(place.hint().with("range", Some(range)).call());
        }
    });
    let content: Vec<&str> = pieces.iter().take(page.shown).map(|piece| piece.text.as_str()).collect();
    Ok(ArtifactContent {
        content: content.join("\n"),
        start: saturate(first),
        end: saturate(end_of(page.shown)),
        ..place.record(call, kind, part.size, page.text)
    })
}

/// Bytes of a file.
struct Part {
    bytes: Vec<u8>,
    /// Of the whole file, when it is known.
    size: Option<u64>,
    /// The file ends with them.
    ended: bool,
}

/// The bytes from `first` to `last`, whatever Jenkins sends.
async fn part(call: &Call, place: &Place, first: u64, last: u64) -> Result<Part, Error> {
    let mut content = artifacts::open(call, &place.job, place.build.number, &place.path, Some((first, last))).await?;
    let wanted = usize::try_from(last - first + 1).unwrap_or(usize::MAX);
    let (mut at, mut bytes, mut ended) = (content.start, Vec::new(), false);
    if content.size.is_some_and(|size| first > 0 && first >= size) {
        return Err(Error::invalid(
            format!("range begins at {first}, and {} has {} bytes", place.path, content.size.unwrap_or_default()),
            "Use an offset that an earlier answer gave, or -2000 for the end.",
        ));
    }
    while bytes.len() < wanted {
        let Some(chunk) = content.chunk().await? else {
            ended = true;
            break;
        };
        // A Jenkins, or a store, that knows no ranges begins at the beginning.
        let skip = usize::try_from(first.saturating_sub(at)).unwrap_or(usize::MAX).min(chunk.len());
        at += chunk.len() as u64;
        bytes.extend_from_slice(chunk.get(skip..).unwrap_or_default());
    }
    bytes.truncate(wanted);
    if !ended {
        bytes.truncate(whole_chars(&bytes));
    }
    let end = first + bytes.len() as u64;
    // A body that ended early is the end of the file only when all of it was sent, or the size says so.
    let ended = content.size.map_or(ended, |size| end >= size);
    Ok(Part { bytes, size: content.size.or(ended.then_some(end)), ended })
}

/// The length without the beginning of a character whose rest lies behind the window.
fn whole_chars(bytes: &[u8]) -> usize {
    for (back, byte) in (1..=3).zip(bytes.iter().rev()) {
        let needed = match byte {
            0xf0.. => 4,
            0xe0.. => 3,
            0xc0.. => 2,
            0x80.. => continue,
            _ => 1,
        };
        return if needed > back { bytes.len() - back } else { bytes.len() };
    }
    bytes.len()
}

/// What one line of an answer holds.
struct Piece {
    text: String,
    /// Where to go on behind it; where its line begins when that is possible only with the whole line.
    end: u64,
    line_end: u64,
}

fn pieces(bytes: &[u8], first: u64, whole_end: bool, width: usize, redactor: &mut LineRedactor<'_>) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut scanner = LineScanner::new().starting_at(first, 1).with_max_line(bytes.len());
    scanner.push(bytes, |line| wrap(&line, width, redactor, &mut out));
    // The last line may go on behind the window. It is shown when nothing else is: going on must advance.
    if whole_end || out.is_empty() {
        scanner.finish(|line| wrap(&line, width, redactor, &mut out));
    }
    out
}

fn wrap(line: &Line<'_>, width: usize, redactor: &mut LineRedactor<'_>, out: &mut Vec<Piece>) {
    let text = line.text();
    let clean = redactor.line(&text);
    let exact = line.is_plain() && clean == text;
    let mut rest: &str = &clean;
    let mut at = line.offset;
    while rest.len() > width {
        let (piece, tail) = rest.split_at(wrap_at(rest, width));
        at += piece.len() as u64;
        out.push(Piece { text: piece.to_owned(), end: if exact { at } else { line.offset }, line_end: line.end });
        rest = tail;
    }
    out.push(Piece { text: rest.to_owned(), end: line.end, line_end: line.end });
}

/// Where to wrap a text that is longer than `width`: rather behind a sign in its last quarter than within a word.
fn wrap_at(text: &str, width: usize) -> usize {
    let mut most = width;
    while !text.is_char_boundary(most) {
        most -= 1;
    }
    let near = text.get(..most).unwrap_or(text);
    let sign = near.rfind(|c: char| c.is_ascii_whitespace() || matches!(c, ',' | ';' | '>' | '}' | ']'));
    sign.filter(|at| at + width / 4 > most).map_or(most, |at| at + 1)
}

async fn search(call: &Call, place: &Place, grep: &str) -> Result<ArtifactContent, Error> {
    let options = SearchOptions { pattern: grep, ignore_case: false, invert: false, window_lines: 0, max_matches: MAX_MATCHES };
    let mut content = artifacts::open(call, &place.job, place.build.number, &place.path, None).await?;
    let mut search = Search::new(&options).map_err(|error| Error::invalid(format!("grep: {error}"), String::new()))?;
    let mut scanned = 0_u64;
    loop {
        match content.chunk().await {
            Ok(Some(chunk)) => {
                let head = chunk.get(..chunk.len().min(SNIFFED)).unwrap_or_default();
                if let Some(kind) = kind::binary(head, scanned == 0).filter(|_| scanned == 0) {
                    return Ok(opaque(call, place, kind, content.size));
                }
                scanned += chunk.len() as u64;
                search.push(&chunk);
                if scanned > MAX_GREP {
                    call.lacks(format!("only the first {} were searched", human::bytes(scanned)));
                    break;
                }
            }
            Ok(None) => break,
            // What was found until the deadline is worth more than nothing, if it says how far it came.
            Err(Error::Timeout(why)) => {
                call.lacks(format!("the search ended early, after {}: {why}", human::bytes(scanned)));
                break;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found(call, place, grep, search.finish(), scanned, content.size))
}

fn found(call: &Call, place: &Place, grep: &str, report: SearchReport, scanned: u64, size: Option<u64>) -> ArtifactContent {
    let redactor = answer::redactor(call);
    let mut redactor = redactor.lines();
    let hits: Vec<_> = report.hunks.iter().flat_map(|hunk| &hunk.hits).filter(|hit| hit.is_match).collect();
    let texts: Vec<String> = hits.iter().map(|hit| redactor.line(&hit.line.text).into_owned()).collect();
    let lines: Vec<String> = hits
        .iter()
        .zip(&texts)
        .map(|(hit, text)| fence::block([format!("{}@{}> {text}", hit.line.number, hit.line.offset)]).trim_end().to_owned())
        .collect();
    let size = size.or((scanned <= MAX_GREP && call.missing().is_empty()).then_some(scanned));
    let title = format!(
        "{}: {} of {} like {} in {} ({} searched)",
        place.title(call),
        human::number(report.shown),
        human::count(report.matches, "line"),
        answer::quote(call, grep),
        human::count(report.totals.lines, "line"),
        human::bytes(scanned),
    );
    let first = hits.first().map(|hit| format!("{}-", hit.line.offset));
    let page = page::fit(
        call,
        "line",
        &lines,
        |_| None,
        |out, _| {
            place.frame(out, &title);
            for lack in call.missing() {
                out.head(format!("note: {lack}"));
            }
            if let Some(first) = &first {
                out.next(place.hint().with("range", Some(first)).call());
            }
        },
    );
    ArtifactContent {
        content: texts.get(..page.shown).unwrap_or_default().join("\n"),
        end: saturate(scanned),
        matches: Some(saturate(report.matches)),
        ..place.record(call, "text", size, page.text)
    }
}

/// A file that is no text.
fn opaque(call: &Call, place: &Place, kind: &str, size: Option<u64>) -> ArtifactContent {
    let mut out = budget::Answer::new(call.max_tokens());
    place.frame(&mut out, &format!("{}: {kind}, {}; not shown, because it is no text", place.title(call), size_words(size)));
    let text = answer::render(call, &out).text;
    place.record(call, kind, size, text)
}

fn size_words(size: Option<u64>) -> String {
    size.map_or_else(|| "of unknown size".to_owned(), |size| format!("{} ({} bytes)", human::bytes(size), human::number(size)))
}

impl Place {
    fn title(&self, call: &Call) -> String {
        format!("{} of {} #{}", shown(call, &self.path), names::shown(&self.job.name()), self.build.number)
    }

    fn frame(&self, out: &mut budget::Answer, title: &str) {
        out.head(title);
        if let Some(note) = &self.note {
            out.head(note);
        }
    }

    fn hint(&self) -> Hint {
        let (job, number) = (self.job.name(), self.build.number.to_string());
        Hint::new("get_artifact").with("job", Some(&job)).with("build", Some(&number)).with("path", Some(&self.path))
    }

    fn record(&self, call: &Call, kind: &str, size: Option<u64>, text: String) -> ArtifactContent {
        ArtifactContent {
            job: self.job.name(),
            build: self.build.number,
            path: self.path.clone(),
            kind: kind.to_owned(),
            size_bytes: size.and_then(|size| u32::try_from(size).ok()),
            content: String::new(),
            start: 0,
            end: 0,
            matches: None,
            meta: call.meta(&text),
            text,
        }
    }
}

#[cfg(test)]
mod tests;
