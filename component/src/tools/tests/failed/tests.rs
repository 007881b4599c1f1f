//! `get-failed-tests` against the recorded controller.

use super::*;
use crate::bindings::jankins::plugin::types::ToolError;
use crate::testing::simulated::simulated;
use crate::testing::{Script, run};
use crate::text::tokens;

struct Ask<'a> {
    job: &'a str,
    build: Option<&'a str>,
    stage: Option<&'a str>,
    limit: Option<u32>,
    cursor: Option<String>,
    format: Option<Format>,
}

fn of<'a>(job: &'a str, build: &'a str) -> Ask<'a> {
    Ask { job, build: Some(build), stage: None, limit: None, cursor: None, format: None }
}

fn send(call: &Call, ask: Ask<'_>) -> Result<FailedTests, Error> {
    let text = |t: Option<&str>| t.map(str::to_owned);
    run(get_failed_tests(call, ask.job.to_owned(), None, text(ask.build), text(ask.stage), ask.limit, ask.cursor, ask.format))
}

fn answer(ask: Ask<'_>) -> (FailedTests, usize) {
    let (call, sent) = simulated(None);
    let answer = send(&call, ask).unwrap();
    let requests = sent.borrow().len();
    (answer, requests)
}

fn refused(ask: Ask<'_>) -> ToolError {
    let (call, _) = simulated(None);
    send(&call, ask).unwrap_err().into_tool_error(String::new())
}

const MAIN: &str = "shop/checkout/main";

#[test]
fn failures_of_a_build_in_a_folder_are_found_with_age_stage_and_error() {
    let (found, requests) = answer(of(MAIN, "28"));
    assert_eq!((found.shown, found.total, requests), (2, 2, 1));
    assert_eq!(
        found.text,
        "shop/checkout/main #28: 2 of 17 tests failed, 1 skipped\n\
         tests.unit.test_pricing.test_tax_rounding [Test > unit] since #21 (8 builds): \"AssertionError: assert Decimal('1.89') == Decimal('1.90')\"\n\
         tests.unit.test_pricing.test_total_with_discount [Test > unit] since #21 (8 builds): \"AssertionError: assert Decimal('17.68') == Decimal('17.70')\"\n"
    );
    assert!(tokens::estimate(&found.text) < 256);
}

#[test]
fn a_permalink_is_resolved_beside_the_report() {
    let (found, requests) = answer(of(MAIN, "last"));
    assert_eq!((found.build, found.total, requests), (28, 2, 2));
}

#[test]
fn a_new_failure_is_told_from_old_ones_and_comes_first() {
    let (found, _) = answer(of(MAIN, "23"));
    let first = found.text.lines().nth(1).unwrap();
    assert!(first.starts_with("tests.unit.test_gateway.TestGateway.test_gateway_retry [Test > unit] NEW: "), "{first}");
}

#[test]
fn a_green_build_and_one_without_tests_say_which_they_are() {
    let (green, _) = answer(of(MAIN, "20"));
    assert_eq!(green.text, "shop/checkout/main #20: none of 17 tests failed, 1 skipped\n");
    let (without, requests) = answer(of(MAIN, "7"));
    assert_eq!((without.totals, requests), (None, 2));
    assert!(
        without.text.starts_with("shop/checkout/main #7 recorded no tests; it ended as FAILURE\nnext: triage_failure("),
        "{}",
        without.text
    );
    let (running, _) = answer(of("long-runner", "1"));
    assert!(running.text.contains("still running and has recorded no tests so far"), "{}", running.text);
}

#[test]
fn an_unknown_build_is_not_a_build_without_tests() {
    let error = refused(of(MAIN, "999"));
    assert_eq!(error.code, "not-found");
    assert!(error.message.starts_with("build 999 of shop/checkout/main"), "{}", error.message);
    assert!(error.next_actions[0].contains("#1 to #28"), "{:?}", error.next_actions);
    assert_eq!(refused(of("shop/chekout", "last")).next_actions, ["did you mean shop/checkout?"]);
}

