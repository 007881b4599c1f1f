//! What never enters a cassette: the credentials and the value of the front header in every form they travel in, wherever
//! they occur, and what is secret by its name: headers, query parameters, JSON members and form fields, user information in URLs, anti-forgery tokens
//! in pages.
//!
//! Both sides apply it: a replayed request is redacted before it is looked up, so it finds its recording.

use std::borrow::Cow;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue};
use regex::bytes::{Captures, Regex};

use super::super::headers::Credentials;

const REDACTED: &str = "[redacted]";

/// A header with one of these in its name is not recorded.
const SECRET_IN_NAME: [&str; 11] =
    ["authorization", "cookie", "credential", "crumb", "csrf", "password", "secret", "session", "signature", "token", "api-key"];
/// These change with every request, or describe the connection instead of the answer.
const TRANSIENT: [&str; 10] =
    ["date", "age", "expires", "last-modified", "etag", "connection", "keep-alive", "transfer-encoding", "server", "via"];

/// Names whose value is secret, in queries, forms and JSON.
const SECRET_NAMES: &str =
    r"[\w-]*crumb|token|api[_-]?token|access[_-]?token|refresh[_-]?token|id[_-]?token|password|passwd|secret|client[_-]?secret|api[_-]?key";

static IN_TEXT: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // "token":"…", with escapes
        format!(r#"(?i)(?P<before>"(?:{SECRET_NAMES})"\s*:\s*")(?:[^"\\]|\\.)+(?P<after>")"#),
        // token=…, in a query or a form
        format!(r#"(?i)(?P<before>(?:^|[?&;])(?:{SECRET_NAMES})=)[^&;\s"'<>#]+(?P<after>)"#),
        // <crumb>…</crumb>
        r"(?i)(?P<before><crumb>)[^<]+(?P<after></crumb>)".to_owned(),
        // data-crumb-value="…"
        r#"(?i)(?P<before>crumb-value=["'])[^"']+(?P<after>["'])"#.to_owned(),
        // crumb.init("name", "…")
        r#"(?i)(?P<before>crumb\.init\("[^"]*",\s*")[^"]+(?P<after>")"#.to_owned(),
        // https://user:password@host
        r"(?P<before>[a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/:@]*:[^\s/@]+(?P<after>@)".to_owned(),
    ]
    .iter()
    .filter_map(|pattern| Regex::new(pattern).ok())
    .collect()
});

/// A shorter value of a front header is no secret worth the name, and would be replaced all over a cassette.
const SHORTEST_FRONT_SECRET: usize = 8;

/// What the host adds to every request, which a server may echo.
#[derive(Clone, Copy, Default)]
pub(crate) struct Secrets<'a> {
    pub(crate) credentials: Option<&'a Credentials>,
    /// The value of the front header.
    pub(crate) front: Option<&'a HeaderValue>,
}

/// Removes secrets from what is about to be written.
#[derive(Debug)]
pub(crate) struct Redactor {
    known: Option<Regex>,
}

impl Redactor {
    pub(crate) fn new(secrets: Secrets<'_>) -> Self {
        Self { known: pattern(secrets).and_then(|pattern| Regex::new(&pattern).ok()) }
    }

    pub(crate) fn bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let mut redacted = Cow::Borrowed(bytes);
        if let Some(known) = &self.known {
            replace(&mut redacted, known, |_| REDACTED.into());
        }
        for pattern in IN_TEXT.iter() {
            replace(&mut redacted, pattern, |found| {
                let part = |name| found.name(name).map_or(&b""[..], |part| part.as_bytes());
                [part("before"), REDACTED.as_bytes(), part("after")].concat()
            });
        }
        redacted
    }

    pub(crate) fn text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.bytes(text.as_bytes())).into_owned()
    }

    /// The headers to record, as `name: value`. A length is kept only where there is no body to measure.
    pub(crate) fn headers(&self, headers: &HeaderMap, keep_length: bool) -> Vec<String> {
        let wanted = |name: &HeaderName| {
            let name = name.as_str();
            let secret = SECRET_IN_NAME.iter().any(|word| name.contains(word));
            !secret && !TRANSIENT.contains(&name) && (keep_length || name != "content-length")
        };
        let kept = headers.iter().filter(|(name, value)| wanted(name) && !value.is_sensitive());
        kept.map(|(name, value)| self.text(&format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))).collect()
    }
}

fn replace(text: &mut Cow<'_, [u8]>, pattern: &Regex, by: impl Fn(&Captures<'_>) -> Vec<u8>) {
    if let Cow::Owned(replaced) = pattern.replace_all(text, |found: &Captures<'_>| by(found)) {
        *text = Cow::Owned(replaced);
    }
}

