//! Builds, as their `api/json` tells of them.
//!
//! Freestyle and matrix builds have one `changeSet`, pipelines have `changeSets`; most actions are empty objects; the
//! value of a secret parameter is left out. All fields are optional here: one odd plugin must not spoil an answer.

use super::path::{JobPath, Selector};
use crate::call::Call;
use crate::error::Error;
use crate::json::{Value, record};
use crate::sorted;

/// What identifies a build and says how it went.
pub(crate) const BRIEF: &str = "_class,number,result,building,timestamp,duration";

/// The commits that came in with a build.
pub(crate) const COMMITS: &str = "number,changeSet[items[commitId,id,msg,author[fullName],affectedPaths]{0,200}],\
changeSets[items[commitId,id,msg,author[fullName],affectedPaths]{0,200}]";

/// Everything [`Build`] reads.
const FULL: &str = "_class,number,url,result,building,timestamp,duration,estimatedDuration,displayName,description,builtOn,\
artifacts[relativePath]{0,1000},runs[number,url,result],previousBuild[number],\
actions[_class,causes[_class,shortDescription,userId,upstreamProject,upstreamBuild,upstreamUrl],parameters[_class,name,value,jobName,number],\
lastBuiltRevision[SHA1,branch[name]],remoteUrls,failCount,skipCount,totalCount,\
waitingTimeMillis,blockedTimeMillis,buildableTimeMillis],\
changeSet[revisions[module,revision],items[commitId,id,msg,author[fullName],affectedPaths]{0,200}],\
changeSets[revisions[module,revision],items[commitId,id,msg,author[fullName],affectedPaths]{0,200}]";

/// What tells where a build's sources came from.
pub(crate) const CHECKOUTS: &str = "_class,number,result,building,timestamp,duration,\
actions[lastBuiltRevision[SHA1,branch[name]],remoteUrls],changeSet[revisions[module,revision]],changeSets[revisions[module,revision]]";

record! {
    /// A build bean, as far as asked for.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Build {
        pub(crate) class: String = "_class",
        pub(crate) number: u32,
        pub(crate) url: String,
        pub(crate) result: Option<String>,
        pub(crate) building: bool,
        pub(crate) timestamp: Option<u64>,
        pub(crate) duration: i64,
        pub(crate) estimated_duration: i64,
        pub(crate) display_name: Option<String>,
        pub(crate) description: Option<String>,
        pub(crate) built_on: Option<String>,
        artifacts: Vec<Artifact>,
        pub(crate) runs: Vec<Neighbour>,
        pub(crate) previous_build: Option<Neighbour>,
        actions: Vec<Option<Action>>,
        change_set: Option<ChangeSet>,
        change_sets: Vec<ChangeSet>,
    }

    /// Another build, by number and address.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Neighbour {
        pub(crate) number: u32,
        pub(crate) url: String,
        /// Of a cell; null while it runs.
        pub(crate) result: Option<String>,
    }

    #[derive(Clone, Debug, Default)]
    struct Artifact {
        relative_path: String,
    }

    #[derive(Clone, Debug, Default)]
    struct Action {
        class: String = "_class",
        causes: Vec<Cause>,
        parameters: Vec<Parameter>,
        last_built_revision: Option<BuiltRevision>,
        remote_urls: Vec<String>,
        fail_count: Option<u32>,
        skip_count: Option<u32>,
        total_count: Option<u32>,
        waiting_time_millis: u64,
        blocked_time_millis: u64,
        buildable_time_millis: u64,
    }

    /// Why a build was started.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Cause {
        pub(crate) short_description: String,
        pub(crate) user_id: Option<String>,
        pub(crate) user_name: Option<String>,
    }

    /// A parameter that a build was given.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Parameter {
        class: String = "_class",
        pub(crate) name: String,
        value: Value,
        /// Of a run parameter: its job, and its number, which Jenkins sends as a string.
        job: Option<String> = "jobName",
        number: Value,
    }

    #[derive(Clone, Debug, Default)]
    struct BuiltRevision {
        sha1: String = "SHA1",
        branch: Vec<Branch>,
    }

    #[derive(Clone, Debug, Default)]
    struct Branch {
        name: String,
    }

    #[derive(Clone, Debug, Default)]
    struct ChangeSet {
        items: Vec<Commit>,
        /// Of Subversion, which has no action of its own for it.
        revisions: Vec<Module>,
    }

    #[derive(Clone, Debug, Default)]
    struct Module {
        module: String,
        revision: Value,
    }

    /// A commit that came in with a build.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Commit {
        commit_id: Option<String>,
        id: Option<String>,
        pub(crate) msg: String,
        author: Option<Author>,
        pub(crate) affected_paths: Vec<String>,
    }

    #[derive(Clone, Debug, Default)]
    struct Author {
        full_name: String,
    }
}

