//! Abuse of what WASI 0.3 gives.

use wasip3::cli::{stderr, stdout};
use wasip3::clocks::monotonic_clock;
use wasip3::http::client;
use wasip3::http::types::{Fields, Method, Request, Scheme};
use wasip3::random::random;
use wasip3::wit_bindgen::{StreamReader, spawn_local};
use wasip3::{wit_future, wit_stream};

/// Longer than any test.
const FOREVER: u64 = u64::MAX / 2;

pub(crate) async fn attack(kind: &str) -> String {
    match kind {
        "shout" => shout().await,
        "random" => loop {
            std::hint::black_box(random::get_random_bytes(4096));
        },
        "random-huge" => random::get_random_bytes(1 << 40).len().to_string(),
        "wait" => {
            monotonic_clock::wait_for(FOREVER).await;
            String::new()
        }
        "timers" => {
            for _ in 0..1_000_000 {
                spawn_local(async { monotonic_clock::wait_for(FOREVER).await });
                // Lets what was spawned begin.
                monotonic_clock::wait_for(0).await;
            }
            String::new()
        }
        "requests" => {
            for _ in 0..10_000 {
                spawn_local(async { drop(client::send(request("/never", Fields::new(), None).0).await) });
            }
            monotonic_clock::wait_for(FOREVER).await;
            String::new()
        }
        "headers" => headers().to_string(),
        "fields" => super::hold(|| {
            let fields = Fields::new();
            let full = (0..).take_while(|n| fields.append(&format!("x-{n}"), &[b'y'; 1000]).is_ok()).count();
            (full, fields)
        }),
        "bodies" => super::hold(|| {
            let (writer, reader) = wit_stream::new::<u8>();
            (writer, request("/never", Fields::new(), Some(reader)))
        }),
        "upload" => upload().await,
        "inject" => inject().await,
        other => format!("no such attack: {other}"),
    }
}

async fn shout() -> String {
    let lines = "\u{1b}[2J a line of noise\n".repeat(1000);
    let (mut out, reader) = wit_stream::new();
    let _out = stdout::write_via_stream(reader);
    let (mut err, reader) = wit_stream::new();
    let _err = stderr::write_via_stream(reader);
    loop {
        out.write_all(lines.clone().into_bytes()).await;
        err.write_all(lines.clone().into_bytes()).await;
    }
}

/// A request, and whether its path was taken.
fn request(path: &str, fields: Fields, contents: Option<StreamReader<u8>>) -> (Request, bool) {
    let url = std::env::var("JENKINS_URL").unwrap_or_default();
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", ""));
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    let (_, no_trailers) = wit_future::new(|| Ok(None));
    let (request, _) = Request::new(fields, contents, no_trailers, None);
    let set = request.set_scheme(Some(&scheme)).is_ok()
        && request.set_authority(rest.split('/').next()).is_ok()
        && request.set_path_with_query(Some(path)).is_ok();
    (request, set)
}

async fn send(request: Request) -> String {
    match client::send(request).await {
        Ok(response) => response.get_status_code().to_string(),
        Err(error) => format!("{error:?}"),
    }
}

/// How many of ten thousand header fields fit into one request.
fn headers() -> usize {
    let fields = Fields::new();
    (0..10_000).filter(|n| fields.append(&format!("x-{n}"), b"value").is_ok()).count()
}

async fn upload() -> String {
    let (mut writer, reader) = wit_stream::new();
    let (request, _) = request("/upload", Fields::new(), Some(reader));
    request.set_method(&Method::Post).ok();
    spawn_local(async move { while writer.write_all(vec![b'x'; 4096]).await.is_empty() {} });
    send(request).await
}

/// Which forgeries were taken, and what the controller answered to all of them together.
async fn inject() -> String {
    let fields = Fields::new();
    let mut taken: Vec<String> =
        super::FORGED.iter().filter(|(name, value)| fields.append(name, value).is_ok()).map(|(name, _)| format!("{name:?}")).collect();
    for path in super::FORGED_PATHS {
        if let (request, true) = request(path, Fields::new(), None) {
            taken.push(format!("{path:?} {}", send(request).await));
        }
    }
    taken.push(send(request("/forged", fields, None).0).await);
    taken.join("\n")
}
