//! npm, Yarn, pnpm, test runners and browsers.

use super::Log;
use crate::analysis::rules::Category;

const EXIT_1: &str = "ERROR: script returned exit code 1";

fn deprecations(log: Log, count: usize) -> Log {
    log.noise(
        count,
        "npm warn deprecated request-error-{}@2.88.2: this library has been deprecated, see https://github.com/request/request/issues/3142",
    )
}

#[test]
fn npm_cannot_resolve_peer_dependencies() {
    let log = Log::pipeline().timestamps().stage("Install").sh("npm ci");
    deprecations(log, 80)
        .lines(
            "npm error code ERESOLVE
npm error ERESOLVE could not resolve
npm error
npm error While resolving: @storybook/react@6.5.16
npm error Found: react@18.3.1
npm error node_modules/react
npm error   react@\"^18.3.1\" from the root project
npm error
npm error Could not resolve dependency:
npm error peer react@\"^16.8.0 || ^17.0.0\" from @storybook/react@6.5.16
npm error
npm error Fix the upstream dependency conflict, or retry
npm error this command with --force or --legacy-peer-deps
npm error to accept an incorrect (and potentially broken) dependency resolution.
npm error
npm error A complete log of this run can be found in: /home/jenkins/.npm/_logs/2026-11-24T01_02_03_456Z-debug-0.log",
        )
        .end()
        .failed(&["Build"], EXIT_1)
        .explains(Category::Dependency, &["ERESOLVE"], "code ERESOLVE");
}

#[test]
fn what_a_script_of_npm_prints_comes_before_elifecycle() {
    let log = Log::pipeline().stage("Build").sh("npm run build");
    deprecations(log, 30)
        .lines(
            "> web@1.0.0 build
> vite build

vite v5.4.2 building for production...
transforming...
✓ 812 modules transformed.
x Build failed in 4.02s
error during build:
src/pages/Cart.tsx (14:9): \"formatPrice\" is not exported by \"src/lib/price.ts\", imported by \"src/pages/Cart.tsx\".
file: /var/jenkins/workspace/acme/orders/src/pages/Cart.tsx:14:9
    at getRollupError (file:///var/jenkins/workspace/acme/orders/node_modules/rollup/dist/es/shared/parseAst.js:397:41)
npm ERR! code ELIFECYCLE
npm ERR! errno 1
npm ERR! web@1.0.0 build: `vite build`
npm ERR! Exit status 1
npm ERR! 
npm ERR! Failed at the web@1.0.0 build script.
npm ERR! This is probably not a problem with npm. There is likely additional logging output above.",
        )
        .end()
        .failed(&["Deploy"], EXIT_1)
        .explains(Category::Compile, &["formatPrice", "is not exported"], "is not exported by");
}

#[test]
fn yarn_berry_may_not_change_the_lockfile() {
    Log::pipeline()
        .stage("Install")
        .sh("yarn install --immutable")
        .lines("➤ YN0000: · Yarn 4.4.0\n➤ YN0000: ┌ Resolution step\n➤ YN0002: │ web@workspace:. doesn't provide webpack (p1a2b3), requested by css-loader\n➤ YN0000: └ Completed in 0s 512ms\n➤ YN0000: ┌ Post-resolution validation")
        .lines("➤ YN0028: │ The lockfile would have been modified by this install, which is explicitly forbidden.\n➤ YN0000: └ Completed\n➤ YN0000: · Failed with errors in 0s 689ms")
        .end()
        .failed(&["Build"], EXIT_1)
        .explains(Category::Dependency, &["lockfile"], "YN0028");
}

#[test]
fn pnpm_is_not_logged_in_at_the_registry() {
    Log::pipeline()
        .stage("Install")
        .sh("pnpm install --frozen-lockfile")
        .lines("Lockfile is up to date, resolution step is skipped\nProgress: resolved 1, reused 0, downloaded 0, added 0\n WARN  GET https://npm.example.com/@acme%2fprices error (401). Will retry in 10 seconds. 2 retries left.")
        .noise(60, "Progress: resolved {}, reused {}, downloaded 0, added 0")
        .lines(" ERR_PNPM_FETCH_401  GET https://npm.example.com/@acme%2fprices: Unauthorized - 401\n\nThis error happened while installing a direct dependency of /var/jenkins/workspace/acme/orders\n\nNo authorization header was set for the request.")
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Credentials, &["ERR_PNPM_FETCH_401"], "ERR_PNPM_FETCH_401");
}

