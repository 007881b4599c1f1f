//! A third set: scripted pipelines, other tools, and what stands between the cause and the end.

use super::Log;
use crate::analysis::rules::Category;

const EXIT_1: &str = "ERROR: script returned exit code 1";

#[test]
fn a_scripted_pipeline_that_catches_cleans_up_and_throws_again() {
    Log::default()
        .lines("Started by user Ada Example\n[Pipeline] Start of Pipeline\n[Pipeline] node\nRunning on linux-1 in /ws\n[Pipeline] {")
        .stage("Build")
        .sh("make")
        .noise(60, "cc -Wall -c error{}.c")
        .lines("cart.c:14:9: error: use of undeclared identifier 'totl'\n1 error generated.\nmake: *** [Makefile:3: cart.o] Error 1")
        .end()
        .lines("[Pipeline] echo\nCaught: hudson.AbortException: script returned exit code 2")
        .stage("Cleanup")
        .sh("docker rm -f db")
        .lines("Error response from daemon: No such container: db")
        .end()
        .finish("ERROR: script returned exit code 2", "FAILURE")
        .explains(Category::Compile, &["cart.c:14", "totl"], "cart.c:14:9: error");
}

#[test]
fn branches_whose_lines_are_not_told_apart() {
    Log::pipeline()
        .stage("Checks")
        .lines("[Pipeline] parallel\n[Pipeline] { (Branch: unit)\n[Pipeline] { (Branch: lint)\n[Pipeline] stage\n[Pipeline] { (unit)\n[Pipeline] stage\n[Pipeline] { (lint)\n[Pipeline] sh\n+ pytest tests\n[Pipeline] sh\n+ flake8 shop")
        .noise(80, "tests/test_errors.py::test_error_{}_FAILED_state PASSED [ {}%]")
        .lines("shop/cart.py:14:9: F821 undefined name 'totl'")
        .noise(20, "tests/test_errors.py::test_fatal_{} PASSED [ 9{}%]")
        .lines("[Pipeline] }\n[Pipeline] // stage\nFailed in branch lint\n[Pipeline] }\n======= 100 passed in 2.1s =======\n[Pipeline] }\n[Pipeline] // parallel")
        .end()
        .failed(&["Deploy"], EXIT_1)
        .explains(Category::Lint, &["shop/cart.py:14", "F821"], "F821 undefined name");
}

#[test]
fn a_spring_context_does_not_start_in_a_test() {
    Log::pipeline()
        .stage("Test")
        .sh("mvn test")
        .lines(
            "[ERROR] Tests run: 5, Failures: 0, Errors: 1, Skipped: 0, Time elapsed: 8.1 s <<< FAILURE! -- in org.acme.OrdersApplicationTests
[ERROR] org.acme.OrdersApplicationTests.contextLoads -- Time elapsed: 0.004 s <<< ERROR!
java.lang.IllegalStateException: Failed to load ApplicationContext for [WebMergedContextConfiguration@1a2b testClass = org.acme.OrdersApplicationTests]
\tat org.springframework.test.context.cache.DefaultCacheAwareContextLoaderDelegate.loadContext(DefaultCacheAwareContextLoaderDelegate.java:180)
Caused by: org.springframework.beans.factory.NoSuchBeanDefinitionException: No qualifying bean of type 'org.acme.PriceSource' available
\t... 94 more
[ERROR] Errors: 
[ERROR]   OrdersApplicationTests.contextLoads » IllegalState Failed to load ApplicationContext
[ERROR] Tests run: 5, Failures: 0, Errors: 1, Skipped: 0",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Test, &["contextLoads"], "contextLoads");
}

#[test]
fn an_old_image_builder_passes_on_what_npm_says() {
    Log::pipeline()
        .stage("Image")
        .sh("docker build .")
        .lines("Step 1/4 : FROM node:20\n ---> 1b2c3d4e5f60\nStep 3/4 : RUN npm ci\n ---> Running in 0a1b2c3d4e5f\nnpm ERR! code E404\nnpm ERR! 404 Not Found - GET https://registry.npmjs.org/@acme%2fpricing - Not found\nnpm ERR! 404 \nnpm ERR! 404  '@acme/pricing@2.4.1' is not in this registry.\nThe command '/bin/sh -c npm ci' returned a non-zero code: 1")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Dependency, &["@acme%2fpricing"], "E404");
}

#[test]
fn kaniko_cannot_push() {
    Log::pipeline()
        .stage("Image")
        .sh("/kaniko/executor --destination registry.example.com/acme/orders:1")
        .lines("INFO[0000] Retrieving image manifest node:20\nerror checking push permissions -- make sure you entered the correct tag name, and that you are authenticated correctly, and try again: checking push permission for \"registry.example.com/acme/orders:1\": POST https://registry.example.com/v2/acme/orders/blobs/uploads/: UNAUTHORIZED: authentication required; [map[Action:pull Type:repository]]")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Credentials, &["registry.example.com/acme/orders:1"], "error checking push permissions");
}

