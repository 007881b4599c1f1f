//! Values whose name says that they are secret: `DB_PASSWORD=x`, `"apiKey": "x"`, `token: x`, `--password x`,
//! `<secret>x</secret>`, `PASSWORD 'x'`, and random values a few words after such a name.
//!
//! The name decides first: it must hold a secret-like word, and its last word must not turn it into something else
//! (`token_type`, `password_file`, `secretName`). Then the syntax decides how much the value itself must look like a
//! secret: after `=` hardly at all, in the middle of a sentence very much.

use std::ops::Range;
use std::sync::LazyLock;

use crate::text::regex::Regex;

use super::super::clean::split_timestamp;
use super::values::is_harmless;
use super::values::is_hash;
use super::values::looks_random;
use super::values::looks_secret;

/// The core of a secret's name; the rest of the name around it is found by its characters, because an expression that
/// begins with "any name" cannot skip through a text.
static CORES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?i-u:pass|pwd|secret|token|crumb|key)").ok());

/// Words that make a name secret on their own.
const SECRET_WORDS: &[&str] = &["password", "passwd", "passphrase", "passcode", "passwort", "pwd", "secret", "token"];

/// Words that end in `pass`, as `bypass` does, and mean a password.
const PASSES: &[&str] = &["storepass", "keypass", "userpass", "dbpass", "rootpass", "adminpass", "bindpass", "sudopass", "becomepass"];

/// Words that make `key` a secret when they stand before it.
const KEY_WORDS: &[&str] = &[
    "access",
    "account",
    "api",
    "auth",
    "client",
    "encryption",
    "license",
    "master",
    "private",
    "secret",
    "shared",
    "signing",
    "ssh",
    "storage",
    "subscription",
];

/// Last words of names that tell something about a secret, and not the secret.
const ABOUT: &[&str] = &[
    "age",
    "algorithm",
    "arn",
    "attempts",
    "budget",
    "class",
    "config",
    "count",
    "description",
    "dir",
    "directory",
    "enabled",
    "endpoint",
    "env",
    "error",
    "exists",
    "expected",
    "expiration",
    "expired",
    "expires",
    "expiry",
    "fd",
    "field",
    "file",
    "filename",
    "format",
    "found",
    "hash",
    "header",
    "helper",
    "id",
    "index",
    "invalid",
    "kind",
    "label",
    "len",
    "length",
    "limit",
    "location",
    "manager",
    "max",
    "method",
    "min",
    "missing",
    "mode",
    "name",
    "names",
    "namespace",
    "path",
    "policy",
    "position",
    "prefix",
    "provider",
    "ref",
    "required",
    "rotation",
    "rule",
    "scope",
    "service",
    "size",
    "source",
    "state",
    "status",
    "stdin",
    "store",
    "stream",
    "suffix",
    "test",
    "tests",
    "timeout",
    "ttl",
    "type",
    "types",
    "uri",
    "url",
    "usage",
    "used",
    "user",
    "username",
    "valid",
    "validation",
    "version",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    /// Passwords and keys: the word has one meaning.
    Strong,
    /// Tokens: compilers, lexers and models have them too.
    Weak,
}

/// Adds the places of all such values in `line` to `found`.
pub(super) fn find(line: &str, found: &mut Vec<Range<usize>>) {
    let Some(cores) = CORES.as_ref() else { return };
    let mut from = 0;
    while let Some(core) = cores.find_at(line.as_bytes(), from) {
        let name = name_around(line, from, core);
        from = name.end;
        let Some(text) = line.get(name.clone()) else { return };
        if let Some(kind) = classify(text)
            && let Some(value) = value_after(line, name, kind)
        {
            found.push(value);
        }
    }
}

fn name_around(line: &str, from: usize, core: Range<usize>) -> Range<usize> {
    let member = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let before = line.as_bytes().get(from..core.start).unwrap_or_default();
    let after = line.as_bytes().get(core.end..).unwrap_or_default();
    let left = before.iter().rev().take_while(|byte| member(byte)).count();
    let right = after.iter().take_while(|byte| member(byte)).count();
    core.start - left..core.end + right
}

