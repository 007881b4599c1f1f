//! `explain-queue`: the queue, the nodes and the controller's state, asked for at once and read together.
//!
//! Only the queue has to answer: without the nodes or the state an explanation says less, and the answer says that. When
//! a label has no node, one request more tells whether a cloud could start one, for at most [`MAX_LABELS`] labels.

use std::collections::HashMap;

use futures_util::future::join3;

use super::holdup::{HoldUp, World};
use super::reason::Reason;
use super::{MAX_LIMIT, behind, cursor_after, hidden, title, waited};
use crate::answer;
use crate::bindings::jankins::plugin::types::{ExplainedItem, QueueExplanation};
use crate::call::{Call, saturate};
use crate::cursor::Cursors;
use crate::error::Error;
use crate::jenkins::controller;
use crate::jenkins::nodes;
use crate::jenkins::queue::{self, State};
use crate::jenkins::queue_list::{self, Waiting};
use crate::text::budget;
use crate::text::{human, names};
use crate::together;
use crate::tools::page;

const DEFAULT_LIMIT: u32 = 10;
/// Labels without a node that are asked about: more are one and the same problem of the controller.
const MAX_LABELS: usize = 3;
/// Next calls that an answer proposes.
const HINTS: usize = 3;

/// `explain-queue`.
pub(crate) async fn explain_queue(
    call: &Call,
    item: Option<u32>,
    limit: Option<u32>,
    cursor: Option<String>,
) -> Result<QueueExplanation, Error> {
    let limit = page::limit(limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let cursors = Cursors::new("explain-queue", &[item.map(|id| id.to_string()).as_deref()]);
    // A cursor that is none is refused before anything is asked.
    cursors.read::<2>(cursor.as_deref())?;
    let (queue, nodes, state) = join3(queue_list::waiting(call), nodes::nodes(call, false), controller::state(call)).await;
    let queue = queue?;
    let nodes = call.optional("nodes", nodes)?;
    let state = call.optional("the controller's state", state)?;
    let one: Vec<Waiting>;
    let wanted = match item {
        None => behind(&queue.items, &cursors, cursor.as_deref())?,
        Some(id) => {
            one = queue.items.iter().filter(|item| item.id == id).cloned().collect();
            if one.is_empty() {
                return gone(call, id).await;
            }
            &one
        }
    };
    let items = wanted.get(..limit as usize).unwrap_or(wanted);
    let none = HashMap::new();
    let told = queue.items.iter().map(Reason::of).collect();
    let mut world = World { call, items: &queue.items, told, nodes: nodes.as_ref(), state: state.as_ref(), clouds: &none };
    let clouds = clouds(call, &world, items).await;
    world.clouds = &clouds;

    let explained: Vec<HoldUp> = items.iter().map(|item| world.explain(item)).collect();
    let lines: Vec<String> = items.iter().zip(&explained).map(|(item, why)| line(call, item, why)).collect();
    let head = match (queue.items.len(), item) {
        (0, _) => "the queue is empty: nothing waits that this account may see".to_owned(),
        (_, Some(_)) => String::new(),
        (all, None) => format!("{} in the queue, oldest first", human::count(all as u64, "item")),
    };
    let page = page::fit(
        call,
        "item",
        &lines,
        |shown| cursor_after(&cursors, wanted, shown),
        |out, cursor| {
            frame(call, out, &head, hidden(queue.hidden), cursor, &explained);
        },
    );
    Ok(QueueExplanation {
        items: items.iter().zip(explained).take(page.shown).map(|(item, why)| record(call, item, why)).collect(),
        shown: saturate(page.shown as u64),
        total: saturate(if item.is_some() { 1 } else { queue.items.len() as u64 }),
        next_cursor: page.next_cursor,
        meta: call.meta(&page.text),
        text: page.text,
    })
}

/// For each label without a node: how many clouds could start one. What cannot be learnt is left out.
async fn clouds(call: &Call, world: &World<'_>, items: &[Waiting]) -> HashMap<String, u32> {
    let mut labels: Vec<String> = Vec::new();
    for item in items {
        if let Reason::NoNode(label) = world.reason(item)
            && !labels.contains(&label)
            && labels.len() < MAX_LABELS
        {
            labels.push(label);
        }
    }
    let counts = together::all(labels.iter().map(|label| nodes::clouds(call, label))).await;
    labels.into_iter().zip(counts).filter_map(|(label, count)| Some((label, count.ok()?))).collect()
}

fn frame(call: &Call, out: &mut budget::Answer, head: &str, hidden: Option<String>, cursor: Option<&str>, explained: &[HoldUp]) {
    out.head(head);
    if let Some(hidden) = hidden {
        out.head(hidden);
    }
    for lack in call.missing() {
        out.head(format!("without {lack}"));
    }
    if let Some(cursor) = cursor {
        out.next(format!("explain_queue(cursor={cursor:?})"));
    }
    let mut hints: Vec<&str> = explained.iter().filter_map(|why| why.next.as_deref()).collect();
    let mut seen = Vec::new();
    hints.retain(|hint| {
        !seen.contains(hint) && {
            seen.push(*hint);
            true
        }
    });
    for hint in hints.into_iter().take(HINTS) {
        out.next(hint);
    }
}

fn line(call: &Call, item: &Waiting, why: &HoldUp) -> String {
    format!("#{} {} {}{}: {}\n  unblock: {}", item.id, title(item), item.state().name(), waited(call, item), why.explanation, why.unblock)
}

fn record(call: &Call, item: &Waiting, why: HoldUp) -> ExplainedItem {
    let job = item.job();
    ExplainedItem {
        id: item.id,
        build: job.as_ref().and_then(|(_, build)| *build),
        job: job.map(|(job, _)| job.name()),
        state: item.state().name().to_owned(),
        why: item.why.as_deref().map(|why| answer::redacted(call, why)),
        since: answer::timestamp(item.in_queue_since),
        reason: why.reason.to_owned(),
        explanation: why.explanation,
        unblock: why.unblock,
        held_by: why.held_by,
        eta_ms: why.eta_ms.map(saturate),
    }
}

/// An item that waits no more: what became of it.
async fn gone(call: &Call, id: u32) -> Result<QueueExplanation, Error> {
    let item = queue::item(call, id).await?;
    let job = item.job().map(|job| job.name());
    let name = job.as_deref().or(item.task()).map_or_else(|| "a task without a name".to_owned(), names::shown);
    let mut out = budget::Answer::new(call.max_tokens());
    match (item.state(), item.build(), &job) {
        (State::Cancelled, ..) => out.head(format!("#{id} {name} waits no more: it was cancelled")),
        (_, Some(build), Some(job)) => {
            out.head(format!("#{id} {name} waits no more: it became #{build}")).next(format!("get_build(job={job:?}, build=\"{build}\")"))
        }
        _ => out.head(format!("#{id} {name} is {}", item.state().name())).next(format!("get_queue_item(id={id})")),
    };
    let text = answer::render(call, &out).text;
    Ok(QueueExplanation { items: Vec::new(), shown: 0, total: 0, next_cursor: None, meta: call.meta(&text), text })
}
