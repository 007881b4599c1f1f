//! The interfaces that a plugin may export beside its tools, and the form in which the host calls them.
//!
//! All are optional, and so is each of their functions. What the host will not call is not looked at; a function that it
//! would call with other parameters than the plugin expects is refused when the plugin is loaded.

use super::shape::{Field, Shape, ShapeReader};
use wasmtime::component::types::ComponentFunc;

/// An interface of `jankins:plugin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Interface {
    /// For the operator.
    Control,
    /// Texts to begin a task with.
    Prompts,
    /// Things with a URI.
    Resources,
}

impl Interface {
    /// The interface that an export is, in any compatible version: semver says that 0.1.x are.
    pub(super) fn of(export: &str) -> Option<Interface> {
        let (name, _) = export.strip_prefix("jankins:plugin/")?.split_once("@0.1.")?;
        match name {
            "control" => Some(Interface::Control),
            "prompts" => Some(Interface::Prompts),
            "resources" => Some(Interface::Resources),
            _ => None,
        }
    }

    /// Whether the host can call `function`; the error says why it cannot although it would.
    pub(super) fn check(self, function: &str, ty: &ComponentFunc) -> Result<(), String> {
        let Some(expected) = self.parameters(function) else { return Ok(()) };
        let found: Vec<Shape> = ty.params().map(|(_, ty)| ShapeReader::default().read(&ty)).collect::<Result<_, _>>()?;
        if found == expected { Ok(()) } else { Err(format!("its function `{function}` has other parameters than the host gives")) }
    }

    /// What the host calls `function` with; nothing for one that it never calls.
    fn parameters(self, function: &str) -> Option<Vec<Shape>> {
        let maybe_text = || Shape::Option(Box::new(Shape::Text));
        let arguments = || Shape::List(Box::new(argument()));
        Some(match (self, function) {
            (Interface::Control, "check" | "stats") | (Interface::Prompts, "list-prompts") | (Interface::Resources, "list-templates") => {
                vec![]
            }
            (Interface::Control, "clear-cache") | (Interface::Resources, "list-resources") => vec![maybe_text()],
            (Interface::Prompts, "get-prompt") => vec![Shape::Text, arguments()],
            (Interface::Resources, "read-resource") => vec![Shape::Text],
            (Interface::Prompts, "complete-argument") | (Interface::Resources, "complete-variable") => {
                vec![Shape::Text, argument(), arguments()]
            }
            _ => return None,
        })
    }
}

fn argument() -> Shape {
    let text = |name: &str| Field { wit_name: name.to_owned(), name: name.to_owned(), shape: Shape::Text };
    Shape::Record(vec![text("name"), text("value")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compatible_versions_are_recognised_and_others_are_left_alone() {
        assert_eq!(Interface::of("jankins:plugin/control@0.1.0"), Some(Interface::Control));
        assert_eq!(Interface::of("jankins:plugin/prompts@0.1.7"), Some(Interface::Prompts));
        assert_eq!(Interface::of("jankins:plugin/resources@0.1.0"), Some(Interface::Resources));
        for other in ["jankins:plugin/resources@0.2.0", "jankins:plugin/resources", "a:b/control@0.1.0", "resources"] {
            assert_eq!(Interface::of(other), None, "{other}");
        }
    }
}
