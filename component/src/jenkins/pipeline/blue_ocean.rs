//! Blue Ocean's REST interface: nodes with edges, and the steps of each node.
//!
//! A folder is a pipeline there, and so is a job; a branch of a multibranch job is under `branches/`. Which of the two a
//! job is does not show in its name, so both are tried, once per parent. Of a running build the nodes include stages that
//! the build before had and this one has not reached: they are left out. Pages are cut at 100 entries unless asked for
//! more.

use std::collections::HashMap;

use super::inputs::{Parameter, Pending};
use super::model::{Graph, Kind, Source, Stage, Status, Step, step_name};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::encode;
use crate::jenkins::path::JobPath;
use crate::json::{FromJson, Value, record};
use crate::text::human;
use crate::together;

/// More nodes than any pipeline that a person still reads.
const LIMIT: &str = "?limit=10000";

record! {
    struct Node {
        id: String => required,
        display_name: String => required,
        display_description: Option<String>,
        state: Option<String>,
        result: Option<String>,
        kind: String = "type",
        start_time: Option<String>,
        duration_in_millis: u64,
        first_parent: Option<String>,
    }

    /// A step that may wait.
    struct InputStep {
        input: Option<Input>,
    }

    struct Input {
        id: String => required,
        message: String,
        parameters: Vec<Asked>,
        submitter: Option<String>,
    }

    struct Asked {
        name: String => required,
        kind: String = "type",
        description: Option<String>,
        default_parameter_value: Option<DefaultValue>,
        choices: Vec<String>,
    }

    struct DefaultValue {
        value: Option<Value>,
    }
}

impl Input {
    fn pending(self) -> Pending {
        let parameter = |asked: Asked| {
            Parameter::new(asked.name, &asked.kind, asked.description, asked.default_parameter_value.and_then(|d| d.value), asked.choices)
        };
        let submitters =
            self.submitter.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect();
        Pending { id: self.id, message: self.message, parameters: self.parameters.into_iter().map(parameter).collect(), submitters }
    }
}

impl Node {
    /// `None` for what has not begun.
    fn status(&self) -> Option<Status> {
        match self.state.as_deref()? {
            "FINISHED" => self.result.as_deref().and_then(Status::parse),
            state => Status::parse(state),
        }
    }

    fn stage(&self, status: Status) -> Stage {
        let kind = if self.kind == "PARALLEL" { Kind::Branch } else { Kind::Stage };
        Stage {
            started_ms: self.start_time.as_deref().and_then(time),
            duration_ms: Some(self.duration_in_millis),
            ..Stage::new(self.id.clone(), self.display_name.clone(), kind, status)
        }
    }
}

/// A build as Blue Ocean addresses it, once it has answered there.
pub(super) struct Run {
    path: String,
}

/// The graph of a build, by its number: permalinks are unknown there.
pub(super) async fn graph(call: &Call, job: &JobPath, number: u32, what: &str) -> Result<(Run, Graph), Error> {
    let (run, nodes): (Run, Vec<Node>) = ask(call, job, number, "nodes", what).await?;
    Ok((run, build(&nodes)))
}

/// What a build waits for, with those who may answer.
pub(super) async fn inputs(call: &Call, job: &JobPath, number: u32, what: &str) -> Result<Vec<Pending>, Error> {
    let (_, steps): (Run, Vec<InputStep>) = ask(call, job, number, "steps", what).await?;
    Ok(steps.into_iter().filter_map(|step| step.input).map(Input::pending).collect())
}

