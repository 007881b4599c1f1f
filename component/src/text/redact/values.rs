//! Judges a value that stands where a secret could stand: is it one, or a word, a reference, a type name?

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::GeneralPurpose;
use base64::engine::GeneralPurposeConfig;

/// Words that follow a secret's name in prose, documentation and type annotations. None is worth hiding as a password:
/// whoever uses one has no secret.
const WORDS: &[&str] = &[
    "a",
    "accepted",
    "an",
    "and",
    "any",
    "argument",
    "as",
    "at",
    "authentication",
    "been",
    "bool",
    "boolean",
    "by",
    "bytes",
    "can",
    "cannot",
    "changed",
    "char",
    "configured",
    "could",
    "denied",
    "deprecated",
    "detected",
    "disabled",
    "does",
    "empty",
    "enabled",
    "error",
    "exists",
    "expected",
    "expired",
    "failed",
    "failure",
    "false",
    "field",
    "file",
    "flag",
    "for",
    "found",
    "from",
    "has",
    "hidden",
    "if",
    "in",
    "incorrect",
    "inherit",
    "input",
    "instead",
    "int",
    "integer",
    "into",
    "invalid",
    "is",
    "it",
    "leaked",
    "mandatory",
    "masked",
    "mismatch",
    "missing",
    "must",
    "needed",
    "new",
    "nil",
    "no",
    "none",
    "not",
    "null",
    "number",
    "object",
    "of",
    "ok",
    "on",
    "only",
    "option",
    "optional",
    "or",
    "parameter",
    "passed",
    "prompt",
    "protected",
    "provided",
    "read",
    "redacted",
    "refused",
    "rejected",
    "removed",
    "required",
    "revoked",
    "rotated",
    "saved",
    "set",
    "should",
    "stdin",
    "str",
    "string",
    "text",
    "that",
    "the",
    "this",
    "to",
    "true",
    "type",
    "unauthorized",
    "undefined",
    "unexpected",
    "unknown",
    "unset",
    "unused",
    "updated",
    "use",
    "used",
    "using",
    "valid",
    "value",
    "verified",
    "via",
    "was",
    "when",
    "will",
    "with",
    "without",
    "wrong",
    "yes",
];

/// Beginnings of values that name a place where the secret is kept.
const REFERENCES: &[&str] = &[
    "$",
    "%",
    "{{",
    "<",
    "&",
    "@",
    "#{",
    "*",
    "…",
    "...",
    "xxx",
    "XXX",
    "[redacted",
    "[REDACTED",
    "[FILTERED",
    "[MASKED",
    "secrets.",
    "env.",
    "process.env",
    "os.environ",
    "os.getenv",
    "System.getenv",
    "var.",
    "local.",
    "data.",
    "vault:",
    "ref+",
    "arn:",
    "file:",
    "!",
    "~/",
    "./",
    "../",
];

/// Whether the value shows nothing: a variable, a mask, a place, a call, one of the words of prose, or what has been
/// through here already.
pub(super) fn is_harmless(value: &str) -> bool {
    let bare = value.trim_matches(|c: char| c.is_ascii_punctuation() && !matches!(c, '$' | '{' | '<' | '[' | '*'));
    bare.is_empty()
        || value.contains(super::MARK.trim_end_matches(']'))
        || REFERENCES.iter().any(|start| value.starts_with(start))
        || bare.split([' ', '_', '-']).all(is_word)
        || is_call(value)
        || is_path(value)
}

fn is_word(word: &str) -> bool {
    word.is_empty() || WORDS.binary_search(&word.to_ascii_lowercase().as_str()).is_ok()
}

/// `credentials('id')`, `getpass()`, `readFile "x"`.
fn is_call(value: &str) -> bool {
    let Some((name, _)) = value.split_once('(') else { return false };
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':'))
}

/// `/run/secrets/db`, `C:\keys\id_rsa`: where a secret lies is none. Random base64 may begin with a slash too, so each
/// part must read like a name.
fn is_path(value: &str) -> bool {
    let drive = value.get(1..3).is_some_and(|head| matches!(head, ":\\" | ":/"));
    let absolute = value.strip_prefix('/').is_some_and(|rest| {
        !rest.is_empty()
            && !looks_random(value)
            && rest.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '@' | '%'))
    });
    drive || absolute
}

/// A value that nobody would write in prose: letters with digits, or three kinds of characters.
pub(super) fn looks_secret(value: &str) -> bool {
    let kinds = kinds(value);
    value.len() >= 8
        && !is_identifier_of_a_thing(value)
        && ((kinds.letters() && kinds.digit) || (kinds.lower && kinds.upper && kinds.other))
}

