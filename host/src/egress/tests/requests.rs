//! What leaves, and what comes back, when all is well or denied.

use super::*;
use http::StatusCode;

#[tokio::test]
async fn a_request_leaves_with_our_credentials_and_host_and_without_what_is_only_for_us() {
    let server = Server::start(echo()).await;
    let subject = Subject::new(Settings { identity: Some(Identity::fixed("alice", "s3cret")), ..settings(&server.url()) });
    let request = subject
        .request(Method::POST, "/a/b?x=1")
        .header("authorization", "Bearer forged")
        .header("host", "evil.test")
        .header("jankins-endpoint", "build")
        .header("x-request-id", "call-7")
        .header("accept", "application/json")
        .body(full("hello"))
        .unwrap();
    let seen = text(subject.send(request).await.unwrap()).await.unwrap();
    assert!(seen.starts_with("POST /a/b?x=1\n"), "{seen}");
    assert!(seen.contains("authorization: Basic YWxpY2U6czNjcmV0\n"), "{seen}");
    assert!(seen.contains(&format!("host: {}\n", server.address)), "{seen}");
    assert!(seen.contains("x-request-id: call-7\n"), "{seen}");
    assert!(seen.contains("content-length: 5\n"), "{seen}");
    assert!(seen.contains("user-agent: jankins/"), "{seen}");
    assert!(seen.ends_with("\n\nhello"), "{seen}");
    assert!(!seen.contains("forged") && !seen.contains("evil") && !seen.contains("jankins-endpoint"), "{seen}");

    let [exchange] = subject.exchanges().try_into().unwrap();
    assert_eq!((exchange.endpoint.as_str(), exchange.method, exchange.status), ("build", "POST", Some(200)));
    assert_eq!((exchange.request_bytes, exchange.response_bytes), (5, seen.len() as u64));
    assert_eq!((exchange.error, exchange.correlation_id.as_deref()), (None, Some("call-7")));
}

#[tokio::test]
async fn a_redirect_is_handed_on_and_not_followed() {
    let server = Server::start(handler(|_| async {
        Response::builder().status(302).header("location", "http://169.254.169.254/").body(Full::default()).unwrap()
    }))
    .await;
    let subject = Subject::new(settings(&server.url()));
    let response = subject.get("/").await.unwrap();
    assert_eq!(response.status(), StatusCode::FOUND);
    assert_eq!(response.headers()["location"], "http://169.254.169.254/");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn another_origin_is_denied_before_any_connection() {
    let (own, other) = (Server::start(echo()).await, Server::start(echo()).await);
    let subject = Subject::new(settings(&own.url()));
    let request = Request::builder().uri(other.url()).body(empty()).unwrap();
    assert!(matches!(subject.send(request).await, Err(Error::HttpRequestDenied)));
    assert_eq!(subject.last_error(), Some("denied-origin"));
    assert_eq!((own.connections(), other.connections()), (0, 0));
}

#[tokio::test]
async fn a_read_only_tenant_cannot_write_but_validate() {
    let server = Server::start(echo()).await;
    let subject =
        Subject::new(Settings { read_only: true, read_only_posts: vec!["/check/validate".to_owned()], ..settings(&server.url()) });
    assert!(matches!(subject.post("/job/x/build", "").await, Err(Error::HttpRequestDenied)));
    assert_eq!(subject.last_error(), Some("denied-read-only"));
    assert_eq!(server.connections(), 0);
    assert!(subject.post("/check/validate", "a=b").await.is_ok());
    assert!(subject.get("/job/x/build").await.is_ok());
}

#[tokio::test]
async fn requests_share_a_connection() {
    let server = Server::start(echo()).await;
    let subject = Subject::new(settings(&server.url()));
    for _ in 0..5 {
        subject.get_text("/").await.unwrap();
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_while_idle_is_replaced_without_the_plugin_noticing() {
    let url = raw(|mut stream| async move {
        use tokio::io::AsyncWriteExt;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nbye").await.unwrap();
    })
    .await;
    let subject = Subject::new(settings(&url));
    for _ in 0..3 {
        assert_eq!(subject.get_text("/").await.unwrap(), "bye");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

#[tokio::test]
async fn a_name_is_looked_up_once_per_connection_and_that_answer_is_dialled() {
    let server = Server::start(echo()).await;
    let (lookup, asked) = fixed_lookup(&["127.0.0.1"]);
    let url = format!("http://localhost:{}/", server.address.port());
    let subject = Subject::with_lookup(settings(&url), lookup);
    let seen = subject.get_text("/").await.unwrap();
    assert!(seen.contains(&format!("host: localhost:{}\n", server.address.port())), "{seen}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_ordinary_name_that_leads_to_this_machine_is_not_dialled() {
    let server = Server::start(echo()).await;
    let (lookup, _) = fixed_lookup(&["127.0.0.1", "::ffff:127.0.0.1"]);
    let url = format!("http://ci.example.com:{}/", server.address.port());
    let subject = Subject::with_lookup(settings(&url), lookup);
    assert!(matches!(subject.get("/").await, Err(Error::DestinationIpProhibited)));
    assert_eq!(subject.last_error(), Some("address-refused"));
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_controller_with_two_hundred_headers_is_understood() {
    let server = Server::start(handler(|_| async {
        let mut response = Response::builder();
        for n in 0..200 {
            response = response.header("x-in-group", format!("group-{n}"));
        }
        response.body(Full::default()).unwrap()
    }))
    .await;
    let response = Subject::new(settings(&server.url())).get("/").await.unwrap();
    assert_eq!(response.headers().get_all("x-in-group").iter().count(), 200);
}
