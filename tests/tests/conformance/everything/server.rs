//! The SDK's handler over the catalogue.
#![expect(deprecated, reason = "2026-07-28 deprecates logging and sampling, and the suite asks for both")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams,
    ClientCapabilities, CompleteRequestParams, CompleteResult, CompletionInfo, ContentBlock,
    GetPromptRequestParams, GetPromptResponse, GetTaskParams, GetTaskResult, Implementation, JsonObject,
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities,
    ServerConfig, SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, Tool,
    UnsubscribeRequestParams, UpdateTaskParams,
};
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::task_manager::TaskManager;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::notices::Changed;
use super::rounds::{Next, Round, Tickets};
use super::{catalogue, jobs, notices, questions, rounds};

/// How long a client may keep what it was told, in milliseconds.
const TTL: u64 = 60_000;
/// How long the call runs whose stream is cut off: the client must come back for its answer.
const LONG_ENOUGH: Duration = Duration::from_millis(300);

/// One handler. The SDK takes one for each session of an older revision, and for each request of the newest.
pub(super) struct Server {
    tasks: TaskManager,
    tickets: Arc<Tickets>,
    changes: broadcast::Sender<Changed>,
    /// Changes since a listener was accepted, kept until its stream is up.
    early: Mutex<Option<broadcast::Receiver<Changed>>>,
}

impl Server {
    pub(super) fn new() -> Self {
        Self {
            tasks: TaskManager::new(),
            tickets: Arc::default(),
            changes: broadcast::Sender::new(64),
            early: Mutex::default(),
        }
    }

    /// Another handler of the same server.
    pub(super) fn another(&self) -> Self {
        Self {
            tasks: self.tasks.clone(),
            tickets: Arc::clone(&self.tickets),
            changes: self.changes.clone(),
            early: Mutex::default(),
        }
    }

    /// The tools that are nothing but what they do here.
    async fn run(
        &self,
        name: &str,
        arguments: &JsonObject,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ErrorData> {
        Ok(match name {
            "greet" => {
                let name = arguments.get("name").and_then(Value::as_str).unwrap_or_default();
                said(&format!("Hello, {name}!"))
            }
            "test_missing_capability" => {
                let capabilities = context.meta.client_capabilities().unwrap_or_default();
                if capabilities.sampling.is_none() {
                    let sampling = ClientCapabilities::builder().enable_sampling().build();
                    return Err(ErrorData::missing_required_client_capability(sampling));
                }
                said("the client can sample")
            }
            "test_reconnection" => {
                tokio::time::sleep(LONG_ENOUGH).await;
                said("the client came back for this")
            }
            "test_sampling" => questions::sample(&context.peer, arguments).await,
            "test_trigger_prompt_change" => self.announce(Changed::Prompts),
            "test_trigger_tool_change" => self.announce(Changed::Tools),
            _ => return Err(internal("the catalogue does not say what this tool does")),
        })
    }

    fn announce(&self, change: Changed) -> CallToolResult {
        // Nobody may be listening.
        _ = self.changes.send(change);
        said("announced")
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_completions()
            .enable_logging()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_tasks()
            .enable_tools()
            .enable_tool_list_changed()
            .build();
        ServerConfig::new(capabilities).with_server_info(Implementation::new("everything", "1.0.0"))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let all = ListToolsResult::with_all_items(catalogue::tools());
        Ok(all.with_ttl_ms(TTL).with_cache_scope(CacheScope::Public))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        catalogue::tool(name).map(catalogue::read)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(tool) = catalogue::tool(&request.name) else {
            return Err(ErrorData::invalid_params(format!("there is no tool `{}`", request.name), None));
        };
        if let Some(result) = catalogue::fixed_result(tool) {
            return Ok(result.into());
        }
        let arguments = request.arguments.clone().unwrap_or_default();
        if let Some(schema) = tool.get("asks") {
            return Ok(questions::elicit(&context.peer, &arguments, schema).await.into());
        }
        let capabilities = context.meta.client_capabilities().unwrap_or_default();
        let mut answers = String::new();
        if tool.get("rounds").is_some() {
            match rounds::next(tool, &self.tickets, &Round::of_call(&request, &capabilities))? {
                Next::Ask(asked) => return Ok(asked.into()),
                Next::Answered(said) => answers = said,
            }
        }
        match tool["runs"].as_str() {
            Some("job") => jobs::run(&self.tasks, &request.name, arguments, &answers, &capabilities).await,
            Some("notices") => Ok(notices::run(&request.name, &context).await.map_err(internal)?.into()),
            _ if !answers.is_empty() => Ok(said(&format!("state-ok, received: {answers}")).into()),
            _ => self.run(&request.name, &arguments, &context).await.map(Into::into),
        }
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        self.tasks.get_task(&request.task_id).map(GetTaskResult::new)
    }

    async fn update_task(
        &self,
        request: UpdateTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.tasks.update_task(&request.task_id, request.input_responses)
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.tasks.cancel_task(&request.task_id)
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let all = ListResourcesResult::with_all_items(catalogue::resources());
        Ok(all.with_ttl_ms(TTL).with_cache_scope(CacheScope::Public))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let all = ListResourceTemplatesResult::with_all_items(catalogue::templates());
        Ok(all.with_ttl_ms(TTL).with_cache_scope(CacheScope::Public))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        match catalogue::content(&request.uri) {
            Some(content) => Ok(content.with_ttl_ms(TTL).with_cache_scope(CacheScope::Public).into()),
            None => Err(ErrorData::resource_not_found(
                "there is no such resource",
                Some(json!({ "uri": request.uri })),
            )),
        }
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let all = ListPromptsResult::with_all_items(catalogue::prompts());
        Ok(all.with_ttl_ms(TTL).with_cache_scope(CacheScope::Public))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let Some(prompt) = catalogue::prompt(&request.name) else {
            return Err(ErrorData::invalid_params(format!("there is no prompt `{}`", request.name), None));
        };
        let mut values = BTreeMap::new();
        for (name, value) in request.arguments.clone().unwrap_or_default() {
            values.insert(name, value.as_str().unwrap_or_default().to_owned());
        }
        if prompt.get("rounds").is_some() {
            let capabilities = context.meta.client_capabilities().unwrap_or_default();
            match rounds::next(prompt, &self.tickets, &Round::of_prompt(&request, capabilities))? {
                Next::Ask(asked) => return Ok(asked.into()),
                Next::Answered(said) => _ = values.insert("answers".to_owned(), said),
            }
        }
        Ok(catalogue::filled(prompt, &values).into())
    }

    async fn complete(
        &self,
        _: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let values = ["paris", "park", "party"].map(str::to_owned).to_vec();
        CompletionInfo::new(values).map(CompleteResult::new).map_err(internal)
    }

    async fn set_level(
        &self,
        _: SetLevelRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        // Every line is sent; the suite asks for all of them.
        Ok(())
    }

    async fn subscribe(
        &self,
        _: SubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(
        &self,
        _: UnsubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        // The client is told that it was accepted before `listen` runs.
        *self.early.lock().expect("no panic") = Some(self.changes.subscribe());
        Some(requested.supported_by(&self.get_info().capabilities))
    }

    async fn listen(&self, listener: SubscriptionContext) -> Result<(), ErrorData> {
        let early = self.early.lock().expect("no panic").take();
        notices::stream(early.unwrap_or_else(|| self.changes.subscribe()), &listener).await;
        Ok(())
    }
}

fn internal(error: impl std::fmt::Display) -> ErrorData {
    ErrorData::internal_error(error.to_string(), None)
}

fn said(text: &str) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}
