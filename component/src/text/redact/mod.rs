//! Takes secrets out of everything that leaves the guest.
//!
//! Threat: a build prints what it should not, and an agent carries it into a transcript. Default: every text of a build
//! passes here; nothing turns it off for token shapes and known secrets.
//!
//! | found by | in |
//! |---|---|
//! | value: password parameters, our own API token, also percent-encoded, in JSON strings, in base64 | this file |
//! | prefix and length: tokens of GitHub, AWS, Jenkins and others | [`issued`] |
//! | shape: headers, URLs with passwords, base64 of `user:password` | [`shapes`] |
//! | command: `curl -u user:password`, `gh secret set NAME --body x` | [`commands`] |
//! | name: `DB_PASSWORD=`, `"apiKey": `, `--token `, `<secret>` | [`keyed`] |
//! | private keys in PEM, over several lines, also from their middle | this file |
//!
//! What is found becomes [`MARK`], whatever its length. Precision counts as much as recall, because an agent needs its
//! commits, digests, coordinates and paths: what is not hidden on purpose is listed in the tests. Nothing fails; a
//! secret of an unknown shape under an innocent name passes, which is why callers give the secrets they know.

mod commands;
mod issued;
mod keyed;
mod shapes;
mod values;

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::clean::split_timestamp;

/// What a secret becomes.
pub const MARK: &str = "[redacted]";

/// A known secret shorter than this would punch holes into ordinary words.
pub const MIN_KNOWN_CHARS: usize = 4;

/// Lines of one private key at most: an RSA key of 16,384 bits has 200. A block without end must not hide a log.
const MAX_KEY_LINES: u32 = 250;

/// Lines of others that may stand between those of a key, as parallel branches write them.
const MAX_FOREIGN_LINES: u32 = 12;

/// Further readings of a line that changed. One is enough but for lines made to need more.
const MAX_ROUNDS: u32 = 4;

/// Finds and replaces secrets; cheap to clone, built once per call.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    /// In all their spellings, longest first, so that no spelling leaves the rest of a longer one.
    known: Vec<String>,
}

impl Redactor {
    /// Recognises shapes and names.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Recognises these values as well, wherever they occur. Values of fewer than [`MIN_KNOWN_CHARS`] are ignored; of a
    /// value with several lines every line counts.
    #[must_use]
    pub fn with_known<I, S>(secrets: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<str>,
    {
        let mut known = Vec::new();
        for secret in secrets {
            for line in secret.as_ref().lines().map(str::trim).filter(|line| line.chars().count() >= MIN_KNOWN_CHARS) {
                known.extend(spellings(line));
            }
        }
        crate::sorted::sort_by(&mut known, |a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        known.dedup();
        Self { known }
    }

    /// The text without secrets; borrowed when there were none. May hold several lines.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut lines = self.lines();
        if !text.contains('\n') {
            return lines.line(text);
        }
        let mut out = String::new();
        let mut changed = false;
        for line in text.split_inclusive('\n') {
            let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
            let clean = lines.line(body);
            changed |= matches!(clean, Cow::Owned(_));
            out.push_str(&clean);
            out.push_str(end);
        }
        if changed { Cow::Owned(out) } else { Cow::Borrowed(text) }
    }

    /// Redacts line by line, remembering whether it stands inside a private key.
    #[must_use]
    pub fn lines(&self) -> LineRedactor<'_> {
        LineRedactor { redactor: self, place: Place::default(), by_name: true }
    }

