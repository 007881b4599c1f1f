//! A job as a listing shows it.

use crate::bindings::jankins::plugin::types::JobStatus;
use crate::jenkins::encode;
use crate::json::record;

/// The fields that [`Item`] reads. `_class` comes unasked.
pub(super) const FIELDS: &str = "name,fullName,color,lastBuild[number,result,building,timestamp,duration]";

record! {
    /// A job or folder in the list of its folder.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Item {
        class: String = "_class",
        pub(crate) name: String,
        full_name: Option<String>,
        pub(super) color: Option<String>,
        pub(crate) last_build: Option<Last>,
        /// What lies in it, where that was asked for.
        pub(super) jobs: Option<Vec<Item>>,
    }

    /// A build that a job points to.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct Last {
        pub(crate) number: u32 => required,
        result: Option<String>,
        pub(crate) building: bool,
        pub(crate) timestamp: Option<u64>,
        duration: i64,
    }
}

impl Last {
    /// SUCCESS, UNSTABLE, FAILURE, ABORTED or NOT_BUILT; RUNNING while it runs. Where Jenkins leaves it out, the state of
    /// the job tells.
    pub(crate) fn result(&self, job: Option<Status>) -> &str {
        match (&self.result, job) {
            (Some(result), _) => result,
            (None, _) if self.building => "RUNNING",
            (None, Some(Status::Passing)) => "SUCCESS",
            (None, Some(Status::Unstable)) => "UNSTABLE",
            (None, Some(Status::Failing)) => "FAILURE",
            (None, Some(Status::Aborted)) => "ABORTED",
            (None, Some(Status::NotBuilt)) => "NOT_BUILT",
            (None, Some(Status::Disabled | Status::NeverBuilt) | None) => "UNKNOWN",
        }
    }

    /// Ran so long, or has been running since.
    pub(crate) fn elapsed_ms(&self, now_ms: u64) -> Option<u64> {
        if self.building { self.timestamp.map(|start| now_ms.saturating_sub(start)) } else { u64::try_from(self.duration).ok() }
    }
}

/// What sort of thing an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Freestyle,
    Pipeline,
    Multibranch,
    Organization,
    Folder,
    Matrix,
    Maven,
    Other,
}

impl Kind {
    /// From Jenkins' class name; `holds_jobs` decides for classes that nobody here has heard of.
    pub(crate) fn of(class: &str, holds_jobs: bool) -> Self {
        match class.rsplit('.').next().unwrap_or_default() {
            "FreeStyleProject" => Self::Freestyle,
            "WorkflowJob" => Self::Pipeline,
            "WorkflowMultiBranchProject" => Self::Multibranch,
            "OrganizationFolder" => Self::Organization,
            "MatrixProject" => Self::Matrix,
            "MavenModuleSet" => Self::Maven,
            name if name.contains("MultiBranch") => Self::Multibranch,
            name if name.ends_with("Folder") || holds_jobs => Self::Folder,
            _ => Self::Other,
        }
    }

    /// In a word, as answers have it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Freestyle => "freestyle",
            Self::Pipeline => "pipeline",
            Self::Multibranch => "multibranch",
            Self::Organization => "organization",
            Self::Folder => "folder",
            Self::Matrix => "matrix",
            Self::Maven => "maven",
            Self::Other => "other",
        }
    }

    /// Other jobs lie in it, and it has no builds.
    pub(crate) fn is_container(self) -> bool {
        matches!(self, Self::Multibranch | Self::Organization | Self::Folder)
    }
}

/// The state of a job, by its last completed build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Failing,
    Unstable,
    Passing,
    Aborted,
    Disabled,
    /// The last build was skipped.
    NotBuilt,
    NeverBuilt,
}

impl Status {
    /// In a word, as answers have it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Unstable => "unstable",
            Self::Passing => "passing",
            Self::Aborted => "aborted",
            Self::Disabled => "disabled",
            Self::NotBuilt => "not-built",
            Self::NeverBuilt => "never-built",
        }
    }

    /// From the colour of the ball beside the job; without one, from the last build.
    pub(super) fn of(color: Option<&str>, last: Option<&Last>) -> Option<Self> {
        let color = color.map(|c| c.trim_end_matches("_anime"));
        let word = match color {
            Some("grey") | None => last.and_then(|l| l.result.as_deref()),
            known => known,
        };
        match word? {
            "red" | "FAILURE" => Some(Self::Failing),
            "yellow" | "UNSTABLE" => Some(Self::Unstable),
            "blue" | "green" | "SUCCESS" => Some(Self::Passing),
            "aborted" | "ABORTED" => Some(Self::Aborted),
            "disabled" => Some(Self::Disabled),
            // The same grey ball stands for a build that was skipped.
            "notbuilt" | "NOT_BUILT" if last.is_some_and(|l| !l.building) => Some(Self::NotBuilt),
            "notbuilt" => Some(Self::NeverBuilt),
            _ => None,
        }
    }
}

