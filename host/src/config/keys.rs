//! Every setting there is.
//!
//! To add one: describe it here, put it into its list below, and read it where the typed configuration is made. Help,
//! `jankins config`, the file, the environment and errors know it then. A key with `guest` reaches the plugin as that
//! variable and needs nothing else.

use super::key::Key;
use super::key::Kind;
use super::key::Scope;
use super::key::anything;
use super::key::controller;
use super::key::{cidr, header_name, pattern, proxy, sha256_digest, token_hash};

const TOOLS: &str = "Tools";
const PLUGIN_HEADING: &str = "Plugin";
const LOGGING: &str = "Logging";
const LIMITS: &str = "Cache and limits";
const ACCESS: &str = "Access over HTTP";

// --- Jenkins: one tenant's controller and identity ---

pub(crate) static URL: Key = Key {
    aliases: &["url"],
    env: &["JENKINS_URL"],
    flag: Some("jenkins-url"),
    ..Key::tenant("jenkins_url", Kind::Text(controller), "Address of the Jenkins controller, with its path if it has one")
};
pub(crate) static USER: Key = Key {
    aliases: &["user"],
    env: &["JENKINS_USER"],
    flag: Some("jenkins-user"),
    ..Key::tenant("jenkins_user", Kind::Text(anything), "User that the API token belongs to")
};
pub(crate) static TOKEN: Key = Key {
    env: &["JENKINS_API_TOKEN"],
    scope: Scope::OutsideFile,
    ..Key::tenant("jenkins_api_token", Kind::Secret, "API token of the user")
};
pub(crate) static TOKEN_FILE: Key = Key {
    aliases: &["token_file"],
    env: &["JENKINS_API_TOKEN_FILE"],
    flag: Some("jenkins-token-file"),
    ..Key::tenant("jenkins_token_file", Kind::Path, "File that holds the API token, instead of the variable JENKINS_API_TOKEN")
};
pub(crate) static TOKEN_ENV: Key =
    Key { aliases: &["token_env"], ..Key::tenant("jenkins_token_env", Kind::Text(anything), "Variable that holds the API token") };
pub(crate) static TOKEN_COMMAND: Key = Key {
    aliases: &["token_command"],
    ..Key::tenant(
        "jenkins_token_command",
        Kind::Command,
        "Program that prints the API token, alone or as {\"token\", \"user\", \"expires_in\"}; no shell is involved",
    )
};
pub(crate) static TOKEN_CREDENTIAL: Key = Key {
    aliases: &["token_credential"],
    ..Key::tenant(
        "jenkins_token_credential",
        Kind::Text(anything),
        "Name of a systemd credential ($CREDENTIALS_DIRECTORY) that holds the token",
    )
};
pub(crate) static TOKEN_LIFETIME: Key = Key {
    aliases: &["token_lifetime"],
    default: Some("300"),
    ..Key::tenant(
        "jenkins_token_lifetime_seconds",
        Kind::Number(1, 86_400),
        "After so long a token from a file or program is read again, unless the program says when it expires",
    )
};
pub(crate) static TIMEOUT: Key = Key {
    aliases: &["timeout_seconds", "call_timeout"],
    env: &["JANKINS_TIMEOUT"],
    flag: Some("timeout"),
    default: Some("30"),
    ..Key::tenant("timeout", Kind::Number(1, 3_600), "Seconds that one tool call may take")
};
pub(crate) static CA_FILE: Key = Key {
    env: &["JANKINS_CA_FILE"],
    flag: Some("ca-file"),
    ..Key::tenant("ca_file", Kind::Path, "PEM file with certificate authorities to trust beside those of the system")
};
pub(crate) static CLIENT_CERT: Key = Key {
    env: &["JANKINS_CLIENT_CERT"],
    flag: Some("client-cert"),
    ..Key::tenant("client_cert", Kind::Path, "PEM file with the certificate to present to Jenkins")
};
pub(crate) static CLIENT_KEY: Key = Key {
    env: &["JANKINS_CLIENT_KEY"],
    flag: Some("client-key"),
    ..Key::tenant("client_key", Kind::Path, "PEM file with the key of that certificate")
};
pub(crate) static PROXY: Key = Key::tenant(
    "proxy",
    Kind::Text(proxy),
    "Proxy on the way to the controller, e.g. http://proxy.example.com:3128, or none [default: HTTPS_PROXY, NO_PROXY and their kin]",
);
pub(crate) static FRONT_HEADER: Key =
    Key::tenant("front_header", Kind::Text(header_name), "Header for a proxy in front of Jenkins, sent with every request");
