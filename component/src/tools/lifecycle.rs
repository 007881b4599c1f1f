//! Tools that act, and tools that wait.
//!
//! Three rules hold for every write. What can be known to be wrong is refused before anything is sent. A request that
//! acts is sent once: when its outcome is not known, the error says so and how to look. And what an answer reports is
//! the state that Jenkins shows afterwards, not the one that was asked for.

pub(crate) mod config;
mod failure;
mod growth;
pub(crate) mod input;
pub(crate) mod node;
mod parameters;
mod patience;
pub(crate) mod queue;
pub(crate) mod replay;
pub(crate) mod retry;
pub(crate) mod stop;
pub(crate) mod switch;
pub(crate) mod tail;
pub(crate) mod trigger;
pub(crate) mod watch;

use crate::answer;
use crate::bindings::jankins::plugin::types::StateChange;
use crate::call::Call;
use crate::text::budget;

/// How something stood before and stands after.
struct Change {
    target: String,
    before: String,
    after: String,
    /// Worth saying besides.
    notes: Vec<String>,
    next: Option<String>,
}

impl Change {
    /// The answer: changed or not is told by comparing the states.
    fn record(self, call: &Call) -> StateChange {
        let changed = self.before != self.after;
        let mut out = budget::Answer::new(call.max_tokens());
        out.head(match changed {
            true => format!("{}: {}, was {}", self.target, self.after, self.before),
            false => format!("{}: {} as before, nothing changed", self.target, self.after),
        });
        for note in self.notes.iter().chain(&call.missing()) {
            out.head(note);
        }
        if let Some(next) = self.next {
            out.next(next);
        }
        let text = answer::render(call, &out).text;
        StateChange { meta: call.meta(&text), text, target: self.target, before: self.before, after: self.after, changed }
    }
}

#[cfg(test)]
mod tests;
