//! The exports: one line per tool, straight into `tools`.
//!
//! In the WASI 0.3 artifact they are asynchronous; in the WASI 0.2 one each runs to its end in `block_on`.

mod optional;

use crate::app;
use crate::bindings::exports::jankins::plugin::control::{CheckReport, Guest as Control, StatsReport};
use crate::bindings::jankins::plugin::types::{self, ToolError};
use crate::bindings::{self, Guest};
use crate::call::Call;
use crate::control;
use crate::error::Error;
use crate::tools;

struct Component;

/// Runs a tool: its call, its errors.
async fn run<T>(max_tokens: Option<u32>, tool: impl AsyncFnOnce(&Call) -> Result<T, Error>) -> Result<T, ToolError> {
    let call = begin(max_tokens)?;
    call.limited(tool(&call)).await.map_err(|error| failure(error, &call))
}

fn begin(max_tokens: Option<u32>) -> Result<Call, ToolError> {
    match app::instance() {
        Ok(app) => Ok(Call::new(app, max_tokens)),
        Err(error) => Err(error.into_tool_error(String::new())),
    }
}

fn failure(error: Error, call: &Call) -> ToolError {
    error.into_tool_error(call.id().to_owned())
}

macro_rules! exports {
    ($($tool:path: $name:ident($($arg:ident: $type:ty),*) -> $answer:ident;)*) => {
        #[cfg(feature = "p3")]
        impl Guest for Component {
            $(async fn $name($($arg: $type,)* max_tokens: Option<u32>) -> Result<types::$answer, ToolError> {
                run(max_tokens, async |call: &Call| $tool(call, $($arg),*).await).await
            })*
        }
        #[cfg(feature = "p2")]
        impl Guest for Component {
            $(fn $name($($arg: $type,)* max_tokens: Option<u32>) -> Result<types::$answer, ToolError> {
                crate::wasi::block_on(run(max_tokens, async |call: &Call| $tool(call, $($arg),*).await))
            })*
        }
    };
}

type Text = Option<String>;
type Texts = Option<Vec<String>>;
type Number = Option<u32>;
type Flag = Option<bool>;
type Format = Option<types::Format>;

