//! Which jobs callers may use and see, by the operator's word: `JANKINS_ALLOWED_JOBS` and `JANKINS_DENIED_JOBS`.
//!
//! Both are lists of full names, separated by commas. A name stands for the job or folder and everything below it; `*`
//! stands for any name or a piece of one, `**` for any number of folders. Denied wins over allowed; without allowed
//! names all are. A job that is not allowed does not exist: a request for it is answered as Jenkins answers one for a job
//! that is not there, and wherever another answer speaks of it (listings, queue, executors, causes), it is left out.
//! Folders on the way to an allowed job can be listed, and nothing else.
//!
//! It is enforced on every request and on every JSON answer, whatever the tool: see [`Policy::admits`] and
//! [`Policy::filter`].

use crate::json::Json;

use super::encode;
use crate::error::Error;

/// The operator's lists; by default everything is allowed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    allowed: Vec<Vec<String>>,
    denied: Vec<Vec<String>>,
}

/// Where a request goes, as far as jobs are concerned.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    /// The job, by its folders and itself; empty for everything that is of no job.
    job: Vec<String>,
    /// What of it: the rest of the path, and the query.
    rest: String,
    query: String,
}

impl Policy {
    /// From the two lists.
    pub(crate) fn new(allowed: Option<&str>, denied: Option<&str>) -> Self {
        let names = |list: Option<&str>| {
            let parts = |name: &str| name.trim().split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
            list.unwrap_or_default().split(',').map(parts).filter(|parts| !parts.is_empty()).collect()
        };
        Self { allowed: names(allowed), denied: names(denied) }
    }

    /// Whether nothing is restricted.
    pub(crate) fn is_open(&self) -> bool {
        self.allowed.is_empty() && self.denied.is_empty()
    }

    /// Refuses a request for what is not allowed.
    ///
    /// # Errors
    /// As if the job were not there; `what` names it.
    pub(crate) fn admits(&self, reads: bool, path: &str, what: &str) -> Result<(), Error> {
        if self.is_open() || self.admits_target(reads, &target(path)) {
            return Ok(());
        }
        Err(Error::not_found(what, &["list-jobs shows the jobs that are open to this server"]))
    }

    fn admits_target(&self, reads: bool, target: &Target) -> bool {
        if target.job.is_empty() && target.rest != "createItem" {
            return true;
        }
        if target.rest == "createItem" {
            let named = |name: &str| parameter(&target.query, name);
            let made = named("name").is_some_and(|name| self.allows(&child(&target.job, &name)));
            let copied = named("from").is_none_or(|from| match from.strip_prefix('/') {
                Some(full) => self.allows(&names(full)),
                None => self.allows(&[target.job.clone(), names(&from)].concat()),
            });
            return made && copied;
        }
        let listing = reads && target.rest == "api/json";
        self.allows(&target.job) || (listing && self.leads(&target.job))
    }

    /// Takes everything out of an answer that speaks of jobs that are not allowed; `path` is what was asked.
    ///
    /// # Errors
    /// When the answer as a whole is about such a job.
    pub(crate) fn filter(&self, answer: &mut Json<'_>, path: &str, what: &str) -> Result<(), Error> {
        if self.is_open() {
            return Ok(());
        }
        let folder = target(path).job;
        if self.hides(answer, None) {
            return Err(Error::not_found(what, &[]));
        }
        self.prune(answer, &folder);
        Ok(())
    }

