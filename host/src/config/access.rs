//! Who may call over HTTP, typed and checked.
//!
//! A name that leads nowhere (a token for a tenant that does not exist, a class without limits) is an error at the
//! start: it would otherwise be a caller who is refused, or one without limits, some day.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

use super::error::ConfigError;
use super::key::Key;
use super::key::range;
use super::keys;
use super::layer::Layer;
use super::settings::Settings;
use super::unreadable;
use crate::access::TokenHash;
use crate::tenant::Rights;
use crate::tenant::TenantConfigs;
use crate::tenant::Toolsets;

/// The class of callers that nobody assigned to another.
pub(crate) const DEFAULT_CLASS: &str = "default";

/// Who may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AccessConfig {
    /// Callers by token.
    pub(crate) grants: Vec<Grant>,
    /// Limits of each user of a class; none for classes that are not here.
    pub(crate) classes: BTreeMap<String, Quota>,
    /// The authorization server whose tokens are accepted.
    pub(crate) oauth: Option<OAuthConfig>,
    /// Callers without a token are served beyond loopback too.
    pub(crate) allow_anonymous: bool,
    /// This server, as its clients know it.
    pub(crate) public_url: Option<Url>,
    /// Tokens of operators.
    pub(crate) operator_tokens: Vec<TokenHash>,
    /// Where callers must come from; anywhere without.
    pub(crate) allow: Vec<IpNet>,
    /// Where they must not come from.
    pub(crate) deny: Vec<IpNet>,
    /// Proxies whose word about the caller's address counts.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Users that are refused.
    pub(crate) blocked: BTreeSet<String>,
    /// Where limits are kept that hold for all replicas together; each has its own without.
    pub(crate) shared_limits: Option<SharedStore>,
}

/// A store that replicas share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SharedStore {
    /// Its address, without a password.
    pub(crate) url: String,
    /// The file with the password, if it wants one.
    pub(crate) password_file: Option<PathBuf>,
}

/// What one token opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// Of the token.
    pub(crate) hash: TokenHash,
    /// Who sends it.
    pub(crate) user: String,
    /// The tenant; the default one without.
    pub(crate) tenant: Option<String>,
    /// The class of limits.
    pub(crate) class: String,
    /// On top of the tenant's own.
    pub(crate) narrowing: Rights,
}

/// How many calls one user may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quota {
    /// In the long run.
    pub(crate) per_minute: NonZeroU32,
    /// At once, after a pause.
    pub(crate) burst: NonZeroU32,
}

/// Tokens of an authorization server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OAuthConfig {
    /// Who must have issued them.
    pub(crate) issuer: String,
    /// For whom, one of these.
    pub(crate) audience: Vec<String>,
    /// The issuer's keys.
    pub(crate) keys: KeySource,
    /// Accepted signatures.
    pub(crate) algorithms: Vec<String>,
    /// Difference of clocks that is forgiven.
    pub(crate) leeway: Duration,
    /// Scopes that a token must have.
    pub(crate) scopes: Vec<String>,
    /// The claim that names the user.
    pub(crate) user_claim: String,
    /// The claim that names the tenant.
    pub(crate) tenant_claim: Option<String>,
    /// The claim that names the class.
    pub(crate) class_claim: Option<String>,
    /// What claims grant; the first that fits.
    pub(crate) rules: Vec<Rule>,
}

/// Where the issuer's keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// In a file, which is read again with every reload.
    File(PathBuf),
    /// At an address, with further authorities to trust.
    Url(Url, Option<PathBuf>),
}

/// What a claim grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// The claim.
    pub(crate) claim: String,
    /// What it must be, or hold if it is a list.
    pub(crate) value: String,
    /// The tenant; what the token says otherwise without.
    pub(crate) tenant: Option<String>,
    /// The class; likewise.
    pub(crate) class: Option<String>,
    /// On top of the tenant's own.
    pub(crate) narrowing: Rights,
}

