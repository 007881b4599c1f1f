//! `summarize-queue`: one request, counts by state and by reason, and the items themselves.

use std::collections::BTreeMap;

use super::reason::Reason;
use super::{MAX_LIMIT, behind, cursor_after, hidden, title, waited};
use crate::answer;
use crate::bindings::jankins::plugin::types::{Format, QueueSummary, QueuedItem};
use crate::call::{Call, saturate};
use crate::cursor::Cursors;
use crate::error::Error;
use crate::jenkins::queue::State;
use crate::jenkins::queue_list::{self, Queue, Waiting};
use crate::sorted;
use crate::text::{human, names};
use crate::tools::page;

const DEFAULT_LIMIT: u32 = 20;
/// Reasons that are counted in a line of their own.
const REASONS: usize = 5;

/// `summarize-queue`.
pub(crate) async fn summarize_queue(
    call: &Call,
    limit: Option<u32>,
    cursor: Option<String>,
    format: Option<Format>,
) -> Result<QueueSummary, Error> {
    let limit = page::limit(limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let cursors = Cursors::new("summarize-queue", &[]);
    // A cursor that is none is refused before anything is asked.
    cursors.read::<2>(cursor.as_deref())?;
    let queue = queue_list::waiting(call).await?;
    let rest = behind(&queue.items, &cursors, cursor.as_deref())?;
    let items = rest.get(..limit as usize).unwrap_or(rest);
    let format = format.unwrap_or(Format::Summary);
    let lines: Vec<String> = items.iter().map(|item| line(call, item, format)).collect();
    let head = head(&queue, rest.len(), cursor.is_some(), format);
    let next_cursor = |shown: usize| cursor_after(&cursors, rest, shown);
    let page = page::fit(call, "item", &lines, next_cursor, |out, cursor| {
        out.head(&head);
        if let Some(cursor) = cursor {
            out.next(format!("summarize_queue(cursor={cursor:?})"));
        }
        if !queue.items.is_empty() {
            out.next("explain_queue()");
        }
    });
    let count = |wanted: &[State]| saturate(queue.items.iter().filter(|item| wanted.contains(&item.state())).count() as u64);
    Ok(QueueSummary {
        items: items.iter().take(page.shown).map(|item| record(call, item)).collect(),
        shown: saturate(page.shown as u64),
        total: saturate(queue.items.len() as u64),
        quiet: count(&[State::Waiting]),
        blocked: count(&[State::Blocked]),
        buildable: count(&[State::Buildable, State::Stuck, State::Starting]),
        stuck: count(&[State::Stuck]),
        next_cursor: page.next_cursor,
        meta: call.meta(&page.text),
        text: page.text,
    })
}

fn head(queue: &Queue, rest: usize, resumed: bool, format: Format) -> String {
    let hidden = hidden(queue.hidden).map(|note| format!("\n{note}")).unwrap_or_default();
    if queue.items.is_empty() {
        return format!("the queue is empty: nothing waits that this account may see{hidden}");
    }
    let mut states: Vec<String> = Vec::new();
    for state in [State::Stuck, State::Blocked, State::Buildable, State::Waiting, State::Starting] {
        let count = queue.items.iter().filter(|item| item.state() == state).count();
        let name = if state == State::Waiting { "in the quiet period" } else { state.name() };
        states.extend((count > 0).then(|| format!("{count} {name}")));
    }
    let mut head = format!("{} in the queue: {}", human::count(queue.items.len() as u64, "item"), states.join(", "));
    if format != Format::Ids {
        let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
        for item in &queue.items {
            *reasons.entry(brief(&Reason::of(item))).or_default() += 1;
        }
        let mut reasons: Vec<(String, usize)> = reasons.into_iter().collect();
        sorted::sort_by_key(&mut reasons, |(_, count)| std::cmp::Reverse(*count));
        let more = reasons.len().saturating_sub(REASONS);
        let more = if more > 0 { format!("; {} more", human::count(more as u64, "reason")) } else { String::new() };
        let shown: Vec<String> = reasons.into_iter().take(REASONS).map(|(reason, count)| format!("{count} × {reason}")).collect();
        head.push_str(&format!("\nreasons: {}{more}", shown.join("; ")));
    }
    head.push_str(&hidden);
    if resumed {
        head.push_str(&format!("\nfrom the cursor on: {}", human::number(rest as u64)));
    }
    head
}

/// A reason that many items may share.
fn brief(reason: &Reason) -> String {
    match reason {
        Reason::QuietPeriod => "in the quiet period".into(),
        Reason::Running(_) => "a build of the same job runs".into(),
        Reason::Related(job) => format!("a build of {} runs", names::shown(job)),
        Reason::ShuttingDown => "Jenkins is about to shut down".into(),
        Reason::NoNode(label) => format!("no node has the label {}", names::shown(label)),
        Reason::Offline(label) => format!("the nodes of {} are offline", names::shown(label)),
        Reason::Gone(node) => format!("the node {} is gone", names::shown(node)),
        Reason::Busy(Some(label)) => format!("no executor of {} is free", names::shown(label)),
        Reason::Busy(None) => "no executor is free".into(),
        Reason::NotAllowed => "no free node takes it".into(),
        Reason::Throttled => "throttled".into(),
        Reason::Resource => "waits for a resource".into(),
        Reason::Starting => "about to start".into(),
        Reason::Other => "other reasons".into(),
        Reason::Untold => "no reason given".into(),
    }
}

fn line(call: &Call, item: &Waiting, format: Format) -> String {
    if format == Format::Ids {
        return item.id.to_string();
    }
    let why = item.why.as_deref().map(|why| format!(": {}", answer::quote(call, why))).unwrap_or_default();
    format!("#{} {} {}{}{why}", item.id, title(item), item.state().name(), waited(call, item))
}

fn record(call: &Call, item: &Waiting) -> QueuedItem {
    let job = item.job();
    QueuedItem {
        id: item.id,
        build: job.as_ref().and_then(|(_, build)| *build),
        job: job.map(|(job, _)| job.name()),
        state: item.state().name().to_owned(),
        why: item.why.as_deref().map(|why| answer::redacted(call, why)),
        since: answer::timestamp(item.in_queue_since),
    }
}
