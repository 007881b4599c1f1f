//! `list-jobs`: pages through a folder, a view or a tree of folders.
//!
//! Without a filter, a call asks for one page. With one, it looks through up to [`SCANNED_PAGES`] pages and says how far
//! it looked; the cursor goes on from there. A cursor holds the place of the next job: which of the folder's own jobs,
//! the place below it, the name of the job before, and how many were listed so far.

use crate::bindings::jankins::plugin::types::{Format, JobList, JobStatus};
use crate::call::{Call, saturate};
use crate::cursor::Cursors;
use crate::error::Error;
use crate::jenkins::encode;
use crate::jenkins::jobs::{self, Entry, Kind, MAX_DEPTH, Place, Scope};
use crate::jenkins::path::JobPath;
use crate::text::budget::{Answer, Section};
use crate::text::pattern::Pattern;
use crate::text::{human, names};

use super::{job_item, line};

/// Jobs per answer unless told.
const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 500;
/// Jobs per request while filtering, and requests per call: 2,000 jobs are about half a megabyte.
const SCANNED_AT_ONCE: u32 = 500;
const SCANNED_PAGES: u32 = 4;
/// Top-level jobs per request when each may bring a whole folder.
const DEEP_AT_ONCE: u32 = 50;
/// Room for the line with the cursor.
const NEXT_TOKENS: u32 = 70;

/// The arguments.
#[derive(Default)]
struct Query {
    folder: Option<String>,
    prefix: Option<String>,
    name_regex: Option<String>,
    status: Option<JobStatus>,
    view: Option<String>,
    depth: Option<u32>,
    limit: Option<u32>,
    cursor: Option<String>,
    format: Option<Format>,
}

/// The arguments, checked.
struct Checked {
    folder: JobPath,
    prefix: Option<String>,
    regex: Option<Pattern>,
    status: Option<JobStatus>,
    view: Option<String>,
    depth: u32,
    limit: u32,
    format: Format,
    cursors: Cursors,
    /// What the filters are, in words; empty when there is none.
    filters: String,
}

/// What a call found.
struct Found {
    /// Of the folder that was listed.
    kind: Kind,
    entries: Vec<Entry>,
    /// Where to look on; `None` at the end of the list.
    rest: Option<Place>,
    scanned: u32,
    cut: Vec<String>,
}

/// `list-jobs`.
#[expect(clippy::too_many_arguments, reason = "one for each parameter of the tool")]
pub(crate) async fn list_jobs(
    call: &Call,
    folder: Option<String>,
    prefix: Option<String>,
    name_regex: Option<String>,
    status: Option<JobStatus>,
    view: Option<String>,
    depth: Option<u32>,
    limit: Option<u32>,
    cursor: Option<String>,
    format: Option<Format>,
) -> Result<JobList, Error> {
    list(call, &Query { folder, prefix, name_regex, status, view, depth, limit, cursor, format }).await
}

async fn list(call: &Call, query: &Query) -> Result<JobList, Error> {
    let checked = check(query)?;
    let at = checked.cursors.read::<4>(query.cursor.as_deref())?.unwrap_or_default();
    let [top, below, before, earlier] = at;
    let found = find(call, &checked, Place { top, below, before }).await?;
    Ok(answer(call, &checked, &found, earlier))
}

fn check(query: &Query) -> Result<Checked, Error> {
    let text = |t: &Option<String>| t.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
    let (prefix, view) = (text(&query.prefix), text(&query.view));
    let mut folder = JobPath::folder(query.folder.as_deref())?;
    // A prefix with folders in it says where to look: that spares the rest of the tree.
    if let (Some(prefix), None) = (&prefix, &view)
        && let Some((path, _)) = prefix.rsplit_once('/')
        && (folder.segments().is_empty() || format!("{path}/").starts_with(&format!("{}/", folder.name())))
    {
        folder = JobPath::folder(Some(path))?;
    }
    let depth = bounded("depth", query.depth, 1, MAX_DEPTH)?;
    let limit = bounded("limit", query.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let name_regex = text(&query.name_regex);
    let regex = name_regex.as_deref().map(|r| Pattern::new(r, false)).transpose();
    let regex =
        regex.map_err(|why| Error::invalid(format!("name-regex: {why}"), "It is matched anywhere in the full name; ^ and $ anchor it."))?;
    let status = query.status.map(status_word);
    let mut filters = Vec::new();
    filters.extend(prefix.as_ref().map(|p| format!("prefix {}", names::shown(p))));
    filters.extend(name_regex.as_ref().map(|r| format!("name-regex {}", names::shown(r))));
    filters.extend(status.map(|s| format!("status {s}")));
    let depth_word = depth.to_string();
    let arguments = [Some(&*folder.name()), prefix.as_deref(), name_regex.as_deref(), status, view.as_deref(), Some(&depth_word)];
    Ok(Checked {
        cursors: Cursors::new("list-jobs", &arguments),
        filters: filters.join(", "),
        folder,
        prefix,
        regex,
        status: query.status,
        view,
        depth,
        limit,
        format: query.format.unwrap_or(Format::Summary),
    })
}

fn bounded(name: &str, value: Option<u32>, default: u32, max: u32) -> Result<u32, Error> {
    match value.unwrap_or(default) {
        ok if (1..=max).contains(&ok) => Ok(ok),
        bad => Err(Error::invalid(format!("{name} is {bad}"), format!("{name} is from 1 to {max}."))),
    }
}

fn status_word(status: JobStatus) -> &'static str {
    match status {
        JobStatus::Failing => "failing",
        JobStatus::Unstable => "unstable",
        JobStatus::Passing => "passing",
        JobStatus::Aborted => "aborted",
        JobStatus::Disabled => "disabled",
        JobStatus::Running => "running",
        JobStatus::NeverBuilt => "never-built",
    }
}

