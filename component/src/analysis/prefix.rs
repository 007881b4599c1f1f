//! Removes what other programs put in front of a line, so that a rule sees what the tool printed.
//!
//! Known prefixes: the Timestamper plugin and application clocks (`[2026-01-31T10:00:00.000Z] `,
//! `10:00:00  `, fastlane's `[10:00:00]: ▸ `, Bazel's `(10:00:00) `), `stderr: ` of the git plugin, BuildKit (`#12 3.456 `), Ant tasks (`    [javac] `), Compose (`web-1  | `), runners of workspaces
//! (`web:build: `, `packages/web build: `).
//! Anything else is left as it is. Only a view is returned; line numbers and byte offsets stay
//! those of the whole line.

use std::borrow::Cow;

/// The line without its known prefixes.
pub(crate) fn peel(line: &str) -> &str {
    peel_where(line, true)
}

/// The same, knowing whether BuildKit has written at all: it ends with a summary whose lines begin with a bare number of
/// seconds, and a number may begin the message of anybody else.
pub(super) fn peel_where(line: &str, builds_images: bool) -> &str {
    let mut text = line;
    // A prefix may stand in front of another: timestamper, then BuildKit. Three is all that is seen.
    for _ in 0..3 {
        let peeled = clock(text)
            .or_else(|| marked(text))
            .or_else(|| buildkit(text, builds_images))
            .or_else(|| ant(text))
            .or_else(|| compose(text))
            .or_else(|| runner(text));
        match peeled {
            Some(shorter) => text = shorter,
            None => break,
        }
    }
    text
}

/// The line with typographic quotation marks as plain ones: gcc, make and Jenkins use either by
/// locale, and patterns are written for the plain ones.
pub(super) fn plain_quotes(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.contains(['‘', '’', '“', '”']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(['‘', '’'], "'").replace(['“', '”'], "\""))
}

/// `[2026-01-31T10:00:00.000Z] `, `2026-01-31 10:00:00,123 `, `10:00:00  `.
fn clock(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let bracketed = bytes.first() == Some(&b'[');
    let start = usize::from(bracketed);
    if !bytes.get(start)?.is_ascii_digit() {
        return None;
    }
    let mut colons = 0;
    let mut end = start;
    for byte in bytes.get(start..)?.iter().take(40) {
        match byte {
            b':' => colons += 1,
            b'0'..=b'9' | b'-' | b'T' | b'.' | b',' | b'Z' | b'+' | b'/' | b' ' => {}
            _ => break,
        }
        end += 1;
    }
    if colons < 2 || end - start < 8 {
        return None;
    }
    if bracketed {
        // fastlane ends its clock with a colon, and marks what Xcode says.
        let rest = text.get(end..)?.strip_prefix("]")?;
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        return Some(rest.strip_prefix("▸ ").unwrap_or(rest));
    }
    // The run may have swallowed some of the message: a clock ends with the word that has its second colon. The indentation
    // behind it is the message's own.
    let run = text.get(..end)?;
    let (second, _) = run.match_indices(':').nth(1)?;
    let clock_end = second + run.get(second..)?.find(' ')?;
    let clock = run.get(..clock_end)?;
    if clock.len() < 8 {
        return None;
    }
    let rest = text.get(clock_end..)?;
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    // The Timestamper's short form has two spaces, and no date.
    let short = !clock.contains(['-', '/', 'T']);
    Some(if short { rest.strip_prefix(' ').unwrap_or(rest) } else { rest })
}

/// `(10:00:00) `, as Bazel writes it, and `stderr: ` where the git plugin quotes what git said.
fn marked(text: &str) -> Option<&str> {
    let Some(inner) = text.strip_prefix('(') else { return text.strip_prefix("stderr: ") };
    let (clock, rest) = inner.split_once(") ")?;
    (clock.len() == 8 && clock.bytes().all(|b| b.is_ascii_digit() || b == b':')).then_some(rest)
}

/// Whether BuildKit wrote the line: one of its first words is the number of a step (`#12 `).
pub(super) fn is_of_buildkit(line: &str) -> bool {
    let is_step = |word: &str| word.strip_prefix('#').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    line.contains('#') && line.split(' ').take(3).any(is_step)
}

/// `#12 3.456 text`, and `3.456 text` as in the summary that BuildKit prints at the end.
fn buildkit(text: &str, builds_images: bool) -> Option<&str> {
    let rest = match text.strip_prefix('#') {
        Some(rest) => rest.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(' ')?,
        None if builds_images => text,
        None => return None,
    };
    let fraction = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let after = fraction.strip_prefix('.')?;
    let tail = after.trim_start_matches(|c: char| c.is_ascii_digit());
    let (whole, digits) = (rest.len() - fraction.len(), after.len() - tail.len());
    (whole > 0 && (2..=3).contains(&digits)).then(|| tail.strip_prefix(' '))?
}

