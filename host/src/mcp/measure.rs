//! Times every MCP request and makes it a span of its trace, under the names of the OpenTelemetry conventions.
//!
//! A request that its client gives up is recorded when it is dropped, as `cancelled`.

use std::sync::Arc;
use std::time::Instant;

use futures::future::BoxFuture;
use rmcp::ErrorData as McpError;
use rmcp::RoleServer;
use rmcp::model::CallToolResponse;
use rmcp::model::ProtocolVersion;
use rmcp::service::RequestContext;

use crate::lanes::Share;
use crate::telemetry::Metrics;
use crate::telemetry::labels::McpLabel;
use crate::telemetry::trace;
use crate::telemetry::trace::Span;
use crate::telemetry::trace::TraceContext;
use crate::tenant::Caller;

/// What a version is called that we do not speak.
const UNKNOWN: &str = "_unknown";
/// What a call counts as whose tool reports a failure.
const TOOL_ERROR: &str = "tool_error";

/// A request that is being answered.
pub(super) struct Operation {
    metrics: Arc<Metrics>,
    share: Share,
    label: McpLabel,
    started: Instant,
    span: Span,
}

impl Operation {
    /// Begins one of this caller. The tool is one of the catalogue, or nothing.
    pub(super) fn begin(caller: &Caller, method: &'static str, tool: &str, context: &RequestContext<RoleServer>) -> Self {
        let over_http = context.extensions.get::<http::request::Parts>().is_some();
        let label = McpLabel {
            mcp_method_name: method,
            gen_ai_tool_name: tool.to_owned(),
            gen_ai_prompt_name: String::new(),
            error_type: "cancelled".to_owned(),
            network_transport: if over_http { "tcp" } else { "pipe" },
            mcp_protocol_version: version(context.protocol_version().as_ref()),
        };
        let mut span = Span::server(callers_trace(context), || format!("{method} {tool}").trim_end().to_owned());
        span.set("jankins.tenant", caller.tenant().id());
        let (metrics, share) = (Arc::clone(caller.tenant().metrics()), caller.tenant().share().clone());
        Self { metrics, share, label, started: Instant::now(), span }
    }

    /// Ends it with what some work comes to, which is done as a part of its trace. The work is boxed because the library
    /// moves its handlers' futures about, from one task into the next, and that of a call has some kilobytes.
    pub(super) async fn answer<T: Answered>(self, work: BoxFuture<'_, Result<T, McpError>>) -> Result<T, McpError> {
        let result = self.share.measured(trace::scope(self.span.context().clone(), work)).await;
        self.end(result)
    }

    /// The same for a prompt, whose name counts once the plugin has it.
    pub(super) async fn answer_prompt<T: Answered>(
        mut self,
        name: String,
        work: BoxFuture<'_, Result<T, McpError>>,
    ) -> Result<T, McpError> {
        let result = self.share.measured(trace::scope(self.span.context().clone(), work)).await;
        if result.is_ok() {
            self.label.gen_ai_prompt_name = self.metrics.prompt(&name);
        }
        self.end(result)
    }

    /// Ends it with what is answered.
    pub(super) fn end<T: Answered>(mut self, result: Result<T, McpError>) -> Result<T, McpError> {
        self.label.error_type = match &result {
            Ok(answer) if answer.is_tool_error() => TOOL_ERROR.to_owned(),
            Ok(_) => String::new(),
            Err(error) => error.code.0.to_string(),
        };
        result
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        let label = &self.label;
        let span = &mut self.span;
        for (name, value) in [
            ("mcp.method.name", label.mcp_method_name),
            ("mcp.protocol.version", &label.mcp_protocol_version),
            ("network.transport", label.network_transport),
            ("gen_ai.tool.name", &label.gen_ai_tool_name),
            ("gen_ai.prompt.name", &label.gen_ai_prompt_name),
        ] {
            if !value.is_empty() {
                span.set(name, value);
            }
        }
        if !label.error_type.is_empty() {
            span.fail(&label.error_type);
        }
        self.metrics.operation(&self.label, self.started.elapsed());
    }
}

/// A result that may report a failure of the tool.
pub(super) trait Answered {
    /// Whether it does.
    fn is_tool_error(&self) -> bool {
        false
    }
}

impl Answered for CallToolResponse {
    fn is_tool_error(&self) -> bool {
        matches!(self, Self::Complete(result) if result.is_error == Some(true))
    }
}

impl Answered for rmcp::model::ListToolsResult {}
impl Answered for rmcp::model::DiscoverResult {}
impl Answered for rmcp::model::InitializeResult {}
impl Answered for rmcp::model::ListPromptsResult {}
impl Answered for rmcp::model::GetPromptResult {}
impl Answered for rmcp::model::ListResourcesResult {}
impl Answered for rmcp::model::ListResourceTemplatesResult {}
impl Answered for rmcp::model::ReadResourceResult {}
impl Answered for rmcp::model::CompleteResult {}

/// The trace that the caller names, in the request itself or, over HTTP, in its headers.
fn callers_trace(context: &RequestContext<RoleServer>) -> Option<TraceContext> {
    let named = context.meta.get_traceparent().and_then(|parent| TraceContext::parse(parent, context.meta.get_tracestate()));
    named.or_else(|| {
        let headers = &context.extensions.get::<http::request::Parts>()?.headers;
        let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        TraceContext::parse(text("traceparent")?, text("tracestate"))
    })
}

fn version(version: Option<&ProtocolVersion>) -> String {
    let known = version.filter(|version| ProtocolVersion::KNOWN_VERSIONS.contains(version));
    known.map_or(UNKNOWN, ProtocolVersion::as_str).to_owned()
}
