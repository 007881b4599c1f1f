//! What a pipeline build is made of, whichever of Jenkins' interfaces told it.
//!
//! The sources differ in what they list and how they name a state. [`Graph::settle`] takes those differences out: stages
//! that Declarative adds by itself go unless something went wrong in them, a stage that was skipped has no children, and
//! siblings stand in the order in which they began. Nothing here fails.

use std::cmp::Reverse;

/// Which of Jenkins' interfaces told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// The plugin pipeline-graph-view: a tree with statuses.
    GraphView,
    /// The plugin pipeline-rest-api: a flat list with errors.
    Wfapi,
    /// Blue Ocean's REST interface: nodes and edges.
    BlueOcean,
    /// The `[Pipeline]` lines of the log.
    Log,
}

/// The state of a stage, in Jenkins' words for results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Status {
    Success,
    Unstable,
    Failure,
    Aborted,
    /// Skipped: by `when`, or because something failed before.
    NotBuilt,
    Running,
    /// Waits for an input.
    Paused,
}

/// How a stage stands among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Stage,
    /// Its children run side by side.
    Parallel,
    /// One of those children.
    Branch,
}

/// A step, as the cause of what became of its stage. All but `id` was written by a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Of the flow node; the same in all sources.
    pub(crate) id: String,
    /// As a Jenkinsfile calls it (`sh`), or its title when that is not known.
    pub(crate) name: String,
    /// What it was called with, shortened by Jenkins.
    pub(crate) argument: Option<String>,
    pub(crate) error: Option<String>,
}

/// A stage, or a branch of a parallel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stage {
    /// Of a flow node; which node of a stage it is depends on the source.
    pub(crate) id: String,
    /// Written by a build.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) status: Status,
    /// Milliseconds since 1970.
    pub(crate) started_ms: Option<u64>,
    pub(crate) duration_ms: Option<u64>,
    /// Of which it waited for an input.
    pub(crate) pause_ms: Option<u64>,
    pub(crate) children: Vec<Stage>,
    /// The step that made it what it is, when it is not green and the step is known.
    pub(crate) failing: Option<Step>,
}

/// The stages of one build.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Graph {
    pub(crate) source: Source,
    /// The build is over.
    pub(crate) complete: bool,
    /// Top-level stages.
    pub(crate) stages: Vec<Stage>,
    pub(crate) started_ms: Option<u64>,
    /// From start to end, not the sum of parallel work; absent when the source tells of stages only.
    pub(crate) duration_ms: Option<u64>,
}

impl Source {
    /// As answers name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GraphView => "pipeline-graph-view",
            Self::Wfapi => "wfapi",
            Self::BlueOcean => "blue-ocean",
            Self::Log => "log",
        }
    }

    /// It does not tell states: they are concluded from it.
    pub(crate) fn is_inferred(self) -> bool {
        self == Self::Log
    }
}

impl Status {
    /// As Jenkins names results.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Unstable => "UNSTABLE",
            Self::Failure => "FAILURE",
            Self::Aborted => "ABORTED",
            Self::NotBuilt => "NOT_BUILT",
            Self::Running => "RUNNING",
            Self::Paused => "PAUSED",
        }
    }

    /// A build's result, or the state of a stage in any source's spelling.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_uppercase().as_str() {
            "SUCCESS" | "FINISHED" => Self::Success,
            "UNSTABLE" => Self::Unstable,
            "FAILURE" | "FAILED" => Self::Failure,
            "ABORTED" => Self::Aborted,
            "NOT_BUILT" | "NOT_EXECUTED" | "SKIPPED" => Self::NotBuilt,
            "RUNNING" | "IN_PROGRESS" | "QUEUED" => Self::Running,
            "PAUSED" | "PAUSED_PENDING_INPUT" => Self::Paused,
            _ => return None,
        })
    }

    /// Something went wrong.
    pub(crate) fn is_bad(self) -> bool {
        matches!(self, Self::Failure | Self::Unstable | Self::Aborted)
    }

    /// Not over yet.
    pub(crate) fn is_live(self) -> bool {
        matches!(self, Self::Running | Self::Paused)
    }

    /// Which of two states a stage shows that holds both.
    fn rank(self) -> u8 {
        match self {
            Self::Running | Self::Paused => 5,
            Self::Failure => 4,
            Self::Aborted => 3,
            Self::Unstable => 2,
            Self::Success => 1,
            Self::NotBuilt => 0,
        }
    }
}

impl Kind {
    /// As answers name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stage => "stage",
            Self::Parallel => "parallel",
            Self::Branch => "branch",
        }
    }
}

