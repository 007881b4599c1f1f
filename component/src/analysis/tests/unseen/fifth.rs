//! A fifth set: scripts that no rule knows, and what only looks like a step's trace or like its last word.

use super::{Category, Log};
use crate::analysis::hypothesis::Confidence;

const EXIT_1: &str = "ERROR: script returned exit code 1";

#[test]
fn a_diff_in_the_output_is_no_command() {
    Log::pipeline()
        .stage("Schema")
        .sh("tools/check_schema")
        .lines(
            "schema.sql differs from the migrations, run tools/dump_schema
--- schema.sql
+++ dump
@@ -12,3 +12,4 @@
   id bigint
+  discount integer",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Script, &["tools/check_schema", "differs from the migrations"], "differs from the migrations");
}

#[test]
fn of_the_last_words_of_a_script_the_one_that_complains_is_quoted() {
    Log::pipeline()
        .stage("Licences")
        .sh("./ci/licences.sh")
        .lines("reading 812 packages\nleft-pad-ng 2.0.1 is under GPL-3.0, which is not on the allow list")
        .noise(6, "group {} read")
        .line("812 packages checked")
        .end()
        .failed(&["Publish"], "ERROR: script returned exit code 4")
        .explains(Category::Script, &["licences.sh", "not on the allow list"], "left-pad-ng 2.0.1");
}

#[test]
fn a_program_that_crashes_on_windows_is_said_to_have_crashed() {
    let analysis = Log::pipeline()
        .stage("Smoke")
        .lines("[Pipeline] bat\n\nC:\\jenkins\\workspace\\orders>x64\\client.exe --smoke \nloading plugins")
        .end()
        .failed(&[], "ERROR: script returned exit code -1073741819")
        .explains(Category::Script, &["`x64\\client.exe --smoke`", "access violation"], "loading plugins");
    assert_eq!(super::best(&analysis).confidence, Confidence::Medium);
}

#[test]
fn a_runners_name_of_a_test_stands_for_the_program_that_bazel_started() {
    let analysis = Log::pipeline()
        .stage("Test")
        .sh("bazel test //...")
        .lines(
            "FAIL: //billing:tax_test (see /c/testlogs/billing/tax_test/test.log)
billing/tax_test.cc:57: Failure
Expected equality of these values:
[  FAILED  ] TaxTest.RoundsHalfUp (0 ms)
//core:queue_test      FLAKY, failed in 1 out of 2 in 1.4s
//billing:tax_test     FAILED in 2 out of 2 in 0.4s",
        )
        .end()
        .failed(&[], "ERROR: script returned exit code 3")
        .explains(Category::Test, &["TaxTest.RoundsHalfUp", "tax_test.cc:57"], "billing/tax_test.cc:57");
    assert_eq!(analysis.hypotheses.len(), 1, "{:#?}", analysis.hypotheses);
}

#[test]
fn what_git_could_not_write_is_not_said_to_be_missing() {
    Log::pipeline()
        .stage("Preview")
        .lines(
            "[Pipeline] checkout
ERROR: Error fetching remote repo 'source'
hudson.plugins.git.GitException: Failed to fetch from git@git.example.com:docs/x.git
Caused by: hudson.plugins.git.GitException: Command \"git reset --hard\" returned status code 128:
stdout: 
stderr: error: unable to create symlink docs/cxf/index.adoc: No such file or directory
fatal: Could not reset index file to revision 'HEAD'.",
        )
        .end()
        .finish("ERROR: Error fetching remote repo 'source'", "FAILURE")
        .explains(Category::Scm, &["docs/cxf/index.adoc", "symlink"], "unable to create symlink");
}

#[test]
fn a_number_at_the_beginning_of_a_message_is_no_clock_of_an_image_build() {
    Log::freestyle()
        .lines(
            "+ robot tests/
Pays By Card                                                          | FAIL |
17.68 != 17.7
------------------------------------------------------------------------------
Build step 'Publish Robot Framework test results' changed build result to UNSTABLE
Finished: UNSTABLE",
        )
        .explains(Category::Test, &["Pays By Card", "17.68 != 17.7"], "17.68 != 17.7");
}

#[test]
fn the_step_that_made_a_build_unstable_is_told_and_not_the_last_one() {
    Log::pipeline()
        .stage("Coverage")
        .line("[Pipeline] warnError")
        .sh("./upload-coverage.sh")
        .lines("413 while sending lcov.info\n[Pipeline] }\nWARNING: upload failed\nERROR: script returned exit code 1\n[Pipeline] // warnError")
        .end()
        .stage("Package")
        .sh("./package.sh")
        .line("packed 41 files")
        .end()
        .finish("", "UNSTABLE")
        .explains(Category::Script, &["upload-coverage.sh", "exit code 1"], "413 while sending lcov.info");
}

#[test]
fn a_build_that_waited_for_a_node_until_its_timeout_names_the_label() {
    Log::default()
        .lines(
            "Started by timer
[Pipeline] node
Still waiting to schedule task
There are no nodes with the label ‘gpu-a100’
Cancelling nested steps due to timeout
[Pipeline] // node
[Pipeline] End of Pipeline
Timeout has been exceeded
Finished: ABORTED",
        )
        .explains(Category::Timeout, &["no nodes with the label", "gpu-a100"], "gpu-a100");
}

#[test]
fn a_script_that_keeps_an_exit_code_and_leaves_with_it_is_explained_by_the_command_that_had_it() {
    Log::freestyle()
        .lines(
            "+ set +e
+ ./reconcile 2026-03-03
ledger and bank differ by 0.02
+ rc=3
+ set -e
+ echo reconcile ended with 3
reconcile ended with 3
+ cp report.html /srv/reports
+ exit 3
Build step 'Execute shell' marked build as failure
Finished: FAILURE",
        )
        .explains(Category::Script, &["./reconcile 2026-03-03", "ledger and bank differ"], "ledger and bank differ");
}

#[test]
fn what_was_to_be_made_by_a_missing_program_is_not_the_cause_that_it_is_missing() {
    Log::pipeline()
        .stage("Generate")
        .sh("./gen.sh")
        .line("protoc-gen-go: program not found or is not executable")
        .noise(200, "copying schema {}")
        .line("wc: gen/orders.pb.go: No such file or directory")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Config, &["protoc-gen-go", "not installed"], "protoc-gen-go: program not found");
}

