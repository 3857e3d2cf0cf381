//! Which era a request belongs to, decided by one fixed rule, so that the gateway and the server behind it
//! can never read the same bytes in two ways.
//!
//! A body that names its revision in `params._meta` is modern (2026-07-28); everything else is legacy. The
//! markers of the other era are removed before anything is forwarded. Headers are only compared with the
//! body, never believed.

mod mirror;
mod rejection;
#[cfg(test)]
mod tests;

use http::{HeaderMap, HeaderValue};

use crate::ambiguity::look_alike;
use crate::era::mirror::{check_mirror, header_str};
use crate::json::{Json, Object};
use crate::message::{LONGEST_ID, Message, MessageError, Notification, Outcome, Request, RequestId};
use crate::method::{ClientNotification, Method, Scalar};
use crate::revision::Revision;

pub(crate) use crate::era::mirror::decode_value;
pub use crate::era::mirror::{
    LAST_EVENT_ID, METHOD, NAME, PROTOCOL_VERSION, SESSION_ID, encode_value, refuse_doubled_headers,
};
pub use crate::era::rejection::{Rejected, Rejection};

/// `_meta` key of the revision of a modern request.
pub const META_PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// `_meta` key of the capabilities of a modern client.
pub const META_CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
/// `_meta` key of a modern client's description of itself.
pub const META_CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";
/// `_meta` key of the log level a modern request asks for.
pub const META_LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";

/// The longest name of a tool or prompt and the longest URI that a call may be about, in bytes: what it is about must
/// be on record as a whole.
pub const LONGEST_NAME: usize = 8 << 10;

/// The era of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// Up to 2025-11-25. The revision is the one the header names; without a header it is whatever the
    /// session negotiated.
    Legacy(Option<Revision>),
    /// 2026-07-28.
    Modern,
}

/// What a client sent, sorted and normalised.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming<'a> {
    /// A request of a method that exists in its era.
    Call(Call<'a>),
    /// A notification.
    Notice(Notice<'a>),
    /// A client's answer to a request of the server (legacy only).
    Reply(Reply<'a>),
}

/// A request of a known method.
#[derive(Clone, Debug, PartialEq)]
pub struct Call<'a> {
    /// The id to answer with.
    pub id: RequestId<'a>,
    /// The method.
    pub method: Method,
    /// The parameters, with the other era's markers removed; `None` if there were none.
    pub params: Option<Object<'a>>,
    /// The era.
    pub era: Era,
}

/// A known notification.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice<'a> {
    /// Which one.
    pub notification: ClientNotification,
    /// The parameters.
    pub params: Option<Object<'a>>,
    /// The era.
    pub era: Era,
}

/// A client's answer to a server's request.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply<'a> {
    /// The id of the server's request.
    pub id: RequestId<'a>,
    /// The answer.
    pub outcome: Outcome<'a>,
}

/// Sorts one message of a POST body, checks it against the headers and removes the other era's markers.
///
/// # Errors
/// [`Rejected`] with the reason and, where it could be read, the id.
pub fn classify<'a>(headers: &HeaderMap, message: Message<'a>) -> Result<Incoming<'a>, Box<Rejected<'a>>> {
    let reject = |id: Option<&RequestId<'a>>, rejection| Box::new(Rejected { id: id.cloned(), rejection });
    refuse_doubled_headers(headers).map_err(|rejection| match &message {
        Message::Request(request) => reject(Some(&request.id), rejection),
        Message::Notification(_) | Message::Response(_) => reject(None, rejection),
    })?;
    match message {
        Message::Request(request) if !request.id.is_short() => Err(reject(None, MessageError::LongId.into())),
        Message::Request(request) => {
            let id = request.id.clone();
            call(headers, request).map(Incoming::Call).map_err(|rejection| reject(Some(&id), rejection))
        }
        Message::Notification(notification) => {
            notice(headers, notification).map(Incoming::Notice).map_err(|rejection| reject(None, rejection))
        }
        Message::Response(response) => match (legacy_revision(headers), response.id) {
            (Ok(_), Some(id)) => Ok(Incoming::Reply(Reply { id, outcome: response.outcome })),
            (Ok(_), None) | (Err(_), _) => Err(reject(None, Rejection::UnexpectedResponse)),
        },
    }
}

