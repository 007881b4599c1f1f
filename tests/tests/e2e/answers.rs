//! What the tools say about the recorded controller, held against what is known to be true of it.

use jankins_tests::host::Artifact;
use jankins_tests::host::Stdio;
use jankins_tests::simulator::RARE_LINE;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;

use super::support::controller;
use super::support::record;
use super::support::session;
use super::support::text;

on_both_artifacts! {
    every_tool_of_the_list_is_called_by_some_test_here
    whoami_names_the_account
    every_job_of_the_top_is_listed_with_its_state
    a_multibranch_job_lists_its_branches
    builds_are_listed_newest_first_and_filtered
    a_failed_pipeline_build_is_told_in_full
    stages_are_nested_and_name_the_failing_step
    a_paused_build_says_what_it_waits_for
    a_log_is_read_from_either_end_and_in_pieces
    a_search_covers_the_whole_log
    a_jenkinsfile_is_checked_by_the_controller
    what_waits_is_explained_by_what_runs
    what_a_build_brought_and_left_is_told
}

/// Of the recorded session, as the controller judged it.
const JENKINSFILE: &str = "pipeline { agent any\n stages { stage('A') { steps { echo 'x' } } } }";

async fn ask(session: &Stdio, tool: &str, arguments: Value) -> Value {
    let result = session.call(tool, arguments.clone()).await.unwrap();
    assert_ne!(result["isError"], true, "{tool} {arguments}: {result:#}");
    assert!(!text(&result).trim().is_empty(), "{tool} {arguments} says nothing");
    let meta = &result["_meta"]["jankins/answer"];
    assert!(meta["upstream_requests"].is_u64() && meta["correlation_id"].is_string(), "{tool}: {result:#}");
    assert!(!result["structuredContent"].to_string().contains("null"), "{tool}: {result:#}");
    result
}

fn items(record: &Value) -> &[Value] {
    record.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A tool that comes without a test of its own is at least asked something that must have an answer.
async fn every_tool_of_the_list_is_called_by_some_test_here(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Admin).await;
    let list = session.request("tools/list", json!({})).await.unwrap();
    for tool in list["tools"].as_array().unwrap().iter().filter(|tool| tool["annotations"]["readOnlyHint"] == true) {
        let name = tool["name"].as_str().unwrap();
        let required: Vec<&str> = items(&tool["inputSchema"]["required"]).iter().filter_map(Value::as_str).collect();
        let named = required.iter().chain(wanted(name));
        let arguments: serde_json::Map<String, Value> =
            named.map(|&parameter| (parameter.to_owned(), plausible(name, parameter))).collect();
        ask(&session, name, Value::Object(arguments)).await;
    }
}

/// What a tool needs beside its required parameters: one of several, or what makes it end at once.
fn wanted(tool: &str) -> &'static [&'static str] {
    match tool {
        "wait_for_build" => &["job", "build", "wait_seconds"],
        "tail_log_live" => &["build", "wait_seconds"],
        _ => &[],
    }
}

/// An argument that fits the recorded controller.
fn plausible(tool: &str, parameter: &str) -> Value {
    match (tool, parameter) {
        (_, "job") => json!("shop/checkout/main"),
        (_, "build" | "head") => json!("28"),
        (_, "base") => json!("20"),
        (_, "pattern") => json!("error"),
        (_, "url") => json!("https://git.example.com/shop/checkout.git"),
        (_, "path") => json!("dist/build-info.txt"),
        (_, "jenkinsfile") => json!(JENKINSFILE),
        // Still in the queue when the controller was recorded: those that left it are forgotten.
        (_, "id" | "item") => json!(263),
        (_, "wait_seconds") => json!(0),
        _ => panic!("{tool} requires {parameter}, of which this test knows no plausible value"),
    }
}

async fn whoami_names_the_account(artifact: Artifact) {
    let jenkins = controller().await;
    for user in [User::Admin, User::Reader] {
        let session = session(artifact, &jenkins, user).await;
        let who = ask(&session, "whoami", json!({})).await;
        assert_eq!((&record(&who)["name"], &record(&who)["authenticated"]), (&json!(user.name()), &json!(true)));
    }
}

async fn every_job_of_the_top_is_listed_with_its_state(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Admin).await;
    let list = ask(&session, "list_jobs", json!({"limit": 100})).await;
    let jobs = items(&record(&list)["jobs"]);
    let status = |name: &str| {
        let job = jobs.iter().find(|job| job["name"] == name).unwrap_or_else(|| panic!("no {name}: {list:#}"));
        job["status"].as_str().unwrap_or("folder")
    };
    let found = ["shop", "rust-core", "compat", "deploy", "quarterly-audit", "old-import", "Zürich Ops"].map(|job| (job, status(job)));
    let expected = [
        ("shop", "folder"),
        ("rust-core", "failing"),
        ("compat", "unstable"),
        ("deploy", "passing"),
        ("quarterly-audit", "never-built"),
        ("old-import", "disabled"),
        ("Zürich Ops", "folder"),
    ];
    assert_eq!(found, expected);

    let first = ask(&session, "list_jobs", json!({"folder": "fleet", "limit": 50})).await;
    assert_eq!(record(&first)["shown"], 50);
    assert!(record(&first)["at_least"].as_u64().unwrap() > 50, "a page's length is not the total: {first:#}");
    let mut names: Vec<String> = Vec::new();
    let mut page = first;
    loop {
        names.extend(items(&record(&page)["jobs"]).iter().map(|job| job["name"].as_str().unwrap().to_owned()));
        let Some(cursor) = record(&page)["next_cursor"].as_str() else { break };
        page = ask(&session, "list_jobs", json!({"folder": "fleet", "limit": 50, "cursor": cursor})).await;
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 130, "pages neither skip nor repeat");
}

