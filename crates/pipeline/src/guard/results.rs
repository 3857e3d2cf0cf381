//! What may stand in the result of each method.

use portcullis_mcp::era::Era;
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::method::Method;
use portcullis_mcp::revision::Revision;

use crate::features::TASKS_EXTENSION;
use crate::guard::lists::List;
use crate::guard::{Expected, Fault, Guard};

/// How long a client may reuse a list or a read, in milliseconds: policy may change meanwhile.
const MAX_TTL_MS: i64 = 60_000;

/// What kind of result it is (`resultType`, MCP 2026-07-28).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The answer.
    Complete,
    /// The server asks for more.
    InputRequired,
    /// The server goes on by itself.
    Task,
}

impl Guard {
    /// Filters and masks a result in place.
    pub(super) fn result(&mut self, call: &Expected, result: &mut Object<'_>) -> Result<(), Fault> {
        match kind(call, result)? {
            Kind::Complete => self.complete(call, result),
            Kind::InputRequired => self.input_required(call, result),
            Kind::Task => self.created(call, result),
        }
    }

    fn complete(&mut self, call: &Expected, result: &mut Object<'_>) -> Result<(), Fault> {
        let modern = call.era == Era::Modern;
        let mut opaque = None;
        match call.method {
            Method::ToolsList | Method::PromptsList | Method::ResourcesList => {
                if let Some(list) = List::of(call.method) {
                    self.filter_list(list, result)?;
                }
                opaque = Some("nextCursor");
            }
            Method::ResourcesTemplatesList => {
                self.filter_templates(result)?;
                opaque = Some("nextCursor");
            }
            Method::TasksList => opaque = Some("nextCursor"),
            Method::Initialize => self.negotiated = Some(negotiated(result)?),
            Method::ServerDiscover => supported(result)?,
            Method::ResourcesRead => self.filter_contents(result)?,
            Method::PromptsGet | Method::ToolsCall | Method::TasksResult => self.filter_embedded(result),
            Method::Complete => self.filter_values(call, result),
            Method::TasksGet | Method::TasksCancel => return self.task(call, result),
            Method::LoggingSetLevel
            | Method::Ping
            | Method::ResourcesSubscribe
            | Method::ResourcesUnsubscribe
            | Method::SubscriptionsListen
            | Method::TasksUpdate => {}
        }
        if modern && call.method.is_cacheable() {
            limit_caching(result);
        }
        self.clean(result, opaque.as_slice());
        if call.method == Method::SubscriptionsListen {
            self.name_subscription(result);
        }
        Ok(())
    }
}

/// MCP 2026-07-28: every result says what it is, and an unknown kind must be treated as invalid. A client of an
/// earlier revision takes the new kinds for an empty success, so it never sees one.
fn kind(call: &Expected, result: &Object<'_>) -> Result<Kind, &'static str> {
    let is_modern = call.era == Era::Modern;
    match result.get("resultType") {
        None if is_modern => Err("a result without `resultType`"),
        None if is_task(call, result) && call.may_be_task => Ok(Kind::Task),
        None if is_task(call, result) => Err("a task that the client did not ask for"),
        None => Ok(Kind::Complete),
        Some(kind) => match kind.as_str() {
            Some("complete") => Ok(Kind::Complete),
            Some("input_required") if is_modern && call.method.is_multi_round() => Ok(Kind::InputRequired),
            Some("task") if is_modern && call.may_be_task => Ok(Kind::Task),
            Some(_) | None => Err("a kind of result that the client did not offer to handle"),
        },
    }
}

/// Whether the answer to a call of 2025-11-25 is a task in place of its result.
fn is_task(call: &Expected, result: &Object<'_>) -> bool {
    call.method == Method::ToolsCall && result.get("task").is_some() && result.get("content").is_none()
}

/// The revision must be one that the gateway reads; what it does not police is not offered.
fn negotiated(result: &mut Object<'_>) -> Result<Revision, &'static str> {
    let revision = result.get_str("protocolVersion").and_then(Revision::parse);
    let revision = revision.filter(|revision| !revision.is_modern());
    let revision = revision.ok_or("a protocol version that the gateway does not speak")?;
    strip_capabilities(result, false);
    Ok(revision)
}

fn supported(result: &mut Object<'_>) -> Result<(), &'static str> {
    let Some(versions) = result.get_mut("supportedVersions").and_then(Json::as_array_mut) else {
        return Err("`supportedVersions` is missing");
    };
    versions.retain(|version| version.as_str().and_then(Revision::parse).is_some());
    strip_capabilities(result, true);
    Ok(())
}

/// What nobody inspects is not offered.
fn strip_capabilities(result: &mut Object<'_>, modern: bool) {
    let Some(capabilities) = result.get_mut("capabilities").and_then(Json::as_object_mut) else { return };
    capabilities.retain(|name| match name {
        "experimental" => false,
        "extensions" => modern,
        "tasks" => !modern,
        _ => true,
    });
    if let Some(extensions) = capabilities.get_mut("extensions").and_then(Json::as_object_mut) {
        extensions.retain(|name| name == TASKS_EXTENSION);
    }
}

/// A filtered or masked result is for this caller alone and not for long (MCP 2026-07-28, caching).
fn limit_caching(result: &mut Object<'_>) {
    let ttl = match result.get("ttlMs") {
        Some(Json::Number(number)) => number.as_i64().unwrap_or(0).clamp(0, MAX_TTL_MS),
        Some(_) | None => 0,
    };
    result.insert("ttlMs", ttl);
    result.insert("cacheScope", "private");
}
