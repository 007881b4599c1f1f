//! What a hostile plugin, name server or controller tries, and where it ends.

use super::*;
use http::HeaderValue;
use tokio::io::AsyncWriteExt;

async fn denied(subject: &Subject, uri: &str) {
    let request = Request::builder().uri(uri).body(empty()).unwrap();
    assert!(matches!(subject.send(request).await, Err(Error::HttpRequestDenied)), "{uri}");
}

#[tokio::test]
async fn no_spelling_of_another_address_is_reached() {
    let subject = Subject::with_lookup(settings("http://ci.example.com/"), Arc::new(|name| panic!("{name} was looked up")));
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "2130706433",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "localhost",
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
        "metadata.google.internal",
        "ci.example.com:81",
        "ci.example.com.",
        "user@ci.example.com",
        "user:password@ci.example.com",
        "ci.example.com@evil.test",
        "ci.example.com%2eevil.test",
    ] {
        // What cannot even be written as a request is as good as denied.
        if Request::builder().uri(format!("http://{host}/")).body(()).is_ok() {
            denied(&subject, &format!("http://{host}/")).await;
        }
    }
    for scheme in ["https", "ftp", "file", "gopher", "unix", "ws"] {
        denied(&subject, &format!("{scheme}://ci.example.com/")).await;
    }
}

#[tokio::test]
async fn an_odd_spelling_of_the_own_address_leaves_in_the_operators() {
    let server = Server::start(echo()).await;
    let subject = Subject::new(settings(&server.url()));
    for host in ["127.1", "0x7f.1", "2130706433"] {
        let uri = format!("http://{host}:{}/x", server.address.port());
        let request = Request::builder().uri(uri).body(empty()).unwrap();
        let seen = text(subject.send(request).await.unwrap()).await.unwrap();
        assert!(seen.contains(&format!("host: {}\n", server.address)), "{seen}");
    }
}

#[tokio::test]
async fn a_name_that_changes_its_answer_is_judged_anew_for_each_connection() {
    let url = raw(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
    })
    .await;
    let port = url.rsplit(':').next().unwrap().trim_end_matches('/').to_owned();
    let turn = Arc::new(AtomicUsize::new(0));
    let turns = Arc::clone(&turn);
    // First the controller, then this machine's metadata service: what a rebinding name server answers.
    let lookup: Lookup = Arc::new(move |_| {
        let ip = ["127.0.0.1", "169.254.169.254"][turns.fetch_add(1, Ordering::SeqCst) % 2];
        Box::pin(async move { Ok(vec![SocketAddr::new(ip.parse().unwrap(), 0)]) })
    });
    let subject = Subject::with_lookup(settings(&format!("http://jenkins.localhost:{port}/")), lookup);
    assert_eq!(subject.get_text("/").await.unwrap(), "ok");
    assert!(matches!(subject.get("/").await, Err(Error::DestinationIpProhibited)));
    assert_eq!(subject.last_error(), Some("address-refused"));
    assert_eq!(turn.load(Ordering::SeqCst), 2, "one lookup per connection, and none between judging and dialling");
}

#[tokio::test]
async fn a_redirect_is_the_plugins_to_follow_and_judged_like_any_request() {
    let server = Server::start(handler(|request| async move {
        let response = Response::builder();
        match request.uri().path() {
            "/jenkins/old" => response.status(302).header("location", "/jenkins/new").body(Full::default()),
            "/jenkins/out" => response.status(302).header("location", "/other/").body(Full::default()),
            _ => response.body(Full::from("new")),
        }
        .unwrap()
    }))
    .await;
    let subject = Subject::new(settings(&format!("{}jenkins", server.url())));
    let location = async |path: &str| {
        let response = subject.get(path).await.unwrap();
        format!("http://{}{}", server.address, response.headers()["location"].to_str().unwrap())
    };
    let next = Request::builder().uri(location("/old").await).body(empty()).unwrap();
    assert_eq!(text(subject.send(next).await.unwrap()).await.unwrap(), "new");
    denied(&subject, &location("/out").await).await;
    assert_eq!(subject.last_error(), Some("denied-path"));
}

#[test]
fn a_line_end_fits_into_no_part_of_a_request() {
    for bad in ["a\r\nx: y", "a\nb", "a\rb", "a\0b"] {
        assert!(HeaderValue::try_from(bad).is_err());
        assert!(http::HeaderName::try_from(bad).is_err());
        assert!(format!("http://ci.example.com/{bad}").parse::<http::Uri>().is_err());
        assert!(Method::from_bytes(bad.as_bytes()).is_err());
    }
}

