//! Prompts and resources: what a plugin may offer beside tools, in the host's words.
//!
//! The plugin's own texts and URIs pass through as they are. A plugin that exports neither interface offers nothing; one
//! that answers in another form than the WIT says is a failure with the code `internal`.

use super::answers::to_result;
use super::catalogue::Effect;
use super::instance::Instance;
use super::interfaces::Interface;
use super::outcome::Failure;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use wasmtime::component::Val;

/// Which of it there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Offers {
    /// Prompts can be listed and had.
    pub prompts: bool,
    /// Resources can be read.
    pub resources: bool,
    /// Arguments or variables can be completed.
    pub completions: bool,
}

/// A name and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Argument {
    /// As the plugin names it.
    pub name: String,
    /// As the client wrote it.
    pub value: String,
}

/// Something that a prompt asks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct PromptArgument {
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub required: bool,
}

/// A prompt in a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Prompt {
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub arguments: Vec<PromptArgument>,
    /// The tools that it cannot do without.
    pub tools: Vec<String>,
}

/// Whose words a message stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Role {
    User,
    Assistant,
}

/// A turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Message {
    pub role: Role,
    pub text: String,
}

/// A prompt with its arguments put in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Conversation {
    pub description: Option<String>,
    pub messages: Vec<Message>,
}

/// A resource in a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct ResourceInfo {
    pub uri: String,
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub mime_type: Option<String>,
    pub last_modified: Option<String>,
}

/// Some of the resources.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct ResourcePage {
    pub resources: Vec<ResourceInfo>,
    pub next_cursor: Option<String>,
    /// The tool that says the same.
    pub tool: Option<String>,
}

/// A family of resources.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct ResourceTemplate {
    pub uri_template: String,
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub mime_type: Option<String>,
    /// The tool that says the same.
    pub tool: Option<String>,
}

/// What a resource holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "kebab-case")]
pub(crate) enum Body {
    Text(String),
    Blob(Vec<u8>),
}

/// A part of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub(crate) struct Part {
    pub uri: String,
    pub mime_type: Option<String>,
    pub body: Body,
    pub last_modified: Option<String>,
}

/// A resource as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Reading {
    pub parts: Vec<Part>,
    /// Changes when the resource does; without it the parts tell.
    pub version: Option<String>,
    /// How long it may be taken for fresh.
    pub fresh_seconds: u32,
    pub correlation_id: String,
    /// The tool that says the same.
    pub tool: Option<String>,
}

/// How a value that was begun may go on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Completion {
    pub values: Vec<String>,
    pub total: Option<u32>,
    pub has_more: bool,
}

/// What a value that was begun belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The prompt of that name.
    Prompt(String),
    /// The template with that text.
    Template(String),
}

/// Where prompts and resources come from.
pub(crate) trait Library: Send + Sync {
    /// All prompts.
    fn list_prompts(&self) -> BoxFuture<'_, Result<Vec<Prompt>, Failure>>;
    /// One prompt, with its arguments put in.
    fn get_prompt(&self, name: String, arguments: Vec<Argument>) -> BoxFuture<'_, Result<Conversation, Failure>>;
    /// Resources worth listing, from a cursor on.
    fn list_resources(&self, cursor: Option<String>) -> BoxFuture<'_, Result<ResourcePage, Failure>>;
    /// All templates.
    fn list_templates(&self) -> BoxFuture<'_, Result<Vec<ResourceTemplate>, Failure>>;
    /// One resource.
    fn read_resource(&self, uri: String) -> BoxFuture<'_, Result<Reading, Failure>>;
    /// Values for an argument or variable that was begun.
    fn complete(&self, of: Owner, begun: Argument, others: Vec<Argument>) -> BoxFuture<'_, Result<Completion, Failure>>;
}

impl Library for Instance {
    fn list_prompts(&self) -> BoxFuture<'_, Result<Vec<Prompt>, Failure>> {
        self.ask_or(Interface::Prompts, "list-prompts", vec![], Vec::new()).boxed()
    }

    fn get_prompt(&self, name: String, arguments: Vec<Argument>) -> BoxFuture<'_, Result<Conversation, Failure>> {
        self.ask(Interface::Prompts, "get-prompt", vec![Val::String(name), list(arguments)]).boxed()
    }

    fn list_resources(&self, cursor: Option<String>) -> BoxFuture<'_, Result<ResourcePage, Failure>> {
        let cursor = Val::Option(cursor.map(|cursor| Box::new(Val::String(cursor))));
        let nothing = ResourcePage { resources: Vec::new(), next_cursor: None, tool: None };
        self.ask_or(Interface::Resources, "list-resources", vec![cursor], nothing).boxed()
    }

    fn list_templates(&self) -> BoxFuture<'_, Result<Vec<ResourceTemplate>, Failure>> {
        self.ask_or(Interface::Resources, "list-templates", vec![], Vec::new()).boxed()
    }

    fn read_resource(&self, uri: String) -> BoxFuture<'_, Result<Reading, Failure>> {
        self.ask(Interface::Resources, "read-resource", vec![Val::String(uri)]).boxed()
    }

    fn complete(&self, of: Owner, begun: Argument, others: Vec<Argument>) -> BoxFuture<'_, Result<Completion, Failure>> {
        let (interface, function, name) = match of {
            Owner::Prompt(name) => (Interface::Prompts, "complete-argument", name),
            Owner::Template(template) => (Interface::Resources, "complete-variable", template),
        };
        let nothing = Completion { values: Vec::new(), total: Some(0), has_more: false };
        self.ask_or(interface, function, vec![Val::String(name), record(begun), list(others)], nothing).boxed()
    }
}

impl Instance {
    /// Calls a function of an interface that the plugin may lack.
    async fn ask<T: DeserializeOwned>(&self, interface: Interface, function: &str, params: Vec<Val>) -> Result<T, Failure> {
        let Some(at) = self.function(interface, function) else {
            return Err(Failure::host("not-supported", format!("this plugin has no {function}")));
        };
        let value = to_result(self.run(at, params, Duration::ZERO, Effect::Read).await?)?;
        serde_json::from_value(value)
            .map_err(|e| Failure::host("internal", format!("the plugin's {function} answers in another form: {e}")))
    }

    /// The same, with what it means that the plugin lacks it.
    async fn ask_or<T: DeserializeOwned>(
        &self,
        interface: Interface,
        function: &str,
        params: Vec<Val>,
        otherwise: T,
    ) -> Result<T, Failure> {
        match self.function(interface, function) {
            Some(_) => self.ask(interface, function, params).await,
            None => Ok(otherwise),
        }
    }
}

fn record(argument: Argument) -> Val {
    Val::Record(vec![("name".to_owned(), Val::String(argument.name)), ("value".to_owned(), Val::String(argument.value))])
}

fn list(arguments: Vec<Argument>) -> Val {
    Val::List(arguments.into_iter().map(record).collect())
}
