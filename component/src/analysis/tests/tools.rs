//! Whole logs of tools that the recorded builds lack, as these tools print them.

use super::{analyze, assert_cause};
use crate::analysis::rules::Category;

#[test]
fn a_maven_build_names_its_failed_tests_and_not_what_passing_tests_print() {
    let analysis = analyze(include_str!("../testdata/tools/mvn-test.log"));
    assert_cause(&analysis, Category::Test, &["2 tests failed", "shop.CartTest.addsDiscount", "expected: <17.70>"]);
}

#[test]
fn maven_names_the_artifact_that_is_missing_and_not_the_project() {
    let analysis = analyze(include_str!("../testdata/tools/mvn-dep.log"));
    assert_cause(&analysis, Category::Dependency, &["com.example:prices:jar:9.9"]);
}

#[test]
fn maven_names_the_compile_error_once() {
    let analysis = analyze(include_str!("../testdata/tools/mvn-compile.log"));
    assert_cause(&analysis, Category::Compile, &["Cart.java:14", "cannot find symbol", "totl"]);
}

#[test]
fn gradle_names_its_failed_tests() {
    let analysis = analyze(include_str!("../testdata/tools/gradle.log"));
    assert_cause(&analysis, Category::Test, &["CartTest > addsDiscount()", "CartTest > emptyCart()"]);
}

#[test]
fn an_image_build_is_explained_by_the_tool_that_failed_in_it() {
    let analysis = analyze(include_str!("../testdata/tools/docker-npm.log"));
    assert_cause(&analysis, Category::Dependency, &["E404", "@shop%2fprices"]);
}

#[test]
fn go_names_its_failed_tests() {
    let analysis = analyze(include_str!("../testdata/tools/go.log"));
    assert_cause(&analysis, Category::Test, &["TestTaxRounding", "got 1.89, want 1.90"]);
}

#[test]
fn jest_names_the_test_and_what_it_expected() {
    let analysis = analyze(include_str!("../testdata/tools/jest.log"));
    assert_cause(&analysis, Category::Test, &["formats prices › in euro"]);
}

#[test]
fn the_typescript_compiler_is_named_before_npm() {
    let analysis = analyze(include_str!("../testdata/tools/tsc.log"));
    assert_cause(&analysis, Category::Compile, &["src/cart.ts:14", "TS2304"]);
}

#[test]
fn a_lost_agent_is_named() {
    let analysis = analyze(include_str!("../testdata/tools/agentlost.log"));
    assert_cause(&analysis, Category::Infrastructure, &["linux-4"]);
}

#[test]
fn a_timeout_names_the_command_that_was_running() {
    let analysis = analyze(include_str!("../testdata/tools/timeout.log"));
    assert_cause(&analysis, Category::Timeout, &["./wait-for-db.sh db:5432"]);
}

#[test]
fn a_missing_property_is_named_with_the_line_of_the_jenkinsfile() {
    let analysis = analyze(include_str!("../testdata/tools/missingprop.log"));
    assert_cause(&analysis, Category::Config, &["versoin", "line 14"]);
}

#[test]
fn missing_credentials_are_named() {
    let analysis = analyze(include_str!("../testdata/tools/creds.log"));
    assert_cause(&analysis, Category::Credentials, &["deploy-key"]);
}

#[test]
fn an_exhausted_heap_comes_before_the_crash_it_causes() {
    let analysis = analyze(include_str!("../testdata/tools/oom.log"));
    assert_cause(&analysis, Category::Resource, &["heap"]);
}

#[test]
fn a_release_that_does_not_get_ready_is_explained_by_its_pod() {
    let analysis = analyze(include_str!("../testdata/tools/helm.log"));
    assert_cause(&analysis, Category::Deploy, &["shop-7d9f-x2x"]);
}

#[test]
fn an_ssh_key_that_is_refused_comes_before_the_failed_fetch() {
    let analysis = analyze(include_str!("../testdata/tools/ssh.log"));
    assert_cause(&analysis, Category::Credentials, &["publickey"]);
}

#[test]
fn a_missing_report_does_not_hide_the_compile_error_before_it() {
    let analysis = analyze(include_str!("../testdata/tools/junit-post.log"));
    assert_cause(&analysis, Category::Compile, &["main.c:3"]);
}

#[test]
fn a_module_that_is_missing_at_collection_is_named_with_its_importer() {
    let analysis = analyze(include_str!("../testdata/tools/pytest-collect.log"));
    assert_cause(&analysis, Category::Dependency, &["requests", "tests/test_gateway.py:3"]);
}

#[test]
fn an_uncaught_exception_is_named_with_the_frame_of_the_project() {
    let analysis = analyze(include_str!("../testdata/tools/py-trace.log"));
    assert_cause(&analysis, Category::Script, &["KeyError: 'DATABASE_URL'", "migrate.py:12"]);
}

#[test]
fn what_the_error_step_says_is_the_cause() {
    let analysis = analyze(include_str!("../testdata/tools/error-step.log"));
    assert_cause(&analysis, Category::Script, &["releases are frozen until Monday"]);
}

#[test]
fn an_unknown_program_is_quoted_with_its_exit_code() {
    let analysis = analyze(include_str!("../testdata/tools/nosymptom.log"));
    assert_cause(&analysis, Category::Script, &["./deploy.sh", "exit code 4", "version 1.9.0 already exists"]);
}
