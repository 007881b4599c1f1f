//! All tenants of a process.
//!
//! The table is swapped whole, so a caller sees the tenants before a reload or those after it, never a mixture. A
//! tenant whose settings did not change stays the same, with its cache and its connections; one that changed is made
//! anew, and the old one ends with its last call. It keeps the plugin in use, which may not be the one of the start any
//! more, unless the configuration names another than before. When any of them cannot be made, nothing changes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::time::Duration;

use futures::future::join_all;

use super::DEFAULT;
use super::StartError;
use super::Tenant;
use super::shared::Shared;
use crate::config::TenantConfig;
use crate::lanes::Lanes;
use crate::lifecycle::Lifecycle;
use crate::plugin::Plugin;
use crate::plugin::PluginError;
use crate::telemetry::Metrics;

/// What the configuration says about tenants, by their names.
pub(crate) type TenantConfigs = BTreeMap<String, Arc<TenantConfig>>;
type Table = BTreeMap<String, Arc<Tenant>>;

/// Looks for tenants to put to rest so often within their idle time.
const ROUNDS_PER_IDLE_TIME: u32 = 4;

/// The tenants, and what they share.
pub(crate) struct Tenants {
    shared: Arc<Shared>,
    table: RwLock<Arc<Table>>,
}

/// What a reload did.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Changes {
    /// New names.
    pub(crate) added: Vec<String>,
    /// Names that are gone.
    pub(crate) removed: Vec<String>,
    /// Names that stand for something else now.
    pub(crate) changed: Vec<String>,
}

impl Tenants {
    /// Starts every tenant of the configuration; there is at least one. Their work is done in these lanes.
    ///
    /// # Errors
    /// When any of them cannot be started.
    pub(crate) fn start(configs: &TenantConfigs, cache_dir: Option<&Path>, lanes: Lanes) -> Result<Arc<Self>, StartError> {
        let first = configs.values().next().ok_or(StartError::NoTenant)?;
        let shared = Shared::new(cache_dir, &first.plugin, lanes).map_err(|error: PluginError| StartError::from(error))?;
        let table = table(configs, &Table::new(), &shared)?;
        Ok(Arc::new(Self { shared, table: RwLock::new(Arc::new(table)) }))
    }

    #[cfg(test)]
    pub(crate) fn of(tenants: impl IntoIterator<Item = Arc<Tenant>>) -> Arc<Self> {
        let table: Table = tenants.into_iter().map(|tenant| (tenant.id().to_owned(), tenant)).collect();
        let shared = table.values().next().map(|tenant| Arc::clone(&tenant.shared)).unwrap();
        Arc::new(Self { shared, table: RwLock::new(Arc::new(table)) })
    }

