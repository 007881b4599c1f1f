//! The four sources, held against each other on recordings of the same builds.

use std::rc::Rc;

use super::model::{Source, Status};
use super::{Graph, Presence, graph, graph_with_steps, stage_log};
use crate::call::Call;
use crate::jenkins::path::{JobPath, Selector};
use crate::testing::recorded::recorded;
use crate::testing::{Answer, Script, run};

const ALL: [Source; 4] = [Source::GraphView, Source::Wfapi, Source::BlueOcean, Source::Log];

/// The recorded controller, as if it had that source alone.
fn only(source: Source, job: &JobPath) -> (Call, Rc<Script>) {
    let own = job.url_path();
    let folder = job.segments()[0].clone();
    recorded(|path| {
        let plugin = if path.starts_with("/blue/") {
            Some(Source::BlueOcean)
        } else if path.contains("/wfapi/") {
            Some(Source::Wfapi)
        } else if path.contains("/pipeline-overview/") {
            Some(Source::GraphView)
        } else {
            None
        };
        (path.starts_with(&own) || path.contains(&format!("/pipelines/{folder}/"))) && plugin.is_none_or(|p| p == source)
    })
    .call()
}

fn build(job: &str, number: u32) -> (JobPath, Selector) {
    (JobPath::parse(job, None).unwrap().0, Selector::Number(number))
}

fn told_by(source: Source, job: &str, number: u32) -> Graph {
    let (job, number) = build(job, number);
    let (call, _) = only(source, &job);
    let graph = run(graph_with_steps(&call, &job, number)).unwrap().unwrap();
    assert_eq!(graph.source, source);
    graph
}

/// Depth, name, state, failing step by id and name.
fn seen(graph: &Graph) -> Vec<String> {
    let line = |(depth, _, stage): &(u32, Option<&str>, &super::Stage)| {
        let step = stage.failing.as_ref().map_or(String::new(), |step| format!(" {} {}", step.id, step.name));
        format!("{}{} {} {}{step}", "  ".repeat(*depth as usize), stage.kind.name(), stage.name, stage.status.name())
    };
    graph.flat().iter().map(line).collect()
}

fn agree(sources: &[Source], job: &str, number: u32, wanted: &[&str]) {
    for source in sources {
        let seen = seen(&told_by(*source, job, number));
        // What pipeline-graph-view alone tells of steps was not recorded: tested beside it.
        let wanted: Vec<_> =
            wanted.iter().map(|line| if *source == Source::GraphView { without_step(line) } else { (*line).to_owned() }).collect();
        assert_eq!(seen, wanted, "{} on {job} {number}", source.name());
    }
}

fn without_step(line: &str) -> String {
    let state = [Status::Unstable, Status::Failure, Status::Aborted]
        .iter()
        .find_map(|status| line.find(status.name()).map(|at| at + status.name().len()));
    state.map_or(line, |end| &line[..end]).to_owned()
}

const MAIN: &str = "shop/checkout/main";

#[test]
fn all_agree_on_a_build_that_failed_early() {
    let wanted = [
        "stage Checkout SUCCESS",
        "stage Build FAILURE 18 sh",
        "stage Test NOT_BUILT",
        "stage Package NOT_BUILT",
        "stage Deploy NOT_BUILT",
    ];
    agree(&ALL, MAIN, 7, &wanted);
}

#[test]
fn all_agree_on_a_build_with_a_failed_and_an_unstable_branch() {
    let wanted = [
        "stage Checkout SUCCESS",
        "stage Build SUCCESS",
        "parallel Test FAILURE",
        "  branch unit UNSTABLE 41 junit",
        "  branch lint FAILURE 36 sh",
        "  branch integration SUCCESS",
        "stage Package NOT_BUILT",
        "stage Deploy NOT_BUILT",
    ];
    agree(&ALL, MAIN, 25, &wanted);
}

#[test]
fn all_agree_on_unstable_builds_with_a_skipped_stage() {
    let wanted = [
        "stage Checkout SUCCESS",
        "stage Build SUCCESS",
        "parallel Test UNSTABLE",
        "  branch unit UNSTABLE 41 junit",
        "  branch lint SUCCESS",
        "  branch integration SUCCESS",
        "stage Package SUCCESS",
        "stage Deploy NOT_BUILT",
    ];
    for number in [21, 27, 28] {
        agree(&ALL, MAIN, number, &wanted);
    }
}

#[test]
fn all_agree_on_a_green_build() {
    let wanted = [
        "stage Checkout SUCCESS",
        "stage Build SUCCESS",
        "parallel Test SUCCESS",
        "  branch unit SUCCESS",
        "  branch lint SUCCESS",
        "  branch integration SUCCESS",
        "stage Package SUCCESS",
        "stage Deploy NOT_BUILT",
    ];
    agree(&ALL, "shop/checkout/release-2.x", 1, &wanted);
}

