//! Every way to fail has an error code of its own for the plugin and a label of its own for the operator.

use super::*;
use std::io;
use tokio::io::AsyncWriteExt;

/// What a server does that writes `answer` and then closes the connection.
async fn writes(answer: &'static str) -> Subject {
    Subject::new(settings(
        &raw(move |mut stream| async move {
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        })
        .await,
    ))
}

#[tokio::test]
async fn nobody_listening_is_connection_refused() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let subject = Subject::new(settings(&format!("http://{address}/")));
    assert!(matches!(subject.get("/").await, Err(Error::ConnectionRefused)));
    assert_eq!(subject.last_error(), Some("connection-refused"));
}

#[tokio::test]
async fn an_unknown_name_is_a_dns_error_with_its_reason() {
    let lookup: Lookup = Arc::new(|_| Box::pin(async { Err(io::Error::other("no such name")) }));
    let subject = Subject::with_lookup(settings("http://ci.example.com/"), lookup);
    let error = subject.get("/").await.unwrap_err();
    assert!(matches!(error, Error::DnsError { rcode: Some(reason), .. } if reason == "no such name"));
    assert_eq!(subject.last_error(), Some("name-not-found"));
}

#[tokio::test]
async fn a_hanging_lookup_is_a_dns_timeout() {
    let lookup: Lookup = Arc::new(|_| Box::pin(std::future::pending()));
    let subject = Subject::with_lookup(impatient("http://ci.example.com/"), lookup);
    assert!(matches!(subject.get("/").await, Err(Error::DnsTimeout)));
    assert_eq!(subject.last_error(), Some("name-timeout"));
}

#[tokio::test]
async fn a_server_that_never_answers_is_a_response_timeout() {
    let subject = Subject::new(impatient(&raw(hang).await));
    assert!(matches!(subject.get("/").await, Err(Error::HttpResponseTimeout)));
    assert_eq!(subject.last_error(), Some("response-timeout"));
}

#[tokio::test]
async fn a_plugin_may_be_less_patient_than_the_operator_but_not_more() {
    let server = Server::start(handler(|_| async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        Response::new(Full::from("late"))
    }))
    .await;
    let wait = |own: u64, asked: u64| {
        let mut settings = settings(&server.url());
        settings.timeouts.first_byte = Duration::from_millis(own);
        let first_byte_timeout = Some(Duration::from_millis(asked));
        let options = RequestOptions { first_byte_timeout, ..RequestOptions::default() };
        async move {
            let subject = Subject::new(settings);
            let request = subject.request(Method::GET, "/").body(empty()).unwrap();
            subject.send_with(request, Some(options)).await.map(drop)
        }
    };
    assert!(matches!(wait(5000, 30).await, Err(Error::HttpResponseTimeout)));
    assert!(matches!(wait(30, 5000).await, Err(Error::HttpResponseTimeout)));
    assert!(wait(5000, 5000).await.is_ok());
}

#[tokio::test]
async fn a_body_that_stalls_is_a_read_timeout() {
    let subject = Subject::new(impatient(
        &raw(|mut stream| async move {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await.unwrap();
            hang(stream).await;
        })
        .await,
    ));
    let response = subject.get("/").await.unwrap();
    assert!(matches!(text(response).await, Err(Error::ConnectionReadTimeout)));
    let [exchange] = subject.exchanges().try_into().unwrap();
    assert_eq!((exchange.status, exchange.error, exchange.response_bytes), (Some(200), Some("read-timeout"), 4));
}

#[tokio::test]
async fn a_slow_reader_is_not_taken_for_a_stalled_server() {
    let timeouts = all_timeouts(300);
    let subject = Subject::new(Settings {
        timeouts,
        ..settings(
            &raw(|mut stream| async move {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nhalf").await.unwrap();
                tokio::time::sleep(Duration::from_millis(500)).await;
                stream.write_all(b"rest").await.unwrap();
            })
            .await,
        )
    });
    let mut response = subject.get("/").await.unwrap();
    assert_eq!(response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap(), "half");
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(text(response).await.unwrap(), "rest");
}

#[tokio::test]
async fn a_body_shorter_than_announced_is_incomplete() {
    let subject = writes("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await;
    let response = subject.get("/").await.unwrap();
    assert!(matches!(text(response).await, Err(Error::HttpResponseIncomplete)));
    assert_eq!(subject.last_error(), Some("truncated"));
}

#[tokio::test]
async fn a_chunked_body_without_its_end_is_incomplete() {
    let subject = writes("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n").await;
    let response = subject.get("/").await.unwrap();
    assert!(matches!(text(response).await, Err(Error::HttpResponseIncomplete)));
}

#[tokio::test]
async fn a_connection_closed_before_the_response_is_terminated() {
    let subject = writes("").await;
    assert!(matches!(subject.get("/").await, Err(Error::ConnectionTerminated)));
    assert_eq!(subject.last_error(), Some("connection-lost"));
}

#[tokio::test]
async fn a_connection_reset_in_the_body_is_terminated() {
    let subject = Subject::new(settings(
        &raw(|mut stream| async move {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            // Closing with a zero linger time sends a reset instead of an end of file.
            stream.set_zero_linger().unwrap();
        })
        .await,
    ));
    let response = subject.get("/").await.unwrap();
    assert!(matches!(text(response).await, Err(Error::ConnectionTerminated)));
    assert_eq!(subject.last_error(), Some("connection-lost"));
}

#[tokio::test]
async fn something_that_is_not_http_is_a_protocol_error() {
    let subject = writes("SSH-2.0-OpenSSH_9.6\r\n").await;
    assert!(matches!(subject.get("/").await, Err(Error::HttpProtocolError)));
    assert_eq!(subject.last_error(), Some("protocol"));
}

#[tokio::test]
async fn an_abandoned_request_is_reported_as_cancelled() {
    let subject = Subject::new(settings(&raw(hang).await));
    let waited = tokio::time::timeout(Duration::from_millis(50), subject.get("/")).await;
    assert!(waited.is_err());
    assert_eq!(subject.last_error(), Some("cancelled"));
}
