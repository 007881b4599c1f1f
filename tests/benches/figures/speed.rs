//! Start, single calls, and many at once.

use std::time::Duration;
use std::time::Instant;

use anyhow::Result;
use futures_util::future::try_join_all;
use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::host::Stdio;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;

use super::Table;
use super::controller;
use super::milliseconds;
use super::percentile;

/// What the controller takes for each answer while many calls wait for it.
const LATENCY: Duration = Duration::from_millis(100);

pub(super) async fn measure(table: &mut Table) -> Result<()> {
    for artifact in Artifact::ALL {
        table.section(&format!("Speed over stdio, {artifact:?}"));
        start(table, artifact).await?;
        calls(table, artifact).await?;
        kept(table, artifact).await?;
        at_once(table, artifact).await?;
    }
    Ok(())
}

async fn start(table: &mut Table, artifact: Artifact) -> Result<()> {
    let jenkins = controller().await?;
    let host = Host::new(artifact)?.against(&jenkins.url(), User::Reader);
    // The first start may compile; what is compiled is kept.
    host.stdio().await?.close().await?;
    let mut starts = Vec::new();
    for _ in 0..10 {
        let begun = Instant::now();
        let session = host.stdio().await?;
        session.request("tools/list", json!({})).await?;
        starts.push(begun.elapsed());
        session.close().await?;
    }
    let median = percentile(&mut starts, 0.5);
    table.at_most("spawn → tools/list answered, median of 10", milliseconds(median), 150.0, "ms");
    Ok(())
}

async fn timed(session: &Stdio, count: usize, tool: &str, arguments: &Value) -> Result<Vec<Duration>> {
    let mut durations = Vec::with_capacity(count);
    for _ in 0..count {
        let begun = Instant::now();
        session.call(tool, arguments.clone()).await?;
        durations.push(begun.elapsed());
    }
    Ok(durations)
}

async fn calls(table: &mut Table, artifact: Artifact) -> Result<()> {
    let jenkins = controller().await?;
    // What it takes to ask; what is kept is measured below.
    let session = Host::new(artifact)?.against(&jenkins.url(), User::Admin).env("JANKINS_CACHE_MAX_SIZE", "0").stdio().await?;
    // A pattern that the component itself refuses: through everything, but never to the controller.
    let refused = json!({"job": "rust-core", "pattern": "("});
    timed(&session, 50, "search_log", &refused).await?;
    let mut trivial = timed(&session, 1_000, "search_log", &refused).await?;
    table.at_most("trivial call, p50 of 1,000", milliseconds(percentile(&mut trivial, 0.5)), 1.0, "ms");
    table.note("trivial call, p99", &format!("{:.2} ms", milliseconds(percentile(&mut trivial, 0.99))));
    for (tool, arguments) in [("whoami", json!({})), ("get_build", json!({"job": "shop/checkout/main", "build": "25"}))] {
        timed(&session, 20, tool, &arguments).await?;
        jenkins.clear_requests();
        let mut durations = timed(&session, 300, tool, &arguments).await?;
        let requests = jenkins.requests().len() as f64 / 300.0;
        let (p50, p99) = (percentile(&mut durations, 0.5), percentile(&mut durations, 0.99));
        let figure = format!("{:.2} / {:.2} ms", milliseconds(p50), milliseconds(p99));
        table.note(&format!("{tool}, {requests:.1} requests each, p50 / p99 of 300"), &figure);
    }
    Ok(())
}

/// Answers that are kept, and requests that are one.
async fn kept(table: &mut Table, artifact: Artifact) -> Result<()> {
    let jenkins = controller().await?;
    let session = Host::new(artifact)?.against(&jenkins.url(), User::Admin).stdio().await?;
    let refused = json!({"job": "heartbeat", "build": "-"});
    let build = json!({"job": "heartbeat", "build": "7", "format": "ids"});
    timed(&session, 200, "get_build", &refused).await?;
    timed(&session, 200, "get_build", &build).await?;
    jenkins.clear_requests();
    let (mut without, mut cached) = (Vec::new(), Vec::new());
    // Turn by turn, so that a busy moment of the machine meets both.
    for _ in 0..2_000 {
        without.extend(timed(&session, 1, "get_build", &refused).await?);
        cached.extend(timed(&session, 1, "get_build", &build).await?);
    }
    // The one ends before it asks, so the difference is what the component does with a kept answer, and what the host
    // does to show it.
    let inside = percentile(&mut cached, 0.5).saturating_sub(percentile(&mut without, 0.5));
    table.note("cached get_build, p50 of 2,000", &format!("{:.3} ms", milliseconds(percentile(&mut cached, 0.5))));
    table.at_most("  more than a call refused: the component, and its answer shown", inside.as_secs_f64() * 1e6, 15.0, "µs");
    table.at_most("requests for 2,000 cached calls", jenkins.requests().len() as f64, 0.0, "");
    jenkins.set_latency(LATENCY);
    jenkins.clear_requests();
    let count = if artifact == Artifact::P3 { 100 } else { 20 };
    try_join_all((0..count).map(|_| session.call("get_build", json!({"job": "heartbeat", "build": "9", "format": "ids"})))).await?;
    table.at_most(&format!("requests for {count} identical calls at once"), jenkins.requests().len() as f64, 1.0, "");
    Ok(())
}

async fn at_once(table: &mut Table, artifact: Artifact) -> Result<()> {
    let jenkins = controller().await?;
    let session = Host::new(artifact)?.against(&jenkins.url(), User::Admin).stdio().await?;
    session.call("whoami", json!({})).await?;
    jenkins.set_latency(LATENCY);
    // The component for WASI 0.2 takes its calls one at a time, so fewer of them show the same.
    let count = if artifact == Artifact::P3 { 200 } else { 20 };
    let begun = Instant::now();
    let calls = (0..count).map(|number| session.call("get_build", json!({"job": "heartbeat", "build": (number % 100 + 1).to_string()})));
    try_join_all(calls).await?;
    let took = begun.elapsed();
    let name = format!("{count} calls at once, controller takes 100 ms");
    match artifact {
        Artifact::P3 => table.at_most(&name, milliseconds(took), 600.0, "ms"),
        Artifact::P2 => table.note(&name, &format!("{:.0} ms", milliseconds(took))),
    }
    Ok(())
}
