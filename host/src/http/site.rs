//! What is served: the tenants, and who may use them. A reload changes both while requests run.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::RwLock;

use rmcp::ErrorData as McpError;
use serde::Serialize;

use crate::access::Access;
use crate::access::BadKeys;
use crate::config::Config;
use crate::config::ConfigError;
use crate::config::Settings;
use crate::config::Sources;
use crate::mcp::Offer;
use crate::mcp::Servers;
use crate::rollout::Rollout;
use crate::tenant::Changes;
use crate::tenant::StartError;
use crate::tenant::Tenants;

/// Everything behind the routes.
pub(crate) struct Site {
    pub(super) tenants: Arc<Tenants>,
    pub(super) servers: Arc<Servers>,
    pub(super) rollout: Arc<Rollout>,
    access: RwLock<Arc<Access>>,
    /// Where to read the configuration again, and what it said the last time. Locked for the time of a reload, so that
    /// two at once become one after the other.
    configuration: Mutex<Option<(Sources, Settings)>>,
}

/// What a reload did.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    /// The tenants.
    tenants: Changes,
    /// Settings that differ but were fixed at the start.
    needs_restart: Vec<&'static str>,
}

/// Why a reload changed nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReloadError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Tenant(#[from] StartError),
    #[error(transparent)]
    Keys(#[from] BadKeys),
    #[error("this process was started without a configuration that could be read again")]
    Fixed,
}

impl Site {
    /// Serves these tenants to those whom the rules let in.
    ///
    /// # Errors
    /// When the system gives no randomness for the key that seals questions.
    pub(crate) fn new(tenants: Arc<Tenants>, access: Access) -> Result<Self, McpError> {
        let rollout = Rollout::new(Arc::clone(&tenants));
        let access = RwLock::new(Arc::new(access));
        Ok(Self { tenants, servers: Servers::new(Offer::Changing)?, rollout, access, configuration: Mutex::new(None) })
    }

    /// The same, reloaded from where its configuration came from.
    pub(crate) fn configured_by(self, sources: Sources, settings: Settings) -> Self {
        Self { configuration: Mutex::new(Some((sources, settings))), ..self }
    }

    /// Who may call now. Taken once per request.
    pub(super) fn access(&self) -> Arc<Access> {
        Arc::clone(&self.access.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the configuration again and makes everything what it says: all of it, or on any error nothing. May take as
    /// long as compiling a plugin does.
    pub(super) fn reload(&self) -> Result<Report, ReloadError> {
        let mut configuration = self.configuration.lock().unwrap_or_else(PoisonError::into_inner);
        let (sources, before) = configuration.as_ref().ok_or(ReloadError::Fixed)?;
        let settings = sources.read()?;
        let config = Config::new(&settings)?;
        let access = Access::new(config.access, Some(&self.access()))?;
        let tenants = self.rollout.reload(&config.tenants)?;
        // Nothing can fail from here on.
        *self.access.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(access);
        let needs_restart = before.needs_restart(&settings);
        let sources = sources.clone();
        *configuration = Some((sources, settings));
        Ok(Report { tenants, needs_restart })
    }
}
