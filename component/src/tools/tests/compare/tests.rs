//! `compare-test-results`, on recordings and on what they lack.

use super::*;
use crate::testing::simulated::simulated;
use crate::testing::{Script, run};

fn compare(base: &str, head: &str) -> (TestComparison, usize) {
    let (call, sent) = simulated(None);
    let answer = run(compare_test_results(&call, "shop/checkout".into(), base.into(), head.into(), Some("main".into()), None)).unwrap();
    let requests = sent.borrow().len();
    (answer, requests)
}

fn kinds(answer: &TestComparison) -> Vec<(&str, &str)> {
    answer.changes.iter().map(|c| (c.kind.as_str(), c.name.rsplit('.').next().unwrap_or_default())).collect()
}

#[test]
fn the_build_that_broke_tests_shows_them_by_name_for_two_requests() {
    let (answer, requests) = compare("20", "21");
    assert_eq!(kinds(&answer), [("new-failure", "test_tax_rounding"), ("new-failure", "test_total_with_discount")]);
    assert_eq!((answer.new_failures, answer.fixed, requests), (2, 0, 2));
    assert!(answer.text.starts_with("shop/checkout/main #20 (0 failed of 17) → #21 (2 failed of 17)\nnew failures:\n"), "{}", answer.text);
    assert!(answer.text.contains("test_tax_rounding [Test > unit]: \"AssertionError: assert Decimal('1.89')"), "{}", answer.text);
}

#[test]
fn equal_numbers_do_not_hide_what_was_fixed_and_what_still_fails() {
    let (answer, _) = compare("23", "28");
    assert_eq!(
        kinds(&answer),
        [("still-failing", "test_tax_rounding"), ("still-failing", "test_total_with_discount"), ("fixed", "test_gateway_retry")]
    );
}

#[test]
fn added_tests_are_told_from_new_failures() {
    let (answer, _) = compare("13", "19");
    assert!(answer.added > 0 && answer.new_failures == 0, "{}", answer.text);
    let (back, _) = compare("19", "13");
    assert_eq!((back.removed, back.added), (answer.added, 0));
}

#[test]
fn builds_without_tests_are_named() {
    let (answer, _) = compare("7", "28");
    assert!(answer.text.contains("main #7 recorded no tests"), "{}", answer.text);
    assert!(answer.changes.is_empty());
}

#[test]
fn skipped_is_not_fixed_and_slower_needs_more_than_noise() {
    let case =
        |name: &str, status: &str, seconds: f64| format!(r#"{{"className":"c","name":"{name}","status":"{status}","duration":{seconds}}}"#);
    let report = |cases: &[String]| format!(r#"{{"failCount":1,"suites":[{{"cases":[{}]}}]}}"#, cases.join(","));
    let before =
        report(&[case("a", "FAILED", 1.0), case("slow", "PASSED", 2.0), case("noise", "PASSED", 0.01), case("twice", "PASSED", 0.0)]);
    let after = report(&[
        case("a", "SKIPPED", 0.0),
        case("slow", "PASSED", 3.5),
        case("noise", "PASSED", 0.5),
        case("twice", "PASSED", 0.0),
        case("twice", "FAILED", 0.0),
    ]);
    let (call, _) = Script::new().json("/job/j/1/testReport/", &before).json("/job/j/2/testReport/", &after).call();
    let answer = run(compare_test_results(&call, "j".into(), "1".into(), "2".into(), None, None)).unwrap();
    assert_eq!(kinds(&answer), [("new-failure", "twice"), ("removed", "a"), ("slower", "slow")]);
    assert!(answer.text.contains("c.a (now SKIPPED)") && answer.text.contains("c.slow: 2.0s → 3.5s"), "{}", answer.text);
}
