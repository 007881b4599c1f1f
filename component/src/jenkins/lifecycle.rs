//! What can be done to jobs, builds, inputs and nodes: one function per form of Jenkins, each a single POST.
//!
//! The traps of the forms are kept here: `build` is for jobs without parameters and `buildWithParameters` for those
//! with (400 the other way round); a replay names no queue item; an unknown input is a 500 on one form and a 404 on the
//! other; `toggleOffline` toggles. What is checked before, and what the state is after, is the callers' business.

use crate::json::{Json, Value};

use super::crumb::{Act, Content};
use super::path::JobPath;
use super::{encode, queue};
use crate::call::Call;
use crate::error::Error;

/// How hard a build is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Force {
    /// Interrupts it; it may clean up.
    Stop,
    /// Ends the steps of a pipeline that did not react.
    Term,
    /// Forgets a pipeline that even then goes on.
    Kill,
}

/// Starts a build: `None` for a job that takes no parameters. The answer is its queue item.
///
/// The quiet period is skipped, as it is when somebody presses the button.
///
/// # Errors
/// 409 for a job that is disabled; an answer that names no queue item.
pub(crate) async fn start(call: &Call, job: &JobPath, parameters: Option<&[(String, String)]>, cause: Option<&str>) -> Result<u32, Error> {
    let form = if parameters.is_some() { "buildWithParameters" } else { "build" };
    // Jenkins keeps a `cause` of triggers with a job's own token only; it does no harm elsewhere.
    let cause = cause.map(|c| format!("&cause={}", encode::segment(c))).unwrap_or_default();
    let path = format!("{}/{form}?delay=0sec{cause}", job.url_path());
    let what = format!("the start of {job}");
    let check = format!("list_builds(job={:?}) and summarize_queue", job.name());
    let act =
        Act { endpoint: "build", path: &path, content: Content::Form(parameters.unwrap_or_default().to_vec()), what: &what, check: &check };
    let location = call.act(&act).await?;
    location.as_deref().and_then(queue::named_by).ok_or_else(|| Error::Unclear {
        what,
        cause: Box::new(Error::BadResponse { message: "Jenkins accepted the request but named no queue item".into(), hint: String::new() }),
        check,
    })
}

/// Scripts that replace those of a build.
pub(crate) struct Scripts<'a> {
    pub(crate) main: &'a str,
    /// Name and text of those that it loaded.
    pub(crate) loaded: &'a [(String, String)],
}

/// Runs a pipeline build once more, with its own parameters (secrets included) and its own script or another one.
///
/// # Errors
/// Not found when the build is no pipeline's, or its script is not kept.
pub(crate) async fn again(call: &Call, job: &JobPath, number: u32, scripts: Option<&Scripts<'_>>) -> Result<(), Error> {
    let (form, content) = match scripts {
        None => ("rebuild", Content::empty()),
        Some(scripts) => {
            let main = ("mainScript".into(), Json::text(scripts.main));
            // The form's field for `vars/x.groovy` or a loaded `Script1`: dots cannot stand in its names.
            let loaded = scripts.loaded.iter().map(|(name, text)| (name.replace('.', "_").into(), Json::text(text)));
            let fields = Json::Object(std::iter::once(main).chain(loaded).collect());
            ("run", Content::Form(vec![("json".into(), fields.to_string())]))
        }
    };
    let path = format!("{}/{number}/replay/{form}", job.url_path());
    let (what, check) = (format!("the replay of {job} #{number}"), format!("list_builds(job={:?}) and summarize_queue", job.name()));
    call.act(&Act { endpoint: "replay", path: &path, content, what: &what, check: &check }).await.map(drop)
}

/// Ends a build.
///
/// # Errors
/// Not found for `term` and `kill` of anything but a pipeline.
pub(crate) async fn stop(call: &Call, job: &JobPath, number: u32, force: Force) -> Result<(), Error> {
    let form = match force {
        Force::Stop => "stop",
        Force::Term => "term",
        Force::Kill => "kill",
    };
    let path = format!("{}/{number}/{form}", job.url_path());
    let (what, check) = (format!("the end of {job} #{number}"), format!("get_build(job={:?}, build=\"{number}\")", job.name()));
    call.act(&Act { endpoint: "stop", path: &path, content: Content::empty(), what: &what, check: &check }).await.map(drop)
}

/// Describes a build.
///
/// # Errors
/// Forbidden without Run/Update.
pub(crate) async fn describe(call: &Call, job: &JobPath, number: u32, text: &str) -> Result<(), Error> {
    let path = format!("{}/{number}/submitDescription", job.url_path());
    let (what, check) = (format!("the description of {job} #{number}"), format!("get_build(job={:?}, build=\"{number}\")", job.name()));
    let content = Content::Form(vec![("description".into(), text.into())]);
    call.act(&Act { endpoint: "describe", path: &path, content, what: &what, check: &check }).await.map(drop)
}

/// Lets a job build, or not.
///
/// # Errors
/// Forbidden without Job/Configure.
pub(crate) async fn enable(call: &Call, job: &JobPath, on: bool) -> Result<(), Error> {
    let form = if on { "enable" } else { "disable" };
    let path = format!("{}/{form}", job.url_path());
    let (what, check) = (format!("the change of {job}"), format!("get_job(job={:?})", job.name()));
    call.act(&Act { endpoint: form, path: &path, content: Content::empty(), what: &what, check: &check }).await.map(drop)
}

