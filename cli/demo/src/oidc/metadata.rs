//! The paths, and the document that announces them (OpenID Connect Discovery, RFC 8414).

use serde_json::{Value, json};

use super::keys::Algorithm;

pub(super) const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
pub(super) const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";
pub(super) const JWKS: &str = "/jwks.json";
pub(super) const AUTHORIZE: &str = "/authorize";
pub(super) const TOKEN: &str = "/token";
pub(super) const REGISTER: &str = "/register";
pub(super) const INTROSPECT: &str = "/introspect";
pub(super) const DEVELOPMENT_TOKEN: &str = "/development/token";

/// The scopes that mean something here. `mcp` is what a client gets that asks for nothing known.
pub(super) const SCOPES: [&str; 4] = ["openid", "profile", "email", "mcp"];

/// The one document for both well-known paths.
pub(super) fn document(issuer: &str) -> Value {
    let url = |path: &str| format!("{issuer}{path}");
    json!({
        "issuer": issuer,
        "authorization_endpoint": url(AUTHORIZE),
        "token_endpoint": url(TOKEN),
        "jwks_uri": url(JWKS),
        "registration_endpoint": url(REGISTER),
        "introspection_endpoint": url(INTROSPECT),
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "scopes_supported": SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": Algorithm::ALL.map(Algorithm::name),
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "nonce", "groups", "name", "email"],
        "prompt_values_supported": ["none", "login"],
        // RFC 9207: the client checks that the answer came from the provider that it asked.
        "authorization_response_iss_parameter_supported": true,
    })
}
