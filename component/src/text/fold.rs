//! Folds runs of repeated lines and blocks, so that a loop or a progress display costs a few lines instead of hundreds.
//!
//! A run is folded when a line, or a block of up to [`MAX_BLOCK`] lines, comes at least [`MIN_RUN`] times in a row, equal
//! or with a difference in digits only (counters, percentages, timestamps). Lines that speak of an error or a warning
//! fold only when they are equal: there the digits are line numbers and exit codes. Blank lines in a row become one.
//! What was folded is always said with its count.

use super::clean::split_timestamp;
use super::human;
use super::lines::TextLine;
use super::severity::Severity;
use super::severity::severity;

/// Two equal lines are as short as one with a remark.
pub const MIN_RUN: usize = 3;

/// Lines of a block that is looked for; a stack trace fits.
pub const MAX_BLOCK: usize = 40;

/// One line, or the run of lines or blocks like it that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// The first line of the run.
    pub first: TextLine,
    /// The other lines of the first block; empty when single lines repeat.
    rest: Vec<TextLine>,
    /// The last line or block of the run, when it differs from the first.
    last: Vec<TextLine>,
    /// Lines of the run, the first included; 1 for an ordinary line.
    pub count: u64,
    /// Where the run ends in the log.
    pub end: u64,
}

impl Folded {
    fn single(line: TextLine) -> Self {
        Self { end: line.end, first: line, rest: Vec::new(), last: Vec::new(), count: 1 }
    }

    /// The lines to show: one, or the first line or block of the run, a remark, and the last if it differs.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let texts = |lines: &[TextLine]| lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>();
        let mut shown = vec![self.first.text.clone()];
        if self.count < 2 || (self.rest.is_empty() && self.first.text.trim().is_empty()) {
            return shown;
        }
        shown.extend(texts(&self.rest));
        let height = shown.len() as u64;
        let times = self.count / height;
        let these = if height == 1 { String::new() } else { format!("these {height} lines ") };
        if self.last.is_empty() {
            shown.push(format!("… {these}repeated {} times", human::number(times)));
        } else {
            let noun = if height == 1 { "line" } else { "block" };
            let them = if height == 1 { "it" } else { "them" };
            shown.push(format!("… {} like {them}", human::count(times.saturating_sub(2), noun)));
            shown.extend(texts(&self.last));
        }
        shown
    }
}

/// Folds the runs in `lines`, keeping their order.
#[must_use]
pub fn fold(lines: Vec<TextLine>) -> Vec<Folded> {
    let shapes: Vec<String> = lines.iter().map(|line| shape(&line.text)).collect();
    let mut folded = Vec::new();
    let mut lines = lines.into_iter();
    let mut at = 0;
    while at < shapes.len() {
        let (height, times) = run(shapes.get(at..).unwrap_or_default());
        let taken: Vec<TextLine> = lines.by_ref().take(height * times).collect();
        at += height * times;
        if times == 1 {
            folded.extend(taken.into_iter().map(Folded::single));
        } else {
            folded.extend(close(taken, height));
        }
    }
    folded
}

/// How many lines the block has that begins here, and how often it comes in a row: the most that can be folded.
fn run(shapes: &[String]) -> (usize, usize) {
    let blank = shapes.iter().take_while(|shape| shape.is_empty()).count();
    if blank > 1 {
        return (1, blank);
    }
    let mut best = (1, 1);
    for height in 1..=MAX_BLOCK.min(shapes.len() / MIN_RUN) {
        let mut blocks = shapes.chunks_exact(height);
        let Some(first) = blocks.next() else { break };
        let times = 1 + blocks.take_while(|block| *block == first).count();
        if times >= MIN_RUN && height * times > best.0 * best.1 {
            best = (height, times);
        }
    }
    best
}

/// Turns a run into one entry.
fn close(lines: Vec<TextLine>, height: usize) -> Option<Folded> {
    let count = lines.len() as u64;
    let end = lines.last().map_or(0, |line| line.end);
    let last = lines.get(lines.len().saturating_sub(height)..).unwrap_or_default().to_vec();
    let mut lines = lines.into_iter();
    let first = lines.next()?;
    let rest: Vec<TextLine> = lines.take(height.saturating_sub(1)).collect();
    let same = last.iter().map(|line| message(&line.text)).eq(std::iter::once(&first).chain(&rest).map(|line| message(&line.text)));
    let blank = rest.is_empty() && first.text.trim().is_empty();
    Some(Folded { first, rest, last: if same || blank { Vec::new() } else { last }, count, end })
}

