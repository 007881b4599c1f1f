//! Jenkins for AI agents, as a WebAssembly component.
//!
//! `wit/world.wit` says what it exports; this file wires each export to its tool. A request goes one way:
//! `tools` → `jenkins` → `upstream` → `wasi`. Nothing calls back up.

#![cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "what only the exports and the transport use, which are the component's alone")
)]

mod analysis;
mod answer;
mod app;
mod call;
mod complete;
mod control;
mod cursor;
mod error;
#[cfg(target_arch = "wasm32")]
mod exports;
mod jenkins;
mod json;
mod prompts;
mod resources;
mod settings;
mod sorted;
#[cfg(test)]
mod testing;
mod text;
mod together;
mod tools;
mod upstream;
#[cfg(target_arch = "wasm32")]
mod wasi;

/// Generated from `wit/` by the build script.
#[allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    dead_code,
    unused_imports,
    clippy::all,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::allow_attributes_without_reason,
    reason = "generated code"
)]
mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}
