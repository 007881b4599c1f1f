//! Follows the stage markers that Pipeline prints (`[Pipeline] { (Build)`).
//!
//! Between `[Pipeline] parallel` and its end the braces of all branches interleave and a line
//! cannot be given to a branch; such a line carries the stage that encloses the parallel.
//! Without markers (a freestyle log) there are no stages.

/// Most stages that are remembered; the newest of a longer build are counted only.
const MAX_STAGES: usize = 500;

/// A stage as the log shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageMark {
    /// Its name.
    pub name: String,
    /// The line of its opening marker.
    pub line: u64,
    /// Byte offset of that line.
    pub offset: u64,
    /// Skipped because something before it failed.
    pub skipped: bool,
    /// A branch of a `parallel`, or a stage inside one.
    pub in_parallel: bool,
    /// The line of its closing marker.
    pub closed: Option<u64>,
}

/// Reads markers and answers which stage a line belongs to.
#[derive(Debug, Default)]
pub(super) struct Stages {
    seen: Vec<StageMark>,
    /// Open blocks; a named one is an index into `seen`.
    open: Vec<Option<usize>>,
    parallel_depth: u32,
    branches: Vec<String>,
    failed_branches: Vec<String>,
    /// The stage that closed last, while nothing had been skipped yet.
    last_closed: Option<usize>,
    failing: Option<usize>,
    ended: Option<u64>,
    /// Where a `post` block of a stage began that has not ended.
    post: Option<u64>,
    /// First and last lines of what ran after a failure, whatever it was: `post` blocks.
    posts: Vec<(u64, u64)>,
    /// A freestyle build failed here; post-build steps follow.
    gave_up: Option<u64>,
    /// Below the end of the pipeline stands what made it fail.
    epilogue_error: bool,
}

impl Stages {
    /// Whether the line was a marker, and so cannot be a cause.
    pub(super) fn read(&mut self, text: &str, line: u64, offset: u64) -> bool {
        if let Some(marker) = text.strip_prefix("[Pipeline] ") {
            self.marker(marker, line, offset);
            return true;
        }
        if let Some(rest) = text.strip_prefix("Stage \"")
            && let Some((name, why)) = rest.split_once("\" skipped due to ")
        {
            self.skip(name, why.starts_with("earlier failure"));
            return true;
        }
        if let Some(branch) = text.strip_prefix("Failed in branch ") {
            push_capped(&mut self.failed_branches, branch);
            return true;
        }
        if text == "Post stage" {
            self.post = Some(line);
            return true;
        }
        if self.ended.is_some() && (text.starts_with("ERROR: ") || text.contains("Exception")) {
            self.epilogue_error = true;
        }
        if self.gave_up.is_none() && text.starts_with("Build step '") && text.ends_with(" marked build as failure") {
            self.gave_up = Some(line);
        }
        false
    }

    fn marker(&mut self, marker: &str, line: u64, offset: u64) {
        match marker {
            "parallel" => self.parallel_depth += 1,
            "// parallel" => self.parallel_depth = self.parallel_depth.saturating_sub(1),
            "End of Pipeline" => self.ended = Some(line),
            "{" if self.parallel_depth == 0 => self.open.push(None),
            "}" if self.parallel_depth == 0 => self.close(line),
            _ => {
                if let Some(name) = marker.strip_prefix("{ (").and_then(|rest| rest.strip_suffix(')')) {
                    self.enter(name, line, offset);
                }
            }
        }
    }

    fn enter(&mut self, name: &str, line: u64, offset: u64) {
        let in_parallel = self.parallel_depth > 0;
        if let Some(branch) = name.strip_prefix("Branch: ") {
            push_capped(&mut self.branches, branch);
        }
        if self.seen.len() < MAX_STAGES {
            let mark = StageMark { name: name.to_owned(), line, offset, skipped: false, in_parallel, closed: None };
            self.seen.push(mark);
        }
        if !in_parallel {
            self.open.push(self.seen.len().checked_sub(1));
        }
    }

    fn close(&mut self, line: u64) {
        let Some(Some(index)) = self.open.pop() else { return };
        let post = self.post.take();
        if let Some(stage) = self.seen.get_mut(index) {
            stage.closed = Some(line);
            let began = post.or((stage.name == POST_ACTIONS).then_some(stage.line));
            if let Some(began) = began.filter(|_| self.posts.len() < MAX_STAGES) {
                self.posts.push((began, line));
            }
        }
        if self.failing.is_none() {
            self.last_closed = Some(index);
        }
    }

    fn skip(&mut self, name: &str, after_failure: bool) {
        if let Some(stage) = self.seen.iter_mut().rev().find(|stage| stage.name == name) {
            stage.skipped = true;
        }
        // What closed right before the first skipped stage is what failed.
        if after_failure && self.failing.is_none() {
            self.failing = self.last_closed;
        }
    }

    /// The stage that encloses the current line.
    pub(super) fn current(&self) -> Option<&str> {
        let stage = self.open.iter().rev().find_map(|block| *block)?;
        self.seen.get(stage).map(|stage| stage.name.as_str())
    }

