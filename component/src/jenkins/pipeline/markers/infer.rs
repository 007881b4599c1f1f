//! From the outline of a log to stages and their states.
//!
//! | what the log shows | state |
//! |---|---|
//! | `Stage "X" skipped due to …` | NOT_BUILT |
//! | the build goes on, the block is open | RUNNING; PAUSED when its last step is `input` |
//! | `Failed in branch X` | the last stage in that branch failed |
//! | an error after the end of the pipeline, and no such branch | the stage of the last step that ran failed |
//! | a `junit` step with failed tests in the report; an `unstable` step | UNSTABLE |
//! | none of these | SUCCESS |
//!
//! `Declarative: Post Actions` runs whatever happened, and so do steps that publish results: neither is to blame while
//! something else can be. A failure that a Jenkinsfile catches leaves no trace in these lines.

use std::collections::{HashMap, HashSet};

use super::super::model::{Graph, Kind, Source, Stage, Status, Step, merge_declarative};
use super::JUNIT;
use super::outline::{Atom, Outline, Role};

/// Stages and steps that run after a failure.
const POST_STAGE: &str = "Declarative: Post Actions";
const PUBLISHERS: [&str; 14] = [
    JUNIT,
    "archiveArtifacts",
    "recordCoverage",
    "recordIssues",
    "publishHTML",
    "publishCoverage",
    "echo",
    "mail",
    "emailext",
    "slackSend",
    "cleanWs",
    "deleteDir",
    "stash",
    "getContext",
];

/// Failed branches that are looked into: a matrix has hundreds, and one cause.
const MAX_FAILED: usize = 50;

/// What became of a stage, and by which step.
type Verdicts = HashMap<usize, (Status, Option<Step>)>;

impl Outline {
    /// The stages with what became of them. `reports`: ids of `junit` steps that reported failures.
    pub(super) fn graph(&self, reports: &HashSet<String>) -> Graph {
        let (verdicts, last) = (self.verdicts(reports), self.last_atoms());
        let plain = |index: usize| (self.plain_state(index, last.get(&index).copied()), None);
        let mut stages = self.tree(&|index| verdicts.get(&index).map_or_else(|| plain(index), Clone::clone));
        merge_declarative(&mut stages, false);
        Graph::new(Source::Log, self.result.is_some(), stages).settle(true)
    }

    /// The stages and branches as they stand in each other. Of their states only what was skipped and which branches
    /// failed is said.
    pub(in super::super) fn nesting(&self) -> Vec<Stage> {
        self.tree(&|index| {
            let status = self.blocks.get(index).map_or(Status::Success, |block| match (block.skipped, block.failed) {
                (true, _) => Status::NotBuilt,
                (_, true) => Status::Failure,
                _ => Status::Success,
            });
            (status, None)
        })
    }

    /// Whether there are branches in which no stage stands.
    pub(in super::super) fn has_bare_branches(&self) -> bool {
        let filled: HashSet<usize> =
            self.blocks.iter().filter(|block| block.role == Role::Stage).filter_map(|block| self.stage_of(block.parent)).collect();
        self.blocks.iter().enumerate().any(|(index, block)| block.role == Role::Branch && !filled.contains(&index))
    }

    /// The stages and branches in the order in which they began.
    fn tree(&self, state: &dyn Fn(usize) -> (Status, Option<Step>)) -> Vec<Stage> {
        let mut children: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
        for (index, block) in self.blocks.iter().enumerate().filter(|(_, block)| block.role != Role::Other) {
            children.entry(self.stage_of(block.parent)).or_default().push(index);
        }
        self.grow(None, &children, state)
    }

    fn grow(
        &self,
        parent: Option<usize>,
        children: &HashMap<Option<usize>, Vec<usize>>,
        state: &dyn Fn(usize) -> (Status, Option<Step>),
    ) -> Vec<Stage> {
        let inside = children.get(&parent).map(Vec::as_slice).unwrap_or_default();
        let grown = inside.iter().filter_map(|index| {
            let block = self.blocks.get(*index)?;
            let kind = if block.role == Role::Branch { Kind::Branch } else { Kind::Stage };
            let (status, failing) = state(*index);
            Some(Stage {
                children: self.grow(Some(*index), children, state),
                failing,
                ..Stage::new(block.id.clone(), block.name.clone(), kind, status)
            })
        });
        grown.collect()
    }

