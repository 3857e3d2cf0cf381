//! `subscriptions/listen` on several connections: one stream, one acknowledgement of what all of them honour.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use http::Response;
use portcullis_mcp::era::{Call, Rejection};
use portcullis_mcp::json::{self, Bounds, Json, Object};
use portcullis_mcp::message::{Message, Notification};
use portcullis_mcp::method::ServerNotification;
use portcullis_settings::ConnectionName;

use crate::Answer;
use crate::aggregate::names::{split_name, split_uri};
use crate::aggregate::{direct, usable};
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::prepare::texts;
use crate::refusal::Refusal;
use crate::relay::Relay;
use crate::reply;
use crate::stream::EventStream;

/// How long the acknowledgement waits for a connection. One that takes longer is left out.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(5);
const SUBSCRIPTION_ID: &str = "io.modelcontextprotocol/subscriptionId";
/// The guard has bounded what may nest.
const DEPTH: usize = 128;

/// Opens the stream.
pub(super) async fn serve<P: Ports>(
    x: &mut Exchange<P>,
    call: Call<'_>,
) -> Result<Response<Answer<P>>, Refusal> {
    let id = call.id.clone();
    let (to, mut relays) = (x.to.clone(), Vec::new());
    for (connection, mut call) in parts(x, &call)? {
        direct(x, connection, &mut call);
        match crate::start(x, call).await {
            Ok(relay) => relays.push(relay),
            Err(refusal) => x.note(&refusal).await,
        }
    }
    x.to = to;
    let waiting = relays.into_iter().map(|relay| acknowledged(x, relay));
    let mut honoured = Object::new();
    let mut relays = Vec::new();
    for (connection, answer) in join_all(waiting).await {
        match answer {
            Ok((relay, part)) => {
                merge(&mut honoured, part);
                relays.push(relay);
            }
            Err(refusal) => {
                x.connection = Some(connection);
                x.note(&refusal).await;
            }
        }
    }
    if relays.is_empty() {
        return Err(Refusal::UnknownName);
    }
    let meta = Object::new().with(SUBSCRIPTION_ID, id.into_json());
    let params = Object::new().with("notifications", honoured).with("_meta", meta);
    let method = ServerNotification::Acknowledged.as_str().into();
    let message = Message::Notification(Notification { method, params: Some(params) });
    Ok(reply::streamed(EventStream::joint(message, relays)))
}

/// What each connection is asked for: its own resources and tasks, and all kinds of lists.
fn parts<'a, P: Ports>(x: &Exchange<P>, call: &Call<'a>) -> Result<Vec<(ConnectionName, Call<'a>)>, Refusal> {
    let wanted = call.params.as_ref().and_then(|params| params.get("notifications"));
    let wanted = wanted.and_then(Json::as_object).ok_or(Rejection::MissingParam("notifications"))?;
    let lists = ["toolsListChanged", "promptsListChanged", "resourcesListChanged"];
    let mut flags = wanted.clone();
    flags.retain(|member| lists.contains(&member));
    let mut parts: BTreeMap<ConnectionName, Object<'a>> = BTreeMap::new();
    for connection in usable(x)? {
        if !flags.is_empty() {
            parts.insert(connection, flags.clone());
        }
    }
    let usable = usable(x)?;
    for (member, split) in [
        ("resourceSubscriptions", split_uri as fn(&str) -> Option<(ConnectionName, &str)>),
        ("taskIds", split_name),
    ] {
        // All connections together may be asked no more than one.
        for (connection, rest) in texts(wanted, member)?.into_iter().filter_map(split) {
            if usable.contains(&connection) {
                push(parts.entry(connection).or_default(), member, rest);
            }
        }
    }
    let part = |(connection, wanted): (ConnectionName, Object<'a>)| {
        let mut call = call.clone();
        if let Some(params) = call.params.as_mut() {
            params.insert("notifications", wanted);
        }
        (connection, call)
    };
    Ok(parts.into_iter().map(part).collect())
}

fn push(wanted: &mut Object<'_>, member: &'static str, text: &str) {
    match wanted.get_mut(member).and_then(Json::as_array_mut) {
        Some(texts) => texts.push(text.to_owned().into()),
        None => wanted.insert(member, vec![Json::from(text.to_owned())]),
    }
}

/// Waits for the acknowledgement of one connection. A subscription without one is given up, with its outcome.
async fn acknowledged<P: Ports>(
    x: &Exchange<P>,
    mut relay: Relay<P>,
) -> (ConnectionName, Result<(Relay<P>, Object<'static>), Refusal>) {
    let connection = relay.guard().connection().clone();
    let first = {
        let first = pin!(relay.first_event());
        match select(first, pin!(x.ports.sleep(ACKNOWLEDGED_WITHIN))).await {
            Either::Left((Ok(text), _)) => Ok(granted(&text)),
            Either::Left((Err(refusal), _)) => Err(refusal),
            Either::Right(_) => Ok(None),
        }
    };
    let answer = match first {
        Ok(Some(granted)) => Ok((relay, granted)),
        Ok(None) => {
            relay.abandon().await;
            Err(Refusal::Upstream("began a subscription without its acknowledgement".to_owned()))
        }
        Err(refusal) => Err(refusal),
    };
    (connection, answer)
}

/// What an acknowledgement grants; `None` if it is none.
fn granted(text: &str) -> Option<Object<'static>> {
    let value = json::parse_text(text, Bounds::answer(DEPTH)).ok()?;
    let Ok(Message::Notification(first)) = Message::try_from(value) else { return None };
    if first.method != ServerNotification::Acknowledged.as_str() {
        return None;
    }
    match first.params?.remove("notifications")? {
        Json::Object(granted) => Some(granted.into_owned()),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => None,
    }
}

fn merge(into: &mut Object<'static>, from: Object<'static>) {
    for (member, value) in from.iter() {
        match (into.get_mut(member), value) {
            (Some(Json::Array(into)), Json::Array(from)) => into.extend(from.iter().cloned()),
            (Some(_), _) => {}
            (None, value) => into.insert(member.to_owned(), value.clone()),
        }
    }
}
