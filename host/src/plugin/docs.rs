//! What the component says about itself: the `package-docs` section and the form of a function's doc.
//!
//! Docs do not survive into a component by themselves; a plugin's build appends them as a custom section, in the
//! format of `wit_parser`, with the world named `root`. A function's doc is:
//!
//! ```text
//! What it answers, and when to use it. Any number of paragraphs.
//!
//! - shelf: full name, rooms separated by `/`.
//! - limit: how many books at most; default 10.
//!
//! Effect: read. Toolset: books.
//! ```
//!
//! The world's doc may have a line `Honours: NAME, NAME.`: the variables by which an operator restricts callers and that
//! this plugin obeys. It is for the host, which starts no tenant whose restrictions its plugin does not know.
//!
//! Defaults: without docs a tool has no description, is in the toolset `general`, and counts as destructive, so
//! that a read-only tenant never runs a tool whose effect is unknown. A section that does not decode, a repeated
//! one, or an effect other than the three is an error.

use super::catalogue::Effect;
use super::shape::snake;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use wasmparser::{Parser, Payload};
use wit_parser::PackageMetadata;

/// The world's name inside the section: what decoders call the world of a finished component.
const WORLD: &str = "root";
/// What begins the line of restrictions.
const HONOURS: &str = "Honours:";

/// The texts of a component.
#[derive(Debug, Default)]
pub(super) struct Docs {
    /// The world's own doc: what a model should know before it uses any tool.
    pub(super) instructions: String,
    /// The restrictions that it obeys.
    pub(super) honours: BTreeSet<String>,
    functions: BTreeMap<String, String>,
}

impl Docs {
    /// Finds and decodes the section. A component without one has no docs, which is no error.
    pub(super) fn from_component(bytes: &[u8]) -> Result<Docs, String> {
        let mut sections = Vec::new();
        // Depth counts nested modules and components: their sections are not the component's own.
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(|e| e.to_string())? {
                Payload::Version { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::CustomSection(found) if depth == 1 && found.name() == PackageMetadata::SECTION_NAME => {
                    sections.push(found.data());
                }
                _ => {}
            }
        }
        match sections.as_slice() {
            [] => Ok(Docs::default()),
            [section] => Docs::decode(section),
            _ => Err("it appears more than once".into()),
        }
    }

    fn decode(data: &[u8]) -> Result<Docs, String> {
        let metadata = PackageMetadata::decode(data).map_err(|e| format!("{e:#}"))?;
        // The decoded struct keeps its fields to itself; its serialised form is the documented one.
        let value = serde_json::to_value(&metadata).map_err(|e| e.to_string())?;
        let Some(world) = value.get("worlds").and_then(|worlds| worlds.get(WORLD)) else {
            return Ok(Docs::default());
        };
        let mut functions = BTreeMap::new();
        for place in ["funcs", "func_exports"] {
            for (name, entry) in world.get(place).and_then(Value::as_object).into_iter().flatten() {
                let docs = entry.get("docs").unwrap_or(entry);
                functions.insert(name.clone(), plain(docs.as_str().unwrap_or_default()));
            }
        }
        let doc = plain(world.get("docs").and_then(Value::as_str).unwrap_or_default());
        let (labels, lines): (Vec<&str>, Vec<&str>) = doc.lines().partition(|line| line.trim().starts_with(HONOURS));
        let names = labels.iter().filter_map(|line| line.trim().strip_prefix(HONOURS)).flat_map(|names| names.split(','));
        let honours = names.map(|name| name.trim().trim_end_matches('.').to_owned()).filter(|name| !name.is_empty()).collect();
        Ok(Docs { instructions: lines.join("\n").trim().to_owned(), honours, functions })
    }

    /// The doc of a function, split into its parts; `params` are its parameters as WIT names them.
    pub(super) fn function(&self, name: &str, params: &[&str]) -> Result<FunctionDoc, String> {
        FunctionDoc::parse(self.functions.get(name).map_or("", String::as_str), params)
    }
}