    /// `folder` is what names without a path are relative to.
    fn prune(&self, value: &mut Json<'_>, folder: &[String]) {
        match value {
            Json::Array(items) => {
                items.retain(|item| !self.hides(item, None));
                items.iter_mut().for_each(|item| self.prune(item, folder));
            }
            Json::Object(members) => {
                for (name, field) in members {
                    match field {
                        // Items of a folder may be asked for their bare names.
                        Json::Array(jobs) if name == "jobs" => {
                            jobs.retain(|job| !self.hides(job, Some(folder)));
                            for job in jobs {
                                let below = own_name(job).map(|name| child(folder, name));
                                self.prune(job, below.as_deref().unwrap_or(folder));
                            }
                        }
                        Json::Object(_) if self.hides(field, None) => *field = Json::Null,
                        field => self.prune(field, folder),
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether an object is, or speaks of, a job that may not be seen.
    fn hides(&self, value: &Json<'_>, folder: Option<&[String]>) -> bool {
        let Json::Object(_) = value else { return false };
        let text = |name: &str| value.get(name).and_then(Json::as_str);
        let by_url = |name: &str| text(name).map(|url| target(url).job);
        let named = |name: &str| text(name).map(names);
        let relative = || folder.zip(own_name(value)).map(|(folder, name)| child(folder, name));
        let is_job = text("_class").is_some_and(|class| !class.ends_with("User")) || folder.is_some();
        let about = [
            text("fullName").filter(|_| is_job || text("url").is_some()).map(names),
            by_url("url"),
            relative(),
            by_url("upstreamUrl"),
            named("upstreamProject"),
        ];
        let hidden = |job: Vec<String>| !job.is_empty() && !self.allows(&job) && !self.leads(&job);
        // An item of the queue is as visible as the job it waits for.
        about.into_iter().flatten().any(hidden) || value.get("task").is_some_and(|task| self.hides(task, None))
    }

    fn allows(&self, job: &[String]) -> bool {
        let within = |list: &[Vec<String>]| list.iter().any(|pattern| begins_with(pattern, job));
        !within(&self.denied) && (self.allowed.is_empty() || within(&self.allowed))
    }

    /// Whether an allowed job may lie below.
    fn leads(&self, folder: &[String]) -> bool {
        let denied = self.denied.iter().any(|pattern| begins_with(pattern, folder));
        !denied && self.allowed.iter().any(|pattern| may_end_below(pattern, folder))
    }
}

fn own_name<'a>(value: &'a Json<'_>) -> Option<&'a str> {
    value.get("name").and_then(Json::as_str)
}

fn names(full: &str) -> Vec<String> {
    full.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn child(folder: &[String], name: &str) -> Vec<String> {
    folder.iter().cloned().chain([name.to_owned()]).collect()
}

/// Which job a path is about, in Jenkins' own form or in Blue Ocean's. A whole URL will do, whatever it begins with.
fn target(path: &str) -> Target {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut parts = path.split('/').filter(|part| !part.is_empty()).peekable();
    let (mut job, mut rest) = (Vec::new(), Vec::new());
    while let Some(part) = parts.next() {
        match part {
            "job" | "pipelines" | "branches" if rest.is_empty() || job.is_empty() => match parts.next() {
                // Blue Ocean writes a folder's jobs in one segment, too.
                Some(name) if part == "pipelines" => job.extend(names(&encode::decode(name))),
                Some(name) => job.push(encode::decode(name)),
                None => rest.push(part),
            },
            "view" if rest.is_empty() => drop(parts.next()),
            part if job.is_empty() && parts.peek().is_some() => {
                // What leads to the first job: scheme, host, base path, `blue/rest/…`.
                let _ = part;
            }
            part => rest.push(part),
        }
    }
    Target { job, rest: rest.join("/"), query: query.to_owned() }
}

fn parameter(query: &str, wanted: &str) -> Option<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(name, _)| *name == wanted).map(|(_, value)| encode::decode(&value.replace('+', " "))).next()
}

/// Whether the first parts of a name fit the pattern: whether the job is, or is below, what it stands for.
fn begins_with(pattern: &[String], job: &[String]) -> bool {
    match (pattern.split_first(), job.split_first()) {
        (None, _) => true,
        (Some((first, rest)), _) if first == "**" => {
            (0..=job.len()).any(|skipped| begins_with(rest, job.get(skipped..).unwrap_or_default()))
        }
        (Some(_), None) => false,
        (Some((part, rest)), Some((name, below))) => fits(part, name) && begins_with(rest, below),
    }
}

/// Whether something below the folder may fit the pattern.
fn may_end_below(pattern: &[String], folder: &[String]) -> bool {
    match (pattern.split_first(), folder.split_first()) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some((first, _)), _) if first == "**" => true,
        (Some((part, rest)), Some((name, below))) => fits(part, name) && may_end_below(rest, below),
    }
}

/// Whether a name fits a part with `*` in it.
fn fits(part: &str, name: &str) -> bool {
    let Some((start, rest)) = part.split_once('*') else { return part == name };
    let Some(mut name) = name.strip_prefix(start) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let end = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some(at) = name.find(piece) else { return false };
        name = name.get(at + piece.len()..).unwrap_or_default();
    }
    name.ends_with(end)
}

#[cfg(test)]
mod tests;
