//! A second set, written after the rules for the first one had been mended, to see whether they hold in general.

use super::Log;
use crate::analysis::rules::Category;

const EXIT_1: &str = "ERROR: script returned exit code 1";

#[test]
fn an_old_maven_without_levels_in_colour_names_its_test() {
    Log::freestyle()
        .lines(
            "Running org.acme.CartTest
Tests run: 3, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 0.051 sec <<< FAILURE!
addsDiscount(org.acme.CartTest)  Time elapsed: 0.012 sec  <<< FAILURE!
junit.framework.AssertionFailedError: expected:<17.7> but was:<17.68>
\tat junit.framework.Assert.fail(Assert.java:47)
\tat org.acme.CartTest.addsDiscount(CartTest.java:42)


Results :

Failed tests:   addsDiscount(org.acme.CartTest): expected:<17.7> but was:<17.68>

Tests run: 3, Failures: 1, Errors: 0, Skipped: 0

[INFO] BUILD FAILURE
Build step 'Invoke top-level Maven targets' marked build as failure
Archiving artifacts
ERROR: Step 'Archive the artifacts' failed: No artifacts found that match the file pattern \"target/*.jar\". Configuration error?
Recording test results
Finished: FAILURE",
        )
        .explains(Category::Test, &["addsDiscount", "17.68"], "addsDiscount");
}

#[test]
fn maven_errors_in_a_windows_workspace_with_brackets() {
    Log::freestyle()
        .timestamps()
        .lines(
            "[INFO] Compiling 12 source files with javac [debug target 17] to target\\classes
[INFO] -------------------------------------------------------------
[ERROR] COMPILATION ERROR : 
[INFO] -------------------------------------------------------------
[ERROR] /C:/jenkins/workspace/orders/src/main/java/org/acme/Cart.java:[14,9] cannot find symbol
  symbol:   method totl(java.util.List)
  location: class org.acme.Cart
[INFO] 1 error
[INFO] BUILD FAILURE
[ERROR] Failed to execute goal org.apache.maven.plugins:maven-compiler-plugin:3.11.0:compile (default-compile) on project orders: Compilation failure
Build step 'Invoke top-level Maven targets' marked build as failure
Finished: FAILURE",
        )
        .explains(Category::Compile, &["Cart.java:14", "cannot find symbol"], "Cart.java:[14,9]");
}

