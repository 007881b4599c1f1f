//! Where the API token must never stand, wherever it came from: logs, metrics, answers, cassettes, what a plugin says,
//! and the plugin's own memory.

use std::time::Duration;

use hyper::Method;
use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::host::Http;
use jankins_tests::host::artifacts;
#[cfg(target_os = "linux")]
use jankins_tests::host::guest_memory;
use jankins_tests::simulator::Fault;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;
use sha2::Digest as _;
use sha2::Sha256;

use super::check::proxy;
use super::config_file::ConfigFile;
use super::config_file::call_as;
use super::config_file::token;
use super::jwt;
use super::support::assert_no_secret;
use super::support::controller;
use super::support::secrets;

on_both_artifacts! {
    a_token_from_the_environment_stays_in_the_host
    a_token_from_a_file_stays_in_the_host
    a_plugin_that_looks_for_the_token_finds_none
}

async fn call(server: &Http, tool: &str, arguments: Value) -> String {
    server.mcp("tools/call", json!({"name": tool, "arguments": arguments}), &[]).await.unwrap().body
}

fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// The plugin's memory holds what it may know, and that proves that it was looked at; and no secret.
#[cfg(target_os = "linux")]
fn assert_memory_holds_none_of(secrets: &[String], server: &Http, known: &str) {
    #[cfg(target_os = "linux")]
    let memory = guest_memory(server.id().unwrap()).unwrap();
    assert!(holds(&memory, known), "{known} is not in the plugin's memory: is it looked at?");
    for secret in secrets {
        assert!(!holds(&memory, secret), "{secret} stands in the plugin's memory");
    }
}

#[cfg(not(target_os = "linux"))]
fn assert_memory_holds_none_of(_: &[String], _: &Http, _: &str) {}

/// Uses the host in every way that could show what it knows, and looks at all it says.
async fn exercised(host: Host, url: &str, jenkins: &jankins_tests::simulator::Simulator) {
    let folder = tempfile::tempdir().unwrap();
    let cassette = folder.path().join("session.cassette");
    let server = host.env("JANKINS_LOG_LEVEL", "trace").env("JANKINS_RECORD", &cassette).http().await.unwrap();
    let mut heard = vec![];
    for (tool, arguments) in [
        ("whoami", json!({})),
        ("get_build", json!({"job": "rust-core", "build": "2"})),
        ("triage_failure", json!({"job": "shop/checkout/main", "build": "last-failed"})),
        ("get_build", json!({"job": "no/such"})),
        ("get_build", json!({"jbo": "x"})),
        ("list_jobs", json!({"name_regex": "("})),
        ("no_such_tool", json!({})),
    ] {
        heard.push(call(&server, tool, arguments).await);
    }
    assert_memory_holds_none_of(&secrets(), &server, url.trim_end_matches('/'));
    jenkins.set_fault(Fault::Status(401));
    heard.push(call(&server, "get_build", json!({"job": "heartbeat", "build": "7"})).await);
    jenkins.clear_faults();
    jenkins.set_fault(Fault::Drop);
    heard.push(call(&server, "get_build", json!({"job": "heartbeat", "build": "8"})).await);
    jenkins.clear_faults();
    for path in ["/_health", "/_ready", "/_metrics", "/mcp", "/_no_such_page"] {
        heard.push(server.get(path).await.unwrap().body);
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.terminate().unwrap();
    let (_, log) = server.ended().await.unwrap();
    assert!(log.contains("DEBUG") && log.contains("whoami"), "{log}");
    heard.push(log);
    heard.push(std::fs::read_to_string(&cassette).unwrap());
    let heard: Vec<&str> = heard.iter().map(String::as_str).collect();
    assert_no_secret(&heard);
}

async fn a_token_from_the_environment_stays_in_the_host(artifact: Artifact) {
    let jenkins = controller().await;
    exercised(Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin), &jenkins.url(), &jenkins).await;
}

