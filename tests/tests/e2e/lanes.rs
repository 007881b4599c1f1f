//! A tenant that computes without a pause, and one beside it: who is in the slow lane, and that nothing is lost there.

use std::time::Duration;
use std::time::Instant;

use jankins_tests::host::Artifact;
use jankins_tests::host::Http;
use jankins_tests::simulator::Simulator;
use jankins_tests::simulator::User;
use serde_json::json;

use super::config_file::ConfigFile;
use super::config_file::answered;
use super::config_file::call_as;
use super::config_file::tenant;
use super::config_file::token;
use super::support::controller;

on_both_artifacts! {
    who_scans_logs_without_a_pause_is_in_the_slow_lane_and_who_does_not_stays
    sigterm_ends_the_server_after_the_call_in_the_slow_lane
}

struct Town {
    jenkins: Simulator,
    _file: ConfigFile,
    server: Http,
    quiet: String,
    noisy: String,
}

async fn town(artifact: Artifact) -> Town {
    let (jenkins, file) = (controller().await, ConfigFile::new(""));
    let ((quiet, quiet_entry), (noisy, noisy_entry)) = (token("ada", "quiet").await, token("bob", "noisy").await);
    let tenants = tenant(&file, "quiet", &jenkins, User::Reader) + &tenant(&file, "noisy", &jenkins, User::Reader);
    file.write(&format!("{tenants}{quiet_entry}{noisy_entry}"));
    let server = file.serve(artifact).await;
    Town { jenkins, _file: file, server, quiet, noisy }
}

impl Town {
    /// Looks through a long log.
    async fn scan(&self) {
        let arguments = json!({"job": "big-log", "build": "1", "pattern": r"sum of postings differs .* by \d+ cents"});
        assert_eq!(answered(&call_as(&self.server, &self.noisy, "search_log", arguments, &[]).await)["total"], 1);
    }

    async fn slow_seconds(&self, tenant: &str) -> f64 {
        let page = self.server.get("/_metrics").await.unwrap().body;
        let name = format!("jankins_slow_lane_seconds_total{{tenant=\"{tenant}\"}}");
        let line = page.lines().find(|line| line.starts_with(&name)).unwrap_or_else(|| panic!("no {name}: {page}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// Scans until that is done in the slow lane.
    async fn until_slow(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.slow_seconds("noisy").await == 0.0 {
            assert!(Instant::now() < deadline, "it stays in the normal lane");
            self.scan().await;
        }
    }
}

async fn who_scans_logs_without_a_pause_is_in_the_slow_lane_and_who_does_not_stays(artifact: Artifact) {
    let town = town(artifact).await;
    let calm = async || {
        for _ in 0..20 {
            assert_eq!(answered(&call_as(&town.server, &town.quiet, "whoami", json!({}), &[]).await)["name"], "reader");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::join!(town.until_slow(), calm());
    // Its own beginning may have been long enough to count.
    let before = town.slow_seconds("quiet").await;
    let scanning = async {
        loop {
            town.scan().await;
        }
    };
    tokio::select! {
        () = scanning => {}
        () = calm() => {}
    }
    let (quiet, noisy) = (town.slow_seconds("quiet").await - before, town.slow_seconds("noisy").await);
    assert!(quiet < noisy / 10.0, "{quiet} s beside {noisy} s");
}

async fn sigterm_ends_the_server_after_the_call_in_the_slow_lane(artifact: Artifact) {
    let town = town(artifact).await;
    town.until_slow().await;
    town.jenkins.clear_requests();
    let stop = async {
        while town.jenkins.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        town.server.terminate().unwrap();
    };
    tokio::join!(town.scan(), stop);
    let (status, log) = town.server.ended().await.unwrap();
    assert!(status.success(), "{status}: {log}");
}
