//! How `jankins` ends.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

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
    sigterm_under_load_answers_every_call_and_ends_within_the_time_of_a_call
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

/// What a caller met last.
#[derive(Debug, PartialEq)]
enum End {
    /// 503 with a time to come back: the server stops.
    SentAway,
    /// Nobody listens any more.
    Refused,
}

async fn sigterm_under_load_answers_every_call_and_ends_within_the_time_of_a_call(artifact: Artifact) {
    let jenkins = controller().await;
    jenkins.set_latency(Duration::from_millis(100));
    let host = Host::new(artifact).unwrap().against(&jenkins.url(), User::Reader).args(["--timeout", "10"]);
    let server = Arc::new(host.http().await.unwrap());
    let callers = (0..20).map(|_| {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let mut answered = 0;
            loop {
                let answer = match server.mcp("tools/call", json!({"name": "whoami", "arguments": {}}), &[]).await {
                    Ok(answer) => answer,
                    Err(error) => {
                        let refused = error
                            .downcast_ref::<std::io::Error>()
                            .is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused);
                        assert!(refused, "a call was lost after {answered} good ones: {error:#}");
                        return (answered, End::Refused);
                    }
                };
                if answer.status == 503 {
                    assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
                    return (answered, End::SentAway);
                }
                let result = &answer.json()["result"];
                let error = &result["structuredContent"]["error"];
                if error["code"] == "unavailable" {
                    // It had been accepted as a request before it was known as a call.
                    assert!(error["retry_after_ms"].is_u64(), "{answer:?}");
                    return (answered, End::SentAway);
                }
                assert_eq!(result["structuredContent"]["name"], "reader", "{answer:?}");
                answered += 1;
            }
        })
    });
    let callers: Vec<_> = callers.collect();
    tokio::time::sleep(Duration::from_millis(700)).await;
    server.terminate().unwrap();
    let begun = Instant::now();
    let mut answered = 0;
    let mut ends = Vec::new();
    for caller in callers {
        let (calls, end) = caller.await.unwrap();
        answered += calls;
        ends.push(end);
    }
    assert!(answered > 0);
    assert!(ends.contains(&End::SentAway), "nobody was told: {ends:?}");
    let (status, log) = Arc::into_inner(server).unwrap().ended().await.unwrap();
    assert!(status.success(), "{status}: {log}");
    assert!(begun.elapsed() < Duration::from_secs(13), "{:?}: {log}", begun.elapsed());
    assert!(!log.contains("calls were still in flight"), "{log}");
}