/// A pattern for all spellings of the secrets; nothing when there is none, for an empty one would match everywhere.
fn pattern(secrets: Secrets<'_>) -> Option<String> {
    let mut spelled = Vec::new();
    if let Some(credentials) = secrets.credentials {
        let pair = credentials.encoded();
        let pair = pair.trim_end_matches('=');
        spelled.extend([pair.to_owned(), pair.replace('+', "-").replace('/', "_")]);
        spelled.extend(spellings(credentials.token()));
    }
    let front = secrets.front.and_then(|value| value.to_str().ok()).unwrap_or_default();
    // With the scheme and without.
    for value in [front, front.split_once(' ').map_or("", |(_, value)| value)] {
        if value.len() >= SHORTEST_FRONT_SECRET {
            spelled.extend(spellings(value));
        }
    }
    spelled.retain(|spelling| !spelling.is_empty());
    // Alternatives are tried in order: the longer must not lose to its own beginning.
    spelled.sort_by_key(|spelling| std::cmp::Reverse(spelling.len()));
    let pattern = spelled.iter().map(|spelling| regex::escape(spelling)).collect::<Vec<_>>().join("|");
    (!pattern.is_empty()).then_some(pattern)
}

/// A secret plain, JSON-escaped, percent-encoded and in base64.
fn spellings(secret: &str) -> [String; 5] {
    let escaped = serde_json::Value::from(secret).to_string();
    [
        secret.to_owned(),
        escaped.trim_matches('"').to_owned(),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        BASE64_STANDARD_NO_PAD.encode(secret),
        BASE64_URL_SAFE_NO_PAD.encode(secret),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use http::header::{CONTENT_LENGTH, LOCATION, SET_COOKIE};

    fn redactor() -> Redactor {
        Redactor::new(Secrets { credentials: Some(&Credentials::new("alice", "11a+b/c").unwrap()), front: None })
    }

    #[test]
    fn the_token_goes_in_every_spelling() {
        let pair = Credentials::new("alice", "11a+b/c").unwrap().encoded();
        for spelling in ["11a+b/c", "11a%2Bb%2Fc", &pair, pair.trim_end_matches('='), "MTFhK2IvYw"] {
            let text = redactor().text(&format!("before {spelling} after"));
            assert!(!text.contains(spelling) && text.contains(REDACTED), "{spelling}: {text}");
        }
    }

    #[test]
    fn values_go_by_the_names_they_have() {
        for (text, wanted) in [
            (r#"{"crumb":"ab\"c","crumbRequestField":"X"}"#, r#"{"crumb":"[redacted]","crumbRequestField":"X"}"#),
            ("/job/x/build?a=1&token=t0p", "/job/x/build?a=1&token=[redacted]"),
            ("My-Crumb=ab&json=1", "My-Crumb=[redacted]&json=1"),
            ("<crumb>ab</crumb>", "<crumb>[redacted]</crumb>"),
            (r#"<head data-crumb-header="C" data-crumb-value="ab">"#, r#"<head data-crumb-header="C" data-crumb-value="[redacted]">"#),
            (r#"crumb.init("C", "ab")"#, r#"crumb.init("C", "[redacted]")"#),
            ("fetch https://bob:pw@git.test/r.git", "fetch https://[redacted]@git.test/r.git"),
        ] {
            assert_eq!(redactor().text(text), wanted);
        }
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in ["tokens: 12", "https://ci.test:8080/job/a@b/", r#"{"tokenizer":"x","name":"password"}"#, "12:30:01 a@b.test"] {
            assert_eq!(redactor().text(text), text);
        }
        assert!(matches!(redactor().bytes(b"plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn secret_and_transient_headers_are_not_recorded() {
        let mut headers = HeaderMap::new();
        headers.insert(SET_COOKIE, HeaderValue::from_static("JSESSIONID=1"));
        headers.insert("x-crumb", HeaderValue::from_static("ab"));
        headers.insert("date", HeaderValue::from_static("now"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("5"));
        headers.insert(LOCATION, HeaderValue::from_static("/login?token=ab"));
        headers.append("x-group", HeaderValue::from_static("a"));
        headers.append("x-group", HeaderValue::from_static("b"));
        assert_eq!(redactor().headers(&headers, false), ["location: /login?token=[redacted]", "x-group: a", "x-group: b"]);
        assert!(redactor().headers(&headers, true).contains(&"content-length: 5".to_owned()));
    }

    #[test]
    fn an_empty_token_does_not_redact_everything() {
        let redactor = Redactor::new(Secrets { credentials: Some(&Credentials::new("", "").unwrap()), front: None });
        assert_eq!(redactor.text("abc"), "abc");
    }

    #[test]
    fn the_value_of_the_front_header_goes_with_its_scheme_and_without_unless_it_is_no_secret() {
        let redactor = |value| Redactor::new(Secrets { credentials: None, front: Some(&HeaderValue::from_static(value)) });
        let text = "you sent Bearer fr0nt+door, that is fr0nt+door or fr0nt%2Bdoor";
        assert_eq!(redactor("Bearer fr0nt+door").text(text), "you sent [redacted], that is [redacted] or [redacted]");
        assert_eq!(redactor("true").text("it is true"), "it is true");
    }

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(IN_TEXT.len(), 6);
    }
}
