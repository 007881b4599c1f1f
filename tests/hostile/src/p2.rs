//! Abuse of what WASI 0.2 gives.

use wasip2::cli::{stderr, stdout};
use wasip2::clocks::monotonic_clock;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{Fields, FutureIncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme};
use wasip2::random::random;

pub(crate) fn attack(kind: &str) -> String {
    match kind {
        "shout" => shout(&stdout::get_stdout(), &stderr::get_stderr()),
        "random" => loop {
            std::hint::black_box(random::get_random_bytes(4096));
        },
        "random-huge" => random::get_random_bytes(1 << 40).len().to_string(),
        "wait" => {
            monotonic_clock::subscribe_duration(u64::MAX / 2).block();
            String::new()
        }
        "timers" => super::hold(|| monotonic_clock::subscribe_duration(u64::MAX / 2)),
        "requests" => {
            let requests: Vec<_> = (0..10_000).map(|_| outgoing_handler::handle(request("/never"), None)).collect();
            let refused = requests.iter().filter(|sent| sent.is_err()).count();
            monotonic_clock::subscribe_duration(u64::MAX / 2).block();
            format!("{refused} refused at once")
        }
        "headers" => headers().to_string(),
        "fields" => super::hold(|| {
            let fields = Fields::new();
            let full = (0..).take_while(|n| fields.append(&format!("x-{n}"), &[b'y'; 1000]).is_ok()).count();
            (full, fields)
        }),
        "bodies" => super::hold(|| {
            let request = request("/never");
            let body = request.body();
            let stream = body.as_ref().ok().and_then(|body| body.write().ok());
            if let Some(stream) = &stream {
                while let Ok(room @ 1..) = stream.check_write() {
                    drop(stream.write(&vec![b'x'; usize::try_from(room).unwrap_or_default()]));
                }
            }
            (request, stream, body)
        }),
        "upload" => upload(),
        "inject" => inject(),
        other => format!("no such attack: {other}"),
    }
}

fn shout(out: &wasip2::io::streams::OutputStream, err: &wasip2::io::streams::OutputStream) -> String {
    let lines = "\u{1b}[2J a line of noise\n".repeat(200);
    loop {
        for stream in [out, err] {
            drop(stream.blocking_write_and_flush(lines.as_bytes().get(..4096).unwrap_or_default()));
        }
    }
}

/// The controller's address as the host gives it.
fn authority() -> (Scheme, String) {
    let url = std::env::var("JENKINS_URL").unwrap_or_default();
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", ""));
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    (scheme, rest.split('/').next().unwrap_or_default().to_owned())
}

fn request_with(path: &str, fields: Fields) -> Option<OutgoingRequest> {
    let (scheme, authority) = authority();
    let request = OutgoingRequest::new(fields);
    let set = request.set_scheme(Some(&scheme)).is_ok()
        && request.set_authority(Some(&authority)).is_ok()
        && request.set_path_with_query(Some(path)).is_ok();
    set.then_some(request)
}

fn request(path: &str) -> OutgoingRequest {
    request_with(path, Fields::new()).unwrap_or_else(|| OutgoingRequest::new(Fields::new()))
}

fn wait(sent: &FutureIncomingResponse) -> String {
    sent.subscribe().block();
    match sent.get() {
        Some(Ok(Ok(response))) => response.status().to_string(),
        other => format!("{other:?}"),
    }
}

/// How many of ten thousand header fields fit into one request.
fn headers() -> usize {
    let fields = Fields::new();
    (0..10_000).filter(|n| fields.append(&format!("x-{n}"), b"value").is_ok()).count()
}

fn upload() -> String {
    let request = request("/upload");
    request.set_method(&Method::Post).ok();
    let Ok(body) = request.body() else { return "no body".into() };
    let sent = match outgoing_handler::handle(request, None) {
        Ok(sent) => sent,
        Err(error) => return format!("{error:?}"),
    };
    let written = {
        let Ok(stream) = body.write() else { return "no stream".into() };
        (0_u64..).take_while(|_| stream.blocking_write_and_flush(&[b'x'; 4096]).is_ok()).count()
    };
    drop(OutgoingBody::finish(body, None));
    format!("{written} pieces, then {}", wait(&sent))
}

/// Which forgeries were taken, and what the controller answered to all of them together.
fn inject() -> String {
    let fields = Fields::new();
    let mut taken: Vec<String> =
        super::FORGED.iter().filter(|(name, value)| fields.append(name, value).is_ok()).map(|(name, _)| format!("{name:?}")).collect();
    for path in super::FORGED_PATHS {
        if let Some(request) = request_with(path, Fields::new()) {
            let answer = match outgoing_handler::handle(request, None) {
                Ok(sent) => wait(&sent),
                Err(error) => format!("{error:?}"),
            };
            taken.push(format!("{path:?} {answer}"));
        }
    }
    let sent = request_with("/forged", fields).map(|request| outgoing_handler::handle(request, None));
    if let Some(Ok(sent)) = sent {
        taken.push(wait(&sent));
    }
    taken.join("\n")
}
