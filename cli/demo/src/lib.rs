//! The demonstration's services: a billing MCP server, an identity provider, and development tokens.
//!
//! `portcullis up --demo` and the end-to-end tests start these in their own process, each on a free loopback
//! port. They are real servers over real sockets: the billing server is the official Rust MCP SDK over an
//! embedded database, and the provider is an OpenID Connect issuer whose tokens any relying party can verify.
//!
//! What is not here: the gateway, and anything fit for production. The provider signs for whoever picks a name
//! from its page, and every customer in the database is invented.
#![forbid(unsafe_code)]

pub mod billing;
pub mod clock;
mod http;
pub mod oidc;
pub mod secret;
pub mod state;
pub mod token;

use std::io;
use std::net::SocketAddr;

pub use crate::secret::Secret;

/// Why a demonstration service did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The issuer is not an absolute `http` or `https` URL without query, fragment or trailing slash.
    #[error("`{0}` is not an issuer: an http or https URL without query, fragment or trailing slash")]
    Issuer(String),
    /// The address could not be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// The billing database could not be filled.
    #[error("cannot build the billing database")]
    Database(#[from] billing::StoreError),
    /// A signing key could not be made.
    #[error("cannot make a signing key")]
    Key(#[from] oidc::KeyError),
}
