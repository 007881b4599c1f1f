//! How many requests a tool sends to the controller: a change here should be a decision.

use jankins_tests::host::Artifact;
use jankins_tests::simulator::User;
use serde_json::json;

use super::support::controller;
use super::support::record;
use super::support::session;

on_both_artifacts! {
    each_tool_sends_the_fewest_requests
    the_end_of_a_long_log_is_fetched_without_the_rest
    a_request_carries_the_id_of_its_call_and_asks_for_fields
}

async fn each_tool_sends_the_fewest_requests(artifact: Artifact) {
    let jenkins = controller().await;
    for (tool, arguments, most) in [
        ("whoami", json!({}), 1),
        ("list_jobs", json!({"limit": 100}), 1),
        ("get_job", json!({"job": "rust-core"}), 1),
        ("list_builds", json!({"job": "heartbeat", "limit": 20}), 1),
        ("get_build", json!({"job": "legacy-nightly", "build": "3"}), 2),
        ("get_build", json!({"job": "shop/checkout/main", "build": "25"}), 5),
        ("search_log", json!({"job": "rust-core", "build": "3", "pattern": "E0308"}), 2),
        ("get_failed_tests", json!({"job": "shop/checkout/main", "build": "28"}), 2),
        ("triage_failure", json!({"job": "shop/checkout/main", "build": "25"}), 9),
        ("triage_failure", json!({"job": "shop/checkout/main", "build": "20"}), 1),
        ("analyze_build_log", json!({"job": "rust-core", "build": "3"}), 2),
        ("find_regression", json!({"job": "shop/checkout/main", "build": "28"}), 11),
        ("compare_runs", json!({"job": "rust-core", "base": "2", "head": "3"}), 14),
        ("summarize_queue", json!({}), 1),
        // Queue, nodes and state at once, and whether a cloud could start what no node is.
        ("explain_queue", json!({}), 4),
        ("list_nodes", json!({"format": "full"}), 1),
        ("list_credentials", json!({}), 1),
        ("get_build_changes", json!({"job": "shop/checkout/main", "build": "21"}), 1),
        ("get_build_scm", json!({"job": "shop/checkout/main", "build": "21"}), 1),
        ("get_build_artifacts", json!({"job": "shop/checkout/main", "build": "28"}), 2),
        ("get_build_artifacts", json!({"job": "rust-core", "build": "2"}), 1),
        ("get_artifact", json!({"job": "shop/checkout/main", "build": "28", "path": "dist/build-info.txt"}), 2),
    ] {
        // A session of its own, so that nothing is known from before: which of four sources a controller has for
        // pipelines is found out, by asking them all, once.
        let session = session(artifact, &jenkins, User::Admin).await;
        jenkins.clear_requests();
        let result = session.call(tool, arguments).await.unwrap();
        record(&result);
        let sent: Vec<String> = jenkins.requests().into_iter().map(|sent| format!("{} {}", sent.method, sent.path)).collect();
        assert!(sent.len() <= most, "{tool} sent {}: {sent:#?}", sent.len());
        let counted = result["_meta"]["jankins/answer"]["upstream_requests"].as_u64().unwrap();
        assert_eq!(counted, sent.len() as u64, "{tool}: {sent:#?}");
    }
}

async fn the_end_of_a_long_log_is_fetched_without_the_rest(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Admin).await;
    let result = session.call("get_build_log", json!({"job": "big-log"})).await.unwrap();
    assert!(record(&result)["total_bytes"].as_u64().unwrap() > 15_000_000);
    let bytes = result["_meta"]["jankins/answer"]["upstream_bytes"].as_u64().unwrap();
    assert!(bytes < 300_000, "{bytes} bytes for the end of a log");
}

async fn a_request_carries_the_id_of_its_call_and_asks_for_fields(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Admin).await;
    let result = session.call("get_build", json!({"job": "rust-core", "build": "2"})).await.unwrap();
    let id = result["_meta"]["jankins/answer"]["correlation_id"].as_str().unwrap();
    for request in jenkins.requests() {
        assert!(request.headers.contains(&("x-request-id".to_owned(), id.to_owned())), "{request:?}");
        assert!(!request.leaks_secret, "{request:?}");
        assert!(!request.path.contains("depth="), "{request:?}");
        assert!(!request.path.ends_with("/api/json"), "a whole bean: {request:?}");
    }
}
