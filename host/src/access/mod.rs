//! Who may use this server over HTTP, and as whom.
//!
//! | question | answered by | otherwise |
//! |---|---|---|
//! | may this address call? | `allow_cidrs`, `deny_cidrs` ([`addresses`]) | 403 |
//! | who is it? | a token of the configuration ([`token`]) or of an authorization server ([`oauth`]) | 401 |
//! | is the user let in? | `blocked_users`, and a tenant that is theirs | 403 |
//! | what may they do? | the tenant's rights, narrowed by the token, narrowed by the request's headers ([`narrow`]) | less is offered |
//! | how fast? | the limits of their class (`tenant::limits`) | 429, or a failure that says when to come back |
//!
//! Without tokens and without an authorization server everybody is the local user of the default tenant, and that only
//! on loopback, unless the operator says otherwise (`allow_anonymous`).

mod addresses;
pub(crate) mod jwt;
mod keys;
mod narrow;
mod oauth;
mod token;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use url::Url;

pub(crate) use self::oauth::BadKeys;
pub(crate) use self::token::BadHash;
pub(crate) use self::token::TokenHash;
pub(crate) use self::token::new_token;

use self::oauth::BadToken;
use self::oauth::Identified;
use self::oauth::OAuth;
use crate::config::AccessConfig;
use crate::config::DEFAULT_CLASS;
use crate::config::SharedStore;
use crate::tenant::Allowance;
use crate::tenant::Caller;
use crate::tenant::LOCAL_USER;
use crate::tenant::Limits;
use crate::tenant::Rights;
use crate::tenant::SharedLimits;
use crate::tenant::Tenants;

/// The rules of one configuration.
pub(crate) struct Access {
    config: AccessConfig,
    /// Places in the list of grants by the beginning of their hash. How long a look-up takes tells about the hash of what
    /// was sent, and nobody can choose a token by its hash; the whole is compared in constant time.
    grants: HashMap<[u8; 8], Vec<usize>>,
    oauth: Option<OAuth>,
    limits: Limits,
    shared: Option<Arc<SharedLimits>>,
}

/// Why a request is not served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It does not say who sends it, or not in a way that counts: a reason if something was said.
    Unauthorized(Option<&'static str>),
    /// Its token lacks one of these scopes.
    Scope(Vec<String>),
    /// Its sender is known and not let in.
    Forbidden(&'static str),
    /// Its sender floods us, for so many seconds from now.
    Flood(u64),
}

impl Refusal {
    /// Few and stable, as a label of a metric.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Unauthorized(_) => "unauthorized",
            Self::Scope(_) => "scope",
            Self::Forbidden(_) => "forbidden",
            Self::Flood(_) => "flood",
        }
    }
}

/// A caller, and the limit whose word belongs on the response.
pub(crate) struct Admitted {
    pub(crate) caller: Caller,
    pub(crate) allowance: Option<Arc<Allowance>>,
}

impl Access {
    /// The rules that a configuration states. Limits that stay the same stay as used up as they are.
    ///
    /// # Errors
    /// When the keys of an authorization server cannot be used.
    pub(crate) fn new(config: AccessConfig, before: Option<&Self>) -> Result<Self, BadKeys> {
        let none = Limits::default();
        let limits = Limits::new(&config.classes, before.map_or(&none, |before| &before.limits));
        // The keys of an issuer that stays the same need not be fetched again; those of a file are read anew.
        let oauth = config.oauth.clone().map(OAuth::new).transpose()?;
        let shared = config.shared_limits.as_ref().and_then(|store| shared_limits(store, before));
        let mut grants: HashMap<[u8; 8], Vec<usize>> = HashMap::new();
        for (at, grant) in config.grants.iter().enumerate() {
            grants.entry(grant.hash.prefix()).or_default().push(at);
        }
        Ok(Self { config, grants, oauth, limits, shared })
    }

    /// Whether a server that listens beyond loopback would serve whoever connects.
    pub(crate) fn is_open(&self) -> bool {
        !self.config.authenticates() && !self.config.allow_anonymous
    }

    /// Whether that is what the operator wants.
    pub(crate) fn serves_anyone(&self) -> bool {
        self.config.allow_anonymous
    }

    /// Tokens of operators.
    pub(crate) fn operator_tokens(&self) -> &[TokenHash] {
        &self.config.operator_tokens
    }

    /// This server, as its clients know it.
    pub(crate) fn public_url(&self) -> Option<&Url> {
        self.config.public_url.as_ref()
    }

    /// Where clients get tokens, and with which scopes.
    pub(crate) fn authorization_server(&self) -> Option<(&str, &[String])> {
        self.oauth.as_ref().map(|oauth| (oauth.issuer(), oauth.scopes()))
    }