#[test]
fn subversion_cannot_connect() {
    Log::freestyle()
        .lines("Updating https://svn.example.com/orders/trunk at revision '2026-11-24T01:00:00.000 +0000'\nERROR: Failed to update https://svn.example.com/orders/trunk\norg.tmatesoft.svn.core.SVNException: svn: E170001: OPTIONS request failed on '/orders/trunk'\nsvn: E170001: Authentication required for '<https://svn.example.com:443> Subversion'\nFinished: FAILURE")
        .explains(Category::Credentials, &["Authentication required", "svn.example.com"], "Authentication required for");
}

#[test]
fn ant_passes_on_what_javac_says() {
    Log::freestyle()
        .lines("compile:\n    [javac] Compiling 12 source files to C:\\ws\\build\n    [javac] C:\\ws\\src\\org\\acme\\Cart.java:14: error: cannot find symbol\n    [javac]         totl(items);\n    [javac]         ^\n    [javac]   symbol:   method totl(List<Item>)\n    [javac] 1 error\n\nBUILD FAILED\nC:\\ws\\build.xml:42: Compile failed; see the compiler error output for details.\n\nTotal time: 2 seconds\nBuild step 'Invoke Ant' marked build as failure\nFinished: FAILURE")
        .explains(Category::Compile, &["Cart.java:14", "cannot find symbol"], "Cart.java:14: error");
}

#[test]
fn the_microsoft_linker_finds_no_symbol() {
    Log::freestyle()
        .lines("  orders.vcxproj -> C:\\ws\\x64\\Release\\errors.lib\nmain.obj : error LNK2019: unresolved external symbol \"double __cdecl round_half_up(double)\" (?round_half_up@@YANN@Z) referenced in function main [C:\\ws\\orders.vcxproj]\nC:\\ws\\x64\\Release\\orders.exe : fatal error LNK1120: 1 unresolved externals [C:\\ws\\orders.vcxproj]\nBuild FAILED.\nBuild step 'Build a Visual Studio project or solution using MSBuild' marked build as failure\nFinished: FAILURE")
        .explains(Category::Compile, &["round_half_up"], "error LNK2019");
}

#[test]
fn robot_framework_names_its_failed_test() {
    Log::pipeline()
        .stage("Acceptance")
        .sh("robot tests")
        .noise(30, "Shows Error {}                                                        | PASS |")
        .lines("Pays By Card                                                          | FAIL |\nElement 'id:thanks' did not appear in 5 seconds.\n------------------------------------------------------------------------------\n31 tests, 30 passed, 1 failed")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Test, &["Pays By Card", "did not appear in 5 seconds"], "| FAIL |");
}

#[test]
fn cucumber_names_its_failed_scenario() {
    Log::pipeline()
        .stage("Acceptance")
        .sh("npx cucumber-js")
        .lines("Failures:\n\n1) Scenario: Adds a discount # features/cart.feature:12\n   ✔ Given a cart # features/steps.js:3\n   ✖ Then the total is 17.70 # features/steps.js:21\n       AssertionError [ERR_ASSERTION]: 17.68 == 17.7\n\n12 scenarios (1 failed, 11 passed)\n40 steps (1 failed, 39 passed)")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Test, &["Adds a discount"], "features/cart.feature:12");
}

#[test]
fn k6_crosses_a_threshold() {
    Log::pipeline()
        .stage("Load")
        .sh("k6 run load.js")
        .noise(60, "running (0m{}.0s), 50/50 VUs, 1200 complete and 0 interrupted iterations")
        .lines("     http_req_failed................: 0.01%  ✓ 3        ✗ 29997\nERRO[0062] thresholds on metrics 'http_req_duration' have been crossed")
        .end()
        .failed(&[], "ERROR: script returned exit code 99")
        .explains(Category::Quality, &["http_req_duration"], "thresholds on metrics");
}

#[test]
fn a_secret_scanner_finds_a_leak() {
    Log::pipeline()
        .stage("Secrets")
        .sh("gitleaks detect")
        .lines("Finding:     token = REDACTED\nRuleID:      generic-api-key\nFile:        shop/settings.py\nLine:        12\n\n1:02AM INF 120 commits scanned.\n1:02AM WRN leaks found: 1")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Quality, &["leaks found"], "leaks found: 1");
}

#[test]
fn a_vulnerability_scan_fails_the_build() {
    Log::pipeline()
        .stage("Scan")
        .sh("trivy image --exit-code 1 --severity HIGH,CRITICAL acme/orders")
        .lines("acme/orders (debian 12.6)\n=========================\nTotal: 3 (HIGH: 2, CRITICAL: 1)\n\n┌─────────┬────────────────┬──────────┐\n│ openssl │ CVE-2026-12345 │ CRITICAL │")
        .end()
        .failed(&["Push"], EXIT_1)
        .explains(Category::Quality, &["HIGH: 2, CRITICAL: 1"], "Total: 3 (HIGH: 2");
}