impl Checked {
    fn takes(&self, entry: &Entry) -> bool {
        self.prefix.as_ref().is_none_or(|p| entry.full_name.starts_with(p.as_str()))
            && self.regex.as_ref().is_none_or(|r| r.is_match(&entry.full_name))
            && self.status.is_none_or(|s| entry.item.is_in(s))
    }

    fn is_filtered(&self) -> bool {
        !self.filters.is_empty()
    }

    /// Where it looks, in words.
    fn place(&self) -> String {
        let top = self.folder.segments().is_empty();
        let folder = if top { "at the top".to_owned() } else { format!("in {}", names::shown(&self.folder.name())) };
        match &self.view {
            Some(view) => format!("in view {} {folder}", names::shown(view)),
            None => folder,
        }
    }
}

async fn find(call: &Call, checked: &Checked, start: Place) -> Result<Found, Error> {
    let at_once = match (checked.is_filtered(), checked.depth) {
        (false, 1) => checked.limit,
        (true, 1) => SCANNED_AT_ONCE,
        _ => DEEP_AT_ONCE,
    };
    let scope = Scope { folder: &checked.folder, view: checked.view.as_deref(), depth: checked.depth };
    let mut found = Found { kind: Kind::Folder, entries: Vec::new(), rest: Some(start), scanned: 0, cut: Vec::new() };
    for _ in 0..SCANNED_PAGES {
        let Some(place) = found.rest else { break };
        let page = jobs::page(call, &scope, place, at_once).await?;
        if page.unreadable > 0 {
            call.lacks(format!("Jenkins describes {} in a way that cannot be read", human::count(page.unreadable.into(), "job")));
        }
        found.scanned += saturate(page.entries.len() as u64);
        found.entries.extend(page.entries.into_iter().filter(|entry| checked.takes(entry)));
        found.kind = page.kind;
        found.cut.extend(page.cut);
        found.rest = page.next;
        if found.entries.len() >= checked.limit as usize {
            break;
        }
    }
    Ok(found)
}

/// The answer with as many of the jobs as the caller and the budget want.
fn answer(call: &Call, checked: &Checked, found: &Found, earlier: u32) -> JobList {
    if let Some(folder) = found.cut.first() {
        let others = found.cut.len() - 1;
        let others = if others > 0 { format!(" and of {}", human::count(others as u64, "other folder")) } else { String::new() };
        call.lacks(format!("only the first jobs of {folder}{others} are here; list_jobs(folder={folder:?}) has all"));
    }
    let listed = Listed { call, checked, found, earlier, prefix: common_prefix(checked, found) };
    let lines: Vec<String> = found.entries.iter().take(checked.limit as usize).map(|e| listed.line(e)).collect();
    let notes: Vec<String> = call.missing().into_iter().map(|lack| format!("note: {lack}")).collect();
    let write = |max_tokens, shown: usize| {
        let mut text = Answer::new(max_tokens);
        text.head(listed.head(shown)).head(notes.join("\n")).section(Section::new("job").items(lines.iter().take(shown).cloned()));
        text
    };
    let draft = write(call.max_tokens().saturating_sub(NEXT_TOKENS), lines.len()).render();
    let shown = draft.shown.first().copied().unwrap_or(0);

    let resume = found.entries.get(shown).map(|e| e.place).or(found.rest);
    let next_cursor = resume.map(|p| checked.cursors.make([p.top, p.below, p.before, earlier + saturate(shown as u64)]));
    let mut text = write(call.max_tokens(), shown);
    if let Some(cursor) = &next_cursor {
        text.next(format!("list_jobs(…, cursor=\"{cursor}\")"));
    }
    let text = text.render().text;
    let (at_least, total) = listed.known();
    JobList {
        jobs: found.entries.iter().take(shown).map(|e| job_item(call, &e.item, &e.full_name)).collect(),
        shown: saturate(shown as u64),
        total,
        at_least,
        next_cursor,
        meta: call.meta(&text),
        text,
    }
}

