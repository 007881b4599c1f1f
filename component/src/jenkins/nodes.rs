//! Nodes: the machines that builds run on.
//!
//! Names of nodes and labels, and the reasons for being offline, are what people and plugins wrote. The monitors (disk,
//! memory, clock) are shown to accounts with Overall/SystemRead or Computer/ExtendedRead only; others get an empty object.
//! A node that never connected has all of its monitors null and no cause of being offline.

use super::path::{JobPath, Selector};
use super::{encode, label};
use crate::call::{Call, saturate};
use crate::error::Error;
use crate::json::{Value, record};

/// What tells how many there are.
const BRIEF: &str = "busyExecutors,totalExecutors,computer[_class,displayName,offline]";
/// Everything [`Nodes`] reads, without the monitors.
const FIELDS: &str = "busyExecutors,totalExecutors,computer[_class,displayName,description,assignedLabels[name],numExecutors,idle,\
offline,temporarilyOffline,offlineCause[_class,timestamp],offlineCauseReason,jnlpAgent,\
executors[likelyStuck,currentExecutable[url,number,fullDisplayName,timestamp,estimatedDuration]],\
oneOffExecutors[currentExecutable[url,number,fullDisplayName,timestamp,estimatedDuration]]";

record! {
    /// All nodes of a controller.
    #[derive(Debug, Default)]
    pub(crate) struct Nodes {
        /// One-off executors of pipelines excluded.
        pub(crate) busy_executors: u32,
        /// Of the nodes that are online.
        pub(crate) total_executors: u32,
        pub(crate) all: Vec<Node> = "computer",
    }

    /// A node.
    #[derive(Debug, Default)]
    pub(crate) struct Node {
        class: String = "_class",
        pub(crate) display_name: String,
        pub(crate) description: Option<String>,
        assigned_labels: Vec<Label>,
        pub(crate) num_executors: u32,
        pub(crate) idle: bool,
        pub(crate) offline: bool,
        pub(crate) temporarily_offline: bool,
        offline_cause: Option<Class>,
        offline_cause_reason: String,
        executors: Vec<Executor>,
        one_off_executors: Vec<Executor>,
        monitor_data: Value,
    }

    #[derive(Debug, Default)]
    struct Class {
        class: String = "_class",
        timestamp: Option<u64>,
    }

    #[derive(Debug, Default)]
    struct Label {
        name: String,
    }

    #[derive(Debug, Default)]
    struct Executor {
        current_executable: Option<Executable>,
    }

    /// What an executor works on: a build, or a part of one.
    #[derive(Debug, Default)]
    pub(crate) struct Executable {
        /// Of the build; under the root URL that the controller believes in.
        url: Option<String>,
        number: Option<u32>,
        full_display_name: Option<String>,
        timestamp: Option<u64>,
        estimated_duration: Option<i64>,
    }
}

impl Executable {
    /// The build it is, or is a part of.
    pub(crate) fn build(&self) -> Option<(JobPath, u32)> {
        let (job, which) = JobPath::parse(self.url.as_deref()?, None).ok()?;
        let number = match which {
            Some(Selector::Number(number)) => Some(number),
            _ => self.number,
        };
        Some((job, number?))
    }

    /// `shop/checkout #3`, or what Jenkins calls it; `None` for what an account may not see.
    pub(crate) fn title(&self) -> Option<String> {
        self.build().map(|(job, number)| format!("{job} #{number}")).or_else(|| self.full_display_name.clone())
    }

    /// Has been running for so long.
    pub(crate) fn elapsed_ms(&self, now_ms: u64) -> Option<u64> {
        self.timestamp.map(|start| now_ms.saturating_sub(start))
    }

    /// Until it should end; zero when it is overdue, `None` when Jenkins has no estimate.
    pub(crate) fn rest_ms(&self, now_ms: u64) -> Option<u64> {
        let expected = self.estimated_duration.and_then(|e| u64::try_from(e).ok()).filter(|e| *e > 0)?;
        Some((self.timestamp? + expected).saturating_sub(now_ms))
    }
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

    /// When it went offline, in milliseconds since 1970; not every controller tells.
    pub(crate) fn offline_since_ms(&self) -> Option<u64> {
        self.offline_cause.as_ref()?.timestamp.filter(|at| *at > 0)
    }

