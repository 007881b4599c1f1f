//! pytest and unittest.

use super::{Category, Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "pytest-failed",
        tool: Tool::Pytest,
        needles: &["FAILED "],
        pattern: r"^FAILED (?P<test>(?P<file>(?:/?[A-Za-z]:)?[^:\s]+\.py)::\S+(?: ?\[[^\]]*\])?)(?: - (?P<message>.+))?$",
        cause: "test {test} failed: {message|no message}",
        advice: "Run `pytest {test}` on the failing revision.",
        examples: samples![
            "FAILED tests/unit/test_pricing.py::test_tax_rounding - AssertionError: assert Decimal('1.89') == Decimal('1.90')",
            "FAILED test_compat.py::test_json_column - Failed: psycopg adapter returned str instead of dict for a jsonb column",
            "FAILED tests/test_a.py::TestGateway::test_retry[eu-west 1]",
        ],
        near_misses: samples![
            "FAILED: error rate above the allowed 0.010 %",
            "tests/unit/test_pricing.py::test_tax_rounding PASSED                    [ 50%]",
        ],
        ..Rule::TEST
    },
    Rule {
        id: "pytest-verbose-failed",
        tool: Tool::Pytest,
        specificity: 77,
        needles: &["FAILED"],
        pattern: r"^(?:\[gw\d+\] \[ *\d+%\] FAILED (?P<test>(?P<file>(?:/?[A-Za-z]:)?[^:\s]+\.py)::\S+)|(?P<test2>(?P<file2>(?:/?[A-Za-z]:)?[^:\s]+\.py)::\S+) FAILED(?: +\[ *\d+%\])?)$",
        cause: "test {test} failed",
        advice: "Run `pytest {test}` on the failing revision.",
        examples: samples![
            "tests/unit/test_pricing.py::test_tax_rounding FAILED                     [ 42%]",
            "[gw1] [ 42%] FAILED tests/unit/test_pricing.py::test_tax_rounding",
        ],
        near_misses: samples!["tests/unit/test_pricing.py::test_tax_rounding PASSED                     [ 42%]"],
        ..Rule::TEST
    },
    Rule {
        id: "pytest-error",
        tool: Tool::Pytest,
        specificity: 80,
        needles: &["ERROR "],
        pattern: r"^ERROR (?P<test>(?P<file>(?:/?[A-Za-z]:)?[^:\s]+\.py)(?:::\S+)?)(?: - (?P<message>.+))?$",
        cause: "{test} could not run: {message|see the error above}",
        advice: "Fix the fixture or the import: the test itself was not reached.",
        examples: samples![
            "ERROR tests/unit/test_gateway.py - ModuleNotFoundError: No module named 'babel'",
            "ERROR tests/test_db.py::test_insert - psycopg.OperationalError: connection refused",
        ],
        near_misses: samples!["ERROR tests failed"],
        ..Rule::TEST
    },
    Rule {
        id: "pytest-usage",
        tool: Tool::Pytest,
        category: Category::Config,
        specificity: 84,
        needles: &["ERROR: usage:", "ERROR: file or directory not found", "pytest: error:", "__main__.py: error:", "no tests ran in"],
        pattern: r"^(?:ERROR: (?P<message>file or directory not found: \S+)|(?:__main__\.py|pytest|\S+pytest): error: (?P<message2>.+)|=+ (?P<message3>no tests ran) in [\d.]+s =+)",
        cause: "pytest: {message}",
        advice: "Correct the path or the option that pytest was started with.",
        examples: samples![
            "ERROR: file or directory not found: tests/smoke",
            "__main__.py: error: unrecognized arguments: --cov=shop",
            "============================ no tests ran in 0.01s =============================",
        ],
        near_misses: samples!["2 passed in 2.01s"],
        ..Rule::CAUSE
    },
    Rule {
        id: "pytest-conftest",
        tool: Tool::Pytest,
        category: Category::Config,
        specificity: 84,
        needles: &["while loading conftest"],
        pattern: r"^(?:ImportError|ConftestImportFailure.*) while loading conftest '(?P<file>[^']+)'",
        after: Some(Lookup::last(40, r"^E\s+(?P<message>\S.*)$")),
        cause: "pytest cannot load {file}: {message|see below}",
        advice: "Correct {file}, or what it expects: a package, a variable of the environment.",
        examples: samples![
            "ImportError while loading conftest '/ws/tests/conftest.py'.\ntests/conftest.py:4: in <module>\n    URL = os.environ[\"DB\"]\nE   KeyError: 'DB'"
        ],
        near_misses: samples!["while loading conftest files"],
        ..Rule::CAUSE
    },
    Rule {
        id: "pytest-internal",
        tool: Tool::Pytest,
        category: Category::Config,
        specificity: 82,
        needles: &["INTERNALERROR>"],
        pattern: r"^INTERNALERROR> (?P<message>(?:\w+\.)*\w+(?:Error|Exception): .+)$",
        cause: "pytest itself failed: {message}",
        advice: "Look for a broken plugin or conftest.py.",
        examples: samples!["INTERNALERROR> pluggy.PluginValidationError: unknown hook 'pytest_foo'"],
        near_misses: samples!["INTERNALERROR>   File \"x.py\", line 3, in main"],
        ..Rule::CAUSE
    },
    Rule {
        id: "pytest-coverage",
        tool: Tool::Pytest,
        category: Category::Quality,
        specificity: 82,
        needles: &["Required test coverage of"],
        pattern: r"(?P<message>Required test coverage of [\d.]+% not reached\. Total coverage: [\d.]+%)",
        cause: "{message}",
        advice: "Add tests for the new code or correct the threshold.",
        examples: samples!["FAIL Required test coverage of 90% not reached. Total coverage: 84.78%"],
        near_misses: samples!["Required test coverage of 80% reached. Total coverage: 84.78%"],
        ..Rule::CAUSE
    },
    Rule {
        id: "unittest-failed",
        tool: Tool::Pytest,
        needles: &["FAIL: ", "ERROR: "],
        pattern: r"^(?:FAIL|ERROR): (?P<test>\w+ \((?:[\w.]+)\))",
        after: Some(Lookup::near(14, r"^(?P<message>(?:\w+\.)*\w*(?:Error|Exception)(?:: .+)?)$")),
        cause: "test {test} failed: {message|no message}",
        advice: "Run `python -m unittest` with this test on the failing revision.",
        examples: samples![
            "FAIL: test_tax_rounding (tests.test_pricing.TaxTest.test_tax_rounding)\n----\nTraceback (most recent call last):\nAssertionError: 1.89 != 1.9",
            "ERROR: test_db (tests.test_db.DbTest)",
        ],
        near_misses: samples!["ERROR: rollout of checkout timed out after 300s: 2 of 5 replicas ready"],
        ..Rule::TEST
    },
    Rule {
        id: "pytest-summary",
        tool: Tool::Pytest,
        needles: &[" failed", " error", "FAILED ("],
        pattern: r"^(?:=+ )?(?:\d+ failed, |\d+ errors?,? |\d+ failed in )[\d\w ,]* ?(?:in )?[\d.]+s|^FAILED \((?:failures|errors)=\d+",
        cause: "pytest reports failures",
        examples: samples![
            "2 failed, 12 passed, 1 skipped in 0.05s",
            "=================== 1 failed, 2 passed in 0.04s ===================",
            "FAILED (failures=1, errors=2)",
        ],
        near_misses: samples!["13 passed, 1 skipped in 0.06s"],
        role: super::Role::Fact,
        ..Rule::SYMPTOM
    },
];
