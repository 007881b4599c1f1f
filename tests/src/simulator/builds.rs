//! Builds that run: started, paused for input, stopped, finished.
//!
//! A new build takes after a recorded one, its model: it writes the same log
//! line by line, goes through the same stages and ends with the same result.
//! The model is the newest build of the job that ended by itself, unless a test
//! chose another. A job of which no build ever ended runs until it is stopped.

use super::{
    Shared,
    auth::User,
    live::{Live, Timing, millis},
    log::Log,
};

const STARTED_BY: &[u8] = b"Started by user ";

/// A build since the recordings, or a recorded one that a request changed.
pub(crate) struct Build {
    pub(crate) job: String,
    pub(crate) number: u64,
    /// The recorded build it takes after.
    pub(crate) model: String,
    /// When it started; 0 for a recorded build, whose pages keep their times.
    pub(crate) started: u64,
    /// Runs until it is stopped.
    pub(crate) endless: bool,
    /// Who started it, when that is not who started the model.
    pub(crate) user: Option<User>,
    /// Who stopped it, and when.
    pub(crate) stopped: Option<(u64, User)>,
    /// What it asks on its way, if anything.
    pub(crate) input: Option<Input>,
    /// Its end has been entered everywhere.
    pub(crate) finished: bool,
}

/// A build's question.
pub(crate) struct Input {
    /// The recorded build that is paused there.
    pub(crate) model: String,
    /// When the build pauses there.
    pub(crate) asked: u64,
    /// When it was answered, whether to proceed, and by whom.
    pub(crate) answered: Option<(u64, bool, User)>,
}

/// Where a build is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Phase {
    /// Between 0 and 1 of the way.
    Running(f64),
    /// Waiting for an answer.
    Paused,
    /// Past its question, between 0 and 1 of the rest.
    Resumed(f64),
    /// Over, by itself or not.
    Done { aborted: bool },
}

impl Build {
    /// Where the build is at a moment.
    pub(crate) fn phase(&self, timing: &Timing, now: u64) -> Phase {
        if self.stopped.is_some_and(|(at, _)| now >= at + millis(timing.stop)) {
            return Phase::Done { aborted: true };
        }
        let part = |since: u64, span: u64| (now.saturating_sub(since) as f64 / span.max(1) as f64).min(1.0);
        let span = millis(timing.build);
        match &self.input {
            Some(input) if now < input.asked => Phase::Running(part(self.started, millis(timing.until_input))),
            Some(Input { answered: None, .. }) => Phase::Paused,
            Some(Input { answered: Some((at, true, _)), .. }) if now < at + span => Phase::Resumed(part(*at, span)),
            Some(Input { answered: Some((at, false, _)), .. }) if now < at + millis(timing.stop) => Phase::Paused,
            Some(Input { answered: Some((_, proceed, _)), .. }) => Phase::Done { aborted: !proceed },
            None if self.endless => Phase::Running(part(self.started, 10 * span)),
            None if now < self.started + span => Phase::Running(part(self.started, span)),
            None => Phase::Done { aborted: false },
        }
    }

    /// Whether the question is there to be answered.
    pub(crate) fn asks(&self, timing: &Timing, now: u64) -> bool {
        let shown = self.input.as_ref().is_some_and(|input| input.answered.is_none() && now >= input.asked + millis(timing.input_lag));
        shown && self.phase(timing, now) == Phase::Paused
    }

    /// Stops the build, if it still runs.
    pub(crate) fn stop(&mut self, user: User, now: u64) {
        if !self.finished && self.stopped.is_none() {
            self.stopped = Some((now, user));
        }
    }

    /// Answers its question.
    pub(crate) fn answer(&mut self, proceed: bool, user: User, now: u64) {
        if let Some(input) = &mut self.input {
            input.answered = Some((now, proceed, user));
        }
    }

