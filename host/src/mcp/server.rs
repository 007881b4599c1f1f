//! The protocol's requests, answered for one caller from its tenant.

use std::sync::Arc;

use futures::FutureExt as _;
use rmcp::ErrorData as McpError;
use rmcp::RoleServer;
use rmcp::ServerHandler;
use rmcp::model::CacheScope;
use rmcp::model::CallToolRequestParams;
use rmcp::model::CallToolResponse;
use rmcp::model::CompleteRequestParams;
use rmcp::model::CompleteResult;
use rmcp::model::DiscoverResult;
use rmcp::model::GetPromptRequestParams;
use rmcp::model::GetPromptResponse;
use rmcp::model::InitializeRequestParams;
use rmcp::model::InitializeResult;
use rmcp::model::ListPromptsResult;
use rmcp::model::ListResourceTemplatesResult;
use rmcp::model::ListResourcesResult;
use rmcp::model::ListToolsResult;
use rmcp::model::PaginatedRequestParams;
use rmcp::model::ReadResourceRequestParams;
use rmcp::model::ReadResourceResponse;
use rmcp::model::ServerConfig;
use rmcp::model::SubscriptionFilter;
use rmcp::model::Tool as Listed;
use rmcp::service::RequestContext;
use rmcp::service::SubscriptionContext;
use serde_json::Map;

use super::answer;
use super::call;
use super::confirm::Consent;
use super::library;
use super::measure::Operation;
use super::surface::Offer;
use super::surface::Servers;
use super::surface::Surface;
use super::watch::watch;
use crate::plugin::Failure;
use crate::telemetry::names::UNKNOWN_TOOL;
use crate::tenant::Caller;
use crate::tenant::Tenant;
use crate::toolbox::Found;
use crate::toolbox::Withheld;

/// How long a client may keep what it was told about us. Another plugin or configuration changes it, and who listens is
/// told at once.
pub(super) const TTL_MS: u64 = 300_000;

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
        Ok(Servers::new(Offer::Fixed)?.serve(Caller::local(tenant)))
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
        operation.end(self.negotiate_initialize(&request).map(|mut answer| {
            // To clients that open with this it would mean `resources/subscribe`, and notifications over a stream that
            // they open (see `super::watch`).
            if let Some(resources) = &mut answer.capabilities.resources {
                resources.subscribe = None;
            }
            if let Some(tools) = &mut answer.capabilities.tools {
                tools.list_changed = None;
            }
            answer
        }))
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
        operation.end(one_page(request).map(|()| {
            let tools = ListToolsResult::with_all_items(self.surface().tools.clone());
            tools.with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Private)
        }))
    }

    async fn call_tool(&self, request: CallToolRequestParams, context: RequestContext<RoleServer>) -> Result<CallToolResponse, McpError> {
        let surface = self.surface();
        let found = surface.toolbox.find(&request.name);
        let name = if let Found::Offered(tool) = found { &tool.mcp_name } else { UNKNOWN_TOOL };
        let operation = self.operation("tools/call", name, &context);
        operation.answer(self.call(found, request, context).boxed()).await
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, McpError> {
        let operation = self.operation("prompts/list", "", &context);
        let prompts = async {
            one_page(request)?;
            library::list_prompts(&self.caller).await
        };
        operation.answer(prompts.boxed()).await
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, McpError> {
        let operation = self.operation("prompts/get", "", &context);
        operation.answer_prompt(request.name.clone(), library::get_prompt(&self.caller, request).boxed()).await.map(Into::into)
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, McpError> {
        let operation = self.operation("resources/list", "", &context);
        operation.answer(library::list_resources(&self.caller, request.and_then(|request| request.cursor)).boxed()).await
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, McpError> {
        let operation = self.operation("resources/templates/list", "", &context);
        let templates = async {
            one_page(request)?;
            library::list_templates(&self.caller).await
        };
        operation.answer(templates.boxed()).await
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, McpError> {
        let operation = self.operation("resources/read", "", &context);
        operation.answer(library::read_resource(&self.caller, request.uri).boxed()).await.map(Into::into)
    }

    async fn complete(&self, request: CompleteRequestParams, context: RequestContext<RoleServer>) -> Result<CompleteResult, McpError> {
        let operation = self.operation("completion/complete", "", &context);
        operation.answer(library::complete(&self.caller, request).boxed()).await
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        let resources = self.surface().toolbox.offers().resources;
        let changing = self.servers.offer == Offer::Changing;
        // What nobody asked for, the library takes out again.
        (resources || changing).then(|| {
            let mut accepted = if resources { self.servers.watched.accept(requested) } else { SubscriptionFilter::default() };
            accepted.tools_list_changed = changing.then_some(true);
            accepted
        })
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), McpError> {
        watch(&self.caller, &self.servers, &context).await;
        Ok(())
    }
}

/// For lists that have one page: any cursor is one that we never gave.
fn one_page(request: Option<PaginatedRequestParams>) -> Result<(), McpError> {
    match request.and_then(|request| request.cursor) {
        Some(_) => Err(McpError::invalid_params("unknown cursor: the list has one page", None)),
        None => Ok(()),
    }
}

impl Server {
    fn operation(&self, method: &'static str, tool: &str, context: &RequestContext<RoleServer>) -> Operation {
        Operation::begin(&self.caller, method, tool, context)
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
