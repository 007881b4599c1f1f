//! Loads a plugin (one WebAssembly component) and runs it: catalogue, values, sandbox.
//!
//! The host knows no tool. Everything a client sees comes out of the component: names, parameters and results
//! from its types, texts and effects from its `package-docs` section. A tool is any function that the component's
//! world exports directly. Three interfaces of `jankins:plugin` are optional: `control` serves the operator, `prompts`
//! and `resources` serve clients beside the tools.
//!
//! | part | what it does |
//! |---|---|
//! | `engine` | one wasmtime engine per process, its clock, its private cache of compiled code |
//! | `catalogue`, `docs`, `shape`, `schema` | component types and docs → tools with JSON Schemas |
//! | `compare` | whether clients of one version can go on with another |
//! | `arguments`, `answers` | JSON → component values, and back |
//! | `linker`, `sandbox`, `output` | what a guest may import, and what it may use up |
//! | `instance`, `actor` | one long-lived instance per tenant, owned by one task |
//! | `interfaces`, `library` | the optional interfaces: their form, and prompts and resources in the host's words |
//!
//! Loading fails with a [`PluginError`] that names the function at fault. A call never fails as a Rust error: its
//! [`Outcome`] is an answer or a [`Failure`] that a model can act on.

mod actor;
mod answers;
mod arguments;
mod catalogue;
mod compare;
mod docs;
mod engine;
mod error;
mod hooks;
mod instance;
mod interfaces;
mod library;
mod linker;
mod load;
mod outcome;
mod output;
mod sandbox;
mod schema;
mod shape;
mod traces;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;

pub(crate) use catalogue::{Catalogue, Effect, Param, Tool, closest};
pub(crate) use compare::Differences;
pub(crate) use engine::Engine;
pub(crate) use error::PluginError;
pub(crate) use instance::{Instance, InstanceObserver, InstanceSettings};
pub(crate) use library::{
    Argument, Body, Completion, Conversation, Library, Offers, Owner, Part, Prompt, Reading, ResourceInfo, ResourcePage, ResourceTemplate,
    Role,
};
#[cfg(test)]
pub(crate) use library::{Message, PromptArgument};
pub(crate) use load::Plugin;
pub(crate) use outcome::{Answer, CheckReport, CheckStep, Failure, Outcome, Stat};
#[cfg(test)]
pub(crate) use shape::Shape;