async fn a_multibranch_job_lists_its_branches(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Admin).await;
    let checkout = ask(&session, "get_job", json!({"job": "shop/checkout"})).await;
    assert_eq!(record(&checkout)["kind"], "multibranch");
    for branch in ["main", "feature/login", "release-2.x"] {
        assert!(text(&checkout).contains(branch), "no {branch}: {}", text(&checkout));
    }
    let deploy = ask(&session, "get_job", json!({"job": "deploy"})).await;
    let kinds: Vec<&str> = items(&record(&deploy)["parameters"]).iter().filter_map(|parameter| parameter["kind"].as_str()).collect();
    assert_eq!(kinds.len(), 6, "{kinds:?}");
}

async fn builds_are_listed_newest_first_and_filtered(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Admin).await;
    let numbers =
        |answer: &Value| -> Vec<u64> { items(&record(answer)["builds"]).iter().filter_map(|build| build["number"].as_u64()).collect() };
    let main = json!({"job": "shop/checkout", "ref": "main", "limit": 30});
    let all = ask(&session, "list_builds", main).await;
    assert_eq!(numbers(&all), (1..=28).rev().collect::<Vec<u64>>());
    let aborted = ask(&session, "list_builds", json!({"job": "shop/checkout/main", "result": "aborted"})).await;
    assert_eq!(numbers(&aborted), [27]);
    let by_commit = ask(&session, "list_builds", json!({"job": "shop/checkout/main", "commit": "f6063eea"})).await;
    assert!(numbers(&by_commit).contains(&21), "{by_commit:#}");
    let red = ask(&session, "list_builds", json!({"job": "heartbeat", "result": "failure", "limit": 10})).await;
    assert_eq!(numbers(&red), [111, 74, 37]);
}

async fn a_failed_pipeline_build_is_told_in_full(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Admin).await;
    let answer = ask(&session, "get_build", json!({"job": "shop/checkout/main", "build": "25"})).await;
    let build = record(&answer);
    assert_eq!((&build["number"], &build["result"], &build["building"]), (&json!(25), &json!("FAILURE"), &json!(false)));
    let status = |name: &str| {
        let stage = items(&build["stages"]).iter().find(|stage| stage["name"] == name);
        stage.unwrap_or_else(|| panic!("no stage {name}: {answer:#}"))["status"].clone()
    };
    assert_eq!((status("Checkout"), status("lint"), status("Deploy")), (json!("SUCCESS"), json!("FAILURE"), json!("NOT_BUILT")));
    assert_eq!((&build["tests"]["failed"], &build["tests"]["total"]), (&json!(2), &json!(17)), "{answer:#}");
    assert!(build["revisions"][0]["commit"].as_str().unwrap().starts_with("2392f3ca"), "{answer:#}");

    let latest = ask(&session, "get_build", json!({"job": "shop/checkout/main", "build": "last-stable"})).await;
    assert_eq!(record(&latest)["number"], 20, "28 is unstable, which Jenkins counts among the successful");
}

async fn stages_are_nested_and_name_the_failing_step(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Admin).await;
    let graph = ask(&session, "get_pipeline_graph", json!({"job": "shop/checkout/main", "build": "25"})).await;
    let stages = items(&record(&graph)["stages"]);
    let stage = |name: &str| stages.iter().find(|stage| stage["name"] == name).unwrap_or_else(|| panic!("{graph:#}"));
    assert_eq!(stage("lint")["status"], "FAILURE");
    assert!(stage("lint")["depth"].as_u64() > stage("Test")["depth"].as_u64(), "{graph:#}");
    assert!(stage("lint")["failing_step"].is_string(), "{graph:#}");
}

async fn a_paused_build_says_what_it_waits_for(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Admin).await;
    let waiting = ask(&session, "list_pending_inputs", json!({"job": "release", "build": "3"})).await;
    let input = &record(&waiting)["inputs"][0];
    assert_eq!(input["id"], "ShipIt");
    let names: Vec<&str> = items(&input["parameters"]).iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["TAG", "CHANNEL", "NOTIFY"]);
}