fn call<'a>(headers: &HeaderMap, request: Request<'a>) -> Result<Call<'a>, Rejection> {
    let Request { id, method: name, mut params } = request;
    let era = era_of(headers, params.as_ref())?;
    let modern = era == Era::Modern;
    if modern {
        check_mirror(headers, &METHOD, Some(&name))?;
    }
    let method = Method::parse(&name)
        .filter(|method| method.exists_in(modern))
        .ok_or(Rejection::MethodNotFound { modern })?;
    if let Some(known) = params.as_ref().and_then(look_alike) {
        return Err(Rejection::Ambiguous(known));
    }
    if let Some(member) = method.name_member() {
        let value = params.as_ref().and_then(|params| params.get_str(member));
        let value = value.ok_or(Rejection::MissingParam(member))?;
        if modern {
            check_mirror(headers, &NAME, Some(value))?;
        }
    } else if modern {
        check_mirror(headers, &NAME, None)?;
    }
    if !modern {
        strip_modern_meta(params.as_mut());
    }
    let call = Call { id, method, params, era };
    match call.subject() {
        Some(subject) if subject.len() > LONGEST_NAME => Err(Rejection::LongName { limit: LONGEST_NAME }),
        Some(_) | None => Ok(call),
    }
}

fn notice<'a>(headers: &HeaderMap, notification: Notification<'a>) -> Result<Notice<'a>, Rejection> {
    let Notification { method: name, mut params } = notification;
    // The header rules for notifications are undefined in 2026-07-28, so none is demanded here.
    let era = match modern_meta(params.as_ref()) {
        Some(_) => Era::Modern,
        None => legacy_revision(headers).map(Era::Legacy)?,
    };
    let notification =
        ClientNotification::parse(&name).ok_or(Rejection::MethodNotFound { modern: era == Era::Modern })?;
    if era != Era::Modern {
        strip_modern_meta(params.as_mut());
    }
    Ok(Notice { notification, params, era })
}

fn era_of(headers: &HeaderMap, params: Option<&Object<'_>>) -> Result<Era, Rejection> {
    let Some(meta) = modern_meta(params) else {
        if header_str(headers, &PROTOCOL_VERSION)? == Some(Revision::V2026_07_28.as_str()) {
            return Err(Rejection::Meta(META_PROTOCOL_VERSION));
        }
        return legacy_revision(headers).map(Era::Legacy);
    };
    let version = meta.get_str(META_PROTOCOL_VERSION).ok_or(Rejection::Meta(META_PROTOCOL_VERSION))?;
    if meta.get(META_CLIENT_CAPABILITIES).and_then(Json::as_object).is_none() {
        return Err(Rejection::Meta(META_CLIENT_CAPABILITIES));
    }
    check_mirror(headers, &PROTOCOL_VERSION, Some(version))?;
    match Revision::parse(version) {
        Some(revision) if revision.is_modern() => Ok(Era::Modern),
        Some(_) | None => Err(Rejection::UnsupportedVersion { requested: version.to_owned(), modern: true }),
    }
}

/// The `_meta` object, if it makes a request modern.
fn modern_meta<'p, 'a>(params: Option<&'p Object<'a>>) -> Option<&'p Object<'a>> {
    let meta = params?.get("_meta")?.as_object()?;
    meta.get(META_PROTOCOL_VERSION).is_some().then_some(meta)
}

fn legacy_revision(headers: &HeaderMap) -> Result<Option<Revision>, Rejection> {
    let Some(name) = header_str(headers, &PROTOCOL_VERSION)? else { return Ok(None) };
    match Revision::parse(name) {
        Some(revision) if !revision.is_modern() => Ok(Some(revision)),
        Some(_) | None => Err(Rejection::UnsupportedVersion { requested: name.to_owned(), modern: false }),
    }
}

fn strip_modern_meta(params: Option<&mut Object<'_>>) {
    let Some(meta) = params.and_then(|params| params.get_mut("_meta")).and_then(Json::as_object_mut) else {
        return;
    };
    let modern = [META_PROTOCOL_VERSION, META_CLIENT_CAPABILITIES, META_CLIENT_INFO, META_LOG_LEVEL];
    meta.retain(|key| !modern.contains(&key));
}

