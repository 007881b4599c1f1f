//! `triage-failure`: why a build is not green, on what evidence, since when and by whose commit.
//!
//! One request finds the build; everything else is asked at once: the log (streamed through [`crate::analysis`]), the
//! stages, the test report, the history. What a build started and that failed is followed downwards. The answer never
//! claims more than its evidence: an aborted build has no suspects, a test that passed on the same revision is no
//! regression.

mod facts;
pub(crate) mod history;
mod judge;
pub(crate) mod suspects;
pub(crate) mod words;

use crate::answer;
use crate::bindings::jankins::plugin::types::{Format, Triage};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::builds;
use crate::jenkins::jobs::missing;
use crate::jenkins::path::JobPath;
use facts::Facts;

/// `triage-failure`.
pub(crate) async fn triage_failure(
    call: &Call,
    job: String,
    branch: Option<String>,
    build: Option<String>,
    format: Option<Format>,
) -> Result<Triage, Error> {
    let (job, which) = JobPath::with_build(&job, branch.as_deref(), build.as_deref())?;
    let build = match builds::build(call, &job, which).await {
        Ok(build) => build,
        Err(error) => return Err(missing(call, &job, error).await),
    };
    // Nothing to explain: nothing to ask for.
    let facts =
        if build.result() == "SUCCESS" && !build.building { Facts::none(job, build) } else { facts::gather(call, job, build).await? };
    call.learn_secrets(facts.analysis.quotable().chain(facts.below.iter().flat_map(|below| below.analysis.quotable())));
    let judgement = judge::judge(call, &facts).await?;
    let mut record = words::record(call, &facts, &judgement);
    let described = words::describe(call, &facts, &judgement, &record, format.unwrap_or(Format::Summary));
    record.text = answer::render(call, &described).text;
    record.meta = call.meta(&record.text);
    Ok(record)
}

#[cfg(test)]
mod edges;
#[cfg(test)]
mod recorded;
