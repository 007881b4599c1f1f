//! The routes, over a real connection to a scripted tenant.

use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::*;
use crate::access::Access;
use crate::access::TokenHash;
use crate::config::AccessConfig;
use crate::http::endpoint::MAX_BODY_BYTES;
use crate::tenant::Tenant;
use crate::tenant::Tenants;
use crate::tenant::scripted::Script;
use crate::tenant::scripted::tenant;

async fn start(script: Script) -> (SocketAddr, Arc<Tenant>) {
    start_as(script, None).await
}

/// `pretend` is the address that the server believes to be bound to.
async fn start_as(script: Script, pretend: Option<SocketAddr>) -> (SocketAddr, Arc<Tenant>) {
    let tenant = tenant(script);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bound = listener.local_addr().unwrap();
    let options = HttpConfig { bind: bound, allowed_hosts: Vec::new(), allowed_origins: Vec::new() };
    let router = router(&site(&tenant), &options, pretend.unwrap_or(bound), CancellationToken::new(), Arc::default());
    tokio::spawn(axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).into_future());
    (bound, tenant)
}

fn site(tenant: &Arc<Tenant>) -> Arc<Site> {
    let operator_tokens = vec![TokenHash::of("operator's own")];
    let access = Access::new(AccessConfig { operator_tokens, ..AccessConfig::default() }, None).unwrap();
    Arc::new(Site::new(Tenants::of([Arc::clone(tenant)]), access).unwrap())
}

async fn send(address: SocketAddr, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn get_path(address: SocketAddr, path: &str) -> String {
    send(address, &format!("GET {path} HTTP/1.1\r\nHost: localhost"), "").await
}

const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;

async fn list_tools(address: SocketAddr, headers: &str) -> String {
    let head = format!("POST /mcp HTTP/1.1\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n{headers}");
    send(address, &head, LIST).await
}

#[tokio::test]
async fn health_says_what_is_running_and_asks_nobody() {
    let script = Script::default();
    let (address, _) = start(script.clone()).await;
    let answer = get_path(address, "/_health").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("\"component_digest\":\"sha256:none\""), "{answer}");
    assert_eq!(script.checks(), 0);
}

#[tokio::test]
async fn many_probes_at_once_make_one_check() {
    let script = Script::default().slow(Duration::from_millis(50));
    let (address, _) = start(script.clone()).await;
    let probes = (0..20).map(|_| get_path(address, "/_ready"));
    for answer in futures::future::join_all(probes).await {
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert_eq!(script.checks(), 1);
}

#[tokio::test]
async fn a_plugin_that_cannot_use_jenkins_is_not_ready_and_says_why() {
    let (address, _) = start(Script::default().unready("connection refused")).await;
    let answer = get_path(address, "/_ready").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("retry-after: 2"), "{answer}");
    assert!(answer.contains("unavailable: connection refused"), "{answer}");
}

#[tokio::test]
async fn a_draining_server_is_healthy_but_takes_nothing_new() {
    let (address, tenant) = start(Script::default()).await;
    tenant.lifecycle().drain(Duration::ZERO).await;
    assert!(get_path(address, "/_health").await.starts_with("HTTP/1.1 200"));
    assert!(get_path(address, "/_ready").await.starts_with("HTTP/1.1 503"));
    let refused = list_tools(address, "Host: localhost").await;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after: 5"), "{refused}");
}

#[tokio::test]
async fn a_stopping_server_listens_until_nobody_comes_any_more() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let options = HttpConfig { bind: address, allowed_hosts: Vec::new(), allowed_origins: Vec::new() };
    let site = site(&tenant(Script::default()));
    let server = tokio::spawn(async move { serve_on(listener, site, &options, async { Ok("test") }).await });
    for _ in 0..8 {
        tokio::time::sleep(QUIET / 4).await;
        let refused = list_tools(address, "Host: localhost").await;
        assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    }
    server.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn metrics_include_the_figures_of_the_plugin() {
    let (address, _) = start(Script::default()).await;
    let answer = get_path(address, "/_metrics").await;
    assert!(answer.contains("content-type: application/openmetrics-text"), "{answer}");
    assert!(answer.contains("jankins_cache_size{tenant=\"default\"} 7.0"), "{answer}");
}

#[tokio::test]
async fn the_cache_is_cleared_whole_or_by_job_and_only_by_post() {
    let (address, _) = start(Script::default()).await;
    let post = |path: &'static str| async move { send(address, &format!("POST {path} HTTP/1.1\r\nHost: localhost"), "").await };
    assert!(post("/_cache/clear").await.ends_with("{\"cleared\":7}"));
    assert!(post("/_cache/clear?job=shop").await.ends_with("{\"cleared\":1}"));
    assert!(get_path(address, "/_cache/clear").await.starts_with("HTTP/1.1 405"));
}

#[tokio::test]
async fn on_a_public_server_only_an_operator_clears_the_cache() {
    let (address, _) = start_as(Script::default(), Some(SocketAddr::from(([10, 0, 0, 1], 80)))).await;
    let clear =
        |headers: &'static str| async move { send(address, &format!("POST /_cache/clear HTTP/1.1\r\nHost: 10.0.0.1{headers}"), "").await };
    assert!(clear("").await.starts_with("HTTP/1.1 401"));
    assert!(clear("\r\nAuthorization: Bearer guessed").await.starts_with("HTTP/1.1 401"));
    assert!(clear("\r\nAuthorization: Bearer operator's own").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_client_of_any_age_lists_the_tools_without_a_session() {
    let (address, _) = start(Script::default()).await;
    let answer = list_tools(address, "Host: localhost").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("content-type: application/json"), "{answer}");
    assert!(answer.contains("\"drop_thing\""), "{answer}");
    assert!(!answer.contains("mcp-session-id"), "{answer}");
}

#[tokio::test]
async fn foreign_hosts_and_origins_are_refused_on_every_route() {
    let (address, _) = start(Script::default()).await;
    for headers in ["Host: evil.example", "Host: localhost\r\nOrigin: https://evil.example"] {
        let refused = list_tools(address, headers).await;
        assert!(refused.starts_with("HTTP/1.1 403"), "{headers}: {refused}");
        for path in ["/_health", "/_ready", "/_metrics"] {
            let refused = send(address, &format!("GET {path} HTTP/1.1\r\n{headers}"), "").await;
            assert!(refused.starts_with("HTTP/1.1 403"), "{path} {headers}: {refused}");
        }
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let (address, _) = start(Script::default()).await;
    let head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
        Accept: application/json, text/event-stream";
    let body = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"x\":\"{}\"}}", "x".repeat(MAX_BODY_BYTES));
    let answer = send(address, head, &body).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{}", answer.get(..200).unwrap_or(&answer));
}

#[tokio::test]
async fn a_stopping_server_delivers_the_answer_in_flight_and_then_ends() {
    let tenant = tenant(Script::default().slow(Duration::from_millis(300)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let options = HttpConfig { bind: address, allowed_hosts: Vec::new(), allowed_origins: Vec::new() };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let signal = async move {
        stopped.await.unwrap();
        Ok("SIGTERM")
    };
    let site = site(&tenant);
    let serving = tokio::spawn(async move { serve_on(listener, site, &options, signal).await });
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_thing","arguments":{"name":"a"}}}"#;
    let head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
        Accept: application/json, text/event-stream";
    let asked = tokio::spawn(async move { send(address, head, call).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.send(()).unwrap();
    let answer = asked.await.unwrap();
    assert!(answer.contains("read_thing done"), "{answer}");
    assert!(serving.await.unwrap().is_ok());
}
