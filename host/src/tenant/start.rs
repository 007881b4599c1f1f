//! From a checked configuration to a tenant that takes calls.
//!
//! A client waits for this, so it does what must fail early and nothing else: the component is compiled (or taken
//! from the cache), the way out is set up, and the instance starts in a task of its own.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::Map;
use serde_json::Value;

use super::Runner;
use super::Tenant;
use crate::config::Config;
use crate::egress::Egress;
use crate::egress::EgressError;
use crate::egress::Settings;
use crate::egress::Timeouts;
use crate::lifecycle::Lifecycle;
use crate::plugin::CheckReport;
use crate::plugin::Engine;
use crate::plugin::Failure;
use crate::plugin::Instance;
use crate::plugin::InstanceSettings;
use crate::plugin::Outcome;
use crate::plugin::Plugin;
use crate::plugin::PluginError;
use crate::plugin::Stat;
use crate::plugin::Tool;
use crate::telemetry::BuildFacts;
use crate::telemetry::Metrics;
use crate::toolbox::Toolbox;
use crate::toolbox::UnknownToolset;

/// Calls of one tenant at once. Far above what a controller bears: the plugin's own limits come first, and this one
/// only bounds memory.
const MAX_CONCURRENT_CALLS: usize = 256;
/// Requests to the controller at once; browsers use six per host, build clusters survive some dozens.
const MAX_REQUESTS_IN_FLIGHT: usize = 256;
/// Largest body that is read from the controller: the log of a very large build.
const MAX_RESPONSE_BYTES: u64 = 2 << 30;
/// Time to reach the controller at all. Short of the call's own limit, so that the error names the network.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// What a read-only tenant may POST although it changes nothing: the controller takes a file to validate no other way.
const READ_ONLY_POSTS: [&str; 2] = ["pipeline-model-converter/validate", "pipeline-model-converter/validateJenkinsfile"];
/// The engine's version, which cargo pins and the engine does not export.
const WASMTIME_VERSION: &str = "48.0.8";

/// What is running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Version of this binary.
    pub version: &'static str,
    /// Digest of the component.
    pub component_digest: String,
    /// The WASI version that the component is built for.
    pub wasi: &'static str,
    /// The controller, or nothing in a test.
    pub controller: String,
}

/// The tenant could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// No engine, or not this component.
    #[error("the plugin cannot be used")]
    Plugin(#[from] PluginError),
    /// No way out.
    #[error("requests to Jenkins cannot be set up")]
    Egress(#[from] EgressError),
    /// A toolset that does not exist.
    #[error(transparent)]
    Toolset(#[from] UnknownToolset),
}

/// Loads a component; compiled code is kept in the cache directory.
///
/// # Errors
/// When there is no engine for this machine, or the file is no usable component.
pub(crate) fn load_plugin(cache_dir: Option<&Path>, path: &Path) -> Result<Plugin, PluginError> {
    Plugin::load(&Engine::new(cache_dir)?, path)
}

impl Tenant {
    /// Starts the tenant that the configuration describes.
    ///
    /// # Errors
    /// When the component cannot be loaded or the way to the controller cannot be set up.
    pub(crate) fn start(config: &Config) -> Result<Arc<Self>, StartError> {
        let plugin = load_plugin(config.cache_dir.as_deref(), &config.plugin)?;
        let catalogue = plugin.catalogue();
        let toolbox = Toolbox::new(catalogue, config.read_only, config.toolsets.as_ref())?;
        let instructions = catalogue.instructions.clone();
        let facts = Facts {
            version: env!("CARGO_PKG_VERSION"),
            component_digest: plugin.digest().to_owned(),
            wasi: plugin.wasi(),
            controller: config.controller.to_string(),
        };
        let metrics = Arc::new(Metrics::new(BuildFacts {
            version: facts.version,
            component_digest: facts.component_digest.clone(),
            wasmtime: WASMTIME_VERSION,
        }));
        metrics.memory_limit(config.memory_limit_bytes);
        let egress = Egress::new(egress_settings(config), metrics.clone())?;
        let instance = Instance::spawn(plugin, instance_settings(config, egress, &metrics));
        Ok(Arc::new(Self {
            toolbox,
            instructions,
            facts,
            runner: Box::new(instance),
            lifecycle: Lifecycle::new(Arc::clone(&metrics)),
            metrics,
            timeout: config.timeout,
        }))
    }

    #[cfg(test)]
    pub(super) fn from_parts(toolbox: Toolbox, runner: Box<dyn Runner>) -> Arc<Self> {
        let facts = Facts { version: "0.0.0", component_digest: "sha256:none".to_owned(), wasi: "none", controller: String::new() };
        let build = BuildFacts { version: "0.0.0", component_digest: facts.component_digest.clone(), wasmtime: "none" };
        let metrics = Arc::new(Metrics::new(build));
        Arc::new(Self {
            toolbox,
            instructions: "Scripted.".to_owned(),
            facts,
            runner,
            lifecycle: Lifecycle::new(Arc::clone(&metrics)),
            metrics,
            timeout: Duration::from_secs(30),
        })
    }
}

/// The way out that this configuration asks for.
pub(crate) fn egress_settings(config: &Config) -> Settings {
    Settings {
        controller: config.controller.clone(),
        credentials: config.credentials.clone(),
        ca_file: config.ca_file.clone(),
        client_cert: config.client_cert.clone(),
        proxy: config.proxy.clone(),
        read_only: config.read_only,
        read_only_posts: READ_ONLY_POSTS.map(str::to_owned).to_vec(),
        timeouts: Timeouts { connect: CONNECT_TIMEOUT.min(config.timeout), first_byte: config.timeout, between_bytes: config.timeout },
        max_in_flight: MAX_REQUESTS_IN_FLIGHT,
        max_response_bytes: MAX_RESPONSE_BYTES,
        cassette: config.cassette.clone(),
    }
}

fn instance_settings(config: &Config, egress: Egress, metrics: &Arc<Metrics>) -> InstanceSettings {
    let mut env = vec![
        ("JENKINS_URL".to_owned(), config.controller.to_string()),
        ("JANKINS_TIMEOUT_SECONDS".to_owned(), config.timeout.as_secs().to_string()),
    ];
    if let Some(tokens) = config.max_tokens {
        env.push(("JANKINS_MAX_TOKENS".to_owned(), tokens.to_string()));
    }
    env.extend(config.limits.env());
    InstanceSettings {
        env,
        memory_limit_bytes: config.memory_limit_bytes,
        call_timeout: config.timeout,
        max_concurrent_calls: MAX_CONCURRENT_CALLS,
        ..InstanceSettings::new(Arc::new(move || Box::new(egress.hooks())), metrics.clone())
    }
}

impl Runner for Instance {
    fn call<'a>(&'a self, tool: &'a Tool, arguments: Map<String, Value>) -> BoxFuture<'a, Outcome> {
        Instance::call(self, tool, arguments).boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<CheckReport, Failure>> {
        Instance::check(self).boxed()
    }

    fn stats(&self) -> BoxFuture<'_, Result<Vec<Stat>, Failure>> {
        Instance::stats(self).boxed()
    }

    fn clear_cache(&self, scope: Option<String>) -> BoxFuture<'_, Result<u32, Failure>> {
        Instance::clear_cache(self, scope).boxed()
    }

    fn drain(&self, deadline: Duration) -> BoxFuture<'_, ()> {
        Instance::drain(self, deadline).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_the_engine_is_the_locked_one() {
        let lock = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock"));
        assert!(lock.contains(&format!("name = \"wasmtime\"\nversion = \"{WASMTIME_VERSION}\"")));
    }
}
