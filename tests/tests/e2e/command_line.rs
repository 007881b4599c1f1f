//! The command line, as a person and a script use it.

use std::process::Output;

use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::simulator::User;
use serde_json::Value;

use super::support::assert_no_secret;
use super::support::controller;

on_both_artifacts! {
    a_call_prints_the_text_for_people_and_json_for_programs
    a_failure_is_on_standard_error_with_exit_code_1
    what_cannot_be_used_is_exit_code_2_and_says_what_to_set
    check_says_step_by_step_what_works
    a_read_only_host_offers_no_tool_that_changes_anything
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

async fn a_call_prints_the_text_for_people_and_json_for_programs(artifact: Artifact) {
    let jenkins = controller().await;
    let host = Host::new(artifact).unwrap().against(&jenkins.url(), User::Reader);
    let call = ["call", "get-build", "--job", "rust-core", "--build", "2"];
    let output = host.clone().args(call).run().await.unwrap();
    let (text, errors) = said(&output);
    assert!(output.status.success() && text.starts_with("rust-core #2 FAILURE"), "{text}{errors}");
    assert!(!text.contains('\u{1b}'), "colour without a terminal");
    let output = host.args(call).arg("--json").run().await.unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["structured"]["number"], 2);
}

async fn a_failure_is_on_standard_error_with_exit_code_1(artifact: Artifact) {
    let jenkins = controller().await;
    let host = Host::new(artifact).unwrap().against(&jenkins.url(), User::Reader);
    let output = host.args(["call", "get-build", "--job", "no/such"]).run().await.unwrap();
    let (text, errors) = said(&output);
    assert_eq!((output.status.code(), text.as_str()), (Some(1), ""));
    assert!(errors.starts_with("not-found: job no/such"), "{errors}");
}

async fn what_cannot_be_used_is_exit_code_2_and_says_what_to_set(artifact: Artifact) {
    let host = Host::new(artifact).unwrap();
    for (host, named) in [
        (host.clone().args(["call", "whoami"]), "JENKINS_URL"),
        (host.clone().env("JENKINS_URL", "ci.example.com").args(["call", "whoami"]), "https://"),
        (host.clone().against("http://ci/", User::Anonymous).env("JENKINS_USER", "ada").args(["call", "whoami"]), "JENKINS_API_TOKEN"),
        (host.clone().against("http://ci/", User::Reader).args(["call", "who-am-i"]), "whoami"),
        (host.clone().against("http://ci/", User::Reader).args(["call", "get-build"]), "--job"),
        (host.clone().arg("--no-such-option"), "--help"),
        (host.args(["--plugin", "Cargo.toml", "tools"]), "Cargo.toml"),
    ] {
        let output = host.run().await.unwrap();
        let (_, errors) = said(&output);
        assert_eq!(output.status.code(), Some(2), "{host:?}: {errors}");
        assert!(errors.contains(named), "{host:?}: {errors}");
        assert_no_secret(&[&errors]);
    }
}

async fn check_says_step_by_step_what_works(artifact: Artifact) {
    let jenkins = controller().await;
    let host = Host::new(artifact).unwrap();
    let good = host.clone().against(&jenkins.url(), User::Reader).arg("check").run().await.unwrap();
    assert!(good.status.success(), "{:?}", said(&good));
    assert!(said(&good).0.contains("reader"), "{:?}", said(&good));
    let bad = host.against(&jenkins.url(), User::Reader).env("JENKINS_API_TOKEN", "wrong").arg("check").run().await.unwrap();
    assert_eq!(bad.status.code(), Some(1), "{:?}", said(&bad));
}

async fn a_read_only_host_offers_no_tool_that_changes_anything(artifact: Artifact) {
    let host = Host::new(artifact).unwrap().arg("--read-only").args(["tools", "--json"]);
    let catalogue: Value = serde_json::from_slice(&host.run().await.unwrap().stdout).unwrap();
    let tools = catalogue["tools"].as_array().unwrap();
    assert!(!tools.is_empty() && tools.iter().all(|tool| tool["effect"] == "read"));
}
