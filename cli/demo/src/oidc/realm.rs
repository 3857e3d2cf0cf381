//! What the provider knows while it runs: keys, clients, open sign-ins, and who it is.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use serde_json::{Map, Value, json};

use super::clients::Clients;
use super::grants::Grants;
use super::introspection::OpaqueTokens;
use super::keys::{Algorithm, Key, KeyError, KeyRing};
use super::personas::Persona;
use super::tokens::{ACCESS_TOKEN_LIFETIME, TokenBuilder};
use crate::Secret;
use crate::clock::Clock;

/// The state of one provider.
pub(super) struct Realm {
    pub(super) issuer: String,
    pub(super) addr: SocketAddr,
    pub(super) clock: Clock,
    pub(super) development_secret: Secret,
    pub(super) introspection_secret: Secret,
    ci_secret: Secret,
    keys: RwLock<KeyRing>,
    clients: Mutex<Clients>,
    grants: Mutex<Grants>,
    opaque_tokens: Mutex<OpaqueTokens>,
    jwks_fetches: AtomicU64,
}

impl Realm {
    pub(super) fn new(issuer: String, addr: SocketAddr, keys: KeyRing, clock: Clock) -> Self {
        Self {
            issuer,
            addr,
            clock,
            development_secret: Secret::random(),
            introspection_secret: Secret::random(),
            ci_secret: Secret::random(),
            keys: RwLock::new(keys),
            clients: Mutex::default(),
            grants: Mutex::default(),
            opaque_tokens: Mutex::default(),
            jwks_fetches: AtomicU64::new(0),
        }
    }

    pub(super) fn keys(&self) -> RwLockReadGuard<'_, KeyRing> {
        // No lock here is ever left half written, so a poisoned one is as good as any.
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn clients(&self) -> MutexGuard<'_, Clients> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn grants(&self) -> MutexGuard<'_, Grants> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn opaque_tokens(&self) -> MutexGuard<'_, OpaqueTokens> {
        self.opaque_tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn rotate(&self, algorithm: Algorithm) -> Result<Arc<Key>, KeyError> {
        let key = Arc::new(Key::generate(algorithm)?);
        self.keys.write().unwrap_or_else(PoisonError::into_inner).adopt(Arc::clone(&key));
        Ok(key)
    }

    pub(super) fn withdraw_old_keys(&self) {
        self.keys.write().unwrap_or_else(PoisonError::into_inner).withdraw_old();
    }

    pub(super) fn jwks(&self) -> Value {
        self.jwks_fetches.fetch_add(1, Ordering::Relaxed);
        self.keys().jwks()
    }

    pub(super) fn jwks_fetches(&self) -> u64 {
        self.jwks_fetches.load(Ordering::Relaxed)
    }

    /// The client secret of a workload; a persona's name is its client id.
    pub(super) fn workload_secret(&self, persona: Persona) -> Option<&Secret> {
        match persona {
            Persona::Ci => Some(&self.ci_secret),
            Persona::Auditor | Persona::Finance | Persona::Support | Persona::Vendor | Persona::Writer => {
                None
            }
        }
    }

    /// An access token in the shape of RFC 9068.
    pub(super) fn access_token(
        self: &Arc<Self>,
        persona: Persona,
        audience: &[String],
        client_id: &str,
        scope: &str,
    ) -> TokenBuilder {
        let audience = match audience {
            // Without a resource the token is good for the provider alone, so for no MCP server.
            [] => json!(self.issuer),
            [only] => json!(only),
            several => json!(several),
        };
        let mut claims = self.identity(persona);
        claims.insert("aud".to_owned(), audience);
        claims.insert("client_id".to_owned(), client_id.into());
        claims.insert("scope".to_owned(), scope.into());
        claims.insert("jti".to_owned(), Secret::random().expose().into());
        TokenBuilder::new(Arc::clone(self), "at+jwt", claims)
            .issued_at(self.clock.now(), ACCESS_TOKEN_LIFETIME)
    }

    /// An ID token (OpenID Connect Core §2) for the client that signed the user in.
    pub(super) fn id_token(
        self: &Arc<Self>,
        persona: Persona,
        client_id: &str,
        nonce: Option<&str>,
    ) -> TokenBuilder {
        let now = self.clock.now();
        let mut claims = self.identity(persona);
        claims.insert("aud".to_owned(), client_id.into());
        claims.insert("auth_time".to_owned(), now.into());
        if let Some(nonce) = nonce {
            claims.insert("nonce".to_owned(), nonce.into());
        }
        TokenBuilder::new(Arc::clone(self), "JWT", claims).issued_at(now, ACCESS_TOKEN_LIFETIME)
    }

    fn identity(&self, persona: Persona) -> Map<String, Value> {
        let mut claims = persona.attributes();
        claims.insert("iss".to_owned(), self.issuer.clone().into());
        claims.insert("sub".to_owned(), persona.subject().into());
        claims.insert("groups".to_owned(), json!(persona.groups()));
        claims
    }
}

impl fmt::Debug for Realm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Realm").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
