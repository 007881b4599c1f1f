//! Prompts, resources and completions, as the protocol words them.
//!
//! Everything is the plugin's but the errors: what was asked for wrongly is -32602, a resource that is not there the code
//! that the client's revision has for it, anything else -32603. Each message reads like that of a failed tool, because
//! clients show it to people and models alike; `data` holds the failure's record, and the URI where there was one.
//!
//! What a caller may not learn by a tool it may not learn here: a prompt that leads through a tool which is not on offer
//! to the caller is not offered either, nor is a resource that says what such a tool says.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures::FutureExt as _;
use rmcp::ErrorData as McpError;
use rmcp::model::Annotations;
use rmcp::model::CacheScope;
use rmcp::model::CompleteRequestParams;
use rmcp::model::CompleteResult;
use rmcp::model::CompletionInfo;
use rmcp::model::GetPromptRequestParams;
use rmcp::model::GetPromptResult;
use rmcp::model::ListPromptsResult;
use rmcp::model::ListResourceTemplatesResult;
use rmcp::model::ListResourcesResult;
use rmcp::model::MetaObject;
use rmcp::model::Prompt as ListedPrompt;
use rmcp::model::PromptArgument;
use rmcp::model::PromptMessage;
use rmcp::model::ReadResourceResult;
use rmcp::model::Reference;
use rmcp::model::Resource;
use rmcp::model::ResourceContents;
use rmcp::model::ResourceTemplate as ListedTemplate;
use rmcp::model::Role as Speaker;
use serde_json::Value;
use serde_json::json;

use super::answer::ANSWER_META;
use super::answer::readable;
use super::server::TTL_MS;
use crate::plugin::Argument;
use crate::plugin::Body;
use crate::plugin::Failure;
use crate::plugin::Owner;
use crate::plugin::Part;
use crate::plugin::Prompt;
use crate::plugin::Reading;
use crate::plugin::ResourceInfo;
use crate::plugin::ResourceTemplate;
use crate::plugin::Role;
use crate::tenant::Caller;
use crate::toolbox::Found;
use crate::toolbox::Toolbox;

/// How long a client may keep a list of resources: what it says of their state is soon old.
const RESOURCES_TTL_MS: u64 = 10_000;

/// The prompts on offer.
pub(super) async fn list_prompts(caller: &Caller) -> Result<ListPromptsResult, McpError> {
    let prompts = asked(caller.ask("prompts/list", |runner| runner.list_prompts()).await)?;
    let toolbox = caller.toolbox();
    let offered = prompts.into_iter().filter(|prompt| withheld_tool(&toolbox, prompt).is_none()).map(listed_prompt).collect();
    Ok(ListPromptsResult::with_all_items(offered).with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Private))
}

/// A tool that the prompt needs and that is not on offer.
fn withheld_tool<'a>(toolbox: &Toolbox, prompt: &'a Prompt) -> Option<&'a str> {
    prompt.tools.iter().map(String::as_str).find(|tool| !is_on_offer(toolbox, Some(tool)))
}

fn listed_prompt(prompt: Prompt) -> ListedPrompt {
    let arguments = prompt.arguments.into_iter().map(|argument| {
        let mut listed = PromptArgument::new(argument.name).with_required(argument.required);
        listed.title = argument.title;
        listed.description = argument.description;
        listed
    });
    let mut listed = ListedPrompt::new(prompt.name, prompt.description, Some(arguments.collect()));
    listed.title = prompt.title;
    listed
}

/// One prompt.
pub(super) async fn get_prompt(caller: &Caller, request: GetPromptRequestParams) -> Result<GetPromptResult, McpError> {
    let mut arguments = Vec::new();
    for (name, value) in request.arguments.unwrap_or_default() {
        // The protocol has texts only, but some clients send what a model wrote.
        let value = match value {
            Value::String(text) => text,
            Value::Null => continue,
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Array(_) | Value::Object(_) => {
                return Err(McpError::invalid_params(format!("the argument {name} is not a text"), None));
            }
        };
        arguments.push(Argument { name, value });
    }
    let (name, toolbox) = (request.name, caller.toolbox());
    let ask = caller.ask("prompts/get", |runner| {
        async move {
            let prompts = runner.list_prompts().await?;
            let withheld = prompts.iter().find(|prompt| prompt.name == name).and_then(|prompt| withheld_tool(&toolbox, prompt));
            if let Some(tool) = withheld {
                let message = format!("the prompt {name} needs the tool {tool}, which this server does not offer");
                return Err(Failure::host("invalid-params", message));
            }
            runner.get_prompt(name, arguments).await
        }
        .boxed()
    });
    let conversation = asked(ask.await)?;
    let messages = conversation.messages.into_iter().map(|message| {
        let speaker = match message.role {
            Role::User => Speaker::User,
            Role::Assistant => Speaker::Assistant,
        };
        PromptMessage::new_text(speaker, message.text)
    });
    let mut result = GetPromptResult::new(messages.collect());
    result.description = conversation.description;
    Ok(result)
}

/// A page of resources.
pub(super) async fn list_resources(caller: &Caller, cursor: Option<String>) -> Result<ListResourcesResult, McpError> {
    let page = asked(caller.ask("resources/list", |runner| runner.list_resources(cursor)).await)?;
    if !is_on_offer(&caller.toolbox(), page.tool.as_deref()) {
        return Ok(ListResourcesResult::default().with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Private));
    }
    let resources = page.resources.into_iter().map(listed_resource).collect();
    let mut result = ListResourcesResult::with_all_items(resources).with_ttl_ms(RESOURCES_TTL_MS).with_cache_scope(CacheScope::Private);
    result.next_cursor = page.next_cursor;
    Ok(result)
}

