//! `find-regression` against the ground truth of the recorded controller.

use super::*;
use crate::testing::run;
use crate::testing::simulated::simulated;

fn ask(job: &str, build: Option<&str>) -> (Regression, Vec<String>) {
    let (call, sent) = simulated(None);
    let answer = run(find_regression(&call, job.to_owned(), None, build.map(str::to_owned), None)).unwrap();
    let sent = sent.borrow().clone();
    (answer, sent)
}

fn window(it: &Regression) -> (Option<u32>, Option<u32>) {
    (it.last_good, it.first_bad)
}

#[test]
fn the_recorded_regression_of_checkout_is_found_from_its_newest_build() {
    let (it, sent) = ask("shop/checkout/main", None);
    assert_eq!(window(&it), (Some(20), Some(21)), "{}", it.text);
    let change = &it.changes[0];
    assert_eq!((change.kind.as_str(), change.verdict.as_str()), ("tests", "regression"));
    assert!(change.what.contains("test_tax_rounding") && change.what.contains("test_total_with_discount"), "{}", change.what);
    let order: Vec<&str> = change.suspects.iter().map(|s| &s.commit[..8]).collect();
    assert_eq!(order[0], "f6063eea");
    assert_eq!(order.len(), 3, "with the two innocent ones behind it");
    assert!(it.verdict.contains("first bad #21, last good #20") && it.verdict.contains("f6063eea"), "{}", it.verdict);
    assert!(sent.len() <= 11, "{sent:#?}");
    assert!(it.meta.text_tokens <= 600, "{} {}", it.meta.text_tokens, it.text);
}

#[test]
fn a_build_red_of_two_things_is_traced_back_for_each() {
    let (it, _) = ask("shop/checkout/main", Some("25"));
    assert_eq!(it.changes[0].kind, "log", "{}", it.text);
    assert_eq!((it.changes[0].last_good, it.changes[0].first_bad), (Some(24), Some(25)), "{}", it.text);
    assert!(it.changes[0].suspects[0].commit.starts_with("2392f3ca"), "{}", it.text);
    assert_eq!((it.changes[1].last_good, it.changes[1].first_bad), (Some(20), Some(21)), "{}", it.text);
    assert!(it.changes[1].suspects[0].commit.starts_with("f6063eea"), "{}", it.text);
}

#[test]
fn an_aborted_build_proves_nothing_and_the_one_before_is_judged() {
    let (it, _) = ask("shop/checkout/main", Some("27"));
    assert_eq!((it.build, window(&it)), (26, (Some(20), Some(21))), "{}", it.text);
    assert!(it.verdict.starts_with("#27 (ABORTED) proves nothing, #26 was judged: "), "{}", it.verdict);
}

#[test]
fn a_flaky_test_is_no_regression() {
    for (build, passed) in [("12", "#13"), ("17", "#18"), ("4", "#3")] {
        let (it, _) = ask("shop/checkout/main", Some(build));
        assert_eq!(it.changes[0].verdict, "flaky", "{}", it.text);
        assert!(it.changes[0].why.contains(passed) || it.changes[0].why.contains("#5"), "{}", it.text);
        assert!(it.changes[0].suspects.is_empty() && it.verdict.contains("FLAKY"), "{}", it.text);
    }
}

#[test]
fn beside_a_flake_the_regression_leads() {
    let (it, _) = ask("shop/checkout/main", Some("23"));
    assert_eq!(window(&it), (Some(20), Some(21)), "{}", it.text);
    let verdicts: Vec<&str> = it.changes.iter().map(|c| c.verdict.as_str()).collect();
    assert_eq!(verdicts, ["regression", "flaky"]);
}

#[test]
fn a_cause_that_only_logs_tell_is_traced_to_the_build_it_came_with() {
    for (job, build, first_bad, commit) in [
        ("shop/checkout/main", "7", 7, "bec87063"),
        ("shop/checkout/main", "14", 14, "06be41d7"),
        ("shop/frontend", "3", 2, "fff49ef7"),
        ("legacy-nightly", "3", 3, "c8a6c975"),
        ("rust-core", "3", 2, "9f344ce2"),
    ] {
        let (it, _) = ask(job, Some(build));
        assert_eq!(window(&it), (Some(first_bad - 1), Some(first_bad)), "{}", it.text);
        assert!(it.changes[0].suspects[0].commit.starts_with(commit), "{}", it.text);
        assert!(it.verdict.contains(commit), "{}", it.text);
    }
}

#[test]
fn what_another_job_broke_is_looked_for_there() {
    let (it, _) = ask("train-start", Some("2"));
    assert_eq!(it.changes[0].verdict, "elsewhere", "{}", it.text);
    assert!(it.text.contains("find_regression(job=\"train-middle\", build=\"2\")"), "{}", it.text);
}

#[test]
fn a_green_build_has_nothing_to_find() {
    let (it, sent) = ask("shop/checkout/main", Some("20"));
    assert_eq!((it.changes.len(), window(&it)), (0, (None, None)));
    assert!(it.verdict.contains("succeeded") && sent.len() == 2, "{sent:?}");
}
