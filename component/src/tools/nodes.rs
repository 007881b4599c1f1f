//! `list-nodes`: one request for all nodes, filtered here.
//!
//! A controller has tens of nodes, rarely thousands, and Jenkins neither filters nor sorts them. Names, labels,
//! descriptions and causes are what people and plugins wrote. A cursor counts the nodes before it and holds a mark of the last
//! name, so that a list that changed under it is noticed.

use std::fmt::Write as _;

use crate::answer;
use crate::bindings::jankins::plugin::types::{Format, Node as Record, NodeList, NodeMonitor, NodeStatus};
use crate::call::{Call, saturate};
use crate::cursor::{self, Cursors};
use crate::error::Error;
use crate::jenkins::nodes::{self, Monitors, Node, Nodes};
use crate::sorted;
use crate::text::{human, names};
use crate::tools::hint::Hint;
use crate::tools::page;
use crate::tools::queue::cause;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 500;
/// Labels of one node in a line; agents of clouds can have dozens.
const LABELS: usize = 12;
/// Builds of one node in a line.
const BUILDS: usize = 6;

/// `list-nodes`.
pub(crate) async fn list_nodes(
    call: &Call,
    label: Option<String>,
    status: Option<NodeStatus>,
    limit: Option<u32>,
    cursor: Option<String>,
    format: Option<Format>,
) -> Result<NodeList, Error> {
    let limit = page::limit(limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let format = format.unwrap_or(Format::Summary);
    let label = label.map(|l| l.trim().to_owned()).filter(|l| !l.is_empty());
    let word = status.map(status_word);
    let cursors = Cursors::new("list-nodes", &[label.as_deref(), word]);
    let from = cursors.read::<2>(cursor.as_deref())?;
    let all = nodes::nodes(call, format == Format::Full).await?;
    let takes = |node: &&Node| label.as_deref().is_none_or(|l| node.is_meant_by(l)) && status.is_none_or(|s| is(node, s));
    let found: Vec<&Node> = all.all.iter().filter(takes).collect();
    let rest = match from {
        None => found.as_slice(),
        Some([before, mark]) => {
            let before = before as usize;
            let last = before.checked_sub(1).map(|last| found.get(last).map(|node| cursor::mark(node.name())));
            if last.is_some_and(|last| last != Some(mark)) {
                return Err(cursor::stale("the list of nodes has changed"));
            }
            found.get(before..).unwrap_or_default()
        }
    };
    let earlier = found.len() - rest.len();
    let nodes = rest.get(..limit as usize).unwrap_or(rest);
    let lines: Vec<String> = nodes.iter().map(|node| line(call, node, format)).collect();
    let filters = [label.as_deref().map(|l| format!("label {}", names::shown(l))), word.map(|w| format!("status {w}"))];
    let head = head(&all, found.len(), &filters.into_iter().flatten().collect::<Vec<_>>(), label.as_deref());
    let next_cursor = |shown: usize| {
        let before = earlier + shown;
        let mark = before.checked_sub(1).and_then(|last| found.get(last)).map_or(0, |node| cursor::mark(node.name()));
        (before < found.len()).then(|| cursors.make([saturate(before as u64), mark]))
    };
    let page = page::fit(call, "node", &lines, next_cursor, |out, cursor| {
        out.head(&head);
        if let Some(cursor) = cursor {
            out.next(Hint::new("list_nodes").with("label", label.as_deref()).with("status", word).with("cursor", Some(cursor)).call());
        }
        // Without a right to it, Jenkins sends nothing instead of a refusal.
        if format == Format::Full
            && nodes.iter().any(|node| !node.offline)
            && nodes.iter().all(|node| node.monitors() == Monitors::default())
        {
            out.head("no disk, memory or clock: this account may not see them (Agent/ExtendedRead)");
        }
    });
    Ok(NodeList {
        nodes: nodes.iter().take(page.shown).map(|node| record(call, node)).collect(),
        shown: saturate(page.shown as u64),
        total: saturate(found.len() as u64),
        next_cursor: page.next_cursor,
        meta: call.meta(&page.text),
        text: page.text,
    })
}

fn status_word(status: NodeStatus) -> &'static str {
    match status {
        NodeStatus::Online => "online",
        NodeStatus::Offline => "offline",
        NodeStatus::Idle => "idle",
        NodeStatus::Busy => "busy",
    }
}

fn is(node: &Node, status: NodeStatus) -> bool {
    match status {
        NodeStatus::Online => !node.offline,
        NodeStatus::Offline => node.offline,
        NodeStatus::Idle => !node.offline && node.idle,
        NodeStatus::Busy => !node.idle,
    }
}

