//! Several tenants in one process: two controllers, and users who see their own and nothing else.

use std::time::Duration;

use futures_util::future::join_all;
use jankins_tests::host::Artifact;
use jankins_tests::host::Http;
use jankins_tests::simulator::Simulator;
use jankins_tests::simulator::User;
use serde_json::json;

use super::config_file::ConfigFile;
use super::config_file::answered;
use super::config_file::call_as;
use super::config_file::tenant;
use super::config_file::token;
use super::config_file::tools_as;
use super::support::assert_no_secret;
use super::support::controller;

on_both_artifacts! {
    each_user_gets_the_own_controller_and_never_the_others
    a_request_may_narrow_rights_and_never_widen_them
    a_token_that_nobody_knows_opens_nothing
    who_is_blocked_or_comes_from_a_denied_address_is_refused
    a_fast_user_is_warned_refused_and_counted_while_others_go_on
}

struct Two {
    one: Simulator,
    two: Simulator,
    file: ConfigFile,
    ada: String,
    bob: String,
    text: String,
}

/// Tenant `one` for ada, as `lin` of one controller; tenant `two` for bob, as `reader` of another, read-only.
async fn two() -> Two {
    let (one, two, file) = (controller().await, controller().await, ConfigFile::new(""));
    let ((ada, ada_entry), (bob, bob_entry)) = (token("ada", "one").await, token("bob", "two").await);
    let text = format!(
        "{}{}read_only = true\n{ada_entry}{bob_entry}",
        tenant(&file, "one", &one, User::Lin),
        tenant(&file, "two", &two, User::Reader)
    );
    file.write(&text);
    Two { one, two, file, ada, bob, text }
}

async fn each_user_gets_the_own_controller_and_never_the_others(artifact: Artifact) {
    let it = two().await;
    let server = it.file.serve(artifact).await;
    let calls = (1..=20).flat_map(|build| [(&it.ada, "lin", build), (&it.bob, "reader", build)]);
    let server_ref = &server;
    join_all(calls.map(|(token, user, build)| async move {
        assert_eq!(answered(&call_as(server_ref, token, "whoami", json!({}), &[]).await)["name"], user);
        let arguments = json!({"job": "heartbeat", "build": build.to_string()});
        assert_eq!(answered(&call_as(server_ref, token, "get_build", arguments, &[]).await)["number"], build);
    }))
    .await;
    for (jenkins, own) in [(&it.one, User::Lin), (&it.two, User::Reader)] {
        let requests = jenkins.requests();
        assert!(!requests.is_empty() && requests.iter().all(|request| request.user == Some(own)), "another tenant's request arrived");
    }
    server.terminate().unwrap();
    let (status, log) = server.ended().await.unwrap();
    assert!(status.success());
    assert_no_secret(&[&log]);
    assert!(!log.contains(&it.ada) && !log.contains(&it.bob), "a caller's token is in the log");
    assert!(log.contains("\"user\":\"ada\"") && log.contains("\"tenant\":\"two\""), "{log}");
}

async fn a_request_may_narrow_rights_and_never_widen_them(artifact: Artifact) {
    let it = two().await;
    let server = it.file.serve(artifact).await;
    let all = tools_as(&server, &it.ada, &[]).await;
    let read_only = tools_as(&server, &it.ada, &[("X-MCP-Readonly", "true")]).await;
    assert!(all.contains(&"trigger_build".to_owned()) && !read_only.contains(&"trigger_build".to_owned()));
    let some = tools_as(&server, &it.ada, &[("X-MCP-Toolsets", "jobs")]).await;
    assert!(!some.is_empty() && some.len() < read_only.len());
    let trigger = call_as(&server, &it.ada, "trigger_build", json!({"job": "heartbeat"}), &[("X-MCP-Readonly", "1")]).await;
    assert_eq!(trigger.json()["result"]["isError"], true, "{trigger:?}");

    let widened = tools_as(&server, &it.bob, &[("X-MCP-Readonly", "false"), ("X-MCP-Toolsets", "all")]).await;
    assert!(!widened.contains(&"trigger_build".to_owned()), "a header made a read-only tenant writable");
    assert!(it.one.requests().iter().chain(&it.two.requests()).all(|request| request.method != "POST"));
}

async fn a_token_that_nobody_knows_opens_nothing(artifact: Artifact) {
    let it = two().await;
    let server = it.file.serve(artifact).await;
    for headers in [&[][..], &[("Authorization", "Bearer jankins_guess")], &[("Authorization", "Basic YWRhOmFkYQ==")]] {
        let answer = server.mcp("tools/list", json!({}), headers).await.unwrap();
        assert_eq!(answer.status, 401, "{headers:?}");
        assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
    }
    assert_eq!(server.get("/_health").await.unwrap().status, 200, "a probe has no token");
    assert!(it.one.requests().is_empty() && it.two.requests().is_empty());
}

