//! Searches a whole log as a stream: matches with context, in bounded memory, and honest about what it saw.
//!
//! Every byte is scanned and every match counted; only the first `max_matches` are kept with their context. The
//! context of neighbouring matches is merged into one [`Hunk`], so no line appears twice. Lines beyond the scanner's
//! limit are searched in their kept beginning only, and [`SearchReport::totals`] counts them. It fails only at the
//! start, for a bad pattern.
//!
//! Most lines are ruled out by the thousand, see [`Sieve`].

use std::collections::VecDeque;

use memchr::memchr;
use memchr::memrchr;

use super::lines::Line;
use super::lines::LineScanner;
use super::lines::TextLine;
use super::lines::Totals;
use super::pattern::Pattern;
use super::pattern::PatternError;
use super::pattern::settings;
use super::redact::Place;
use super::redact::Redactor;
use super::sieve::Sieve;

/// Context beyond this is reading a log, not searching it.
pub const MAX_WINDOW_LINES: usize = 50;

/// Characters of one line that a result keeps, around the match; more would be one minified file eating the answer.
const MAX_LINE_CHARS: usize = 1_000;

/// Text that a result keeps at most. Ten times what the largest answer can show.
const MAX_KEPT_BYTES: usize = 1024 * 1024;

/// What to search for, as a caller asks it.
#[derive(Debug, Clone)]
pub struct SearchOptions<'a> {
    /// A regular expression, see [`Pattern`].
    pub pattern: &'a str,
    /// Ignore the difference of capital and small letters.
    pub ignore_case: bool,
    /// Find the lines that do not match.
    pub invert: bool,
    /// Lines of context before and after each match; at most [`MAX_WINDOW_LINES`].
    pub window_lines: usize,
    /// Matches to keep; the others are only counted.
    pub max_matches: usize,
}

/// One line of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The line, cleaned and without secrets, cut to the neighbourhood of the match.
    pub line: TextLine,
    /// A match, or its context.
    pub is_match: bool,
}

/// Lines without a gap: one match with its context, or several whose contexts touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hunk {
    /// In the order of the log.
    pub hits: Vec<Hit>,
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchReport {
    /// The first matches with context.
    pub hunks: Vec<Hunk>,
    /// Matches kept in `hunks`.
    pub shown: u64,
    /// All matches of the log.
    pub matches: u64,
    /// What was scanned.
    pub totals: Totals,
}

/// A search in progress: push the chunks of the log, then finish.
#[derive(Debug)]
pub struct Search {
    scanner: LineScanner,
    /// None when each line has to be looked at.
    sieve: Option<Sieve>,
    matcher: Matcher,
}

impl Search {
    /// Prepares a search from the first byte of a log.
    ///
    /// # Errors
    /// When the pattern is no usable expression.
    pub fn new(options: &SearchOptions<'_>) -> Result<Self, PatternError> {
        Self::over(LineScanner::new(), options)
    }

    /// The same over a scanner that starts elsewhere or counts otherwise.
    ///
    /// # Errors
    /// When the pattern is no usable expression.
    pub fn over(scanner: LineScanner, options: &SearchOptions<'_>) -> Result<Self, PatternError> {
        let pattern = Pattern::new(options.pattern, options.ignore_case)?;
        let window = options.window_lines.min(MAX_WINDOW_LINES);
        let matcher = Matcher {
            pattern,
            buffer: Vec::new(),
            invert: options.invert,
            window,
            max_matches: options.max_matches,
            before: Ring::default(),
            after_left: 0,
            last_kept: 0,
            kept_bytes: 0,
            full: options.max_matches == 0,
            redactor: Redactor::new(),
            place: Place::default(),
            report: SearchReport::default(),
        };
        let sieve = if options.invert { None } else { Sieve::new(options.pattern, &settings(options.ignore_case)) };
        Ok(Self { scanner, sieve, matcher })
    }

    /// Takes these secrets, too, out of what is kept. It cannot be done later: a line that is cut around a match may have
    /// lost what shows that it holds a secret.
    #[must_use]
    pub fn hiding(mut self, redactor: Redactor) -> Self {
        self.matcher.redactor = redactor;
        self
    }