    fn table(&self) -> Arc<Table> {
        Arc::clone(&self.table.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the tenants what the configuration says now.
    ///
    /// # Errors
    /// When one of them cannot be started; then all stay as they were.
    pub(crate) fn reload(&self, configs: &TenantConfigs) -> Result<Changes, StartError> {
        let before = self.table();
        let after = table(configs, &before, &self.shared)?;
        let changed = |id: &&String| before.get(*id).zip(after.get(*id)).is_some_and(|(old, new)| !Arc::ptr_eq(old, new));
        let changes = Changes {
            added: after.keys().filter(|id| !before.contains_key(*id)).cloned().collect(),
            removed: before.keys().filter(|id| !after.contains_key(*id)).cloned().collect(),
            changed: after.keys().filter(changed).cloned().collect(),
        };
        let after = Arc::new(after);
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&after);
        for (id, old) in before.iter() {
            if after.get(id).is_none_or(|new| !Arc::ptr_eq(old, new)) {
                old.supersede();
            }
        }
        Ok(changes)
    }

    /// A component beside those in use, compiled for this process. May take as long as compiling does.
    ///
    /// # Errors
    /// When the file is no usable component.
    pub(crate) fn load(&self, path: &Path) -> Result<Plugin, PluginError> {
        self.shared.plugin(path)
    }

    /// The tenant of that name.
    pub(crate) fn get(&self, id: &str) -> Option<Arc<Tenant>> {
        self.table().get(id).cloned()
    }

    /// The tenant of callers that nobody assigned to one: the one called `default`, or the only one there is.
    pub(crate) fn default_one(&self) -> Option<Arc<Tenant>> {
        let table = self.table();
        let only = || table.values().next().filter(|_| table.len() == 1);
        table.get(DEFAULT).or_else(only).cloned()
    }

    /// All of them, by name.
    pub(crate) fn all(&self) -> Vec<Arc<Tenant>> {
        self.table().values().cloned().collect()
    }

    /// Metrics of the process.
    pub(crate) fn metrics(&self) -> &Arc<Metrics> {
        &self.shared.metrics
    }

    /// Life of the process.
    pub(crate) fn lifecycle(&self) -> &Arc<Lifecycle> {
        &self.shared.lifecycle
    }

    /// The longest time that a call may take.
    pub(crate) fn longest_timeout(&self) -> Duration {
        self.table().values().map(|tenant| tenant.timeout()).max().unwrap_or_default()
    }

    /// Has the plugins that are awake say what they count, for the metrics.
    pub(crate) async fn collect_stats(&self) {
        let tenants = self.all();
        let ask = |tenant: &Arc<Tenant>| {
            let tenant = Arc::clone(tenant);
            async move {
                // One that does not answer keeps the figures it gave before.
                if let Ok(stats) = tenant.program().runner.stats().await {
                    tenant.figures().plugin_stats(stats);
                }
            }
        };
        join_all(tenants.iter().map(ask)).await;
    }

    /// Lets no tenant take anything new, and waits until what runs has ended or the deadline is over.
    pub(crate) async fn drain(&self, deadline: Duration) {
        let tenants = self.all();
        join_all(tenants.iter().map(|tenant| async move { tenant.program().runner.drain(deadline).await })).await;
    }

    /// Puts tenants to rest that nobody called for `idle`. Never returns.
    pub(crate) async fn rest_when_idle(&self, idle: Duration) {
        loop {
            tokio::time::sleep(idle / ROUNDS_PER_IDLE_TIME).await;
            for tenant in self.all() {
                if tenant.program().runner.rest(idle) {
                    tracing::debug!(tenant = tenant.id(), "at rest");
                }
            }
        }
    }
}

/// The tenants of the configuration: as they are where nothing changed, else new.
fn table(configs: &TenantConfigs, before: &Table, shared: &Arc<Shared>) -> Result<Table, StartError> {
    let mut table = Table::new();
    for (id, config) in configs {
        let same = before.get(id).filter(|tenant| *tenant.config == **config).cloned();
        let tenant = match same {
            Some(tenant) => tenant,
            None => Tenant::start(id, config, before.get(id), shared).map_err(|error| named(id, configs.len(), error))?,
        };
        table.insert(id.clone(), tenant);
    }
    Ok(table)
}

/// An error that says which of several tenants it is about.
fn named(id: &str, tenants: usize, error: StartError) -> StartError {
    if tenants == 1 { error } else { StartError::Tenant { id: id.to_owned(), source: Box::new(error) } }
}

#[cfg(test)]
mod tests {
    use super::super::scripted::Script;
    use super::super::scripted::named as tenant_named;
    use super::*;

    #[test]
    fn the_only_tenant_is_the_default_and_of_several_only_the_one_called_so() {
        let shared = super::super::scripted::shared();
        let tenant = |id: &str| tenant_named(id, Script::default(), &shared);
        let default = |tenants: &[&str]| {
            let tenants = Tenants::of(tenants.iter().map(|id| tenant(id)));
            tenants.default_one().map(|tenant| tenant.id().to_owned())
        };
        assert_eq!(default(&["shop"]).as_deref(), Some("shop"));
        assert_eq!(default(&["shop", "default"]).as_deref(), Some("default"));
        assert_eq!(default(&["shop", "bank"]), None);
    }
}
