//! The build queue as a whole.
//!
//! `why` may be null at any time. A pipeline that waits for a node stands in the queue as a placeholder, whose address is
//! that of its build and relative. What an account may not see is left out by Jenkins without a word.

use serde::Deserialize;

use super::lenient::{items, or_default};
use super::path::JobPath;
use crate::call::Call;
use crate::error::Error;

/// Everything [`Waiting`] reads.
const FIELDS: &str = "_class,id,why,blocked,buildable,stuck,pending,inQueueSince,task[_class,name,fullDisplayName,url]";

/// How much waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lengths {
    pub(crate) all: u32,
    pub(crate) stuck: u32,
}

/// A build that waits to begin.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Waiting {
    pub(crate) id: u32,
    #[serde(deserialize_with = "or_default")]
    pub(crate) why: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) blocked: bool,
    #[serde(deserialize_with = "or_default")]
    pub(crate) buildable: bool,
    #[serde(deserialize_with = "or_default")]
    pub(crate) stuck: bool,
    /// An executor has been found for it, and it is about to start.
    #[serde(deserialize_with = "or_default")]
    pub(crate) pending: bool,
    #[serde(deserialize_with = "or_default")]
    pub(crate) in_queue_since: Option<u64>,
    #[serde(deserialize_with = "or_default")]
    task: Option<Task>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Task {
    #[serde(deserialize_with = "or_default")]
    name: Option<String>,
    #[serde(deserialize_with = "or_default")]
    full_display_name: Option<String>,
    #[serde(deserialize_with = "or_default")]
    url: Option<String>,
}

impl Waiting {
    /// The job it is of, and the build where that runs already and waits for a node.
    pub(crate) fn job(&self) -> Option<(JobPath, Option<u32>)> {
        let url = self.task.as_ref()?.url.as_deref()?;
        // Placeholders have a relative one.
        let absolute = if url.contains("://") { url.to_owned() } else { format!("http://jenkins/{}", url.trim_start_matches('/')) };
        let (job, _) = JobPath::parse(&absolute, None).ok()?;
        let build = absolute.trim_end_matches('/').rsplit('/').next().and_then(|n| n.parse().ok());
        Some((job, build.filter(|_| self.is_part())))
    }

    /// It is a step of a pipeline that runs already.
    fn is_part(&self) -> bool {
        self.task.as_ref().and_then(|t| t.url.as_deref()).is_some_and(|url| !url.contains("://"))
    }

    /// What to call it: the job, or what Jenkins calls it, or its number.
    pub(crate) fn title(&self) -> String {
        match self.job() {
            Some((job, Some(build))) => format!("{job} #{build}"),
            Some((job, None)) => job.name(),
            None => {
                let task = self.task.as_ref();
                let name = task.and_then(|t| t.full_display_name.clone().or_else(|| t.name.clone()));
                name.unwrap_or_else(|| format!("item {}", self.id))
            }
        }
    }
}

/// How long the queue is.
///
/// # Errors
/// As any request.
pub(crate) async fn lengths(call: &Call) -> Result<Lengths, Error> {
    let items: Vec<Waiting> = ask(call, "items[id,stuck]").await?;
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(Lengths { all: count(items.len()), stuck: count(items.iter().filter(|i| i.stuck).count()) })
}

/// All that waits, the oldest first.
///
/// # Errors
/// As any request.
pub(crate) async fn waiting(call: &Call) -> Result<Vec<Waiting>, Error> {
    let mut items = ask(call, &format!("items[{FIELDS}]")).await?;
    crate::sorted::sort_by_key(&mut items, |item| (item.in_queue_since.unwrap_or(u64::MAX), item.id));
    Ok(items)
}

async fn ask(call: &Call, tree: &str) -> Result<Vec<Waiting>, Error> {
    #[derive(Deserialize)]
    struct Queue {
        #[serde(default, deserialize_with = "items")]
        items: Option<Vec<Waiting>>,
    }
    let queue: Queue = call.tree("queue", "/queue", tree, "the queue").await?;
    Ok(queue.items.unwrap_or_default())
}