#[test]
fn vitest_fails_among_tests_that_print_errors() {
    Log::pipeline()
        .stage("Test")
        .sh("npx vitest run")
        .line(" RUN  v2.0.5 /var/jenkins/workspace/acme/orders")
        .noise(120, "stderr | src/api.test.ts > rejects bad request {}\nError: request failed with status code 500\n    at send (/var/jenkins/workspace/acme/orders/src/api.ts:21:11)\n\n ✓ src/api{}.test.ts (3 tests) 12ms")
        .lines(
            " ❯ src/cart.test.ts (2 tests | 1 failed) 9ms
   × cart > adds a discount 6ms
     → expected 17.68 to be 17.7 // Object.is equality

⎯⎯⎯⎯⎯⎯⎯ Failed Tests 1 ⎯⎯⎯⎯⎯⎯⎯

 FAIL  src/cart.test.ts > cart > adds a discount
AssertionError: expected 17.68 to be 17.7 // Object.is equality
 ❯ src/cart.test.ts:12:23

 Test Files  1 failed | 120 passed (121)
      Tests  1 failed | 361 passed (362)",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Test, &["cart > adds a discount"], "FAIL  src/cart.test.ts");
}

#[test]
fn jest_names_the_suite_that_cannot_be_loaded() {
    Log::pipeline()
        .stage("Test")
        .sh("npx jest --ci")
        .noise(100, "PASS src/error{}.test.js")
        .lines(
            "FAIL src/cart.test.js
  ● Test suite failed to run

    Cannot find module '../lib/formatPrice' from 'src/cart.js'

    Require stack:
      src/cart.js
      src/cart.test.js

    > 1 | const { formatPrice } = require('../lib/formatPrice');
        |                         ^

      at Resolver._throwModNotFoundError (node_modules/jest-resolve/build/resolver.js:427:11)

Test Suites: 1 failed, 100 passed, 101 total
Tests:       302 passed, 302 total
A worker process has failed to exit gracefully and has been force exited. This is likely caused by tests leaking due to improper teardown.",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Dependency, &["../lib/formatPrice", "src/cart.js"], "Cannot find module");
}

#[test]
fn mocha_names_its_failing_test() {
    Log::pipeline()
        .stage("Test")
        .sh("npx mocha")
        .noise(70, "    ✔ reports error {}")
        .lines(
            "
  70 passing (2s)
  1 failing

  1) Cart
       adds a discount:

      AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:

17.68 !== 17.7

      + expected - actual

      -17.68
      +17.7

      at Context.<anonymous> (test/cart.spec.js:9:12)",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Test, &["adds a discount", "strictly equal"], "AssertionError");
}

#[test]
fn playwright_fails_after_flaky_tests_that_passed_on_retry() {
    Log::pipeline()
        .stage("E2E")
        .sh("npx playwright test")
        .line("Running 62 tests using 4 workers")
        .noise(60, "  ✓  {} [chromium] › cart.spec.ts:12:5 › shows error {} (1.2s)")
        .lines(
            "  ✘  61 [chromium] › login.spec.ts:8:5 › logs in (30.1s)
  ✓  62 [chromium] › login.spec.ts:8:5 › logs in (retry #1) (2.1s)
  ✘  63 [chromium] › checkout.spec.ts:21:7 › checkout › pays by card (30.0s)
  ✘  64 [chromium] › checkout.spec.ts:21:7 › checkout › pays by card (retry #1) (30.0s)

  1) [chromium] › checkout.spec.ts:21:7 › checkout › pays by card ────────────────────────────────────

    Error: Timed out 5000ms waiting for expect(locator).toBeVisible()

    Locator: getByText('Thank you')
    Expected: visible

  1 failed
    [chromium] › checkout.spec.ts:21:7 › checkout › pays by card ──────────────────
  1 flaky
    [chromium] › login.spec.ts:8:5 › logs in ──────────────────────────────────────
  60 passed (2.3m)",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Test, &["checkout › pays by card"], "checkout.spec.ts:21:7");
}

#[test]
fn cypress_names_its_failing_test() {
    Log::pipeline()
        .stage("E2E")
        .sh("npx cypress run")
        .noise(30, "    ✓ shows the error page {} (312ms)")
        .lines(
            "
  1 passing (6s)
  1 failing

  1) Checkout
       pays by card:
     AssertionError: Timed out retrying after 4000ms: Expected to find element: `#thanks`, but never found it.
      at Context.eval (webpack://web/./cypress/e2e/checkout.cy.js:14:7)

  (Results)

  │ Tests:        2 │
  │ Failing:      1 │",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Test, &["pays by card", "never found it"], "never found it");
}

#[test]
fn flutter_does_not_compile() {
    Log::pipeline()
        .stage("Build")
        .sh("flutter build apk")
        .noise(40, "Note: /home/jenkins/.pub-cache/hosted/pub.dev/error{}-1.0/Plugin.java uses or overrides a deprecated API.")
        .lines(
            "lib/cart.dart:14:18: Error: The getter 'totl' isn't defined for the class 'Cart'.
 - 'Cart' is from 'package:shop/cart.dart' ('lib/cart.dart').
Try correcting the name to the name of an existing getter, or defining a getter or field named 'totl'.
    return cart.totl;
                ^^^^
Target kernel_snapshot_program failed: Exception

FAILURE: Build failed with an exception.

* Where:
Script '/opt/flutter/packages/flutter_tools/gradle/src/main/groovy/flutter.groovy' line: 1298

* What went wrong:
Execution failed for task ':app:compileFlutterBuildRelease'.
> Process 'command '/opt/flutter/bin/flutter'' finished with non-zero exit value 1

BUILD FAILED in 38s
Gradle task assembleRelease failed with exit code 1",
        )
        .end()
        .failed(&[], EXIT_1)
        .explains(Category::Compile, &["lib/cart.dart:14", "totl"], "lib/cart.dart:14:18");
}
