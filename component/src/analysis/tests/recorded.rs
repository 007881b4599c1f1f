//! Whole logs of recorded builds: the first hypothesis must be the true cause.

use super::{analyze, assert_cause, best};
use crate::analysis::hypothesis::Confidence;
use crate::analysis::rules::{Category, Tool};

/// A log of the recorded controller.
macro_rules! recorded {
    ($name:literal) => {
        analyze(include_str!(concat!("../../../../tests/fixtures/controller/bodies/", $name, ".txt")))
    };
}

/// A log that only a transcript of a single exchange holds.
macro_rules! transcript {
    ($name:literal) => {
        analyze(include_str!(concat!("../testdata/", $name, ".log")))
    };
}

#[test]
fn a_syntax_error_is_named_with_its_place() {
    let analysis = recorded!("job-shop-job-checkout-job-main-7-consoleText-96171d");
    assert_cause(&analysis, Category::Compile, &["shop/cart.py:22", "expected ':'"]);
    assert_eq!(best(&analysis).confidence, Confidence::High);
    assert_eq!(best(&analysis).stage.as_deref(), Some("Build"));
    assert_eq!(analysis.failing_stage.as_deref(), Some("Build"));
}

#[test]
fn a_missing_module_is_named_with_the_file_that_imports_it() {
    let analysis = recorded!("job-shop-job-checkout-job-main-14-consoleText-76f7b1");
    assert_cause(&analysis, Category::Dependency, &["babel", "pricing.py:4"]);
}

#[test]
fn lint_that_fails_the_build_comes_before_tests_whose_failure_is_ignored() {
    let analysis = recorded!("job-shop-job-checkout-job-main-25-consoleText-f259be");
    assert_cause(&analysis, Category::Lint, &["shop/refund.py:1", "F401"]);
    let second = analysis.hypotheses.get(1).expect("the tests");
    assert_eq!(second.category, Category::Test);
    assert!(second.title.contains("test_tax_rounding"), "{}", second.title);
}

#[test]
fn an_unstable_build_is_explained_by_its_failed_tests() {
    let analysis = recorded!("job-shop-job-checkout-job-main-28-consoleText-5e1711");
    assert_cause(&analysis, Category::Test, &["2 tests failed", "test_tax_rounding", "test_total_with_discount", "1.89"]);
    let names: Vec<_> = analysis.failed_tests.iter().map(|test| test.name.as_str()).collect();
    assert_eq!(names, ["tests/unit/test_pricing.py::test_tax_rounding", "tests/unit/test_pricing.py::test_total_with_discount"]);
    assert_cause(
        &recorded!("job-shop-job-checkout-job-main-12-consoleText-611735"),
        Category::Test,
        &["test_gateway_retry", "no answer within 450 ms"],
    );
}

#[test]
fn an_aborted_build_names_who_stopped_it() {
    assert_cause(&recorded!("job-shop-job-checkout-job-main-27-consoleText-bf500f"), Category::Aborted, &["Lin Example"]);
    assert_cause(&recorded!("job-long-runner-lastBuild-consoleText-baf56e"), Category::Aborted, &["admin"]);
    assert_cause(&recorded!("job-release-2-consoleText-f4814d"), Category::Aborted, &["input", "rejected", "Lin Example"]);
}

#[test]
fn lint_alone_is_named() {
    assert_cause(
        &recorded!("job-shop-job-checkout-job-feature-2Flogin-2-consoleText-3640b4"),
        Category::Lint,
        &["shop/login.py:1", "+4 more"],
    );
}

#[test]
fn a_missing_node_module_comes_before_the_test_that_it_breaks() {
    for analysis in
        [recorded!("job-shop-job-frontend-2-consoleText-470475"), recorded!("job-shop-job-frontend-lastBuild-consoleText-7e67fe")]
    {
        assert_cause(&analysis, Category::Dependency, &["./formatPrice", "src/index.js"]);
        assert_eq!(analysis.nodes, ["linux-1"]);
    }
}

