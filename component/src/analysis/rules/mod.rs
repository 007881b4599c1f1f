//! The rules: what a line of a build log means, as data.
//!
//! One file per family of tools, each a table of [`Rule`]. A rule names the text it looks for,
//! the sentence it turns that text into, how close to a root cause it usually is, and one concrete
//! piece of advice. Excerpts it must match and near misses it must not match stand in the rule
//! itself and are tested by one loop over all tables, so a rule cannot be added without them.
//!
//! Patterns are byte-oriented and ASCII-aware (`unicode(false)`): that keeps them small to compile
//! inside a WebAssembly guest. Typographic quotation marks of a line are plain ones by the time a
//! pattern sees it, so patterns know `'` and `"` only.

mod acceptance;
mod bazel;
mod cargo;
mod cloud;
mod dbt;
mod detect;
mod docker;
mod documents;
mod dotnet;
mod environment;
pub(super) mod exit_code;
mod gates;
mod gcc;
mod generic;
mod git;
mod go;
mod gradle;
mod hardware;
mod javac;
mod jenkins;
mod jenkins_agent;
mod jenkins_facts;
mod jenkins_groovy;
mod junit;
mod kube;
mod languages;
mod lint;
mod machine;
mod make;
mod maven;
mod network;
mod node;
mod node_test;
mod program;
mod pytest;
mod python;
mod rustc;
mod scripting;
mod terraform;
mod tsc;
mod types;
mod xcode;

pub use types::{Category, Lookup, Pods, Role, Rule, Tool};

/// Every table. Where two rules explain one line equally well, the earlier one wins.
pub const TABLES: &[&[Rule]] = &[
    jenkins_groovy::RULES,
    jenkins::RULES,
    jenkins_agent::RULES,
    jenkins_facts::RULES,
    gcc::RULES,
    bazel::RULES,
    hardware::RULES,
    languages::RULES,
    documents::RULES,
    rustc::RULES,
    cargo::RULES,
    javac::RULES,
    maven::RULES,
    gradle::RULES,
    junit::RULES,
    tsc::RULES,
    node::RULES,
    node_test::RULES,
    acceptance::RULES,
    python::RULES,
    lint::RULES,
    pytest::RULES,
    go::RULES,
    dotnet::RULES,
    make::RULES,
    docker::RULES,
    git::RULES,
    terraform::RULES,
    kube::RULES,
    cloud::RULES,
    gates::RULES,
    dbt::RULES,
    scripting::RULES,
    xcode::RULES,
    network::RULES,
    machine::RULES,
    program::RULES,
    generic::RULES,
    detect::RULES,
    environment::RULES,
];

/// All rules in the order of [`TABLES`].
pub fn all() -> impl Iterator<Item = &'static Rule> {
    TABLES.iter().flat_map(|table| table.iter())
}

/// Test data of a rule. It costs the shipped component nothing: outside tests the list is empty.
macro_rules! samples {
    ($($text:expr),* $(,)?) => {{
        #[cfg(test)]
        const TEXTS: &[&str] = &[$($text),*];
        #[cfg(not(test))]
        const TEXTS: &[&str] = &[];
        TEXTS
    }};
}
use samples;

#[cfg(test)]
mod tests;
