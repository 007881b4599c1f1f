//! Another plugin while the server runs: loaded beside the one in use, checked, tried, switched to, and given up by
//! itself when it does not do its work.
//!
//! | step | what ends it, with everything as it was |
//! |---|---|
//! | digest | it is not the file that the operator means; it is not even compiled then |
//! | load | the file is no component, or imports what plugins are not given |
//! | compare | tools vanish or change so that clients stumble (unless forced) |
//! | check | the plugin itself says that it cannot do its work (unless forced) |
//! | switch | – from the next call on; calls under way end where they began |
//! | trial | for [`TRIAL`] the plugin's own failures are counted; too many, and the one before takes over again |
//!
//! While the trial lasts, a reading call that the new plugin could not finish is answered by the old one, so that a bad
//! plugin costs callers time and no answer. A change is for one tenant or for all, and for all or none of them. It lasts
//! as long as the process: what the next start loads is the configuration's word. A reload leaves it alone, and its trial
//! goes on, unless the configuration names another plugin than before; then that one is used, and there is nothing to
//! roll back to.

mod trial;

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::SystemTime;

use serde::Serialize;

use self::trial::Tally;
use self::trial::Trial;
use crate::plugin::Differences;
use crate::plugin::Plugin;
use crate::plugin::PluginError;
use crate::tenant::Changes;
use crate::tenant::Program;
use crate::tenant::StartError;
use crate::tenant::Tenant;
use crate::tenant::TenantConfigs;
use crate::tenant::Tenants;

/// How long a new plugin is watched. Most faults show with the first calls; an hour would hold two instances for long.
const TRIAL: Duration = Duration::from_secs(600);
/// Longest wait for the plugin's own check.
const CHECK: Duration = Duration::from_secs(30);
/// Tenants that are asked whether the plugin works for them. More would burden the controllers, and tell little more.
const CHECKED_TENANTS: usize = 5;
/// Looks this often whether the old plugin has finished its calls.
const RETIRE_ROUND: Duration = Duration::from_millis(50);
/// A call may wait for minutes; whatever runs longer ends with the trial.
const RETIRE_ROUNDS: u32 = 7200;

/// What the operator wants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    /// The component.
    pub(crate) file: PathBuf,
    /// Its SHA-256, if only that very file will do.
    pub(crate) digest: Option<String>,
    /// One tenant; all without.
    pub(crate) tenant: Option<String>,
    /// Even if clients stumble over it, or its own check fails.
    pub(crate) force: bool,
}

/// What a change did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Changed {
    /// The plugin in use now.
    pub(crate) plugin: PluginFacts,
    /// The tenants that use it now and did not before.
    pub(crate) tenants: Vec<String>,
    /// What its tools are, compared with those before.
    pub(crate) differences: Differences,
}

/// A plugin, as an operator tells one from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PluginFacts {
    /// The file that it was loaded from.
    pub(crate) file: String,
    /// SHA-256 of that file.
    pub(crate) digest: String,
    /// The WASI version that it is built for.
    pub(crate) wasi: &'static str,
    /// How many tools it has.
    pub(crate) tools: usize,
    /// What it imports.
    pub(crate) imports: Vec<String>,
}

impl PluginFacts {
    fn of(plugin: &Plugin) -> Self {
        Self {
            file: plugin.path().display().to_string(),
            digest: plugin.digest().to_owned(),
            wasi: plugin.wasi(),
            tools: plugin.catalogue().tools.len(),
            imports: plugin.imports().to_vec(),
        }
    }
}

/// What one tenant uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct InUse {
    /// The tenant.
    pub(crate) tenant: String,
    /// What answers its calls.
    pub(crate) plugin: Option<PluginFacts>,
    /// What did before, and what a rollback returns to.
    pub(crate) before: Option<PluginFacts>,
    /// Whether the new one is still being watched.
    pub(crate) on_trial: bool,
    /// What happened last: `use`, `rollback`, or `automatic rollback: …`.
    pub(crate) last_change: Option<String>,
    /// When, in seconds since 1970.
    pub(crate) changed_at: Option<u64>,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// No tenant of that name.
    #[error("there is no tenant `{0}`")]
    UnknownTenant(String),
    /// Somebody else changes plugins just now.
    #[error("another change is under way")]
    Busy,
    /// The file is no plugin for this host.
    #[error("the file cannot be used")]
    Load(#[from] PluginError),
    /// Another file than the operator means.
    #[error("the file's digest is {found}, not {wanted}")]
    Digest {
        /// As ordered.
        wanted: String,
        /// As it is.
        found: String,
    },
    /// All tenants that were meant use this very file.
    #[error("this plugin is in use already")]
    InUse,
    /// Clients would stumble.
    #[error("its tools differ so that clients stumble over it")]
    Incompatible(Differences),
    /// It cannot be set up for one of the tenants.
    #[error("it cannot be set up for tenant `{tenant}`")]
    Start {
        /// Which.
        tenant: String,
        /// Why.
        source: StartError,
    },
    /// It says itself that it does not work.
    #[error("its own check fails for tenant `{tenant}`: {reason}")]
    Check {
        /// For which.
        tenant: String,
        /// What it says.
        reason: String,
    },
    /// No change to take back.
    #[error("there is no plugin to go back to")]
    NothingBefore,
    /// The work of loading was lost.
    #[error("the server is stopping")]
    Stopping,
}