impl Stage {
    /// A stage of which nothing but its name and state is known.
    pub(crate) fn new(id: impl Into<String>, name: impl Into<String>, kind: Kind, status: Status) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            kind,
            status,
            started_ms: None,
            duration_ms: None,
            pause_ms: None,
            children: Vec::new(),
            failing: None,
        }
    }

    /// How long it took, or has been going on: not every source says that of a stage that runs.
    pub(crate) fn elapsed_ms(&self, now_ms: u64) -> Option<u64> {
        let so_far = || self.started_ms.filter(|_| self.status.is_live()).map(|start| now_ms.saturating_sub(start));
        self.duration_ms.or_else(so_far)
    }

    /// When it ended, as far as that is told.
    pub(crate) fn ended_ms(&self) -> Option<u64> {
        Some(self.started_ms?.saturating_add(self.duration_ms?))
    }

    /// Not green, and by itself: none of its children is to blame.
    fn is_culprit(&self) -> bool {
        self.status.is_bad() && !self.children.iter().any(|child| child.status.is_bad())
    }
}

impl Graph {
    /// A graph of stages as a source lists them.
    pub(crate) fn new(source: Source, complete: bool, stages: Vec<Stage>) -> Self {
        Self { source, complete, stages, started_ms: None, duration_ms: None }
    }

    /// Takes out what differs between sources. `roll_up` for those whose parents do not tell of their children.
    pub(crate) fn settle(mut self, roll_up: bool) -> Self {
        settle(&mut self.stages, roll_up);
        self
    }

    /// The build is over with this result, whatever the source believes: a log may break off where a controller stopped.
    pub(super) fn end(&mut self, result: Status) {
        self.complete = true;
        self.each_mut(&mut |stage| {
            if stage.status.is_live() {
                stage.status = if matches!(result, Status::Unstable) { Status::Success } else { result };
            }
        });
    }

    /// All stages in order, each with its depth and the id of the stage it stands in.
    pub(crate) fn flat(&self) -> Vec<(u32, Option<&str>, &Stage)> {
        fn walk<'a>(stages: &'a [Stage], depth: u32, parent: Option<&'a str>, out: &mut Vec<(u32, Option<&'a str>, &'a Stage)>) {
            for stage in stages {
                out.push((depth, parent, stage));
                walk(&stage.children, depth.saturating_add(1), Some(&stage.id), out);
            }
        }
        let mut out = Vec::new();
        walk(&self.stages, 0, None, &mut out);
        out
    }

    /// The stages that are not green by themselves: failures first, then aborts, then what is unstable.
    pub(crate) fn culprits(&self) -> Vec<&Stage> {
        let mut found: Vec<_> = self.flat().into_iter().map(|(_, _, stage)| stage).filter(|stage| stage.is_culprit()).collect();
        crate::sorted::sort_by_key(&mut found, |stage| Reverse(stage.status.rank()));
        found
    }

    /// Changes every stage in place, children before their parents.
    pub(crate) fn each_mut(&mut self, change: &mut impl FnMut(&mut Stage)) {
        fn walk(stages: &mut [Stage], change: &mut impl FnMut(&mut Stage)) {
            for stage in stages {
                walk(&mut stage.children, change);
                change(stage);
            }
        }
        walk(&mut self.stages, change);
    }
}

/// What Declarative puts before the names of stages that no Jenkinsfile has.
const DECLARATIVE: &str = "Declarative: ";

/// A stage's name as a Jenkinsfile's author would say it.
pub(super) fn plain_name(name: &str) -> &str {
    name.strip_prefix(DECLARATIVE).unwrap_or(name)
}

fn settle(stages: &mut Vec<Stage>, roll_up: bool) {
    for stage in stages.iter_mut() {
        if stage.status == Status::NotBuilt {
            stage.children.clear();
        }
        settle(&mut stage.children, roll_up);
        if roll_up && let Some(worst) = stage.children.iter().map(|child| child.status).max_by_key(|status| status.rank()) {
            let worst = if worst == Status::Paused { Status::Running } else { worst };
            if worst.rank() > stage.status.rank() {
                stage.status = worst;
            }
        }
        if stage.children.iter().any(|child| child.kind == Kind::Branch) && stage.kind == Kind::Stage {
            stage.kind = Kind::Parallel;
        }
    }
    stages.retain_mut(|stage| match stage.name.strip_prefix(DECLARATIVE) {
        Some(_) if stage.children.is_empty() && !stage.status.is_bad() => false,
        Some(name) => {
            stage.name = name.to_owned();
            true
        }
        None => true,
    });
    crate::sorted::sort_by_key(stages, |stage| stage.id.parse::<u64>().unwrap_or(u64::MAX));
}

/// Declarative wraps each parallel stage in a branch of the same name: one stage for whoever reads it. `inner` tells which
/// of the two ids it keeps.
pub(super) fn merge_declarative(stages: &mut [Stage], inner: bool) {
    for stage in stages {
        merge_declarative(&mut stage.children, inner);
        let wraps = stage.kind == Kind::Branch
            && matches!(stage.children.as_slice(), [only] if only.name == stage.name && only.kind != Kind::Branch);
        if wraps && let Some(only) = stage.children.pop() {
            let id = if inner { only.id.clone() } else { stage.id.clone() };
            *stage = Stage { id, kind: Kind::Branch, ..only };
        }
    }
}

