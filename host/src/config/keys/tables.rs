//! The tables of access: callers' tokens, classes of limits, an authorization server and what its claims grant.

use crate::config::key::Key;
use crate::config::key::Kind;
use crate::config::key::algorithm;
use crate::config::key::anything;
use crate::config::key::public_url;
use crate::config::key::token_hash;

/// A caller's token: `[[tokens]]`.
pub(crate) static TOKEN_HASH: Key = Key::process("hash", Kind::Text(token_hash), "Hash of the token, as `jankins token new` prints it");
pub(crate) static GRANT_TENANT: Key = Key::process("tenant", Kind::Text(anything), "Tenant that it opens [default: the default tenant]");
pub(crate) static GRANT_USER: Key = Key::process("user", Kind::Text(anything), "Name for logs, limits and blocking");
pub(crate) static GRANT_CLASS: Key =
    Key::process("class", Kind::Text(anything), "Class of limits, a table under `classes` [default: default]");
pub(crate) static GRANT_READ_ONLY: Key = Key::process("read_only", Kind::Switch, "Only tools that change nothing");
pub(crate) static GRANT_TOOLSETS: Key = Key::process("toolsets", Kind::List(anything), "Only these toolsets");
pub(crate) static TOKENS: &[&Key] = &[&TOKEN_HASH, &GRANT_TENANT, &GRANT_USER, &GRANT_CLASS, &GRANT_READ_ONLY, &GRANT_TOOLSETS];

/// Limits of each user of a class: `[classes.NAME]`.
pub(crate) static CLASS_RATE: Key = Key {
    aliases: &["rate_limit_requests_per_minute", "rate_limit"],
    ..Key::process("requests_per_minute", Kind::Number(1, 1_000_000), "Calls per minute of one user in the long run")
};
pub(crate) static CLASS_BURST: Key = Key {
    aliases: &["rate_limit_burst_size", "rate_limit_burst"],
    ..Key::process("burst_size", Kind::Number(1, 1_000_000), "Calls of one user at once, after a pause [default: a quarter of the rate]")
};
pub(crate) static CLASSES: &[&Key] = &[&CLASS_RATE, &CLASS_BURST];

/// Tokens of an authorization server: `[oauth]`.
pub(crate) static ISSUER: Key = Key::process("issuer", Kind::Text(public_url), "Issuer that tokens must name; clients are sent there");
pub(crate) static AUDIENCE: Key =
    Key::process("audience", Kind::List(anything), "Audiences of which a token must name one [default: the URL of /mcp]");
pub(crate) static JWKS_FILE: Key = Key::process("jwks_file", Kind::Path, "File with the issuer's keys (JWKS)");
pub(crate) static JWKS_URL: Key = Key::process("jwks_url", Kind::Text(public_url), "Where the issuer publishes its keys (JWKS)");
pub(crate) static OAUTH_CA_FILE: Key =
    Key::process("ca_file", Kind::Path, "PEM file with authorities to trust for jwks_url, beside those of the system");
pub(crate) static ALGORITHMS: Key = Key {
    default: Some("RS256,ES256,EdDSA"),
    ..Key::process("algorithms", Kind::List(algorithm), "Signature algorithms that are accepted")
};
pub(crate) static LEEWAY: Key =
    Key { default: Some("30"), ..Key::process("leeway_seconds", Kind::Number(0, 300), "Difference of clocks that is forgiven") };
pub(crate) static SCOPES: Key = Key::process("scopes", Kind::List(anything), "Scopes that a token must have");
pub(crate) static USER_CLAIM: Key =
    Key { default: Some("sub"), ..Key::process("user_claim", Kind::Text(anything), "Claim that names the user") };
pub(crate) static TENANT_CLAIM: Key = Key::process("tenant_claim", Kind::Text(anything), "Claim that names the tenant");
pub(crate) static CLASS_CLAIM: Key = Key::process("class_claim", Kind::Text(anything), "Claim that names the class of limits");
pub(crate) static OAUTH: &[&Key] =
    &[&ISSUER, &AUDIENCE, &JWKS_FILE, &JWKS_URL, &OAUTH_CA_FILE, &ALGORITHMS, &LEEWAY, &SCOPES, &USER_CLAIM, &TENANT_CLAIM, &CLASS_CLAIM];

/// What a claim grants: `[[oauth.rules]]`, the first that fits.
pub(crate) static RULE_CLAIM: Key = Key::process("claim", Kind::Text(anything), "Claim to look at");
pub(crate) static RULE_VALUE: Key = Key::process("value", Kind::Text(anything), "What it must be, or hold if it is a list");
pub(crate) static RULES: &[&Key] = &[&RULE_CLAIM, &RULE_VALUE, &GRANT_TENANT, &GRANT_CLASS, &GRANT_READ_ONLY, &GRANT_TOOLSETS];
