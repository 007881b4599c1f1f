//! A fourth set: what the engine has to weigh in real consoles, whatever tool they come from.

use super::{Category, Log, analyze, best};
use crate::analysis::hypothesis::Confidence;

const EXIT_1: &str = "ERROR: script returned exit code 1";

#[test]
fn a_task_that_ansible_ignores_is_not_the_one_that_failed() {
    Log::pipeline()
        .stage("Playbook")
        .sh("ansible-playbook site.yml")
        .lines(
            "TASK [java : Check for old version] ****
fatal: [web-1]: FAILED! => {\"changed\": false, \"cmd\": \"java -version\", \"msg\": \"[Errno 2] No such file or directory: b'java'\", \"rc\": 2}
...ignoring

TASK [java : Extract] ****
fatal: [web-1]: FAILED! => {\"changed\": false, \"msg\": \"dest '/opt/jdk/17' must be an existing dir\"}
web-1 : ok=3 changed=2 unreachable=0 failed=1 skipped=1 rescued=0 ignored=1",
        )
        .end()
        .failed(&[], "ERROR: script returned exit code 2")
        .explains(Category::Deploy, &["java : Extract", "must be an existing dir"], "must be an existing dir");
}

#[test]
fn an_exception_below_the_end_is_the_verdict_though_no_rule_knows_it() {
    Log::pipeline()
        .stage("Build")
        .line("[Pipeline] tool")
        .end()
        .failed(
            &["Test"],
            "Also:   org.jenkinsci.plugins.workflow.actions.ErrorAction$ErrorId: 0f4d75b8-23c4-4934-b483-2950cec7ff23
java.lang.IllegalArgumentException: Node linux-7 doesn't seem to be running on RedHat-like distro
\tat PluginClassLoader for openJDK-native-plugin//org.jenkinsci.plugins.openjdk_native.OpenJDKInstaller.isInstalled(OpenJDKInstaller.java:96)",
        )
        .explains(Category::Script, &["RedHat-like distro"], "IllegalArgumentException");
}

#[test]
fn of_a_chain_of_exceptions_the_last_one_is_the_root() {
    Log::freestyle()
        .lines(
            "ERROR: Build step failed with exception
org.codehaus.cargo.container.ContainerException: Failed to redeploy [C:\\ws\\orders.war]
\tat hudson.plugins.deploy.CargoContainerAdapter.deploy(CargoContainerAdapter.java:77)
Caused by: org.codehaus.cargo.container.tomcat.internal.TomcatManagerException: the manager is not there
\tat org.codehaus.cargo.container.tomcat.internal.TomcatManager.invoke(TomcatManager.java:745)
\t... 17 more
Caused by: com.example.deploy.QuotaException: no space is left to this user
\t... 22 more
Build step 'Deploy war/ear to a container' marked build as failure
Finished: FAILURE",
        )
        .explains(Category::Script, &["no space is left to this user"], "QuotaException");
}

#[test]
fn the_innermost_reason_of_gradle_is_named() {
    Log::pipeline()
        .stage("Build")
        .sh("./gradlew assemble")
        .lines(
            "FAILURE: Build failed with an exception.

* Where:
Build file '/ws/app/build.gradle' line: 1

* What went wrong:
A problem occurred evaluating project ':app'.
> Failed to apply plugin [id 'com.android.internal.version-check']
   > Minimum supported Gradle version is 5.6.4. Current version is 4.4.1.

* Try:
> Run with --stacktrace option to get the stack trace.

BUILD FAILED in 47s",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Config, &["build.gradle:1", "Minimum supported Gradle version"], "Minimum supported");
}

#[test]
fn a_command_that_timeout_stopped_is_named_and_not_the_rollback_after_it() {
    Log::pipeline()
        .stage("Canary")
        .sh("timeout 60 kubectl rollout status deployment/orders-canary")
        .lines("Waiting for deployment \"orders-canary\" rollout to finish: 0 of 4 updated replicas are available...\nPost stage")
        .sh("kubectl rollout undo deployment/orders-canary")
        .lines("error: no rollout history found for deployment \"orders-canary\"\nError when executing failure post condition:\nhudson.AbortException: script returned exit code 1")
        .end()
        .failed(&[], "ERROR: script returned exit code 124")
        .explains(Category::Timeout, &["rollout status deployment/orders-canary", "124"], "0 of 4 updated replicas");
}

#[test]
fn the_last_word_of_an_unknown_tool_is_worth_more_than_a_hint_and_an_earlier_one_is_not() {
    let log = |between: usize| {
        let text = "Started by timer\nerror: the price table is empty\n".to_owned()
            + &"imported a row\n".repeat(between)
            + "Build step 'Execute shell' marked build as failure\nFinished: FAILURE\n";
        best(&analyze(&text)).confidence
    };
    assert_eq!((log(0), log(60)), (Confidence::Medium, Confidence::Low));
}

#[test]
fn what_a_script_said_before_it_left_is_its_last_output() {
    Log::pipeline()
        .stage("Smoke")
        .sh("curl -sf http://127.0.0.1:18080/health")
        .lines("+ STATUS=52\n+ echo Smoke test failed with status: 52\nSmoke test failed with status: 52\n+ exit 52")
        .end()
        .failed(&["Switch"], "ERROR: script returned exit code 52")
        .explains(Category::Script, &["exit code 52", "Smoke test failed with status"], "Smoke test failed");
}

#[test]
fn the_line_that_names_the_agent_gives_the_title() {
    Log::freestyle()
        .lines(
            "FATAL: command execution failed
java.nio.channels.ClosedChannelException
\tat org.jenkinsci.remoting.protocol.impl.ChannelApplicationLayer.onReadClosed(ChannelApplicationLayer.java:209)
Caused: hudson.remoting.ChannelClosedException: Channel \"hudson.remoting.Channel@1a:win-2\": Remote call on win-2 failed. The channel is closing down or has closed down
\tat hudson.remoting.Channel.call(Channel.java:994)
Build step 'Execute Windows batch command' marked build as failure
Finished: FAILURE",
        )
        .explains(Category::Infrastructure, &["win-2"], "Remote call on win-2 failed");
}

#[test]
fn a_login_by_ssh_that_is_refused_is_not_said_to_be_git() {
    let analysis = Log::freestyle()
        .lines("+ ssh root@app-1.example.com systemctl restart orders\nHost key verification failed.\nBuild step 'Execute shell' marked build as failure\nFinished: FAILURE")
        .explains(Category::Credentials, &["ssh", "Host key verification failed"], "Host key verification failed");
    assert!(!best(&analysis).title.contains("git"), "{:?}", best(&analysis).title);
}

#[test]
fn a_gate_that_reports_at_the_level_of_a_warning_is_a_gate() {
    Log::pipeline()
        .stage("Verify")
        .sh("mvn verify")
        .lines(
            "[WARNING] Rule violated for bundle orders: lines covered ratio is 0.71, but expected minimum is 0.80
[INFO] BUILD FAILURE
[ERROR] Failed to execute goal org.jacoco:jacoco-maven-plugin:0.8.11:check (check) on project orders: Coverage checks have not been met. See log for details. -> [Help 1]",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Quality, &["0.71"], "lines covered ratio");
}

#[test]
fn what_powershell_underlines_is_no_command() {
    Log::pipeline()
        .stage("Deploy")
        .sh("pwsh deploy.ps1")
        .lines("At C:\\ws\\deploy.ps1:4 char:32\n+                           ~~~~~~~~~~~\ngiving up on site 7")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Script, &["pwsh deploy.ps1", "giving up on site 7"], "giving up on site 7");
}
