//! What a log line says apart from what differs in every build: times, durations, sizes, ids, temporary names.
//!
//! Two lines of equal shape say the same. Small numbers and versions stay: `2 failed` is not `0 failed`, and `3.11` is
//! not `3.12`. It errs on the side of calling lines different.

use crate::analysis::peel;

/// Units after which a number is a measure.
const UNITS: [&str; 29] = [
    "ms", "s", "sec", "secs", "second", "seconds", "m", "min", "mins", "minute", "minutes", "h", "us", "ns", "b", "byte", "bytes", "kb",
    "mb", "gb", "kib", "mib", "gib", "kbps", "ips", "k", "msec", "hrs", "hours",
];

/// Lines that Jenkins and git write about the build itself: they differ always, and the answer tells them in other words.
const ABOUT_THE_BUILD: [&str; 19] = [
    "Started by ",
    "Originally caused by",
    " > git ",
    "Commit message: ",
    "Checking out Revision ",
    "Running on ",
    "Building remotely on ",
    "Building in workspace ",
    "Obtained ",
    "Finished: ",
    "using credential ",
    "Fetching ",
    "Cloning ",
    "Seen branch in repository",
    "First time build",
    "Merging ",
    "Previous build result",
    "Running in ",
    "Resume disabled",
];

/// Whether a line is about the build itself, or empty.
pub(super) fn is_about_the_build(line: &str) -> bool {
    let line = peel(line);
    line.trim().is_empty() || ABOUT_THE_BUILD.iter().any(|start| line.starts_with(start))
}

/// Writes the shape of a line into `out`, which it empties first.
pub(super) fn shape(line: &str, out: &mut String) {
    out.clear();
    let mut rest = peel(line).trim_end();
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let length = match c {
            _ if c.is_ascii_digit() && !before.is_ascii_alphanumeric() => number(rest, before, out),
            _ if c.is_ascii_alphanumeric() && !before.is_ascii_alphanumeric() => word(rest, out),
            _ => {
                out.push(c);
                c.len_utf8()
            }
        };
        let (done, left) = rest.split_at(length.min(rest.len()).max(c.len_utf8()));
        before = done.chars().next_back().unwrap_or(' ');
        rest = left;
    }
}

fn prefix(text: &str, wanted: impl Fn(u8) -> bool) -> &str {
    let length = text.bytes().take_while(|b| wanted(*b)).count();
    text.get(..length).unwrap_or(text)
}

/// An id of hex digits with the groups that follow it, as in a UUID; 0 when there is none.
fn id(text: &str) -> usize {
    let token = prefix(text, |b| b.is_ascii_alphanumeric());
    let hex = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_hexdigit());
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    if token.len() < 7 || !hex(token) || digits == 0 {
        return 0;
    }
    let mut length = token.len();
    while let Some(group) =
        text.get(length..).and_then(|rest| rest.strip_prefix('-')).map(|rest| prefix(rest, |b| b.is_ascii_alphanumeric()))
    {
        if !hex(group) {
            break;
        }
        length += 1 + group.len();
    }
    length
}

fn number(text: &str, before: char, out: &mut String) -> usize {
    let hex = text.starts_with("0x").then(|| prefix(text, |b| b.is_ascii_alphanumeric()).len());
    if let Some(length) = hex.or(Some(id(text)).filter(|n| *n > 0)) {
        out.push('#');
        return length;
    }
    let run = prefix(text, |b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b':')).trim_end_matches(['.', ',', ':']);
    let after = text.get(run.len()..).unwrap_or_default();
    let unit = prefix(after.strip_prefix(' ').unwrap_or(after), |b| b.is_ascii_alphabetic()).to_ascii_lowercase();
    let measure = UNITS.contains(&unit.as_str()) || after.starts_with('%');
    let clock = before != ':' && run.split(':').skip(1).all(|part| part.len() == 2) && run.contains(':') && !run.contains('.');
    let counter = matches!(before, '#' | '@') && !run.contains('.');
    let long = run.bytes().filter(u8::is_ascii_digit).count() >= 6 && run.matches('.').count() < 2;
    out.push_str(if measure || clock || counter || long { "#" } else { run });
    // `5s` and `12kB` are one measure with their unit.
    run.len()
}

/// A word; a random name or a long number in it is blanked.
fn word(text: &str, out: &mut String) -> usize {
    let blank = id(text);
    if blank > 0 {
        out.push('#');
        return blank;
    }
    let token = prefix(text, |b| b.is_ascii_alphanumeric() || b == b'_');
    if token.len() >= 8 && token.starts_with("tmp") {
        out.push('#');
        return token.len();
    }
    let mut digits = String::new();
    for c in token.chars().chain(['.']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        out.push_str(if digits.len() >= 6 { "#" } else { &digits });
        digits.clear();
        out.push(c);
    }
    out.pop();
    token.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        let (mut a, mut b) = (String::new(), String::new());
        shape(one, &mut a);
        shape(other, &mut b);
        a == b
    }

    #[test]
    fn what_differs_in_every_build_makes_no_difference() {
        for (one, other) in [
            ("[2026-11-24T00:58:41.066Z] make all", "[2026-11-25T01:02:03.456Z] make all"),
            ("00:58:41  make all", "01:02:03  make all"),
            ("===== 12 passed in 0.04s =====", "===== 12 passed in 11.27s ====="),
            ("BUILD SUCCESS, total time:  01:02 min", "BUILD SUCCESS, total time:  03:41 min"),
            ("HEAD is now at 9f344ce Add rounding", "HEAD is now at f6063ee Add rounding"),
            ("container 3f2b8c1d-0e5a-4b7c-9d1e-2a3b4c5d6e7f up", "container 00000000-1111-2222-3333-444444444444 up"),
            ("/ws/shop@2/durable-1a2b3c4d/script.sh", "/ws/shop@3/durable-9f8e7d6c/script.sh"),
            ("Downloaded (12 kB at 300 kB/s)", "Downloaded (12 kB at 41 kB/s)"),
            ("#7 [2/4] RUN make", "#9 [2/4] RUN make"),
            ("writing /tmp/tmpx3k9q2/out", "writing /tmp/tmp8sd7f6a/out"),
            ("pid 1234567 at 0x7ffe12ab", "pid 7654321 at 0x55d0aa01"),
        ] {
            assert!(same(one, other), "{one} / {other}");
        }
    }

    #[test]
    fn what_a_person_would_notice_makes_a_difference() {
        for (one, other) in [
            ("2 failed, 10 passed in 1.2s", "0 failed, 12 passed in 1.2s"),
            ("Using Python 3.11.9", "Using Python 3.12.3"),
            ("main.c:6:1: error: x", "main.c:7:1: error: x"),
            ("Installing left-pad@1.3.0", "Installing left-pad@1.4.0"),
            ("exit code 1", "exit code 2"),
        ] {
            assert!(!same(one, other), "{one} / {other}");
        }
    }

    #[test]
    fn lines_about_the_build_itself_do_not_count() {
        assert!(is_about_the_build("[2026-11-24T00:58:41.066Z] Started by user lin") && is_about_the_build("  "));
        assert!(!is_about_the_build("Started the engine"));
    }
}
