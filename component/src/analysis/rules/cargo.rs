//! Cargo: resolution, manifests and the test harness of Rust.

use super::{Category, Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "cargo-test-failed",
        tool: Tool::Cargo,
        needles: &[" ... FAILED"],
        pattern: r"^test (?P<test>\S+)(?: - .+)? \.\.\. FAILED$",
        cause: "test {test} failed",
        advice: "Run `cargo test {test}` locally; the panic stands under `---- {test} stdout ----`.",
        examples: samples!["test tests::a_euro_has_a_hundred_cents ... FAILED"],
        near_misses: samples![
            "test tests::a_euro_has_a_hundred_cents ... ok",
            "test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        ],
        ..Rule::TEST
    },
    Rule {
        id: "cargo-test-panic",
        tool: Tool::Cargo,
        needles: &["' panicked at ", "' ("],
        pattern: r"^thread '(?P<test>[^']+::[^']+)'(?: \(\d+\))? panicked at (?:'(?P<message>.*)', )?(?P<file>(?:/?[A-Za-z]:)?[^:\s]+):(?P<line>\d+):(?P<column>\d+):?$",
        after: Some(Lookup::near(1, r"^(?P<message>\S.*)$")),
        cause: "test {test} panicked at {file}:{line}: {message|no message}",
        advice: "Run `cargo test {test}` locally; it panics at {file}:{line}.",
        examples: samples![
            "thread 'tests::a_euro_has_a_hundred_cents' panicked at src/lib.rs:21:9:\nassertion `left == right` failed",
            "thread 'tests::adds' (12345) panicked at src/lib.rs:21:9:\nassertion `left == right` failed",
            "thread 'tests::adds' panicked at 'assertion failed: x', src/lib.rs:9:5",
        ],
        near_misses: samples!["thread 'main' panicked at src/main.rs:3:5:"],
        ..Rule::TEST
    },
    Rule {
        id: "rust-panic",
        tool: Tool::Cargo,
        category: Category::Script,
        specificity: 74,
        needles: &["panicked at "],
        pattern: r"^thread '(?P<thread>[^':]+)'(?: \(\d+\))? panicked at (?:'(?P<message>.*)', )?(?P<file>(?:/?[A-Za-z]:)?[^:\s]+):(?P<line>\d+):(?P<column>\d+):?$",
        after: Some(Lookup::near(1, r"^(?P<message>\S.*)$")),
        cause: "a Rust program panicked at {file}:{line}: {message|no message}",
        advice: "Look at {file}:{line}; RUST_BACKTRACE=1 shows how it got there.",
        examples: samples!["thread 'main' panicked at src/main.rs:3:5:\ncalled `Result::unwrap()` on an `Err` value: NotFound"],
        near_misses: samples!["thread 'tests::adds' panicked at src/lib.rs:9:5:"],
        ..Rule::CAUSE
    },
    Rule {
        id: "cargo-resolve",
        tool: Tool::Cargo,
        category: Category::Dependency,
        specificity: 86,
        needles: &["failed to select a version", "no matching package named", "failed to resolve patches", "no matching package found"],
        pattern: r"^error: (?P<message>failed to select a version for (?:the requirement )?`(?P<module>[^`\s]+).*|no matching package named `(?P<module2>[^`]+)` found.*|no matching package found.*)$",
        extent: 4,
        cause: "cargo: {message}",
        advice: "Correct the requirement on {module} in Cargo.toml or Cargo.lock, or make the registry reachable.",
        examples: samples![
            "error: no matching package named `serde_jsn` found\nlocation searched: crates.io index",
            "error: failed to select a version for the requirement `serde = \"^9\"`\ncandidate versions found which didn't match: 1.0.228",
        ],
        near_misses: samples!["    Updating crates.io index"],
        ..Rule::CAUSE
    },
    Rule {
        id: "cargo-download",
        tool: Tool::Cargo,
        category: Category::Network,
        specificity: 84,
        retryable: true,
        needles: &["failed to download", "failed to get `", "spurious network error", "failed to query replaced source"],
        pattern: r"^error: (?P<message>failed to (?:download|get|query replaced source)\b.*)$",
        extent: 5,
        cause: "cargo: {message}",
        advice: "Check that the agent reaches the registry, or build with a vendored or mirrored registry.",
        examples: samples![
            "error: failed to download from `https://index.crates.io/config.json`\n\nCaused by:\n  [6] Could not resolve hostname",
            "error: failed to get `serde` as a dependency of package `core v0.1.0`",
        ],
        near_misses: samples!["warning: spurious network error (3 tries remaining): [28] Timeout was reached"],
        ..Rule::CAUSE
    },
    Rule {
        id: "cargo-lock",
        tool: Tool::Cargo,
        category: Category::Dependency,
        specificity: 86,
        needles: &["needs to be updated but --locked", "because --locked was passed"],
        pattern: r"(?:the lock file (?P<file>\S+) needs to be updated but --locked was passed|cannot update the lock file (?P<file2>\S+) because --locked was passed)",
        cause: "cargo: {file} is out of date and --locked was passed",
        advice: "Run `cargo update -w` (or `cargo check`) and commit Cargo.lock.",
        examples: samples!["error: the lock file /ws/Cargo.lock needs to be updated but --locked was passed to prevent this"],
        near_misses: samples!["cargo build --locked"],
        ..Rule::CAUSE
    },
    Rule {
        id: "cargo-rust-version",
        tool: Tool::Cargo,
        category: Category::Config,
        specificity: 87,
        needles: &["is not supported by the following package", "because it requires rustc"],
        pattern: r"^error: (?P<message>rustc \S+ is not supported by the following packages?|package `[^`]+` cannot be built because it requires rustc \S+.*)",
        after: Some(Lookup::near(1, r"^\s+(?P<module>\S+ requires rustc \S+)")),
        extent: 1,
        cause: "wrong Rust version: {message} {module}",
        advice: "Use a newer toolchain (rust-toolchain.toml, the image), or an older version of the package.",
        examples: samples!["error: rustc 1.79.0 is not supported by the following package:\n  home@0.5.11 requires rustc 1.81"],
        near_misses: samples!["warning: rustc 1.79.0 is old"],
        ..Rule::CAUSE
    },
    Rule {
        id: "cargo-manifest",
        tool: Tool::Cargo,
        category: Category::Config,
        specificity: 84,
        needles: &["failed to parse manifest", "failed to load manifest", "could not find `Cargo.toml`", "failed to parse lock file"],
        pattern: r"^error: (?P<message>failed to (?:parse|load) (?:manifest|lock file)\b.*|could not find `Cargo\.toml`.*)$",
        extent: 4,
        cause: "cargo: {message}",
        advice: "Correct the manifest that the message names.",
        examples: samples!["error: failed to parse manifest at `/ws/Cargo.toml`\n\nCaused by:\n  no targets specified in the manifest"],
        near_misses: samples!["note: manifest parsed"],
        ..Rule::CAUSE
    },
    Rule {
        id: "cargo-build-script",
        tool: Tool::Cargo,
        category: Category::Compile,
        specificity: 76,
        needles: &["failed to run custom build command"],
        pattern: r"^error: failed to run custom build command for `(?P<module>[^`]+)`",
        extent: 8,
        cause: "the build script of {module} failed",
        advice: "Read its stderr below the error: usually a native library or tool is missing on the agent.",
        examples: samples![
            "error: failed to run custom build command for `openssl-sys v0.9.109`\n\nCaused by:\n  process didn't exit successfully"
        ],
        near_misses: samples!["   Compiling openssl-sys v0.9.109"],
        ..Rule::CAUSE
    },
    Rule {
        id: "cargo-fmt",
        tool: Tool::Cargo,
        category: Category::Lint,
        specificity: 80,
        needles: &["Diff in "],
        pattern: r"^Diff in (?P<file>\S+\.rs)(?::(?P<line>\d+):| at line (?P<line2>\d+):)",
        cause: "{file}:{line}: not formatted as rustfmt wants",
        advice: "Run `cargo fmt` and commit.",
        examples: samples!["Diff in /ws/src/ledger.rs:9:\n-let x=1;", "Diff in /ws/src/ledger.rs at line 9:"],
        near_misses: samples!["Diff in behaviour between 1 and 2"],
        ..Rule::CAUSE
    },
    Rule {
        id: "cargo-gave-up",
        tool: Tool::Cargo,
        category: Category::Test,
        needles: &["test result: FAILED", "error: test failed, to rerun", "doctest failed"],
        pattern: r"^(?:test result: FAILED\. \d+ passed; (?P<failed>\d+) failed|error: (?:test|doctest) failed, to rerun)",
        cause: "cargo test: {failed|some} failed",
        examples: samples!["test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s"],
        near_misses: samples!["test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s"],
        ..Rule::SYMPTOM
    },
];