/// Without control characters, since these texts are printed to terminals.
fn plain(text: &str) -> String {
    text.trim().chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

/// One function's doc, split into what goes where.
#[derive(Debug, PartialEq)]
pub(super) struct FunctionDoc {
    /// What a model reads before it chooses the tool.
    pub(super) description: String,
    /// One text per parameter, by snake_case name.
    pub(super) params: BTreeMap<String, String>,
    /// What the tool does to the world.
    pub(super) effect: Effect,
    /// The group of tools it belongs to.
    pub(super) toolset: String,
    /// That group is offered only to those who name it.
    pub(super) off_by_default: bool,
}

impl FunctionDoc {
    fn parse(doc: &str, params: &[&str]) -> Result<FunctionDoc, String> {
        let mut description: Vec<String> = Vec::new();
        let mut texts: BTreeMap<String, String> = BTreeMap::new();
        let mut labels = Labels::default();
        // The parameter whose text goes on in the next, indented line.
        let mut open: Option<String> = None;
        for line in doc.lines() {
            let trimmed = line.trim();
            if trimmed.starts_with("Effect:") || trimmed.starts_with("Toolset:") {
                labels.read(trimmed)?;
                open = None;
            } else if let Some((param, text)) = parameter_line(trimmed, params) {
                texts.insert(param.clone(), text.to_owned());
                open = Some(param);
            } else if let (Some(text), true) =
                (open.as_ref().and_then(|param| texts.get_mut(param)), line.starts_with(' ') && !trimmed.is_empty())
            {
                text.push(' ');
                text.push_str(trimmed);
            } else {
                open = None;
                push_line(&mut description, line);
            }
        }
        Ok(FunctionDoc {
            description: description.join("\n").trim().to_owned(),
            params: texts,
            effect: labels.effect.unwrap_or(Effect::Destructive),
            toolset: labels.toolset.unwrap_or_else(|| "general".to_owned()),
            off_by_default: labels.off_by_default,
        })
    }
}

/// `- name: text`, if `name` is a parameter; any other bullet belongs to the description.
fn parameter_line<'a>(line: &'a str, params: &[&str]) -> Option<(String, &'a str)> {
    let (name, text) = line.strip_prefix("- ")?.split_once(':')?;
    let name = snake(name.trim().trim_matches('`'));
    params.iter().any(|param| snake(param) == name).then(|| (name, text.trim()))
}

/// What stands at the end of a doc.
#[derive(Default)]
struct Labels {
    effect: Option<Effect>,
    toolset: Option<String>,
    off_by_default: bool,
}

impl Labels {
    /// `Effect: read. Toolset: books.`, on one line or two; or `Toolset: books, off by default.`
    fn read(&mut self, line: &str) -> Result<(), String> {
        for label in line.split('.').map(str::trim).filter(|label| !label.is_empty()) {
            match label.split_once(':').map(|(key, value)| (key.trim(), value.trim())) {
                Some(("Effect", value)) => self.effect = Some(value.parse()?),
                Some(("Toolset", value)) if !value.is_empty() => {
                    let name = value.strip_suffix(", off by default");
                    self.off_by_default = name.is_some();
                    self.toolset = Some(name.unwrap_or(value).to_owned());
                }
                _ => {
                    return Err(format!("its doc ends with `{line}`, expected `Effect: read. Toolset: name.`"));
                }
            }
        }
        Ok(())
    }
}

/// Joins hard-wrapped lines, which are an accident of the source file, and keeps lists, tables and blank lines.
fn push_line(description: &mut Vec<String>, line: &str) {
    let own_line = line.trim().is_empty() || line.starts_with([' ', '-', '*', '|', '#', '`']);
    match description.last_mut() {
        Some(last) if !own_line && !last.is_empty() => {
            last.push(' ');
            last.push_str(line.trim());
        }
        _ => description.push(line.trim_end().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOC: &str = "Lists the books of a shelf,\nnewest first.\n\nUse it when:\n- a title is unknown\n- a range is asked for\n\n\
        - shelf: full name, with rooms,\n  e.g. `attic/left`.\n- max-tokens: budget.\n\nEffect: read. Toolset: books.";

    #[test]
    fn a_doc_is_split_into_description_parameters_effect_and_toolset() {
        let doc = FunctionDoc::parse(DOC, &["shelf", "max-tokens"]).unwrap();
        assert_eq!(
            doc.description,
            "Lists the books of a shelf, newest first.\n\nUse it when:\n- a title is unknown\n- a range is asked for"
        );
        assert_eq!(doc.params["shelf"], "full name, with rooms, e.g. `attic/left`.");
        assert_eq!(doc.params["max_tokens"], "budget.");
        assert_eq!(doc.effect, Effect::Read);
        assert_eq!(doc.toolset, "books");
    }

    #[test]
    fn a_tool_that_does_not_state_its_effect_counts_as_destructive() {
        let doc = FunctionDoc::parse("Does something.", &[]).unwrap();
        assert_eq!((doc.effect, doc.toolset.as_str()), (Effect::Destructive, "general"));
    }

    #[test]
    fn effect_and_toolset_may_stand_on_two_lines() {
        let doc = FunctionDoc::parse("Stops it.\nEffect: destructive\nToolset: lifecycle", &[]).unwrap();
        assert_eq!((doc.effect, doc.toolset.as_str()), (Effect::Destructive, "lifecycle"));
        assert!(!doc.off_by_default);
    }

    #[test]
    fn a_toolset_may_be_off_by_default() {
        let doc = FunctionDoc::parse("Burns it.\nEffect: destructive. Toolset: fire, off by default.", &[]).unwrap();
        assert_eq!((doc.toolset.as_str(), doc.off_by_default), ("fire", true));
    }

    #[test]
    fn an_unknown_effect_is_an_error_and_not_a_guess() {
        let error = FunctionDoc::parse("Effect: harmless.", &[]).unwrap_err();
        assert!(error.contains("harmless") && error.contains("read, write or destructive"), "{error}");
    }

    #[test]
    fn a_section_of_another_format_version_is_refused() {
        assert!(Docs::decode(b"\x09{}").unwrap_err().contains("version"));
    }
}
