//! How a value that somebody began to type may go on: names of jobs, branches and builds.
//!
//! Whoever types waits for this, so it costs one request, and two where a name is begun in the middle of its path. What
//! cannot be completed, or stands below a job that does not exist, has no values; that is no error.

use crate::bindings::jankins::plugin::common::{Argument, Completion};
use crate::call::{Call, saturate};
use crate::error::Error;
use crate::jenkins::encode;
use crate::jenkins::jobs::{self, Entry, Kind, Place, Scope};
use crate::jenkins::path::{JobPath, PERMALINKS};
use crate::json::record;
use crate::sorted;

/// Values that the protocol allows in one answer.
const MAX_VALUES: usize = 100;
/// Jobs of one folder that are looked at.
const JOBS: u32 = 500;
/// Top-level jobs and levels below them that are searched for a name whose folder was not typed.
const DEEP_JOBS: u32 = 50;
const DEPTH: u32 = 3;
/// Builds that are looked at.
const BUILDS: u32 = 100;

/// Nothing comes to mind.
pub(crate) fn none() -> Completion {
    Completion { values: Vec::new(), total: Some(0), has_more: false }
}

/// Values for `begun`, by its name. `others` say which job a branch or a build belongs to.
///
/// # Errors
/// When Jenkins cannot be asked at all.
pub(crate) async fn complete(call: &Call, begun: &Argument, others: &[Argument]) -> Result<Completion, Error> {
    let value = |name: &str| others.iter().find(|a| a.name == name).map(|a| a.value.trim()).filter(|v| !v.is_empty());
    let typed = begun.value.trim_start();
    let found = match (begun.name.as_str(), value("job")) {
        ("job", _) => names(call, typed).await,
        ("ref", Some(job)) => branches(call, job, typed).await,
        ("build" | "number" | "base" | "head", Some(job)) => builds(call, job, value("ref"), typed).await,
        _ => return Ok(none()),
    };
    match found {
        Err(Error::Invalid { .. } | Error::NotFound { .. } | Error::Forbidden { .. }) => Ok(none()),
        other => other,
    }
}

/// The best `MAX_VALUES` of all that fit.
fn best(mut values: Vec<String>, all: bool) -> Completion {
    let count = values.len();
    values.truncate(MAX_VALUES);
    Completion { total: all.then(|| saturate(count as u64)), has_more: !all || count > values.len(), values }
}

/// Full names of jobs. What lies in a folder is offered once its name and a slash are there, so that a controller of
/// ten thousand jobs is typed through like a tree of files.
async fn names(call: &Call, typed: &str) -> Result<Completion, Error> {
    let (folder, last) = typed.rsplit_once('/').unwrap_or(("", typed));
    let folder = JobPath::folder(Some(folder))?;
    let page = jobs::page(call, &Scope { folder: &folder, view: None, depth: 1 }, Place::default(), JOBS).await?;
    let (all, values) = (page.next.is_none(), fitting(&page.entries, last));
    if !values.is_empty() || last.is_empty() {
        return Ok(best(values, all));
    }
    // Somebody who does not know the folder types the name.
    let page = jobs::page(call, &Scope { folder: &folder, view: None, depth: DEPTH }, Place::default(), DEEP_JOBS).await?;
    let all = page.next.is_none() && page.cut.is_empty();
    Ok(best(fitting(&page.entries, last), all))
}

/// Names whose last part begins with what was typed, then those that hold it elsewhere.
fn fitting(entries: &[Entry], typed: &str) -> Vec<String> {
    let typed = typed.to_lowercase();
    let mut found: Vec<(bool, String)> = entries
        .iter()
        .filter_map(|entry| {
            let at = entry.item.name.to_lowercase().find(&typed)?;
            // A folder is on the way to a job and none itself.
            let folder = matches!(entry.item.kind(), Kind::Folder | Kind::Organization);
            Some((at > 0, format!("{}{}", entry.full_name, if folder { "/" } else { "" })))
        })
        .collect();
    sorted::sort_by(&mut found, |a, b| a.cmp(b));
    found.into_iter().map(|(_, name)| name).collect()
}

/// Branches, tags and pull requests of a multibranch job, as people write them.
async fn branches(call: &Call, job: &str, typed: &str) -> Result<Completion, Error> {
    let (job, _) = JobPath::parse(job, None)?;
    let page = jobs::page(call, &Scope { folder: &job, view: None, depth: 1 }, Place::default(), JOBS).await?;
    let typed = typed.to_lowercase();
    let mut found: Vec<(bool, String)> = page
        .entries
        .iter()
        .map(|entry| encode::decode(&entry.item.name))
        .filter_map(|name| Some((name.to_lowercase().find(&typed)? > 0, name)))
        .collect();
    sorted::sort_by(&mut found, |a, b| a.cmp(b));
    Ok(best(found.into_iter().map(|(_, name)| name).collect(), page.next.is_none()))
}

