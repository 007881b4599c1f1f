//! The Go toolchain: build, vet, modules, test.

use super::{Category, Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "go-test-failed",
        tool: Tool::Go,
        needles: &["--- FAIL: "],
        pattern: r"^\s*--- FAIL: (?P<test>\S+) \([\d.]+s\)",
        // Below it, or above it under -v; not beyond the next test.
        after: Some(Lookup::near(6, r"^(?:=== |\s*--- |FAIL|PASS|ok\s|\s+(?P<file>[\w./-]+\.go):(?P<line>\d+): (?P<message>.+)$)")),
        before: Some(Lookup::late(8, r"^(?:=== |\s*--- |\s+(?P<file>[\w./-]+\.go):(?P<line>\d+): (?P<message>.+)$)")),
        cause: "test {test} failed: {message|no message} ({file|?}:{line|?})",
        advice: "Run `go test -run '{test}'` in its package.",
        examples: samples![
            "--- FAIL: TestTaxRounding (0.00s)\n    tax_test.go:18: got 1.89, want 1.90",
            "    --- FAIL: TestTax/DE (0.00s)",
            "=== RUN   TestTaxRounding\n    tax_test.go:18: got 1.89, want 1.90\n--- FAIL: TestTaxRounding (0.00s)\nFAIL",
        ],
        near_misses: samples!["--- PASS: TestTaxRounding (0.00s)", "FAIL"],
        ..Rule::TEST
    },
    Rule {
        id: "go-panic",
        tool: Tool::Go,
        category: Category::Script,
        specificity: 79,
        needles: &["panic: ", "fatal error: "],
        pattern: r"^(?:panic|fatal error): (?P<message>.+?)(?: \[recovered\])?$",
        unless: r"^fatal error: (?:runtime: )?out of memory|Killed signal",
        // Not a frame of Go itself.
        after: Some(Lookup::near(16, r"^\s+(?P<file>/(?:[^u\s]|u[^s\s]|us[^r\s]|usr/src)\S*\.go):(?P<line>\d+)(?: \+0x[0-9a-f]+)?$")),
        extent: 2,
        cause: "a Go program panicked: {message} ({file|?}:{line|?})",
        advice: "Look at the first frame of your own package below the panic.",
        examples: samples![
            "panic: runtime error: index out of range [3] with length 3\n\ngoroutine 1 [running]:\nmain.total(...)\n\t/ws/cmd/shop/main.go:21 +0x1d"
        ],
        near_misses: samples!["don't panic: all is well", "handles panic: ok"],
        ..Rule::CAUSE
    },
    Rule {
        id: "go-test-timeout",
        tool: Tool::Go,
        category: Category::Timeout,
        specificity: 82,
        needles: &["panic: test timed out after"],
        pattern: r"^panic: test timed out after (?P<limit>\S+)",
        after: Some(Lookup::near(4, r"^\s+(?P<test>Test\w+(?:/\S+)?) \(")),
        extent: 4,
        cause: "go test timed out after {limit} in {test|a test}",
        advice: "Look at the goroutine dump below for what {test|it} waited for.",
        examples: samples!["panic: test timed out after 10m0s\n\trunning tests:\n\t\tTestGateway (9m59s)"],
        near_misses: samples!["panic: runtime error"],
        ..Rule::CAUSE
    },
    Rule {
        id: "go-compile",
        tool: Tool::Go,
        category: Category::Compile,
        specificity: 89,
        needles: &[".go:"],
        pattern: r"^(?:vet: )?(?P<file>(?:/?[A-Za-z]:)?[^:\s]+\.go):(?P<line>\d+):(?P<column>\d+): (?P<message>.+)$",
        unless: r" \([a-z][a-z0-9]+\)$|: (?:warning|note|info|debug)\b",
        cause: "{file}:{line}: {message}",
        advice: "Fix {file} at line {line}.",
        examples: samples![
            "./ledger.go:9:23: cannot use total (variable of type uint64) as string value in variable declaration",
            "internal/tax/tax.go:4:2: \"os\" imported and not used",
            "vet: ./ledger_test.go:12:5: undefined: totl",
        ],
        near_misses: samples!["    tax_test.go:18: got 1.89, want 1.90", "\t/ws/cmd/shop/main.go:21 +0x1d"],
        ..Rule::CAUSE
    },
    Rule {
        id: "go-module",
        tool: Tool::Go,
        category: Category::Dependency,
        specificity: 90,
        needles: &[
            "no required module provides package",
            "missing go.sum entry",
            "cannot find module providing package",
            "unknown revision",
            "go.mod file not found",
            "updates to go.mod needed",
            "is not in std",
            "verifying ",
            "inconsistent vendoring",
        ],
        pattern: r"(?:(?:^|: )(?P<problem>no required module provides package|cannot find module providing package|missing go\.sum entry for (?:module providing package|go\.mod file)) (?P<module>[^\s;:]+)|^go: (?P<module2>\S+@\S+): (?P<message>.*unknown revision.*|invalid version.*)|^go: (?P<message2>go\.mod file not found.*|updates to go\.mod needed.*|inconsistent vendoring.*)|package (?P<module3>\S+) is not in std|verifying (?P<module4>\S+@\S+?): (?P<message3>checksum mismatch))",
        cause: "Go module problem: {problem|} {module} {message}",
        advice: "Run `go mod tidy` and commit go.mod and go.sum; for a private module set GOPRIVATE and credentials.",
        examples: samples![
            "main.go:4:2: no required module provides package github.com/example/prices; to add it:\n\tgo get github.com/example/prices",
            "main.go:5:2: missing go.sum entry for module providing package golang.org/x/text/language; to add:",
            "go: github.com/example/prices@v9.9.9: invalid version: unknown revision v9.9.9",
            "go: go.mod file not found in current directory or any parent directory; see 'go help modules'",
        ],
        near_misses: samples!["go: downloading github.com/example/prices v1.0.0"],
        ..Rule::CAUSE
    },
    Rule {
        id: "go-version",
        tool: Tool::Go,
        category: Category::Config,
        specificity: 89,
        needles: &["requires go >=", "unknown directive: toolchain", "note: module requires Go"],
        pattern: r"^(?:go: )?(?P<message>.*requires go >= \S+.*|.*unknown directive: toolchain|note: module requires Go \S+)",
        cause: "wrong Go version: {message}",
        advice: "Use the Go version that go.mod asks for.",
        examples: samples!["go: errors parsing go.mod:\ngo: go.mod requires go >= 1.23.0 (running go 1.21.5; GOTOOLCHAIN=local)"],
        near_misses: samples!["it requires good will"],
        ..Rule::CAUSE
    },
    Rule {
        id: "go-data-race",
        tool: Tool::Go,
        category: Category::Test,
        specificity: 79,
        needles: &["WARNING: DATA RACE"],
        pattern: r"^WARNING: DATA RACE$",
        after: Some(Lookup::near(8, r"^\s+(?P<file>/\S+\.go):(?P<line>\d+)")),
        extent: 6,
        cause: "data race at {file|?}:{line|?}",
        advice: "Guard the shared variable; the report names both accesses.",
        examples: samples![
            "==================\nWARNING: DATA RACE\nWrite at 0x00c000 by goroutine 8:\n  shop.add()\n      /ws/cart.go:21 +0x44"
        ],
        near_misses: samples!["testing.go:1399: race detected during execution of test"],
        ..Rule::CAUSE
    },
    Rule {
        id: "go-gave-up",
        tool: Tool::Go,
        needles: &["FAIL"],
        pattern: r"^FAIL(?:\t(?P<package>\S+)(?:\t| \[(?:build|setup) failed\]).*)?$",
        cause: "go test failed in {package|a package}",
        examples: samples!["FAIL\tgithub.com/example/shop/tax\t0.004s", "FAIL\tgithub.com/example/shop [build failed]", "FAIL"],
        near_misses: samples!["ok  \tgithub.com/example/shop/tax\t0.004s"],
        ..Rule::SYMPTOM
    },
];
