//! The host: it runs one WebAssembly component (the plugin) safely and serves the component's tools over MCP.
//!
//! The host knows no tool. Names, parameters, result types and documentation come from the component; what
//! belongs to the host is who may call ([`access`]), the sandbox ([`plugin`]), the one way out ([`egress`]), the
//! protocol ([`mcp`]), the operational endpoints ([`http`]), who waits for whom ([`lanes`]), what can be measured
//! ([`telemetry`]) and the command line ([`cli`]).
//!
//! A request goes one way: `mcp` → [`tenant`] → `plugin` → `egress`. Nothing calls back up, except through the
//! observers that [`telemetry`] implements.

mod access;
mod cli;
mod config;
mod egress;
mod http;
mod lanes;
mod lifecycle;
mod mcp;
mod plugin;
mod rollout;
mod telemetry;
mod tenant;
mod toolbox;

fn main() -> std::process::ExitCode {
    cli::main()
}