#[test]
fn a_stack_of_the_cloud_rolls_back() {
    Log::pipeline()
        .stage("Deploy")
        .sh("npx cdk deploy --require-approval never")
        .lines("OrdersStack: deploying... [1/1]\nOrdersStack | 3/9 | 1:02:03 AM | CREATE_FAILED | AWS::Lambda::Function | Api (Api1A2B) Resource handler returned message: \"Unzipped size must be smaller than 262144000 bytes\"\n ❌  OrdersStack failed: Error: The stack named OrdersStack failed to deploy: UPDATE_ROLLBACK_COMPLETE: Resource handler returned message: \"Unzipped size must be smaller than 262144000 bytes\"")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Deploy, &["OrdersStack", "Unzipped size"], "Unzipped size");
}

#[test]
fn vault_denies_a_secret() {
    Log::pipeline()
        .stage("Secrets")
        .sh("vault kv get secret/orders")
        .lines("Error making API request.\n\nURL: GET https://vault.example.com/v1/secret/data/orders\nCode: 403. Errors:\n\n* 1 error occurred:\n\t* permission denied")
        .end()
        .failed(&[], "ERROR: script returned exit code 2")
        .explains(Category::Credentials, &["403"], "Code: 403");
}

#[test]
fn a_repository_answers_too_large() {
    Log::pipeline()
        .stage("Publish")
        .sh("curl -fsS -T app.tgz https://nexus.example.com/raw/")
        .line("curl: (22) The requested URL returned error: 413")
        .end()
        .failed(&[], "ERROR: script returned exit code 22")
        .explains(Category::Network, &["413"], "413");
}

#[test]
fn an_image_has_no_such_platform() {
    Log::pipeline()
        .stage("Run")
        .sh("docker pull acme/tool:1")
        .line("no matching manifest for linux/arm64/v8 in the manifest list entries")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Dependency, &["linux/arm64/v8"], "no matching manifest");
}

#[test]
fn a_crate_needs_a_newer_compiler() {
    Log::pipeline()
        .stage("Build")
        .sh("cargo build")
        .lines("error: rustc 1.79.0 is not supported by the following package:\n  home@0.5.11 requires rustc 1.81\nEither upgrade rustc or select compatible dependency versions with\n`cargo update <name>@<current-ver> --precise <compatible-ver>`")
        .end()
        .failed(&[], "ERROR: script returned exit code 101")
        .explains(Category::Config, &["rustc 1.79.0"], "is not supported by the following package");
}

#[test]
fn gradle_counts_failing_tests_that_it_does_not_name() {
    Log::pipeline()
        .stage("Test")
        .sh("./gradlew test")
        .lines("> Task :app:test FAILED\n\nFAILURE: Build failed with an exception.\n\n* What went wrong:\nExecution failed for task ':app:test'.\n> There were failing tests. See the report at: file:///ws/app/build/reports/tests/test/index.html\n\nBUILD FAILED in 12s")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Test, &["app/build/reports/tests"], "There were failing tests");
}

#[test]
fn a_build_that_still_runs_tells_what_failed_so_far() {
    Log::pipeline().stage("Build").sh("tsc -p .").lines("src/cart.ts(14,9): error TS2304: Cannot find name 'totl'.").explains(
        Category::Compile,
        &["src/cart.ts:14"],
        "TS2304",
    );
}

#[test]
fn a_line_of_a_bundle_that_holds_every_word_is_not_the_cause() {
    let minified =
        format!("!function(e){{throw new Error('x')}};ERROR: {} No space left on device OutOfMemoryError", "fatal:error ".repeat(900));
    Log::pipeline()
        .stage("Bundle")
        .sh("cat dist/app.js")
        .line(&minified)
        .sh("./check-size dist")
        .lines("dist/app.js is 11 kB, allowed are 10 kB")
        .end()
        .failed(&[], "ERROR: script returned exit code 3")
        .explains(Category::Script, &["./check-size dist", "exit code 3"], "allowed are 10 kB");
}

#[test]
fn an_input_that_nobody_answers_times_out() {
    Log::pipeline()
        .stage("Approve")
        .lines("[Pipeline] timeout\nTimeout set to expire in 1 hr 0 min\n[Pipeline] {\n[Pipeline] input\nRelease 1.4?\nProceed or Abort\nCancelling nested steps due to timeout\n[Pipeline] }\n[Pipeline] // timeout")
        .end()
        .finish("Timeout has been exceeded", "ABORTED")
        .explains(Category::Timeout, &["Proceed or Abort"], "Cancelling nested steps due to timeout");
}

#[test]
fn a_proto_file_is_wrong() {
    Log::pipeline()
        .stage("Generate")
        .sh("protoc --go_out=. orders.proto")
        .lines("orders.proto:14:3: \"Totl\" is not defined.")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Compile, &["orders.proto:14", "is not defined"], "orders.proto:14:3");
}

#[test]
fn a_yaml_file_is_wrong() {
    Log::pipeline()
        .stage("Lint")
        .sh("yamllint -f parsable deploy")
        .lines("deploy/orders.yaml:14:3: [error] wrong indentation: expected 4 but found 2 (indentation)")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Lint, &["deploy/orders.yaml:14", "wrong indentation"], "deploy/orders.yaml:14:3");
}
