//! The build queue as a whole.
//!
//! `why` may be null at any time. A pipeline that waits for a node stands in the queue as a placeholder, whose address is
//! that of its build and relative, or missing. What an account may only discover is listed apart, without its reasons;
//! what it may not see at all is left out by Jenkins without a word.

use super::path::JobPath;
use super::queue::{self, State};
use crate::call::{Call, saturate};
use crate::error::Error;
use crate::json::{Value, record};
use crate::sorted;

/// Everything [`Waiting`] reads.
const FIELDS: &str =
    "_class,id,why,blocked,buildable,stuck,pending,inQueueSince,timestamp,task[_class,name,fullDisplayName,url,labelExpression]";

/// How much waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lengths {
    pub(crate) all: u32,
    pub(crate) stuck: u32,
}

record! {
    /// A build that waits to begin.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Waiting {
        pub(crate) id: u32,
        pub(crate) why: Option<String>,
        pub(crate) blocked: bool,
        pub(crate) buildable: bool,
        pub(crate) stuck: bool,
        /// An executor has been found for it, and it is about to start.
        pub(crate) pending: bool,
        pub(crate) in_queue_since: Option<u64>,
        /// When the quiet period ends, while it lasts.
        pub(crate) timestamp: Option<u64>,
        task: Option<Task>,
    }

    #[derive(Clone, Debug, Default)]
    struct Task {
        class: String = "_class",
        name: Option<String>,
        full_display_name: Option<String>,
        url: Option<String>,
        label_expression: Option<String>,
    }
}

/// All that waits.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// The oldest first.
    pub(crate) items: Vec<Waiting>,
    /// Items of jobs that this account knows of and may not read.
    pub(crate) hidden: u32,
}

impl Waiting {
    /// How it stands.
    pub(crate) fn state(&self) -> State {
        match self {
            Self { pending: true, .. } => State::Starting,
            Self { stuck: true, .. } => State::Stuck,
            Self { blocked: true, .. } => State::Blocked,
            Self { buildable: true, .. } => State::Buildable,
            _ => State::Waiting,
        }
    }

    /// The label that its job is bound to, as far as Jenkins tells: freestyle jobs only.
    pub(crate) fn label(&self) -> Option<&str> {
        self.task.as_ref()?.label_expression.as_deref().filter(|label| !label.trim().is_empty())
    }

    /// Its place among those that wait, in whole seconds and by its id: a cursor can hold both.
    pub(crate) fn place(&self) -> (u32, u32) {
        (self.in_queue_since.map_or(u32::MAX, |since| saturate(since / 1000)), self.id)
    }

    /// The job it is of, and the build where that runs already and waits for a node.
    pub(crate) fn job(&self) -> Option<(JobPath, Option<u32>)> {
        queue::owner(self.task.as_ref()?.url.as_deref()?)
    }

    /// It is a step of a pipeline that runs already.
    pub(crate) fn is_part(&self) -> bool {
        self.task.as_ref().is_some_and(|task| {
            task.class.ends_with("PlaceholderTask") || task.url.as_deref().is_some_and(|url| !url.is_empty() && !url.contains("://"))
        })
    }

    /// What to call it: the job, or what Jenkins calls it; `None` when Jenkins does not tell.
    pub(crate) fn title(&self) -> Option<String> {
        match self.job() {
            Some((job, Some(build))) => Some(format!("{job} #{build}")),
            Some((job, None)) => Some(job.name()),
            None => {
                let task = self.task.as_ref()?;
                task.full_display_name.clone().or_else(|| task.name.clone()).filter(|name| !name.is_empty())
            }
        }
    }
}

/// How long the queue is.
///
/// # Errors
/// As any request.
pub(crate) async fn lengths(call: &Call) -> Result<Lengths, Error> {
    let queue = ask(call, "items[id,stuck]").await?;
    Ok(Lengths { all: saturate(queue.items.len() as u64), stuck: saturate(queue.items.iter().filter(|i| i.stuck).count() as u64) })
}

/// All that waits, the oldest first.
///
/// # Errors
/// As any request.
pub(crate) async fn waiting(call: &Call) -> Result<Queue, Error> {
    let mut all = ask(call, &format!("discoverableItems[id],items[{FIELDS}]")).await?;
    sorted::sort_by_key(&mut all.items, Waiting::place);
    Ok(all)
}

async fn ask(call: &Call, tree: &str) -> Result<Queue, Error> {
    record! {
        struct Answer {
            items: Option<Vec<Waiting>>,
            discoverable_items: Vec<Value>,
        }
    }
    let answer: Answer = call.tree("queue", "/queue", tree, "the queue").await?;
    Ok(Queue { items: answer.items.unwrap_or_default(), hidden: saturate(answer.discoverable_items.len() as u64) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(json: &str) -> Waiting {
        crate::testing::read(json)
    }

    #[test]
    fn a_placeholder_is_named_by_the_build_it_stands_in() {
        let item = waiting(
            r#"{"task":{"_class":"x.ExecutorStepExecution$PlaceholderTask","url":"job/shop/job/a/7/","name":"part of shop » a #7"}}"#,
        );
        assert_eq!((item.title().as_deref(), item.is_part()), (Some("shop/a #7"), true));
        let bare = waiting(r#"{"task":{"_class":"x.ExecutorStepExecution$PlaceholderTask"}}"#);
        assert_eq!((bare.title(), bare.is_part(), bare.job()), (None, true, None));
    }

    #[test]
    fn a_job_is_named_by_its_address_whatever_the_root() {
        let item = waiting(
            r#"{"task":{"_class":"hudson.model.FreeStyleProject","name":"b","url":"http://other/ci/job/f/job/b/","labelExpression":"gpu"}}"#,
        );
        assert_eq!((item.title().as_deref(), item.label(), item.is_part()), (Some("f/b"), Some("gpu"), false));
    }

    #[test]
    fn odd_types_and_nulls_are_no_crash() {
        let item = waiting(r#"{"id":3,"why":null,"blocked":null,"inQueueSince":"x","task":null}"#);
        assert_eq!((item.title(), item.state(), item.place()), (None, State::Waiting, (u32::MAX, 3)));
    }
}
