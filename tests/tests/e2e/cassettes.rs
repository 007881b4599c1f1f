//! Recording a session, and answering from it without any network.

use std::path::Path;

use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;

use super::support::assert_no_secret;
use super::support::controller;
use super::support::text;

on_both_artifacts! {
    a_replay_answers_as_the_recorded_session_did
    a_request_that_was_not_recorded_is_named
    recording_never_overwrites_what_is_no_cassette
}

fn questions() -> Vec<(&'static str, Value)> {
    vec![
        ("whoami", json!({})),
        ("get_build", json!({"job": "shop/checkout/main", "build": "25"})),
        ("get_build_log", json!({"job": "rust-core", "build": "3"})),
        ("search_log", json!({"job": "rust-core", "build": "3", "pattern": "E0308"})),
        ("get_build", json!({"job": "no/such"})),
    ]
}

/// The answers to all questions, without what differs from call to call.
async fn answers(host: &Host) -> Vec<Value> {
    let session = host.stdio().await.unwrap();
    let mut answers = Vec::new();
    for (tool, arguments) in questions() {
        let mut result = session.call(tool, arguments).await.unwrap();
        if let Some(error) = result.pointer_mut("/structuredContent/error") {
            error["correlation_id"].take();
        }
        answers.push(json!([text(&result), result["structuredContent"], result["isError"]]));
    }
    assert!(session.close().await.unwrap().status.success());
    answers
}

async fn record(artifact: Artifact, cassette: &Path) -> Vec<Value> {
    let jenkins = controller().await;
    let host = Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin).arg("--record").arg(cassette);
    answers(&host).await
}

fn replay(artifact: Artifact, cassette: &Path) -> Host {
    Host::new(artifact).unwrap().arg("--replay").arg(cassette)
}

async fn a_replay_answers_as_the_recorded_session_did(artifact: Artifact) {
    let directory = tempfile::tempdir().unwrap();
    let cassette = directory.path().join("session.cassette");
    // The controller of the recording is gone by the time of the replay.
    let recorded = record(artifact, &cassette).await;
    assert_no_secret(&[&std::fs::read_to_string(&cassette).unwrap()]);
    assert_eq!(answers(&replay(artifact, &cassette)).await, recorded);
}

async fn a_request_that_was_not_recorded_is_named(artifact: Artifact) {
    let directory = tempfile::tempdir().unwrap();
    let cassette = directory.path().join("session.cassette");
    record(artifact, &cassette).await;
    let output = replay(artifact, &cassette).args(["call", "get-build", "--job", "deploy", "--build", "4"]).run().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("/job/deploy/4/api/json"), "the missing exchange is not named: {said}");
}

async fn recording_never_overwrites_what_is_no_cassette(artifact: Artifact) {
    let directory = tempfile::tempdir().unwrap();
    let notes = directory.path().join("notes.txt");
    std::fs::write(&notes, "precious").unwrap();
    let host = Host::new(artifact).unwrap().against("http://127.0.0.1:9/", User::Admin);
    let output = host.arg("--record").arg(&notes).args(["call", "whoami"]).run().await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&notes).unwrap(), "precious");
}