async fn a_log_is_read_from_either_end_and_in_pieces(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Admin).await;
    let tail = ask(&session, "get_build_log", json!({"job": "rust-core", "build": "3"})).await;
    assert!(text(&tail).contains("Finished: FAILURE"), "{}", text(&tail));
    let errors = ask(&session, "get_build_log", json!({"job": "rust-core", "build": "3", "mode": "errors"})).await;
    assert!(text(&errors).contains("E0308") && text(&errors).contains("E0599"), "{}", text(&errors));

    // The pieces make up the whole, each beginning where the one before ended.
    let mut at = 0;
    let mut piece = ask(
        &session,
        "get_build_log",
        json!({"job": "rust-core", "build": "3", "format": "full", "mode": "range", "start": 0, "max_bytes": 2000}),
    )
    .await;
    loop {
        let chunk = record(&piece);
        assert_eq!(chunk["start"], at, "{piece:#}");
        at = chunk["end"].as_u64().unwrap();
        let Some(cursor) = chunk["next_cursor"].as_str() else { break };
        piece = ask(
            &session,
            "get_build_log",
            json!({"job": "rust-core", "build": "3", "format": "full", "cursor": cursor, "max_bytes": 2000}),
        )
        .await;
    }
    assert_eq!(record(&piece)["total_bytes"], at);
}

async fn a_search_covers_the_whole_log(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Admin).await;
    let found = ask(&session, "search_log", json!({"job": "big-log", "pattern": "FATAL ledger"})).await;
    let answer = record(&found);
    assert_eq!((&answer["total"], &answer["scanned_bytes"]), (&json!(1), &answer["total_bytes"]), "{found:#}");
    assert!(answer["matches"][0]["match"].as_str().unwrap().contains(RARE_LINE), "{found:#}");
    // What the component's engines can do is a matter of its features, and native tests are built with more of them.
    for pattern in [r"\bFATAL\b ledger", r"(?i)fatal\s+LEDGER\w*", r"[^\W\d]ATAL le"] {
        let found = ask(&session, "search_log", json!({"job": "big-log", "pattern": pattern})).await;
        assert_eq!(record(&found)["total"], 1, "{pattern}: {found:#}");
    }
    let broken = session.call("search_log", json!({"job": "big-log", "pattern": "(unclosed"})).await.unwrap();
    assert_eq!(broken["structuredContent"]["error"]["code"], "invalid-params", "{broken:#}");
}

async fn a_jenkinsfile_is_checked_by_the_controller(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Admin).await;
    let fine = ask(&session, "validate_jenkinsfile", json!({"jenkinsfile": JENKINSFILE})).await;
    assert_eq!(record(&fine)["valid"], true, "{fine:#}");
    let nowhere = JENKINSFILE.replace(" agent any\n", "");
    let wrong = ask(&session, "validate_jenkinsfile", json!({"jenkinsfile": nowhere})).await;
    assert_eq!((&record(&wrong)["valid"], &record(&wrong)["problems"][0]["line"]), (&json!(false), &json!(1)), "{wrong:#}");
}

async fn what_waits_is_explained_by_what_runs(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Reader).await;
    let queue = ask(&session, "explain_queue", json!({})).await;
    let reasons: Vec<(u64, &str)> =
        items(&record(&queue)["items"]).iter().map(|item| (item["id"].as_u64().unwrap(), item["reason"].as_str().unwrap())).collect();
    assert_eq!(reasons, [(262, "build-running"), (263, "no-such-label"), (265, "no-such-label")], "{queue:#}");
    assert_eq!(record(&queue)["items"][0]["held_by"], json!(["slow-import #1"]));
    let offline = ask(&session, "list_nodes", json!({"status": "offline"})).await;
    assert!(text(&offline).contains("disk full, Lin is replacing it"), "{}", text(&offline));
    let hidden = ask(&session, "list_credentials", json!({})).await;
    assert_eq!((&record(&hidden)["total"], &record(&hidden)["unseen"]), (&json!(0), &json!(["system"])), "{hidden:#}");
}

async fn what_a_build_brought_and_left_is_told(artifact: Artifact) {
    let jenkins = controller().await;
    let session = session(artifact, &jenkins, User::Reader).await;
    let build = |more: Value| {
        let mut arguments = json!({"job": "shop/checkout", "ref": "main", "build": "21"});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    let changes = ask(&session, "get_build_changes", build(json!({}))).await;
    let commits: Vec<&str> = items(&record(&changes)["commits"]).iter().map(|commit| &commit["commit"].as_str().unwrap()[..8]).collect();
    assert!(["f6063eea", "edf36046", "c57750b7"].iter().all(|commit| commits.contains(commit)), "{commits:?}");
    let list = ask(&session, "get_build_artifacts", build(json!({"glob": "*.gz"}))).await;
    assert_eq!(record(&list)["artifacts"][0]["path"], "dist/checkout.tar.gz");
    assert!(record(&list)["artifacts"][0]["size_bytes"].as_u64().unwrap() > 1_000, "{list:#}");
    let text_file = ask(&session, "get_artifact", build(json!({"path": "reports/unit.xml", "grep": "<testcase"}))).await;
    assert_eq!(record(&text_file)["matches"], 3, "lines that match, of a report with many cases in a line: {text_file:#}");
    let outside = session.call("get_artifact", build(json!({"path": "../../config.xml"}))).await.unwrap();
    assert_eq!(outside["structuredContent"]["error"]["code"], "invalid-params", "{outside:#}");
}