/// Whether the text holds such a value.
pub(super) fn any(text: &str) -> bool {
    let mut found = Vec::new();
    text.lines().for_each(|line| find(line, &mut found));
    !found.is_empty()
}

fn classify(name: &str) -> Option<Name> {
    let words = words(name.trim_matches(['-', '.', '_']));
    let last = words.last()?;
    let vault = words.ends_with(&["secret".to_owned(), "id".to_owned()]);
    if ABOUT.contains(&last.as_str()) && !vault {
        return None;
    }
    let key_of = |pair: &[String]| matches!(pair, [owner, key] if key == "key" && KEY_WORDS.contains(&owner.as_str()));
    let joined = |word: &String| {
        let owner = word.strip_suffix("key");
        owner.is_some_and(|owner| KEY_WORDS.iter().any(|known| owner.ends_with(known)))
    };
    let ends = |word: &String, wanted: &str| word.ends_with(wanted);
    let strong = words.windows(2).any(key_of)
        || words.iter().any(joined)
        || words.iter().any(|word| SECRET_WORDS.iter().any(|known| *known != "token" && ends(word, known)))
        || (words.len() > 1 && matches!(last.as_str(), "pass" | "crumb"))
        || PASSES.contains(&last.as_str());
    if strong {
        return Some(Name::Strong);
    }
    // `pass` alone counts tests, but not as an option; there its value may be the number of a pass.
    let option = name.starts_with("--") && matches!(words.as_slice(), [word] if word == "pass");
    (option || words.iter().any(|word| ends(word, "token"))).then_some(Name::Weak)
}

/// `dbPassword`, `DB_PASSWORD` and `db-password` are the same two words.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    for part in name.split(['_', '-', '.']).filter(|part| !part.is_empty()) {
        let mut word = String::new();
        let mut before_lower = false;
        for c in part.chars() {
            if c.is_ascii_uppercase() && before_lower {
                words.push(std::mem::take(&mut word));
            }
            before_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
            word.push(c.to_ascii_lowercase());
        }
        words.push(word);
    }
    words
}

/// How name and value are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    /// `name=value`, `"name": "value"`, `<name>value<`, `--name value`, and the line `name: value`.
    Tight,
    /// `name = value` without quotes: also how programs write.
    Loose,
    /// `name: value` within a sentence.
    Sentence,
}

fn value_after(line: &str, name: Range<usize>, kind: Name) -> Option<Range<usize>> {
    let before = line.get(..name.start)?;
    let rest = line.get(name.end..)?;
    let unquoted = rest.trim_start_matches(['\\', '"', '\'', '`', ']']);
    let name_quoted = unquoted.len() < rest.len() && before.ends_with(['"', '\'']);
    let spaced = unquoted.trim_start();
    let space = unquoted.len() > spaced.len();
    let separators = [":=", "=>", "==", "=", ":", ">"];
    let separator = separators.into_iter().find(|separator| spaced.starts_with(separator));
    let tail = spaced.get(separator.map_or(0, str::len)..)?;
    let value = tail.trim_start();
    let at = line.len() - value.len();
    let quoted = value.starts_with(['"', '\'']) || value.starts_with("\\\"");
    let after_space = value.len() < tail.len();
    let join = match separator {
        Some("==") => return None,
        Some(">") => (before.ends_with('<') && !after_space).then_some(Join::Tight)?,
        Some(":") if name_quoted || quoted => Join::Tight,
        Some(":") if !after_space => Join::Sentence,
        Some(":") => {
            if is_whole_line(before, value) {
                Join::Tight
            } else {
                Join::Sentence
            }
        }
        Some(_) if space && after_space && !quoted => Join::Loose,
        Some(_) => Join::Tight,
        None if rest.len() < spaced.len() || !space => return None,
        // The next option, or the column of a help text.
        None if value.starts_with('-') || unquoted.starts_with("  ") => return None,
        None if line.get(name.clone())?.starts_with('-') => Join::Tight,
        // `PASSWORD 'x'` is SQL; `secret "x" created` is the name of a thing.
        None if quoted && line.get(name.clone())?.to_ascii_lowercase().contains("pass") => Join::Tight,
        None if quoted => Join::Sentence,
        None => return distant(line, at),
    };
    let place = extent(line, at, separator == Some(">"));
    let text = line.get(place.clone())?;
    let own_name = line.get(name)?;
    let secret = match (join, kind) {
        _ if is_harmless(text) || is_name_again(text, own_name) || is_type(text) => false,
        _ if separator.is_none() && is_about(text) => false,
        (Join::Tight, Name::Strong) => true,
        (Join::Tight, Name::Weak) => !(text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit())),
        (Join::Loose, Name::Strong) => !text.ends_with(';') || looks_secret(text),
        (Join::Loose, Name::Weak) | (Join::Sentence, _) => looks_secret(text) || is_hash(text) && text.len() >= 32,
    };
    secret.then_some(place)
}

