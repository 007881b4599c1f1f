//! The plugin pipeline-rest-api (`wfapi`): a flat list of stages with states, times and errors.
//!
//! Three things it does not tell, and what is done about them (pipeline-rest-api 2.38):
//! - nesting: where stages overlap in time, the log's markers tell which stands in which ([`super::markers`]); without
//!   overlap the list is taken as it is;
//! - branches of a scripted `parallel`: the same;
//! - skipped: a stage that Declarative skipped because of an earlier failure carries that failure's state and error. It
//!   has no step of its own that failed, and that is asked for each stage that comes after the first failure.

use super::markers::Outline;
use super::model::{Graph, Kind, Source, Stage, Status, Step, merge_declarative, plain_name, step_name, unstable_rank};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::encode;
use crate::json::record;
use crate::together;

/// Stages whose steps are asked for. More failures than that are one failure seen many times.
const MAX_DESCRIBED: usize = 10;

record! {
    /// `wfapi/describe` of a build.
    pub(super) struct Run {
        pub(super) status: String => required,
        start_time_millis: u64 => required,
        duration_millis: u64,
        pub(super) stages: Vec<Item> => required,
    }

    /// A stage in the list, or one of its steps.
    #[derive(Clone)]
    pub(super) struct Item {
        pub(super) id: String => required,
        pub(super) name: String => required,
        status: String => required,
        error: Option<Fault>,
        parameter_description: Option<String>,
        start_time_millis: u64,
        duration_millis: u64,
        pause_duration_millis: u64,
    }

    #[derive(Clone)]
    struct Fault {
        message: Option<String>,
    }

    /// `execution/node/ID/wfapi/describe` of a stage.
    pub(super) struct Described {
        pub(super) stage_flow_nodes: Vec<Item>,
    }
}

impl Item {
    pub(super) fn state(&self) -> Status {
        Status::parse(&self.status).unwrap_or(Status::Running)
    }

    fn end(&self) -> u64 {
        self.start_time_millis.saturating_add(self.duration_millis)
    }

    fn message(&self) -> Option<String> {
        self.error.as_ref().and_then(|fault| fault.message.clone())
    }

    fn stage(&self) -> Stage {
        Stage {
            started_ms: Some(self.start_time_millis),
            duration_ms: Some(self.duration_millis),
            pause_ms: Some(self.pause_duration_millis).filter(|ms| *ms > 0),
            ..Stage::new(self.id.clone(), self.name.clone(), Kind::Stage, self.state())
        }
    }

    fn step(&self) -> Step {
        Step { id: self.id.clone(), name: step_name(&self.name), argument: self.parameter_description.clone(), error: self.message() }
    }
}

/// The list of a build's stages.
pub(super) async fn describe(call: &Call, build: &str, what: &str) -> Result<Run, Error> {
    call.json("wfapi", &format!("{build}/wfapi/describe"), what).await
}

/// A stage's steps.
pub(super) async fn node(call: &Call, build: &str, id: &str, what: &str) -> Result<Described, Error> {
    call.json("wfapi", &format!("{build}/execution/node/{}/wfapi/describe", encode::segment(id)), what).await
}

impl Run {
    /// Whether the build is over.
    pub(super) fn complete(&self) -> bool {
        Status::parse(&self.status).is_none_or(|status| !status.is_live())
    }

    /// Whether stages ran at the same time: only within a `parallel`.
    pub(super) fn overlaps(&self) -> bool {
        let mut order: Vec<_> = self.stages.iter().collect();
        crate::sorted::sort_by_key(&mut order, |item| item.start_time_millis);
        order.windows(2).any(|pair| matches!(pair, [a, b] if b.start_time_millis < a.end()))
    }

    /// The stages as listed, side by side.
    pub(super) fn graph(&self) -> Graph {
        let mut graph = Graph::new(Source::Wfapi, self.complete(), self.stages.iter().map(Item::stage).collect());
        graph.started_ms = Some(self.start_time_millis);
        graph.duration_ms = Some(self.duration_millis);
        graph
    }

    /// Whether a log has shown all of the listed stages.
    pub(super) fn is_in(&self, outline: &Outline) -> bool {
        outline.has_all(self.stages.iter().map(|item| item.id.as_str()))
    }

