//! What the process was told to do, checked before anything is started.
//!
//! | setting | default | refused when |
//! |---|---|---|
//! | controller | none: it must be named, unless a replay knows it | not http(s), with user info, query or fragment |
//! | credentials | anonymous | a user without a token, or a token without a user |
//! | token | from the environment or a file, never from an argument | the file cannot be read or is empty |
//! | plugin | `jankins.wasm` beside the executable | not found: the error names every place looked at |
//!
//! Every error says what was wrong and what to set instead, and none repeats a secret.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::cli::options::GlobalOptions;
use crate::egress::Cassette;
use crate::egress::CassetteMode;
use crate::egress::ClientCert;
use crate::egress::Credentials;
use crate::egress::EgressError;

/// The variable that holds the API token. There is no flag for its value: every user of a machine can read the
/// arguments of a process.
pub(crate) const TOKEN_VARIABLE: &str = "JENKINS_API_TOKEN";

/// File name of the component, wherever it is looked for.
const PLUGIN_FILE: &str = "jankins.wasm";

/// Where the component is looked for, relative to the directory of the executable: as unpacked from an archive,
/// as built (`target/release/jankins` beside `target/plugin/`), and as installed under a prefix.
const PLUGIN_PLACES: [&str; 3] = ["", "../plugin", "../share/jankins"];

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
}

