//! The simulator against what was recorded: if these hold, tests that use it mean something.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "in a test, what is not as expected is a failure")]

mod client;

use client::Client;
use hyper::Method;
use jankins_tests::simulator::{BIG_LOG, Fault, RARE_LINE, Simulator, SimulatorOptions, User};
use serde_json::Value;
use std::{
    path::Path,
    time::{Duration, Instant},
};

async fn start() -> (Simulator, Client) {
    let jenkins = Simulator::start(SimulatorOptions::default()).await.unwrap();
    let client = Client::new(&jenkins);
    (jenkins, client)
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/controller").join(name)).unwrap()
}

/// The order of `paths` in a change set varies between two calls of the real controller.
fn with_sorted_paths(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                *value = with_sorted_paths(value.take());
                if let (true, Some(paths)) = (name == "paths", value.as_array_mut()) {
                    paths.sort_by_key(Value::to_string);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = with_sorted_paths(item.take())),
        _ => {}
    }
    value
}

#[tokio::test]
async fn every_golden_tree_is_answered_as_recorded_in_content_and_order() {
    let (_jenkins, client) = start().await;
    let golden: Vec<Value> = serde_json::from_slice(&fixture("gold-trees.json")).unwrap();
    let mut wrong = Vec::new();
    for gold in &golden {
        let path = gold["path"].as_str().unwrap();
        let answer = client.get(User::Admin, path).await;
        let json = |value: &Value| with_sorted_paths(value.clone()).to_string();
        let same = answer.status == gold["status"]
            && (answer.status != 200 || json(&serde_json::from_slice(&answer.body).unwrap()) == json(&gold["json"]));
        if !same {
            wrong.push(path);
        }
    }
    assert_eq!((golden.len(), wrong), (180, Vec::<&str>::new()));
}

#[tokio::test]
async fn every_recorded_exchange_is_answered_as_recorded() {
    let (_jenkins, client) = start().await;
    let index: Vec<Value> = serde_json::from_slice(&fixture("index.json")).unwrap();
    let mut wrong = Vec::new();
    for recorded in &index {
        let user = match recorded["as"].as_str().unwrap() {
            "admin" => User::Admin,
            "reader" => User::Reader,
            "nobody" => User::Nobody,
            "user:lin" => User::Lin,
            _ => User::Anonymous,
        };
        let path = recorded["path"].as_str().unwrap();
        let method: Method = recorded["method"].as_str().unwrap().parse().unwrap();
        let answer = client.call(user, method.clone(), path).await.unwrap();
        let mut problems = Vec::new();
        if recorded["status"] != answer.status {
            problems.push(format!("status {}", answer.status));
        }
        for (name, value) in recorded["headers"].as_object().unwrap() {
            if answer.header(name) != value.as_str() {
                problems.push(format!("{name}: {:?}, not {value}", answer.header(name)));
            }
        }
        if let (&Method::GET, Some(file)) = (&method, recorded["body"].as_str()) {
            let body = fixture(file);
            let is_cut = recorded["cut"] == true;
            let length = recorded["length"].as_u64().map_or(body.len(), |length| length as usize);
            // Error pages of the same kind differ in nothing a client may rely on.
            let starts = answer.status >= 400 || answer.body.starts_with(&body);
            if answer.body.len() != length || !starts || (!is_cut && answer.status < 400 && answer.body != body) {
                problems.push(format!("{} bytes, not {length}", answer.body.len()));
            }
        }
        if !problems.is_empty() {
            wrong.push(format!("{user:?} {method} {path}: {}", problems.join("; ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), index.len(), wrong.join("\n"));
}

#[tokio::test]
async fn the_large_log_is_streamed_from_any_offset() {
    let (_jenkins, client) = start().await;
    let path = format!("/job/{}/1/logText/progressiveText?start=", BIG_LOG.0);
    let head = client.call(User::Admin, Method::HEAD, &format!("{path}0")).await.unwrap();
    let size: u64 = head.header("x-text-size").unwrap().parse().unwrap();
    assert_eq!((size, head.body.len()), (16_000_000, 0));
    let tail = client.get(User::Admin, &format!("{path}{}", size - 100)).await;
    assert!(tail.text().trim_end().ends_with("Finished: FAILURE"), "{}", tail.text());
    let whole = client.get(User::Admin, &format!("{path}0")).await;
    assert_eq!(whole.text().matches(RARE_LINE).count(), 1);
    let job = client.get(User::Admin, &format!("/job/{}/lastBuild/api/json?tree=number,result", BIG_LOG.0)).await;
    assert!(job.text().contains("\"number\":1,\"result\":\"FAILURE\""), "{}", job.text());
}

#[tokio::test]
async fn wrong_credentials_are_401_before_anything_else() {
    let (_jenkins, client) = start().await;
    let login = Some((User::Admin, "guess"));
    let answer = client.send(login, Method::GET, "/job/no-such-job/api/json", &[], String::new()).await.unwrap();
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"Jenkins\""));
    assert_eq!(answer.header("x-jenkins"), None);
}

#[tokio::test]
async fn latency_is_served_side_by_side_and_counted() {
    let (jenkins, client) = start().await;
    jenkins.set_latency(Duration::from_millis(100));
    let begun = Instant::now();
    let calls = (0..40).map(|_| client.call(User::Admin, Method::GET, "/api/json?tree=mode"));
    let mut set = Vec::new();
    for call in calls {
        set.push(Box::pin(call));
    }
    let answers = join_all(set).await;
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer.status == 200)));
    assert!(begun.elapsed() < Duration::from_millis(1000), "{:?}", begun.elapsed());
    assert_eq!((jenkins.requests().len(), jenkins.most_open()), (40, 40));
    assert!(jenkins.requests().iter().all(|request| !request.leaks_secret && request.user == Some(User::Admin)));
}

