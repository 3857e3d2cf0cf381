//! Who is calling: bearer tokens are verified here and become principals.
//!
//! One request goes through these steps, all pure. [`BearerToken::from_header`] takes the token out of the header;
//! [`TokenCache`] may know it already; otherwise [`BearerToken::decode`] reads it, [`issuer_of`] picks the issuer
//! whose keys must verify it, [`KeyCache`] says whether they are at hand, and [`verify()`] yields a
//! [`VerifiedToken`], which nothing else can make, but for callers without a token whom settings for tests let in.
//!
//! Beside that, [`metadata`] writes what clients need to find the issuer, [`sign_in`] reads what an issuer says to the
//! gateway as its client, and [`seal`] protects values that the gateway hands out and gets back.
//!
//! Not here: fetching keys, the clock and randomness (the shell has them), and what a principal may do (policy).

#![forbid(unsafe_code)]

pub mod discovery;
mod json;
mod key_cache;
mod keys;
pub mod metadata;
mod principal;
mod refusal;
pub mod seal;
pub mod sign_in;
#[cfg(test)]
mod test_issuer;
mod time;
mod token;
mod token_cache;
#[cfg(feature = "unverified")]
mod unverified;
mod verify;

pub use crate::discovery::Discovery;
pub use crate::key_cache::{KeyCache, Lookup};
pub use crate::keys::{JwkSet, JwkSetError};
pub use crate::principal::{Actor, AttributeValue, Group, Principal, PrincipalKind, Subject};
pub use crate::refusal::Refusal;
pub use crate::time::UnixSeconds;
pub use crate::token::{BearerToken, TokenError, UnverifiedToken, issuer_of};
pub use crate::token_cache::TokenCache;
#[cfg(feature = "unverified")]
pub use crate::unverified::ClaimsError;
pub use crate::verify::{VerifiedToken, verify};
