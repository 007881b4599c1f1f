//! `find-jobs-by-repo`: which jobs build a repository.
//!
//! Folders are walked breadth first, a few side by side, [`PAGE`] jobs a request and [`MAX_REQUESTS`] requests at most.
//! A job tells of its repository by its configuration (freestyle) or by what its last build checked out; a pipeline that
//! was never built tells nothing, and is counted. Addresses are compared in a normal form.

use std::collections::VecDeque;

use crate::answer;
use crate::bindings::jankins::plugin::types::{RepoJob, RepoJobs};
use crate::call::{Call, saturate};
use crate::error::Error;
use crate::jenkins::jobs::{Kind, missing};
use crate::jenkins::path::JobPath;
use crate::jenkins::scm::{FIELDS, Node, Repository, means_branch, normal};
use crate::text::budget::{Answer, Section};
use crate::text::{human, names};
use crate::together;

/// Jobs per request, each with the last build's checkouts and, of a multibranch, those of some branches.
const PAGE: u32 = 100;
const BRANCHES: u32 = 20;
/// Requests of one call, and how many run side by side.
const MAX_REQUESTS: usize = 40;
const AT_ONCE: usize = 4;

/// Some jobs of a folder, from an offset on.
struct Place {
    folder: JobPath,
    from: u32,
}

#[derive(Default)]
struct Found {
    jobs: Vec<RepoJob>,
    looked_at: u32,
    /// Pipelines that were never built.
    silent: u32,
    folders: u32,
    rest: VecDeque<Place>,
}

