//! A rare line in a log of 200,000 lines: the tool, against the same scan in native code over the same HTTP source. And
//! one in a log of a gigabyte, which must be read as fast, byte for byte, as the short one.

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
use super::memory::MIB;
use super::memory::sample;
use super::milliseconds;
use super::percentile;

/// Matches one line, and begins with nothing that a search could skip ahead to.
pub(super) const PATTERN: &str = r"(?i)sum of postings differs .* by \d+ cents";
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
    huge(table, &jenkins).await
}

/// A gigabyte: what the component grows to, and whether it slows down on the way.
async fn huge(table: &mut Table, jenkins: &Simulator) -> Result<()> {
    table.section("search-log in 12,500,000 lines (1 GB)");
    let source = format!("{}job/huge-log/1/consoleText", jenkins.url());
    for artifact in Artifact::ALL {
        let server = Host::new(artifact)?.against(&jenkins.url(), User::Admin).http().await?;
        let begun = Instant::now();
        let search = json!({"name": "search_log", "arguments": {"job": "huge-log", "build": "1", "pattern": PATTERN}});
        let result = server.mcp("tools/call", search, &[]).await?.json();
        let took = begun.elapsed();
        ensure!(
            result.pointer("/result/structuredContent/total").and_then(|t| t.as_u64()) == Some(1),
            "the tool found something else: {result}"
        );
        let native = natively(jenkins, &source).await?;
        table.note(&format!("{artifact:?}"), &format!("{:.0} MB/s", 1_000.0 / took.as_secs_f64()));
        table.note("native", &format!("{:.0} MB/s", 1_000.0 / native.as_secs_f64()));
        table.at_least(&format!("{artifact:?}, speed relative to native"), native.as_secs_f64() / took.as_secs_f64(), 0.4, "×");
        let metrics = server.get("/_metrics").await?.body;
        let guest = sample(&metrics, "jankins_plugin_memory_bytes")?;
        table.at_most(&format!("{artifact:?}, component, after scanning 1 GB"), guest / MIB, 32.0, "MiB");
        jenkins.clear_requests();
        let tail = json!({"name": "get_build_log", "arguments": {"job": "huge-log", "build": "1"}});
        let begun = Instant::now();
        let result = server.mcp("tools/call", tail, &[]).await?.json();
        let read = result.pointer("/result/_meta/jankins~1answer/upstream_bytes").and_then(|bytes| bytes.as_f64()).context("no bytes")?;
        table.note(&format!("{artifact:?}, its end in tail mode"), &format!("{:.1} ms", milliseconds(begun.elapsed())));
        table.at_most("  and bytes read for it", read / 1024.0, 256.0, "KiB");
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
