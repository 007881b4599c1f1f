//! `/_metrics`: the form that the scraper asks for.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as Extract;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header::ACCEPT;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;
use axum::response::Response;

use super::State;
use crate::telemetry::Exposition;

/// Longest wait for the plugin's own figures; a scrape without fresh ones is better than none.
const PATIENCE: Duration = Duration::from_millis(500);

/// What Prometheus writes in `Accept` when it wants protobuf.
const PROTOBUF_PROTO: &str = "io.prometheus.client.MetricFamily";

pub(super) async fn metrics(Extract(state): Extract<Arc<State>>, headers: HeaderMap) -> Response {
    let tenants = &state.site.tenants;
    let metrics = tenants.metrics();
    metrics.components(tenants.all().iter().map(|tenant| tenant.facts().component_digest));
    // What is late is in the next scrape.
    drop(tokio::time::timeout(PATIENCE, tenants.collect_stats()).await);
    match metrics.encode(wanted(&headers)) {
        Ok((media_type, body)) => ([(CONTENT_TYPE, media_type)], body).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be encoded");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn wanted(headers: &HeaderMap) -> Exposition {
    let mut accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    if accepted.any(|value| value.contains(PROTOBUF_PROTO)) { Exposition::Protobuf } else { Exposition::Text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(accept: &str) -> Exposition {
        wanted(&HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]))
    }

    #[test]
    fn prometheus_with_native_histograms_gets_protobuf() {
        let accept = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,\
            application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert_eq!(asks(accept), Exposition::Protobuf);
    }

    #[test]
    fn everybody_else_gets_text() {
        assert_eq!(asks("application/openmetrics-text;version=1.0.0"), Exposition::Text);
        assert_eq!(asks("*/*"), Exposition::Text);
        assert_eq!(wanted(&HeaderMap::new()), Exposition::Text);
    }
}
