//! Splits a log that arrives in chunks into numbered lines with byte offsets, in constant memory.
//!
//! A line that lies within one chunk is handed out as a slice of that chunk; only the line across a chunk border is
//! copied. A line longer than [`MAX_LINE_BYTES`] keeps its beginning and a count of what was dropped, so a log of
//! 100 MB without a line end costs no more memory than any other. It cannot fail.
//!
//! Two counts of bytes exist in Jenkins. `consoleText` is sent as it is counted. `progressiveText` sends CRLF for every
//! LF of the log file, while its `X-Text-Size` counts the file: [`Offsets::LogFile`] counts such a line end as one.

use std::borrow::Cow;

use memchr::memchr;
use memchr::memrchr;

use super::clean::clean_line;
use super::clean::is_plain;

/// Bytes kept of one line. Real tools write lines of up to some 10 KB (class paths, minified code); twice the usual
/// pipe buffer keeps those whole.
pub const MAX_LINE_BYTES: usize = 64 * 1024;

/// How the bytes of a stream add up to offsets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Offsets {
    /// Every received byte counts: `consoleText`.
    #[default]
    AsReceived,
    /// CRLF counts as one byte, as in the file that `X-Text-Size` measures: `progressiveText`.
    LogFile,
}

/// One line of a log, borrowed from the chunk or from the scanner.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Position in the log, counted from 1 (or from the scanner's first number).
    pub number: u64,
    /// Where the line starts in the raw stream.
    pub offset: u64,
    /// Where the next line starts.
    pub end: u64,
    /// The bytes received, without line end, at most the scanner's limit.
    pub raw: &'a [u8],
    /// Bytes of the line that `raw` lacks because of the limit.
    pub dropped: u64,
}

impl<'a> Line<'a> {
    /// The line as text, cleaned; a cut line says how much is missing.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        let text = clean_line(self.raw);
        if self.dropped == 0 {
            return text;
        }
        let kept = whole_words(&text);
        Cow::Owned(format!("{kept} …[+{} bytes]", self.dropped + (text.len() - kept.len()) as u64))
    }

    /// Whether [`Line::raw`] can be searched as it is, without cleaning it first.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        is_plain(self.raw)
    }

    /// An owned copy with cleaned text.
    #[must_use]
    pub fn to_text_line(self) -> TextLine {
        TextLine { number: self.number, offset: self.offset, end: self.end, text: self.text().into_owned() }
    }
}

/// A cleaned line that outlives its chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextLine {
    /// Position in the log, from 1.
    pub number: u64,
    /// Where the line starts in the raw stream.
    pub offset: u64,
    /// Where the next line starts.
    pub end: u64,
    /// Cleaned text without line end.
    pub text: String,
}

/// What went through a scanner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Lines, with the last one even if it had no line end.
    pub lines: u64,
    /// Bytes received, whatever [`Offsets`] counts.
    pub bytes: u64,
    /// Lines that were longer than the limit.
    pub truncated_lines: u64,
}

/// Splits chunks into lines; see the module.
#[derive(Debug)]
pub struct LineScanner {
    max_line: usize,
    offsets: Offsets,
    /// Beginning of a line whose end has not arrived, at most `max_line` bytes.
    partial: Vec<u8>,
    partial_dropped: u64,
    /// Bytes of that line received so far, kept or not.
    partial_len: u64,
    /// The last byte received of that line was CR: half of a line end, or the start of a rewrite.
    partial_ends_cr: bool,
    next_number: u64,
    offset: u64,
    totals: Totals,
}

impl Default for LineScanner {
    fn default() -> Self {
        Self {
            max_line: MAX_LINE_BYTES,
            offsets: Offsets::AsReceived,
            partial: Vec::new(),
            partial_dropped: 0,
            partial_len: 0,
            partial_ends_cr: false,
            next_number: 1,
            offset: 0,
            totals: Totals::default(),
        }
    }
}

impl LineScanner {
    /// A scanner at the first byte of a log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins at `offset` with line `number`, for a log that is read from its middle.
    #[must_use]
    pub fn starting_at(mut self, offset: u64, number: u64) -> Self {
        self.offset = offset;
        self.next_number = number;
        self
    }

    /// Chooses how bytes are counted.
    #[must_use]
    pub fn counting(mut self, offsets: Offsets) -> Self {
        self.offsets = offsets;
        self
    }

    /// Bounds the bytes kept of one line; at least one.
    #[must_use]
    pub fn with_max_line(mut self, bytes: usize) -> Self {
        self.max_line = bytes.max(1);
        self
    }

    /// Where the line that is being received starts: everything before has been handed out.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the next byte begins a line.
    #[must_use]
    pub fn is_at_line_start(&self) -> bool {
        self.partial_len == 0
    }

    /// Goes past lines without handing them out. They must begin where a line begins, be whole, and have no CR but the one
    /// of a CRLF.
    pub fn skip(&mut self, lines: &[u8]) {
        if has_longer_line(lines, self.max_line) {
            return self.push(lines, |_| {});
        }
        let [lf, cr] = jankins_loops::count([b'\n', b'\r'], lines);
        let joined = if self.offsets == Offsets::LogFile { cr } else { 0 };
        self.totals.lines += lf;
        self.next_number += lf;
        self.totals.bytes += lines.len() as u64;
        self.offset += lines.len() as u64 - joined;
    }

