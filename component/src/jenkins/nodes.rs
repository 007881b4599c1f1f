//! Nodes: the machines that builds run on.
//!
//! Names of nodes and labels, and the reasons for being offline, are what people and plugins wrote. The monitors (disk,
//! memory, clock) are shown to accounts with Overall/SystemRead or Computer/ExtendedRead only; others get an empty object.
//! A node that never connected has all of its monitors null and no cause of being offline.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::lenient::{items, or_default};
use crate::call::Call;
use crate::error::Error;

/// What tells how many there are.
const BRIEF: &str = "busyExecutors,totalExecutors,computer[_class,displayName,offline]";
/// Everything [`Nodes`] reads, without the monitors.
const FIELDS: &str = "busyExecutors,totalExecutors,computer[_class,displayName,description,assignedLabels[name],numExecutors,idle,\
offline,temporarilyOffline,offlineCause[_class],offlineCauseReason,jnlpAgent,\
executors[currentExecutable[url,fullDisplayName]],oneOffExecutors[currentExecutable[url,fullDisplayName]]";

/// All nodes of a controller.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Nodes {
    /// One-off executors of pipelines excluded.
    pub(crate) busy_executors: u32,
    /// Of the nodes that are online.
    pub(crate) total_executors: u32,
    #[serde(rename = "computer", deserialize_with = "all")]
    pub(crate) all: Vec<Node>,
}

/// A node.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Node {
    #[serde(rename = "_class")]
    class: String,
    pub(crate) display_name: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) description: Option<String>,
    #[serde(deserialize_with = "or_default")]
    assigned_labels: Vec<Label>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) num_executors: u32,
    pub(crate) idle: bool,
    pub(crate) offline: bool,
    pub(crate) temporarily_offline: bool,
    #[serde(deserialize_with = "or_default")]
    offline_cause: Option<Class>,
    #[serde(deserialize_with = "or_default")]
    offline_cause_reason: String,
    /// It connects to the controller by itself, rather than being connected to.
    pub(crate) jnlp_agent: bool,
    #[serde(deserialize_with = "or_default")]
    executors: Vec<Executor>,
    #[serde(deserialize_with = "or_default")]
    one_off_executors: Vec<Executor>,
    #[serde(deserialize_with = "or_default")]
    monitor_data: BTreeMap<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Class {
    #[serde(rename = "_class")]
    class: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Label {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Executor {
    #[serde(deserialize_with = "or_default")]
    current_executable: Option<Executable>,
}

/// What an executor works on.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Executable {
    /// Of the build; under the root URL that the controller believes in.
    #[serde(deserialize_with = "or_default")]
    pub(crate) url: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) full_display_name: Option<String>,
}

impl Node {
    /// The controller's own.
    pub(crate) fn is_built_in(&self) -> bool {
        self.class.ends_with("MasterComputer")
    }

    /// The name to use in calls: `built-in`, or the agent's.
    pub(crate) fn name(&self) -> &str {
        if self.is_built_in() { "built-in" } else { &self.display_name }
    }

    /// Its labels, its own name among them.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &str> {
        self.assigned_labels.iter().map(|l| l.name.as_str())
    }

    /// Why it is offline; `None` while it is online.
    pub(crate) fn offline_cause(&self) -> Option<OfflineCause<'_>> {
        if !self.offline {
            return None;
        }
        let reason = self.offline_cause_reason.trim();
        let class = self.offline_cause.as_ref().map_or("", |c| c.class.as_str());
        Some(if self.temporarily_offline || class.contains("UserCause") || class.contains("ByCLI") {
            OfflineCause::TakenOffline(reason)
        } else if !reason.is_empty() {
            OfflineCause::Failed(reason)
        } else if class.is_empty() {
            OfflineCause::NeverConnected
        } else {
            OfflineCause::Failed(class.rsplit(['.', '$']).next().unwrap_or(class))
        })
    }

    /// What it works on, one-off executors of pipelines included.
    pub(crate) fn executables(&self) -> impl Iterator<Item = &Executable> {
        self.executors.iter().chain(&self.one_off_executors).filter_map(|e| e.current_executable.as_ref())
    }

    /// Executors that work on something; `None` where the answer does not tell.
    pub(crate) fn busy(&self) -> u32 {
        u32::try_from(self.executors.iter().filter(|e| e.current_executable.is_some()).count()).unwrap_or(u32::MAX)
    }

    /// Its monitors; all empty for an account that may not see them.
    pub(crate) fn monitors(&self) -> Monitors {
        let of = |name: &str| self.monitor_data.iter().find(|(key, _)| key.ends_with(name)).map(|(_, value)| value);
        let number = |name: &str, field: &str| of(name)?.get(field)?.as_u64();
        Monitors {
            disk_free: number(".DiskSpaceMonitor", "size"),
            temp_free: number(".TemporarySpaceMonitor", "size"),
            memory_free: number(".SwapSpaceMonitor", "availablePhysicalMemory"),
            swap_free: number(".SwapSpaceMonitor", "availableSwapSpace"),
            response_ms: number(".ResponseTimeMonitor", "average"),
            clock_difference_ms: of(".ClockMonitor").and_then(|v| v.get("diff")?.as_i64()),
            architecture: of(".ArchitectureMonitor").and_then(|v| v.as_str()).map(str::to_owned),
            disk_low: low(of(".DiskSpaceMonitor")) || low(of(".TemporarySpaceMonitor")),
        }
    }
}

