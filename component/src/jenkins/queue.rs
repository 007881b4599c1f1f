//! The build queue: what waits, why, and which build an item became.
//!
//! An item that has left the queue is remembered for some five minutes, then it is a 404. Between leaving and running there
//! is a moment with neither a reason nor a build. `why` may be null at any time, and a pipeline that waits for a node
//! stands in the queue as a task without name and address.

use super::path::{JobPath, Selector};
use crate::call::Call;
use crate::error::Error;
use crate::json::record;

/// Everything [`Item`] reads.
const FIELDS: &str =
    "id,why,blocked,buildable,stuck,cancelled,inQueueSince,task[name,url],executable[number,url],actions[causes[shortDescription]]";
/// Items looked at to find those of one job. A queue this long is an outage of its own.
const MAX_ITEMS: u32 = 1_000;

record! {
    /// A build that waits, or waited, to begin.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Item {
        class: String = "_class",
        pub(crate) id: u32,
        pub(crate) why: Option<String>,
        blocked: bool,
        buildable: bool,
        stuck: bool,
        cancelled: Option<bool>,
        pub(crate) in_queue_since: Option<u64>,
        task: Option<Task>,
        executable: Option<Executable>,
        actions: Vec<Option<Action>>,
    }

    #[derive(Clone, Debug, Default)]
    struct Task {
        name: Option<String>,
        url: Option<String>,
    }

    #[derive(Clone, Debug, Default)]
    struct Executable {
        number: Option<u32>,
    }

    #[derive(Clone, Debug, Default)]
    struct Action {
        causes: Option<Vec<Cause>>,
    }

    #[derive(Clone, Debug, Default)]
    struct Cause {
        short_description: Option<String>,
    }
}

/// How an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// In the quiet period.
    Waiting,
    /// By another build.
    Blocked,
    /// Ready, and no executor is free for it.
    Buildable,
    /// Ready for long, or no node can ever take it.
    Stuck,
    /// Has left the queue and has no number yet.
    Starting,
    Started,
    Cancelled,
}

impl State {
    /// In a word, as answers have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Blocked => "blocked",
            Self::Buildable => "waiting-for-executor",
            Self::Stuck => "stuck",
            Self::Starting => "starting",
            Self::Started => "started",
            Self::Cancelled => "cancelled",
        }
    }

    /// Nothing will change any more.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Started | Self::Cancelled)
    }
}

impl Item {
    pub(crate) fn state(&self) -> State {
        if self.build().is_some() {
            State::Started
        } else if self.cancelled == Some(true) {
            State::Cancelled
        } else if self.class.ends_with("LeftItem") {
            State::Starting
        } else if self.stuck {
            State::Stuck
        } else if self.blocked {
            State::Blocked
        } else if self.buildable {
            State::Buildable
        } else {
            State::Waiting
        }
    }

    /// The build that it became.
    pub(crate) fn build(&self) -> Option<u32> {
        self.executable.as_ref()?.number
    }

    /// The job that it is of; only its own address tells the folder.
    pub(crate) fn job(&self) -> Option<JobPath> {
        self.owner().map(|(job, _)| job)
    }

    /// The build that runs already, and of which this is a step that waits for a node.
    pub(crate) fn step_of(&self) -> Option<u32> {
        self.owner()?.1
    }

    fn owner(&self) -> Option<(JobPath, Option<u32>)> {
        owner(self.task.as_ref()?.url.as_deref()?)
    }

    /// What it is called, when it is of no job that can be named.
    pub(crate) fn task(&self) -> Option<&str> {
        self.task.as_ref()?.name.as_deref()
    }

    fn causes(&self) -> impl Iterator<Item = &str> {
        self.actions.iter().flatten().flat_map(|a| a.causes.iter().flatten()).filter_map(|c| c.short_description.as_deref())
    }

    /// How often it was asked for: equal requests that come while it waits become one.
    pub(crate) fn requests(&self) -> usize {
        self.causes().count()
    }

    /// One of its causes is this.
    pub(crate) fn is_caused_by(&self, cause: &str) -> bool {
        self.causes().any(|c| c == cause)
    }
}

/// The job that a task's address names; the build as well where the task is a step of one, whose address is relative.
pub(super) fn owner(url: &str) -> Option<(JobPath, Option<u32>)> {
    let is_step = !url.contains("://");
    let absolute = if is_step { format!("http://jenkins/{}", url.trim_start_matches('/')) } else { url.to_owned() };
    let (job, which) = JobPath::parse(&absolute, None).ok()?;
    let build = match which {
        Some(Selector::Number(number)) if is_step => Some(number),
        _ => None,
    };
    Some((job, build))
}

/// The object of an item on the controller.
fn object(id: u32) -> String {
    format!("/queue/item/{id}")
}