#[test]
fn all_agree_on_a_branch_whose_name_has_a_slash() {
    let wanted = [
        "stage Checkout SUCCESS",
        "stage Build SUCCESS",
        "parallel Test FAILURE",
        "  branch unit SUCCESS",
        "  branch lint FAILURE 36 sh",
        "  branch integration SUCCESS",
        "stage Package NOT_BUILT",
        "stage Deploy NOT_BUILT",
    ];
    agree(&ALL, "shop/checkout/feature%2Flogin", 1, &wanted);
}

#[test]
fn all_agree_on_nested_scripted_parallels() {
    let wanted = [
        "parallel Fan out SUCCESS",
        "  branch linux SUCCESS",
        "    stage linux build SUCCESS",
        "    stage linux test SUCCESS",
        "  branch mac SUCCESS",
        "    stage mac build SUCCESS",
        "stage Join SUCCESS",
    ];
    agree(&[Source::GraphView, Source::Wfapi, Source::Log], "parallel-nest", 1, &wanted);
    // Blue Ocean lists stages within a branch only when there are several.
    let listed: Vec<_> = wanted.into_iter().filter(|line| !line.contains("mac build")).collect();
    agree(&[Source::BlueOcean], "parallel-nest", 1, &listed);
}

#[test]
fn all_agree_on_inputs_that_were_approved_and_rejected() {
    agree(&ALL, "release", 1, &["stage Prepare SUCCESS", "stage Approve SUCCESS", "stage Publish SUCCESS"]);
    agree(&ALL, "release", 2, &["stage Prepare SUCCESS", "stage Approve ABORTED 14 input"]);
}

#[test]
fn all_but_the_tree_alone_see_the_pause() {
    let wanted = ["stage Prepare SUCCESS", "stage Approve PAUSED"];
    agree(&[Source::Wfapi, Source::BlueOcean, Source::Log], "release", 3, &wanted);
    // This version of pipeline-graph-view says running; with wfapi beside it the pause is known.
    assert_eq!(seen(&told_by(Source::GraphView, "release", 3))[1], "stage Approve RUNNING");
    let (job, number) = build("release", 3);
    let (call, _) = recorded(|path| path.starts_with("/job/release/3/")).call();
    let graph = run(graph_with_steps(&call, &job, number)).unwrap().unwrap();
    assert_eq!((graph.source, seen(&graph)), (Source::GraphView, wanted.map(str::to_owned).to_vec()));
}

#[test]
fn all_agree_on_builds_that_run() {
    agree(&ALL, "long-runner", 1, &["stage Prepare SUCCESS", "stage Crunch RUNNING"]);
    agree(&ALL, "gpu-pipeline", 1, &["stage Train RUNNING"]);
}

#[test]
fn all_that_were_recorded_agree_on_an_abort() {
    let wanted = ["stage Prepare SUCCESS", "stage Crunch ABORTED 14 sh", "stage Publish NOT_BUILT"];
    agree(&[Source::GraphView, Source::Wfapi, Source::Log], "long-runner", 2, &wanted);
}

#[test]
fn all_agree_on_plain_failures() {
    agree(&ALL, "rust-core", 2, &["stage Checkout SUCCESS", "stage Build FAILURE 12 sh"]);
    agree(&ALL, "deploy", 4, &["stage Plan SUCCESS", "stage Apply FAILURE 13 sh"]);
    agree(&ALL, "train-start", 2, &["stage Start SUCCESS", "stage Middle FAILURE 10 build"]);
    agree(&ALL, "train-end", 2, &["stage Unload FAILURE 7 sh"]);
    let frontend = ["stage Install SUCCESS", "stage Lint SUCCESS", "stage Test FAILURE 26 sh", "stage Bundle NOT_BUILT"];
    agree(&ALL, "shop/frontend", 2, &frontend);
}

#[test]
fn a_log_without_notes_tells_the_same_but_for_scripted_branches() {
    let builds =
        [(MAIN, 7), (MAIN, 25), (MAIN, 28), ("release", 2), ("long-runner", 2), ("deploy", 4), ("shop/frontend", 2), ("gpu-pipeline", 1)];
    for (name, number) in builds {
        let (job, selector) = build(name, number);
        let (console, log) = (
            format!("{}/{number}/consoleText", job.url_path()),
            format!("GET {}/{number}/logText/progressiveText?start=0", job.url_path()),
        );
        let text = recorded(|path| path == console).body(&format!("GET {console}"));
        let (call, _) =
            recorded(|path| path == format!("{}/{number}/api/json", job.url_path())).on(&log, Answer::Http(200, Vec::new(), text)).call();
        let plain = run(graph_with_steps(&call, &job, selector)).unwrap().unwrap();
        let noted = told_by(Source::Log, name, number);
        let lines = |graph: &Graph| {
            graph
                .flat()
                .iter()
                .map(|(depth, _, stage)| (*depth, stage.name.clone(), stage.kind, unless_tests(stage.status)))
                .collect::<Vec<_>>()
        };
        assert_eq!(lines(&plain), lines(&noted), "{name} {number}");
    }
}

