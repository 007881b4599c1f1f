//! Times every MCP request, under the names of the OpenTelemetry conventions.
//!
//! A request that its client gives up is recorded when it is dropped, as `cancelled`.

use std::sync::Arc;
use std::time::Instant;

use rmcp::ErrorData as McpError;
use rmcp::RoleServer;
use rmcp::model::CallToolResponse;
use rmcp::model::ProtocolVersion;
use rmcp::service::RequestContext;

use crate::telemetry::Metrics;
use crate::telemetry::labels::McpLabel;

/// What a version is called that we do not speak.
const UNKNOWN: &str = "_unknown";
/// What a call counts as whose tool reports a failure.
const TOOL_ERROR: &str = "tool_error";

/// A request that is being answered.
pub(super) struct Operation {
    metrics: Arc<Metrics>,
    label: McpLabel,
    started: Instant,
}

impl Operation {
    /// Begins one. The tool is one of the catalogue, or nothing.
    pub(super) fn begin(metrics: &Arc<Metrics>, method: &'static str, tool: &str, context: &RequestContext<RoleServer>) -> Self {
        let over_http = context.extensions.get::<http::request::Parts>().is_some();
        let label = McpLabel {
            mcp_method_name: method,
            gen_ai_tool_name: tool.to_owned(),
            error_type: "cancelled".to_owned(),
            network_transport: if over_http { "tcp" } else { "pipe" },
            mcp_protocol_version: version(context.protocol_version().as_ref()),
        };
        Self { metrics: Arc::clone(metrics), label, started: Instant::now() }
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

fn version(version: Option<&ProtocolVersion>) -> String {
    let known = version.filter(|version| ProtocolVersion::KNOWN_VERSIONS.contains(version));
    known.map_or(UNKNOWN, ProtocolVersion::as_str).to_owned()
}
