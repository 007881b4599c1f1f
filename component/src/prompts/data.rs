//! The prompts there are. Their texts stand in `texts/`; `fill` says how arguments get into them.
//!
//! A text leads through tools in an order that costs few calls, says what to check before believing it, and ends with
//! what an answer must hold. Tools and their parameters are written as they are called: lower case with underscores.

/// A prompt.
pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    pub(super) arguments: &'static [Parameter],
    /// Without these it is of no use.
    pub(super) tools: &'static [&'static str],
    pub(super) text: &'static str,
}

/// What a prompt asks for.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) required: bool,
}

const fn required(name: &'static str, description: &'static str) -> Parameter {
    Parameter { name, description, required: true }
}

const fn optional(name: &'static str, description: &'static str) -> Parameter {
    Parameter { name, description, required: false }
}

const JOB: Parameter = required("job", "Full name, folder/sub/name, or the job's URL");
const REF: Parameter = optional("ref", "Branch, tag or PR-12, when the job is a multibranch one");

/// In the order in which they are listed.
pub(super) const PROMPTS: [Definition; 7] = [
    Definition {
        name: "investigate-failure",
        title: "Investigate a failed build",
        description: "Why a build failed, with evidence, suspect commits and the next step.",
        arguments: &[JOB, REF, optional("build", "Number or last-failed and the like; default the last that did not succeed")],
        tools: &["triage-failure"],
        text: include_str!("texts/investigate-failure.md"),
    },
    Definition {
        name: "tail-errors",
        title: "Show the errors in a log",
        description: "The distinct errors of a build's log, in order, told from their consequences.",
        arguments: &[JOB, REF, optional("build", "Number or last-failed and the like; default the last one")],
        tools: &["get-build-log"],
        text: include_str!("texts/tail-errors.md"),
    },
    Definition {
        name: "compare-builds",
        title: "Compare two builds",
        description: "What differs between two builds of a job, and which difference explains the other result.",
        arguments: &[
            JOB,
            REF,
            optional("base", "The older build; default the last successful one"),
            optional("head", "The newer build; default the last one"),
        ],
        tools: &["compare-runs"],
        text: include_str!("texts/compare-builds.md"),
    },
    Definition {
        name: "check-job-health",
        title: "Check a job's health",
        description: "Whether a job is healthy, flaky, slow or broken, in figures, and what would help most.",
        arguments: &[JOB, REF],
        tools: &["get-job", "list-builds"],
        text: include_str!("texts/check-job-health.md"),
    },
    Definition {
        name: "trigger-with-params",
        title: "Start a build with parameters",
        description: "Starts a build with checked parameters after a clear yes, and follows it to its end.",
        arguments: &[JOB, REF, optional("parameters", "What is wanted, as NAME=value or in plain words")],
        tools: &["get-job", "trigger-build", "wait-for-build"],
        text: include_str!("texts/trigger-with-params.md"),
    },
    Definition {
        name: "search-logs",
        title: "Search logs",
        description: "Where a text occurs in a build's whole log, and since which build.",
        arguments: &[
            JOB,
            required("pattern", "Regular expression to look for"),
            REF,
            optional("build", "Number or last-failed and the like; default the last one"),
        ],
        tools: &["search-log"],
        text: include_str!("texts/search-logs.md"),
    },
    Definition {
        name: "fix-the-build",
        title: "Fix the build",
        description: "Finds the cause, validates a changed pipeline, replays it, waits, and compares the outcome.",
        arguments: &[JOB, REF, optional("build", "Number or last-failed and the like; default the last that failed")],
        tools: &["triage-failure", "validate-jenkinsfile", "replay-build", "wait-for-build"],
        text: include_str!("texts/fix-the-build.md"),
    },
];
