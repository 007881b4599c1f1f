//! Streamable HTTP: the protocol at `/mcp`, and what an operator needs beside it.
//!
//! | route | answers | touches Jenkins |
//! |---|---|---|
//! | `/mcp` | MCP, without sessions: any replica can answer any request | as the tools do |
//! | `GET /_health` | 200 while the process serves; version, uptime, component digest | never |
//! | `GET /_ready` | 200 if the plugin could use Jenkins a moment ago, else 503 with the reason; `?jenkins=false` only looks whether calls are taken | at most every few seconds |
//! | `GET /_metrics` | all metrics, as OpenMetrics or Prometheus protobuf | never |
//! | `POST /_cache/clear?tenant=&job=` | how many entries went; for operators (see [`operator`]) | never |
//!
//! | `POST /_config/reload` | what changed; for operators | never |
//! | `GET /_plugin`, `POST /_plugin/use`, `POST /_plugin/rollback` | which plugins run, and changing them; for operators | the new plugin's check |
//! | `GET /.well-known/oauth-protected-resource` | where clients get tokens, if an authorization server is configured | never |
//!
//! Who may call is decided in [`crate::access`]; a server that listens beyond loopback without any authentication does
//! not start. Requests with a foreign `Host` or `Origin` are refused (see [`guard`]). On SIGHUP the configuration is read
//! again. On SIGTERM or SIGINT the server says 503 to new work, finishes what it has, and stops listening.

mod cache;
mod endpoint;
mod guard;
mod health;
mod measure;
mod metadata;
mod metrics;
mod operator;
mod plugin;
mod ready;
mod reload;
mod site;

use std::future::IntoFuture as _;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use axum::Router;
use axum::middleware;
use axum::routing::any;
use axum::routing::get;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::endpoint::Endpoint;
use self::guard::Guard;
use self::ready::Readiness;
pub(crate) use self::site::Site;
use crate::config::HttpConfig;
use crate::lifecycle::stop_signal;

/// Time for responses to leave once no call is in flight any more, idle connections included.
const FAREWELL: Duration = Duration::from_secs(2);
/// Listening ends once nobody has had to be refused for this long: whoever still sends has not learned yet that they
/// should go elsewhere, and a connection that is closed as their request arrives is a call lost.
const QUIET: Duration = Duration::from_millis(500);
/// How long those who do not learn it are refused before they are cut off. Balancers look every few seconds.
const LINGER: Duration = Duration::from_secs(10);

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
    /// Whoever can connect would act with the credentials of this process.
    #[error(
        "{bound} can be reached from other machines, and callers need no token: add [[tokens]] or [oauth] to the \
         configuration, listen on 127.0.0.1, or allow it with --allow-anonymous"
    )]
    Open {
        /// The address.
        bound: SocketAddr,
    },
    /// The listener or a signal handler broke.
    #[error("serving ended unexpectedly")]
    Serve(#[from] io::Error),
}

/// What the operational routes share.
struct State {
    site: Arc<Site>,
    endpoint: Endpoint,
    readiness: Readiness,
    started: Instant,
    loopback: bool,
    /// Told of each request that is refused because the process drains.
    refused: Arc<Notify>,
}

/// Serves until the process is asked to stop.
///
/// # Errors
/// When the address cannot be listened on, or listening breaks.
pub(crate) async fn serve(site: Arc<Site>, options: &HttpConfig) -> Result<(), HttpError> {
    let address = options.bind;
    let listener = TcpListener::bind(address).await.map_err(|source| HttpError::Listen { address, source })?;
    serve_on(listener, site, options, stop_signal()).await
}

/// The same on an open listener, ended by `stop` as by a signal.
async fn serve_on(
    listener: TcpListener,
    site: Arc<Site>,
    options: &HttpConfig,
    stop: impl Future<Output = io::Result<&'static str>>,
) -> Result<(), HttpError> {
    let bound = listener.local_addr()?;
    let access = site.access();
    if !bound.ip().is_loopback() && access.is_open() {
        return Err(HttpError::Open { bound });
    }
    if !bound.ip().is_loopback() && access.serves_anyone() {
        tracing::warn!("callers without a token are served: whoever can reach {bound} acts with these credentials");
    }
    drop(access);
    tracing::info!(url = format!("http://{bound}/mcp"), "listening");
    let (closing, ending) = (CancellationToken::new(), CancellationToken::new());
    let refused = Arc::new(Notify::new());
    let router = router(&site, options, bound, ending.clone(), Arc::clone(&refused));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(closing.clone().cancelled_owned());
    let reloading = tokio::spawn(reload::on_hangup(Arc::clone(&site)));
    let stopping = async {
        let signal = stop.await?;
        tracing::info!(signal, "stopping");
        // Still listening, so that readiness can say 503 and a balancer sends its clients elsewhere.
        site.tenants.lifecycle().drain(site.tenants.longest_timeout()).await;
        let quiet = async { while timeout(QUIET, refused.notified()).await.is_ok() {} };
        drop(timeout(LINGER, quiet).await);
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
    reloading.abort();
    site.tenants.drain(Duration::ZERO).await;
    Ok(ended?)
}

fn router(site: &Arc<Site>, options: &HttpConfig, bound: SocketAddr, ending: CancellationToken, refused: Arc<Notify>) -> Router {
    let guard = Arc::new(Guard::new(bound.ip(), &options.allowed_hosts, &options.allowed_origins));
    let state = Arc::new(State {
        site: Arc::clone(site),
        endpoint: Endpoint::new(&guard, ending),
        readiness: Readiness::default(),
        started: Instant::now(),
        loopback: bound.ip().is_loopback(),
        refused,
    });
    let mcp = Router::new()
        .route("/mcp", any(endpoint::mcp))
        .layer(middleware::from_fn_with_state(Arc::clone(&state), health::refuse_while_draining));
    let operators = Router::new()
        .route("/_plugin", get(plugin::list))
        .route("/_plugin/use", post(plugin::put_to_use))
        .route("/_plugin/rollback", post(plugin::roll_back))
        .route("/_cache/clear", post(cache::clear))
        .route("/_config/reload", post(reload::reload))
        .layer(middleware::from_fn_with_state(Arc::clone(&state), operator::require));
    let operations = Router::new()
        .route("/_health", get(health::health))
        .route("/_ready", get(ready::ready))
        .route("/_metrics", get(metrics::metrics))
        .route(metadata::PATHS[0], get(metadata::document))
        .route(metadata::PATHS[1], get(metadata::document))
        .merge(operators)
        .layer(middleware::from_fn_with_state(guard, guard::check));
    let metrics = Arc::clone(site.tenants.metrics());
    mcp.merge(operations).layer(middleware::from_fn_with_state(metrics, measure::measure)).with_state(state)
}

#[cfg(test)]
mod tests;
