//! `retry-flaky-build`: the same build again until it passes, or shows that it is not flaky.
//!
//! One attempt at a time: the next one begins when the one before has ended. A failure that repeats ends it, for more of
//! the same tell nothing. When the caller's time is over the cursor holds the attempts, and the next call goes on
//! with the one that runs.

use std::collections::VecDeque;
use std::time::Duration;

use super::failure::Failure;
use super::patience::{MAX_WAIT, Patience};
use super::queue::wait_for_start;
use super::replay::{original, rebuild};
use crate::answer;
use crate::bindings::jankins::plugin::types::{RetriedBuild, RetryAttempt};
use crate::call::Call;
use crate::cursor::Cursors;
use crate::error::Error;
use crate::jenkins::builds::{self, Build};
use crate::jenkins::path::{JobPath, Selector};
use crate::jenkins::queue::State;
use crate::text::budget::{self, Section};
use crate::text::names;

/// More would hide that something is broken.
const MAX_RETRIES: u32 = 3;
const DEFAULT_WAIT: u32 = 20;
/// How long a new build is looked for.
const APPEARS_WITHIN: Duration = Duration::from_secs(8);

/// Why it ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    SameFailure,
    OtherFailures,
    Cancelled,
    Running,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::SameFailure => "same-failure",
            Self::OtherFailures => "other-failures",
            Self::Cancelled => "cancelled",
            Self::Running => "running",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Passed => "passed on a retry: flaky, if nothing else changed meanwhile",
            Self::SameFailure => "the same failure again: not flaky, no further retry was started",
            Self::OtherFailures => "every attempt failed, each in another way",
            Self::Cancelled => "an attempt was cancelled in the queue",
            Self::Running => "the time is over while an attempt is under way",
        }
    }
}

/// `retry-flaky-build`.
pub(crate) async fn retry_flaky_build(
    call: &Call,
    job: String,
    branch: Option<String>,
    build: Option<String>,
    max_retries: Option<u32>,
    cursor: Option<String>,
    wait_seconds: Option<u32>,
) -> Result<RetriedBuild, Error> {
    let (job, which) = JobPath::with_build(&job, branch.as_deref(), build.as_deref())?;
    let retries = max_retries.unwrap_or(MAX_RETRIES);
    if !(1..=MAX_RETRIES).contains(&retries) {
        return Err(Error::invalid(format!("max-retries {retries} is out of range"), format!("1 to {MAX_RETRIES}.")));
    }
    let cursors = Cursors::new("retry-flaky-build", &[Some(&job.name())]);
    let resumed = cursors.read(cursor.as_deref())?;
    let patience = Patience::new(call, wait_seconds, DEFAULT_WAIT, MAX_WAIT)?;
    let which = resumed.map_or(which, |[number, _, _, _, _]: [u32; 5]| Selector::Number(number));
    let original = original(call, &job, which).await?;
    let name = names::shown(&job.name());
    if original.building {
        return Err(Error::Conflict(format!("{name} #{} still runs: wait_for_build first", original.number)));
    }
    if original.result() == "SUCCESS" {
        return Err(Error::Conflict(format!("{name} #{} passed: there is nothing to retry", original.number)));
    }
    let first = Failure::of(call, &job, &original).await?;
    let begun = resumed.map(begun).unwrap_or_default();
    let mut run = Run { call, job: &job, original: &original, patience, begun, seen: vec![first.clone()], attempts: Vec::new() };
    let outcome = run.go_on(retries as usize).await?;
    let attempts = run.attempts;
    Ok(record(call, &job, &original, &first, attempts, outcome, &cursors, retries))
}

/// Attempts that a cursor names: builds, and the queue item of one that has no number yet.
fn begun([_, first, second, third, item]: [u32; 5]) -> VecDeque<(Option<u32>, Option<u32>)> {
    let builds = [first, second, third].into_iter().filter(|n| *n > 0).map(|n| (Some(n), None));
    let queued = (item > 0).then_some((None, Some(item)));
    builds.chain(queued).collect()
}

struct Run<'a> {
    call: &'a Call,
    job: &'a JobPath,
    original: &'a Build,
    patience: Patience<'a>,
    begun: VecDeque<(Option<u32>, Option<u32>)>,
    seen: Vec<Failure>,
    attempts: Vec<RetryAttempt>,
}

