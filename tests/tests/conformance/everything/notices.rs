//! Tools that send notifications, and the streams that changes of lists go to.
#![expect(deprecated, reason = "the revisions before 2026-07-28 have log lines")]

use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::{
    CallToolResult, ContentBlock, LoggingLevel, LoggingMessageNotificationParam, ProgressNotificationParam,
};
use rmcp::service::{RequestContext, ServiceError, SubscriptionContext};
use serde_json::json;
use tokio::sync::broadcast;

/// Between two notifications of one tool, so that each can be seen to come by itself.
const PAUSE: Duration = Duration::from_millis(50);

/// Which list has changed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Changed {
    Prompts,
    Tools,
}

/// Runs one of these tools. A client that went away is told nothing.
pub(super) async fn run(
    name: &str,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResult, ServiceError> {
    match name {
        "test_tool_with_logging" => {
            for line in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
                log(context, LoggingLevel::Info, line).await?;
                tokio::time::sleep(PAUSE).await;
            }
        }
        "test_tool_with_progress" => {
            for step in [0.0, 50.0, 100.0] {
                progress(context, step).await?;
                tokio::time::sleep(PAUSE).await;
            }
        }
        // MCP 2026-07-28, logging: only a request that names a level gets log lines.
        _ => {
            if let Some(level) = context.meta.log_level() {
                log(context, level, "a level was named").await?;
            }
        }
    }
    Ok(CallToolResult::success(vec![ContentBlock::text("done")]))
}

async fn log(
    context: &RequestContext<RoleServer>,
    level: LoggingLevel,
    line: &str,
) -> Result<(), ServiceError> {
    context.peer.notify_logging_message(LoggingMessageNotificationParam::new(level, json!(line))).await
}

async fn progress(context: &RequestContext<RoleServer>, step: f64) -> Result<(), ServiceError> {
    let Some(token) = context.meta.get_progress_token() else { return Ok(()) };
    context.peer.notify_progress(ProgressNotificationParam::new(token, step).with_total(100.0)).await
}

/// Passes changes on to one listener until it goes away.
pub(super) async fn stream(mut changes: broadcast::Receiver<Changed>, listener: &SubscriptionContext) {
    loop {
        let change = tokio::select! {
            () = listener.cancelled() => return,
            change = changes.recv() => change,
        };
        // The sink leaves out what the listener did not ask for, and says so.
        _ = match change {
            Ok(Changed::Prompts) => listener.sink().notify_prompt_list_changed().await,
            Ok(Changed::Tools) => listener.sink().notify_tool_list_changed().await,
            Err(broadcast::error::RecvError::Lagged(_)) => Ok(()),
            Err(broadcast::error::RecvError::Closed) => return,
        };
    }
}
