//! Calls over HTTP at a steady pace, as many as a team's agents make: how long they take at 2,000 a second.
//!
//! The pace does not wait for answers (each call counts from when it was due), so that a server which falls behind is
//! seen to.

use std::time::Duration;
use std::time::Instant;

use anyhow::Result;
use anyhow::ensure;
use futures_util::future::try_join_all;
use jankins_tests::host::Artifact;
use jankins_tests::host::Connection;
use jankins_tests::host::Host;
use jankins_tests::simulator::User;
use serde_json::json;

use super::Table;
use super::controller;
use super::milliseconds;
use super::percentile;

/// Calls a second.
const PACE: u32 = 2_000;
/// Connections that share them.
const CONNECTIONS: u32 = 32;
/// How long.
const SECONDS: u32 = 5;

pub(super) async fn measure(table: &mut Table) -> Result<()> {
    table.section(&format!("Cached calls over HTTP, {PACE} a second for {SECONDS} s, client on the same cores"));
    for artifact in Artifact::ALL {
        let jenkins = controller().await?;
        let server = Host::new(artifact)?.against(&jenkins.url(), User::Admin).http().await?;
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(Connection::open(server.address()).await?);
        }
        // Warm: the answer is kept from here on.
        for connection in &mut connections {
            call(connection).await?;
        }
        jenkins.clear_requests();
        let begun = Instant::now();
        let gap = Duration::from_secs(1) * CONNECTIONS / PACE;
        let callers = connections.into_iter().zip(0..).map(|(mut connection, number)| async move {
            let mut took = Vec::new();
            for turn in 0..PACE * SECONDS / CONNECTIONS {
                let due = begun + gap * turn + gap * number / CONNECTIONS;
                tokio::time::sleep_until(due.into()).await;
                call(&mut connection).await?;
                took.push(due.elapsed());
            }
            anyhow::Ok(took)
        });
        // A task each, so that the client is not one thread's.
        let callers = try_join_all(callers.map(tokio::spawn)).await?;
        let rate = f64::from(PACE * SECONDS) / begun.elapsed().as_secs_f64();
        let mut took = callers.into_iter().collect::<Result<Vec<_>>>()?.concat();
        table.at_least(&format!("{artifact:?}, calls answered a second"), rate, f64::from(PACE) * 0.98, "");
        table.note(&format!("{artifact:?}, p50"), &format!("{:.2} ms", milliseconds(percentile(&mut took, 0.5))));
        table.at_most(&format!("{artifact:?}, p99"), milliseconds(percentile(&mut took, 0.99)), 10.0, "ms");
        table.at_most("  requests to the controller for them", jenkins.requests().len() as f64, 0.0, "");
    }
    Ok(())
}

async fn call(connection: &mut Connection) -> Result<()> {
    let call = json!({"name": "get_build", "arguments": {"job": "heartbeat", "build": "7", "format": "ids"}});
    let answer = connection.mcp("tools/call", call, &[]).await?;
    ensure!(answer.status == 200 && answer.body.contains("heartbeat"), "{answer:?}");
    Ok(())
}
