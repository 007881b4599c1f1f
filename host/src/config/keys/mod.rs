//! Every setting there is.
//!
//! To add one: describe it below, put it into its list here, and read it where the typed configuration is made. Help,
//! `jankins config`, the file, the environment and errors know it then. A key with `guest` reaches the plugin as that
//! variable and needs nothing else; with `restricts` too, a plugin that does not say that it honours it is not used.

mod access;
mod jenkins;
mod process;
mod tables;
mod tools;

use super::key::Key;

pub(crate) use self::access::*;
pub(crate) use self::jenkins::*;
pub(crate) use self::process::*;
pub(crate) use self::tables::*;
pub(crate) use self::tools::*;

/// Everything that may stand at the top of the file, or be an option or a variable, in the order of help.
pub(crate) static TOP: &[&Key] = &[
    &CONFIG,
    &URL,
    &USER,
    &TOKEN,
    &TOKEN_FILE,
    &TOKEN_ENV,
    &TOKEN_COMMAND,
    &TOKEN_CREDENTIAL,
    &TOKEN_LIFETIME,
    &TIMEOUT,
    &CA_FILE,
    &CLIENT_CERT,
    &CLIENT_KEY,
    &PROXY,
    &FRONT_HEADER,
    &FRONT_HEADER_ENV,
    &FRONT_HEADER_FILE,
    &RECORD,
    &REPLAY,
    &READ_ONLY,
    &TOOLSETS,
    &ALLOWED_JOBS,
    &DENIED_JOBS,
    &DENIED_PATHS,
    &MAX_TOKENS,
    &CACHE_MAX_SIZE,
    &CACHE_TTL,
    &RATE_LIMIT,
    &RATE_LIMIT_BURST,
    &PLUGIN,
    &PLUGIN_DIGEST,
    &PLUGIN_MEMORY,
    &CACHE_DIR,
    &IDLE,
    &LOG_LEVEL,
    &LOG_JSON,
    &LOG_FILE,
    &LOG_FILE_MAX,
    &LOG_FILE_KEEP,
    &TRANSPORT,
    &BIND,
    &ALLOWED_HOSTS,
    &ALLOWED_ORIGINS,
    &ALLOW_ANONYMOUS,
    &PUBLIC_URL,
    &OPERATOR_TOKENS,
    &ALLOW_CIDRS,
    &DENY_CIDRS,
    &TRUSTED_PROXIES,
    &BLOCKED_USERS,
    &SHARED_LIMITS,
    &SHARED_LIMITS_PASSWORD,
];

/// Whose credentials a tenant uses. A tenant with a table of its own inherits none of them.
pub(crate) static IDENTITY: &[&Key] = &[&USER, &TOKEN, &TOKEN_FILE, &TOKEN_ENV, &TOKEN_COMMAND, &TOKEN_CREDENTIAL];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_default_is_a_value_that_its_key_takes() {
        for key in [TOP, TOKENS, CLASSES, OAUTH, RULES].concat() {
            if let Some(default) = key.default {
                assert!(key.kind.read_text(default).is_ok(), "{}", key.name);
            }
        }
    }

    #[test]
    fn no_two_keys_share_a_spelling_an_option_or_a_variable() {
        let mut seen = BTreeSet::new();
        for key in TOP {
            for name in key
                .spellings()
                .map(str::to_owned)
                .chain(key.flag.map(|flag| format!("--{flag}")))
                .chain(key.env.iter().map(|name| format!("${name}")))
            {
                assert!(seen.insert(name.clone()), "{name}");
            }
        }
    }

    #[test]
    fn every_option_has_a_variable() {
        for key in TOP.iter().filter(|key| key.flag.is_some()) {
            assert!(!key.env.is_empty(), "--{}", key.name);
        }
    }

    #[test]
    fn no_option_takes_the_value_of_a_token() {
        for flag in TOP.iter().filter_map(|key| key.flag) {
            assert!(!flag.ends_with("token") && !flag.contains("password"), "--{flag}");
        }
    }
}