impl AccessConfig {
    pub(super) fn new(settings: &Settings, tenants: &TenantConfigs) -> Result<Self, ConfigError> {
        let process = &settings.process;
        let classes: BTreeMap<String, Quota> =
            settings.classes.iter().map(|(name, layer)| Ok((name.clone(), quota(name, layer)?))).collect::<Result<_, ConfigError>>()?;
        let names = Names { tenants, classes: &classes };
        let grants: Vec<Grant> = settings.tokens.iter().map(|layer| grant(layer, &names)).collect::<Result<_, _>>()?;
        let mut seen = BTreeSet::new();
        if let Some(twice) = grants.iter().find(|grant| !seen.insert(grant.hash.to_string())) {
            return Err(ConfigError::Contradiction(format!("the token of `{}` is listed twice", twice.user)));
        }
        let public_url = process.text(&keys::PUBLIC_URL).and_then(|text| Url::parse(&text).ok());
        let oauth = settings.oauth.as_ref().map(|layer| oauth(layer, &settings.rules, public_url.as_ref(), &names)).transpose()?;
        Ok(Self {
            grants,
            oauth,
            classes,
            allow_anonymous: process.switch(&keys::ALLOW_ANONYMOUS),
            public_url,
            operator_tokens: process.list(&keys::OPERATOR_TOKENS).iter().filter_map(|hash| hash.parse().ok()).collect(),
            allow: ranges(process, &keys::ALLOW_CIDRS),
            deny: ranges(process, &keys::DENY_CIDRS),
            trusted_proxies: ranges(process, &keys::TRUSTED_PROXIES),
            blocked: process.list(&keys::BLOCKED_USERS).into_iter().collect(),
            shared_limits: process
                .text(&keys::SHARED_LIMITS)
                .map(|url| SharedStore { url, password_file: process.text(&keys::SHARED_LIMITS_PASSWORD).map(PathBuf::from) }),
        })
    }

    /// Whether callers have to say who they are.
    pub(crate) fn authenticates(&self) -> bool {
        !self.grants.is_empty() || self.oauth.is_some()
    }
}

/// Every entry was checked when it was read.
fn ranges(layer: &Layer, key: &'static Key) -> Vec<IpNet> {
    layer.list(key).iter().filter_map(|text| range(text)).collect()
}

/// What names may refer to.
struct Names<'a> {
    tenants: &'a TenantConfigs,
    classes: &'a BTreeMap<String, Quota>,
}

impl Names<'_> {
    fn tenant(&self, layer: &Layer) -> Result<Option<String>, ConfigError> {
        let Some(name) = layer.text(&keys::GRANT_TENANT) else { return Ok(None) };
        if self.tenants.contains_key(&name) {
            Ok(Some(name))
        } else {
            Err(layer.wrong(&keys::GRANT_TENANT, no_such("tenant", &name, self.tenants.keys())))
        }
    }

    fn class(&self, layer: &Layer) -> Result<Option<String>, ConfigError> {
        let Some(name) = layer.text(&keys::GRANT_CLASS) else { return Ok(None) };
        let known = name == DEFAULT_CLASS || self.classes.contains_key(&name);
        if known { Ok(Some(name)) } else { Err(layer.wrong(&keys::GRANT_CLASS, no_such("class", &name, self.classes.keys()))) }
    }
}

fn no_such<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a String>) -> String {
    let known: Vec<&str> = known.map(String::as_str).collect();
    match known.as_slice() {
        [] => format!("names the {what} `{name}`, but there is none"),
        known => format!("names the {what} `{name}`; there is {}", known.join(", ")),
    }
}

fn narrowing(layer: &Layer) -> Rights {
    let named = layer.list(&keys::GRANT_TOOLSETS);
    Rights { read_only: layer.switch(&keys::GRANT_READ_ONLY), toolsets: Toolsets::wanted(named.iter().map(String::as_str)) }
}

