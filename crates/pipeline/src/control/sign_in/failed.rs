//! Why nobody is signed in. `Display` is for the operator; who tries is told little, in [`NotSignedIn::told`].

use http::StatusCode;
use portcullis_settings::{IssuerName, Resource};

use crate::control::Objection;
use crate::refusal::Refusal;

/// Why nobody is signed in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSignedIn {
    /// The body is not what the page sends.
    #[error("sign-in: what was sent is not a code and its verifier")]
    Malformed,
    /// The issuer gave no answer that can be used.
    #[error("sign-in: the token endpoint of issuer `{issuer}` gave no token: {reason}")]
    NoAnswer {
        /// Who was asked.
        issuer: IssuerName,
        /// Why; nothing that it said.
        reason: String,
    },
    /// The issuer does not take the code.
    #[error("sign-in: issuer `{issuer}` refused the code: {error}{hint}", hint = hint(.error))]
    Rejected {
        /// Who was asked.
        issuer: IssuerName,
        /// What it said, in a word of OAuth.
        error: &'static str,
    },
    /// What the issuer gave is no token for `/api`.
    #[error(
        "sign-in: the access token that issuer `{issuer}` gave is not accepted at `/api`: {reason}. It must be a JWT with \
         `{resource}` or one of `issuers.{issuer}.audiences` in its `aud`: have that set up at the issuer, and see \
         `[console.sign_in]` in docs/settings.md"
    )]
    Unaccepted {
        /// Who gave it.
        issuer: IssuerName,
        /// What it should be for.
        resource: Resource,
        /// What is wrong with it.
        reason: String,
    },
    /// Where to sign in is not known.
    #[error("sign-in: nobody can sign in at issuer `{issuer}`: {reason}")]
    Unavailable {
        /// Who was asked.
        issuer: IssuerName,
        /// Why.
        reason: String,
    },
}

/// What is to be mended here and not where somebody signs in.
fn hint(error: &str) -> &'static str {
    match error {
        "invalid_client" | "unauthorized_client" => {
            "; `client_id` and `client_secret` of `[console.sign_in]` must be those that the issuer knows"
        }
        "invalid_target" => "; it must know `<public_url>/api` as a resource, or say `resource = false`",
        _ => "",
    }
}

impl NotSignedIn {
    /// What somebody is told who tries.
    pub(crate) const fn told(&self) -> &'static str {
        match self {
            Self::Malformed => {
                "this is not what the page sends: open the link of the request, and sign in there"
            }
            Self::NoAnswer { .. } | Self::Unavailable { .. } => {
                "signing in is not possible now: try again later, or use a token"
            }
            Self::Rejected { .. } => "you were not signed in: sign in again",
            Self::Unaccepted { .. } => {
                "you were signed in, but not in a way that this gateway takes: tell whoever runs it, and use a token"
            }
        }
    }

    /// The status of the answer.
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Malformed | Self::Rejected { .. } => StatusCode::BAD_REQUEST,
            Self::NoAnswer { .. } => StatusCode::BAD_GATEWAY,
            Self::Unaccepted { .. } => StatusCode::FORBIDDEN,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// A word for programs.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NoAnswer { .. } => "no_answer",
            Self::Rejected { .. } => "rejected",
            Self::Unaccepted { .. } => "token_not_accepted",
            Self::Unavailable { .. } => "unavailable",
        }
    }
}

impl From<NotSignedIn> for Refusal {
    fn from(why: NotSignedIn) -> Self {
        Objection::SignIn(why).into()
    }
}
