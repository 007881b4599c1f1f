//! The few facts about a build that stages are read with: its number, whether it is a pipeline's, how it stands.
//!
//! It is also what tells apart the reasons for a 404: no such build, no such job, or a job without builds.

use super::model::Status;
use super::names;
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::path::{JobPath, Selector};
use crate::json::record;

record! {
    /// A build without its content.
    #[derive(Clone, Debug)]
    pub(crate) struct Head {
        class: String = "_class",
        pub(crate) number: u32 => required,
        result: Option<String>,
        building: bool,
        pub(crate) started_ms: u64 = "timestamp",
        duration_ms: u64 = "duration",
    }

    struct Job {
        class: String = "_class",
    }
}

impl Head {
    /// Asks for it.
    pub(crate) async fn of(call: &Call, job: &JobPath, build: Selector) -> Result<Self, Error> {
        let (object, what) = names(job, build);
        match call.tree("build", &object, "number,result,building,timestamp,duration", &what).await {
            Err(Error::NotFound { .. }) => Err(missing(call, job, &what).await),
            other => other,
        }
    }

    /// Whether it has stages at all (workflow-job's `WorkflowRun`, and what extends it elsewhere).
    pub(crate) fn is_pipeline(&self) -> bool {
        self.class.contains("WorkflowRun")
    }

    /// RUNNING while it runs.
    pub(crate) fn result(&self) -> &str {
        match &self.result {
            Some(result) if !self.building => result,
            _ => Status::Running.name(),
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.building || self.result.is_none()
    }

    /// How long it ran, or has been running.
    pub(crate) fn duration_ms(&self, now_ms: u64) -> u64 {
        if self.is_running() { now_ms.saturating_sub(self.started_ms) } else { self.duration_ms }
    }
}

/// Why a build is not there.
async fn missing(call: &Call, job: &JobPath, what: &str) -> Error {
    let name = job.name();
    match call.tree::<Job>("job", &job.url_path(), "name", &format!("job {name}")).await {
        Ok(found) if found.class.ends_with("MultiBranchProject") => Error::Invalid {
            message: format!("{name} is a multibranch job: its builds are those of its branches"),
            hint: Some(format!("Add ref, such as ref=\"main\"; get_job(job=\"{name}\") lists the branches.")),
        },
        Ok(found) if found.class.ends_with("Folder") => Error::Invalid {
            message: format!("{name} is a folder and has no builds"),
            hint: Some(format!("list_jobs(folder=\"{name}\") shows what is in it.")),
        },
        Ok(_) => Error::NotFound { what: what.to_owned(), next: vec![format!("list_builds(job=\"{name}\")")] },
        Err(Error::NotFound { what, .. }) => Error::NotFound { what, next: vec!["list_jobs".into()] },
        Err(error) => error,
    }
}
