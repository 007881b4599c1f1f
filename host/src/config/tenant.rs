//! The settings of one tenant, typed and checked.
//!
//! | setting | default | refused when |
//! |---|---|---|
//! | controller | none: it must be named, unless a replay knows it | not http(s), with user info, query or fragment |
//! | credentials | anonymous | a user without a token, or a token without a user; two sources of a token |
//! | token | from a variable, file, program or systemd credential, never from an argument | it cannot be read or is empty |
//! | front header | none | its name without a value, or the other way round |
//! | proxy | what HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say | not http(s) |
//! | plugin | `jankins.wasm` beside the executable | not found: the error names every place looked at |
//!
//! Two equal values stand for the same tenant: a reload leaves a tenant alone whose settings are equal.

use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::controller::normal_url;
use super::error::ConfigError;
use super::key::Key;
use super::keys;
use super::layer::Layer;
use super::places;
use super::unreadable;
use crate::egress::Cassette;
use crate::egress::CassetteMode;
use crate::egress::ClientCert;
use crate::egress::Identity;
use crate::egress::Patterns;
use crate::egress::Proxy;
use crate::egress::SecretHeader;
use crate::egress::TokenSource;
use crate::tenant::Rights;
use crate::tenant::Toolsets;

/// The settings of one tenant.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TenantConfig {
    /// The controller, with a trailing slash.
    pub(crate) controller: Url,
    /// Who we are to the controller; anonymous without.
    pub(crate) identity: Option<Identity>,
    /// Sent with every request, for a proxy in front of the controller.
    pub(crate) front_header: Option<SecretHeader>,
    /// Further roots to trust.
    pub(crate) ca_file: Option<PathBuf>,
    /// What to present when the controller asks for a certificate.
    pub(crate) client_cert: Option<ClientCert>,
    /// The proxy on the way to the controller.
    pub(crate) proxy: Option<Proxy>,
    /// Whether exchanges are recorded or replayed.
    pub(crate) cassette: CassetteMode,
    /// The component.
    pub(crate) plugin: PathBuf,
    /// The digest that it must have.
    pub(crate) plugin_digest: Option<String>,
    /// Time for one tool call.
    pub(crate) timeout: Duration,
    /// What is offered and let through.
    pub(crate) rights: Rights,
    /// Paths below the controller's URL that are never requested.
    pub(crate) denied_paths: Patterns,
    /// What the plugin is told, by variable.
    pub(crate) guest: Vec<(String, String)>,
    /// Which of these variables restrict callers, so that the plugin must know them.
    pub(crate) restrictions: Vec<&'static str>,
    /// Memory that the component may use.
    pub(crate) memory_limit_bytes: usize,
}

impl TenantConfig {
    pub(super) fn new(id: &str, layer: &Layer) -> Result<Self, ConfigError> {
        let cassette = cassette(layer)?;
        let replayed = matches!(cassette, CassetteMode::Replay(_));
        let controller = controller(id, layer, &cassette)?;
        Ok(Self {
            // A replay reaches nobody, so it needs no secret and gets none.
            identity: if replayed { None } else { identity(layer)? },
            front_header: if replayed { None } else { front_header(layer)? },
            ca_file: readable("CA file", layer.text(&keys::CA_FILE))?,
            client_cert: client_cert(layer)?,
            proxy: if replayed { None } else { proxy(layer, &controller)? },
            controller,
            cassette,
            plugin: places::plugin(layer.text(&keys::PLUGIN).map(PathBuf::from))?,
            plugin_digest: layer.text(&keys::PLUGIN_DIGEST).map(|digest| digest.trim_start_matches("sha256:").to_ascii_lowercase()),
            timeout: Duration::from_secs(layer.number(&keys::TIMEOUT).unwrap_or_default().max(1)),
            rights: rights(layer),
            denied_paths: Patterns::new(layer.list(&keys::DENIED_PATHS)),
            guest: guest(layer),
            restrictions: restrictions(layer),
            memory_limit_bytes: usize::try_from(layer.number(&keys::PLUGIN_MEMORY).unwrap_or_default() << 20).unwrap_or(usize::MAX),
        })
    }

