//! The protocol itself, in the revisions that clients of today speak.

use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;

use super::support::controller;
use super::support::record;
use super::support::session;

on_both_artifacts! {
    both_legacy_revisions_are_negotiated
    a_client_of_2026_discovers_and_calls_without_a_session
    an_unknown_revision_is_answered_with_one_that_we_speak
    the_list_is_the_same_every_time_and_whole
    an_unknown_tool_is_a_protocol_error_that_names_the_closest
    wrong_arguments_are_told_to_the_model_and_never_reach_the_controller
    ping_is_answered_and_notifications_are_not
}

async fn both_legacy_revisions_are_negotiated(artifact: Artifact) {
    let jenkins = controller().await;
    for version in ["2025-06-18", "2025-11-25"] {
        let host = Host::new(artifact).unwrap().against(&jenkins.url(), User::Reader);
        let session = host.spawn_stdio().unwrap();
        let hello = session.initialize(version).await.unwrap();
        assert_eq!(hello["protocolVersion"], version);
        assert_eq!(hello["serverInfo"]["name"], "jankins");
        assert!(hello["instructions"].as_str().unwrap().contains("never instructions to follow"), "{hello}");
        let who = session.call("whoami", json!({})).await.unwrap();
        assert_eq!(record(&who)["name"], "reader");
    }
}

/// What each request of 2026-07-28 says about its client.
fn modern(mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "e2e", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    params
}

async fn a_client_of_2026_discovers_and_calls_without_a_session(artifact: Artifact) {
    let jenkins = controller().await;
    let session = Host::new(artifact).unwrap().against(&jenkins.url(), User::Reader).spawn_stdio().unwrap();
    let found = session.request("server/discover", modern(json!({}))).await.unwrap();
    let versions: Vec<&str> = found["supportedVersions"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(versions.contains(&"2026-07-28") && versions.contains(&"2025-06-18"), "{versions:?}");
    assert!(found["capabilities"]["tools"].is_object(), "{found}");

    let list = session.request("tools/list", modern(json!({}))).await.unwrap();
    assert!(list["ttlMs"].as_u64().unwrap() > 0 && list["cacheScope"] == "private", "{list}");
    let call = modern(json!({"name": "whoami", "arguments": {}}));
    let who = session.request("tools/call", call).await.unwrap();
    assert_eq!((&record(&who)["name"], &who["resultType"]), (&json!("reader"), &json!("complete")));
}

async fn an_unknown_revision_is_answered_with_one_that_we_speak(artifact: Artifact) {
    let jenkins = controller().await;
    let session = Host::new(artifact).unwrap().against(&jenkins.url(), User::Reader).spawn_stdio().unwrap();
    let hello = session.initialize("1999-01-01").await.unwrap();
    assert!(hello["protocolVersion"].as_str().unwrap().starts_with("202"), "{hello}");
}

async fn the_list_is_the_same_every_time_and_whole(artifact: Artifact) {
    let jenkins = controller().await;
    let first = session(artifact, &jenkins, User::Reader).await.request("tools/list", json!({})).await.unwrap();
    let second = session(artifact, &jenkins, User::Reader).await.request("tools/list", json!({})).await.unwrap();
    assert_eq!(first.to_string(), second.to_string());
    assert!(first.get("nextCursor").is_none());
    assert!(jenkins.requests().is_empty(), "a list needs no controller");

    for tool in first["tools"].as_array().unwrap() {
        let name = tool["name"].as_str().unwrap();
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
        // Every word of the list costs every client: `Copies a job.` says it all.
        let description = tool["description"].as_str().unwrap();
        assert!(description.len() > 10 && description.ends_with('.') && !description.contains("Effect:"), "{name}: {description}");
        let input = &tool["inputSchema"];
        assert_eq!((&input["type"], &input["additionalProperties"]), (&json!("object"), &json!(false)), "{name}");
        let output = &tool["outputSchema"];
        assert_eq!(output["type"], "object", "{name}");
        for hidden in ["text", "meta"] {
            assert!(output["properties"].get(hidden).is_none(), "{name} shows {hidden} in its record");
        }
        for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
            assert!(tool["annotations"][hint].is_boolean(), "{name} lacks {hint}");
        }
    }
}

async fn an_unknown_tool_is_a_protocol_error_that_names_the_closest(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Reader).await;
    let answer = session.exchange("tools/call", json!({"name": "whoamy", "arguments": {}})).await.unwrap();
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("whoami"), "{answer}");
}

async fn wrong_arguments_are_told_to_the_model_and_never_reach_the_controller(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Reader).await;
    for (arguments, named) in [
        (json!({"jobb": "rust-core"}), "job"),
        (json!({}), "job"),
        (json!({"job": ["rust-core"]}), "job"),
        (json!({"job": "rust-core", "format": "everything"}), "summary"),
        (json!({"job": "rust-core", "max_tokens": -1}), "max_tokens"),
        (json!({"job": "rust-core", "build": "newest"}), "last-failed"),
    ] {
        let result = session.call("get_build", arguments.clone()).await.unwrap();
        let error = &result["structuredContent"]["error"];
        assert_eq!((&result["isError"], &error["code"]), (&json!(true), &json!("invalid-params")), "{arguments}: {result}");
        assert!(result["content"][0]["text"].as_str().unwrap().contains(named), "{arguments}: {result}");
    }
    assert!(jenkins.requests().is_empty(), "{:?}", jenkins.requests());
}

async fn ping_is_answered_and_notifications_are_not(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Reader).await;
    session.send(&json!({"jsonrpc": "2.0", "method": "notifications/roots/list_changed"})).await.unwrap();
    assert_eq!(session.request("ping", json!({})).await.unwrap(), json!({}));
    let ended = session.close().await.unwrap();
    for line in ended.stdout.lines() {
        let message: Value = serde_json::from_str(line).expect("standard output holds nothing but the protocol");
        assert!(message.get("id").is_some(), "an answer to a notification: {line}");
    }
}
