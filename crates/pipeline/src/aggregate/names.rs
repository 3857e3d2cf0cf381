//! Names that begin with their connection's: `billing__refund` for a tool, a prompt or a task, and
//! `billing+billing://invoices/1` for a URI.
//!
//! A connection's name holds neither `_` nor `+`, so the first of them ends it. Both forms stay what they were: a
//! name of `[A-Za-z0-9_.-]`, a URI with a scheme (RFC 3986 section 3.1).

use std::borrow::Cow;

use portcullis_mcp::era::Call;
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::message::{Message, Outcome};
use portcullis_mcp::method::Method;
use portcullis_settings::ConnectionName;

/// A tool's, prompt's or task's name as the caller sees it.
pub(crate) fn name(connection: &ConnectionName, name: &str) -> String {
    format!("{connection}__{name}")
}

/// A URI as the caller sees it.
pub(super) fn uri(connection: &ConnectionName, uri: &str) -> String {
    format!("{connection}+{uri}")
}

/// The connection and the name that it knows.
pub(super) fn split_name(text: &str) -> Option<(ConnectionName, &str)> {
    let (connection, name) = text.split_once("__")?;
    Some((connection.parse().ok()?, name))
}

/// The connection and the URI that it knows.
pub(super) fn split_uri(text: &str) -> Option<(ConnectionName, &str)> {
    let (connection, uri) = text.split_once('+')?;
    Some((connection.parse().ok()?, uri))
}

/// Takes the connection's name off what a call names, and says which it was.
pub(super) fn take_prefix(call: &mut Call<'_>) -> Option<ConnectionName> {
    let method = call.method;
    let params = call.params.as_mut()?;
    match method {
        Method::PromptsGet | Method::ToolsCall => take(params, "name", split_name),
        Method::TasksCancel | Method::TasksGet | Method::TasksResult | Method::TasksUpdate => {
            take(params, "taskId", split_name)
        }
        Method::ResourcesRead | Method::ResourcesSubscribe | Method::ResourcesUnsubscribe => {
            take(params, "uri", split_uri)
        }
        Method::Complete => {
            let reference = params.get_mut("ref")?.as_object_mut()?;
            match reference.get("uri") {
                Some(_) => take(reference, "uri", split_uri),
                None => take(reference, "name", split_name),
            }
        }
        Method::Initialize
        | Method::LoggingSetLevel
        | Method::Ping
        | Method::PromptsList
        | Method::ResourcesList
        | Method::ResourcesTemplatesList
        | Method::ServerDiscover
        | Method::SubscriptionsListen
        | Method::TasksList
        | Method::ToolsList => None,
    }
}

fn take(
    object: &mut Object<'_>,
    member: &'static str,
    split: impl Fn(&str) -> Option<(ConnectionName, &str)>,
) -> Option<ConnectionName> {
    let text = object.get_str(member)?.to_owned();
    let (connection, rest) = split(&text)?;
    object.insert(member, rest.to_owned());
    Some(connection)
}

/// Puts the connection's name before every name and URI of a message of its server.
pub(crate) fn prefix(connection: &ConnectionName, message: &mut Message<'_>) {
    match message {
        Message::Response(response) => {
            if let Outcome::Result(result) = &mut response.outcome {
                in_result(connection, result);
            }
        }
        Message::Notification(notification) => {
            if let Some(params) = &mut notification.params {
                put(params, "uri", |text| uri(connection, text));
                related(params, |text| name(connection, text));
                in_task(connection, params);
                if let Some(granted) = object(params, "notifications") {
                    each_text(granted, "resourceSubscriptions", |text| uri(connection, text));
                    each_text(granted, "taskIds", |text| name(connection, text));
                }
            }
        }
        Message::Request(request) => {
            if let Some(params) = &mut request.params {
                related(params, |text| name(connection, text));
            }
        }
    }
}

