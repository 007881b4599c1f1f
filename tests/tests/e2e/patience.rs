//! Calls that take their time: word of progress, giving up, and the user who is asked first.

use std::time::Duration;

use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::host::Http;
use jankins_tests::simulator::Simulator;
use jankins_tests::simulator::SimulatorOptions;
use jankins_tests::simulator::Timing;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;

use super::support::session;

on_both_artifacts! {
    a_call_that_waits_tells_of_its_progress_over_both_transports
    a_call_without_a_token_is_told_nothing_but_its_answer
    a_call_that_its_client_gives_up_is_given_up
    a_modern_client_is_asked_before_anything_is_destroyed
}

/// A controller whose builds take a while.
async fn slow_controller() -> Simulator {
    let timing = Timing { quiet_period: Duration::ZERO, build: Duration::from_secs(600), ..Timing::default() };
    Simulator::start(SimulatorOptions { timing, ..SimulatorOptions::default() }).await.unwrap()
}

async fn server(artifact: Artifact, jenkins: &Simulator) -> Http {
    Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin).http().await.unwrap()
}

/// A wait for the build that was just started.
async fn wait(server: &Http, seconds: u32) -> Value {
    let start = json!({"name": "trigger_build", "arguments": {"job": "rust-core", "wait_seconds": 10}});
    let started = server.modern("tools/call", start, json!({})).await.unwrap().json();
    let number = started["result"]["structuredContent"]["build"].as_u64().unwrap_or_else(|| panic!("{started}"));
    json!({"name": "wait_for_build", "arguments": {"job": "rust-core", "build": number.to_string(), "wait_seconds": seconds}})
}

fn is_progress(message: &Value) -> bool {
    message["method"] == "notifications/progress"
}

async fn a_call_that_waits_tells_of_its_progress_over_both_transports(artifact: Artifact) {
    let jenkins = slow_controller().await;
    let (server, session) = (server(artifact, &jenkins).await, session(artifact, &jenkins, User::Admin).await);
    let mut call = wait(&server, 5).await;
    call["_meta"] = json!({"progressToken": "p-1"});

    let messages = server.events("tools/call", call.clone(), |messages| messages.iter().any(|m| m.get("result").is_some())).await.unwrap();
    let told: Vec<f64> = messages.iter().filter(|m| is_progress(m)).map(|m| m["params"]["progress"].as_f64().unwrap()).collect();
    assert!(told.len() >= 2 && told.is_sorted_by(|a, b| a < b), "{messages:?}");
    assert!(messages.iter().filter(|m| is_progress(m)).all(|m| m["params"]["progressToken"] == "p-1"), "{messages:?}");
    assert!(messages.last().unwrap().get("result").is_some(), "nothing comes after the answer: {messages:?}");

    let answer = session.request("tools/call", call).await.unwrap();
    assert_eq!(answer["structuredContent"]["finished"], false, "{answer}");
    let word = session.heard(is_progress).await.unwrap();
    assert!(word["params"]["message"].as_str().unwrap().contains("wait_for_build"), "{word}");
}

async fn a_call_without_a_token_is_told_nothing_but_its_answer(artifact: Artifact) {
    let jenkins = slow_controller().await;
    let server = server(artifact, &jenkins).await;
    let call = wait(&server, 3).await;
    let answer = server.modern("tools/call", call, json!({})).await.unwrap();
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.json()["result"]["structuredContent"]["finished"], false, "{}", answer.body);
}

async fn a_call_that_its_client_gives_up_is_given_up(artifact: Artifact) {
    let jenkins = slow_controller().await;
    let (server, session) = (server(artifact, &jenkins).await, session(artifact, &jenkins, User::Admin).await);
    let call = wait(&server, 60).await;
    let answered = tokio::time::timeout(Duration::from_millis(500), server.modern("tools/call", call.clone(), json!({}))).await;
    assert!(answered.is_err(), "it does not wait");
    let mut idle = false;
    for _ in 0..100 {
        idle = server.get("/_metrics").await.unwrap().body.contains("\njankins_inflight_requests 0\n");
        if idle {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(idle, "the call of a client that closed its connection goes on");

    session.send(&json!({"jsonrpc": "2.0", "id": 77, "method": "tools/call", "params": call})).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    session.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 77}})).await.unwrap();
    session.request("ping", json!({})).await.unwrap();
    let ended = session.close().await.unwrap();
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(!ended.stdout.contains("\"id\":77"), "an answer to a cancelled request: {}", ended.stdout);
}

async fn a_modern_client_is_asked_before_anything_is_destroyed(artifact: Artifact) {
    let jenkins = slow_controller().await;
    let server = server(artifact, &jenkins).await;
    let running = wait(&server, 1).await["arguments"]["build"].clone();
    jenkins.clear_requests();
    let can_ask = || json!({"elicitation": {"form": {}}});
    let call = json!({"name": "stop_build", "arguments": {"job": "rust-core", "build": running}});
    let asked = server.modern("tools/call", call.clone(), can_ask()).await.unwrap().json();
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    let mut reply = call.clone();
    reply["requestState"] = asked["result"]["requestState"].clone();
    reply["inputResponses"] = json!({"confirm": {"action": "decline"}});
    let declined = server.modern("tools/call", reply.clone(), can_ask()).await.unwrap().json();
    assert_eq!(declined["result"]["structuredContent"]["error"]["code"], "confirmation-required", "{declined}");
    assert!(jenkins.requests().is_empty(), "it was done without consent");

    reply["inputResponses"] = json!({"confirm": {"action": "accept", "content": {"confirm": true}}});
    let done = server.modern("tools/call", reply, can_ask()).await.unwrap().json();
    assert_ne!(done["result"]["isError"], true, "{done}");
    assert!(
        jenkins.requests().iter().any(|request| request.method == "POST" && request.path.contains("/stop")),
        "{:?}",
        jenkins.requests()
    );
}
