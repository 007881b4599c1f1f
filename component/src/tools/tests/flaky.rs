//! `detect-flaky-tests`: which tests fail by chance, which are broken, and what cannot be told.
//!
//! The evidence for flaky is one revision, with the same parameters, on which a test both passed and failed: see
//! [`judge`]. One request lists the builds with their revisions; each build with tests costs one more, and none does when
//! no test failed at all. Builds that still run are left out, and so are reports that cannot be read, which is stated.

mod judge;

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashSet};
use std::hash::{Hash, Hasher};

use futures_util::stream::{self, StreamExt};

use crate::answer;
use crate::bindings::jankins::plugin::types::{FlakyTests, Format, TestVerdict};
use crate::call::{Call, saturate};
use crate::error::Error;
use crate::jenkins::builds::{self, Build};
use crate::jenkins::jobs::missing;
use crate::jenkins::path::{JobPath, Selector};
use crate::jenkins::tests::{Case, Report, Want, report};
use crate::sorted;
use crate::text::budget::{Answer, Section};
use crate::text::{human, names};

use super::words::test_name;
use judge::{Flip, Judgement, Seen, Verdict, judge};

const DEFAULT_BUILDS: u32 = 20;
const MAX_BUILDS: u32 = 100;
/// Reports that are read side by side: a report may be megabytes, and the controller has others to serve.
const AT_ONCE: usize = 4;
/// Commits of a regression that are named.
const COMMITS: usize = 4;

const FIELDS: &str = "number,result,building,\
actions[parameters[_class,name,value,number],lastBuiltRevision[SHA1,branch[name]],remoteUrls,failCount,skipCount,totalCount],\
changeSet[items[commitId,id,msg,author[fullName]]{0,20}],changeSets[items[commitId,id,msg,author[fullName]]{0,20}]";

/// `detect-flaky-tests`.
pub(crate) async fn detect_flaky_tests(
    call: &Call,
    job: String,
    branch: Option<String>,
    build_count: Option<u32>,
    format: Option<Format>,
) -> Result<FlakyTests, Error> {
    let (job, _) = JobPath::parse(&job, branch.as_deref())?;
    let count = match build_count.unwrap_or(DEFAULT_BUILDS) {
        ok @ 2..=MAX_BUILDS => ok,
        bad => return Err(Error::invalid(format!("build-count is {bad}"), format!("build-count is from 2 to {MAX_BUILDS}."))),
    };
    let builds = match builds::list(call, &job, FIELDS, 0..count).await {
        Ok(builds) => builds,
        Err(error) => return Err(missing(call, &job, error).await),
    };
    let tested: Vec<&Build> = builds.iter().filter(|b| !b.building && b.tests().is_some()).collect();
    let any_failed = tested.iter().any(|b| b.tests().is_some_and(|t| t.failed > 0));
    let runs = if any_failed { read(call, &job, &tested).await? } else { Vec::new() };
    let untold = if any_failed { tested.len() - runs.len() } else { 0 };
    let mut tests = judge_all(&runs);
    sorted::sort_by(&mut tests, |a, b| (a.judgement.verdict, b.judgement.failures).cmp(&(b.judgement.verdict, a.judgement.failures)));
    let view = View { call, job: &job, builds: &builds, tested: tested.len(), untold, tests };
    Ok(view.answer(format.unwrap_or(Format::Summary)))
}

/// What one build says of its tests.
struct Run<'a> {
    build: &'a Build,
    /// The revision and the parameters it was built from.
    source: String,
    failed: Vec<Case>,
    /// Of what passed only a hash is kept: a thousand builds' worth of names is too much for an instance.
    passed: HashSet<u64>,
}

/// A test that failed at least once.
struct Judged {
    case: Case,
    judgement: Judgement,
}

/// The runs, the oldest first.
async fn read<'a>(call: &Call, job: &JobPath, tested: &[&'a Build]) -> Result<Vec<Run<'a>>, Error> {
    let reports = stream::iter(tested.iter().rev().copied()).map(|build| async move {
        let report = report(call, job, Selector::Number(build.number), Want::All).await;
        Ok((build, call.optional(&format!("tests of #{}", build.number), report)?.flatten()))
    });
    let reports: Vec<Result<_, Error>> =
        reports.buffered(AT_ONCE).map(|read| read.map(|(build, report)| report.map(|r| run(build, r)))).collect().await;
    let runs: Result<Vec<Option<Run<'a>>>, Error> = reports.into_iter().collect();
    Ok(runs?.into_iter().flatten().collect())
}