    /// The recorded build whose pages fit best right now.
    pub(crate) fn face(&self, phase: Phase) -> &str {
        match (&self.input, phase) {
            (Some(input), Phase::Running(_) | Phase::Paused | Phase::Done { aborted: true }) => &input.model,
            _ => &self.model,
        }
    }

    fn interruption(&self) -> Option<String> {
        if let Some((_, user)) = self.stopped {
            return Some(format!("Aborted by {}", user.full_name()));
        }
        let (_, proceed, user) = self.input.as_ref()?.answered?;
        (!proceed).then(|| format!("Rejected by {}", user.full_name()))
    }

    /// The raw log so far.
    fn log(&self, shared: &Shared, timing: &Timing, now: u64) -> Vec<u8> {
        let model = raw(shared, &self.model);
        let paused = self.input.as_ref().map(|input| raw(shared, &input.model)).unwrap_or_default();
        let rest = || model.get(first_lines(&model, lines(&paused)).len()..).unwrap_or_default();
        let mut log = match self.phase(timing, now) {
            Phase::Running(part) if self.input.is_some() => share(&paused, part),
            Phase::Running(part) => share(&model, part),
            Phase::Paused => paused,
            Phase::Resumed(part) => [&paused[..], &share(rest(), part)].concat(),
            Phase::Done { aborted: false } => [&paused[..], rest()].concat(),
            Phase::Done { aborted: true } => {
                // What was written until the end stays, or a reader would see the log shrink.
                let answered = self.input.as_ref().and_then(|input| input.answered);
                let cause = self.stopped.map(|(at, _)| at).or(answered.map(|(at, ..)| at));
                let end = cause.map_or(now, |at| at + millis(timing.stop));
                let rejected = answered.is_some_and(|(_, proceed, _)| !proceed);
                let input = self.input.as_ref().map(|input| if rejected { input.unanswered() } else { input.again() });
                let before = Self { stopped: None, input, job: self.job.clone(), model: self.model.clone(), ..*self };
                let mut log = before.log(shared, timing, end.saturating_sub(1));
                let reason = self.interruption().unwrap_or_default();
                log.extend(format!("{reason}\nFinished: ABORTED\n").bytes());
                return log;
            }
        };
        if let (Some(user), Some(end)) = (self.user, log.iter().position(|byte| *byte == b'\n')) {
            let first = log.get(..end).unwrap_or_default();
            // A console note stands between the words and the name.
            let name = first.windows(4).rposition(|window| window == b"\x1b[0m").map_or(STARTED_BY.len(), |at| at + 4);
            if first.starts_with(STARTED_BY) {
                log.splice(name..end, user.full_name().bytes());
            }
        }
        log
    }
}

impl Input {
    fn again(&self) -> Self {
        Self { answered: self.answered, ..self.unanswered() }
    }

    fn unanswered(&self) -> Self {
        Self { model: self.model.clone(), asked: self.asked, answered: None }
    }
}

impl Live {
    /// The log of a build that this simulator runs.
    pub(crate) fn log(&self, shared: &Shared, build: &str, now: u64) -> Option<Log> {
        let build = self.builds.get(build)?;
        let running = !matches!(build.phase(&self.timing, now), Phase::Done { .. });
        Some(Log::Raw(build.log(shared, &self.timing, now).into(), running))
    }
}

fn raw(shared: &Shared, build: &str) -> Vec<u8> {
    match shared.recorded_log(build) {
        Ok(Some(Log::Raw(bytes, _))) => bytes.to_vec(),
        _ => Vec::new(),
    }
}

fn lines(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == b'\n').count()
}

/// The first lines of a text, all of it when it has no more.
fn first_lines(text: &[u8], count: usize) -> &[u8] {
    let lines = text.split_inclusive(|byte| *byte == b'\n').take(count);
    text.get(..lines.map(<[u8]>::len).sum()).unwrap_or_default()
}

/// A part of a text in whole lines, at least one.
fn share(text: &[u8], part: f64) -> Vec<u8> {
    let count = (lines(text) as f64 * part) as usize;
    first_lines(text, count.max(1)).to_vec()
}
