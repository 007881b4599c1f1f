//! What jobs there are, what each is, and where its sources come from: `list-jobs`, `get-job`, `get-job-config`,
//! `get-job-scm`, `find-jobs-by-repo`.

pub(crate) mod config;
pub(crate) mod detail;
pub(crate) mod find;
pub(crate) mod list;
pub(crate) mod scm;

use crate::answer;
use crate::bindings::jankins::plugin::types::{BuildRef, JobItem};
use crate::call::{Call, saturate};
use crate::jenkins::jobs::{Item, Last, Status};
use crate::text::{human, names};

fn build_ref(call: &Call, last: &Last, job: Option<Status>) -> BuildRef {
    BuildRef {
        number: last.number,
        result: last.result(job).to_owned(),
        started: answer::timestamp(last.timestamp),
        duration_ms: last.elapsed_ms(call.now_ms()).map(saturate),
    }
}

fn job_item(call: &Call, item: &Item, full_name: &str) -> JobItem {
    JobItem {
        name: full_name.to_owned(),
        kind: item.kind().as_str().to_owned(),
        status: item.status().map(|s| s.as_str().to_owned()),
        running: item.is_running(),
        last_build: item.last_build.as_ref().map(|last| build_ref(call, last, item.status())),
    }
}

/// `FAILURE #3 2h ago`, `RUNNING #4 for 5m`.
fn build_words(call: &Call, last: &Last, job: Option<Status>) -> String {
    let when = match (last.timestamp, last.building) {
        (Some(_), true) => format!(" for {}", human::duration(last.elapsed_ms(call.now_ms()).unwrap_or(0))),
        (started @ Some(_), false) => format!(" {}", answer::ago(call, started)),
        (None, _) => String::new(),
    };
    format!("{} #{}{when}", last.result(job), last.number)
}

/// One line: the name as given, then the state in few words.
fn line(call: &Call, item: &Item, name: &str) -> String {
    let name = names::shown(name);
    let kind = item.kind();
    if kind.is_container() {
        return format!("{name} {}", kind.as_str());
    }
    let status = item.status();
    let disabled = if status == Some(Status::Disabled) { "disabled, " } else { "" };
    match (&item.last_build, status) {
        (Some(last), Some(before)) if last.building && before != Status::NeverBuilt => {
            format!("{name} {disabled}{}, was {}", build_words(call, last, status), before.as_str())
        }
        (Some(last), _) => format!("{name} {disabled}{}", build_words(call, last, status)),
        (None, Some(Status::NeverBuilt)) if item.is_running() => format!("{name} starting its first build"),
        (None, Some(Status::NeverBuilt) | None) => format!("{name} never built"),
        (None, Some(status)) => format!("{name} {}", status.as_str()),
    }
}
