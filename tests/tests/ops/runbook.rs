//! Every shell block of the runbook, executed in its order against a running server.
//!
//! What a test machine lacks has a stand-in below `stubs/`: systemd (which really restarts and reloads the server), its
//! journal, a container engine and a cluster (which only look whether their arguments make sense).

use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use jankins_tests::host::Artifact;
use jankins_tests::host::artifacts;
use jankins_tests::host::get;
use jankins_tests::host::mcp;
use jankins_tests::simulator::Simulator;
use jankins_tests::simulator::SimulatorOptions;
use jankins_tests::simulator::User;
use serde_json::json;

use super::documents;
use super::programs;
use super::prometheus::free_port;

/// What the blocks use that is not ours.
const PROGRAMS: [(&str, &str); 4] = [("curl", "curl"), ("free", "procps"), ("top", "procps"), ("bash", "bash")];
/// Longest wait for the server to be up.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn every_shell_block_of_the_runbook_works() {
    if !PROGRAMS.iter().all(|(program, package)| programs::find(program, package).is_some()) {
        return;
    }
    artifacts::ensure_built().unwrap();
    let jenkins = Simulator::start(SimulatorOptions::default()).await.unwrap();
    let state = tempfile::tempdir().unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    // The blocks name files of the repository, and make files of their own beside them.
    std::os::unix::fs::symlink(artifacts::root().join("ops"), state.path().join("ops")).unwrap();
    std::fs::write(state.path().join("journal"), "").unwrap();

    let shell = |program: &str, arguments: &[&str]| {
        let stubs = artifacts::root().join("tests/tests/ops/stubs");
        let programs = artifacts::program("jankins");
        let path = format!("{}:{}:/usr/sbin:/usr/bin:/sbin:/bin", stubs.display(), programs.parent().unwrap().display());
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(state.path())
            .env_clear()
            .envs([("PATH", path.as_str()), ("HOME", "/nonexistent"), ("TERM", "dumb")])
            .envs([("JANKINS", format!("http://{address}")), ("JANKINS_BIND", address.clone()), ("JENKINS_URL", jenkins.url())])
            .env("LOG", state.path().join("jankins.log"))
            .env("STATE", state.path())
            .env("REPOSITORY", artifacts::root())
            .env("JANKINS_PLUGIN", Artifact::P3.path())
            .env("NEXT", Artifact::P2.path())
            .env("JANKINS_CACHE_DIR", artifacts::root().join("target/test-cache"))
            .env("JENKINS_USER", User::Reader.name())
            .env("JENKINS_API_TOKEN", User::Reader.token())
            .stdin(Stdio::null());
        command
    };
    let supervisor = Supervisor { child: shell("supervise", &[]).spawn().unwrap(), state: state.path() };
    let begun = Instant::now();
    while !get(&address, "/_health").await.is_ok_and(|answer| answer.status == 200) {
        assert!(begun.elapsed() < PATIENCE, "the server is not up: {}", read(&state.path().join("journal")));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    // Some blocks look for the traces of calls.
    mcp(&address, "tools/call", json!({"name": "whoami", "arguments": {}}), &[]).await.unwrap();
    let blocks = documents::blocks(&documents::runbook(), "bash");
    assert!(blocks.len() > 20, "{}", blocks.len());
    let mut failed = Vec::new();
    for (heading, block) in &blocks {
        let mut command = shell("bash", &["-euo", "pipefail", "-c", block]);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        if !output.status.success() {
            let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            failed.push(format!("## {heading}\n{block}{}\n{stdout}{stderr}", output.status));
        }
    }
    assert!(failed.is_empty(), "{}\n{}", failed.join("\n"), read(&state.path().join("jankins.log")));
    let log = read(&state.path().join("jankins.log"));
    assert!(log.contains("SIGTERM") && log.contains("INFO"), "{log}");
    for file in ["incident-config.txt", "incident-metrics.txt", "incident.log", "incident.cassette"] {
        let text = read(&state.path().join(file));
        assert!(!text.is_empty() && !text.contains(User::Reader.token()), "{file}");
    }
    drop(supervisor);
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Ends the server and what keeps it running, also when a test fails.
struct Supervisor<'a> {
    child: std::process::Child,
    state: &'a Path,
}

impl Drop for Supervisor<'_> {
    fn drop(&mut self) {
        drop(std::fs::write(self.state.join("stop"), ""));
        let pid = read(&self.state.join("pid"));
        drop(Command::new("kill").args(["-TERM", pid.trim()]).status());
        drop(self.child.wait());
    }
}

#[test]
fn the_stand_ins_are_sound_shell() {
    let Some(shellcheck) = programs::find("shellcheck", "shellcheck") else { return };
    let stubs = std::fs::read_dir(artifacts::root().join("tests/tests/ops/stubs")).unwrap();
    let files = stubs.map(|entry| entry.unwrap().path());
    let output = Command::new(shellcheck).args(files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