#[test]
fn an_agent_that_came_up_in_the_end_is_not_waited_for_any_more() {
    let log = |node: &str| {
        Log::default()
            .lines("Started by timer\n[Pipeline] node\nStill waiting to schedule task\n‘pod-x1k2j’ is offline")
            .line(node)
            .lines("[Pipeline] sh\n+ ./publish.sh")
            .line("the mirror took nothing")
            .finish("ERROR: script returned exit code 1", "FAILURE")
    };
    log("Running on pod-x1k2j in /home/jenkins/agent/workspace/app").explains(
        Category::Script,
        &["./publish.sh", "the mirror took nothing"],
        "the mirror took nothing",
    );
    log("").explains(Category::Infrastructure, &["pod-x1k2j"], "is offline");
}

#[test]
fn what_is_wrong_with_the_pods_explains_why_they_were_waited_for_in_vain() {
    let log = |release: &str| {
        Log::pipeline()
            .stage("Deploy")
            .sh("helm upgrade --install shop ./chart --wait")
            .line(release)
            .line("Post stage")
            .sh("kubectl describe pods")
            .line("  Warning  Failed   2m   kubelet   Failed to pull image \"registry.example.com/shop:1.4.1\": rpc error: code = NotFound")
            .end()
            .failed(&["Smoke"], EXIT_1)
    };
    log("Error: UPGRADE FAILED: timed out waiting for the condition").explains(
        Category::Deploy,
        &["cannot pull the image registry.example.com/shop:1.4.1"],
        "Failed to pull image",
    );
    log("Error: INSTALLATION FAILED: cannot re-use a name that is still in use").explains(
        Category::Deploy,
        &["cannot re-use a name"],
        "cannot re-use a name",
    );
}

#[test]
fn what_a_later_stage_ignores_does_not_excuse_what_failed_before() {
    let analysis = Log::pipeline()
        .stage("Run")
        .sh("docker run -d --link db:db shop:latest")
        .line("docker: Error response from daemon: could not get container for db: No such container: db.")
        .end()
        .stage("Declarative: Post Actions")
        .sh("docker stop shop")
        .lines("Error response from daemon: No such container: shop\n+ true")
        .end()
        .finish("ERROR: script returned exit code 125", "FAILURE")
        .explains(Category::Infrastructure, &["could not get container for db"], "could not get container for db");
    assert_ne!(super::best(&analysis).confidence, Confidence::Low);
}