pub(crate) static FRONT_HEADER_ENV: Key = Key::tenant("front_header_env", Kind::Text(anything), "Variable that holds its value");
pub(crate) static FRONT_HEADER_FILE: Key = Key::tenant("front_header_file", Kind::Path, "File that holds its value");
pub(crate) static RECORD: Key = Key {
    env: &["JANKINS_RECORD"],
    flag: Some("record"),
    scope: Scope::OutsideFile,
    ..Key::tenant("record", Kind::Path, "Write every exchange with Jenkins, redacted, to this cassette")
};
pub(crate) static REPLAY: Key = Key {
    env: &["JANKINS_REPLAY"],
    flag: Some("replay"),
    scope: Scope::OutsideFile,
    ..Key::tenant("replay", Kind::Path, "Answer from this cassette, without any network")
};

// --- Tools: what a tenant lets its callers do ---

pub(crate) static READ_ONLY: Key = Key {
    env: &["JANKINS_READ_ONLY"],
    flag: Some("read-only"),
    default: Some("false"),
    heading: TOOLS,
    ..Key::tenant("read_only", Kind::Switch, "Offer no tool that changes anything, and let no such request through")
};
pub(crate) static TOOLSETS: Key = Key {
    env: &["JANKINS_TOOLSETS"],
    flag: Some("toolsets"),
    heading: TOOLS,
    ..Key::tenant("toolsets", Kind::List(anything), "Toolsets to offer, separated by commas; also `default` and `all` [default: default]")
};
pub(crate) static ALLOWED_JOBS: Key = Key {
    env: &["JANKINS_ALLOWED_JOBS"],
    flag: Some("allowed-jobs"),
    heading: TOOLS,
    guest: Some("JANKINS_ALLOWED_JOBS"),
    ..Key::tenant("allowed_jobs", Kind::List(pattern), "Jobs and folders that may be seen and used, e.g. team-a,shop/*; all without")
};
pub(crate) static DENIED_JOBS: Key = Key {
    env: &["JANKINS_DENIED_JOBS"],
    flag: Some("denied-jobs"),
    heading: TOOLS,
    guest: Some("JANKINS_DENIED_JOBS"),
    ..Key::tenant("denied_jobs", Kind::List(pattern), "Jobs and folders that do not exist for callers, even if they are allowed")
};
pub(crate) static DENIED_PATHS: Key = Key {
    heading: TOOLS,
    ..Key::tenant("denied_paths", Kind::List(pattern), "URL paths below the controller's that are never requested, e.g. /job/secret/**")
};
pub(crate) static MAX_TOKENS: Key = Key {
    env: &["JANKINS_MAX_TOKENS"],
    flag: Some("max-tokens"),
    heading: TOOLS,
    guest: Some("JANKINS_MAX_TOKENS"),
    ..Key::tenant("max_tokens", Kind::Number(1, 1_000_000), "Token budget of an answer when a call names none [default: the plugin's]")
};

// --- Cache and limits: kept by the plugin, one of each for a tenant ---

