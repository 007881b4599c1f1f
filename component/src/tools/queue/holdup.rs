//! What holds an item up, from what Jenkins says of it and from what runs on the nodes.
//!
//! The sentence of the queue names a build, a label or a node; the nodes tell which builds those are and when they
//! should end. Where the queue gives no reason, the label of the job and the nodes often do. Nothing is invented: what
//! neither tells is said to be unknown.

use std::collections::HashMap;

use super::reason::Reason;
use crate::answer;
use crate::call::Call;
use crate::jenkins::controller::State;
use crate::jenkins::nodes::{Executable, Node, Nodes, OfflineCause};
use crate::jenkins::queue_list::Waiting;
use crate::sorted;
use crate::text::{human, names};

/// Builds, nodes or labels that one explanation lists.
const LISTED: usize = 6;

/// What explanations rest on.
pub(super) struct World<'a> {
    pub(super) call: &'a Call,
    /// All that waits, the oldest first.
    pub(super) items: &'a [Waiting],
    /// What each of them says of itself.
    pub(super) told: Vec<Reason>,
    /// `None` when they could not be asked for.
    pub(super) nodes: Option<&'a Nodes>,
    pub(super) state: Option<&'a State>,
    /// By label: clouds that could start a node for it, as far as Jenkins told.
    pub(super) clouds: &'a HashMap<String, u32>,
}

/// Why an item waits.
#[derive(Debug, Default)]
pub(super) struct HoldUp {
    pub(super) reason: &'static str,
    pub(super) explanation: String,
    pub(super) unblock: String,
    pub(super) held_by: Vec<String>,
    pub(super) eta_ms: Option<u64>,
    /// A call that tells more.
    pub(super) next: Option<String>,
}

impl<'a> World<'a> {
    /// The reason of an item: Jenkins' own, corrected by the nodes, which are read at the same moment.
    pub(super) fn reason(&self, item: &Waiting) -> Reason {
        let told = Reason::of(item);
        let label = match &told {
            Reason::NoNode(label) | Reason::Offline(label) | Reason::Busy(Some(label)) => Some(label.as_str()),
            Reason::Untold if self.state.is_some_and(|s| s.quieting_down == Some(true)) => return Reason::ShuttingDown,
            Reason::Untold => item.label(),
            _ => None,
        };
        let (Some(label), Some(_)) = (label, self.nodes) else { return told };
        let meant = self.meant(Some(label));
        match meant.iter().any(|node| !node.offline) {
            // A node that this account may not see can be busy all the same.
            _ if meant.is_empty() && matches!(told, Reason::Busy(_)) => told,
            _ if meant.is_empty() => Reason::NoNode(label.to_owned()),
            true => Reason::Busy(Some(label.to_owned())),
            false => Reason::Offline(label.to_owned()),
        }
    }

