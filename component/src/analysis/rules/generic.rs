//! What many programs print when they fail. These rules recognise that something is an error,
//! not what it means; anything more specific outranks them.

use super::{Category, Lookup, Rule, Tool, samples};

/// Counters and names that contain the word without being an error.
const NOT_AN_ERROR: &str = concat!(
    r"(?i)\b(?:0|no|zero|without) (?:\w+ )?(?:errors?|failures?)\b|\b(?:errors?|failures?|failed)[:=] ?0\b|",
    r"\berrors?\.(?:log|txt|html|js|ts|py|rs|go|java|c|h)\b|-Werror|\b(?:PASS(?:ED)?|ok)$|",
    r"script returned exit code|",
    // pip has installed everything when it says so.
    r"pip's dependency resolver does not currently|",
    // What Maven prints under every failure, and headings.
    r"\] (?:-> )?\[Help \d\]|To see the full stack trace|Re-run Maven|For more information about the errors|Please refer to|",
    r"\bsymbol: |\blocation: |Tests run: |See dump files|(?i:ERROR|FATAL)\]?:? *[\w ]{1,30}: *$",
);

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "jvm-exception",
        tool: Tool::Unknown,
        category: Category::Script,
        specificity: 62,
        needles: &["Exception in thread "],
        pattern: r#"^Exception in thread "(?P<thread>[^"]+)" (?P<kind>[\w.$]+)(?:: (?P<message>.+))?$"#,
        after: Some(Lookup::near(2, r"^\s+at (?P<frame>[\w.$/]+)\((?P<file>\w+\.(?:java|kt|scala|groovy)):(?P<line>\d+)\)")),
        extent: 3,
        cause: "{kind}: {message|no message} ({file|?}:{line|?})",
        advice: "Look at {frame|the first frame}; the last `Caused by` of the trace is usually the root.",
        examples: samples![
            "Exception in thread \"main\" java.lang.IllegalStateException: no price table\n\tat shop.Main.load(Main.java:21)"
        ],
        near_misses: samples!["logged an Exception in thread pool statistics"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jvm-caused-by",
        tool: Tool::Unknown,
        category: Category::Script,
        specificity: 64,
        needles: &["Caused by: "],
        pattern: r"^\s*Caused by: (?P<kind>(?:[a-z]\w*\.)+[A-Z][\w.$]*)(?:: (?P<message>.+))?$",
        extent: 1,
        last_is_root: true,
        cause: "{kind}: {message|no message}",
        advice: "Look at the first frame of your own packages below this line.",
        examples: samples!["Caused by: org.postgresql.util.PSQLException: FATAL: database \"shop\" does not exist"],
        near_misses: samples!["Caused by: a change of the timer"],
        ..Rule::CAUSE
    },
    Rule {
        id: "error-level-line",
        tool: Tool::Unknown,
        category: Category::Script,
        specificity: 40,
        needles: &["ERROR", "FATAL", "SEVERE", "CRITICAL"],
        pattern: r"^\W{0,3}(?:[\w./-]{1,40}[:\]] ?)?\[?(?:ERROR|FATAL|SEVERE|CRITICAL)\b[\]:|]?[\s:-]*(?P<message>\S.{3,})$",
        unless: NOT_AN_ERROR,
        cause: "{message}",
        advice: "Read the lines around it: the program itself calls this an error.",
        examples: samples![
            "ERROR: rollback of the schema failed",
            "FATAL: cannot open price table",
            "[ERROR] something broke here",
            "ERROR [vu-38] the peer hung up",
        ],
        near_misses: samples![
            "[ERROR] -> [Help 1]",
            "ERROR: 0 errors found",
            "TestErrorHandling passed",
            "ERRORS: 0",
            "tail -n 5 ERROR.log",
            "no ERROR in sight",
        ],
        ..Rule::CAUSE
    },
    Rule {
        id: "error-prefix",
        tool: Tool::Unknown,
        category: Category::Script,
        specificity: 38,
        needles: &["error: ", "error:\t", "failed: ", "failure: ", "fatal: "],
        pattern: r"^(?:[\w./-]{1,60}: ){0,3}(?i:fatal error|error|failed|failure|fatal): ?(?P<message>\S.{3,})$",
        unless: NOT_AN_ERROR,
        cause: "{message}",
        advice: "Read the lines around it: the program itself calls this an error.",
        examples: samples!["Error: the price table is empty", "error: cannot lock the schema", "backup.sh: error: no snapshot today",],
        near_misses: samples![
            "errors: 0",
            "requests: 42000, failed: 6, error rate 0.014 % (allowed 0.010 %)",
            "INFO wrote error: code table",
            "see error.log",
        ],
        ..Rule::CAUSE
    },
    Rule {
        id: "structured-error",
        tool: Tool::Unknown,
        category: Category::Script,
        specificity: 39,
        needles: &["level=error", "level=fatal", "\"level\":\"error\"", "\"level\":\"fatal\""],
        pattern: r#"(?:\blevel=(?:error|fatal)\b.*?\bmsg=(?:"(?P<message>[^"]+)"|(?P<message2>\S+))|"level":"(?:error|fatal)".*?"(?:msg|message)":"(?P<message3>[^"]+)")"#,
        cause: "{message}",
        advice: "Read the lines around it: the program itself calls this an error.",
        examples: samples![
            "time=\"2026-11-24T01:00:00Z\" level=error msg=\"cannot read the price table\"",
            "{\"level\":\"error\",\"ts\":1,\"msg\":\"cannot read the price table\"}",
        ],
        near_misses: samples!["time=\"x\" level=info msg=\"level changed\""],
        ..Rule::CAUSE
    },
    Rule {
        id: "threshold-exceeded",
        tool: Tool::Unknown,
        category: Category::Quality,
        specificity: 48,
        needles: &["above the", "below the", "exceeds", "exceeded", "threshold"],
        pattern: r"(?i)^(?:FAILED|FAIL|ERROR|error): (?P<message>.*\b(?:above|below|exceed(?:s|ed)|threshold)\b.*)$",
        cause: "{message}",
        advice: "The figure is a consequence: look for the errors that it counts.",
        examples: samples!["FAILED: error rate above the allowed 0.010 %"],
        near_misses: samples!["requests: 42000, failed: 6, error rate 0.014 % (allowed 0.010 %)"],
        ..Rule::CAUSE
    },
    Rule {
        id: "assertion",
        tool: Tool::Unknown,
        category: Category::Script,
        specificity: 56,
        needles: &["Assertion `", "assertion failed", "Assertion failed"],
        pattern: r"(?:^(?P<program>[^:]+): (?P<file>(?:/?[A-Za-z]:)?[^:\s]+):(?P<line>\d+): .+: Assertion [`'](?P<message>.+)' failed\.|^Assertion failed: (?P<message2>.+))",
        cause: "assertion failed: {message} ({file|?}:{line|?})",
        advice: "The program stopped itself at {file|the assertion}:{line|?}.",
        examples: samples!["nightly: report.c:21: report: Assertion `rows >= 0' failed."],
        near_misses: samples!["AssertionError: assert 1 == 2"],
        ..Rule::CAUSE
    },
];
