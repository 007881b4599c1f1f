//! Tells lines that report an error or a warning from those that merely contain such letters.
//!
//! Words count, not substrings: `terror`, `-Werror`, `error.log`, `onerror=`, `0 errors`, `no error` and
//! `continue-on-error` report nothing. It is a count for a summary and a hint what to look at first; what a failure
//! means is for the rules of the build tools to say.

use std::sync::LazyLock;

use super::regex::Regex;

use super::lines::Line;

/// What a line reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Neither of the others.
    Normal,
    /// Something to look at.
    Warning,
    /// Something went wrong.
    Error,
}

/// Candidates; the neighbours of each decide.
static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u)(?i:\b(?:errors?|fatal|panic(?:ked)?|fail(?:ed|ure|ures|s)?|aborted|traceback|err|warn(?:ings?)?)\b|[a-z](?:error|exception)\b|\bexception\b)")
        .ok()
});

/// Judges a cleaned line by its words.
#[must_use]
pub fn severity(text: &str) -> Severity {
    let Some(words) = WORDS.as_ref() else { return Severity::Normal };
    let mut worst = Severity::Normal;
    for found in words.find_iter(text.as_bytes()) {
        let before = text.get(..found.start).unwrap_or_default();
        let after = text.get(found.end..).unwrap_or_default();
        let word = text.get(found).unwrap_or_default();
        if !reports(before, word, after) {
            continue;
        }
        if !word.to_ascii_lowercase().starts_with("warn") {
            return Severity::Error;
        }
        worst = Severity::Warning;
    }
    worst
}

/// Whether the word stands in a report, and not in a name, a path, an option or a denial.
fn reports(before: &str, word: &str, after: &str) -> bool {
    // `[a-z]error` is the end of a class name: `ImportError`, not `terror` or `onerror`.
    if let Some(tail) = word.get(1..)
        && (tail.eq_ignore_ascii_case("error") || tail.eq_ignore_ascii_case("exception"))
        && !tail.starts_with(['E'])
    {
        return false;
    }
    if before.ends_with(['-', '_', '/', '\\', '.', '@', '$', '=']) && !before.ends_with("--- ") {
        // `java.lang.Error` and `urllib.error.URLError` are reports: a dotted name in front of a class name.
        let class = word.starts_with(|c: char| c.is_ascii_uppercase()) && before.ends_with('.');
        if !class {
            return false;
        }
    }
    let mut next = after.chars();
    match (next.next(), next.next()) {
        (Some('-' | '_' | '/' | '\\' | '('), _) => return false,
        (Some('.'), Some(c)) if c.is_ascii_alphanumeric() => return false,
        (Some('='), Some(c)) if !c.is_ascii_digit() || c == '0' => return false,
        _ => {}
    }
    if after.trim_start_matches([':', '=', ' ']).starts_with('0') && after.starts_with([':', '=']) {
        let count = after.trim_start_matches([':', '=', ' ']);
        return count.chars().nth(1).is_some_and(|c| c.is_ascii_alphanumeric());
    }
    !denied(before)
}

/// `0 errors`, `no errors`, `without failure`.
fn denied(before: &str) -> bool {
    let last = before.trim_end().rsplit(|c: char| c.is_whitespace() || c == '(' || c == ',').next().unwrap_or_default();
    before.ends_with(' ') && ["0", "no", "without", "ignore", "if", "on"].iter().any(|word| last.eq_ignore_ascii_case(word))
}

/// What a log consists of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogStats {
    /// Lines seen.
    pub lines: u64,
    /// Lines that report an error.
    pub errors: u64,
    /// Lines that report a warning and no error.
    pub warnings: u64,
}

impl LogStats {
    /// Counts the line and says what it reports.
    pub fn observe(&mut self, line: &Line<'_>) -> Severity {
        self.lines += 1;
        let found = severity(&line.text());
        match found {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Normal => {}
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::LineScanner;
    use super::*;

    #[test]
    fn reports_of_errors_are_recognised() {
        let errors = [
            "error[E0308]: mismatched types",
            "shop/pricing.py:3: error: Incompatible types",
            "ERROR: script returned exit code 2",
            "fatal: repository not found",
            "thread 'main' panicked at src/main.rs:3",
            "E   AssertionError: assert 1 == 2",
            "java.lang.NullPointerException: null",
            "FAILED tests/test_pricing.py::test_tax - assert",
            "BUILD FAILURE",
            "Traceback (most recent call last):",
            "npm ERR! code 1",
            "Tests run: 4, Failures: 1, Errors: 0",
            "Finished: FAILURE",
            "2 errors generated.",
            "[ERROR] Failed to execute goal",
            "Caused by: java.io.IOException",
            "2026-11-24 ERROR [vu-1] pool exhausted",
            "java.lang.Error: boom",
            "errors=3",
        ];
        for line in errors {
            assert_eq!(severity(line), Severity::Error, "{line}");
        }
    }

    #[test]
    fn words_that_only_contain_the_letters_report_nothing() {
        let normal = [
            "reign of terror",
            "gcc -Werror -Wall a.c",
            "tail /var/log/error.log",
            "0 errors, 0 warnings",
            "no errors found",
            "continue-on-error: true",
            "img onerror=alert",
            "errors: 0",
            "failed=0",
            "Failures: 0, Errors: 0",
            "test_error_handling PASSED",
            "copying src/errors/mod.rs",
            "failover to replica",
            "--fail-fast",
            "warning_count=0",
            "Compiling thiserror v2.0.21",
            "handle_error(x)",
        ];
        for line in normal {
            assert_eq!(severity(line), Severity::Normal, "{line}");
        }
    }

    #[test]
    fn warnings_are_less_than_errors() {
        for line in [
            "warning: unused variable: `x`",
            "[WARN] deprecated",
            "3 warnings generated.",
            "npm WARN deprecated foo@1",
            "WARNING: no lockfile",
        ] {
            assert_eq!(severity(line), Severity::Warning, "{line}");
        }
        assert_eq!(severity("warning: treated as error: x"), Severity::Error);
    }

    #[test]
    fn statistics_count_lines_by_what_they_report() {
        let mut stats = LogStats::default();
        let mut scanner = LineScanner::new();
        let log = b"ok\n\x1b[31mERROR\x1b[0m: down\nwarning: x\n0 errors\n";
        scanner.push(log, |line| {
            stats.observe(&line);
        });
        assert_eq!(stats, LogStats { lines: 4, errors: 1, warnings: 1 });
    }
}
