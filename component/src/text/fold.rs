//! Folds runs of repeated lines, so that a loop or a progress display costs one line instead of hundreds.
//!
//! Lines are folded when at least [`MIN_RUN`] in a row are equal, or differ only in digits (counters, percentages,
//! timestamps). Lines that speak of an error or a warning fold only when they are equal: there the digits are line
//! numbers and exit codes. Blank lines in a row become one. What was folded is always said with its count.

use super::clean::split_timestamp;
use super::human;
use super::lines::TextLine;
use super::severity::Severity;
use super::severity::severity;

/// Two equal lines are as short as one with a remark.
pub const MIN_RUN: usize = 3;

/// One line, and the run of lines like it that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// The first line of the run.
    pub first: TextLine,
    /// The last line of the run, when it differs from the first.
    pub last: Option<TextLine>,
    /// Lines of the run, the first included; 1 for an ordinary line.
    pub count: u64,
}

impl Folded {
    /// The lines to show: one, or the first of the run, a remark, and the last if it differs.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut shown = vec![self.first.text.clone()];
        if self.first.text.trim().is_empty() || self.count < 2 {
            return shown;
        }
        match &self.last {
            None => shown.push(format!("… repeated {} times", human::number(self.count))),
            Some(last) => {
                shown.push(format!("… {} like it", human::count(self.count.saturating_sub(2), "line")));
                shown.push(last.text.clone());
            }
        }
        shown
    }
}

/// Folds the runs in `lines`, keeping their order.
#[must_use]
pub fn fold(lines: Vec<TextLine>) -> Vec<Folded> {
    let mut folded = Vec::new();
    let mut run: Vec<TextLine> = Vec::new();
    let mut run_shape = String::new();
    for line in lines {
        let shape = shape(&line.text);
        if !run.is_empty() && shape != run_shape {
            close(&mut run, &mut folded);
        }
        run_shape = shape;
        run.push(line);
    }
    close(&mut run, &mut folded);
    folded
}

/// Turns a run of lines of one shape into one entry, or into one per line when it is too short.
fn close(run: &mut Vec<TextLine>, folded: &mut Vec<Folded>) {
    let count = run.len() as u64;
    let blank = run.first().is_some_and(|line| line.text.trim().is_empty());
    if run.len() < MIN_RUN && !blank {
        folded.extend(run.drain(..).map(|first| Folded { first, last: None, count: 1 }));
        return;
    }
    let mut lines = run.drain(..);
    let Some(first) = lines.next() else { return };
    let last = lines.next_back().filter(|last| !blank && message(&last.text) != message(&first.text));
    folded.push(Folded { first, last, count });
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
