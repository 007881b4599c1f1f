//! What a tenant lets its callers do, and what its plugin keeps for it: one cache and one limit.

use crate::config::key::Key;
use crate::config::key::Kind;
use crate::config::key::anything;
use crate::config::key::pattern;

const TOOLS: &str = "Tools";
const LIMITS: &str = "Cache and limits";

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
    restricts: true,
    ..Key::tenant("allowed_jobs", Kind::List(pattern), "Jobs and folders that may be seen and used, e.g. team-a,shop/*; all without")
};
pub(crate) static DENIED_JOBS: Key = Key {
    env: &["JANKINS_DENIED_JOBS"],
    flag: Some("denied-jobs"),
    heading: TOOLS,
    guest: Some("JANKINS_DENIED_JOBS"),
    restricts: true,
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
