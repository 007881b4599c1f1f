//! Secrets that a command line carries in a place of its own: `curl -u user:password`, `docker login -p x`,
//! `gh secret set NAME --body x`, `snyk auth x`.
//!
//! Shells trace commands, so these lines are in many logs. An option whose name says that its value is secret
//! (`--password x`) is found by [`super::keyed`]; here stand commands whose secret has a short option or none.

use std::ops::Range;
use std::sync::LazyLock;

use crate::text::regex::Regex;

use super::shapes::groups;
use super::values::is_harmless;
use super::values::is_hash;
use super::values::looks_secret;

static COMMAND: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"(?i)(?-u:\b)(?:(?:curl|wget|https?)(?-u:\b).*?\s(?:-u|--user|--proxy-user)[ =]?"#,
        r#"(?:'[^:']+:([^']+)'|"[^:"]+:([^"]+)"|["']?[^\s:"']+:([^\s"']+))"#,
        r#"|machine\s+\S+\s+login\s+\S+\s+password\s+(\S+)"#,
        r#"|identified\s+(?:with\s+\S+\s+)?by\s+["']([^"']+)"#,
        r#"|login(?-u:\b).*?\s-p[ =]?["']?([^\s"']+)"#,
        r#"|sshpass\s+-p\s*["']?([^\s"']+)"#,
        r#"|redis-cli(?-u:\b).*?\s-a\s+["']?([^\s"']+)"#,
        r#"|openssl(?-u:\b).*?\spass:([^\s"']+)"#,
        r#"|ldap[a-z]+(?-u:\b).*?\s-w\s+["']?([^\s"']+)"#,
        r#"|mysql(?:dump|admin)?(?-u:\b).*?\s-p([^\s"']+))"#,
    ))
    .ok()
});
/// Commands with a verb that takes a secret.
static VERB: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"(?i)(?-u:\b)(?:(?:gh|glab)\s+(?:secret|variable)\s+set(?-u:\b).*?\s(?:-b|--body|-v|--value)\s*[= "']\s*["']?([^\s"']+)"#,
        r#"|(?:snyk\s+auth|cargo\s+login|nuget(?:\.exe)?\s+setapikey|vault\s+login(?:\s+-\S+)*)\s+["']?([^\s"'=-][^\s"'=]*)(?:["']?\s|["']?$)"#,
        r#"|nuget(?:\.exe)?\s+push(?-u:\b).*?\s-k\s+["']?([^\s"']+)"#,
        r#"|twine\s+upload(?-u:\b).*?\s-p\s+["']?([^\s"']+)"#,
        r#"|unlock-keychain\s+-p\s+["']?([^\s"']+)"#,
        r#"|create-keychain\s+-p\s+["']?([^\s"']+)"#,
        r#"|set-key-partition-list(?-u:\b).*?\s-k\s+["']?([^\s"']+)"#,
        r#"|security\s+import(?-u:\b).*?\s(?-i:-P)\s+["']?([^\s"']+)"#,
        r#"|(?:zip|unzip|sqlcmd|bcp)\s(?:.*?\s)?(?-i:-P)\s*["']?([^\s"']+)"#,
        r#"|htpasswd\s+-[a-z]*n[a-z]*\s+\S+\s+["']?([^\s"']+)"#,
        r#"|htpasswd\s+-[a-z]*b[a-z]*\s+\S+\s+\S+\s+["']?([^\s"']+)"#,
        r#"|echo\s+["']?[^:\s]+:([^"'\s|]+)["']?\s*\|\s*(?:sudo\s+)?chpasswd"#,
        r#"|echo\s+(?:-n\s+)?["']?([^"'|\s]+)["']?\s*\|.*\s(?:--password-stdin|--with-token|--pass-stdin)"#,
        r#"|codecov(?-u:\b).*?\s-t[ =]["']?([^\s"']+))"#,
    ))
    .ok()
});
/// All values of `kubectl create secret`.
static LITERAL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"--from-literal[ =]["']?[^\s=]+=(?:'([^']+)'|"([^"]+)"|([^\s"']+))"#).ok());
/// Old scanners send their token as the name of a user.
static LOGIN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"sonar\.login=["']?([^\s"']+)"#).ok());

/// Adds the places of all such secrets in `line` to `found`.
pub(super) fn find(line: &str, found: &mut Vec<Range<usize>>) {
    let has = |texts: &[&str]| texts.iter().any(|text| line.contains(text));
    if has(&[" -p", " -u", " -a", " -w", "user", "pass:", "machine ", "by '", "BY '"]) {
        groups(&COMMAND, line, found, |value| !is_harmless(value));
    }
    if has(&[" set ", " auth ", " login ", "apikey", "ApiKey", " -k", " -p", " -P", "passwd", "--pass", "--with-token", " -t"]) {
        groups(&VERB, line, found, |value| !is_harmless(value));
    }
    if has(&["create secret"]) {
        groups(&LITERAL, line, found, |value| !value.starts_with('$') && !value.contains("***"));
    }
    if has(&["sonar.login"]) {
        groups(&LOGIN, line, found, |value| !is_harmless(value) && (looks_secret(value) || is_hash(value)));
    }
}
