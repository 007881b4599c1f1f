//! Console logs and the offset rules of `logText/progressiveText`.
//!
//! The raw log has LF line ends and console notes; the progressive body has CRLF,
//! the plain one (`consoleText`) LF and no notes; offsets count the raw log. Where
//! only the size of the raw log was recorded, notes of the missing length are put
//! in front of the lines that carry them, so that all three agree with the
//! recordings. Where a recording keeps only the two ends of a log, its middle
//! comes from the plain text.

use super::{
    auth::User,
    biglog::BigLog,
    paths::Target,
    recordings::Recordings,
    reply::{Reply, SimBody},
};
use anyhow::Result;
use bytes::Bytes;

const NOTE_OPEN: &[u8] = b"\x1b[8mha:////";
const NOTE_CLOSE: &[u8] = b"\x1b[0m";

/// The log of one build.
#[derive(Clone)]
pub(crate) enum Log {
    /// Raw bytes, and whether the build still writes.
    Raw(Bytes, bool),
    /// Made up on the way out.
    Generated(BigLog),
}

impl Log {
    /// The log of a recorded build, if any of it was recorded.
    pub(crate) fn recorded(recordings: &Recordings, build: &str) -> Result<Option<Self>> {
        let find = |method: &str, path: &str| recordings.find(User::Admin, method, &Target::parse(&format!("{build}/{path}")));
        let start = "logText/progressiveText?start=0";
        let head = find("GET", start);
        let Some(any) = head.or_else(|| find("HEAD", start)).or_else(|| find("GET", "consoleText")) else {
            return Ok(None);
        };
        let running = any.headers.contains_key("X-More-Data");
        if let Some(head) = head.filter(|head| !head.cut) {
            return Ok(Some(Self::Raw(lf(&head.kept()?), running)));
        }
        let Some(plain) = find("GET", "consoleText").filter(|plain| plain.status == 200) else {
            return Ok(None);
        };
        let plain = plain.kept()?;
        let size = any.headers.get("X-Text-Size").and_then(|size| size.parse().ok()).unwrap_or(plain.len());
        let head = head.map(|head| head.kept()).transpose()?.map(|head| lf(&head));
        let tail = longest_tail(recordings, build, size)?;
        Ok(Some(Self::Raw(assemble(head.as_deref(), tail.as_deref(), &plain, size), running)))
    }

    fn size(&self) -> u64 {
        match self {
            Self::Raw(raw, _) => raw.len() as u64,
            Self::Generated(log) => log.size(),
        }
    }

    /// The answer to `logText/progressiveText`.
    pub(crate) fn progressive(&self, start: Option<&str>) -> Reply {
        let size = self.size();
        let start: i64 = start.and_then(|start| start.parse().ok()).unwrap_or(0);
        let from = match u64::try_from(start) {
            Ok(start) if start <= size => start,
            // Past the end: the whole log again. Below zero: nothing.
            Ok(_) => 0,
            Err(_) => size,
        };
        let mut reply = Reply::of(200, "text/plain;charset=UTF-8", Bytes::new()).with("X-Text-Size", &size.to_string());
        if matches!(self, Self::Raw(_, true)) {
            reply = reply.with("X-More-Data", "true");
        }
        reply.body(match self {
            Self::Raw(raw, _) => SimBody::Whole(crlf(raw.get(from as usize..).unwrap_or_default())),
            Self::Generated(log) => log.from(from, true),
        })
    }

    /// The answer to `consoleText`.
    pub(crate) fn plain(&self) -> Reply {
        let reply = Reply::of(200, "text/plain;charset=UTF-8", Bytes::new());
        reply.body(match self {
            Self::Raw(raw, _) => SimBody::Whole(without_notes(raw).into()),
            Self::Generated(log) => log.from(0, false),
        })
    }
}

/// The longest recorded end of a log of which no byte is missing.
fn longest_tail(recordings: &Recordings, build: &str, size: usize) -> Result<Option<Bytes>> {
    let path = Target::parse(&format!("{build}/logText/progressiveText")).path();
    let mut best: Option<Bytes> = None;
    for recording in recordings.iter() {
        let target = Target::parse(&recording.path);
        let start = target.param("start").and_then(|start| start.parse::<usize>().ok());
        let wanted = recording.method == "GET" && !recording.cut && target.path() == path;
        if wanted && start.is_some_and(|start| start < size) {
            let tail = lf(&recording.kept()?);
            if best.as_ref().is_none_or(|best| best.len() < tail.len()) {
                best = Some(tail);
            }
        }
    }
    Ok(best)
}