record! {
    struct Numbers {
        builds: Option<Vec<Number>>,
    }

    #[derive(Default)]
    struct Number {
        number: u32,
    }
}

/// The words for builds, and the numbers of the newest, newest first.
async fn builds(call: &Call, job: &str, branch: Option<&str>, typed: &str) -> Result<Completion, Error> {
    let (job, _) = JobPath::parse(job, branch)?;
    let tree = format!("builds[number]{{0,{BUILDS}}}");
    let answer: Numbers = call.tree("builds", &job.url_path(), &tree, &format!("job {job}")).await?;
    let numbers = answer.builds.unwrap_or_default();
    let all = numbers.len() < BUILDS as usize;
    // A job that was never built has none of them.
    let words = PERMALINKS.iter().map(|(word, _)| (*word).to_owned()).filter(|_| !numbers.is_empty());
    let numbers = numbers.iter().map(|build| build.number.to_string());
    let typed = typed.to_lowercase();
    let typed = typed.trim_start_matches('#');
    Ok(best(words.chain(numbers).filter(|value| value.starts_with(typed)).collect(), all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::simulated::simulated;
    use crate::testing::{Answer, Script, json, run};

    fn argument(name: &str, value: &str) -> Argument {
        Argument { name: name.to_owned(), value: value.to_owned() }
    }

    fn ask(name: &str, typed: &str, others: &[(&str, &str)]) -> (Vec<String>, usize) {
        let (call, sent) = simulated(None);
        let others: Vec<Argument> = others.iter().map(|(name, value)| argument(name, value)).collect();
        let found = run(complete(&call, &argument(name, typed), &others)).unwrap();
        let requests = sent.borrow().len();
        (found.values, requests)
    }

    #[test]
    fn a_job_is_typed_through_like_a_path() {
        let (values, requests) = ask("job", "sh", &[]);
        assert!(values.contains(&"shop/".to_owned()), "{values:?}");
        assert_eq!(requests, 1);
        let (values, requests) = ask("job", "shop/ch", &[]);
        assert_eq!((values.first().map(String::as_str), requests), (Some("shop/checkout"), 1), "{values:?}");
    }

    #[test]
    fn a_name_whose_folder_was_not_typed_is_found_below() {
        let (values, requests) = ask("job", "checkout", &[]);
        assert!(values.contains(&"shop/checkout".to_owned()), "{values:?}");
        assert_eq!(requests, 2);
    }

    #[test]
    fn a_branch_is_completed_as_people_write_it() {
        let (values, _) = ask("ref", "", &[("job", "shop/checkout")]);
        assert!(values.contains(&"main".to_owned()) && values.iter().all(|v| !v.contains('%')), "{values:?}");
    }

    #[test]
    fn a_build_is_a_word_or_a_number_and_the_newest_number_comes_first() {
        let job = [("job", "shop/checkout"), ("ref", "main")];
        let (words, _) = ask("build", "last-f", &job);
        assert_eq!(words, ["last-failed"]);
        let (numbers, requests) = ask("number", "2", &job);
        assert_eq!(requests, 1);
        let parsed: Vec<u32> = numbers.iter().map(|n| n.parse().unwrap()).collect();
        assert!(parsed.len() > 2 && parsed.is_sorted_by(|a, b| a > b), "{parsed:?}");
    }

    #[test]
    fn what_cannot_be_completed_has_no_values_and_asks_nobody() {
        assert_eq!(ask("pattern", "x", &[("job", "deploy")]), (Vec::new(), 0));
        assert_eq!(ask("build", "2", &[]), (Vec::new(), 0));
        let (values, _) = ask("build", "2", &[("job", "no/such")]);
        assert!(values.is_empty());
        assert!(ask("job", "../x", &[]).0.is_empty());
    }

    #[test]
    fn a_long_list_is_cut_at_what_the_protocol_allows_and_says_so() {
        let jobs: Vec<_> = (0..150).map(|n| format!(r#"{{"name":"job-{n}"}}"#)).collect();
        let (call, _) = Script::new().json("/api/json", &format!(r#"{{"jobs":[{}]}}"#, jobs.join(","))).call();
        let found = run(complete(&call, &argument("job", "JOB"), &[])).unwrap();
        assert_eq!((found.values.len(), found.total, found.has_more), (100, Some(150), true));
    }

    #[test]
    fn a_controller_that_does_not_answer_is_an_error_and_not_an_empty_list() {
        let (call, _) = Script::new().on("GET /", Answer::Http(401, vec![], vec![])).call();
        assert_eq!(run(complete(&call, &argument("job", "a"), &[])).unwrap_err().code(), "unauthorized");
        let (call, _) = Script::new().on("GET /", json(r#"{"builds":[]}"#)).call();
        let never = run(complete(&call, &argument("build", ""), &[argument("job", "a")])).unwrap();
        assert!(never.values.is_empty(), "a job without builds has no last one");
    }
}
