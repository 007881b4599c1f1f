//! Linters and formatters of all languages.

use super::{Category, Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "python-lint",
        tool: Tool::PythonLint,
        category: Category::Lint,
        specificity: 80,
        needles: &[".py:"],
        pattern: r"^(?P<file>(?:/?[A-Za-z]:)?[^:\s][^:]*\.pyi?):(?P<line>\d+):(?:(?P<column>\d+):)? (?P<code>[A-Z]{1,4}\d{2,4}):? (?:\[\*\] )?(?P<message>.+)$",
        cause: "{file}:{line}: {code} {message}",
        advice: "Fix {file}, or silence {code} where it is wrong; the linter fails the build on any finding.",
        examples: samples![
            "shop/refund.py:1:1: F401 'os' imported but unused",
            "shop/login.py:1:10: E401 multiple imports on one line",
            "shop/login.py:3:19: F841 [*] Local variable `x` is assigned to but never used",
            "shop/cart.py:12:0: C0114: Missing module docstring (missing-module-docstring)",
        ],
        near_misses: samples!["tests/unit/test_pricing.py:18: in test_tax_rounding", "test_compat.py:11: Failed"],
        ..Rule::CAUSE
    },
    Rule {
        id: "mypy",
        tool: Tool::PythonLint,
        category: Category::Lint,
        specificity: 82,
        needles: &[".py:"],
        pattern: r"^(?P<file>(?:/?[A-Za-z]:)?[^:\s][^:]*\.pyi?):(?P<line>\d+)(?::(?P<column>\d+))?: error: (?P<message>.+?)(?:  \[(?P<code>[\w-]+)\])?$",
        cause: "{file}:{line}: {message} [{code|mypy}]",
        advice: "Correct the types at {file}:{line}.",
        examples: samples!["shop/cart.py:14: error: Argument 1 to \"total\" has incompatible type \"str\"; expected \"int\"  [arg-type]"],
        near_misses: samples!["shop/cart.py:14: note: Revealed type is \"builtins.int\""],
        ..Rule::CAUSE
    },
    Rule {
        id: "ruff-block",
        tool: Tool::PythonLint,
        category: Category::Lint,
        specificity: 80,
        needles: &["--> "],
        pattern: r"^\s*--> (?P<file>(?:/?[A-Za-z]:)?[^:\s]+\.pyi?):(?P<line>\d+):(?P<column>\d+)$",
        before: Some(Lookup::near(2, r"^(?P<code>[A-Z]{1,4}\d{3,4}) (?:\[\*\] )?(?P<message>\S.+)$")),
        extent: 2,
        cause: "{file}:{line}: {code} {message}",
        advice: "Run `ruff check --fix` or correct {file}.",
        examples: samples!["F401 [*] `os` imported but unused\n --> shop/refund.py:1:8"],
        near_misses: samples![" --> src/ledger.rs:9:23"],
        ..Rule::CAUSE
    },
    Rule {
        id: "black",
        tool: Tool::PythonLint,
        category: Category::Lint,
        specificity: 78,
        needles: &["would reformat"],
        pattern: r"^(?i:would reformat):? (?P<file>\S+\.pyi?)$",
        cause: "{file}: not formatted",
        advice: "Run the formatter and commit {file}.",
        examples: samples!["would reformat shop/refund.py", "Would reformat: shop/refund.py"],
        near_misses: samples!["1 file would be reformatted, 4 files would be left unchanged."],
        ..Rule::CAUSE
    },
    Rule {
        id: "eslint",
        tool: Tool::Eslint,
        category: Category::Lint,
        specificity: 80,
        needles: &["  error  "],
        pattern: r"^\s+(?P<line>\d+):(?P<column>\d+)\s+error\s+(?P<message>\S.*?)(?:\s{2,}(?P<code>[@\w/-]+))?$",
        before: Some(Lookup::near(16, r"^(?P<file>(?:/|[A-Za-z]:\\|\.{0,2}/|\w)\S*\.(?:[cm]?[jt]sx?|vue|svelte))$")),
        cause: "{file|?}:{line}: {message} ({code|eslint})",
        advice: "Fix it, or run `eslint --fix`.",
        examples: samples!["/ws/frontend/src/index.js\n  3:10  error  'formatPrice' is defined but never used  no-unused-vars"],
        near_misses: samples!["  3:10  warning  Unexpected console statement  no-console"],
        ..Rule::CAUSE
    },
    Rule {
        id: "eslint-warnings",
        tool: Tool::Eslint,
        category: Category::Lint,
        specificity: 79,
        needles: &["ESLint found too many warnings"],
        pattern: r"^ESLint found too many warnings \(maximum: (?P<limit>\d+)\)",
        cause: "ESLint found too many warnings (at most {limit} are allowed)",
        advice: "Fix the warnings above, or raise --max-warnings.",
        examples: samples!["ESLint found too many warnings (maximum: 0)."],
        near_misses: samples!["ESLint found warnings"],
        ..Rule::CAUSE
    },
    Rule {
        id: "coverage-threshold",
        tool: Tool::Lint,
        category: Category::Quality,
        specificity: 82,
        needles: &["coverage threshold for", "does not meet global threshold", "covered ratio is", "does not meet threshold"],
        pattern: r#"(?P<message>"?\S+"? coverage threshold for .+ not met: .+|Coverage for \w+ \([\d.]+%\) does not meet (?:global )?threshold.*|\w+ covered ratio is [\d.]+, but expected (?:minimum|maximum) is [\d.]+)"#,
        cause: "coverage is too low: {message}",
        advice: "Add tests for the new code or correct the threshold.",
        examples: samples![
            "Jest: \"global\" coverage threshold for branches (80%) not met: 71.3%",
            "ERROR: Coverage for lines (71.3%) does not meet global threshold (80%)",
            "[WARNING] Rule violated for bundle shop: lines covered ratio is 0.71, but expected minimum is 0.80",
        ],
        near_misses: samples!["coverage threshold for all is 80%"],
        ..Rule::CAUSE
    },
    Rule {
        id: "eslint-summary",
        tool: Tool::Eslint,
        needles: &["problem"],
        pattern: r"^\s*✖ \d+ problems? \((?P<errors>[1-9]\d*) errors?, \d+ warnings?\)",
        cause: "eslint reports {errors} errors",
        examples: samples!["✖ 3 problems (2 errors, 1 warning)"],
        near_misses: samples!["✖ 3 problems (0 errors, 3 warnings)"],
        ..Rule::SYMPTOM
    },
    Rule {
        id: "prettier",
        tool: Tool::Eslint,
        category: Category::Lint,
        specificity: 78,
        needles: &["[warn] "],
        pattern: r"^\[warn\] (?P<file>\S+\.\w+)$",
        cause: "{file}: not formatted as prettier wants",
        advice: "Run `prettier --write` on {file} and commit.",
        examples: samples![
            "Checking formatting...\n[warn] src/index.js\n[warn] Code style issues found in the above file. Run Prettier with --write to fix."
        ],
        near_misses: samples!["[warn] deprecated option"],
        ..Rule::CAUSE
    },
    Rule {
        id: "checkstyle",
        tool: Tool::Lint,
        category: Category::Lint,
        specificity: 80,
        needles: &["[checkstyle]", "[ERROR] /", "[ant:checkstyle]"],
        pattern: r"^(?:\[(?:ant:)?checkstyle\] )?\[ERROR\] (?P<file>\S+\.(?:java|kt)):(?P<line>\d+)(?::(?P<column>\d+))?: (?P<message>.+?) \[(?P<code>\w+)\]$",
        cause: "{file}:{line}: {message} [{code}]",
        advice: "Fix {file} at line {line} or adjust the checkstyle rule {code}.",
        examples: samples![
            "[ant:checkstyle] [ERROR] /ws/src/main/java/shop/Cart.java:12:5: Missing a Javadoc comment. [MissingJavadocMethod]",
            "[ERROR] /ws/src/main/java/shop/Cart.java:12: Line is longer than 100 characters (found 131). [LineLength]",
        ],
        near_misses: samples!["[ERROR] /ws/src/main/java/shop/Cart.java:[12,5] cannot find symbol"],
        ..Rule::CAUSE
    },
    Rule {
        id: "golangci",
        tool: Tool::Lint,
        category: Category::Lint,
        specificity: 80,
        needles: &[".go:"],
        pattern: r"^(?P<file>(?:/?[A-Za-z]:)?[^:\s]+\.go):(?P<line>\d+):(?P<column>\d+): (?P<message>.+) \((?P<code>[a-z][a-z0-9]+)\)$",
        cause: "{file}:{line}: {message} ({code})",
        advice: "Fix {file} at line {line}.",
        examples: samples!["internal/ledger/sum.go:14:2: ineffectual assignment to err (ineffassign)"],
        near_misses: samples!["internal/ledger/sum.go:14:2: undefined: total"],
        ..Rule::CAUSE
    },
    Rule {
        id: "shellcheck",
        tool: Tool::Lint,
        category: Category::Lint,
        specificity: 80,
        needles: &["(error): ", "SC1", "SC2", "DL3", "DL4"],
        pattern: r"^(?:In (?P<file>\S+) line (?P<line>\d+):|(?P<file2>(?:/?[A-Za-z]:)?[^:\s]+):(?P<line2>\d+) (?P<code>DL\d{4}|SC\d{4}) (?:error|warning): (?P<message>.+)|(?P<file3>(?:/?[A-Za-z]:)?[^:\s]+):(?P<line3>\d+):\d+: (?:error|warning): (?P<message2>.+) \[(?P<code2>SC\d{4})\])$",
        cause: "{file}:{line}: {message|see below} {code}",
        advice: "Fix {file} at line {line}.",
        examples: samples![
            "Dockerfile:3 DL3008 warning: Pin versions in apt get install",
            "deploy.sh:7:9: error: Double quote to prevent globbing. [SC2086]",
        ],
        near_misses: samples!["SC2086 is documented"],
        ..Rule::CAUSE
    },
    Rule {
        id: "eslint-scripts",
        tool: Tool::Eslint,
        category: Category::Lint,
        specificity: 74,
        needles: &["  Line "],
        pattern: r"^\s+Line (?P<line>\d+):(?P<column>\d+):\s+(?P<message>\S.*?)\s{2,}(?P<code>[@\w/-]+)$",
        before: Some(Lookup::required(16, r"^(?:\[eslint\] )?(?:\./)?(?P<file>[\w@./-]+\.(?:[cm]?[jt]sx?|vue))$")),
        cause: "{file}:{line}: {message} ({code|eslint})",
        advice: "Fix it; with CI=true a build by react-scripts takes warnings for errors.",
        examples: samples!["[eslint] \nsrc/App.js\n  Line 1:17:  'useState' is defined but never used  no-unused-vars"],
        near_misses: samples!["    Line 3: the price table begins"],
        ..Rule::CAUSE
    },
    Rule {
        id: "spotbugs",
        tool: Tool::Lint,
        category: Category::Lint,
        specificity: 80,
        needles: &["] At "],
        pattern: r"^\[ERROR\] (?:High|Medium|Low): (?P<message>.+) \[[\w.$]+\] At (?P<file>[\w$]+\.\w+):\[lines? (?P<line>\d+)[^\]]*\] (?P<code>[A-Z_]+)$",
        cause: "{file}:{line}: {message} ({code})",
        advice: "Fix it, or exclude {code} there with a filter.",
        examples: samples![
            "[ERROR] High: Possible null pointer dereference of price in org.acme.Cart.total() [org.acme.Cart] At Cart.java:[line 31] NP_NULL_ON_SOME_PATH"
        ],
        near_misses: samples!["[ERROR] [Help 1] At noon"],
        ..Rule::CAUSE
    },
    Rule {
        id: "pre-commit",
        tool: Tool::Lint,
        category: Category::Lint,
        specificity: 66,
        needles: &["...Failed"],
        pattern: r"^(?P<name>\S.*?)\.{3,}Failed$",
        after: Some(Lookup::near(1, r"^- hook id: (?P<hook>\S+)$")),
        extent: 5,
        cause: "the pre-commit hook {name} failed ({hook|hook})",
        advice: "Run `pre-commit run {hook|HOOK} --all-files` and commit what it changes.",
        examples: samples![
            "isort....................................................................Failed\n- hook id: isort\n- files were modified by this hook\n\nFixing src/cart.py"
        ],
        near_misses: samples!["check yaml...............................................................Passed"],
        ..Rule::CAUSE
    },
    Rule {
        id: "phpstan",
        tool: Tool::Php,
        category: Category::Lint,
        specificity: 84,
        needles: &["  Line   "],
        pattern: r"^\s+Line\s+(?P<file>\S+\.php)\s*$",
        after: Some(Lookup::near(3, r"^\s+:?(?P<line>\d+)\s+(?P<message>\S.*?)\s*$")),
        extent: 2,
        cause: "{file}:{line|?}: {message|see below}",
        advice: "Fix {file} at line {line|?}, or add it to the baseline.",
        examples: samples!["  Line   src/Cart.php\n ------ ------\n  14     Call to an undefined method App\\Cart::totl()."],
        near_misses: samples!["  Line   14"],
        ..Rule::CAUSE
    },
    Rule {
        id: "rubocop",
        tool: Tool::Ruby,
        category: Category::Lint,
        specificity: 80,
        needles: &[".rb:", ".rake:", "Gemfile:"],
        pattern: r"^(?P<file>(?:[^:\s]+\.(?:rb|rake)|Gemfile)):(?P<line>\d+):(?P<column>\d+): [CWEF]: (?:\[\w+\] )?(?P<message>.+)$",
        cause: "{file}:{line}: {message}",
        advice: "Run `rubocop -a {file}`.",
        examples: samples!["app/models/cart.rb:14:121: C: Layout/LineLength: Line is too long. [141/120]"],
        near_misses: samples!["app/models/cart.rb:14:in `total'"],
        ..Rule::CAUSE
    },
    Rule {
        id: "commitlint",
        tool: Tool::Lint,
        category: Category::Lint,
        specificity: 78,
        needles: &["✖   "],
        pattern: r"^✖ {3}(?P<message>\S.*? \[[a-z-]+\])$",
        before: Some(Lookup::near(3, r"^⧗ {3}input: (?P<title>.+)$")),
        cause: "the commit message is refused: {message} ({title|see above})",
        advice: "Write the message as the rule wants it (git commit --amend, or rebase).",
        examples: samples!["⧗   input: fixed page\n✖   subject may not be empty [subject-empty]"],
        near_misses: samples!["✖   found 2 problems, 0 warnings"],
        ..Rule::CAUSE
    },
];
