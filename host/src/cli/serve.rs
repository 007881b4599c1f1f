//! `jankins serve`: MCP clients, over stdio or HTTP.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;

use super::Invocation;
use crate::access::Access;
use crate::config::Config;
use crate::http;
use crate::http::Site;
use crate::lanes::Lanes;
use crate::mcp;
use crate::mcp::Server;
use crate::tenant::Tenants;

pub(super) async fn run(invocation: Invocation) -> anyhow::Result<ExitCode> {
    let settings = invocation.settings?;
    let config = Config::new(&settings)?;
    // Over standard streams there is one tenant, and nobody else who could have to wait.
    let lanes = if config.http.is_some() { Lanes::two().context("the slow lane cannot be started")? } else { Lanes::one() };
    let tenants = Tenants::start(&config.tenants, config.cache_dir.as_deref(), lanes)?;
    for tenant in tenants.all() {
        let facts = tenant.facts();
        tracing::info!(
            tenant = tenant.id(),
            version = facts.version,
            component = facts.component_digest,
            wasi = facts.wasi,
            jenkins = facts.controller,
            tools = tenant.toolbox().offered().len(),
            read_only = tenant.rights().read_only,
            "started"
        );
    }
    match &config.http {
        None => {
            let tenant = tenants.default_one().context("stdio serves one tenant: call one of them `default`")?;
            mcp::stdio::serve(Server::new(tenant).context("the server cannot be set up")?).await?;
        }
        Some(http) => {
            tokio::spawn({
                let tenants = Arc::clone(&tenants);
                async move { tenants.rest_when_idle(config.idle).await }
            });
            let access = Access::new(config.access, None)?;
            let site = Site::new(tenants, access).context("the server cannot be set up")?;
            http::serve(Arc::new(site.configured_by(invocation.sources, settings)), http).await?;
        }
    }
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}
