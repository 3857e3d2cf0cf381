//! Development tokens: any persona's access token from the running demonstration, for a shell or a client's setup.

use http::StatusCode;

use crate::Secret;
use crate::http::client::{self, ExchangeError};
use crate::http::form;
use crate::oidc::Persona;
use crate::state::DemoState;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The state file names a provider that does not answer.
    #[error(
        "the demonstration does not answer at {url}; it may have stopped: start it with `portcullis up --demo`"
    )]
    Gone {
        /// What was asked.
        url: String,
        /// What happened.
        source: ExchangeError,
    },
    /// Something answers there, but it is not the demonstration that wrote the state file.
    #[error("{0} belongs to another run; start the demonstration again")]
    OtherRun(String),
    /// The provider refused.
    #[error("the provider refused with status {status}: {reason}")]
    Refused {
        /// The status of its answer.
        status: u16,
        /// The text of its answer.
        reason: String,
    },
}

/// Gets a token of this persona for this audience: a connection's name, or a resource URL.
///
/// # Errors
/// [`FetchError`]: the demonstration is gone, another one runs in its place, or it refused.
pub async fn fetch(state: &DemoState, persona: Persona, audience: &str) -> Result<Secret, FetchError> {
    let url = &state.development_token_url;
    let audience = state.audience(audience).unwrap_or(audience);
    let form = form::encode([("persona", persona.name()), ("audience", audience)]);
    let answer = client::post_form(url, &state.development_secret, form)
        .await
        .map_err(|source| FetchError::Gone { url: url.clone(), source })?;
    let text = String::from_utf8_lossy(answer.body()).trim().to_owned();
    match answer.status() {
        StatusCode::OK => Ok(Secret::new(text)),
        StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND => Err(FetchError::OtherRun(url.clone())),
        status => Err(FetchError::Refused { status: status.as_u16(), reason: text }),
    }
}

#[cfg(test)]
mod tests;
