//! Debian's Prometheus, scraping one server every second.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use anyhow::Result;
use jankins_tests::host::artifacts;
use jankins_tests::host::get;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Child;
use tokio::process::Command;

use super::programs;

/// Longest wait for it to be ready.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running Prometheus.
pub struct Prometheus {
    _process: Child,
    _data: TempDir,
    address: String,
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

impl Prometheus {
    /// Starts one that scrapes these addresses as the job `jankins`, with our alert rules. Nothing where there is none.
    pub async fn start(targets: &[&str], native_histograms: bool) -> Option<Self> {
        let program = programs::find("prometheus", "prometheus")?;
        Some(Self::spawn(&program, targets, native_histograms).await.unwrap())
    }

    async fn spawn(program: &Path, targets: &[&str], native_histograms: bool) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let rules = artifacts::root().join("ops/prometheus/alerts.yml");
        let targets: Vec<String> = targets.iter().map(|target| format!("'{target}'")).collect();
        let config = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n\
             rule_files: ['{}']\n\
             scrape_configs: [{{job_name: jankins, metrics_path: /_metrics, static_configs: [{{targets: [{}]}}]}}]\n",
            rules.display(),
            targets.join(", ")
        );
        let file = data.path().join("prometheus.yml");
        std::fs::write(&file, config)?;
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(program);
        command
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", data.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(data.path().join("log"))?)
            .kill_on_drop(true);
        if native_histograms {
            command.arg("--enable-feature=native-histograms");
        }
        let process = command.spawn().context("prometheus cannot be started")?;
        let prometheus = Self { _process: process, _data: data, address };
        let ready = async {
            while !get(&prometheus.address, "/-/ready").await.is_ok_and(|answer| answer.status == 200) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ready).await.context("prometheus does not get ready")?;
        Ok(prometheus)
    }

    /// What its HTTP API answers.
    async fn api(&self, path: &str) -> Value {
        let answer = get(&self.address, path).await.unwrap();
        let body = answer.json();
        assert_eq!(body["status"], "success", "{path}: {}", answer.body);
        body["data"].clone()
    }

    /// The series that a query finds now.
    pub async fn query(&self, query: &str) -> Vec<Value> {
        let encoded: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let data = self.api(&format!("/api/v1/query?query={encoded}")).await;
        match data["resultType"].as_str() {
            Some("vector") => data["result"].as_array().unwrap().clone(),
            _ => vec![data["result"].clone()],
        }
    }

    /// Our alert rules as it read them: name and expression.
    pub async fn alerts(&self) -> Vec<(String, String)> {
        let data = self.api("/api/v1/rules?type=alert").await;
        let groups = data["groups"].as_array().unwrap().iter();
        let rules = groups.flat_map(|group| group["rules"].as_array().unwrap());
        rules.map(|rule| (rule["name"].as_str().unwrap().to_owned(), rule["query"].as_str().unwrap().to_owned())).collect()
    }

    /// Waits until it has seen each target so many times.
    pub async fn scraped(&self, times: u32) {
        let query = format!("min(count_over_time(up{{job=\"jankins\"}}[5m])) >= {times} and min(up{{job=\"jankins\"}}) == 1");
        let seen = async {
            while self.query(&query).await.is_empty() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::time::timeout(PATIENCE, seen).await.expect("prometheus does not scrape");
    }
}