pub(crate) static CACHE_MAX_SIZE: Key = Key {
    aliases: &["cache_size"],
    env: &["JANKINS_CACHE_MAX_SIZE"],
    flag: Some("cache-max-size"),
    heading: LIMITS,
    guest: Some("JANKINS_CACHE_MAX_SIZE"),
    ..Key::tenant("cache_max_size", Kind::Number(0, 1_000_000), "Answers of Jenkins that are kept; 0 keeps none [default: the plugin's]")
};
pub(crate) static CACHE_TTL: Key = Key {
    aliases: &["cache_ttl"],
    env: &["JANKINS_CACHE_TTL_SECONDS"],
    flag: Some("cache-ttl-seconds"),
    heading: LIMITS,
    guest: Some("JANKINS_CACHE_TTL_SECONDS"),
    ..Key::tenant(
        "cache_ttl_seconds",
        Kind::Number(0, 604_800),
        "Seconds that something unchangeable is kept; what changes is kept for less [default: the plugin's]",
    )
};
pub(crate) static RATE_LIMIT: Key = Key {
    aliases: &["rate_limit"],
    env: &["JANKINS_RATE_LIMIT_REQUESTS_PER_MINUTE"],
    flag: Some("rate-limit-requests-per-minute"),
    heading: LIMITS,
    guest: Some("JANKINS_RATE_LIMIT_REQUESTS_PER_MINUTE"),
    ..Key::tenant(
        "rate_limit_requests_per_minute",
        Kind::Number(0, 1_000_000),
        "Tool calls per minute of one tenant in the long run; 0 is no limit [default: the plugin's]",
    )
};
pub(crate) static RATE_LIMIT_BURST: Key = Key {
    aliases: &["rate_limit_burst"],
    env: &["JANKINS_RATE_LIMIT_BURST_SIZE"],
    flag: Some("rate-limit-burst-size"),
    heading: LIMITS,
    guest: Some("JANKINS_RATE_LIMIT_BURST_SIZE"),
    ..Key::tenant(
        "rate_limit_burst_size",
        Kind::Number(1, 1_000_000),
        "Tool calls of one tenant at once, after a pause [default: the plugin's]",
    )
};

// --- Plugin ---

pub(crate) static PLUGIN: Key = Key {
    env: &["JANKINS_PLUGIN"],
    flag: Some("plugin"),
    heading: PLUGIN_HEADING,
    ..Key::tenant("plugin", Kind::Path, "The component to run [default: jankins.wasm beside the executable]")
};
pub(crate) static PLUGIN_DIGEST: Key = Key {
    env: &["JANKINS_PLUGIN_DIGEST"],
    flag: Some("plugin-digest"),
    heading: PLUGIN_HEADING,
    ..Key::tenant("plugin_digest", Kind::Text(sha256_digest), "SHA-256 that the component must have")
};
pub(crate) static PLUGIN_MEMORY: Key = Key {
    env: &["JANKINS_PLUGIN_MEMORY_MB"],
    flag: Some("plugin-memory-mb"),
    default: Some("128"),
    heading: PLUGIN_HEADING,
    ..Key::tenant("plugin_memory_mb", Kind::Number(8, 4_096), "Memory that the component may use for one tenant")
};
pub(crate) static CACHE_DIR: Key = Key {
    env: &["JANKINS_CACHE_DIR"],
    flag: Some("cache-dir"),
    heading: PLUGIN_HEADING,
    scope: Scope::Process { restart: true },
    ..Key::process("cache_dir", Kind::Path, "Directory for compiled components [default: $XDG_CACHE_HOME/jankins]")
};
pub(crate) static IDLE: Key = Key {
    env: &["JANKINS_IDLE_MINUTES"],
    flag: Some("idle-minutes"),
    default: Some("15"),
    heading: PLUGIN_HEADING,
    scope: Scope::Process { restart: true },
    ..Key::process("idle_minutes", Kind::Number(1, 10_080), "A tenant that nobody called for so long gives up its memory and its cache")
};

// --- Logging ---

pub(crate) static LOG_LEVEL: Key = Key {
    env: &["JANKINS_LOG_LEVEL"],
    flag: Some("log-level"),
    heading: LOGGING,
    scope: Scope::Process { restart: true },
    ..Key::process(
        "log_level",
        Kind::Choice(&["error", "warn", "info", "debug", "trace"]),
        "How much to log on standard error [default: info when serving, else error]",
    )
};
pub(crate) static LOG_JSON: Key = Key {
    env: &["JANKINS_LOG_JSON"],
    flag: Some("log-json"),
    default: Some("false"),
    heading: LOGGING,
    scope: Scope::Process { restart: true },
    ..Key::process("log_json", Kind::Switch, "Log JSON, one object per line")
};

