//! What the server offers, read from a file: definitions as the SDK's types, the rest as JSON.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rmcp::model::{
    CallToolResult, GetPromptResult, InputRequest, Prompt, ReadResourceResult, Resource, ResourceTemplate,
    Tool,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

static FILE: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../fixtures/conformance/catalogue.json")).expect("JSON")
});

fn entries(kind: &str) -> &'static [Value] {
    FILE[kind].as_array().expect("a list")
}

/// The entries of a kind as definitions; what else they hold is no member of these types.
fn definitions<T: DeserializeOwned>(kind: &str) -> Vec<T> {
    entries(kind).iter().map(read).collect()
}

pub(super) fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
}

fn entry(kind: &str, name: &str) -> Option<&'static Value> {
    entries(kind).iter().find(|entry| entry["name"] == name)
}

pub(super) fn tools() -> Vec<Tool> {
    definitions("tools")
}

/// A tool with what the file says about its behaviour.
pub(super) fn tool(name: &str) -> Option<&'static Value> {
    entry("tools", name)
}

pub(super) fn prompts() -> Vec<Prompt> {
    definitions("prompts")
}

/// What a tool always answers, if it is one that does.
pub(super) fn fixed_result(tool: &Value) -> Option<CallToolResult> {
    tool.get("result").cloned().map(complete)
}

/// A prompt with what the file says about its behaviour.
pub(super) fn prompt(name: &str) -> Option<&'static Value> {
    entry("prompts", name)
}

/// A prompt with its arguments filled in.
pub(super) fn filled(prompt: &Value, arguments: &BTreeMap<String, String>) -> GetPromptResult {
    let mut messages = prompt["messages"].clone();
    fill(&mut messages, arguments);
    complete(json!({ "description": prompt["description"], "messages": messages }))
}

pub(super) fn resources() -> Vec<Resource> {
    definitions("resources")
}

pub(super) fn templates() -> Vec<ResourceTemplate> {
    definitions("templates")
}

/// The content at a URI, of a resource or by the template.
pub(super) fn content(uri: &str) -> Option<ReadResourceResult> {
    let resource = entries("resources").iter().find(|resource| resource["uri"] == uri);
    let (entry, values) = match resource {
        Some(resource) => (resource, BTreeMap::new()),
        None => by_template(uri)?,
    };
    let mut content = entry["content"].clone();
    fill(&mut content, &values);
    content["uri"] = uri.into();
    content["mimeType"] = entry["mimeType"].clone();
    Some(complete(json!({ "contents": [content] })))
}

fn by_template(uri: &str) -> Option<(&'static Value, BTreeMap<String, String>)> {
    entries("templates").iter().find_map(|template| {
        let (before, after) = template["uriTemplate"].as_str()?.split_once("{id}")?;
        let id = uri.strip_prefix(before)?.strip_suffix(after)?;
        Some((template, [("id".to_owned(), id.to_owned())].into()))
    })
}

/// A result in the form of the newest revision; the SDK takes the mark away for older ones.
fn complete<T: DeserializeOwned>(mut result: Value) -> T {
    result["resultType"] = "complete".into();
    read(&result)
}

/// What a client can be asked for under this key.
pub(super) fn input(key: &str) -> InputRequest {
    read(&FILE["inputs"][key])
}

/// Replaces each `{name}` in the texts by its value.
fn fill(value: &mut Value, values: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            for (name, with) in values {
                *text = text.replace(&format!("{{{name}}}"), with);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, values)),
        Value::Object(members) => members.values_mut().for_each(|member| fill(member, values)),
        Value::Null | Value::Bool(_) | Value::Number(_) => (),
    }
}
