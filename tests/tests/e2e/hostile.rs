//! A plugin that does its worst, in the released host: it harms its own calls and nothing else.
//!
//! Each attack is judged by what a platform team cares about: its caller is told, the next call finds a fresh instance
//! within milliseconds, the process keeps its memory, and nothing but allowed requests reaches the controller.

use std::time::Duration;
use std::time::Instant;

use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::host::Http;
use jankins_tests::host::artifacts;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::support::controller;
use super::support::text;

on_both_artifacts! {
    what_kills_an_instance_is_answered_and_replaced
    what_never_ends_is_answered_at_its_limit
    ten_thousand_requests_are_too_many
    what_is_too_much_is_refused_and_harms_nothing
    forged_requests_do_not_leave_the_host
    terminal_codes_of_a_plugin_reach_no_terminal
}

/// The host's own limit for a call, where a test does not wait for it.
const LIMIT: Duration = Duration::from_secs(5);
/// And where it does.
const SHORT: Duration = Duration::from_secs(1);

async fn hostile(artifact: Artifact, url: &str, limit: Duration) -> Http {
    let plugin = artifacts::hostile(artifact).unwrap();
    let limit = limit.as_secs().to_string();
    let host = Host::new(artifact).unwrap().against(url, User::Admin).env("JANKINS_PLUGIN", plugin).env("JANKINS_TIMEOUT", limit);
    host.http().await.unwrap()
}

/// A controller that takes requests and never answers one.
async fn silent() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut open = vec![];
        while let Ok((stream, _)) = listener.accept().await {
            open.push(stream);
        }
    });
    url
}

async fn attack(server: &Http, kind: &str) -> Value {
    let call = json!({"name": "attack", "arguments": {"kind": kind}});
    server.mcp("tools/call", call, &[]).await.unwrap().json()["result"].take()
}

fn code(result: &Value) -> &str {
    result["structuredContent"]["error"]["code"].as_str().unwrap_or_else(|| panic!("{result}"))
}

/// How many calls this instance has answered, and how long this one took.
async fn ping(server: &Http) -> (u64, Duration) {
    let begun = Instant::now();
    let answer = server.mcp("tools/call", json!({"name": "ping", "arguments": {}}), &[]).await.unwrap().json();
    let count = answer["result"]["structuredContent"]["value"].as_u64().unwrap_or_else(|| panic!("{answer}"));
    (count, begun.elapsed())
}

async fn figure(server: &Http, name: &str) -> f64 {
    let page = server.get("/_metrics").await.unwrap().body;
    let line = page.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}: {page}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

async fn resident_mib(server: &Http) -> f64 {
    figure(server, "jankins_process_resident_memory_bytes").await / 1024.0 / 1024.0
}

async fn what_kills_an_instance_is_answered_and_replaced(artifact: Artifact) {
    let server = hostile(artifact, &silent().await, LIMIT).await;
    let mut slowest = Duration::ZERO;
    for (kind, why) in [
        ("crash", "crashed"),
        ("recurse", "crashed"),
        ("exit", "ended itself"),
        ("hoard", "memory"),
        ("huge-answer", "crashed"),
        ("spin", "computed too long"),
        ("random", "computed too long"),
        ("shout", "computed too long"),
        ("fields", ""),
        ("bodies", ""),
        ("timers", ""),
    ] {
        assert!(ping(&server).await.0 >= 1);
        let before = resident_mib(&server).await;
        let begun = Instant::now();
        let result = attack(&server, kind).await;
        let took = begun.elapsed();
        assert_eq!(code(&result), "plugin-restarted", "{kind}: {result}");
        assert!(text(&result).contains(why), "{kind}: {}", text(&result));
        assert!(took < LIMIT, "{kind} took {took:?}");
        let (count, replaced) = ping(&server).await;
        assert_eq!(count, 1, "{kind} left its instance behind");
        slowest = slowest.max(replaced);
        let grown = resident_mib(&server).await - before;
        assert!(grown < 200.0, "{kind} left {grown} MiB behind");
    }
    // A whole HTTP exchange on a machine that has other work too; the benchmark holds it to the promised 10 ms.
    assert!(slowest < Duration::from_millis(500), "{slowest:?}");
    assert_eq!(server.get("/_health").await.unwrap().status, 200);
}

