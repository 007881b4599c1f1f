//! Everything that a controller and the way to it can do wrong, through the real programs: what the caller sees, how long
//! that takes and how often the controller is asked, as a table. After each fault the same session works again.

use std::time::Duration;
use std::time::Instant;

use futures_util::future::join_all;
use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::host::Stdio;
use jankins_tests::simulator::Fault;
use jankins_tests::simulator::Simulator;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;

use super::support::controller;
use super::support::record;
use super::support::text;

on_both_artifacts! {
    every_fault_is_told_apart_and_passes
    a_refusing_controller_is_left_alone_and_found_again
    an_outage_is_not_multiplied
    identical_calls_at_once_are_one_request
    what_is_kept_is_not_asked_for_and_can_be_forgotten
    a_write_is_seen_by_the_next_read
    calls_over_the_limit_are_refused_with_a_time
    a_packed_log_reads_like_a_plain_one
    a_part_that_hangs_is_missing_from_the_answer_and_not_the_answer
    a_write_that_broke_off_is_not_repeated
}

/// What the caller gets: `ok`, or the code of the failure.
fn outcome(result: &Value) -> String {
    match result["isError"] == true {
        true => result["structuredContent"]["error"]["code"].as_str().unwrap().to_owned(),
        false => "ok".to_owned(),
    }
}

fn asked(jenkins: &Simulator, path: &str) -> usize {
    jenkins.requests().iter().filter(|request| request.path.contains(path)).count()
}

async fn figure(session: &Stdio, name: &str) -> f64 {
    let status = session.call("get_status", json!({})).await.unwrap();
    let counters = record(&status)["counters"].as_array().unwrap().clone();
    counters.iter().find(|c| c["name"] == name).unwrap_or_else(|| panic!("no {name}"))["value"].as_f64().unwrap()
}

async fn every_fault_is_told_apart_and_passes(artifact: Artifact) {
    let html = Fault::Answer { status: 200, content_type: "text/html".to_owned(), body: "<html>portal</html>".to_owned() };
    let faults = [
        ("resets before it answers", Fault::Drop, "unavailable", 3),
        ("resets in the body", Fault::Truncate, "unavailable bad-response", 3),
        ("stalls before the headers", Fault::Hang, "timeout", 2),
        ("stalls in the body", Fault::Stall, "timeout", 2),
        ("one byte a second", Fault::Trickle, "timeout", 2),
        ("200 with a web page", html, "bad-response", 1),
        ("200 with a login page", Fault::LoginPage, "bad-response", 1),
        ("200 with broken JSON", Fault::Malformed, "bad-response", 1),
        ("announces more than it sends", Fault::LengthTooLong, "unavailable bad-response", 3),
        ("announces less than it sends", Fault::LengthTooShort, "bad-response unavailable", 3),
        ("429, back in a second", Fault::RateLimited(1), "rate-limited", 3),
        ("429, back in a minute", Fault::RateLimited(60), "rate-limited", 1),
        ("502 from a proxy", Fault::Status(502), "unavailable", 3),
        ("503, starting", Fault::Starting, "unavailable", 3),
        ("504 from a proxy", Fault::Status(504), "unavailable", 3),
        ("500", Fault::Status(500), "upstream-error", 1),
        ("fails every other time", Fault::Flapping(Box::new(Fault::Status(503))), "ok", 2),
        ("resets every other time", Fault::Flapping(Box::new(Fault::Drop)), "ok", 2),
        ("answers packed", Fault::Packed, "ok", 1),
        ("256 MiB packed into little", Fault::Bomb, "too-large", 1),
    ];
    println!(
        "\n{artifact:?}, a call may take 4 s\n{:<30} {:<16} {:>7} {:>9}  what the caller reads",
        "the controller", "outcome", "ms", "requests"
    );
    let jenkins = controller().await;
    let runs = faults.into_iter().enumerate().map(|(number, (name, fault, expected, most))| {
        // Builds of their own, so that faults and counts do not meet; sessions of their own, so that they run side by side.
        let (jenkins, build) = (&jenkins, (number + 11).to_string());
        async move {
            let host = Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin).args(["--timeout", "4"]);
            let session = host.stdio().await.unwrap();
            let path = format!("/job/heartbeat/{build}/");
            jenkins.set_fault_on(&path, None, fault);
            let begun = Instant::now();
            let arguments = json!({"job": "heartbeat", "build": build, "format": "ids"});
            let result = session.call("get_build", arguments.clone()).await.unwrap();
            let (took, requests) = (begun.elapsed(), asked(jenkins, &path));
            let seen = outcome(&result);
            assert!(expected.split(' ').any(|e| e == seen), "{name}: {result:#}");
            assert!(requests <= most, "{name}: {requests} requests");
            assert!(took < Duration::from_millis(6_500), "{name}: {took:?}");
            if seen != "ok" {
                let error = &result["structuredContent"]["error"];
                assert!(error["next_actions"].as_array().is_some_and(|next| !next.is_empty()), "{name}: {error}");
            }
            (name, seen, took, requests, text(&result).lines().next().unwrap_or_default().to_owned(), session, arguments)
        }
    });
    let done = join_all(runs).await;
    jenkins.clear_faults();
    for (name, seen, took, requests, line, session, arguments) in done {
        println!("{name:<30} {seen:<16} {:>7} {requests:>9}  {}", took.as_millis(), line.chars().take(120).collect::<String>());
        let again = session.call("get_build", arguments).await.unwrap();
        assert_eq!(outcome(&again), "ok", "{name}, after it has passed: {again:#}");
        assert!(!session.close().await.unwrap().stderr.contains("panicked"), "{name}");
    }
}