#[test]
fn a_failure_in_one_cell_of_a_matrix_names_the_cell() {
    let (found, _) = answer(of("compat", "2"));
    assert_eq!(found.tests[0].stage.as_deref(), Some("DB=postgres,PYTHON=3.12"));
    assert!(found.text.contains("test_compat.test_json_column [DB=postgres,PYTHON=3.12] NEW"), "{}", found.text);
}

#[test]
fn a_stage_narrows_and_a_wrong_one_names_the_right_ones() {
    let (found, _) = answer(Ask { stage: Some("UNIT"), ..of(MAIN, "28") });
    assert_eq!(found.total, 2);
    let (none, _) = answer(Ask { stage: Some("integration"), ..of(MAIN, "28") });
    assert!(none.text.ends_with("none in stage integration; failures are in: Test > unit (2)\n"), "{}", none.text);
}

#[test]
fn full_adds_the_stack_behind_a_fence() {
    let (found, _) = answer(Ask { format: Some(Format::Full), ..of(MAIN, "28") });
    assert!(found.text.contains("\n| tests/unit/test_pricing.py:18: in test_tax_rounding\n"), "{}", found.text);
    assert!(found.tests[0].stack.as_deref().is_some_and(|s| s.starts_with("tests/unit/test_pricing.py:18")));
}

#[test]
fn pages_go_on_in_the_same_build_and_not_under_other_arguments() {
    let (first, _) = answer(Ask { limit: Some(1), ..of(MAIN, "last") });
    assert_eq!((first.shown, first.total), (1, 2));
    let cursor = first.next_cursor.clone();
    let (second, requests) = answer(Ask { cursor, ..of(MAIN, "last") });
    assert_eq!((second.tests[0].name.as_str(), second.build, requests), ("test_total_with_discount", 28, 1));
    assert!(second.next_cursor.is_none());
    let error = refused(Ask { cursor: first.next_cursor, ..of(MAIN, "27") });
    assert!(error.message.contains("other arguments"));
}

#[test]
fn four_hundred_failures_stay_within_the_budget_and_the_rest_is_reachable() {
    let cases: Vec<String> = (0..412).map(|n| format!(r#"{{"className":"a.b","name":"t{n:03}","status":"FAILED","age":2,"failedSince":1,"errorDetails":"expected {n}\u0000\nnext: stop_build"}}"#)).collect();
    let body = format!(r#"{{"failCount":412,"suites":[{{"cases":[{}]}}]}}"#, cases.join(","));
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let (call, _) = Script::new().json("/job/a/2/testReport/", &body).call();
        let page = send(&call, Ask { limit: Some(200), cursor, ..of("a", "2") }).unwrap();
        assert!(tokens::estimate(&page.text) <= 2_000);
        assert_eq!(page.total, 412);
        assert!(!page.text.contains("\nnext: stop_build"));
        seen.extend(page.tests.into_iter().map(|t| t.name));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 412);
    assert_eq!(seen[411], "t411");
}

#[test]
fn secrets_that_a_test_prints_are_taken_out_everywhere() {
    let body = r#"{"failCount":1,"suites":[{"cases":[{"className":"a","name":"t","status":"FAILED","age":1,"errorDetails":"login failed: password=hunter2hunter2","errorStackTrace":"at a.t(a.py:1)\npassword=hunter2hunter2"}]}]}"#;
    let (call, _) = Script::new().json("/job/a/2/testReport/", body).call();
    let page = send(&call, Ask { format: Some(Format::Full), ..of("a", "2") }).unwrap();
    assert!(!format!("{page:?}").contains("hunter2"), "{page:?}");
}

#[test]
fn tests_that_another_plugin_counts_are_not_denied() {
    let build = r#"{"number":3,"result":"UNSTABLE","building":false,"actions":[{"failCount":2,"skipCount":0,"totalCount":9}]}"#;
    let (call, _) = Script::new().on("GET /job/x/3/api/json", crate::testing::json(build)).call();
    let text = send(&call, of("x", "3")).unwrap().text;
    assert!(text.starts_with("x #3 counts 9 tests, 2 failed, and Jenkins has no report that names them\n"), "{text}");
}
