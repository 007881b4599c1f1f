//! The MCP server over a tenant's tools, prompts and resources, one for each caller.
//!
//! It speaks revision 2026-07-28 (stateless, every request stands alone) and, to older clients, the revisions that
//! open with `initialize`. Names, schemas, texts and URIs are the plugin's; prompts, resources and completions are
//! declared when the plugin has them.
//!
//! | a client sends | it gets |
//! |---|---|
//! | a tool that is not on offer | the protocol error -32602, with the closest name |
//! | arguments that do not fit, or a failure of any kind | a result with `isError`, whose text a model can act on |
//! | a call that destroys something | a question to its user, or a request to confirm (see [`confirm`]) |
//! | a progress token | word every two seconds that the call is still running |
//! | a cancellation | nothing more; the plugin finishes by itself |
//! | a subscription to resources, or to the list of tools | word of each change (see [`watch`]) |

mod answer;
mod call;
mod confirm;
mod library;
mod measure;
mod server;
pub(crate) mod stdio;
mod surface;
mod tools;
mod watch;

pub(crate) use answer::readable;
pub(crate) use server::Server;
pub(crate) use surface::Offer;
pub(crate) use surface::Servers;

#[cfg(test)]
mod tests;
