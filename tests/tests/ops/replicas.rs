//! Several replicas: behind HAProxy as `ops/proxy/haproxy.cfg` sets it up, and with limits that they share.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::host::Http;
use jankins_tests::host::artifacts;
use jankins_tests::host::mcp;
use jankins_tests::host::send;
use jankins_tests::simulator::Simulator;
use jankins_tests::simulator::SimulatorOptions;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;
use sha2::Digest as _;
use sha2::Sha256;
use tempfile::TempDir;
use tokio::process::Child;
use tokio::process::Command;

use super::programs;
use super::prometheus::free_port;

/// Tenants enough that two replicas both get some, whatever the hash.
const TENANTS: usize = 12;

fn token(tenant: usize) -> String {
    format!("token-of-tenant-{tenant}")
}

fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// A configuration of all tenants, with more at its top.
fn configuration(directory: &TempDir, jenkins: &Simulator, top: &str) -> std::path::PathBuf {
    let secret = directory.path().join("token");
    std::fs::write(&secret, User::Reader.token()).unwrap();
    let mut text = format!("{top}\n");
    for tenant in 0..TENANTS {
        text.push_str(&format!("[tenants.t{tenant}]\nurl = {:?}\nuser = \"reader\"\ntoken_file = {secret:?}\n", jenkins.url()));
        text.push_str(&format!("[[tokens]]\nhash = \"{}\"\ntenant = \"t{tenant}\"\nuser = \"user-{tenant}\"\n", hash(&token(tenant))));
    }
    let file = directory.path().join("config.toml");
    std::fs::write(&file, text).unwrap();
    file
}

async fn replica(config: &std::path::Path) -> Http {
    Host::new(Artifact::P3).unwrap().env("JANKINS_CONFIG", config).http().await.unwrap()
}

/// One call of a tenant at an address.
async fn whoami(address: &str, tenant: usize) -> anyhow::Result<Value> {
    let authorization = format!("Bearer {}", token(tenant));
    let call = json!({"name": "whoami", "arguments": {}});
    let answer = mcp(address, "tools/call", call, &[("Authorization", &authorization)]).await?;
    anyhow::ensure!(answer.status == 200, "{} {}", answer.status, answer.body);
    Ok(answer.json())
}

/// Good calls of each tenant that a replica has counted.
async fn calls(replica: &Http) -> BTreeMap<String, u64> {
    let page = replica.get("/_metrics").await.unwrap().body;
    let lines = page.lines().filter_map(|line| line.strip_prefix("jankins_tenant_requests_total{tenant=\""));
    let counts = lines.filter_map(|line| line.split_once("\",outcome=\"ok\"} "));
    counts.map(|(tenant, count)| (tenant.to_owned(), count.parse().unwrap())).filter(|(_, count)| *count > 0).collect()
}

/// HAProxy with our configuration, on ports of this test.
async fn balancer(directory: &TempDir, replicas: [&Http; 2]) -> Option<(Child, String)> {
    let program = programs::find("haproxy", "haproxy")?;
    let address = format!("127.0.0.1:{}", free_port());
    let config = std::fs::read_to_string(artifacts::root().join("ops/proxy/haproxy.cfg")).unwrap();
    let config = config.replace("127.0.0.1:8080", &address);
    let config = config.replace("127.0.0.1:8081", replicas[0].address()).replace("127.0.0.1:8082", replicas[1].address());
    let file = directory.path().join("haproxy.cfg");
    std::fs::write(&file, config).unwrap();
    let child =
        Command::new(program).arg("-db").arg("-f").arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn();
    let child = child.unwrap();
    for _ in 0..200 {
        if whoami(&address, 0).await.is_ok() {
            return Some((child, address));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("haproxy does not pass calls on");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_tenant_keeps_its_replica_and_a_replica_that_goes_costs_no_call() {
    let jenkins = Simulator::start(SimulatorOptions::default()).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let config = configuration(&directory, &jenkins, "");
    let (one, other) = (replica(&config).await, replica(&config).await);
    let Some((_proxy, address)) = balancer(&directory, [&one, &other]).await else { return };

    for _ in 0..5 {
        for tenant in 0..TENANTS {
            let answer = whoami(&address, tenant).await.unwrap();
            assert_eq!(answer["result"]["structuredContent"]["name"], "reader", "{answer}");
        }
    }
    let (first, second) = (calls(&one).await, calls(&other).await);
    assert!(!first.is_empty() && !second.is_empty(), "one replica has it all: {first:?} {second:?}");
    assert!(first.keys().all(|tenant| !second.contains_key(tenant)), "a tenant is cached twice: {first:?} {second:?}");
    assert_eq!(first.len() + second.len(), TENANTS);

    // The operational endpoints are not for clients.
    let hidden = send(&address, hyper::Method::GET, "/_metrics", &[], String::new()).await.unwrap();
    assert_eq!(hidden.status, 404);

    // One stops as for an update, under load: what it has begun it finishes, what it refuses goes to the other.
    let stop = Arc::new(AtomicBool::new(false));
    let load = (0..TENANTS).map(|tenant| {
        let (address, stop) = (address.clone(), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut answered = 0_u32;
            while !stop.load(Ordering::Relaxed) {
                whoami(&address, tenant).await.map_err(|error| format!("tenant {tenant} after {answered} calls: {error:#}"))?;
                answered += 1;
            }
            Ok::<u32, String>(answered)
        })
    });
    let load: Vec<_> = load.collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    one.terminate().unwrap();
    let (status, log) = one.ended().await.unwrap();
    assert!(status.success(), "{status}: {log}");
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    stop.store(true, Ordering::Relaxed);
    for caller in load {
        assert!(caller.await.unwrap().unwrap() > 0);
    }
    assert_eq!(calls(&other).await.len(), TENANTS, "all have moved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_limit_holds_for_two_replicas_together_and_its_own_for_each_without_the_store() {
    let Some(redis) = programs::find("redis-server", "redis-server") else { return };
    let port = free_port();
    let mut store = Command::new(redis)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let jenkins = Simulator::start(SimulatorOptions::default()).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let limit = "[classes.default]\nrequests_per_minute = 6\nburst_size = 10\n";
    let top = format!("shared_limits = \"redis://127.0.0.1:{port}/\"\n{limit}");
    let config = configuration(&directory, &jenkins, &top);
    let (one, other) = (replica(&config).await, replica(&config).await);
    let passed = async |tenant: usize| {
        let mut passed = 0;
        for call in 0..30 {
            let replica = if call % 2 == 0 { &one } else { &other };
            match whoami(replica.address(), tenant).await {
                Ok(answer) if answer["result"]["isError"] != true => passed += 1,
                Ok(answer) => assert_eq!(answer["result"]["structuredContent"]["error"]["code"], "rate-limited", "{answer}"),
                // A flood is refused unread.
                Err(error) => assert!(error.to_string().starts_with("429"), "{error}"),
            }
        }
        passed
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    let together = passed(0).await;
    assert!((10..=11).contains(&together), "{together} calls passed where ten may");
    assert!((10..=11).contains(&passed(1).await), "each user has a bucket");

    store.kill().await.unwrap();
    let apart = passed(2).await;
    assert!(apart > together, "without the store each replica holds its own limit: {apart}");
}