impl Commit {
    /// SHA, or the revision of another kind of SCM.
    pub(crate) fn id(&self) -> &str {
        self.commit_id.as_deref().or(self.id.as_deref()).unwrap_or_default()
    }

    /// The author's name, as Jenkins shows it.
    pub(crate) fn author(&self) -> &str {
        self.author.as_ref().map_or("", |a| a.full_name.as_str())
    }
}

/// What was checked out of one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkout {
    pub(crate) commit: String,
    pub(crate) branch: Option<String>,
    pub(crate) remote: Option<String>,
}

/// Counts over a build's tests, from its action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TestCounts {
    pub(crate) total: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
}

impl Build {
    /// One of which nothing is known but that it began.
    pub(crate) fn begun(number: u32) -> Self {
        Self { number, building: true, ..Self::default() }
    }

    /// The result in one word: RUNNING while there is none, UNKNOWN where a controller lost it.
    pub(crate) fn result(&self) -> &str {
        match &self.result {
            Some(result) => result,
            None if self.building => "RUNNING",
            None => "UNKNOWN",
        }
    }

    /// Ran so long, or has been running since; `None` when it has not started.
    pub(crate) fn elapsed_ms(&self, now_ms: u64) -> Option<u64> {
        if self.building { self.timestamp.map(|start| now_ms.saturating_sub(start)) } else { u64::try_from(self.duration).ok() }
    }

    /// Of the time that Jenkins expects; a running build never says more than 99.
    pub(crate) fn progress_percent(&self, now_ms: u64) -> Option<u32> {
        let expected = u64::try_from(self.estimated_duration).ok().filter(|e| *e > 0)?;
        let elapsed = self.elapsed_ms(now_ms).filter(|_| self.building)?;
        u32::try_from(elapsed.saturating_mul(100) / expected).ok().map(|p| p.min(99))
    }

    fn actions(&self) -> impl Iterator<Item = &Action> {
        self.actions.iter().flatten()
    }

    /// Why it was started, as Jenkins lists it.
    pub(crate) fn causes(&self) -> impl Iterator<Item = &Cause> {
        self.actions().flat_map(|a| &a.causes)
    }

