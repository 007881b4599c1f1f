//! Resources: jobs, builds, logs and test reports under URIs of their own, in the words of the tools.
//!
//! Each is rendered by the tool that answers the same question, within the same budget, so that what is redacted, fenced
//! and cut there is so here. Listed are the jobs at the top; everything else is reached through templates.

mod uri;

use self::uri::What;
use crate::bindings::exports::jankins::plugin::resources::{Body, Part, Reading, ResourceInfo, ResourcePage, ResourceTemplate};
use crate::bindings::jankins::plugin::common::{Argument, Completion};
use crate::bindings::jankins::plugin::types::{Build, Format, Job, JobItem, LogChunk, TestReport};
use crate::call::Call;
use crate::complete;
use crate::error::Error;
use crate::jenkins::path::Selector;
use crate::tools;

const TEXT: &str = "text/plain";
/// Jobs on a page.
const PAGE: u32 = 100;
/// What has ended changes only when somebody edits its description or deletes it.
const ENDED_SECONDS: u32 = 300;
/// What goes on, or may begin any time.
const MOVING_SECONDS: u32 = 5;

const LIST_JOBS: &str = "list-jobs";
const GET_JOB: &str = "get-job";
const GET_BUILD: &str = "get-build";
const GET_LOG: &str = "get-build-log";
const GET_TESTS: &str = "get-test-report";

/// URI template, name, title, description, and the tool that says the same.
const TEMPLATES: [(&str, &str, &str, &str, &str); 4] = [
    (uri::JOB, "job", "Job", "A job or folder: state, last builds, parameters, or what lies in it.", GET_JOB),
    (
        uri::BUILD,
        "build",
        "Build",
        "A build: result, cause, parameters, revision, stages, tests. `number` may also be last, last-failed and the like.",
        GET_BUILD,
    ),
    (uri::LOG, "log", "Build log", "The end of a build's log, cleaned and without secrets.", GET_LOG),
    (uri::TESTS, "tests", "Test report", "The tests of a build: totals, suites, slowest.", GET_TESTS),
];

/// All templates.
pub(crate) fn templates() -> Vec<ResourceTemplate> {
    let template = |(uri, name, title, description, tool): &(&str, &str, &str, &str, &str)| ResourceTemplate {
        uri_template: (*uri).to_owned(),
        name: (*name).to_owned(),
        title: Some((*title).to_owned()),
        description: Some((*description).to_owned()),
        mime_type: Some(TEXT.to_owned()),
        tool: Some((*tool).to_owned()),
    };
    TEMPLATES.iter().map(template).collect()
}

/// A page of the jobs at the top.
///
/// # Errors
/// As `list-jobs`.
pub(crate) async fn list(call: &Call, cursor: Option<String>) -> Result<ResourcePage, Error> {
    let page = tools::jobs::list::list_jobs(call, None, None, None, None, None, None, Some(PAGE), cursor, Some(Format::Ids)).await?;
    Ok(ResourcePage { resources: page.jobs.iter().map(listed).collect(), next_cursor: page.next_cursor, tool: Some(LIST_JOBS.to_owned()) })
}

fn listed(job: &JobItem) -> ResourceInfo {
    let last = job.last_build.as_ref();
    let words = [Some(job.kind.clone()), job.status.clone(), last.map(|b| format!("last build #{} {}", b.number, b.result))];
    ResourceInfo {
        uri: uri::of_job(&job.name),
        name: job.name.clone(),
        title: None,
        description: Some(words.into_iter().flatten().collect::<Vec<_>>().join(", ")),
        mime_type: Some(TEXT.to_owned()),
        last_modified: last.and_then(|b| b.started.clone()),
    }
}

