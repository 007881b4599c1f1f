//! What Jenkins says of a build: stops, timeouts, credentials, post-build steps, downstream builds.

use super::{Category, Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
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
        id: "jenkins-caller-cancelled",
        tool: Tool::Jenkins,
        category: Category::Aborted,
        specificity: 89,
        needles: &["Calling Pipeline was cancelled"],
        pattern: r"^Calling Pipeline was cancelled",
        cause: "the pipeline that started this build was cancelled",
        advice: "Triage the build that started it; the first lines of this log name it.",
        examples: samples!["Calling Pipeline was cancelled"],
        near_misses: samples!["the calling Pipeline is waiting"],
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
        before: Some(Lookup::near(
            16,
            r"^\+ (?P<command>.+)$|^(?P<command2>\[.+\] is not free, waiting for execution|Still waiting to schedule task|There are no nodes with the label .+|.+ is offline$|Waiting for next available executor.*|.*\bProceed or Abort$)",
        )),
        cause: "the build exceeded its limit ({limit|timeout step}) at `{command|a step that prints nothing}`",
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
        examples: samples![
            "ERROR: Credentials 'registry' is of type 'Secret text' where 'com.cloudbees.plugins.credentials.common.StandardUsernamePasswordCredentials' was expected"
        ],
        near_misses: samples!["Credentials 'registry' loaded"],
        ..Rule::CAUSE
    },
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
        pattern: r"(?:Pipeline aborted due to quality gate failure: (?P<status>\w+)|^\[(?P<report>[^\]]+)\]\s+(?:-> )?(?:Some|All)? ?quality gates have been missed: (?:overall result is )?(?P<status2>\w+)|QUALITY GATE STATUS: (?P<status3>FAILED)|Quality Gate ?(?:status)?: (?P<status4>FAILED|ERROR))",
        extent: 2,
        cause: "a quality gate was missed: {report|} {status|see the line}",
        advice: "Open the coverage, warnings or Sonar report of this build: new issues or lost coverage are listed there.",
        examples: samples![
            "ERROR: Pipeline aborted due to quality gate failure: ERROR",
            "[Coverage] -> Some quality gates have been missed: overall result is UNSTABLE",
            "[INFO] ------------- QUALITY GATE STATUS: FAILED",
            "[GNU C Compiler (gcc)] -> Some quality gates have been missed: overall result is UNSTABLE\n[GNU C Compiler (gcc)] -> Details for each quality gate:\n[GNU C Compiler (gcc)]    - [New (any severity)]: ≪Unstable≫ - (Actual value: 3, Quality gate: 1.00)",
        ],
        near_misses: samples!["[Coverage] No quality gates have been set - skipping", "Quality Gate: PASSED"],
        ..Rule::CAUSE
    },
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
        needles: &["No tool named ", "Tool type ", "No jdk named ", "find any executable in", "Can't retrieve the "],
        pattern: r#"(?:No tool named (?P<name>\S+) found|Tool type \x22(?P<name2>[^\x22]+)\x22 does not have an install of \x22|Couldn't find any executable in (?P<name3>\S+)|Can't retrieve the (?P<name4>\w+) executable)"#,
        cause: "the controller has no tool named {name}, or it is not installed there",
        advice: "Configure it under Manage Jenkins → Tools, or correct the name in the Jenkinsfile.",
        examples: samples![
            "ERROR: No tool named maven-3.9 found",
            "FATAL: Couldn’t find any executable in /home/jenkins/tools/maven/apache-maven-3.5.0",
            "[Gradle] - [ERROR] Can't retrieve the Gradle executable.",
        ],
        near_misses: samples!["Selected Git installation does not exist. Using Default"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-publish",
        tool: Tool::Jenkins,
        category: Category::Deploy,
        specificity: 82,
        needles: &["Exception when publishing"],
        pattern: r"Exception when publishing, exception message \[(?P<message>.+)\]$",
        cause: "publishing failed: {message}",
        advice: "Check the transfer set of this job and the server it goes to.",
        examples: samples![
            "ERROR: Exception when publishing, exception message [Failed to connect and initialize SSH connection. Message: [Auth fail]]"
        ],
        near_misses: samples!["SSH: Transferred 3 file(s)"],
        ..Rule::CAUSE
    },
];
