//! Prompts, resources and completions, as clients see them over both transports.

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

use super::support::controller;
use super::support::session;
use super::support::text;

on_both_artifacts! {
    the_prompts_are_listed_and_lead_through_tools_that_are_on_offer
    a_read_only_server_has_no_prompt_that_changes_things
    a_resource_says_what_its_tool_says_over_both_transports
    what_is_not_there_is_told_with_the_code_of_the_revision
    names_and_builds_are_completed
    a_subscriber_hears_when_a_build_ends
}

async fn server(artifact: Artifact, jenkins: &Simulator) -> Http {
    Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin).http().await.unwrap()
}

fn names(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

async fn the_prompts_are_listed_and_lead_through_tools_that_are_on_offer(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Admin).await;
    let listed = session.request("prompts/list", json!({})).await.unwrap();
    let tools = names(&session.request("tools/list", json!({})).await.unwrap()["tools"]);
    assert_eq!(names(&listed["prompts"]).len(), 7, "{listed}");
    for prompt in listed["prompts"].as_array().unwrap() {
        let arguments = prompt["arguments"].as_array().unwrap().iter();
        let arguments: serde_json::Map<String, Value> = arguments.map(|a| (a["name"].as_str().unwrap().to_owned(), json!("x"))).collect();
        let filled = session.request("prompts/get", json!({"name": prompt["name"], "arguments": arguments})).await.unwrap();
        assert_eq!(filled["messages"][0]["role"], "user");
        let text = filled["messages"][0]["content"]["text"].as_str().unwrap();
        let called: Vec<&String> = tools.iter().filter(|tool| text.contains(&format!("{tool}("))).collect();
        assert!(called.len() > 1 && text.contains("job=\"x\""), "{prompt}: {text}");
    }
    let refused = session.exchange("prompts/get", json!({"name": "search-logs", "arguments": {"job": "a"}})).await.unwrap();
    assert_eq!(refused["error"]["code"], -32602, "{refused}");
    assert!(refused["error"]["message"].as_str().unwrap().contains("pattern"), "{refused}");
    assert!(jenkins.requests().is_empty(), "prompts need no controller");
}

async fn a_read_only_server_has_no_prompt_that_changes_things(artifact: Artifact) {
    let jenkins = controller().await;
    let host = Host::new(artifact).unwrap().against(&jenkins.url(), User::Reader).arg("--read-only");
    let session = host.stdio().await.unwrap();
    let listed = names(&session.request("prompts/list", json!({})).await.unwrap()["prompts"]);
    assert!(listed.contains(&"investigate-failure".to_owned()) && !listed.contains(&"trigger-with-params".to_owned()), "{listed:?}");
}

async fn a_resource_says_what_its_tool_says_over_both_transports(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Admin).await;
    let server = server(artifact, &jenkins).await;
    let at = json!({"job": "shop/checkout/main", "build": "28", "format": "full"});
    let log = json!({"job": "shop/checkout/main", "build": "28"});
    for (uri, tool, arguments) in [
        ("jenkins://deploy", "get_job", json!({"job": "deploy", "format": "full"})),
        ("jenkins://shop/checkout/main/builds/28", "get_build", at.clone()),
        ("jenkins://shop%2Fcheckout%2Fmain/builds/28/log", "get_build_log", log),
        ("jenkins://shop/checkout/main/builds/28/tests", "get_test_report", at),
    ] {
        let expected = session.call(tool, arguments).await.unwrap();
        let over_stdio = session.request("resources/read", json!({"uri": uri})).await.unwrap();
        let over_http = server.modern("resources/read", json!({"uri": uri}), json!({})).await.unwrap().json();
        for read in [&over_stdio, &over_http["result"]] {
            let contents = &read["contents"][0];
            assert_eq!((&contents["uri"], &contents["mimeType"]), (&json!(uri), &json!("text/plain")), "{read}");
            assert_eq!(contents["text"].as_str().unwrap(), text(&expected), "{uri}");
        }
        assert!(over_http["result"]["ttlMs"].as_u64().unwrap() > 0 && over_http["result"]["cacheScope"] == "private", "{over_http}");
    }
    let listed = session.request("resources/list", json!({})).await.unwrap();
    let first = &listed["resources"][0];
    let read = session.request("resources/read", json!({"uri": first["uri"]})).await.unwrap();
    assert!(!read["contents"][0]["text"].as_str().unwrap().is_empty());
    let templates = session.request("resources/templates/list", json!({})).await.unwrap();
    let templates: Vec<&str> =
        templates["resourceTemplates"].as_array().unwrap().iter().filter_map(|t| t["uriTemplate"].as_str()).collect();
    assert_eq!(templates.len(), 4);
    assert!(templates.iter().all(|template| template.starts_with("jenkins://{+job}")), "{templates:?}");
    let metrics = server.get("/_metrics").await.unwrap().body;
    assert!(metrics.contains("mcp_server_operation_duration_seconds_count{mcp_method_name=\"resources/read\""), "{metrics}");
}

