//! Streamable HTTP and the operational endpoints.

use hyper::Method;
use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::host::Http;
use jankins_tests::simulator::Fault;
use jankins_tests::simulator::Simulator;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;

use super::support::assert_no_secret;
use super::support::controller;

on_both_artifacts! {
    a_call_over_http_answers_as_one_over_stdio
    health_never_asks_the_controller_and_readiness_does
    readiness_says_what_is_wrong
    the_metrics_count_what_happened_and_hold_no_secret
    foreign_hosts_and_origins_are_refused
    a_bad_request_is_refused_and_the_next_one_served
}

async fn server(artifact: Artifact, jenkins: &Simulator) -> Http {
    Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin).http().await.unwrap()
}

fn whoami() -> Value {
    json!({"name": "whoami", "arguments": {}})
}

async fn a_call_over_http_answers_as_one_over_stdio(artifact: Artifact) {
    let jenkins = controller().await;
    let server = server(artifact, &jenkins).await;
    let arguments = json!({"name": "get_build", "arguments": {"job": "rust-core", "build": "2"}});
    let over_http = server.mcp("tools/call", arguments.clone(), &[]).await.unwrap();
    assert_eq!(over_http.status, 200, "{}", over_http.body);
    let session = super::support::session(artifact, &jenkins, User::Admin).await;
    let over_stdio = session.request("tools/call", arguments).await.unwrap();
    assert_eq!(over_http.json()["result"]["structuredContent"], over_stdio["structuredContent"]);

    let modern = json!({
        "name": "whoami", "arguments": {},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    });
    let body = json!({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": modern}).to_string();
    let headers = [
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
        ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", "whoami"),
    ];
    let answer = server.send(Method::POST, "/mcp", &headers, body).await.unwrap();
    assert_eq!(answer.json()["result"]["structuredContent"]["name"], "admin", "{answer:?}");
}

async fn health_never_asks_the_controller_and_readiness_does(artifact: Artifact) {
    let jenkins = controller().await;
    let server = server(artifact, &jenkins).await;
    let health = server.get("/_health").await.unwrap();
    assert_eq!((health.status, &health.json()["status"]), (200, &json!("ok")));
    assert_eq!(health.json()["component_digest"].as_str().unwrap().len(), 64, "{}", health.body);
    assert!(jenkins.requests().is_empty());
    let ready = server.get("/_ready").await.unwrap();
    assert_eq!((ready.status, &ready.json()["ready"]), (200, &json!(true)), "{}", ready.body);
    assert!(!jenkins.requests().is_empty());
}

async fn readiness_says_what_is_wrong(artifact: Artifact) {
    let jenkins = controller().await;
    jenkins.set_fault(Fault::Starting);
    let server = server(artifact, &jenkins).await;
    let ready = server.get("/_ready").await.unwrap();
    assert_eq!(ready.status, 503);
    assert!(ready.json()["reason"].as_str().unwrap().contains("start"), "{}", ready.body);
    assert!(ready.headers.contains_key("retry-after"));
    assert_eq!(server.get("/_health").await.unwrap().status, 200, "the process itself is well");
}

async fn the_metrics_count_what_happened_and_hold_no_secret(artifact: Artifact) {
    let jenkins = controller().await;
    let server = server(artifact, &jenkins).await;
    for _ in 0..3 {
        server.mcp("tools/call", whoami(), &[]).await.unwrap();
    }
    server.mcp("tools/call", json!({"name": "get_build", "arguments": {"job": "no/such"}}), &[]).await.unwrap();
    let metrics = server.get("/_metrics").await.unwrap();
    assert_eq!(metrics.status, 200);
    let sample = |start: &str| {
        let line = metrics.body.lines().find(|line| line.starts_with(start));
        line.unwrap_or_else(|| panic!("no {start} in {}", metrics.body)).rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    assert_eq!(sample("jankins_requests_total{tool=\"whoami\""), 3.0);
    assert_eq!(sample("jankins_requests_failed_total{tool=\"get_build\""), 1.0);
    assert!(sample("jankins_process_resident_memory_bytes") > 1e6);
    assert!(metrics.body.contains("jankins_jenkins_calls_total"), "{}", metrics.body);
    assert!(!metrics.body.contains("no/such"), "a job's name became a label");
    assert_no_secret(&[&metrics.body]);
}

async fn foreign_hosts_and_origins_are_refused(artifact: Artifact) {
    let jenkins = controller().await;
    let server = server(artifact, &jenkins).await;
    for header in [("Host", "evil.example.com"), ("Origin", "https://evil.example.com")] {
        let call = server.mcp("tools/call", whoami(), &[header]).await.unwrap();
        assert_eq!(call.status, 403, "{header:?}: {}", call.body);
        for path in ["/_health", "/_ready", "/_metrics"] {
            let answer = server.send(Method::GET, path, &[header], String::new()).await.unwrap();
            assert_eq!(answer.status, 403, "{header:?} {path}");
        }
    }
    assert!(jenkins.requests().is_empty());
    let origin = format!("http://{}", server.address());
    let own = server.mcp("tools/call", whoami(), &[("Origin", &origin)]).await.unwrap();
    assert_eq!(own.status, 200, "{}", own.body);
}

async fn a_bad_request_is_refused_and_the_next_one_served(artifact: Artifact) {
    let jenkins = controller().await;
    let server = server(artifact, &jenkins).await;
    let headers = [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")];
    for body in ["", "{", "[]", "{\"jsonrpc\":\"2.0\"}", "\u{0}"] {
        let answer = server.send(Method::POST, "/mcp", &headers, body.to_owned()).await.unwrap();
        assert!((400..500).contains(&answer.status), "{body:?}: {answer:?}");
    }
    let huge = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{}\"}}", "x".repeat(2 << 20));
    let refused = server.send(Method::POST, "/mcp", &headers, huge).await;
    assert!(refused.is_err() || refused.is_ok_and(|answer| answer.status == 413), "two megabytes were taken");
    assert_eq!(server.get("/mcp").await.unwrap().status, 405);
    assert_eq!(server.get("/nowhere").await.unwrap().status, 404);
    assert_eq!(server.mcp("tools/call", whoami(), &[]).await.unwrap().status, 200);
}
