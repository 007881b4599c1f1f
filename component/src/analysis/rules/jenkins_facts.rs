//! Lines of Jenkins that pass a failure on, or tell where the build ran and how it ended.

use super::{Category, Role, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
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
    Rule {
        id: "jenkins-exit-code",
        tool: Tool::Jenkins,
        needles: &["script returned exit code"],
        pattern: r"^(?:ERROR: |hudson\.AbortException: )?script returned exit code (?P<exit>-?\d+)$",
        cause: "a shell step ended with exit code {exit}",
        examples: samples![
            "ERROR: script returned exit code 101",
            "script returned exit code 143",
            "ERROR: script returned exit code -1073741819"
        ],
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
        unless: r"Timed out retrying",
        near_misses: samples!["test_retrying_client PASSED", "AssertionError: Timed out retrying after 4000ms: no element"],
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
        role: Role::Running,
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