/// Takes the connection's name off the task that an answer of the client belongs to.
pub(super) fn take_related(connection: &ConnectionName, result: &mut Object<'_>) {
    related(result, |text| match split_name(text) {
        Some((of, rest)) if of == *connection => rest.to_owned(),
        Some(_) | None => text.to_owned(),
    });
}

/// The task that a message belongs to (MCP 2025-11-25, tasks).
fn related(object: &mut Object<'_>, change: impl Fn(&str) -> String) {
    let meta = self::object(object, "_meta");
    if let Some(task) = meta.and_then(|meta| self::object(meta, "io.modelcontextprotocol/related-task")) {
        put(task, "taskId", change);
    }
}

fn in_result(connection: &ConnectionName, result: &mut Object<'_>) {
    let prefix_name = |text: &str| name(connection, text);
    let prefix_uri = |text: &str| uri(connection, text);
    each_object(result, "tools", |tool| put(tool, "name", prefix_name));
    each_object(result, "prompts", |prompt| put(prompt, "name", prefix_name));
    each_object(result, "resources", |resource| put(resource, "uri", prefix_uri));
    each_object(result, "resourceTemplates", |template| put(template, "uriTemplate", prefix_uri));
    each_object(result, "contents", |content| put(content, "uri", prefix_uri));
    each_object(result, "tasks", |task| put(task, "taskId", prefix_name));
    each_object(result, "content", |block| in_block(connection, block));
    each_object(result, "messages", |message| {
        if let Some(block) = object(message, "content") {
            in_block(connection, block);
        }
    });
    if let Some(task) = object(result, "task") {
        put(task, "taskId", prefix_name);
    }
    related(result, prefix_name);
    in_task(connection, result);
}

/// The state of a task, with the result that it may hold.
fn in_task(connection: &ConnectionName, state: &mut Object<'_>) {
    put(state, "taskId", |text| name(connection, text));
    if let Some(result) = object(state, "result") {
        each_object(result, "content", |block| in_block(connection, block));
    }
}

fn in_block(connection: &ConnectionName, block: &mut Object<'_>) {
    match block.get_str("type") {
        Some("resource_link") => put(block, "uri", |text| uri(connection, text)),
        Some("resource") => {
            if let Some(resource) = object(block, "resource") {
                put(resource, "uri", |text| uri(connection, text));
            }
        }
        Some(_) | None => {}
    }
}

fn object<'o, 'a>(object: &'o mut Object<'a>, member: &str) -> Option<&'o mut Object<'a>> {
    object.get_mut(member).and_then(Json::as_object_mut)
}

fn put(object: &mut Object<'_>, member: &'static str, change: impl Fn(&str) -> String) {
    if let Some(Json::String(text)) = object.get_mut(member) {
        *text = Cow::Owned(change(text));
    }
}

fn each_object(object: &mut Object<'_>, member: &str, mut change: impl FnMut(&mut Object<'_>)) {
    let items = object.get_mut(member).and_then(Json::as_array_mut);
    for item in items.into_iter().flatten().filter_map(Json::as_object_mut) {
        change(item);
    }
}

fn each_text(object: &mut Object<'_>, member: &str, change: impl Fn(&str) -> String) {
    let items = object.get_mut(member).and_then(Json::as_array_mut);
    for item in items.into_iter().flatten() {
        if let Json::String(text) = item {
            *text = Cow::Owned(change(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_comes_off_as_it_went_on() {
        let billing: ConnectionName = "billing-eu".parse().unwrap();
        for text in ["refund", "a__b", "", "__x", "billing-eu__y"] {
            assert_eq!(split_name(&name(&billing, text)), Some((billing.clone(), text)), "{text}");
        }
        for text in ["file:///a+b", "billing+x:y", "urn:a"] {
            assert_eq!(split_uri(&uri(&billing, text)), Some((billing.clone(), text)), "{text}");
        }
        for text in ["refund", "_refund", "a_b", "Billing__x", "__x"] {
            assert_eq!(split_name(text), None, "{text}");
        }
        assert_eq!(split_uri("file:///a"), None);
    }
}
