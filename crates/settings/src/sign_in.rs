//! How people sign in with a browser on the page of a request for approval (`[console.sign_in]`).
//!
//! Not here: where the issuer's endpoints are (its metadata says), and the steps of the flow (`pipeline`).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::connection::Scope;
use crate::name::IssuerName;
use crate::secret::Secret;

/// `[console.sign_in]`: the gateway as a client of an issuer (OAuth 2.1, authorization code with PKCE).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignIn {
    /// Where people sign in: one of those that `/api` trusts, and one that has metadata.
    pub issuer: IssuerName,
    /// As whom the gateway asks there.
    pub client_id: ClientId,
    /// What proves that, if the client is a confidential one.
    pub client_secret: Option<Secret>,
    /// What is asked for: what the settings list, and all that `/api` needs.
    pub scopes: BTreeSet<Scope>,
    /// Whether the issuer is told what the token is for (RFC 8707).
    pub tells_resource: bool,
    /// Whether PKCE with S256 is taken for granted where the metadata does not mention it.
    pub assumes_pkce: bool,
}

/// The name of a client at an issuer (RFC 6749 appendix A.1, without spaces).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientId(String);

impl ClientId {
    /// The name as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err("a client id is 1 to 512 visible ASCII characters")
        }
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The secret of a client (RFC 6749 appendix A.2).
pub(crate) fn client_secret(text: &str) -> Result<Secret, &'static str> {
    if (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) {
        Ok(Secret::new(text.to_owned()))
    } else {
        Err("a client secret is 1 to 512 printable ASCII characters")
    }
}

const LONGEST: usize = 512;