/// `name: value` alone on its line, as YAML, properties and headers have it: one word after the name.
fn is_whole_line(before: &str, value: &str) -> bool {
    let lead = split_timestamp(before).1.trim_start_matches([' ', '\t', '-', '+', '|', '>', '#']);
    lead.is_empty() && !value.trim_end().contains(' ')
}

/// A random value at most five words after the name: `password for user lin is x`.
fn distant(line: &str, at: usize) -> Option<Range<usize>> {
    let mut from = at;
    for _ in 0..6 {
        let place = extent(line, from, false);
        let word = line.get(place.clone())?;
        if looks_random(word) && !is_harmless(word) && !word.starts_with('-') && !word.contains('=') {
            return Some(place);
        }
        let (_, next) = line.get(from..)?.split_once(' ')?;
        from = line.len() - next.trim_start().len();
    }
    None
}

/// `--password PASSWORD`, `token=token`: usages and assignments repeat the name, or its last word.
fn is_name_again(text: &str, name: &str) -> bool {
    let name = name.trim_matches(['-', '.', '_']);
    let last = name.rsplit(['-', '_', '.']).next().unwrap_or(name);
    text.eq_ignore_ascii_case(name) || text.eq_ignore_ascii_case(last)
}

/// `--secret id=npmrc,src=.npmrc`: the option tells where the secret is.
fn is_about(text: &str) -> bool {
    text.split_once('=').is_some_and(|(key, _)| matches!(key, "src" | "source" | "target" | "env") || ABOUT.contains(&key))
}

/// `String`, `Option<String>`, `&str`: what follows a name in a declaration.
fn is_type(text: &str) -> bool {
    let name: &str = text.split(['<', '[', '?', ',', ';', ')']).next().unwrap_or_default();
    [
        "String",
        "Option",
        "SecretString",
        "Secret",
        "Token",
        "Vec",
        "Bytes",
        "Path",
        "PathBuf",
        "CharSequence",
        "Optional",
        "List",
        "Password",
    ]
    .contains(&name)
}

/// Where the value that begins at `at` ends.
fn extent(line: &str, at: usize, xml: bool) -> Range<usize> {
    let rest = line.get(at..).unwrap_or_default();
    if xml {
        return at..at + rest.find('<').unwrap_or(rest.len());
    }
    for quote in ["\\\"", "\"", "'"] {
        if let Some(inner) = rest.strip_prefix(quote) {
            let start = at + quote.len();
            return start..start + closing(inner, quote).unwrap_or(inner.len());
        }
    }
    let word = rest.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<')).next().unwrap_or_default();
    // `a=1,b=2` and `a=1&b=2` go on with other names; without another name the separators belong to the value.
    let stop = word.char_indices().find(|(index, c)| {
        matches!(c, '&' | ',' | ';' | '|') && word.get(index + 1..).is_some_and(|more| more.is_empty() || more.contains(['=', ':']))
    });
    let word = word.get(..stop.map_or(word.len(), |(index, _)| index)).unwrap_or(word);
    let word = word.trim_end_matches([',', ';', ')', ']', '}']);
    at..at + word.len()
}

/// The closing quote, skipping escaped ones.
fn closing(inner: &str, quote: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + inner.get(from..)?.find(quote)?;
        let escapes = inner.get(..at)?.bytes().rev().take_while(|byte| *byte == b'\\').count();
        if quote.len() > 1 || escapes.is_multiple_of(2) {
            return Some(at);
        }
        from = at + quote.len();
    }
}
