//! Failed tests, traced back by what Jenkins counts.
//!
//! Jenkins remembers for each failed test since which build it fails in a row. What it does not tell: whether the build
//! before really ran and passed the test, and whether another build of the same revision did. Both are asked.

use super::{Search, Traced, Trouble, Verdict};
use crate::error::Error;
use crate::jenkins::tests::{Case, Report};
use crate::tools::triage::history::{self, badness};

/// Other builds of the same revision whose reports are read.
const MAX_SAME: usize = 2;

/// Tests that fail since the same build.
pub(super) struct Group {
    pub(super) since: u32,
    pub(super) cases: Vec<Case>,
}

/// The failed tests by the build they fail since, the newest first.
pub(super) fn groups(cases: Vec<Case>, number: u32) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for case in cases {
        let since = case.since.filter(|_| case.age > 1).unwrap_or(number);
        match groups.iter_mut().find(|g| g.since == since) {
            Some(group) => group.cases.push(case),
            None => groups.push(Group { since, cases: vec![case] }),
        }
    }
    crate::sorted::sort_by_key(&mut groups, |g| std::cmp::Reverse(g.since));
    groups
}

/// What a report says of the tests of a group.
#[derive(Default)]
struct Before {
    passed: usize,
    failed: usize,
}

fn look_up(group: &Group, report: &Report) -> Before {
    let mut before = Before::default();
    for case in &group.cases {
        let same = |c: &&Case| c.class == case.class && c.name == case.name && c.stages == case.stages;
        match report.cases.iter().find(same) {
            Some(found) if found.outcome.is_pass() => before.passed += 1,
            Some(found) if found.outcome.is_failure() => before.failed += 1,
            Some(_) | None => {}
        }
    }
    before
}

/// Finds the last build that passed them, and whether any build of the same revision did.
pub(super) async fn trace(search: &mut Search<'_>, group: Group) -> Result<Traced, Error> {
    let since = group.since;
    if search.of(since).is_none() {
        let why = format!("fails since #{since}, which is not kept any more or lies further back than was looked");
        return Ok(Traced::new(Trouble::Tests(group), Verdict::NotEnoughEvidence, why).between(None, since));
    }
    if let Some(build) = passed_elsewhere(search, &group).await? {
        let why = format!("passed in #{build}, built from the same revision");
        return Ok(Traced::new(Trouble::Tests(group), Verdict::Flaky, why).between(None, since));
    }
    let good = search.past.iter().find(|p| p.number < since && p.tested && badness(&p.result).is_some()).map(|p| p.number);
    let Some(good) = good else {
        let why = format!("no build before #{since} that is kept recorded tests");
        return Ok(Traced::new(Trouble::Tests(group), Verdict::NeverGood, why).between(None, since));
    };
    let Some(report) = search.tests(good).await? else {
        let why = format!("the tests of #{good} cannot be read");
        return Ok(Traced::new(Trouble::Tests(group), Verdict::NotEnoughEvidence, why).between(Some(good), since));
    };
    let before = look_up(&group, &report);
    let all = group.cases.len();
    let (verdict, why) = match before {
        Before { passed: 0, failed: 0 } => (Verdict::NewTest, format!("did not run in #{good}: new in #{since}, or it was skipped before")),
        Before { passed: 0, .. } => (Verdict::NotEnoughEvidence, format!("failed in #{good} as well, though Jenkins counts from #{since}")),
        Before { passed, .. } if passed < all => {
            (Verdict::Regression, format!("{passed} of {all} passed in #{good}, failed in every run since #{since}"))
        }
        Before { .. } => (Verdict::Regression, format!("passed in #{good}, failed in every run since #{since}")),
    };
    Ok(Traced::new(Trouble::Tests(group), verdict, why).between(Some(good), since))
}

/// A build of the revision of one of the failing builds in which all the tests passed.
async fn passed_elsewhere(search: &mut Search<'_>, group: &Group) -> Result<Option<u32>, Error> {
    let number = search.build.number;
    let failing = |n: u32| n >= group.since && n <= number;
    let mut others: Vec<u32> = Vec::new();
    for bad in [number, group.since] {
        for other in history::same_revision(&search.past, bad) {
            let tested = search.of(other).is_some_and(|p| p.tested);
            if tested && !failing(other) && !others.contains(&other) {
                others.push(other);
            }
        }
    }
    for other in others.into_iter().take(MAX_SAME) {
        let Some(report) = search.tests(other).await? else { continue };
        if look_up(group, &report).passed == group.cases.len() {
            return Ok(Some(other));
        }
    }
    Ok(None)
}