exports! {
    tools::controller::whoami: whoami(job: Text) -> Identity;
    tools::status::get_status: get_status() -> Status;
    tools::nodes::list_nodes: list_nodes(label: Text, status: Option<types::NodeStatus>, limit: Number, cursor: Text, format: Format) -> NodeList;
    tools::credentials::list_credentials: list_credentials(folder: Text, limit: Number, cursor: Text, format: Format) -> CredentialList;
    tools::pipeline::get_pipeline_graph: get_pipeline_graph(job: String, branch: Text, build: Text, format: Format) -> PipelineGraph;
    tools::inputs::list_pending_inputs: list_pending_inputs(job: Text, branch: Text, build: Text) -> PendingInputs;
    tools::jenkinsfile::validate_jenkinsfile: validate_jenkinsfile(jenkinsfile: String) -> JenkinsfileCheck;
    tools::jobs::list::list_jobs: list_jobs(folder: Text, prefix: Text, name_regex: Text, status: Option<types::JobStatus>, view: Text, depth: Number, limit: Number, cursor: Text, format: Format) -> JobList;
    tools::jobs::detail::get_job: get_job(job: String, branch: Text, format: Format) -> Job;
    tools::jobs::config::get_job_config: get_job_config(job: String, branch: Text, format: Option<types::ConfigFormat>) -> JobConfig;
    tools::jobs::scm::get_job_scm: get_job_scm(job: String, branch: Text) -> JobScm;
    tools::jobs::find::find_jobs_by_repo: find_jobs_by_repo(url: String, branch: Text, folder: Text) -> RepoJobs;
    tools::tests::failed::get_failed_tests: get_failed_tests(job: String, branch: Text, build: Text, stage: Text, limit: Number, cursor: Text, format: Format) -> FailedTests;
    tools::tests::report::get_test_report: get_test_report(job: String, branch: Text, build: Text, suite: Text, format: Format) -> TestReport;
    tools::tests::compare::compare_test_results: compare_test_results(job: String, base: String, head: String, branch: Text, format: Format) -> TestComparison;
    tools::tests::flaky::detect_flaky_tests: detect_flaky_tests(job: String, branch: Text, build_count: Number, format: Format) -> FlakyTests;
    tools::tests::quality::get_quality_report: get_quality_report(job: String, branch: Text, build: Text) -> QualityReport;
    tools::builds::list::list_builds: list_builds(job: String, branch: Text, result: Option<types::BuildResult>, since: Text, commit: Text, parameter: Text, user: Text, limit: Number, cursor: Text, format: Format) -> BuildList;
    tools::builds::get_build: get_build(job: String, branch: Text, build: Text, format: Format) -> Build;
    tools::builds::changes::get_build_changes: get_build_changes(job: String, branch: Text, build: Text, limit: Number, cursor: Text, format: Format) -> BuildChanges;
    tools::builds::scm::get_build_scm: get_build_scm(job: String, branch: Text, build: Text) -> BuildScm;
    tools::artifacts::list::get_build_artifacts: get_build_artifacts(job: String, branch: Text, build: Text, glob: Text, limit: Number, cursor: Text, format: Format) -> BuildArtifacts;
    tools::artifacts::content::get_artifact: get_artifact(job: String, path: String, branch: Text, build: Text, range: Text, grep: Text) -> ArtifactContent;
    tools::logs::get_build_log: get_build_log(job: String, branch: Text, build: Text, stage: Text, mode: Option<types::LogMode>, start: Number, max_bytes: Number, filter_regex: Text, redact: Flag, cursor: Text, format: Format) -> LogChunk;
    tools::search::search_log: search_log(job: String, pattern: String, branch: Text, build: Text, stage: Text, ignore_case: Flag, invert: Flag, window_lines: Number, max_matches: Number) -> LogMatches;
    tools::triage::triage_failure: triage_failure(job: String, branch: Text, build: Text, format: Format) -> Triage;
    tools::analysis::log::analyze_build_log: analyze_build_log(job: String, branch: Text, build: Text, build_tool: Text, format: Format) -> LogAnalysis;
    tools::analysis::regression::find_regression: find_regression(job: String, branch: Text, build: Text, format: Format) -> Regression;
    tools::analysis::runs::compare_runs: compare_runs(job: String, base: String, head: String, branch: Text, format: Format) -> RunComparison;
    tools::queue::summary::summarize_queue: summarize_queue(limit: Number, cursor: Text, format: Format) -> QueueSummary;
    tools::queue::explain::explain_queue: explain_queue(item: Number, limit: Number, cursor: Text) -> QueueExplanation;
    tools::lifecycle::queue::get_queue_item: get_queue_item(id: u32) -> QueueEntry;
    tools::lifecycle::watch::wait_for_build: wait_for_build(job: Text, branch: Text, build: Text, queue_id: Number, cursor: Text, wait_seconds: Number) -> WaitedBuild;
    tools::lifecycle::tail::tail_log_live: tail_log_live(job: String, branch: Text, build: Text, cursor: Text, wait_seconds: Number) -> LogChunk;
    tools::lifecycle::trigger::trigger_build: trigger_build(job: String, branch: Text, parameters: Texts, cause: Text, wait_seconds: Number) -> StartedBuild;
    tools::lifecycle::replay::replay_build: replay_build(job: String, branch: Text, build: Text, script: Text, loaded_scripts: Texts) -> StartedBuild;
    tools::lifecycle::retry::retry_flaky_build: retry_flaky_build(job: String, branch: Text, build: Text, max_retries: Number, cursor: Text, wait_seconds: Number) -> RetriedBuild;
    tools::lifecycle::switch::enable_job: enable_job(job: String, branch: Text) -> StateChange;
    tools::lifecycle::switch::disable_job: disable_job(job: String, branch: Text) -> StateChange;
    tools::lifecycle::input::submit_input: submit_input(job: String, input_id: String, action: types::InputAction, branch: Text, build: Text, parameters: Texts) -> StateChange;
    tools::lifecycle::stop::stop_build: stop_build(job: String, build: String, branch: Text, mode: Option<types::StopMode>) -> StateChange;
    tools::lifecycle::queue::cancel_queue_item: cancel_queue_item(id: u32) -> QueueEntry;
    tools::lifecycle::node::set_node_offline: set_node_offline(node: String, offline: bool, reason: Text) -> StateChange;
    tools::lifecycle::config::create_job: create_job(job: String, config: String) -> StateChange;
    tools::lifecycle::config::update_job_config: update_job_config(job: String, config: String) -> StateChange;
    tools::lifecycle::config::copy_job: copy_job(source: String, job: String) -> StateChange;
    tools::lifecycle::config::delete_job: delete_job(job: String) -> StateChange;
}

#[cfg(feature = "p3")]
impl Control for Component {
    async fn check() -> CheckReport {
        control::check(app::instance()).await
    }
    async fn stats() -> StatsReport {
        control::stats(app::instance())
    }
    async fn clear_cache(scope: Option<String>) -> u32 {
        control::clear_cache(app::instance(), scope)
    }
}

#[cfg(feature = "p2")]
impl Control for Component {
    fn check() -> CheckReport {
        crate::wasi::block_on(control::check(app::instance()))
    }
    fn stats() -> StatsReport {
        control::stats(app::instance())
    }
    fn clear_cache(scope: Option<String>) -> u32 {
        control::clear_cache(app::instance(), scope)
    }
}

#[allow(unsafe_code, clippy::allow_attributes_without_reason, reason = "generated code: the C entry points that the component model calls")]
mod entry {
    use super::{Component, bindings};
    bindings::export!(Component with_types_in bindings);
}