fn run(build: &Build, report: Report) -> Run<'_> {
    let (failed, others): (Vec<Case>, Vec<Case>) = report.cases.into_iter().partition(|case| case.outcome.is_failure());
    let passed = others.iter().filter(|case| case.outcome.is_pass()).map(identity).collect();
    Run { build, source: source(build), failed, passed }
}

/// What a build was made of; a build that does not say is like no other.
fn source(build: &Build) -> String {
    build.source().unwrap_or_else(|| format!("#{}", build.number))
}

fn identity(case: &Case) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&case.class, &case.name, &case.stages).hash(&mut hasher);
    hasher.finish()
}

/// Judges every test that failed in one of the runs.
fn judge_all(runs: &[Run<'_>]) -> Vec<Judged> {
    let mut known: BTreeMap<u64, &Case> = BTreeMap::new();
    for case in runs.iter().flat_map(|run| &run.failed) {
        known.insert(identity(case), case);
    }
    let failures: Vec<HashSet<u64>> = runs.iter().map(|run| run.failed.iter().map(identity).collect()).collect();
    let judged = known.into_iter().map(|(id, case)| {
        let seen = runs.iter().zip(&failures).filter_map(|(run, failed)| {
            let failed = failed.contains(&id);
            (failed || run.passed.contains(&id)).then(|| Seen { build: run.build.number, source: run.source.clone(), failed })
        });
        Judged { case: case.clone(), judgement: judge(&seen.collect::<Vec<_>>(), case.since) }
    });
    let mut judged: Vec<Judged> = judged.collect();
    sorted::sort_by_key(&mut judged, |j| j.case.full_name());
    judged
}

struct View<'a> {
    call: &'a Call,
    job: &'a JobPath,
    builds: &'a [Build],
    tested: usize,
    /// Of those, the ones whose report could not be read.
    untold: usize,
    tests: Vec<Judged>,
}