/// Asks for an item.
///
/// # Errors
/// Not found for one that never was, or left the queue minutes ago.
pub(crate) async fn item(call: &Call, id: u32) -> Result<Item, Error> {
    match call.tree("queue-item", &object(id), FIELDS, &format!("queue item {id}")).await {
        Err(Error::NotFound { .. }) => Err(Error::not_found(
            format!("queue item {id}"),
            &["Jenkins forgets an item some five minutes after it left the queue: list_builds shows the build that it became"],
        )),
        other => other,
    }
}

/// What of a job waits in the queue now.
///
/// # Errors
/// As any request.
pub(crate) async fn of_job(call: &Call, job: &JobPath) -> Result<Vec<Item>, Error> {
    record! {
        struct Queue {
            items: Vec<Item>,
        }
    }
    let queue: Queue = call.tree("queue", "/queue", &format!("items[{FIELDS}]{{0,{MAX_ITEMS}}}"), "the queue").await?;
    Ok(queue.items.into_iter().filter(|item| item.job().as_ref() == Some(job)).collect())
}

/// The item that a `Location` names, whatever address Jenkins believes to have: `http://any/queue/item/7/` is 7.
pub(crate) fn named_by(location: &str) -> Option<u32> {
    let (_, rest) = location.rsplit_once("/queue/item/")?;
    rest.trim_end_matches('/').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Script, run};

    fn item(json: &str) -> Item {
        crate::testing::read(json)
    }

    #[test]
    fn the_states_of_an_item_are_told_apart() {
        let cases = [
            (r#"{"_class":"hudson.model.Queue$WaitingItem","why":"In the quiet period. Expires in 4.9 sec"}"#, State::Waiting),
            (r#"{"_class":"hudson.model.Queue$BlockedItem","blocked":true,"why":"Build #1 is already in progress"}"#, State::Blocked),
            (r#"{"_class":"hudson.model.Queue$BuildableItem","buildable":true}"#, State::Buildable),
            (r#"{"_class":"hudson.model.Queue$BuildableItem","buildable":true,"stuck":true}"#, State::Stuck),
            (r#"{"_class":"hudson.model.Queue$LeftItem","cancelled":false,"executable":null,"why":null}"#, State::Starting),
            (r#"{"_class":"hudson.model.Queue$LeftItem","cancelled":false,"executable":{"number":3}}"#, State::Started),
            (r#"{"_class":"hudson.model.Queue$LeftItem","cancelled":true,"executable":null}"#, State::Cancelled),
        ];
        for (json, state) in cases {
            assert_eq!(item(json).state(), state, "{json}");
        }
    }

    #[test]
    fn a_null_why_and_a_task_without_a_name_are_no_crash() {
        let placeholder =
            item(r#"{"id":9,"why":null,"task":{"_class":"x.ExecutorStepExecution$PlaceholderTask"},"actions":[null,{},{"causes":null}]}"#);
        assert_eq!((placeholder.why.clone(), placeholder.job(), placeholder.requests()), (None, None, 0));
    }

    #[test]
    fn a_step_that_waits_is_of_the_build_that_its_relative_address_names() {
        let step = item(r#"{"id":265,"task":{"name":"part of gpu-pipeline #1","url":"job/f/job/gpu-pipeline/1/"}}"#);
        assert_eq!((step.job().map(|job| job.name()).as_deref(), step.step_of()), (Some("f/gpu-pipeline"), Some(1)));
        let job = item(r#"{"id":1,"task":{"name":"a","url":"http://any/ci/job/a/"}}"#);
        assert_eq!((job.job().map(|job| job.name()).as_deref(), job.step_of()), (Some("a"), None));
    }

    #[test]
    fn a_location_is_read_whatever_address_it_carries() {
        assert_eq!(named_by("http://jenkins.example.com/ci/queue/item/273/"), Some(273));
        assert_eq!(named_by("/queue/item/6"), Some(6));
        for other in ["/job/x/", "/queue/item/", "/queue/item/abc/", ""] {
            assert_eq!(named_by(other), None, "{other}");
        }
    }

    #[test]
    fn items_of_a_job_are_found_by_its_address_on_any_root() {
        let body = r#"{"items":[{"id":1,"task":{"name":"a","url":"http://other/job/f/job/a/"}},{"id":2,"task":{"name":"a","url":"http://other/job/a/"}},{"id":3,"task":{}}]}"#;
        let (call, _) = Script::new().json("/queue/api/json", body).call();
        let found = run(of_job(&call, &JobPath::from_full_name("f/a"))).unwrap();
        assert_eq!(found.iter().map(|i| i.id).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn a_forgotten_item_leads_to_the_builds() {
        let (call, _) = Script::new().call();
        let record = run(super::item(&call, 6)).unwrap_err().into_tool_error(String::new());
        assert_eq!(record.code, "not-found");
        assert!(record.next_actions[0].contains("list_builds"));
    }
}
