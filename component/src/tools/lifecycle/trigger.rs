//! `trigger-build`.
//!
//! The job is read first: whether it may be built and what it asks for decide which form to use and what to refuse. The
//! queue is read beside it, because Jenkins answers a second request for an equal build with the item that waits already.

use std::time::Duration;

use futures_util::future::join;

use super::parameters::{self, Asked};
use super::patience::{MAX_WAIT, Patience};
use super::queue::wait_for_start;
use crate::answer;
use crate::bindings::jankins::plugin::types::{ParameterValue, StartedBuild};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::builds::{self, Build};
use crate::jenkins::jobs::{self, Detail, Kind};
use crate::jenkins::lifecycle;
use crate::jenkins::path::{JobPath, Selector};
use crate::jenkins::queue::{self, Item, State};
use crate::text::{budget, names};

/// A cause is written down when the build exists; on an idle controller that takes about a second.
const CAUSE_WAIT: Duration = Duration::from_secs(5);

/// `trigger-build`.
pub(crate) async fn trigger_build(
    call: &Call,
    job: String,
    branch: Option<String>,
    parameters: Option<Vec<String>>,
    cause: Option<String>,
    wait_seconds: Option<u32>,
) -> Result<StartedBuild, Error> {
    let (job, _) = JobPath::parse(&job, branch.as_deref())?;
    let cause = cause.map(|c| c.trim().to_owned()).filter(|c| !c.is_empty());
    let mut patience = Patience::new(call, wait_seconds, 0, MAX_WAIT)?;
    if cause.is_some() && wait_seconds.unwrap_or(0) == 0 {
        patience = Patience::brief(call, CAUSE_WAIT);
    }
    let (detail, waiting) = join(jobs::detail(call, &job), queue::of_job(call, &job)).await;
    let detail = detail?;
    let asked: Vec<Asked> = detail.parameters().map(Asked::from).collect();
    admit(&job, &detail)?;
    let given = parameters.unwrap_or_default();
    let values = parameters::check(&asked, &given, &names::shown(&job.name()))?;
    let before = call.optional("the queue before", waiting)?.unwrap_or_default();

    let id = lifecycle::start(call, &job, (!asked.is_empty()).then_some(&values), cause.as_deref())
        .await
        .map_err(|error| disabled(&job, error))?;
    let mut started = follow(call, &job, id, &before, &mut patience).await?;
    started.parameters = parameters::shown(call, &asked, &values);
    if let Some(cause) = cause {
        describe(call, &job, &started, &cause).await;
    }
    Ok(started.record(call))
}

/// Refuses what Jenkins would refuse, in words that help.
fn admit(job: &JobPath, detail: &Detail) -> Result<(), Error> {
    let name = names::shown(&job.name());
    let kind = detail.kind();
    if kind.is_container() {
        let children: Vec<String> = detail.children().take(6).map(|c| names::shown(&c.plain_name())).collect();
        let hint = if kind == Kind::Multibranch {
            format!("Give ref, one of: {}.", children.join(", "))
        } else {
            format!("Name a job in it: {}.", children.join(", "))
        };
        return Err(Error::invalid(format!("{name} is a {} and is not built itself", kind.as_str()), hint));
    }
    if detail.buildable == Some(false) {
        return Err(Error::Conflict(format!("{name} is disabled and cannot be built: enable_job first")));
    }
    Ok(())
}

fn disabled(job: &JobPath, error: Error) -> Error {
    match error {
        Error::Conflict(words) if words.contains("buildable") => {
            Error::Conflict(format!("{job} is disabled and cannot be built: enable_job first"))
        }
        other => other,
    }
}

/// A build on its way, as far as it has come.
pub(super) struct Started {
    job: JobPath,
    id: Option<u32>,
    state: Option<State>,
    why: Option<String>,
    build: Option<Build>,
    coalesced: bool,
    pub(super) parameters: Vec<ParameterValue>,
}

impl Started {
    /// Its number, when it has one.
    pub(super) fn number(&self) -> Option<u32> {
        self.build.as_ref().map(|b| b.number)
    }

