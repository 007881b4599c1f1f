//! The options of the command line, each with its environment variable.
//!
//! An argument wins over its variable, a variable over the default. The API token is the one setting without an
//! argument: it comes from `JENKINS_API_TOKEN` or from a file.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap::ValueEnum;
use clap::builder::BoolishValueParser;

use crate::telemetry::LogLevel;

/// Options that every command understands.
#[derive(Args, Clone, Debug)]
pub(crate) struct GlobalOptions {
    /// Address of the Jenkins controller, with its path if it has one
    #[arg(long, env = "JENKINS_URL", value_name = "URL", global = true, help_heading = "Jenkins")]
    pub jenkins_url: Option<String>,

    /// User that the API token belongs to
    #[arg(long, env = "JENKINS_USER", value_name = "USER", global = true, help_heading = "Jenkins")]
    pub jenkins_user: Option<String>,

    /// File that holds the API token, instead of the variable JENKINS_API_TOKEN
    #[arg(long, env = "JENKINS_API_TOKEN_FILE", value_name = "FILE", global = true, help_heading = "Jenkins")]
    pub jenkins_token_file: Option<PathBuf>,

    /// Seconds that one tool call may take
    #[arg(
        long,
        env = "JANKINS_TIMEOUT",
        value_name = "SECONDS",
        default_value_t = 30,
        value_parser = clap::value_parser!(u32).range(1..=3_600),
        global = true,
        help_heading = "Jenkins"
    )]
    pub timeout: u32,

    /// PEM file with certificate authorities to trust beside those of the system
    #[arg(long, env = "JANKINS_CA_FILE", value_name = "FILE", global = true, help_heading = "Jenkins")]
    pub ca_file: Option<PathBuf>,

    /// PEM file with the certificate to present to Jenkins
    #[arg(long, env = "JANKINS_CLIENT_CERT", value_name = "FILE", requires = "client_key", global = true, help_heading = "Jenkins")]
    pub client_cert: Option<PathBuf>,

    /// PEM file with the key of that certificate
    #[arg(long, env = "JANKINS_CLIENT_KEY", value_name = "FILE", requires = "client_cert", global = true, help_heading = "Jenkins")]
    pub client_key: Option<PathBuf>,

    /// Write every exchange with Jenkins, redacted, to this cassette
    #[arg(long, env = "JANKINS_RECORD", value_name = "FILE", conflicts_with = "replay", global = true, help_heading = "Jenkins")]
    pub record: Option<PathBuf>,

    /// Answer from this cassette, without any network
    #[arg(long, env = "JANKINS_REPLAY", value_name = "FILE", global = true, help_heading = "Jenkins")]
    pub replay: Option<PathBuf>,

    /// Offer no tool that changes anything, and let no such request through
    #[arg(
        long,
        env = "JANKINS_READ_ONLY",
        value_parser = BoolishValueParser::new(),
        global = true,
        help_heading = "Tools"
    )]
    pub read_only: bool,

    /// Toolsets to offer, separated by commas [default: all]
    #[arg(long, env = "JANKINS_TOOLSETS", value_name = "NAMES", value_delimiter = ',', global = true, help_heading = "Tools")]
    pub toolsets: Vec<String>,

    /// Token budget of an answer when a call names none [default: the plugin's]
    #[arg(long, env = "JANKINS_MAX_TOKENS", value_name = "TOKENS", global = true, help_heading = "Tools")]
    pub max_tokens: Option<u32>,

    /// Tool calls that one minute may bring; 0 is no limit [default: the plugin's, 60]
    #[arg(long, env = "JANKINS_RATE_LIMIT_REQUESTS_PER_MINUTE", value_name = "CALLS", global = true, help_heading = "Limits")]
    pub rate_limit_requests_per_minute: Option<u32>,

    /// Tool calls that may come at once, within that rate [default: the plugin's, 10]
    #[arg(
        long,
        env = "JANKINS_RATE_LIMIT_BURST_SIZE",
        value_name = "CALLS",
        value_parser = clap::value_parser!(u32).range(1..),
        global = true,
        help_heading = "Limits"
    )]
    pub rate_limit_burst_size: Option<u32>,

    /// Answers of Jenkins to keep; 0 keeps none [default: the plugin's, 1000]
    #[arg(long, env = "JANKINS_CACHE_MAX_SIZE", value_name = "ENTRIES", global = true, help_heading = "Limits")]
    pub cache_max_size: Option<u32>,

    /// Seconds to keep what no longer changes, such as finished builds [default: the plugin's, 300]
    #[arg(long, env = "JANKINS_CACHE_TTL_SECONDS", value_name = "SECONDS", global = true, help_heading = "Limits")]
    pub cache_ttl_seconds: Option<u32>,

    /// The component to run [default: jankins.wasm beside the executable]
    #[arg(long, env = "JANKINS_PLUGIN", value_name = "FILE", global = true, help_heading = "Plugin")]
    pub plugin: Option<PathBuf>,

    /// Memory that the component may use
    #[arg(
        long,
        env = "JANKINS_PLUGIN_MEMORY_MB",
        value_name = "MIB",
        default_value_t = 128,
        value_parser = clap::value_parser!(u16).range(8..=4_096),
        global = true,
        help_heading = "Plugin"
    )]
    pub plugin_memory_mb: u16,

    /// Directory for compiled components [default: $XDG_CACHE_HOME/jankins]
    #[arg(long, env = "JANKINS_CACHE_DIR", value_name = "DIR", global = true, help_heading = "Plugin")]
    pub cache_dir: Option<PathBuf>,

    /// How much to log on standard error [default: info when serving, else error]
    #[arg(long, env = "JANKINS_LOG_LEVEL", value_name = "LEVEL", value_enum, global = true, help_heading = "Logging")]
    pub log_level: Option<LogLevel>,

    /// Log JSON, one object per line
    #[arg(
        long,
        env = "JANKINS_LOG_JSON",
        value_parser = BoolishValueParser::new(),
        global = true,
        help_heading = "Logging"
    )]
    pub log_json: bool,
}

