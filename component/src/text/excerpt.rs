//! Chooses a part of a log: its beginning or its end, cut on line boundaries, with the byte range of what was taken.
//!
//! Both collectors hold a bounded number of lines and bytes whatever passes through them. At least one line is always
//! taken, even if it alone exceeds the bytes (a single line is bounded by the scanner), so a caller that continues at
//! [`Excerpt::end`] always advances. Nothing fails.

use std::collections::VecDeque;

use super::lines::Line;
use super::lines::TextLine;

/// A part of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// Cleaned lines in the order of the log.
    pub lines: Vec<TextLine>,
    /// Offset of the first byte returned.
    pub start: u64,
    /// Offset after the last byte returned: where to continue.
    pub end: u64,
    /// Lines seen that are not in `lines`.
    pub left_out: u64,
}

/// How much to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Lines at most.
    pub lines: usize,
    /// Raw bytes at most, line ends included.
    pub bytes: usize,
}

/// Takes from the beginning.
#[derive(Debug)]
pub struct Head {
    limits: Limits,
    bytes: u64,
    full: bool,
    excerpt: Excerpt,
}

impl Head {
    /// Nothing taken yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, bytes: 0, full: false, excerpt: Excerpt::default() }
    }

    /// Whether everything that fits has been taken, and the rest of the log need not be read.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Takes the line if it fits.
    pub fn observe(&mut self, line: &Line<'_>) {
        let size = line.end - line.offset;
        let fits = self.excerpt.lines.len() < self.limits.lines && self.bytes + size <= self.limits.bytes as u64;
        if self.full || !(fits || self.excerpt.lines.is_empty()) {
            self.full = true;
            self.excerpt.left_out += 1;
            return;
        }
        if self.excerpt.lines.is_empty() {
            self.excerpt.start = line.offset;
        }
        self.bytes += size;
        self.excerpt.end = line.end;
        self.excerpt.lines.push(line.to_text_line());
    }

    /// What was taken.
    #[must_use]
    pub fn finish(self) -> Excerpt {
        self.excerpt
    }
}

/// Keeps the end: a ring of the last lines.
#[derive(Debug)]
pub struct Tail {
    limits: Limits,
    bytes: u64,
    left_out: u64,
    ring: VecDeque<Kept>,
    /// The buffer of the line that fell out last, to be used for the next one.
    spare: Vec<u8>,
}

/// Raw, because most lines that pass fall out again: only those that stay are worth cleaning.
#[derive(Debug)]
struct Kept {
    number: u64,
    offset: u64,
    end: u64,
    dropped: u64,
    raw: Vec<u8>,
}

impl Tail {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, bytes: 0, left_out: 0, ring: VecDeque::new(), spare: Vec::new() }
    }

    /// Takes the line, and lets go of the oldest ones that no longer fit.
    pub fn observe(&mut self, line: &Line<'_>) {
        let mut raw = std::mem::take(&mut self.spare);
        raw.clear();
        raw.extend_from_slice(line.raw);
        let Line { number, offset, end, dropped, .. } = *line;
        self.bytes += end - offset;
        self.ring.push_back(Kept { number, offset, end, dropped, raw });
        while self.ring.len() > 1 && (self.ring.len() > self.limits.lines || self.bytes > self.limits.bytes as u64) {
            let Some(oldest) = self.ring.pop_front() else { break };
            self.bytes -= oldest.end - oldest.offset;
            self.left_out += 1;
            self.spare = oldest.raw;
        }
    }

    /// What stayed.
    #[must_use]
    pub fn finish(self) -> Excerpt {
        let start = self.ring.front().map_or(0, |line| line.offset);
        let end = self.ring.back().map_or(0, |line| line.end);
        let cleaned = |line: Kept| {
            let Kept { number, offset, end, dropped, raw } = line;
            Line { number, offset, end, raw: &raw, dropped }.to_text_line()
        };
        Excerpt { lines: self.ring.into_iter().map(cleaned).collect(), start, end, left_out: self.left_out }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::lines::LineScanner;
    use super::*;

    const ALL: Limits = Limits { lines: usize::MAX, bytes: usize::MAX };

    fn head(limits: Limits, log: &[u8]) -> Excerpt {
        let mut head = Head::new(limits);
        let mut scanner = LineScanner::new();
        scanner.push(log, |line| head.observe(&line));
        scanner.finish(|line| head.observe(&line));
        head.finish()
    }

    fn tail(limits: Limits, log: &[u8]) -> Excerpt {
        let mut tail = Tail::new(limits);
        let mut scanner = LineScanner::new();
        scanner.push(log, |line| tail.observe(&line));
        scanner.finish(|line| tail.observe(&line));
        tail.finish()
    }

    fn texts(excerpt: &Excerpt) -> Vec<&str> {
        excerpt.lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn the_end_of_an_excerpt_is_the_end_of_what_was_returned() {
        let log = b"one\ntwo\nthree\nfour";
        let first = head(Limits { lines: 2, ..ALL }, log);
        assert_eq!((texts(&first), first.start, first.end, first.left_out), (vec!["one", "two"], 0, 8, 2));
        let last = tail(Limits { lines: 2, ..ALL }, log);
        assert_eq!((texts(&last), last.start, last.end, last.left_out), (vec!["three", "four"], 8, 18, 2));
    }

    #[test]
    fn bytes_are_cut_on_line_boundaries() {
        let log = b"one\ntwo\nthree\nfour";
        assert_eq!(texts(&head(Limits { bytes: 9, ..ALL }, log)), ["one", "two"]);
        assert_eq!(texts(&tail(Limits { bytes: 9, ..ALL }, log)), ["four"]);
        assert_eq!(texts(&tail(Limits { bytes: 10, ..ALL }, log)), ["three", "four"]);
    }

    #[test]
    fn one_line_too_long_for_the_limit_is_still_returned() {
        assert_eq!(texts(&head(Limits { bytes: 1, ..ALL }, b"long line\nnext\n")), ["long line"]);
        assert_eq!(texts(&tail(Limits { lines: 0, bytes: 0 }, b"a\nlong line\n")), ["long line"]);
    }

    #[test]
    fn a_line_that_would_fit_after_one_that_did_not_is_not_taken() {
        let excerpt = head(Limits { bytes: 8, ..ALL }, b"one\nfar too long\ntwo\n");
        assert_eq!((texts(&excerpt), excerpt.end), (vec!["one"], 4));
    }

    #[test]
    fn an_empty_log_gives_an_empty_excerpt() {
        assert_eq!(tail(ALL, b""), Excerpt::default());
        assert_eq!(head(ALL, b""), Excerpt::default());
    }

    proptest! {
        #[test]
        fn reading_on_from_each_end_returns_every_line_once(log in "[a\\n]{0,80}", bytes in 1_usize..12) {
            let mut at = 0_usize;
            let mut read = String::new();
            while at < log.len() {
                let excerpt = head(Limits { bytes, ..ALL }, &log.as_bytes()[at..]);
                prop_assert!(excerpt.end > 0);
                read.push_str(&log[at..at + excerpt.end as usize]);
                at += excerpt.end as usize;
            }
            prop_assert_eq!(read, log);
        }
    }
}
