//! A thousand tenants in one process: what each costs at rest and at work, and what a noisy one does to another.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use anyhow::Result;
use anyhow::ensure;
use futures_util::future::try_join_all;
use jankins_tests::host::Artifact;
use jankins_tests::host::Connection;
use jankins_tests::host::Host;
use jankins_tests::host::Http;
use jankins_tests::host::HttpAnswer;
use jankins_tests::simulator::Simulator;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;
use sha2::Digest as _;
use sha2::Sha256;

use super::Table;
use super::controller;
use super::memory::sample;
use super::milliseconds;
use super::percentile;

pub(super) const TENANTS: usize = 1_000;
const KIB: f64 = 1024.0;
const MIB: f64 = 1024.0 * 1024.0;
/// Calls at once while tenants wake: enough to keep both cores busy.
const AT_ONCE: usize = 16;

pub(super) async fn measure(table: &mut Table) -> Result<()> {
    table.section("Tenants");
    let jenkins = controller().await?;
    let directory = tempfile::tempdir()?;
    // A first one compiles the component and keeps some memory from that; who comes later finds the code.
    drop(server(&jenkins, directory.path(), 1).await?);
    let one = resident(&server(&jenkins, directory.path(), 1).await?).await?;
    let server = server(&jenkins, directory.path(), TENANTS).await?;
    let rest = resident(&server).await?;
    table.at_most(&format!("{TENANTS} tenants, each at rest"), (rest - one) / (TENANTS - 1) as f64 / KIB, 50.0, "KiB");

    let mut first = Vec::new();
    for group in (0..TENANTS).collect::<Vec<_>>().chunks(AT_ONCE) {
        let calls = group.iter().map(|tenant| first_call(&server, *tenant));
        first.extend(try_join_all(calls).await?);
    }
    let warm = resident(&server).await?;
    table.at_most(&format!("{TENANTS} tenants, each after its first call"), (warm - rest) / TENANTS as f64 / MIB, 3.0, "MiB");
    table.note("first call of a tenant at rest, median", &format!("{:.1} ms", milliseconds(percentile(&mut first, 0.5))));

    drop(server);
    super::noise::measure(table).await
}

async fn first_call(server: &Http, tenant: usize) -> Result<Duration> {
    timed_call(&mut Connection::open(server.address()).await?, tenant).await
}

pub(super) async fn call(connection: &mut Connection, tenant: usize, call: Value) -> Result<HttpAnswer> {
    let bearer = format!("Bearer token-{tenant}");
    connection.mcp("tools/call", call, &[("Authorization", &bearer)]).await
}

pub(super) async fn timed_call(connection: &mut Connection, tenant: usize) -> Result<Duration> {
    let begun = Instant::now();
    let answer = call(connection, tenant, json!({"name": "whoami", "arguments": {}})).await?;
    let took = begun.elapsed();
    ensure!(answer.status == 200 && answer.body.contains("reader"), "{answer:?}");
    Ok(took)
}

pub(super) async fn server(jenkins: &Simulator, directory: &Path, tenants: usize) -> Result<Http> {
    let token = directory.join("token");
    std::fs::write(&token, User::Reader.token())?;
    // The plugin's own limit is not what is measured here.
    let mut text = "rate_limit_requests_per_minute = 0\n".to_owned();
    for tenant in 0..tenants {
        let hash: String = Sha256::digest(format!("token-{tenant}")).iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(text, "[tenants.t{tenant}]\nurl = {:?}\nuser = \"reader\"\ntoken_file = {token:?}", jenkins.url())?;
        writeln!(text, "[[tokens]]\nhash = \"sha256:{hash}\"\nuser = \"u{tenant}\"\ntenant = \"t{tenant}\"")?;
    }
    let config = directory.join("config.toml");
    std::fs::write(&config, text)?;
    Host::new(Artifact::P3)?.env("JANKINS_CONFIG", config).http().await
}

async fn resident(server: &Http) -> Result<f64> {
    sample(&server.get("/_metrics").await?.body, "jankins_process_resident_memory_bytes")
}
