//! Tools that run as tasks, where the client knows tasks (the extension `io.modelcontextprotocol/tasks`).

use std::time::Duration;

use rmcp::ErrorData;
use rmcp::model::{
    CallToolResponse, CallToolResult, ClientCapabilities, ContentBlock, CreateTaskResult, JsonObject,
};
use rmcp::task_manager::{TaskContext, TaskExit, TaskFuture, TaskManager, TaskOptions};
use serde_json::Value;

use super::catalogue;

/// How long a task runs that has nothing to do: long enough to be seen while it runs.
const MOMENT: Duration = Duration::from_millis(200);

/// Runs one of these tools; `answers` is what the client said in earlier rounds.
pub(super) async fn run(
    tasks: &TaskManager,
    name: &str,
    arguments: JsonObject,
    answers: &str,
    capabilities: &ClientCapabilities,
) -> Result<CallToolResponse, ErrorData> {
    if capabilities.supports_tasks() {
        let job = job(name, &arguments, answers);
        return Ok(CreateTaskResult::new(tasks.spawn(TaskOptions::default(), job)).into());
    }
    match name {
        "slow_compute" => {
            tokio::time::sleep(seconds(&arguments)).await;
            Ok(text("computed").into())
        }
        "protocol_error_job" => Err(protocol_error()),
        // What is left needs a client that comes back for the result, or to answer.
        _ => Err(ErrorData::missing_required_client_capability(
            ClientCapabilities::builder().enable_tasks().build(),
        )),
    }
}

type Job = Box<dyn FnOnce(TaskContext) -> TaskFuture>;

fn job(name: &str, arguments: &JsonObject, answers: &str) -> Job {
    let seconds = seconds(arguments);
    let answers = answers.to_owned();
    match name {
        "slow_compute" => Box::new(move |task| Box::pin(compute(task, seconds))),
        "failing_job" => Box::new(|_| {
            Box::pin(async {
                tokio::time::sleep(MOMENT).await;
                Ok(CallToolResult::error(vec![ContentBlock::text("the tool failed")]))
            })
        }),
        "protocol_error_job" => Box::new(|_| {
            Box::pin(async {
                tokio::time::sleep(MOMENT).await;
                Err(TaskExit::Error(protocol_error()))
            })
        }),
        "confirm_delete" => Box::new(|task| {
            Box::pin(async move { Ok(text(&format!("deleted: {}", ask(&task, "confirm").await?))) })
        }),
        "multi_input" => Box::new(|task| {
            Box::pin(async move {
                let (name, value) = tokio::join!(ask(&task, "user_name"), ask(&task, "value"));
                Ok(text(&format!("received: {} {}", name?, value?)))
            })
        }),
        _ => Box::new(move |_| {
            Box::pin(async move {
                tokio::time::sleep(MOMENT).await;
                Ok(text(&format!("received: {answers}")))
            })
        }),
    }
}

async fn compute(task: TaskContext, time: Duration) -> Result<CallToolResult, TaskExit> {
    tokio::select! {
        () = task.cancelled() => Err(TaskExit::Cancelled),
        () = tokio::time::sleep(time) => Ok(text("computed")),
    }
}

async fn ask(task: &TaskContext, key: &str) -> Result<Value, TaskExit> {
    task.request_input(key, catalogue::input(key)).await
}

fn seconds(arguments: &JsonObject) -> Duration {
    Duration::from_secs_f64(arguments.get("seconds").and_then(Value::as_f64).unwrap_or(0.1))
}

fn protocol_error() -> ErrorData {
    ErrorData::internal_error("the protocol failed, not the tool", None)
}

fn text(text: &str) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}
