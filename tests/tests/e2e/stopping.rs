//! How `jankins` ends.

use std::time::Duration;

use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::simulator::User;
use serde_json::json;

use super::support::controller;
use super::support::session;

on_both_artifacts! {
    a_client_that_leaves_ends_it_with_success
    a_call_in_flight_is_answered_before_the_end
    sigterm_ends_the_server_after_the_call_in_flight
}

async fn a_client_that_leaves_ends_it_with_success(artifact: Artifact) {
    let jenkins = controller().await;
    let unopened = Host::new(artifact).unwrap().against(&jenkins.url(), User::Reader).spawn_stdio().unwrap();
    let ended = unopened.close().await.unwrap();
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(ended.stdout.is_empty());

    let ended = session(artifact, &jenkins, User::Reader).await.close().await.unwrap();
    assert!(ended.status.success(), "{}", ended.stderr);
}

async fn a_call_in_flight_is_answered_before_the_end(artifact: Artifact) {
    let jenkins = controller().await;
    jenkins.set_latency(Duration::from_millis(500));
    let session = session(artifact, &jenkins, User::Reader).await;
    let call = json!({"jsonrpc": "2.0", "id": 77, "method": "tools/call", "params": {"name": "whoami", "arguments": {}}});
    session.send(&call).await.unwrap();
    let ended = session.close().await.unwrap();
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(ended.stdout.lines().any(|line| line.contains("\"id\":77") && line.contains("reader")), "{}", ended.stdout);
}

async fn sigterm_ends_the_server_after_the_call_in_flight(artifact: Artifact) {
    let jenkins = controller().await;
    jenkins.set_latency(Duration::from_millis(800));
    let server = Host::new(artifact).unwrap().against(&jenkins.url(), User::Reader).http().await.unwrap();
    let call = server.mcp("tools/call", json!({"name": "whoami", "arguments": {}}), &[]);
    let stop = async {
        while jenkins.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.terminate().unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.get("/_ready").await.unwrap()
    };
    let (answer, draining) = tokio::join!(call, stop);
    assert_eq!(answer.unwrap().json()["result"]["structuredContent"]["name"], "reader");
    assert_eq!(draining.status, 503);
    let (status, log) = server.ended().await.unwrap();
    assert!(status.success(), "{status}: {log}");
}