#[test]
fn a_c_compiler_error_is_named_with_its_place() {
    let analysis = recorded!("job-legacy-nightly-lastBuild-consoleText-9b9804");
    assert_cause(&analysis, Category::Compile, &["report.c:6", "expected"]);
    let took_part: Vec<Tool> = analysis.tools.iter().map(|known| known.tool).collect();
    assert!([Tool::Make, Tool::Gcc, Tool::Git].iter().all(|tool| took_part.contains(tool)), "{took_part:?}");
}

#[test]
fn rustc_errors_are_named_with_place_and_code() {
    for analysis in [recorded!("job-rust-core-2-consoleText-d6a141"), recorded!("job-rust-core-3-consoleText-8253f9")] {
        assert_cause(&analysis, Category::Compile, &["src/ledger.rs:9", "mismatched types", "E0308", "+1 more"]);
        assert_eq!(analysis.exit_codes.first().map(|exit| exit.code), Some(101));
    }
}

#[test]
fn a_rollout_that_timed_out_says_how_far_it_came() {
    let analysis = recorded!("job-deploy-4-consoleText-a047e4");
    assert_cause(&analysis, Category::Deploy, &["checkout", "timed out after 300s", "2 of 5"]);
    assert_eq!(best(&analysis).count, 1, "the trace of the shell is no second occurrence");
}

#[test]
fn a_train_of_builds_points_downstream_until_the_last_names_the_cause() {
    assert_cause(&recorded!("job-train-start-2-consoleText-797c5f"), Category::Downstream, &["train-middle #2", "FAILURE"]);
    let middle = recorded!("job-train-middle-2-consoleText-6a2947");
    assert_cause(&middle, Category::Downstream, &["train-end #2", "FAILURE"]);
    let build = middle.downstream.first().expect("a downstream build");
    assert_eq!((build.job.as_str(), build.number, build.result.as_deref()), ("train-end", Some(2), Some("FAILURE")));
    assert_cause(&recorded!("job-train-end-2-consoleText-1ed699"), Category::Network, &["28", "Connection timed out after 5001"]);
}

#[test]
fn a_matrix_names_the_cell_that_failed() {
    assert_cause(&recorded!("job-compat-2-consoleText-7ffb69"), Category::Downstream, &["compat » postgres,3.12", "UNSTABLE"]);
    assert_cause(&recorded!("job-compat-DB-postgres-PYTHON-3-12-2-consoleText-59f116"), Category::Test, &["test_json_column", "jsonb"]);
}

#[test]
fn the_cause_in_the_middle_of_a_long_log_comes_before_the_threshold_at_its_end() {
    let log = include_str!("../../../../tests/fixtures/controller/bodies/job-load-test-1-consoleText-2c7f7c.txt");
    let colours = regex::Regex::new("\x1b\\[[0-9;]*m").expect("a pattern");
    let uncoloured = colours.replace_all(log, "");
    let analysis = analyze(&uncoloured);
    assert!(analysis.lines > 42_000);
    assert_cause(&analysis, Category::Resource, &["pool exhausted", "0 of 50"]);
    let rules: Vec<_> = analysis.hypotheses.iter().map(|hypothesis| hypothesis.rule).collect();
    assert!(rules.contains(&"http-5xx"), "{rules:?}");
}

#[test]
fn a_silent_command_is_named_with_low_confidence() {
    let heartbeat = recorded!("job-heartbeat-37-consoleText-e8dfb3");
    assert_cause(&heartbeat, Category::Script, &["test 0 -ne 0"]);
    assert_eq!(best(&heartbeat).confidence, Confidence::Low);
    assert_cause(&recorded!("job-fleet-job-svc-013-1-consoleText-2f56fd"), Category::Script, &["exit 1"]);
    assert_cause(&transcript!("pipe-fail-1"), Category::Script, &["exit 7"]);
}

#[test]
fn a_jenkinsfile_that_does_not_compile_is_named_with_its_line() {
    assert_cause(&transcript!("pipe-syntax-1"), Category::Compile, &["line 2", "expecting '}'"]);
}

#[test]
fn a_build_that_waits_for_a_label_says_which() {
    assert_cause(&recorded!("job-gpu-pipeline-1-consoleText-3d4703"), Category::Config, &["gpu"]);
}

#[test]
fn a_successful_build_has_no_cause() {
    assert!(recorded!("job-shop-job-checkout-job-main-20-consoleText-2f5d87").hypotheses.is_empty());
}
