//! `max-tokens` is a promise, held here against a real tokenizer; and what was left out is stated.

use jankins_tests::host::Artifact;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;

use super::support::controller;
use super::support::session;
use super::support::text;

on_both_artifacts! { no_answer_exceeds_its_budget }

async fn no_answer_exceeds_its_budget(artifact: Artifact) {
    let tokenizer = tiktoken_rs::o200k_base().unwrap();
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Admin).await;
    let list = session.request("tools/list", json!({})).await.unwrap();
    let offered: Vec<&str> = list["tools"].as_array().unwrap().iter().filter_map(|tool| tool["name"].as_str()).collect();
    for (tool, arguments) in [
        ("list_jobs", json!({"limit": 100})),
        ("list_jobs", json!({"folder": "fleet", "limit": 130})),
        ("get_job", json!({"job": "shop/checkout"})),
        ("list_builds", json!({"job": "heartbeat", "limit": 100})),
        ("get_build", json!({"job": "shop/checkout/main", "build": "25", "format": "full"})),
        ("get_build_log", json!({"job": "load-test", "build": "1", "max_bytes": 200_000})),
        ("get_build_log", json!({"job": "load-test", "build": "1", "mode": "errors"})),
        ("search_log", json!({"job": "load-test", "pattern": "INFO", "max_matches": 200})),
        ("get_pipeline_graph", json!({"job": "parallel-nest", "format": "full"})),
        ("get_failed_tests", json!({"job": "shop/checkout/main", "format": "full"})),
        ("triage_failure", json!({"job": "load-test"})),
        ("analyze_build_log", json!({"job": "load-test", "format": "full"})),
        ("find_regression", json!({"job": "shop/checkout/main", "build": "25", "format": "full"})),
        ("compare_runs", json!({"job": "shop/checkout/main", "base": "20", "head": "28", "format": "full"})),
        ("summarize_queue", json!({})),
        ("explain_queue", json!({})),
        ("list_nodes", json!({"format": "full"})),
        ("list_credentials", json!({})),
        ("get_build_changes", json!({"job": "shop/checkout/main", "build": "21", "format": "full"})),
        ("get_build_artifacts", json!({"job": "shop/checkout/main", "build": "28"})),
        ("get_artifact", json!({"job": "legacy-nightly", "build": "3", "path": "build.log"})),
        ("get_artifact", json!({"job": "legacy-nightly", "build": "3", "path": "build.log", "grep": "."})),
        ("triage_failure", json!({"job": "shop/checkout/main", "build": "25"})),
    ] {
        assert!(offered.contains(&tool), "{tool} is not offered");
        for budget in [60, 300, 1_000, 5_000] {
            let mut arguments = arguments.clone();
            arguments["max_tokens"] = json!(budget);
            let result = session.call(tool, arguments.clone()).await.unwrap();
            let used = tokenizer.encode_ordinary(text(&result)).len();
            assert!(used <= budget, "{tool} {arguments} took {used} tokens:\n{}", text(&result));
            let estimate = result["_meta"]["jankins/answer"]["text_tokens"].as_u64().unwrap_or_default();
            assert!(estimate >= used as u64, "{tool} {arguments} believes {estimate}, is {used}");
        }
        let whole = session.call(tool, with(&arguments, 20_000)).await.unwrap();
        let cut = session.call(tool, with(&arguments, 60)).await.unwrap();
        if text(&whole).len() > 600 {
            let stated = ["more", "left out", "not shown", "cursor", "omitted", "truncated", "budget", " shown"];
            assert!(stated.iter().any(|word| text(&cut).contains(word)), "{tool} {arguments} hides its loss:\n{}", text(&cut));
        }
    }
}

fn with(arguments: &Value, budget: u32) -> Value {
    let mut arguments = arguments.clone();
    arguments["max_tokens"] = json!(budget);
    arguments
}