/// How step titles read in a Jenkinsfile, for those that decide most builds (workflow-basic-steps 1079,
/// workflow-durable-task-step 1464, junit 1369).
const TITLES: [(&str, &str); 16] = [
    ("Shell Script", "sh"),
    ("Windows Batch Script", "bat"),
    ("Windows PowerShell Script", "powershell"),
    ("PowerShell Script", "powershell"),
    ("PowerShell Core Script", "pwsh"),
    ("Print Message", "echo"),
    ("Error signal", "error"),
    ("Check out from version control", "checkout"),
    ("Git", "git"),
    ("Wait for interactive input", "input"),
    ("Archive JUnit-formatted test results", "junit"),
    ("Archive the artifacts", "archiveArtifacts"),
    ("Set stage result to unstable", "unstable"),
    ("Record code coverage results", "recordCoverage"),
    ("Record compiler warnings and static analysis results", "recordIssues"),
    ("Wait for SonarQube analysis to be completed and return quality gate status", "waitForQualityGate"),
];

/// Steps that make a build unstable without failing themselves; `wfapi` shows them as green.
const UNSTABLE_MAKERS: [&str; 4] = ["junit", "unstable", "recordIssues", "recordCoverage"];

/// The name by which a Jenkinsfile calls a step.
pub(crate) fn step_name(title: &str) -> String {
    if let Some((_, name)) = TITLES.iter().find(|(known, _)| *known == title) {
        return (*name).to_owned();
    }
    if title.starts_with("Building ") { "build".to_owned() } else { title.to_owned() }
}

/// How likely a step that looks green made its stage unstable: the lower the likelier, `None` for not at all.
pub(crate) fn unstable_rank(name: &str) -> Option<usize> {
    UNSTABLE_MAKERS.iter().position(|maker| *maker == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(id: &str, name: &str, kind: Kind, status: Status, children: Vec<Stage>) -> Stage {
        Stage { children, ..Stage::new(id, name, kind, status) }
    }

    fn graph(stages: Vec<Stage>) -> Graph {
        Graph::new(Source::Wfapi, true, stages)
    }

    #[test]
    fn a_parent_is_as_bad_as_its_worst_child_and_a_skipped_child_says_nothing() {
        let children =
            vec![stage("4", "lint", Kind::Branch, Status::NotBuilt, vec![]), stage("3", "unit", Kind::Branch, Status::Unstable, vec![])];
        let settled = graph(vec![stage("2", "Test", Kind::Stage, Status::Success, children)]).settle(true);
        assert_eq!((settled.stages[0].status, settled.stages[0].kind), (Status::Unstable, Kind::Parallel));
        assert_eq!(settled.stages[0].children[0].name, "unit");
        assert_eq!(settled.culprits().iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["unit"]);
    }

    #[test]
    fn a_skipped_stage_has_no_children() {
        let child = stage("3", "unit", Kind::Branch, Status::Failure, vec![]);
        let settled = graph(vec![stage("2", "Test", Kind::Stage, Status::NotBuilt, vec![child])]).settle(true);
        assert!(settled.stages[0].children.is_empty());
        assert!(settled.culprits().is_empty());
    }

    #[test]
    fn a_stage_that_declarative_added_shows_only_when_it_went_wrong() {
        let stages = |status| vec![stage("6", "Declarative: Checkout SCM", Kind::Stage, status, vec![])];
        assert!(graph(stages(Status::Success)).settle(true).stages.is_empty());
        assert_eq!(graph(stages(Status::Failure)).settle(true).stages[0].name, "Checkout SCM");
    }

    #[test]
    fn a_running_branch_keeps_its_parent_running_though_another_one_failed() {
        let children =
            vec![stage("3", "unit", Kind::Branch, Status::Failure, vec![]), stage("4", "e2e", Kind::Branch, Status::Paused, vec![])];
        let settled = graph(vec![stage("2", "Test", Kind::Stage, Status::Success, children)]).settle(true);
        assert_eq!(settled.stages[0].status, Status::Running);
    }

    #[test]
    fn in_a_build_that_is_over_no_stage_goes_on() {
        for (result, left) in [(Status::Failure, Status::Failure), (Status::Aborted, Status::Aborted), (Status::Unstable, Status::Success)]
        {
            let stages = vec![stage("2", "a", Kind::Stage, Status::Success, vec![]), stage("3", "b", Kind::Stage, Status::Running, vec![])];
            let mut graph = Graph::new(Source::Log, false, stages);
            graph.end(result);
            assert_eq!((graph.complete, graph.stages[0].status, graph.stages[1].status), (true, Status::Success, left));
        }
    }

    #[test]
    fn titles_of_steps_become_their_names() {
        assert_eq!(
            (step_name("Shell Script").as_str(), step_name("Building train-end").as_str(), step_name("Odd").as_str()),
            ("sh", "build", "Odd")
        );
    }
}
