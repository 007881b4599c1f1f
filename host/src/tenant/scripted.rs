//! A tenant whose tools follow a script, for the tests of everything above the plugin.

mod library;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::DEFAULT;
use super::Rights;
use super::Runner;
use super::Tenant;
use super::Toolsets;
use super::shared::Shared;
use crate::plugin::Answer;
use crate::plugin::Catalogue;
use crate::plugin::CheckReport;
use crate::plugin::Effect;
use crate::plugin::Failure;
use crate::plugin::Offers;
use crate::plugin::Outcome;
use crate::plugin::Param;
use crate::plugin::Shape;
use crate::plugin::Stat;
use crate::plugin::Tool;
use crate::telemetry::BuildFacts;

/// Three tools, one of each effect, in two toolsets.
pub(crate) fn catalogue() -> Catalogue {
    Catalogue {
        instructions: "Scripted.".to_owned(),
        honours: std::collections::BTreeSet::new(),
        tools: vec![
            tool("read-thing", Effect::Read, "things"),
            tool("add-thing", Effect::Write, "things"),
            tool("drop-thing", Effect::Destructive, "danger"),
        ],
        offers: Offers { prompts: true, resources: true, completions: true },
    }
}

/// One reading tool with these properties; the first is required.
pub(crate) fn tool_with(properties: Value) -> Tool {
    let Value::Object(properties) = properties else { panic!("properties are an object") };
    let params = properties.keys().enumerate().map(|(at, name)| param(name, at == 0)).collect();
    let schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    Tool { params, input_schema: object(schema), ..tool("read-thing", Effect::Read, "things") }
}

fn param(name: &str, required: bool) -> Param {
    Param { name: name.to_owned(), wit_name: name.replace('_', "-"), description: format!("The {name}"), required, kind: Shape::Text }
}

fn object(value: Value) -> Arc<Map<String, Value>> {
    match value {
        Value::Object(map) => Arc::new(map),
        _ => Arc::default(),
    }
}

fn tool(name: &str, effect: Effect, toolset: &str) -> Tool {
    Tool {
        name: name.to_owned(),
        mcp_name: name.replace('-', "_"),
        description: format!("Does {name}.\n\nFurther facts."),
        effect,
        toolset: toolset.to_owned(),
        off_by_default: false,
        params: vec![param("name", true)],
        input_schema: object(json!({
            "type": "object",
            "properties": {"name": {"type": "string"}},
            "required": ["name"],
            "additionalProperties": false,
        })),
        output_schema: object(json!({
            "type": "object",
            "properties": {"thing": {"type": "string"}},
            "required": ["thing"],
        })),
    }
}

/// What the tools do, and what they were asked.
#[derive(Clone, Default)]
pub(crate) struct Script {
    delay: Duration,
    failure: Option<&'static str>,
    unready: Arc<Mutex<Option<&'static str>>>,
    checks: Arc<Mutex<usize>>,
    asked: Arc<Mutex<Vec<Map<String, Value>>>>,
    readings: Arc<AtomicUsize>,
}

impl Script {
    pub(crate) fn slow(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub(crate) fn failing(mut self, code: &'static str) -> Self {
        self.failure = Some(code);
        self
    }

    pub(crate) fn unready(self, why: &'static str) -> Self {
        *self.unready.lock().unwrap() = Some(why);
        self
    }

    /// How often the plugin was asked whether it is well.
    pub(crate) fn checks(&self) -> usize {
        *self.checks.lock().unwrap()
    }

    /// How often the resource that counts was read.
    pub(crate) fn readings(&self) -> usize {
        self.readings.load(Ordering::SeqCst)
    }

    /// The arguments of every call so far.
    pub(crate) fn asked(&self) -> Vec<Map<String, Value>> {
        self.asked.lock().unwrap().clone()
    }
}

/// A tenant with the scripted catalogue, nothing withheld.
pub(crate) fn tenant(script: Script) -> Arc<Tenant> {
    restricted(script, false)
}

/// The same, read-only if wanted.
pub(crate) fn restricted(script: Script, read_only: bool) -> Arc<Tenant> {
    Tenant::from_parts(DEFAULT, Rights { read_only, toolsets: Toolsets::default() }, Box::new(script), &shared())
}

/// One of several tenants of a process.
pub(crate) fn named(id: &str, script: Script, shared: &Arc<Shared>) -> Arc<Tenant> {
    Tenant::from_parts(id, Rights::default(), Box::new(script), shared)
}

/// What such tenants have in common; no engine.
pub(crate) fn shared() -> Arc<Shared> {
    Shared::without_engine(BuildFacts { version: "0.0.0", component_digest: "sha256:none".to_owned(), wasmtime: "none" })
}

impl Runner for Script {
    fn call<'a>(&'a self, tool: &'a Tool, arguments: Map<String, Value>) -> BoxFuture<'a, Outcome> {
        self.asked.lock().unwrap().push(arguments);
        async move {
            tokio::time::sleep(self.delay).await;
            match self.failure {
                None => Outcome::Answer(Answer {
                    text: format!("{} done", tool.mcp_name),
                    structured: json!({"thing": "T"}),
                    meta: json!({"correlation_id": "c-1"}),
                }),
                Some(code) => Outcome::Failed(Failure {
                    hint: Some("do it right".to_owned()),
                    next_actions: vec!["call read_thing".to_owned()],
                    ..Failure::host(code, "it went wrong")
                }),
            }
        }
        .boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<CheckReport, Failure>> {
        async {
            *self.checks.lock().unwrap() += 1;
            tokio::time::sleep(self.delay).await;
            match *self.unready.lock().unwrap() {
                None => Ok(CheckReport { ok: true, steps: Vec::new() }),
                Some(why) => Err(Failure::host("unavailable", why)),
            }
        }
        .boxed()
    }

    fn stats(&self) -> BoxFuture<'_, Result<Vec<Stat>, Failure>> {
        async { Ok(vec![Stat { name: "cache_size".to_owned(), help: "entries".to_owned(), value: 7.0 }]) }.boxed()
    }

    fn clear_cache(&self, scope: Option<String>) -> BoxFuture<'_, Result<u32, Failure>> {
        async move { Ok(if scope.is_some() { 1 } else { 7 }) }.boxed()
    }

    fn drain(&self, _deadline: Duration) -> BoxFuture<'_, ()> {
        async {}.boxed()
    }
}
