//! From a checked configuration to a tenant that takes calls.
//!
//! A client waits for this, so it does what must fail early and nothing else: the component is compiled (or taken
//! from the cache) and the way out is tried. The instance itself starts with the first call.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::RwLock;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::Map;
use serde_json::Value;
use tokio::sync::watch;

use super::Facts;
use super::Program;
use super::Runner;
use super::Tenant;
use super::rest::Sleeper;
use super::shared::Shared;
use crate::config::TenantConfig;
use crate::egress::CassetteMode;
use crate::egress::Egress;
use crate::egress::EgressError;
use crate::egress::Settings;
use crate::egress::Timeouts;
use crate::lanes::Share;
use crate::plugin::CheckReport;
use crate::plugin::Failure;
use crate::plugin::Instance;
use crate::plugin::InstanceSettings;
use crate::plugin::Outcome;
use crate::plugin::Plugin;
use crate::plugin::PluginError;
use crate::plugin::Stat;
use crate::plugin::Tool;
use crate::telemetry::TenantMetrics;
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
    /// Another component than the operator meant.
    #[error("the plugin {} has the digest {found}, but plugin_digest is {wanted}", path.display())]
    Digest {
        /// Its path.
        path: PathBuf,
        /// What was found.
        found: String,
        /// What was configured.
        wanted: String,
    },
    /// A plugin that would let callers do what the operator forbids.
    #[error(
        "the plugin {} does not say that it honours {variable}, which is set: callers would see what they must not; \
         use a newer plugin, or do without this setting",
        path.display()
    )]
    Restriction {
        /// The component.
        path: PathBuf,
        /// The setting, as the plugin is told of it.
        variable: &'static str,
    },
    /// A cassette is one program's.
    #[error("a session is being recorded")]
    Recording,
    /// Nothing to serve.
    #[error("the configuration has no tenant")]
    NoTenant,
    /// One of several tenants.
    #[error("tenant `{id}`")]
    Tenant {
        /// Which.
        id: String,
        /// What is wrong with it.
        source: Box<StartError>,
    },
}

impl Tenant {
    /// Starts the tenant that the configuration describes. With the plugin that it names; or, if it names the same as for
    /// the tenant `before` a reload, with what that one uses: which may be another by now, and is the operator's later word.
    ///
    /// # Errors
    /// When the component cannot be loaded or the way to the controller cannot be set up.
    pub(super) fn start(
        id: &str,
        config: &Arc<TenantConfig>,
        before: Option<&Arc<Self>>,
        shared: &Arc<Shared>,
    ) -> Result<Arc<Self>, StartError> {
        let names_the_same =
            |before: &&Arc<Self>| (&before.config.plugin, &before.config.plugin_digest) == (&config.plugin, &config.plugin_digest);
        let plugin = match before.filter(names_the_same).and_then(|before| before.program().plugin.clone()) {
            Some(in_use) => in_use,
            None => configured(config, shared)?,
        };
        let figures = shared.metrics.tenant(id);
        let share = shared.lanes.share(figures.clone());
        let program = program(plugin, config, shared, &figures, &share)?;
        Ok(Arc::new(Self {
            id: id.to_owned(),
            figures,
            share,
            config: Arc::clone(config),
            program: RwLock::new(Arc::new(program)),
            superseded: watch::Sender::new(false),
            shared: Arc::clone(shared),
        }))
    }

    /// What would run for this tenant with that plugin, ready for [`Tenant::replace`].
    ///
    /// # Errors
    /// When the plugin lacks a toolset that the tenant names, or the way to the controller cannot be set up; and while a
    /// session is recorded, whose cassette another program would begin anew.
    pub(crate) fn program_of(&self, plugin: Plugin) -> Result<Program, StartError> {
        if matches!(self.config.cassette, CassetteMode::Record(_)) {
            return Err(StartError::Recording);
        }
        program(plugin, &self.config, &self.shared, &self.figures, &self.share)
    }

    #[cfg(test)]
    pub(super) fn from_parts(id: &str, rights: super::Rights, runner: Box<dyn Runner>, shared: &Arc<Shared>) -> Arc<Self> {
        let config = TenantConfig::for_tests(rights);
        let facts = Facts { version: "0.0.0", component_digest: "sha256:none".to_owned(), wasi: "none", controller: String::new() };
        let toolbox = crate::toolbox::Toolbox::new("sha256:none", &super::scripted::catalogue(), &config.rights).unwrap();
        Arc::new(Self {
            id: id.to_owned(),
            figures: shared.metrics.tenant(id),
            share: Share::default(),
            config: Arc::new(config),
            program: RwLock::new(Arc::new(Program { toolbox: Arc::new(toolbox), facts, plugin: None, runner })),
            superseded: watch::Sender::new(false),
            shared: Arc::clone(shared),
        })
    }
}