impl View<'_> {
    fn answer(&self, format: Format) -> FlakyTests {
        let mut text = Answer::new(self.call.max_tokens());
        text.head(self.head());
        text.section(Section::new("test").items(self.tests.iter().map(|test| self.item(test, format))));
        if let Some(since) = self.tests.iter().find_map(|test| test.judgement.since()) {
            text.next(format!("get_build_changes(job={:?}, build=\"{since}\")", self.job.name()));
        }
        let rendered = answer::render(self.call, &text);
        let mut tests: Vec<_> = self.tests.iter().map(|test| self.record(test)).collect();
        answer::keep(&mut tests, &rendered, 0);
        let text = rendered.text;
        FlakyTests {
            job: self.job.name(),
            builds_scanned: saturate(self.builds.len() as u64),
            builds_with_tests: saturate(self.tested as u64),
            tests,
            meta: self.call.meta(&text),
            text,
        }
    }

    fn head(&self) -> String {
        let job = names::shown(&self.job.name());
        let (Some(newest), Some(oldest)) = (self.builds.first(), self.builds.last()) else { return format!("{job} was never built") };
        let range = format!("{job} #{} to #{}, {} with tests", oldest.number, newest.number, human::count(self.tested as u64, "build"));
        if self.tested == 0 {
            return format!("{range}: no build recorded tests");
        }
        let range = match self.untold {
            0 => range,
            all if all == self.tested => return format!("{range}, and no report of them can be read: nothing is known of single tests"),
            some => format!("{range}, of which {some} could not be read"),
        };
        if self.tests.is_empty() {
            return format!("{range}: no test failed in {}", if self.untold == 0 { "any of them" } else { "the others" });
        }
        let count = |wanted: fn(&Verdict) -> bool| self.tests.iter().filter(|t| wanted(&t.judgement.verdict)).count();
        let flaky = count(|v| *v == Verdict::Flaky);
        let regressions = count(|v| matches!(v, Verdict::Regression { .. }));
        let unclear = count(|v| *v == Verdict::Insufficient);
        format!("{range}: {flaky} flaky, {}, {unclear} with not enough evidence", human::count(regressions as u64, "regression"))
    }

    fn item(&self, test: &Judged, format: Format) -> String {
        let name = test_name(self.call, &test.case);
        let it = &test.judgement;
        let verdict = match it.verdict {
            Verdict::Flaky => "FLAKY".to_owned(),
            Verdict::Regression { since } => format!("REGRESSION since #{since}"),
            Verdict::Insufficient => "NOT ENOUGH EVIDENCE".to_owned(),
        };
        if format == Format::Ids {
            return format!("{verdict} {name}");
        }
        let (low, high) = it.interval;
        let rate = format!(
            "failed {} of {} (95 % interval {}–{} %), last in #{}",
            it.failures,
            human::count(it.runs as u64, "run"),
            percent(low),
            percent(high),
            it.last_failed
        );
        let mut line = format!("{verdict} {name}: {rate}");
        for reason in self.reasons(test, if format == Format::Full { usize::MAX } else { 3 }) {
            line.push_str(&format!("\n  {reason}"));
        }
        line
    }

    /// What the verdict rests on, in lines.
    fn reasons(&self, test: &Judged, room: usize) -> Vec<String> {
        let it = &test.judgement;
        let mut reasons: Vec<String> = it.flips.iter().rev().take(room).map(flip_words).collect();
        if it.flips.len() > room {
            reasons.push(format!("… {room} of {} revisions that went both ways", it.flips.len()));
        }
        match it.verdict {
            Verdict::Flaky => {}
            Verdict::Regression { since } if it.before_runs > 0 => {
                reasons.push(format!(
                    "failed in all {} since #{since}; before, in {} of {}",
                    human::count(it.streak as u64, "run"),
                    it.before_failures,
                    it.before_runs
                ));
                reasons.extend(self.commits(since, room.max(COMMITS)).map(|commits| format!("new in #{since}: {commits}")));
            }
            Verdict::Regression { since } => reasons.push(format!("failed in all runs looked at; by Jenkins' count since #{since}")),
            Verdict::Insufficient => reasons.push(it.why_unclear()),
        }
        reasons
    }

    /// Commits that came in with a build, and with those before it that recorded no tests.
    fn commits(&self, since: u32, room: usize) -> Option<String> {
        let from = self.builds.iter().position(|b| b.number == since)?;
        let (first, rest) = self.builds.get(from..)?.split_first()?;
        let untested = rest.iter().take_while(|b| b.tests().is_none());
        let commits: Vec<_> = std::iter::once(first).chain(untested).flat_map(Build::commits).collect();
        let shown: Vec<String> = commits
            .iter()
            .take(room)
            .map(|c| format!("{} {} {}", answer::short(c.id()), answer::name(c.author()), answer::quote(self.call, &c.msg)))
            .collect();
        let more = if commits.len() > room { format!("; … {} commits in all", commits.len()) } else { String::new() };
        (!shown.is_empty()).then(|| format!("{}{more}", shown.join("; ")))
    }

    fn record(&self, test: &Judged) -> TestVerdict {
        let it = &test.judgement;
        let (low, high) = it.interval;
        TestVerdict {
            name: answer::redacted(self.call, &test.case.full_name()),
            stage: test.case.stage().map(|s| answer::redacted(self.call, &s)),
            verdict: it.verdict.word().to_owned(),
            since: it.since(),
            runs: saturate(it.runs as u64),
            failures: saturate(it.failures as u64),
            fail_rate_low_percent: percent(low),
            fail_rate_high_percent: percent(high),
            flips: saturate(it.flips.len() as u64),
            last_failed: it.last_failed,
            evidence: self.reasons(test, usize::MAX),
        }
    }
}

/// `9585fe07: #22 passed, #23 FAILED`.
fn flip_words(flip: &Flip) -> String {
    let builds = |numbers: &[u32]| numbers.iter().map(|n| format!("#{n}")).collect::<Vec<_>>().join(" ");
    let commit = flip.source.split([' ', '+']).next().map(answer::short).unwrap_or_default();
    format!("same revision {commit}: {} passed, {} FAILED", builds(&flip.passed), builds(&flip.failed))
}

fn percent(share: f64) -> u32 {
    // Between 0 and 100 by construction.
    (share * 100.0).round() as u32
}

#[cfg(test)]
mod tests;