pub(crate) static LOG_FILE: Key = Key {
    env: &["JANKINS_LOG_FILE"],
    flag: Some("log-file"),
    heading: LOGGING,
    scope: Scope::Process { restart: true },
    ..Key::process("log_file", Kind::Path, "Log to this file, too")
};
pub(crate) static LOG_FILE_MAX: Key = Key {
    env: &["JANKINS_LOG_FILE_MAX_MB"],
    flag: Some("log-file-max-mb"),
    default: Some("50"),
    heading: LOGGING,
    scope: Scope::Process { restart: true },
    ..Key::process("log_file_max_mb", Kind::Number(1, 100_000), "Size in MiB at which that file is put aside and begun anew")
};
pub(crate) static LOG_FILE_KEEP: Key = Key {
    env: &["JANKINS_LOG_FILE_KEEP"],
    flag: Some("log-file-keep"),
    default: Some("5"),
    heading: LOGGING,
    scope: Scope::Process { restart: true },
    ..Key::process("log_file_keep", Kind::Number(0, 1_000), "How many of these files to keep beside the newest")
};

// --- Serving ---

pub(crate) static CONFIG: Key = Key {
    env: &["JANKINS_CONFIG"],
    flag: Some("config"),
    heading: "Configuration",
    scope: Scope::OutsideFile,
    ..Key::process(
        "config",
        Kind::Path,
        "Configuration file [default: $XDG_CONFIG_HOME/jankins/config.toml or /etc/jankins/config.toml, if there]",
    )
};
pub(crate) static TRANSPORT: Key = Key {
    env: &["JANKINS_TRANSPORT"],
    flag: Some("transport"),
    default: Some("stdio"),
    scope: Scope::Process { restart: true },
    ..Key::process("transport", Kind::Choice(&["stdio", "http"]), "How clients connect: one over stdio, or any number over HTTP at /mcp")
};
pub(crate) static BIND: Key = Key {
    env: &["JANKINS_BIND"],
    flag: Some("bind"),
    default: Some("127.0.0.1:8080"),
    scope: Scope::Process { restart: true },
    ..Key::process("bind", Kind::Text(super::key::address), "Address to listen on, with transport http")
};
pub(crate) static ALLOWED_HOSTS: Key = Key {
    env: &["JANKINS_ALLOWED_HOSTS"],
    flag: Some("allowed-host"),
    scope: Scope::Process { restart: true },
    ..Key::process("allowed_hosts", Kind::List(anything), "Further names that clients may reach this server by")
};
pub(crate) static ALLOWED_ORIGINS: Key = Key {
    env: &["JANKINS_ALLOWED_ORIGINS"],
    flag: Some("allowed-origin"),
    scope: Scope::Process { restart: true },
    ..Key::process("allowed_origins", Kind::List(anything), "Web origins whose pages may call this server")
};

// --- Access over HTTP ---

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
    ..Key::process(
        "public_url",
        Kind::Text(super::key::public_url),
        "Address of this server as clients know it, e.g. https://mcp.example.com",
    )
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
        Kind::Text(super::key::store),
        "Redis or Valkey in which all replicas keep the limits of users together, e.g. redis://limits.example.com:6379/",
    )
};
pub(crate) static SHARED_LIMITS_PASSWORD: Key = Key {
    env: &["JANKINS_SHARED_LIMITS_PASSWORD_FILE"],
    heading: ACCESS,
    ..Key::process("shared_limits_password_file", Kind::Path, "File that holds its password")
};