/// The protocol headers that follow from the era and the method of a message.
fn headers_of(era: Era, method: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let revision = match era {
        Era::Legacy(revision) => revision,
        Era::Modern => Some(Revision::V2026_07_28),
    };
    if let Some(revision) = revision {
        headers.insert(PROTOCOL_VERSION, HeaderValue::from_static(revision.as_str()));
    }
    if era == Era::Modern {
        headers.insert(METHOD, HeaderValue::from_static(method));
    }
    headers
}

impl<'a> Notice<'a> {
    /// The parameters that are forwarded: only the members that the notification has by definition, and no text.
    /// `None` if one of them is not what the protocol has there, or longer than any client needs.
    #[must_use]
    pub fn essence(&self) -> Option<Object<'a>> {
        let mut essence = Object::new();
        for (member, kind) in self.notification.members() {
            let Some(value) = self.params.as_ref().and_then(|params| params.get(member)) else { continue };
            let length = match (kind, value) {
                (_, Json::Number(number)) => number.as_str().len(),
                (Scalar::Token, Json::String(text)) => text.len(),
                (Scalar::Number | Scalar::Token, _) => return None,
            };
            if length > LONGEST_ID {
                return None;
            }
            essence.insert(*member, value.clone());
        }
        Some(essence)
    }

    /// The notification as the bytes that are forwarded, with its [`Notice::essence`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let method = self.notification.as_str().into();
        let params = self.essence().filter(|essence| !essence.is_empty());
        Message::Notification(Notification { method, params }).to_bytes()
    }

    /// The protocol headers of the forwarded notification. Whether `Mcp-Method` belongs to one is not defined in
    /// 2026-07-28; servers that demand it exist, servers that refuse it do not.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        headers_of(self.era, self.notification.as_str())
    }
}

impl<'a> Call<'a> {
    /// What the call names: a tool, a prompt or a resource, if its method has such a thing.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.params.as_ref()?.get_str(self.method.name_member()?)
    }

    /// What the call is about, for the record: its name, the URI it subscribes to, or what it completes.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        let params = self.params.as_ref()?;
        let reference = params.get("ref").and_then(Json::as_object);
        let of_reference =
            || reference.and_then(|found| found.get_str("name").or_else(|| found.get_str("uri")));
        self.name().or_else(|| params.get_str("uri")).or_else(of_reference)
    }

    /// The arguments of a tool call or a prompt.
    #[must_use]
    pub fn arguments(&self) -> Option<&Json<'a>> {
        self.params.as_ref()?.get("arguments")
    }

    /// The capabilities that the client declares: with `initialize`, and with every modern request.
    #[must_use]
    pub fn capabilities(&self) -> Option<&Object<'a>> {
        let params = self.params.as_ref()?;
        match (self.method, self.era) {
            (Method::Initialize, _) => params.get("capabilities"),
            (_, Era::Modern) => params.get("_meta")?.as_object()?.get(META_CLIENT_CAPABILITIES),
            (_, Era::Legacy(_)) => None,
        }?
        .as_object()
    }

    /// The same, to be changed.
    #[must_use]
    pub fn capabilities_mut(&mut self) -> Option<&mut Object<'a>> {
        let params = self.params.as_mut()?;
        match (self.method, self.era) {
            (Method::Initialize, _) => params.get_mut("capabilities"),
            (_, Era::Modern) => params.get_mut("_meta")?.as_object_mut()?.get_mut(META_CLIENT_CAPABILITIES),
            (_, Era::Legacy(_)) => None,
        }?
        .as_object_mut()
    }

    /// The log level that a modern request asks for. Without it, its answer carries no log messages.
    #[must_use]
    pub fn wants_log(&self) -> bool {
        let meta = self.params.as_ref().and_then(|params| params.get("_meta")).and_then(Json::as_object);
        meta.is_some_and(|meta| meta.get(META_LOG_LEVEL).is_some())
    }

    /// The call as the bytes that are forwarded.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        Message::Request(Request {
            id: self.id.clone(),
            method: self.method.as_str().into(),
            params: self.params.clone(),
        })
        .to_bytes()
    }

    /// The protocol headers of the forwarded request, built from the body and never copied.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut headers = headers_of(self.era, self.method.as_str());
        if self.era == Era::Modern
            && let Some(name) = self.name().and_then(encode_value)
        {
            headers.insert(NAME, name);
        }
        headers
    }
}
