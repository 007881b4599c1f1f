//! What came in with a build: commits, with who wrote them and what they touch.
//!
//! A freestyle build has one `changeSet`, a pipeline has `changeSets`, one for each repository that brought something; which
//! one is not told. Jenkins makes them by comparing with the build before, so the first build has none, and a
//! rebuild of the same revision has none either.

use super::builds;
use super::path::{JobPath, Selector};
use crate::call::Call;
use crate::error::Error;
use crate::json::record;
use crate::sorted;

/// Commits of one repository that are read. A merge of a long branch has hundreds.
const MAX_COMMITS: usize = 1_000;

record! {
    /// A build and what came in with it.
    #[derive(Debug, Default)]
    pub(crate) struct Changes {
        pub(crate) number: u32,
        pub(crate) result: Option<String>,
        pub(crate) building: bool,
        pub(crate) previous_build: Option<Previous>,
        actions: Option<Vec<Action>>,
        change_set: Option<ChangeSet>,
        change_sets: Option<Vec<ChangeSet>>,
    }

    /// The build before.
    #[derive(Debug, Default)]
    pub(crate) struct Previous {
        pub(crate) number: u32,
        actions: Option<Vec<Action>>,
    }

    #[derive(Debug, Default)]
    struct Action {
        last_built_revision: Option<Revision>,
    }

    #[derive(Debug, Default)]
    struct Revision {
        sha1: String = "SHA1",
    }

    #[derive(Debug, Default)]
    struct ChangeSet {
        items: Option<Vec<Commit>>,
    }

    /// A commit.
    #[derive(Debug, Default)]
    pub(crate) struct Commit {
        commit_id: Option<String>,
        id: Option<String>,
        /// Its first line.
        pub(crate) msg: String,
        /// All of its message, where the kind of SCM has more than a line.
        comment: Option<String>,
        author: Author,
        pub(crate) timestamp: Option<u64>,
        affected_paths: Vec<String>,
        paths: Option<Vec<Touched>>,
    }

    #[derive(Debug, Default)]
    struct Author {
        full_name: String,
    }

    /// A path, and what happened to it.
    #[derive(Debug, Default)]
    struct Touched {
        edit_type: String,
        file: String,
    }
}

impl Changes {
    /// The result in one word: RUNNING while there is none.
    pub(crate) fn result(&self) -> &str {
        self.result.as_deref().unwrap_or("RUNNING")
    }

    /// Each commit once, with the place of its repository among those that brought something; `None` when only one did.
    pub(crate) fn commits(&self) -> Vec<(Option<u32>, &Commit)> {
        let sets = self.change_set.iter().chain(self.change_sets.iter().flatten());
        let sets: Vec<&Vec<Commit>> = sets.filter_map(|set| set.items.as_ref()).filter(|items| !items.is_empty()).collect();
        let several = sets.len() > 1;
        let mut out: Vec<(Option<u32>, &Commit)> = Vec::new();
        for (place, items) in (1..).zip(sets) {
            for commit in items {
                if commit.id().is_empty() || !out.iter().any(|(_, known)| known.id() == commit.id()) {
                    out.push((several.then_some(place), commit));
                }
            }
        }
        out
    }

    /// Some repository brought more commits than are read.
    pub(crate) fn is_cut(&self) -> bool {
        let sets = self.change_set.iter().chain(self.change_sets.iter().flatten());
        sets.filter_map(|set| set.items.as_ref()).any(|items| items.len() >= MAX_COMMITS)
    }

    /// The revisions it built.
    pub(crate) fn revisions(&self) -> Vec<&str> {
        revisions(self.actions.as_deref())
    }
}

impl Previous {
    /// The revisions that it built.
    pub(crate) fn revisions(&self) -> Vec<&str> {
        revisions(self.actions.as_deref())
    }
}

