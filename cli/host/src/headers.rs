//! What a component's request looks like: the headers that Spin adds, and the request's full URI.
//!
//! Added headers go after the caller's of the same name, as in Spin, so only the last value of a `spin-*` header is
//! the host's.

use std::net::SocketAddr;

use http::header::{CONNECTION, HOST, HeaderName, HeaderValue};
use http::request::Parts;
use http::uri::{Authority, Scheme};

use crate::routes::Match;

/// Why a request cannot be passed to a component; the caller is told no more than a status.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadRequest {
    #[error("its authority and its `Host` header differ")]
    AmbiguousHost,
    #[error("its `Host` header is not an authority")]
    InvalidHost,
    #[error("it has no `Host` header")]
    NoHost,
    #[error("it has no path")]
    NoPath,
    #[error("it has a header that is not text")]
    NotText,
}

/// Turns the head of an incoming request into what the component of `matched` gets.
pub(crate) fn prepare(
    request: &mut Parts,
    matched: &Match<'_, '_>,
    scheme: &Scheme,
    client: SocketAddr,
) -> Result<(), BadRequest> {
    if request.headers.values().any(|value| std::str::from_utf8(value.as_bytes()).is_err()) {
        return Err(BadRequest::NotText);
    }
    let authority = authority(request)?;
    let path = request.uri.path_and_query().ok_or(BadRequest::NoPath)?.clone();
    let added = [
        ("spin-path-info", matched.path_info()),
        ("spin-full-url", format!("{scheme}://{authority}{path}")),
        ("spin-matched-route", matched.absolute()),
        ("spin-base-path", "/".to_owned()),
        ("spin-raw-component-route", matched.raw().to_owned()),
        ("spin-component-route", matched.raw_prefix().to_owned()),
        ("spin-client-addr", client.to_string()),
    ];
    // Only between the caller and this server.
    request.headers.remove(CONNECTION);
    for (name, value) in added {
        let value = HeaderValue::try_from(value).map_err(|_| BadRequest::NotText)?;
        request.headers.append(HeaderName::from_static(name), value);
    }
    for (name, value) in matched.parameters() {
        let name = format!("spin-path-match-{}", name.to_ascii_lowercase().replace('_', "-"));
        // Like Spin, leave out what cannot be a header.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            request.headers.append(name, value);
        }
    }
    request.uri = http::Uri::builder()
        .scheme(scheme.clone())
        .authority(authority)
        .path_and_query(path)
        .build()
        .map_err(|_| BadRequest::NoPath)?;
    Ok(())
}

/// The authority in the URI or in the `Host` header; both must agree (RFC 9112 §3.2).
fn authority(request: &Parts) -> Result<Authority, BadRequest> {
    let mut hosts = request.headers.get_all(HOST).iter();
    let header = hosts
        .next()
        .map(|host| Authority::try_from(host.as_bytes()).map_err(|_| BadRequest::InvalidHost))
        .transpose()?;
    if hosts.next().is_some() {
        return Err(BadRequest::AmbiguousHost);
    }
    let authority = match (header, request.uri.authority()) {
        (None, None) => return Err(BadRequest::NoHost),
        (Some(header), Some(uri)) if header != *uri => return Err(BadRequest::AmbiguousHost),
        (Some(authority), _) => authority,
        (None, Some(authority)) => authority.clone(),
    };
    // RFC 9110 §4.2.4: userinfo has no place here, and hides the host from a hasty reader.
    if authority.as_str().contains('@') { Err(BadRequest::InvalidHost) } else { Ok(authority) }
}

#[cfg(test)]
mod tests;