/// `    [javac] text`.
fn ant(text: &str) -> Option<&str> {
    let inner = text.trim_start().strip_prefix('[')?;
    ["javac] ", "exec] ", "junit] ", "java] "].iter().find_map(|task| inner.strip_prefix(task))
}

/// `web-1  | text` and `web_1 | text`.
fn compose(text: &str) -> Option<&str> {
    let (service, rest) = text.split_once('|')?;
    let service = service.trim_end();
    let numbered = service
        .rfind(['-', '_'])
        .is_some_and(|at| service.get(at + 1..).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())));
    let named = service.starts_with(|c: char| c.is_ascii_lowercase())
        && service.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    (numbered && named).then(|| rest.strip_prefix(' '))?
}

/// `web:build: text` (Turborepo, moon) and `packages/web build: text` (pnpm -r).
fn runner(text: &str) -> Option<&str> {
    const SCRIPTS: [&str; 9] = ["build", "test", "lint", "typecheck", "compile", "check", "e2e", "bundle", "ci"];
    let (who, rest) = text.split_once(": ")?;
    let (package, script) = who.rsplit_once([':', ' '])?;
    let plain = package.starts_with(|c: char| c == '@' || c.is_ascii_lowercase())
        && package.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'@' | b'/' | b'-' | b'_' | b'.'));
    // Two words may be a sentence: a package of a workspace is a path then.
    let named = who.contains(':') || package.contains('/');
    (plain && named && SCRIPTS.contains(&script)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::{peel, peel_where};

    #[test]
    fn the_prefixes_of_jenkins_docker_and_ant_are_removed() {
        assert_eq!(peel("[2026-11-24T00:58:41.066Z] make: *** [all] Error 1"), "make: *** [all] Error 1");
        assert_eq!(peel("00:58:41  main.c:6:1: error: x"), "main.c:6:1: error: x");
        assert_eq!(peel("2026-11-24 01:03:02.295 ERROR [vu-00] pool"), "ERROR [vu-00] pool");
        assert_eq!(peel("00:58:41    AssertionError: x"), "  AssertionError: x");
        assert_eq!(peel("2026-11-24T00:58:41.066Z     --- FAIL: TestTax/DE (0.00s)"), "    --- FAIL: TestTax/DE (0.00s)");
        assert_eq!(peel("2026-11-24 01:03:02 12 files failed"), "12 files failed");
        assert_eq!(peel("web:build: src/cart.ts(14,9): error TS2304: x"), "src/cart.ts(14,9): error TS2304: x");
        assert_eq!(peel("packages/web test: FAIL src/a.test.ts > x"), "FAIL src/a.test.ts > x");
        assert_eq!(peel("#12 3.456 npm ERR! code E404"), "npm ERR! code E404");
        assert_eq!(peel("[2026-11-24T00:58:41.066Z] #9 0.31 E: Unable"), "E: Unable");
        assert_eq!(peel("    [javac] Foo.java:3: error: x"), "Foo.java:3: error: x");
        assert_eq!(peel("db-1  | FATAL: no such role"), "FATAL: no such role");
        assert_eq!(peel("[14:38:27]: ▸ ** ARCHIVE FAILED **"), "** ARCHIVE FAILED **");
        assert_eq!(peel("[17:26:16]: Error: Exit status: 74"), "Error: Exit status: 74");
        assert_eq!(peel("(09:13:44) ERROR: /ws/BUILD:41:11: x"), "ERROR: /ws/BUILD:41:11: x");
        assert_eq!(peel("stderr: fatal: bad object"), "fatal: bad object");
        assert_eq!(peel("35.78 Error: x"), "Error: x");
        assert_eq!(peel_where("17.68 != 17.7", false), "17.68 != 17.7");
        assert_eq!(peel_where("#9 17.68 != 17.7", false), "!= 17.7");
    }

    #[test]
    fn what_only_resembles_a_prefix_stays() {
        for line in [
            "[INFO] BUILD SUCCESS",
            "9 |     let label: &str = total;",
            "main.c:6:1: error: x",
            "12 passed in 0.04s",
            "3:10  error  'x' is not defined  no-undef",
            "#12 ERROR: process did not complete",
            "1.5 ms",
            "10:20 noon",
            "make test: nothing to do",
            "error in build: x",
        ] {
            assert_eq!(peel(line), line);
        }
    }
}
