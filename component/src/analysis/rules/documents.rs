//! What typesets, and what computes: LaTeX, Sphinx, MATLAB, Erlang.

use super::{Category, Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "latex",
        tool: Tool::Unknown,
        category: Category::Compile,
        specificity: 86,
        needles: &["! LaTeX Error: ", "! Undefined control sequence", "! Package ", "! Missing "],
        pattern: r"^! (?P<message>LaTeX Error: .+|Undefined control sequence\.|Package \S+ Error: .+|Missing \S+ inserted.*)$",
        after: Some(Lookup::near(8, r"^l\.(?P<line>\d+) ?(?P<text>.*)$")),
        extent: 1,
        cause: "{message} (line {line|?}: {text|})",
        advice: "Install the package, or correct that line.",
        examples: samples!["! Undefined control sequence.\nl.14 \\totl", "! LaTeX Error: File `siunitx.sty' not found."],
        near_misses: samples!["LaTeX Warning: Reference `eq:error' on page 1 undefined on input line 41."],
        ..Rule::CAUSE
    },
    Rule {
        // Warnings are errors for those who ask for it (-W) only, so anything surer goes first.
        id: "sphinx",
        tool: Tool::Unknown,
        category: Category::Lint,
        specificity: 56,
        needles: &[": WARNING: ", ": ERROR: ", ": CRITICAL: "],
        pattern: r"^(?P<file>(?:[A-Za-z]:)?[^:\s]+\.(?:rst|md|ipynb|py|txt))(?::(?P<line>\d+))?: (?:WARNING|ERROR|CRITICAL): (?P<message>.+)$",
        cause: "{file}:{line|-}: {message}",
        advice: "Correct the source; -W makes an error of each warning.",
        examples: samples!["/ws/docs/index.rst:14: WARNING: undefined label: 'errors' [ref.ref]"],
        near_misses: samples!["WARNING: document isn't included in any toctree"],
        ..Rule::CAUSE
    },
    Rule {
        id: "matlab",
        tool: Tool::Unknown,
        category: Category::Script,
        specificity: 82,
        needles: &["Unrecognized function or variable '", "Undefined function '", "Undefined variable "],
        pattern: r"^(?P<message>(?:Unrecognized function or variable|Undefined function|Undefined variable) ['\x22][^'\x22]+['\x22].*)$",
        after: Some(Lookup::near(4, r"^Error in (?P<name>\S+) \(line (?P<line>\d+)\)$")),
        cause: "{message} ({name|the script} line {line|?})",
        advice: "Add it to the path of MATLAB, or correct its name.",
        examples: samples!["Undefined function 'totl' for input arguments of type 'double'.\n\nError in plot_orders (line 14)"],
        near_misses: samples!["Undefined function pointers are errors"],
        ..Rule::CAUSE
    },
    Rule {
        id: "erlang",
        tool: Tool::Unknown,
        category: Category::Compile,
        specificity: 87,
        needles: &[".erl:", ".hrl:"],
        pattern: r"^(?P<file>[^:\s]+\.[eh]rl):(?P<line>\d+):(?:(?P<column>\d+):)? (?P<message>\S.*)$",
        unless: r"(?i):\d+: (?:warning|note)\b",
        cause: "{file}:{line}: {message}",
        advice: "Fix {file} at line {line}.",
        examples: samples!["src/cart.erl:14:3: function totl/1 undefined"],
        near_misses: samples!["src/cart.erl:14:3: Warning: variable 'X' is unused"],
        ..Rule::CAUSE
    },
];
