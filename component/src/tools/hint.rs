//! Next calls as an answer proposes them: `get_build(job="shop", build="3")`.
//!
//! A cursor belongs to the arguments that chose its items, so a hint that goes on must repeat them all.

use std::fmt::Write as _;

/// A call that is being written down.
pub(crate) struct Hint {
    text: String,
    empty: bool,
}

impl Hint {
    /// Of this tool, by the name that callers see.
    pub(crate) fn new(tool: &str) -> Self {
        Self { text: format!("{tool}("), empty: true }
    }

    /// With an argument, where there is one.
    pub(crate) fn with(mut self, name: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            let separator = if self.empty { "" } else { ", " };
            let _ = write!(self.text, "{separator}{name}={value:?}");
            self.empty = false;
        }
        self
    }

    /// The whole call.
    pub(crate) fn call(mut self) -> String {
        self.text.push(')');
        self.text
    }
}

#[cfg(test)]
mod tests;
