//! `/_health`, and the refusal of new work while the process drains.

use std::sync::Arc;

use axum::Json;
use axum::extract::Request;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::http::header::CONNECTION;
use axum::http::header::RETRY_AFTER;
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use axum::response::Response;
use serde_json::Value;
use serde_json::json;

use super::State;

/// When a balancer has found another replica for sure.
const RETRY_AFTER_SECONDS: &str = "5";

/// Says that the process serves, and what it is; looks at nothing outside it.
pub(super) async fn health(Extract(state): Extract<Arc<State>>) -> Json<Value> {
    let tenants = state.site.tenants.all();
    let first = state.site.tenants.default_one().or_else(|| tenants.first().cloned());
    Json(json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "component_digest": first.map(|tenant| tenant.facts().component_digest),
        "tenants": tenants.len(),
        "uptime_seconds": state.started.elapsed().as_secs(),
    }))
}

/// Answers 503 instead of starting what could not be finished.
pub(super) async fn refuse_while_draining(Extract(state): Extract<Arc<State>>, request: Request, next: Next) -> Response {
    if state.site.tenants.lifecycle().is_draining() {
        state.refused.notify_one();
        return draining();
    }
    next.run(request).await
}

/// The answer of a process that is about to stop.
pub(super) fn draining() -> Response {
    let body = json!({"ready": false, "reason": "draining"});
    // A connection that is closed here is one that no later request can be lost on.
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, RETRY_AFTER_SECONDS), (CONNECTION, "close")], Json(body)).into_response()
}
