//! Agents, memory, disks, networks, version control.

use super::Log;
use crate::analysis::rules::Category;

const EXIT_1: &str = "ERROR: script returned exit code 1";

#[test]
fn an_agent_is_lost_while_tests_print_errors() {
    Log::pipeline()
        .stage("Test")
        .sh("make test")
        .noise(300, "ok {} - reports error {} to the caller")
        .lines(
            "Cannot contact linux-7: hudson.remoting.ChannelClosedException: Channel \"hudson.remoting.Channel@5f2c1a:JNLP4-connect connection from 10.1.2.3/10.1.2.3:51234\": Remote call on JNLP4-connect connection from 10.1.2.3/10.1.2.3:51234 failed. The channel is closing down or has closed down
Could not connect to linux-7 to send interrupt signal to process",
        )
        .end()
        .failed(&["Deploy"], "org.jenkinsci.plugins.workflow.steps.FlowInterruptedException\nAgent linux-7 was deleted; cancelling node body\nERROR: Agent was removed")
        .explains(Category::Infrastructure, &["linux-7"], "linux-7");
}

#[test]
fn a_connection_to_an_agent_breaks_in_a_freestyle_job() {
    Log::freestyle()
        .noise(100, "compiled unit {}")
        .lines(
            "FATAL: command execution failed
java.io.EOFException
\tat java.io.ObjectInputStream$PeekInputStream.readFully(ObjectInputStream.java:2681)
\tat hudson.remoting.Command.readFrom(Command.java:142)
Caused: java.io.IOException: Unexpected termination of the channel
\tat hudson.remoting.SynchronousCommandTransport$ReaderThread.run(SynchronousCommandTransport.java:75)
Caused: java.io.IOException: Backing channel 'win-2' is disconnected.
\tat hudson.remoting.RemoteInvocationHandler.channelOrFail(RemoteInvocationHandler.java:215)
FATAL: Unable to delete script file C:\\Windows\\TEMP\\jenkins123.bat
Finished: FAILURE",
        )
        .explains(Category::Infrastructure, &["win-2"], "Backing channel 'win-2' is disconnected");
}

