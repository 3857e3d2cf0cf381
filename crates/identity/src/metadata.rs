//! What a client needs in order to get a token: the metadata of a resource (RFC 9728) and the challenge that
//! points to it (RFC 6750 section 3).

use portcullis_settings::{Connection, Settings};
use serde::Serialize;

use crate::refusal::Refusal;

/// The document at [`portcullis_settings::PublicUrl::metadata_url`].
#[derive(Serialize)]
struct ProtectedResource<'s> {
    resource: &'s str,
    authorization_servers: Vec<&'s str>,
    bearer_methods_supported: [&'static str; 1],
    /// Left out when empty: clients ask for every scope that is listed, and an issuer that does not know one
    /// refuses them all.
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    scopes_supported: &'s [&'s str],
    resource_name: &'s str,
}

/// The metadata of a connection, as JSON (RFC 9728 section 2).
#[must_use]
pub fn protected_resource(settings: &Settings, connection: &Connection, scopes: &[&str]) -> String {
    let resource = settings.public_url.resource(&connection.name);
    let document = ProtectedResource {
        resource: resource.as_str(),
        authorization_servers: settings
            .trusted_issuers(connection)
            .map(|issuer| issuer.url.as_str())
            .collect(),
        bearer_methods_supported: ["header"],
        scopes_supported: scopes,
        resource_name: connection.name.as_str(),
    };
    // Texts and lists of texts always serialise; the empty text would be an empty body, not a wrong one.
    serde_json::to_string(&document).unwrap_or_default()
}

/// The value of `WWW-Authenticate` for a request without a token (`None`) or with one that is refused.
///
/// A request without a token is not told of an error (RFC 6750 section 3.1). `metadata_url` must come from
/// [`portcullis_settings::PublicUrl::metadata_url`], which has no character that would end a quoted text.
#[must_use]
pub fn www_authenticate(metadata_url: &str, refusal: Option<&Refusal>) -> String {
    let pointer = format!("Bearer resource_metadata=\"{metadata_url}\"");
    match refusal {
        None => pointer,
        Some(refusal) => {
            format!("{pointer}, error=\"invalid_token\", error_description=\"{}\"", refusal.public())
        }
    }
}

#[cfg(test)]
mod tests;
