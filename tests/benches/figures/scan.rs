//! A rare line in a log of 200,000 lines: the tool, against the same scan in native code over the same HTTP source.

use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use anyhow::Result;
use anyhow::ensure;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::Empty;
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::simulator::Simulator;
use jankins_tests::simulator::User;
use regex::bytes::Regex;
use serde_json::json;
use tokio::net::TcpStream;

use super::Table;
use super::controller;
use super::milliseconds;
use super::percentile;

/// Matches one line, and begins with nothing that a search could skip ahead to.
const PATTERN: &str = r"(?i)sum of postings differs .* by \d+ cents";
const ROUNDS: usize = 7;

pub(super) async fn measure(table: &mut Table) -> Result<()> {
    table.section("search-log of a rare pattern in 200,000 lines (16 MB)");
    let jenkins = controller().await?;
    let source = format!("{}job/big-log/1/consoleText", jenkins.url());
    for artifact in Artifact::ALL {
        let session = Host::new(artifact)?.against(&jenkins.url(), User::Admin).stdio().await?;
        let (mut ours, mut native) = (Vec::new(), Vec::new());
        // Turn by turn, so that a busy moment of the machine meets both.
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            let result = session.call("search_log", json!({"job": "big-log", "build": "1", "pattern": PATTERN})).await?;
            ours.push(begun.elapsed());
            ensure!(
                result.pointer("/structuredContent/total").and_then(|t| t.as_u64()) == Some(1),
                "the tool found something else: {result}"
            );
            native.push(natively(&jenkins, &source).await?);
        }
        let (ours, native) = (percentile(&mut ours, 0.5), percentile(&mut native, 0.5));
        table.note(&format!("{artifact:?}, median of {ROUNDS}"), &format!("{:.0} ms", milliseconds(ours)));
        table.note("native, in the same rounds", &format!("{:.0} ms", milliseconds(native)));
        let ratio = native.as_secs_f64() / ours.as_secs_f64();
        table.at_least(&format!("{artifact:?}, speed relative to native"), ratio, 0.5, "×");
    }
    Ok(())
}

/// Streams the log and looks at each line; answers how long that took.
async fn natively(jenkins: &Simulator, source: &str) -> Result<Duration> {
    let pattern = Regex::new(PATTERN)?;
    let path = source.strip_prefix(&jenkins.url()).context("another controller")?;
    let begun = Instant::now();
    let address = jenkins.url().replace("http://", "").replace('/', "");
    let (mut sender, connection) = http1::handshake(TokioIo::new(TcpStream::connect(&address).await?)).await?;
    let driver = tokio::spawn(connection);
    let secret = BASE64_STANDARD.encode(format!("{}:{}", User::Admin.name(), User::Admin.token()));
    let request = Request::get(format!("/{path}"))
        .header("Host", &address)
        .header("Authorization", format!("Basic {secret}"))
        .body(Empty::<Bytes>::new())?;
    let mut body = sender.send_request(request).await?.into_body();
    let (mut found, mut rest) = (0, Vec::new());
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        rest.extend_from_slice(&data);
        let complete = rest.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let tail = rest.split_off(complete);
        found += rest.split(|&byte| byte == b'\n').filter(|line| pattern.is_match(line)).count();
        rest = tail;
    }
    driver.abort();
    ensure!(found == 1, "the native scan found {found}");
    Ok(begun.elapsed())
}
