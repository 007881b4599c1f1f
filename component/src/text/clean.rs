//! Turns raw console bytes into text a person would have read on a terminal.
//!
//! Jenkins logs carry three kinds of bytes that no reader wants: console notes (`ESC[8mha:////…ESC[0m`, serialised
//! objects of a few hundred bytes), terminal control sequences, and lines that a progress bar rewrote with bare
//! carriage returns. All of them end with the line at the latest, so cleaning works on whole lines; chunk borders are
//! the business of [`super::lines::LineScanner`], which [`Cleaner`] wraps for plain streams.
//!
//! Characters that nobody sees (zero width, direction, tags) go as well, so that they hide nothing from a search or from
//! the redaction of secrets. It never fails: malformed sequences lose their introducer and keep their text, invalid UTF-8 becomes U+FFFD.

use std::borrow::Cow;

use memchr::memchr;
use memchr::memchr2;

use super::fence::is_hidden;
use super::lines::LineScanner;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
const BACKSPACE: u8 = 0x08;
const DELETE: u8 = 0x7f;
const NOTE_HEAD: &[u8] = b"\x1b[8mha:";
const NOTE_TAIL: &[u8] = b"\x1b[0m";

/// Whether a line reads the same before and after [`clean_line`]: ASCII without control characters other than tab, or
/// valid UTF-8 of that kind.
///
/// This is what lets a scan of a huge log test raw lines without copying them.
#[must_use]
pub fn is_plain(raw: &[u8]) -> bool {
    let (words, rest) = raw.as_chunks::<8>();
    // Eight bytes at a time, because a wasm build without SIMD has nothing wider. `suspect` is non-zero when a byte is
    // below 0x20, equal to 0x7f, or above it; borrows can only raise false alarms, which the exact test settles.
    let mut suspect = 0_u64;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let below_space = word.wrapping_sub(0x2020_2020_2020_2020);
        let delete_or_above = word.wrapping_add(0x0101_0101_0101_0101) | word;
        suspect |= (below_space | delete_or_above) & 0x8080_8080_8080_8080;
    }
    let suspect_rest = rest.iter().any(|byte| !(0x20..DELETE).contains(byte));
    (suspect == 0 && !suspect_rest) || is_plain_exact(raw)
}

/// The slow, exact half of [`is_plain`], for lines with tabs or characters beyond ASCII.
fn is_plain_exact(raw: &[u8]) -> bool {
    let control = |byte: &u8| (*byte < 0x20 && *byte != b'\t') || *byte == DELETE;
    !raw.iter().any(control) && std::str::from_utf8(raw).is_ok_and(|text| text.is_ascii() || !text.contains(is_unseen))
}

/// What a terminal takes for a command, and what it does not show at all.
const fn is_unseen(character: char) -> bool {
    is_c1(character) || is_hidden(character)
}

/// C1 controls (U+0080–U+009F) are terminal introducers in their eight-bit form.
const fn is_c1(character: char) -> bool {
    matches!(character, '\u{80}'..='\u{9f}')
}

