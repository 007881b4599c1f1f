//! `list-builds`: the builds of a job, all or those that fit.
//!
//! Jenkins has no search for builds: they are read page by page, newest first, until enough fit, none can fit any more, or
//! [`MAX_SCAN`] were looked at, which the answer then says. Of a folder the newest builds of all jobs in it are listed
//! ([`folder`]).

mod folder;

use crate::answer;
use crate::bindings::jankins::plugin::types::{BuildItem, BuildList, BuildResult, Format};
use crate::call::{Call, saturate};
use crate::cursor::Cursors;
use crate::error::Error;
use crate::jenkins::builds::{self, Build, Cause};
use crate::jenkins::jobs::missing;
use crate::jenkins::path::JobPath;
use crate::sorted;
use crate::text::{human, names};
use crate::tools::hint::Hint;
use crate::tools::page;

/// Builds asked for at once while searching.
const PAGE: u32 = 50;
/// Builds looked at before a search gives up and says how far it came.
const MAX_SCAN: u32 = 500;
/// The page size when the caller names none.
const DEFAULT_LIMIT: u32 = 20;
const MAX_LIMIT: u32 = 200;
/// Users that are named when nobody fits.
const MAX_USERS: usize = 8;
/// Builds that a statement about their usual time rests on, at least.
const ENOUGH: usize = 6;

/// What [`BuildItem`] and the filters need of a build, commits apart.
const PLAIN: &str = "number,result,building,timestamp,duration,displayName,\
actions[causes[shortDescription,userId,userName],parameters[_class,name,value],lastBuiltRevision[SHA1,branch[name]]]";
/// The same with commits.
const ITEM: &str = "number,result,building,timestamp,duration,displayName,\
actions[causes[shortDescription,userId,userName],parameters[_class,name,value],lastBuiltRevision[SHA1,branch[name]]],\
changeSet[items[commitId,id]{0,100}],changeSets[items[commitId,id]{0,100}]";

/// What `list-builds` looks for.
struct Filter {
    result: Option<&'static str>,
    since_ms: Option<u64>,
    commit: Option<String>,
    parameter: Option<(String, Option<String>)>,
    user: Option<String>,
}

impl Filter {
    fn new(
        call: &Call,
        result: Option<BuildResult>,
        since: Option<&str>,
        commit: Option<&str>,
        parameter: Option<&str>,
        user: Option<String>,
    ) -> Result<Self, Error> {
        let result = result.map(|r| match r {
            BuildResult::Success => "SUCCESS",
            BuildResult::Unstable => "UNSTABLE",
            BuildResult::Failure => "FAILURE",
            BuildResult::Aborted => "ABORTED",
            BuildResult::NotBuilt => "NOT_BUILT",
            BuildResult::Running => "RUNNING",
        });
        let commit = commit.map(|c| c.trim().to_ascii_lowercase()).filter(|c| !c.is_empty());
        if let Some(commit) = &commit
            && (commit.len() < 4 || !commit.bytes().all(|b| b.is_ascii_hexdigit()))
        {
            return Err(Error::invalid(format!("commit {commit:?} is not a SHA prefix"), "Give at least 4 hex digits."));
        }
        let parameter = parameter.filter(|p| !p.is_empty()).map(|p| match p.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (p.to_owned(), None),
        });
        // Else whoever guesses a secret could ask whether it is one.
        if let Some((name, Some(value))) = &parameter
            && super::parameter(call, name, Some(value.clone())).value != *value
        {
            let message = format!("values of {} are hidden, so no build is found by one", names::shown(name));
            return Err(Error::invalid(message, "Give the name alone for the builds that were given any value."));
        }
        Ok(Self { result, since_ms: since.map(|s| since_ms(call, s)).transpose()?, commit, parameter, user })
    }

    fn is_empty(&self) -> bool {
        self.result.is_none() && self.since_ms.is_none() && self.commit.is_none() && self.parameter.is_none() && self.user.is_none()
    }

    fn admits(&self, build: &Build) -> bool {
        let commit_is = |prefix: &String| {
            let built = build.checkouts();
            built
                .iter()
                .map(|c| c.commit.as_str())
                .chain(build.commits().iter().map(|c| c.id()))
                .any(|id| id.to_ascii_lowercase().starts_with(prefix))
        };
        let parameter_is = |(name, value): &(String, Option<String>)| {
            build.parameters().any(|(n, v)| n == name && value.as_ref().is_none_or(|wanted| v.as_ref() == Some(wanted)))
        };
        self.result.is_none_or(|r| build.result() == r)
            && self.since_ms.is_none_or(|since| build.timestamp.is_some_and(|t| t >= since))
            && self.commit.as_ref().is_none_or(commit_is)
            && self.parameter.as_ref().is_none_or(parameter_is)
            && self.user.as_deref().is_none_or(|user| build.causes().any(|cause| is_user(cause, user)))
    }

    /// Builds come newest first: past this one, none is young enough.
    fn ends_at(&self, build: &Build) -> bool {
        self.since_ms.is_some_and(|since| build.timestamp.is_some_and(|t| t < since))
    }
}

