//! Jenkins itself: scripts, libraries, credentials, clocks, people.

use super::Log;
use crate::analysis::rules::Category;
use crate::analysis::tests::best;

#[test]
fn a_library_uses_a_property_that_is_not_defined() {
    Log::pipeline()
        .stage("Build")
        .sh("make")
        .noise(50, "cc -c -Werror error{}.c")
        .end()
        .stage("Notify")
        .line("[Pipeline] script")
        .end()
        .failed(
            &["Deploy"],
            "Also:   org.jenkinsci.plugins.workflow.actions.ErrorAction$ErrorId: 5a7b9f6f-a8d7-40d3-82ff-11d8ea59da1c
groovy.lang.MissingPropertyException: No such property: chanel for class: notifyTeam
\tat org.codehaus.groovy.runtime.ScriptBytecodeAdapter.unwrap(ScriptBytecodeAdapter.java:66)
\tat org.kohsuke.groovy.sandbox.impl.Checker$7.call(Checker.java:375)
\tat notifyTeam.call(notifyTeam.groovy:14)
\tat WorkflowScript.run(WorkflowScript:31)
\tat ___cps.transform___(Native Method)",
        )
        .explains(Category::Config, &["chanel", "notifyTeam", "14"], "No such property: chanel");
}

#[test]
fn a_step_of_a_missing_plugin_is_named() {
    Log::pipeline()
        .stage("Notify")
        .line("[Pipeline] script")
        .end()
        .failed(&[], "java.lang.NoSuchMethodError: No such DSL method 'slackSend' found among steps [archive, bat, build, catchError, error, fileExists, sh]\n\tat org.jenkinsci.plugins.workflow.cps.DSL.invokeMethod(DSL.java:219)\n\tat WorkflowScript.run(WorkflowScript:22)")
        .explains(Category::Config, &["slackSend", "22"], "No such DSL method 'slackSend'");
}

#[test]
fn credentials_are_missing() {
    Log::pipeline()
        .stage("Deploy")
        .line("[Pipeline] withCredentials")
        .end()
        .failed(&["Smoke"], "ERROR: Could not find credentials entry with ID 'prod-kubeconfig'")
        .explains(Category::Credentials, &["prod-kubeconfig"], "prod-kubeconfig");
}

#[test]
fn a_script_needs_approval() {
    Log::pipeline()
        .stage("Build")
        .line("[Pipeline] script")
        .end()
        .failed(&[], "Scripts not permitted to use staticMethod org.codehaus.groovy.runtime.ProcessGroovyMethods execute java.lang.String. Administrators can decide whether to approve or reject this signature.")
        .explains(Category::Config, &["ProcessGroovyMethods execute"], "Scripts not permitted to use");
}

#[test]
fn a_branch_has_no_jenkinsfile() {
    Log::default()
        .lines(
            "Started by user Ada Example
hudson.AbortException: Unable to find ci/Jenkinsfile from git https://git.example.com/acme/orders.git
\tat PluginClassLoader for workflow-cps//org.jenkinsci.plugins.workflow.cps.CpsScmFlowDefinition.create(CpsScmFlowDefinition.java:161)
Finished: FAILURE",
        )
        .explains(Category::Config, &["ci/Jenkinsfile"], "Unable to find ci/Jenkinsfile");
}

#[test]
fn a_library_has_no_such_version() {
    Log::default()
        .lines(
            "Started by user Ada Example
Loading library acme-steps@v9
Attempting to resolve v9 from remote references...
 > git ls-remote -- https://git.example.com/acme/steps.git # timeout=10
Could not find v9 in remote references. Pulling heads to local for deep search...
ERROR: No version v9 found for library acme-steps
[Pipeline] Start of Pipeline
[Pipeline] End of Pipeline
org.codehaus.groovy.control.MultipleCompilationErrorsException: startup failed:
WorkflowScript: Loading libraries failed

1 error

\tat org.codehaus.groovy.control.ErrorCollector.failIfErrors(ErrorCollector.java:309)
Finished: FAILURE",
        )
        .explains(Category::Config, &["v9", "acme-steps"], "No version v9 found for library acme-steps");
}