/// A raw log of `size` bytes out of its recorded ends and its plain text.
fn assemble(head: Option<&[u8]>, tail: Option<&[u8]>, plain: &[u8], size: usize) -> Bytes {
    // Recorded ends are cut anywhere; only their whole lines count.
    let head = head.and_then(|head| head.get(..=head.iter().rposition(|byte| *byte == b'\n')?)).unwrap_or_default();
    let tail = tail.and_then(|tail| tail.get(tail.iter().position(|byte| *byte == b'\n')? + 1..)).unwrap_or_default();
    let (from, to) = (without_notes(head).len(), plain.len().saturating_sub(without_notes(tail).len()));
    let middle = plain.get(from..to).unwrap_or_default();
    let missing = size.saturating_sub(head.len() + middle.len() + tail.len());
    let mut raw = head.to_vec();
    raw.extend(with_notes(middle, missing));
    raw.extend_from_slice(tail);
    raw.into()
}

/// The text with console notes of `missing` bytes in all, in front of the lines of Pipeline itself.
fn with_notes(text: &[u8], missing: usize) -> Vec<u8> {
    let shortest = NOTE_OPEN.len() + NOTE_CLOSE.len();
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let carries = |line: &[u8]| line.starts_with(b"[Pipeline]");
    let carriers = lines.iter().filter(|line| carries(line)).count().min(missing / shortest);
    let share = missing.checked_div(carriers).unwrap_or(0);
    let mut first = if missing < shortest { 0 } else { missing - share * carriers.saturating_sub(1) };
    let mut raw = Vec::with_capacity(text.len() + missing);
    let mut left = carriers;
    if carriers == 0 {
        raw.extend(note(first));
    }
    for line in lines {
        if left > 0 && carries(line) {
            raw.extend(note(if left == carriers { std::mem::take(&mut first) } else { share }));
            left -= 1;
        }
        raw.extend_from_slice(line);
    }
    raw
}

fn note(length: usize) -> Vec<u8> {
    let Some(fill) = length.checked_sub(NOTE_OPEN.len() + NOTE_CLOSE.len()) else {
        return Vec::new();
    };
    [NOTE_OPEN, &vec![b'A'; fill], NOTE_CLOSE].concat()
}

/// The bytes without console notes.
pub(crate) fn without_notes(raw: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = find(rest, b"\x1b[8mha:") {
        let (before, note) = rest.split_at(at);
        plain.extend_from_slice(before);
        let Some(end) = find(note, NOTE_CLOSE) else {
            rest = note;
            break;
        };
        rest = note.get(end + NOTE_CLOSE.len()..).unwrap_or_default();
    }
    plain.extend_from_slice(rest);
    plain
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    text.windows(pattern.len()).position(|window| window == pattern)
}

fn lf(text: &[u8]) -> Bytes {
    let mut lines = Vec::with_capacity(text.len());
    for (at, byte) in text.iter().enumerate() {
        if *byte != b'\r' || text.get(at + 1) != Some(&b'\n') {
            lines.push(*byte);
        }
    }
    lines.into()
}

fn crlf(text: &[u8]) -> Bytes {
    let mut lines = Vec::with_capacity(text.len() + text.len() / 40);
    for byte in text {
        if *byte == b'\n' {
            lines.push(b'\r');
        }
        lines.push(*byte);
    }
    lines.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(reply: &Reply) -> (String, usize) {
        let size = reply.headers.iter().find(|(name, _)| name == "X-Text-Size").unwrap();
        (size.1.clone(), reply.bytes().len())
    }

    #[test]
    fn offsets_count_the_raw_log_and_bodies_have_crlf() {
        let log = Log::Raw(Bytes::from_static(b"one\ntwo\n"), false);
        assert_eq!(sizes(&log.progressive(Some("4"))), ("8".into(), 5));
        assert_eq!(sizes(&log.progressive(Some("8"))), ("8".into(), 0));
        assert_eq!(sizes(&log.progressive(Some("9"))), ("8".into(), 10));
        assert_eq!(sizes(&log.progressive(Some("-1"))), ("8".into(), 0));
        assert_eq!(sizes(&log.progressive(None)), ("8".into(), 10));
    }

    #[test]
    fn only_a_running_build_announces_more() {
        let more = |running| {
            let reply = Log::Raw(Bytes::new(), running).progressive(None);
            reply.headers.iter().any(|(name, _)| name == "X-More-Data")
        };
        assert!(more(true) && !more(false));
    }

    #[test]
    fn missing_bytes_become_notes_that_disappear_again() {
        let plain = b"Started\n[Pipeline] node\n[Pipeline] sh\n+ make\n";
        for missing in [0, 15, 40, 333] {
            let raw = with_notes(plain, missing);
            assert_eq!(raw.len(), plain.len() + missing);
            assert_eq!(without_notes(&raw), plain);
        }
    }
}
