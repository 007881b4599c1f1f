//! Two prompts, one of which needs a tool that changes things; and two resources, one of which counts its readings.

use std::sync::atomic::Ordering;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::Script;
use crate::plugin::Argument;
use crate::plugin::Body;
use crate::plugin::Completion;
use crate::plugin::Conversation;
use crate::plugin::Failure;
use crate::plugin::Library;
use crate::plugin::Message;
use crate::plugin::Owner;
use crate::plugin::Part;
use crate::plugin::Prompt;
use crate::plugin::PromptArgument;
use crate::plugin::Reading;
use crate::plugin::ResourceInfo;
use crate::plugin::ResourcePage;
use crate::plugin::ResourceTemplate;
use crate::plugin::Role;

fn prompt(name: &str, tool: &str) -> Prompt {
    let argument = PromptArgument { name: "name".to_owned(), title: None, description: Some("Which".to_owned()), required: true };
    Prompt {
        name: name.to_owned(),
        title: Some(format!("The {name}")),
        description: None,
        arguments: vec![argument],
        tools: vec![tool.to_owned()],
    }
}

fn part(uri: &str, body: Body) -> Part {
    Part { uri: uri.to_owned(), mime_type: None, body, last_modified: Some("2026-01-01T00:00:00Z".to_owned()) }
}

impl Library for Script {
    fn list_prompts(&self) -> BoxFuture<'_, Result<Vec<Prompt>, Failure>> {
        async { Ok(vec![prompt("look", "read-thing"), prompt("change", "add-thing")]) }.boxed()
    }

    fn get_prompt(&self, name: String, arguments: Vec<Argument>) -> BoxFuture<'_, Result<Conversation, Failure>> {
        async move {
            if arguments.is_empty() {
                let hint = Some("say which".to_owned());
                return Err(Failure { hint, ..Failure::host("invalid-params", format!("{name} needs the argument name")) });
            }
            let values: Vec<String> = arguments.into_iter().map(|a| format!("{}={}", a.name, a.value)).collect();
            let message = Message { role: Role::User, text: format!("{name} {}", values.join(" ")) };
            Ok(Conversation { description: Some("It looks.".to_owned()), messages: vec![message] })
        }
        .boxed()
    }

    fn list_resources(&self, cursor: Option<String>) -> BoxFuture<'_, Result<ResourcePage, Failure>> {
        async move {
            let uri = if cursor.is_none() { "thing://steady" } else { "thing://counted" };
            let resource = ResourceInfo {
                uri: uri.to_owned(),
                name: "thing".to_owned(),
                title: None,
                description: None,
                mime_type: Some("text/plain".to_owned()),
                last_modified: Some("2026-01-01T00:00:00Z".to_owned()),
            };
            Ok(ResourcePage { resources: vec![resource], next_cursor: cursor.is_none().then(|| "more".to_owned()), tool: None })
        }
        .boxed()
    }

    fn list_templates(&self) -> BoxFuture<'_, Result<Vec<ResourceTemplate>, Failure>> {
        let template = ResourceTemplate {
            uri_template: "thing://{name}".to_owned(),
            name: "thing".to_owned(),
            title: None,
            description: None,
            mime_type: None,
            tool: None,
        };
        let dangerous =
            ResourceTemplate { uri_template: "danger://{name}".to_owned(), tool: Some("drop-thing".to_owned()), ..template.clone() };
        async move { Ok(vec![template, dangerous]) }.boxed()
    }

    fn read_resource(&self, uri: String) -> BoxFuture<'_, Result<Reading, Failure>> {
        async move {
            let body = match (self.failure, uri.as_str()) {
                (Some(code), _) => return Err(Failure::host(code, "it went wrong")),
                (None, "thing://steady" | "danger://steady") => Body::Text("| steady".to_owned()),
                (None, "thing://bytes") => Body::Blob(vec![0, 255]),
                // Every third reading finds it changed.
                (None, "thing://counted") => Body::Text((self.readings.fetch_add(1, Ordering::SeqCst) / 3).to_string()),
                (None, _) => return Err(Failure::host("not-found", format!("{uri} does not exist"))),
            };
            let tool = uri.starts_with("danger:").then(|| "drop-thing".to_owned());
            Ok(Reading { parts: vec![part(&uri, body)], version: None, fresh_seconds: 0, correlation_id: "c-2".to_owned(), tool })
        }
        .boxed()
    }

    fn complete(&self, of: Owner, begun: Argument, others: Vec<Argument>) -> BoxFuture<'_, Result<Completion, Failure>> {
        async move {
            let owner = match of {
                Owner::Prompt(name) => format!("prompt {name}"),
                Owner::Template(template) => format!("template {template}"),
            };
            let others: Vec<String> = others.into_iter().map(|a| format!("{}={}", a.name, a.value)).collect();
            let mut values = vec![format!("{owner}: {}={} {}", begun.name, begun.value, others.join(","))];
            values.extend((1..200).map(|n| n.to_string()));
            Ok(Completion { values, total: Some(200), has_more: false })
        }
        .boxed()
    }
}