/// The plugin that the configuration names.
fn configured(config: &TenantConfig, shared: &Shared) -> Result<Plugin, StartError> {
    let plugin = shared.plugin(&config.plugin)?;
    match config.plugin_digest.as_ref().filter(|wanted| *wanted != plugin.digest()) {
        Some(wanted) => Err(StartError::Digest { path: config.plugin.clone(), found: plugin.digest().to_owned(), wanted: wanted.clone() }),
        None => Ok(plugin),
    }
}

fn program(
    plugin: Plugin,
    config: &Arc<TenantConfig>,
    shared: &Arc<Shared>,
    figures: &Arc<TenantMetrics>,
    share: &Share,
) -> Result<Program, StartError> {
    let honours = &plugin.catalogue().honours;
    if let Some(variable) = config.restrictions.iter().find(|variable| !honours.contains(**variable)) {
        return Err(StartError::Restriction { path: plugin.path().to_owned(), variable });
    }
    let toolbox = shared.toolbox(&plugin, &config.rights)?;
    let facts = Facts {
        version: env!("CARGO_PKG_VERSION"),
        component_digest: plugin.digest().to_owned(),
        wasi: plugin.wasi(),
        controller: config.controller.to_string(),
    };
    figures.memory_limit(config.memory_limit_bytes);
    let runner = runner(plugin.clone(), config, figures, share)?;
    Ok(Program { toolbox, facts, plugin: Some(plugin), runner })
}

fn runner(plugin: Plugin, config: &Arc<TenantConfig>, figures: &Arc<TenantMetrics>, share: &Share) -> Result<Box<dyn Runner>, StartError> {
    let start = {
        let (config, figures, share) = (Arc::clone(config), Arc::clone(figures), share.clone());
        move || -> Result<Box<dyn Runner>, StartError> {
            let egress = Egress::new(egress_settings(&config), figures.clone(), share.clone())?;
            Ok(Box::new(Instance::spawn(plugin.clone(), instance_settings(&config, egress, &figures, &share))))
        }
    };
    if matches!(config.cassette, CassetteMode::Off) {
        // Tried and dropped, so that a wrong certificate file is an error now and not at the first call.
        Egress::new(egress_settings(config), figures.clone(), share.clone())?;
        return Ok(Box::new(Sleeper::new(Box::new(start))));
    }
    // A cassette belongs to one life from start to end.
    start()
}

/// The way out that this configuration asks for.
pub(crate) fn egress_settings(config: &TenantConfig) -> Settings {
    Settings {
        controller: config.controller.clone(),
        identity: config.identity.clone(),
        front_header: config.front_header.clone(),
        proxy: config.proxy.clone(),
        denied_paths: config.denied_paths.clone(),
        ca_file: config.ca_file.clone(),
        client_cert: config.client_cert.clone(),
        read_only: config.rights.read_only,
        read_only_posts: READ_ONLY_POSTS.map(str::to_owned).to_vec(),
        timeouts: Timeouts { connect: CONNECT_TIMEOUT.min(config.timeout), first_byte: config.timeout, between_bytes: config.timeout },
        max_in_flight: MAX_REQUESTS_IN_FLIGHT,
        max_response_bytes: MAX_RESPONSE_BYTES,
        cassette: config.cassette.clone(),
    }
}

fn instance_settings(config: &TenantConfig, egress: Egress, figures: &Arc<TenantMetrics>, share: &Share) -> InstanceSettings {
    let mut env = vec![
        ("JENKINS_URL".to_owned(), config.controller.to_string()),
        ("JANKINS_TIMEOUT_SECONDS".to_owned(), config.timeout.as_secs().to_string()),
    ];
    env.extend(config.guest.iter().cloned());
    InstanceSettings {
        env,
        memory_limit_bytes: config.memory_limit_bytes,
        call_timeout: config.timeout,
        max_concurrent_calls: MAX_CONCURRENT_CALLS,
        share: share.clone(),
        ..InstanceSettings::new(Arc::new(move || Box::new(egress.hooks())), figures.clone())
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