/// Everything that may stand at the top of the file, or be an option or a variable, in the order of help.
pub(crate) static TOP: &[&Key] = &[
    &CONFIG,
    &URL,
    &USER,
    &TOKEN,
    &TOKEN_FILE,
    &TOKEN_ENV,
    &TOKEN_COMMAND,
    &TOKEN_CREDENTIAL,
    &TOKEN_LIFETIME,
    &TIMEOUT,
    &CA_FILE,
    &CLIENT_CERT,
    &CLIENT_KEY,
    &PROXY,
    &FRONT_HEADER,
    &FRONT_HEADER_ENV,
    &FRONT_HEADER_FILE,
    &RECORD,
    &REPLAY,
    &READ_ONLY,
    &TOOLSETS,
    &ALLOWED_JOBS,
    &DENIED_JOBS,
    &DENIED_PATHS,
    &MAX_TOKENS,
    &CACHE_MAX_SIZE,
    &CACHE_TTL,
    &RATE_LIMIT,
    &RATE_LIMIT_BURST,
    &PLUGIN,
    &PLUGIN_DIGEST,
    &PLUGIN_MEMORY,
    &CACHE_DIR,
    &IDLE,
    &LOG_LEVEL,
    &LOG_JSON,
    &LOG_FILE,
    &LOG_FILE_MAX,
    &LOG_FILE_KEEP,
    &TRANSPORT,
    &BIND,
    &ALLOWED_HOSTS,
    &ALLOWED_ORIGINS,
    &ALLOW_ANONYMOUS,
    &PUBLIC_URL,
    &OPERATOR_TOKENS,
    &ALLOW_CIDRS,
    &DENY_CIDRS,
    &TRUSTED_PROXIES,
    &BLOCKED_USERS,
    &SHARED_LIMITS,
    &SHARED_LIMITS_PASSWORD,
];

/// Whose credentials a tenant uses. A tenant with a table of its own inherits none of them.
pub(crate) static IDENTITY: &[&Key] = &[&USER, &TOKEN, &TOKEN_FILE, &TOKEN_ENV, &TOKEN_COMMAND, &TOKEN_CREDENTIAL];

// --- Tables of access ---

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
pub(crate) static ISSUER: Key =
    Key::process("issuer", Kind::Text(super::key::public_url), "Issuer that tokens must name; clients are sent there");
pub(crate) static AUDIENCE: Key =
    Key::process("audience", Kind::List(anything), "Audiences of which a token must name one [default: the URL of /mcp]");
pub(crate) static JWKS_FILE: Key = Key::process("jwks_file", Kind::Path, "File with the issuer's keys (JWKS)");
pub(crate) static JWKS_URL: Key =
    Key::process("jwks_url", Kind::Text(super::key::public_url), "Where the issuer publishes its keys (JWKS)");
pub(crate) static OAUTH_CA_FILE: Key =
    Key::process("ca_file", Kind::Path, "PEM file with authorities to trust for jwks_url, beside those of the system");
pub(crate) static ALGORITHMS: Key = Key {
    default: Some("RS256,ES256,EdDSA"),
    ..Key::process("algorithms", Kind::List(super::key::algorithm), "Signature algorithms that are accepted")
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_default_is_a_value_that_its_key_takes() {
        for key in [TOP, TOKENS, CLASSES, OAUTH, RULES].concat() {
            if let Some(default) = key.default {
                assert!(key.kind.read_text(default).is_ok(), "{}", key.name);
            }
        }
    }

    #[test]
    fn no_two_keys_share_a_spelling_an_option_or_a_variable() {
        let mut seen = BTreeSet::new();
        for key in TOP {
            for name in key
                .spellings()
                .map(str::to_owned)
                .chain(key.flag.map(|flag| format!("--{flag}")))
                .chain(key.env.iter().map(|name| format!("${name}")))
            {
                assert!(seen.insert(name.clone()), "{name}");
            }
        }
    }

    #[test]
    fn every_option_has_a_variable() {
        for key in TOP.iter().filter(|key| key.flag.is_some()) {
            assert!(!key.env.is_empty(), "--{}", key.name);
        }
    }

    #[test]
    fn no_option_takes_the_value_of_a_token() {
        for flag in TOP.iter().filter_map(|key| key.flag) {
            assert!(!flag.ends_with("token") && !flag.contains("password"), "--{flag}");
        }
    }
}
