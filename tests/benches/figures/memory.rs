//! Sizes on disk and in memory.

use std::fs;

use anyhow::Context as _;
use anyhow::Result;
use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::simulator::User;
use serde_json::json;

use super::Table;
use super::controller;

pub(super) const MIB: f64 = 1024.0 * 1024.0;

pub(super) async fn measure(table: &mut Table) -> Result<()> {
    table.section("Size and memory");
    for artifact in Artifact::ALL {
        let bytes = fs::metadata(artifact.path())?.len() as f64;
        table.at_most(&format!("component, {artifact:?}"), bytes / 1e6, 2.80, "MB");
    }
    for artifact in Artifact::ALL {
        let jenkins = controller().await?;
        let server = Host::new(artifact)?.against(&jenkins.url(), User::Admin).http().await?;
        server.mcp("tools/list", json!({}), &[]).await?;
        let begun = sample(&server.get("/_metrics").await?.body, "jankins_process_resident_memory_bytes")?;
        for number in 0..500 {
            let build = (number % 100 + 1).to_string();
            let call = json!({"name": "get_build", "arguments": {"job": "heartbeat", "build": build}});
            server.mcp("tools/call", call, &[]).await?;
        }
        let scan = json!({"name": "search_log", "arguments": {"job": "big-log", "pattern": "FATAL ledger"}});
        server.mcp("tools/call", scan, &[]).await?;
        let metrics = server.get("/_metrics").await?.body;
        let after = sample(&metrics, "jankins_process_resident_memory_bytes")?;
        let guest = sample(&metrics, "jankins_plugin_memory_bytes")?;
        let figure = format!("{:.0} → {:.0} MiB", begun / MIB, after / MIB);
        table.note(&format!("{artifact:?}, whole process, at first → after 501 calls"), &figure);
        table.at_most(&format!("{artifact:?}, component, after scanning 16 MB"), guest / MIB, 16.0, "MiB");
    }
    Ok(())
}

pub(super) fn sample(metrics: &str, name: &str) -> Result<f64> {
    let line = metrics.lines().find(|line| line.starts_with(name)).with_context(|| format!("no {name}: {metrics}"))?;
    Ok(line.rsplit(' ').next().unwrap_or_default().parse()?)
}
