//! Where jobs get their sources from.
//!
//! Three things tell: the configuration (exact, but it needs Job/ExtendedRead), the API of a freestyle job, and what the
//! last build checked out, which is all that is known of a pipeline whose script names its repository. Remotes lose
//! their credentials here.

mod url;

pub(crate) use url::normal;

use super::builds::{plain_branch, without_credentials};
use super::jobs::Kind;
use crate::json::record;

/// The fields that [`Node`] reads, for a job; `_class` comes unasked.
pub(crate) const FIELDS: &str = "name,fullName,scm[userRemoteConfigs[url],branches[name]],\
lastBuild[number,actions[remoteUrls,lastBuiltRevision[branch[name]]]]";

/// A place that sources come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Repository {
    /// git, github, subversion and others.
    pub(crate) kind: String,
    pub(crate) remote: Option<String>,
    /// As configured (`*/main`), or as built.
    pub(crate) branches: Vec<String>,
    /// The id of the credentials, which is no secret.
    pub(crate) credentials: Option<String>,
    /// `configured`, or `built by #n`.
    pub(crate) evidence: String,
}

record! {
    /// A job, as far as it tells of its sources.
    #[derive(Default)]
    pub(crate) struct Node {
        class: String = "_class",
        pub(crate) name: String,
        pub(crate) full_name: String,
        scm: Option<Scm>,
        last_build: Option<LastBuild>,
        /// What lies in it, where that was asked for.
        pub(crate) jobs: Option<Vec<Node>>,
    }

    #[derive(Default)]
    struct Scm {
        user_remote_configs: Option<Vec<Remote>>,
        branches: Option<Vec<Named>>,
    }

    #[derive(Default)]
    struct Remote {
        url: Option<String>,
    }

    #[derive(Default)]
    struct Named {
        name: String,
    }

    #[derive(Default)]
    struct LastBuild {
        number: u32,
        actions: Option<Vec<Checkout>>,
    }

    #[derive(Default)]
    struct Checkout {
        remote_urls: Vec<String>,
        last_built_revision: Option<Revision>,
    }

    #[derive(Default)]
    struct Revision {
        branch: Option<Vec<Named>>,
    }
}

impl Node {
    /// What sort of thing it is.
    pub(crate) fn kind(&self) -> Kind {
        Kind::of(&self.class, self.jobs.is_some())
    }

    /// It was built at least once.
    pub(crate) fn was_built(&self) -> bool {
        self.last_build.is_some()
    }

    /// Its repositories: as configured where the API tells, else as the last build checked them out. Those of its
    /// branches are its own.
    pub(crate) fn repositories(&self) -> Vec<Repository> {
        let configured = self.configured();
        let mut found = if configured.is_empty() { self.built() } else { configured };
        if self.kind() == Kind::Multibranch {
            for repository in self.jobs.iter().flatten().flat_map(Node::repositories) {
                match found.iter_mut().find(|known| known.remote == repository.remote) {
                    Some(known) => known.branches.extend(repository.branches),
                    None => found.push(repository),
                }
            }
        }
        found
    }

    fn configured(&self) -> Vec<Repository> {
        let Some(scm) = &self.scm else { return Vec::new() };
        let branches: Vec<String> = scm.branches.iter().flatten().map(|b| b.name.clone()).filter(|b| !b.is_empty()).collect();
        let remotes = scm.user_remote_configs.iter().flatten().filter_map(|r| r.url.as_deref());
        remotes
            .map(|url| Repository {
                kind: "git".to_owned(),
                remote: Some(without_credentials(url)),
                branches: branches.clone(),
                credentials: None,
                evidence: "configured".to_owned(),
            })
            .collect()
    }

    fn built(&self) -> Vec<Repository> {
        let Some(build) = &self.last_build else { return Vec::new() };
        let mut found: Vec<Repository> = Vec::new();
        for checkout in build.actions.iter().flatten() {
            let branches: Vec<String> =
                checkout.last_built_revision.iter().flat_map(|r| r.branch.iter().flatten()).map(|b| plain_branch(&b.name)).collect();
            for url in &checkout.remote_urls {
                let remote = Some(without_credentials(url));
                if !found.iter().any(|known| known.remote == remote) {
                    found.push(Repository {
                        kind: "git".to_owned(),
                        remote,
                        branches: branches.clone(),
                        credentials: None,
                        evidence: format!("built by #{}", build.number),
                    });
                }
            }
        }
        found
    }
}

/// Whether a configured branch, or one that was built, means `branch`. A pattern and a variable may mean it.
pub(crate) fn means_branch(spec: &str, branch: &str) -> bool {
    let plain = |name: &str| plain_branch(name.trim_start_matches("*/").trim_start_matches("refs/tags/"));
    let spec = plain(spec);
    if spec.contains('$') || spec.is_empty() {
        return true;
    }
    match spec.split_once('*') {
        Some((start, rest)) => branch.starts_with(start) && branch.ends_with(rest.trim_start_matches('*')),
        None => spec == plain(branch),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(json: &str) -> Node {
        crate::testing::read(json)
    }

    #[test]
    fn what_is_configured_counts_more_than_what_was_built() {
        let job = node(
            r#"{"_class":"hudson.model.FreeStyleProject","scm":{"userRemoteConfigs":[{"url":"https://ada:tok@git.example.com/a.git"}],"branches":[{"name":"*/main"}]},
            "lastBuild":{"number":3,"actions":[{},null,{"remoteUrls":["https://git.example.com/old.git"]}]}}"#,
        );
        assert_eq!(
            job.repositories().iter().map(|r| (r.remote.as_deref(), r.branches.join(","))).collect::<Vec<_>>(),
            [(Some("https://git.example.com/a.git"), "*/main".into())]
        );
        let pipeline = node(
            r#"{"scm":{},"lastBuild":{"number":3,"actions":[{"remoteUrls":["git@h:a/b.git"],"lastBuiltRevision":{"branch":[{"name":"refs/remotes/origin/main"}]}}]}}"#,
        );
        assert_eq!(
            (pipeline.repositories()[0].branches.join(","), pipeline.repositories()[0].evidence.as_str()),
            ("main".into(), "built by #3")
        );
    }

    #[test]
    fn a_multibranch_has_the_repository_of_its_branches() {
        let job = node(
            r#"{"_class":"x.WorkflowMultiBranchProject","jobs":[
            {"name":"main","lastBuild":{"number":1,"actions":[{"remoteUrls":["u"],"lastBuiltRevision":{"branch":[{"name":"main"}]}}]}},
            {"name":"dev","lastBuild":{"number":1,"actions":[{"remoteUrls":["u"],"lastBuiltRevision":{"branch":[{"name":"dev"}]}}]}}]}"#,
        );
        assert_eq!(job.repositories().iter().map(|r| r.branches.join(",")).collect::<Vec<_>>(), ["main,dev"]);
    }

    #[test]
    fn branch_specs_are_compared_as_git_means_them() {
        for (spec, branch) in [
            ("*/main", "main"),
            ("refs/heads/main", "main"),
            ("origin/main", "main"),
            ("release/*", "release/2.x"),
            ("**", "any"),
            ("${BRANCH}", "any"),
        ] {
            assert!(means_branch(spec, branch), "{spec} {branch}");
        }
        assert!(!means_branch("*/main", "maintenance") && !means_branch("release/*", "main"));
    }
}
