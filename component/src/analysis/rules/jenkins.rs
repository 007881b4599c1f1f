//! What Jenkins itself says: agents, timeouts, aborts, credentials, post-build steps, downstream builds.

use super::{Category, Lookup, Role, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    // --- stopped on purpose
    Rule {
        id: "jenkins-aborted-by",
        tool: Tool::Jenkins,
        category: Category::Aborted,
        specificity: 70,
        needles: &["Aborted by "],
        pattern: r"^Aborted by (?P<user>\S.*)$",
        cause: "aborted by {user}",
        advice: "Ask {user} why; the log up to this line shows how far the build came.",
        examples: samples!["Aborted by Lin Example", "Aborted by admin"],
        near_misses: samples!["the transfer was Aborted by the peer"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-input-rejected",
        tool: Tool::Jenkins,
        category: Category::Aborted,
        specificity: 88,
        needles: &["Rejected by "],
        pattern: r"^Rejected by (?P<user>\S.*)$",
        cause: "the input was rejected by {user}",
        advice: "Nothing is broken: {user} chose not to proceed; run it again to be asked again.",
        examples: samples!["Rejected by Lin Example"],
        near_misses: samples!["push was Rejected by the remote"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-superseded",
        tool: Tool::Jenkins,
        category: Category::Aborted,
        specificity: 86,
        needles: &["Superseded by", "Canceled since", "already got here", "Newer build"],
        pattern: r"^(?:Superseded by (?P<build>\S.*)|Canceled since (?:build )?(?P<build2>\S+) (?:got here first|already.*)|Build superseded.*)$",
        cause: "a newer build took its place ({build|unnamed})",
        advice: "Look at the newer build; this one did not fail by itself.",
        examples: samples!["Superseded by main #12", "Canceled since build #14 already got here"],
        near_misses: samples!["the RFC is Superseded by another one"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-timeout-step",
        tool: Tool::Jenkins,
        category: Category::Timeout,
        specificity: 86,
        needles: &["Cancelling nested steps due to timeout", "Timeout has been exceeded", "Build timed out (after", "Timeout has expired"],
        pattern: r"(?:^Cancelling nested steps due to timeout|^Timeout has been exceeded|^Build timed out \(after (?P<limit>[\w ]+)\)|FlowInterruptedException: Timeout)",
        before: Some(Lookup::near(16, r"^\+ (?P<command>.+)$")),
        cause: "the build exceeded its limit ({limit|timeout step}); it was running `{command|a step that prints nothing}`",
        advice: "Find out why the last command hung or grew slow before raising the timeout.",
        examples: samples![
            "+ ./wait-for-db.sh\nCancelling nested steps due to timeout",
            "Build timed out (after 10 minutes). Marking the build as failed.",
            "Timeout has been exceeded",
        ],
        near_misses: samples!["Timeout set to expire in 15 min"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-interrupt",
        tool: Tool::Jenkins,
        category: Category::Aborted,
        needles: &["Sending interrupt signal to process", "Build was aborted", "After 20s process did not stop"],
        pattern: r"^(?:Sending interrupt signal to process|Build was aborted|After \d+s process did not stop)",
        cause: "the running process was interrupted",
        examples: samples!["Sending interrupt signal to process", "Build was aborted"],
        near_misses: samples!["Sending interrupt to nobody"],
        ..Rule::SYMPTOM
    },
    // --- agents and nodes
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
        needles: &["ChannelClosedException", "ClosedChannelException", "RequestAbortedException", "node went offline during the build", "was marked offline", "Cannot contact ", "ChannelClosureException", "Agent was removed", "was deleted; cancelling node body", "Connection was broken", "Backing channel"],
        pattern: r#"(?:^Cannot contact (?P<agent>[^:]+): |(?:hudson\.remoting\.|java\.nio\.channels\.|jenkins\.\S*)(?:ChannelClosedException|ClosedChannelException|RequestAbortedException)|Looks like the node went offline during the build|^(?:ERROR: )?(?:Agent|Node) (?P<agent2>\S+) was (?:marked offline|deleted; cancelling node body)|^(?:Agent was removed)|Connection was broken|Backing channel '(?P<agent3>[^']+)' is disconnected|Unexpected termination of the channel)"#,
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
        needles: &["wrapper script does not seem to be touching", "process apparently never started", "missing workspace", "script returned exit code -1", "script returned exit code -2"],
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
        id: "jenkins-launch",
        tool: Tool::Jenkins,
        category: Category::Infrastructure,
        specificity: 84,
        retryable: true,
        needles: &["Issue with creating launcher for agent", "Failed to mkdirs", "Unable to create live FilePath", "Error running on ", "Pod just failed", "Unable to launch the agent"],
        pattern: r"(?P<message>Issue with creating launcher for agent \S+|Unable to create live FilePath for \S+|Failed to mkdirs: \S+|Pod just failed.*|Unable to launch the agent.*|ERROR: Unable to create pod.*)",
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
        specificity: 80,
        retryable: true,
        needles: &["unable to resume", "Jenkins is going to shut down", "was not saved to disk", "Resuming build at", "Queue task was cancelled"],
        pattern: r"(?:(?P<message>[Uu]nable to resume.*|Queue task was cancelled)|^ERROR: (?P<message2>.*was not saved to disk.*))",
        cause: "the build did not survive a restart of the controller: {message}",
        advice: "Run it again; a durability setting lets pipelines survive restarts.",
        examples: samples!["Cannot resume build: Unable to resume because FlowNode 12 for loadHeads was never saved", "Queue task was cancelled"],
        near_misses: samples!["Resuming build at Tue Nov 24 after Jenkins restart"],
        ..Rule::CAUSE
    },
    // --- credentials
    Rule {
        id: "jenkins-credentials-missing",
        tool: Tool::Jenkins,
        category: Category::Credentials,
        specificity: 92,
        needles: &["Could not find credentials", "CredentialNotFoundException", "could not be found", "No suitable credentials"],
        pattern: r"(?:Could not find credentials (?:entry with ID|matching) '?(?P<id>[^'\s]+)|CredentialNotFoundException: (?P<id2>.+)|Warning: CredentialId \x22(?P<id3>[^\x22]+)\x22 could not be found)",
        cause: "no credentials with the id {id} are visible to this job",
        advice: "Create credentials {id} in the job's folder or globally, or correct the id and its type in the Jenkinsfile.",
        examples: samples![
            "ERROR: Could not find credentials entry with ID 'deploy-key'",
            "Warning: CredentialId \"git-bot\" could not be found.",
        ],
        near_misses: samples!["No credentials specified", "using credential git-bot"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-credentials-type",
        tool: Tool::Jenkins,
        category: Category::Credentials,
        specificity: 91,
        needles: &["Credentials '"],
        pattern: r"Credentials '(?P<id>[^']+)' is of type '(?P<actual>[^']+)' where '(?P<wanted>[^']+)' was expected",
        cause: "credentials {id} are of type {actual}, the step needs {wanted}",
        advice: "Use the binding for {actual}, or store {id} as the other type.",
        examples: samples!["ERROR: Credentials 'registry' is of type 'Secret text' where 'com.cloudbees.plugins.credentials.common.StandardUsernamePasswordCredentials' was expected"],
        near_misses: samples!["Credentials 'registry' loaded"],
        ..Rule::CAUSE
    },
    // --- post-build steps
    Rule {
        id: "jenkins-no-test-reports",
        tool: Tool::Jenkins,
        category: Category::Config,
        specificity: 72,
        needles: &["No test report files were found", "none of them are new", "Test reports were found but"],
        pattern: r"(?P<message>No test report files were found\. Configuration error\?|Test reports were found but (?:none of them are new|not all of them are new).*)",
        cause: "the junit step found nothing: {message}",
        advice: "Check the pattern of the junit step and whether the tests ran at all; a failure before them is the cause then.",
        examples: samples![
            "ERROR: Step ‘Publish JUnit test result report’ failed: No test report files were found. Configuration error?",
            "Test reports were found but none of them are new. Did leafNodes run?",
        ],
        near_misses: samples!["Recording test results"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-no-artifacts",
        tool: Tool::Jenkins,
        category: Category::Config,
        specificity: 72,
        needles: &["No artifacts found that match", "No files found to archive", "doesn't match anything"],
        pattern: r"(?:No artifacts found that match the file pattern \x22(?P<pattern>[^\x22]+)\x22|^ERROR: '(?P<pattern2>[^']+)' doesn't match anything)",
        cause: "nothing to archive matches {pattern}",
        advice: "Correct the pattern of archiveArtifacts, or find out why the build did not produce the file.",
        examples: samples![
            "ERROR: No artifacts found that match the file pattern \"dist/*.jar\". Configuration error?",
            "ERROR: ‘dist/*.whl’ doesn’t match anything",
        ],
        near_misses: samples!["Archiving artifacts"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-no-stash",
        tool: Tool::Jenkins,
        category: Category::Config,
        specificity: 84,
        needles: &["No such saved stash", "No files included in stash"],
        pattern: r"(?:No such saved stash '(?P<name>[^']+)|No files included in stash '(?P<name2>[^']+))",
        cause: "stash {name} is missing or empty",
        advice: "Check that the stage that stashes {name} ran and that its pattern matches files.",
        examples: samples!["ERROR: No such saved stash ‘binaries’", "ERROR: No files included in stash ‘binaries’"],
        near_misses: samples!["Stashed 3 file(s)"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-quality-gate",
        tool: Tool::Jenkins,
        category: Category::Quality,
        specificity: 84,
        needles: &["quality gate", "Quality gate", "Quality Gate"],
        pattern: r"(?:Pipeline aborted due to quality gate failure: (?P<status>\w+)|^\[[\w -]+\]\s+(?:-> )?(?:Some|All)? ?quality gates have been missed: (?:overall result is )?(?P<status2>\w+)|QUALITY GATE STATUS: (?P<status3>FAILED)|Quality Gate ?(?:status)?: (?P<status4>FAILED|ERROR))",
        cause: "a quality gate was missed: {status|see the line}",
        advice: "Open the coverage, warnings or Sonar report of this build: new issues or lost coverage are listed there.",
        examples: samples![
            "ERROR: Pipeline aborted due to quality gate failure: ERROR",
            "[Coverage] -> Some quality gates have been missed: overall result is UNSTABLE",
            "[INFO] ------------- QUALITY GATE STATUS: FAILED",
        ],
        near_misses: samples!["[Coverage] No quality gates have been set - skipping", "Quality Gate: PASSED"],
        ..Rule::CAUSE
    },
    // --- downstream builds
    Rule {
        id: "jenkins-downstream",
        tool: Tool::Jenkins,
        category: Category::Downstream,
        specificity: 76,
        needles: &["completed: ", "completed. Result was", "completed with status", "completed with result", " with status : "],
        pattern: r"^(?:ERROR: )?(?:(?:Build )?(?P<job>\S.*?) #(?P<number>\d+) completed(?:: |\. Result was |with |\s+with status )(?P<result>FAILURE|UNSTABLE|ABORTED|NOT_BUILT)|(?P<job2>\S.*\S) completed with result (?P<result2>FAILURE|UNSTABLE|ABORTED|NOT_BUILT)|Finished Build : #(?P<number2>\d+) of Job : (?P<job3>\S+) with status : (?P<result3>FAILURE|UNSTABLE|ABORTED))",
        cause: "downstream build {job} #{number|?} ended with {result}",
        advice: "Triage {job} #{number|?}: the cause is in its log.",
        examples: samples![
            "Build train-end #2 completed: FAILURE",
            "train-end #2 completed with status FAILURE (propagate: false to ignore)",
            "folder » job #2 completed. Result was FAILURE",
            "compat » postgres,3.12 completed with result UNSTABLE",
            "Finished Build : #12 of Job : core-tests with status : FAILURE",
        ],
        near_misses: samples!["Build train-end #1 completed: SUCCESS", "compat » sqlite,3.11 completed with result SUCCESS"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-downstream-started",
        tool: Tool::Jenkins,
        category: Category::Downstream,
        needles: &["Starting building: ", "completed: SUCCESS", "Result was SUCCESS"],
        pattern: r"^(?:Starting building: (?P<job>\S.*) #(?P<number>\d+)|(?:Build )?(?P<job2>\S.*?) #(?P<number2>\d+) completed(?:: |\. Result was )(?P<result>SUCCESS))$",
        examples: samples!["Starting building: train-end #2", "Build train-end #1 completed: SUCCESS"],
        near_misses: samples!["Scheduling project: train-end"],
        ..Rule::FACT
    },
    // --- parameters, configuration
    Rule {
        id: "jenkins-no-item",
        tool: Tool::Jenkins,
        category: Category::Config,
        specificity: 88,
        needles: &["No item named ", "is not buildable", "No such job", "Unable to find project"],
        pattern: r"^(?:ERROR: )?(?:No item named (?P<job>\S+) found|Unable to find project for artifact copy: (?P<job2>\S+)|(?P<job3>\S+) is not buildable)",
        cause: "job {job} does not exist or cannot be built",
        advice: "Correct the name (relative to this job's folder) or give this job's user access to {job}.",
        examples: samples!["ERROR: No item named deploy-prod found", "ERROR: Unable to find project for artifact copy: core"],
        near_misses: samples!["Scheduling project: deploy-prod"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-tool-missing",
        tool: Tool::Jenkins,
        category: Category::Config,
        specificity: 88,
        needles: &["No tool named ", "Tool type ", "No jdk named "],
        pattern: r#"(?:No tool named (?P<name>\S+) found|Tool type \x22(?P<name2>[^\x22]+)\x22 does not have an install of \x22)"#,
        cause: "the controller has no tool named {name}",
        advice: "Configure it under Manage Jenkins → Tools, or correct the name in the Jenkinsfile.",
        examples: samples!["ERROR: No tool named maven-3.9 found"],
        near_misses: samples!["Selected Git installation does not exist. Using Default"],
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
    // --- propagation and facts
    Rule {
        id: "jenkins-exit-code",
        tool: Tool::Jenkins,
        needles: &["script returned exit code"],
        pattern: r"^(?:ERROR: |hudson\.AbortException: )?script returned exit code (?P<exit>\d+)$",
        cause: "a shell step ended with exit code {exit}",
        examples: samples!["ERROR: script returned exit code 101", "script returned exit code 143"],
        near_misses: samples!["the script returned exit codes"],
        ..Rule::SYMPTOM
    },
    Rule {
        id: "jenkins-step-failed",
        tool: Tool::Jenkins,
        needles: &["marked build as failure", "changed build result to"],
        pattern: r"^Build step '(?P<step>[^']+)' (?:marked build as failure|changed build result to (?P<outcome>\w+))$",
        cause: "build step {step} failed",
        examples: samples![
            "Build step 'Execute shell' marked build as failure",
            "Build step 'Publish JUnit test result report' changed build result to UNSTABLE",
        ],
        near_misses: samples!["Build step 'Execute shell' is next"],
        ..Rule::SYMPTOM
    },
    Rule {
        id: "jenkins-parallel-failed",
        tool: Tool::Jenkins,
        needles: &["Failed in branch"],
        pattern: r"Failed in branch (?P<branch>\S.*)$",
        examples: samples!["Failed in branch lint"],
        near_misses: samples!["Failed in a branch"],
        ..Rule::FACT
    },
    Rule {
        id: "jenkins-retry",
        tool: Tool::Jenkins,
        role: Role::Retried,
        needles: &["Retrying", "retrying", "will retry", "trying again", "tries remaining", "attempts left"],
        pattern: r"(?i)(?:^Retrying\b|\bretrying (?:in|after|\(|\.{3}|request|attempt)|\bwill (?:retry|try again)\b|\btrying again\b|\b(?:tries|attempts|retries) (?:remaining|left)\b|\bretrying\W*$)",
        examples: samples!["Retrying", "connection refused, retrying in 5s", "(3 tries remaining)"],
        near_misses: samples!["test_retrying_client PASSED"],
        ..Rule::FACT
    },
    Rule {
        id: "recovered",
        tool: Tool::Unknown,
        role: Role::Recovered,
        needles: &["recovered", "succeeded", "re-established", "reconnected", "success after", "connection restored"],
        pattern: r"(?i)\b(?:recovered|(?:retry|attempt \d+|attempt) succeeded|succeeded (?:after|on) (?:\d+ |the )?(?:\w+ )?(?:retr|attempt|tr(?:y|ies))|(?:connection|session) (?:re-established|restored)|reconnected|success after \d+)",
        examples: samples!["upload succeeded on attempt 2", "connection re-established", "retry succeeded", "simulated failure, recovered"],
        near_misses: samples!["all builds succeeded", "unrecovered"],
        ..Rule::FACT
    },
    Rule {
        id: "jenkins-node",
        tool: Tool::Jenkins,
        needles: &["Running on ", "Building remotely on ", "Building on the built-in node", "Building in workspace"],
        pattern: r"^(?:Running on (?P<node>\S.*?) in (?P<workspace>(?:/|[A-Za-z]:).*)|Building remotely on (?P<node2>\S+)(?: .*)? in workspace (?P<workspace2>.+)|Building on the (?P<node3>built-in node) in workspace (?P<workspace3>.+)|Building in workspace (?P<workspace4>.+))$",
        examples: samples![
            "Running on linux-1 in /var/lib/jenkins-agent/linux-1/workspace/shop/frontend",
            "Building on the built-in node in workspace /var/lib/jenkins/workspace/legacy-nightly",
            "Building remotely on linux-1 (docker linux) in workspace /w/x",
        ],
        near_misses: samples!["Running on Tuesdays only"],
        ..Rule::FACT
    },
    Rule {
        id: "jenkins-finished",
        tool: Tool::Jenkins,
        needles: &["Finished: "],
        pattern: r"^Finished: (?P<result>SUCCESS|UNSTABLE|FAILURE|ABORTED|NOT_BUILT)$",
        examples: samples!["Finished: FAILURE"],
        near_misses: samples!["Finished: 42 rows"],
        ..Rule::FACT
    },
];
