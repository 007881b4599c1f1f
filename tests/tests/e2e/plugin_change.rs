//! Another plugin in a running server, as its operator brings it about: by `jankins plugin` and by HTTP, while callers
//! are at work.

use std::path::Path;
use std::process::Output;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use futures_util::future::join_all;
use hyper::Method;
use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::host::Http;
use jankins_tests::host::HttpAnswer;
use jankins_tests::host::artifacts;
use jankins_tests::simulator::Fault;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;
use sha2::Digest as _;
use sha2::Sha256;

use super::config_file::ConfigFile;
use super::config_file::tenant;
use super::support::controller;

/// Callers at once. More than the cores of any test machine, so that every switch falls into calls under way.
const CALLERS: usize = 12;
/// How long callers work between two changes.
const PAUSE: Duration = Duration::from_millis(300);
/// Longest wait for something that happens by itself.
const PATIENCE: Duration = Duration::from_secs(20);

fn digest(file: &Path) -> String {
    Sha256::digest(std::fs::read(file).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Has the component compiled into the cache: how long that takes depends on the machine, and is no matter of these tests.
async fn compiled(artifact: Artifact) {
    let listed = Host::new(artifact).unwrap().arg("tools").run().await.unwrap();
    assert!(listed.status.success(), "{listed:?}");
}

/// `jankins plugin …` against the server.
async fn command(server: &Http, arguments: &[&str]) -> Output {
    let host = Host::new(Artifact::P3).unwrap().arg("plugin").args(arguments.iter().copied());
    host.args(["--server", &format!("http://{}", server.address())]).run().await.unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

async fn post(server: &Http, path: &str, body: Value) -> HttpAnswer {
    server.send(Method::POST, path, &[], body.to_string()).await.unwrap()
}

/// What the only tenant uses.
async fn in_use(server: &Http) -> Value {
    server.get("/_plugin").await.unwrap().json()["tenants"][0].take()
}

/// The components that the metrics name.
async fn components(server: &Http) -> Vec<String> {
    let page = server.get("/_metrics").await.unwrap().body;
    let lines = page.lines().filter(|line| line.starts_with("jankins_build_info{"));
    lines.map(|line| line.split("component_digest=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()).collect()
}

async fn call(server: &Http, tool: &str, arguments: Value) -> Value {
    let answer = server.mcp("tools/call", json!({"name": tool, "arguments": arguments}), &[]).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["result"].take()
}

/// Asks for one build after the other until it is told to stop, and looks whether each answer is about that build.
async fn work(server: &Http, caller: usize, stop: &AtomicBool, answered: &AtomicU32) {
    let mut round = caller;
    while !stop.load(Ordering::Relaxed) {
        let number = round % 100 + 1;
        let result = call(server, "get_build", json!({"job": "heartbeat", "build": number.to_string()})).await;
        assert_ne!(result["isError"], true, "{result}");
        assert_eq!(result["structuredContent"]["number"], number, "{result}");
        answered.fetch_add(1, Ordering::Relaxed);
        round += CALLERS;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins_change_under_load_and_no_call_is_lost_or_answered_wrongly() {
    compiled(Artifact::P2).await;
    let jenkins = controller().await;
    jenkins.set_latency(Duration::from_millis(20));
    let server = Host::new(Artifact::P3).unwrap().against(&jenkins.url(), User::Admin).http().await.unwrap();
    let (stop, answered) = (AtomicBool::new(false), AtomicU32::new(0));
    let working = join_all((0..CALLERS).map(|caller| work(&server, caller, &stop, &answered)));
    let operating = async {
        switches(&server).await;
        refusals(&server, &jenkins).await;
        stop.store(true, Ordering::Relaxed);
    };
    tokio::join!(working, operating);
    assert!(answered.load(Ordering::Relaxed) > 100, "only {} calls", answered.load(Ordering::Relaxed));
    server.terminate().unwrap();
    let (status, log) = server.ended().await.unwrap();
    assert!(status.success());
    assert!(!log.contains("call failed"), "{log}");
}

/// To the WASI 0.2 component and back, by either way.
async fn switches(server: &Http) {
    let (p3, p2) = (Artifact::P3.path(), Artifact::P2.path());
    let (first, second) = (digest(&p3), digest(&p2));
    assert_eq!(components(server).await, [first.as_str()]);
    tokio::time::sleep(PAUSE).await;

    let used = command(server, &["use", p2.to_str().unwrap(), "--digest", &second]).await;
    assert!(used.status.success() && said(&used).contains("WASI 0.2"), "{}", said(&used));
    assert_eq!(components(server).await, [second.as_str()]);
    tokio::time::sleep(PAUSE).await;

    let used = post(server, "/_plugin/use", json!({"file": p3, "digest": format!("sha256:{first}")})).await;
    assert_eq!((used.status, &used.json()["plugin"]["wasi"]), (200, &json!("0.3")), "{used:?}");
    let now = in_use(server).await;
    assert_eq!((&now["plugin"]["digest"], &now["before"]["digest"], &now["on_trial"]), (&json!(first), &json!(second), &json!(true)));
    tokio::time::sleep(PAUSE).await;

    let back = command(server, &["rollback"]).await;
    assert!(back.status.success() && said(&back).contains("WASI 0.2"), "{}", said(&back));
    let again = post(server, "/_plugin/rollback", json!({})).await;
    assert_eq!((again.status, &again.json()["code"]), (409, &json!("nothing-before")), "{again:?}");
    let listed = command(server, &["list"]).await;
    assert!(said(&listed).contains("last change: rollback") && said(&listed).contains("could be used: "), "{}", said(&listed));
    assert_eq!(components(server).await, [second.as_str()]);
    tokio::time::sleep(PAUSE).await;
}

/// What is not the file that was meant, or does not do, changes nothing.
async fn refusals(server: &Http, jenkins: &jankins_tests::simulator::Simulator) {
    let before = in_use(server).await;
    let p3 = Artifact::P3.path();
    let folder = tempfile::tempdir().unwrap();
    let door = folder.path().join("door.wasm");
    let foreign = r#"(component (import "acme:host/door@1.0.0" (instance (export "open" (func)))))"#;
    std::fs::write(&door, wat::parse_str(foreign).unwrap()).unwrap();
    let text = folder.path().join("text.wasm");
    std::fs::write(&text, "no component").unwrap();
    let hostile = artifacts::hostile(Artifact::P3).unwrap();

    for (file, more, status, code, words) in [
        (&p3, json!({"digest": "00".repeat(32)}), 422, "digest", "digest"),
        (&door, json!({}), 422, "not-usable", "acme:host/door"),
        (&text, json!({}), 422, "not-usable", "text.wasm"),
        (&folder.path().join("none.wasm"), json!({}), 422, "not-usable", "none.wasm"),
        (&hostile, json!({}), 409, "incompatible", "stumble"),
        (&p3, json!({"tenant": "nobody"}), 404, "unknown-tenant", "nobody"),
        (&p3, json!({"digets": "x"}), 400, "bad-request", "digets"),
        (&Artifact::P2.path(), json!({}), 409, "in-use", "already"),
    ] {
        let mut order = more;
        order["file"] = json!(file);
        let refused = post(server, "/_plugin/use", order).await;
        let body = refused.json();
        assert_eq!((refused.status, &body["code"]), (status, &json!(code)), "{refused:?}");
        assert!(body["error"].as_str().unwrap().contains(words), "{body}");
    }
    // Callers never ask who they are; the plugin's own check does.
    jenkins.set_fault_on("whoAmI", None, Fault::Status(401));
    let refused = command(server, &["use", p3.to_str().unwrap()]).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("not changed: its own check fails"), "{}", said(&refused));
    jenkins.clear_faults();
    assert_eq!(in_use(server).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_crashes_is_given_up_by_itself_and_clients_hear_of_its_tools() {
    let jenkins = controller().await;
    let server = Host::new(Artifact::P3).unwrap().against(&jenkins.url(), User::Admin).http().await.unwrap();
    let discovered = server.modern("server/discover", json!({}), json!({})).await.unwrap().json();
    assert_eq!(discovered["result"]["capabilities"]["tools"]["listChanged"], true, "{discovered}");
    let listening = tokio::sync::Notify::new();
    let wanted = json!({"notifications": {"toolsListChanged": true}});
    let heard = server.events("subscriptions/listen", wanted, |messages| {
        if !messages.is_empty() {
            listening.notify_one();
        }
        messages.len() >= 3
    });
    let operating = async {
        listening.notified().await;
        let hostile = artifacts::hostile(Artifact::P3).unwrap();
        let used = command(&server, &["use", hostile.to_str().unwrap(), "--force"]).await;
        assert!(used.status.success() && said(&used).contains("gone: get_build"), "{}", said(&used));
        let tools = server.mcp("tools/list", json!({}), &[]).await.unwrap().json();
        assert_eq!(tools["result"]["tools"].as_array().unwrap().len(), 2, "{tools}");
        for _ in 0..3 {
            let crashed = call(&server, "attack", json!({"kind": "crash"})).await;
            assert_eq!(crashed["structuredContent"]["error"]["code"], "plugin-restarted", "{crashed}");
        }
        let begun = Instant::now();
        loop {
            let now = in_use(&server).await;
            if now["last_change"].as_str().unwrap().starts_with("automatic rollback: 3 of 3 calls failed") {
                assert_eq!(now["plugin"]["digest"], digest(&Artifact::P3.path()));
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "it is still used: {now}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (heard, ()) = tokio::join!(heard, operating);
    let methods: Vec<Value> = heard.unwrap().iter_mut().map(|message| message["method"].take()).collect();
    let changed = "notifications/tools/list_changed";
    assert_eq!(methods, ["notifications/subscriptions/acknowledged", changed, changed]);
    let build = call(&server, "get_build", json!({"job": "heartbeat", "build": "7"})).await;
    assert_eq!(build["structuredContent"]["number"], 7, "{build}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_keeps_the_plugin_in_use_unless_the_configuration_names_another() {
    compiled(Artifact::P2).await;
    let (jenkins, file) = (controller().await, ConfigFile::new(""));
    let copy = file.path().with_file_name("copy.wasm");
    std::fs::copy(Artifact::P3.path(), &copy).unwrap();
    let write = |plugin: &Path, timeout: u32| {
        file.write(&format!("timeout = {timeout}\n{}plugin = {plugin:?}\n", tenant(&file, "shop", &jenkins, User::Reader)));
    };
    write(&Artifact::P3.path(), 20);
    let server = file.serve(Artifact::P3).await;
    let used = post(&server, "/_plugin/use", json!({"file": Artifact::P2.path()})).await;
    assert_eq!(used.status, 200, "{used:?}");

    write(&Artifact::P3.path(), 25);
    let reloaded = post(&server, "/_config/reload", json!({})).await;
    assert_eq!((reloaded.status, &reloaded.json()["tenants"]["changed"]), (200, &json!(["shop"])), "{reloaded:?}");
    let now = in_use(&server).await;
    assert_eq!((&now["plugin"]["wasi"], &now["before"]["wasi"], &now["on_trial"]), (&json!("0.2"), &json!("0.3"), &json!(true)), "{now}");
    assert_eq!(components(&server).await, [digest(&Artifact::P2.path())]);

    write(&copy, 25);
    assert_eq!(post(&server, "/_config/reload", json!({})).await.status, 200);
    let now = in_use(&server).await;
    assert_eq!((&now["plugin"]["wasi"], &now["before"], &now["last_change"]), (&json!("0.3"), &Value::Null, &Value::Null), "{now}");
    let build = call(&server, "get_build", json!({"job": "heartbeat", "build": "7"})).await;
    assert_eq!(build["structuredContent"]["number"], 7, "{build}");
}
