//! `POST /_cache/clear`: forget what was cached, all of it, one tenant's or one job's.
//!
//! Clearing costs the controllers requests, so it is an operator's right (see [`super::operator`]).

use std::sync::Arc;

use axum::Json;
use axum::extract::Query;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::State;

/// What to forget.
#[derive(Debug, Deserialize)]
pub(super) struct Scope {
    /// One job, by its full name; everything without.
    job: Option<String>,
    /// One tenant; all without.
    tenant: Option<String>,
}

pub(super) async fn clear(Extract(state): Extract<Arc<State>>, Query(scope): Query<Scope>) -> Response {
    let job = scope.job.filter(|job| !job.is_empty());
    let mut tenants = state.site.tenants.all();
    if let Some(id) = scope.tenant.filter(|id| !id.is_empty()) {
        tenants.retain(|tenant| tenant.id() == id);
        if tenants.is_empty() {
            return (StatusCode::NOT_FOUND, Json(json!({ "error": "there is no such tenant" }))).into_response();
        }
    }
    let mut cleared = 0_u32;
    for tenant in tenants {
        match tenant.program().runner.clear_cache(job.clone()).await {
            Ok(entries) => cleared = cleared.saturating_add(entries),
            Err(failure) => {
                let body = Json(json!({ "error": failure.to_string(), "tenant": tenant.id(), "cleared": cleared }));
                return (StatusCode::BAD_GATEWAY, body).into_response();
            }
        }
    }
    tracing::info!(cleared, "cache cleared");
    Json(json!({ "cleared": cleared })).into_response()
}
