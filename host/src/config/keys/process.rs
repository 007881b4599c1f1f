//! The component and the process: where it is, how it logs, how it serves.

use crate::config::key::Key;
use crate::config::key::Kind;
use crate::config::key::Scope;
use crate::config::key::address;
use crate::config::key::anything;
use crate::config::key::sha256_digest;

const PLUGIN_HEADING: &str = "Plugin";
const LOGGING: &str = "Logging";

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
    ..Key::process("bind", Kind::Text(address), "Address to listen on, with transport http")
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
