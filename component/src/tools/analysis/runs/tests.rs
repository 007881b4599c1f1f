//! `compare-runs` on the recorded controller.

use super::*;
use crate::testing::run;
use crate::testing::simulated::simulated;

fn ask(job: &str, base: &str, head: &str) -> (RunComparison, Vec<String>) {
    let (call, sent) = simulated(None);
    let answer = run(compare_runs(&call, job.to_owned(), base.to_owned(), head.to_owned(), None, None)).unwrap();
    let sent = sent.borrow().clone();
    (answer, sent)
}

#[test]
fn the_last_good_and_the_first_bad_build_of_checkout_differ_by_two_tests_and_three_commits() {
    let (it, sent) = ask("shop/checkout/main", "20", "21");
    assert_eq!((it.base_result.as_str(), it.head_result.as_str()), ("SUCCESS", "UNSTABLE"));
    let names: Vec<&str> = it.new_failures.iter().filter_map(|n| n.rsplit('.').next()).collect();
    assert_eq!(names, ["test_tax_rounding", "test_total_with_discount"], "{}", it.text);
    assert_eq!((it.fixed.len(), it.still_failing, it.commits.len()), (0, 0, 3));
    let line = it.log_differences.first().expect("a line differs");
    assert_eq!(line.build, 21, "{}", it.text);
    // Of build 20 only the log tells the stages, so that every source is tried in vain for it.
    assert!(sent.len() <= 17, "{sent:#?}");
    assert!(it.meta.text_tokens <= 900, "{} {}", it.meta.text_tokens, it.text);
}

#[test]
fn stages_are_compared_by_their_path() {
    let (it, sent) = ask("shop/checkout/main", "25", "28");
    assert!(it.stages.iter().any(|s| s.name == "Test > lint" && s.before.as_deref() == Some("FAILURE")), "{}", it.text);
    assert!(sent.len() <= 14, "{sent:#?}");
}

#[test]
fn two_builds_of_one_revision_differ_by_the_flaky_test_alone() {
    let (it, _) = ask("shop/checkout/main", "22", "23");
    assert_eq!((it.new_failures.len(), it.commits.len()), (1, 0), "{}", it.text);
    assert!(it.new_failures[0].ends_with("test_gateway_retry"));
    assert!(!it.differences.iter().any(|d| d.starts_with("revision")), "{:?}", it.differences);
}

#[test]
fn parameters_that_differ_are_told() {
    let (it, _) = ask("deploy", "3", "4");
    assert!(it.differences.iter().any(|d| d.starts_with("parameter")), "{}", it.text);
    assert!(it.log_differences.iter().any(|l| l.content.contains("rollout") || l.content.contains("replicas")), "{}", it.text);
}

#[test]
fn a_build_compared_with_itself_differs_in_nothing() {
    let (it, _) = ask("rust-core", "2", "2");
    assert!(it.log_differences.is_empty() && it.differences.is_empty(), "{}", it.text);
    assert!(it.text.contains("the same build"));
}

#[test]
fn of_a_log_the_line_that_reports_the_error_is_found() {
    let (it, _) = ask("rust-core", "1", "2");
    assert!(it.log_differences.iter().any(|l| l.content.contains("E0308")), "{}", it.text);
}

#[test]
fn what_may_not_be_read_is_not_taken_for_alike() {
    use crate::testing::{Script, forbidden};
    let build =
        |n: u32| format!(r#"{{"_class":"org.x.WorkflowRun","number":{n},"result":"SUCCESS","building":false,"timestamp":1,"duration":9}}"#);
    let script = Script::new()
        .on("GET /job/x/1/api/json", crate::testing::json(&build(1)))
        .on("GET /job/x/2/api/json", crate::testing::json(&build(2)));
    let script = script.on("GET /job/x/1/", forbidden()).on("GET /job/x/2/", forbidden());
    let (call, _) = script.call();
    let text = run(compare_runs(&call, "x".into(), "1".into(), "2".into(), None, None)).unwrap().text;
    assert!(text.contains("stages: not compared\n") && text.contains("log: not compared\n"), "{text}");
    assert_eq!(text.matches("note: without ").count(), 1, "{text}");
}
