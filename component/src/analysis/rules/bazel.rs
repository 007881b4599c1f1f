//! Bazel: what it says itself. What a compiler or a test said below it is for their rules.

use super::{Category, Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "bazel-undeclared",
        tool: Tool::Bazel,
        category: Category::Config,
        specificity: 90,
        needles: &["undeclared inclusion(s) in rule"],
        pattern: r"^ERROR: (?:(?P<file>\S+?):(?P<line>\d+):\d+: )?.*undeclared inclusion\(s\) in rule '(?P<target>[^']+)'",
        after: Some(Lookup::near(3, r"^\s+'(?P<header>[^']+)'")),
        extent: 2,
        cause: "{target} includes {header|a header} that none of its deps provides ({file|BUILD}:{line|?})",
        advice: "Add the target that owns {header|the header} to the deps of {target}.",
        examples: samples![
            "ERROR: /ws/core/BUILD:4:11: Compiling core/ledger.cc failed: undeclared inclusion(s) in rule '//core:ledger':\nthis rule is missing dependency declarations for the following files included by 'core/ledger.cc':\n  'rates/rate.h'"
        ],
        near_misses: samples!["undeclared inclusion(s) in rule books"],
        ..Rule::CAUSE
    },
    Rule {
        id: "bazel-analysis",
        tool: Tool::Bazel,
        category: Category::Config,
        specificity: 84,
        needles: &[
            "no such package '",
            "no such target '",
            "is not visible from",
            "Analysis of target '",
            "does not exist in the extension",
        ],
        pattern: r"^ERROR: (?:(?P<file>\S+?):(?P<line>\d+):\d+: )?(?:[\w ]+: )?(?P<message>(?:.*: )?no such (?:package|target) '.+|.*\bis not visible from.*|Analysis of target '[^']+' failed.*)$",
        cause: "bazel: {message} ({file|command line}:{line|-})",
        advice: "Correct the label or its visibility, or declare what it names in the BUILD or MODULE file.",
        examples: samples![
            "ERROR: /ws/app/BUILD:9:10: no such target '//core:ledgr': target 'ledgr' not declared in package 'core' defined by /ws/core/BUILD",
            "ERROR: Skipping '//app:al': no such target '//app:al': target 'al' not declared in package 'app'",
            "ERROR: no such package '@@fmt//': The repository '@@fmt' could not be resolved",
        ],
        near_misses: samples!["INFO: Analyzed target //app:all (12 packages loaded)."],
        ..Rule::CAUSE
    },
    Rule {
        id: "bazel-fetch",
        tool: Tool::Bazel,
        category: Category::Dependency,
        specificity: 86,
        retryable: true,
        needles: &["Error in download", "Error in fail: ", "Error in repository_rule"],
        pattern: r"^\s*Error in (?:download\w*|fail|repository_rule): (?P<message>.+)$",
        cause: "bazel cannot fetch a repository: {message}",
        advice: "Check the URL, its checksum and the network of the agent; a mirror or --distdir helps.",
        examples: samples![
            "Error in download_and_extract: java.io.IOException: Error downloading [https://example.com/fmt.tar.gz] to /cache/x: GET returned 404 Not Found"
        ],
        near_misses: samples!["Error in downloads folder"],
        ..Rule::CAUSE
    },
    Rule {
        id: "bazel-action",
        tool: Tool::Bazel,
        category: Category::Script,
        specificity: 54,
        needles: &["failed: (Exit ", "failed: (Killed", "failed: (Segmentation", "failed: (Timeout", "failed: I/O exception"],
        pattern: r"^ERROR: (?P<file>\S+?):(?P<line>\d+):\d+: (?P<action>.+?) failed: (?P<message>\((?:Exit|Killed|Segmentation|Timeout)[^)]*\)|I/O exception.*)",
        extent: 3,
        cause: "the action {action} of {file}:{line} failed: {message}",
        advice: "Read the output of the action below; --verbose_failures shows its command.",
        examples: samples!["ERROR: /ws/app/BUILD:9:10: Executing genrule //app:gen failed: (Exit 1): bash failed: error executing command"],
        near_misses: samples!["INFO: action failed: (Exit 1) is retried"],
        ..Rule::CAUSE
    },
    Rule {
        id: "bazel-test",
        tool: Tool::Bazel,
        specificity: 70,
        needles: &["  FAILED in ", "  TIMEOUT in ", "  FAILED TO BUILD", "TIMEOUT: //", "FAIL: //"],
        pattern: r"^(?P<test>@?//\S+)\s+(?P<message>(?:FAILED(?: TO BUILD)?|TIMEOUT)\b.*)$|^(?:FAIL|TIMEOUT): (?P<test2>@?//\S+)",
        cause: "test {test} failed: {message|see its log}",
        advice: "Run `bazel test {test} --test_output=errors`; the path of its log stands below.",
        examples: samples![
            "//core:ledger_test                         FAILED in 2 out of 2 in 0.4s",
            "FAIL: //core:ledger_test (see /c/test.log)",
        ],
        near_misses: samples![
            "//core:ledger_test                         PASSED in 0.4s",
            "//core:q_test  FLAKY, failed in 1 out of 2 in 1.4s"
        ],
        ..Rule::TEST
    },
    Rule {
        id: "bazel-gave-up",
        tool: Tool::Bazel,
        needles: &["Build did NOT complete successfully", "failed to build", "Use --verbose_failures"],
        pattern: r"^(?:(?:ERROR|FAILED): Build did NOT complete successfully|Target \S+ failed to build|Use --verbose_failures to see)",
        cause: "bazel gave up",
        examples: samples!["FAILED: Build did NOT complete successfully", "Target //core:ledger failed to build"],
        near_misses: samples!["INFO: Build completed successfully, 12 total actions"],
        ..Rule::SYMPTOM
    },
];