    /// Its labels, its own name among them.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &str> {
        self.assigned_labels.iter().map(|l| l.name.as_str())
    }

    /// Its labels without its own name.
    pub(crate) fn given_labels(&self) -> impl Iterator<Item = &str> {
        self.labels().filter(|label| *label != self.name())
    }

    /// Whether a label, a label expression or its own name means it.
    pub(crate) fn is_meant_by(&self, expression: &str) -> bool {
        let expression = expression.trim();
        let is_own = self.is_built_in() && (is_built_in_name(expression) || expression == BUILT_IN_IN_QUEUE);
        let is_name = is_own || expression == self.display_name;
        let has = |label: &str| self.labels().any(|l| l == label) || (label == self.name());
        is_name || label::means(expression, &has).unwrap_or_else(|| has(expression))
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
        self.occupants().chain(self.driven())
    }

    /// What its executors work on: what keeps other builds from it.
    pub(crate) fn occupants(&self) -> impl Iterator<Item = &Executable> {
        self.executors.iter().filter_map(|e| e.current_executable.as_ref())
    }

    /// The pipelines that it drives, on one-off executors, which keep nobody from it.
    pub(crate) fn driven(&self) -> impl Iterator<Item = &Executable> {
        self.one_off_executors.iter().filter_map(|e| e.current_executable.as_ref())
    }

    /// Executors that work on something.
    pub(crate) fn busy(&self) -> u32 {
        saturate(self.occupants().count() as u64)
    }

    /// Its monitors; all empty for an account that may not see them.
    pub(crate) fn monitors(&self) -> Monitors {
        let of = |name: &str| self.monitor_data.members().iter().find(|(key, _)| key.ends_with(name)).map(|(_, value)| value);
        let number = |name: &str, field: &str| of(name)?.get(field)?.as_u64();
        Monitors {
            disk_free: number(".DiskSpaceMonitor", "size"),
            temp_free: number(".TemporarySpaceMonitor", "size"),
            memory_free: number(".SwapSpaceMonitor", "availablePhysicalMemory"),
            swap_free: number(".SwapSpaceMonitor", "availableSwapSpace"),
            response_ms: number(".ResponseTimeMonitor", "average"),
            clock_difference_ms: of(".ClockMonitor").and_then(|v| v.get("diff")?.as_i64()),
            architecture: of(".ArchitectureMonitor").and_then(|v| v.as_str()).map(str::to_owned),
            disk_low: low(of(".DiskSpaceMonitor")),
            temp_low: low(of(".TemporarySpaceMonitor")),
        }
    }
}

/// What people and Jenkins' versions call the controller's own node, in any case.
const BUILT_IN: [&str; 5] = ["built-in", "(built-in)", "built-in node", "master", "(master)"];
/// And the queue, in its reasons.
const BUILT_IN_IN_QUEUE: &str = "Jenkins";

/// The controller's own node is meant.
pub(crate) fn is_built_in_name(name: &str) -> bool {
    BUILT_IN.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// How many clouds could start a node with this label.
///
/// # Errors
/// As any request.
pub(crate) async fn clouds(call: &Call, label: &str) -> Result<u32, Error> {
    record! {
        struct Label {
            clouds: Vec<Value>,
        }
    }
    let object = format!("/label/{}", encode::segment(label));
    let answer: Label = call.tree("label", &object, "clouds[name]", &format!("label {label}")).await?;
    Ok(saturate(answer.clouds.len() as u64))
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
    pub(crate) temp_low: bool,
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
        crate::testing::read(json)
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

    #[test]
    fn a_node_is_meant_by_its_name_its_labels_and_expressions_of_them() {
        let linux = node(r#"{"displayName":"linux 1","assignedLabels":[{"name":"linux"},{"name":"docker"},{"name":"linux 1"}]}"#);
        for expression in ["linux", "linux 1", "linux && docker", "!windows", " docker "] {
            assert!(linux.is_meant_by(expression), "{expression}");
        }
        assert!(!linux.is_meant_by("linux && arm") && !linux.is_meant_by("lin"));
        let own =
            node(r#"{"_class":"hudson.model.Hudson$MasterComputer","displayName":"Built-In Node","assignedLabels":[{"name":"built-in"}]}"#);
        for name in ["built-in", "Jenkins", "Built-In Node", "(built-in)", "master"] {
            assert!(own.is_meant_by(name), "{name}");
        }
    }

    #[test]
    fn what_runs_is_named_by_its_build_and_counts_down() {
        let it: Executable = crate::testing::read(
            r#"{"url":"http://any/job/f/job/a/7/","timestamp":1000,"estimatedDuration":5000,"fullDisplayName":"f » a #7 (Test)"}"#,
        );
        assert_eq!((it.title().as_deref(), it.rest_ms(4000), it.rest_ms(9000)), (Some("f/a #7"), Some(2000), Some(0)));
        let unknown: Executable = crate::testing::read(r#"{"estimatedDuration":-1,"timestamp":1}"#);
        assert_eq!((unknown.title(), unknown.rest_ms(5)), (None, None));
    }
}
