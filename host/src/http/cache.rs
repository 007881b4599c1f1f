//! `POST /_cache/clear`: forget what was cached, all of it or one job's.
//!
//! Clearing costs the controller requests, so it is an operator's right. Until operators can authenticate, only a
//! server that is bound to loopback has the route; any other answers 403.

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
}

pub(super) async fn clear(Extract(state): Extract<Arc<State>>, Query(scope): Query<Scope>) -> Response {
    if !state.loopback {
        let why = "clearing the cache is possible on a server that is bound to loopback only";
        return (StatusCode::FORBIDDEN, Json(json!({ "error": why }))).into_response();
    }
    let job = scope.job.filter(|job| !job.is_empty());
    match state.tenant.runner().clear_cache(job).await {
        Ok(cleared) => {
            tracing::info!(cleared, "cache cleared");
            Json(json!({ "cleared": cleared })).into_response()
        }
        Err(failure) => {
            let body = Json(json!({ "error": failure.to_string() }));
            (StatusCode::BAD_GATEWAY, body).into_response()
        }
    }
}