async fn what_is_not_there_is_told_with_the_code_of_the_revision(artifact: Artifact) {
    let jenkins = controller().await;
    let (session, server) = (session(artifact, &jenkins, User::Reader).await, server(artifact, &jenkins).await);
    for uri in ["jenkins://no/such", "jenkins://deploy/builds/4711", "file:///etc/passwd"] {
        let older = session.exchange("resources/read", json!({"uri": uri})).await.unwrap();
        assert_eq!((&older["error"]["code"], &older["error"]["data"]["uri"]), (&json!(-32002), &json!(uri)), "{older}");
        let modern = server.modern("resources/read", json!({"uri": uri}), json!({})).await.unwrap().json();
        assert_eq!((&modern["error"]["code"], &modern["error"]["data"]["uri"]), (&json!(-32602), &json!(uri)), "{modern}");
    }
}

async fn names_and_builds_are_completed(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Admin).await;
    let complete = async |reference: Value, name: &str, typed: &str, others: Value| {
        let argument = json!({"name": name, "value": typed});
        let params = json!({"ref": reference, "argument": argument, "context": {"arguments": others}});
        let found = session.request("completion/complete", params).await.unwrap();
        let values = found["completion"]["values"].as_array().unwrap().iter();
        values.map(|value| value.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let prompt = json!({"type": "ref/prompt", "name": "investigate-failure"});
    let template = json!({"type": "ref/resource", "uri": "jenkins://{+job}/builds/{number}"});
    assert!(complete(prompt.clone(), "job", "shop/", json!({})).await.contains(&"shop/checkout".to_owned()));
    assert!(complete(prompt.clone(), "ref", "m", json!({"job": "shop/checkout"})).await.contains(&"main".to_owned()));
    let builds = complete(template, "number", "2", json!({"job": "shop/checkout/main"})).await;
    assert!(builds.contains(&"28".to_owned()) && builds.iter().all(|build| build.starts_with('2')), "{builds:?}");
    assert!(complete(prompt, "build", "last-f", json!({"job": "no/such"})).await.is_empty());
}

async fn a_subscriber_hears_when_a_build_ends(artifact: Artifact) {
    let timing = Timing { quiet_period: Duration::ZERO, build: Duration::from_secs(3), ..Timing::default() };
    let jenkins = Simulator::start(SimulatorOptions { timing, ..SimulatorOptions::default() }).await.unwrap();
    let server = server(artifact, &jenkins).await;
    let started = json!({"name": "trigger_build", "arguments": {"job": "rust-core", "wait_seconds": 10}});
    let started = server.modern("tools/call", started, json!({})).await.unwrap().json();
    let number = started["result"]["structuredContent"]["build"].as_u64().unwrap_or_else(|| panic!("{started}"));
    let uri = format!("jenkins://rust-core/builds/{number}");
    let wanted = json!({"notifications": {"resourceSubscriptions": [uri]}});
    let heard = server.events("subscriptions/listen", wanted, |messages| messages.len() >= 2).await.unwrap();
    assert_eq!(heard[0]["params"]["notifications"]["resourceSubscriptions"], json!([uri]), "{heard:?}");
    assert_eq!((&heard[1]["method"], &heard[1]["params"]["uri"]), (&json!("notifications/resources/updated"), &json!(uri)), "{heard:?}");
    // The client has gone: nothing is read for it any more.
    let watched = async || server.get("/_metrics").await.unwrap().body.contains("\njankins_watched_resources 0\n");
    for _ in 0..100 {
        if watched().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it is still watched");
}
