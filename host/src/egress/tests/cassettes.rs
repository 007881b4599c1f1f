//! Recording a session and replaying it without the controller.

use super::*;
use http::{HeaderName, HeaderValue};
use proptest::prelude::*;
use std::fs;
use std::path::Path;

const TOKEN: &str = "11deadbeef0123";
const FRONT: &str = "fr0nt-d00r";

fn recording(url: &str, path: &Path) -> Subject {
    Subject::new(Settings {
        identity: Some(Identity::fixed("alice", TOKEN)),
        front_header: Some(SecretHeader { name: HeaderName::from_static("x-front"), value: HeaderValue::from_static(FRONT) }),
        cassette: CassetteMode::Record(path.to_owned()),
        ..settings(url)
    })
}

/// Replays on a name that does not exist, so that any attempt at a network would fail.
fn replaying(path: &Path) -> Subject {
    let lookup: Lookup = Arc::new(|_| panic!("a replay must not look anything up"));
    let cassette = CassetteMode::Replay(path.to_owned());
    Subject::with_lookup(Settings { cassette, ..settings("https://replayed.invalid/ci") }, lookup)
}

fn counting() -> Handler {
    let count = Arc::new(AtomicUsize::new(0));
    handler(move |request| {
        let turn = count.fetch_add(1, Ordering::SeqCst) + 1;
        async move {
            let path = request.uri().path().to_owned();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let said = format!(r#"{{"turn":{turn},"path":"{path}","body":"{}"}}"#, String::from_utf8_lossy(&body));
            let response = Response::builder().header("content-type", "application/json").header("set-cookie", "id=c00kie");
            response.body(Full::from(said)).unwrap()
        }
    })
}

#[tokio::test]
async fn a_replay_gives_the_recorded_answers_in_turn_and_repeats_the_last() {
    let (_folder, path) = file("session.json");
    let server = Server::start(counting()).await;
    let live = recording(&server.url(), &path);
    let mut said = vec![];
    for _ in 0..2 {
        said.push(live.get_text("/api/json?tree=a").await.unwrap());
    }
    said.push(text(live.post("/run", "x=1").await.unwrap()).await.unwrap());
    said.push(text(live.post("/run", "x=2").await.unwrap()).await.unwrap());

    let replay = replaying(&path);
    assert_eq!(replay.get_text("/api/json?tree=a").await.unwrap(), said[0]);
    let second = replay.get("/api/json?tree=a").await.unwrap();
    assert_eq!(second.headers()["content-type"], "application/json");
    assert_eq!(text(second).await.unwrap(), said[1]);
    assert_eq!(replay.get_text("/api/json?tree=a").await.unwrap(), said[1]);
    assert_eq!(text(replay.post("/run", "x=2").await.unwrap()).await.unwrap(), said[3]);
    assert_eq!(text(replay.post("/run", "x=1").await.unwrap()).await.unwrap(), said[2]);
    let first = replay.exchanges().remove(0);
    assert_eq!((first.status, first.response_bytes), (Some(200), said[0].len() as u64));
}

#[tokio::test]
async fn a_request_that_was_not_recorded_is_named() {
    let (_folder, path) = file("session.json");
    let server = Server::start(counting()).await;
    recording(&server.url(), &path).get_text("/a").await.unwrap();
    let replay = replaying(&path);
    let error = replay.get("/job/x/api/json?tree=b").await.unwrap_err();
    let wanted = "cassette has no recording of GET /job/x/api/json?tree=b";
    assert!(matches!(error, Error::InternalError(Some(said)) if said == wanted));
    assert_eq!(replay.last_error(), Some("not-recorded"));
    assert!(replay.post("/a", "").await.is_err(), "the method counts");
}

#[tokio::test]
async fn no_secret_enters_the_file() {
    let (_folder, path) = file("session.json");
    let pair = crate::egress::headers::Credentials::new("alice", TOKEN).unwrap().encoded();
    let leaked = pair.clone();
    let server = Server::start(handler(move |_| {
        let page = format!(r#"log says {TOKEN} and {leaked} by {FRONT}; <head data-crumb-value="cr0mb"> {{"crumb":"cr1mb"}}"#);
        async move { Response::builder().header("set-cookie", "id=c00kie").body(Full::from(page)).unwrap() }
    }))
    .await;
    let live = recording(&server.url(), &path);
    let request = live
        .request(Method::POST, &format!("/x?token=qu3ry&note={TOKEN}"))
        .header("cookie", "id=c00kie")
        .header("x-crumb", "cr0mb")
        .body(full(&format!("password=f0rm&text={TOKEN}")))
        .unwrap();
    text(live.send(request).await.unwrap()).await.unwrap();
    let written = fs::read_to_string(&path).unwrap();
    for secret in [TOKEN, FRONT, &pair, "c00kie", "cr0mb", "cr1mb", "qu3ry", "f0rm"] {
        assert!(!written.contains(secret), "{secret} in {written}");
    }
    assert!(written.contains("log says [redacted] and [redacted]") && written.contains("by [redacted];"), "{written}");

    // The same request is found again although the file does not hold it literally.
    let replay = Subject::new(Settings {
        identity: Some(Identity::fixed("alice", TOKEN)),
        cassette: CassetteMode::Replay(path.clone()),
        ..settings("http://replayed.invalid/")
    });
    let request = replay.request(Method::POST, &format!("/x?token=other&note={TOKEN}"));
    assert!(replay.send(request.body(full(&format!("password=new&text={TOKEN}"))).unwrap()).await.is_ok());
}

#[tokio::test]
async fn a_cassette_does_not_depend_on_the_controllers_address() {
    let (_folder, path) = file("session.json");
    let server = Server::start(counting()).await;
    let url = format!("{}jenkins/", server.url());
    let said = recording(&url, &path).get_text("/job/x/").await.unwrap();
    assert_eq!(Cassette::controller(&path).unwrap().as_str(), url);
    assert_eq!(replaying(&path).get_text("/job/x/").await.unwrap(), said);
}

#[tokio::test]
async fn failures_are_recorded_and_replayed_as_they_were() {
    let (_folder, path) = file("session.json");
    let url = raw(|mut stream| async move {
        use tokio::io::AsyncWriteExt;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await.unwrap();
    })
    .await;
    let live = recording(&url, &path);
    assert!(matches!(live.get_text("/short").await, Err(Error::HttpResponseIncomplete)));
    let replay = replaying(&path);
    let mut response = replay.get("/short").await.unwrap();
    assert_eq!(response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap(), "half");
    assert!(matches!(text(response).await, Err(Error::HttpResponseIncomplete)));

    let (_folder, path) = file("session.json");
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert!(recording(&format!("http://{address}/"), &path).get("/").await.is_err());
    assert!(matches!(replaying(&path).get("/").await, Err(Error::ConnectionRefused)));
}

#[tokio::test]
async fn a_body_that_was_not_read_to_its_end_replays_as_incomplete_and_a_head_response_as_whole() {
    let (_folder, path) = file("session.json");
    let server = Server::start(handler(|_| async { Response::new(Full::from(vec![b'x'; 90_000])) })).await;
    let live = recording(&server.url(), &path);
    drop(live.get("/log").await.unwrap());
    let head = async |subject: &Subject| subject.send(subject.request(Method::HEAD, "/log").body(empty()).unwrap()).await;
    drop(head(&live).await.unwrap());
    let replay = replaying(&path);
    assert!(matches!(replay.get_text("/log").await, Err(Error::HttpResponseIncomplete)));
    let response = head(&replay).await.unwrap();
    assert_eq!(response.headers()["content-length"], "90000");
    assert_eq!(text(response).await.unwrap(), "");
}

#[tokio::test]
async fn a_killed_session_leaves_every_finished_exchange() {
    let (_folder, path) = file("session.json");
    let server = Server::start(counting()).await;
    let live = recording(&server.url(), &path);
    let first = live.get_text("/a").await.unwrap();
    live.get_text("/b").await.unwrap();
    let written = fs::read_to_string(&path).unwrap();
    fs::write(&path, &written[..written.len() - 10]).unwrap();
    let replay = replaying(&path);
    assert_eq!(replay.get_text("/a").await.unwrap(), first);
    assert!(replay.get("/b").await.is_err());
}

#[test]
fn a_file_that_cannot_be_replayed_says_why() {
    let (_folder, path) = file("session.json");
    let open = |content: Option<&str>| {
        if let Some(content) = content {
            fs::write(&path, content).unwrap();
        }
        let cassette = CassetteMode::Replay(path.clone());
        let settings = Settings { cassette, ..settings("http://replayed.invalid/") };
        let error = Egress::new(settings, Arc::new(Spy::default()), Share::default()).err().unwrap();
        assert!(error.to_string().contains("session.json"), "{error}");
        error.to_string()
    };
    let header = r#"{"cassette":1,"controller":"http://ci.test/","recorded_by":"x"}"#;
    assert!(open(None).contains("cannot read"));
    assert!(open(Some("")).contains("is not a cassette"));
    assert!(open(Some("#!/bin/sh")).contains("is not a cassette"));
    assert!(open(Some("{}")).contains("is not a cassette"));
    assert!(open(Some(r#"{"cassette":2,"new":true}"#)).contains("version 2"));
    assert!(open(Some(&format!("{header} {{\"method\":1}}"))).contains("exchange 1"));
    for (exchange, reason) in [
        (r#"{"method":"GET","path":"/"}"#, "neither a status nor a fault"),
        (r#"{"method":"GET","path":"/","status":7}"#, "7 is not a status"),
        (r#"{"method":"GET","path":"/","fault":"gremlins"}"#, "gremlins"),
        (r#"{"method":"GET","path":"/","status":200,"body":{"base64":["*"]}}"#, "base64"),
        (r#"{"method":"GET","path":"/","status":200,"headers":["x"]}"#, "is not a header"),
    ] {
        let error = open(Some(&format!("{header}{exchange}")));
        assert!(error.contains("exchange 1") && error.contains(reason), "{error}");
    }
}

#[test]
fn recording_does_not_overwrite_what_is_no_cassette() {
    let (_folder, path) = file("precious");
    fs::write(&path, "data").unwrap();
    let cassette = CassetteMode::Record(path.clone());
    let error =
        Egress::new(Settings { cassette, ..settings("http://ci.test/") }, Arc::new(Spy::default()), Share::default()).err().unwrap();
    assert!(error.to_string().contains("overwrite"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "data");
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_cassette_is_private_and_replaces_an_older_one() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = file("session.json");
    let server = Server::start(counting()).await;
    recording(&server.url(), &path).get_text("/old").await.unwrap();
    recording(&server.url(), &path).get_text("/new").await.unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let written = fs::read_to_string(&path).unwrap();
    assert!(written.contains("/new") && !written.contains("/old"), "{written}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_a_controller_says_a_replay_says_again(said: Vec<u8>, status in prop::sample::select(vec![200_u16, 302, 404, 500])) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (live, replayed) = runtime.block_on(async {
            let (_folder, path) = file("session.json");
            let answer = said.clone();
            let server = Server::start(handler(move |_| {
                let response = Response::builder().status(status).body(Full::from(answer.clone())).unwrap();
                async move { response }
            })).await;
            let hear = async |subject: Subject| {
                let response = subject.get("/x").await.unwrap();
                (response.status().as_u16(), response.into_body().collect().await.unwrap().to_bytes())
            };
            (hear(recording(&server.url(), &path)).await, hear(replaying(&path)).await)
        });
        prop_assert_eq!(&live, &(status, Bytes::from(said)));
        prop_assert_eq!(live, replayed);
    }
}
