//! The file: a header, then one exchange after the other, each a pretty-printed JSON object.
//!
//! Made to be read and compared: a JSON body is embedded as JSON when that loses nothing, text is split into lines, and
//! only what is neither becomes base64. Times and other headers that change with every request are left out.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::super::fault::Fault;
use super::CassetteError;

/// Changes whenever an older jankins would misread a newer file.
pub(crate) const VERSION: u64 = 1;

/// serde_json refuses to read what is nested deeper than 128 levels; the exchange around a body needs a few.
const MAX_EMBEDDED_DEPTH: usize = 100;
const BASE64_LINE: usize = 76;

/// The first object of the file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) cassette: u64,
    pub(crate) controller: String,
    /// Which program wrote the file: for people.
    pub(crate) recorded_by: String,
}

/// One request and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recorded {
    pub(crate) method: String,
    pub(crate) path: String,
    #[serde(default, skip_serializing_if = "Content::is_empty")]
    pub(crate) request: Content,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    /// `name: value`, one per field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) headers: Vec<String>,
    #[serde(default, skip_serializing_if = "Content::is_empty")]
    pub(crate) body: Content,
    /// Why the exchange ends here, if it did not end well: see [`Fault::from_note`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fault: Option<String>,
}

impl Recorded {
    /// The response head, and the fault after the body, checked as far as replaying needs it.
    pub(crate) fn parse(&self) -> Result<Outcome, String> {
        let method = self.method.parse().map_err(|_| format!("{:?} is not a method", self.method))?;
        let fault = self.fault.as_deref().map(|note| Fault::from_note(note).ok_or_else(|| format!("unknown fault {note:?}")));
        let status = self.status.map(|status| StatusCode::from_u16(status).map_err(|_| format!("{status} is not a status")));
        let fault = fault.transpose()?;
        let status = status.transpose()?;
        if status.is_none() && fault.is_none() {
            return Err("it has neither a status nor a fault".to_owned());
        }
        let headers = self.headers.iter().map(|line| header(line).ok_or_else(|| format!("{line:?} is not a header")));
        let headers = headers.collect::<Result<_, _>>()?;
        Ok(Outcome { method, status, headers, request: self.request.bytes()?, body: self.body.bytes()?, fault })
    }
}

fn header(line: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_once(": ")?;
    Some((name.parse().ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))
}

/// A [`Recorded`] in the types that replaying needs.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) method: Method,
    pub(crate) status: Option<StatusCode>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) request: Bytes,
    pub(crate) body: Bytes,
    pub(crate) fault: Option<Fault>,
}

/// A body, in the most readable form that gives back the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Content {
    Json(Value),
    /// Lines without their line feeds.
    Text(Vec<String>),
    Base64(Vec<String>),
}

impl Default for Content {
    fn default() -> Self {
        Self::Text(vec![])
    }
}

impl Content {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::default();
        }
        let Ok(text) = str::from_utf8(bytes) else {
            let encoded = BASE64_STANDARD.encode(bytes);
            let lines = encoded.as_bytes().chunks(BASE64_LINE).map(|line| String::from_utf8_lossy(line).into_owned());
            return Self::Base64(lines.collect());
        };
        if let Some(value) = embeddable(text) {
            return Self::Json(value);
        }
        Self::Text(text.split('\n').map(str::to_owned).collect())
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Text(lines) if lines.is_empty())
    }

    fn bytes(&self) -> Result<Bytes, String> {
        match self {
            Self::Json(value) => Ok(value.to_string().into()),
            Self::Text(lines) => Ok(lines.join("\n").into()),
            Self::Base64(lines) => BASE64_STANDARD.decode(lines.concat()).map(Bytes::from).map_err(|error| format!("bad base64: {error}")),
        }
    }
}

/// The text as a JSON value, if writing that value out again gives exactly this text.
fn embeddable(text: &str) -> Option<Value> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    let rewritten = value.to_string();
    (depth(&value) <= MAX_EMBEDDED_DEPTH && rewritten == text).then_some(value)
}

