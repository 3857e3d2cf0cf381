//! The MCP side: the official SDK's handler over the desk's tools, resources and prompts.
//!
//! The SDK serves every revision it knows from this one handler: 2024-11-05 to 2025-11-25 with the `initialize`
//! handshake and sessions, 2026-07-28 without either.

use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestParams,
    CompleteResult, ContentBlock, GetPromptRequestParams, GetPromptResponse, Implementation,
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities,
    ServerConfig, SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequestParams,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::Value;
use tokio::sync::broadcast;
use tokio::task::JoinSet;

use super::changes::{Change, Subscriptions, grantable};
use super::effects::{Call, Operation};
use super::tools::{Desk, Run, ToolFailure, Toolbox, parse};
use super::{catalogue, changes, reconcile};

/// How long a client may keep a list, in milliseconds. Lists do not change while the service runs.
const LIST_TTL: u64 = 60_000;

/// One handler. The SDK makes one per session of an older revision, and one per request of the newest.
pub(super) struct BillingServer {
    desk: Desk,
    tools: Arc<Toolbox>,
    subscribed: Subscriptions,
    /// Passes news on to this session; ends with it.
    watcher: Mutex<JoinSet<()>>,
    /// News since a `subscriptions/listen` request was accepted, kept until its stream is up.
    news: Mutex<Option<broadcast::Receiver<Change>>>,
}

impl BillingServer {
    pub(super) fn new(desk: Desk, tools: Arc<Toolbox>) -> Self {
        Self {
            desk,
            tools,
            subscribed: Subscriptions::default(),
            watcher: Mutex::default(),
            news: Mutex::default(),
        }
    }

    fn ran(&self, operation: Operation, name: &str, arguments: Option<&rmcp::model::JsonObject>) {
        let arguments = arguments.map_or(Value::Null, |object| Value::Object(object.clone()));
        self.desk.effects.ran(Call { operation, name: name.to_owned(), arguments });
    }
}

impl ServerHandler for BillingServer {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_prompts()
            .enable_completions()
            .build();
        let identity = Implementation::new("billing", env!("CARGO_PKG_VERSION")).with_title("Acme billing");
        ServerConfig::new(capabilities).with_server_info(identity).with_instructions(
            "Billing of Acme: customers, invoices, payments, refunds. Read billing://policy/refunds before refunding.",
        )
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools =
            self.tools.definitions().into_iter().map(|tool| self.desk.changes.current(tool)).collect();
        Ok(ListToolsResult::with_all_items(tools).with_ttl_ms(LIST_TTL).with_cache_scope(CacheScope::Public))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.tools.tool(name).map(|(definition, _run)| self.desk.changes.current(definition.clone()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some((_definition, run)) = self.tools.tool(&request.name) else {
            return Err(ErrorData::invalid_params(format!("unknown tool `{}`", request.name), None));
        };
        self.ran(Operation::Tool, &request.name, request.arguments.as_ref());
        let arguments = request.arguments.unwrap_or_default();
        let outcome = match run {
            Run::Plain(run) => run(&self.desk, arguments),
            Run::Reconcile => self.reconcile(arguments, &context).await,
        };
        Ok(match outcome {
            Ok(value) => CallToolResult::structured(value),
            Err(failure) => CallToolResult::error(vec![ContentBlock::text(failure.to_string())]),
        }
        .into())
    }

    async fn list_resources(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let resources = catalogue::resources(&self.desk.store)?;
        Ok(ListResourcesResult::with_all_items(resources)
            .with_ttl_ms(LIST_TTL)
            .with_cache_scope(CacheScope::Public))
    }

    async fn list_resource_templates(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(catalogue::templates())
            .with_ttl_ms(LIST_TTL)
            .with_cache_scope(CacheScope::Public))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        self.ran(Operation::Resource, &request.uri, None);
        catalogue::read(&self.desk.store, &request.uri).map(Into::into)
    }

    async fn list_prompts(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(catalogue::prompts())
            .with_ttl_ms(LIST_TTL)
            .with_cache_scope(CacheScope::Public))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        self.ran(Operation::Prompt, &request.name, request.arguments.as_ref());
        let arguments = request.arguments.unwrap_or_default();
        catalogue::prompt(&self.desk.store, &request.name, &arguments).map(Into::into)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let argument = &request.argument;
        catalogue::complete(&self.desk.store, &request.r#ref, &argument.name, &argument.value)
            .map(CompleteResult::new)
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let watch = self.desk.changes.watch(context.peer, self.subscribed.clone());
        self.watcher.lock().unwrap_or_else(PoisonError::into_inner).spawn(watch);
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        // Only what exists can change.
        catalogue::read(&self.desk.store, &request.uri)?;
        self.subscribed.add(request.uri);
        Ok(())
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.subscribed.remove(&request.uri);
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        // The client is told "accepted" before `listen` runs; nothing may get lost in between.
        *self.news.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.desk.changes.listen());
        Some(grantable(requested))
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        let early = self.news.lock().unwrap_or_else(PoisonError::into_inner).take();
        changes::stream(early.unwrap_or_else(|| self.desk.changes.listen()), &subscription).await;
        Ok(())
    }
}

impl BillingServer {
    async fn reconcile(
        &self,
        arguments: rmcp::model::JsonObject,
        context: &RequestContext<RoleServer>,
    ) -> Result<Value, ToolFailure> {
        let arguments = parse(arguments)?;
        let found = reconcile::run(&self.desk, &arguments, context).await?;
        serde_json::to_value(found).map_err(|_unwritable| ToolFailure::Unwritable)
    }
}
