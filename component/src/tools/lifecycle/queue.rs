//! `get-queue-item` and `cancel-queue-item`.

use std::time::Duration;

use super::patience::Patience;
use crate::answer;
use crate::bindings::jankins::plugin::types::QueueEntry;
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::lifecycle;
use crate::jenkins::queue::{self, Item, State};
use crate::text::{budget, names};

/// A cancelled item shows as such at once, as a rule.
const LOOK_AFTER: Duration = Duration::from_secs(3);

/// `get-queue-item`.
pub(crate) async fn get_queue_item(call: &Call, id: u32) -> Result<QueueEntry, Error> {
    let item = queue::item(call, id).await?;
    Ok(record(call, &item, None))
}

/// `cancel-queue-item`.
pub(crate) async fn cancel_queue_item(call: &Call, id: u32) -> Result<QueueEntry, Error> {
    let before = queue::item(call, id).await?;
    match before.state() {
        State::Started => return Ok(record(call, &before, Some("nothing was cancelled: it has left the queue; stop_build ends a build"))),
        State::Cancelled => return Ok(record(call, &before, Some("nothing changed: it was cancelled before"))),
        State::Waiting | State::Blocked | State::Buildable | State::Stuck | State::Starting => {}
    }
    lifecycle::cancel(call, id).await?;
    let mut patience = Patience::brief(call, LOOK_AFTER);
    loop {
        let item = queue::item(call, id).await?;
        if item.state().is_over() || !patience.pause().await {
            let note = match item.state() {
                State::Cancelled => None,
                State::Started => Some("it began before it could be cancelled; stop_build ends a build"),
                _ => Some("Jenkins took the cancellation, but still shows it"),
            };
            return Ok(record(call, &item, note));
        }
    }
}

/// Waits for an item to become a build, or to be cancelled; as it is when the time is over.
pub(super) async fn wait_for_start(call: &Call, id: u32, patience: &mut Patience<'_>) -> Result<Item, Error> {
    loop {
        let item = queue::item(call, id).await?;
        if item.state().is_over() || !patience.pause().await {
            return Ok(item);
        }
    }
}

/// What a person would call it.
fn task(item: &Item) -> String {
    match (item.job(), item.task()) {
        (Some(job), _) => match item.step_of() {
            Some(build) => format!("a step of {} #{build}", names::shown(&job.name())),
            None => names::shown(&job.name()),
        },
        (None, Some(task)) => names::shown(task),
        (None, None) => "a pipeline's step".to_owned(),
    }
}

fn record(call: &Call, item: &Item, note: Option<&str>) -> QueueEntry {
    let state = item.state();
    let why = item.why.as_deref().map(|why| answer::redacted(call, why));
    let mut out = budget::Answer::new(call.max_tokens());
    let since = answer::ago(call, item.in_queue_since);
    let build = item.build().map(|n| format!(" as #{n}")).unwrap_or_default();
    let queued = if since.is_empty() { String::new() } else { format!(", queued {since}") };
    out.head(format!("queue item {}: {} {}{build}{queued}", item.id, task(item), state.name()));
    if let Some(why) = &item.why {
        out.head(format!("why: {}", answer::quote(call, why)));
    }
    if let Some(note) = note {
        out.head(note);
    }
    match (item.build(), item.job()) {
        (Some(number), Some(job)) => out.next(format!("wait_for_build(job={:?}, build=\"{number}\")", job.name())),
        _ if state == State::Cancelled => &mut out,
        _ => out.next(format!("wait_for_build(queue_id={})", item.id)),
    };
    if matches!(state, State::Blocked | State::Buildable | State::Stuck) {
        out.next(format!("explain_queue(item={})", item.id));
    }
    let text = answer::render(call, &out).text;
    QueueEntry {
        meta: call.meta(&text),
        text,
        id: item.id,
        job: item.job().map(|job| job.name()),
        state: state.name().to_owned(),
        why,
        since: answer::timestamp(item.in_queue_since),
        build: item.build(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Script, json, run};

    const WAITING: &str = r#"{"_class":"hudson.model.Queue$WaitingItem","id":275,"why":"In the quiet period. Expires in 59 sec","inQueueSince":1795521595000,"task":{"name":"heartbeat","url":"http://jenkins.example.com/job/heartbeat/"}}"#;
    const CANCELLED: &str = r#"{"_class":"hudson.model.Queue$LeftItem","id":275,"why":null,"cancelled":true,"executable":null,"task":{"name":"heartbeat","url":"http://jenkins.example.com/job/heartbeat/"}}"#;
    const STARTED: &str = r#"{"_class":"hudson.model.Queue$LeftItem","id":275,"cancelled":false,"executable":{"number":113},"task":{"name":"heartbeat","url":"http://jenkins.example.com/job/heartbeat/"}}"#;

    #[test]
    fn a_waiting_item_says_why_and_since_when() {
        let (call, _) = Script::new().json("/queue/item/275/", WAITING).call();
        let answer = run(get_queue_item(&call, 275)).unwrap();
        assert_eq!(
            answer.text,
            "queue item 275: heartbeat waiting, queued 5s ago\nwhy: \"In the quiet period. Expires in 59 sec\"\nnext: wait_for_build(queue_id=275)\n"
        );
    }

    #[test]
    fn a_step_of_a_pipeline_is_named_by_its_build_and_leads_to_why_it_waits() {
        let (call, _) = crate::testing::simulated::simulated(None);
        let answer = run(get_queue_item(&call, 265)).unwrap();
        assert!(answer.text.starts_with("queue item 265: a step of gpu-pipeline #1 stuck, queued "), "{}", answer.text);
        assert!(answer.text.ends_with("next: explain_queue(item=265)\n"), "{}", answer.text);
        assert_eq!(answer.job.as_deref(), Some("gpu-pipeline"));
    }

    #[test]
    fn a_cancelled_item_is_read_again_afterwards() {
        let script = Script::new().turns("GET /queue/item/275/", vec![json(WAITING), json(WAITING), json(CANCELLED)]);
        let (call, script) = script.on("POST /queue/cancelItem?id=275", Answer::Http(204, Vec::new(), Vec::new())).call();
        let answer = run(cancel_queue_item(&call, 275)).unwrap();
        assert_eq!((answer.state.as_str(), answer.build), ("cancelled", None));
        assert_eq!(script.requests().iter().filter(|r| r.starts_with("POST")).count(), 1);
    }

    #[test]
    fn an_item_that_runs_already_is_not_cancelled() {
        let (call, script) = Script::new().json("/queue/item/275/", STARTED).call();
        let answer = run(cancel_queue_item(&call, 275)).unwrap();
        assert_eq!(answer.build, Some(113));
        assert!(answer.text.contains("nothing was cancelled"));
        assert_eq!(script.requests().len(), 1);
    }

    #[test]
    fn an_item_that_leaves_between_look_and_cancellation_is_a_conflict() {
        let (call, _) = Script::new().json("/queue/item/275/", WAITING).call();
        let error = run(cancel_queue_item(&call, 275)).unwrap_err();
        assert_eq!(error.code(), "conflict");
    }
}