    /// The last step in each block, at any depth.
    fn last_atoms(&self) -> HashMap<usize, &Atom> {
        self.atoms.iter().flat_map(|atom| self.around(atom.block).map(move |(index, _)| (index, atom))).collect()
    }

    /// The state of a stage that did nothing wrong, and whose last step was this.
    fn plain_state(&self, index: usize, last: Option<&Atom>) -> Status {
        let Some(block) = self.blocks.get(index) else { return Status::Success };
        if block.skipped {
            return Status::NotBuilt;
        }
        if self.result.is_some() || block.closed {
            return Status::Success;
        }
        if last.is_some_and(|atom| atom.name == "input") { Status::Paused } else { Status::Running }
    }

    fn verdicts(&self, reports: &HashSet<String>) -> Verdicts {
        let mut verdicts = Verdicts::new();
        let result = self.result.unwrap_or(Status::Running);
        for atom in &self.atoms {
            let unstable = reports.contains(&atom.id) || (atom.name == "unstable" && result.is_bad());
            if let Some(stage) = self.stage_of(atom.block).filter(|_| unstable) {
                verdicts.insert(stage, (Status::Unstable, Some(step(atom, None))));
            }
        }
        let status = if result == Status::Aborted { Status::Aborted } else { Status::Failure };
        let mut failed: Vec<usize> = self.failed_branches().take(MAX_FAILED).filter_map(|branch| self.last_stage_in(branch)).collect();
        if failed.is_empty() && matches!(result, Status::Failure | Status::Aborted) && self.threw {
            failed.extend(self.last_stage_that_ran());
        }
        failed.dedup();
        let error = self.ending().filter(|_| failed.len() == 1);
        for stage in failed {
            let atom = self.last_atom_in(stage, may_fail).or_else(|| self.last_atom_in(stage, |_| true));
            verdicts.insert(stage, (status, atom.map(|atom| step(atom, error.clone()))));
        }
        verdicts
    }

    fn failed_branches(&self) -> impl Iterator<Item = usize> {
        self.blocks.iter().enumerate().filter(|(index, block)| block.failed && !self.is_skipped(Some(*index))).map(|(index, _)| index)
    }

    /// The last stage in a branch that was not skipped, or the branch itself.
    fn last_stage_in(&self, branch: usize) -> Option<usize> {
        let within = |index: &usize| self.around(Some(*index)).any(|(outer, _)| outer == branch);
        let ran = |index: &usize| self.blocks.get(*index).is_some_and(|block| block.role != Role::Other) && !self.is_skipped(Some(*index));
        (0..self.blocks.len()).rev().find(|index| within(index) && ran(index))
    }

    /// The stage of the last step that ran, were it not for what always runs at the end.
    fn last_stage_that_ran(&self) -> Option<usize> {
        let counts = |atom: &&Atom| !self.is_skipped(atom.block) && !self.around(atom.block).any(|(_, block)| block.name == POST_STAGE);
        self.atoms.iter().rfind(counts).and_then(|atom| self.stage_of(atom.block))
    }

    fn last_atom_in(&self, stage: usize, counts: fn(&Atom) -> bool) -> Option<&Atom> {
        self.atoms.iter().rfind(|atom| counts(atom) && self.around(atom.block).any(|(outer, _)| outer == stage))
    }

    fn is_skipped(&self, block: Option<usize>) -> bool {
        self.around(block).any(|(_, block)| block.skipped)
    }
}

fn may_fail(atom: &Atom) -> bool {
    !PUBLISHERS.contains(&atom.name.as_str())
}

