//! What a plugin that does its worst costs: until its caller is told, and until a fresh instance has answered.

use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use anyhow::Result;
use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::host::Http;
use jankins_tests::host::artifacts;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;

use super::Table;
use super::controller;
use super::milliseconds;

/// Each attack is made so often; the middle time counts.
const ROUNDS: usize = 5;
const ATTACKS: [&str; 6] = ["crash", "recurse", "hoard", "fields", "spin", "shout"];

pub(super) async fn measure(table: &mut Table) -> Result<()> {
    table.section("A plugin that does its worst");
    for artifact in Artifact::ALL {
        let jenkins = controller().await?;
        let plugin = artifacts::hostile(artifact)?;
        let server = Host::new(artifact)?.against(&jenkins.url(), User::Reader).env("JANKINS_PLUGIN", plugin).http().await?;
        call(&server, "ping", json!({})).await?;
        for kind in ATTACKS {
            let (mut told, mut replaced) = (vec![], vec![]);
            for _ in 0..ROUNDS {
                let begun = Instant::now();
                let failure = call(&server, "attack", json!({"kind": kind})).await?;
                told.push(begun.elapsed());
                anyhow::ensure!(failure.get("isError") == Some(&json!(true)), "{kind} did no harm: {failure}");
                let begun = Instant::now();
                let fresh = call(&server, "ping", json!({})).await?;
                replaced.push(begun.elapsed());
                anyhow::ensure!(fresh.pointer("/structuredContent/value") == Some(&json!(1)), "{kind} left its instance behind: {fresh}");
            }
            table.note(&format!("{artifact:?}, {kind}: its caller is told after"), &format!("{:.1} ms", milliseconds(middle(&mut told))));
            table.at_most(&format!("{artifact:?}, {kind}: a fresh instance has answered"), milliseconds(middle(&mut replaced)), 10.0, "ms");
        }
    }
    Ok(())
}

fn middle(durations: &mut [Duration]) -> Duration {
    super::percentile(durations, 0.5)
}

async fn call(server: &Http, tool: &str, arguments: Value) -> Result<Value> {
    let mut answer = server.mcp("tools/call", json!({"name": tool, "arguments": arguments}), &[]).await?.json();
    Ok(answer.get_mut("result").context("no result")?.take())
}
