//! The protocol's requests, answered for one caller from its tenant.

use std::sync::Arc;

use rmcp::ErrorData as McpError;
use rmcp::RoleServer;
use rmcp::ServerHandler;
use rmcp::model::CacheScope;
use rmcp::model::CallToolRequestParams;
use rmcp::model::CallToolResponse;
use rmcp::model::DiscoverResult;
use rmcp::model::InitializeRequestParams;
use rmcp::model::InitializeResult;
use rmcp::model::ListToolsResult;
use rmcp::model::PaginatedRequestParams;
use rmcp::model::ServerConfig;
use rmcp::model::Tool as Listed;
use rmcp::service::RequestContext;
use serde_json::Map;

use super::answer;
use super::call;
use super::confirm::Consent;
use super::measure::Operation;
use super::surface::Servers;
use super::surface::Surface;
use crate::plugin::Failure;
use crate::telemetry::names::UNKNOWN_TOOL;
use crate::tenant::Caller;
use crate::tenant::Tenant;
use crate::toolbox::Found;
use crate::toolbox::Withheld;

/// How long a client may keep what it was told about us. The list changes with the process only.
const TTL_MS: u64 = 300_000;

/// The MCP server of one caller. Cheap to clone: over HTTP there is one for every request.
#[derive(Clone)]
pub(crate) struct Server {
    caller: Caller,
    servers: Arc<Servers>,
}

impl Server {
    /// Serves a tenant's tools to who started this process.
    ///
    /// # Errors
    /// When the system gives no randomness for the key that seals questions.
    pub(crate) fn new(tenant: Arc<Tenant>) -> Result<Self, McpError> {
        Ok(Servers::new()?.serve(Caller::local(tenant)))
    }

    pub(super) fn of(caller: Caller, servers: Arc<Servers>) -> Self {
        Self { caller, servers }
    }

    /// The tenant that is served.
    pub(crate) fn tenant(&self) -> &Arc<Tenant> {
        self.caller.tenant()
    }

    /// What the client sees now. Taken once per request: the plugin may be replaced at any time.
    fn surface(&self) -> Arc<Surface> {
        self.servers.surface(&self.caller)
    }

    fn not_on_offer(&self, name: &str, found: &Found<'_>) -> Result<CallToolResponse, McpError> {
        self.tenant().metrics().call_finished(UNKNOWN_TOOL, std::time::Duration::ZERO, Some("invalid-params"));
        let message = match found {
            // A model has to learn why; a protocol error would not reach it.
            Found::Withheld(Withheld::ReadOnly) => {
                let failure = Failure {
                    hint: Some("ask the operator, or do it in the web interface".to_owned()),
                    ..Failure::host("read-only", format!("{name} changes things, and this server is read-only"))
                };
                return Ok(answer::failed(&failure).into());
            }
            Found::Withheld(Withheld::Toolset(toolset)) => {
                format!("the tool {name} belongs to the toolset `{toolset}`, which this server does not offer")
            }
            Found::Unknown(Some(closest)) => {
                format!("unknown tool: {name}; did you mean {closest}?")
            }
            Found::Unknown(None) | Found::Offered(_) => format!("unknown tool: {name}"),
        };
        Err(McpError::invalid_params(message, None))
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        self.surface().config.clone()
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, McpError> {
        let operation = self.operation("initialize", "", &context);
        context.peer.set_peer_info(request.clone());
        operation.end(self.negotiate_initialize(&request))
    }

    async fn discover(&self, context: RequestContext<RoleServer>) -> Result<DiscoverResult, McpError> {
        let operation = self.operation("server/discover", "", &context);
        let versions = self.supported_protocol_versions().into_owned();
        let result = DiscoverResult::from_server_info(versions, self.get_info());
        operation.end(Ok(result.with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Private)))
    }

    fn get_tool(&self, name: &str) -> Option<Listed> {
        self.surface().tools.iter().find(|tool| tool.name == name).cloned()
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, McpError> {
        let operation = self.operation("tools/list", "", &context);
        // Everything fits on one page, so any cursor is one that we never gave.
        if request.is_some_and(|request| request.cursor.is_some()) {
            return operation.end(Err(McpError::invalid_params("unknown cursor: the list has one page", None)));
        }
        let tools = ListToolsResult::with_all_items(self.surface().tools.clone());
        operation.end(Ok(tools.with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Private)))
    }

    async fn call_tool(&self, request: CallToolRequestParams, context: RequestContext<RoleServer>) -> Result<CallToolResponse, McpError> {
        let surface = self.surface();
        let found = surface.toolbox.find(&request.name);
        let name = if let Found::Offered(tool) = found { &tool.mcp_name } else { UNKNOWN_TOOL };
        let operation = self.operation("tools/call", name, &context);
        operation.end(self.call(found, request, context).await)
    }
}

impl Server {
    fn operation(&self, method: &'static str, tool: &str, context: &RequestContext<RoleServer>) -> Operation {
        Operation::begin(self.tenant().metrics(), method, tool, context)
    }

    async fn call(
        &self,
        found: Found<'_>,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, McpError> {
        let tool = match found {
            Found::Offered(tool) => Arc::clone(tool),
            found => return self.not_on_offer(&request.name, &found),
        };
        if self.tenant().lifecycle().is_draining() {
            let failure = Failure { retry_after_ms: Some(1_000), ..Failure::host("unavailable", "this server is shutting down") };
            return Ok(answer::failed(&failure).into());
        }
        match self.servers.confirmations.consent(&self.caller, &tool, request, &context).await {
            Consent::Given(arguments) => self.run(&tool, arguments, &context).await,
            Consent::Ask(question) => Ok((*question).into()),
            Consent::Refused(failure) => Ok(answer::failed(&failure).into()),
        }
    }

    async fn run(
        &self,
        tool: &crate::plugin::Tool,
        arguments: Map<String, serde_json::Value>,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, McpError> {
        let outcome = call::run(&self.caller, tool, arguments, context).await?;
        Ok(answer::result(outcome).into())
    }
}
