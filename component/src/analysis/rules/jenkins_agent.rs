//! What Jenkins says of agents and nodes.

use super::{Category, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "jenkins-no-label",
        tool: Tool::Jenkins,
        category: Category::Config,
        specificity: 90,
        needles: &["There are no nodes with the label", "doesn't have label"],
        pattern: r"(?:There are no nodes with the label '(?P<label>[^']+)|'(?P<node_name>[^']+)' doesn't have label '(?P<label2>[^']+))",
        cause: "no node has the label {label}",
        advice: "Give a node the label {label}, or correct the label in the Jenkinsfile.",
        examples: samples!["There are no nodes with the label ‘gpu’", "‘linux-1’ doesn’t have label ‘gpu’"],
        near_misses: samples!["Still waiting to schedule task"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-nodes-offline",
        tool: Tool::Jenkins,
        category: Category::Infrastructure,
        specificity: 88,
        retryable: true,
        needles: &["are offline", "is offline"],
        pattern: r"^(?:All nodes of label '(?P<label>[^']+)' are offline|'(?P<agent>[^']+)' is offline)",
        cause: "waiting for an agent that is offline: {agent}{label}",
        advice: "Bring {agent}{label} back online or use another label.",
        examples: samples!["‘linux-2’ is offline", "All nodes of label ‘docker’ are offline"],
        near_misses: samples!["the printer is offline"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-agent-lost",
        tool: Tool::Jenkins,
        category: Category::Infrastructure,
        specificity: 91,
        retryable: true,
        needles: &[
            "ChannelClosedException",
            "ClosedChannelException",
            "RequestAbortedException",
            "node went offline during the build",
            "was marked offline",
            "Cannot contact ",
            "ChannelClosureException",
            "Agent was removed",
            "was deleted; cancelling node body",
            "Connection was broken",
            "Backing channel",
        ],
        pattern: r#"(?:^Cannot contact (?P<agent>[^:]+): |(?:hudson\.remoting\.|java\.nio\.channels\.|jenkins\.\S*)(?:ChannelClosedException|ClosedChannelException|RequestAbortedException)(?:: .*Remote call on (?P<agent4>\S+) failed)?|Looks like the node went offline during the build|^(?:ERROR: )?(?:Agent|Node) (?P<agent2>\S+) was (?:marked offline|deleted; cancelling node body)|^(?:Agent was removed)|Connection was broken|Backing channel '(?P<agent3>[^']+)' is disconnected|Unexpected termination of the channel)"#,
        extent: 1,
        cause: "the agent {agent|of this build} was lost while it ran",
        advice: "Look at the agent's log and whether its machine restarted or ran out of memory; then run the build again.",
        examples: samples![
            "Cannot contact linux-1: java.lang.InterruptedException",
            "hudson.remoting.ChannelClosedException: Channel \"hudson.remoting.Channel@5b1:linux-1\": Remote call on linux-1 failed. The channel is closing down or has closed down",
            "FATAL: java.nio.channels.ClosedChannelException",
            "Agent linux-3 was deleted; cancelling node body",
            "Looks like the node went offline during the build. Check the agent log for the details.",
        ],
        near_misses: samples!["Running on linux-1 in /var/lib/jenkins-agent/linux-1/workspace/x"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-durable-lost",
        tool: Tool::Jenkins,
        category: Category::Infrastructure,
        specificity: 84,
        retryable: true,
        needles: &[
            "wrapper script does not seem to be touching",
            "process apparently never started",
            "missing workspace",
            "script returned exit code -1",
            "script returned exit code -2",
        ],
        pattern: r"(?P<message>wrapper script does not seem to be touching the log file|process apparently never started|missing workspace|script returned exit code -[12]$)",
        cause: "the agent lost the shell step: {message}",
        advice: "The step's process vanished: look for a killed container, an overloaded agent or a wrong `docker.image.inside` setup.",
        examples: samples![
            "wrapper script does not seem to be touching the log file in /ws@tmp/durable-1f",
            "process apparently never started in /ws@tmp/durable-1f",
            "ERROR: script returned exit code -1",
        ],
        near_misses: samples!["ERROR: script returned exit code 1"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-workspace",
        tool: Tool::Jenkins,
        category: Category::Infrastructure,
        specificity: 86,
        needles: &["Unable to delete '", "AccessDeniedException: ", "Cannot delete workspace"],
        pattern: r"(?:Unable to delete '(?P<file>[^']+)'|java\.nio\.file\.AccessDeniedException: (?P<file2>\S+)|Cannot delete workspace ?:? ?(?P<message>.*))",
        cause: "Jenkins cannot clean the workspace: {file} {message}",
        advice: "Files of another user (often root, from a container) or an open handle hold it: fix their owner and wipe the workspace.",
        examples: samples![
            "java.io.IOException: Unable to delete '/ws/target/classes'. Tried 3 times (of a maximum of 3) waiting 0.1 sec between attempts.",
            "Caused by: java.nio.file.AccessDeniedException: /ws/node_modules/x",
        ],
        near_misses: samples!["[WS-CLEANUP] Deleting project workspace..."],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-pod",
        tool: Tool::Jenkins,
        category: Category::Infrastructure,
        specificity: 93,
        retryable: true,
        needles: &["Container ", "Pod "],
        pattern: r"Container (?P<container>\S+) was terminated \(Exit Code: (?P<exit>\d+), Reason: (?P<reason>\w+)\)|^(?:ERROR: )?(?P<message>Pod (?:just failed|was (?:deleted|evicted)).*)",
        cause: "the agent's pod failed: {container} {reason} {message}",
        advice: "OOMKilled: raise the memory limit of the container; evicted or deleted: look at the cluster's nodes.",
        examples: samples![
            "shop/agent-12-abc Container maven was terminated (Exit Code: 137, Reason: OOMKilled)",
            "Pod just failed (Reason: Evicted, Message: The node was low on resource: ephemeral-storage.)",
        ],
        near_misses: samples!["Container shop-db-1  Started"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-launch",
        tool: Tool::Jenkins,
        category: Category::Infrastructure,
        specificity: 84,
        retryable: true,
        needles: &[
            "Issue with creating launcher for agent",
            "Failed to mkdirs",
            "Unable to create live FilePath",
            "Error running on ",
            "Unable to launch the agent",
        ],
        pattern: r"(?P<message>Issue with creating launcher for agent \S+|Unable to create live FilePath for \S+|Failed to mkdirs: \S+|Unable to launch the agent.*|ERROR: Unable to create pod.*)",
        cause: "Jenkins could not use the agent: {message}",
        advice: "Check that the agent is online and that its user may write to the workspace.",
        examples: samples![
            "FATAL: Issue with creating launcher for agent linux-1. The agent has not been fully initialized yet",
            "java.io.IOException: Failed to mkdirs: /var/lib/jenkins/workspace/x",
        ],
        near_misses: samples!["launcher for agent is ready"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-restart",
        tool: Tool::Jenkins,
        category: Category::Infrastructure,
        specificity: 64,
        retryable: true,
        needles: &[
            "unable to resume",
            "Jenkins is going to shut down",
            "was not saved to disk",
            "Resuming build at",
            "Queue task was cancelled",
        ],
        pattern: r"(?:(?P<message>[Uu]nable to resume.*|Queue task was cancelled)|^ERROR: (?P<message2>.*was not saved to disk.*))",
        cause: "the build lost its place in the queue or did not survive a restart: {message}",
        advice: "Look above for an agent that could not start; after a restart of the controller run it again.",
        examples: samples![
            "Cannot resume build: Unable to resume because FlowNode 12 for loadHeads was never saved",
            "Queue task was cancelled"
        ],
        near_misses: samples!["Resuming build at Tue Nov 24 after Jenkins restart"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-disk",
        tool: Tool::Jenkins,
        category: Category::Resource,
        specificity: 90,
        needles: &["Disk space is below threshold", "disk space is too low", "below threshold of"],
        pattern: r"(?P<message>Disk space is (?:below threshold|too low).*|Node is offline: disk.*)",
        cause: "an agent was taken offline: {message}",
        advice: "Free disk space on the agent (workspaces, image caches) and bring it online again.",
        examples: samples!["Disk space is below threshold of 1.00 GiB. Only 512.00 MiB out of 20.00 GiB left on /var/lib/jenkins."],
        near_misses: samples!["score is below threshold"],
        ..Rule::CAUSE
    },
];