/// Options of `serve`, which may also be given without naming the command.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ServeOptions {
    /// How clients connect [default: stdio]
    #[arg(long, env = "JANKINS_TRANSPORT", value_enum, help_heading = "Serving")]
    pub transport: Option<Transport>,

    /// Address to listen on, with `--transport http` [default: 127.0.0.1:8080]
    #[arg(long, env = "JANKINS_BIND", value_name = "ADDRESS", help_heading = "Serving")]
    pub bind: Option<SocketAddr>,

    /// Further name that clients may reach this server by (repeat, or separate by commas)
    #[arg(long = "allowed-host", env = "JANKINS_ALLOWED_HOSTS", value_name = "HOST", value_delimiter = ',', help_heading = "Serving")]
    pub allowed_hosts: Vec<String>,

    /// Web origin whose pages may call this server (repeat, or separate by commas)
    #[arg(
        long = "allowed-origin",
        env = "JANKINS_ALLOWED_ORIGINS",
        value_name = "ORIGIN",
        value_delimiter = ',',
        help_heading = "Serving"
    )]
    pub allowed_origins: Vec<String>,
}

impl ServeOptions {
    /// These options, completed by those that stood before the command's name.
    pub(crate) fn or(self, before: Self) -> Self {
        let more = |own: Vec<String>, other: Vec<String>| if own.is_empty() { other } else { own };
        Self {
            transport: self.transport.or(before.transport),
            bind: self.bind.or(before.bind),
            allowed_hosts: more(self.allowed_hosts, before.allowed_hosts),
            allowed_origins: more(self.allowed_origins, before.allowed_origins),
        }
    }
}

/// How clients connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    /// One client, over standard input and output
    Stdio,
    /// Any number of clients, over streamable HTTP at /mcp
    Http,
}
