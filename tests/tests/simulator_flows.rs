//! The simulator against the recorded flows: triggers, inputs, stops, changes.
//!
//! Each flow is played against a fresh simulator at its recorded pace. Numbers of
//! builds and queue items differ between runs and are translated on the way.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "in a test, what is not as expected is a failure")]

mod client;

use client::{Answer, Client};
use hyper::Method;
use jankins_tests::simulator::{Simulator, SimulatorOptions, Timing, User};
use serde_json::Value;
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// Headers that a client may rely on.
const HEADERS: [&str; 5] = ["Location", "X-Required-Permission", "X-You-Are-Authenticated-As", "WWW-Authenticate", "X-Jenkins"];

fn flows() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/controller/flows.json");
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// About as fast as the recorded controller.
fn pace() -> Timing {
    Timing { build: Duration::from_millis(1100), until_input: Duration::from_millis(1000), ..Timing::default() }
}

async fn start(timing: Timing) -> (Simulator, Client) {
    let options = SimulatorOptions { timing, ..SimulatorOptions::default() };
    let jenkins = Simulator::start(options).await.unwrap();
    let client = Client::new(&jenkins);
    (jenkins, client)
}

/// From the recorded numbers to those of this run.
#[derive(Default)]
struct Numbers(Vec<(String, String)>);

impl Numbers {
    fn translate(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    }

    /// Learns the numbers of a build that was just triggered.
    async fn learn(&mut self, client: &Client, recorded: &Value, answer: &Answer, rest: &[Value]) {
        let item = |location: &str| location.trim_end_matches('/').rsplit('/').next().unwrap().to_owned();
        let (Some(before), Some(now)) = (recorded["headers"]["Location"].as_str(), answer.header("location")) else {
            return;
        };
        self.0.push((format!("item/{}/", item(before)), format!("item/{}/", item(now))));
        self.0.push((format!("id={}", item(before)), format!("id={}", item(now))));
        let job = recorded["path"].as_str().unwrap().rsplit_once("/build").unwrap().0;
        let next = client.get(User::Admin, &format!("{job}/api/json?tree=nextBuildNumber,lastBuild[number,building]")).await.json();
        let started = next["lastBuild"]["building"] == true;
        let number = next["nextBuildNumber"].as_u64().unwrap() - u64::from(started);
        let queue_item = format!("/queue/item/{}/api/json", item(before));
        let recorded_number = rest.iter().filter(|exchange| exchange["path"] == queue_item.as_str()).find_map(|exchange| {
            let body: Value = serde_json::from_str(exchange["body"].as_str()?).ok()?;
            body.pointer("/executable/number")?.as_u64()
        });
        if let Some(recorded_number) = recorded_number {
            self.0.push((format!("{job}/{recorded_number}/"), format!("{job}/{number}/")));
        }
    }
}

/// How an exchange logged in: its user, and whether with a password.
fn login(recorded: &Value) -> Option<(User, bool)> {
    Some(match recorded["as"].as_str() {
        None if recorded["status"] == 401 => return None,
        None if recorded["status"] == 403 => (User::Anonymous, false),
        None | Some("admin") => (User::Admin, false),
        Some("lin") => (User::Lin, false),
        Some("reader") => (User::Reader, false),
        Some("nobody") => (User::Nobody, false),
        Some("anonymous") => (User::Anonymous, false),
        Some("lin (password)") => (User::Lin, true),
        Some(_) => return None,
    })
}

async fn play(name: &str, exchanges: &[Value]) -> Vec<String> {
    let (_jenkins, client) = start(pace()).await;
    let (mut numbers, mut wrong) = (Numbers::default(), Vec::new());
    let (mut crumb, mut cookie) = (String::new(), String::new());
    let begun = Instant::now();
    let origin = exchanges[0]["at_ms"].as_u64().unwrap();
    for (at, recorded) in exchanges.iter().enumerate() {
        let due = Duration::from_millis(recorded["at_ms"].as_u64().unwrap() - origin);
        tokio::time::sleep(due.saturating_sub(begun.elapsed())).await;
        let path = numbers.translate(recorded["path"].as_str().unwrap());
        let method: Method = recorded["method"].as_str().unwrap().parse().unwrap();
        let mut headers = Vec::new();
        let secret = match login(recorded) {
            Some((user, true)) => (user, user.password()),
            Some((user, false)) => (user, user.token()),
            None => (User::Admin, "guess"),
        };
        for sent in recorded["request_headers"].as_object().into_iter().flatten() {
            match sent.0.as_str() {
                "Jenkins-Crumb" => headers.push(("Jenkins-Crumb", crumb.clone())),
                "Cookie" => headers.push(("Cookie", cookie.clone())),
                _ => {}
            }
        }
        let form = recorded["form"].as_object().map(|form| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            form.iter().map(|(key, value)| (key.clone(), text(value))).collect::<Vec<_>>()
        });
        let body = recorded["request_body"].as_str().map(str::to_owned).unwrap_or_else(|| client::form(&form.unwrap_or_default()));
        let answer = client.send(Some(secret), method, &path, &headers, body).await.unwrap();
        if path == "/crumbIssuer/api/json" {
            crumb = answer.json()["crumb"].as_str().unwrap().to_owned();
            cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        }
        if recorded["status"] == 201 {
            numbers.learn(&client, recorded, &answer, &exchanges[at..]).await;
        }
        let mut problems = Vec::new();
        if recorded["status"] != answer.status {
            problems.push(format!(
                "status {}, not {}: {}",
                answer.status,
                recorded["status"],
                answer.text().chars().take(200).collect::<String>()
            ));
        }
        for header in HEADERS {
            let before = recorded["headers"][header].as_str().map(|value| numbers.translate(value));
            if answer.header(header) != before.as_deref() {
                problems.push(format!("{header}: {:?}, not {before:?}", answer.header(header)));
            }
        }
        // Of a poll, only the last answer does not depend on the moment.
        let polled = exchanges[at + 1..].iter().any(|later| later["path"] == recorded["path"]);
        if !polled {
            problems.extend(facts(recorded, &answer));
        }
        if !problems.is_empty() {
            wrong.push(format!("{name}: {path}: {}", problems.join("; ")));
        }
    }
    wrong
}

