//! Calls over HTTP at a steady pace, as many as a team's agents make: how long they take at 2,000 a second.
//!
//! The pace does not wait for answers (each call counts from when it was due), so that a server which falls behind is
//! seen to.

use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use anyhow::Result;
use anyhow::ensure;
use bytes::Bytes;
use futures_util::future::try_join_all;
use http_body_util::BodyExt as _;
use http_body_util::Full;
use hyper::Request;
use hyper::client::conn::http1;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::simulator::User;
use serde_json::json;
use tokio::net::TcpStream;

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
            connection.call().await?;
        }
        jenkins.clear_requests();
        let begun = Instant::now();
        let gap = Duration::from_secs(1) * CONNECTIONS / PACE;
        let callers = connections.into_iter().zip(0..).map(|(mut connection, number)| async move {
            let mut took = Vec::new();
            for call in 0..PACE * SECONDS / CONNECTIONS {
                let due = begun + gap * call + gap * number / CONNECTIONS;
                tokio::time::sleep_until(due.into()).await;
                connection.call().await?;
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

/// One that is kept open.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

impl Connection {
    async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, host: address.to_owned() })
    }

    async fn call(&mut self) -> Result<()> {
        let call = json!({"name": "get_build", "arguments": {"job": "heartbeat", "build": "7", "format": "ids"}});
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}).to_string();
        let request = Request::post("/mcp")
            .header("Host", &self.host)
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream")
            .header("MCP-Protocol-Version", "2025-11-25")
            .body(Full::new(Bytes::from(message)))?;
        let response = self.sender.send_request(request).await.context("the connection broke")?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        ensure!(status == 200 && String::from_utf8_lossy(&body).contains("heartbeat"), "{status} {body:?}");
        Ok(())
    }
}