    /// Whether a request that came from `peer` may be looked at.
    pub(crate) fn admits_address(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        if self.config.allow.is_empty() && self.config.deny.is_empty() {
            return true;
        }
        addresses::caller(peer, headers, &self.config.trusted_proxies).is_some_and(|caller| self.admits(caller))
    }

    fn admits(&self, caller: IpAddr) -> bool {
        let within = |ranges: &[ipnet::IpNet]| ranges.iter().any(|range| range.contains(&caller));
        !within(&self.config.deny) && (self.config.allow.is_empty() || within(&self.config.allow))
    }

    /// Finds out who sends a request and what they may do.
    ///
    /// # Errors
    /// Why it is not served.
    pub(crate) async fn admit(&self, headers: &HeaderMap, loopback: bool, tenants: &Tenants) -> Result<Admitted, Refusal> {
        let who = self.identify(headers, loopback).await?;
        if self.config.blocked.contains(&who.user) {
            tracing::warn!(user = who.user, "a blocked user was refused");
            return Err(Refusal::Forbidden("this user is blocked"));
        }
        let tenant = match &who.tenant {
            Some(id) => tenants.get(id),
            None => tenants.default_one(),
        };
        let Some(tenant) = tenant else {
            tracing::warn!(user = who.user, tenant = who.tenant, "a user without a tenant was refused");
            return Err(Refusal::Forbidden("no tenant is open to this user"));
        };
        let class = self.limits.class(who.class.as_deref().unwrap_or(DEFAULT_CLASS)).or_else(|| self.limits.class(DEFAULT_CLASS));
        let user: Arc<str> = who.user.into();
        if let Some(wait) = class.as_ref().and_then(|class| class.floods(&user)) {
            tenant.metrics().rate_limited(&user);
            tracing::warn!(tenant = tenant.id(), user = &*user, retry_after_s = wait.as_secs(), "a flood of requests met a rate limit");
            return Err(Refusal::Flood(wait.as_secs()));
        }
        let allowance = class.map(|class| Arc::new(Allowance::new(class, self.shared.clone())));
        let narrowing = who.narrowing.narrowed(&narrow::wanted(headers));
        Ok(Admitted { caller: Caller::new(tenant, user, narrowing).limited(allowance.clone()), allowance })
    }

    async fn identify(&self, headers: &HeaderMap, loopback: bool) -> Result<Identified, Refusal> {
        let Some(token) = bearer(headers) else {
            let open = self.config.allow_anonymous || (loopback && !self.config.authenticates());
            let local = Identified { user: LOCAL_USER.to_owned(), tenant: None, class: None, narrowing: Rights::default() };
            return if open { Ok(local) } else { Err(Refusal::Unauthorized(None)) };
        };
        let hash = TokenHash::of(token);
        let alike = self.grants.get(&hash.prefix()).into_iter().flatten().filter_map(|at| self.config.grants.get(*at));
        if let Some(grant) = alike.filter(|grant| grant.hash == hash).last() {
            return Ok(Identified {
                user: grant.user.clone(),
                tenant: grant.tenant.clone(),
                class: Some(grant.class.clone()),
                narrowing: grant.narrowing.clone(),
            });
        }
        let refused = match &self.oauth {
            Some(oauth) => match oauth.identify(token).await {
                Ok(who) => return Ok(who),
                Err(BadToken::Invalid(reason)) => Refusal::Unauthorized(Some(reason)),
                Err(BadToken::Scope(scopes)) => Refusal::Scope(scopes),
            },
            // Clients of a local server may send a token that nobody asked for; it opens nothing and closes nothing.
            None if !self.config.authenticates() && (loopback || self.config.allow_anonymous) => {
                return Ok(Identified { user: LOCAL_USER.to_owned(), tenant: None, class: None, narrowing: Rights::default() });
            }
            None => Refusal::Unauthorized(Some("the token is not known")),
        };
        tracing::warn!(reason = ?refused, "a token was refused");
        Err(refused)
    }
}

/// The store of a configuration; the one there is, if it is the same. One that cannot be used refuses nobody.
fn shared_limits(store: &SharedStore, before: Option<&Access>) -> Option<Arc<SharedLimits>> {
    let same = before.filter(|before| before.config.shared_limits.as_ref() == Some(store));
    if let Some(shared) = same.and_then(|before| before.shared.clone()) {
        return Some(shared);
    }
    match SharedLimits::new(store) {
        Ok(shared) => Some(shared),
        Err(error) => {
            tracing::error!(%error, "the shared limits cannot be used; this replica's own hold");
            None
        }
    }
}

/// The token of an `Authorization: Bearer` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests;
