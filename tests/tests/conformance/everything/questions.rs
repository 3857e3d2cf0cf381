//! Tools that ask the client while they run, as servers do before 2026-07-28: requests on the stream of the call.
#![expect(deprecated, reason = "the revisions before 2026-07-28 have sampling")]

use rmcp::model::{
    CallToolResult, ContentBlock, CreateMessageRequestParams, ElicitRequestParams, JsonObject,
    SamplingMessage,
};
use rmcp::service::ServiceError;
use rmcp::{Peer, RoleServer};
use serde_json::{Value, json};

use super::catalogue;

/// Lets the client's model answer.
pub(super) async fn sample(peer: &Peer<RoleServer>, arguments: &JsonObject) -> CallToolResult {
    let prompt = arguments.get("prompt").and_then(Value::as_str).unwrap_or_default();
    let message = CreateMessageRequestParams::new(vec![SamplingMessage::user_text(prompt)], 100);
    told("LLM response", peer.create_message(message).await)
}

/// Asks the user for what the catalogue says.
pub(super) async fn elicit(
    peer: &Peer<RoleServer>,
    arguments: &JsonObject,
    schema: &Value,
) -> CallToolResult {
    let message = arguments.get("message").and_then(Value::as_str).unwrap_or("Please tell");
    let question: ElicitRequestParams =
        catalogue::read(&json!({ "mode": "form", "message": message, "requestedSchema": schema }));
    told("User response", peer.create_elicitation(question).await)
}

fn told<T: serde::Serialize>(what: &str, answer: Result<T, ServiceError>) -> CallToolResult {
    match answer {
        Ok(answer) => {
            let answer = serde_json::to_string(&answer).expect("JSON");
            CallToolResult::success(vec![ContentBlock::text(format!("{what}: {answer}"))])
        }
        Err(error) => CallToolResult::error(vec![ContentBlock::text(error.to_string())]),
    }
}
