//! Acceptance tests: Robot Framework, Cucumber in its dialects.

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
];