#[test]
fn testng_names_its_failed_method() {
    Log::pipeline()
        .stage("Test")
        .sh("mvn test")
        .lines(
            "[ERROR] Tests run: 12, Failures: 1, Errors: 0, Skipped: 2, Time elapsed: 3.1 s <<< FAILURE! - in TestSuite
[ERROR] addsDiscount(org.acme.CartTest)  Time elapsed: 0.02 s  <<< FAILURE!
java.lang.AssertionError: expected [17.7] but found [17.68]
\tat org.acme.CartTest.addsDiscount(CartTest.java:42)
[ERROR] Failures: 
[ERROR]   CartTest.addsDiscount:42 expected [17.7] but found [17.68]
[ERROR] Tests run: 12, Failures: 1, Errors: 0, Skipped: 2",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Test, &["addsDiscount", "expected [17.7] but found [17.68]"], "addsDiscount");
}

#[test]
fn gradle_build_script_has_a_syntax_error() {
    Log::pipeline()
        .stage("Build")
        .sh("./gradlew build")
        .lines(
            "FAILURE: Build failed with an exception.

* Where:
Build file '/ws/build.gradle.kts' line: 14

* What went wrong:
Script compilation error:

  Line 14:     implementaton(\"org.acme:pricing:2.4.1\")
               ^ Unresolved reference: implementaton

1 error

BUILD FAILED in 2s",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Config, &["/ws/build.gradle.kts:14"], "build.gradle.kts' line: 14");
}

#[test]
fn gradle_wrapper_is_not_executable() {
    Log::pipeline()
        .stage("Build")
        .sh("./gradlew build")
        .line("/var/jenkins/workspace/acme/orders@tmp/durable-9f8e7d6c/script.sh.copy: 1: ./gradlew: Permission denied")
        .end()
        .failed(&[], "ERROR: script returned exit code 126")
        .explains(Category::Config, &["./gradlew", "permission denied"], "Permission denied");
}

#[test]
fn a_docker_agent_is_not_installed() {
    Log::pipeline()
        .stage("Build")
        .line("[Pipeline] withDockerContainer")
        .sh("docker inspect -f . maven:3.9")
        .line("/var/jenkins/workspace/acme/orders@tmp/durable-1/script.sh.copy: 1: docker: not found")
        .sh("docker pull maven:3.9")
        .line("/var/jenkins/workspace/acme/orders@tmp/durable-2/script.sh.copy: 1: docker: not found")
        .end()
        .failed(&[], "ERROR: script returned exit code 127")
        .explains(Category::Config, &["docker", "not installed"], "docker: not found");
}

#[test]
fn a_windows_agent_lacks_maven() {
    Log::pipeline()
        .stage("Build")
        .lines("[Pipeline] bat\n\nC:\\jenkins\\workspace\\orders>mvn -B package \n'mvn' is not recognized as an internal or external command,\noperable program or batch file.")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Config, &["mvn", "not installed"], "'mvn' is not recognized");
}

#[test]
fn a_powershell_step_throws() {
    Log::pipeline()
        .stage("Deploy")
        .lines("[Pipeline] powershell\nCopy-Item : Could not find a part of the path 'D:\\deploy\\orders'.\nAt C:\\jenkins\\workspace\\orders@tmp\\durable-1\\powershellScript.ps1:3 char:1\n+ Copy-Item dist D:\\deploy\\orders -Recurse\n+ ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n    + CategoryInfo          : NotSpecified: (:) [Copy-Item], DirectoryNotFoundException\n    + FullyQualifiedErrorId : System.IO.DirectoryNotFoundException,Microsoft.PowerShell.Commands.CopyItemCommand")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Script, &["Could not find a part of the path"], "Copy-Item : Could not find");
}

#[test]
fn the_rust_binary_links_against_what_is_not_there() {
    Log::pipeline()
        .stage("Build")
        .sh("cargo build --release")
        .noise(40, "   Compiling thiserror-{} v1.0.{}")
        .lines(
            "error: linking with `cc` failed: exit status: 1
  |
  = note: LC_ALL=\"C\" PATH=\"/usr/bin\" \"cc\" \"-m64\" \"/ws/target/release/deps/orders.o\" \"-lpq\"
  = note: /usr/bin/ld: cannot find -lpq: No such file or directory
          collect2: error: ld returned 1 exit status

error: could not compile `orders` (bin \"orders\") due to 1 previous error",
        )
        .end()
        .failed(&[], "ERROR: script returned exit code 101")
        .explains(Category::Dependency, &["pq"], "cannot find -lpq");
}

#[test]
fn rustfmt_wants_another_format() {
    Log::pipeline()
        .stage("Format")
        .sh("cargo fmt --all -- --check")
        .lines("Diff in /ws/src/ledger.rs:9:\n-let x=1;\n+let x = 1;")
        .end()
        .failed(&["Build"], EXIT_1)
        .explains(Category::Lint, &["src/ledger.rs:9"], "Diff in /ws/src/ledger.rs");
}

#[test]
fn eslint_fails_on_windows() {
    Log::pipeline()
        .stage("Lint")
        .lines("[Pipeline] bat\n\nC:\\ws\\web>npm run lint \n\n> web@1.0.0 lint\n> eslint src --max-warnings 0\n\n\nC:\\ws\\web\\src\\cart.js\n  14:9  error    'totl' is not defined      no-undef\n  20:1  warning  Unexpected console statement  no-console\n\n✖ 2 problems (1 error, 1 warning)\n")
        .end()
        .failed(&["Build"], EXIT_1)
        .explains(Category::Lint, &["cart.js:14", "'totl' is not defined"], "'totl' is not defined");
}

#[test]
fn too_many_eslint_warnings_fail() {
    Log::pipeline()
        .stage("Lint")
        .sh("npx eslint src --max-warnings 0")
        .lines("/ws/src/cart.js\n  20:1  warning  Unexpected console statement  no-console\n\n✖ 1 problem (0 errors, 1 warning)\n\nESLint found too many warnings (maximum: 0).")
        .end()
        .failed(&["Build"], EXIT_1)
        .explains(Category::Lint, &["too many warnings"], "ESLint found too many warnings");
}

#[test]
fn jest_misses_its_coverage_threshold() {
    Log::pipeline()
        .stage("Test")
        .sh("npx jest --coverage")
        .noise(40, "PASS src/error{}.test.js")
        .lines("Jest: \"global\" coverage threshold for branches (80%) not met: 71.3%\n\nTest Suites: 40 passed, 40 total\nTests:       120 passed, 120 total")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Quality, &["branches (80%)", "71.3%"], "coverage threshold");
}

#[test]
fn node_runs_out_of_heap_in_webpack() {
    Log::pipeline()
        .stage("Build")
        .sh("npm run build")
        .lines("<--- Last few GCs --->\n\n[4242:0x5f]    61234 ms: Mark-sweep 2046.1 (2083.6) -> 2045.9 (2083.8) MB, 1123.4 / 0.0 ms  (average mu = 0.081, current mu = 0.004) allocation failure; scavenge might not succeed\n\n<--- JS stacktrace --->\n\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n 1: 0xb9c2f0 node::Abort() [node]\nAborted (core dumped)\nnpm ERR! code ELIFECYCLE\nnpm ERR! errno 134")
        .end()
        .failed(&[], "ERROR: script returned exit code 134")
        .explains(Category::Resource, &["Node.js ran out of heap"], "JavaScript heap out of memory");
}

#[test]
fn a_python_test_session_hangs_until_the_timeout_plugin_ends_it() {
    Log::pipeline()
        .stage("Test")
        .sh("pytest")
        .lines("tests/test_queue.py::test_drain \n+++++++++++++++++++++++++++++++++++ Timeout ++++++++++++++++++++++++++++++++++++\nE       Failed: Timeout >60.0s\n=========================== short test summary info ============================\nFAILED tests/test_queue.py::test_drain - Failed: Timeout >60.0s\n1 failed, 12 passed in 61.01s")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Test, &["test_drain", "Timeout >60.0s"], "FAILED tests/test_queue.py::test_drain");
}