fn step(atom: &Atom, error: Option<String>) -> Step {
    Step { id: atom.id.clone(), name: atom.name.clone(), argument: None, error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jenkins::pipeline::model::Graph;
    use crate::text::lines::LineScanner;

    /// A log without notes, as from `consoleText`.
    fn graph(log: &str) -> Graph {
        let (mut outline, mut scanner) = (Outline::default(), LineScanner::new());
        scanner.push(log.as_bytes(), |line| outline.line(&line));
        scanner.finish(|line| outline.line(&line));
        outline.graph(&HashSet::new())
    }

    fn seen(log: &str) -> Vec<(u32, String, Status)> {
        graph(log).flat().iter().map(|(depth, _, stage)| (*depth, stage.name.clone(), stage.status)).collect()
    }

    const HEAD: &str = "[Pipeline] Start of Pipeline\n[Pipeline] node\n[Pipeline] {\n";

    #[test]
    fn the_stage_of_the_last_step_failed_when_the_pipeline_ended_with_an_error() {
        let log = format!(
            "{HEAD}[Pipeline] stage\n[Pipeline] {{ (Build)\n[Pipeline] sh\n+ make\n[Pipeline] }}\n[Pipeline] // stage\n\
             [Pipeline] stage\n[Pipeline] {{ (Ship)\n[Pipeline] sh\n+ exit 3\n[Pipeline] echo\n[Pipeline] }}\n[Pipeline] // stage\n\
             [Pipeline] stage\n[Pipeline] {{ (Tell)\nStage \"Tell\" skipped due to earlier failure(s)\n[Pipeline] }}\n[Pipeline] // stage\n\
             [Pipeline] }}\n[Pipeline] // node\n[Pipeline] End of Pipeline\n[GitHub] status sent\nERROR: script returned exit code 3\nFinished: FAILURE\n"
        );
        let wanted = [(0, "Build".into(), Status::Success), (0, "Ship".into(), Status::Failure), (0, "Tell".into(), Status::NotBuilt)];
        assert_eq!(seen(&log), wanted);
        let failing = graph(&log).stages[1].failing.clone().unwrap();
        assert_eq!((failing.name.as_str(), failing.error.as_deref()), ("sh", Some("script returned exit code 3")));
    }

    #[test]
    fn a_branch_that_failed_is_found_though_the_lines_of_all_branches_mix() {
        let log = format!(
            "{HEAD}[Pipeline] stage\n[Pipeline] {{ (Test)\n[Pipeline] parallel\n[Pipeline] {{ (Branch: a)\n[Pipeline] {{ (Branch: b)\n\
             [Pipeline] stage\n[Pipeline] {{ (a)\n[Pipeline] stage\n[Pipeline] {{ (b)\n[Pipeline] sh\n[Pipeline] sh\n[Pipeline] }}\n\
             [Pipeline] // stage\n[Pipeline] }}\nFailed in branch b\n[Pipeline] }}\n[Pipeline] // stage\n[Pipeline] }}\n[Pipeline] // parallel\n\
             [Pipeline] }}\n[Pipeline] // stage\n[Pipeline] End of Pipeline\nERROR: no\nFinished: FAILURE\n"
        );
        let wanted = [(0, "Test".into(), Status::Failure), (1, "a".into(), Status::Success), (1, "b".into(), Status::Failure)];
        assert_eq!(seen(&log), wanted);
    }

    #[test]
    fn an_input_at_the_end_of_a_running_log_is_a_pause() {
        let log = format!("{HEAD}[Pipeline] stage\n[Pipeline] {{ (Approve)\n[Pipeline] input\nInput requested\n");
        assert_eq!(seen(&log), [(0, "Approve".into(), Status::Paused)]);
        assert_eq!(seen(&format!("{log}Approved by ada\n[Pipeline] sh\n")), [(0, "Approve".into(), Status::Running)]);
    }

    #[test]
    fn what_a_build_prints_about_skipping_and_failing_changes_nothing() {
        let log = format!(
            "{HEAD}[Pipeline] stage\n[Pipeline] {{ (Build)\n[Pipeline] sh\nStage \"Build\" skipped due to earlier failure(s)\nFailed in branch Build\n\
             Finished: FAILURE\nERROR: boom\n[Pipeline] }}\n[Pipeline] // stage\n[Pipeline] End of Pipeline\nFinished: SUCCESS\n"
        );
        assert_eq!(seen(&log), [(0, "Build".into(), Status::Success)]);
    }
}
