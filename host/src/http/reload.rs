//! `POST /_config/reload` and SIGHUP: the configuration is read again, and what changed takes effect.
//!
//! No call is dropped: those under way end with what they began with. A configuration that cannot be used changes
//! nothing; the route then answers 422 with the reason, and the log has it in either case.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::response::Response;
use serde_json::json;

use super::Site;
use super::State;
use super::site::Report;

/// Answers with what changed.
pub(super) async fn reload(Extract(state): Extract<Arc<State>>) -> Response {
    match reloaded(&state.site).await {
        Ok(report) => Json(report).into_response(),
        Err(reason) => (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "error": reason }))).into_response(),
    }
}

/// Reloads with every SIGHUP; returns when none can come.
pub(super) async fn on_hangup(site: Arc<Site>) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::SignalKind;
        use tokio::signal::unix::signal;

        match signal(SignalKind::hangup()) {
            Ok(mut hangups) => {
                while hangups.recv().await.is_some() {
                    // The log says what became of it.
                    drop(reloaded(&site).await);
                }
            }
            Err(error) => tracing::error!(%error, "SIGHUP cannot be received"),
        }
    }
    #[cfg(not(unix))]
    drop(site);
}

async fn reloaded(site: &Arc<Site>) -> Result<Report, String> {
    let site = Arc::clone(site);
    // Not on a thread that serves: reading files and compiling a plugin take their time.
    let result = tokio::task::spawn_blocking(move || site.reload()).await;
    let reason = match result {
        Ok(Ok(report)) => {
            tracing::info!(report = %json!(report), "configuration reloaded");
            return Ok(report);
        }
        Ok(Err(error)) => {
            let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
            causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
        }
        Err(error) => error.to_string(),
    };
    tracing::error!(reason, "the configuration cannot be used; everything stays as it was");
    Err(reason)
}