#[test]
fn pip_cannot_reach_the_index() {
    Log::pipeline()
        .stage("Install")
        .sh("pip install -r requirements.txt")
        .noise(5, "WARNING: Retrying (Retry(total={}, connect=None, read=None, redirect=None, status=None)) after connection broken by 'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f>: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/acme/")
        .lines("ERROR: Could not find a version that satisfies the requirement acme (from versions: none)\nERROR: No matching distribution found for acme")
        .end()
        .failed(&["Test"], EXIT_1)
        .explains(Category::Dependency, &["acme"], "acme");
}

#[test]
fn mypy_finds_a_type_error() {
    Log::pipeline()
        .stage("Types")
        .sh("mypy shop")
        .lines("shop/cart.py:14: error: Incompatible return value type (got \"str\", expected \"int\")  [return-value]\nFound 1 error in 1 file (checked 42 source files)")
        .end()
        .failed(&["Test"], EXIT_1)
        .explains(Category::Lint, &["shop/cart.py:14", "Incompatible return value"], "Incompatible return value type");
}

#[test]
fn a_database_refuses_the_connection_of_a_spring_application() {
    Log::pipeline()
        .stage("Integration")
        .sh("java -jar app.jar --smoke")
        .lines(
            "2026-11-24T01:02:03.004Z  WARN 1 --- [main] o.s.b.Banner : deprecated error page
2026-11-24T01:02:09.004Z ERROR 1 --- [main] o.s.boot.SpringApplication : Application run failed

org.springframework.beans.factory.BeanCreationException: Error creating bean with name 'flyway' defined in class path resource [x.class]: Unable to obtain connection from database
\tat org.springframework.beans.factory.support.AbstractAutowireCapableBeanFactory.initializeBean(AbstractAutowireCapableBeanFactory.java:1806)
Caused by: org.flywaydb.core.internal.exception.FlywaySqlException: Unable to obtain connection from database: Connection to db:5432 refused. Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections.
\tat org.flywaydb.core.internal.jdbc.JdbcUtils.openConnection(JdbcUtils.java:60)
Caused by: java.net.ConnectException: Connection refused
\t... 31 more",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Network, &["refused"], "refused");
}

#[test]
fn an_agent_of_kubernetes_cannot_start() {
    Log::default()
        .lines(
            "Started by user Ada Example
[Pipeline] Start of Pipeline
[Pipeline] podTemplate
[Pipeline] {
[Pipeline] node
Created Pod: kubernetes jenkins/orders-12-abc-def
[Warning][jenkins/orders-12-abc-def][Failed] Failed to pull image \"registry.example.com/ci/maven:3.9-custom\": rpc error: code = NotFound desc = failed to pull and unpack image: not found
[Warning][jenkins/orders-12-abc-def][Failed] Error: ImagePullBackOff
ERROR: Unable to pull Docker image \"registry.example.com/ci/maven:3.9-custom\". Check if image tag name is spelled correctly.
[Pipeline] // node
[Pipeline] }
[Pipeline] // podTemplate
[Pipeline] End of Pipeline
ERROR: Queue task was cancelled
Finished: ABORTED",
        )
        .explains(Category::Deploy, &["registry.example.com/ci/maven:3.9-custom"], "registry.example.com/ci/maven:3.9-custom");
}

#[test]
fn a_sandboxed_script_in_a_stack_trace_after_many_steps() {
    Log::pipeline()
        .stage("Build")
        .sh("make")
        .noise(80, "cc -c file{}.c")
        .end()
        .failed(
            &[],
            "Also:   org.jenkinsci.plugins.workflow.actions.ErrorAction$ErrorId: 1f2e3d4c-0000-1111-2222-333344445555
org.jenkinsci.plugins.scriptsecurity.sandbox.RejectedAccessException: Scripts not permitted to use staticMethod java.lang.System getenv java.lang.String
\tat org.jenkinsci.plugins.scriptsecurity.sandbox.whitelists.StaticWhitelist.rejectStaticMethod(StaticWhitelist.java:280)
\tat WorkflowScript.run(WorkflowScript:18)",
        )
        .explains(Category::Config, &["java.lang.System getenv"], "Scripts not permitted to use");
}

#[test]
fn a_null_environment_variable_breaks_a_pipeline() {
    Log::pipeline()
        .stage("Build")
        .line("[Pipeline] script")
        .end()
        .failed(&["Deploy"], "java.lang.NullPointerException: Cannot invoke method split() on null object\n\tat org.codehaus.groovy.runtime.NullObject.invokeMethod(NullObject.java:91)\n\tat WorkflowScript.run(WorkflowScript:44)")
        .explains(Category::Config, &["split()", "44"], "on null object");
}

#[test]
fn an_artifact_upload_is_forbidden() {
    Log::pipeline()
        .stage("Publish")
        .sh("aws s3 cp dist s3://acme-releases/ --recursive")
        .line("upload failed: dist/app.js to s3://acme-releases/app.js An error occurred (AccessDenied) when calling the PutObject operation: Access Denied")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Credentials, &["AccessDenied"], "AccessDenied");
}