    /// Scans the next chunk.
    pub fn push(&mut self, chunk: &[u8]) {
        let (whole, unfinished) = chunk.split_at(memrchr(b'\n', chunk).map_or(0, |at| at + 1));
        let mut sieve = self.sieve.take();
        let mut block = sieve.as_mut().map(|sieve| sieve.block(whole));
        let mut at = 0;
        while at < whole.len() {
            if self.matcher.can_skip()
                && self.scanner.is_at_line_start()
                && let Some(block) = &mut block
            {
                let next = block.first_left(at);
                self.skip(whole.get(at..next).unwrap_or_default());
                at = next;
            }
            let rest = whole.get(at..).unwrap_or_default();
            let (line, _) = rest.split_at(memchr(b'\n', rest).map_or(rest.len(), |end| end + 1));
            self.push_line(line);
            at += line.len();
        }
        self.push_line(unfinished);
        self.sieve = sieve;
    }

    fn push_line(&mut self, line: &[u8]) {
        let matcher = &mut self.matcher;
        self.scanner.push(line, |line| matcher.observe(&line));
    }

    /// Goes past lines without a match; the last of them may be the context of one.
    fn skip(&mut self, lines: &[u8]) {
        let matcher = &mut self.matcher;
        let window = if matcher.full { 0 } else { matcher.window };
        let mut context = lines.len();
        for _ in 0..window {
            let before = lines.get(..context.saturating_sub(1)).unwrap_or_default();
            context = memrchr(b'\n', before).map_or(0, |at| at + 1);
        }
        let (lines, context) = lines.split_at(context);
        self.scanner.skip(lines);
        self.scanner.push(context, |line| matcher.before.push(&line, window));
    }

    /// Where the line that is being received starts: everything before has been searched.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.scanner.offset()
    }

    /// Scans what is left and hands out the result.
    #[must_use]
    pub fn finish(self) -> SearchReport {
        let mut matcher = self.matcher;
        let totals = self.scanner.finish(|line| matcher.observe(&line));
        SearchReport { totals, ..matcher.report }
    }
}

#[derive(Debug)]
struct Matcher {
    pattern: Pattern,
    /// For cleaning lines that are not plain.
    buffer: Vec<u8>,
    invert: bool,
    window: usize,
    max_matches: usize,
    before: Ring,
    /// Lines of context still owed to the last match.
    after_left: usize,
    last_kept: u64,
    kept_bytes: usize,
    /// Nothing more is kept, only counted.
    full: bool,
    redactor: Redactor,
    /// Where in the log the last kept line stood.
    place: Place,
    report: SearchReport,
}

impl Matcher {
    /// Whether lines without a match are of no more interest than as the context of one.
    fn can_skip(&self) -> bool {
        self.after_left == 0
    }

    fn observe(&mut self, line: &Line<'_>) {
        if self.pattern.matches_with(line, &mut self.buffer) != self.invert {
            self.report.matches += 1;
            if !self.full {
                self.keep_match(line);
                return;
            }
        }
        if self.after_left > 0 {
            self.after_left -= 1;
            self.keep(line.to_text_line(), false);
        } else if !self.full && self.window > 0 {
            self.before.push(line, self.window);
        }
    }

    fn keep_match(&mut self, line: &Line<'_>) {
        for context in self.before.drain() {
            self.keep(context, false);
        }
        self.keep(line.to_text_line(), true);
        self.report.shown += 1;
        self.after_left = self.window;
        self.full = self.report.shown >= self.max_matches as u64 || self.kept_bytes > MAX_KEPT_BYTES;
    }

    fn keep(&mut self, line: TextLine, is_match: bool) {
        let contiguous = self.last_kept + 1 == line.number;
        if !contiguous {
            self.place.gap();
        }
        let text = self.redactor.line(&line.text, &mut self.place);
        let found = if is_match && !self.invert { self.pattern.find(&text).unwrap_or(0) } else { 0 };
        let line = TextLine { text: clip_around(text.into_owned(), found), ..line };
        self.kept_bytes += line.text.len();
        self.last_kept = line.number;
        let hit = Hit { line, is_match };
        match self.report.hunks.last_mut() {
            Some(hunk) if contiguous => hunk.hits.push(hit),
            _ => self.report.hunks.push(Hunk { hits: vec![hit] }),
        }
    }
}