    /// The next line of a text, whose place in it is kept by the caller.
    #[must_use]
    pub fn line<'a>(&self, line: &'a str, place: &mut Place) -> Cow<'a, str> {
        self.line_at(line, place, true)
    }

    /// The secrets that the line gives away, where they look so much like one that they may be hidden elsewhere, too, where
    /// nothing says what they are: a program that prints its password often prints it twice.
    #[must_use]
    pub fn revealed(&self, line: &str) -> Vec<String> {
        let texts = self.places(line, true).into_iter().filter_map(|place| line.get(place));
        texts.map(|text| text.trim_matches(['"', '\''])).filter(|text| is_telling(text)).map(str::to_owned).collect()
    }

    fn line_at<'a>(&self, line: &'a str, place: &mut Place, by_name: bool) -> Cow<'a, str> {
        let mut places = place.key_places(line);
        places.extend(self.places(line, by_name));
        let mut clean = replace(line, places);
        // What one mark replaced may have hidden the end of another value, so a line that changed is read once more;
        // text that went through here twice then reads like text that went once.
        for _ in 0..MAX_ROUNDS {
            let Cow::Owned(changed) = &clean else { break };
            let Cow::Owned(again) = replace(changed, self.places(changed, by_name)) else { break };
            clean = Cow::Owned(again);
        }
        clean
    }

    fn places(&self, line: &str, by_name: bool) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for secret in &self.known {
            found.extend(line.match_indices(secret.as_str()).map(|(at, text)| at..at + text.len()));
        }
        issued::find(line, &mut found);
        shapes::find(line, &self.known, &mut found);
        commands::find(line, &mut found);
        if by_name {
            keyed::find(line, &mut found);
        }
        found
    }
}

/// Long enough, and letters with digits: nothing that a text says for other reasons.
fn is_telling(text: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| text.as_bytes().iter().any(kind);
    (8..=200).contains(&text.len()) && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) && !text.contains(char::is_whitespace)
}

/// How many secrets were hidden in a text that went through here.
#[must_use]
pub fn count(text: &str) -> u64 {
    text.matches(MARK).count() as u64
}

/// See [`Redactor::lines`].
#[derive(Debug)]
pub struct LineRedactor<'r> {
    redactor: &'r Redactor,
    place: Place,
    by_name: bool,
}

impl LineRedactor<'_> {
    /// Leaves values alone that only their name calls secret. Tokens, keys, headers and known secrets go all the same.
    #[must_use]
    pub fn without_names(self) -> Self {
        Self { by_name: false, ..self }
    }

    /// The next line without secrets.
    #[must_use]
    pub fn line<'a>(&mut self, line: &'a str) -> Cow<'a, str> {
        self.redactor.line_at(line, &mut self.place, self.by_name)
    }

    /// Says that lines are missing before the next one: it may stand inside a key that began there.
    pub fn gap(&mut self) {
        self.place.gap();
    }
}

/// Where in a text a line stands: inside a private key or not.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Lines that the private key may still have; zero outside of one.
    key_lines: u32,
    /// Lines since the last one of the key.
    foreign: u32,
    /// A line was seen that belongs to no key, so that one that looks like part of a key is none either.
    settled: bool,
}

impl Place {
    /// See [`LineRedactor::gap`].
    pub fn gap(&mut self) {
        self.settled = false;
    }

    /// What of the line belongs to a private key.
    fn key_places(&mut self, line: &str) -> Vec<Range<usize>> {
        let mut places = Vec::new();
        let mut from = 0;
        let body = key_payload(line);
        if self.key_lines > 0 {
            if let Some(end) = key_border(line, "-----END ") {
                places.push(body.start.min(end.start)..end.end);
                from = end.end;
                self.key_lines = 0;
            } else if let Some(part) = key_part(line, &body) {
                self.key_lines -= 1;
                self.foreign = 0;
                places.extend((!part.is_empty()).then_some(part));
                return places;
            } else {
                self.foreign += 1;
                self.key_lines = if self.foreign > MAX_FOREIGN_LINES { 0 } else { self.key_lines - 1 };
            }
        }
        while let Some(begin) = line.get(from..).and_then(|rest| key_border(rest, "-----BEGIN ")) {
            let start = from + begin.start;
            let after = from + begin.end;
            let end = line.get(after..).and_then(|rest| key_border(rest, "-----END "));
            from = end.as_ref().map_or(line.len(), |end| after + end.end);
            // On one line, a key without its end runs to the end of the line, and goes on in the next.
            self.key_lines = if end.is_none() { MAX_KEY_LINES } else { 0 };
            self.foreign = 0;
            places.push(start..from);
        }
        let lone = !self.settled && line.get(body.clone()).is_some_and(is_lone_key_line);
        if places.is_empty() && lone {
            places.push(body);
        } else if !body.is_empty() {
            self.settled = true;
        }
        places
    }
}

