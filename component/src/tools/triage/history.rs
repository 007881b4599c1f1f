//! The past of a job: since when it is as it is, and which builds had the same revision.

use std::ops::Range;

use crate::call::Call;
use crate::error::Error;
use crate::jenkins::builds::{self, Build};
use crate::jenkins::path::JobPath;

/// Builds whose commits are asked for at most.
const MAX_WINDOW: usize = 100;

/// Builds of the past that are asked for, so that a very old build does not cost a whole history.
const MAX_PAST: u32 = 1_000;

/// A build of the past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Past {
    pub(crate) number: u32,
    /// RUNNING while it has none.
    pub(crate) result: String,
    /// Revisions and parameters.
    pub(crate) source: Option<String>,
    /// It recorded tests.
    pub(crate) tested: bool,
}

/// The builds of a job from the newest back to `count` builds before `number`, newest first.
pub(crate) async fn past(call: &Call, job: &JobPath, number: u32, count: u32) -> Result<Vec<Past>, Error> {
    let mut past = page(call, job, 0..count).await?;
    let listed = u32::try_from(past.len()).unwrap_or(u32::MAX);
    let behind = past.last().map_or(0, |oldest| oldest.number.saturating_sub(number));
    if listed == count && (behind > 0 || past.iter().filter(|p| p.number < number).count() < (count / 2) as usize) {
        // Numbers have gaps where builds were deleted, so that the build stands there or nearer.
        let wanted = behind.saturating_add(count);
        if wanted > MAX_PAST {
            call.lacks(format!("history: only the newest {MAX_PAST} builds were looked at"));
        }
        past.extend(page(call, job, count..count.saturating_add(wanted.min(MAX_PAST))).await?);
    }
    Ok(past)
}

/// Some builds of a job, newest first; `range` counts from the newest.
pub(crate) async fn page(call: &Call, job: &JobPath, range: Range<u32>) -> Result<Vec<Past>, Error> {
    let fields = "number,result,building,actions[parameters[_class,name,value],lastBuiltRevision[SHA1],totalCount,failCount]";
    let builds = builds::list(call, job, fields, range).await?;
    Ok(builds.iter().map(Past::of).collect())
}

/// The builds after `good` up to `bad` with their commits, newest first: one request. `past` is the list from the newest on.
pub(crate) async fn commits(call: &Call, job: &JobPath, past: &[Past], good: u32, bad: u32) -> Result<Vec<Build>, Error> {
    let inside = |number: u32| number > good && number <= bad;
    let Some(from) = past.iter().position(|p| inside(p.number)) else { return Ok(Vec::new()) };
    let wanted = past.iter().filter(|p| inside(p.number)).count();
    if wanted > MAX_WINDOW {
        call.lacks(format!("commits of {MAX_WINDOW} of {wanted} builds between #{good} and #{bad}"));
    }
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    // A build that began meanwhile moves all others by one.
    let range = count(from)..count(from + wanted.min(MAX_WINDOW)).saturating_add(2);
    let builds = builds::list(call, job, builds::COMMITS, range).await?;
    Ok(builds.into_iter().filter(|b| inside(b.number)).collect())
}

impl Past {
    fn of(build: &Build) -> Self {
        // A freestyle build may state UNSTABLE while it still runs.
        let result = if build.building { "RUNNING" } else { build.result() };
        Self { number: build.number, result: result.to_owned(), source: build.source(), tested: build.tests().is_some() }
    }
}

/// The run of bad builds that a build belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    /// The last one before it that was better.
    pub(crate) last_good: Option<u32>,
    /// The first of the run.
    pub(crate) first_bad: Option<u32>,
}

/// How bad a result is; `None` for one that says nothing about the code.
pub(crate) fn badness(result: &str) -> Option<u8> {
    match result {
        "SUCCESS" => Some(0),
        "UNSTABLE" => Some(1),
        "FAILURE" => Some(2),
        _ => None,
    }
}

/// The run of builds, back from `number`, that are at least as bad as it.
pub(crate) fn window(past: &[Past], number: u32) -> Window {
    let Some(own) = past.iter().find(|p| p.number == number).and_then(|p| badness(&p.result)).filter(|b| *b > 0) else {
        return Window::default();
    };
    let mut window = Window { last_good: None, first_bad: Some(number) };
    for build in past.iter().filter(|p| p.number < number) {
        match badness(&build.result) {
            Some(bad) if bad >= own => window.first_bad = Some(build.number),
            Some(_) => {
                window.last_good = Some(build.number);
                break;
            }
            None => {}
        }
    }
    window
}

/// Other finished builds of the same revision, nearest first.
pub(crate) fn same_revision(past: &[Past], number: u32) -> Vec<u32> {
    let Some(own) = past.iter().find(|p| p.number == number) else { return Vec::new() };
    let same = |p: &&Past| p.number != number && p.source.is_some() && p.source == own.source && badness(&p.result).is_some();
    let mut numbers: Vec<u32> = past.iter().filter(same).map(|p| p.number).collect();
    crate::sorted::sort_by_key(&mut numbers, |n| n.abs_diff(number));
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newest first, numbered down to 1.
    fn past(results: &[&str]) -> Vec<Past> {
        let count = u32::try_from(results.len()).unwrap();
        results.iter().zip((1..=count).rev()).map(|(r, number)| Past { number, result: (*r).to_owned(), ..Past::default() }).collect()
    }

    #[test]
    fn the_window_ends_at_the_last_better_build() {
        let p = past(&["FAILURE", "FAILURE", "UNSTABLE", "SUCCESS"]);
        assert_eq!(window(&p, 4), Window { last_good: Some(2), first_bad: Some(3) });
        assert_eq!(window(&p, 2), Window { last_good: Some(1), first_bad: Some(2) });
    }

    #[test]
    fn aborted_and_running_builds_say_nothing_about_the_code() {
        let p = past(&["UNSTABLE", "ABORTED", "FAILURE", "RUNNING", "UNSTABLE", "SUCCESS"]);
        assert_eq!(window(&p, 6), Window { last_good: Some(1), first_bad: Some(2) });
        assert_eq!(window(&p, 5), Window::default());
    }

    #[test]
    fn a_job_that_never_passed_has_no_good_build() {
        assert_eq!(window(&past(&["FAILURE", "FAILURE"]), 2), Window { last_good: None, first_bad: Some(1) });
    }

    #[test]
    fn builds_of_the_same_revision_are_found_nearest_first() {
        let mut p = past(&["SUCCESS", "UNSTABLE", "ABORTED", "SUCCESS"]);
        for (build, commit) in p.iter_mut().zip(["a", "a", "a", "a"]) {
            build.source = Some(commit.to_owned());
        }
        assert_eq!(same_revision(&p, 3), [4, 1]);
    }
}