/// Which stage's tests failed is found by the ids that notes carry.
fn unless_tests(status: Status) -> Status {
    if status == Status::Unstable { Status::Success } else { status }
}

#[test]
fn a_green_build_costs_one_request_once_the_controller_is_known() {
    let (job, number) = build("shop/checkout/release-2.x", 1);
    let (call, script) = recorded(|path| path.starts_with("/job/shop/job/checkout/job/release-2.x/1/")).call();
    run(graph_with_steps(&call, &job, number)).unwrap();
    let first = script.requests().len();
    run(graph_with_steps(&call, &job, number)).unwrap();
    assert_eq!((first, script.requests().len() - first), (4, 1));
    assert_eq!(call.app().sources().graph_view_page(), Some("pipeline-overview"));
}

#[test]
fn a_failed_build_costs_one_list_and_one_request_for_each_red_stage() {
    let (job, number) = build(MAIN, 25);
    let (call, script) = recorded(|path| path.starts_with("/job/shop/job/checkout/job/main/25/")).call();
    run(graph(&call, &job, number)).unwrap();
    let first = script.requests().len();
    let graph = run(graph_with_steps(&call, &job, number)).unwrap().unwrap();
    assert_eq!(script.requests().len() - first, 4, "tree, list, unit, lint");
    let lint = graph.culprits()[0].failing.clone().unwrap();
    assert_eq!((lint.argument.as_deref(), lint.error.as_deref()), (Some("make lint"), Some("script returned exit code 2")));
}

#[test]
fn a_freestyle_build_has_no_stages_and_condemns_no_source() {
    let (job, number) = build("legacy-nightly", 3);
    let (call, _) = recorded(|path| path.starts_with("/job/legacy-nightly/3/")).call();
    assert_eq!(run(graph(&call, &job, number)), Ok(None));
    let (sources, now) = (call.app().sources(), call.app().clock().elapsed());
    assert_eq!([sources.graph_view(now), sources.wfapi(now), sources.blue_ocean(now)], [Presence::Unknown; 3]);
    assert_eq!(run(stage_log(&call, &job, 3, "Build")).unwrap_err().code(), "not-supported");
}

#[test]
fn a_pipeline_that_a_source_does_not_know_shows_that_it_is_missing() {
    let (job, number) = build("deploy", 4);
    let (call, script) = only(Source::Log, &job);
    run(graph(&call, &job, number)).unwrap();
    let (sources, now) = (call.app().sources(), call.app().clock().elapsed());
    assert_eq!([sources.graph_view(now), sources.wfapi(now), sources.blue_ocean(now)], [Presence::Absent; 3]);
    let first = script.requests().len();
    run(graph(&call, &job, number)).unwrap();
    assert_eq!(script.requests().len() - first, 2, "the build and its log");
}

#[test]
fn what_is_not_there_is_named() {
    let (job, number) = build("quarterly-audit", 7);
    let (call, _) = recorded(|path| path.starts_with("/job/quarterly-audit/api")).call();
    assert_eq!(
        run(graph(&call, &job, number)).unwrap_err().to_string(),
        "build 7 of quarterly-audit does not exist, or this account may not see it"
    );
    let (job, number) = build("no/such", 1);
    assert_eq!(run(graph(&call, &job, number)).unwrap_err().to_string(), "job no/such does not exist, or this account may not see it");
    let (call, _) = recorded(|path| path == "/job/shop/job/checkout/api/json").call();
    let (job, number) = build("shop/checkout", 1);
    let error = run(graph(&call, &job, number)).unwrap_err().into_tool_error(String::new());
    assert_eq!(error.code, "invalid-params");
    assert!(error.hint.unwrap().contains("ref"));
}

#[test]
fn a_stage_has_its_own_log_from_each_source_that_was_recorded() {
    for source in [Source::Wfapi, Source::Log] {
        let (job, _) = build(MAIN, 25);
        let (call, _) = only(source, &job);
        let log = run(stage_log(&call, &job, 25, "LINT")).unwrap();
        assert!(log.text.contains("shop/refund.py:1:1: F401 'os' imported but unused"), "{}", log.text);
        assert_eq!((log.source, log.truncated), (source.name(), false));
        // Only the log cannot tell apart what ran at the same time, and says so.
        assert_eq!(log.text.contains("make integration"), source == Source::Log);
        assert_eq!(call.missing().is_empty(), source == Source::Wfapi);
        assert!(!log.text.contains("<span"));
    }
}

#[test]
fn an_unknown_stage_is_answered_with_those_there_are() {
    let (job, _) = build(MAIN, 25);
    let (call, _) = only(Source::GraphView, &job);
    let error = run(stage_log(&call, &job, 25, "Tests")).unwrap_err().into_tool_error(String::new());
    assert_eq!(error.code, "not-found");
    assert!(error.message.contains("\"Checkout\", \"Build\", \"Test\", \"unit\", \"lint\""), "{}", error.message);
    assert_eq!(error.next_actions, ["get_build_log(job=\"shop/checkout/main\", build=\"25\", stage=\"Test\")"]);
}
