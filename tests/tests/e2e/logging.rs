//! Logs and traces: what an operator can find, and join.

use std::path::Path;

use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::host::Http;
use jankins_tests::simulator::Fault;
use jankins_tests::simulator::Simulator;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;

use super::support::assert_no_secret;
use super::support::controller;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

on_both_artifacts! {
    one_id_and_one_trace_join_the_answer_the_log_and_the_requests_to_jenkins
    calls_at_once_keep_their_traces_apart
    the_text_log_is_found_by_the_words_of_the_runbook_and_holds_no_secret
}

async fn server(artifact: Artifact, jenkins: &Simulator, arguments: &[&str]) -> Http {
    let host = Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin);
    host.args(arguments.iter().copied()).http().await.unwrap()
}

/// The value of a header of every request that reached the controller.
fn headers(jenkins: &Simulator, name: &str) -> Vec<Option<String>> {
    let requests = jenkins.requests();
    let of = |headers: &[(String, String)]| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    requests.iter().map(|request| of(&request.headers)).collect()
}

fn lines(log: &str) -> Vec<Value> {
    log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

async fn one_id_and_one_trace_join_the_answer_the_log_and_the_requests_to_jenkins(artifact: Artifact) {
    let jenkins = controller().await;
    let server = server(artifact, &jenkins, &["--log-level", "debug"]).await;
    let whoami = json!({"name": "whoami", "arguments": {}});
    let headers_in = [("traceparent", PARENT), ("tracestate", "vendor=1")];
    let answer = server.mcp("tools/call", whoami.clone(), &headers_in).await.unwrap().json();
    let id = answer["result"]["_meta"]["jankins/answer"]["correlation_id"].as_str().unwrap().to_owned();

    assert!(!jenkins.requests().is_empty());
    assert!(headers(&jenkins, "x-request-id").iter().all(|value| value.as_deref() == Some(&id)));
    for parent in headers(&jenkins, "traceparent") {
        let parent = parent.expect("a request without a trace");
        assert!(parent.starts_with(&format!("00-{TRACE}-")) && parent.ends_with("-01"), "{parent}");
        assert_ne!(parent, PARENT, "our own span is missing");
    }
    assert!(headers(&jenkins, "tracestate").iter().all(|value| value.as_deref() == Some("vendor=1")));

    // The request itself may name a trace, and then it wins: a header may be that of a proxy.
    jenkins.clear_requests();
    let mut named = json!({"name": "get_build", "arguments": {"job": "heartbeat", "build": "5"}});
    named["_meta"] = json!({"traceparent": "00-00000000000000000000000000000abc-00000000000000de-00"});
    server.mcp("tools/call", named, &headers_in).await.unwrap();
    for parent in headers(&jenkins, "traceparent") {
        assert!(parent.unwrap().starts_with("00-00000000000000000000000000000abc-"));
    }

    server.terminate().unwrap();
    let (_, log) = server.ended().await.unwrap();
    let lines = lines(&log);
    let with = |message: &str| {
        let found = lines.iter().filter(|line| line["message"] == message && line["correlation_id"] == id.as_str());
        found.map(|line| line["trace_id"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(with("call"), [TRACE], "{log}");
    let requests = with("request to Jenkins");
    assert!(!requests.is_empty() && requests.iter().all(|trace| trace == TRACE), "{log}");
}

async fn calls_at_once_keep_their_traces_apart(artifact: Artifact) {
    let jenkins = controller().await;
    jenkins.set_latency(std::time::Duration::from_millis(50));
    let server = server(artifact, &jenkins, &[]).await;
    let calls = (1..=20_u32).map(|build| {
        let server = &server;
        async move {
            let parent = format!("00-{build:032x}-00f067aa0ba902b7-01");
            let arguments = json!({"job": "heartbeat", "build": build.to_string()});
            let call = json!({"name": "get_build", "arguments": arguments});
            let answer = server.mcp("tools/call", call, &[("traceparent", &parent)]).await.unwrap().json();
            assert_eq!(answer["result"]["structuredContent"]["number"], build, "{answer}");
        }
    });
    futures_util::future::join_all(calls).await;
    let mut seen = 0;
    for request in jenkins.requests() {
        let Some((_, rest)) = request.path.split_once("/job/heartbeat/") else { continue };
        let Ok(build) = rest.split('/').next().unwrap().parse::<u32>() else { continue };
        let header = |name: &str| request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let parent = header("traceparent").unwrap_or_else(|| panic!("{} has no trace", request.path));
        assert!(parent.starts_with(&format!("00-{build:032x}-")), "{}: {parent}", request.path);
        seen += 1;
    }
    assert!(seen >= 20, "{seen}");
}

async fn the_text_log_is_found_by_the_words_of_the_runbook_and_holds_no_secret(artifact: Artifact) {
    let jenkins = controller().await;
    jenkins.set_fault_on("job/heartbeat/7", None, Fault::Status(401));
    jenkins.set_fault_on("job/heartbeat/8", None, Fault::RateLimited(17));
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("jankins.log");
    let host = Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin).env("JANKINS_LOG_FILE", &log);
    for build in ["7", "8"] {
        let output =
            host.clone().args(["--log-level", "info", "call", "get-build", "--job", "heartbeat", "--build", build]).run().await.unwrap();
        assert!(!output.status.success());
    }
    let text = read(&log);
    let has = |words: &[&str]| text.lines().any(|line| words.iter().all(|word| line.contains(word)));
    assert!(has(&["ERROR", "unauthorized"]), "{text}");
    assert!(has(&["WARN", "rate limit", "user=", "retry_after_s=17"]), "{text}");
    assert!(!text.contains('\u{1b}'), "a file has no colours: {text}");
    assert_no_secret(&[&text]);
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_file_that_cannot_be_written_is_an_error_at_the_start() {
    let host = Host::new(Artifact::P3).unwrap().env("JANKINS_LOG_FILE", "/no/such/directory/jankins.log");
    let output = host.args(["tools"]).run().await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("log file"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_asked_from_the_command_line_as_a_container_does() {
    let jenkins = controller().await;
    let server = server(Artifact::P3, &jenkins, &[]).await;
    let health = |address: &str, more: &[&str]| {
        Host::new(Artifact::P3).unwrap().env("JANKINS_BIND", address).arg("health").args(more.iter().copied())
    };
    let own = health(server.address(), &["--ready"]).run().await.unwrap();
    assert!(own.status.success(), "{own:?}");
    assert!(String::from_utf8_lossy(&own.stdout).contains("\"ready\":true"), "{own:?}");
    jenkins.set_fault(Fault::Starting);
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    assert!(health(server.address(), &[]).run().await.unwrap().status.success(), "the process is well");
    assert_eq!(health(server.address(), &["--ready"]).run().await.unwrap().status.code(), Some(1));
    let nobody = health("127.0.0.1:1", &[]).run().await.unwrap();
    assert!(!nobody.status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_the_log_is_answered_all_the_same() {
    let jenkins = controller().await;
    answers_while_its_log_stands_still(Host::new(Artifact::P3).unwrap().against(&jenkins.url(), User::Admin)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_file_that_takes_nothing_holds_up_no_call() {
    let jenkins = controller().await;
    let directory = tempfile::tempdir().unwrap();
    // What a disk that hangs is to whoever writes.
    let file = directory.path().join("jankins.log");
    assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
    let _never_read = std::fs::File::options().read(true).write(true).open(&file).unwrap();
    let host = Host::new(Artifact::P3).unwrap().against(&jenkins.url(), User::Admin);
    answers_while_its_log_stands_still(host.env("JANKINS_LOG_FILE", &file)).await;
}

async fn answers_while_its_log_stands_still(host: Host) {
    use tokio::io::AsyncBufReadExt as _;
    use tokio::io::AsyncWriteExt as _;

    // Some megabytes of log, and no pipe holds so much.
    const CALLS: usize = 1_500;
    let host = host.env("JANKINS_LOG_LEVEL", "debug");
    let mut child = host.command().stdin(std::process::Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = tokio::io::BufReader::new(child.stdout.take().unwrap()).lines();
    let whoami = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami", "arguments": {}}});
    let client = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "e2e", "version": "1"}});
    let initialize = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": client});
    for message in std::iter::once(initialize).chain(std::iter::repeat_n(whoami, CALLS)) {
        input.write_all(format!("{message}\n").as_bytes()).await.unwrap();
        let answer = tokio::time::timeout(std::time::Duration::from_secs(60), output.next_line());
        let answer = answer.await.expect("an answer in time").unwrap().expect("an answer");
        assert!(!answer.contains("isError\":true"), "{answer}");
    }
    drop(input);
    let status = tokio::time::timeout(std::time::Duration::from_secs(60), child.wait()).await.expect("it ends").unwrap();
    assert!(status.success(), "{status}");
}