/// The part of a line inside a key that belongs to the key: all of it but what a tool or a parallel branch put before.
fn key_part(line: &str, body: &Range<usize>) -> Option<Range<usize>> {
    let text = line.get(body.clone())?;
    if is_key_line(text) {
        return Some(body.clone());
    }
    let (_, word) = text.rsplit_once(' ')?;
    let base64 = is_base64(word) && (word.len() >= 24 || (word.len() >= 4 && word.ends_with('=')));
    base64.then(|| body.end - word.len()..body.end)
}

/// The place of `-----BEGIN … PRIVATE KEY-----` or its end.
fn key_border(line: &str, head: &str) -> Option<Range<usize>> {
    let start = line.find(head)?;
    let label = line.get(start + head.len()..)?;
    let close = label.find("-----")?;
    let is_key = label.get(..close).is_some_and(|label| label.contains("PRIVATE KEY") && label.len() < 40);
    is_key.then_some(start..start + head.len() + close + 5)
}

/// The line without timestamp, indentation, quotes and other decoration of the tool that printed it.
fn key_payload(line: &str) -> Range<usize> {
    let message = split_timestamp(line).1;
    let decoration: &[char] = &[' ', '\t', '"', '\'', '|', '>', '\\', ','];
    let body = message.trim_start_matches(decoration).trim_start_matches("+ ");
    let start = line.len() - body.len();
    start..start + body.trim_end_matches(decoration).len()
}

/// Base64, a header of an encrypted key, or nothing. A short word of letters is text that follows a broken block.
fn is_key_line(body: &str) -> bool {
    let last_line = body.ends_with('=') || body.bytes().any(|byte| byte.is_ascii_digit());
    (is_base64(body) && (body.is_empty() || body.len() >= 24 || last_line))
        || ["Proc-Type:", "DEK-Info:", "Comment:", "Version:"].iter().any(|header| body.starts_with(header))
}

fn is_base64(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
}

/// A line of exactly the width that key files have, as it remains when an excerpt begins inside of a key. Further down
/// in a text such lines are certificates and test data.
///
/// Hashes in hex lack capitals, so they are not meant.
fn is_lone_key_line(body: &str) -> bool {
    matches!(body.len(), 64 | 70 | 76)
        && is_key_line(body)
        && body.bytes().any(|byte| byte.is_ascii_uppercase())
        && body.bytes().any(|byte| byte.is_ascii_lowercase())
        && body.bytes().any(|byte| byte.is_ascii_digit())
}

/// How a secret may be written: as it is, in a URL, in a JSON string, in base64.
fn spellings(secret: &str) -> Vec<String> {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let percent = secret.bytes().map(|byte| if unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect();
    let json = secret.replace('\\', "\\\\").replace('"', "\\\"");
    let mut all = vec![secret.to_owned(), percent, json];
    let encoded = STANDARD.encode(secret);
    // Shorter ones are ordinary words by chance; within longer base64 the secret is found by decoding.
    if encoded.len() >= 8 {
        all.push(encoded);
    }
    all
}

/// Replaces the places, which may overlap and have any order.
fn replace(line: &str, mut places: Vec<Range<usize>>) -> Cow<'_, str> {
    places.retain(|place| line.get(place.clone()).is_some_and(|text| !text.is_empty() && text != MARK));
    if places.is_empty() {
        return Cow::Borrowed(line);
    }
    crate::sorted::sort_by_key(&mut places, |place| (place.start, place.end));
    let mut out = String::with_capacity(line.len());
    let mut done = 0;
    let mut open: Option<Range<usize>> = None;
    for place in places {
        match &mut open {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            _ => {
                if let Some(last) = open.replace(place) {
                    write_marked(line, &mut out, &mut done, &last);
                }
            }
        }
    }
    if let Some(last) = open {
        write_marked(line, &mut out, &mut done, &last);
    }
    out.push_str(line.get(done..).unwrap_or_default());
    Cow::Owned(out)
}

fn write_marked(line: &str, out: &mut String, done: &mut usize, place: &Range<usize>) {
    out.push_str(line.get(*done..place.start).unwrap_or_default());
    out.push_str(MARK);
    *done = place.end;
}

#[cfg(test)]
mod tests;