/// Changes the plugins of a process's tenants.
pub(crate) struct Rollout {
    tenants: Arc<Tenants>,
    /// Held by whoever changes something.
    changing: tokio::sync::Mutex<()>,
    deployments: Mutex<BTreeMap<String, Deployment>>,
    trial: Duration,
}

/// What is remembered of a tenant's last change.
struct Deployment {
    tenant: Arc<Tenant>,
    before: Option<Plugin>,
    tally: Arc<Tally>,
    what: String,
    at: SystemTime,
}

impl Deployment {
    /// Goes on with the tenant that a reload has put in the place of its own.
    fn carry_to(&mut self, tenant: Arc<Tenant>) {
        if self.tally.is_running()
            && let Some((tried, before)) = tenant.program().plugin.clone().zip(self.before.clone())
        {
            match tenant.program_of(tried).and_then(|tried| Ok((tried, tenant.program_of(before)?))) {
                Ok((tried, before)) => {
                    let runner = Box::new(Trial::new(tried.runner, Arc::new(before), Arc::clone(&self.tally)));
                    drop(tenant.replace(Program { runner, ..tried }));
                }
                // It could only have been made a moment ago, and not now, if files vanish just then.
                Err(error) => tracing::warn!(tenant = tenant.id(), %error, "the plugin is on trial no longer"),
            }
        }
        self.tenant = tenant;
    }
}

impl Rollout {
    /// No change yet.
    pub(crate) fn new(tenants: Arc<Tenants>) -> Arc<Self> {
        Self::with_trial(tenants, TRIAL)
    }

    fn with_trial(tenants: Arc<Tenants>, trial: Duration) -> Arc<Self> {
        Arc::new(Self { tenants, changing: tokio::sync::Mutex::default(), deployments: Mutex::default(), trial })
    }

