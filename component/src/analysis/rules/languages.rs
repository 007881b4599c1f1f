//! Languages of which a rule or two tell what is needed: Fortran, Ada, OCaml, Perl, R, Julia, Nix, and scripts of games.

use super::{Category, Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "gfortran",
        tool: Tool::Gcc,
        category: Category::Compile,
        specificity: 90,
        needles: &["Error: "],
        pattern: r"^(?:Fatal )?Error: (?P<message>\S.*)$",
        before: Some(Lookup::required(6, r"^(?P<file>[^:\s]+\.(?i:f|for|f77|f90|f95|f03|f08)):(?P<line>\d+):(?P<column>\d+):$")),
        cause: "{file}:{line}: {message}",
        advice: "Fix {file} at line {line}.",
        examples: samples![
            "src/solve.f90:14:12:\n\n   14 |   x = totl(y)\n      |      1\nError: Symbol 'totl' at (1) has no IMPLICIT type"
        ],
        near_misses: samples!["no Error: all is well"],
        ..Rule::CAUSE
    },
    Rule {
        id: "ocaml",
        tool: Tool::Unknown,
        category: Category::Compile,
        specificity: 89,
        needles: &["Error: ", "Error ("],
        pattern: r"^Error(?: \(\w.*\))?: (?P<message>\S.*)$",
        before: Some(Lookup::required(8, r#"^File "(?P<file>[^"]+\.ml[ily]?)", lines? (?P<line>\d+)"#)),
        cause: "{file}:{line}: {message}",
        advice: "Fix {file} at line {line}.",
        examples: samples!["File \"lib/cart.ml\", line 14, characters 10-14:\n14 |   totl items\n       ^^^^\nError: Unbound value totl"],
        near_misses: samples!["Errors: none"],
        ..Rule::CAUSE
    },
    Rule {
        // GNAT puts no word before an error, only before warnings.
        id: "gnat",
        tool: Tool::Gcc,
        category: Category::Compile,
        specificity: 88,
        needles: &[".adb:", ".ads:"],
        pattern: r"^(?P<file>[^:\s]+\.ad[bs]):(?P<line>\d+):(?P<column>\d+): (?P<message>\S.*)$",
        unless: r":\d+: (?:\(style\) |\(info\) )?(?:warning|info|note|low|medium|high|check)\b",
        cause: "{file}:{line}: {message}",
        advice: "Fix {file} at line {line}.",
        examples: samples!["cart.adb:14:09: \"Totl\" is undefined"],
        near_misses: samples!["cart.adb:14:09: warning: variable \"X\" is not referenced", "   [Ada]          cart.adb"],
        ..Rule::CAUSE
    },
    Rule {
        id: "perl-module",
        tool: Tool::Perl,
        category: Category::Dependency,
        specificity: 88,
        needles: &[" in @INC"],
        pattern: r"^(?:# )?Can't locate (?P<path>\S+) in @INC(?: \(you may need to install the (?P<module>\S+) module\))?.* at (?P<file>\S+) line (?P<line>\d+)",
        cause: "the Perl module {module|named in the line} is not installed ({file}:{line})",
        advice: "Install it (cpanm, the distribution's package) or add its directory with -I or PERL5LIB.",
        examples: samples![
            "Can't locate JSON/XS.pm in @INC (you may need to install the JSON::XS module) (@INC contains: /etc/perl) at lib/Cart.pm line 4."
        ],
        near_misses: samples!["look for it in @INC"],
        ..Rule::CAUSE
    },
    Rule {
        id: "perl-died",
        tool: Tool::Perl,
        category: Category::Script,
        specificity: 66,
        needles: &[" line "],
        pattern: r#"^(?:# )?(?P<message>(?:syntax error|Can't |Global symbol |Undefined subroutine |Bareword |Died)\S?.*) at (?P<file>\S+\.(?:pl|pm|t)) line (?P<line>\d+)(?:\.|,.*)$"#,
        unless: r"in @INC",
        cause: "{file}:{line}: {message}",
        advice: "Look at {file} line {line}.",
        examples: samples![
            "Can't locate object method \"totl\" via package \"Cart\" at lib/Cart.pm line 14.",
            "syntax error at lib/Cart.pm line 14, near \"my \"",
        ],
        near_misses: samples!["#   at t/cart.t line 14."],
        ..Rule::CAUSE
    },
    Rule {
        id: "perl-test",
        tool: Tool::Perl,
        needles: &["#   Failed test"],
        pattern: r"^\s*#\s+Failed (?:\(TODO\) )?test(?: '(?P<test>.+)'| (?P<test2>\d+))?(?: at (?P<file>\S+) line (?P<line>\d+)\.?| in (?P<file2>\S+) at line (?P<line2>\d+))?\.?$",
        unless: r"\(TODO\)",
        after: Some(Lookup::near(1, r"^\s*#\s+at (?P<file>\S+) line (?P<line>\d+)\.$")),
        extent: 3,
        cause: "test {test|without a name} failed ({file|?}:{line|?})",
        advice: "Run `prove -lv {file|FILE}`.",
        examples: samples!["#   Failed test 'rounds totals'\n#   at t/cart.t line 14.\n#          got: '17.68'\n#     expected: '17.7'"],
        near_misses: samples!["#   Failed (TODO) test 'later'", "# Looks like you failed 1 test of 12."],
        ..Rule::TEST
    },
    Rule {
        id: "r-error",
        tool: Tool::R,
        category: Category::Script,
        specificity: 72,
        needles: &["Error in ", "ERROR: dependenc", "ERROR: compilation failed for package", "Error: package or namespace load failed"],
        pattern: r"^\s*(?:Error in (?P<call>.+?) : ?(?P<message>\S.*)|ERROR: (?P<message2>dependenc(?:y|ies) .+ not available for package .+|compilation failed for package .+)|Error: (?P<message3>package or namespace load failed.+))$",
        cause: "R: {message}",
        advice: "Install a package that is missing (renv::restore, install.packages); else look at {call|the call}.",
        examples: samples![
            "Error in library(sf) : there is no package called 'sf'",
            "ERROR: dependency 'units' is not available for package 'sf'",
        ],
        near_misses: samples!["Error in the third column", "Error in download: timed out"],
        ..Rule::CAUSE
    },
    Rule {
        id: "testthat",
        tool: Tool::R,
        needles: &["Failure (", "Error ("],
        pattern: r"^\s*(?:──|--) ?(?:\d+\. )?(?:Failure|Error) \('?(?P<file>[^:)']+)(?::(?P<line>\d+)[:\d]*)?'?\): (?P<test>.+?)(?: (?:─|-)+)?$",
        after: Some(Lookup::near(1, r"^\s*(?P<message>\S.*)$")),
        extent: 3,
        cause: "test {test} failed: {message|see below} ({file}:{line|?})",
        advice: "Run testthat::test_file on {file}.",
        examples: samples!["── Failure ('test-cart.R:14:3'): totals are rounded ────────\ncart_total(x) not equal to 17.7."],
        near_misses: samples!["── Skip ('test-cart.R:14:3'): on CRAN"],
        ..Rule::TEST
    },
    Rule {
        id: "julia-test",
        tool: Tool::Unknown,
        needles: &["Test Failed at ", "Error During Test at "],
        pattern: r"^(?P<test>\S.*): (?P<message>Test Failed|Error During Test) at (?P<file>(?:[A-Za-z]:)?[^:]+):(?P<line>\d+)$",
        after: Some(Lookup::near(
            3,
            r"^\s+(?:Evaluated|Got exception outside of a @test|Test threw exception|Expression): ?(?P<reason>.*)$",
        )),
        extent: 2,
        cause: "test {test} failed: {reason|see below} ({file}:{line})",
        advice: "Look at {file} line {line}.",
        examples: samples!["Rounding: Test Failed at /ws/test/runtests.jl:14\n  Expression: total(c) == 17.7\n   Evaluated: 17.68 == 17.7"],
        near_misses: samples!["Test Failed at once"],
        ..Rule::TEST
    },
    Rule {
        id: "unreal-log",
        tool: Tool::Unknown,
        category: Category::Compile,
        specificity: 76,
        needles: &[": Error: ", "SCRIPT ERROR: "],
        pattern: r"^(?:Log\w+: Error: |SCRIPT ERROR: )(?P<message>\S.*)$",
        after: Some(Lookup::near(1, r"^\s+at: \S+ \((?P<file>[^():\s]+:[^():\s]+):(?P<line>\d+)\)$")),
        cause: "{message} ({file|see the line}:{line|-})",
        advice: "Correct the asset or script that it names.",
        examples: samples![
            "SCRIPT ERROR: Parse Error: Identifier \"totl\" not declared in the current scope.\n          at: GDScript::reload (res://cart.gd:14)",
            "LogBlueprint: Error: [AssetLog] /ws/Content/BP_Cart.uasset: [Compiler] Could not find a function named \"Totl\" in 'BP_Cart'.",
        ],
        near_misses: samples!["LogInit: Display: LogBlueprint: Error: repeated in the summary"],
        ..Rule::CAUSE
    },
    Rule {
        id: "engine-gave-up",
        tool: Tool::Unknown,
        needles: &[
            "Cook failed.",
            "AutomationTool exiting with",
            "Scripts have compiler errors",
            "Project export for preset",
            "Test failures",
        ],
        pattern: r"^\s*(?:ERROR: Cook failed\.|AutomationTool exiting with ExitCode=[1-9]\d*.*|Scripts have compiler errors\.|ERROR: Project export for preset .* failed\.|Error: Test failures)$",
        cause: "the build of the game or package failed",
        examples: samples!["AutomationTool exiting with ExitCode=25 (Error_UnknownCookFailure)", "Scripts have compiler errors."],
        near_misses: samples!["AutomationTool exiting with ExitCode=0 (Success)"],
        ..Rule::SYMPTOM
    },
];
