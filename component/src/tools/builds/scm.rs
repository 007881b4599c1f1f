//! `get-build-scm`: what a build checked out, one line per repository.

use crate::answer;
use crate::bindings::jankins::plugin::types::{BuildScm, Revision};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::builds;
use crate::jenkins::jobs::missing;
use crate::jenkins::path::JobPath;
use crate::text::budget::{Answer, Section};
use crate::text::{human, names};
use crate::tools::hint::Hint;

/// `get-build-scm`.
pub(crate) async fn get_build_scm(call: &Call, job: String, branch: Option<String>, build: Option<String>) -> Result<BuildScm, Error> {
    let (job, which) = JobPath::with_build(&job, branch.as_deref(), build.as_deref())?;
    let build = match builds::with_fields(call, &job, which, builds::CHECKOUTS).await {
        Ok(build) => build,
        Err(error) => return Err(missing(call, &job, error).await),
    };
    let clean = |text: String| answer::redacted(call, &text);
    let revisions: Vec<Revision> = build
        .checkouts()
        .into_iter()
        .map(|it| Revision { commit: it.commit, branch: it.branch.map(clean), remote: it.remote.map(clean) })
        .collect();
    let name = job.name();
    let mut out = Answer::new(call.max_tokens());
    let title = format!("{} #{} {}", names::shown(&name), build.number, build.result());
    match revisions.len() {
        0 if build.building => out.head(format!("{title}: nothing checked out so far")),
        0 => out
            .head(format!("{title}: Jenkins has no record of a checkout: its job may have none, or the SCM plugin keeps none"))
            .next(Hint::new("get_job_scm").with("job", Some(&name)).call()),
        count => out.head(format!("{title}: {}", human::count(count as u64, "revision"))),
    };
    out.section(Section::new("revision").items(revisions.iter().map(line)));
    let text = answer::render(call, &out).text;
    Ok(BuildScm { job: name, build: build.number, result: build.result().to_owned(), revisions, meta: call.meta(&text), text })
}

/// `f6063eea… main of https://git.example.com/shop/checkout.git`.
fn line(revision: &Revision) -> String {
    let branch = revision.branch.as_deref().map(|b| format!(" {}", names::shown(b))).unwrap_or_default();
    let remote = revision.remote.as_deref().map(|r| format!(" of {}", names::shown(r))).unwrap_or_default();
    format!("{}{branch}{remote}", names::shown(&revision.commit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::simulated::simulated;
    use crate::testing::{Script, run};

    fn scm(call: &Call, job: &str, build: &str) -> BuildScm {
        run(get_build_scm(call, job.into(), None, Some(build.into()))).unwrap()
    }

    #[test]
    fn a_pipelines_revision_is_told_whole_with_branch_and_remote() {
        let (call, sent) = simulated(None);
        let it = scm(&call, "shop/checkout/main", "21");
        assert_eq!(it.revisions.len(), 1, "{}", it.text);
        assert!(it.revisions[0].commit.starts_with("c57750b7") && it.revisions[0].commit.len() == 40, "{}", it.text);
        assert!(it.text.contains(" main of https://git.example.com/shop/checkout.git\n"), "{}", it.text);
        assert_eq!(sent.borrow().len(), 1);
    }

    #[test]
    fn a_freestyle_build_has_one_too() {
        let (call, _) = simulated(None);
        assert!(scm(&call, "legacy-nightly", "3").revisions[0].commit.starts_with("c8a6c975"));
    }

    #[test]
    fn a_build_without_checkout_says_so_and_where_to_look() {
        let (call, _) = simulated(None);
        let it = scm(&call, "heartbeat", "112");
        assert!(it.text.contains("no record of a checkout") && it.text.contains("next: get_job_scm(job=\"heartbeat\")"), "{}", it.text);
    }

    #[test]
    fn several_repositories_are_several_lines_and_no_remote_keeps_its_credentials() {
        let body = r#"{"number":4,"result":"SUCCESS","actions":[{},null,
            {"lastBuiltRevision":{"SHA1":"a1","branch":[{"name":"refs/remotes/origin/main"}]},"remoteUrls":["https://bot:hunter2@git.example.com/app.git"]},
            {"lastBuiltRevision":{"SHA1":"a1","branch":[{"name":"detached"}]},"remoteUrls":["https://git.example.com/app.git"]},
            {"lastBuiltRevision":{"SHA1":"b2","branch":[{"name":"master"}]},"remoteUrls":["ssh://git@git.example.com/lib.git"]}]}"#;
        let (call, _) = Script::new().json("/job/x/4/api/json", body).call();
        let it = scm(&call, "x", "4");
        assert_eq!(
            it.text,
            "x #4 SUCCESS: 2 revisions\na1 main of https://git.example.com/app.git\nb2 master of ssh://git.example.com/lib.git\n"
        );
        assert!(!format!("{:?}", it.revisions).contains("hunter2"));
    }
}