    /// Hands every line that `chunk` completes to `sink`.
    pub fn push(&mut self, chunk: &[u8], mut sink: impl FnMut(Line<'_>)) {
        self.split(chunk, &mut sink);
    }

    /// One copy of it, whoever takes the lines.
    fn split(&mut self, chunk: &[u8], sink: &mut dyn FnMut(Line<'_>)) {
        self.totals.bytes += chunk.len() as u64;
        let mut rest = chunk;
        while let Some(at) = memchr(b'\n', rest) {
            let (line, tail) = rest.split_at(at);
            rest = tail.get(1..).unwrap_or_default();
            if self.partial_len == 0 {
                let crlf = line.last() == Some(&b'\r');
                self.emit_whole(line, crlf, sink);
            } else {
                self.append(line);
                self.emit_partial(true, sink);
            }
        }
        if !rest.is_empty() {
            self.append(rest);
        }
    }

    /// Hands out the last line, if it had no line end, and returns the totals.
    pub fn finish(mut self, mut sink: impl FnMut(Line<'_>)) -> Totals {
        if self.partial_len > 0 {
            self.emit_partial(false, &mut sink);
        }
        self.totals
    }

    fn emit_whole(&mut self, line: &[u8], crlf: bool, sink: &mut dyn FnMut(Line<'_>)) {
        let end = self.end_of(line.len() as u64, crlf, true);
        let visible = trim_cr(line);
        let (raw, dropped) = if visible.len() > self.max_line { bound(visible, self.max_line) } else { (visible, 0) };
        sink(Line { number: self.next_number, offset: self.offset, end, raw, dropped });
        self.advance(end, dropped);
    }

    fn emit_partial(&mut self, terminated: bool, sink: &mut dyn FnMut(Line<'_>)) {
        let end = self.end_of(self.partial_len, self.partial_ends_cr, terminated);
        let dropped = self.partial_dropped;
        let partial = std::mem::take(&mut self.partial);
        let raw = trim_cr(&partial);
        sink(Line { number: self.next_number, offset: self.offset, end, raw, dropped });
        self.partial = partial;
        self.partial.clear();
        self.partial_dropped = 0;
        self.partial_len = 0;
        self.partial_ends_cr = false;
        self.advance(end, dropped);
    }

    fn end_of(&self, len: u64, crlf: bool, terminated: bool) -> u64 {
        let joined = u64::from(crlf && terminated && self.offsets == Offsets::LogFile);
        self.offset + len + u64::from(terminated) - joined
    }

    fn advance(&mut self, end: u64, dropped: u64) {
        self.offset = end;
        self.next_number += 1;
        self.totals.lines += 1;
        self.totals.truncated_lines += u64::from(dropped > 0);
    }

    /// Adds bytes of an unfinished line, within the limit.
    fn append(&mut self, piece: &[u8]) {
        let Some(last) = piece.last() else { return };
        let was_cr = self.partial_ends_cr;
        self.partial_len += piece.len() as u64;
        self.partial_ends_cr = *last == b'\r';
        if self.partial_dropped == 0 && self.partial.len() + piece.len() <= self.max_line {
            self.partial.extend_from_slice(piece);
            return;
        }
        // Over the limit. Cleaning would keep only what follows the last carriage return, so a progress bar of many
        // megabytes loses nothing when what it rewrote goes now.
        if let Some(at) = memrchr(b'\r', trim_cr(piece)) {
            self.partial.clear();
            self.partial_dropped = 0;
            self.keep(piece.get(at + 1..).unwrap_or_default());
        } else if was_cr {
            self.partial.clear();
            self.partial_dropped = 0;
            self.keep(piece);
        } else {
            if self.partial_dropped == 0
                && let Some(at) = memrchr(b'\r', &self.partial)
            {
                self.partial.drain(..=at);
            }
            self.keep(piece);
        }
    }

    fn keep(&mut self, piece: &[u8]) {
        let room = if self.partial_dropped > 0 { 0 } else { self.max_line.saturating_sub(self.partial.len()) };
        let (kept, _) = piece.split_at(char_floor(piece, room.min(piece.len())));
        self.partial.extend_from_slice(kept);
        self.partial_dropped += (trim_cr(piece).len().saturating_sub(kept.len())) as u64;
    }
}

/// Whether one of these whole lines may be longer than `max`.
fn has_longer_line(lines: &[u8], max: usize) -> bool {
    let mut rest = lines;
    while rest.len() > max {
        match rest.get(..=max).and_then(|head| memrchr(b'\n', head)) {
            Some(at) => rest = rest.get(at + 1..).unwrap_or_default(),
            None => return true,
        }
    }
    false
}

/// A cut text up to its last whole word: half a secret may no longer look like one. Nothing secret is as long as what is
/// looked at.
fn whole_words(text: &str) -> &str {
    const LONGEST_WORD: usize = 1024;
    let from = text.floor_char_boundary(text.len().saturating_sub(LONGEST_WORD));
    let tail = text.get(from..).unwrap_or_default();
    let border = tail.rfind(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '&' | '<' | '>' | '='));
    border.and_then(|at| text.get(..from + at)).unwrap_or(text)
}

/// Without the carriage returns at the end.
fn trim_cr(line: &[u8]) -> &[u8] {
    let mut line = line;
    while let [head @ .., b'\r'] = line {
        line = head;
    }
    line
}

/// The part of an overlong line to keep, and how many bytes that leaves out.
fn bound(line: &[u8], max: usize) -> (&[u8], u64) {
    let shown = memrchr(b'\r', line).and_then(|at| line.get(at + 1..)).unwrap_or(line);
    let (kept, dropped) = shown.split_at(char_floor(shown, max.min(shown.len())));
    (kept, dropped.len() as u64)
}

/// The last position not after `at` that does not split a UTF-8 character.
fn char_floor(bytes: &[u8], at: usize) -> usize {
    let continues = |at: usize| bytes.get(at).is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000);
    // Four continuation bytes in a row are no UTF-8: then there is nothing to protect.
    (at.saturating_sub(3)..=at).rev().find(|at| !continues(*at)).unwrap_or(at)
}

#[cfg(test)]
mod tests;
