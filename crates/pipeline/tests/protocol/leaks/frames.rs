//! Everything that a server can say (`reference` of the members: MCP, every revision), as messages with places in them.

use serde_json::{Value, json};

use crate::leaks::Era;
use crate::support::{call_of, notification, request};

/// What of a message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A message before the answer.
    Before,
    /// The error of the answer.
    Error,
    /// The result of the answer.
    Result,
    /// A message of a subscription.
    Subscription,
}

#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) name: &'static str,
    pub(crate) era: Era,
    /// What the caller asks.
    pub(crate) request: Value,
    pub(crate) place: Place,
    pub(crate) message: Value,
    /// A task that the caller has created before.
    pub(crate) task: Option<&'static str>,
    /// What the server says before it.
    pub(crate) after: Option<Value>,
}

impl Frame {
    fn new(era: Era, name: &'static str, request: Value, (place, message): (Place, Value)) -> Self {
        Self { name, era, request, place, message, task: None, after: None }
    }

    pub(crate) fn result(era: Era, name: &'static str, method: &str, mut result: Value) -> Self {
        if era == Era::Modern && result.get("resultType").is_none() {
            result["resultType"] = json!("complete");
        }
        Self::new(era, name, asking(method), (Place::Result, result))
    }

    fn error(era: Era, name: &'static str, error: Value) -> Self {
        Self::new(era, name, call_of(1, "read"), (Place::Error, error))
    }

    pub(crate) fn before(era: Era, name: &'static str, method: &str, params: Value) -> Self {
        let mut call = call_of(1, "read");
        if era == Era::Modern {
            call["params"]["_meta"] = json!({"io.modelcontextprotocol/logLevel": "debug"});
        }
        Self::new(era, name, call, (Place::Before, notification(method, params)))
    }

    fn of_task(self, task: &'static str) -> Self {
        Self { task: Some(task), ..self }
    }
}

/// A request of this method.
fn asking(method: &str) -> Value {
    let params = match method {
        "tools/call" => json!({"name": "read", "arguments": {}}),
        "prompts/get" => json!({"name": "letter"}),
        "resources/read" => json!({"uri": "crm://1"}),
        "completion/complete" => {
            json!({"ref": {"type": "ref/prompt", "name": "letter"}, "argument": {"name": "a", "value": ""}})
        }
        "initialize" => json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {}}),
        "tasks/get" | "tasks/result" | "tasks/cancel" => json!({"taskId": "t-1"}),
        _ => json!({}),
    };
    request(1, method, params)
}

fn icons() -> Value {
    json!([{"src": "@", "mimeType": "image/png", "sizes": ["@"], "theme": "@"}])
}

fn annotations() -> Value {
    json!({"audience": ["user", "@"], "priority": 1, "lastModified": "@", "note": "@"})
}

fn meta() -> Value {
    json!({"example.com/x": {"deep": ["@", {"n": "@n", "@k": "named"}]}, "y": "kept"})
}

/// Every kind of content block, each with all that a block can have.
fn blocks() -> Vec<(&'static str, Value)> {
    let block = |name, mut block: Value| {
        block["annotations"] = annotations();
        block["_meta"] = meta();
        (name, block)
    };
    vec![
        block("text", json!({"type": "text", "text": "@"})),
        // What such a block shows is withheld, and what it says of itself with it.
        (
            "image",
            json!({"type": "resource_link", "uri": "crm://1", "name": "@", "_meta": {"image": {"type": "image", "data": "iVBORw0KGgo=", "mimeType": "image/png"}, "y": "kept"}}),
        ),
        block(
            "embedded text",
            json!({"type": "resource", "resource": {"uri": "crm://1", "text": "@", "mimeType": "text/markdown", "title": "@"}}),
        ),
        block(
            "embedded blob",
            json!({"type": "resource", "resource": {"uri": "crm://1", "blob": "@b", "mimeType": "text/plain"}}),
        ),
        block(
            "embedded JSON",
            json!({"type": "resource", "resource": {"uri": "crm://1", "blob": "@b", "mimeType": "application/json; charset=utf-8"}}),
        ),
        block(
            "link",
            json!({"type": "resource_link", "uri": "crm://1", "name": "@", "title": "@", "description": "@", "mimeType": "@", "size": "@n", "icons": icons()}),
        ),
        block(
            "a kind that does not exist yet",
            json!({"type": "later", "value": "@", "list": ["@n"], "@k": "@"}),
        ),
    ]
}