#[test]
fn a_timeout_ends_a_step_that_hangs() {
    Log::pipeline()
        .stage("Integration")
        .lines("[Pipeline] timeout\nTimeout set to expire in 30 min\n[Pipeline] {")
        .sh("./run-integration.sh")
        .noise(200, "waiting for broker (attempt {}): ERROR not ready yet")
        .lines("Cancelling nested steps due to timeout\nSending interrupt signal to process\nTerminated\nscript returned exit code 143\n[Pipeline] }\n[Pipeline] // timeout")
        .end()
        .stage("Deploy")
        .line("Stage \"Deploy\" skipped due to earlier failure(s)")
        .end()
        .post()
        .finish("Timeout has been exceeded", "ABORTED")
        .explains(Category::Timeout, &["./run-integration.sh"], "Cancelling nested steps due to timeout");
}

#[test]
fn a_person_aborts_while_tests_print_errors() {
    Log::pipeline()
        .stage("Test")
        .sh("make test")
        .noise(100, "not ok {} - shows error (expected failure)")
        .lines("Aborted by Ada Example\nSending interrupt signal to process\nmake: *** [Makefile:4: test] Terminated\nscript returned exit code 143")
        .end()
        .post()
        .finish("", "ABORTED")
        .explains(Category::Aborted, &["Ada Example"], "Aborted by Ada Example");
}

#[test]
fn a_newer_build_supersedes_an_older_one() {
    Log::pipeline()
        .stage("Deploy")
        .lines("[Pipeline] milestone\nTrying to pass milestone 1\nCanceled since build #14 already got here")
        .end()
        .finish("", "NOT_BUILT")
        .explains(Category::Aborted, &["14"], "Canceled since build #14");
}

#[test]
fn a_failure_that_catch_error_caught_makes_the_build_unstable() {
    Log::pipeline()
        .stage("Audit")
        .lines("[Pipeline] catchError\n[Pipeline] {")
        .sh("npm audit --audit-level=high")
        .lines(
            "# npm audit report

axios  <=0.27.2
Severity: high
Axios Cross-Site Request Forgery Vulnerability - https://github.com/advisories/GHSA-wf5p-g6vw-rhxx
fix available via `npm audit fix --force`

3 vulnerabilities (1 moderate, 2 high)
[Pipeline] }
ERROR: the audit found vulnerabilities
ERROR: script returned exit code 1
[Pipeline] // catchError",
        )
        .end()
        .stage("Deploy")
        .sh("./deploy.sh")
        .line("deployed orders 1.4")
        .end()
        .finish("", "UNSTABLE")
        .explains(Category::Quality, &["vulnerabilit"], "3 vulnerabilities");
}

#[test]
fn a_downstream_build_is_named_and_not_the_exception_around_it() {
    Log::pipeline()
        .stage("Integrate")
        .lines("[Pipeline] build\nScheduling project: acme » e2e\nStarting building: acme » e2e #231\nBuild acme » e2e #231 completed: FAILURE")
        .end()
        .failed(&["Deploy"], "ERROR: acme » e2e #231 completed with status FAILURE (propagate: false to ignore)")
        .explains(Category::Downstream, &["acme » e2e", "231"], "acme » e2e #231");
}

#[test]
fn a_lock_is_not_free_in_time() {
    Log::pipeline()
        .stage("Deploy")
        .lines("[Pipeline] timeout\nTimeout set to expire in 1 hr 0 min\n[Pipeline] {\n[Pipeline] lock\nTrying to acquire lock on [Resource: staging]\nThe resource [staging] is locked by build acme » orders #12 #12 since Nov 24, 2026, 1:00 AM.\n[Resource: staging] is not free, waiting for execution ...\nCancelling nested steps due to timeout\n[Pipeline] // lock\n[Pipeline] }\n[Pipeline] // timeout")
        .end()
        .finish("Timeout has been exceeded", "ABORTED")
        .explains(Category::Timeout, &["staging"], "Cancelling nested steps due to timeout");
}

#[test]
fn what_an_error_step_says_stands_below_the_end() {
    let analysis = Log::pipeline()
        .stage("Gate")
        .sh("./check-freeze.sh || true")
        .noise(30, "ERROR freeze table {} unreadable, using default")
        .line("[Pipeline] error")
        .end()
        .failed(&["Deploy"], "ERROR: Releases are frozen until Monday, ask #release")
        .explains(Category::Script, &["Releases are frozen until Monday"], "Releases are frozen");
    assert_eq!(best(&analysis).count, 1);
}