/// What the lines and the head of an answer are made of.
struct Listed<'a> {
    call: &'a Call,
    checked: &'a Checked,
    found: &'a Found,
    /// Jobs listed on earlier pages.
    earlier: u32,
    /// What all full names begin with, and lines leave out.
    prefix: String,
}

impl Listed<'_> {
    /// How many match at least, and how many in all when that is known.
    fn known(&self) -> (u32, Option<u32>) {
        let found = self.earlier + saturate(self.found.entries.len() as u64);
        match self.found.rest {
            None => (found, Some(found)),
            // Without a filter the next job is known to match.
            Some(_) => (found + u32::from(!self.checked.is_filtered()), None),
        }
    }

    fn line(&self, entry: &Entry) -> String {
        if self.checked.format == Format::Ids {
            return names::shown(&entry.full_name);
        }
        let name = entry.full_name.strip_prefix(&self.prefix).unwrap_or(&entry.full_name);
        let name = if self.found.kind == Kind::Multibranch { encode::decode(name) } else { name.to_owned() };
        let line = line(self.call, &entry.item, &name);
        if self.checked.format == Format::Summary || entry.item.kind().is_container() {
            return line;
        }
        let took = entry.item.last_build.as_ref().filter(|l| !l.building).and_then(|l| l.elapsed_ms(self.call.now_ms()));
        let took = took.map(|ms| format!(", took {}", human::duration(ms))).unwrap_or_default();
        format!("{line}{took}, {}", entry.item.kind().as_str())
    }

    fn head(&self, shown: usize) -> String {
        if self.found.entries.is_empty() {
            return self.empty();
        }
        let Self { checked, found, earlier, prefix, .. } = self;
        let (at_least, total) = self.known();
        let total = total.map_or_else(|| format!("at least {}", human::number(at_least.into())), |t| human::number(t.into()));
        let which = match (earlier, shown) {
            (0, _) | (_, 0) => human::number(shown as u64),
            _ => format!("{} to {}", human::number(u64::from(*earlier) + 1), human::number(u64::from(*earlier) + shown as u64)),
        };
        let noun = if found.kind == Kind::Multibranch { "branches" } else { "jobs" };
        let mut head = format!("{which} of {total} {noun} {}", checked.place());
        if checked.is_filtered() {
            let so_far = if found.rest.is_some() { ", more follow" } else { "" };
            head.push_str(&format!(" with {} (looked at {}{so_far})", checked.filters, human::number(found.scanned.into())));
        }
        if checked.format != Format::Ids && !prefix.is_empty() {
            let folder = names::shown(prefix.trim_end_matches('/'));
            head.push_str(&match found.kind {
                Kind::Multibranch => format!("; call with job={folder} ref=NAME"),
                _ => format!("; full names are {folder}/NAME"),
            });
        }
        head
    }

    /// Why there is nothing to show.
    fn empty(&self) -> String {
        let Self { checked, found, .. } = self;
        let place = checked.place();
        let looked = human::number(found.scanned.into());
        if found.rest.is_some() {
            return format!("no job {place} with {} among the {looked} looked at so far; more follow", checked.filters);
        }
        if checked.is_filtered() && found.scanned > 0 {
            let folders = if checked.depth == 1 { "; folders were not entered, depth does that" } else { "" };
            return format!("no job {place} has {}: looked at all {looked}{folders}", checked.filters);
        }
        match (self.earlier, &checked.view) {
            (1.., _) => format!("no further job {place}"),
            (_, Some(_)) => format!("no job {place} that this account may see"),
            (_, None) if found.kind == Kind::Multibranch => format!("no branch {place}: its scan found none, or did not run yet"),
            (_, None) => format!("no job {place}: it is empty, or this account may see none of its jobs (Job/Read)"),
        }
    }
}

/// The folder that all full names begin with, with its slash.
fn common_prefix(checked: &Checked, found: &Found) -> String {
    let prefix = format!("{}/", checked.folder.name());
    let common = prefix.len() > 1 && found.entries.iter().all(|e| e.full_name.starts_with(&prefix));
    if common { prefix } else { String::new() }
}

#[cfg(test)]
mod tests;