/// A user is known by the id, or by words of the name: `Lin` started what `Lin Example` did.
fn is_user(cause: &Cause, wanted: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let (wanted_words, name) = (words(wanted), words(cause.user_name.as_deref().unwrap_or_default()));
    let by_id = cause.user_id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(wanted.trim()));
    by_id || !wanted_words.is_empty() && wanted_words.iter().all(|word| name.contains(word))
}

/// A moment: RFC 3339, a date, or a length of time before now (`90m`, `24h`, `7d`, `2w`).
fn since_ms(call: &Call, text: &str) -> Result<u64, Error> {
    let text = text.trim();
    let unit = |c| match c {
        'm' => Some(60_000),
        'h' => Some(3_600_000),
        'd' => Some(86_400_000),
        'w' => Some(604_800_000_u64),
        _ => None,
    };
    let relative = text.char_indices().next_back().and_then(|(at, c)| {
        let count: u64 = text.get(..at)?.parse().ok()?;
        Some(call.now_ms().saturating_sub(count.checked_mul(unit(c)?)?))
    });
    let absolute = || human::parse_rfc3339(text).or_else(|| human::parse_rfc3339(&format!("{text}T00:00:00Z")));
    relative.or_else(|| absolute().and_then(|ms| u64::try_from(ms).ok())).ok_or_else(|| {
        Error::invalid(
            format!("since {text:?} is no moment"),
            "Use RFC 3339 (2026-11-24T08:00:00Z), a date (2026-11-24), or a span such as 90m, 24h, 7d.",
        )
    })
}

/// As callers write it.
fn result_word(result: BuildResult) -> &'static str {
    match result {
        BuildResult::Success => "success",
        BuildResult::Unstable => "unstable",
        BuildResult::Failure => "failure",
        BuildResult::Aborted => "aborted",
        BuildResult::NotBuilt => "not-built",
        BuildResult::Running => "running",
    }
}

/// `list-builds`.
#[expect(clippy::too_many_arguments, reason = "they are the tool's parameters, in the order of the WIT")]
pub(crate) async fn list_builds(
    call: &Call,
    job: String,
    branch: Option<String>,
    result: Option<BuildResult>,
    since: Option<String>,
    commit: Option<String>,
    parameter: Option<String>,
    user: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
    format: Option<Format>,
) -> Result<BuildList, Error> {
    let top = job.trim() == "/" && branch.is_none();
    let job = if top { JobPath::folder(None)? } else { JobPath::parse(&job, branch.as_deref())?.0 };
    let limit = limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    let name = job.name();
    let wanted = result.map(|r| format!("{r:?}"));
    let cursors = Cursors::new(
        "list-builds",
        &[Some(&name), wanted.as_deref(), since.as_deref(), commit.as_deref(), parameter.as_deref(), user.as_deref()],
    );
    // A cursor names the last build that was seen, so that builds that start meanwhile shift nothing.
    let below = cursors.read(cursor.as_deref())?.map(|[number]| number);
    let filter = Filter::new(call, result, since.as_deref(), commit.as_deref(), parameter.as_deref(), user.clone())?;

    let mut scan = Scan { found: Vec::new(), users: Vec::new(), scanned: 0, ended: false, last_seen: None };
    let mut offset = 0;
    while !scan.ended && scan.found.len() <= limit as usize && scan.scanned < MAX_SCAN {
        let size = if filter.is_empty() && below.is_none() { limit + 1 } else { PAGE };
        let page = match builds::list(call, &job, ITEM, offset..offset + size).await {
            Ok(page) => page,
            // What exists and has no builds is a folder.
            Err(error @ Error::NotFound { .. }) if cursor.is_none() => {
                let format = format.unwrap_or(Format::Summary);
                return match folder::list(call, &job, &filter, limit as usize, format).await? {
                    Some(list) => Ok(list),
                    None => Err(missing(call, &job, error).await),
                };
            }
            Err(error) => return Err(missing(call, &job, error).await),
        };
        scan.ended = page.len() < size as usize;
        offset += size;
        scan.take(page, &filter, below, limit);
    }
    let overflows = scan.found.len() > limit as usize;
    let more = overflows || !scan.ended;
    scan.found.truncate(limit as usize);
    let resume = if overflows { scan.found.last().map(|b| b.number) } else { scan.last_seen };
    if !overflows && more {
        call.lacks(format!("looked at {} builds, there are older ones", scan.scanned));
    }
    let found = &scan.found;
    let format = format.unwrap_or(Format::Summary);
    let lines: Vec<String> = found.iter().map(|build| list_line(call, build, format)).collect();
    let total = (!more && below.is_none()).then_some(saturate(found.len() as u64));
    let at_least = saturate(found.len() as u64 + u64::from(more));
    let mut head = list_head(&name, found.len(), total, at_least, scan.scanned, filter.is_empty());
    if found.is_empty() && !scan.users.is_empty() {
        let users: Vec<String> = scan.users.iter().map(|id| names::shown(id)).collect();
        head.push_str(&format!("; users who started some: {}", users.join(", ")));
    }
    if let Some(usual) = usual_time(found).filter(|_| format != Format::Ids) {
        head.push_str(&format!("\n{usual}"));
    }
    let next_cursor = |shown: usize| {
        let number = match shown.checked_sub(1) {
            _ if shown == found.len() => resume.filter(|_| more)?,
            Some(last) => found.get(last)?.number,
            None => found.first()?.number.saturating_add(1),
        };
        Some(cursors.make([number]))
    };
    let page = page::fit(call, "build", &lines, next_cursor, |out, cursor| {
        out.head(&head);
        if let Some(cursor) = cursor {
            let hint =
                Hint::new("list_builds").with("job", Some(&name)).with("result", result.map(result_word)).with("since", since.as_deref());
            let hint = hint.with("commit", commit.as_deref()).with("parameter", parameter.as_deref()).with("user", user.as_deref());
            out.next(hint.with("cursor", Some(cursor)).call());
        }
    });
    Ok(BuildList {
        job: name.clone(),
        builds: found.iter().take(page.shown).map(|b| item(call, b)).collect(),
        shown: saturate(page.shown as u64),
        total,
        at_least,
        scanned: scan.scanned,
        next_cursor: page.next_cursor,
        meta: call.meta(&page.text),
        text: page.text,
    })
}