    /// Its item in the queue, when Jenkins named one.
    pub(super) fn queue_id(&self) -> Option<u32> {
        self.id
    }

    /// A build that is known by its number.
    pub(super) fn running(job: &JobPath, id: Option<u32>, build: Build) -> Self {
        Self { job: job.clone(), id, state: Some(State::Started), why: None, build: Some(build), coalesced: false, parameters: Vec::new() }
    }

    pub(super) fn record(self, call: &Call) -> StartedBuild {
        let name = self.job.name();
        let item = self.id.map(|id| format!("queue item {id}"));
        let mut out = budget::Answer::new(call.max_tokens());
        match &self.build {
            Some(build) => {
                out.head(format!("{name} {}{}", answer::build_line(call, build), item.map(|i| format!(" ({i})")).unwrap_or_default()))
            }
            None => out.head(format!("{name} {}: {}", item.unwrap_or_default(), self.state.map_or("queued", State::name))),
        };
        if let Some(why) = &self.why {
            out.head(format!("why: {}", answer::quote(call, why)));
        }
        if self.coalesced {
            out.head("no second build: an equal one was in the queue already, and Jenkins made them one");
        }
        if !self.parameters.is_empty() {
            let shown: Vec<String> =
                self.parameters.iter().map(|p| format!("{}={}", names::shown(&p.name), answer::quote(call, &p.value))).collect();
            out.head(format!("parameters: {}", shown.join(" ")));
        }
        for lack in call.missing() {
            out.head(format!("missing: {lack}"));
        }
        match (self.number(), self.id) {
            (Some(number), _) => out.next(format!("wait_for_build(job={name:?}, build=\"{number}\")")),
            (None, Some(id)) if self.state != Some(State::Cancelled) => out.next(format!("wait_for_build(queue_id={id})")),
            _ => &mut out,
        };
        let text = answer::render(call, &out).text;
        StartedBuild {
            meta: call.meta(&text),
            text,
            job: name,
            queue_id: self.id,
            build: self.number(),
            state: self.build.as_ref().map_or_else(|| self.state.map_or("queued", State::name), Build::result).to_owned(),
            why: self.why.map(|why| answer::redacted(call, &why)),
            coalesced: self.coalesced,
            parameters: self.parameters,
        }
    }
}

/// What became of a request for a build: its item, and the build once there is one.
///
/// From here on nothing is an error: the build is on its way, which the caller must learn.
pub(super) async fn follow(call: &Call, job: &JobPath, id: u32, before: &[Item], patience: &mut Patience<'_>) -> Result<Started, Error> {
    let item = match wait_for_start(call, id, patience).await {
        Ok(item) => Some(item),
        Err(error) => {
            call.lacks(format!("the queue item: {error}"));
            None
        }
    };
    let build = match item.as_ref().and_then(Item::build) {
        Some(number) => match builds::with_fields(call, job, Selector::Number(number), builds::BRIEF).await {
            Ok(build) => Some(build),
            Err(error) => {
                call.lacks(format!("the build's state: {error}"));
                Some(Build::begun(number))
            }
        },
        None => None,
    };
    // An item that waited before this request, or that more than one request made, is not this request's own.
    let coalesced = before.iter().any(|b| b.id == id) || item.as_ref().is_some_and(|i| i.requests() > 1);
    Ok(Started {
        job: job.clone(),
        id: Some(id),
        state: item.as_ref().map(Item::state),
        why: item.and_then(|i| i.why),
        build,
        coalesced,
        parameters: Vec::new(),
    })
}

/// Leaves the caller's reason where people look for it. Jenkins takes no cause from a request that is logged in.
async fn describe(call: &Call, job: &JobPath, started: &Started, cause: &str) {
    match started.number() {
        // The build of an equal request belongs to whoever made that one.
        Some(_) if started.coalesced => call.lacks("the cause is not recorded: the build is that of another request"),
        Some(number) => {
            if let Err(error) = lifecycle::describe(call, job, number, cause).await {
                call.lacks(format!("the cause is not in the build's description: {error}"));
            }
        }
        None => call.lacks("the cause is not recorded: it becomes the build's description, and the build has not begun"),
    }
}

#[cfg(test)]
mod tests;
