//! The official Rust client, `rmcp`: what `tests/clients` does in other languages, in this process.

use std::time::Duration;

use rmcp::model::{
    ClientConfig, ProgressNotificationParam, ProtocolVersion, ResourceUpdatedNotificationParam,
    ServerNotification, SubscribeRequestParams, SubscriptionFilter, UnsubscribeRequestParams,
};
use rmcp::serde::Serialize;
use rmcp::serde::de::DeserializeOwned;
use rmcp::service::{NotificationContext, RunningService, ServiceError};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt as _, RoleClient, ServiceExt as _};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

/// Attends every visit of the plan, one after the other, and reports. The plan's form is in `tests/clients/driver.mjs`.
pub(crate) async fn drive(plan: &Value) -> Value {
    let limit = Duration::from_secs(plan["seconds"].as_u64().unwrap());
    let mut visits = Vec::new();
    for visit in plan["visits"].as_array().unwrap() {
        visits.push(attend(plan, visit, limit).await);
    }
    visits.into()
}

async fn attend(plan: &Value, visit: &Value, limit: Duration) -> Value {
    let connected = timeout(limit, connect(plan, visit)).await;
    let guest = match connected.unwrap_or_else(|_late| Err(failure("Late", None, "nothing came"))) {
        Ok(guest) => guest,
        Err(told) => return json!({ "refused": told }),
    };
    let mut steps = Vec::new();
    for step in visit["steps"].as_array().unwrap() {
        steps.push(guest.take(step, limit).await);
    }
    let peer = guest.client.peer_info().expect("a connected client knows its server");
    let revision = peer.protocol_version.to_string();
    let server = peer.server_info.as_ref().map(|server| server.name.clone());
    let closed = timeout(limit, guest.client.cancel()).await.is_ok_and(|joined| joined.is_ok());
    json!({ "revision": revision, "server": server, "steps": steps, "closed": closed })
}

async fn connect(plan: &Value, visit: &Value) -> Result<Guest, Value> {
    let (news_sender, news) = unbounded_channel();
    let (progress_sender, progress) = unbounded_channel();
    let (url, token) = (visit["url"].as_str().unwrap(), visit["token"].as_str().unwrap());
    let config = StreamableHttpClientTransportConfig::with_uri(url).auth_header(token);
    let transport = StreamableHttpClientTransport::from_config(config);
    let modern = vec![ProtocolVersion::V_2026_07_28];
    let mut ears = Ears { config: ClientConfig::default(), news: news_sender, progress: progress_sender };
    let connected = match plan["mode"].as_str().unwrap() {
        "legacy" => ears.serve(transport).await,
        "auto" => {
            let mode = ClientLifecycleMode::Auto { preferred_versions: modern, legacy_version: None };
            ears.serve_with_lifecycle(transport, mode).await
        }
        "pin" => {
            let mode = ClientLifecycleMode::Discover { preferred_versions: modern };
            ears.serve_with_lifecycle(transport, mode).await
        }
        revision => {
            ears.config.protocol_version = serde_json::from_value(revision.into()).unwrap();
            ears.serve_with_lifecycle(transport, ClientLifecycleMode::Initialize).await
        }
    };
    let client = connected.map_err(|error| {
        let message = format!("{error}: {}", error.auth_challenge().unwrap_or_default());
        failure("ClientInitializeError", None, &message)
    })?;
    Ok(Guest { client, news: Mutex::new(news), progress: Mutex::new(progress) })
}

/// What the server says without being asked.
struct Ears {
    config: ClientConfig,
    news: UnboundedSender<String>,
    progress: UnboundedSender<ProgressNotificationParam>,
}

impl ClientHandler for Ears {
    fn get_info(&self) -> ClientConfig {
        self.config.clone()
    }

    async fn on_progress(
        &self,
        params: ProgressNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        // Nobody listens once the visit is over.
        _ = self.progress.send(params);
    }

    async fn on_resource_updated(
        &self,
        params: ResourceUpdatedNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        _ = self.news.send(params.uri);
    }
}

struct Guest {
    client: RunningService<RoleClient, Ears>,
    news: Mutex<UnboundedReceiver<String>>,
    progress: Mutex<UnboundedReceiver<ProgressNotificationParam>>,
}