/// A value with the texture of random characters; hashes, identifiers and versions are not meant.
pub(super) fn looks_random(value: &str) -> bool {
    let kinds = kinds(value);
    value.len() >= 16 && kinds.letters() && kinds.digit && !is_hash(value) && !is_identifier_of_a_thing(value) && entropy(value) >= 3.3
}

/// MD5, SHA-1, SHA-256 and SHA-512 in hex, and abbreviated commits.
pub(super) fn is_hash(value: &str) -> bool {
    let hex = value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    hex && (matches!(value.len(), 32 | 40 | 56 | 64 | 96 | 128) || value.len() <= 12)
}

/// UUIDs, digests, versions, times, coordinates, URLs: they have digits and letters, and are public.
fn is_identifier_of_a_thing(value: &str) -> bool {
    let uuid = value.len() == 36 && value.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    let digest = ["sha1", "sha256", "sha384", "sha512", "md5"]
        .iter()
        .any(|name| value.starts_with(name) && value.get(name.len()..).is_some_and(|rest| rest.starts_with([':', '-', '='])));
    let version = value
        .trim_start_matches('v')
        .split(['.', '-', '+'])
        .take(2)
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    uuid || digest || version || value.contains("://") || value.split(':').count() > 2 || value.split('/').count() > 2
}

#[derive(Debug, Clone, Copy, Default)]
struct Kinds {
    lower: bool,
    upper: bool,
    digit: bool,
    other: bool,
}

impl Kinds {
    const fn letters(self) -> bool {
        self.lower || self.upper
    }
}

fn kinds(value: &str) -> Kinds {
    let mut kinds = Kinds::default();
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' => kinds.lower = true,
            b'A'..=b'Z' => kinds.upper = true,
            b'0'..=b'9' => kinds.digit = true,
            _ => kinds.other = true,
        }
    }
    kinds
}

/// Bits per character, after Shannon.
fn entropy(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let total = value.len() as f64;
    counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / total).map(|share| -share * share.log2()).sum()
}

/// Decodes base64 of either alphabet, with or without padding, when the result is printable ASCII.
pub(super) fn decode_printable(text: &str) -> Option<String> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true);
    let alphabet = if text.contains(['-', '_']) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    let bytes = GeneralPurpose::new(alphabet, LENIENT).decode(text).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t')).then_some(text)
}

/// `name:password`, as Basic authentication and registries encode it.
pub(super) fn is_user_and_password(decoded: &str) -> bool {
    let Some((user, password)) = decoded.trim_end().split_once(':') else { return false };
    !user.is_empty()
        && user.len() <= 128
        && !user.contains(|c: char| c.is_whitespace() || matches!(c, '{' | '"' | '/'))
        && password.len() >= 3
        && !password.starts_with("//")
        && !password.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_sorted_as_the_search_in_them_needs() {
        assert!(WORDS.is_sorted());
    }

    #[test]
    fn hashes_identifiers_and_versions_are_no_secrets() {
        for value in [
            "f6063eea0f4bd1bb0be6c37ab1bb0d2a3f10d7f1",
            "550e8400-e29b-41d4-a716-446655440000",
            "sha256:9f86d081884c7d659a2feaa0c55ad015",
            "1.2.3-SNAPSHOT",
            "v18.20.4",
            "org.apache.maven:maven-core:3.9.6",
            "https://example.com/a1b2c3d4",
            "refs/remotes/origin/main2",
        ] {
            assert!(!looks_random(value), "{value}");
        }
    }

    #[test]
    fn random_characters_are_told_from_names() {
        assert!(looks_random("kJ8s0Qz1LmN4pR7tVw2x"));
        assert!(looks_secret("Tr0ub4dor&3") && looks_secret("correct-H0rse"));
        assert!(!looks_secret("identifier") && !looks_secret("short1"));
    }

    #[test]
    fn base64_is_decoded_in_both_alphabets_and_without_padding() {
        assert_eq!(decode_printable("bGluOmh1bnRlcjI=").as_deref(), Some("lin:hunter2"));
        assert_eq!(decode_printable("bGluOmh1bnRlcjI").as_deref(), Some("lin:hunter2"));
        assert_eq!(decode_printable("kubernetes/deployment"), None);
        assert!(is_user_and_password("lin:hunter2") && !is_user_and_password("https://example.com"));
    }
}
