//! What the operator decides, read once from the environment of the instance.
//!
//! `JENKINS_URL` is required. `JENKINS_USER` and `JENKINS_API_TOKEN` are set in runtimes that have no other way to
//! add credentials; where the host adds them to requests by itself they are absent, and the token never enters here.
//!
//! | variable | default |
//! |---|---|
//! | `JANKINS_TIMEOUT_SECONDS` | 30, for a tool call |
//! | `JANKINS_MAX_TOKENS` | 2,000, for an answer |
//! | `JANKINS_RATE_LIMIT_REQUESTS_PER_MINUTE` | 60 tool calls; 0 is no limit |
//! | `JANKINS_RATE_LIMIT_BURST_SIZE` | 10 |
//! | `JANKINS_CACHE_MAX_SIZE` | 1,000 answers; 0 is no cache |
//! | `JANKINS_CACHE_TTL_SECONDS` | 300, for what no longer changes |
//!
//! A value that is no number counts as none.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::Error;
use crate::jenkins::policy::Policy;

/// A tool call's own deadline when the operator names none.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Tokens of an answer when neither caller nor operator say.
const MAX_TOKENS: u32 = 2_000;
/// No caller gets more than this.
pub(crate) const MAX_TOKENS_CAP: u32 = 20_000;

/// Calls a minute when the operator names no number: more than one person with an agent asks.
const PER_MINUTE: u32 = 60;
/// And at once.
const BURST: u32 = 10;
/// Answers that are kept.
const CACHE_ENTRIES: usize = 1_000;
/// And for how long, when they do not change any more.
const CACHE_TTL: u64 = 300;

/// Settings of one instance.
#[derive(Clone)]
pub(crate) struct Settings {
    /// Root URL of the controller, without a trailing slash.
    pub(crate) url: String,
    /// Value of an Authorization header, when the guest has to add it.
    pub(crate) authorization: Option<String>,
    /// Secrets that must not stand in any answer.
    pub(crate) secrets: Vec<String>,
    /// Deadline of a tool call.
    pub(crate) timeout: Duration,
    /// Default token budget of an answer.
    pub(crate) max_tokens: u32,
    /// Which jobs callers may use and see.
    pub(crate) jobs: Policy,
    /// Tool calls a minute; 0 is no limit.
    pub(crate) rate_per_minute: u32,
    /// Tool calls at once.
    pub(crate) rate_burst: u32,
    /// Answers of the controller that are kept; 0 is none.
    pub(crate) cache_entries: usize,
    /// For how long, when they do not change any more.
    pub(crate) cache_ttl: Duration,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// When `JENKINS_URL` is missing or is no http(s) URL, naming it.
    pub(crate) fn from_env() -> Result<Self, Error> {
        Self::from_lookup(|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
    }

    fn from_lookup(get: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let url = get("JENKINS_URL").ok_or_else(|| Error::Setup("JENKINS_URL is not set".into()))?;
        let uri: http::Uri = url.parse().map_err(|e| Error::Setup(format!("JENKINS_URL is not a URL: {e}")))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(Error::Setup("JENKINS_URL must begin with http:// or https://".into()));
        }
        if uri.authority().is_none_or(|a| a.as_str().contains('@')) {
            return Err(Error::Setup("JENKINS_URL must name a host and must not hold credentials".into()));
        }
        let (user, token) = (get("JENKINS_USER"), get("JENKINS_API_TOKEN"));
        let basic = match (&user, &token) {
            (Some(user), Some(token)) => Some(STANDARD.encode(format!("{user}:{token}"))),
            _ => None,
        };
        let secrets = token.into_iter().chain(basic.clone()).collect();
        let number = |name: &str| get(name).and_then(|value| value.trim().parse::<u32>().ok());
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            authorization: basic.map(|b| format!("Basic {b}")),
            secrets,
            timeout: number("JANKINS_TIMEOUT_SECONDS").map_or(TIMEOUT, |s| Duration::from_secs(s.into())),
            max_tokens: number("JANKINS_MAX_TOKENS").unwrap_or(MAX_TOKENS).clamp(50, MAX_TOKENS_CAP),
            jobs: Policy::new(get("JANKINS_ALLOWED_JOBS").as_deref(), get("JANKINS_DENIED_JOBS").as_deref()),
            rate_per_minute: number("JANKINS_RATE_LIMIT_REQUESTS_PER_MINUTE").unwrap_or(PER_MINUTE),
            rate_burst: number("JANKINS_RATE_LIMIT_BURST_SIZE").unwrap_or(BURST),
            cache_entries: number("JANKINS_CACHE_MAX_SIZE").map_or(CACHE_ENTRIES, |n| n as usize),
            cache_ttl: Duration::from_secs(number("JANKINS_CACHE_TTL_SECONDS").map_or(CACHE_TTL, u64::from)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Result<Settings, Error> {
        Settings::from_lookup(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn basic_authentication_is_built_only_from_user_and_token() {
        let with = settings(&[("JENKINS_URL", "http://ci/"), ("JENKINS_USER", "ada"), ("JENKINS_API_TOKEN", "tok")]).unwrap();
        assert_eq!(with.authorization.as_deref(), Some("Basic YWRhOnRvaw=="));
        assert_eq!(with.url, "http://ci");
        let without = settings(&[("JENKINS_URL", "http://ci/jenkins/")]).unwrap();
        assert_eq!((without.authorization, without.url.as_str()), (None, "http://ci/jenkins"));
    }

    #[test]
    fn limits_have_defaults_and_a_zero_lifts_them() {
        let url = ("JENKINS_URL", "http://ci/");
        let of = |pairs: &[(&str, &str)]| {
            let s = settings(&[&[url], pairs].concat()).unwrap();
            (s.rate_per_minute, s.rate_burst, s.cache_entries, s.cache_ttl.as_secs())
        };
        assert_eq!(of(&[]), (60, 10, 1_000, 300));
        let lifted =
            [("JANKINS_RATE_LIMIT_REQUESTS_PER_MINUTE", "0"), ("JANKINS_CACHE_MAX_SIZE", "0"), ("JANKINS_RATE_LIMIT_BURST_SIZE", "x")];
        assert_eq!(of(&lifted), (0, 10, 0, 300));
    }

    #[test]
    fn a_url_without_scheme_or_with_a_password_is_refused() {
        for url in ["ci.example.com", "ftp://ci", "https://ada:tok@ci"] {
            assert!(settings(&[("JENKINS_URL", url)]).is_err(), "{url}");
        }
        assert!(settings(&[]).is_err());
    }
}