fn lists() -> Vec<(&'static str, Value)> {
    vec![
        (
            "tools/list",
            json!({"tools": [{
            "name": "read", "title": "@", "description": "@", "icons": icons(), "_meta": meta(),
            "annotations": {"title": "@", "readOnlyHint": true},
            "execution": {"taskSupport": "@"},
            "inputSchema": {
                "type": "object", "title": "@", "description": "@", "$comment": "@",
                "properties": {"a": {"type": "string", "description": "@", "default": "@", "examples": ["@"],
                    "enum": ["@"], "pattern": "@", "const": "@"}, "n": {"type": "number", "default": "@n"}},
            },
            "outputSchema": {"type": "object", "description": "@"},
        }], "_meta": meta()}),
        ),
        (
            "prompts/list",
            json!({"prompts": [{
                "name": "letter", "title": "@", "description": "@", "icons": icons(), "_meta": meta(),
                "arguments": [{"name": "a", "title": "@", "description": "@", "required": true}],
            }]}),
        ),
        (
            "resources/list",
            json!({"resources": [{
                "uri": "crm://1", "name": "@", "title": "@", "description": "@", "mimeType": "@", "size": "@n",
                "icons": icons(), "annotations": annotations(), "_meta": meta(),
            }]}),
        ),
        (
            "resources/templates/list",
            json!({"resourceTemplates": [{
                "uriTemplate": "crm://{id}", "name": "@", "title": "@", "description": "@", "mimeType": "@",
                "icons": icons(), "annotations": annotations(), "_meta": meta(),
            }]}),
        ),
    ]
}

/// What a server says of itself, in the answer to `initialize` or `server/discover`.
fn introduction() -> Value {
    json!({
        "capabilities": {"tools": {"@k": "@"}, "completions": {}, "logging": {"note": "@"}},
        "serverInfo": {"name": "@", "title": "@", "version": "@", "description": "@", "websiteUrl": "@", "icons": icons()},
        "instructions": "@", "_meta": meta(),
    })
}

/// What a server asks, as (method, params).
fn questions() -> Vec<(&'static str, &'static str, Value)> {
    let sampling = |content: Value| {
        json!({
            "messages": [{"role": "user", "content": content, "_meta": meta()}], "systemPrompt": "@", "maxTokens": 9,
            "stopSequences": ["@"], "metadata": {"user": "@", "n": "@n"},
            "modelPreferences": {"hints": [{"name": "@"}]},
            "tools": [{"name": "t", "description": "@", "inputSchema": {"type": "object", "description": "@"}}],
        })
    };
    vec![
        (
            "a form",
            "elicitation/create",
            json!({
                "message": "@", "_meta": meta(),
                "requestedSchema": {"type": "object", "properties": {"a": {
                    "type": "string", "title": "@", "description": "@", "default": "@", "enum": ["@"], "enumNames": ["@"],
                    "oneOf": [{"const": "@", "title": "@"}],
                }}},
            }),
        ),
        (
            "a page",
            "elicitation/create",
            json!({
                "mode": "url", "elicitationId": "e-1", "url": "https://login.example.com/x", "message": "@", "_meta": meta(),
            }),
        ),
        ("sampling of a text", "sampling/createMessage", sampling(json!({"type": "text", "text": "@"}))),
        (
            "sampling of a use of a tool",
            "sampling/createMessage",
            sampling(json!([
                {"type": "tool_use", "id": "u-1", "name": "t", "input": {"a": "@", "@k": ["@n"]}, "_meta": meta()},
            ])),
        ),
        (
            "sampling of what a tool has answered",
            "sampling/createMessage",
            sampling(json!([
                {"type": "tool_result", "toolUseId": "u-1", "isError": false, "structuredContent": {"a": "@", "n": "@n"},
                 "content": [{"type": "text", "text": "@"}, {"type": "resource", "resource":
                    {"uri": "crm://1", "blob": "@b", "mimeType": "text/csv"}}]},
            ])),
        ),
        ("folders", "roots/list", json!({"_meta": meta()})),
    ]
}