fn depth(value: &Value) -> usize {
    let inner = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    1 + inner.unwrap_or(0)
}

/// A whole file, read and understood.
#[derive(Debug)]
pub(crate) struct Cassette {
    pub(crate) controller: Url,
    pub(crate) exchanges: Vec<Recorded>,
}

impl Cassette {
    pub(crate) fn read(path: &Path) -> Result<Self, CassetteError> {
        let text = fs::read_to_string(path).map_err(|source| CassetteError::Read { path: path.to_owned(), source })?;
        let mut reader = serde_json::Deserializer::from_str(&text);
        let controller = read_header(path, &mut reader)?;
        let mut exchanges = vec![];
        while reader.end().is_err() {
            match Recorded::deserialize(&mut reader) {
                Ok(exchange) => exchanges.push(exchange),
                // The session was killed while it wrote this one.
                Err(error) if error.is_eof() => {
                    tracing::warn!(path = %path.display(), "the last exchange of the cassette is incomplete and left out");
                    break;
                }
                Err(error) => {
                    let (path, number) = (path.to_owned(), exchanges.len() + 1);
                    return Err(CassetteError::Corrupt { path, number, reason: error.to_string() });
                }
            }
        }
        Ok(Self { controller, exchanges })
    }
}

type Reader<'a> = serde_json::Deserializer<serde_json::de::StrRead<'a>>;

fn read_header(path: &Path, reader: &mut Reader<'_>) -> Result<Url, CassetteError> {
    let foreign = |reason: String| CassetteError::Foreign { path: path.to_owned(), reason };
    let header = Value::deserialize(reader).map_err(|error| foreign(error.to_string()))?;
    // The version first: a newer header may well have other fields.
    match header.get("cassette").and_then(Value::as_u64) {
        Some(VERSION) => {}
        Some(found) => {
            return Err(CassetteError::Version { path: path.to_owned(), found });
        }
        None => {
            return Err(foreign("its first object has no \"cassette\" version".to_owned()));
        }
    }
    let header = Header::deserialize(header).map_err(|error| foreign(error.to_string()))?;
    header.controller.parse().map_err(|error| foreign(format!("its controller is no URL: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(bytes: &[u8]) -> &'static str {
        match Content::of(bytes) {
            Content::Json(_) => "json",
            Content::Text(_) => "text",
            Content::Base64(_) => "base64",
        }
    }

    #[test]
    fn a_body_takes_the_most_readable_form_that_loses_nothing() {
        assert_eq!(form(br#"{"a":[1,2.5,"x"],"b":null}"#), "json");
        assert_eq!(form(br#"{"a": 1}"#), "text", "white space would be lost");
        assert_eq!(form(br#"{"a":1,"a":2}"#), "text", "a doubled member would be lost");
        assert_eq!(form(br#"{"a":1.0e3}"#), "text", "the spelling of the number would be lost");
        assert_eq!(form(b"line\r\nline\n"), "text");
        assert_eq!(form(b"\xff\x00"), "base64");
    }

    #[test]
    fn json_too_deep_to_be_read_back_is_kept_as_text() {
        let deep = format!("{}{}", "[".repeat(120), "]".repeat(120));
        assert_eq!(form(deep.as_bytes()), "text");
        assert_eq!(Content::of(deep.as_bytes()).bytes().unwrap(), deep);
    }

    proptest! {
        #[test]
        fn any_bytes_survive_the_file(bytes: Vec<u8>) {
            let written = serde_json::to_string(&Content::of(&bytes)).unwrap();
            let read: Content = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(read.bytes().unwrap(), bytes);
        }

        #[test]
        fn any_text_survives_the_file(text in "[\\[{\"a:1,}\\]\r\n\u{1b}é]{0,40}") {
            let written = serde_json::to_string(&Content::of(text.as_bytes())).unwrap();
            let read: Content = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(read.bytes().unwrap(), text);
        }
    }
}
