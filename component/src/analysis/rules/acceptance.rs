//! Acceptance tests: Robot Framework, Cucumber in its dialects, Newman, and Karma's browsers.

use super::{Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "robot-failed",
        tool: Tool::Robot,
        needles: &["| FAIL |"],
        pattern: r"^(?P<test>\S.*?)\s+\| FAIL \|$",
        // A suite is followed by its counts.
        unless: r"\d+ tests?, \d+ passed|\d+ critical tests?",
        after: Some(Lookup::near(1, r"^(?P<message>\S.*)$")),
        cause: "test {test} failed: {message|no message}",
        advice: "Run `robot -t` with this name; log.html shows the keyword that failed.",
        examples: samples!["Pays By Card                        | FAIL |\nElement 'id:thanks' did not appear in 5 seconds."],
        near_misses: samples!["Pays By Card                        | PASS |"],
        ..Rule::TEST
    },
    Rule {
        id: "cucumber-failed",
        tool: Tool::Cucumber,
        needles: &[".feature:"],
        pattern: r"^(?:\d+\) Scenario: (?P<test>.+?) # (?P<file>\S+\.feature):(?P<line>\d+)|(?:cucumber |file:\S*/|rerun |)(?P<file2>[^\s:]+\.feature):(?P<line2>\d+) ?# (?:Scenario: )?(?P<test2>.+))$",
        after: Some(Lookup::near(8, r"^\s+(?P<message>\w*(?:Error|Exception)\b.*)$")),
        cause: "scenario {test} failed ({file}:{line}): {message|see the step}",
        advice: "Run {file}:{line} alone.",
        examples: samples![
            "1) Scenario: Adds a discount # features/cart.feature:12\n   ✖ Then the total is 17.70\n       AssertionError [ERR_ASSERTION]: 17.68 == 17.7",
            "cucumber features/cart.feature:12 # Scenario: Adds a discount",
            "file:///ws/src/test/resources/cart.feature:12 # Adds a discount",
        ],
        near_misses: samples!["  Scenario: Adds a discount # features/cart.feature:12"],
        ..Rule::TEST
    },
    Rule {
        id: "newman-failed",
        tool: Tool::Newman,
        needles: &["AssertionError  ", "Error  "],
        pattern: r"^\s*\d+\.\s+\w*Error\s{2,}(?P<test>\S.*)$",
        after: Some(Lookup::near(1, r"^\s+(?P<message>\S.*)$")),
        extent: 3,
        cause: "assertion {test} failed: {message|no message}",
        advice: "Send the request that stands below it by hand, against the same environment.",
        examples: samples![
            " 1.  AssertionError  Status code is 200\n                     expected response to have status code 200 but got 500\n                     at assertion:0 in test-script\n                     inside \"POST /login\""
        ],
        near_misses: samples!["1. AssertionError is thrown when the code differs"],
        ..Rule::TEST
    },
    Rule {
        id: "karma-failed",
        tool: Tool::Karma,
        needles: &[" FAILED"],
        pattern: r"^[A-Z][\w ]+ [\d.]+ \([^)]+\) (?P<test>\S.*) FAILED$",
        after: Some(Lookup::near(1, r"^\s+(?:Error: )?(?P<message>\S.*)$")),
        extent: 3,
        cause: "test {test} failed: {message|no message}",
        advice: "Run it alone (fdescribe, fit) in the same browser.",
        examples: samples![
            "Chrome Headless 121.0.0.0 (Linux x86_64) CartComponent should add a discount FAILED\n\tError: Expected 17.68 to be 17.7.\n\t    at <Jasmine>"
        ],
        near_misses: samples![
            "Chrome Headless 121.0.0.0 (Linux x86_64): Executed 31 of 31 (1 FAILED) (0.41 secs / 0.38 secs)",
            "TOTAL: 1 FAILED, 30 SUCCESS"
        ],
        ..Rule::TEST
    },
];