/// One that cannot be read does not spoil the others.
fn all<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Node>, D::Error> {
    Ok(items(from)?.unwrap_or_default())
}

/// Below the size at which Jenkins itself warns.
fn low(space: Option<&Value>) -> bool {
    let field = |name: &str| space?.get(name)?.as_u64();
    let limit = field("warningThreshold").or_else(|| field("threshold"));
    matches!((field("size"), limit), (Some(size), Some(limit)) if size < limit)
}

/// Why a node is offline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OfflineCause<'a> {
    /// By somebody, with the reason that was given; may be empty.
    TakenOffline(&'a str),
    /// The connection or a monitor, in Jenkins' words.
    Failed(&'a str),
    /// Jenkins gives no cause: it has not been connected since the controller started.
    NeverConnected,
}

/// What Jenkins measures on a node; bytes and milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Monitors {
    pub(crate) disk_free: Option<u64>,
    pub(crate) temp_free: Option<u64>,
    pub(crate) memory_free: Option<u64>,
    pub(crate) swap_free: Option<u64>,
    pub(crate) response_ms: Option<u64>,
    pub(crate) clock_difference_ms: Option<i64>,
    pub(crate) architecture: Option<String>,
    pub(crate) disk_low: bool,
}

/// Asks for all nodes, with their monitors when wanted.
///
/// # Errors
/// As any request.
pub(crate) async fn nodes(call: &Call, monitors: bool) -> Result<Nodes, Error> {
    let monitors = if monitors { ",monitorData[*]]" } else { "]" };
    call.tree("nodes", "/computer", &format!("{FIELDS}{monitors}"), "the nodes").await
}

/// Asks which nodes there are, and which are offline.
///
/// # Errors
/// As any request.
pub(crate) async fn brief(call: &Call) -> Result<Nodes, Error> {
    call.tree("nodes", "/computer", BRIEF, "the nodes").await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(json: &str) -> Node {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_causes_of_being_offline_are_told_apart() {
        let taken = node(r#"{"offline":true,"temporarilyOffline":true,"offlineCauseReason":"disk full"}"#);
        assert_eq!(taken.offline_cause(), Some(OfflineCause::TakenOffline("disk full")));
        let never = node(r#"{"offline":true,"offlineCause":null,"offlineCauseReason":""}"#);
        assert_eq!(never.offline_cause(), Some(OfflineCause::NeverConnected));
        let lost =
            node(r#"{"offline":true,"offlineCause":{"_class":"hudson.slaves.OfflineCause$ChannelTermination"},"offlineCauseReason":""}"#);
        assert_eq!(lost.offline_cause(), Some(OfflineCause::Failed("ChannelTermination")));
        assert_eq!(node(r#"{"offline":false,"offlineCauseReason":"old"}"#).offline_cause(), None);
    }

    #[test]
    fn monitors_that_are_null_or_hidden_are_unknown_and_not_zero() {
        let hidden = node(r#"{"monitorData":{}}"#).monitors();
        let null = node(r#"{"monitorData":{"hudson.node_monitors.DiskSpaceMonitor":null}}"#).monitors();
        assert_eq!((hidden, null), (Monitors::default(), Monitors::default()));
        let low =
            node(r#"{"monitorData":{"hudson.node_monitors.DiskSpaceMonitor":{"size":10,"threshold":5,"warningThreshold":20}}}"#).monitors();
        assert_eq!((low.disk_free, low.disk_low), (Some(10), true));
    }

    #[test]
    fn fields_of_an_unknown_type_count_as_absent() {
        let odd = node(r#"{"displayName":"a","assignedLabels":null,"executors":"none","offlineCauseReason":null,"monitorData":[]}"#);
        assert_eq!((odd.labels().count(), odd.busy()), (0, 0));
    }
}
