//! The verdict on one test, from what was seen of it.
//!
//! | verdict | needs |
//! |---|---|
//! | flaky | one revision on which it passed and failed |
//! | regression | it failed in each of the last runs, at least two, on no revision on which it ever passed, and clearly more often than before: the 95 % intervals of both rates do not meet |
//! | not enough evidence | anything else: one failure among passes of other revisions may be chance, a bad commit, or the machine |
//!
//! A test that flipped on one revision and failed ever since on others is a regression as well: what is broken now counts
//! more. Intervals are Wilson's, which stay honest for few runs and for rates of 0 and 1.

use std::collections::BTreeMap;

/// Standard normal quantile of a two-sided 95 % interval.
const Z: f64 = 1.96;
/// Runs that must fail in a row; a single one is an event, not a trend.
const MIN_STREAK: usize = 2;
/// The same when no run before is known.
const MIN_STREAK_ALONE: usize = 3;

/// One run of a test.
pub(super) struct Seen {
    pub(super) build: u32,
    /// The revision and parameters it was built from.
    pub(super) source: String,
    pub(super) failed: bool,
}

/// What can be said of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    Regression {
        /// The first build that it fails in.
        since: u32,
    },
    Flaky,
    Insufficient,
}

impl Verdict {
    /// As answers have it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Regression { .. } => "regression",
            Self::Flaky => "flaky",
            Self::Insufficient => "not-enough-evidence",
        }
    }
}

/// One revision on which a test went both ways.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flip {
    pub(super) source: String,
    pub(super) passed: Vec<u32>,
    pub(super) failed: Vec<u32>,
}

/// The verdict and what it rests on.
#[derive(Debug)]
pub(super) struct Judgement {
    pub(super) verdict: Verdict,
    pub(super) runs: usize,
    pub(super) failures: usize,
    /// Of the failure rate over all runs.
    pub(super) interval: (f64, f64),
    /// In the order of the builds.
    pub(super) flips: Vec<Flip>,
    /// Failures in a row up to the newest run.
    pub(super) streak: usize,
    pub(super) before_runs: usize,
    pub(super) before_failures: usize,
    pub(super) last_failed: u32,
}

impl Judgement {
    /// The build that a regression began with.
    pub(super) fn since(&self) -> Option<u32> {
        match self.verdict {
            Verdict::Regression { since } => Some(since),
            Verdict::Flaky | Verdict::Insufficient => None,
        }
    }

    /// What is missing for a verdict.
    pub(super) fn why_unclear(&self) -> String {
        let rerun = "building the same revision again would tell";
        match (self.streak, self.before_runs) {
            (0, _) => "it passes again, but on other revisions than those it failed on: chance or a fix".to_owned(),
            (1, 0) => format!("it ran once; {rerun}"),
            (1, _) => format!("it failed in the newest run only, on a revision of its own; {rerun}"),
            (streak, 0) => format!("it failed in all {streak} runs, and none before is known; {rerun}"),
            (streak, before) => format!("it failed in the last {streak} runs, but {before} before are too few to compare with; {rerun}"),
        }
    }
}

/// Judges a test by its runs, the oldest first. `since` is the build that Jenkins counts its failures from.
pub(super) fn judge(seen: &[Seen], since: Option<u32>) -> Judgement {
    let streak = seen.iter().rev().take_while(|s| s.failed).count();
    let (before, now) = seen.split_at(seen.len() - streak);
    let failures = |part: &[Seen]| part.iter().filter(|s| s.failed).count();
    let flips = flips(seen);
    let began = now.first().map_or(0, |s| s.build);
    let passed_there = now.iter().any(|s| flips.iter().any(|flip| flip.source == s.source));
    let clearly_more = wilson(streak, streak).0 > wilson(failures(before), before.len()).1;
    let verdict = match () {
        () if !before.is_empty() && streak >= MIN_STREAK && !passed_there && clearly_more => Verdict::Regression { since: began },
        () if !flips.is_empty() => Verdict::Flaky,
        // Nothing but failures in sight: Jenkins remembers when they began.
        () if before.is_empty() && streak >= MIN_STREAK_ALONE => match since.filter(|n| *n > 1 && *n <= began) {
            Some(since) => Verdict::Regression { since },
            None => Verdict::Insufficient,
        },
        () => Verdict::Insufficient,
    };
    Judgement {
        verdict,
        runs: seen.len(),
        failures: failures(seen),
        interval: wilson(failures(seen), seen.len()),
        flips,
        streak,
        before_runs: before.len(),
        before_failures: failures(before),
        last_failed: seen.iter().rev().find(|s| s.failed).map_or(0, |s| s.build),
    }
}