async fn a_refusing_controller_is_left_alone_and_found_again(artifact: Artifact) {
    let jenkins = controller().await;
    let session = Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin).stdio().await.unwrap();
    jenkins.set_fault(Fault::Drop);
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(session.call("whoami", json!({})).await.unwrap());
    }
    let last = seen.last().unwrap();
    assert_eq!(outcome(last), "circuit-open", "{last:#}");
    let wait = last["structuredContent"]["error"]["retry_after_ms"].as_u64().unwrap();
    assert!((1..=5_000).contains(&wait), "{wait}");
    let before = jenkins.requests().len();
    assert!(before <= 5, "{before} requests");
    jenkins.clear_faults();
    let begun = Instant::now();
    assert_eq!(outcome(&session.call("whoami", json!({})).await.unwrap()), "circuit-open");
    assert!(begun.elapsed() < Duration::from_millis(500));
    assert_eq!(jenkins.requests().len(), before);
    tokio::time::sleep(Duration::from_millis(wait + 100)).await;
    let back = session.call("whoami", json!({})).await.unwrap();
    assert_eq!(record(&back)["name"], "admin");
    assert_eq!((figure(&session, "breaker_state").await, figure(&session, "breaker_opened_total").await), (0.0, 1.0));
}

async fn an_outage_is_not_multiplied(artifact: Artifact) {
    let jenkins = controller().await;
    let session = Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin).stdio().await.unwrap();
    // Half of it works, so that the breaker stays closed and only the budget bounds what is repeated.
    jenkins.set_fault(Fault::Flapping(Box::new(Fault::RateLimited(0))));
    for number in 1..=60 {
        let _ = session.call("get_build", json!({"job": "heartbeat", "build": number.to_string(), "format": "ids"})).await.unwrap();
    }
    jenkins.clear_faults();
    let (requests, retries) = (jenkins.requests().len() as f64, figure(&session, "upstream_retries_total").await);
    let denied = figure(&session, "upstream_retries_denied_total").await;
    println!("{artifact:?}: {requests} requests, {retries} of them repeated, {denied} not repeated");
    assert!(retries <= 3.0 + 0.2 * (requests - retries) && denied > 0.0, "{retries} of {requests}, {denied}");
}

async fn identical_calls_at_once_are_one_request(artifact: Artifact) {
    let jenkins = controller().await;
    let session = Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin).stdio().await.unwrap();
    jenkins.set_latency(Duration::from_millis(300));
    let count = if artifact == Artifact::P3 { 100 } else { 10 };
    let call = || session.call("get_build", json!({"job": "heartbeat", "build": "42", "format": "ids"}));
    for result in join_all((0..count).map(|_| call())).await {
        assert_eq!(record(&result.unwrap())["number"], 42);
    }
    assert_eq!(asked(&jenkins, "/job/heartbeat/42/"), 1);
    jenkins.set_fault_on("/job/heartbeat/43/", None, Fault::Status(500));
    let failing = || session.call("get_build", json!({"job": "heartbeat", "build": "43", "format": "ids"}));
    for result in join_all((0..10).map(|_| failing())).await {
        assert_eq!(outcome(&result.unwrap()), "upstream-error");
    }
    // An error is for those who wait, and for nobody later: calls of the WASI 0.2 component come one after the other.
    assert_eq!(asked(&jenkins, "/job/heartbeat/43/"), if artifact == Artifact::P3 { 1 } else { 10 });
}