fn errors() -> Vec<(&'static str, Value)> {
    vec![
        (
            "an error",
            json!({"code": -32000, "message": "@", "data": {"why": "@", "n": "@n", "@k": ["@"], "y": "kept"}}),
        ),
        ("an error with a text", json!({"code": -32602, "message": "kept", "data": "@"})),
        (
            "an error with a list",
            json!({"code": -32602, "message": "kept", "data": [{"uri": "@", "b": {"blob": "@b", "mimeType": "text/plain"}}]}),
        ),
    ]
}

/// The state of a task, at its end, with all that it can have.
fn task_state(result: &Value, error: &Value) -> Value {
    json!({
        "taskId": "t-1", "status": "completed", "statusMessage": "@", "createdAt": "@", "ttl": 1, "_meta": meta(),
        "result": result, "error": error,
    })
}

/// Every frame that a call can bring, in both eras.
pub(crate) fn frames() -> Vec<Frame> {
    let mut frames = Vec::new();
    for era in [Era::Handshake, Era::Modern] {
        for (name, block) in blocks() {
            frames.push(Frame::result(era, name, "tools/call", json!({
                "content": [block], "structuredContent": {"a": {"b": "@", "n": ["@n"], "@k": 1}}, "isError": true, "_meta": meta(),
            })));
            frames.push(Frame::result(
                era,
                name,
                "prompts/get",
                json!({
                    "description": "@", "messages": [{"role": "user", "content": block}], "_meta": meta(),
                }),
            ));
        }
        frames.push(Frame::result(
            era,
            "texts and blobs",
            "resources/read",
            json!({"contents": [
                {"uri": "crm://1", "text": "@", "mimeType": "text/plain", "_meta": meta()},
                {"uri": "crm://1", "blob": "@b", "mimeType": "application/xml", "name": "@"},
            ]}),
        ));
        frames.push(Frame::result(
            era,
            "values",
            "completion/complete",
            json!({
                "completion": {"values": ["@", "kept"], "total": 2, "hasMore": false},
            }),
        ));
        for (method, list) in lists() {
            frames.push(Frame::result(era, "a list", method, list));
        }
        frames.extend(errors().into_iter().map(|(name, error)| Frame::error(era, name, error)));
        frames.push(Frame::before(era, "a log message", "notifications/message", json!({
            "level": "info", "logger": "@", "data": {"to": "@", "n": "@n", "list": ["@"], "@k": "@"}, "_meta": meta(),
        })));
        frames.push(Frame::before(
            era,
            "progress",
            "notifications/progress",
            json!({
                "progressToken": "p", "progress": 1, "total": "@n", "message": "@", "_meta": meta(),
            }),
        ));
    }
    frames.extend(handshake_frames());
    frames.extend(modern_frames());
    frames
}

