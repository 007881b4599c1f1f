//! The plugin pipeline-graph-view: one request, the whole tree.
//!
//! The interface is its own page's, and moves: the tree is at `stages/tree` in versions of 2026, at
//! `pipeline-overview/tree` in those of 2025 (measured with 661), at `pipeline-graph/tree` before. Field types have
//! changed as well (numbers were texts once), so reading is lenient: a time that is no number is absent. A tree without
//! the expected envelope is an error, and another source is tried.

use super::model::{Graph, Kind, Source, Stage, Status, Step, step_name};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::encode;
use crate::json::{FromJson, Json, Value, record};

/// Pages that have answered `tree`, the newest first.
pub(super) const PAGES: [&str; 3] = ["stages", "pipeline-overview", "pipeline-graph"];

/// What every answer is wrapped in.
struct Envelope<T> {
    data: T,
}

impl<T: FromJson> FromJson for Envelope<T> {
    fn from_json(value: &Json<'_>) -> Option<Self> {
        value.required("data").map(|data| Self { data })
    }
}

record! {
    struct Tree {
        complete: bool,
        stages: Vec<Node> => required,
    }

    struct Node {
        id: Value => required,
        name: String,
        state: String,
        kind: String = "type",
        start_time_millis: Value,
        total_duration_millis: Value,
        pause_duration_millis: Value,
        children: Vec<Node>,
        synthetic: bool,
    }

    struct Steps {
        steps: Vec<StepNode> => required,
    }

    struct StepNode {
        id: Value => required,
        name: String,
        title: String,
        state: String,
        stage_id: Value,
    }
}

/// The tree of a build, from one page of the plugin.
pub(super) async fn graph(call: &Call, build: &str, page: &str, what: &str) -> Result<Graph, Error> {
    let tree: Tree = ask(call, &format!("{build}/{page}/tree"), what).await?;
    let stages = tree.stages.into_iter().filter_map(|node| stage(node, tree.complete)).collect();
    Ok(Graph::new(Source::GraphView, tree.complete, stages).settle(false))
}

/// Gives red stages without a failing step theirs: one request for all steps of the build.
pub(super) async fn add_steps(call: &Call, build: &str, page: &str, what: &str, graph: &mut Graph) -> Result<(), Error> {
    // The oldest versions have the steps on a page of their own.
    let page = if page == "pipeline-graph" { "pipeline-console" } else { page };
    let steps: Steps = ask(call, &format!("{build}/{page}/allSteps"), what).await?;
    graph.each_mut(&mut |stage| {
        if stage.status.is_bad() && stage.failing.is_none() {
            let mut bad = steps.steps.iter().filter(|s| text(&s.stage_id) == stage.id && Status::parse(&s.state) == Some(stage.status));
            stage.failing = bad.next_back().map(|step| {
                // With an argument, the argument is the name and the title the step; of `sh` and `echo` not even that.
                let (name, argument) =
                    if step.title.is_empty() { (step.name.clone(), None) } else { (step.title.clone(), Some(step.name.clone())) };
                Step { id: text(&step.id), name: step_name(&name), argument, error: None }
            });
        }
    });
    Ok(())
}

/// A stage's own log as text, from one page of the plugin.
pub(super) async fn log(call: &Call, build: &str, page: &str, node: &str, what: &str) -> Result<String, Error> {
    let page = if page == "pipeline-graph" { "pipeline-console" } else { page };
    call.text("pipeline-log", &format!("{build}/{page}/log?nodeId={}", encode::segment(node)), what).await
}

async fn ask<T: FromJson>(call: &Call, path: &str, what: &str) -> Result<T, Error> {
    call.json::<Envelope<T>>("pipeline-graph-view", path, what).await.map(|envelope| envelope.data)
}

fn stage(node: Node, complete: bool) -> Option<Stage> {
    let children: Vec<_> = node.children.into_iter().filter_map(|child| stage(child, complete)).collect();
    // The plugin has a state "unknown", and later ones may have more: nothing is claimed then but whether it goes on.
    let status = Status::parse(&node.state).unwrap_or(if complete { Status::NotBuilt } else { Status::Running });
    if node.synthetic && children.is_empty() && !status.is_bad() {
        return None;
    }
    let kind = if node.kind == "PARALLEL" { Kind::Branch } else { Kind::Stage };
    Some(Stage {
        started_ms: number(&node.start_time_millis),
        duration_ms: number(&node.total_duration_millis),
        pause_ms: number(&node.pause_duration_millis).filter(|ms| *ms > 0),
        children,
        ..Stage::new(text(&node.id), node.name, kind, status)
    })
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64()
}

/// An id: a number in older versions, a text in newer ones.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Script, run};

    #[test]
    fn ids_may_be_numbers_and_times_may_be_texts_as_in_old_versions() {
        let body = r#"{"status":"ok","data":{"complete":true,"stages":[{"id":6,"name":"Build","state":"SUCCESS","type":"STAGE","totalDurationMillis":"1.2s","children":[]}]}}"#;
        let (call, _) = Script::new().json("/job/x/1/pipeline-graph/tree", body).call();
        let graph = run(graph(&call, "/job/x/1", "pipeline-graph", "build")).unwrap();
        assert_eq!((graph.stages[0].id.as_str(), graph.stages[0].status, graph.stages[0].duration_ms), ("6", Status::Success, None));
    }

    #[test]
    fn the_last_step_in_the_state_of_its_stage_is_the_one_that_failed_it() {
        let steps = r#"{"status":"ok","data":{"steps":[
            {"id":"7","name":"make","title":"","state":"success","stageId":"6"},
            {"id":"8","name":"reports/*.xml","title":"Archive JUnit-formatted test results","state":"failure","stageId":"6"},
            {"id":"9","name":"other","title":"","state":"failure","stageId":"5"}]}}"#;
        let (call, _) = Script::new().json("/job/x/1/stages/allSteps", steps).call();
        let mut graph = Graph::new(Source::GraphView, true, vec![Stage::new("6", "Build", Kind::Stage, Status::Failure)]);
        run(add_steps(&call, "/job/x/1", "stages", "build", &mut graph)).unwrap();
        let failing = graph.stages[0].failing.clone().unwrap();
        assert_eq!((failing.id.as_str(), failing.name.as_str(), failing.argument.as_deref()), ("8", "junit", Some("reports/*.xml")));
    }

    #[test]
    fn an_answer_without_the_envelope_is_no_empty_pipeline() {
        let (call, _) = Script::new().json("/job/x/1/stages/tree", r#"{"status":"error","message":"no"}"#).call();
        assert_eq!(run(graph(&call, "/job/x/1", "stages", "build")).unwrap_err().code(), "bad-response");
    }
}