async fn what_is_kept_is_not_asked_for_and_can_be_forgotten(artifact: Artifact) {
    let jenkins = controller().await;
    let host = Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin);
    let server = host.http().await.unwrap();
    let build = |number: u32| json!({"name": "get_build", "arguments": {"job": "heartbeat", "build": number.to_string(), "format": "ids"}});
    for _ in 0..3 {
        let answer = server.mcp("tools/call", build(5), &[]).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    assert_eq!(asked(&jenkins, "/job/heartbeat/5/"), 1);
    let metrics = server.get("/_metrics").await.unwrap().body;
    let value = |name: &str| -> f64 {
        let line =
            metrics.lines().find(|line| line.starts_with(&format!("{name}{{"))).unwrap_or_else(|| panic!("{name} is not in\n{metrics}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert!(value("jankins_cache_size") >= 1.0 && value("jankins_cache_bytes") > 100.0);
    assert!((0.5..=1.0).contains(&value("jankins_cache_hit_rate")), "{}", value("jankins_cache_hit_rate"));
    for name in
        ["jankins_upstream_retries_total", "jankins_breaker_state", "jankins_rate_limit_used_ratio", "jankins_cache_evictions_total"]
    {
        value(name);
    }
}

async fn a_write_is_seen_by_the_next_read(artifact: Artifact) {
    let jenkins = controller().await;
    let session = Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin).stdio().await.unwrap();
    let enabled = async || record(&session.call("get_job", json!({"job": "heartbeat"})).await.unwrap())["buildable"].clone();
    let before = enabled().await;
    let written = session.call("disable_job", json!({"job": "heartbeat"})).await.unwrap();
    assert_eq!(outcome(&written), "ok", "{written:#}");
    assert_ne!(enabled().await, before);
}

async fn calls_over_the_limit_are_refused_with_a_time(artifact: Artifact) {
    let jenkins = controller().await;
    let host = Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin);
    let session = host.args(["--rate-limit-requests-per-minute", "30", "--rate-limit-burst-size", "5"]).stdio().await.unwrap();
    let mut results = Vec::new();
    for number in 1..=6 {
        results.push(session.call("get_build", json!({"job": "heartbeat", "build": number.to_string(), "format": "ids"})).await.unwrap());
    }
    let refused = results.pop().unwrap();
    assert_eq!(outcome(&refused), "rate-limited", "{refused:#}");
    let wait = refused["structuredContent"]["error"]["retry_after_ms"].as_u64().unwrap();
    assert!((1..=2_000).contains(&wait), "{wait}");
    let warned = |result: &Value| {
        result.pointer("/_meta/jankins~1answer/warnings/0").is_some_and(|line| line.as_str().unwrap().starts_with("rate limit"))
    };
    assert!(!warned(&results[0]) && warned(results.last().unwrap()), "{:#}", results.last().unwrap());
    tokio::time::sleep(Duration::from_millis(wait + 50)).await;
    assert_eq!(outcome(&session.call("whoami", json!({})).await.unwrap()), "ok");
}

async fn a_packed_log_reads_like_a_plain_one(artifact: Artifact) {
    let jenkins = controller().await;
    let host = Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin).args(["--cache-max-size", "0"]);
    let session = host.stdio().await.unwrap();
    let read = async || {
        let log = session.call("get_build_log", json!({"job": "shop/checkout/main", "build": "25", "max_tokens": 4_000})).await.unwrap();
        text(&log).to_owned()
    };
    let plain = read().await;
    jenkins.set_fault(Fault::Packed);
    assert_eq!(read().await, plain);
    jenkins.clear_faults();
    assert!(figure(&session, "upstream_compressed_total").await > 0.0);
    assert!(jenkins.requests().iter().all(|r| r.headers.iter().any(|(n, v)| n == "accept-encoding" && v == "gzip")));
}

async fn a_part_that_hangs_is_missing_from_the_answer_and_not_the_answer(artifact: Artifact) {
    let jenkins = controller().await;
    let host = Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin).args(["--timeout", "4"]);
    let session = host.stdio().await.unwrap();
    jenkins.set_fault_on("/testReport/", None, Fault::Hang);
    let result = session.call("triage_failure", json!({"job": "shop/checkout/main", "build": "28"})).await.unwrap();
    assert_eq!(outcome(&result), "ok", "{result:#}");
    let partial = result["_meta"]["jankins/answer"]["partial"].to_string();
    assert!(partial.contains("test report") && partial.contains("did not answer"), "{partial}");
}

async fn a_write_that_broke_off_is_not_repeated(artifact: Artifact) {
    let jenkins = controller().await;
    let host = Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin);
    let session = host.stdio().await.unwrap();
    jenkins.set_fault_on("/job/heartbeat/disable", None, Fault::Drop);
    let result = session.call("disable_job", json!({"job": "heartbeat"})).await.unwrap();
    assert!(text(&result).contains("not known whether"), "{result:#}");
    assert_eq!(asked(&jenkins, "/job/heartbeat/disable"), 1, "a write was repeated");
}
