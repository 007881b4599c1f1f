//! dbt, which builds and tests the tables of a warehouse.

use super::{Category, Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "dbt-failure",
        tool: Tool::Dbt,
        category: Category::Test,
        specificity: 84,
        needles: &["Failure in test ", "Failure in unit_test "],
        pattern: r"^\s*Failure in (?:unit_)?test (?P<name>\S+) \((?P<file>[^)]+)\)$",
        after: Some(Lookup::near(2, r"^\s+(?P<message>\S.*)$")),
        cause: "dbt test {name} failed: {message|see below} ({file})",
        advice: "Run `dbt test --select {name}` and the compiled query that stands below.",
        examples: samples![
            "09:00:09  Failure in test not_null_orders_customer_id (models/schema.yml)\n09:00:09    Got 14 results, configured to fail if != 0"
        ],
        near_misses: samples!["Failure in test of patience"],
        ..Rule::CAUSE
    },
    Rule {
        id: "dbt-error",
        tool: Tool::Dbt,
        category: Category::Script,
        specificity: 86,
        needles: &["Database Error in ", "Compilation Error in ", "Runtime Error in "],
        pattern: r"^\s*(?P<kind>Database|Compilation|Runtime) Error in (?P<what>\w+) (?P<name>\S+) \((?P<file>[^)]+)\)$",
        after: Some(Lookup::near(2, r"^\s+(?P<message>\S.*)$")),
        extent: 2,
        cause: "dbt {what} {name}: {kind} error: {message|see below} ({file})",
        advice: "Correct {file}, or what it reads.",
        examples: samples!["Database Error in model orders (models/orders.sql)\n  column \"totl\" does not exist\n  LINE 14:     totl"],
        near_misses: samples!["Database Error in general"],
        ..Rule::CAUSE
    },
];
