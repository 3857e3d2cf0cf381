//! What a client carries while a call waits: the content of a sealed `requestState` (MCP 2026-07-28).
//!
//! Sealing is the caller's. What comes back decides nothing: the request is found by the call itself, and this only
//! tells whether it is the same call of the same caller, and what the server had given the client to carry.

use portcullis_ledger::{KeyedDigest, UnixMillis};
use serde::{Deserialize, Serialize};

use crate::id::RequestId;
use crate::name::PrincipalId;
use crate::protocol::Unusable;

/// What a client carries while its call waits for approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldState {
    /// The request that the call waits for.
    pub request: RequestId,
    /// Whose call it is.
    pub principal: PrincipalId,
    /// Until when this is accepted.
    pub expires: UnixMillis,
    /// How often the call has been held so far. A client is not held for ever.
    pub n_holds: u32,
    /// What the server had given the client to carry, to be restored when the call goes on.
    pub upstream: Option<String>,
}

/// Why what a client carried is not accepted. Each is the caller's fault, or an old page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoldRefused {
    /// Its time is over.
    #[error("the request state has expired: call again without it")]
    Expired,
    /// It is somebody else's.
    #[error("the request state is somebody else's")]
    Foreign,
    /// It is for another call: other arguments, another tool, another definition.
    #[error("the request state is for another call")]
    OtherCall,
    /// It is not in the form of any release.
    #[error("the request state cannot be used: {0}")]
    Unusable(#[from] Unusable),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    v: u64,
    request: String,
    principal: PrincipalId,
    expires: u64,
    n_holds: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upstream: Option<String>,
}

#[derive(Deserialize)]
struct Version {
    v: u64,
}

impl HoldState {
    /// The bytes to be sealed.
    ///
    /// # Errors
    /// [`Unusable`] never, but for a release that cannot write its own values.
    pub fn encode(&self) -> Result<Vec<u8>, Unusable> {
        let Self { request, principal, expires, n_holds, upstream } = self;
        let form = Form {
            v: VERSION,
            request: request.to_string(),
            principal: principal.clone(),
            expires: expires.0,
            n_holds: *n_holds,
            upstream: upstream.clone(),
        };
        serde_json::to_vec(&form).map_err(malformed)
    }

    /// Reads what was unsealed.
    ///
    /// # Errors
    /// [`Unusable`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Unusable> {
        let Version { v } = serde_json::from_slice(bytes).map_err(malformed)?;
        if v > VERSION {
            return Err(Unusable::Newer(v));
        }
        let Form { v, request, principal, expires, n_holds, upstream } =
            serde_json::from_slice(bytes).map_err(malformed)?;
        let request = request.parse().ok().filter(|_| v == VERSION);
        let request = request.ok_or_else(|| Unusable::Malformed("`request` or `v`".to_owned()))?;
        Ok(Self { request, principal, expires: UnixMillis(expires), n_holds, upstream })
    }

    /// Whether this belongs to a call of this principal about this subject, at this time.
    ///
    /// # Errors
    /// [`HoldRefused`]: the first thing that is wrong.
    pub fn check(
        self,
        principal: &PrincipalId,
        subject: KeyedDigest,
        now: UnixMillis,
    ) -> Result<Self, HoldRefused> {
        if self.principal != *principal {
            return Err(HoldRefused::Foreign);
        }
        if self.request.subject != subject {
            return Err(HoldRefused::OtherCall);
        }
        if now >= self.expires {
            return Err(HoldRefused::Expired);
        }
        Ok(self)
    }
}

fn malformed(error: serde_json::Error) -> Unusable {
    Unusable::Malformed(error.to_string())
}

const VERSION: u64 = 1;
