//! `detect-flaky-tests` against the recorded truth: of `shop/checkout` main, `test_gateway_retry` is the only flake, and
//! two tests are broken since build 21.

use super::*;
use crate::testing::simulated::simulated;
use crate::testing::{Script, run as finish};

fn ask(job: &str, count: Option<u32>) -> (FlakyTests, usize) {
    let (call, sent) = simulated(None);
    let answer = finish(detect_flaky_tests(&call, job.to_owned(), None, count, None)).unwrap();
    let requests = sent.borrow().len();
    (answer, requests)
}

fn verdicts(answer: &FlakyTests) -> Vec<(&str, &str, Option<u32>, u32)> {
    answer.tests.iter().map(|t| (t.name.rsplit('.').next().unwrap_or_default(), t.verdict.as_str(), t.since, t.flips)).collect()
}

#[test]
fn the_recorded_flake_and_the_recorded_regressions_are_told_apart() {
    let (answer, requests) = ask("shop/checkout/main", Some(28));
    assert_eq!(
        verdicts(&answer),
        [
            ("test_tax_rounding", "regression", Some(21), 0),
            ("test_total_with_discount", "regression", Some(21), 0),
            ("test_gateway_retry", "flaky", None, 4),
        ]
    );
    assert_eq!((answer.builds_scanned, answer.builds_with_tests, requests), (28, 26, 27));
    assert!(
        answer.text.starts_with("shop/checkout/main #1 to #28, 26 builds with tests: 1 flaky, 2 regressions, 0 with not enough evidence\n"),
        "{}",
        answer.text
    );
    assert!(answer.text.contains("same revision 9585fe07: #22 passed, #23 FAILED"), "{}", answer.text);
    assert!(answer.text.contains("f6063eea \"Ada Example\"") || answer.text.contains("f6063eea Ada Example"), "{}", answer.text);
    assert_eq!(answer.tests[2].evidence[3], "same revision 75d23783: #3 #5 passed, #4 FAILED");
}

#[test]
fn twenty_builds_are_enough_for_the_same_verdicts() {
    let (answer, requests) = ask("shop/checkout/main", None);
    assert_eq!(verdicts(&answer).iter().map(|v| v.1).collect::<Vec<_>>(), ["regression", "regression", "flaky"]);
    assert_eq!((answer.builds_scanned, requests), (20, 20));
}

#[test]
fn when_only_failures_are_in_sight_jenkins_memory_names_the_build() {
    let (answer, _) = ask("shop/checkout/main", Some(5));
    assert_eq!(verdicts(&answer)[0], ("test_tax_rounding", "regression", Some(21), 0));
    assert!(answer.text.contains("by Jenkins' count since #21"), "{}", answer.text);
}

#[test]
fn a_single_failure_of_a_new_revision_is_not_enough_evidence() {
    let (answer, _) = ask("compat", None);
    assert_eq!(verdicts(&answer), [("test_json_column", "not-enough-evidence", None, 0)]);
    assert!(answer.text.contains("building the same revision again would tell"), "{}", answer.text);
}

#[test]
fn jobs_without_tests_or_without_failures_cost_one_request() {
    let (answer, requests) = ask("heartbeat", None);
    assert_eq!((answer.text.as_str(), requests), ("heartbeat #93 to #112, 0 builds with tests: no build recorded tests\n", 1));
    let (green, requests) = ask("shop/checkout/release-2.x", None);
    assert!(green.text.contains("no test failed in any of them"), "{}", green.text);
    assert_eq!(requests, 1);
}

#[test]
fn other_parameters_are_another_revision() {
    let build = |n: u32, failed: u32, target: &str| {
        format!(
            r#"{{"number":{n},"actions":[{{"parameters":[{{"name":"TARGET","value":"{target}"}}]}},{{"lastBuiltRevision":{{"SHA1":"aaaa"}}}},{{"failCount":{failed},"totalCount":1}}]}}"#
        )
    };
    let report = |status: &str| format!(r#"{{"failCount":0,"suites":[{{"cases":[{{"className":"c","name":"t","status":"{status}"}}]}}]}}"#);
    let ask = |second: &str| {
        let (call, _) = Script::new()
            .json("/job/a/api/json", &format!(r#"{{"allBuilds":[{},{}]}}"#, build(2, 1, second), build(1, 0, "staging")))
            .json("/job/a/1/testReport/", &report("PASSED"))
            .json("/job/a/2/testReport/", &report("FAILED"))
            .call();
        finish(detect_flaky_tests(&call, "a".into(), None, None, None)).unwrap().tests[0].verdict.clone()
    };
    assert_eq!((ask("production").as_str(), ask("staging").as_str()), ("not-enough-evidence", "flaky"));
}

#[test]
fn a_report_that_cannot_be_read_is_stated_and_the_rest_judged() {
    let list = r#"{"allBuilds":[{"number":2,"actions":[{"failCount":1,"totalCount":1}]},{"number":1,"actions":[{"failCount":1,"totalCount":1}]}]}"#;
    let (call, _) = Script::new()
        .json("/job/a/api/json", list)
        .json("/job/a/1/testReport/", r#"{"failCount":1,"suites":[{"cases":[{"name":"t","status":"FAILED"}]}]}"#)
        .json("/job/a/2/testReport/", r#"{"failCount":1,"suites":[{"#)
        .call();
    let answer = finish(detect_flaky_tests(&call, "a".into(), None, None, None)).unwrap();
    assert_eq!(answer.tests.len(), 1);
    assert!(answer.text.contains("note: without tests of #2"), "{}", answer.text);
}

#[test]
fn reports_that_cannot_be_read_are_not_taken_for_green_ones() {
    use crate::testing::forbidden;
    let build = |n: u32| {
        format!(r#"{{"number":{n},"result":"UNSTABLE","building":false,"actions":[{{"failCount":1,"skipCount":0,"totalCount":2}}]}}"#)
    };
    let builds: Vec<String> = (1..=9).rev().map(build).collect();
    let script = Script::new().json("/job/x/api/json", &format!(r#"{{"allBuilds":[{}]}}"#, builds.join(",")));
    let script = (1..=9).fold(script, |script, n| script.on(&format!("GET /job/x/{n}/testReport"), forbidden()));
    let (call, _) = script.call();
    let text = finish(detect_flaky_tests(&call, "x".into(), None, None, None)).unwrap().text;
    assert!(text.starts_with("x #1 to #9, 9 builds with tests, and no report of them can be read"), "{text}");
    assert!(
        text.contains("note: without tests of #1, tests of #2, tests of #3 and 6 more: user ci lacks the permission Job/Read"),
        "{text}"
    );
}