fn flips(seen: &[Seen]) -> Vec<Flip> {
    let mut sources: BTreeMap<&str, (Vec<u32>, Vec<u32>)> = BTreeMap::new();
    for run in seen {
        let (passed, failed) = sources.entry(&run.source).or_default();
        if run.failed { failed.push(run.build) } else { passed.push(run.build) }
    }
    let both = sources.into_iter().filter(|(_, (passed, failed))| !passed.is_empty() && !failed.is_empty());
    let mut flips: Vec<Flip> = both.map(|(source, (passed, failed))| Flip { source: source.to_owned(), passed, failed }).collect();
    crate::sorted::sort_by_key(&mut flips, |flip| flip.failed.first().copied());
    flips
}

/// Wilson's interval for `k` of `n`; everything is possible when nothing was seen.
fn wilson(k: usize, n: usize) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (n as f64, k as f64 / n as f64);
    let scale = 1.0 + Z * Z / n;
    let middle = (p + Z * Z / (2.0 * n)) / scale;
    let half = Z / scale * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a+ a-` is a pass and a failure on revision a.
    fn verdict(runs: &str) -> Verdict {
        judged(runs, None).verdict
    }

    fn judged(runs: &str, since: Option<u32>) -> Judgement {
        let seen = |(build, run): (u32, &str)| Seen { build, source: run[..run.len() - 1].to_owned(), failed: run.ends_with('-') };
        judge(&(1..).zip(runs.split(' ')).map(seen).collect::<Vec<_>>(), since)
    }

    #[test]
    fn wilson_is_as_in_the_textbook() {
        let near = |a: f64, b: f64| (a - b).abs() < 0.001;
        let (low, high) = wilson(3, 19);
        assert!(near(low, 0.055) && near(high, 0.376), "{low} {high}");
        let (low, high) = wilson(0, 11);
        assert!(near(low, 0.0) && near(high, 0.259), "{low} {high}");
        assert_eq!(wilson(0, 0), (0.0, 1.0));
    }

    #[test]
    fn one_revision_both_ways_is_flaky() {
        assert_eq!(verdict("a+ b- b+ c+"), Verdict::Flaky);
        assert_eq!(judged("a- a+ b+", None).flips, [Flip { source: "a".into(), passed: vec![2], failed: vec![1] }]);
    }

    #[test]
    fn a_flip_between_revisions_alone_is_not_flaky() {
        assert_eq!(verdict("a+ b- c+ d- e+"), Verdict::Insufficient);
        assert_eq!(verdict("a+ b+ c+ d+ e+ f+ g+ h+ i+ j+ k+ l-"), Verdict::Insufficient);
    }

    #[test]
    fn failing_ever_since_is_a_regression_only_with_enough_runs_on_both_sides() {
        assert_eq!(verdict("a+ b+ c+ d+ e+ f+ g+ h- i- j- k-"), Verdict::Regression { since: 8 });
        assert_eq!(verdict("a+ b- c-"), Verdict::Insufficient);
    }

    #[test]
    fn a_pass_on_the_revision_that_fails_now_speaks_against_a_regression() {
        assert_eq!(verdict("a+ b+ c+ d+ e+ f+ g+ h+ i+ i- i-"), Verdict::Flaky);
    }

    #[test]
    fn a_flake_that_broke_for_good_is_a_regression() {
        assert_eq!(verdict("a- a+ b+ c+ d+ e+ f+ g+ h- i- j- k-"), Verdict::Regression { since: 9 });
    }

    #[test]
    fn nothing_but_failures_needs_jenkins_memory() {
        assert_eq!(judged("a- b- c-", Some(1)).verdict, Verdict::Insufficient);
        assert_eq!(judged("a- b- c-", None).verdict, Verdict::Insufficient);
        let seen: Vec<Seen> = (40..44).map(|build| Seen { build, source: build.to_string(), failed: true }).collect();
        assert_eq!(judge(&seen, Some(12)).verdict, Verdict::Regression { since: 12 });
    }
}
