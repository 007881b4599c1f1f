//! What the process was told to do, checked before anything is started.
//!
//! | setting | default | refused when |
//! |---|---|---|
//! | controller | none: it must be named, unless a replay knows it | not http(s), with user info, query or fragment |
//! | credentials | anonymous | a user without a token, or a token without a user |
//! | token | from the environment or a file, never from an argument | the file cannot be read or is empty |
//! | proxy | what HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say | not http(s) |
//! | plugin | `jankins.wasm` beside the executable | not found: the error names every place looked at |
//!
//! Every error says what was wrong and what to set instead, and none repeats a secret.

mod controller;
mod error;
mod places;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use self::controller::normal_url;
pub(crate) use self::error::ConfigError;
pub(crate) use self::places::default_cache_dir;
pub(crate) use self::places::plugin;
use crate::cli::options::GlobalOptions;
use crate::egress::Cassette;
use crate::egress::CassetteMode;
use crate::egress::ClientCert;
use crate::egress::Credentials;
use crate::egress::Proxy;

/// The variable that holds the API token. There is no flag for its value: every user of a machine can read the
/// arguments of a process.
pub(crate) const TOKEN_VARIABLE: &str = "JENKINS_API_TOKEN";

/// The settings of one run.
#[derive(Debug)]
pub(crate) struct Config {
    /// The controller, with a trailing slash.
    pub(crate) controller: Url,
    /// Who we are to the controller; anonymous without.
    pub(crate) credentials: Option<Credentials>,
    /// Further roots to trust.
    pub(crate) ca_file: Option<PathBuf>,
    /// What to present when the controller asks for a certificate.
    pub(crate) client_cert: Option<ClientCert>,
    /// What stands between us and the controller.
    pub(crate) proxy: Option<Proxy>,
    /// Whether exchanges are recorded or replayed.
    pub(crate) cassette: CassetteMode,
    /// The component.
    pub(crate) plugin: PathBuf,
    /// Where compiled components are kept; nowhere without.
    pub(crate) cache_dir: Option<PathBuf>,
    /// Time for one tool call.
    pub(crate) timeout: Duration,
    /// Nothing that changes the controller is offered or let through.
    pub(crate) read_only: bool,
    /// The toolsets to offer; all without.
    pub(crate) toolsets: Option<BTreeSet<String>>,
    /// Default token budget of an answer, if the plugin's own is not wanted.
    pub(crate) max_tokens: Option<u32>,
    /// Memory that the component may use.
    pub(crate) memory_limit_bytes: usize,
    /// What the plugin is told to keep to.
    pub(crate) limits: PluginLimits,
}

/// Limits that a plugin keeps by itself, by convention under these names; where none is given, its own default holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PluginLimits {
    /// Tool calls in a minute; 0 is no limit.
    pub(crate) rate_per_minute: Option<u32>,
    /// Tool calls at once.
    pub(crate) rate_burst: Option<u32>,
    /// Answers of the upstream to keep.
    pub(crate) cache_entries: Option<u32>,
    /// And for how long.
    pub(crate) cache_ttl_seconds: Option<u32>,
}

impl PluginLimits {
    /// The variables of the plugin's environment that say so.
    pub(crate) fn env(self) -> impl Iterator<Item = (String, String)> {
        let named = [
            ("JANKINS_RATE_LIMIT_REQUESTS_PER_MINUTE", self.rate_per_minute),
            ("JANKINS_RATE_LIMIT_BURST_SIZE", self.rate_burst),
            ("JANKINS_CACHE_MAX_SIZE", self.cache_entries),
            ("JANKINS_CACHE_TTL_SECONDS", self.cache_ttl_seconds),
        ];
        named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_string())))
    }
}

impl Config {
    /// Reads and checks everything that a tool call needs.
    ///
    /// # Errors
    /// On the first setting that is missing or cannot be used.
    pub(crate) fn from_options(options: &GlobalOptions) -> Result<Self, ConfigError> {
        let cassette = cassette(options);
        let replayed = matches!(cassette, CassetteMode::Replay(_));
        let controller = controller(options, &cassette)?;
        Ok(Self {
            // A replay reaches nobody, so it needs no secret and gets none.
            credentials: if replayed { None } else { credentials(options)? },
            ca_file: readable("CA file", options.ca_file.as_deref())?,
            client_cert: client_cert(options)?,
            proxy: if replayed { None } else { Proxy::from_environment(&controller)? },
            controller,
            cassette,
            plugin: plugin(options)?,
            cache_dir: options.cache_dir.clone().or_else(default_cache_dir),
            timeout: Duration::from_secs(u64::from(options.timeout)),
            read_only: options.read_only,
            toolsets: toolsets(&options.toolsets),
            max_tokens: options.max_tokens,
            memory_limit_bytes: usize::from(options.plugin_memory_mb) << 20,
            limits: PluginLimits {
                rate_per_minute: options.rate_limit_requests_per_minute,
                rate_burst: options.rate_limit_burst_size,
                cache_entries: options.cache_max_size,
                cache_ttl_seconds: options.cache_ttl_seconds,
            },
        })
    }
}

