//! Maven, Gradle, sbt, Kotlin.

use super::Log;
use crate::analysis::rules::Category;

const EXIT_1: &str = "ERROR: script returned exit code 1";

#[test]
fn a_test_fails_in_the_third_of_many_maven_modules() {
    Log::pipeline()
        .stage("Build")
        .sh("mvn -B -ntp verify")
        .lines(
            "[INFO] Scanning for projects...
[WARNING] 'dependencies.dependency.version' for org.acme:errors:jar is either LATEST or RELEASE (both of them are being deprecated)
[WARNING] Some problems were encountered while building the effective model for acme:orders-core:jar:1.0",
        )
        .noise(300, "[INFO] Downloaded from nexus: https://nexus.example.com/repository/maven/org/acme/error-handling/1.{}/error-handling-1.{}.pom (2.1 kB at 31 kB/s)")
        .lines(
            "[INFO] --- maven-surefire-plugin:3.2.5:test (default-test) @ orders-core ---
[INFO] Running org.acme.orders.RetryTest
01:02:03.456 [main] ERROR org.acme.orders.Retry - attempt 1 failed
java.net.ConnectException: Connection refused
\tat org.acme.orders.Retry.call(Retry.java:33)
Caused by: java.net.ConnectException: Connection refused
\t... 44 more
[INFO] Tests run: 12, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 1.204 s -- in org.acme.orders.RetryTest",
        )
        .noise(120, "[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.01{} s -- in org.acme.orders.Case{}Test")
        .lines(
            "[INFO] Running org.acme.orders.InvoiceTest
[ERROR] Tests run: 4, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 0.310 s <<< FAILURE! -- in org.acme.orders.InvoiceTest
[ERROR] org.acme.orders.InvoiceTest.roundsHalfUp -- Time elapsed: 0.021 s <<< FAILURE!
org.opentest4j.AssertionFailedError: expected: <10.13> but was: <10.12>
\tat org.junit.jupiter.api.AssertionFailureBuilder.build(AssertionFailureBuilder.java:151)
\tat org.acme.orders.InvoiceTest.roundsHalfUp(InvoiceTest.java:57)

[INFO] Results:
[INFO] 
[ERROR] Failures: 
[ERROR]   InvoiceTest.roundsHalfUp:57 expected: <10.13> but was: <10.12>
[INFO] 
[ERROR] Tests run: 214, Failures: 1, Errors: 0, Skipped: 3
[INFO] 
[INFO] Reactor Summary for orders 1.0:
[INFO] orders-api ......................................... SUCCESS [ 12.345 s]
[INFO] orders-core ........................................ FAILURE [ 31.002 s]
[INFO] orders-web ......................................... SKIPPED
[INFO] BUILD FAILURE
[ERROR] Failed to execute goal org.apache.maven.plugins:maven-surefire-plugin:3.2.5:test (default-test) on project orders-core: There are test failures.
[ERROR] 
[ERROR] Please refer to /var/jenkins/workspace/acme/orders/core/target/surefire-reports for the individual test results.
[ERROR] -> [Help 1]
[ERROR] 
[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.
[ERROR] After correcting the problems, you can resume the build with the command
[ERROR]   mvn <args> -rf :orders-core",
        )
        .end()
        .failed(&["Deploy"], EXIT_1)
        .explains(Category::Test, &["InvoiceTest.roundsHalfUp", "expected: <10.13> but was: <10.12>"], "roundsHalfUp");
}

#[test]
fn an_enforcer_rule_names_the_wrong_jdk() {
    Log::pipeline()
        .stage("Build")
        .sh("./mvnw -B package")
        .line("[INFO] Scanning for projects...")
        .noise(40, "[WARNING] Parameter 'error{}' is deprecated and will fail in a future version")
        .lines(
            "[INFO] --- enforcer:3.4.1:enforce (enforce-versions) @ orders ---
[INFO] ------------------------------------------------------------------------
[INFO] BUILD FAILURE
[INFO] ------------------------------------------------------------------------
[ERROR] Failed to execute goal org.apache.maven.plugins:maven-enforcer-plugin:3.4.1:enforce (enforce-versions) on project orders: 
[ERROR] Rule 0: org.apache.maven.enforcer.rules.version.RequireJavaVersion failed with message:
[ERROR] Detected JDK /usr/lib/jvm/java-11-openjdk-amd64 is version 11.0.24 which is not in the allowed range [17,).
[ERROR] -> [Help 1]",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Config, &["11.0.24", "[17,)"], "which is not in the allowed range");
}

#[test]
fn a_maven_artifact_is_refused_by_the_repository() {
    Log::freestyle()
        .lines("[orders] $ cmd /c call C:\\Temp\\jenkins1234567890123456789.bat\n\nC:\\jenkins\\workspace\\orders>mvn -B deploy")
        .line("[INFO] Scanning for projects...")
        .noise(200, "[INFO] Tests run: {}, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.4 s -- in org.acme.ErrorHandler{}Test")
        .lines(
            "[INFO] BUILD FAILURE
[ERROR] Failed to execute goal org.apache.maven.plugins:maven-deploy-plugin:3.1.1:deploy (default-deploy) on project orders: Failed to deploy artifacts: Could not transfer artifact org.acme:orders:pom:1.4.0 from/to releases (https://nexus.example.com/repository/releases/): status code: 401, reason phrase: Unauthorized (401) -> [Help 1]
[ERROR] 
[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.
Build step 'Execute Windows batch command' marked build as failure
Finished: FAILURE",
        )
        .explains(Category::Credentials, &["401"], "status code: 401");
}

#[test]
fn kotlin_does_not_compile_in_gradle() {
    Log::pipeline()
        .timestamps()
        .stage("Build")
        .sh("./gradlew --no-daemon build")
        .line("To honour the JVM settings for this build a single-use Daemon process will be forked.")
        .noise(150, "> Task :lib{}:compileKotlin UP-TO-DATE")
        .noise(60, "w: file:///var/jenkins/workspace/acme/orders/app/src/main/kotlin/Old{}.kt:12:5 'fun fail(error: Throwable): Unit' is deprecated. Use error()")
        .lines(
            "> Task :app:compileKotlin FAILED
e: file:///var/jenkins/workspace/acme/orders/app/src/main/kotlin/Cart.kt:14:9 Unresolved reference 'totl'.

FAILURE: Build failed with an exception.

* What went wrong:
Execution failed for task ':app:compileKotlin'.
> A failure occurred while executing org.jetbrains.kotlin.compilerRunner.GradleCompilerRunnerWithWorkers$GradleKotlinCompilerWorkAction
   > Compilation error. See log for more details

* Try:
> Run with --stacktrace option to get the stack trace.
> Get more help at https://help.gradle.org.

Deprecated Gradle features were used in this build, making it incompatible with Gradle 9.0.

BUILD FAILED in 41s
152 actionable tasks: 3 executed, 149 up-to-date",
        )
        .end()
        .failed(&["Test", "Publish"], EXIT_1)
        .explains(Category::Compile, &["Cart.kt:14", "Unresolved reference", "totl"], "Cart.kt:14:9");
}

#[test]
fn old_kotlin_and_java_errors_of_one_gradle_build_come_first_by_their_order() {
    Log::pipeline()
        .stage("Build")
        .sh("./gradlew assemble")
        .lines(
            "Starting a Gradle Daemon, 1 incompatible and 2 stopped Daemons could not be reused, use --status for details
> Task :app:compileJava FAILED
/var/jenkins/workspace/acme/orders/app/src/main/java/shop/Cart.java:31: error: incompatible types: String cannot be converted to int
        int total = name;
                    ^
Note: Some input files use or override a deprecated API.
1 error

FAILURE: Build failed with an exception.

* What went wrong:
Execution failed for task ':app:compileJava'.
> Compilation failed; see the compiler error output for details.

BUILD FAILED in 3s",
        )
        .end()
        .failed(&["Test"], EXIT_1)
        .explains(Category::Compile, &["Cart.java:31", "incompatible types"], "Cart.java:31: error");
}

#[test]
fn gradle_cannot_resolve_a_dependency_behind_a_dead_repository() {
    Log::pipeline()
        .stage("Build")
        .sh("./gradlew build")
        .noise(80, "> Task :m{}:processResources NO-SOURCE")
        .lines(
            "FAILURE: Build failed with an exception.

* What went wrong:
Could not determine the dependencies of task ':app:bootJar'.
> Could not resolve all dependencies for configuration ':app:runtimeClasspath'.
   > Could not resolve org.acme:pricing:2.4.1.
     Required by:
         project :app
      > Could not resolve org.acme:pricing:2.4.1.
         > Could not get resource 'https://nexus.example.com/repository/maven/org/acme/pricing/2.4.1/pricing-2.4.1.pom'.
            > Could not GET 'https://nexus.example.com/repository/maven/org/acme/pricing/2.4.1/pricing-2.4.1.pom'.
               > nexus.example.com: Name or service not known

* Try:
> Run with --info or --debug option to get more log output.

BUILD FAILED in 12s",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(
            Category::Dependency,
            &["org.acme:pricing:2.4.1", "nexus.example.com: Name or service not known"],
            "Name or service not known",
        );
}

#[test]
fn the_gradle_daemon_is_killed_while_tests_log_errors() {
    Log::pipeline()
        .stage("Test")
        .sh("./gradlew test")
        .noise(200, "OrderTest > case {} STANDARD_OUT\n    01:00:00.000 ERROR [main] o.a.Orders - rejected order {} (expected)")
        .lines(
            "Gradle build daemon disappeared unexpectedly (it may have been killed or may have crashed)

FAILURE: Build failed with an exception.

* What went wrong:
Gradle build daemon disappeared unexpectedly (it may have been killed or may have crashed)",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Resource, &["Gradle daemon"], "daemon disappeared unexpectedly");
}

#[test]
fn scala_does_not_compile_in_sbt() {
    Log::pipeline()
        .stage("Build")
        .sh("sbt -Dsbt.color=false test")
        .lines("[info] welcome to sbt 1.10.1 (Eclipse Adoptium Java 17.0.12)\n[info] loading settings for project root from build.sbt ...")
        .noise(
            100,
            "[warn] /var/jenkins/workspace/acme/orders/src/main/scala/shop/Old{}.scala:3:7: method error in class Log is deprecated",
        )
        .lines(
            "[info] compiling 14 Scala sources to /var/jenkins/workspace/acme/orders/target/scala-2.13/classes ...
[error] /var/jenkins/workspace/acme/orders/src/main/scala/shop/Cart.scala:14:9: not found: value totl
[error]     val sum = totl(items)
[error]               ^
[error] one error found
[error] (Compile / compileIncremental) Compilation failed
[error] Total time: 9 s, completed Nov 24, 2026, 1:03:12 AM",
        )
        .end()
        .failed(&["Publish"], EXIT_1)
        .explains(Category::Compile, &["Cart.scala:14", "not found: value totl"], "Cart.scala:14:9");
}

#[test]
fn a_scalatest_case_fails() {
    Log::pipeline()
        .stage("Test")
        .sh("sbt test")
        .noise(90, "[info] - should handle failure {} without error")
        .lines(
            "[info] CartSpec:
[info] - should add a discount *** FAILED ***
[info]   17.68 did not equal 17.70 (CartSpec.scala:21)
[info] Run completed in 2 seconds, 11 milliseconds.
[info] Tests: succeeded 90, failed 1, canceled 0, ignored 0, pending 0
[info] *** 1 TEST FAILED ***
[error] Failed tests:
[error] \tshop.CartSpec
[error] (Test / test) sbt.TestsFailedException: Tests unsuccessful
[error] Total time: 4 s",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Test, &["should add a discount", "17.68 did not equal 17.70"], "*** FAILED ***");
}
