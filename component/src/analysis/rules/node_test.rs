//! Test runners of the JavaScript world: node --test and other TAP, Jest, Vitest, Mocha, Cypress, Playwright.

use super::{Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "tap-not-ok",
        tool: Tool::Node,
        specificity: 76,
        needles: &["not ok "],
        pattern: r"^\s*not ok \d+ (?:- )?(?P<test>.+)$",
        unless: r"# (?:TODO|SKIP|todo|skip)",
        after: Some(Lookup::near(10, r#"^\s+(?:error|message): ['"]?(?P<message>[^|].*?)['"]?$"#)),
        cause: "test {test} failed: {message|no message}",
        advice: "Run this test file alone with node --test.",
        examples: samples![
            "not ok 1 - /ws/test/index.test.js\n  ---\n  duration_ms: 30.6\n  failureType: 'testCodeFailure'\n  error: 'test failed'\n  ..."
        ],
        near_misses: samples!["ok 1 - adds", "not ok 2 - later # TODO"],
        ..Rule::TEST
    },
    Rule {
        id: "node-spec-failed",
        tool: Tool::Node,
        specificity: 76,
        needles: &["✖ "],
        pattern: r"^\s*✖ (?P<test>.+) \([\d.]+ms\)$",
        cause: "test {test} failed",
        advice: "Run this test alone with node --test --test-name-pattern.",
        examples: samples!["✖ adds prices (1.234ms)"],
        near_misses: samples!["✖ 3 problems (2 errors, 1 warning)", "✔ adds prices (0.2ms)"],
        ..Rule::TEST
    },
    Rule {
        id: "jest-failed",
        tool: Tool::Jest,
        needles: &["● "],
        pattern: r"^\s*● (?P<test>.+ › .+)$",
        after: Some(Lookup::near(8, r"^\s+(?P<message>(?:expect\(|\w*Error: |Expected|Received|thrown: |Exceeded timeout|Timeout).*)$")),
        cause: "test {test} failed: {message|no message}",
        advice: "Run `jest -t` with this name.",
        examples: samples!["  ● cart › adds a discount\n\n    expect(received).toBe(expected) // Object.is equality\n\n    Expected: 17.7"],
        near_misses: samples!["  ● Console", "  ✓ adds a discount (2 ms)"],
        ..Rule::TEST
    },
    Rule {
        id: "jest-suite-failed",
        tool: Tool::Jest,
        specificity: 77,
        needles: &["Test suite failed to run"],
        pattern: r"^\s*● (?P<test>Test suite failed to run)$",
        before: Some(Lookup::near(4, r"^\s*FAIL +(?P<file>\S+)")),
        after: Some(Lookup::near(6, r"^\s+(?P<message>\S*(?:Error|Cannot find|error TS)\b.*)$")),
        cause: "test suite {file|?} could not run: {message|see below}",
        advice: "Fix the import or syntax error first: no test of {file|the suite} ran.",
        examples: samples![
            "FAIL src/index.test.js\n  ● Test suite failed to run\n\n    Cannot find module './formatPrice' from 'src/index.js'"
        ],
        near_misses: samples!["PASS src/index.test.js"],
        ..Rule::TEST
    },
    Rule {
        id: "vitest-failed",
        tool: Tool::Jest,
        needles: &["FAIL "],
        pattern: r"^\s*(?:FAIL|❯|×) +(?P<test>(?P<file>\S+\.(?:test|spec)\.[cm]?[jt]sx?) > .+)$",
        after: Some(Lookup::near(2, r"^\s*(?:→ )?(?P<message>\w*(?:Error|Assertion)\w*: .+)$")),
        cause: "test {test} failed: {message|no message}",
        advice: "Run `vitest run {file}`.",
        examples: samples![
            " FAIL  src/cart.test.ts > cart > adds a discount\nAssertionError: expected 17.68 to be 17.7 // Object.is equality"
        ],
        near_misses: samples![" PASS  src/cart.test.ts"],
        ..Rule::TEST
    },
    Rule {
        id: "jest-file-failed",
        tool: Tool::Jest,
        specificity: 60,
        needles: &["FAIL "],
        pattern: r"^\s*FAIL +(?:\S+ )?(?P<file>\S+\.(?:test|spec)\.[cm]?[jt]sx?)(?: \([\d.]+ m?s\))?$",
        cause: "a test in {file} failed",
        advice: "Run {file} alone.",
        category: super::Category::Test,
        examples: samples!["FAIL src/cart.test.js", "FAIL src/cart.test.js (5.2 s)"],
        near_misses: samples!["FAIL: test_x (a.B.test_x)"],
        ..Rule::CAUSE
    },
    Rule {
        id: "mocha-failed",
        tool: Tool::Mocha,
        specificity: 77,
        needles: &["AssertionError", "Error: Timeout of ", "     Error: "],
        pattern: r"^ {5,}(?P<kind>AssertionError(?: \[\w+\])?|Error|TypeError|Uncaught \w+): (?P<message>.+)$",
        before: Some(Lookup::required(4, r"^ {6,}(?P<test>\S.*):$")),
        cause: "test {test} failed: {message}",
        advice: "Run mocha with --grep and this name.",
        examples: samples!["  1) cart\n       adds a discount:\n\n      AssertionError: expected 17.68 to equal 17.7"],
        near_misses: samples!["AssertionError: assert 1 == 2"],
        ..Rule::TEST
    },
    Rule {
        id: "playwright-failed",
        tool: Tool::Jest,
        specificity: 77,
        needles: &[" › "],
        pattern: r"^\s+\d+\) (?:\[\w+\] › )?(?P<test>(?P<file>\S+\.[jt]sx?):(?P<line>\d+):\d+ › .+?)(?: ─+)?$",
        after: Some(Lookup::near(6, r"^\s+(?P<message>(?:\w*Error|Test timeout of).*)$")),
        cause: "test {test} failed: {message|no message}",
        advice: "Run `playwright test {file}:{line}` and open its trace.",
        examples: samples![
            "  1) [chromium] › tests/login.spec.ts:12:5 › login › shows an error ──────\n\n    Error: expect(locator).toBeVisible() failed"
        ],
        near_misses: samples!["  ✓  1 [chromium] › tests/login.spec.ts:12:5 › login (1.2s)"],
        ..Rule::TEST
    },
];