/// Cleans one line given without its line end.
///
/// Of a line that was rewritten with carriage returns the last text that stood there is kept.
#[must_use]
pub fn clean_line(raw: &[u8]) -> Cow<'_, str> {
    if is_plain(raw)
        && let Ok(text) = std::str::from_utf8(raw)
    {
        return Cow::Borrowed(text);
    }
    let mut text = Vec::with_capacity(raw.len());
    clean_into(raw, &mut text);
    Cow::Owned(String::from_utf8(text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// [`clean_line`] into a buffer, for scans that look at each line once; the result replaces what `out` held.
pub(super) fn clean_into(raw: &[u8], out: &mut Vec<u8>) {
    out.clear();
    if memchr(b'\r', raw).is_none() {
        strip(raw, out);
        return;
    }
    // From the end, because only the last segment that shows anything survives.
    for segment in raw.rsplit(|byte| *byte == b'\r') {
        strip(segment, out);
        if !out.is_empty() {
            return;
        }
    }
}

/// Appends a segment without carriage returns, without control sequences and control characters.
fn strip(segment: &[u8], kept: &mut Vec<u8>) {
    let mut rest = segment;
    while let Some(at) = memchr2(ESC, BACKSPACE, rest) {
        let (plain, tail) = rest.split_at(at);
        kept.extend_from_slice(plain);
        let len = if tail.starts_with(&[BACKSPACE]) {
            pop_char(kept);
            1
        } else {
            sequence_len(tail)
        };
        rest = tail.get(len..).unwrap_or_default();
    }
    kept.extend_from_slice(rest);
    // Folded without an early exit, so that it is done many bytes at a time; other controls are rare.
    let control = |byte: u8| (byte < 0x20 && byte != b'\t') | (byte == DELETE);
    if kept.iter().fold(false, |any, byte| any | control(*byte)) {
        kept.retain(|byte| !control(*byte));
    }
    if !kept.is_ascii() {
        let text: String = String::from_utf8_lossy(kept).chars().filter(|c| !is_unseen(*c)).collect();
        kept.clear();
        kept.extend_from_slice(text.as_bytes());
    }
}

/// Spinners draw with backspaces; the character before goes, all of its bytes.
fn pop_char(kept: &mut Vec<u8>) {
    while let Some(byte) = kept.pop() {
        if byte & 0b1100_0000 != 0b1000_0000 {
            break;
        }
    }
}

/// The length of the escape sequence that `bytes` begins with; at least one.
fn sequence_len(bytes: &[u8]) -> usize {
    if bytes.starts_with(NOTE_HEAD) {
        // A note whose end is missing was cut by a length limit: what is left of it is base64, not text.
        return memchr::memmem::find(bytes, NOTE_TAIL).map_or(bytes.len(), |at| at + NOTE_TAIL.len());
    }
    match bytes.get(1) {
        Some(b'[') => 2 + csi_len(bytes.get(2..).unwrap_or_default()),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => 2 + string_len(bytes.get(2..).unwrap_or_default()),
        Some(0x20..=0x2f) => {
            let intermediates = bytes.iter().skip(1).take_while(|byte| matches!(byte, 0x20..=0x2f)).count();
            (1 + intermediates + 1).min(bytes.len())
        }
        Some(0x30..=0x7e) => 2,
        _ => 1,
    }
}

/// Parameters, intermediates and the final byte of a control sequence (ECMA-48, 5.4). A sequence that breaks the
/// grammar ends before the byte that broke it.
fn csi_len(bytes: &[u8]) -> usize {
    let body = bytes.iter().take_while(|byte| matches!(byte, 0x20..=0x3f)).count();
    match bytes.get(body) {
        Some(0x40..=0x7e) => body + 1,
        _ => body,
    }
}

/// A string sequence (title, hyperlink) up to its terminator; zero when there is none, so that a stray introducer
/// cannot hide the rest of a line.
fn string_len(bytes: &[u8]) -> usize {
    for at in memchr::memchr2_iter(BEL, ESC, bytes) {
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(&BEL), _) => return at + 1,
            (Some(&ESC), Some(b'\\')) => return at + 2,
            _ => {}
        }
    }
    0
}

/// Cleans a stream that arrives in chunks of any size.
///
/// Lines come out with LF endings. Text that has no line end yet stays inside until more arrives or
/// [`Cleaner::finish`]; what stays inside is bounded by the scanner's line limit.
#[derive(Debug, Default)]
pub struct Cleaner {
    scanner: LineScanner,
}

impl Cleaner {
    /// A cleaner at the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the cleaned lines that `chunk` completes to `out`.
    pub fn push(&mut self, chunk: &[u8], out: &mut String) {
        self.scanner.push(chunk, |line| {
            out.push_str(&line.text());
            out.push('\n');
        });
    }

    /// Appends what was left without a line end.
    pub fn finish(self, out: &mut String) {
        self.scanner.finish(|line| out.push_str(&line.text()));
    }
}

/// Splits the prefix of the timestamper plugin off a cleaned line.
///
/// Its three usual forms are known: `[2026-01-02T03:04:05.678Z] text`, `03:04:05  text` and `00:00:01.234  text`.
#[must_use]
pub fn split_timestamp(line: &str) -> (Option<&str>, &str) {
    bracketed_stamp(line).or_else(|| clock_stamp(line)).map_or((None, line), |(stamp, rest)| (Some(stamp), rest))
}

fn bracketed_stamp(line: &str) -> Option<(&str, &str)> {
    let (stamp, rest) = line.strip_prefix('[')?.split_once(']')?;
    let pattern = b"0000-00-00T00:00:00";
    let head = stamp.as_bytes().get(..pattern.len())?;
    follows(head, pattern).then(|| (stamp, rest.strip_prefix(' ').unwrap_or(rest)))
}

fn clock_stamp(line: &str) -> Option<(&str, &str)> {
    let (stamp, rest) = line.split_once("  ")?;
    let known = follows(stamp.as_bytes(), b"00:00:00") || follows(stamp.as_bytes(), b"00:00:00.000");
    known.then_some((stamp, rest))
}

