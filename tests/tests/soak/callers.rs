//! Callers that know what belongs to their tenant, and the tally of what they got.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use super::town::Town;

/// What a call may fail with while its controller is away, its plugin is replaced or it is one too many.
const EXPECTED: [&str; 8] =
    ["timeout", "unavailable", "circuit-open", "upstream-error", "bad-response", "plugin-restarted", "rate-limited", "overloaded"];

/// What happened.
#[derive(Default)]
pub struct Tally(Mutex<Figures>);

#[derive(Default)]
struct Figures {
    good: BTreeMap<usize, u64>,
    failed: BTreeMap<String, u64>,
    lost: Vec<String>,
    crossed: Vec<String>,
    slowest: Duration,
}

impl Tally {
    fn with<T>(&self, look: impl FnOnce(&mut Figures) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }

    /// Calls that were answered with what was asked for.
    pub fn good(&self) -> u64 {
        self.with(|figures| figures.good.values().sum())
    }

    /// All calls.
    pub fn calls(&self) -> u64 {
        self.good() + self.with(|figures| figures.failed.values().sum::<u64>() + figures.lost.len() as u64)
    }

    /// Whether no tenant went without.
    pub fn every_tenant_had_good_answers(&self) -> bool {
        self.with(|figures| figures.good.len() == 4)
    }

    /// What was not answered, or in a way that no caller could use.
    pub fn lost(&self) -> Vec<String> {
        self.with(|figures| figures.lost.clone())
    }

    /// What was answered with something of another tenant.
    pub fn crossed(&self) -> Vec<String> {
        self.with(|figures| figures.crossed.clone())
    }

    /// All of it in lines.
    pub fn report(&self) -> String {
        let calls = self.calls();
        self.with(|figures| {
            let mut text = format!("{calls} calls, the slowest {:.1} s\n", figures.slowest.as_secs_f64());
            for (tenant, good) in &figures.good {
                writeln!(text, "good, tenant {tenant}: {good}").unwrap();
            }
            for (code, count) in &figures.failed {
                writeln!(text, "{code}: {count}").unwrap();
            }
            write!(text, "lost: {}, crossed: {}", figures.lost.len(), figures.crossed.len()).unwrap();
            text
        })
    }
}

/// Calls this and that for a tenant until the time is over.
pub async fn call_until(end: Instant, town: &Town, tenant: usize, seed: u64, tally: &Tally) {
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    while Instant::now() < end {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let build = random % 100 + 1;
        let (tool, arguments) = match random >> 32 & 7 {
            0 => ("whoami", json!({})),
            1 => ("get_build", json!({"job": "no/such/job"})),
            2 => ("get_build_log", json!({"job": "heartbeat", "build": build.to_string()})),
            _ => ("get_build", json!({"job": "heartbeat", "build": build.to_string()})),
        };
        let begun = Instant::now();
        let answer = town.call(tenant, tool, arguments).await;
        let took = begun.elapsed();
        tally.with(|figures| figures.slowest = figures.slowest.max(took));
        match answer {
            Ok(answer) if answer.status == 200 => judge(town, tenant, tool, build, &answer.json(), &answer.body, tally),
            Ok(answer) => tally.with(|figures| figures.lost.push(format!("{tool}: {} {}", answer.status, answer.body))),
            Err(error) => tally.with(|figures| figures.lost.push(format!("{tool}: {error:#}"))),
        }
        // Some are busy, some are not.
        tokio::time::sleep(Duration::from_millis(random % 50)).await;
    }
}

fn judge(town: &Town, tenant: usize, tool: &str, build: u64, answer: &Value, body: &str, tally: &Tally) {
    let foreign = town.tenants().find(|(other, port)| *other != tenant && body.contains(&format!("127.0.0.1:{port}")));
    if foreign.is_some() {
        tally.with(|figures| figures.crossed.push(format!("{tool} of {tenant}: {body}")));
        return;
    }
    let result = &answer["result"];
    if result["isError"] == true {
        let code = result["structuredContent"]["error"]["code"].as_str().unwrap_or("none").to_owned();
        let asked_for = code == "not-found" && tool == "get_build";
        if !asked_for && !EXPECTED.contains(&code.as_str()) {
            tally.with(|figures| figures.lost.push(format!("{tool}: {body}")));
        } else if asked_for {
            tally.with(|figures| *figures.good.entry(tenant).or_default() += 1);
        } else {
            tally.with(|figures| *figures.failed.entry(code).or_default() += 1);
        }
        return;
    }
    let record = &result["structuredContent"];
    let right = match tool {
        "whoami" => record["name"] == Town::user(tenant),
        "get_build" => record["number"] == build,
        _ => record.is_object(),
    };
    tally.with(|figures| match right {
        true => *figures.good.entry(tenant).or_default() += 1,
        false => figures.crossed.push(format!("{tool} of {tenant} for {build}: {body}")),
    });
}
