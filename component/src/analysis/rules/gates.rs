//! Scanners and gates that fail a build on purpose: vulnerabilities, secrets, load thresholds.

use super::{Category, Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "vulnerabilities",
        tool: Tool::Lint,
        category: Category::Quality,
        specificity: 72,
        needles: &[
            "CRITICAL: ",
            "One or more dependencies were identified with vulnerabilities",
            "severity vulnerability found",
            " Severity][",
        ],
        pattern: r"(?P<message>^Total: [1-9]\d* \(.*(?:HIGH|CRITICAL): [1-9].*\)|One or more dependencies were identified with vulnerabilities that have a CVSS score .+|✗ (?:High|Critical) severity vulnerability found in \S+|^\s*✗ .+ \[(?:Medium|High|Critical) Severity\].* in \S+)",
        after: Some(Lookup::near(10, r"^│ (?P<library>\S+) .*? (?P<id>[A-Z]+-\d[\w-]+) ")),
        cause: "the scan found vulnerabilities: {message} {id} {library}",
        advice: "Update what the report lists, or accept a finding in the scanner's ignore file.",
        examples: samples![
            "Total: 3 (HIGH: 2, CRITICAL: 1)",
            "Total: 1 (CRITICAL: 1)\n│ Library  │ Vulnerability │ Severity │\n│ xz-utils │ CVE-2024-3094 │ CRITICAL │",
            "  ✗ Prototype Pollution [High Severity][https://security.snyk.io/vuln/X] in lodash@4.17.15",
            "[ERROR] One or more dependencies were identified with vulnerabilities that have a CVSS score greater than or equal to '7.0':",
        ],
        near_misses: samples!["Total: 0 (HIGH: 0, CRITICAL: 0)", "CRITICAL: 0"],
        ..Rule::CAUSE
    },
    Rule {
        id: "secrets-found",
        tool: Tool::Lint,
        category: Category::Quality,
        specificity: 80,
        needles: &["leaks found: "],
        pattern: r"\b(?P<message>leaks found: [1-9]\d*)",
        cause: "the secret scan found something: {message}",
        advice: "Revoke the secret that the report names, then remove it from the history or allow it.",
        examples: samples!["1:02AM WRN leaks found: 1"],
        near_misses: samples!["leaks found: 0", "1:02AM INF no leaks found"],
        ..Rule::CAUSE
    },
    Rule {
        id: "load-threshold",
        tool: Tool::Unknown,
        category: Category::Quality,
        specificity: 76,
        needles: &["have been crossed", "percentage of failed events", "thresholds on metrics"],
        pattern: r"(?P<message>thresholds on metrics '[^']+' have been crossed|\S+: percentage of failed events .* : false\b.*)",
        cause: "a load test missed its threshold: {message}",
        advice: "Look at what the service answered at that time: the threshold only counts it.",
        examples: samples!["ERRO[0062] thresholds on metrics 'http_req_duration' have been crossed"],
        near_misses: samples!["the rivers have been crossed"],
        ..Rule::CAUSE
    },
    Rule {
        id: "file-error",
        tool: Tool::Lint,
        category: Category::Lint,
        specificity: 78,
        needles: &[": [error] "],
        pattern: r"^(?P<file>(?:[A-Za-z]:)?[^:\s]+):(?P<line>\d+):(?P<column>\d+): \[error\] (?P<message>.+)$",
        cause: "{file}:{line}: {message}",
        advice: "Fix {file} at line {line}.",
        examples: samples!["deploy/orders.yaml:14:3: [error] wrong indentation: expected 4 but found 2 (indentation)"],
        near_misses: samples!["deploy/orders.yaml:14:3: [warning] too many blank lines"],
        ..Rule::CAUSE
    },
    Rule {
        id: "protoc",
        tool: Tool::Unknown,
        category: Category::Compile,
        specificity: 88,
        needles: &[".proto:"],
        pattern: r"^(?P<file>(?:[A-Za-z]:)?[^:\s]+\.proto):(?P<line>\d+):(?P<column>\d+): (?P<message>.+)$",
        unless: r"\bwarning: ",
        cause: "{file}:{line}: {message}",
        advice: "Fix {file} at line {line}.",
        examples: samples!["orders.proto:14:3: \"Totl\" is not defined."],
        near_misses: samples!["orders.proto:14:3: warning: Import x.proto is unused."],
        ..Rule::CAUSE
    },
    Rule {
        id: "lighthouse",
        tool: Tool::Lint,
        category: Category::Quality,
        specificity: 78,
        needles: &[" assertion"],
        pattern: r"^\s*✘\s+(?P<name>\S+) failure for (?P<kind>\w+) assertion",
        after: Some(Lookup::near(3, r"^\s+found: (?P<found>\S+)")),
        extent: 2,
        cause: "Lighthouse: {name} misses {kind}: {found|see below}",
        advice: "Open the report of the run, or correct the assertion in lighthouserc.",
        examples: samples!["  ✘  categories.performance failure for minScore assertion\n        expected: >=0.9\n           found: 0.71"],
        near_misses: samples!["  ✔  categories.performance assertion"],
        ..Rule::CAUSE
    },
];