    fn deployments<T>(&self, look: impl FnOnce(&mut BTreeMap<String, Deployment>) -> T) -> T {
        look(&mut self.deployments.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What each tenant uses, by name.
    pub(crate) fn list(&self) -> Vec<InUse> {
        let in_use = |tenant: Arc<Tenant>| {
            let plugin = tenant.program().plugin.as_ref().map(PluginFacts::of);
            self.deployments(|deployments| {
                let last = deployments.get(tenant.id());
                let seconds = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).map(|since| since.as_secs()).ok();
                InUse {
                    tenant: tenant.id().to_owned(),
                    plugin,
                    before: last.and_then(|last| last.before.as_ref()).map(PluginFacts::of),
                    on_trial: last.is_some_and(|last| last.tally.is_running()),
                    last_change: last.map(|last| last.what.clone()),
                    changed_at: last.and_then(|last| seconds(last.at)),
                }
            })
        };
        self.tenants.all().into_iter().map(in_use).collect()
    }

    /// The other components that lie beside those in use.
    pub(crate) fn candidates(&self) -> Vec<PathBuf> {
        let programs = self.tenants.all().into_iter().map(|tenant| tenant.program());
        let used: Vec<PathBuf> = programs.filter_map(|program| Some(program.plugin.as_ref()?.path().to_owned())).collect();
        let mut folders: Vec<&Path> = used.iter().filter_map(|path| path.parent()).collect();
        folders.sort_unstable();
        folders.dedup();
        let files = folders.into_iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten().map(|entry| entry.path());
        let mut found: Vec<PathBuf> =
            files.filter(|path| path.extension().is_some_and(|end| end == "wasm") && !used.contains(path)).collect();
        found.sort_unstable();
        found
    }

    fn chosen(&self, tenant: Option<&str>) -> Result<Vec<Arc<Tenant>>, Refusal> {
        match tenant {
            None => Ok(self.tenants.all()),
            Some(id) => self.tenants.get(id).map(|tenant| vec![tenant]).ok_or_else(|| Refusal::UnknownTenant(id.to_owned())),
        }
    }

    /// Lets tenants use another plugin.
    ///
    /// # Errors
    /// When any step before the switch fails; nothing has changed then.
    pub(crate) async fn put_to_use(self: &Arc<Self>, order: Order) -> Result<Changed, Refusal> {
        let _changing = self.changing.try_lock().map_err(|_| Refusal::Busy)?;
        let plugin = self.load(&order).await?;
        let mut tenants = self.chosen(order.tenant.as_deref())?;
        tenants.retain(|tenant| tenant.program().plugin.as_ref().is_none_or(|used| used.digest() != plugin.digest()));
        if tenants.is_empty() {
            return Err(Refusal::InUse);
        }
        let differences = differences(&tenants, &plugin);
        if !differences.are_compatible() && !order.force {
            return Err(Refusal::Incompatible(differences));
        }
        let mut programs = Vec::with_capacity(tenants.len());
        for tenant in tenants {
            let program = tenant.program_of(plugin.clone()).map_err(|source| Refusal::Start { tenant: tenant.id().to_owned(), source })?;
            programs.push((tenant, program));
        }
        if !order.force {
            check(&programs).await?;
        }
        let tally = Arc::new(Tally::new());
        let names = programs.iter().map(|(tenant, _)| tenant.id().to_owned()).collect();
        for (tenant, program) in programs {
            let before = tenant.program();
            let replaced = before.plugin.clone();
            let runner = Box::new(Trial::new(program.runner, before, Arc::clone(&tally)));
            self.switch(&tenant, Program { runner, ..program }, replaced, Arc::clone(&tally), "use".to_owned());
        }
        self.watch(tally);
        let changed = Changed { plugin: PluginFacts::of(&plugin), tenants: names, differences };
        tracing::info!(file = changed.plugin.file, digest = changed.plugin.digest, tenants = changed.tenants.len(), "plugin in use");
        Ok(changed)
    }

    /// Makes the tenants what the configuration says now. Blocks, for as long as compiling a plugin takes.
    ///
    /// # Errors
    /// When one of them cannot be started; then all stay as they were.
    pub(crate) fn reload(&self, configs: &TenantConfigs) -> Result<Changes, StartError> {
        let _changing = self.changing.blocking_lock();
        let changes = self.tenants.reload(configs)?;
        let digest = |tenant: &Tenant| tenant.program().plugin.as_ref().map(|plugin| plugin.digest().to_owned());
        self.deployments(|deployments| {
            deployments.retain(|id, last| match self.tenants.get(id) {
                Some(now) if Arc::ptr_eq(&now, &last.tenant) => true,
                Some(now) if digest(&now) == digest(&last.tenant) => {
                    last.carry_to(now);
                    true
                }
                _ => false,
            });
        });
        Ok(changes)
    }

    async fn load(&self, order: &Order) -> Result<Plugin, Refusal> {
        let (tenants, file) = (Arc::clone(&self.tenants), order.file.clone());
        let bare = |digest: &String| digest.trim().trim_start_matches("sha256:").to_ascii_lowercase();
        let wanted = order.digest.as_ref().map(bare);
        let meant = move |found: &str| match &wanted {
            Some(wanted) if wanted != found => Err(Refusal::Digest { wanted: wanted.clone(), found: found.to_owned() }),
            _ => Ok(()),
        };
        let loading = move || {
            meant(&Plugin::digest_of(&file)?)?;
            let plugin = tenants.load(&file)?;
            // Again, of what was compiled: the file may have changed in between.
            meant(plugin.digest())?;
            Ok(plugin)
        };
        // Compiling takes a second or more, which no other task may wait for.
        tokio::task::spawn_blocking(loading).await.map_err(|_| Refusal::Stopping)?
    }

    /// Returns to what was in use before the last change.
    ///
    /// # Errors
    /// When there is nothing to return to.
    pub(crate) async fn roll_back(&self, tenant: Option<&str>) -> Result<Changed, Refusal> {
        let _changing = self.changing.try_lock().map_err(|_| Refusal::Busy)?;
        let tenants = self.chosen(tenant)?;
        self.back(&tenants, "rollback")
    }

    fn back(&self, tenants: &[Arc<Tenant>], why: &str) -> Result<Changed, Refusal> {
        let mut programs = Vec::new();
        for tenant in tenants {
            let before = self.deployments(|deployments| deployments.get(tenant.id()).and_then(|last| last.before.clone()));
            if let Some(plugin) = before {
                let program =
                    tenant.program_of(plugin.clone()).map_err(|source| Refusal::Start { tenant: tenant.id().to_owned(), source })?;
                programs.push((Arc::clone(tenant), plugin, program));
            }
        }
        let Some((_, plugin, _)) = programs.first() else { return Err(Refusal::NothingBefore) };
        let plugin = plugin.clone();
        let changed: Vec<Arc<Tenant>> = programs.iter().map(|(tenant, ..)| Arc::clone(tenant)).collect();
        let differences = differences(&changed, &plugin);
        let names = changed.iter().map(|tenant| tenant.id().to_owned()).collect();
        for (tenant, _, program) in programs {
            self.switch(&tenant, program, None, Arc::new(Tally::over()), why.to_owned());
        }
        tracing::warn!(digest = plugin.digest(), why, "plugin rolled back");
        Ok(Changed { plugin: PluginFacts::of(&plugin), tenants: names, differences })
    }

    fn switch(&self, tenant: &Arc<Tenant>, program: Program, before: Option<Plugin>, tally: Arc<Tally>, what: String) {
        let replaced = tenant.replace(program);
        let deployment = Deployment { tenant: Arc::clone(tenant), before, tally, what, at: SystemTime::now() };
        self.deployments(|deployments| deployments.insert(tenant.id().to_owned(), deployment));
        tokio::spawn(retire(replaced));
    }

    /// Returns to the plugin before when the one on trial fails, and ends the trial otherwise.
    fn watch(self: &Arc<Self>, tally: Arc<Tally>) {
        let rollout = Arc::clone(self);
        tokio::spawn(async move {
            if let Ok(()) = tokio::time::timeout(rollout.trial, tally.failed()).await {
                let _changing = rollout.changing.lock().await;
                let why = format!("automatic rollback: {}", tally.summary());
                let tried = rollout.deployments(|deployments| {
                    let tried = deployments.values().filter(|last| Arc::ptr_eq(&last.tally, &tally));
                    tried.map(|last| Arc::clone(&last.tenant)).collect::<Vec<_>>()
                });
                // None of them, if each has been changed again meanwhile.
                if !tried.is_empty()
                    && let Err(error) = rollout.back(&tried, &why)
                {
                    tracing::error!(%error, "a failing plugin could not be rolled back");
                }
            }
            tally.end();
        });
    }
}

/// What all these tenants' clients would notice.
fn differences(tenants: &[Arc<Tenant>], plugin: &Plugin) -> Differences {
    let mut seen: Vec<String> = Vec::new();
    let mut all = Differences::default();
    for program in tenants.iter().map(|tenant| tenant.program()) {
        let Some(used) = program.plugin.as_ref().filter(|used| !seen.iter().any(|digest| digest == used.digest())) else { continue };
        seen.push(used.digest().to_owned());
        let Differences { added, vanished, changed } = Differences::between(used.catalogue(), plugin.catalogue());
        for (all, more) in [(&mut all.added, added), (&mut all.vanished, vanished), (&mut all.changed, changed)] {
            all.extend(more.into_iter().filter(|item| !all.contains(item)).collect::<Vec<_>>());
        }
    }
    all
}

/// Asks the new plugin for some of the tenants whether it can do its work: those that are used first.
async fn check(programs: &[(Arc<Tenant>, Program)]) -> Result<(), Refusal> {
    let mut order: Vec<&(Arc<Tenant>, Program)> = programs.iter().collect();
    order.sort_by_key(|(tenant, _)| !tenant.program().runner.is_awake());
    let asked = order.into_iter().take(CHECKED_TENANTS).map(|(tenant, program)| async move {
        let reason = match tokio::time::timeout(CHECK, program.runner.check()).await {
            Err(_) => format!("no answer within {} s", CHECK.as_secs()),
            Ok(Err(failure)) => failure.to_string(),
            Ok(Ok(report)) => match report.steps.iter().find(|step| !step.ok) {
                None if report.ok => return Ok(()),
                None => "it does not say why".to_owned(),
                Some(step) => format!("{}: {}", step.name, step.detail),
            },
        };
        Err(Refusal::Check { tenant: tenant.id().to_owned(), reason })
    });
    futures::future::try_join_all(asked).await.map(drop)
}

/// Gives up the instance of a replaced program once its last call has ended. Until the trial is over, the program itself
/// is kept by the one on trial, and could start again.
async fn retire(replaced: Arc<Program>) {
    for _ in 0..RETIRE_ROUNDS {
        tokio::time::sleep(RETIRE_ROUND).await;
        if Arc::strong_count(&replaced) == 1 || replaced.runner.rest(Duration::ZERO) {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