    /// Its parameters; the value of a secret is `None`.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&str, Option<String>)> {
        self.actions().flat_map(|a| &a.parameters).map(|p| (p.name.as_str(), p.shown()))
    }

    /// Revisions, one per repository and commit.
    pub(crate) fn checkouts(&self) -> Vec<Checkout> {
        let mut out: Vec<Checkout> = Vec::new();
        for action in self.actions() {
            let Some(revision) = &action.last_built_revision else { continue };
            let checkout = Checkout {
                commit: revision.sha1.clone(),
                branch: revision.branch.first().map(|b| plain_branch(&b.name)).filter(|b| b != "detached"),
                remote: action.remote_urls.first().map(|url| without_credentials(url)),
            };
            // Each node of a pipeline that checks out leaves a record of its own, some of them without the branch.
            let alike = out.iter_mut().find(|known| {
                known.commit == checkout.commit
                    && known.remote == checkout.remote
                    && (known.branch == checkout.branch || known.branch.is_none() || checkout.branch.is_none())
            });
            match alike {
                Some(known) => known.branch = known.branch.take().or(checkout.branch),
                None => out.push(checkout),
            }
        }
        for module in self.change_set.iter().chain(&self.change_sets).flat_map(|set| &set.revisions) {
            let commit = module.revision.as_str().map_or_else(|| module.revision.to_string(), str::to_owned);
            let checkout = Checkout { commit, branch: None, remote: Some(without_credentials(&module.module)) };
            if !out.contains(&checkout) {
                out.push(checkout);
            }
        }
        out
    }

    /// What it was made of: revisions and parameters. Builds of one source should go alike; `None` when it does not say.
    pub(crate) fn source(&self) -> Option<String> {
        let mut commits: Vec<String> = self.checkouts().into_iter().map(|c| c.commit).collect();
        if commits.is_empty() {
            return None;
        }
        sorted::sort_by(&mut commits, String::cmp);
        commits.dedup();
        let parameters: Vec<String> = self.parameters().map(|(name, value)| format!("{name}={}", value.unwrap_or_default())).collect();
        Some(format!("{} {}", commits.join("+"), parameters.join("&")).trim_end().to_owned())
    }

    /// Commits that came in with it: `changeSet` of freestyle, `changeSets` of pipelines, each once.
    pub(crate) fn commits(&self) -> Vec<&Commit> {
        let mut out: Vec<&Commit> = Vec::new();
        for commit in self.change_set.iter().chain(&self.change_sets).flat_map(|set| &set.items) {
            if !out.iter().any(|c| c.id() == commit.id()) {
                out.push(commit);
            }
        }
        out
    }

    /// Counts of all its test results.
    pub(crate) fn tests(&self) -> Option<TestCounts> {
        let counted = self.actions().filter(|a| a.total_count.is_some() && a.fail_count.is_some());
        counted.fold(None, |sum: Option<TestCounts>, a| {
            let sum = sum.unwrap_or(TestCounts { total: 0, failed: 0, skipped: 0 });
            Some(TestCounts {
                total: sum.total + a.total_count.unwrap_or(0),
                failed: sum.failed + a.fail_count.unwrap_or(0),
                skipped: sum.skipped + a.skip_count.unwrap_or(0),
            })
        })
    }

    /// Waited so long before it ran, when the metrics plugin counts it.
    pub(crate) fn queue_ms(&self) -> Option<u64> {
        let action = self.actions().find(|a| a.class.ends_with("TimeInQueueAction"))?;
        Some(action.waiting_time_millis + action.blocked_time_millis + action.buildable_time_millis)
    }

    /// Cells of a matrix that this build built, each with its result. Jenkins lists cells of older builds as well, where this
    /// one built none.
    pub(crate) fn cells(&self) -> impl Iterator<Item = (String, &str)> {
        let own = self.runs.iter().filter(|run| run.number == self.number);
        own.filter_map(|run| {
            let cell = JobPath::cell(&run.url)?;
            let (_, name) = cell.part()?;
            Some((name.to_owned(), run.result.as_deref().unwrap_or(if self.building { "RUNNING" } else { "UNKNOWN" })))
        })
    }

    /// Paths of its artifacts, the first thousand.
    pub(crate) fn artifacts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.artifacts.iter().map(|a| a.relative_path.as_str())
    }

    /// It has stages.
    pub(crate) fn is_pipeline(&self) -> bool {
        self.class.ends_with("WorkflowRun")
    }
}

impl Parameter {
    /// `job#3`, as Jenkins takes it.
    fn run(&self) -> Option<String> {
        let number = match &self.number {
            Value::Null => return None,
            Value::String(text) => text.to_string(),
            other => other.to_string(),
        };
        Some(format!("{}#{number}", self.job.as_deref().unwrap_or_default()))
    }

    fn shown(&self) -> Option<String> {
        if self.class.contains("Password") || self.class.contains("Credentials") && self.value == Value::Null {
            return None;
        }
        match &self.value {
            Value::String(text) => Some(text.to_string()),
            Value::Null => Some(self.run().unwrap_or_default()),
            other => Some(other.to_string()),
        }
    }
}

/// Asks for a build.
///
/// # Errors
/// Not found names the job and the build asked for.
pub(crate) async fn build(call: &Call, job: &JobPath, which: Selector) -> Result<Build, Error> {
    with_fields(call, job, which, FULL).await
}

/// Asks for some fields of a build.
///
/// # Errors
/// As [`build`].
pub(crate) async fn with_fields(call: &Call, job: &JobPath, which: Selector, fields: &str) -> Result<Build, Error> {
    call.tree("build", &object(job, which), fields, &format!("{which} of {job}")).await
}

/// The builds of a job that are newest, with these fields; `range` counts from the newest.
///
/// # Errors
/// Not found when there is no such job.
pub(crate) async fn list(call: &Call, job: &JobPath, fields: &str, range: std::ops::Range<u32>) -> Result<Vec<Build>, Error> {
    record! {
        struct Builds {
            all_builds: Option<Vec<Build>>,
        }
    }
    // `builds` ends at the hundredth; `allBuilds` does not, and a range past its end is empty.
    let tree = format!("allBuilds[{fields}]{{{},{}}}", range.start, range.end);
    let what = format!("job {job}");
    let answer: Builds = call.tree("builds", &job.url_path(), &tree, &what).await?;
    // A job that was never built has an empty list; a folder has none.
    answer.all_builds.ok_or_else(|| Error::not_found(format!("builds of {job}"), &[]))
}