/// What stands under a URI.
///
/// # Errors
/// [`Error::NotFound`] for a URI that names nothing; what the tool behind it meets.
pub(crate) async fn read(call: &Call, uri: &str) -> Result<Reading, Error> {
    let target = uri::parse(uri)?;
    let job = target.job.name();
    let number = |which: Selector| Some(which.to_string().trim_start_matches("build ").to_owned());
    let tool = match target.what {
        What::Job => GET_JOB,
        What::Build(_) => GET_BUILD,
        What::Log(_) => GET_LOG,
        What::Tests(_) => GET_TESTS,
    };
    let told = match target.what {
        What::Job => of_job(tools::jobs::detail::get_job(call, job, None, Some(Format::Full)).await?),
        What::Build(which) => of_build(tools::builds::get_build(call, job, None, number(which), Some(Format::Full)).await?),
        What::Log(which) => {
            let log = tools::logs::get_build_log(call, job, None, number(which), None, None, None, None, None, None, None, None);
            of_log(log.await?)
        }
        What::Tests(which) => {
            of_tests(tools::tests::report::get_test_report(call, job, None, number(which), None, Some(Format::Full)).await?)
        }
    };
    let part =
        Part { uri: uri.to_owned(), mime_type: Some(TEXT.to_owned()), body: Body::Text(told.text), last_modified: told.last_modified };
    Ok(Reading {
        parts: vec![part],
        version: Some(told.version),
        fresh_seconds: if told.ended { ENDED_SECONDS } else { MOVING_SECONDS },
        correlation_id: call.id().to_owned(),
        tool: Some(tool.to_owned()),
    })
}

/// Values for a variable of a template.
///
/// # Errors
/// An unknown template; or Jenkins had to be asked and does not answer.
pub(crate) async fn complete(call: &Call, template: &str, begun: &Argument, others: &[Argument]) -> Result<Completion, Error> {
    // Clients that do not know `+` write the variable without it, and some complete for a URI that is filled in already.
    let known = TEMPLATES.iter().any(|(uri, ..)| *uri == template || uri.replace('+', "") == template);
    if !known && uri::parse(template).is_err() {
        return Err(Error::invalid(format!("there is no template {template:?}"), "The list of templates shows them."));
    }
    complete::complete(call, begun, others).await
}

/// What a tool tells, as a resource.
struct Told {
    text: String,
    /// Everything in it that is news when it changes; no ages, no durations of what still runs.
    version: String,
    ended: bool,
    last_modified: Option<String>,
}

fn of_job(job: Job) -> Told {
    let last = job.last_build.as_ref();
    let build = last.map(|b| (b.number, b.result.clone()));
    let children: Vec<_> = job.children.iter().map(|c| (&c.name, &c.status, c.running, c.last_build.as_ref().map(|b| b.number))).collect();
    let version = format!("{:?}", (&job.kind, &job.status, &build, job.buildable, job.in_queue, &job.description, &children));
    Told { version, ended: false, last_modified: last.and_then(|b| b.started.clone()), text: job.text }
}

fn of_build(build: Build) -> Told {
    let stages: Vec<_> = build.stages.iter().map(|s| (&s.name, &s.status)).collect();
    let tests = build.tests.as_ref().map(|t| (t.total, t.failed, t.skipped));
    let version = format!(
        "{:?}",
        (
            build.number,
            &build.result,
            build.building,
            stages,
            tests,
            build.waiting_for_input,
            build.artifacts,
            &build.description,
            &build.display_name
        )
    );
    Told { version, ended: !build.building, last_modified: build.started, text: build.text }
}

fn of_log(log: LogChunk) -> Told {
    let version = format!("{:?}", (log.build, log.total_bytes, &log.result));
    Told { version, ended: !log.more_coming, last_modified: None, text: log.text }
}

fn of_tests(tests: TestReport) -> Told {
    let totals = tests.totals.as_ref().map(|t| (t.total, t.failed, t.skipped));
    let version = format!("{:?}", (tests.build, totals, tests.suites.len()));
    // The record does not say whether the build still runs.
    Told { version, ended: false, last_modified: None, text: tests.text }
}

#[cfg(test)]
mod tests;