/// The failure of a server that answers this head and more of it for ever.
async fn bombed(first: &'static str, again: &'static str) -> Subject {
    let url = raw(move |mut stream| async move {
        stream.write_all(first.as_bytes()).await.unwrap();
        while stream.write_all(again.as_bytes()).await.is_ok() {}
    })
    .await;
    let subject = Subject::new(Settings { timeouts: all_timeouts(2000), ..settings(&url) });
    let started = std::time::Instant::now();
    assert!(subject.get("/").await.is_err());
    assert!(started.elapsed() < Duration::from_secs(4));
    subject
}

#[tokio::test]
async fn a_head_without_end_is_cut_off() {
    let long_value = bombed("HTTP/1.1 200 OK\r\nx: ", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy").await;
    assert_eq!(long_value.last_error(), Some("response-head-too-large"));
    let many_fields = bombed("HTTP/1.1 200 OK\r\n", "x: y\r\n").await;
    assert_eq!(many_fields.last_error(), Some("response-head-too-large"));
    let never_final = bombed("", "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n").await;
    assert_eq!(never_final.last_error(), Some("response-timeout"));
}

#[tokio::test]
async fn a_head_that_trickles_is_a_response_timeout() {
    let url = raw(|mut stream| async move {
        while stream.write_all(b"H").await.is_ok() && stream.write_all(b"").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
    })
    .await;
    let subject = Subject::new(impatient(&url));
    assert!(matches!(subject.get("/").await, Err(Error::HttpResponseTimeout)));
}

#[tokio::test]
async fn a_late_response_is_never_given_to_the_next_request() {
    let server = Server::start(handler(|request| async move {
        let path = request.uri().path().to_owned();
        if path == "/slow" {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        Response::new(Full::from(path))
    }))
    .await;
    let subject = Subject::new(impatient(&server.url()));
    for _ in 0..3 {
        assert!(matches!(subject.get("/slow").await, Err(Error::HttpResponseTimeout)));
        assert_eq!(subject.get_text("/quick").await.unwrap(), "/quick");
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(subject.get_text("/quick").await.unwrap(), "/quick");
    }
}

#[tokio::test]
async fn a_connection_whose_body_was_left_unread_or_failed_serves_no_other_request() {
    let server = Server::start(handler(|request| async move {
        let size = if request.uri().path() == "/big" { 5_000_000 } else { 3 };
        Response::new(Full::from(vec![b'x'; size]))
    }))
    .await;
    let subject = Subject::new(Settings { max_response_bytes: 6_000_000, ..settings(&server.url()) });
    drop(subject.get("/big").await.unwrap());
    assert_eq!(subject.get_text("/small").await.unwrap(), "xxx");
    assert_eq!(server.connections(), 2, "the rest of the large body would have come first");

    let subject = Subject::new(Settings { max_response_bytes: 1_000_000, ..settings(&server.url()) });
    assert!(subject.get("/big").await.is_err());
    assert_eq!(subject.get_text("/small").await.unwrap(), "xxx");
}

#[tokio::test]
async fn request_bodies_share_one_room_and_give_it_back() {
    let server = Server::start(handler(|request| async move {
        Response::new(Full::from(request.into_body().collect().await.unwrap().to_bytes().len().to_string()))
    }))
    .await;
    let subject = Arc::new(Subject::new(Settings { max_in_flight: 8, ..settings(&server.url()) }));
    // Five bodies of 15 MiB that are never finished: the fifth has no room left beside the others.
    let mut senders = vec![];
    let mut sent = vec![];
    for _ in 0..5 {
        let (sender, receiver) = futures::channel::mpsc::unbounded::<Result<http_body::Frame<Bytes>, Error>>();
        sender.unbounded_send(Ok(http_body::Frame::data(Bytes::from(vec![0; 15 << 20])))).unwrap();
        let body = http_body_util::StreamBody::new(receiver).boxed_unsync();
        let request = subject.request(Method::POST, "/").body(body).unwrap();
        let subject = Arc::clone(&subject);
        senders.push(sender);
        sent.push(tokio::spawn(async move { subject.send(request).await.map(drop) }));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(matches!(sent.remove(4).await.unwrap(), Err(Error::ConnectionLimitReached)));
    assert_eq!(subject.last_error(), Some("busy"));
    for waiting in sent {
        waiting.abort();
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let size = 15 << 20;
    assert_eq!(text(subject.post("/", &"x".repeat(size)).await.unwrap()).await.unwrap(), size.to_string());
}

#[tokio::test]
async fn ten_thousand_requests_at_once_are_mostly_told_at_once_that_there_are_too_many() {
    let url = raw(hang).await;
    let subject = Subject::new(Settings { timeouts: all_timeouts(500), ..settings(&url) });
    let started = std::time::Instant::now();
    let answers = futures::future::join_all((0..10_000).map(|_| subject.get("/"))).await;
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert!(answers.iter().all(Result::is_err));
    let at_once = answers.iter().filter(|answer| matches!(answer, Err(Error::ConnectionLimitReached))).count();
    assert!(at_once >= 10_000 - 8 - 32, "{at_once}");
}
