//! Every tool of the catalogue, with arguments that make it say much about the recorded controller.
//!
//! For rules that hold for all tools: a new tool is added here, or the test that counts them fails.

use crate::bindings::jankins::plugin::types::{ConfigFormat, Format, InputAction, LogMode};
use crate::call::Call;
use crate::error::Error;
use crate::testing::run;
use crate::tools;

/// What a tool answered.
pub(crate) struct Told {
    /// What a model reads.
    pub(crate) text: String,
    /// The record beside it, in the notation of Rust, which is about as long as its JSON.
    pub(crate) record: String,
    /// What `meta` says is missing.
    pub(crate) partial: Vec<String>,
    /// `meta.text_tokens`.
    pub(crate) estimate: u32,
}

/// A tool by its name in WIT, and how to ask it.
pub(crate) type Question = (&'static str, Ask);

/// How a tool is asked.
pub(crate) type Ask = Box<dyn Fn(&Call) -> Result<Told, Error>>;

macro_rules! questions {
    ($($name:literal: $($tool:ident)::+($($argument:expr),*);)*) => {
        vec![$(($name, Box::new(|call: &Call| {
            let mut record = run(tools::$($tool)::+(call, $($argument),*))?;
            let (text, meta) = (std::mem::take(&mut record.text), std::mem::replace(&mut record.meta, call.meta("")));
            record.meta.partial.clear();
            Ok(Told { text, record: format!("{record:?}"), partial: meta.partial, estimate: meta.text_tokens })
        }) as Ask)),*]
    };
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn main() -> String {
    "shop/checkout/main".to_owned()
}

const XML: &str = "<?xml version='1.1' encoding='UTF-8'?>\n<project><description>new</description></project>";

/// Tools that change nothing.
pub(crate) fn reads() -> Vec<Question> {
    questions! {
        "whoami": controller::whoami(some("shop/checkout/main"));
        "get-status": status::get_status();
        "get-pipeline-graph": pipeline::get_pipeline_graph("parallel-nest".into(), None, None, Some(Format::Full));
        "get-pipeline-graph": pipeline::get_pipeline_graph(main(), None, some("25"), None);
        "list-pending-inputs": inputs::list_pending_inputs(some("release"), None, some("3"));
        "list-pending-inputs": inputs::list_pending_inputs(None, None, None);
        "list-jobs": jobs::list::list_jobs(None, None, None, None, None, Some(3), Some(100), None, Some(Format::Full));
        "list-jobs": jobs::list::list_jobs(some("fleet"), None, None, None, None, None, Some(130), None, None);
        "get-job": jobs::detail::get_job("deploy".into(), None, Some(Format::Full));
        "get-job": jobs::detail::get_job("shop/checkout".into(), None, Some(Format::Full));
        "get-job-config": jobs::config::get_job_config("deploy".into(), None, Some(ConfigFormat::Xml));
        "get-job-config": jobs::config::get_job_config("deploy".into(), None, None);
        "get-job-scm": jobs::scm::get_job_scm("shop/checkout".into(), None);
        "find-jobs-by-repo": jobs::find::find_jobs_by_repo("https://git.example.com/shop/checkout.git".into(), None, None);
        "get-failed-tests": tests::failed::get_failed_tests(main(), None, some("25"), None, None, None, Some(Format::Full));
        "get-test-report": tests::report::get_test_report(main(), None, some("25"), None, Some(Format::Full));
        "get-test-report": tests::report::get_test_report("compat".into(), None, some("2"), None, Some(Format::Full));
        "compare-test-results": tests::compare::compare_test_results(main(), "20".into(), "25".into(), None, Some(Format::Full));
        "detect-flaky-tests": tests::flaky::detect_flaky_tests(main(), None, Some(28), Some(Format::Full));
        "get-quality-report": tests::quality::get_quality_report(main(), None, some("25"));
        "list-builds": builds::list::list_builds("heartbeat".into(), None, None, None, None, None, None, Some(100), None, Some(Format::Full));
        "list-builds": builds::list::list_builds("/".into(), None, None, None, None, None, None, Some(100), None, Some(Format::Full));
        "get-build": builds::get_build(main(), None, some("25"), Some(Format::Full));
        "get-build": builds::get_build("compat".into(), None, some("2"), Some(Format::Full));
        "get-build": builds::get_build("deploy".into(), None, some("4"), Some(Format::Full));
        "get-build-log": logs::get_build_log("load-test".into(), None, some("1"), None, None, None, Some(200_000), None, None, None, Some(Format::Full));
        "get-build-log": logs::get_build_log("load-test".into(), None, some("1"), None, Some(LogMode::Head), None, None, None, None, None, None);
        "get-build-log": logs::get_build_log("load-test".into(), None, some("1"), None, Some(LogMode::Errors), None, None, None, None, None, None);
        "get-build-log": logs::get_build_log(main(), None, some("25"), some("unit"), None, None, None, None, None, None, None);
        "search-log": search::search_log("load-test".into(), "INFO".into(), None, some("1"), None, None, None, None, Some(200));
        "triage-failure": triage::triage_failure(main(), None, some("25"), Some(Format::Full));
        "triage-failure": triage::triage_failure("train-start".into(), None, some("2"), None);
        "analyze-build-log": analysis::log::analyze_build_log("load-test".into(), None, some("1"), None, Some(Format::Full));
        "find-regression": analysis::regression::find_regression(main(), None, some("25"), Some(Format::Full));
        "compare-runs": analysis::runs::compare_runs(main(), "20".into(), "25".into(), None, Some(Format::Full));
        "list-nodes": nodes::list_nodes(None, None, None, None, Some(Format::Full));
        "list-credentials": credentials::list_credentials(None, None, None, Some(Format::Full));
        "get-build-changes": builds::changes::get_build_changes(main(), None, some("21"), None, None, Some(Format::Full));
        "get-build-scm": builds::scm::get_build_scm(main(), None, some("21"));
        "get-build-artifacts": artifacts::list::get_build_artifacts(main(), None, some("20"), None, None, None, Some(Format::Full));
        "get-artifact": artifacts::content::get_artifact(main(), "dist/checkout.tar.gz".into(), None, some("20"), None, None);
        "summarize-queue": queue::summary::summarize_queue(None, None, Some(Format::Full));
        "explain-queue": queue::explain::explain_queue(None, None, None);
        "get-queue-item": lifecycle::queue::get_queue_item(1);
        "wait-for-build": lifecycle::watch::wait_for_build(some("shop/checkout/main"), None, some("25"), None, None, Some(0));
        "tail-log-live": lifecycle::tail::tail_log_live("load-test".into(), None, some("1"), None, Some(0));
    }
}

/// Tools that change something, on a controller that nobody else uses.
pub(crate) fn writes() -> Vec<Question> {
    questions! {
        "validate-jenkinsfile": jenkinsfile::validate_jenkinsfile("pipeline { agent any }".into());
        "trigger-build": lifecycle::trigger::trigger_build("heartbeat".into(), None, None, None, Some(0));
        "replay-build": lifecycle::replay::replay_build(main(), None, some("25"), None, None);
        "retry-flaky-build": lifecycle::retry::retry_flaky_build(main(), None, some("25"), Some(1), None, Some(0));
        "enable-job": lifecycle::switch::enable_job("heartbeat".into(), None);
        "disable-job": lifecycle::switch::disable_job("heartbeat".into(), None);
        "submit-input": lifecycle::input::submit_input("release".into(), "ShipIt".into(), InputAction::Abort, None, some("3"), None);
        "stop-build": lifecycle::stop::stop_build("long-runner".into(), "1".into(), None, None);
        "cancel-queue-item": lifecycle::queue::cancel_queue_item(1);
        "set-node-offline": lifecycle::node::set_node_offline("linux-1".into(), true, some("checked"));
        "create-job": lifecycle::config::create_job("created".into(), XML.into());
        "update-job-config": lifecycle::config::update_job_config("old-import".into(), XML.into());
        "copy-job": lifecycle::config::copy_job("heartbeat".into(), "copied".into());
        "delete-job": lifecycle::config::delete_job("old-import".into());
    }
}

/// One of the answers whose cost is promised.
pub(crate) fn answer_of(name: &str) -> Ask {
    let promised: Vec<Question> = questions! {
        "list-jobs of 50 jobs": jobs::list::list_jobs(some("fleet"), None, None, None, None, None, Some(50), None, None);
        "get-build of a failed pipeline": builds::get_build(main(), None, some("25"), None);
        "triage-failure": triage::triage_failure(main(), None, some("25"), None);
    };
    promised.into_iter().find(|(known, _)| *known == name).expect("a promised answer").1
}

#[test]
fn every_tool_of_the_catalogue_is_asked() {
    let world = include_str!("../../../wit/world.wit");
    let exports = world.lines().filter_map(|line| line.trim().strip_prefix("export ")?.split_once(": async func")).map(|(name, _)| name);
    let asked: Vec<&str> = reads().iter().chain(&writes()).map(|(name, _)| *name).collect();
    let forgotten: Vec<&str> = exports.filter(|name| !asked.contains(name)).collect();
    assert!(forgotten.is_empty(), "not in testing/everything.rs: {forgotten:?}");
}