/// A search through a job's builds.
struct Scan {
    found: Vec<Build>,
    /// Who started builds that did not fit.
    users: Vec<String>,
    scanned: u32,
    ended: bool,
    last_seen: Option<u32>,
}

impl Scan {
    fn take(&mut self, page: Vec<Build>, filter: &Filter, below: Option<u32>, limit: u32) {
        for build in page {
            if below.is_some_and(|b| build.number >= b) {
                continue;
            }
            if filter.ends_at(&build) {
                self.ended = true;
                return;
            }
            if self.found.len() > limit as usize {
                return;
            }
            self.scanned += 1;
            self.last_seen = Some(build.number);
            if filter.admits(&build) {
                self.found.push(build);
            } else if filter.user.is_some() {
                for id in build.causes().filter_map(|cause| cause.user_id.as_ref()) {
                    if self.users.len() < MAX_USERS && !self.users.contains(id) {
                        self.users.push(id.clone());
                    }
                }
            }
        }
    }
}

fn item(call: &Call, build: &Build) -> BuildItem {
    BuildItem {
        job: None,
        number: build.number,
        result: build.result().to_owned(),
        started: answer::timestamp(build.timestamp),
        duration_ms: build.elapsed_ms(call.now_ms()).map(saturate),
        cause: build.causes().next().map(|c| answer::redacted(call, &c.short_description)),
        commit: build.checkouts().first().map(|c| c.commit.clone()),
        display_name: build.display_name.clone().filter(|n| *n != format!("#{}", build.number)),
    }
}

fn list_head(name: &str, found: usize, total: Option<u32>, at_least: u32, scanned: u32, all: bool) -> String {
    match (found, all) {
        (0, true) if scanned == 0 => format!("{name}: no builds, it has never been built or none is left"),
        (0, _) => format!("{name}: no builds, none of {scanned} builds looked at fits the filters"),
        _ => {
            let total = total.map_or_else(|| format!("at least {at_least}"), |t| t.to_string());
            let looked = if all { String::new() } else { format!(" (looked at {scanned})") };
            format!("{name}: {found} of {total} builds, newest first{looked}")
        }
    }
}

/// How long builds take that came to their end, and whether that changes.
fn usual_time(found: &[Build]) -> Option<String> {
    let ended = |build: &&Build| !build.building && matches!(build.result(), "SUCCESS" | "UNSTABLE");
    let times: Vec<u64> = found.iter().filter(ended).filter_map(|build| u64::try_from(build.duration).ok()).collect();
    if times.len() < ENOUGH {
        return None;
    }
    let (newer, older) = times.split_at(times.len() / 2);
    let [all, new, old] = [&times, newer, older].map(|times| human::duration(median(times)));
    Some(format!("median time of {} that ended green or unstable: {all}; the newer half {new}, the older half {old}", times.len()))
}

fn median(times: &[u64]) -> u64 {
    let mut sorted = times.to_vec();
    sorted::sort_by(&mut sorted, u64::cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

fn list_line(call: &Call, build: &Build, format: Format) -> String {
    if format == Format::Ids {
        return build.number.to_string();
    }
    let item = item(call, build);
    let mut line = answer::build_line(call, build);
    if let Some(name) = &item.display_name {
        line.push_str(&format!(" {}", answer::quote(call, name)));
    }
    if let Some(commit) = &item.commit {
        line.push_str(&format!(" {}", if format == Format::Full { names::shown(commit) } else { answer::short(commit) }));
    }
    if let Some(cause) = &item.cause {
        line.push_str(&format!(" {}", answer::quote(call, cause)));
    }
    line
}

#[cfg(test)]
mod tests;
