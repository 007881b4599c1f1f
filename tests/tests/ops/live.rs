//! Every query that an operator is given, sent to a Prometheus that watches a server on a bad day.

use std::time::Duration;

use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::simulator::Simulator;
use jankins_tests::simulator::SimulatorOptions;
use jankins_tests::simulator::User;

use super::documents;
use super::prometheus::Prometheus;
use super::traffic;

/// The queries of the runbook that operators have used so far, letter by letter, and two that make sense of gauges.
const OLD_RUNBOOK: [&str; 11] = [
    "sum by (error_type) (rate(jankins_errors_total[5m]))",
    "sum by (tool) (rate(jankins_requests_failed[5m]))",
    "histogram_quantile(0.95, sum by (tool) (jankins_request_duration_ms))",
    "histogram_quantile(0.95, jankins_jenkins_call_duration_ms)",
    "jankins_cache_hit_rate",
    "jankins_cache_size",
    "rate(jankins_ratelimit_hits[5m])",
    "sum by (user) (jankins_ratelimit_hits)",
    "jankins_inflight_requests",
    "jankins_build_info{version!=\"\",component_digest!=\"\",wasmtime!=\"\"}",
    "mcp_server_operation_duration_seconds",
];

/// For a Prometheus without native histograms.
const CLASSIC: [&str; 3] = [
    "histogram_quantile(0.95, sum by (tool, le) (rate(jankins_request_duration_ms_bucket[5m])))",
    "histogram_quantile(0.95, sum by (endpoint, le) (rate(jankins_jenkins_call_duration_ms_bucket[5m])))",
    "histogram_quantile(0.95, sum by (mcp_method_name, le) (rate(mcp_server_operation_duration_seconds_bucket[5m])))",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_query_that_an_operator_is_given_comes_back_empty() {
    let jenkins = Simulator::start(SimulatorOptions::default()).await.unwrap();
    let host = Host::new(Artifact::P3).unwrap().against(&jenkins.url(), User::Reader).args(["--timeout", "1"]);
    let server = host.http().await.unwrap();
    // Before anything has happened: a rate needs to see the first event as an increase.
    let Some(native) = Prometheus::start(&[server.address()], true).await else { return };
    let Some(classic) = Prometheus::start(&[server.address()], false).await else { return };
    native.scraped(1).await;
    for _ in 0..2 {
        traffic::round(&server, &jenkins).await;
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
    native.scraped(4).await;
    classic.scraped(4).await;

    let mut queries: Vec<(String, String)> = OLD_RUNBOOK.map(|query| ("the old runbook".to_owned(), query.to_owned())).to_vec();
    queries.extend(documents::runbook_queries().into_iter().map(|query| ("RUNBOOK.md".to_owned(), query)));
    queries.extend(documents::dashboard_queries());
    let alerts = native.alerts().await;
    assert!(alerts.len() >= 5, "{alerts:?}");
    queries.extend(alerts.into_iter().map(|(name, query)| (name, documents::without_threshold(&query))));

    let mut empty = Vec::new();
    for (origin, query) in &queries {
        if native.query(query).await.is_empty() {
            empty.push(format!("{origin}: {query}"));
        }
        let literal_only = query.contains("histogram_quantile") && !query.contains("_bucket") || query.starts_with("mcp_");
        if !literal_only && classic.query(query).await.is_empty() {
            empty.push(format!("{origin}, without native histograms: {query}"));
        }
    }
    for query in CLASSIC {
        if classic.query(query).await.is_empty() {
            empty.push(format!("without native histograms: {query}"));
        }
    }
    assert!(empty.is_empty(), "no series for:\n{}", empty.join("\n"));

    let kinds = native.query("sum by (error_type) (jankins_errors_total)").await;
    let kinds: Vec<&str> = kinds.iter().filter_map(|series| series["metric"]["error_type"].as_str()).collect();
    for kind in ["Unauthorized", "NotFound", "Timeout", "UpstreamError", "RateLimited", "InvalidParams"] {
        assert!(kinds.contains(&kind), "{kind} is not among {kinds:?}");
    }
}
