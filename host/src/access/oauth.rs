//! Tokens of an authorization server (OAuth 2.1, this server being the resource): is this one for us, and whose is it?
//!
//! | a token is refused when | why |
//! |---|---|
//! | its algorithm is not listed, or it names a key that the issuer does not have | forged, or signed by somebody else |
//! | `iss` or `aud` is missing or another's | made for another service; accepting it would be a confused deputy (RFC 8707) |
//! | `exp` is missing or past, `nbf` is to come, beyond the forgiven difference of clocks | stolen long ago, or misconfigured |
//! | it lacks a scope | 403: the client may ask for more |
//! | no tenant follows from its claims | nobody granted its user anything |
//!
//! Keys come from a file or an address. Those of an address are kept for [`MAX_AGE`], and fetched again sooner when a token
//! names an unknown one, at most once in [`REFETCH`] whatever callers send. While the issuer cannot be reached, or
//! answers nonsense, the known ones serve on and it is asked again after [`RETRY`]; whoever has a known one does not wait.

use std::path::Path;
use std::sync::Arc;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use serde_json::Map;
use serde_json::Value;
use tokio::sync::Mutex;

use super::jwt::KeySet;
use super::jwt::Unverified;
use super::keys::fetch;
use crate::config::KeySource;
use crate::config::OAuthConfig;
use crate::config::Rule;
use crate::tenant::Rights;

/// How often keys are fetched at most; issuers announce new keys long before they use them. Tests do not wait for it.
const REFETCH: Duration = if cfg!(test) { Duration::from_millis(300) } else { Duration::from_secs(60) };
/// The same when the last answer was none.
const RETRY: Duration = if cfg!(test) { Duration::from_millis(300) } else { Duration::from_secs(5) };
/// How long a key is trusted that the issuer may have withdrawn.
const MAX_AGE: Duration = if cfg!(test) { Duration::from_millis(900) } else { Duration::from_secs(3_600) };
/// Longer than any honest token; header fields are bounded by the server anyway.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// What a token says about its bearer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identified {
    pub(super) user: String,
    pub(super) tenant: Option<String>,
    pub(super) class: Option<String>,
    pub(super) narrowing: Rights,
}

/// Why a token is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadToken {
    /// Not a valid token for us. The reason is for the log and, in general words, for the caller.
    #[error("{0}")]
    Invalid(&'static str),
    /// Valid, but without these scopes.
    #[error("the token lacks a scope: {}", .0.join(" "))]
    Scope(Vec<String>),
}

/// The authorization server, as far as we need it.
pub(super) struct OAuth {
    config: OAuthConfig,
    keys: std::sync::Mutex<Keys>,
    /// Held by whoever fetches: the time before which nobody does again.
    fetching: Mutex<Option<Instant>>,
}

/// The issuer's keys, and when they were fetched.
struct Keys {
    set: Arc<KeySet>,
    fetched: Option<Instant>,
}

/// The keys in a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the issuer's keys in {} cannot be used: {reason}", path.display())]
pub(crate) struct BadKeys {
    path: std::path::PathBuf,
    reason: String,
}

impl OAuth {
    /// Reads keys that are in a file; those of an address are fetched with the first token.
    pub(super) fn new(config: OAuthConfig) -> Result<Self, BadKeys> {
        let set = match &config.keys {
            KeySource::File(path) => read(path)?,
            KeySource::Url(..) => KeySet::default(),
        };
        Ok(Self { config, keys: std::sync::Mutex::new(Keys { set: Arc::new(set), fetched: None }), fetching: Mutex::default() })
    }

    /// The server's address, for clients that look for it.
    pub(super) fn issuer(&self) -> &str {
        &self.config.issuer
    }

    /// The scopes that every token must have.
    pub(super) fn scopes(&self) -> &[String] {
        &self.config.scopes
    }

