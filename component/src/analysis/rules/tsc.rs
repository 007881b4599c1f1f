//! The TypeScript compiler, in both of its output formats, and Angular's and Vue's wrappers.

use super::{Category, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "tsc-error",
        tool: Tool::Tsc,
        category: Category::Compile,
        specificity: 91,
        needles: &["error TS"],
        pattern: r"^(?:ERROR in |Error: |# |\s+)?(?P<file>(?:[A-Za-z]:)?[^\s():][^():]*\.(?:[cm]?[jt]sx?|vue))(?:\((?P<line>\d+),(?P<column>\d+)\):|:(?P<line2>\d+):(?P<column2>\d+) -) error (?P<code>TS\d+): (?P<message>.+)$",
        cause: "{file}:{line}: {message} ({code})",
        advice: "Fix {file} at line {line}.",
        examples: samples![
            "src/cart.ts(14,9): error TS2304: Cannot find name 'totl'.",
            "src/cart.ts:14:9 - error TS2345: Argument of type 'string' is not assignable to parameter of type 'number'.",
            "Error: src/app/app.component.ts:3:10 - error TS2307: Cannot find module './cart' or its corresponding type declarations.",
        ],
        near_misses: samples![
            "Found 0 errors. Watching for file changes.",
            "src/cart.ts(14,9): warning TS6133: 'x' is declared but never used."
        ],
        ..Rule::CAUSE
    },
    Rule {
        id: "tsc-config",
        tool: Tool::Tsc,
        category: Category::Config,
        specificity: 89,
        needles: &["error TS"],
        pattern: r"^(?:(?P<file>\S*tsconfig\S*\.json)\((?P<line>\d+),\d+\): )?error (?P<code>TS\d+): (?P<message>.+)$",
        cause: "TypeScript configuration: {message} ({code})",
        advice: "Correct tsconfig.json, or install the types or libraries it names.",
        examples: samples![
            "error TS18003: No inputs were found in config file '/ws/tsconfig.json'.",
            "tsconfig.json(3,5): error TS5023: Unknown compiler option 'strct'.",
        ],
        near_misses: samples!["the error TS means TypeScript"],
        ..Rule::CAUSE
    },
    Rule {
        id: "ts-node",
        tool: Tool::Tsc,
        category: Category::Compile,
        specificity: 88,
        needles: &["TSError: "],
        pattern: r"^(?:.*)TSError: ⨯ (?P<message>Unable to compile TypeScript:?)",
        extent: 3,
        cause: "ts-node: {message}",
        advice: "Fix the file that the next line names.",
        examples: samples!["TSError: ⨯ Unable to compile TypeScript:\nsrc/cart.ts(14,9): error TS2304: Cannot find name 'totl'."],
        near_misses: samples!["class TSError: base"],
        ..Rule::CAUSE
    },
    Rule {
        id: "tsc-found",
        tool: Tool::Tsc,
        needles: &["Found "],
        pattern: r"^Found [1-9]\d* errors?(?: in .+)?\.?(?: Watching.*)?$",
        cause: "the TypeScript compiler found errors",
        examples: samples!["Found 2 errors in 2 files.", "Found 1 error in src/cart.ts:14"],
        near_misses: samples!["Found 0 errors."],
        ..Rule::SYMPTOM
    },
];
