//! Streamable HTTP: the protocol at `/mcp`, and what an operator needs beside it.
//!
//! | route | answers | touches Jenkins |
//! |---|---|---|
//! | `/mcp` | MCP, without sessions: any replica can answer any request | as the tools do |
//! | `GET /_health` | 200 while the process serves; version, uptime, component digest | never |
//! | `GET /_ready` | 200 if the plugin could use Jenkins a moment ago, else 503 with the reason | at most every few seconds |
//! | `GET /_metrics` | all metrics, as OpenMetrics or Prometheus protobuf | never |
//! | `POST /_cache/clear?job=` | how many entries went; only when bound to loopback | never |
//!
//! There is no authentication yet, so the default is to listen on loopback only, and anything else is warned about.
//! Requests with a foreign `Host` or `Origin` are refused (see [`guard`]). On SIGTERM or SIGINT the server says 503 to
//! new work, finishes what it has, and stops listening.

mod cache;
mod guard;
mod health;
mod metrics;
mod ready;

use std::future::IntoFuture as _;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use axum::Router;
use axum::middleware;
use axum::routing::get;
use axum::routing::post;
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::StreamableHttpService;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::guard::Guard;
use self::ready::Readiness;
use crate::lifecycle::stop_signal;
use crate::mcp::Server;
use crate::tenant::Tenant;

/// Largest request body: the largest argument is a Jenkinsfile, and those are kilobytes.
const MAX_BODY_BYTES: usize = 1 << 20;
/// Time for responses to leave once no call is in flight any more, idle connections included.
const FAREWELL: Duration = Duration::from_secs(2);

/// Who may connect, and where.
#[derive(Clone, Debug)]
pub(crate) struct HttpOptions {
    /// Address to listen on.
    pub bind: SocketAddr,
    /// Names, beside loopback and the bound address, that clients may reach us by.
    pub allowed_hosts: Vec<String>,
    /// Origins, beside loopback, whose pages may call us.
    pub allowed_origins: Vec<String>,
}

/// Serving over HTTP failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The listener or a signal handler broke.
    #[error("serving ended unexpectedly")]
    Serve(#[from] io::Error),
}

/// What the operational routes share.
struct State {
    tenant: Arc<Tenant>,
    readiness: Readiness,
    started: Instant,
    loopback: bool,
}

/// Serves until the process is asked to stop.
///
/// # Errors
/// When the address cannot be listened on, or listening breaks.
pub(crate) async fn serve(server: Server, options: &HttpOptions) -> Result<(), HttpError> {
    let address = options.bind;
    let listener = TcpListener::bind(address).await.map_err(|source| HttpError::Listen { address, source })?;
    serve_on(listener, server, options, stop_signal()).await
}

/// The same on an open listener, ended by `stop` as by a signal.
async fn serve_on(
    listener: TcpListener,
    server: Server,
    options: &HttpOptions,
    stop: impl Future<Output = io::Result<&'static str>>,
) -> Result<(), HttpError> {
    let bound = listener.local_addr()?;
    tracing::info!(url = format!("http://{bound}/mcp"), "listening");
    if !bound.ip().is_loopback() {
        tracing::warn!("listening beyond loopback without authentication: whoever can reach {bound} acts with these credentials");
    }
    let tenant = Arc::clone(server.tenant());
    let (closing, ending) = (CancellationToken::new(), CancellationToken::new());
    let router = router(server, options, bound, ending.clone());
    let serving = axum::serve(listener, router).with_graceful_shutdown(closing.clone().cancelled_owned());
    let stopping = async {
        let signal = stop.await?;
        tracing::info!(signal, "stopping");
        // Still listening, so that readiness can say 503 and a balancer sends its clients elsewhere.
        tenant.lifecycle().drain(tenant.timeout()).await;
        // Two steps: answers on their way must leave before streams that never end by themselves are cut.
        closing.cancel();
        tokio::time::sleep(FAREWELL).await;
        ending.cancel();
        Ok(())
    };
    let ended = tokio::select! {
        ended = serving.into_future() => ended,
        stopped = stopping => stopped,
    };
    tenant.runner().drain(Duration::ZERO).await;
    Ok(ended?)
}

fn router(server: Server, options: &HttpOptions, bound: SocketAddr, ending: CancellationToken) -> Router {
    let guard = Arc::new(Guard::new(bound.ip(), &options.allowed_hosts, &options.allowed_origins));
    let state = Arc::new(State {
        tenant: Arc::clone(server.tenant()),
        readiness: Readiness::default(),
        started: Instant::now(),
        loopback: bound.ip().is_loopback(),
    });
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_allowed_hosts(guard.hosts())
        .with_allowed_origins(guard.origins())
        .enforce_origin_validation()
        .with_max_request_body_bytes(MAX_BODY_BYTES)
        .with_cancellation_token(ending);
    let service = StreamableHttpService::new(move || Ok(server.clone()), Arc::new(NeverSessionManager::default()), config);
    let mcp = Router::new()
        .route_service("/mcp", service)
        .layer(middleware::from_fn_with_state(Arc::clone(&state), health::refuse_while_draining));
    let operations = Router::new()
        .route("/_health", get(health::health))
        .route("/_ready", get(ready::ready))
        .route("/_metrics", get(metrics::metrics))
        .route("/_cache/clear", post(cache::clear))
        .with_state(state)
        .layer(middleware::from_fn_with_state(guard, guard::check));
    mcp.merge(operations)
}

#[cfg(test)]
mod tests;
