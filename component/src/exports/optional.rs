//! The interfaces that a host may do without: prompts and resources.

use super::Component;
use crate::bindings::exports::jankins::plugin::prompts::{Conversation, Guest as Prompts, Prompt};
use crate::bindings::exports::jankins::plugin::resources::{Guest as Resources, Reading, ResourcePage, ResourceTemplate};
use crate::bindings::jankins::plugin::common::{Argument, Completion, Failure};
use crate::bindings::jankins::plugin::types::ToolError;
use crate::call::Call;
use crate::error::Error;
use crate::{prompts, resources};

/// Runs what asks Jenkins: its call, its errors.
async fn run<T>(ask: impl AsyncFnOnce(&Call) -> Result<T, Error>) -> Result<T, Failure> {
    super::run(None, ask).await.map_err(failure)
}

fn failure(record: ToolError) -> Failure {
    Failure {
        code: record.code,
        message: record.message,
        hint: record.hint,
        next_actions: record.next_actions,
        retry_after_ms: record.retry_after_ms,
        correlation_id: record.correlation_id,
    }
}

fn conversation(name: &str, arguments: &[Argument]) -> Result<Conversation, Failure> {
    prompts::get(name, arguments).map_err(|error| failure(error.into_tool_error(String::new())))
}

#[cfg(feature = "p3")]
impl Prompts for Component {
    async fn list_prompts() -> Vec<Prompt> {
        prompts::list()
    }
    async fn get_prompt(name: String, arguments: Vec<Argument>) -> Result<Conversation, Failure> {
        conversation(&name, &arguments)
    }
    async fn complete_argument(prompt: String, begun: Argument, others: Vec<Argument>) -> Result<Completion, Failure> {
        run(async |call: &Call| prompts::complete(call, &prompt, &begun, &others).await).await
    }
}

#[cfg(feature = "p3")]
impl Resources for Component {
    async fn list_resources(cursor: Option<String>) -> Result<ResourcePage, Failure> {
        run(async |call: &Call| resources::list(call, cursor).await).await
    }
    async fn list_templates() -> Vec<ResourceTemplate> {
        resources::templates()
    }
    async fn read_resource(uri: String) -> Result<Reading, Failure> {
        run(async |call: &Call| resources::read(call, &uri).await).await
    }
    async fn complete_variable(uri_template: String, begun: Argument, others: Vec<Argument>) -> Result<Completion, Failure> {
        run(async |call: &Call| resources::complete(call, &uri_template, &begun, &others).await).await
    }
}

#[cfg(feature = "p2")]
impl Prompts for Component {
    fn list_prompts() -> Vec<Prompt> {
        prompts::list()
    }
    fn get_prompt(name: String, arguments: Vec<Argument>) -> Result<Conversation, Failure> {
        conversation(&name, &arguments)
    }
    fn complete_argument(prompt: String, begun: Argument, others: Vec<Argument>) -> Result<Completion, Failure> {
        crate::wasi::block_on(run(async |call: &Call| prompts::complete(call, &prompt, &begun, &others).await))
    }
}

#[cfg(feature = "p2")]
impl Resources for Component {
    fn list_resources(cursor: Option<String>) -> Result<ResourcePage, Failure> {
        crate::wasi::block_on(run(async |call: &Call| resources::list(call, cursor).await))
    }
    fn list_templates() -> Vec<ResourceTemplate> {
        resources::templates()
    }
    fn read_resource(uri: String) -> Result<Reading, Failure> {
        crate::wasi::block_on(run(async |call: &Call| resources::read(call, &uri).await))
    }
    fn complete_variable(uri_template: String, begun: Argument, others: Vec<Argument>) -> Result<Completion, Failure> {
        crate::wasi::block_on(run(async |call: &Call| resources::complete(call, &uri_template, &begun, &others).await))
    }
}