fn head(all: &Nodes, found: usize, filters: &[String], label: Option<&str>) -> String {
    let online = all.all.iter().filter(|node| !node.offline).count();
    let whole = format!("{online} online; {} of {} executors busy", all.busy_executors, all.total_executors);
    let nodes = human::count(all.all.len() as u64, "node");
    if all.all.is_empty() {
        return "no node that this account may see".to_owned();
    }
    if filters.is_empty() {
        return format!("{nodes}, {whole}");
    }
    let filters = filters.join(", ");
    if found > 0 {
        return format!("{found} of {nodes} with {filters} ({whole})");
    }
    // A filter that finds nothing is often a label that is written otherwise.
    let mut known: Vec<&str> = all.all.iter().flat_map(labels).collect();
    sorted::sort_by(&mut known, Ord::cmp);
    known.dedup();
    let known: Vec<String> = known.into_iter().take(LABELS).map(names::shown).collect();
    let known = if label.is_some() && !known.is_empty() { format!("; labels there are: {}", known.join(", ")) } else { String::new() };
    format!("no node of {} has {filters} ({whole}){known}", all.all.len())
}

/// Labels that are not the node's own name.
fn labels(node: &Node) -> Vec<&str> {
    node.given_labels().collect()
}

/// `linux-1 online, 1 of 2 busy [linux docker]: shop/checkout/main #29`.
fn line(call: &Call, node: &Node, format: Format) -> String {
    let mut line = names::shown(node.name());
    if format == Format::Ids {
        return line;
    }
    let state = match (node.offline, node.temporarily_offline) {
        (true, _) => {
            let since = node.offline_since_ms().map(|at| human::duration(call.now_ms().saturating_sub(at)));
            format!("OFFLINE{} ({})", since.map(|time| format!(" for {time}")).unwrap_or_default(), cause(call, node))
        }
        (false, true) => "online, takes no builds".to_owned(),
        (false, false) => "online".to_owned(),
    };
    let _ = write!(line, " {state}, {} of {} busy", node.busy(), human::count(node.num_executors.into(), "executor"));
    let labels = labels(node);
    if !labels.is_empty() {
        let most = if format == Format::Full { usize::MAX } else { LABELS };
        let more = labels.len().saturating_sub(most);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let _ = write!(line, " [{}{more}]", labels.iter().take(most).map(|l| names::shown(l)).collect::<Vec<_>>().join(" "));
    }
    let builds = running(node);
    if !builds.is_empty() {
        let more = builds.len().saturating_sub(BUILDS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let _ = write!(line, ": {}{more}", builds.iter().take(BUILDS).map(|b| answer::name(b)).collect::<Vec<_>>().join(", "));
    }
    if format == Format::Full {
        let monitors = monitors(node);
        if !monitors.is_empty() {
            let shown: Vec<String> =
                monitors.iter().map(|m| format!("{} {}{}", m.name, m.value, if m.low { " LOW" } else { "" })).collect();
            let _ = write!(line, "\n  {}", shown.join(", "));
        }
        if let Some(description) = node.description.as_deref().filter(|d| !d.trim().is_empty()) {
            let _ = write!(line, "\n  description: {}", answer::quote(call, description));
        }
    }
    line
}

/// What runs on its executors.
fn running(node: &Node) -> Vec<String> {
    let mut builds: Vec<String> = Vec::new();
    for executable in node.occupants() {
        let title = executable.title().unwrap_or_else(|| "a build that this account may not see".to_owned());
        if !builds.contains(&title) {
            builds.push(title);
        }
    }
    builds
}

fn monitors(node: &Node) -> Vec<NodeMonitor> {
    let it = node.monitors();
    let bytes = |value: Option<u64>| value.map(human::bytes);
    let time = |value: Option<u64>| value.map(human::duration);
    let clock = it.clock_difference_ms.map(|ms| format!("{}{}", if ms < 0 { "-" } else { "" }, human::duration(ms.unsigned_abs())));
    [
        ("disk-free", bytes(it.disk_free), it.disk_low),
        ("temp-free", bytes(it.temp_free), it.temp_low),
        ("memory-free", bytes(it.memory_free), false),
        ("swap-free", bytes(it.swap_free), false),
        ("response-time", time(it.response_ms), false),
        ("clock-difference", clock, false),
        ("architecture", it.architecture.as_deref().map(names::shown), false),
    ]
    .into_iter()
    .filter_map(|(name, value, low)| Some(NodeMonitor { name: name.to_owned(), value: value?, low }))
    .collect()
}

fn record(call: &Call, node: &Node) -> Record {
    Record {
        name: node.name().to_owned(),
        labels: labels(node).into_iter().map(str::to_owned).collect(),
        online: !node.offline,
        offline_cause: node.offline.then(|| cause(call, node)),
        offline_since: answer::timestamp(node.offline_since_ms().filter(|_| node.offline)),
        description: node.description.as_deref().filter(|d| !d.trim().is_empty()).map(|d| answer::redacted(call, d)),
        executors: node.num_executors,
        busy: node.busy(),
        running: running(node),
        monitors: monitors(node),
    }
}

#[cfg(test)]
mod tests;