/// Polls all futures to their ends on this task.
async fn join_all<F: Future + Unpin>(mut futures: Vec<F>) -> Vec<F::Output> {
    let mut done: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        for (future, slot) in futures.iter_mut().zip(done.iter_mut()).filter(|(_, slot)| slot.is_none()) {
            if let std::task::Poll::Ready(output) = std::pin::Pin::new(future).poll(context) {
                *slot = Some(output);
            }
        }
        match done.iter().all(Option::is_some) {
            true => std::task::Poll::Ready(done.iter_mut().filter_map(Option::take).collect()),
            false => std::task::Poll::Pending,
        }
    })
    .await
}

#[tokio::test]
async fn faults_come_when_set_and_go_when_cleared() {
    let (jenkins, client) = start().await;
    let path = "/job/shop/api/json?tree=jobs[name]";
    let whole = client.get(User::Admin, path).await;
    for (fault, status) in [
        (Fault::Starting, 503),
        (Fault::LoginPage, 200),
        (Fault::RateLimited(7), 429),
        (Fault::Redirect("http://elsewhere.test/".into()), 302),
        (Fault::Status(502), 502),
        (Fault::Missing, 404),
        (Fault::Malformed, 200),
        (Fault::Answer { status: 418, content_type: "text/plain".into(), body: "short and stout".into() }, 418),
    ] {
        jenkins.set_fault_on("/job/shop", Some(1), fault.clone());
        let answer = client.get(User::Admin, path).await;
        assert_eq!(answer.status, status, "{fault:?}");
        assert!(serde_json::from_slice::<Value>(&answer.body).is_err(), "{fault:?}");
    }
    for fault in [Fault::Drop, Fault::Truncate] {
        jenkins.set_fault_on("/job/shop", Some(1), fault.clone());
        assert!(client.call(User::Admin, Method::GET, path).await.is_err(), "{fault:?}");
    }
    for fault in [Fault::Hang, Fault::Stall] {
        jenkins.set_fault(fault.clone());
        let call = tokio::time::timeout(Duration::from_millis(100), client.call(User::Admin, Method::GET, path));
        assert!(call.await.is_err(), "{fault:?}");
    }
    jenkins.clear_faults();
    assert_eq!(client.get(User::Admin, path).await.body, whole.body);
}
