//! Hardware descriptions and embedded compilers: Vivado, Quartus, Questa, Verilator, IAR, Keil.

use super::{Category, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "vivado",
        tool: Tool::Hardware,
        category: Category::Compile,
        specificity: 84,
        needles: &["ERROR: ["],
        pattern: r"^ERROR: \[(?P<code>[A-Z][\w-]* \d+-\d+)\] (?P<message>.+?)(?: \[(?P<file>(?:[A-Za-z]:)?[^\]:\s]+):(?P<line>\d+)\])?$",
        // What only reports that something above failed.
        unless: r"\[(?:Common 17-(?:39|69)|Vivado 12-13638|Synth 8-6156|Vivado_Tcl 4-5)\]|\] Failed runs",
        cause: "{file|the design}:{line|-}: {message} ({code})",
        advice: "Fix it there: what Vivado reports after the first error mostly follows from it.",
        examples: samples![
            "ERROR: [Synth 8-439] module 'fifo' not found [/ws/rtl/top.sv:42]",
            "ERROR: [Place 30-415] IO Placement failed due to overutilization.",
        ],
        near_misses: samples![
            "ERROR: [Common 17-69] Command failed: Synthesis failed - please see the console or run log file for details",
            "CRITICAL WARNING: [Vivado 12-4739] create_clock:No valid object(s) found",
        ],
        ..Rule::CAUSE
    },
    Rule {
        id: "verilator",
        tool: Tool::Hardware,
        category: Category::Compile,
        specificity: 89,
        needles: &["%Error"],
        pattern: r"^%Error(?:-(?P<code>\w+))?: (?P<file>(?:[A-Za-z]:)?[^:\s]+):(?P<line>\d+):(?:(?P<column>\d+):)? (?P<message>.+)$",
        extent: 1,
        cause: "{file}:{line}: {message}",
        advice: "Fix {file} at line {line}.",
        examples: samples!["%Error: rtl/fifo.sv:88:15: Can't find definition of variable: 'wr'"],
        near_misses: samples!["%Error: Exiting due to 1 error(s)", "%Warning-WIDTH: rtl/fifo.sv:88:15: x"],
        ..Rule::CAUSE
    },
    Rule {
        id: "questa",
        tool: Tool::Hardware,
        category: Category::Compile,
        specificity: 87,
        needles: &["** Error", "** Fatal"],
        pattern: r"^(?:# )?\*\* (?:Error|Fatal)(?: \([\w ]+\))?: (?:\((?P<code>[a-z]+-\d+)\) )?(?:(?P<file>(?:[A-Za-z]:)?[^:(\s]+)\((?P<line>\d+)\): )?(?P<message>.+)$",
        cause: "{file|the simulation}:{line|-}: {message}",
        advice: "Fix it there; `verror` explains the number.",
        examples: samples![
            "** Error: (vlog-2730) rtl/fifo.sv(88): Undefined variable: 'wr'.",
            "# ** Fatal: (vsim-3807) Types do not match."
        ],
        near_misses: samples!["** Warning: rtl/fifo.sv(12): (vlog-2623) Undefined variable: x.", "** Errors: 0"],
        ..Rule::CAUSE
    },
    Rule {
        id: "quartus",
        tool: Tool::Hardware,
        category: Category::Compile,
        specificity: 84,
        needles: &["Error ("],
        pattern: r"^Error \((?P<code>\d{4,6})\): (?P<message>.+?)(?: File: (?P<file>\S+) Line: (?P<line>\d+))?$",
        unless: r"was unsuccessful|unsuccessful$",
        cause: "{file|the design}:{line|-}: {message} ({code})",
        advice: "Fix it there; the totals below only count it.",
        examples: samples!["Error (12007): Top-level design entity \"top\" is undefined"],
        near_misses: samples!["Error (293001): Quartus Prime Full Compilation was unsuccessful. 3 errors, 1 warning"],
        ..Rule::CAUSE
    },
    Rule {
        id: "quoted-place",
        tool: Tool::Gcc,
        category: Category::Compile,
        specificity: 89,
        needles: &["rror[", "\", line "],
        pattern: r#"^"(?P<file>[^"]+)",\s*(?:line )?(?P<line>\d+)[\d.]*(?:\s*:)?\s+(?:[Ff]atal )?[Ee]rror\b(?:\[(?P<code>\w+)\])?:?\s+(?:#(?P<number>\w+): )?(?P<message>.+)$"#,
        cause: "{file}:{line}: {message}",
        advice: "Fix {file} at line {line}.",
        examples: samples![
            "\"C:\\ws\\src\\main.c\",42  Error[Pe020]: identifier \"totl\" is undefined",
            "\"src/main.c\", line 42: Error:  #20: identifier \"totl\" is undefined",
            "\"report.c\", line 14: error: undefined symbol: totl",
        ],
        near_misses: samples!["  File \"x.py\", line 3, in main", "\"src/main.c\", line 42: Warning:  #177-D: x"],
        ..Rule::CAUSE
    },
];
