//! How many items a message brings to a caller.
//!
//! - each member of a list: tools, prompts, resources, resource templates, tasks, completion values;
//! - each content: of a resource that is read, of a tool's result, each message of a prompt;
//! - each row of a tool's structured result: a member of an array in it. What is inside a row is part of the row.
//!
//! A task's state may hold a result, which counts like one. Notifications, questions and errors bring none.

use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::message::{Message, Outcome};

/// The members of results that are lists of items.
const LISTS: [&str; 8] =
    ["content", "contents", "messages", "prompts", "resourceTemplates", "resources", "tasks", "tools"];

/// The items of a message.
pub(crate) fn items(message: &Message<'_>) -> u64 {
    match message {
        Message::Response(response) => match &response.outcome {
            Outcome::Result(result) => {
                let inner = result.get("result").and_then(Json::as_object);
                of_result(result).saturating_add(inner.map_or(0, of_result))
            }
            Outcome::Error(_) => 0,
        },
        Message::Notification(notification) => {
            let state = notification.params.as_ref().and_then(|params| params.get("result"));
            state.and_then(Json::as_object).map_or(0, of_result)
        }
        Message::Request(_) => 0,
    }
}

fn of_result(result: &Object<'_>) -> u64 {
    let length = |list: Option<&Json<'_>>| list.and_then(Json::as_array).map_or(0, |list| count(list.len()));
    let completion = result.get("completion").and_then(Json::as_object);
    let rows = result.get("structuredContent").map_or(0, rows);
    LISTS
        .into_iter()
        .map(|member| length(result.get(member)))
        .chain([length(completion.and_then(|completion| completion.get("values"))), rows])
        .fold(0, u64::saturating_add)
}

/// The members of the arrays in a value that are inside no other array.
fn rows(value: &Json<'_>) -> u64 {
    match value {
        Json::Array(rows) => count(rows.len()),
        Json::Object(object) => object.iter().map(|(_, member)| rows(member)).fold(0, u64::saturating_add),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => 0,
    }
}

fn count(length: usize) -> u64 {
    length.try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use portcullis_mcp::json::{self, Bounds};

    use super::*;

    #[test]
    fn items_are_what_a_reader_would_count() {
        for (message, want) in [
            (r#"{"id":1,"result":{}}"#, 0),
            (r#"{"id":1,"result":{"content":[{"type":"text","text":"[1,2,3]"}]}}"#, 1),
            (r#"{"id":1,"result":{"tools":[{},{},{}]}}"#, 3),
            (r#"{"id":1,"result":{"contents":[{},{}]}}"#, 2),
            (r#"{"id":1,"result":{"messages":[{}]}}"#, 1),
            (r#"{"id":1,"result":{"completion":{"values":["a","b"]}}}"#, 2),
            (r#"{"id":1,"result":{"content":[{}],"structuredContent":{"rows":[{"tags":["a","b"]},{}]}}}"#, 3),
            (r#"{"id":1,"result":{"structuredContent":{"a":{"b":[1,2]},"c":[[1,2],[3,4]],"d":5}}}"#, 4),
            (r#"{"id":1,"result":{"structuredContent":[1,2,3]}}"#, 3),
            (r#"{"id":1,"result":{"taskId":"t","result":{"content":[{},{}]}}}"#, 2),
            (r#"{"id":1,"error":{"code":1,"message":"x","data":[1,2]}}"#, 0),
            (r#"{"method":"notifications/message","params":{"data":[1,2]}}"#, 0),
            (r#"{"method":"notifications/tasks","params":{"taskId":"t","result":{"content":[{}]}}}"#, 1),
            (r#"{"id":1,"method":"sampling/createMessage","params":{"messages":[{}]}}"#, 0),
        ] {
            let text = message.replacen('{', r#"{"jsonrpc":"2.0","#, 1);
            let value = json::parse(text.as_bytes(), Bounds::answer(16)).unwrap();
            assert_eq!(items(&Message::try_from(value).unwrap()), want, "case: {message}");
        }
    }
}
