//! Text into a tree.

use std::borrow::Cow;
use std::fmt;

use super::Json;

/// No answer of Jenkins nests so deep; the stack holds it.
const MAX_DEPTH: u32 = 128;

/// Text that is no JSON.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    what: &'static str,
    /// The byte where it shows.
    at: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at)
    }
}

/// Parses a whole text. Raw control characters in texts and halves of surrogate pairs are let pass.
///
/// # Errors
/// Says what is wrong, and where.
pub(crate) fn parse(text: &str) -> Result<Json<'_>, Malformed> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let value = parser.value()?;
    match parser.peek() {
        None => Ok(value),
        Some(_) => Err(parser.fault("something follows the value")),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

impl<'a> Parser<'a> {
    fn fault(&self, what: &'static str) -> Malformed {
        Malformed { what: if self.at >= self.text.len() { "it ends too early" } else { what }, at: self.at }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no blank, which is not taken yet.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    fn takes(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self) -> Result<Json<'a>, Malformed> {
        match self.peek() {
            Some(b'"') => self.string().map(Json::String),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Json<'a>, Malformed> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        for (word, value) in [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.fault("no value"))
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json<'a>, Malformed>) -> Result<Json<'a>, Malformed> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.fault("it nests too deep"));
        }
        self.at += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn array(&mut self) -> Result<Json<'a>, Malformed> {
        let mut items = Vec::new();
        if !self.takes(b']') {
            loop {
                items.push(self.value()?);
                if !self.goes_on(b']')? {
                    break;
                }
            }
        }
        Ok(Json::Array(items))
    }

    fn object(&mut self) -> Result<Json<'a>, Malformed> {
        let mut members = Vec::new();
        if !self.takes(b'}') {
            loop {
                if self.peek() != Some(b'"') {
                    return Err(self.fault("no name of a member"));
                }
                let name = self.string()?;
                if !self.takes(b':') {
                    return Err(self.fault("no colon"));
                }
                members.push((name, self.value()?));
                if !self.goes_on(b'}')? {
                    break;
                }
            }
        }
        Ok(Json::Object(members))
    }

    /// Whether a comma follows, and not the end.
    fn goes_on(&mut self, end: u8) -> Result<bool, Malformed> {
        if self.takes(b',') {
            Ok(true)
        } else if self.takes(end) {
            Ok(false)
        } else {
            Err(self.fault("neither a comma nor the end"))
        }
    }

    fn number(&mut self) -> Result<Json<'a>, Malformed> {
        let start = self.at;
        self.at += usize::from(self.byte() == Some(b'-'));
        self.digits()?;
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(Json::Number(Cow::Borrowed(self.text.get(start..self.at).unwrap_or_default())))
    }

    /// At least one.
    fn digits(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(self.fault("no number")) }
    }

    /// A text, at its opening quotation mark.
    fn string(&mut self) -> Result<Cow<'a, str>, Malformed> {
        self.at += 1;
        let mut text = Cow::Borrowed("");
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let Some(length) = memchr::memchr2(b'"', b'\\', rest.as_bytes()) else {
                self.at = self.text.len();
                return Err(self.fault(""));
            };
            // Moves it when the text is empty: most texts stay borrowed.
            text += rest.get(..length).unwrap_or_default();
            self.at += length + 1;
            if rest.as_bytes().get(length) == Some(&b'"') {
                return Ok(text);
            }
            text.to_mut().push(self.escaped()?);
        }
    }

    /// What follows a backslash.
    fn escaped(&mut self) -> Result<char, Malformed> {
        let byte = self.byte();
        self.at += 1;
        Ok(match byte {
            Some(plain @ (b'"' | b'\\' | b'/')) => char::from(plain),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.unit()?;
                self.character(first)?
            }
            _ => {
                self.at -= 1;
                return Err(self.fault("no escape"));
            }
        })
    }

    /// Four hex digits.
    fn unit(&mut self) -> Result<u32, Malformed> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or_else(|| self.fault("no escape"))?;
        self.at += 4;
        Ok(unit)
    }

    /// The character that begins with this unit of UTF-16; half a pair is no character.
    fn character(&mut self, first: u32) -> Result<char, Malformed> {
        let follows = self.text.get(self.at..).is_some_and(|rest| rest.starts_with("\\u"));
        if (0xD800..0xDC00).contains(&first) && follows {
            let back = self.at;
            self.at += 2;
            let second = self.unit()?;
            if (0xDC00..0xE000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = back;
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same tree, read by serde.
    fn expected(value: &serde_json::Value) -> Json<'static> {
        match value {
            serde_json::Value::Null => Json::Null,
            serde_json::Value::Bool(it) => Json::Bool(*it),
            serde_json::Value::Number(number) => Json::Number(number.to_string().into()),
            serde_json::Value::String(text) => Json::String(text.clone().into()),
            serde_json::Value::Array(items) => Json::Array(items.iter().map(expected).collect()),
            serde_json::Value::Object(members) => {
                Json::Object(members.iter().map(|(name, value)| (name.clone().into(), expected(value))).collect())
            }
        }
    }

    fn any_value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            any::<u64>().prop_map(serde_json::Value::from),
            ".*".prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            let members = proptest::collection::btree_map(".{0,6}", inner.clone(), 0..6);
            prop_oneof![
                proptest::collection::vec(inner, 0..6).prop_map(serde_json::Value::from),
                members.prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn fuzz_it_reads_what_serde_writes_and_writes_what_serde_reads(value in any_value(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let parsed = parse(&text).unwrap();
            prop_assert_eq!(&parsed, &expected(&value));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&parsed.to_string()).unwrap(), value);
        }

        #[test]
        fn fuzz_what_serde_accepts_is_accepted(text in r#"[\[\]{}",:0-9.eE+\-\\/nulltrufas \n]{0,30}"#) {
            let ours = parse(&text);
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_err() || ours.is_ok(), "{:?}", ours);
        }

        #[test]
        fn fuzz_no_text_panics(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }
    }

    #[test]
    fn numbers_stay_as_they_are_written() {
        for text in ["0", "-1", "1.50", "2e10", "-3.25E-4"] {
            assert_eq!(parse(text), Ok(Json::Number(text.into())));
        }
        for text in ["-", "1.", "1e", ".5", "+1", "NaN"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn escapes_are_resolved_and_half_a_pair_is_replaced() {
        assert_eq!(parse(r#""a\"\\\/\n\u00e4\ud83d\ude00""#), Ok(Json::text("a\"\\/\nä😀")));
        assert_eq!(parse(r#""\ud83d!""#), Ok(Json::text("\u{fffd}!")));
        assert_eq!(parse(r#""\ud83d\u0041""#), Ok(Json::text("\u{fffd}A")));
    }

    #[test]
    fn errors_say_where() {
        let fault = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(fault(r#"{"a":1"#), "it ends too early at byte 6");
        assert_eq!(fault(r#"{"a" 1}"#), "no colon at byte 5");
        assert_eq!(fault("[1 2]"), "neither a comma nor the end at byte 3");
        assert_eq!(fault("[1]]"), "something follows the value at byte 3");
        assert_eq!(fault(&"[".repeat(200)), "it nests too deep at byte 128");
    }
}