/// The lines before the current one, raw: most of them are never shown, so cleaning them would be wasted.
#[derive(Debug, Default)]
struct Ring {
    lines: VecDeque<RawLine>,
    /// Buffers of lines that fell out, to be used again.
    spare: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct RawLine {
    number: u64,
    offset: u64,
    end: u64,
    dropped: u64,
    raw: Vec<u8>,
}

impl Ring {
    fn push(&mut self, line: &Line<'_>, capacity: usize) {
        while self.lines.len() >= capacity {
            self.spare.extend(self.lines.pop_front().map(|line| line.raw));
        }
        let mut raw = self.spare.pop().unwrap_or_default();
        raw.clear();
        raw.extend_from_slice(line.raw);
        let Line { number, offset, end, dropped, .. } = *line;
        self.lines.push_back(RawLine { number, offset, end, dropped, raw });
    }

    fn drain(&mut self) -> Vec<TextLine> {
        let cleaned = |line: RawLine| {
            let RawLine { number, offset, end, dropped, raw } = line;
            Line { number, offset, end, raw: &raw, dropped }.to_text_line()
        };
        self.lines.drain(..).map(cleaned).collect()
    }
}

/// Cuts an overlong line to the neighbourhood of byte `found`.
fn clip_around(text: String, found: usize) -> String {
    if text.len() <= MAX_LINE_CHARS {
        return text;
    }
    let before = text.get(..found).unwrap_or_default().chars().count();
    let skipped = before.saturating_sub(MAX_LINE_CHARS / 4);
    let total = text.chars().count();
    let kept: String = text.chars().skip(skipped).take(MAX_LINE_CHARS).collect();
    let missing = total.saturating_sub(skipped + MAX_LINE_CHARS);
    let head = if skipped > 0 { format!("[{skipped} characters before]… ") } else { String::new() };
    let tail = if missing > 0 { format!(" …[{missing} characters after]") } else { String::new() };
    format!("{head}{kept}{tail}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::clean::clean_line;
    use super::*;

    fn options(pattern: &str) -> SearchOptions<'_> {
        SearchOptions { pattern, ignore_case: false, invert: false, window_lines: 1, max_matches: 10 }
    }

    fn run(options: &SearchOptions<'_>, log: &str) -> SearchReport {
        let mut search = Search::new(options).unwrap();
        for chunk in log.as_bytes().chunks(7) {
            search.push(chunk);
        }
        search.finish()
    }

    /// `3*` is a match on line 3, `4` its context.
    fn shape(report: &SearchReport) -> Vec<String> {
        let hit = |hit: &Hit| format!("{}{}", hit.line.number, if hit.is_match { "*" } else { "" });
        report.hunks.iter().map(|hunk| hunk.hits.iter().map(hit).collect::<Vec<_>>().join(" ")).collect()
    }

    const LOG: &str = "one\ntwo\nboom\nfour\nfive\nboom\nseven\nboom\nnine\nten";

    #[test]
    fn contexts_that_touch_become_one_hunk() {
        assert_eq!(shape(&run(&options("boom"), LOG)), ["2 3* 4 5 6* 7 8* 9"]);
        assert_eq!(shape(&run(&SearchOptions { window_lines: 0, ..options("boom") }, LOG)), ["3*", "6*", "8*"]);
        assert_eq!(shape(&run(&options("one|ten"), LOG)), ["1* 2", "9 10*"]);
    }

    #[test]
    fn matches_beyond_the_maximum_are_counted_but_not_kept() {
        let report = run(&SearchOptions { max_matches: 1, ..options("boom") }, LOG);
        assert_eq!((report.matches, report.shown), (3, 1));
        assert_eq!(shape(&report), ["2 3* 4"]);
        let none = run(&SearchOptions { max_matches: 0, ..options("boom") }, LOG);
        assert_eq!((none.matches, none.shown, none.hunks.len()), (3, 0, 0));
    }

    #[test]
    fn the_whole_log_is_scanned_and_said_so() {
        let far = format!("{}needle\n", "hay hay hay\n".repeat(50_000));
        let report = run(&options("needle"), &far);
        assert_eq!(shape(&report), ["50000 50001*"]);
        assert_eq!(report.totals.bytes, far.len() as u64);
        assert_eq!(report.hunks[0].hits[1].line.offset, 600_000);
    }

    #[test]
    fn inverting_finds_the_other_lines() {
        let report = run(&SearchOptions { invert: true, window_lines: 0, ..options("^(b|f|t)") }, LOG);
        assert_eq!(shape(&report), ["1*", "7*", "9*"]);
    }

    #[test]
    fn colours_do_not_hide_a_match_and_do_not_reach_the_result() {
        let report = run(&options("ERROR pool"), "a\n\x1b[31mERROR\x1b[0m pool exhausted\nb\n");
        assert_eq!(report.hunks[0].hits[1].line.text, "ERROR pool exhausted");
    }

    #[test]
    fn a_match_deep_in_a_long_line_is_shown_with_its_neighbourhood() {
        let log = format!("{}needle{}\n", "é".repeat(5_000), "y".repeat(5_000));
        let report = run(&options("needle"), &log);
        let text = &report.hunks[0].hits[0].line.text;
        assert!(text.starts_with("[4750 characters before]… é") && text.contains("needleyyy"), "{text}");
        assert!(text.ends_with("y …[4256 characters after]"), "{text}");
    }

    #[test]
    fn kept_text_is_bounded_even_when_every_line_matches() {
        let log = format!("{}\n", "x".repeat(900)).repeat(5_000);
        let report = run(&SearchOptions { max_matches: usize::MAX, ..options("x") }, &log);
        assert_eq!(report.matches, 5_000);
        assert!(report.shown < 1_200, "{}", report.shown);
    }

    proptest! {
        #[test]
        fn the_result_equals_that_of_a_naive_search(
            lines in proptest::collection::vec("[ab]{0,2}", 0..40), window in 0_usize..4, max in 0_usize..6, invert: bool,
        ) {
            let log = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            let report = run(&SearchOptions { pattern: "a", ignore_case: false, invert, window_lines: window, max_matches: max }, &log);
            let all: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].contains('a') != invert).collect();
            prop_assert_eq!(report.matches, all.len() as u64);
            let kept = &all[..all.len().min(max)];
            // Written without the machinery above: a line is shown when a kept match is near.
            let near: Vec<u64> = (0..lines.len()).filter(|at| kept.iter().any(|hit| hit.abs_diff(*at) <= window)).map(|at| at as u64 + 1).collect();
            let shown: Vec<u64> = report.hunks.iter().flat_map(|hunk| hunk.hits.iter().map(|hit| hit.line.number)).collect();
            prop_assert_eq!(shown, near);
            let marked: Vec<usize> = report.hunks.iter().flat_map(|hunk| &hunk.hits).filter(|hit| hit.is_match).map(|hit| hit.line.number as usize - 1).collect();
            prop_assert_eq!(&marked, kept);
        }

