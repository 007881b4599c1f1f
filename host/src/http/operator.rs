//! What only an operator may do: everything below `/_cache`, `/_config` and `/_plugin`.
//!
//! | the server listens | an operator is |
//! |---|---|
//! | on loopback | whoever can connect: that is the operator's own machine |
//! | beyond | who sends one of the operator tokens as `Authorization: Bearer …`; without any configured, nobody |
//!
//! Hashes of the tokens stand in the configuration as `operator_tokens`; `jankins token new` makes one.

use std::sync::Arc;

use axum::Json;
use axum::extract::Request;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use axum::response::Response;
use serde_json::json;

use super::State;
use crate::access::bearer;

/// Lets only operators pass.
pub(super) async fn require(Extract(state): Extract<Arc<State>>, request: Request, next: Next) -> Response {
    if state.loopback {
        return next.run(request).await;
    }
    let access = state.site.access();
    let tokens = access.operator_tokens();
    let known = bearer(request.headers()).is_some_and(|token| tokens.iter().filter(|hash| hash.matches(token)).count() > 0);
    if known {
        return next.run(request).await;
    }
    if tokens.is_empty() {
        let why = "this server listens beyond loopback and has no operator token; set operator_tokens";
        return (StatusCode::FORBIDDEN, Json(json!({ "error": why }))).into_response();
    }
    let why = Json(json!({ "error": "this needs an operator token" }));
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer realm=\"operator\"")], why).into_response()
}
