//! How answers are put into words: the pieces that all tools share.
//!
//! The rule for every answer: what decides comes first, one line per item, an empty state says why it is empty, what
//! was left out is said in numbers, and the last line names the next call. Untrusted text stands quoted or behind `| `.

use crate::call::Call;
use crate::jenkins::builds::Build;
use crate::text::redact::{self, Redactor};
use crate::text::{budget, fence, human, names};

/// Characters of a commit message, a test name or a description in a line.
pub(crate) const INLINE_CHARS: usize = 120;

/// The quoted, redacted, bounded form of text that somebody else wrote.
pub(crate) fn quote(call: &Call, text: &str) -> String {
    fence::inline(&redacted(call, text), INLINE_CHARS)
}

/// Untrusted text without its secrets and without what nobody sees.
pub(crate) fn redacted(call: &Call, text: &str) -> String {
    redactor(call).redact(&fence::visible(text)).into_owned()
}

/// Takes secrets out, those that this instance knows and those that the call came across included.
pub(crate) fn redactor(call: &Call) -> Redactor {
    let known = call.app().settings().secrets.iter().cloned();
    Redactor::with_known(known.chain(call.revealed()))
}

/// `; 2 secrets hidden`, for the head of an answer that shows these lines; empty when there are none.
pub(crate) fn hidden<S: AsRef<str>>(lines: impl IntoIterator<Item = S>) -> String {
    match lines.into_iter().map(|line| redact::count(line.as_ref())).sum() {
        0 => String::new(),
        count => format!("; {} hidden", human::count(count, "secret")),
    }
}

/// Cuts a list of a record to what the text shows of it: a record lists no more than its text, so that `max-tokens` bounds
/// both. `section` is the place of the list's section in the answer.
pub(crate) fn keep<T>(list: &mut Vec<T>, rendered: &budget::Rendered, section: usize) {
    if let Some(shown) = rendered.shown.get(section) {
        list.truncate(*shown);
    }
}

/// `3h ago`; empty when it has not begun.
pub(crate) fn ago(call: &Call, at_ms: Option<u64>) -> String {
    at_ms.map(|at| human::age(signed(call.now_ms()), signed(at))).unwrap_or_default()
}

/// RFC 3339 in UTC.
pub(crate) fn timestamp(at_ms: Option<u64>) -> Option<String> {
    at_ms.map(|at| human::rfc3339(signed(at)))
}

/// `#28 UNSTABLE 3h ago, took 3.4s`.
pub(crate) fn build_line(call: &Call, build: &Build) -> String {
    let mut line = format!("#{} {}", build.number, build.result());
    let now = call.now_ms();
    if build.building {
        let running = build.elapsed_ms(now).map(human::duration).unwrap_or_default();
        line.push_str(&format!(" for {running}"));
        if let Some(percent) = build.progress_percent(now) {
            line.push_str(&format!(" (about {percent}%)"));
        }
        if build.result.is_some() {
            line.push_str(", still running");
        }
        return line;
    }
    if let Some(started) = build.timestamp {
        line.push_str(&format!(" {}", ago(call, Some(started))));
    }
    if let Some(took) = build.elapsed_ms(now) {
        line.push_str(&format!(", took {}", human::duration(took)));
    }
    line
}

/// The first 8 characters of a commit, quoted when they are none of an id.
pub(crate) fn short(commit: &str) -> String {
    names::shown(&commit.chars().take(8).collect::<String>())
}

/// A name from a Jenkinsfile or a job: as it is when it is plain, quoted when it holds anything odd.
pub(crate) fn name(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '/' | '+' | ':' | '=');
    let words = text.split(' ').count();
    if !text.is_empty() && text.len() <= 60 && words <= 6 && text.chars().all(plain) { text.to_owned() } else { fence::inline(text, 60) }
}

/// Parts that a note names of those that are missing for one reason.
const NOTED: usize = 3;

/// Renders an answer, and says in the call what was left out of its text. What Jenkins would not give stands in it as well:
/// silence about it would read as if there were nothing.
pub(crate) fn render(call: &Call, answer: &budget::Answer) -> budget::Rendered {
    let told = |(part, reason): &(String, String)| answer.tells(&format!("{part}: {reason}"));
    let untold: Vec<(String, String)> = call.refused().into_iter().filter(|lack| !told(lack)).collect();
    let rendered = if untold.is_empty() { answer.render() } else { with_notes(answer.clone(), &untold).render() };
    for loss in &rendered.losses {
        call.lacks(format!("text shows {} of {}, for max-tokens {}", loss.shown, human::count(loss.total, &loss.noun), call.max_tokens()));
    }
    rendered
}

/// One note per reason: what misses a permission mostly does so in many places.
fn with_notes(mut answer: budget::Answer, untold: &[(String, String)]) -> budget::Answer {
    let mut reasons: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for (part, reason) in untold {
        // Who misses which permission is the same for all parts; what it is missed on is not.
        let kind = reason.split(" for ").next().unwrap_or(reason);
        match reasons.iter_mut().find(|(known, _, _)| *known == kind) {
            Some((_, _, parts)) => parts.push(part),
            None => reasons.push((kind, reason, vec![part])),
        }
    }
    for (kind, reason, parts) in reasons {
        let reason = if parts.len() > 1 { kind } else { reason };
        let more = parts.len().saturating_sub(NOTED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let shown: Vec<&str> = parts.into_iter().take(NOTED).collect();
        answer.head(format!("note: without {}{more}: {reason}", shown.join(", ")));
    }
    answer
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}