impl Guest {
    /// One step. Whatever goes wrong is what was seen.
    async fn take(&self, step: &Value, limit: Duration) -> Value {
        let mut seen = json!({});
        let outcome = timeout(limit, async {
            match step["watch"].as_str() {
                Some(uri) => seen["updated"] = self.watch(uri, step, &mut seen).await?.into(),
                None => seen["result"] = self.call(step).await?,
            }
            if step["progress"] == true {
                seen["progress"] = self.all_progress().await;
            }
            Ok(())
        });
        match outcome.await.unwrap_or_else(|_late| Err(failure("Late", None, "nothing came"))) {
            Ok(()) => {}
            Err(told) => seen["error"] = told,
        }
        seen
    }

    async fn call(&self, step: &Value) -> Result<Value, Value> {
        let (client, params) = (&self.client, &step["params"]);
        match step["method"].as_str().unwrap() {
            "completion/complete" => seen(client.complete(read(params)).await),
            "prompts/get" => seen(client.get_prompt(read(params)).await),
            "prompts/list" => seen(client.list_prompts(None).await),
            "resources/list" => seen(client.list_resources(None).await),
            "resources/read" => seen(client.read_resource(read(params)).await),
            "resources/templates/list" => seen(client.list_resource_templates(None).await),
            "tools/call" => seen(client.call_tool(read(params)).await),
            "tools/list" => seen(client.list_tools(None).await),
            unknown => panic!("no step `{unknown}`"),
        }
    }

    async fn watch(&self, uri: &str, step: &Value, outcome: &mut Value) -> Result<String, Value> {
        let peer = self.client.peer_info().expect("a connected client knows its server");
        if peer.protocol_version == ProtocolVersion::V_2026_07_28 {
            let filter = SubscriptionFilter::builder().resource_subscriptions([uri.to_owned()]).build();
            let mut subscription = self.client.listen(filter).await.map_err(told)?;
            let honoured = subscription.acknowledged().resource_subscriptions.as_ref();
            if !honoured.is_some_and(|uris| uris.iter().any(|honoured| honoured == uri)) {
                subscription.cancel().await.map_err(told)?;
                return Err(failure("Unexpected", None, &format!("{uri} is not honoured")));
            }
            outcome["result"] = self.call(step).await?;
            let updated = match subscription.next().await.map_err(told)? {
                Some(ServerNotification::ResourceUpdatedNotification(updated)) => updated.params.uri,
                other => return Err(failure("Unexpected", None, &format!("{other:?}"))),
            };
            subscription.cancel().await.map_err(told)?;
            return Ok(updated);
        }
        self.watch_legacy(uri, step, outcome).await
    }

    #[expect(deprecated, reason = "the revisions before 2026-07-28 have nothing else")]
    async fn watch_legacy(&self, uri: &str, step: &Value, outcome: &mut Value) -> Result<String, Value> {
        self.client.subscribe(SubscribeRequestParams::new(uri)).await.map_err(told)?;
        outcome["result"] = self.call(step).await?;
        let updated = self.news.lock().await.recv().await.expect("the sender lives as long as the client");
        self.client.unsubscribe(UnsubscribeRequestParams::new(uri)).await.map_err(told)?;
        Ok(updated)
    }

    /// Every notification of a run, in order. The client hands them out in tasks of their own, which may come late
    /// and in any order.
    async fn all_progress(&self) -> Value {
        let mut progress = self.progress.lock().await;
        let mut seen = Vec::new();
        while let Some(ProgressNotificationParam { progress: done, total: Some(total), .. }) =
            progress.recv().await
        {
            seen.push((done, total));
            if seen.len() as f64 >= total {
                break;
            }
        }
        seen.sort_by(|left, right| left.0.total_cmp(&right.0));
        seen.iter().map(|(done, total)| format!("{done}/{total}")).collect()
    }
}

fn read<T: DeserializeOwned>(params: &Value) -> T {
    serde_json::from_value(params.clone()).unwrap()
}

fn seen<T: Serialize>(result: Result<T, ServiceError>) -> Result<Value, Value> {
    result.map(|result| serde_json::to_value(result).unwrap()).map_err(told)
}

fn told(error: ServiceError) -> Value {
    if let ServiceError::McpError(error) = error {
        return failure("McpError", Some(error.code.0), &error.message);
    }
    failure("ServiceError", None, &error.to_string())
}

fn failure(kind: &str, code: Option<i32>, message: &str) -> Value {
    json!({ "kind": kind, "code": code, "message": message })
}
