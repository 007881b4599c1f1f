//! The Rust compiler, as cargo and rustc print it.

use super::{Category, Lookup, Rule, Tool, samples};

/// Where rustc prints the place: one of the next lines.
const PLACE: Option<Lookup> = Some(Lookup::near(4, r"^\s*(?:-->|::: ) ?(?P<file>(?:/?[A-Za-z]:)?[^:\s]+):(?P<line>\d+):(?P<column>\d+)"));

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "rustc-error-code",
        tool: Tool::Rustc,
        category: Category::Compile,
        specificity: 90,
        needles: &["error[E"],
        pattern: r"^error\[(?P<code>E\d{4})\]: (?P<message>.+)$",
        after: PLACE,
        extent: 4,
        cause: "{file|?}:{line|?}: {message} ({code})",
        advice: "Fix {file|the source} at line {line|?}; `rustc --explain {code}` describes the error.",
        examples: samples![
            "error[E0308]: mismatched types\n --> src/ledger.rs:9:23\n  |\n9 |     let label: &str = total;\n  |                ----   ^^^^^ expected `&str`, found `u64`",
            "error[E0599]: no method named `checked_neg_all` found for type `u64` in the current scope\n  --> src/ledger.rs:10:11",
            "error[E0432]: unresolved import `crate::tax`\n --> src/lib.rs:3:5",
        ],
        near_misses: samples![
            "For more information about an error, try `rustc --explain E0308`.",
            "warning: unused variable: `total`",
            "Some errors have detailed explanations: E0308, E0599.",
        ],
        ..Rule::CAUSE
    },
    Rule {
        id: "rustc-error",
        tool: Tool::Rustc,
        category: Category::Compile,
        specificity: 70,
        needles: &["error: "],
        pattern: r"^error: (?P<message>(?:expected|unexpected|cannot find|unknown (?:attribute|lint|crate|register|token|start)|unused|unnecessary|this |mismatched|missing|unclosed|unterminated|prefix|invalid|macro|no rules|format argument|environment variable|proc macro|custom attribute|couldn't read|lifetime|borrow|literal|the (?:name|trait|type|size|`|method|crate)).*)$",
        after: PLACE,
        extent: 4,
        cause: "{file|rustc}:{line|?}: {message}",
        advice: "Fix {file|the source} at line {line|?}.",
        examples: samples![
            "error: expected one of `!` or `::`, found `count`\n --> src/ledger.rs:12:9\n   |",
            "error: cannot find macro `prntln` in this scope\n --> src/main.rs:2:5",
            "error: unused variable: `total`\n  --> src/lib.rs:4:9\n   |\n   = note: `-D warnings` implied by `-D unused-variables`",
        ],
        near_misses: samples![
            "error: could not compile `rust-core` (lib) due to 2 previous errors",
            "error: aborting due to 2 previous errors",
            "error: script returned exit code 1",
        ],
        ..Rule::CAUSE
    },
    Rule {
        // An error without a code: of clippy, the parser, a denied lint.
        id: "rustc-place",
        tool: Tool::Rustc,
        category: Category::Compile,
        specificity: 90,
        needles: &["--> "],
        pattern: r"^\s*--> (?P<file>(?:/?[A-Za-z]:)?[^:\s]+):(?P<line>\d+):(?P<column>\d+)$",
        before: Some(Lookup::required(1, r"^error: (?P<message>\S.*)$")),
        extent: 3,
        cause: "{file}:{line}: {message}",
        advice: "Fix {file} at line {line}; what a lint denies may be allowed where the lint is wrong.",
        examples: samples!["error: unneeded `return` statement\n  --> src/cart.rs:14:5\n   |\n14 |     return total;"],
        near_misses: samples!["see --> the manual"],
        ..Rule::CAUSE
    },
    Rule {
        id: "clippy",
        tool: Tool::Rustc,
        category: Category::Lint,
        specificity: 91,
        needles: &["rust-clippy/"],
        pattern: r"^\s+= help: for further information visit \S*rust-clippy/\S*#(?P<code>\w+)$",
        before: Some(Lookup::near(14, r"^\s*--> (?P<file>(?:/?[A-Za-z]:)?[^:\s]+):(?P<line>\d+):(?P<column>\d+)$")),
        cause: "{file|?}:{line|?}: clippy::{code}",
        advice: "Fix it as clippy suggests, or allow clippy::{code} where it is wrong; the build denies warnings.",
        examples: samples![
            "error: this loop could be written as a `for` loop\n  --> src/ledger.rs:41:5\n   |\n   = help: for further information visit https://rust-lang.github.io/rust-clippy/master/index.html#while_let_on_iterator"
        ],
        near_misses: samples!["see https://rust-lang.github.io/rust-clippy/master/"],
        ..Rule::CAUSE
    },
    Rule {
        id: "rustc-ice",
        tool: Tool::Rustc,
        category: Category::Compile,
        specificity: 82,
        needles: &["internal compiler error", "the compiler unexpectedly panicked"],
        pattern: r"^error: (?:internal compiler error: (?P<message>.+)|the compiler unexpectedly panicked)",
        cause: "rustc itself crashed: {message|the compiler unexpectedly panicked}",
        advice: "Try another toolchain version; this is a bug of the compiler, not of the source.",
        examples: samples!["error: internal compiler error: compiler/rustc_middle/src/ty/mod.rs:12: unexpected region"],
        near_misses: samples!["running test reports_internal_compiler_error ... ok"],
        ..Rule::CAUSE
    },
    Rule {
        id: "rustc-gave-up",
        tool: Tool::Rustc,
        category: Category::Compile,
        specificity: 20,
        needles: &["could not compile", "aborting due to"],
        pattern: r"^error: (?:could not compile `(?P<crate>[^`]+)`|aborting due to)",
        cause: "crate {crate|?} does not compile",
        examples: samples![
            "error: could not compile `rust-core` (lib) due to 2 previous errors",
            "error: aborting due to 1 previous error",
        ],
        near_misses: samples!["warning: build failed, waiting for other jobs to finish..."],
        ..Rule::SYMPTOM
    },
];
