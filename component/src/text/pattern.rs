//! A user's regular expression: linear time, bounded in size, and errors that say where.
//!
//! The expression comes from a model or a person, so it is untrusted: it may be at most [`MAX_PATTERN_CHARS`] long, its
//! program at most [`PROGRAM_LIMIT_BYTES`] large, and matching is linear in the text by construction of the `regex`
//! crate (no look-around, no back-references). Anything else fails with a [`PatternError`] fit to be shown as it is.

use super::clean::clean_into;
use super::lines::Line;
use super::regex::{Refused, Regex, Settings};

/// Longer expressions are lists of literals, for which a search is the wrong tool.
pub const MAX_PATTERN_CHARS: usize = 1_000;

/// Room for the compiled program; `\w{100}` with Unicode takes about this much.
const PROGRAM_LIMIT_BYTES: usize = 2 * 1024 * 1024;

/// Room for the lazily built automaton, so that a search of any log stays within a few MB.
const AUTOMATON_LIMIT_BYTES: usize = 2 * 1024 * 1024;

/// Why an expression was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing to look for.
    #[error("pattern is empty")]
    Empty,
    /// More than [`MAX_PATTERN_CHARS`].
    #[error("pattern has {0} characters; at most {MAX_PATTERN_CHARS} are allowed")]
    TooLong(usize),
    /// Not an expression of this syntax.
    #[error("pattern is invalid at character {position} ({near}): {reason}")]
    Syntax {
        /// Counted from 1.
        position: usize,
        /// What stands there.
        near: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The program would be too large.
    #[error("pattern needs too large a program; use smaller repetition counts")]
    TooLarge,
}

/// A compiled expression.
#[derive(Debug)]
pub struct Pattern {
    regex: Regex,
}

impl Pattern {
    /// Compiles `source`; `ignore_case` is as if it began with `(?i)`.
    ///
    /// # Errors
    /// Says what is wrong and at which character.
    pub fn new(source: &str, ignore_case: bool) -> Result<Self, PatternError> {
        if source.is_empty() {
            return Err(PatternError::Empty);
        }
        let length = source.chars().count();
        if length > MAX_PATTERN_CHARS {
            return Err(PatternError::TooLong(length));
        }
        Regex::with(source, &settings(ignore_case)).map(|regex| Self { regex }).map_err(|refused| match refused {
            Refused::Syntax(error) => syntax_error(source, &error),
            Refused::TooLarge => PatternError::TooLarge,
        })
    }

    /// Whether the expression occurs in `text`.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text.as_bytes())
    }

    /// Where the expression first occurs in `text`, in bytes.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<usize> {
        self.regex.find(text.as_bytes()).map(|found| found.start)
    }

    /// Whether the expression occurs in the cleaned text of `line`; a plain line is tested where it lies.
    #[must_use]
    pub fn matches(&self, line: &Line<'_>) -> bool {
        self.matches_with(line, &mut Vec::new())
    }

    /// The same, with a buffer that is used again from line to line.
    pub(super) fn matches_with(&self, line: &Line<'_>, buffer: &mut Vec<u8>) -> bool {
        if line.is_plain() {
            return self.regex.is_match(line.raw);
        }
        clean_into(line.raw, buffer);
        self.regex.is_match(buffer)
    }
}

/// How the expressions of callers are read.
pub(super) fn settings(ignore_case: bool) -> Settings {
    Settings { unicode: true, ignore_case, program_bytes: PROGRAM_LIMIT_BYTES, automaton_bytes: AUTOMATON_LIMIT_BYTES }
}

fn syntax_error(source: &str, error: &regex_syntax::Error) -> PatternError {
    let (span, reason) = match error {
        regex_syntax::Error::Parse(error) => (Some(*error.span()), error.kind().to_string()),
        regex_syntax::Error::Translate(error) => (Some(*error.span()), error.kind().to_string()),
        other => (None, other.to_string()),
    };
    let at = span.map_or(0, |span| span.start.offset);
    let before = source.get(..at).unwrap_or(source);
    let near: String = source.get(at..).unwrap_or_default().chars().take(12).collect();
    let near = if near.is_empty() { "the end".to_owned() } else { format!("\"{near}\"") };
    PatternError::Syntax { position: before.chars().count() + 1, near, reason }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal(source: &str) -> String {
        Pattern::new(source, false).unwrap_err().to_string()
    }

    #[test]
    fn errors_name_the_character_that_is_wrong() {
        assert_eq!(refusal("é(abc"), "pattern is invalid at character 2 (\"(abc\"): unclosed group");
        assert_eq!(
            refusal("a[z-b]"),
            "pattern is invalid at character 3 (\"z-b]\"): invalid character class range, the start must be <= the end"
        );
        assert!(refusal("(?=x)").contains("look-around"), "{}", refusal("(?=x)"));
        assert!(refusal(r"(a)\1").contains("backreferences"), "{}", refusal(r"(a)\1"));
        assert!(refusal("*").starts_with("pattern is invalid at character 1"), "{}", refusal("*"));
    }

    #[test]
    fn empty_long_and_exploding_patterns_are_refused() {
        assert_eq!(Pattern::new("", false).unwrap_err(), PatternError::Empty);
        assert_eq!(Pattern::new(&"a".repeat(1001), false).unwrap_err(), PatternError::TooLong(1001));
        assert_eq!(Pattern::new(r"(\w{100}){100}", false).unwrap_err(), PatternError::TooLarge);
    }

    #[test]
    fn case_is_ignored_only_on_request_also_beyond_ascii() {
        assert!(!Pattern::new("fehler ä", false).unwrap().is_match("FEHLER Ä"));
        assert!(Pattern::new("fehler ä", true).unwrap().is_match("FEHLER Ä"));
    }

    #[test]
    fn a_match_across_a_colour_change_is_found_and_one_inside_a_note_is_not() {
        let line = |raw| Line { number: 1, offset: 0, end: 0, raw, dropped: 0 };
        assert!(Pattern::new("ERROR: pool", false).unwrap().matches(&line(b"\x1b[31mERROR\x1b[0m: pool")));
        assert!(!Pattern::new("4KFvKL", false).unwrap().matches(&line(b"\x1b[8mha:////4KFvKLz\x1b[0mx")));
    }

    proptest! {
        #[test]
        fn no_pattern_panics(source in "\\PC{0,40}", text in "\\PC{0,40}") {
            if let Ok(pattern) = Pattern::new(&source, true) {
                let _ = pattern.is_match(&text);
            }
        }
    }
}