/// A setting is missing or cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// Nobody said which controller.
    #[error("no Jenkins to talk to: set JENKINS_URL or pass --jenkins-url, e.g. https://jenkins.example.com/")]
    NoController,
    /// The address cannot be used.
    #[error("JENKINS_URL {reason}")]
    Controller {
        /// What is wrong and what to write instead.
        reason: String,
    },
    /// Half of a credential.
    #[error("{have} is set but {lack} is not: Jenkins needs both, or neither for anonymous access")]
    HalfCredential {
        /// The half that is there.
        have: &'static str,
        /// The half that is missing.
        lack: &'static str,
    },
    /// The credentials cannot be sent as they are.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// A named file cannot be read.
    #[error("{what} {} cannot be read", path.display())]
    Unreadable {
        /// What the file is for.
        what: &'static str,
        /// Its path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The token file holds nothing.
    #[error("token file {} is empty", path.display())]
    EmptyToken {
        /// Its path.
        path: PathBuf,
    },
    /// No component.
    #[error(
        "no plugin found; looked for {}. Name it with --plugin or JANKINS_PLUGIN",
        looked.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
    )]
    NoPlugin {
        /// Every place that was looked at.
        looked: Vec<PathBuf>,
    },
    /// The cassette to replay does not say which controller it is of.
    #[error("cassette {} cannot be replayed", path.display())]
    Cassette {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Config {
    /// Reads and checks everything that a tool call needs.
    ///
    /// # Errors
    /// On the first setting that is missing or cannot be used.
    pub(crate) fn from_options(options: &GlobalOptions) -> Result<Self, ConfigError> {
        let cassette = cassette(options);
        let replayed = matches!(cassette, CassetteMode::Replay(_));
        Ok(Self {
            controller: controller(options, &cassette)?,
            // A replay reaches nobody, so it needs no secret and gets none.
            credentials: if replayed { None } else { credentials(options)? },
            ca_file: readable("CA file", options.ca_file.as_deref())?,
            client_cert: client_cert(options)?,
            cassette,
            plugin: plugin(options)?,
            cache_dir: options.cache_dir.clone().or_else(default_cache_dir),
            timeout: Duration::from_secs(u64::from(options.timeout)),
            read_only: options.read_only,
            toolsets: toolsets(&options.toolsets),
            max_tokens: options.max_tokens,
            memory_limit_bytes: usize::from(options.plugin_memory_mb) << 20,
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
        return Cassette::controller(path)
            .map_err(|error| ConfigError::Cassette { path: path.clone(), source: error.into() });
    }
    match options.jenkins_url.as_deref().map(str::trim) {
        None | Some("") => Err(ConfigError::NoController),
        Some(text) => normal_url(text),
    }
}

/// The one spelling of a controller's address: http(s), no secrets, nothing after the path, a trailing slash.
fn normal_url(text: &str) -> Result<Url, ConfigError> {
    let wrong = |reason: String| ConfigError::Controller { reason };
    let mut url = Url::parse(text).map_err(|error| {
        // The text itself may hold a password, so it is not repeated.
        wrong(format!("is not a URL ({error}); write it with its scheme, e.g. https://jenkins.example.com/"))
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong(format!(
            "has the scheme `{}`, but Jenkins speaks http or https; write e.g. https://jenkins.example.com/",
            url.scheme()
        )));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(format!(
            "holds a user or password, which would end up in logs; put them in JENKINS_USER and {TOKEN_VARIABLE}"
        )));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("must end with the path, without `?` and `#`".to_owned()));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
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

/// The component to run: the one that was named, or the first that is found.
///
/// # Errors
/// When there is none.
pub(crate) fn plugin(options: &GlobalOptions) -> Result<PathBuf, ConfigError> {
    if let Some(path) = &options.plugin {
        fs::metadata(path).map_err(|source| unreadable("plugin", path, source))?;
        return Ok(path.clone());
    }
    let executable = env::current_exe().ok().and_then(|path| path.canonicalize().ok());
    find_plugin(executable.as_deref().and_then(Path::parent))
}

fn find_plugin(beside: Option<&Path>) -> Result<PathBuf, ConfigError> {
    let looked: Vec<PathBuf> = beside
        .iter()
        .flat_map(|directory| PLUGIN_PLACES.map(|place| directory.join(place).join(PLUGIN_FILE)))
        .collect();
    looked.iter().find(|path| path.is_file()).cloned().ok_or(ConfigError::NoPlugin { looked })
}

/// Where compiled components go by default: systemd's cache directory, else that of the user.
pub(crate) fn default_cache_dir() -> Option<PathBuf> {
    let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("CACHE_DIRECTORY")
        .or_else(|| variable("XDG_CACHE_HOME").map(|base| base.join("jankins")))
        .or_else(|| variable("HOME").map(|home| home.join(".cache/jankins")))
}

/// The named toolsets; nothing stands for all of them.
pub(crate) fn toolsets(named: &[String]) -> Option<BTreeSet<String>> {
    let named: BTreeSet<String> =
        named.iter().map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect();
    if named.is_empty() || named.contains("all") { None } else { Some(named) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_ends_with_a_slash_however_it_is_written() {
        assert_eq!(normal_url("https://ci.example.com").unwrap().as_str(), "https://ci.example.com/");
        assert_eq!(normal_url("http://ci:8080/jenkins").unwrap().as_str(), "http://ci:8080/jenkins/");
        assert_eq!(normal_url("http://ci/jenkins/").unwrap().as_str(), "http://ci/jenkins/");
    }

    #[test]
    fn an_address_with_a_password_is_refused_without_repeating_it() {
        let error = normal_url("https://ada:s3cret@ci.example.com/").unwrap_err().to_string();
        assert!(error.contains("JENKINS_USER"), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }

    #[test]
    fn an_address_without_a_scheme_says_how_to_write_it() {
        for text in ["jenkins.example.com", "jenkins.example.com:8080", "ftp://ci/"] {
            let error = normal_url(text).unwrap_err().to_string();
            assert!(error.contains("https://jenkins.example.com/"), "{text}: {error}");
        }
    }

    #[test]
    fn an_address_with_a_query_is_refused() {
        assert!(normal_url("https://ci.example.com/?tree=jobs").is_err());
    }

    #[test]
    fn a_missing_plugin_is_an_error_that_names_the_places() {
        let directory = tempfile::tempdir().unwrap();
        let error = find_plugin(Some(directory.path())).unwrap_err().to_string();
        for place in ["jankins.wasm", "../plugin/jankins.wasm", "../share/jankins/jankins.wasm", "--plugin"] {
            assert!(error.contains(place), "{error}");
        }
    }

    #[test]
    fn the_plugin_beside_the_executable_wins() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(PLUGIN_FILE);
        fs::write(&path, "").unwrap();
        assert_eq!(find_plugin(Some(directory.path())).unwrap(), path);
    }

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
    fn all_toolsets_are_the_same_as_none_named() {
        assert_eq!(toolsets(&["all".to_owned()]), None);
        assert_eq!(toolsets(&[]), None);
        assert_eq!(toolsets(&["Builds ".to_owned()]), Some(BTreeSet::from(["builds".to_owned()])));
    }
}
