//! Times every HTTP request, under the names of the OpenTelemetry conventions.
//!
//! The path is the client's to choose, so only our own routes become labels; for a request that answers with a stream
//! the time is that to its beginning.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::Request;
use axum::extract::State;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use crate::telemetry::Metrics;
use crate::telemetry::labels::HttpLabel;

/// The label of what matches no route.
const UNKNOWN: &str = "_unknown";
/// The routes that have a label.
const ROUTES: [&str; 10] = [
    "/mcp",
    "/.well-known/oauth-protected-resource",
    "/_health",
    "/_ready",
    "/_metrics",
    "/_cache/clear",
    "/_config/reload",
    "/_plugin",
    "/_plugin/use",
    "/_plugin/rollback",
];

pub(super) async fn measure(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let route = route(request.uri().path());
    let method = method(request.method());
    let started = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let label = HttpLabel { http_request_method: method, http_route: route, http_response_status_code: status };
    metrics.http_request(&label, started.elapsed());
    response
}

fn route(path: &str) -> &'static str {
    ROUTES.iter().find(|known| **known == path).copied().unwrap_or(UNKNOWN)
}

fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        _ => "_OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_or_method_of_the_clients_own_making_is_no_label() {
        assert_eq!(route("/mcp"), "/mcp");
        assert_eq!(route("/wp-login.php"), UNKNOWN);
        assert_eq!(method(&Method::from_bytes(b"BREW").unwrap()), "_OTHER");
    }
}
