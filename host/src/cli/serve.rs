//! `jankins serve`: MCP clients, over stdio or HTTP.

use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context as _;

use super::options::GlobalOptions;
use super::options::ServeOptions;
use super::options::Transport;
use crate::config::Config;
use crate::http;
use crate::http::HttpOptions;
use crate::mcp;
use crate::mcp::Server;
use crate::tenant::Tenant;

/// Where we listen unless told otherwise: reachable from this machine only.
const DEFAULT_BIND: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

pub(super) async fn run(global: &GlobalOptions, options: &ServeOptions) -> anyhow::Result<ExitCode> {
    let config = Config::from_options(global)?;
    let tenant = Tenant::start(&config)?;
    let facts = tenant.facts();
    tracing::info!(
        version = facts.version,
        component = facts.component_digest,
        wasi = facts.wasi,
        jenkins = facts.controller,
        tools = tenant.toolbox().offered().len(),
        read_only = config.read_only,
        "started"
    );
    let server = Server::new(tenant).context("the server cannot be set up")?;
    match options.transport.unwrap_or(Transport::Stdio) {
        Transport::Stdio => mcp::stdio::serve(server).await?,
        Transport::Http => {
            let http = HttpOptions {
                bind: options.bind.unwrap_or(DEFAULT_BIND),
                allowed_hosts: options.allowed_hosts.clone(),
                allowed_origins: options.allowed_origins.clone(),
            };
            http::serve(server, &http).await?;
        }
    }
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}