    /// Who sends the token.
    pub(super) async fn identify(&self, token: &str) -> Result<Identified, BadToken> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(BadToken::Invalid("the token is too long"));
        }
        let token = Unverified::parse(token).ok_or(BadToken::Invalid("the token is no JWT that can be read"))?;
        if !self.config.algorithms.contains(&token.header.alg) {
            return Err(BadToken::Invalid("the token is signed with an algorithm that is not accepted"));
        }
        let keys = self.keys_for(&token).await;
        let key = keys.find(&token.header).ok_or(BadToken::Invalid("the token names a key that the issuer does not have"))?;
        let claims = token.verified(key).ok_or(BadToken::Invalid("the token's signature is not valid"))?;
        self.is_for_us_now(&claims, now())?;
        self.judge(&claims)
    }

    /// Issuer, audience and time (RFC 7519 §4.1). What is missing or of another type is not valid.
    fn is_for_us_now(&self, claims: &Map<String, Value>, now: f64) -> Result<(), BadToken> {
        let invalid = |reason| Err(BadToken::Invalid(reason));
        let leeway = self.config.leeway.as_secs_f64();
        let ours = |text: &str| self.config.audience.iter().any(|own| own == text);
        let audience = match claims.get("aud") {
            Some(Value::String(text)) => Some(ours(text)),
            Some(Value::Array(items)) => Some(items.iter().filter_map(Value::as_str).any(ours)),
            _ => None,
        };
        let issuer = claims.get("iss").and_then(Value::as_str).map(|issuer| issuer == self.config.issuer);
        let expires = claims.get("exp").and_then(Value::as_f64);
        let (Some(audience), Some(issuer), Some(expires)) = (audience, issuer, expires) else {
            return invalid("the token lacks one of exp, iss and aud");
        };
        if !issuer {
            return invalid("the token is from another issuer");
        }
        if !audience {
            return invalid("the token is for another audience");
        }
        if now - leeway >= expires {
            return invalid("the token has expired");
        }
        match claims.get("nbf").map(Value::as_f64) {
            None => Ok(()),
            Some(Some(begins)) if begins <= now + leeway => Ok(()),
            Some(_) => invalid("the token is not valid yet"),
        }
    }

    fn judge(&self, claims: &Map<String, Value>) -> Result<Identified, BadToken> {
        let missing: Vec<String> = self.config.scopes.iter().filter(|scope| !has_scope(claims, scope)).cloned().collect();
        if !missing.is_empty() {
            return Err(BadToken::Scope(self.config.scopes.clone()));
        }
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str).filter(|text| is_plain(text)).map(str::to_owned);
        let user = text(&self.config.user_claim).ok_or(BadToken::Invalid("the token names no user"))?;
        let claimed = |claim: &Option<String>| claim.as_deref().and_then(text);
        let rule = self.config.rules.iter().find(|rule| applies(rule, claims));
        // With rules, one of them has to fit: they say who is let in.
        if rule.is_none() && !self.config.rules.is_empty() {
            return Err(BadToken::Invalid("nothing is granted to the token's claims"));
        }
        Ok(Identified {
            user,
            tenant: rule.and_then(|rule| rule.tenant.clone()).or_else(|| claimed(&self.config.tenant_claim)),
            class: rule.and_then(|rule| rule.class.clone()).or_else(|| claimed(&self.config.class_claim)),
            narrowing: rule.map(|rule| rule.narrowing.clone()).unwrap_or_default(),
        })
    }

    /// Keys with the one that the token names, if the issuer has it.
    async fn keys_for(&self, token: &Unverified<'_>) -> Arc<KeySet> {
        let KeySource::Url(url, ca_file) = &self.config.keys else { return self.known().0 };
        let (known, fetched) = self.known();
        let has_it = known.find(&token.header).is_some();
        if has_it && fetched.is_some_and(|last| last.elapsed() < MAX_AGE) {
            return known;
        }
        let mut not_before = match self.fetching.try_lock() {
            Ok(turn) => turn,
            Err(_) if has_it => return known,
            Err(_) => self.fetching.lock().await,
        };
        if not_before.is_none_or(|next| next <= Instant::now()) {
            let pause = match fetch(url, ca_file.as_deref()).await {
                Ok(set) => {
                    *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = Keys { set: Arc::new(set), fetched: Some(Instant::now()) };
                    REFETCH
                }
                Err(error) => {
                    tracing::error!(url = url.as_str(), error = format!("{error:#}"), "the issuer's keys cannot be fetched");
                    RETRY
                }
            };
            *not_before = Some(Instant::now() + pause);
        }
        self.known().0
    }

    fn known(&self) -> (Arc<KeySet>, Option<Instant>) {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        (Arc::clone(&keys.set), keys.fetched)
    }
}

fn read(path: &Path) -> Result<KeySet, BadKeys> {
    let bad = |reason: String| BadKeys { path: path.to_owned(), reason };
    let text = std::fs::read(path).map_err(|error| bad(error.to_string()))?;
    let set: KeySet = serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
    if set.keys.is_empty() { Err(bad("there is none".to_owned())) } else { Ok(set) }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// `scope` as RFC 9068 writes it, or `scp` as a list or a text.
fn has_scope(claims: &Map<String, Value>, wanted: &str) -> bool {
    ["scope", "scp"].iter().filter_map(|name| claims.get(*name)).any(|value| match value {
        Value::String(text) => text.split_whitespace().any(|scope| scope == wanted),
        Value::Array(items) => items.iter().any(|item| item.as_str() == Some(wanted)),
        _ => false,
    })
}

fn applies(rule: &Rule, claims: &Map<String, Value>) -> bool {
    match claims.get(&rule.claim) {
        Some(Value::String(text)) => *text == rule.value,
        Some(Value::Array(items)) => items.iter().any(|item| item.as_str() == Some(rule.value.as_str())),
        Some(Value::Bool(value)) => value.to_string() == rule.value,
        _ => false,
    }
}

/// A name that can stand in a log line and on a label.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.len() <= 256 && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
