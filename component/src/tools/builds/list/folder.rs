//! The newest builds of all jobs in a folder: what failed there last night, whoever has recovered since.
//!
//! One request: of each job in three levels of folders the newest builds, [`PER_JOB`] at most, merged by time. From which
//! moment on the list is whole is known, and told when it is later than what was asked for.

use super::{Filter, item, list_line};
use crate::answer;
use crate::bindings::jankins::plugin::types::{BuildItem, BuildList, Format};
use crate::call::{Call, saturate};
use crate::error::Error;
use crate::jenkins::builds::Build;
use crate::jenkins::jobs::Kind;
use crate::jenkins::path::JobPath;
use crate::json::record;
use crate::sorted;
use crate::text::{human, names};
use crate::tools::page;

/// Builds that are read of a job: Jenkins loads each from its disk.
const PER_JOB: usize = 10;
/// Jobs that are read of a folder.
const PER_FOLDER: usize = 300;
/// Levels of folders.
const DEPTH: usize = 3;

record! {
    #[derive(Default)]
    struct Place {
        class: String = "_class",
        name: String,
        jobs: Option<Vec<Place>>,
        builds: Vec<Build>,
    }
}

/// What was found below a folder.
#[derive(Default)]
struct Found {
    builds: Vec<(JobPath, Build)>,
    jobs: u32,
    scanned: u32,
    /// Before this moment builds may be missing, in milliseconds since 1970, and of how many jobs.
    whole_since: u64,
    unfinished: u32,
    /// Folders with more jobs, and folders further down.
    more: bool,
    deeper: bool,
}

impl Found {
    fn walk(&mut self, place: Place, path: &JobPath, level: usize, filter: &Filter) {
        let Some(jobs) = place.jobs else {
            if level >= DEPTH && Kind::of(&place.class, false).is_container() {
                self.deeper = true;
                return;
            }
            self.jobs += 1;
            self.take(place.builds, path, filter);
            return;
        };
        self.more |= jobs.len() > PER_FOLDER;
        for child in jobs.into_iter().take(PER_FOLDER).filter(|child| !child.name.is_empty()) {
            let path = path.child(&child.name);
            self.walk(child, &path, level + 1, filter);
        }
    }

    fn take(&mut self, builds: Vec<Build>, path: &JobPath, filter: &Filter) {
        let oldest = builds.last().and_then(|build| build.timestamp).unwrap_or(0);
        if builds.len() >= PER_JOB && !builds.last().is_some_and(|build| filter.ends_at(build)) {
            self.unfinished += 1;
            self.whole_since = self.whole_since.max(oldest);
        }
        self.scanned = self.scanned.saturating_add(saturate(builds.len() as u64));
        self.builds.extend(builds.into_iter().filter(|build| filter.admits(build)).map(|build| (path.clone(), build)));
    }
}

/// The list; `None` when this is no folder.
pub(super) async fn list(call: &Call, folder: &JobPath, filter: &Filter, limit: usize, format: Format) -> Result<Option<BuildList>, Error> {
    let fields = if filter.commit.is_some() { super::ITEM } else { super::PLAIN };
    let level = |inner: &str| format!("jobs[name,builds[{fields}]{{0,{PER_JOB}}}{inner}]{{0,{}}}", PER_FOLDER + 1);
    let tree = (0..DEPTH).fold(String::new(), |inner, _| format!(",{}", level(&inner)));
    let name = folder.name();
    let answer = call.tree::<Place>("builds", &folder.url_path(), tree.trim_start_matches(','), &format!("folder {name}")).await;
    let place = match answer {
        Ok(place) if place.jobs.is_some() => place,
        Ok(_) | Err(Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut found = Found::default();
    found.walk(place, folder, 0, filter);
    sorted::sort_by(&mut found.builds, |a, b| b.1.timestamp.cmp(&a.1.timestamp));
    let fit = found.builds.len();
    found.builds.truncate(limit);
    Ok(Some(answered(call, &name, &found, fit, format)))
}

fn answered(call: &Call, name: &str, found: &Found, fit: usize, format: Format) -> BuildList {
    let lines: Vec<String> = found.builds.iter().map(|(job, build)| format!("{job} {}", list_line(call, build, format))).collect();
    let place = if name.is_empty() { "the top".to_owned() } else { names::shown(name) };
    let jobs = human::count(found.jobs.into(), "job");
    let mut head = match (lines.len(), found.scanned) {
        (0, 0) => format!("{place}: no builds; none of {jobs} in it was ever built"),
        (0, scanned) => format!("{place}: no builds that fit among the newest of {jobs} (looked at {scanned})"),
        (shown, scanned) => format!("{place}: {shown} of {fit} builds that fit of {jobs}, newest first (looked at {scanned})"),
    };
    // What is shown ends before the moment from which on the list is whole.
    let reaches = if fit > lines.len() { found.builds.last().and_then(|(_, build)| build.timestamp) } else { None };
    if found.unfinished > 0 && reaches.is_none_or(|last| last < found.whole_since) {
        let of = human::count(found.unfinished.into(), "job");
        call.lacks(format!(
            "only the newest {PER_JOB} builds of each job were looked at: of {of} some from {} and before may be missing",
            answer::ago(call, Some(found.whole_since))
        ));
    }
    if found.more {
        call.lacks(format!("only the first {PER_FOLDER} jobs of a folder were looked at"));
    }
    if found.deeper {
        call.lacks(format!("folders more than {DEPTH} levels down were not looked at"));
    }
    for lack in call.missing() {
        head.push_str(&format!("\nnote: {lack}"));
    }
    let page = page::fit(
        call,
        "build",
        &lines,
        |_| None,
        |out, _| {
            out.head(&head);
        },
    );
    let record = |(job, build): &(JobPath, Build)| BuildItem { job: Some(job.name()), ..item(call, build) };
    BuildList {
        job: name.to_owned(),
        builds: found.builds.iter().take(page.shown).map(record).collect(),
        shown: saturate(page.shown as u64),
        total: None,
        at_least: saturate(fit as u64),
        scanned: found.scanned,
        next_cursor: None,
        meta: call.meta(&page.text),
        text: page.text,
    }
}