/// `find-jobs-by-repo`.
pub(crate) async fn find_jobs_by_repo(call: &Call, url: String, branch: Option<String>, folder: Option<String>) -> Result<RepoJobs, Error> {
    let hint = "Give it as git does: https://host/path.git, git@host:path.git or host/path.";
    let wanted = normal(&url).ok_or_else(|| Error::invalid(format!("url {:?} names no repository", answer::redacted(call, &url)), hint))?;
    let branch = branch.map(|b| b.trim().to_owned()).filter(|b| !b.is_empty());
    let start = JobPath::folder(folder.as_deref())?;
    let mut found = Found::default();
    found.rest.push_back(Place { folder: start.clone(), from: 0 });
    let mut asked = 0;
    while asked < MAX_REQUESTS && !found.rest.is_empty() {
        let round: Vec<Place> = (0..AT_ONCE.min(MAX_REQUESTS - asked)).map_while(|_| found.rest.pop_front()).collect();
        asked += round.len();
        let answers = together::all(round.iter().map(|place| ask(call, place))).await;
        for (place, answer) in round.into_iter().zip(answers) {
            match answer {
                Ok(node) => found.add(place, node, &wanted, branch.as_deref()),
                Err(error) if place.folder == start && place.from == 0 => return Err(missing(call, &start, error).await),
                // One folder that fails, or vanished meanwhile, does not spoil the rest.
                Err(error) if error.is_partial() || matches!(error, Error::NotFound { .. } | Error::Forbidden { .. }) => {
                    call.lacks(format!("folder {}: {error}", names::shown(&place.folder.name())));
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(found.answer(call, &wanted, branch.as_deref()))
}

async fn ask(call: &Call, place: &Place) -> Result<Node, Error> {
    // One more than a page shows that others follow; the next page then begins inside the list, never past its end.
    let tree = format!("jobs[{FIELDS},jobs[{FIELDS}]{{0,{BRANCHES}}}]{{{},{}}}", place.from, place.from + PAGE + 1);
    call.tree("jobs", &place.folder.url_path(), &tree, &format!("folder {}", place.folder)).await
}

impl Found {
    fn add(&mut self, place: Place, node: Node, wanted: &str, branch: Option<&str>) {
        self.folders += u32::from(place.from == 0);
        let mut jobs = node.jobs.unwrap_or_default();
        if jobs.len() > PAGE as usize {
            jobs.truncate(PAGE as usize);
            self.rest.push_back(Place { folder: place.folder.clone(), from: place.from + PAGE });
        }
        for job in jobs.iter().filter(|job| !job.name.is_empty()) {
            let kind = job.kind();
            // A multibranch is looked into here: its branches came along.
            if kind.is_container() && kind != Kind::Multibranch {
                self.rest.push_back(Place { folder: place.folder.child(&job.name), from: 0 });
                continue;
            }
            self.looked_at += 1;
            let repositories = job.repositories();
            if repositories.is_empty() && !job.was_built() && kind != Kind::Freestyle {
                self.silent += 1;
            }
            let same = |r: &&Repository| r.remote.as_deref().and_then(normal).as_deref() == Some(wanted);
            if let Some(repository) = repositories.iter().find(same) {
                let branches: Vec<String> =
                    repository.branches.iter().filter(|spec| branch.is_none_or(|b| means_branch(spec, b))).cloned().collect();
                if branch.is_none() || !branches.is_empty() {
                    let name = if job.full_name.is_empty() { place.folder.child(&job.name).name() } else { job.full_name.clone() };
                    self.jobs.push(RepoJob { job: name, kind: kind.as_str().to_owned(), branches, evidence: repository.evidence.clone() });
                }
            }
        }
    }

    fn answer(self, call: &Call, wanted: &str, branch: Option<&str>) -> RepoJobs {
        let complete = self.rest.is_empty();
        let mut text = Answer::new(call.max_tokens());
        let on_branch = branch.map(|b| format!(" at {}", names::shown(b))).unwrap_or_default();
        let looked = format!("looked at {} in {}", human::count(self.looked_at.into(), "job"), human::count(self.folders.into(), "folder"));
        let count = if self.jobs.is_empty() { "no job".to_owned() } else { human::count(self.jobs.len() as u64, "job") };
        text.head(format!("{count} of {}{on_branch} ({looked})", names::shown(wanted)));
        if !complete {
            let next = self.rest.front().map(|place| names::shown(&place.folder.name())).unwrap_or_default();
            text.head(format!("not looked at: {} from {next} on; narrow it with folder", human::count(self.rest.len() as u64, "folder")));
        }
        if self.silent > 0 {
            let (tell, their) = if self.silent == 1 { ("tells", "its") } else { ("tell", "their") };
            text.head(format!("{} never built {tell} nothing of {their} repository", human::count(self.silent.into(), "pipeline")));
        }
        for lack in call.missing() {
            text.head(format!("note: without {lack}"));
        }
        let lines = self.jobs.iter().map(|job| {
            let branches: Vec<String> = job.branches.iter().take(5).map(|b| names::shown(b)).collect();
            let branches = if branches.is_empty() { String::new() } else { format!(" {}", branches.join(" ")) };
            format!("{} {}{branches} ({})", names::shown(&job.job), job.kind, job.evidence)
        });
        text.section(Section::new("job").items(lines));
        let rendered = answer::render(call, &text);
        let mut jobs = self.jobs;
        answer::keep(&mut jobs, &rendered, 0);
        let text = rendered.text;
        RepoJobs {
            repository: wanted.to_owned(),
            jobs,
            looked_at: self.looked_at,
            never_built: self.silent,
            complete,
            folders_left: saturate(self.rest.len() as u64),
            meta: call.meta(&text),
            text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::simulated::simulated;
    use crate::testing::{Answer as Reply, Script, run};

    fn ask(url: &str, branch: Option<&str>) -> (RepoJobs, usize) {
        let (call, sent) = simulated(None);
        let answer = run(find_jobs_by_repo(&call, url.into(), branch.map(str::to_owned), None)).unwrap();
        let requests = sent.borrow().len();
        (answer, requests)
    }

    fn jobs(answer: &RepoJobs) -> Vec<&str> {
        answer.jobs.iter().map(|j| j.job.as_str()).collect()
    }

    #[test]
    fn a_multibranch_is_found_by_any_spelling_of_its_repository() {
        for url in [
            "git@git.example.com:shop/checkout.git",
            "https://GIT.example.com/shop/checkout",
            "ssh://git@git.example.com/shop/checkout.git",
        ] {
            let (answer, _) = ask(url, None);
            assert_eq!(jobs(&answer), ["shop/checkout"], "{}", answer.text);
            assert!(answer.complete);
        }
    }

    #[test]
    fn a_pipeline_is_found_by_what_its_last_build_checked_out() {
        let (answer, requests) = ask("https://git.example.com/core/rust-core.git", None);
        assert_eq!((jobs(&answer), answer.jobs[0].evidence.as_str()), (vec!["rust-core"], "built by #3"));
        // The top, its three folders, and the second page of the one with 130 jobs.
        assert_eq!(requests, 5);
        assert!(answer.text.contains("looked at ") && answer.text.contains("in 4 folders"), "{}", answer.text);
    }

    #[test]
    fn a_branch_narrows() {
        let url = "https://git.example.com/shop/checkout.git";
        let (answer, _) = ask(url, Some("feature/login"));
        assert_eq!(answer.jobs[0].branches, ["feature/login"]);
        assert!(jobs(&ask(url, Some("nowhere")).0).is_empty());
    }

    #[test]
    fn nothing_found_says_how_far_it_looked() {
        let (answer, _) = ask("https://git.example.com/no/such.git", None);
        assert!(answer.text.starts_with("no job of git.example.com/no/such (looked at "), "{}", answer.text);
        let (call, _) = Script::new().json("/api/json", r#"{"jobs":[{"_class":"x.WorkflowJob","name":"new","lastBuild":null}]}"#).call();
        let silent = run(find_jobs_by_repo(&call, "git@h.example:a/b".into(), None, None)).unwrap();
        assert!(silent.text.contains("\n1 pipeline never built tells nothing of its repository\n"), "{}", silent.text);
    }

    #[test]
    fn what_names_no_repository_never_reaches_jenkins() {
        let (call, sent) = simulated(None);
        let error = run(find_jobs_by_repo(&call, "checkout".into(), None, None)).unwrap_err();
        assert_eq!((error.code(), sent.borrow().len()), ("invalid-params", 0));
    }

    #[test]
    fn a_folder_without_end_is_left_and_said_so_and_a_broken_one_is_passed_over() {
        let folders: Vec<String> = (0..60).map(|n| format!(r#"{{"_class":"com.x.Folder","name":"f{n}"}}"#)).collect();
        let (call, script) = Script::new()
            .json("/api/json", &format!(r#"{{"jobs":[{}]}}"#, folders.join(",")))
            .on("GET /job/f1/", Reply::Http(500, vec![], vec![]))
            .json("/job/f", r#"{"jobs":[]}"#)
            .call();
        let answer = run(find_jobs_by_repo(&call, "git@h.example:a/b".into(), None, None)).unwrap();
        assert_eq!((script.requests().len(), answer.complete, answer.folders_left), (MAX_REQUESTS, false, 21));
        assert!(
            answer.text.contains("not looked at: 21 folders from f39 on") && answer.text.contains("note: without folder f1: "),
            "{}",
            answer.text
        );
    }
}