fn revisions(actions: Option<&[Action]>) -> Vec<&str> {
    let mut all: Vec<&str> =
        actions.unwrap_or_default().iter().filter_map(|a| a.last_built_revision.as_ref()).map(|r| r.sha1.as_str()).collect();
    sorted::sort_by(&mut all, Ord::cmp);
    all.dedup();
    all
}

impl Commit {
    /// SHA, or the revision of another kind of SCM.
    pub(crate) fn id(&self) -> &str {
        self.commit_id.as_deref().or(self.id.as_deref()).unwrap_or_default()
    }

    /// As Jenkins shows the author.
    pub(crate) fn author(&self) -> &str {
        &self.author.full_name
    }

    /// The whole message.
    pub(crate) fn message(&self) -> &str {
        self.comment.as_deref().map(str::trim).filter(|c| !c.is_empty()).unwrap_or(&self.msg)
    }

    /// How many files it touches.
    pub(crate) fn files(&self) -> usize {
        self.affected_paths.len().max(self.paths.as_ref().map_or(0, Vec::len))
    }

    /// `edit src/main.rs`, in the order of the paths: Jenkins' own varies.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths: Vec<(&str, &str)> = match &self.paths {
            Some(paths) => paths.iter().map(|p| (p.file.as_str(), p.edit_type.as_str())).collect(),
            None => self.affected_paths.iter().map(|path| (path.as_str(), "edit")).collect(),
        };
        sorted::sort_by(&mut paths, Ord::cmp);
        paths.into_iter().map(|(file, edit)| format!("{edit} {file}")).collect()
    }
}

/// Asks for what came in with a build, with the paths when wanted.
///
/// # Errors
/// Not found names the job and the build asked for.
pub(crate) async fn changes(call: &Call, job: &JobPath, which: Selector, paths: bool) -> Result<Changes, Error> {
    let paths = if paths { ",paths[editType,file]" } else { "" };
    let items = format!("[items[commitId,id,msg,comment,timestamp,author[fullName],affectedPaths{paths}]{{0,{MAX_COMMITS}}}]");
    let revision = "actions[lastBuiltRevision[SHA1]]";
    let tree = format!("number,result,building,{revision},previousBuild[number,{revision}],changeSet{items},changeSets{items}");
    call.tree("build", &builds::object(job, which), &tree, &format!("{which} of {job}")).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(json: &str) -> Changes {
        crate::testing::read(json)
    }

    #[test]
    fn commits_come_from_freestyle_and_from_pipelines_each_once() {
        let freestyle = changes(r#"{"changeSet":{"items":[{"commitId":"a"}]}}"#);
        assert_eq!(freestyle.commits().iter().map(|(r, c)| (*r, c.id())).collect::<Vec<_>>(), [(None, "a")]);
        let pipeline = changes(
            r#"{"changeSets":[{"items":[{"commitId":"a"},{"commitId":"b"}]},{"items":[]},{"items":[{"commitId":"b"},{"id":"r12"}]}]}"#,
        );
        assert_eq!(
            pipeline.commits().iter().map(|(r, c)| (*r, c.id())).collect::<Vec<_>>(),
            [(Some(1), "a"), (Some(1), "b"), (Some(2), "r12")]
        );
    }

    #[test]
    fn odd_commits_do_not_spoil_the_others() {
        let odd = changes(
            r#"{"number":1,"changeSets":[{"items":[{"commitId":7,"author":null,"paths":"x"},null,{"commitId":"c","timestamp":"no"}]},null],"actions":[null,{}]}"#,
        );
        assert_eq!(odd.commits().len(), 3);
        assert!(odd.revisions().is_empty());
    }

    #[test]
    fn paths_have_an_order_of_their_own() {
        let commit: Commit =
            crate::testing::read(r#"{"paths":[{"editType":"add","file":"z"},{"editType":"delete","file":"a"}],"affectedPaths":["z","a"]}"#);
        assert_eq!((commit.paths().join(";"), commit.files()), ("delete a;add z".into(), 2));
    }
}