async fn a_token_from_a_file_stays_in_the_host(artifact: Artifact) {
    let jenkins = controller().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{}\n", User::Reader.token())).unwrap();
    let host = Host::new(artifact).unwrap().against(&jenkins.url(), User::Anonymous);
    let host = host.env("JENKINS_USER", User::Reader.name()).env("JENKINS_API_TOKEN_FILE", file);
    exercised(host, &jenkins.url(), &jenkins).await;
}

async fn a_plugin_that_looks_for_the_token_finds_none(artifact: Artifact) {
    let jenkins = controller().await;
    let host =
        Host::new(artifact).unwrap().against(&jenkins.url(), User::Admin).env("JANKINS_PLUGIN", artifacts::hostile(artifact).unwrap());
    let server = host.env("JANKINS_LOG_LEVEL", "debug").http().await.unwrap();
    let environment = call(&server, "attack", json!({"kind": "environment"})).await;
    assert!(environment.contains("JENKINS_URL"), "{environment}");
    let injected = call(&server, "attack", json!({"kind": "inject"})).await;
    assert_memory_holds_none_of(&secrets(), &server, jenkins.url().trim_end_matches('/'));
    let crashed = call(&server, "attack", json!({"kind": "crash"})).await;
    server.terminate().unwrap();
    let (_, log) = server.ended().await.unwrap();
    assert_no_secret(&[&environment, &injected, &crashed, &log]);
}

