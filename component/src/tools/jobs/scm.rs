//! `get-job-scm`: where a job gets its sources from.
//!
//! The configuration tells exactly. Where this account may not read it, or where the script of a pipeline names its
//! repositories itself, one more request shows what the last build checked out; the answer says which it is.

use crate::answer;
use crate::bindings::jankins::plugin::types::{JobScm, ScmRepository};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::config::{self, Config};
use crate::jenkins::jobs::missing;
use crate::jenkins::path::JobPath;
use crate::jenkins::scm::{FIELDS, Node, Repository};
use crate::text::budget::{Answer, Section};
use crate::text::names;

/// Branches of a multibranch job that are asked where their sources come from: all come from the same place.
const BRANCHES: u32 = 5;

/// `get-job-scm`.
pub(crate) async fn get_job_scm(call: &Call, job: String, branch: Option<String>) -> Result<JobScm, Error> {
    let (job, _) = JobPath::parse(&job, branch.as_deref())?;
    let config = match config::config(call, &job, &answer::redactor(call)).await {
        Ok(config) => Some(config),
        Err(error @ (Error::Forbidden { .. } | Error::BadResponse { .. })) => {
            call.lacks(format!("the configuration: {error}"));
            None
        }
        Err(error) => return Err(error),
    };
    let repositories = match config {
        Some(Config { repositories, .. }) if !repositories.is_empty() => repositories,
        _ => observed(call, &job).await?,
    };
    let mut text = Answer::new(call.max_tokens());
    let name = names::shown(&job.name());
    if repositories.is_empty() {
        text.head(format!("{name}: no repository is configured, and no build shows one"));
    } else {
        text.head(format!("{name}:"));
    }
    for lack in call.missing() {
        text.head(format!("note: without {lack}"));
    }
    text.section(Section::new("repository").items(repositories.iter().map(|r| repository_line(call, r))));
    let text = answer::render(call, &text).text;
    Ok(JobScm { job: job.name(), repositories: repositories.iter().map(record).collect(), meta: call.meta(&text), text })
}

/// What the API and the last builds show.
async fn observed(call: &Call, job: &JobPath) -> Result<Vec<Repository>, Error> {
    let tree = format!("{FIELDS},jobs[{FIELDS}]{{0,{BRANCHES}}}");
    match call.tree::<Node>("job", &job.url_path(), &tree, &format!("job {job}")).await {
        Ok(node) => Ok(node.repositories()),
        Err(error) => Err(missing(call, job, error).await),
    }
}

pub(super) fn record(repository: &Repository) -> ScmRepository {
    ScmRepository {
        kind: repository.kind.clone(),
        remote: repository.remote.clone(),
        branches: repository.branches.clone(),
        credentials_id: repository.credentials.clone(),
        evidence: repository.evidence.clone(),
    }
}

/// `git https://git.example.com/a.git, branches */main, credentials git-read (configured)`.
pub(super) fn repository_line(call: &Call, repository: &Repository) -> String {
    let clean = |text: &str| names::shown(&answer::redacted(call, text));
    let mut line =
        format!("{} {}", clean(&repository.kind), repository.remote.as_deref().map_or_else(|| "of unknown address".to_owned(), clean));
    if !repository.branches.is_empty() {
        let branches: Vec<String> = repository.branches.iter().take(10).map(|b| clean(b)).collect();
        line.push_str(&format!(", branches {}", branches.join(" ")));
    }
    if let Some(credentials) = &repository.credentials {
        line.push_str(&format!(", credentials {}", clean(credentials)));
    }
    format!("{line} ({})", repository.evidence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::run;
    use crate::testing::simulated::{simulated, simulated_as};
    use jankins_tests::simulator::User;

    #[test]
    fn a_configuration_that_may_be_read_tells_with_one_request() {
        let (call, sent) = simulated(None);
        let scm = run(get_job_scm(&call, "legacy-nightly".into(), None)).unwrap();
        assert_eq!(scm.text, "legacy-nightly:\ngit https://git.example.com/legacy/nightly.git, branches */main (configured)\n");
        assert_eq!(sent.borrow().len(), 1);
    }

    #[test]
    fn without_the_right_the_last_build_tells_and_the_answer_says_so() {
        let (call, sent) = simulated_as(User::Reader, None);
        let scm = run(get_job_scm(&call, "shop/checkout".into(), Some("main".into()))).unwrap();
        assert_eq!(scm.repositories[0].remote.as_deref(), Some("https://git.example.com/shop/checkout.git"));
        assert_eq!((scm.repositories[0].evidence.as_str(), sent.borrow().len()), ("built by #28", 2));
        assert!(scm.text.contains("note: without the configuration: "), "{}", scm.text);
    }

    #[test]
    fn a_job_without_sources_says_so() {
        let (call, _) = simulated(None);
        let scm = run(get_job_scm(&call, "release".into(), None)).unwrap();
        assert_eq!(scm.text, "release: no repository is configured, and no build shows one\n");
    }
}