fn message(text: &str) -> &str {
    split_timestamp(text).1.trim_end()
}

/// Lines of the same shape may be folded together.
fn shape(text: &str) -> String {
    let message = message(text);
    if severity(message) != Severity::Normal {
        return message.to_owned();
    }
    let mut shape = String::with_capacity(message.len());
    let mut in_number = false;
    for c in message.chars() {
        let digit = c.is_ascii_digit();
        if !(digit && in_number) {
            shape.push(if digit { '0' } else { c });
        }
        in_number = digit;
    }
    shape
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(texts: &[&str]) -> Vec<String> {
        fold(lines(texts)).iter().flat_map(Folded::lines).collect()
    }

    fn lines(texts: &[&str]) -> Vec<TextLine> {
        let line = |(at, text): (u64, &&str)| TextLine { number: at, offset: at, end: at + 1, text: (*text).to_owned() };
        (1..).zip(texts).map(line).collect()
    }

    #[test]
    fn equal_lines_become_one_with_their_count() {
        assert_eq!(folded(&["a", "retry", "retry", "retry", "b"]), ["a", "retry", "… repeated 3 times", "b"]);
        assert_eq!(folded(&["retry", "retry", "b"]), ["retry", "retry", "b"]);
    }

    #[test]
    fn lines_that_differ_in_digits_show_the_first_and_the_last() {
        let progress = ["Receiving 1% (1/812)", "Receiving 52% (422/812)", "Receiving 77% (630/812)", "Receiving 100% (812/812)"];
        assert_eq!(folded(&progress), ["Receiving 1% (1/812)", "… 2 lines like it", "Receiving 100% (812/812)"]);
    }

    #[test]
    fn a_timestamp_alone_is_no_difference() {
        let waiting = ["[2026-11-24T01:00:08.697Z] waiting", "[2026-11-24T01:00:09.697Z] waiting", "[2026-11-24T01:00:10.697Z] waiting"];
        assert_eq!(folded(&waiting), ["[2026-11-24T01:00:08.697Z] waiting", "… repeated 3 times"]);
    }

    #[test]
    fn errors_at_different_lines_are_different_errors() {
        let errors = ["a.c:12: error: x", "a.c:15: error: x", "a.c:19: error: x"];
        assert_eq!(folded(&errors), errors);
        assert_eq!(folded(&["ERROR: down", "ERROR: down", "ERROR: down"]), ["ERROR: down", "… repeated 3 times"]);
    }

    #[test]
    fn repeated_blocks_become_one_with_their_count() {
        let attempt = ["connecting to db:5432", "refused", "waiting"];
        let log: Vec<&str> = ["begin"].into_iter().chain(attempt.into_iter().cycle().take(12)).chain(["gave up"]).collect();
        assert_eq!(folded(&log), ["begin", "connecting to db:5432", "refused", "waiting", "… these 3 lines repeated 4 times", "gave up"]);
    }

    #[test]
    fn blocks_that_differ_in_digits_show_the_first_and_the_last() {
        let log: Vec<String> = (1..=5).flat_map(|n| [format!("attempt {n} of 5"), "waiting".to_owned()]).collect();
        let log: Vec<&str> = log.iter().map(String::as_str).collect();
        assert_eq!(folded(&log), ["attempt 1 of 5", "waiting", "… 3 blocks like them", "attempt 5 of 5", "waiting"]);
    }

    #[test]
    fn a_run_ends_where_its_last_line_ends() {
        let runs = fold(lines(&["a", "retry", "retry", "retry", "b"]));
        assert_eq!(runs.iter().map(|run| run.end).collect::<Vec<_>>(), [2, 5, 6]);
    }

    #[test]
    fn blank_lines_in_a_row_become_one() {
        assert_eq!(folded(&["a", "", "", "", "", "b", "", "c"]), ["a", "", "b", "", "c"]);
    }

    proptest! {
        #[test]
        fn no_line_is_lost_from_the_count(texts in proptest::collection::vec("[ab1]{0,2}", 0..40)) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let folded = fold(lines(&texts));
            prop_assert_eq!(folded.iter().map(|entry| entry.count).sum::<u64>(), texts.len() as u64);
            prop_assert!(folded.windows(2).all(|pair| pair[0].first.number < pair[1].first.number));
        }
    }
}