#[test]
fn an_ssh_deploy_has_the_wrong_host_key() {
    Log::pipeline()
        .stage("Deploy")
        .sh("scp dist.tgz deploy@web1:/srv")
        .lines("@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\nHost key verification failed.\nlost connection")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Credentials, &["Host key verification failed"], "Host key verification failed");
}

#[test]
fn a_clock_is_wrong() {
    Log::pipeline()
        .stage("Install")
        .sh("apt-get update")
        .lines("E: Release file for http://deb.example.com/debian/dists/bookworm-updates/InRelease is not valid yet (invalid for another 3h 12min 4s). Updates for this repository will not be applied.")
        .end()
        .failed(&[], "ERROR: script returned exit code 100")
        .explains(Category::Infrastructure, &["clock"], "is not valid yet");
}

#[test]
fn the_wrong_architecture() {
    Log::pipeline()
        .stage("Run")
        .sh("docker run acme/tool")
        .lines("WARNING: The requested image's platform (linux/arm64) does not match the detected host platform (linux/amd64/v3) and no specific platform was requested\nexec /usr/local/bin/tool: exec format error")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Config, &["/usr/local/bin/tool", "exec format error"], "exec format error");
}

#[test]
fn a_warnings_quality_gate_of_jenkins_makes_the_build_unstable() {
    Log::pipeline()
        .stage("Analysis")
        .lines("[Pipeline] recordIssues\n[CheckStyle] Searching for all files in '/ws' that match the pattern '**/checkstyle-result.xml'\n[CheckStyle] -> found 1 file\n[CheckStyle] Evaluating quality gates\n[CheckStyle] -> Some quality gates have been missed: overall result is UNSTABLE\n[CheckStyle] -> Details for each quality gate:\n[CheckStyle]    - [Total (any severity)]: ≪Unstable≫ - (Actual value: 12, Quality gate: 10.00)")
        .end()
        .finish("", "UNSTABLE")
        .explains(Category::Quality, &["quality gate"], "quality gates have been missed");
}

