//! Secrets that are recognised by their own shape or by the syntax around them, whatever they are called.
//!
//! | what | recognised by |
//! |---|---|
//! | `Authorization:`, `Bearer x`, `Cookie:` | the header |
//! | `scheme://user:password@host` | the URL |
//! | `?sig=x`, `&X-Amz-Signature=x` | the parameter of a signed URL |
//! | base64 of `user:password`, or of text that holds a secret | decoding it |

use std::ops::Range;
use std::sync::LazyLock;

use crate::text::regex::Regex;

use super::values::decode_printable;
use super::values::is_harmless;
use super::values::is_user_and_password;
use super::values::looks_random;
use super::values::looks_secret;

static AUTHORIZATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i)authorization\\?["']?\s*[:=]\s*\\?["']?(?:(?:bearer|basic|token|digest|negotiate|apikey|bot)\s+)?([^\s"'\\,;]+)"#)
        .ok()
});
static SCHEME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?i)(?-u:\b)(?:bearer|basic)\s+([a-z0-9._~+/\-]{8,}=*)").ok());
static COOKIE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"(?i)(?-u:\b)(?:set-)?cookie\s*:\s*([^\s"'=]+=[^"']+)"#).ok());
static USERINFO: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"://([^\s/?#"'<>@:]*)(?::([^\s/"'<>]*))?@"#).ok());
static JDBC_ORACLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?i)jdbc:oracle:[a-z0-9]+:[^\s/@]+/([^\s@]+)@").ok());
static SIGNATURE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i)[?&;](?:code|sig|signature|x-(?:amz|goog)-signature)=([^&\s"'<>]{16,})"#).ok());
/// The client secrets of Azure's directory have no prefix, but a mark in their middle.
static DIRECTORY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[A-Za-z0-9_~.\-]{3}[0-9]Q~[A-Za-z0-9_~.\-]{31,34}").ok());
/// Adds the places of all such secrets in `line` to `found`.
pub(super) fn find(line: &str, known: &[String], found: &mut Vec<Range<usize>>) {
    if contains_ignoring_case(line, "authorization") {
        let scheme = |value: &str| {
            ["negotiate", "ntlm", "basic", "bearer", "digest", "token"].iter().any(|scheme| value.eq_ignore_ascii_case(scheme))
        };
        groups(&AUTHORIZATION, line, found, |value| !is_harmless(value) && !scheme(value));
    }
    if contains_ignoring_case(line, "bearer ") || contains_ignoring_case(line, "basic ") {
        groups(&SCHEME, line, found, |value| looks_secret(value) || looks_random(value));
    }
    if contains_ignoring_case(line, "cookie") {
        groups(&COOKIE, line, found, |_| true);
    }
    if line.contains('@') {
        userinfo(line, found);
        groups(&JDBC_ORACLE, line, found, |value| !is_harmless(value));
    }
    if line.contains('?') {
        groups(&SIGNATURE, line, found, |value| !is_harmless(value));
    }
    if line.contains("Q~") {
        found.extend(DIRECTORY.iter().flat_map(|regex| regex.find_iter(line.as_bytes())));
    }
    encoded(line, known, found);
}

/// `needle` is in small letters.
fn contains_ignoring_case(line: &str, needle: &str) -> bool {
    let Some(first) = needle.bytes().next() else { return true };
    let mut starts = memchr::memchr2_iter(first, first.to_ascii_uppercase(), line.as_bytes());
    starts.any(|at| line.get(at..at + needle.len()).is_some_and(|part| part.eq_ignore_ascii_case(needle)))
}

/// Places of the first group that matched, if `secret` agrees.
pub(super) fn groups(regex: &LazyLock<Option<Regex>>, line: &str, found: &mut Vec<Range<usize>>, secret: impl Fn(&str) -> bool) {
    let Some(regex) = regex.as_ref() else { return };
    for groups in regex.groups_iter(line.as_bytes()) {
        let value = groups.inner().next();
        found.extend(value.filter(|value| line.get(value.clone()).is_some_and(&secret)));
    }
}

/// Passwords in URLs, and user names that are tokens. The name of a user stays.
fn userinfo(line: &str, found: &mut Vec<Range<usize>>) {
    let Some(userinfo) = USERINFO.as_ref() else { return };
    for groups in userinfo.groups_iter(line.as_bytes()) {
        let text = |group: Option<Range<usize>>| group.and_then(|place| line.get(place)).unwrap_or_default();
        let (user, password) = (text(groups.get(1)), text(groups.get(2)));
        if groups.get(2).is_some() && is_password(password) {
            found.extend(groups.get(2));
        } else if password.is_empty() && (looks_random(user) || super::values::is_hash(user) && user.len() >= 32) {
            found.extend(groups.get(1));
        }
    }
}

/// In this place even a word of prose is a password; a variable or a mask is none.
fn is_password(text: &str) -> bool {
    let word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    word || !is_harmless(text)
}

/// Runs of base64 that decode to credentials, or to text in which a secret is found.
fn encoded(line: &str, known: &[String], found: &mut Vec<Range<usize>>) {
    const SHORTEST: usize = 16; // `user:password` of twelve characters
    let mut start = None;
    for (at, byte) in line.bytes().chain([b' ']).enumerate() {
        let member = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=');
        match (start, member) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                start = None;
                if at - from >= SHORTEST {
                    candidate(line, from..at, known, found);
                }
            }
            _ => {}
        }
    }
}

fn candidate(line: &str, place: Range<usize>, known: &[String], found: &mut Vec<Range<usize>>) {
    let Some(run) = line.get(place.clone()) else { return };
    // `key=value` holds a `=` too: base64 has it at its end only.
    let skip = run.trim_end_matches('=').rfind('=').map_or(0, |at| at + 1);
    let run = run.get(skip..).unwrap_or_default();
    if let Some(text) = decode_printable(run)
        && (is_user_and_password(&text) || known.iter().any(|secret| text.contains(secret.as_str())) || super::keyed::any(&text))
    {
        found.push(place.start + skip..place.end);
    }
}