    /// The stage that failed, as far as the markers tell.
    pub(super) fn failing(&self, failed: bool) -> Option<&str> {
        let last_run = || {
            let ran = |stage: &&StageMark| !stage.skipped && !is_post(&stage.name) && !stage.in_parallel;
            self.seen.iter().rev().find(ran).map(|stage| stage.name.as_str())
        };
        match self.failing {
            Some(stage) => self.seen.get(stage).map(|stage| stage.name.as_str()),
            None if failed => last_run(),
            None => None,
        }
    }

    /// Whether a stage ran that began after `line`, so that what happened at `line` did not stop
    /// the build.
    pub(super) fn ran_on_after(&self, line: u64) -> bool {
        self.seen.iter().any(|stage| stage.line > line && !stage.skipped && !stage.in_parallel && !is_post(&stage.name))
    }

    /// Whether `line` is of something that ran only after the failure: a `post` block, a post-build step, or a stage behind
    /// the one that failed. Nothing is, as long as it is not known that something failed before.
    pub(super) fn is_aftermath(&self, line: u64) -> bool {
        if self.gave_up.is_some_and(|gave_up| line > gave_up) {
            return true;
        }
        let failed_before = self.failing.is_some() || self.epilogue_error;
        let in_post = self.posts.iter().any(|(first, last)| (*first..=*last).contains(&line));
        let behind = self.failing.and_then(|stage| self.seen.get(stage)?.closed).is_some_and(|closed| line > closed);
        !self.is_epilogue(line) && (behind || failed_before && in_post)
    }

    /// Whether what is printed now is of a `post` block, a post-build step, or stands below the pipeline's end.
    pub(super) fn in_post(&self) -> bool {
        self.post.is_some() || self.ended.is_some() || self.gave_up.is_some() || self.current() == Some(POST_ACTIONS)
    }

    /// The stage in whose markers `line` stands ended at that line.
    pub(super) fn end_of_stage(&self, line: u64) -> Option<u64> {
        self.seen.iter().filter(|stage| stage.line <= line).filter_map(|stage| stage.closed).filter(|closed| *closed >= line).min()
    }

    /// Whether the branch is one that failed; `None` when none is known to have, or the name is no branch's.
    pub(super) fn branch_failed(&self, name: &str) -> Option<bool> {
        let known = self.branches.iter().any(|branch| branch == name) && !self.failed_branches.is_empty();
        known.then(|| self.failed_branches.iter().any(|failed| failed == name))
    }

    /// Whether `line` stands below the pipeline's end, where Jenkins prints what made it fail.
    pub(super) fn is_epilogue(&self, line: u64) -> bool {
        self.ended.is_some_and(|end| line > end)
    }

    /// Takes off the `[branch] ` that older controllers put before each line of a branch.
    pub(super) fn branch_of<'a>(&self, text: &'a str) -> (Option<&'a str>, &'a str) {
        let Some((name, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
            return (None, text);
        };
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        if self.branches.iter().any(|branch| branch == name) { (Some(name), rest) } else { (None, text) }
    }
}

/// The stage that Declarative makes of `post`.
const POST_ACTIONS: &str = "Declarative: Post Actions";

/// Stages that run whatever happened before them.
fn is_post(name: &str) -> bool {
    matches!(name, POST_ACTIONS | "Declarative: Checkout SCM") || name.to_ascii_lowercase().contains("cleanup")
}

fn push_capped(names: &mut Vec<String>, name: &str) {
    if names.len() < MAX_STAGES && !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::Stages;

    fn read(lines: &[&str]) -> Stages {
        let mut stages = Stages::default();
        for (number, line) in (1..).zip(lines) {
            stages.read(line, number, 0);
        }
        stages
    }

    #[test]
    fn a_line_belongs_to_the_innermost_open_stage() {
        let mut lines = vec!["[Pipeline] {", "[Pipeline] { (Build)", "[Pipeline] {"];
        assert_eq!(read(&lines).current(), Some("Build"));
        lines.extend(["[Pipeline] }", "[Pipeline] }"]);
        assert_eq!(read(&lines).current(), None);
    }

    #[test]
    fn braces_of_interleaved_branches_do_not_move_the_stage() {
        let lines =
            ["[Pipeline] { (Test)", "[Pipeline] parallel", "[Pipeline] { (Branch: unit)", "[Pipeline] { (Branch: lint)", "[Pipeline] }"];
        assert_eq!(read(&lines).current(), Some("Test"));
    }

    #[test]
    fn the_stage_before_the_first_skipped_one_failed() {
        let stages = read(&[
            "[Pipeline] { (Checkout)",
            "[Pipeline] }",
            "[Pipeline] { (Build)",
            "[Pipeline] }",
            "[Pipeline] { (Test)",
            "Stage \"Test\" skipped due to earlier failure(s)",
            "[Pipeline] }",
            "[Pipeline] { (Declarative: Post Actions)",
            "[Pipeline] }",
        ]);
        assert_eq!(stages.failing(true), Some("Build"));
        assert!(stages.ran_on_after(2));
        assert!(!stages.ran_on_after(3), "skipped and post stages do not count");
    }
}
