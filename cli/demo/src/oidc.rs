//! The development identity provider: an OpenID Connect issuer that signs for whoever picks a name.
//!
//! It speaks discovery, JWKS, authorization code with PKCE, client credentials, refresh, resource indicators
//! (RFC 8707) and dynamic registration of loopback clients (RFC 7591), so that real MCP clients sign in without
//! configuration. [`Provider::builder`] and [`Provider::forge`] make any token directly, good or bad, for tests.
//!
//! There are no passwords and nothing is kept on disk: never use it outside a development machine.

mod authorize;
mod clients;
mod forge;
mod grants;
mod introspection;
mod keys;
mod metadata;
mod page;
mod personas;
mod realm;
mod routes;
mod token_endpoint;
mod tokens;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use http::Uri;
use tokio_util::sync::CancellationToken;

pub use self::clients::{DEMO_CLIENT, PAGE_CLIENT};
pub use self::forge::Forgery;
pub use self::introspection::INTROSPECTION_CLIENT;
pub use self::keys::{Algorithm, Key, KeyError};
pub use self::personas::{Persona, UnknownPersona};
use self::realm::Realm;
pub use self::tokens::{ACCESS_TOKEN_LIFETIME, TokenBuilder};
use crate::clock::Clock;
use crate::http::listener::{self, Listener};
use crate::{Secret, StartError};

/// How to start the provider.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The issuer that others know it by: an `http` or `https` origin. Its own address unless set.
    pub issuer: Option<String>,
    /// Where the time comes from.
    pub clock: Clock,
}

impl Default for ProviderConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), issuer: None, clock: Clock::system() }
    }
}

/// The running provider. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Provider {
    /// Where it listens.
    pub addr: SocketAddr,
    realm: Arc<Realm>,
    listener: Listener,
}

impl Provider {
    /// Makes one key per algorithm and listens. The RSA key takes up to a second.
    ///
    /// # Errors
    /// [`StartError::Issuer`] for a malformed issuer, [`StartError::Listen`] when the address is taken,
    /// [`StartError::Key`] when the operating system has no randomness.
    pub async fn start(config: ProviderConfig) -> Result<Self, StartError> {
        let issuer = config.issuer.as_deref().map(origin).transpose()?;
        let keys = tokio::task::spawn_blocking(keys::KeyRing::generate).await.map_err(|_| KeyError)??;
        let (socket, addr) = listener::bind(config.listen).await?;
        let issuer = issuer.unwrap_or_else(|| format!("http://{addr}"));
        let realm = Arc::new(Realm::new(issuer, addr, keys, config.clock));
        let handler = routes::Routes(Arc::clone(&realm));
        Ok(Self { addr, realm, listener: Listener::serve(socket, handler, CancellationToken::new()) })
    }

    /// The issuer, as `iss` names it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.realm.issuer
    }

    /// Lets [`PAGE_CLIENT`] sign people in, and send them back to this URL and no other.
    pub fn serve_page(&self, redirect: &str) {
        self.realm.clients().set_page(redirect.to_owned());
    }

    /// The URL of the published keys.
    #[must_use]
    pub fn jwks_uri(&self) -> String {
        format!("{}{}", self.realm.issuer, metadata::JWKS)
    }

    /// The URL that [`crate::token::fetch`] asks, by address rather than by issuer.
    #[must_use]
    pub fn development_token_url(&self) -> String {
        format!("http://{}{}", self.addr, metadata::DEVELOPMENT_TOKEN)
    }

    /// What opens [`Provider::development_token_url`].
    #[must_use]
    pub fn development_secret(&self) -> &Secret {
        &self.realm.development_secret
    }

    /// The client secret of a workload persona; `None` for people.
    #[must_use]
    pub fn client_secret(&self, persona: Persona) -> Option<&Secret> {
        self.realm.workload_secret(persona)
    }

    /// An access token of this persona for this audience, signed with the default algorithm.
    #[must_use]
    pub fn token(&self, persona: Persona, audience: &str) -> Secret {
        self.builder(persona, audience).sign()
    }

    /// A token to change before it is signed.
    #[must_use]
    pub fn builder(&self, persona: Persona, audience: &str) -> TokenBuilder {
        self.realm.access_token(persona, &[audience.to_owned()], DEMO_CLIENT, "mcp")
    }

    /// A token that a relying party must refuse.
    #[must_use]
    pub fn forge(&self, forgery: Forgery, persona: Persona, audience: &str) -> Secret {
        forge::forge(&self.realm, forgery, persona, audience)
    }

    /// An access token that says nothing by itself and must be introspected (RFC 7662).
    #[must_use]
    pub fn opaque_token(&self, persona: Persona, audience: &str) -> Secret {
        let claims = self.builder(persona, audience).into_claims();
        self.realm.opaque_tokens().issue(claims)
    }

    /// Makes an opaque token inactive.
    pub fn revoke_opaque(&self, token: &Secret) {
        self.realm.opaque_tokens().revoke(token);
    }

    /// The URL that opaque tokens are introspected at.
    #[must_use]
    pub fn introspection_url(&self) -> String {
        format!("{}{}", self.realm.issuer, metadata::INTROSPECT)
    }

    /// The client secret of [`INTROSPECTION_CLIENT`].
    #[must_use]
    pub fn introspection_secret(&self) -> &Secret {
        &self.realm.introspection_secret
    }

    /// The key that signs with this algorithm now.
    #[must_use]
    pub fn key(&self, algorithm: Algorithm) -> Arc<Key> {
        self.realm.keys().current(algorithm)
    }

    /// Makes a new key for this algorithm and signs with it from now on; the old one stays published.
    ///
    /// # Errors
    /// [`KeyError`] when the operating system has no randomness.
    pub fn rotate(&self, algorithm: Algorithm) -> Result<Arc<Key>, KeyError> {
        self.realm.rotate(algorithm)
    }

    /// Stops publishing every key that no longer signs.
    pub fn withdraw_old_keys(&self) {
        self.realm.withdraw_old_keys();
    }

    /// How often the keys were fetched.
    #[must_use]
    pub fn jwks_fetches(&self) -> u64 {
        self.realm.jwks_fetches()
    }

    /// Stops, and returns when the port is free.
    pub async fn stop(self) {
        self.listener.stop().await;
    }
}

/// An issuer without path: the well-known documents hang directly under it.
fn origin(issuer: &str) -> Result<String, StartError> {
    let refused = || StartError::Issuer(issuer.to_owned());
    let uri = issuer.parse::<Uri>().map_err(|_malformed| refused())?;
    let (scheme, authority) = (uri.scheme_str(), uri.authority().map(http::uri::Authority::as_str));
    match (scheme, authority) {
        (Some(scheme @ ("http" | "https")), Some(authority))
            if issuer == format!("{scheme}://{authority}") =>
        {
            Ok(issuer.to_owned())
        }
        _ => Err(refused()),
    }
}

#[cfg(test)]
pub(crate) mod tests;