fn grant(layer: &Layer, names: &Names<'_>) -> Result<Grant, ConfigError> {
    let needed = |key: &'static Key| {
        layer.text(key).ok_or_else(|| ConfigError::Contradiction(format!("every entry of [[tokens]] needs a `{}`", key.name)))
    };
    Ok(Grant {
        hash: needed(&keys::TOKEN_HASH)?
            .parse()
            .map_err(|error: crate::access::BadHash| layer.wrong(&keys::TOKEN_HASH, error.to_string()))?,
        user: needed(&keys::GRANT_USER)?,
        tenant: names.tenant(layer)?,
        class: names.class(layer)?.unwrap_or_else(|| DEFAULT_CLASS.to_owned()),
        narrowing: narrowing(layer),
    })
}

fn quota(name: &str, layer: &Layer) -> Result<Quota, ConfigError> {
    let positive = |number: u64| NonZeroU32::new(u32::try_from(number).unwrap_or(u32::MAX));
    let per_minute = layer
        .number(&keys::CLASS_RATE)
        .and_then(positive)
        .ok_or_else(|| ConfigError::Contradiction(format!("[classes.{name}] needs `{}`", keys::CLASS_RATE.name)))?;
    let quarter = NonZeroU32::new(per_minute.get() / 4).unwrap_or(NonZeroU32::MIN);
    Ok(Quota { per_minute, burst: layer.number(&keys::CLASS_BURST).and_then(positive).unwrap_or(quarter) })
}

fn oauth(layer: &Layer, rules: &[Layer], public_url: Option<&Url>, names: &Names<'_>) -> Result<OAuthConfig, ConfigError> {
    let missing = |what: &str| ConfigError::Contradiction(format!("[oauth] needs {what}"));
    let keys = match (layer.text(&keys::JWKS_FILE), layer.text(&keys::JWKS_URL)) {
        (Some(path), None) => {
            let path = PathBuf::from(path);
            std::fs::File::open(&path).map_err(|source| unreadable("key file", &path, source))?;
            KeySource::File(path)
        }
        (None, Some(text)) => {
            let url = Url::parse(&text).map_err(|_| layer.wrong(&keys::JWKS_URL, "is not a URL"))?;
            KeySource::Url(url, layer.text(&keys::OAUTH_CA_FILE).map(PathBuf::from))
        }
        _ => return Err(missing("`jwks_file` or `jwks_url`, and not both")),
    };
    let mut audience = layer.list(&keys::AUDIENCE);
    if audience.is_empty() {
        let own = public_url.and_then(|url| url.join("mcp").ok()).ok_or_else(|| missing("`audience`, or `public_url` at the top"))?;
        audience.push(own.to_string());
    }
    let rule = |layer: &Layer| -> Result<Rule, ConfigError> {
        let needed = |key: &'static Key| {
            layer.text(key).ok_or_else(|| ConfigError::Contradiction(format!("every entry of [[oauth.rules]] needs a `{}`", key.name)))
        };
        Ok(Rule {
            claim: needed(&keys::RULE_CLAIM)?,
            value: needed(&keys::RULE_VALUE)?,
            tenant: names.tenant(layer)?,
            class: names.class(layer)?,
            narrowing: narrowing(layer),
        })
    };
    Ok(OAuthConfig {
        issuer: layer.text(&keys::ISSUER).ok_or_else(|| missing("an `issuer`"))?,
        audience,
        keys,
        algorithms: layer.list(&keys::ALGORITHMS),
        leeway: Duration::from_secs(layer.number(&keys::LEEWAY).unwrap_or_default()),
        scopes: layer.list(&keys::SCOPES),
        user_claim: layer.text(&keys::USER_CLAIM).unwrap_or_default(),
        tenant_claim: layer.text(&keys::TENANT_CLAIM),
        class_claim: layer.text(&keys::CLASS_CLAIM),
        rules: rules.iter().map(rule).collect::<Result<_, _>>()?,
    })
}