/// Answers an input: with its parameters, or by aborting the build (`None`).
///
/// # Errors
/// A conflict when the input is gone; forbidden for who is not among its submitters, in Jenkins' words.
pub(crate) async fn answer_input(call: &Call, job: &JobPath, number: u32, id: &str, values: Option<Vec<Value>>) -> Result<(), Error> {
    // The classic form: it answers 404 for an input that is gone, where that of `wfapi` answers 500.
    let input = format!("{}/{number}/input/{}", job.url_path(), encode::segment(id));
    let (path, content) = match values {
        None => (format!("{input}/abort"), Content::empty()),
        Some(values) => {
            let json = Json::object([("parameter", Json::Array(values))]).to_string();
            (format!("{input}/submit"), Content::Form(vec![("json".into(), json), ("proceed".into(), "Proceed".into())]))
        }
    };
    let (what, check) =
        (format!("the answer to input {id} of {job} #{number}"), format!("get_pipeline_graph(job={:?}, build=\"{number}\")", job.name()));
    match call.act(&Act { endpoint: "input", path: &path, content, what: &what, check: &check }).await {
        Err(Error::NotFound { .. }) => {
            Err(Error::Conflict(format!("input {id} of {job} #{number} is gone: it was answered already, or the build ended")))
        }
        Err(Error::Upstream { status: 400, detail: Some(words), .. }) if words.contains("You need to be") => {
            Err(Error::Forbidden { user: None, permission: None, what: format!("{what}; Jenkins says: {words}") })
        }
        other => other.map(drop),
    }
}

/// Takes an item out of the queue.
///
/// # Errors
/// A conflict when it is no longer in it.
pub(crate) async fn cancel(call: &Call, id: u32) -> Result<(), Error> {
    let path = format!("/queue/cancelItem?id={id}");
    let (what, check) = (format!("the cancellation of queue item {id}"), format!("get_queue_item(id={id})"));
    match call.act(&Act { endpoint: "cancel-queue-item", path: &path, content: Content::empty(), what: &what, check: &check }).await {
        Err(Error::NotFound { .. }) => Err(Error::Conflict(format!("queue item {id} left the queue before it could be cancelled"))),
        other => other.map(drop),
    }
}

/// Turns a node's switch to the other side. `node` is its segment in addresses.
///
/// # Errors
/// Forbidden without Agent/Disconnect or Agent/Connect.
pub(crate) async fn toggle_node(call: &Call, node: &str, reason: &str) -> Result<(), Error> {
    let path = format!("/computer/{}/toggleOffline?offlineMessage={}", encode::segment(node), encode::segment(reason));
    let (what, check) = (format!("the change of node {node}"), "list_nodes".to_owned());
    call.act(&Act { endpoint: "toggle-node", path: &path, content: Content::empty(), what: &what, check: &check }).await.map(drop)
}

/// Makes a job of a configuration.
///
/// # Errors
/// A name that is taken or that no job may have, in Jenkins' words; a configuration that Jenkins cannot read.
pub(crate) async fn create(call: &Call, folder: &JobPath, name: &str, config: &str) -> Result<(), Error> {
    let path = format!("{}/createItem?name={}", folder.url_path(), encode::segment(name));
    made(call, &path, Content::Xml(config.to_owned()), folder, name).await
}

/// Makes a job like another one.
///
/// # Errors
/// As [`create`].
pub(crate) async fn copy(call: &Call, source: &JobPath, folder: &JobPath, name: &str) -> Result<(), Error> {
    // A bare name is looked up in the new job's folder, one with a leading slash from the top.
    let beside = source.parent().as_ref() == Some(folder);
    let from = if beside { source.segments().last().cloned().unwrap_or_default() } else { format!("/{}", source.name()) };
    let path = format!("{}/createItem?name={}&mode=copy&from={}", folder.url_path(), encode::segment(name), encode::segment(&from));
    made(call, &path, Content::empty(), folder, name).await
}

async fn made(call: &Call, path: &str, content: Content, folder: &JobPath, name: &str) -> Result<(), Error> {
    let job = folder.child(name);
    let (what, check) = (format!("the creation of {job}"), format!("get_job(job={:?})", job.name()));
    match call.act(&Act { endpoint: "create-job", path, content, what: &what, check: &check }).await {
        Err(Error::Upstream { status: 400, detail: Some(words), .. }) if words.contains("already exists") => Err(Error::Conflict(words)),
        Err(Error::Upstream { status: 400, detail: Some(words), .. }) => {
            Err(Error::invalid(format!("Jenkins refuses the job {job}: {words}"), "Choose another name."))
        }
        other => other.map(drop),
    }
}

/// Replaces a job's configuration.
///
/// # Errors
/// Forbidden without Job/Configure; a configuration that Jenkins cannot read.
pub(crate) async fn configure(call: &Call, job: &JobPath, config: &str) -> Result<(), Error> {
    let path = format!("{}/config.xml", job.url_path());
    let (what, check) = (format!("the configuration of {job}"), format!("get_job_config(job={:?})", job.name()));
    call.act(&Act { endpoint: "configure-job", path: &path, content: Content::Xml(config.to_owned()), what: &what, check: &check })
        .await
        .map(drop)
}

/// Removes a job with all its builds.
///
/// # Errors
/// Forbidden without Job/Delete.
pub(crate) async fn delete(call: &Call, job: &JobPath) -> Result<(), Error> {
    let path = format!("{}/doDelete", job.url_path());
    let (what, check) = (format!("the deletion of {job}"), format!("get_job(job={:?})", job.name()));
    call.act(&Act { endpoint: "delete-job", path: &path, content: Content::empty(), what: &what, check: &check }).await.map(drop)
}