    #[cfg(test)]
    pub(crate) fn for_tests(rights: Rights) -> Self {
        Self {
            controller: Url::parse("http://ci.example.com/").unwrap(),
            identity: None,
            front_header: None,
            ca_file: None,
            client_cert: None,
            proxy: None,
            cassette: CassetteMode::Off,
            plugin: PathBuf::new(),
            plugin_digest: None,
            timeout: Duration::from_secs(30),
            rights,
            denied_paths: Patterns::default(),
            guest: Vec::new(),
            restrictions: Vec::new(),
            memory_limit_bytes: 1 << 20,
        }
    }
}

pub(super) fn rights(layer: &Layer) -> Rights {
    let named = layer.list(&keys::TOOLSETS);
    Rights { read_only: layer.switch(&keys::READ_ONLY), toolsets: Toolsets::offered(named.iter().map(String::as_str)) }
}

/// What was given for keys that the plugin knows, as it is to read it.
fn guest(layer: &Layer) -> Vec<(String, String)> {
    let told = |key: &&'static Key| {
        let variable = key.guest?;
        let value = match layer.get(key)?.value {
            super::key::Value::Number(number) => number.to_string(),
            super::key::Value::Switch(switch) => switch.to_string(),
            super::key::Value::Text(text) => text,
            super::key::Value::List(items) => items.join(","),
            super::key::Value::Secret => return None,
        };
        Some((variable.to_owned(), value))
    };
    keys::TOP.iter().filter_map(told).collect()
}

/// The restrictions that are set. An empty list restricts nobody.
fn restrictions(layer: &Layer) -> Vec<&'static str> {
    let set = keys::TOP.iter().filter(|key| key.restricts && !layer.list(key).is_empty());
    set.filter_map(|key| key.guest).collect()
}

fn cassette(layer: &Layer) -> Result<CassetteMode, ConfigError> {
    match (layer.text(&keys::RECORD), layer.text(&keys::REPLAY)) {
        (Some(_), Some(_)) => Err(ConfigError::Contradiction("--record and --replay exclude each other".to_owned())),
        (None, Some(path)) => Ok(CassetteMode::Replay(path.into())),
        (Some(path), None) => Ok(CassetteMode::Record(path.into())),
        (None, None) => Ok(CassetteMode::Off),
    }
}

fn controller(id: &str, layer: &Layer, cassette: &CassetteMode) -> Result<Url, ConfigError> {
    if let CassetteMode::Replay(path) = cassette {
        return Cassette::controller(path).map_err(|error| ConfigError::Cassette { path: path.clone(), source: error.into() });
    }
    match layer.text(&keys::URL) {
        Some(text) => normal_url(&text).map_err(|reason| layer.wrong(&keys::URL, reason)),
        None if id == crate::tenant::DEFAULT => Err(ConfigError::NoController),
        None => Err(ConfigError::TenantWithoutController { tenant: id.to_owned() }),
    }
}

fn identity(layer: &Layer) -> Result<Option<Identity>, ConfigError> {
    let user = layer.text(&keys::USER);
    let Some((source, key)) = token_source(layer)? else {
        return match user {
            None => Ok(None),
            Some(_) => Err(half(layer, &keys::USER, "JENKINS_API_TOKEN")),
        };
    };
    // Only a program can tell the user along with the token.
    if user.is_none() && !matches!(source, TokenSource::Command(_)) {
        return Err(half(layer, key, "JENKINS_USER"));
    }
    let lifetime = Duration::from_secs(layer.number(&keys::TOKEN_LIFETIME).unwrap_or_default().max(1));
    let identity = Identity::new(user, source, lifetime)?;
    identity.check().map_err(|reason| layer.wrong(key, reason))?;
    Ok(Some(identity))
}

fn half(layer: &Layer, key: &'static Key, lack: &str) -> ConfigError {
    let have = layer.get(key).map_or_else(
        || key.name.to_owned(),
        |setting| match setting.origin {
            super::key::Origin::File { .. } => format!("{}: `{}`", setting.origin, key.name),
            origin => origin.to_string(),
        },
    );
    ConfigError::HalfCredential { have, lack: lack.to_owned() }
}