    /// Whether a log has shown all that [`Run::nested`] takes from it: the end of a branch without stages comes later.
    pub(super) fn is_told_by(&self, outline: &Outline) -> bool {
        self.is_in(outline) && !outline.has_bare_branches()
    }

    /// The stages as they stand in each other, after the log.
    pub(super) fn nested(&self, outline: &Outline) -> Graph {
        let mut graph = Graph { stages: outline.nesting(), ..self.graph() };
        graph.each_mut(&mut |stage| {
            if let Some(item) = self.stages.iter().find(|item| item.id == stage.id) {
                let status = if stage.status == Status::NotBuilt { stage.status } else { item.state() };
                *stage = Stage { kind: stage.kind, status, children: std::mem::take(&mut stage.children), ..item.stage() };
            }
            // A listed stage ends where the first one in it begins, and a branch is not listed.
            let starts = stage.children.iter().filter_map(|child| child.started_ms).chain(stage.started_ms);
            let ends = stage.children.iter().filter_map(Stage::ended_ms).chain(stage.ended_ms());
            if let (Some(start), Some(end)) = (starts.min(), ends.max()) {
                stage.started_ms = Some(start);
                stage.duration_ms = Some(end.saturating_sub(start));
            }
        });
        merge_declarative(&mut graph.stages, true);
        graph.settle(true)
    }

    /// The listed stage that a stage of another source is: of the same name, the nearest in time.
    pub(super) fn same(&self, stage: &Stage) -> Option<&Item> {
        let start = stage.started_ms.unwrap_or(0);
        let named = self.stages.iter().filter(|item| plain_name(&item.name) == plain_name(&stage.name));
        named.min_by_key(|item| (item.state() != stage.status, item.start_time_millis.abs_diff(start)))
    }

    /// Stages that carry a failure and may not have caused it: they begin after another one ended with the same error.
    fn suspicious(&self) -> Vec<&Item> {
        let bad: Vec<_> = self.stages.iter().filter(|item| matches!(item.state(), Status::Failure | Status::Aborted)).collect();
        let repeats = |item: &Item| bad.iter().any(|other| other.end() <= item.start_time_millis && other.message() == item.message());
        bad.iter().copied().filter(|item| repeats(item)).collect()
    }

    /// Says of each stage that was skipped after a failure that it was.
    pub(super) async fn find_skipped(&mut self, call: &Call, build: &str, what: &str) -> Result<(), Error> {
        let suspicious = self.suspicious();
        if suspicious.len() > MAX_DESCRIBED {
            call.lacks(format!(
                "which of {} stages after a failure were skipped: only the first {MAX_DESCRIBED} were looked at",
                suspicious.len()
            ));
        }
        let ids: Vec<_> = suspicious.into_iter().take(MAX_DESCRIBED).map(|item| item.id.clone()).collect();
        let described = together::all(ids.iter().map(|id| node(call, build, id, what))).await;
        for (id, described) in ids.iter().zip(described) {
            let Some(described) = call.optional("steps of a stage", described)? else {
                call.lacks("whether stages after a failure were skipped");
                continue;
            };
            let ran = described.stage_flow_nodes.iter().any(|step| step.state().is_bad());
            if let Some(item) = self.stages.iter_mut().find(|item| item.id == *id).filter(|_| !ran) {
                "NOT_EXECUTED".clone_into(&mut item.status);
            }
        }
        Ok(())
    }

    /// Gives the culprits of a graph their failing steps.
    pub(super) async fn add_steps(&self, call: &Call, build: &str, what: &str, graph: &mut Graph, most: usize) -> Result<(), Error> {
        let culprits = graph.culprits();
        if culprits.len() > most {
            call.lacks(format!("failing steps of {} of {} stages", culprits.len() - most, culprits.len()));
        }
        let wanted: Vec<_> =
            culprits.into_iter().take(most).filter_map(|stage| Some((stage.id.clone(), stage.status, self.same(stage)?))).collect();
        let described = together::all(wanted.iter().map(|(_, _, item)| node(call, build, &item.id, what))).await;
        for ((id, status, item), described) in wanted.iter().zip(described) {
            let Some(described) = call.optional("steps of a stage", described)? else { continue };
            let step = culprit(&described.stage_flow_nodes, *status, item);
            graph.each_mut(&mut |stage| {
                if stage.id == *id {
                    stage.failing.clone_from(&step);
                }
            });
        }
        Ok(())
    }
}

