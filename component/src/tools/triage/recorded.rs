//! `triage-failure` against the ground truth of the recorded controller: every recorded failure, its evidence, its commit.

use super::*;
use crate::testing::run;
use crate::testing::simulated::simulated;

fn ask(job: &str, build: Option<&str>) -> (Triage, usize) {
    let (call, sent) = simulated(None);
    let answer = run(triage_failure(&call, job.to_owned(), None, build.map(str::to_owned), None)).unwrap();
    let sent = sent.borrow().len();
    (answer, sent)
}

/// Verdict words, a word of the evidence of the first cause, the commit that is suspected first (empty for none).
#[track_caller]
fn tells(job: &str, build: &str, verdict: &[&str], evidence: &str, commit: &str) -> Triage {
    let (it, sent) = ask(job, Some(build));
    for word in verdict {
        assert!(it.verdict.contains(word), "{job} #{build}: {word:?} not in {:?}\n{}", it.verdict, it.text);
    }
    let first = it.hypotheses.first().expect("a cause");
    assert!(first.evidence.iter().any(|e| e.detail.contains(evidence)), "{job} #{build}: {evidence:?}\n{:#?}", first.evidence);
    let likely = it.suspects.first().map(|s| s.commit.as_str()).unwrap_or_default();
    if commit.is_empty() {
        assert!(!it.verdict.contains("likely commit"), "{job} #{build}: {}", it.verdict);
    } else {
        assert!(likely.starts_with(commit), "{job} #{build}: {likely}\n{}", it.text);
        assert!(it.verdict.contains(commit), "{job} #{build}: {}", it.verdict);
    }
    assert!(it.meta.text_tokens <= 900, "{job} #{build}: {} tokens\n{}", it.meta.text_tokens, it.text);
    assert!(sent <= 14, "{job} #{build}: {sent} requests");
    assert!(it.text.contains("next: "), "{job} #{build} ends without a next step\n{}", it.text);
    it
}

#[test]
fn the_regression_of_checkout_is_told_with_its_commit_and_the_innocent_ones_behind_it() {
    for build in ["21", "22", "24", "26", "28"] {
        let it = tells("shop/checkout/main", build, &["test_tax_rounding", "test_total_with_discount"], "test_tax_rounding", "f6063eea");
        assert_eq!((it.last_good, it.first_bad), (Some(20), Some(21)), "#{build}");
        let order: Vec<&str> = it.suspects.iter().map(|s| &s.commit[..8]).collect();
        assert_eq!(order, ["f6063eea", "c57750b7", "edf36046"], "#{build}");
    }
}

#[test]
fn a_flaky_test_blames_nobody() {
    for build in ["4", "12", "17"] {
        let it = tells("shop/checkout/main", build, &["test_gateway_retry", "FLAKY", "same revision"], "test_gateway_retry", "");
        assert!(it.suspects.is_empty() && it.hypotheses[0].category == "flaky-test", "#{build}: {}", it.text);
    }
    let it = tells("shop/checkout/main", "23", &["partly FLAKY", "#22", "the others since #21"], "test_gateway_retry", "f6063eea");
    assert_eq!(it.failed_tests_total, 3);
}

#[test]
fn what_does_not_compile_import_or_lint_is_told_with_its_commit() {
    tells("shop/checkout/main", "7", &["shop/cart.py:22", "new in this build"], "SyntaxError", "bec87063");
    tells("shop/checkout/main", "14", &["babel", "new in this build"], "No module named 'babel'", "06be41d7");
    let lint = tells("shop/checkout/main", "25", &["shop/refund.py:1", "F401"], "F401", "2392f3ca");
    assert_eq!(lint.failing_stages, ["lint", "unit"]);
    assert!(lint.hypotheses[1].cause.contains("test_tax_rounding"), "the tests are the other cause");
    tells("shop/checkout/feature%2Flogin", "2", &["shop/login.py:1"], "login.py", "");
    tells("shop/frontend", "2", &["./formatPrice"], "Cannot find module './formatPrice'", "fff49ef7");
    tells("shop/frontend", "3", &["./formatPrice", "since #2"], "Cannot find module './formatPrice'", "fff49ef7");
    tells("legacy-nightly", "3", &["report.c:6"], "expected", "c8a6c975");
    tells("rust-core", "2", &["src/ledger.rs:9", "E0308"], "mismatched types", "9f344ce2");
    tells("rust-core", "3", &["src/ledger.rs:9", "since #2"], "mismatched types", "9f344ce2");
}

#[test]
fn an_abort_names_who_aborted_and_suspects_nobody() {
    tells("shop/checkout/main", "27", &["Lin Example"], "Aborted by Lin Example", "");
    tells("release", "2", &["rejected", "Lin Example"], "Rejected by Lin Example", "");
    tells("long-runner", "2", &["admin"], "Aborted by admin", "");
}

#[test]
fn a_cause_below_is_named_with_the_build_it_is_in() {
    let it = tells("train-start", "2", &["train-end #2", "28"], "curl: (28)", "");
    assert_eq!(it.hypotheses[0].evidence[0].build.as_deref(), Some("train-end #2"));
    assert!(it.next_steps.iter().any(|s| s.contains("train-end")), "{:?}", it.next_steps);
    tells("train-middle", "2", &["train-end #2", "28"], "curl: (28)", "");
    tells("train-end", "2", &["28"], "curl: (28)", "");
}

#[test]
fn a_matrix_names_the_test_and_the_cell() {
    let it = tells("compat", "2", &["test_json_column"], "test_json_column", "");
    assert!(it.text.contains("PYTHON=3.12,DB=postgres") || it.text.contains("DB=postgres,PYTHON=3.12"), "{}", it.text);
}

#[test]
fn what_machines_and_services_did_is_told_without_a_commit() {
    tells("deploy", "4", &["rollout", "2 of 5"], "timed out after 300s", "");
    tells("load-test", "1", &["pool exhausted"], "pool exhausted", "");
    tells("heartbeat", "37", &["test 0 -ne 0"], "test 0 -ne 0", "");
}

#[test]
fn a_build_that_succeeded_costs_one_request() {
    let (it, sent) = ask("shop/checkout/main", Some("20"));
    assert_eq!((it.verdict.as_str(), it.hypotheses.len(), sent), ("the build succeeded: there is nothing to triage", 0, 1));
}

#[test]
fn a_running_build_that_waits_says_so() {
    let (it, _) = ask("gpu-pipeline", Some("1"));
    assert!(it.verdict.starts_with("still running; so far: ") && it.verdict.contains("gpu"), "{}", it.verdict);
}

#[test]
fn next_steps_are_calls_of_tools_that_exist() {
    let world = include_str!("../../../../wit/world.wit");
    for (job, build) in
        [("shop/checkout/main", "25"), ("shop/checkout/main", "28"), ("train-start", "2"), ("deploy", "4"), ("rust-core", "3")]
    {
        let (it, _) = ask(job, Some(build));
        assert!(!it.next_steps.is_empty());
        for step in &it.next_steps {
            let tool = step.split('(').next().unwrap().replace('_', "-");
            assert!(world.contains(&format!("export {tool}: ")), "{step}");
        }
    }
}