/// Where the token is, and the key that says so. A file wins over the variable `JENKINS_API_TOKEN`, which may just be
/// there; any other two sources contradict each other.
fn token_source(layer: &Layer) -> Result<Option<(TokenSource, &'static Key)>, ConfigError> {
    let mut named: Vec<(TokenSource, &'static Key)> = Vec::new();
    if let Some(path) = layer.text(&keys::TOKEN_FILE) {
        named.push((TokenSource::File(path.into()), &keys::TOKEN_FILE));
    }
    if let Some(variable) = layer.text(&keys::TOKEN_ENV) {
        named.push((TokenSource::Variable(variable), &keys::TOKEN_ENV));
    }
    let command = layer.list(&keys::TOKEN_COMMAND);
    if !command.is_empty() {
        named.push((TokenSource::Command(command), &keys::TOKEN_COMMAND));
    }
    if let Some(name) = layer.text(&keys::TOKEN_CREDENTIAL) {
        let path = systemd_credential(&name).map_err(|reason| layer.wrong(&keys::TOKEN_CREDENTIAL, reason))?;
        named.push((TokenSource::File(path), &keys::TOKEN_CREDENTIAL));
    }
    if let [(_, one), (_, other), ..] = named.as_slice() {
        let why = format!("`{}` and `{}` both say where the token is; keep one", one.name, other.name);
        return Err(ConfigError::Contradiction(why));
    }
    let variable = || layer.has(&keys::TOKEN).then(|| (TokenSource::Variable("JENKINS_API_TOKEN".to_owned()), &keys::TOKEN));
    Ok(named.pop().or_else(variable))
}

fn systemd_credential(name: &str) -> Result<PathBuf, String> {
    if name.contains('/') || name.starts_with('.') {
        return Err("must be a plain name".to_owned());
    }
    let directory = env::var_os("CREDENTIALS_DIRECTORY").filter(|path| !path.is_empty());
    let directory = directory.ok_or("needs $CREDENTIALS_DIRECTORY, which systemd sets for a unit with LoadCredential=")?;
    Ok(Path::new(&directory).join(name))
}

fn front_header(layer: &Layer) -> Result<Option<SecretHeader>, ConfigError> {
    let name = layer.text(&keys::FRONT_HEADER);
    let source = match (layer.text(&keys::FRONT_HEADER_ENV), layer.text(&keys::FRONT_HEADER_FILE)) {
        (Some(_), Some(_)) => {
            return Err(ConfigError::Contradiction("`front_header_env` and `front_header_file` exclude each other".to_owned()));
        }
        (Some(variable), None) => Some((TokenSource::Variable(variable), &keys::FRONT_HEADER_ENV)),
        (None, Some(path)) => Some((TokenSource::File(path.into()), &keys::FRONT_HEADER_FILE)),
        (None, None) => None,
    };
    match (name, source) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(layer.wrong(&keys::FRONT_HEADER, "needs a value: `front_header_env` or `front_header_file`")),
        (None, Some((_, key))) => Err(layer.wrong(key, "is the value of no header: name it in `front_header`")),
        (Some(name), Some((source, key))) => SecretHeader::new(&name, &source).map(Some).map_err(|reason| layer.wrong(key, reason)),
    }
}

fn client_cert(layer: &Layer) -> Result<Option<ClientCert>, ConfigError> {
    let cert = readable("client certificate", layer.text(&keys::CLIENT_CERT))?;
    let key = readable("client key", layer.text(&keys::CLIENT_KEY))?;
    match (cert, key) {
        (Some(cert), Some(key)) => Ok(Some(ClientCert { cert, key })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(layer.wrong(&keys::CLIENT_CERT, "needs its key: `client_key`")),
        (None, Some(_)) => Err(layer.wrong(&keys::CLIENT_KEY, "needs its certificate: `client_cert`")),
    }
}

/// The one that is configured, or what the environment says.
fn proxy(layer: &Layer, controller: &Url) -> Result<Option<Proxy>, ConfigError> {
    match layer.text(&keys::PROXY).as_deref() {
        Some("none") => Ok(None),
        Some(address) => Ok(Some(Proxy::parse(address, controller)?)),
        None => Ok(Proxy::from_environment(controller)?),
    }
}

fn readable(what: &'static str, path: Option<String>) -> Result<Option<PathBuf>, ConfigError> {
    let Some(path) = path.map(PathBuf::from) else { return Ok(None) };
    fs::File::open(&path).map_err(|source| unreadable(what, &path, source))?;
    Ok(Some(path))
}