/// The step that made its stage what it is. A stage may go on after a step that failed (`catchError`): the one that ended
/// it carries the stage's own error.
fn culprit(steps: &[Item], status: Status, stage: &Item) -> Option<Step> {
    let bad = |step: &&Item| step.state().is_bad();
    if status == Status::Unstable {
        let told = steps.iter().rfind(bad);
        let guessed =
            || steps.iter().filter_map(|s| Some((unstable_rank(&step_name(&s.name))?, s))).min_by_key(|(rank, _)| *rank).map(|(_, s)| s);
        return told.or_else(guessed).map(Item::step);
    }
    let same = steps.iter().filter(bad).rfind(|step| step.message() == stage.message());
    let step = same.or_else(|| steps.iter().rfind(bad));
    step.map(Item::step).or_else(|| {
        // Nothing but the stage's own error is told, such as an agent that was never found.
        stage.message().map(|error| Step { id: stage.id.clone(), name: "stage".into(), argument: None, error: Some(error) })
    })
}

impl Graph {
    /// Takes over what `wfapi` tells of a running build and other sources do not: how long a stage has been going on, and
    /// whether it waits for an input.
    pub(super) fn learn_progress(&mut self, run: &Run) {
        self.each_mut(&mut |stage| {
            if stage.status == Status::Running
                && stage.children.is_empty()
                && let Some(item) = run.same(stage).filter(|item| item.state().is_live())
            {
                stage.duration_ms.get_or_insert(item.duration_millis);
                if item.state() == Status::Paused {
                    stage.status = Status::Paused;
                    stage.pause_ms = Some(item.pause_duration_millis);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: &str, status: &str, start: u64, duration: u64) -> Item {
        Item {
            id: id.into(),
            name: format!("stage {id}"),
            status: status.into(),
            error: (status == "FAILED").then(|| Fault { message: Some("exit code 2".into()) }),
            parameter_description: None,
            start_time_millis: start,
            duration_millis: duration,
            pause_duration_millis: 0,
        }
    }

    fn run_of(stages: Vec<Item>) -> Run {
        Run { status: "FAILED".into(), start_time_millis: 0, duration_millis: 10, stages }
    }

    #[test]
    fn stages_that_follow_each_other_do_not_overlap() {
        assert!(!run_of(vec![item("1", "SUCCESS", 0, 10), item("2", "SUCCESS", 10, 5)]).overlaps());
        assert!(run_of(vec![item("1", "SUCCESS", 0, 10), item("2", "SUCCESS", 9, 5)]).overlaps());
    }

    #[test]
    fn branches_that_fail_side_by_side_are_not_suspected_of_being_skipped() {
        let run = run_of(vec![item("1", "FAILED", 0, 10), item("2", "FAILED", 3, 20), item("3", "FAILED", 30, 1)]);
        assert_eq!(run.suspicious().iter().map(|i| i.id.as_str()).collect::<Vec<_>>(), ["3"]);
    }

    #[test]
    fn a_step_that_was_caught_is_not_the_one_that_failed_its_stage() {
        let mut caught = item("8", "FAILED", 0, 1);
        caught.error = Some(Fault { message: Some("exit code 9".into()) });
        let steps = [item("7", "FAILED", 0, 1), caught, item("9", "SUCCESS", 0, 1)];
        assert_eq!(culprit(&steps, Status::Failure, &item("6", "FAILED", 0, 1)).unwrap().id, "7");
    }

    #[test]
    fn junit_is_what_makes_an_unstable_stage_when_no_step_says_so() {
        let mut junit = item("8", "SUCCESS", 0, 1);
        junit.name = "Archive JUnit-formatted test results".into();
        let steps = [item("7", "SUCCESS", 0, 1), junit];
        assert_eq!(culprit(&steps, Status::Unstable, &item("6", "UNSTABLE", 0, 1)).unwrap().name, "junit");
        assert_eq!(culprit(&steps[..1], Status::Unstable, &item("6", "UNSTABLE", 0, 1)), None);
    }
}