#[test]
fn a_step_in_a_container_is_killed_for_memory_by_the_cluster() {
    Log::pipeline()
        .stage("Build")
        .sh("mvn -B package")
        .noise(100, "[INFO] Compiling module {}")
        .lines("orders-12-abc-def container maven was terminated (Exit Code: 137, Reason: OOMKilled)\njenkins/orders-12-abc-def Container maven was terminated (Exit Code: 137, Reason: OOMKilled)")
        .end()
        .failed(&[], "ERROR: script returned exit code 137")
        .explains(Category::Infrastructure, &["maven", "OOMKilled"], "OOMKilled");
}

#[test]
fn composer_cannot_resolve() {
    Log::pipeline()
        .stage("Install")
        .sh("composer install")
        .lines("Loading composer repositories with package information\nUpdating dependencies\nYour requirements could not be resolved to an installable set of packages.\n\n  Problem 1\n    - Root composer.json requires php ^8.3 but your php version (8.1.29) does not satisfy that requirement.")
        .end()
        .failed(&[], "ERROR: script returned exit code 2")
        .explains(Category::Dependency, &["php ^8.3"], "could not be resolved");
}

#[test]
fn cocoapods_find_no_version() {
    Log::pipeline()
        .stage("Pods")
        .sh("pod install")
        .lines("Analyzing dependencies\n[!] CocoaPods could not find compatible versions for pod \"Pricing\":\n  In Podfile:\n    Pricing (~> 2.4)")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Dependency, &["Pricing"], "could not find compatible versions");
}

#[test]
fn elixir_does_not_compile() {
    Log::pipeline()
        .stage("Build")
        .sh("mix compile --warnings-as-errors")
        .lines("Compiling 12 files (.ex)\n    error: undefined function totl/1 (expected Cart to define such a function or for it to be imported before)\n    │\n 14 │     totl(items)\n    │     ^^^^\n    │\n    └─ lib/cart.ex:14:5: Cart.sum/1\n\n== Compilation error in file lib/cart.ex ==\n** (CompileError) lib/cart.ex: cannot compile module Cart (errors have been logged)")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Compile, &["lib/cart.ex"], "lib/cart.ex");
}
