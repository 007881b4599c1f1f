//! The spans of a request and of the call that it serves, as a collector behind TLS receives them.

use super::tls::{authority, certificate, serve_tls};
use super::*;
use crate::telemetry::otlp;
use crate::telemetry::trace::{Span, TraceContext};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLERS_SPAN: &str = "00f067aa0ba902b7";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// Field of a span in protobuf: its key, its length, its bytes.
fn field(key: u8, value: &[u8]) -> Vec<u8> {
    [&[key, u8::try_from(value.len()).unwrap()], value].concat()
}

fn holds(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_behind_tls_hears_of_the_call_and_of_its_request_and_the_controller_of_the_latter() {
    let (authority, folder) = (authority("ours"), tempfile::tempdir().unwrap());
    let (keep, mut received) = tokio::sync::mpsc::unbounded_channel();
    let collector = handler(move |request| {
        let keep = keep.clone();
        async move {
            let path = request.uri().path().to_owned();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            keep.send((path, body)).unwrap();
            Response::new(Full::default())
        }
    });
    let address = serve_tls(certificate(&authority, "localhost", false), None, collector).await;
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, authority.pem()).unwrap();
    otlp::start_with(&format!("https://localhost:{}/v1/traces", address.port()), Some(ca_file));

    let controller = Server::start(echo()).await;
    let subject = Subject::new(settings(&controller.url()));
    let caller = TraceContext::parse(&format!("00-{TRACE}-{CALLERS_SPAN}-01"), Some("vendor=1"));
    let call = Span::server(caller, || "tools/call read_thing".to_owned());
    let request = subject.request(Method::GET, "/secret/path").header("traceparent", call.context().to_string());
    let request = request.header("tracestate", "vendor=1").header("jankins-endpoint", "thing");
    let seen = text(subject.send(request.body(empty()).unwrap()).await.unwrap()).await.unwrap();
    let parent = seen.lines().find_map(|line| line.strip_prefix("traceparent: ")).unwrap().to_owned();
    let calls_span = call.context().to_string()[36..52].to_owned();
    let (trace, span) = (&parent[3..35], &parent[36..52]);
    assert_eq!(trace, TRACE);
    assert!(span != calls_span && span != CALLERS_SPAN, "{parent}: the request has a span of its own");
    assert!(parent.ends_with("-01") && seen.contains("tracestate: vendor=1"), "{seen}");
    drop(call);
    tokio::task::spawn_blocking(otlp::finish).await.unwrap();

    let (path, body) = received.recv().await.unwrap();
    assert_eq!(path, "/v1/traces");
    assert!(received.try_recv().is_err(), "spans leave in batches");
    for (what, part) in [
        ("the trace", field(0x0a, &bytes(TRACE))),
        ("the call", field(0x12, &bytes(&calls_span))),
        ("below its caller", field(0x22, &bytes(CALLERS_SPAN))),
        ("its name", field(0x2a, b"tools/call read_thing")),
        ("the request", field(0x12, &bytes(span))),
        ("below the call", field(0x22, &bytes(&calls_span))),
        ("its endpoint", b"thing".to_vec()),
        ("its status, as a number", [&b"http.response.status_code\x12"[..], &[3, 0x18, 0xc8, 1]].concat()),
        ("the service", b"jankins".to_vec()),
    ] {
        assert!(holds(&body, &part), "{what} is missing: {}", String::from_utf8_lossy(&body));
    }
    assert!(!holds(&body, b"/secret/path"), "what was asked is no part of a span");
}
