//! Where a client gets a token (RFC 9728), and how it is told to look there.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::http::header::RETRY_AFTER;
use axum::http::header::WWW_AUTHENTICATE;
use axum::response::IntoResponse as _;
use axum::response::Response;
use serde_json::json;

use super::State;
use crate::access::Access;
use crate::access::Refusal;

/// The document, at the root and below it with the path of the protocol, as clients of different age ask for it.
pub(super) const PATHS: [&str; 2] = ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"];

/// Describes this server to a client that wants a token.
pub(super) async fn document(Extract(state): Extract<Arc<State>>, headers: HeaderMap) -> Response {
    let access = state.site.access();
    let Some((issuer, scopes)) = access.authorization_server() else {
        return (StatusCode::NOT_FOUND, "this server takes no tokens of an authorization server\n").into_response();
    };
    Json(json!({
        "resource": format!("{}/mcp", own_url(&access, &headers)),
        "authorization_servers": [issuer],
        "scopes_supported": scopes,
        "bearer_methods_supported": ["header"],
        "resource_name": "jankins",
    }))
    .into_response()
}

/// This server as the client knows it: as the operator says, else as the request does, whose `Host` was checked.
fn own_url(access: &Access, headers: &HeaderMap) -> String {
    match access.public_url() {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None => format!("http://{}", headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost")),
    }
}

/// The answer to a request that is not served.
pub(super) fn refused(refusal: &Refusal, access: &Access, headers: &HeaderMap) -> Response {
    let (status, message) = match refusal {
        Refusal::Unauthorized(None) => (StatusCode::UNAUTHORIZED, "a token is needed"),
        Refusal::Unauthorized(Some(reason)) => (StatusCode::UNAUTHORIZED, *reason),
        Refusal::Scope(_) => (StatusCode::FORBIDDEN, "the token lacks a scope"),
        Refusal::Forbidden(reason) => (StatusCode::FORBIDDEN, *reason),
        Refusal::Flood(_) => (StatusCode::TOO_MANY_REQUESTS, "the rate limit is reached"),
    };
    let mut response = (status, Json(json!({ "error": message }))).into_response();
    let mut set = |name, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    };
    match refusal {
        Refusal::Unauthorized(reason) => {
            set(WWW_AUTHENTICATE, challenge(access, headers, reason.map(|reason| ("invalid_token", reason)), &[]))
        }
        Refusal::Scope(scopes) => set(WWW_AUTHENTICATE, challenge(access, headers, Some(("insufficient_scope", message)), scopes)),
        Refusal::Flood(seconds) => set(RETRY_AFTER, seconds.to_string()),
        Refusal::Forbidden(_) => {}
    }
    response
}

/// RFC 6750, with the pointer of RFC 9728.
fn challenge(access: &Access, headers: &HeaderMap, error: Option<(&str, &str)>, scopes: &[String]) -> String {
    let Some((_, wanted)) = access.authorization_server() else {
        return "Bearer realm=\"jankins\"".to_owned();
    };
    let mut parts = vec![format!("resource_metadata=\"{}{}\"", own_url(access, headers), PATHS[1])];
    let scopes = if scopes.is_empty() { wanted } else { scopes };
    if !scopes.is_empty() {
        parts.push(format!("scope=\"{}\"", scopes.join(" ")));
    }
    if let Some((code, description)) = error {
        parts.push(format!("error=\"{code}\", error_description=\"{description}\""));
    }
    format!("Bearer {}", parts.join(", "))
}