async fn who_is_blocked_or_comes_from_a_denied_address_is_refused(artifact: Artifact) {
    let it = two().await;
    it.file.write(&format!("blocked = [\"ada\"]\ndeny_cidrs = [\"203.0.113.0/24\"]\ntrusted_proxies = [\"127.0.0.0/8\"]\n{}", it.text));
    let server = it.file.serve(artifact).await;
    assert_eq!(call_as(&server, &it.ada, "whoami", json!({}), &[]).await.status, 403);
    answered(&call_as(&server, &it.bob, "whoami", json!({}), &[]).await);
    let from = async |address: &'static str| call_as(&server, &it.bob, "whoami", json!({}), &[("X-Forwarded-For", address)]).await;
    assert_eq!(from("203.0.113.7").await.status, 403);
    assert_eq!(from("198.51.100.7, 203.0.113.7").await.status, 403);
    assert_eq!(from("203.0.113.7, 198.51.100.7").await.status, 200);
}

async fn a_fast_user_is_warned_refused_and_counted_while_others_go_on(artifact: Artifact) {
    let it = two().await;
    it.file.write(&format!("{}[classes.default]\nrate_limit_requests_per_minute = 6\nrate_limit_burst_size = 5\n", it.text));
    let server = it.file.serve(artifact).await;
    let mut answers = Vec::new();
    for _ in 0..6 {
        answers.push(call_as(&server, &it.ada, "whoami", json!({}), &[]).await);
    }
    let warned = answers.iter().find(|answer| answer.headers.contains_key("x-ratelimit-remaining")).expect("a warning");
    assert!(warned.json()["result"]["_meta"].to_string().contains("rate_limit_remaining"), "{warned:?}");
    let refused = answers.last().unwrap();
    let result = &refused.json()["result"];
    assert_eq!((&result["isError"], &result["structuredContent"]["error"]["code"]), (&json!(true), &json!("rate-limited")), "{result:#}");
    assert!(result["structuredContent"]["error"]["retry_after_ms"].as_u64().unwrap() >= 1_000);
    assert!(refused.headers.contains_key("retry-after"), "{refused:?}");
    answered(&call_as(&server, &it.bob, "whoami", json!({}), &[]).await);

    let flood = flooded(&server, &it.ada).await;
    assert!(flood.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    let metrics = server.get("/_metrics").await.unwrap().body;
    assert!(metrics.contains("jankins_ratelimit_hits{user=\"ada\"}"), "{metrics}");
    assert!(!metrics.contains("jankins_ratelimit_hits{user=\"bob\"}"));
    server.terminate().unwrap();
    let (_, log) = server.ended().await.unwrap();
    let line = log.lines().find(|line| line.contains("rate limit")).expect("a line about it");
    assert!(line.contains("\"user\":\"ada\"") && line.contains("retry_after_s"), "{line}");
}

async fn flooded(server: &Http, token: &str) -> jankins_tests::host::HttpAnswer {
    for _ in 0..50 {
        let answer = call_as(server, token, "whoami", json!({}), &[]).await;
        if answer.status == 429 {
            return answer;
        }
    }
    panic!("fifty calls a second were not too many");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_under_load_drops_no_call_and_changes_what_the_file_changed() {
    let it = two().await;
    it.one.set_latency(Duration::from_millis(20));
    let server = it.file.serve(Artifact::P3).await;
    let load = async {
        let calls = (0..200).map(|number| {
            let (server, ada) = (&server, &it.ada);
            async move {
                tokio::time::sleep(Duration::from_millis(10 * (number % 100))).await;
                let arguments = json!({"job": "heartbeat", "build": (number % 100 + 1).to_string()});
                answered(&call_as(server, ada, "get_build", arguments, &[]).await)
            }
        });
        join_all(calls).await.len()
    };
    let reloads = async {
        for round in 0..10 {
            // Tenant `one` changes every time, `two` never.
            it.file.write(&it.text.replace("[tenants.one]", &format!("[tenants.one]\ntimeout = {}", 20 + round)));
            let answer = server.send(hyper::Method::POST, "/_config/reload", &[], String::new()).await.unwrap();
            assert_eq!(
                (answer.status, &answer.json()["tenants"]),
                (200, &json!({"added": [], "removed": [], "changed": ["one"]})),
                "{answer:?}"
            );
            tokio::time::sleep(Duration::from_millis(80)).await;
        }
    };
    let (answered_calls, ()) = tokio::join!(load, reloads);
    assert_eq!(answered_calls, 200);

    it.file.write("timeout = \"soon\"");
    let refused = server.send(hyper::Method::POST, "/_config/reload", &[], String::new()).await.unwrap();
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("config.toml:1: `timeout` must be a whole number"), "{}", refused.body);
    answered(&call_as(&server, &it.ada, "whoami", json!({}), &[]).await);

    it.file.write(&it.text.replace("user = \"bob\"", "user = \"bobby\""));
    server.hang_up().unwrap();
    let mut changed = false;
    for _ in 0..100 {
        answered(&call_as(&server, &it.bob, "whoami", json!({}), &[]).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
        if server.log().contains("\"user\":\"bobby\"") {
            changed = true;
            break;
        }
    }
    assert!(changed, "SIGHUP changed nothing: {}", server.log());
}
