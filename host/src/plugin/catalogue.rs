//! The tools of a plugin, in the order in which its world exports them.
//!
//! Names exist twice: kebab-case as in WIT and snake_case as over MCP. Both are accepted wherever a person or a
//! model types one.

use super::docs::Docs;
use super::library::Offers;
use super::schema;
use super::shape::{Shape, ShapeReader, snake, unfit_as_parameter};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use wasmtime::component::types::ComponentFunc;

/// Longest tool name that MCP allows.
const MAX_NAME_CHARS: usize = 128;
/// How alike two names must be (0 to 1) to suggest one for the other: in letters, for typing errors …
const ALIKE_IN_LETTERS: f64 = 0.6;
/// … or at the beginning (Jaro-Winkler), for names that go on differently.
const ALIKE_AT_THE_START: f64 = 0.8;

/// What a tool does to the world outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// Changes nothing.
    Read,
    /// Changes something that can be changed again.
    Write,
    /// Ends or removes something for good.
    Destructive,
}

impl Effect {
    /// The word that docs and listings use.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Effect::Read => "read",
            Effect::Write => "write",
            Effect::Destructive => "destructive",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Effect {
    type Err = String;

    fn from_str(word: &str) -> Result<Effect, String> {
        match word {
            "read" => Ok(Effect::Read),
            "write" => Ok(Effect::Write),
            "destructive" => Ok(Effect::Destructive),
            other => Err(format!("its effect is `{other}`, expected read, write or destructive")),
        }
    }
}

/// A parameter of a tool.
#[derive(Debug, Clone)]
pub(crate) struct Param {
    /// The name in JSON, snake_case.
    pub name: String,
    /// The name in WIT, kebab-case.
    pub wit_name: String,
    /// What it means; empty when the docs do not say.
    pub description: String,
    /// Whether a call must give it.
    pub required: bool,
    /// What values it takes; an `option` when it is not required.
    pub kind: Shape,
}

/// One tool: a function that the component's world exports.
#[derive(Debug, Clone)]
pub(crate) struct Tool {
    /// The name in WIT, kebab-case.
    pub name: String,
    /// The name over MCP, snake_case.
    pub mcp_name: String,
    /// What it answers and when to use it, without the lines about parameters and effect.
    pub description: String,
    /// What it does to the world outside.
    pub effect: Effect,
    /// The group it belongs to.
    pub toolset: String,
    /// That group is offered only to those who name it.
    pub off_by_default: bool,
    /// Its parameters, in order.
    pub params: Vec<Param>,
    /// JSON Schema of the arguments.
    pub input_schema: Arc<Map<String, Value>>,
    /// JSON Schema of the structured content.
    pub output_schema: Arc<Map<String, Value>>,
}

impl Tool {
    /// Reads a tool from its function type and doc; the error says what about them is not supported.
    pub(super) fn read(name: &str, function: &ComponentFunc, docs: &Docs) -> Result<Tool, String> {
        check_name(name)?;
        let param_names: Vec<&str> = function.params().map(|(param, _)| param).collect();
        let mut doc = docs.function(name, &param_names)?;
        let mut shapes = ShapeReader::default();
        let params = function
            .params()
            .map(|(wit_name, ty)| {
                let at = |reason: String| format!("parameter `{wit_name}`: {reason}");
                let kind = shapes.read(&ty).map_err(at)?;
                if let Some(reason) = unfit_as_parameter(&kind) {
                    return Err(at(reason));
                }
                let name = snake(wit_name);
                Ok(Param {
                    description: doc.params.remove(&name).unwrap_or_default(),
                    required: !kind.is_optional(),
                    wit_name: wit_name.to_owned(),
                    name,
                    kind,
                })
            })
            .collect::<Result<Vec<_>, String>>()?;
        let result = function.results().next().map(|ty| shapes.read(&ty).map_err(|reason| format!("its result: {reason}"))).transpose()?;
        Ok(Tool {
            name: name.to_owned(),
            mcp_name: snake(name),
            description: doc.description,
            effect: doc.effect,
            toolset: doc.toolset,
            off_by_default: doc.off_by_default,
            input_schema: Arc::new(schema::input_schema(&params)),
            output_schema: Arc::new(schema::output_schema(success(result.as_ref()))),
            params,
        })
    }

    /// The parameter of that name, kebab- or snake-case.
    pub(crate) fn param(&self, name: &str) -> Option<&Param> {
        let name = snake(name);
        self.params.iter().find(|param| param.name == name)
    }
}

/// The part of a result that stands for success.
fn success(result: Option<&Shape>) -> Option<&Shape> {
    match result {
        Some(Shape::Result(ok, _)) => ok.as_deref(),
        other => other,
    }
}

fn check_name(name: &str) -> Result<(), String> {
    if name.chars().count() > MAX_NAME_CHARS {
        return Err(format!("its name is longer than {MAX_NAME_CHARS} characters"));
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err("its name has characters that a tool name may not have".into());
    }
    Ok(())
}

/// Everything a plugin offers.
#[derive(Debug, Clone)]
pub(crate) struct Catalogue {
    /// What a model should know before it uses any tool; may be empty.
    pub instructions: String,
    /// The variables with an operator's restrictions that it obeys.
    pub honours: BTreeSet<String>,
    /// The tools, in the order in which the component exports them.
    pub tools: Vec<Tool>,
    /// What there is beside tools.
    pub offers: Offers,
}

impl Catalogue {
    /// The tool of that name, kebab- or snake-case.
    pub(crate) fn get(&self, name: &str) -> Option<&Tool> {
        let name = snake(name);
        self.tools.iter().find(|tool| tool.mcp_name == name)
    }

    /// The tool whose name is most like an unknown one (its MCP name), if any is alike at all.
    pub(crate) fn closest(&self, name: &str) -> Option<&str> {
        closest(&snake(name), self.tools.iter().map(|tool| tool.mcp_name.as_str()))
    }
}

/// The candidate that is most like `word`, if any is alike enough to be meant.
pub(crate) fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let likeness = |candidate: &str| {
        let candidate = candidate.to_ascii_lowercase();
        let letters = strsim::normalized_damerau_levenshtein(&word, &candidate);
        let start = strsim::jaro_winkler(&word, &candidate);
        (letters >= ALIKE_IN_LETTERS || start >= ALIKE_AT_THE_START).then_some(letters + start)
    };
    candidates
        .filter_map(|candidate| Some((likeness(candidate)?, candidate)))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_suggests_the_name_that_was_meant() {
        let names = ["list_shelves", "get_book", "get_book_page"];
        assert_eq!(closest("get_boko", names.into_iter()), Some("get_book"));
        assert_eq!(closest("getBookPage", names.into_iter()), Some("get_book_page"));
        assert_eq!(closest("frobnicate", names.into_iter()), None);
        assert_eq!(closest("tpo", ["scope", "top"].into_iter()), Some("top"));
        assert_eq!(closest("book_number", ["shelf", "book"].into_iter()), Some("book"));
    }

    #[test]
    fn a_name_that_mcp_forbids_is_refused() {
        assert!(check_name("get-book").is_ok());
        assert!(check_name("[method]book.get").is_err());
        assert!(check_name(&"x".repeat(129)).is_err());
    }
}