#[test]
fn the_disk_fills_up_in_the_middle_and_everything_after_fails() {
    Log::pipeline()
        .stage("Package")
        .sh("mvn -B package")
        .noise(120, "[INFO] Including org.acme:error-lib-{}:jar:1.0 in the shaded jar.")
        .lines(
            "[INFO] BUILD FAILURE
[ERROR] Failed to execute goal org.apache.maven.plugins:maven-shade-plugin:3.5.1:shade (default) on project orders: Error creating shaded jar: No space left on device -> [Help 1]
[ERROR] 
[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.",
        )
        .end()
        .failed(&["Deploy"], EXIT_1)
        .explains(Category::Resource, &["disk is full"], "No space left on device");
}

#[test]
fn a_container_is_killed_for_memory_without_saying_so() {
    Log::pipeline()
        .stage("Train")
        .sh("docker run --memory 4g acme/train")
        .noise(200, "epoch {} loss 0.{} error rate 0.012")
        .line(
            "/var/jenkins/workspace/acme/orders@tmp/durable-1a2b3c4d/script.sh.copy: line 1:  4242 Killed                  python train.py",
        )
        .end()
        .failed(&["Publish"], "ERROR: script returned exit code 137")
        .explains(Category::Resource, &["killed"], "Killed");
}

#[test]
fn a_host_name_is_not_known_after_all_retries() {
    let log = Log::pipeline().stage("Fetch").sh("./fetch.sh");
    let log = log.noise(3, "curl: (6) Could not resolve host: data.example.com\nattempt {} failed, retrying in 5 s");
    log.lines("curl: (6) Could not resolve host: data.example.com\nfetch.sh: giving up")
        .end()
        .failed(&["Build"], "ERROR: script returned exit code 6")
        .explains(Category::Network, &["data.example.com"], "Could not resolve host");
}

#[test]
fn a_certificate_is_not_trusted() {
    Log::pipeline()
        .stage("Build")
        .sh("mvn -B compile")
        .lines(
            "[INFO] Scanning for projects...
[INFO] BUILD FAILURE
[ERROR] Failed to execute goal on project orders: Could not resolve dependencies for project org.acme:orders:jar:1.0: Failed to collect dependencies at org.acme:pricing:jar:2.4.1: Failed to read artifact descriptor for org.acme:pricing:jar:2.4.1: Could not transfer artifact org.acme:pricing:pom:2.4.1 from/to nexus (https://nexus.example.com/repository/maven): PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested target -> [Help 1]",
        )
        .end()
        .failed(&["Test"], EXIT_1)
        .explains(Category::Network, &["PKIX path building failed"], "PKIX path building failed");
}

#[test]
fn a_branch_is_gone() {
    Log::freestyle()
        .lines(
            "The recommended git tool is: NONE
using credential git-bot
Cloning the remote Git repository
 > git init C:\\jenkins\\workspace\\orders # timeout=10
 > git fetch --tags --force --progress -- https://git.example.com/acme/orders.git +refs/heads/*:refs/remotes/origin/* # timeout=10
 > git rev-parse \"origin/feature/errors^{commit}\" # timeout=10
ERROR: Couldn't find any revision to build. Verify the repository and branch configuration for this job.
Finished: FAILURE",
        )
        .explains(Category::Scm, &["revision to build"], "Couldn't find any revision to build");
}

#[test]
fn a_clone_is_refused_and_retried_in_vain() {
    let once = "ERROR: Error cloning remote repo 'origin'
hudson.plugins.git.GitException: Command \"git fetch --tags --force --progress -- https://git.example.com/acme/orders.git +refs/heads/*:refs/remotes/origin/*\" returned status code 128:
stdout: 
stderr: remote: HTTP Basic: Access denied
fatal: Authentication failed for 'https://git.example.com/acme/orders.git/'
\tat PluginClassLoader for git-client//org.jenkinsci.plugins.gitclient.CliGitAPIImpl.launchCommandIn(CliGitAPIImpl.java:2842)";
    Log::freestyle()
        .lines(once)
        .line("Retrying after 10 seconds")
        .lines(once)
        .line("Retrying after 10 seconds")
        .lines(once)
        .lines("ERROR: Maximum checkout retry attempts reached, aborting\nFinished: FAILURE")
        .explains(Category::Credentials, &["git.example.com"], "Authentication failed");
}

#[test]
fn git_lfs_has_no_quota_left() {
    Log::pipeline()
        .stage("Assets")
        .sh("git lfs pull")
        .lines(
            "batch response: This repository exceeded its LFS budget. The account responsible for the budget should increase it to restore access.
Failed to fetch some objects from 'https://github.com/acme/orders.git/info/lfs'",
        )
        .end()
        .failed(&["Build"], "ERROR: script returned exit code 2")
        .explains(Category::Scm, &["LFS"], "exceeded its LFS budget");
}

#[test]
fn a_merge_conflicts() {
    Log::pipeline()
        .stage("Merge")
        .sh("git merge origin/develop")
        .lines("Auto-merging src/errors.py\nAuto-merging src/cart.py\nCONFLICT (content): Merge conflict in src/cart.py\nAutomatic merge failed; fix conflicts and then commit the result.")
        .end()
        .failed(&["Build"], EXIT_1)
        .explains(Category::Scm, &["src/cart.py"], "Merge conflict in src/cart.py");
}

#[test]
fn a_proxy_wants_a_password() {
    Log::pipeline()
        .stage("Fetch")
        .sh("curl -fSL -o data.tgz https://data.example.com/data.tgz")
        .lines("  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\ncurl: (56) CONNECT tunnel failed, response 407")
        .end()
        .failed(&[], "ERROR: script returned exit code 56")
        .explains(Category::Network, &["407"], "response 407");
}

#[test]
fn a_port_is_taken_by_what_an_earlier_build_left() {
    Log::pipeline()
        .stage("Integration")
        .sh("npm run e2e")
        .lines(
            "> web@1.0.0 e2e
> node server.js & wait-on http://localhost:4000 && cypress run

node:events:497
      throw er; // Unhandled 'error' event
      ^

Error: listen EADDRINUSE: address already in use :::4000
    at Server.setupListenHandle [as _listen2] (node:net:1898:16)
Emitted 'error' event on Server instance at:
    at emitErrorNT (node:net:1877:8) {
  code: 'EADDRINUSE',
  errno: -98,
  syscall: 'listen',
  address: '::',
  port: 4000
}",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Infrastructure, &["4000", "in use"], "EADDRINUSE");
}
