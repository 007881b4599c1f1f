//! What can go wrong between us and a controller, and what a model is told: always a stable code, what to check, and
//! what to do next; never a page, a panic or a secret.

use std::time::Duration;
use std::time::Instant;

use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::simulator::Fault;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;

use super::support::assert_no_secret;
use super::support::controller;
use super::support::record;
use super::support::session;
use super::support::text;

on_both_artifacts! {
    an_unknown_job_and_an_unknown_build_are_told_apart
    a_wrong_token_is_unauthorized
    an_anonymous_request_that_meets_a_login_page_asks_for_credentials
    a_missing_permission_is_named
    whatever_the_controller_does_is_a_precise_error
    a_refused_connection_is_unavailable
    a_hanging_controller_meets_the_deadline_and_leaves_the_session_alive
    a_job_with_spaces_and_letters_beyond_ascii_is_found
    names_cannot_leave_their_place_in_a_path
}

/// Checks the shape that every failure has, and answers its message.
fn failure(result: &Value, code: &str) -> String {
    let error = &result["structuredContent"]["error"];
    assert_eq!(result["isError"], true, "{result:#}");
    assert_eq!(error["code"], code, "{result:#}");
    let hint = error["hint"].as_str().unwrap_or_default();
    assert!(hint.len() > 10, "no hint: {result:#}");
    assert!(error["next_actions"].as_array().is_some_and(|next| !next.is_empty()), "nothing to do next: {result:#}");
    assert!(!error["correlation_id"].as_str().unwrap_or_default().is_empty(), "{result:#}");
    assert!(text(result).starts_with(&format!("{code}: ")), "{result:#}");
    assert!(text(result).len() < 1_500, "a page was passed on: {result:#}");
    assert!(!text(result).contains('<'), "markup was passed on: {result:#}");
    assert_no_secret(&[&result.to_string()]);
    error["message"].as_str().unwrap().to_owned()
}

async fn an_unknown_job_and_an_unknown_build_are_told_apart(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Admin).await;
    let job = failure(&session.call("get_build", json!({"job": "no/such"})).await.unwrap(), "not-found");
    assert!(job.contains("job no/such"), "{job}");
    let build = session.call("get_build", json!({"job": "rust-core", "build": "9999"})).await.unwrap();
    let build = failure(&build, "not-found");
    assert!(build.contains("9999") && build.contains("rust-core"), "{build}");
}

async fn a_wrong_token_is_unauthorized(artifact: Artifact) {
    let jenkins = controller().await;
    let host = Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin).env("JENKINS_API_TOKEN", "sesame-9f31");
    let session = host.stdio().await.unwrap();
    for (tool, arguments) in [("whoami", json!({})), ("get_build", json!({"job": "rust-core"}))] {
        let result = session.call(tool, arguments).await.unwrap();
        failure(&result, "unauthorized");
        assert!(text(&result).contains("JENKINS_API_TOKEN"), "{result}");
    }
    let ended = session.close().await.unwrap();
    for written in [&ended.stdout, &ended.stderr] {
        assert!(!written.contains("sesame-9f31"), "the token was written: {written}");
    }
}

async fn an_anonymous_request_that_meets_a_login_page_asks_for_credentials(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Anonymous).await;
    let result = session.call("get_build", json!({"job": "rust-core"})).await.unwrap();
    failure(&result, "unauthorized");
    assert!(text(&result).contains("JENKINS_USER"), "{result}");
}

async fn a_missing_permission_is_named(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Nobody).await;
    let message = failure(&session.call("list_jobs", json!({})).await.unwrap(), "forbidden");
    assert!(message.contains("Overall/Read") && message.contains("nobody1"), "{message}");
}

