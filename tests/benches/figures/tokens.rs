//! What a model pays to read us, counted by a real tokenizer, and held against a baseline.
//!
//! The baseline is `tests/benches/tokens.json`; growth by more than a tenth fails, and so does a bound that is broken.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Context as _;
use anyhow::Result;
use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::host::artifacts;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;
use tiktoken_rs::CoreBPE;

use super::Table;
use super::controller;

/// Growth that asks for a decision.
const TOLERANCE: f64 = 1.1;

pub(super) async fn measure(table: &mut Table) -> Result<()> {
    table.section("Tokens (o200k)");
    let now = count().await?;
    let path = artifacts::root().join("tests/benches/tokens.json");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, format!("{:#}\n", json!(now)))?;
    }
    let baseline = fs::read_to_string(&path).context("no baseline; BLESS=1 make bench writes one")?;
    let baseline: BTreeMap<String, f64> = serde_json::from_str(&baseline)?;
    for (name, bound) in
        [("tools/list", 4_500.0), ("list-jobs of 50 jobs", 800.0), ("get-build of a failed pipeline", 350.0), ("triage-failure", 900.0)]
    {
        let figure = now.get(name).copied().with_context(|| format!("{name} was not counted"))?;
        let before = baseline.get(name).copied().unwrap_or_default();
        table.at_most(name, figure, bound, "");
        table.at_most(&format!("  and at most a tenth above the baseline of {before}"), figure, before * TOLERANCE, "");
    }
    Ok(())
}

async fn count() -> Result<BTreeMap<&'static str, f64>> {
    let tokenizer = tiktoken_rs::o200k_base()?;
    let jenkins = controller().await?;
    let session = Host::new(Artifact::P3)?.against(&jenkins.url(), User::Admin).stdio().await?;
    let list = session.request("tools/list", json!({})).await?;
    let mut counts = BTreeMap::from([("tools/list", shown(&tokenizer, &list))]);
    for (name, tool, arguments) in [
        ("list-jobs of 50 jobs", "list_jobs", json!({"folder": "fleet", "limit": 50})),
        ("get-build of a failed pipeline", "get_build", json!({"job": "shop/checkout/main", "build": "25"})),
        ("triage-failure", "triage_failure", json!({"job": "shop/checkout/main", "build": "25"})),
    ] {
        let result = session.call(tool, arguments).await?;
        let text = result.pointer("/content/0/text").and_then(Value::as_str).context("no text")?;
        counts.insert(name, tokenizer.encode_ordinary(text).len() as f64);
    }
    Ok(counts)
}

/// What a model is shown of a list: names, descriptions and what the tools take.
fn shown(tokenizer: &CoreBPE, list: &Value) -> f64 {
    let tools = list.get("tools").and_then(Value::as_array).into_iter().flatten();
    let shown = tools.map(|tool| {
        let part = |key: &str| tool.get(key).cloned().unwrap_or_default();
        json!({"name": part("name"), "description": part("description"), "inputSchema": part("inputSchema")}).to_string()
    });
    shown.map(|tool| tokenizer.encode_ordinary(&tool).len() as f64).sum()
}
