//! Sizes and requests in flight.

use super::*;

#[tokio::test]
async fn a_body_too_large_is_refused_when_announced_and_else_when_it_gets_there() {
    let server = Server::start(handler(|_| async { Response::new(Full::from(vec![b'x'; 2000])) })).await;
    let subject = Subject::new(Settings { max_response_bytes: 1999, ..settings(&server.url()) });
    assert!(matches!(subject.get("/").await, Err(Error::HttpResponseBodySize(Some(2000)))));
    assert_eq!(subject.last_error(), Some("response-too-large"));

    let streamed = raw(|mut stream| async move {
        use tokio::io::AsyncWriteExt;
        let body = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "x".repeat(2000));
        stream.write_all(body.as_bytes()).await.unwrap();
    })
    .await;
    let subject = Subject::new(Settings { max_response_bytes: 1999, ..settings(&streamed) });
    let response = subject.get("/").await.unwrap();
    assert!(matches!(text(response).await, Err(Error::HttpResponseBodySize(Some(1999)))));
    assert_eq!(subject.last_error(), Some("response-too-large"));
}

#[tokio::test]
async fn a_head_response_may_announce_any_length() {
    let server = Server::start(handler(|_| async { Response::new(Full::from(vec![b'x'; 2000])) })).await;
    let subject = Subject::new(Settings { max_response_bytes: 10, ..settings(&server.url()) });
    let request = subject.request(Method::HEAD, "/").body(empty()).unwrap();
    let response = subject.send(request).await.unwrap();
    assert_eq!(response.headers()["content-length"], "2000");
    assert_eq!(text(response).await.unwrap(), "");
}

#[tokio::test]
async fn a_request_body_beyond_the_limit_is_refused() {
    let server = Server::start(echo()).await;
    let subject = Subject::new(settings(&server.url()));
    let refused = subject.post("/", &"x".repeat(16 * 1024 * 1024 + 1)).await;
    assert!(matches!(refused, Err(Error::HttpRequestBodySize(Some(_)))));
    assert_eq!(subject.last_error(), Some("request-too-large"));
}

#[tokio::test]
async fn a_plugin_that_never_ends_its_request_body_does_not_keep_its_slot() {
    let server = Server::start(echo()).await;
    let subject = Subject::new(Settings { max_in_flight: 1, ..impatient(&server.url()) });
    let endless = http_body_util::StreamBody::new(futures::stream::pending::<Result<http_body::Frame<Bytes>, Error>>());
    let request = subject.request(Method::POST, "/").body(endless.boxed_unsync()).unwrap();
    assert!(matches!(subject.send(request).await, Err(Error::ConnectionWriteTimeout)));
    assert_eq!(subject.last_error(), Some("request-stalled"));
    assert!(subject.get("/").await.is_ok());
}

#[tokio::test]
async fn no_more_requests_are_in_flight_than_allowed() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counters = (Arc::clone(&now), Arc::clone(&most));
    let server = Server::start(handler(move |_| {
        let (now, most) = (Arc::clone(&counters.0), Arc::clone(&counters.1));
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            Response::new(Full::from("done"))
        }
    }))
    .await;
    let subject = Subject::new(Settings { max_in_flight: 3, ..settings(&server.url()) });
    let answers = futures::future::join_all((0..12).map(|_| subject.get_text("/"))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(most.load(Ordering::SeqCst), 3);
    assert!(server.connections() <= 4, "{}", server.connections());
}

#[tokio::test]
async fn waiting_too_long_for_a_slot_is_busy_and_dropping_a_body_frees_one() {
    let server = Server::start(echo()).await;
    let subject = Subject::new(Settings { max_in_flight: 1, ..impatient(&server.url()) });
    let held = subject.get("/").await.unwrap();
    assert!(matches!(subject.get("/").await, Err(Error::ConnectionLimitReached)));
    assert_eq!(subject.last_error(), Some("busy"));
    drop(held);
    assert!(subject.get("/").await.is_ok());
}