async fn what_never_ends_is_answered_at_its_limit(artifact: Artifact) {
    let server = hostile(artifact, &silent().await, SHORT).await;
    let begun = Instant::now();
    let result = attack(&server, "wait").await;
    assert_eq!(code(&result), "timeout", "{result}");
    assert!(begun.elapsed() < LIMIT, "{:?}", begun.elapsed());
    if artifact == Artifact::P3 {
        assert!(ping(&server).await.1 < Duration::from_millis(500), "calls beside it do not go on");
    }
    // The host's patience with an instance is four times the limit.
    let deadline = begun + SHORT * 4 + LIMIT;
    while figure(&server, "jankins_plugin_restarts_total{tenant=\"default\",reason=\"stuck\"}").await < 1.0 {
        assert!(Instant::now() < deadline, "the hanging instance still lives");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(ping(&server).await.0, 1);
}

async fn ten_thousand_requests_are_too_many(artifact: Artifact) {
    let server = hostile(artifact, &silent().await, SHORT).await;
    ping(&server).await;
    let before = resident_mib(&server).await;
    let result = attack(&server, "requests").await;
    match (artifact, code(&result)) {
        // One handle for each in WASI 0.2, and these are limited.
        (Artifact::P2, "plugin-restarted") => {}
        // In 0.3 most are refused at once, and the rest wait until their time is over; if refusing takes too long in one
        // go, that ends the instance.
        (Artifact::P3, "timeout" | "plugin-restarted") => {}
        (_, other) => panic!("{other}: {result}"),
    }
    let grown = resident_mib(&server).await - before;
    assert!(grown < 200.0, "they take {grown} MiB of the host");
    assert!(figure(&server, "jankins_process_open_fds").await < 400.0);
    assert!(ping(&server).await.1 < Duration::from_millis(500));
}

async fn what_is_too_much_is_refused_and_harms_nothing(artifact: Artifact) {
    let server = hostile(artifact, &silent().await, LIMIT).await;
    assert_eq!(ping(&server).await.0, 1);
    let headers = attack(&server, "headers").await;
    match artifact {
        Artifact::P3 => {
            let fitted: usize = text(&headers).parse().unwrap();
            assert!((100..1000).contains(&fitted), "{fitted} header fields fit into one request");
        }
        Artifact::P2 => assert_eq!(code(&headers), "plugin-restarted"),
    }
    let uploaded = attack(&server, "upload").await;
    assert!(text(&uploaded).contains("RequestBodySize"), "{uploaded}");
    let random = attack(&server, "random-huge").await;
    match artifact {
        Artifact::P3 => assert_eq!(text(&random), "65536"),
        Artifact::P2 => assert_eq!(code(&random), "plugin-restarted"),
    }
    let environment = attack(&server, "environment").await;
    let told: Vec<&str> = text(&environment).lines().filter_map(|line| line.split('=').next()).collect();
    assert!(told.iter().all(|name| *name == "JENKINS_URL" || name.starts_with("JANKINS_")), "{told:?}");
}

async fn forged_requests_do_not_leave_the_host(artifact: Artifact) {
    // Keeps what arrives, byte by byte: no library between that could mend or hide it.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = std::sync::Arc::new(tokio::sync::Mutex::new(String::new()));
    let hears = std::sync::Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let hears = std::sync::Arc::clone(&hears);
            tokio::spawn(async move {
                let mut chunk = [0; 4096];
                while let Ok(count @ 1..) = stream.read(&mut chunk).await {
                    hears.lock().await.push_str(&String::from_utf8_lossy(&chunk[..count]));
                    drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await);
                }
            });
        }
    });
    let server = hostile(artifact, &format!("http://{address}/"), LIMIT).await;
    let told = attack(&server, "inject").await;
    assert!(text(&told).ends_with("200"), "{}", text(&told));
    let heard = heard.lock().await.to_ascii_lowercase();
    assert!(heard.contains("get /forged http/1.1"), "{heard}");
    for trace in ["x-forged", "bearer", "zm9yz2vk", "chunked", "h2c", "admin\r\n", "delete", "keep-alive", "/../"] {
        assert!(!heard.contains(trace), "{trace} arrived: {heard}\n{}", text(&told));
    }
    // A path that begins with another authority is a path of this controller.
    for line in heard.lines().filter(|line| line.starts_with("host:")) {
        assert_eq!(line, format!("host: {address}"));
    }
}

async fn terminal_codes_of_a_plugin_reach_no_terminal(artifact: Artifact) {
    let plugin = artifacts::hostile(artifact).unwrap();
    let host = Host::new(artifact).unwrap().against(&silent().await, User::Admin).env("JANKINS_PLUGIN", plugin);
    let server = host.env("JANKINS_LOG_LEVEL", "debug").http().await.unwrap();
    assert_eq!(code(&attack(&server, "shout").await), "plugin-restarted");
    server.terminate().unwrap();
    let (_, log) = server.ended().await.unwrap();
    assert!(log.contains("a line of noise"), "{log}");
    assert!(!log.contains('\u{1b}'), "an escape sequence stands in the log");
    // Hundreds of thousands were written.
    let lines = log.lines().filter(|line| line.contains("a line of noise")).count();
    assert!(lines < 1000, "{lines} lines were logged");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_plugin_is_not_hindered_by_the_limits_of_the_sandbox() {
    // 256 calls at once, each with several requests: more handles than any other test opens.
    let jenkins = controller().await;
    let server = Host::new(Artifact::P3).unwrap().against(&jenkins.url(), User::Admin).http().await.unwrap();
    jenkins.set_latency(Duration::from_millis(200));
    let calls = (0..250).map(|number| {
        let server = &server;
        async move {
            let call =
                json!({"name": "get_build", "arguments": {"job": "heartbeat", "build": (number % 100 + 1).to_string(), "format": "full"}});
            let answer = server.mcp("tools/call", call, &[]).await.unwrap().json();
            assert_ne!(answer["result"]["isError"], true, "{answer}");
        }
    });
    futures_util::future::join_all(calls).await;
}