async fn whatever_the_controller_does_is_a_precise_error(artifact: Artifact) {
    let jenkins = controller().await;
    let long_page = Fault::Answer { status: 404, content_type: "text/html".to_owned(), body: "<p>lost</p>".repeat(8_200) };
    let refused = Fault::Answer { status: 500, content_type: "text/html".to_owned(), body: "<pre>at hudson.X</pre>".to_owned() };
    for (fault, code, said) in [
        (Fault::Starting, "unavailable", "starting"),
        (Fault::Malformed, "bad-response", "JSON"),
        (Fault::Truncate, "unavailable", "broken"),
        (Fault::LoginPage, "bad-response", ""),
        (Fault::Drop, "unavailable", ""),
        (Fault::RateLimited(1), "rate-limited", "429"),
        (Fault::Status(502), "unavailable", "502"),
        (refused, "upstream-error", "500"),
        (long_page, "not-found", "rust-core"),
    ] {
        jenkins.clear_faults();
        jenkins.set_fault_on("rust-core", None, fault.clone());
        // A session of its own: what one fault taught it must not change what the next one shows.
        let session = session(artifact, &jenkins, User::Admin).await;
        let result = session.call("get_build", json!({"job": "rust-core"})).await.unwrap();
        let message = failure(&result, code);
        assert!(message.to_lowercase().contains(&said.to_lowercase()), "{fault:?}: {message}");
        jenkins.clear_faults();
        let ended = session.close().await.unwrap();
        assert!(ended.status.success() && !ended.stderr.contains("panicked"), "{fault:?}: {}", ended.stderr);
        assert_no_secret(&[&ended.stdout, &ended.stderr]);
    }
}

async fn a_refused_connection_is_unavailable(artifact: Artifact) {
    let jenkins = controller().await;
    let url = jenkins.url();
    drop(jenkins);
    let session = Host::new(artifact).unwrap().against(&url, User::Admin).stdio().await.unwrap();
    let message = failure(&session.call("get_build", json!({"job": "rust-core"})).await.unwrap(), "unavailable");
    assert!(message.contains("refused"), "{message}");
}

async fn a_hanging_controller_meets_the_deadline_and_leaves_the_session_alive(artifact: Artifact) {
    let jenkins = controller().await;
    let host = Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin).args(["--timeout", "2"]);
    for fault in [Fault::Hang, Fault::Stall] {
        let session = host.stdio().await.unwrap();
        jenkins.set_fault_on("rust-core", None, fault.clone());
        let asked = Instant::now();
        failure(&session.call("get_build", json!({"job": "rust-core"})).await.unwrap(), "timeout");
        let waited = asked.elapsed();
        assert!(waited < Duration::from_millis(3_500), "{fault:?}: {waited:?}");
        jenkins.clear_faults();
        let who = session.call("whoami", json!({})).await.unwrap();
        assert_eq!(record(&who)["name"], "admin", "{fault:?}");
    }
}

async fn a_job_with_spaces_and_letters_beyond_ascii_is_found(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Admin).await;
    let ops = session.call("get_job", json!({"job": "Zürich Ops"})).await.unwrap();
    assert_eq!(record(&ops)["name"], "Zürich Ops");
    let login = session.call("get_build", json!({"job": "shop/checkout", "ref": "feature/login"})).await.unwrap();
    assert_eq!(record(&login)["result"], "FAILURE");
    let page = format!("{}job/shop/job/checkout/job/feature%252Flogin/", jenkins.url());
    let pasted = session.call("get_build", json!({"job": page})).await.unwrap();
    assert_eq!(record(&pasted)["number"], record(&login)["number"]);
}

async fn names_cannot_leave_their_place_in_a_path(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Admin).await;
    for name in ["a?tree=x", "a#b", "100%", "a%2F..%2Fscript", "..", "a/../../script", "a b\r\nX-Evil: 1", "ünïcode/%2F"] {
        let result = session.call("get_build", json!({"job": name})).await.unwrap();
        assert_eq!(result["isError"], true, "{name}: {result}");
        let code = result["structuredContent"]["error"]["code"].as_str().unwrap();
        assert!(["not-found", "invalid-params"].contains(&code), "{name}: {result}");
    }
    for request in jenkins.requests() {
        // The list at the top is where a name that was meant is looked for.
        let known = request.path.starts_with("/job/") || request.path.starts_with("/api/json?tree=");
        assert!(known, "{} left its place", request.path);
        assert!(!request.path.contains("/../") && !request.path.contains("/script"), "{}", request.path);
        assert!(!request.headers.iter().any(|(name, _)| name == "x-evil"), "{}", request.path);
    }
}