impl Item {
    /// Full name, to be used as `job`. `folder` is where the item was listed.
    pub(crate) fn full_name(&self, folder: &str) -> String {
        match &self.full_name {
            Some(name) => name.clone(),
            None if folder.is_empty() => self.name.clone(),
            None => format!("{folder}/{}", self.name),
        }
    }

    /// The name a person gave it: of a branch, the branch.
    pub(crate) fn plain_name(&self) -> String {
        encode::decode(&self.name)
    }

    /// It could be read at all.
    pub(super) fn is_something(&self) -> bool {
        !self.name.is_empty() || self.full_name.is_some()
    }

    /// What sort of thing it is.
    pub(crate) fn kind(&self) -> Kind {
        Kind::of(&self.class, self.jobs.is_some())
    }

    /// The state it is in; a folder has none.
    pub(crate) fn status(&self) -> Option<Status> {
        if self.kind().is_container() {
            return None;
        }
        Status::of(self.color.as_deref(), self.last_build.as_ref())
    }

    /// A build is running now.
    pub(crate) fn is_running(&self) -> bool {
        self.color.as_deref().is_some_and(|c| c.ends_with("_anime")) || self.last_build.as_ref().is_some_and(|l| l.building)
    }

    /// It is in a state that was asked for.
    pub(crate) fn is_in(&self, wanted: JobStatus) -> bool {
        let status = match wanted {
            JobStatus::Running => return self.is_running(),
            JobStatus::Failing => Status::Failing,
            JobStatus::Unstable => Status::Unstable,
            JobStatus::Passing => Status::Passing,
            JobStatus::Aborted => Status::Aborted,
            JobStatus::Disabled => Status::Disabled,
            JobStatus::NeverBuilt => Status::NeverBuilt,
        };
        self.status() == Some(status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(json: &str) -> Item {
        crate::testing::read(json)
    }

    #[test]
    fn a_broken_field_does_not_spoil_the_job() {
        let broken = item(r#"{"_class":"hudson.model.FreeStyleProject","name":"a","color":7,"lastBuild":{"number":"x"}}"#);
        assert_eq!((broken.full_name("f"), broken.kind(), broken.status(), broken.last_build), ("f/a".into(), Kind::Freestyle, None, None));
    }

    #[test]
    fn a_skipped_build_is_not_a_job_that_was_never_built() {
        let never = item(r#"{"name":"a","color":"notbuilt","lastBuild":null}"#);
        assert_eq!((never.status(), never.is_running()), (Some(Status::NeverBuilt), false));
        let skipped = item(r#"{"name":"a","color":"notbuilt","lastBuild":{"number":3,"result":"NOT_BUILT"}}"#);
        assert_eq!(skipped.status(), Some(Status::NotBuilt));
        let first_runs = item(r#"{"name":"a","color":"notbuilt_anime","lastBuild":{"number":1,"building":true}}"#);
        assert_eq!((first_runs.status(), first_runs.is_running()), (Some(Status::NeverBuilt), true));
    }

    #[test]
    fn a_running_job_keeps_the_state_of_its_last_result() {
        let running = item(r#"{"name":"a","color":"red_anime","lastBuild":{"number":9,"building":true,"result":null}}"#);
        assert!(running.is_in(JobStatus::Failing) && running.is_in(JobStatus::Running) && !running.is_in(JobStatus::Passing));
    }

    #[test]
    fn without_a_colour_the_last_build_tells() {
        let odd = item(r#"{"_class":"x.Odd","name":"a","lastBuild":{"number":9,"result":"UNSTABLE"}}"#);
        assert_eq!((odd.kind(), odd.status()), (Kind::Other, Some(Status::Unstable)));
    }

    #[test]
    fn kinds_that_nobody_knows_are_told_by_what_they_hold() {
        assert_eq!(item(r#"{"_class":"com.acme.Team","name":"t","jobs":[]}"#).kind(), Kind::Folder);
        assert_eq!(item(r#"{"_class":"com.acme.MultiBranchThing","name":"t"}"#).kind(), Kind::Multibranch);
    }
}
