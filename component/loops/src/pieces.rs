//! Splits a text into the pieces within which a tokenizer merges bytes.
//!
//! After the pattern of `o200k_base`; for characters beyond ASCII the standard library's classes stand in for Unicode's
//! general categories, and may split a little finer. Whoever counts tokens (the component's `text/tokens.rs`) holds this
//! against the real tokenizer.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Upper,
    Lower,
    /// Letters without case, and marks: they count as either.
    Caseless,
    Number,
    LineEnd,
    Space,
    Other,
}

impl Class {
    fn of(c: char) -> Self {
        match c {
            'a'..='z' => Self::Lower,
            'A'..='Z' => Self::Upper,
            '0'..='9' => Self::Number,
            '\r' | '\n' => Self::LineEnd,
            _ if c.is_ascii() => {
                if c.is_whitespace() {
                    Self::Space
                } else {
                    Self::Other
                }
            }
            _ if c.is_whitespace() => Self::Space,
            _ if c.is_numeric() => Self::Number,
            _ if c.is_lowercase() => Self::Lower,
            _ if c.is_uppercase() => Self::Upper,
            '\u{300}'..='\u{36f}' => Self::Caseless,
            _ if c.is_alphabetic() => Self::Caseless,
            _ => Self::Other,
        }
    }

    fn is_letter(self) -> bool {
        matches!(self, Self::Upper | Self::Lower | Self::Caseless)
    }

    fn is_blank(self) -> bool {
        matches!(self, Self::LineEnd | Self::Space)
    }
}

/// The length of the piece that `text` begins with: the alternatives of the pattern of `o200k_base`, in their order.
#[inline(never)]
#[must_use]
pub fn piece_len(text: &str) -> usize {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return 0 };
    let second = chars.next().map_or(Class::LineEnd, Class::of);
    match Class::of(first) {
        class if class.is_letter() => word_len(text),
        Class::Number => text.chars().take(3).take_while(|c| Class::of(*c) == Class::Number).map(char::len_utf8).sum(),
        Class::Space | Class::Other if second.is_letter() => first.len_utf8() + word_len(text.get(first.len_utf8()..).unwrap_or_default()),
        Class::Other => symbols_len(text),
        _ if first == ' ' && second == Class::Other => 1 + symbols_len(text.get(1..).unwrap_or_default()),
        _ => blank_len(text),
    }
}

/// Capitals, then small letters, then an English contraction.
fn word_len(text: &str) -> usize {
    let mut upper_end = 0;
    let mut caseless_end = 0;
    let mut end = 0;
    for (at, c) in text.char_indices() {
        let class = Class::of(c);
        let next = at + c.len_utf8();
        match class {
            Class::Upper if end == upper_end => upper_end = next,
            Class::Caseless => {
                if end == upper_end {
                    upper_end = next;
                }
                caseless_end = next;
            }
            Class::Lower => {}
            _ => break,
        }
        end = next;
    }
    // Capitals alone after caseless letters: the pattern's first alternative stops at the last caseless one.
    if end == upper_end && caseless_end > 0 {
        end = caseless_end;
    }
    end + contraction_len(text.get(end..).unwrap_or_default())
}

fn contraction_len(text: &str) -> usize {
    let Some(after) = text.strip_prefix('\'') else { return 0 };
    let starts = |wanted: &str| after.get(..wanted.len()).is_some_and(|head| head.eq_ignore_ascii_case(wanted));
    ["s", "t", "re", "ve", "m", "ll", "d"].iter().find(|wanted| starts(wanted)).map_or(0, |wanted| 1 + wanted.len())
}

/// A run of symbols with the line ends and slashes after it.
fn symbols_len(text: &str) -> usize {
    let symbols: usize = text.chars().take_while(|c| Class::of(*c) == Class::Other).map(char::len_utf8).sum();
    let tail = text.bytes().skip(symbols).take_while(|byte| matches!(byte, b'\r' | b'\n' | b'/')).count();
    symbols + tail
}

/// Blanks up to their last line end; without one, all but the blank that belongs to what follows.
fn blank_len(text: &str) -> usize {
    let blanks: usize = text.chars().take_while(|c| Class::of(*c).is_blank()).map(char::len_utf8).sum();
    let run = text.get(..blanks).unwrap_or_default();
    if let Some(at) = run.rfind(['\r', '\n']) {
        return at + 1;
    }
    let last = run.chars().next_back().map_or(0, char::len_utf8);
    if blanks < text.len() && blanks > last { blanks - last } else { blanks }
}
