//! Who may call over HTTP.

use crate::config::key::Key;
use crate::config::key::Kind;
use crate::config::key::anything;
use crate::config::key::cidr;
use crate::config::key::public_url;
use crate::config::key::store;
use crate::config::key::token_hash;

const ACCESS: &str = "Access over HTTP";

pub(crate) static ALLOW_ANONYMOUS: Key = Key {
    env: &["JANKINS_ALLOW_ANONYMOUS"],
    flag: Some("allow-anonymous"),
    default: Some("false"),
    heading: ACCESS,
    ..Key::process(
        "allow_anonymous",
        Kind::Switch,
        "Serve callers without a token beyond loopback too: whoever can connect acts as this user",
    )
};
pub(crate) static PUBLIC_URL: Key = Key {
    env: &["JANKINS_PUBLIC_URL"],
    flag: Some("public-url"),
    heading: ACCESS,
    ..Key::process("public_url", Kind::Text(public_url), "Address of this server as clients know it, e.g. https://mcp.example.com")
};
pub(crate) static OPERATOR_TOKENS: Key = Key {
    env: &["JANKINS_OPERATOR_TOKENS"],
    heading: ACCESS,
    ..Key::process(
        "operator_tokens",
        Kind::List(token_hash),
        "Hashes of the tokens that let operators use /_cache, /_config and /_plugin from elsewhere",
    )
};
pub(crate) static ALLOW_CIDRS: Key = Key {
    env: &["JANKINS_ALLOW_CIDRS"],
    heading: ACCESS,
    ..Key::process("allow_cidrs", Kind::List(cidr), "Address ranges that callers must come from; any without")
};
pub(crate) static DENY_CIDRS: Key = Key {
    env: &["JANKINS_DENY_CIDRS"],
    heading: ACCESS,
    ..Key::process("deny_cidrs", Kind::List(cidr), "Address ranges that are refused, even if they are allowed")
};
pub(crate) static TRUSTED_PROXIES: Key = Key {
    env: &["JANKINS_TRUSTED_PROXIES"],
    heading: ACCESS,
    ..Key::process("trusted_proxies", Kind::List(cidr), "Address ranges of proxies whose X-Forwarded-For is believed")
};
pub(crate) static BLOCKED_USERS: Key = Key {
    aliases: &["blocked"],
    env: &["JANKINS_BLOCKED_USERS"],
    heading: ACCESS,
    ..Key::process("blocked_users", Kind::List(anything), "Users that are refused")
};

pub(crate) static SHARED_LIMITS: Key = Key {
    env: &["JANKINS_SHARED_LIMITS"],
    flag: Some("shared-limits"),
    heading: ACCESS,
    ..Key::process(
        "shared_limits",
        Kind::Text(store),
        "Redis or Valkey in which all replicas keep the limits of users together, e.g. redis://limits.example.com:6379/",
    )
};
pub(crate) static SHARED_LIMITS_PASSWORD: Key = Key {
    env: &["JANKINS_SHARED_LIMITS_PASSWORD_FILE"],
    heading: ACCESS,
    ..Key::process("shared_limits_password_file", Kind::Path, "File that holds its password")
};
