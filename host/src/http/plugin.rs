//! `/_plugin`: which plugin each tenant uses; `/_plugin/use` and `/_plugin/rollback` change it (see [`crate::rollout`]).
//!
//! Which code runs is an operator's decision (see [`super::operator`]). Files are those of the server's own machine.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::response::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::State;
use crate::rollout::Changed;
use crate::rollout::Order;
use crate::rollout::Refusal;

/// What is wanted. A misspelt field is an error: it may be the digest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UseRequest {
    /// The component, on the server's machine.
    file: PathBuf,
    /// Its SHA-256.
    #[serde(default)]
    digest: Option<String>,
    /// One tenant; all without.
    #[serde(default)]
    tenant: Option<String>,
    /// Even if clients stumble over it, or its own check fails.
    #[serde(default)]
    force: bool,
}

/// Which tenant to roll back.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RollbackRequest {
    /// One tenant; all without.
    #[serde(default)]
    tenant: Option<String>,
}

pub(super) async fn list(Extract(state): Extract<Arc<State>>) -> Response {
    let rollout = &state.site.rollout;
    Json(json!({ "tenants": rollout.list(), "candidates": rollout.candidates() })).into_response()
}

pub(super) async fn put_to_use(Extract(state): Extract<Arc<State>>, body: Bytes) -> Response {
    match read::<UseRequest>(&body) {
        Err(why) => refused(StatusCode::BAD_REQUEST, "bad-request", &why),
        Ok(UseRequest { file, digest, tenant, force }) => {
            answer(state.site.rollout.put_to_use(Order { file, digest, tenant, force }).await)
        }
    }
}

pub(super) async fn roll_back(Extract(state): Extract<Arc<State>>, body: Bytes) -> Response {
    let request = if body.is_empty() { Ok(RollbackRequest::default()) } else { read(&body) };
    match request {
        Err(why) => refused(StatusCode::BAD_REQUEST, "bad-request", &why),
        Ok(RollbackRequest { tenant }) => answer(state.site.rollout.roll_back(tenant.as_deref()).await),
    }
}

/// Without a look at the content type: `curl -d` sends another one.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| format!("the body is not what is expected: {error}"))
}

fn refused(status: StatusCode, code: &str, why: &str) -> Response {
    (status, Json(json!({ "error": why, "code": code }))).into_response()
}

fn answer(result: Result<Changed, Refusal>) -> Response {
    let refusal = match result {
        Ok(changed) => return Json(changed).into_response(),
        Err(refusal) => refusal,
    };
    let (status, code) = match &refusal {
        Refusal::UnknownTenant(_) => (StatusCode::NOT_FOUND, "unknown-tenant"),
        Refusal::Busy => (StatusCode::CONFLICT, "busy"),
        Refusal::Load(_) => (StatusCode::UNPROCESSABLE_ENTITY, "not-usable"),
        Refusal::Digest { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "digest"),
        Refusal::InUse => (StatusCode::CONFLICT, "in-use"),
        Refusal::Incompatible(_) => (StatusCode::CONFLICT, "incompatible"),
        Refusal::Start { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "not-usable"),
        Refusal::Check { .. } => (StatusCode::BAD_GATEWAY, "check-failed"),
        Refusal::NothingBefore => (StatusCode::CONFLICT, "nothing-before"),
        Refusal::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
    };
    let why = anyhow::Error::new(refusal);
    tracing::warn!(code, "plugin not changed: {why:#}");
    let mut body = json!({ "error": format!("{why:#}"), "code": code });
    if let (Some(Refusal::Incompatible(differences)), Some(body)) = (why.downcast_ref(), body.as_object_mut()) {
        body.insert("differences".to_owned(), json!(differences));
    }
    (status, Json(body)).into_response()
}
