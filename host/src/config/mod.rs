//! What the process was told to do, checked before anything is started.
//!
//! ```text
//! keys      every setting, described once          file, settings   what was given, by whom and in which line
//! Config    the whole, typed and checked           tenant, access   its two large parts
//! ```
//!
//! From weak to strong: default, file, variable, option (see [`settings`]). A file is named by `--config` or
//! `JANKINS_CONFIG`, else the user's or the machine's is read if it is there. Every error says what was wrong, where it
//! stands and what to set instead, and none repeats a secret.

mod access;
mod controller;
mod error;
mod file;
mod key;
pub(crate) mod keys;
mod layer;
mod places;
mod settings;
mod tenant;

use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

pub(crate) use self::access::AccessConfig;
pub(crate) use self::access::DEFAULT_CLASS;
#[cfg(test)]
pub(crate) use self::access::Grant;
pub(crate) use self::access::KeySource;
pub(crate) use self::access::OAuthConfig;
pub(crate) use self::access::Quota;
pub(crate) use self::access::Rule;
pub(crate) use self::access::SharedStore;
pub(crate) use self::error::ConfigError;
pub(crate) use self::key::Key;
pub(crate) use self::key::Kind;
pub(crate) use self::key::Scope;
pub(crate) use self::layer::Layer;
pub(crate) use self::settings::Settings;
pub(crate) use self::settings::Sources;
pub(crate) use self::tenant::TenantConfig;
use crate::tenant::Rights;
use crate::tenant::TenantConfigs;

/// The settings of one run.
#[derive(Debug)]
pub(crate) struct Config {
    /// The tenants, by their names.
    pub(crate) tenants: TenantConfigs,
    /// Who may call over HTTP.
    pub(crate) access: AccessConfig,
    /// Where compiled components are kept; nowhere without.
    pub(crate) cache_dir: Option<PathBuf>,
    /// A tenant that nobody called for so long is put to rest.
    pub(crate) idle: Duration,
    /// Whether clients connect over HTTP, and where.
    pub(crate) http: Option<HttpConfig>,
}

/// Who may connect, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpConfig {
    /// Address to listen on.
    pub(crate) bind: SocketAddr,
    /// Names, beside loopback and the bound address, that clients may reach us by.
    pub(crate) allowed_hosts: Vec<String>,
    /// Origins, beside loopback, whose pages may call us.
    pub(crate) allowed_origins: Vec<String>,
}

impl Config {
    /// Checks everything that serving and calling need.
    ///
    /// # Errors
    /// On the first setting that is missing or cannot be used.
    pub(crate) fn new(settings: &Settings) -> Result<Self, ConfigError> {
        let mut tenants = TenantConfigs::new();
        for (id, layer) in &settings.tenants {
            tenants.insert(id.clone(), Arc::new(TenantConfig::new(id, layer)?));
        }
        let process = &settings.process;
        Ok(Self {
            access: AccessConfig::new(settings, &tenants)?,
            tenants,
            cache_dir: cache_dir(settings),
            idle: Duration::from_secs(60 * process.number(&keys::IDLE).unwrap_or_default().max(1)),
            http: http(process)?,
        })
    }
}

fn http(process: &Layer) -> Result<Option<HttpConfig>, ConfigError> {
    if process.text(&keys::TRANSPORT).as_deref() != Some("http") {
        return Ok(None);
    }
    let bind = process.text(&keys::BIND).unwrap_or_default();
    let bind = bind.parse().map_err(|_| process.wrong(&keys::BIND, "is not an address with a port"))?;
    let (mut allowed_hosts, allowed_origins) = (process.list(&keys::ALLOWED_HOSTS), process.list(&keys::ALLOWED_ORIGINS));
    // The name that clients were told is one that they may use.
    let public = process.text(&keys::PUBLIC_URL).and_then(|text| Url::parse(&text).ok());
    allowed_hosts.extend(public.and_then(|url| url.host_str().map(str::to_owned)));
    Ok(Some(HttpConfig { bind, allowed_hosts, allowed_origins }))
}

/// The component that these settings name for all tenants, or the one that is found.
///
/// # Errors
/// When there is none.
pub(crate) fn plugin(settings: &Settings) -> Result<PathBuf, ConfigError> {
    places::plugin(settings.path(&keys::PLUGIN))
}

/// Where compiled components are kept.
pub(crate) fn cache_dir(settings: &Settings) -> Option<PathBuf> {
    settings.path(&keys::CACHE_DIR).or_else(places::default_cache_dir)
}

/// What these settings let callers do, whoever the tenant is.
pub(crate) fn rights(settings: &Settings) -> Rights {
    tenant::rights(&settings.process)
}

fn unreadable(what: &'static str, path: &Path, source: std::io::Error) -> ConfigError {
    ConfigError::Unreadable { what, path: path.to_owned(), source }
}