/// The build's path on the controller.
pub(crate) fn object(job: &JobPath, which: Selector) -> String {
    format!("{}/{}", job.url_path(), which.segment())
}

/// `refs/remotes/origin/main` and `origin/main` are `main`.
pub(crate) fn plain_branch(name: &str) -> String {
    let name = name.trim_start_matches("refs/remotes/").trim_start_matches("refs/heads/");
    name.strip_prefix("origin/").unwrap_or(name).to_owned()
}

/// A remote without user and password.
pub(crate) fn without_credentials(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            format!("{scheme}://{host}{path}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(json: &str) -> Build {
        crate::testing::read(json)
    }

    #[test]
    fn commits_come_from_freestyle_and_from_pipelines() {
        let freestyle = build(r#"{"changeSet":{"items":[{"commitId":"c8a6","msg":"m","author":{"fullName":"sam"}}]}}"#);
        assert_eq!(freestyle.commits().iter().map(|c| (c.id(), c.author())).collect::<Vec<_>>(), [("c8a6", "sam")]);
        let pipeline = build(r#"{"changeSets":[{"items":[{"commitId":"a"},{"commitId":"b"}]},{"items":[{"commitId":"b"},{"id":"r12"}]}]}"#);
        assert_eq!(pipeline.commits().iter().map(|c| c.id()).collect::<Vec<_>>(), ["a", "b", "r12"]);
    }

    #[test]
    fn empty_and_null_actions_are_passed_over() {
        let b = build(r#"{"actions":[{},null,{"_class":"x.TestResultAction","failCount":2,"skipCount":1,"totalCount":17}]}"#);
        assert_eq!(b.tests(), Some(TestCounts { total: 17, failed: 2, skipped: 1 }));
        assert_eq!(build(r#"{"actions":[{}]}"#).tests(), None);
    }

    #[test]
    fn a_secret_parameter_has_no_value() {
        let b = build(
            r#"{"actions":[{"parameters":[{"_class":"hudson.model.PasswordParameterValue","name":"PW"},
            {"_class":"hudson.model.BooleanParameterValue","name":"DRY","value":true},{"_class":"hudson.model.RunParameterValue","name":"FROM","jobName":"a","number":"3"}]}]}"#,
        );
        let shown: Vec<_> = b.parameters().collect();
        assert_eq!(shown, [("PW", None), ("DRY", Some("true".into())), ("FROM", Some("a#3".into()))]);
    }

    #[test]
    fn remotes_lose_their_credentials_and_branches_their_prefixes() {
        assert_eq!(without_credentials("https://ada:tok@git.example.com/a.git"), "https://git.example.com/a.git");
        assert_eq!(without_credentials("git@github.com:a/b.git"), "git@github.com:a/b.git");
        assert_eq!(plain_branch("refs/remotes/origin/main"), "main");
    }

    #[test]
    fn a_repository_that_several_nodes_checked_out_is_one_revision() {
        let b = build(
            r#"{"actions":[
            {"lastBuiltRevision":{"SHA1":"a1","branch":[{"name":"detached"}]},"remoteUrls":["https://u:p@h/r.git"]},
            {"lastBuiltRevision":{"SHA1":"a1","branch":[{"name":"refs/remotes/origin/main"}]},"remoteUrls":["https://h/r.git"]},
            {"lastBuiltRevision":{"SHA1":"b2","branch":[{"name":"main"}]},"remoteUrls":["https://h/lib.git"]}]}"#,
        );
        let shown: Vec<_> = b.checkouts().into_iter().map(|c| (c.commit, c.branch, c.remote.unwrap())).collect();
        assert_eq!(
            shown,
            [
                ("a1".into(), Some("main".into()), "https://h/r.git".to_owned()),
                ("b2".into(), Some("main".into()), "https://h/lib.git".to_owned())
            ]
        );
        let svn = build(r#"{"changeSet":{"revisions":[{"module":"https://svn.example.com/trunk","revision":4711}]}}"#);
        assert_eq!(svn.checkouts()[0].commit, "4711");
    }

    #[test]
    fn a_running_build_counts_from_its_start() {
        let b = build(r#"{"building":true,"timestamp":1000,"duration":0,"estimatedDuration":10000}"#);
        assert_eq!((b.result(), b.elapsed_ms(6000), b.progress_percent(6000)), ("RUNNING", Some(5000), Some(50)));
        assert_eq!(b.progress_percent(60_000), Some(99));
        assert_eq!(build(r#"{"building":true,"timestamp":1000,"estimatedDuration":-1}"#).progress_percent(6000), None);
    }
}
