//! What jobs there are and what each is: `list-jobs`, `get-job`.

pub(crate) mod detail;
pub(crate) mod list;


use crate::bindings::jankins::plugin::types::{BuildRef, JobItem};
use crate::call::saturate;
use crate::jenkins::jobs::{Item, Last, Status};
use crate::text::{human, names};

/// Milliseconds as the calendar functions take them.
fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

fn build_ref(last: &Last, job: Option<Status>, now_ms: u64) -> BuildRef {
    BuildRef {
        number: last.number,
        result: last.result(job).to_owned(),
        started: last.timestamp.map(|t| human::rfc3339(signed(t))),
        duration_ms: last.elapsed_ms(now_ms).map(saturate),
    }
}

fn job_item(item: &Item, full_name: &str, now_ms: u64) -> JobItem {
    JobItem {
        name: full_name.to_owned(),
        kind: item.kind().as_str().to_owned(),
        status: item.status().map(|s| s.as_str().to_owned()),
        running: item.is_running(),
        last_build: item.last_build.as_ref().map(|last| build_ref(last, item.status(), now_ms)),
    }
}

/// `FAILURE #3 2h ago`, `RUNNING #4 for 5m`.
fn build_words(last: &Last, job: Option<Status>, now_ms: u64) -> String {
    let when = match (last.timestamp, last.building) {
        (Some(_), true) => format!(" for {}", human::duration(last.elapsed_ms(now_ms).unwrap_or(0))),
        (Some(started), false) => format!(" {}", human::age(signed(now_ms), signed(started))),
        (None, _) => String::new(),
    };
    format!("{} #{}{when}", last.result(job), last.number)
}

/// One line: the name as given, then the state in few words.
fn line(item: &Item, name: &str, now_ms: u64) -> String {
    let name = names::shown(name);
    let kind = item.kind();
    if kind.is_container() {
        return format!("{name} {}", kind.as_str());
    }
    let status = item.status();
    let disabled = if status == Some(Status::Disabled) { "disabled, " } else { "" };
    match (&item.last_build, status) {
        (Some(last), Some(before)) if last.building && before != Status::NeverBuilt => {
            format!("{name} {disabled}{}, was {}", build_words(last, status, now_ms), before.as_str())
        }
        (Some(last), _) => format!("{name} {disabled}{}", build_words(last, status, now_ms)),
        (None, Some(Status::NeverBuilt)) if item.is_running() => format!("{name} starting its first build"),
        (None, Some(Status::NeverBuilt) | None) => format!("{name} never built"),
        (None, Some(status)) => format!("{name} {}", status.as_str()),
    }
}