    /// The nodes that a label or a name means; without one, all.
    fn meant(&self, label: Option<&str>) -> Vec<&'a Node> {
        let all = self.nodes.map(|n| n.all.as_slice()).unwrap_or_default();
        all.iter().filter(|node| label.is_none_or(|label| node.is_meant_by(label))).collect()
    }

    pub(super) fn explain(&self, item: &Waiting) -> HoldUp {
        let reason = self.reason(item);
        let mut it = match &reason {
            Reason::QuietPeriod => self.quiet(item),
            Reason::Running(number) => self.running(item, *number),
            Reason::Related(job) => self.related(job),
            Reason::ShuttingDown => self.shutting_down(),
            Reason::NoNode(label) => self.no_node(label),
            Reason::Offline(label) => self.offline(label),
            Reason::Gone(node) => self.gone(item, node),
            Reason::Busy(label) => self.busy(item, label.as_deref()),
            Reason::Starting => said("an executor has been found, it is about to start", "nothing: it starts by itself"),
            Reason::NotAllowed => self.in_jenkins_words(
                item,
                "the nodes that are free do not take it",
                "a node that takes it: by its label, its usage (only jobs that name it) or the permission to run on it",
            ),
            Reason::Throttled => self.throttled(item),
            Reason::Resource => self.in_jenkins_words(
                item,
                "it waits for a resource",
                "whoever holds the resource releases it; Jenkins shows who on its page of lockable resources",
            ),
            Reason::Other => self.in_jenkins_words(item, "Jenkins says", "what Jenkins names; it is a reason that this tool does not know"),
            Reason::Untold => said("Jenkins gives no reason", "not known; it may start at any moment, ask again"),
        };
        it.reason = reason.name();
        if item.is_part() && item.job().is_none() {
            let running: Vec<String> = self.meant(None).iter().flat_map(|node| node.driven()).filter_map(Executable::title).collect();
            if !running.is_empty() {
                it.explanation.push_str(&format!("; Jenkins does not say of which pipeline it is, these run: {}", listed(running)));
            }
        }
        it
    }

    fn quiet(&self, item: &Waiting) -> HoldUp {
        let rest = item.timestamp.map(|end| human::duration(end.saturating_sub(self.call.now_ms())));
        let rest = rest.or_else(|| item.why.as_deref()?.split_once("Expires in ").map(|(_, rest)| answer::quote(self.call, rest)));
        let rest = rest.map(|rest| format!(", {rest} left")).unwrap_or_default();
        said(&format!("in its quiet period{rest}"), "nothing: it goes on by itself")
    }

    fn running(&self, item: &Waiting, number: Option<u32>) -> HoldUp {
        let job = item.job().map(|(job, _)| job);
        let running = self.meant(None).into_iter().flat_map(|node| node.executables());
        let mut own =
            running.filter(|it| it.build().is_some_and(|(j, n)| Some(&j) == job.as_ref() && number.is_none_or(|wanted| n == wanted)));
        let found = own.next();
        let number = number.or_else(|| found.and_then(|it| it.build()).map(|(_, n)| n));
        let build = number.map_or_else(|| "a build of the same job".to_owned(), |n| format!("its own build #{n}"));
        let progress = match found {
            Some(it) => self.progress(it),
            // Jenkins' sentence has an estimate of its own.
            None => item.why.as_deref().and_then(|why| why.split_once("(ETA: ")).map_or_else(String::new, |(_, eta)| {
                let eta = eta.split(')').next().unwrap_or_default();
                if eta == "N/A" { "no estimate".to_owned() } else { format!("by Jenkins' estimate {} left", answer::quote(self.call, eta)) }
            }),
        };
        let progress = if progress.is_empty() { progress } else { format!(" ({progress})") };
        let name = job.map(|job| job.name());
        let call = |tool: &str| Some(format!("{tool}(job={:?}, build=\"{}\")", name.as_deref()?, number?));
        HoldUp {
            explanation: format!("{build} still runs{progress}, and the job runs one at a time"),
            unblock: match call("stop_build") {
                Some(stop) => format!("#{} ends, or {stop}", number.unwrap_or_default()),
                None => "that build ends".to_owned(),
            },
            held_by: name.iter().zip(number).map(|(name, number)| format!("{name} #{number}")).collect(),
            eta_ms: found.and_then(|it| it.rest_ms(self.call.now_ms())),
            next: call("get_build"),
            ..HoldUp::default()
        }
    }

    fn related(&self, job: &str) -> HoldUp {
        let name = job.replace(" » ", "/");
        let running: Vec<&Executable> = self
            .meant(None)
            .into_iter()
            .flat_map(|node| node.executables())
            .filter(|it| it.build().is_some_and(|(job, _)| job.name() == name))
            .collect();
        let shown = names::shown(&name);
        HoldUp {
            explanation: format!("a build of the related job {shown} runs or waits{}", self.builds(&running)),
            unblock: format!("the builds of {shown} end: the job is set to wait for them"),
            next: Some(format!("list_builds(job={name:?})")),
            ..self.held(&running)
        }
    }

    fn shutting_down(&self) -> HoldUp {
        let reason = self.state.and_then(|s| s.quiet_down_reason.as_deref()).filter(|r| !r.trim().is_empty());
        let reason = reason.map(|r| format!(" ({})", answer::quote(self.call, r))).unwrap_or_default();
        said(
            &format!("Jenkins is about to shut down and starts nothing new{reason}"),
            "an administrator calls the shutdown off, or Jenkins comes back after it",
        )
    }

    fn no_node(&self, label: &str) -> HoldUp {
        let shown = names::shown(label);
        let mut labels: Vec<String> = self.meant(None).iter().flat_map(|node| node.given_labels()).map(names::shown).collect();
        sorted::sort_by(&mut labels, Ord::cmp);
        labels.dedup();
        let there = if labels.is_empty() { String::new() } else { format!(" (there are: {})", listed(labels)) };
        let cloud = match self.clouds.get(label) {
            Some(0) => "; no cloud is set up to start one",
            Some(_) => "; a cloud is set up that may be starting one now",
            None => "",
        };
        HoldUp {
            explanation: format!("no node has the label {shown}{cloud}"),
            unblock: format!("a node with that label, or another label in the job{there}"),
            next: Some("list_nodes()".to_owned()),
            ..HoldUp::default()
        }
    }

    fn offline(&self, label: &str) -> HoldUp {
        let meant = self.meant(Some(label));
        let nodes: Vec<String> = match meant.as_slice() {
            [one] => vec![cause(self.call, one)],
            many => many.iter().map(|node| format!("{}: {}", names::shown(node.name()), cause(self.call, node))).collect(),
        };
        let which = match meant.as_slice() {
            [] => format!("what {} means is offline", names::shown(label)),
            [one] if one.name() == label => format!("node {} is offline", names::shown(label)),
            [one] => format!("the only node for {}, {}, is offline", names::shown(label), names::shown(one.name())),
            many => format!("all {} nodes for {} are offline", many.len(), names::shown(label)),
        };
        let nodes = if nodes.is_empty() { String::new() } else { format!(" ({})", listed(nodes)) };
        HoldUp {
            explanation: format!("{which}{nodes}"),
            unblock: format!("{} comes back online, or another node gets the label", if meant.len() == 1 { "it" } else { "one of them" }),
            next: Some(format!("list_nodes(label={label:?})")),
            ..HoldUp::default()
        }
    }

    fn gone(&self, item: &Waiting, node: &str) -> HoldUp {
        let stop = item.job().and_then(|(job, build)| Some(format!(", or stop_build(job={:?}, build=\"{}\")", job.name(), build?)));
        said(
            &format!("the node {} that it needs has been removed", names::shown(node)),
            &format!("a node of that name comes back{}", stop.unwrap_or_default()),
        )
    }

    fn busy(&self, item: &Waiting, label: Option<&str>) -> HoldUp {
        let meant = self.meant(label);
        let online: Vec<&Node> = meant.iter().filter(|node| !node.offline).copied().collect();
        let of = label.map(|l| format!(" for {}", names::shown(l))).unwrap_or_default();
        let place = self.items.partition_point(|other| other.place() < item.place());
        let same = |other: &&Reason| matches!(other, Reason::Busy(l) if l.as_deref() == label);
        let ahead = self.told.iter().take(place).filter(same).count();
        let ahead = if ahead > 0 { format!("; {} before it", human::count(ahead as u64, "item")) } else { String::new() };
        let next = Some(label.map_or_else(|| "list_nodes(status=\"busy\")".to_owned(), |l| format!("list_nodes(label={l:?})")));
        if self.nodes.is_none() || meant.is_empty() {
            return HoldUp { next, ..said(&format!("no executor{of} is free{ahead}"), "a build that holds one ends") };
        }
        if let Some(free) = online.iter().find(|node| node.busy() < node.num_executors) {
            return HoldUp {
                next,
                ..said(
                    &format!("an executor{of} is free on {}{ahead}", names::shown(free.name())),
                    "it should start in a moment; when it does not, the node may take only jobs that name it",
                )
            };
        }
        let occupants: Vec<&Executable> = online.iter().flat_map(|node| node.occupants()).collect();
        let offline = meant.len() - online.len();
        let offline = if offline > 0 { format!("; {} offline", human::count(offline as u64, "node")) } else { String::new() };
        let total: u32 = online.iter().map(|node| node.num_executors).sum();
        let explanation = match total {
            0 => format!("no node{of} that is online has an executor{offline}{ahead}"),
            1 => format!("the only executor{of} is busy{}{offline}{ahead}", self.builds(&occupants)),
            _ => format!("all {}{of} are busy{}{offline}{ahead}", human::count(total.into(), "executor"), self.builds(&occupants)),
        };
        HoldUp { explanation, unblock: "one of these builds ends, or a node more".to_owned(), next, ..self.held(&occupants) }
    }

    fn throttled(&self, item: &Waiting) -> HoldUp {
        let job = item.job().map(|(job, _)| job);
        let running: Vec<&Executable> = self
            .meant(None)
            .into_iter()
            .flat_map(|node| node.executables())
            .filter(|it| it.build().is_some_and(|(j, _)| Some(j) == job))
            .collect();
        let words = self.in_jenkins_words(
            item,
            "a limit on concurrent builds holds it back",
            "one of the builds that count towards the limit ends",
        );
        HoldUp { explanation: format!("{}{}", words.explanation, self.builds(&running)), unblock: words.unblock, ..self.held(&running) }
    }

    fn in_jenkins_words(&self, item: &Waiting, what: &str, unblock: &str) -> HoldUp {
        let words = item.why.as_deref().map(|why| format!(": {}", answer::quote(self.call, why))).unwrap_or_default();
        said(&format!("{what}{words}"), unblock)
    }

    /// `running 5m, about 2m left`.
    fn progress(&self, it: &Executable) -> String {
        let now = self.call.now_ms();
        let rest = match it.rest_ms(now) {
            None => "no estimate".to_owned(),
            Some(0) => "longer than expected".to_owned(),
            Some(ms) => format!("about {} left", human::duration(ms)),
        };
        it.elapsed_ms(now).map_or(rest.clone(), |ms| format!("for {}, {rest}", human::duration(ms)))
    }

    /// `: shop/checkout #3 (for 5m, about 2m left), …`; empty when there are none.
    fn builds(&self, running: &[&Executable]) -> String {
        let builds: Vec<String> = running
            .iter()
            .map(|it| {
                let title = it.title().map_or_else(|| "a build that this account may not see".to_owned(), |t| names::shown(&t));
                format!("{} ({})", title.trim_matches('"'), self.progress(it))
            })
            .collect();
        if builds.is_empty() { String::new() } else { format!(": {}", listed(builds)) }
    }

    /// Who holds it up, and until when.
    fn held(&self, running: &[&Executable]) -> HoldUp {
        let mut held_by: Vec<String> = running.iter().filter_map(|it| it.title()).collect();
        held_by.dedup();
        HoldUp { held_by, eta_ms: running.iter().filter_map(|it| it.rest_ms(self.call.now_ms())).min(), ..HoldUp::default() }
    }
}

/// Why a node is offline, in words.
pub(crate) fn cause(call: &Call, node: &Node) -> String {
    match node.offline_cause() {
        None => "online".to_owned(),
        Some(OfflineCause::TakenOffline("")) => "taken offline".to_owned(),
        Some(OfflineCause::TakenOffline(reason)) => format!("taken offline, {}", answer::quote(call, reason)),
        Some(OfflineCause::Failed(reason)) => format!("disconnected, {}", answer::quote(call, reason)),
        Some(OfflineCause::NeverConnected) => "not connected so far".to_owned(),
    }
}

fn said(explanation: &str, unblock: &str) -> HoldUp {
    HoldUp { explanation: explanation.to_owned(), unblock: unblock.to_owned(), ..HoldUp::default() }
}

/// The first few, and how many more.
fn listed(items: Vec<String>) -> String {
    let more = items.len().saturating_sub(LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", items.into_iter().take(LISTED).collect::<Vec<_>>().join(", "))
}
