//! Stage 1: what can be refused without knowing who calls.
//!
//! Nothing here believes the request about where it came to: `Host` and `Origin` are compared with the
//! settings, and links, audiences and metadata come from `public_url` alone.

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use http::header::{ACCEPT, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, FORWARDED, HOST, HeaderName, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method};
use portcullis_settings::{ConnectionName, Endpoint, Settings};

use crate::refusal::Refusal;

/// The most bytes that names and values of all headers may have together.
const HEADER_BYTES: usize = 32 << 10;
/// The peer's address, appended by the platform after whatever the caller sent.
const CLIENT_ADDRESS: HeaderName = HeaderName::from_static("spin-client-addr");
const METADATA_PATH: &str = "/.well-known/oauth-protected-resource";

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/healthz`: the process answers.
    Health,
    /// `/readyz`: requests can be served.
    Ready,
    /// RFC 9728 metadata of a place.
    Metadata(Place),
    /// `/mcp/<connection>` or `/mcp`
    Mcp(Place, Verb),
    /// A browser asks whether a page may send a request here.
    Preflight,
}

/// A place that serves MCP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// One connection, at `/mcp/<connection>`.
    Connection(ConnectionName),
    /// The connections that take part, at `/mcp`.
    Aggregate,
    /// Where policies are pushed, at `/api`.
    Console,
}

impl Place {
    /// The place as the settings describe it.
    pub(crate) fn endpoint<'s>(&self, settings: &'s Settings) -> Option<Endpoint<'s>> {
        match self {
            Self::Connection(name) => settings.endpoint(name),
            Self::Aggregate => settings.aggregate(),
            Self::Console => settings.api(),
        }
    }
}

/// What an MCP request wants of the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// POST: one message.
    Send,
    /// GET: the server's own stream of a legacy session.
    Listen,
    /// DELETE: end of a legacy session.
    Close,
}

/// Finds the route, or refuses. The order is cheapest first.
pub(crate) fn admit(settings: &Settings, parts: &Parts) -> Result<Route, Refusal> {
    let route = route(settings, parts)?;
    // Probes come from orchestrators that use an address as Host; they reveal nothing.
    if matches!(route, Route::Health | Route::Ready) {
        return Ok(route);
    }
    check_source(settings, parts)?;
    if let Route::Mcp(_, verb) = &route {
        check_media(&parts.headers, *verb)?;
    }
    Ok(route)
}

/// Whether a request may come from where it says, wherever it goes.
pub(crate) fn check_source(settings: &Settings, parts: &Parts) -> Result<(), Refusal> {
    check_headers(&parts.headers)?;
    check_host(settings, parts)?;
    check_origin(settings, &parts.headers)
}

fn route(settings: &Settings, parts: &Parts) -> Result<Route, Refusal> {
    let path = parts.uri.path();
    if let Some(place) = place(settings, path) {
        let place = place?;
        return match parts.method {
            Method::POST => Ok(Route::Mcp(place, Verb::Send)),
            Method::GET => Ok(Route::Mcp(place, Verb::Listen)),
            Method::DELETE => Ok(Route::Mcp(place, Verb::Close)),
            Method::OPTIONS if parts.headers.contains_key(ORIGIN) => Ok(Route::Preflight),
            _ => Err(Refusal::MethodNotAllowed { allow: "POST, GET, DELETE" }),
        };
    }
    let described = path.strip_prefix(METADATA_PATH).and_then(|path| match path {
        "/api" => Some(settings.api().map(|_| Place::Console).ok_or(Refusal::NotFound)),
        path => place(settings, path),
    });
    let route = match (path, described) {
        ("/healthz", _) => Route::Health,
        ("/readyz", _) => Route::Ready,
        (_, described) => Route::Metadata(described.ok_or(Refusal::NotFound)??),
    };
    match parts.method {
        Method::GET | Method::HEAD => Ok(route),
        Method::OPTIONS if parts.headers.contains_key(ORIGIN) => Ok(Route::Preflight),
        _ => Err(Refusal::MethodNotAllowed { allow: "GET, HEAD" }),
    }
}

/// The place that a path names; `None` for a path of another kind.
fn place(settings: &Settings, path: &str) -> Option<Result<Place, Refusal>> {
    let place = match path.strip_prefix("/mcp")? {
        "" => Some(Place::Aggregate),
        rest => {
            let name = ConnectionName::try_from(rest.strip_prefix('/')?.to_owned()).ok();
            name.map(Place::Connection)
        }
    };
    let known = place.filter(|place| place.endpoint(settings).is_some());
    Some(known.ok_or(Refusal::NotFound))
}

fn check_headers(headers: &HeaderMap) -> Result<(), Refusal> {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > HEADER_BYTES {
        return Err(Refusal::HeadersTooLarge);
    }
    // The platform appends its own value after the caller's, so two values mean that the caller sent one.
    let forged = headers
        .keys()
        .filter(|name| name.as_str().starts_with("spin-"))
        .find(|name| headers.get_all(*name).iter().nth(1).is_some());
    match forged {
        Some(name) => Err(Refusal::ForgedHeader(name.clone())),
        None => Ok(()),
    }
}

fn check_host(settings: &Settings, parts: &Parts) -> Result<(), Refusal> {
    let mut hosts = parts.headers.get_all(HOST).iter().map(|value| value.to_str().unwrap_or_default());
    let target = parts.uri.authority().map(http::uri::Authority::as_str);
    let mut claimed = target.into_iter().chain(hosts.by_ref()).peekable();
    if claimed.peek().is_none() || !claimed.all(|host| settings.edge.host_allowed(host)) {
        return Err(Refusal::HostNotAllowed);
    }
    Ok(())
}

fn check_origin(settings: &Settings, headers: &HeaderMap) -> Result<(), Refusal> {
    let allowed =
        |value: &http::HeaderValue| value.to_str().is_ok_and(|origin| settings.edge.origin_allowed(origin));
    if headers.get_all(ORIGIN).iter().all(allowed) { Ok(()) } else { Err(Refusal::OriginNotAllowed) }
}

fn check_media(headers: &HeaderMap, verb: Verb) -> Result<(), Refusal> {
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(Refusal::UnsupportedMediaType);
    }
    let accepted: Vec<String> = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| range.split(';').next())
        .map(|range| range.trim().to_ascii_lowercase())
        .collect();
    let accepts =
        |kind: &str, any: &str| accepted.iter().any(|range| [kind, any, "*/*"].contains(&range.as_str()));
    let json = accepts("application/json", "application/*");
    let events = accepts("text/event-stream", "text/*");
    match verb {
        Verb::Send if !is_json(headers) => Err(Refusal::UnsupportedMediaType),
        // The answer may come in either form, so the caller must take both (MCP, Streamable HTTP).
        Verb::Send if !(json && events) => Err(Refusal::NotAcceptable),
        Verb::Listen if !events => Err(Refusal::NotAcceptable),
        Verb::Send | Verb::Listen | Verb::Close => Ok(()),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut kinds = headers.get_all(CONTENT_TYPE).iter();
    let kind = kinds.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") && kinds.next().is_none()
}

/// The address of the caller: the platform's word, or, if that is a listed proxy, the proxy's.
pub(crate) fn client_address(settings: &Settings, headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(CLIENT_ADDRESS).iter().next_back()?.to_str().ok()?;
    let peer = parse_address(last)?;
    if !settings.edge.is_trusted_proxy(peer) {
        return Some(peer);
    }
    // RFC 7239: each proxy appends. From the right, the first address that is no proxy of ours is the caller.
    let lines = headers.get_all(FORWARDED).iter().filter_map(|value| value.to_str().ok());
    let lines: Vec<&str> = lines.collect();
    let elements = lines.into_iter().rev().flat_map(|line| from_right(line, ','));
    let mut hops = elements.map_while(forwarded_for);
    hops.find(|hop| !settings.edge.is_trusted_proxy(*hop)).or(Some(peer))
}

fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = from_right(element, ';');
    let mut pairs = pairs.into_iter().filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
    parse_address(value.trim_matches('"'))
}

/// The parts of a text between separators that do not stand in quotes (RFC 9110 §5.6.4), the last one first. What a
/// proxy quotes may be the caller's own text, such as its `Host`. What stands before the proxy's element may be too, and
/// may have a quote that does not end, so quotes are paired from the right.
fn from_right(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut end, mut is_quoted) = (Vec::new(), text.len(), false);
    for (index, ch) in text.char_indices().rev() {
        let before = text.get(..index).unwrap_or_default();
        if ch == '"' {
            let n_backslashes = before.len() - before.trim_end_matches('\\').len();
            is_quoted ^= n_backslashes.is_multiple_of(2);
        } else if ch == separator && !is_quoted {
            parts.extend(text.get(index..end).and_then(|part| part.strip_prefix(separator)));
            end = index;
        }
    }
    parts.extend(text.get(..end));
    parts
}

/// An address with or without a port; IPv6 with or without brackets.
fn parse_address(text: &str) -> Option<IpAddr> {
    let socket = text.parse::<std::net::SocketAddr>().map(|socket| socket.ip());
    let bare = || text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    socket.or_else(|_| bare()).ok()
}

/// The header of a 405 answer.
pub(crate) const ALLOWED: HeaderName = ALLOW;