        #[test]
        fn lines_that_are_searched_together_match_as_each_by_itself(
            source in proptest::sample::select(vec![
                "a", "^a", "a$", "^$", r"b\b", "(?s)a.b", "[^a]b", r"\Aa", r"a\z", "(?-m)^b", r"\s", "a|^b$", "x*", "(?s).*b", r"\bé",
            ]),
            lines in proptest::collection::vec("[ab é\t]{0,3}(\r|\r\r|\\x1b\\[1m|b)?", 0..40),
            size in 1_usize..60,
            window in 0_usize..3,
        ) {
            let log = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            let options = SearchOptions { window_lines: window, max_matches: 100, ..options(source) };
            let mut search = Search::new(&options).unwrap();
            for chunk in log.as_bytes().chunks(size) {
                search.push(chunk);
            }
            let report = search.finish();
            let regex = regex::Regex::new(source).unwrap();
            let wanted: Vec<u64> = (1..).zip(&lines).filter(|(_, line)| regex.is_match(&clean_line(line.as_bytes()))).map(|(number, _)| number).collect();
            let hits = report.hunks.iter().flat_map(|hunk| &hunk.hits);
            let matched: Vec<u64> = hits.clone().filter(|hit| hit.is_match).map(|hit| hit.line.number).collect();
            prop_assert_eq!(&matched, &wanted);
            let near: Vec<u64> = (1..=lines.len() as u64).filter(|at| wanted.iter().any(|hit| hit.abs_diff(*at) <= window as u64)).collect();
            prop_assert_eq!(hits.clone().map(|hit| hit.line.number).collect::<Vec<_>>(), near);
            for hit in hits {
                let offset: usize = lines.iter().take(hit.line.number as usize - 1).map(|line| line.len() + 1).sum();
                prop_assert_eq!(hit.line.offset, offset as u64);
                prop_assert_eq!(&hit.line.text, &clean_line(lines[hit.line.number as usize - 1].as_bytes()));
            }
            prop_assert_eq!((report.totals.lines, report.totals.bytes), (lines.len() as u64, log.len() as u64));
        }
    }
}