fn cassette(options: &GlobalOptions) -> CassetteMode {
    match (&options.record, &options.replay) {
        (_, Some(path)) => CassetteMode::Replay(path.clone()),
        (Some(path), None) => CassetteMode::Record(path.clone()),
        (None, None) => CassetteMode::Off,
    }
}

fn controller(options: &GlobalOptions, cassette: &CassetteMode) -> Result<Url, ConfigError> {
    if let CassetteMode::Replay(path) = cassette {
        return Cassette::controller(path).map_err(|error| ConfigError::Cassette { path: path.clone(), source: error.into() });
    }
    match options.jenkins_url.as_deref().map(str::trim) {
        None | Some("") => Err(ConfigError::NoController),
        Some(text) => normal_url(text),
    }
}

fn credentials(options: &GlobalOptions) -> Result<Option<Credentials>, ConfigError> {
    let user = options.jenkins_user.clone().filter(|user| !user.is_empty());
    let token = match options.jenkins_token_file.as_deref() {
        Some(path) => Some(token_from(path)?),
        None => env::var(TOKEN_VARIABLE).ok().map(|token| token.trim().to_owned()),
    };
    match (user, token.filter(|token| !token.is_empty())) {
        (Some(user), Some(token)) => Credentials::new(user, token).map(Some).map_err(ConfigError::from),
        (None, None) => Ok(None),
        (Some(_), None) => Err(ConfigError::HalfCredential { have: "JENKINS_USER", lack: TOKEN_VARIABLE }),
        (None, Some(_)) => Err(ConfigError::HalfCredential { have: TOKEN_VARIABLE, lack: "JENKINS_USER" }),
    }
}

fn token_from(path: &Path) -> Result<String, ConfigError> {
    let text = fs::read_to_string(path).map_err(|source| unreadable("token file", path, source))?;
    let token = text.trim();
    if token.is_empty() {
        return Err(ConfigError::EmptyToken { path: path.to_owned() });
    }
    Ok(token.to_owned())
}

fn client_cert(options: &GlobalOptions) -> Result<Option<ClientCert>, ConfigError> {
    let cert = readable("client certificate", options.client_cert.as_deref())?;
    let key = readable("client key", options.client_key.as_deref())?;
    // The options require each other, so a half pair does not get here.
    Ok(cert.zip(key).map(|(cert, key)| ClientCert { cert, key }))
}

fn readable(what: &'static str, path: Option<&Path>) -> Result<Option<PathBuf>, ConfigError> {
    let Some(path) = path else { return Ok(None) };
    fs::File::open(path).map_err(|source| unreadable(what, path, source))?;
    Ok(Some(path.to_owned()))
}

fn unreadable(what: &'static str, path: &Path, source: std::io::Error) -> ConfigError {
    ConfigError::Unreadable { what, path: path.to_owned(), source }
}

/// The named toolsets; nothing stands for all of them.
pub(crate) fn toolsets(named: &[String]) -> Option<BTreeSet<String>> {
    let named: BTreeSet<String> = named.iter().map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect();
    if named.is_empty() || named.contains("all") { None } else { Some(named) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_file_may_end_with_a_newline_but_not_be_empty() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        fs::write(&path, "11abc\n").unwrap();
        assert_eq!(token_from(&path).unwrap(), "11abc");
        fs::write(&path, "\n").unwrap();
        assert!(matches!(token_from(&path), Err(ConfigError::EmptyToken { .. })));
    }

    #[test]
    fn a_plugin_is_told_only_the_limits_that_were_given() {
        let limits = PluginLimits { rate_per_minute: Some(0), cache_ttl_seconds: Some(60), ..PluginLimits::default() };
        let env: Vec<String> = limits.env().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(env, ["JANKINS_RATE_LIMIT_REQUESTS_PER_MINUTE=0", "JANKINS_CACHE_TTL_SECONDS=60"]);
    }

    #[test]
    fn all_toolsets_are_the_same_as_none_named() {
        assert_eq!(toolsets(&["all".to_owned()]), None);
        assert_eq!(toolsets(&[]), None);
        assert_eq!(toolsets(&["Builds ".to_owned()]), Some(BTreeSet::from(["builds".to_owned()])));
    }
}