impl Run<'_> {
    async fn go_on(&mut self, retries: usize) -> Result<Outcome, Error> {
        loop {
            let (build, queue_id) = match self.begun.pop_front() {
                Some(begun) => begun,
                None if self.attempts.len() >= retries => return Ok(Outcome::OtherFailures),
                None => {
                    let mut look = Patience::brief(self.call, APPEARS_WITHIN);
                    let started = rebuild(self.call, self.job, self.original, &mut look).await?;
                    self.patience.refresh();
                    (started.number(), started.queue_id())
                }
            };
            if let Some(outcome) = self.follow(build, queue_id).await? {
                return Ok(outcome);
            }
        }
    }

    /// Waits for an attempt to end; `None` when another one may tell more.
    async fn follow(&mut self, build: Option<u32>, queue_id: Option<u32>) -> Result<Option<Outcome>, Error> {
        let (number, state) = match (build, queue_id) {
            (None, Some(id)) => {
                let item = wait_for_start(self.call, id, &mut self.patience).await?;
                (item.build(), item.state())
            }
            (number, _) => (number, State::Started),
        };
        let Some(number) = number else {
            self.attempts.push(RetryAttempt { build: None, queue_id, result: state.name().to_owned(), failure: None });
            return Ok(Some(if state == State::Cancelled { Outcome::Cancelled } else { Outcome::Running }));
        };
        let build = self.ended(number).await?;
        let mut attempt = RetryAttempt { build: Some(number), queue_id, result: build.result().to_owned(), failure: None };
        if build.building || build.result() == "SUCCESS" {
            self.attempts.push(attempt);
            return Ok(Some(if build.building { Outcome::Running } else { Outcome::Passed }));
        }
        let failure = Failure::of(self.call, self.job, &build).await?;
        attempt.failure = Some(failure.words(self.call));
        self.attempts.push(attempt);
        if self.seen.contains(&failure) {
            return Ok(Some(Outcome::SameFailure));
        }
        self.seen.push(failure);
        Ok(None)
    }

    /// The build when it has ended, or as it is when the time is over.
    async fn ended(&mut self, number: u32) -> Result<Build, Error> {
        loop {
            let which = Selector::Number(number);
            let build = builds::with_fields(self.call, self.job, which, builds::BRIEF).await?;
            if !build.building {
                return builds::build(self.call, self.job, which).await;
            }
            if !self.patience.pause().await {
                return Ok(build);
            }
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "all that an answer is made of, once")]
fn record(
    call: &Call,
    job: &JobPath,
    original: &Build,
    first: &Failure,
    attempts: Vec<RetryAttempt>,
    outcome: Outcome,
    cursors: &Cursors,
    retries: u32,
) -> RetriedBuild {
    let name = job.name();
    let mut out = budget::Answer::new(call.max_tokens());
    out.head(format!("{name} #{} {}: {}", original.number, original.result(), outcome.words()));
    out.head(format!("it failed with {}", first.words(call)));
    let line = |attempt: &RetryAttempt| {
        let what = attempt.build.map_or_else(|| format!("queue item {}", attempt.queue_id.unwrap_or(0)), |n| format!("#{n}"));
        let failure = attempt.failure.as_deref().map(|f| format!(": {f}")).unwrap_or_default();
        format!("{what} {}{failure}", attempt.result)
    };
    out.section(Section::new("attempt").minimum(3).items(attempts.iter().map(line)));
    for lack in call.missing() {
        out.head(format!("missing: {lack}"));
    }
    let cursor = (outcome == Outcome::Running).then(|| {
        let mut numbers = attempts.iter().filter_map(|a| a.build).chain(std::iter::repeat(0));
        let mut next = || numbers.next().unwrap_or(0);
        let item = attempts.iter().filter(|a| a.build.is_none()).find_map(|a| a.queue_id).unwrap_or(0);
        cursors.make([original.number, next(), next(), next(), item])
    });
    match (&cursor, attempts.last().and_then(|a| a.build)) {
        (Some(cursor), _) => {
            // The cursor holds what was tried, not how often the caller wants to: without it, more would be tried than asked for.
            out.next(format!("retry_flaky_build(job={name:?}, max_retries={retries}, cursor={cursor:?})"))
        }
        (None, Some(number)) if matches!(outcome, Outcome::SameFailure | Outcome::OtherFailures) => {
            out.next(format!("triage_failure(job={name:?}, build=\"{number}\")"))
        }
        _ => &mut out,
    };
    let text = answer::render(call, &out).text;
    RetriedBuild {
        meta: call.meta(&text),
        text,
        job: name,
        build: original.number,
        outcome: outcome.name().to_owned(),
        attempts,
        next_cursor: cursor,
    }
}

#[cfg(test)]
mod tests;
