//! What a client needs in order to get a token: the metadata of a resource (RFC 9728) and the challenges that point
//! to it (RFC 6750 section 3).

use portcullis_settings::{Endpoint, Scope};
use serde::Serialize;

use crate::refusal::Refusal;

/// The document at [`Endpoint::metadata_url`].
#[derive(Serialize)]
struct ProtectedResource<'s> {
    resource: &'s str,
    authorization_servers: Vec<&'s str>,
    bearer_methods_supported: [&'static str; 1],
    /// Left out when empty: clients ask for every scope that is listed, and an issuer that does not know one
    /// refuses them all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<&'s str>,
    resource_name: &'s str,
}

/// The metadata of a place, as JSON (RFC 9728 section 2).
#[must_use]
pub fn protected_resource(endpoint: &Endpoint<'_>) -> String {
    let resource = endpoint.resource();
    let document = ProtectedResource {
        resource: resource.as_str(),
        authorization_servers: endpoint.issuers().map(|issuer| issuer.url.as_str()).collect(),
        bearer_methods_supported: ["header"],
        scopes_supported: endpoint.scopes().into_iter().map(Scope::as_str).collect(),
        resource_name: endpoint.display_name(),
    };
    // Texts and lists of texts always serialise; the empty text would be an empty body, not a wrong one.
    serde_json::to_string(&document).unwrap_or_default()
}

/// The value of `WWW-Authenticate` for a request without a token (`None`) or with one that is refused.
///
/// A request without a token is not told of an error (RFC 6750 section 3.1). The scopes are those that a token needs
/// here (MCP 2025-11-25, authorization).
#[must_use]
pub fn www_authenticate(endpoint: &Endpoint<'_>, refusal: Option<&Refusal>) -> String {
    let challenge = challenge(endpoint);
    match refusal {
        None => challenge,
        Some(refusal) => {
            format!("{challenge}, error=\"invalid_token\", error_description=\"{}\"", refusal.public())
        }
    }
}

/// The value of `WWW-Authenticate` for a token that lacks scopes. All that are needed are named, since a client asks
/// for exactly those.
#[must_use]
pub fn insufficient_scope(endpoint: &Endpoint<'_>) -> String {
    let challenge = challenge(endpoint);
    format!("{challenge}, error=\"insufficient_scope\", error_description=\"the token lacks a scope\"")
}

/// INVARIANT: neither a URL of the settings nor a scope has a character that would end a quoted text.
fn challenge(endpoint: &Endpoint<'_>) -> String {
    let pointer = format!("Bearer resource_metadata=\"{}\"", endpoint.metadata_url());
    let scopes: Vec<&str> = endpoint.required_scopes().into_iter().map(Scope::as_str).collect();
    match scopes.as_slice() {
        [] => pointer,
        scopes => format!("{pointer}, scope=\"{}\"", scopes.join(" ")),
    }
}

#[cfg(test)]
mod tests;