fn handshake_frames() -> Vec<Frame> {
    let era = Era::Handshake;
    let mut initialized = introduction();
    initialized["protocolVersion"] = json!("2025-11-25");
    let mut frames = vec![
        Frame::result(era, "an introduction", "initialize", initialized),
        Frame::error(
            era,
            "pages that come first",
            json!({"code": -32042, "message": "@", "data": {"elicitations": [
                {"mode": "url", "elicitationId": "e-1", "url": "https://login.example.com/x", "message": "@", "y": "kept"},
            ]}}),
        ),
        Frame::before(
            era,
            "news of a resource",
            "notifications/resources/updated",
            json!({
                "uri": "crm://1", "title": "@", "_meta": meta(),
            }),
        ),
        Frame::before(
            era,
            "a page that was closed",
            "notifications/elicitation/complete",
            json!({
                "elicitationId": "e-1", "note": "@", "_meta": meta(),
            }),
        ),
        Frame::before(era, "news of tools", "notifications/tools/list_changed", json!({"_meta": meta()})),
        Frame::before(era, "news of prompts", "notifications/prompts/list_changed", json!({"_meta": meta()})),
        Frame::before(
            era,
            "news of resources",
            "notifications/resources/list_changed",
            json!({"_meta": meta()}),
        ),
    ];
    for (name, method, params) in questions() {
        let call = call_of(1, "read");
        frames.push(Frame::new(era, name, call, (Place::Before, request("q-1", method, params))));
    }
    let cancelled = json!({"requestId": "q-1", "reason": "@", "_meta": meta()});
    frames.push(Frame {
        after: Some(request("q-1", "roots/list", json!({}))),
        ..Frame::before(era, "a question that is taken back", "notifications/cancelled", cancelled)
    });
    let result = json!({"content": [{"type": "text", "text": "@"}], "structuredContent": {"n": "@n"}});
    let error = json!({"code": 1, "message": "@", "data": "@"});
    let task = |frame: Frame| frame.of_task("t-1");
    frames.push(task(Frame::result(era, "a task", "tasks/get", task_state(&result, &error))));
    frames.push(task(Frame::result(
        era,
        "the result of a task",
        "tasks/result",
        json!({
            "content": [{"type": "text", "text": "@"}], "structuredContent": {"b": "@"}, "_meta": meta(),
        }),
    )));
    frames.push(task(Frame::result(
        era,
        "tasks",
        "tasks/list",
        json!({"tasks": [task_state(&result, &error)]}),
    )));
    frames.push(task(Frame::before(
        era,
        "news of a task",
        "notifications/tasks/status",
        task_state(&result, &error),
    )));
    frames
}

fn modern_frames() -> Vec<Frame> {
    let era = Era::Modern;
    let mut discovered = introduction();
    discovered["supportedVersions"] = json!(["2026-07-28"]);
    let mut frames = vec![Frame::result(era, "an introduction", "server/discover", discovered)];
    for (name, method, params) in questions() {
        frames.push(Frame::result(era, name, "tools/call", json!({
            "resultType": "input_required", "inputRequests": {"q": {"method": method, "params": params}}, "_meta": meta(),
        })));
    }
    let result = json!({"content": [{"type": "text", "text": "@"}], "structuredContent": {"n": "@n"}});
    let error = json!({"code": 1, "message": "@", "data": "@"});
    frames.push(Frame::result(era, "a task", "tasks/get", task_state(&result, &error)).of_task("t-1"));
    frames
}

/// What subscriptions of 2026-07-28 bring.
pub(crate) fn frames_of_subscriptions() -> Vec<Frame> {
    let wanted = json!({"toolsListChanged": true, "resourceSubscriptions": ["crm://1"], "taskIds": ["t-1"]});
    let listen = request("l", "subscriptions/listen", json!({"notifications": wanted}));
    let result = json!({"content": [{"type": "text", "text": "@"}], "structuredContent": {"n": "@n"}});
    let news = |name, method: &str, params: Value| {
        let message = notification(method, params);
        Frame::new(Era::Modern, name, listen.clone(), (Place::Subscription, message)).of_task("t-1")
    };
    vec![
        news("news of tools", "notifications/tools/list_changed", json!({"_meta": meta(), "note": "@"})),
        news(
            "news of a resource",
            "notifications/resources/updated",
            json!({"uri": "crm://1", "title": "@", "_meta": meta()}),
        ),
        news("news of a task", "notifications/tasks", task_state(&result, &Value::Null)),
        news(
            "what was granted",
            "notifications/subscriptions/acknowledged",
            json!({"notifications": wanted, "_meta": meta()}),
        ),
        news("the end", "notifications/cancelled", json!({"requestId": "l", "reason": "@", "_meta": meta()})),
    ]
}