/// Nothing that was heard holds a secret, nor what the commands of an operator print.
async fn assert_nobody_told(secrets: &[String], mut heard: Vec<String>, host: &Host) {
    for command in [&["config"][..], &["check", "--json"]] {
        let output = host.clone().args(command.iter().copied()).run().await.unwrap();
        heard.extend([output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()));
    }
    for secret in secrets {
        for text in &heard {
            assert!(!text.contains(secret), "{secret} stands in: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_secret_that_the_host_is_told_stays_in_it() {
    use base64::Engine as _;
    let (jenkins, file) = (controller().await, ConfigFile::new(""));
    let address = jenkins.url().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let (proxy, asked) = proxy("", Some(address)).await;
    let proxy = proxy.replace("http://", "http://gate:proxy-canary@");
    let script = file.beside("token.sh", &format!("echo {}", User::Lin.token()));
    let front = file.beside("front", "front-canary");
    let (ada, entry) = token("ada", "shop").await;
    let operator = "operator-canary";
    let hash: String = Sha256::digest(operator).iter().map(|byte| format!("{byte:02x}")).collect();
    file.write(&format!(
        "operator_tokens = [\"sha256:{hash}\"]\n[tenants.shop]\nurl = {:?}\nuser = {:?}\ntoken_command = [\"sh\", {script:?}]\n\
         front_header = \"X-Front\"\nfront_header_file = {front:?}\nproxy = {proxy:?}\n{entry}",
        jenkins.url(),
        User::Lin.name(),
    ));
    let mut canaries = secrets();
    canaries.extend(["front-canary", "proxy-canary", operator, &ada].map(str::to_owned));
    canaries.push(base64::prelude::BASE64_STANDARD.encode("gate:proxy-canary"));

    let cassette = file.path().with_file_name("session.cassette");
    let host = file.host(Artifact::P3).env("JANKINS_LOG_LEVEL", "trace");
    let server = host.clone().env("JANKINS_RECORD", &cassette).http().await.unwrap();
    let mut heard = vec![];
    for (tool, arguments) in
        [("whoami", json!({})), ("get_build", json!({"job": "rust-core", "build": "2"})), ("get_job", json!({"job": "no"}))]
    {
        heard.push(call_as(&server, &ada, tool, arguments, &[]).await.body);
    }
    assert!(heard[0].contains("lin"), "{}", heard[0]);
    let sent = asked.lock().unwrap().to_ascii_lowercase();
    assert!(sent.contains("x-front: front-canary") && sent.contains("proxy-authorization: basic "), "{sent}");
    assert_memory_holds_none_of(&canaries, &server, jenkins.url().trim_end_matches('/'));
    let bearer = format!("Bearer {operator}");
    for (method, path) in [(Method::GET, "/_plugin"), (Method::POST, "/_plugin/rollback"), (Method::GET, "/_metrics")] {
        heard.push(server.send(method, path, &[("Authorization", &bearer)], String::new()).await.unwrap().body);
    }
    server.terminate().unwrap();
    heard.push(server.ended().await.unwrap().1);
    heard.push(std::fs::read_to_string(&cassette).unwrap());
    assert_nobody_told(&canaries, heard, &host).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_systemd_an_authorization_server_or_a_file_of_keys_entrusts_to_the_host_stays_in_it() {
    let (jenkins, issuer, file) = (controller().await, jwt::Issuer::new(), ConfigFile::new(""));
    let jwks = file.beside("jwks.json", &issuer.jwks());
    file.beside("jenkins-token", User::Lin.token());
    let password = file.beside("password", "redis-canary");
    let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["client".to_owned()]).unwrap();
    let (cert, key) = (file.beside("client.pem", &cert.pem()), file.beside("client.key", &signing_key.serialize_pem()));
    file.write(&format!(
        "shared_limits = \"redis://127.0.0.1:1/\"\nshared_limits_password_file = {password:?}\npublic_url = {:?}\n\
         [tenants.bank]\nurl = {:?}\nuser = {:?}\ntoken_credential = \"jenkins-token\"\n\
         [tenants.vault]\nurl = \"https://127.0.0.1:1/\"\nuser = \"x\"\ntoken_credential = \"jenkins-token\"\n\
         client_cert = {cert:?}\nclient_key = {key:?}\n\
         [oauth]\nissuer = {:?}\njwks_file = {jwks:?}\ntenant_claim = \"tenant\"\n",
        jwt::PUBLIC,
        jenkins.url(),
        User::Lin.name(),
        jwt::ISSUER,
    ));
    let [bank, vault] = ["bank", "vault"].map(|tenant| issuer.good(&jwt::claims(json!({"tenant": tenant}))));
    let pem = signing_key.serialize_pem();
    let mut canaries = secrets();
    // A line of the key; and signatures, without which the tokens open nothing.
    canaries.extend([pem.lines().nth(1).unwrap().to_owned(), "redis-canary".to_owned()]);
    canaries.extend([&bank, &vault].map(|token| token.rsplit('.').next().unwrap().to_owned()));

    let host = file.host(Artifact::P3).env("JANKINS_LOG_LEVEL", "trace").env("CREDENTIALS_DIRECTORY", file.path().parent().unwrap());
    let server = host.clone().http().await.unwrap();
    let mut heard = vec![call_as(&server, &bank, "whoami", json!({}), &[]).await.body];
    assert!(heard[0].contains("lin"), "{}", heard[0]);
    heard.push(call_as(&server, &vault, "whoami", json!({}), &[]).await.body);
    assert!(heard[1].contains("connection refused"), "{}", heard[1]);
    heard.push(call_as(&server, &format!("{bank}x"), "whoami", json!({}), &[]).await.body);
    #[cfg(target_os = "linux")]
    {
        let (key, memory) = (signing_key.serialize_der(), guest_memory(server.id().unwrap()).unwrap());
        assert!(!memory.windows(key.len()).any(|window| window == key), "the client's key stands in the plugin's memory");
    }
    assert_memory_holds_none_of(&canaries, &server, jenkins.url().trim_end_matches('/'));
    heard.push(server.get("/_metrics").await.unwrap().body);
    server.terminate().unwrap();
    heard.push(server.ended().await.unwrap().1);
    assert_nobody_told(&canaries, heard, &host).await;
}
