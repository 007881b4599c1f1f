//! `get-build-changes`: what came in with a build, or why nothing did.

use crate::answer;
use crate::bindings::jankins::plugin::types::{BuildChanges, Change, Format};
use crate::call::{Call, saturate};
use crate::cursor::{self, Cursors};
use crate::error::Error;
use crate::jenkins::builds;
use crate::jenkins::changes::{self, Changes, Commit};
use crate::jenkins::jobs::missing;
use crate::jenkins::path::{JobPath, Selector};
use crate::text::{fence, human, names};
use crate::tools::hint::Hint;
use crate::tools::page;

const DEFAULT_LIMIT: u32 = 20;
const MAX_LIMIT: u32 = 200;
/// Builds that are looked through for commits when a build brought none.
const LOOKED_BACK: u32 = 50;
/// Authors that are named of them.
const MAX_AUTHORS: usize = 5;
/// Characters of a whole message in a line of format full.
const MESSAGE_CHARS: usize = 400;
/// What looks like the key of an issue tracker and is none.
const NO_PROJECTS: [&str; 14] = ["UTF", "SHA", "ISO", "RFC", "AES", "RSA", "TLS", "PEP", "UTC", "GMT", "MD", "BASE", "IPV", "HTTP"];

/// `get-build-changes`.
pub(crate) async fn get_build_changes(
    call: &Call,
    job: String,
    branch: Option<String>,
    build: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
    format: Option<Format>,
) -> Result<BuildChanges, Error> {
    let (job, which) = JobPath::with_build(&job, branch.as_deref(), build.as_deref())?;
    let limit = page::limit(limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let format = format.unwrap_or(Format::Summary);
    let name = job.name();
    let cursors = Cursors::new("get-build-changes", &[Some(&name)]);
    let from = cursors.read::<2>(cursor.as_deref())?;
    // The cursor belongs to one build, whatever `last` has become since.
    let which = from.map_or(which, |[number, _]| Selector::Number(number));
    let build = match changes::changes(call, &job, which, format == Format::Full).await {
        Ok(build) => build,
        Err(error) => return Err(missing(call, &job, error).await),
    };
    let all = build.commits();
    let before = from.map_or(0, |[_, before]| before as usize);
    let rest = all.get(before..).ok_or_else(|| cursor::stale("the build has fewer commits than that"))?;
    let commits = rest.get(..limit as usize).unwrap_or(rest);
    if build.is_cut() {
        call.lacks("a repository brought so many commits that only the first are read");
    }
    let lines: Vec<String> = commits.iter().map(|(repository, commit)| line(call, *repository, commit, format)).collect();
    let mut head = head(&name, &build, all.len(), before);
    let earlier = if all.is_empty() { last_commits(call, &job, build.number).await? } else { None };
    if let Some((number, count, authors)) = &earlier {
        head.push_str(&format!("\nthe last commits before came in with #{number}: {count} by {authors}"));
    }
    let next_cursor = |shown: usize| (before + shown < all.len()).then(|| cursors.make([build.number, saturate((before + shown) as u64)]));
    let number = build.number.to_string();
    let page = page::fit(call, "commit", &lines, next_cursor, |out, cursor| {
        out.head(&head);
        for lack in call.missing() {
            out.head(format!("note: {lack}"));
        }
        if let Some((number, _, _)) = &earlier {
            out.next(Hint::new("get_build_changes").with("job", Some(&name)).with("build", Some(&number.to_string())).call());
        }
        if let Some(cursor) = cursor {
            out.next(
                Hint::new("get_build_changes").with("job", Some(&name)).with("build", Some(&number)).with("cursor", Some(cursor)).call(),
            );
        }
    });
    let total = saturate(all.len() as u64);
    Ok(BuildChanges {
        job: name.clone(),
        build: build.number,
        result: build.result().to_owned(),
        commits: commits.iter().take(page.shown).map(|(repository, commit)| record(call, *repository, commit, format)).collect(),
        shown: saturate(page.shown as u64),
        total: (!build.is_cut()).then_some(total),
        at_least: total,
        previous: build.previous_build.as_ref().map(|p| p.number),
        next_cursor: page.next_cursor,
        meta: call.meta(&page.text),
        text: page.text,
    })
}

/// The build before this one that brought commits: its number, how many, and by whom.
async fn last_commits(call: &Call, job: &JobPath, before: u32) -> Result<Option<(u32, usize, String)>, Error> {
    const AUTHORS: &str =
        "number,changeSet[items[commitId,id,author[fullName]]{0,50}],changeSets[items[commitId,id,author[fullName]]{0,50}]";
    let past = call.optional("earlier commits", builds::list(call, job, AUTHORS, 0..LOOKED_BACK).await)?.unwrap_or_default();
    let found = past.into_iter().find(|build| build.number < before && !build.commits().is_empty());
    Ok(found.map(|build| {
        let mut authors: Vec<String> = Vec::new();
        for commit in build.commits() {
            let author = answer::quote(call, commit.author());
            if authors.len() < MAX_AUTHORS && !authors.contains(&author) {
                authors.push(author);
            }
        }
        (build.number, build.commits().len(), authors.join(", "))
    }))
}

fn head(name: &str, build: &Changes, commits: usize, before: usize) -> String {
    let name = names::shown(name);
    let since = build.previous_build.as_ref().map(|p| format!(" since #{}", p.number)).unwrap_or_default();
    if commits == 0 {
        return format!("{name} #{} {}: no commits{since}: {}", build.number, build.result(), why_none(build));
    }
    let more = if build.is_cut() { "at least " } else { "" };
    let from = if before > 0 { format!(", from the one numbered {} on", before + 1) } else { String::new() };
    let running = if build.building { "; it still runs, others may follow" } else { "" };
    format!("{name} #{} {}: {more}{}{since}{from}{running}", build.number, build.result(), human::count(commits as u64, "commit"))
}

fn why_none(build: &Changes) -> String {
    let built = build.revisions();
    let Some(previous) = &build.previous_build else {
        return "it is the first build that Jenkins keeps, and there is none to compare it with".to_owned();
    };
    match built.as_slice() {
        _ if build.building && built.is_empty() => "it still runs, and has checked nothing out so far".to_owned(),
        [] => "it checked nothing out, as far as Jenkins tells".to_owned(),
        [first, ..] if built == previous.revisions() => {
            format!("it built the same revision as #{} ({})", previous.number, answer::short(first))
        }
        [first, ..] => {
            format!(
                "it built another revision than #{} ({}), but Jenkins lists no commits between them",
                previous.number,
                answer::short(first)
            )
        }
    }
}

/// `f6063eea Ada Example 2d ago: "Simplify the rounding of prices" (1 file)`.
fn line(call: &Call, repository: Option<u32>, commit: &Commit, format: Format) -> String {
    if format == Format::Ids {
        return names::shown(commit.id());
    }
    let full = format == Format::Full;
    let id = if full { names::shown(commit.id()) } else { answer::short(commit.id()) };
    let at = commit.timestamp.map(|at| format!(" {}", answer::ago(call, Some(at)))).unwrap_or_default();
    let message = answer::redacted(call, if full { commit.message() } else { &commit.msg });
    let message = fence::inline(&message, if full { MESSAGE_CHARS } else { answer::INLINE_CHARS });
    let place = repository.map(|r| format!(", repository {r}")).unwrap_or_default();
    let issues = issues(commit.message());
    let issues = if issues.is_empty() { String::new() } else { format!(", {}", issues.join(" ")) };
    let files = human::count(commit.files() as u64, "file");
    let mut line = format!("{id} {}{at}: {message} ({files}{issues}{place})", answer::quote(call, commit.author()));
    if full {
        for path in commit.paths() {
            line.push_str(&format!("\n  {}", answer::name(&answer::redacted(call, &path))));
        }
    }
    line
}

fn record(call: &Call, repository: Option<u32>, commit: &Commit, format: Format) -> Change {
    let clean = |text: &str| answer::redacted(call, text);
    Change {
        commit: commit.id().to_owned(),
        author: clean(commit.author()),
        at: answer::timestamp(commit.timestamp),
        message: clean(if format == Format::Full { commit.message() } else { &commit.msg }),
        files: saturate(commit.files() as u64),
        paths: if format == Format::Full { commit.paths().iter().map(|p| clean(p)).collect() } else { Vec::new() },
        issues: issues(commit.message()),
        repository,
    }
}

/// `SHOP-12` and `#34`, each once.
fn issues(message: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in message.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '#' | '_'))) {
        if let Some(key) = issue(word)
            && !found.contains(&key)
        {
            found.push(key);
        }
    }
    found
}

fn issue(word: &str) -> Option<String> {
    let (project, rest) = word.split_once('-').or_else(|| word.split_once('#'))?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let after = rest.get(digits.len()..).unwrap_or_default();
    if digits.is_empty() || digits.len() > 8 || !(after.is_empty() || after.starts_with('-')) {
        return None;
    }
    if word.starts_with('#') {
        return Some(format!("#{digits}"));
    }
    let is_key = project.len() > 1
        && project.starts_with(|c: char| c.is_ascii_uppercase())
        && project.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        && word.contains('-');
    (is_key && !NO_PROJECTS.contains(&project)).then(|| format!("{project}-{digits}"))
}

#[cfg(test)]
mod tests;