fn listed_resource(resource: ResourceInfo) -> Resource {
    let mut listed = Resource::new(resource.uri, resource.name);
    listed.title = resource.title;
    listed.description = resource.description;
    listed.mime_type = resource.mime_type;
    listed.annotations = resource.last_modified.map(|time| {
        let mut annotations = Annotations::default();
        annotations.last_modified = Some(time);
        annotations
    });
    listed
}

/// All templates.
pub(super) async fn list_templates(caller: &Caller) -> Result<ListResourceTemplatesResult, McpError> {
    let templates = asked(caller.ask("resources/templates/list", |runner| runner.list_templates()).await)?;
    let toolbox = caller.toolbox();
    let offered = templates.into_iter().filter(|template| is_on_offer(&toolbox, template.tool.as_deref()));
    let listed = offered.map(listed_template).collect();
    Ok(ListResourceTemplatesResult::with_all_items(listed).with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Private))
}

fn listed_template(template: ResourceTemplate) -> ListedTemplate {
    let mut listed = ListedTemplate::new(template.uri_template, template.name);
    listed.title = template.title;
    listed.description = template.description;
    listed.mime_type = template.mime_type;
    listed
}

/// One resource.
pub(super) async fn read_resource(caller: &Caller, uri: String) -> Result<ReadResourceResult, McpError> {
    let reading = read(caller, uri.clone()).await;
    let Reading { parts, fresh_seconds, correlation_id, .. } = reading.map_err(|failure| protocol_error(&failure, Some(&uri)))?;
    let contents = parts.into_iter().map(|part| contents(part, &correlation_id)).collect();
    Ok(ReadResourceResult::new(contents).with_ttl_ms(u64::from(fresh_seconds) * 1_000).with_cache_scope(CacheScope::Private))
}

/// The same before it is worded for the protocol.
pub(super) async fn read(caller: &Caller, uri: String) -> Result<Reading, Failure> {
    let toolbox = caller.toolbox();
    let missing = Failure::host("not-found", format!("{uri} is not on offer here"));
    let reading = caller.ask("resources/read", |runner| runner.read_resource(uri)).await?;
    if is_on_offer(&toolbox, reading.tool.as_deref()) { Ok(reading) } else { Err(missing) }
}

/// Whether the tool that says the same is; what no tool says is for everybody.
fn is_on_offer(toolbox: &Toolbox, tool: Option<&str>) -> bool {
    tool.is_none_or(|tool| matches!(toolbox.find(tool), Found::Offered(_)))
}

fn contents(part: Part, correlation_id: &str) -> ResourceContents {
    let contents = match part.body {
        Body::Text(text) => ResourceContents::text(text, part.uri),
        Body::Blob(bytes) => ResourceContents::blob(BASE64_STANDARD.encode(bytes), part.uri),
    };
    let facts = match part.last_modified {
        Some(time) => json!({"correlation_id": correlation_id, "last_modified": time}),
        None => json!({"correlation_id": correlation_id}),
    };
    let mut meta = MetaObject::new();
    meta.0.insert(ANSWER_META.to_owned(), facts);
    let contents = contents.with_meta(meta);
    match part.mime_type {
        Some(mime_type) => contents.with_mime_type(mime_type),
        None => contents,
    }
}

/// Values for an argument of a prompt or a variable of a template.
pub(super) async fn complete(caller: &Caller, request: CompleteRequestParams) -> Result<CompleteResult, McpError> {
    let owner = match request.r#ref {
        Reference::Prompt(prompt) => Owner::Prompt(prompt.name),
        Reference::Resource(template) => Owner::Template(template.uri),
        _ => return Err(McpError::invalid_params("only prompts and resource templates have something to complete", None)),
    };
    let begun = Argument { name: request.argument.name, value: request.argument.value };
    let others = request.context.and_then(|context| context.arguments).unwrap_or_default();
    let mut others: Vec<Argument> = others.into_iter().map(|(name, value)| Argument { name, value }).collect();
    others.sort_by(|a, b| a.name.cmp(&b.name));
    let mut completion = asked(caller.ask("completion/complete", |runner| runner.complete(owner, begun, others)).await)?;
    let has_more = completion.has_more || completion.values.len() > CompletionInfo::MAX_VALUES;
    completion.values.truncate(CompletionInfo::MAX_VALUES);
    let info = CompletionInfo::with_pagination(completion.values, completion.total, has_more);
    info.map(CompleteResult::new).map_err(|error| McpError::internal_error(error, None))
}

fn asked<T>(answered: Result<T, Failure>) -> Result<T, McpError> {
    answered.map_err(|failure| protocol_error(&failure, None))
}

/// A failure of something that has no result to put it in.
fn protocol_error(failure: &Failure, uri: Option<&str>) -> McpError {
    let data = match uri {
        Some(uri) => json!({"error": failure, "uri": uri}),
        None => json!({"error": failure}),
    };
    let (message, data) = (readable(failure), Some(data));
    match (failure.code.as_str(), uri) {
        // The library words this code as the client's revision has it.
        ("not-found", Some(_)) => McpError::resource_not_found(message, data),
        ("not-found" | "invalid-params", _) => McpError::invalid_params(message, data),
        _ => McpError::internal_error(message, data),
    }
}