/// Whether `bytes` has digits where `pattern` has `0`, and the same bytes elsewhere.
fn follows(bytes: &[u8], pattern: &[u8]) -> bool {
    let same = |(byte, wanted): (&u8, &u8)| if *wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted };
    bytes.len() == pattern.len() && bytes.iter().zip(pattern).all(same)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOTE: &str = "\x1b[8mha:////4KFvKLzXL7WviMkqng7Q2fgAUYTjLyKPfKnfA5Ej/rDgAAAAlx+LCAAAAAAAAP9b85aBtbiIQTGjNKU4P08v\x1b[0m";

    fn clean(raw: &str) -> String {
        clean_line(raw.as_bytes()).into_owned()
    }

    #[test]
    fn console_notes_vanish_with_all_of_their_base64() {
        assert_eq!(clean(&format!("Started by user {NOTE}admin")), "Started by user admin");
        assert_eq!(clean(&format!("{NOTE}{NOTE}[Pipeline] {{ (Test)")), "[Pipeline] { (Test)");
    }

    #[test]
    fn a_note_whose_end_was_cut_off_leaves_no_base64() {
        assert_eq!(clean("by \x1b[8mha:////4KFvKLzXL7Wvi"), "by ");
    }

    #[test]
    fn concealed_text_that_is_no_note_stays() {
        assert_eq!(clean("\x1b[8mhidden\x1b[0m shown"), "hidden shown");
    }

    #[test]
    fn colours_cursor_moves_titles_and_links_vanish() {
        assert_eq!(clean("\x1b[1;31mERROR\x1b[0m \x1b[2K\x1b[38:2::1:2:3mx\x1b(B"), "ERROR x");
        assert_eq!(clean("\x1b]0;title\x07text"), "text");
        assert_eq!(clean("\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\ end"), "link end");
    }

    #[test]
    fn broken_sequences_keep_the_text_around_them() {
        assert_eq!(clean("a\x1b]0;no terminator here"), "a0;no terminator here");
        assert_eq!(clean("a\x1b[12\u{e9}b"), "a\u{e9}b");
        assert_eq!(clean("end\x1b"), "end");
        assert_eq!(clean("end\x1b["), "end");
    }

    #[test]
    fn a_progress_bar_keeps_what_stood_there_last() {
        assert_eq!(clean("10%\r55%\r100% done"), "100% done");
        assert_eq!(clean("10%\r55%\r"), "55%");
        assert_eq!(clean("100%\r\x1b[K"), "100%");
        assert_eq!(clean("ab\x08c -\x08\\\x08|"), "ac |");
    }

    #[test]
    fn control_bytes_go_and_tabs_stay() {
        assert_eq!(clean("a\0b\x07\tc\x7f\u{9b}31m"), "ab\tc31m");
    }

    #[test]
    fn invalid_utf8_becomes_the_replacement_character() {
        assert_eq!(clean_line(b"caf\xe9 ok"), "caf\u{fffd} ok");
    }

    #[test]
    fn the_three_forms_of_the_timestamper_are_split_off() {
        assert_eq!(split_timestamp("[2026-11-24T01:00:08.697Z] + make"), (Some("2026-11-24T01:00:08.697Z"), "+ make"));
        assert_eq!(split_timestamp("00:58:24  + make"), (Some("00:58:24"), "+ make"));
        assert_eq!(split_timestamp("00:00:00.001  + make"), (Some("00:00:00.001"), "+ make"));
        assert_eq!(split_timestamp("[Pipeline] sh"), (None, "[Pipeline] sh"));
        assert_eq!(split_timestamp("12:30 lunch  break"), (None, "12:30 lunch  break"));
    }

    proptest! {
        #[test]
        fn cleaned_text_holds_no_control_character_and_is_plain(raw in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = clean_line(&raw);
            prop_assert!(text.chars().all(|c| c == '\t' || !c.is_control()));
            prop_assert!(is_plain(text.as_bytes()));
        }

        #[test]
        fn plain_means_that_cleaning_changes_nothing(raw in "[ -~\\t\u{e9}\u{4e2d}\\x1b\\x08]{0,40}") {
            if is_plain(raw.as_bytes()) {
                let mut cleaned = Vec::new();
                clean_into(raw.as_bytes(), &mut cleaned);
                prop_assert_eq!(cleaned, raw.as_bytes());
            }
        }

        #[test]
        fn chunk_borders_change_nothing(
            pieces in proptest::collection::vec(prop_oneof![
                Just(NOTE.to_owned()), Just("\r\n".to_owned()), Just("\n".to_owned()), Just("\r".to_owned()),
                Just("\x1b[31m".to_owned()), Just("\u{1f980}\u{e9}".to_owned()), "[a-z ]{0,8}",
            ], 0..30),
            size in 1_usize..40,
        ) {
            let raw = pieces.concat();
            let mut whole = String::new();
            let mut cleaner = Cleaner::new();
            cleaner.push(raw.as_bytes(), &mut whole);
            cleaner.finish(&mut whole);
            let mut chunked = String::new();
            let mut cleaner = Cleaner::new();
            for chunk in raw.as_bytes().chunks(size) {
                cleaner.push(chunk, &mut chunked);
            }
            cleaner.finish(&mut chunked);
            prop_assert_eq!(whole, chunked);
        }
    }
}