/// Differences in what does not depend on the run: states, results, reasons, names.
fn facts(recorded: &Value, answer: &Answer) -> Vec<String> {
    let body = recorded["body"].as_str().unwrap_or_default();
    let (Ok(before), Ok(now)) = (serde_json::from_str::<Value>(body), serde_json::from_slice::<Value>(&answer.body)) else {
        return Vec::new();
    };
    let facts = [
        "/_class",
        "/building",
        "/result",
        "/buildable",
        "/blocked",
        "/cancelled",
        "/disabled",
        "/color",
        "/offline",
        "/temporarilyOffline",
        "/offlineCauseReason",
        "/description",
        "/keepLog",
        "/quietingDown",
        "/status",
        "/params",
        "/inQueue",
        "/data/result",
        "/0/id",
    ];
    let differs = facts.into_iter().filter(|fact| before.pointer(fact) != now.pointer(fact));
    differs.map(|fact| format!("{fact}: {:?}, not {:?}", now.pointer(fact), before.pointer(fact))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_flow_goes_the_same_way_again() {
    let flows = flows();
    let flows = flows.as_object().unwrap().clone();
    let played: Vec<_> =
        flows.into_iter().map(|(name, flow)| tokio::spawn(async move { play(&name, flow.as_array().unwrap()).await })).collect();
    let mut wrong = Vec::new();
    for flow in played {
        wrong.extend(flow.await.unwrap());
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Times short enough to wait for.
fn quick() -> Timing {
    let millis = Duration::from_millis;
    Timing {
        quiet_period: millis(0),
        dispatch: millis(20),
        build: millis(300),
        until_input: millis(100),
        input_lag: millis(50),
        stop: millis(50),
    }
}

async fn post(client: &Client, path: &str) -> Answer {
    client.call(User::Admin, Method::POST, path).await.unwrap()
}

/// Reads a log until the build has ended; every reading continues the one before.
async fn follow(client: &Client, build: &str) -> String {
    let mut seen = String::new();
    for _ in 0..200 {
        let whole = client.get(User::Admin, &format!("{build}/logText/progressiveText?start=0")).await;
        assert!(whole.text().starts_with(&seen), "the log was rewritten:\n{seen}\n--\n{}", whole.text());
        seen = whole.text();
        if whole.header("x-more-data").is_none() {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{build} does not end");
}

#[tokio::test]
async fn a_log_only_ever_grows_through_input_and_stop() {
    let (_jenkins, client) = start(quick()).await;
    assert_eq!(post(&client, "/job/release/build").await.status, 201);
    let answer = async {
        tokio::time::sleep(Duration::from_millis(250)).await;
        post(&client, "/job/release/4/wfapi/inputSubmit?inputId=ShipIt").await
    };
    let (log, answer) = tokio::join!(follow(&client, "/job/release/4"), answer);
    assert_eq!(answer.status, 200);
    assert!(log.contains("Input requested") && log.trim_end().ends_with("Finished: SUCCESS"), "{log}");

    assert_eq!(post(&client, "/job/long-runner/build").await.status, 201);
    let stop = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        post(&client, "/job/long-runner/3/stop").await
    };
    let (log, stop) = tokio::join!(follow(&client, "/job/long-runner/3"), stop);
    assert_eq!(stop.status, 302);
    assert!(log.trim_end().ends_with("Aborted by admin\r\nFinished: ABORTED"), "{log}");
}

#[tokio::test]
async fn builds_take_after_the_recorded_ones_that_a_test_names() {
    let (jenkins, client) = start(quick()).await;
    let main = "/job/shop/job/checkout/job/main";
    jenkins.next_builds_like(main, &[4, 5]);
    for (number, result, failed) in [(29, "UNSTABLE", 1), (30, "SUCCESS", 0)] {
        assert_eq!(post(&client, &format!("{main}/build")).await.status, 201);
        tokio::time::sleep(Duration::from_millis(20)).await;
        follow(&client, &format!("{main}/{number}")).await;
        let build = client.get(User::Admin, &format!("{main}/lastBuild/api/json?tree=number,result,building")).await.json();
        assert_eq!((&build["number"], &build["result"]), (&number.into(), &result.into()));
        let tests = client.get(User::Admin, &format!("{main}/{number}/testReport/api/json?tree=failCount")).await.json();
        assert_eq!(tests["failCount"], failed);
        let stages = client.get(User::Admin, &format!("{main}/{number}/wfapi/describe")).await.json();
        assert_eq!((&stages["id"], &stages["status"]), (&number.to_string().into(), &result.into()));
    }
}

#[tokio::test]
async fn a_recorded_build_that_runs_can_be_stopped() {
    let (_jenkins, client) = start(quick()).await;
    assert_eq!(post(&client, "/job/long-runner/1/stop").await.status, 302);
    assert!(follow(&client, "/job/long-runner/1").await.ends_with("Finished: ABORTED\r\n"));
    let build = client.get(User::Reader, "/job/long-runner/1/api/json?tree=building,result").await.json();
    assert_eq!((&build["building"], &build["result"]), (&false.into(), &"ABORTED".into()));
}
