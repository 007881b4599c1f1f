//! `/mcp`: finds out who calls, and hands the request to a server for that caller.
//!
//! The protocol library asks its handler for tools and versions without the request at hand, so one handler cannot
//! serve several callers: each request gets one of its own. That costs two allocations; everything that is large is
//! shared (see `mcp::surface`).

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::extract::Request;
use axum::extract::State as Extract;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::IntoResponse as _;
use axum::response::Response;
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::StreamableHttpService;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use tokio_util::sync::CancellationToken;

use super::State;
use super::guard::Guard;
use super::metadata;
use crate::access::Admitted;
use crate::tenant::Verdict;

/// How many calls are left before the limit; stated from 80 % use on.
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");

/// Largest request body: the largest argument is a Jenkinsfile, and those are kilobytes.
pub(super) const MAX_BODY_BYTES: usize = 1 << 20;

/// How the protocol is spoken, the same for every caller.
pub(super) struct Endpoint {
    config: StreamableHttpServerConfig,
    sessions: Arc<NeverSessionManager>,
}

impl Endpoint {
    pub(super) fn new(guard: &Guard, ending: CancellationToken) -> Self {
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_allowed_hosts(guard.hosts())
            .with_allowed_origins(guard.origins())
            .enforce_origin_validation()
            .with_max_request_body_bytes(MAX_BODY_BYTES)
            .with_cancellation_token(ending);
        Self { config, sessions: Arc::new(NeverSessionManager::default()) }
    }
}

pub(super) async fn mcp(Extract(state): Extract<Arc<State>>, ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request) -> Response {
    let access = state.site.access();
    if !access.admits_address(peer.ip(), request.headers()) {
        state.site.tenants.metrics().refused("address");
        tracing::warn!(peer = %peer.ip(), "a request from an address that is not allowed was refused");
        return (StatusCode::FORBIDDEN, "requests from this address are not served\n").into_response();
    }
    let Admitted { caller, allowance } = match access.admit(request.headers(), state.loopback, &state.site.tenants).await {
        Ok(admitted) => admitted,
        Err(refusal) => {
            state.site.tenants.metrics().refused(refusal.label());
            return metadata::refused(&refusal, &access, request.headers());
        }
    };
    let share = caller.tenant().share().clone();
    let server = state.site.servers.serve(caller);
    let endpoint = &state.endpoint;
    let service = StreamableHttpService::new(move || Ok(server.clone()), Arc::clone(&endpoint.sessions), endpoint.config.clone());
    // From here on it is known whose time is used.
    let Some(response) = share.run(async move { service.handle(request).await }).await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the server is stopping\n").into_response();
    };
    let mut response = response.map(Body::new);
    if let Some(allowance) = allowance {
        state_limit(response.headers_mut(), allowance.last());
    }
    response
}

/// What the limit said about the call, for clients that heed headers. In an event stream the headers leave before the
/// call begins and say nothing.
fn state_limit(headers: &mut HeaderMap, verdict: Verdict) {
    match verdict {
        Verdict::Free => {}
        Verdict::Warned(left) => drop(headers.insert(REMAINING, left.into())),
        Verdict::Limited(wait) => {
            headers.insert(REMAINING, 0.into());
            headers.insert(RETRY_AFTER, wait.as_secs().into());
        }
    }
}