/// Asks for a list under a build, as a branch's or as a job's.
async fn ask<T: FromJson>(call: &Call, job: &JobPath, number: u32, list: &str, what: &str) -> Result<(Run, T), Error> {
    let parent = job.parent().map(|parent| parent.name()).filter(|name| !name.is_empty());
    let known = parent.as_deref().map_or(Some(false), |parent| call.app().sources().is_multibranch(parent));
    let mut last = None;
    for branch in known.map_or(vec![true, false], |branch| vec![branch]) {
        let run = Run { path: path(job, branch, number) };
        match call.json("blue-ocean", &format!("{}/{list}/{LIMIT}", run.path), what).await {
            Ok(answer) => {
                if let (Some(parent), None) = (parent, known) {
                    call.app().sources().saw_multibranch(parent, branch);
                }
                return Ok((run, answer));
            }
            Err(error @ Error::NotFound { .. }) => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(last.unwrap_or_else(|| Error::not_found(what, &[])))
}

/// Gives the culprits of a graph their failing steps.
pub(super) async fn add_steps(call: &Call, run: &Run, what: &str, graph: &mut Graph, most: usize) -> Result<(), Error> {
    let wanted: Vec<_> = graph.culprits().into_iter().take(most).map(|stage| (stage.id.clone(), stage.status)).collect();
    let paths: Vec<_> = wanted.iter().map(|(id, _)| format!("{}/nodes/{}/steps/{LIMIT}", run.path, encode::segment(id))).collect();
    let answers = together::all(paths.iter().map(|path| call.json::<Vec<Node>>("blue-ocean", path, what))).await;
    for ((id, status), steps) in wanted.iter().zip(answers) {
        let Some(steps) = call.optional("steps of a stage", steps)? else { continue };
        // Steps that follow a parallel are listed with each of its branches: they are never worse than the first match.
        let step = steps.iter().find(|step| step.status() == Some(*status)).map(|step| Step {
            id: step.id.clone(),
            name: step_name(&step.display_name),
            argument: step.display_description.clone(),
            error: None,
        });
        graph.each_mut(&mut |stage| {
            if stage.id == *id {
                stage.failing.clone_from(&step);
            }
        });
    }
    Ok(())
}

/// A stage's own log.
pub(super) async fn log(call: &Call, run: &Run, node: &str, what: &str) -> Result<String, Error> {
    call.text("blue-ocean", &format!("{}/nodes/{}/log/?start=0", run.path, encode::segment(node)), what).await
}

fn path(job: &JobPath, branch: bool, number: u32) -> String {
    let mut path = String::from("/blue/rest/organizations/jenkins");
    let last = job.segments().len().saturating_sub(1);
    for (index, segment) in job.segments().iter().enumerate() {
        path.push_str(if branch && index == last { "/branches/" } else { "/pipelines/" });
        path.push_str(&encode::segment(segment));
    }
    format!("{path}/runs/{number}")
}

/// Blue Ocean writes an offset without a colon.
fn time(text: &str) -> Option<u64> {
    let (head, minutes) = text.split_at_checked(text.len().checked_sub(2)?)?;
    human::parse_rfc3339(&format!("{head}:{minutes}")).and_then(|ms| u64::try_from(ms).ok())
}

/// From edges to nesting: a branch stands in the stage before it, a stage in the branch that it follows first.
fn build(nodes: &[Node]) -> Graph {
    let mut parents: Vec<Option<usize>> = Vec::with_capacity(nodes.len());
    let by_id: HashMap<&str, usize> = nodes.iter().enumerate().map(|(index, node)| (node.id.as_str(), index)).collect();
    for (index, node) in nodes.iter().enumerate() {
        let before = node.first_parent.as_deref().and_then(|id| by_id.get(id)).copied();
        let parent = match before {
            Some(before) if nodes.get(before).is_some_and(|b| b.kind == "PARALLEL") != (node.kind == "PARALLEL") => Some(before),
            // After a sibling: where the sibling is. Nodes come in an order in which that is known already.
            Some(before) => parents.get(before).copied().flatten(),
            // Branches of a skipped stage hang in the air.
            None if node.kind == "PARALLEL" => nodes.iter().take(index).rposition(|b| b.kind == "STAGE"),
            None => None,
        };
        parents.push(parent.filter(|parent| *parent < index));
    }
    let complete = nodes.iter().all(|node| node.status().is_none_or(|status| !status.is_live()));
    let mut stages: Vec<Option<Stage>> = nodes.iter().map(|node| node.status().map(|status| node.stage(status))).collect();
    let mut top = Vec::new();
    // Children come after their parents, so going back each is complete when it moves into its parent.
    for index in (0..nodes.len()).rev() {
        let Some(stage) = stages.get_mut(index).and_then(Option::take) else { continue };
        match parents.get(index).copied().flatten().and_then(|parent| stages.get_mut(parent)) {
            Some(Some(parent)) => parent.children.insert(0, stage),
            Some(None) => {}
            None => top.insert(0, stage),
        }
    }
    Graph::new(Source::BlueOcean, complete, top).settle(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Script, run};

    #[test]
    fn a_branch_is_encoded_once_more_than_its_job_and_stands_under_branches() {
        let (job, _) = JobPath::parse("shop/checkout", Some("feature/login")).unwrap();
        assert_eq!(
            path(&job, true, 1),
            "/blue/rest/organizations/jenkins/pipelines/shop/pipelines/checkout/branches/feature%252Flogin/runs/1"
        );
        let (job, _) = JobPath::parse("shop/frontend", None).unwrap();
        assert_eq!(path(&job, false, 2), "/blue/rest/organizations/jenkins/pipelines/shop/pipelines/frontend/runs/2");
    }

    #[test]
    fn whether_a_parent_is_a_multibranch_is_found_out_once() {
        let (call, script) = Script::new().json("/blue/rest/organizations/jenkins/pipelines/shop/pipelines/web/runs/", "[]").call();
        let (job, _) = JobPath::parse("shop/web", None).unwrap();
        run(graph(&call, &job, 1, "build")).unwrap();
        run(graph(&call, &job, 2, "build")).unwrap();
        assert_eq!(script.requests().len(), 3);
    }

    #[test]
    fn a_time_with_an_offset_without_colon_is_read() {
        assert_eq!(time("1970-01-01T01:00:01.500+0100"), Some(1500));
        assert_eq!(time("later"), None);
        assert_eq!(time("é"), None);
    }
}
