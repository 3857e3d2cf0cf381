//! Opaque access tokens, and the endpoint that tells the gateway what they mean (RFC 7662).

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::realm::Realm;
use super::token_endpoint::credentials;
use crate::Secret;
use crate::clock::UnixSeconds;
use crate::http::form::Form;
use crate::http::{Reply, body};

/// The client that may ask.
pub const INTROSPECTION_CLIENT: &str = "gateway";

/// The opaque tokens that live, with what a signed token would say.
#[derive(Debug, Default)]
pub(super) struct OpaqueTokens(BTreeMap<String, Map<String, Value>>);

impl OpaqueTokens {
    pub(super) fn issue(&mut self, claims: Map<String, Value>) -> Secret {
        let token = Secret::random();
        self.0.insert(token.expose().to_owned(), claims);
        token
    }

    pub(super) fn revoke(&mut self, token: &Secret) {
        self.0.remove(token.expose());
    }

    fn describe(&self, token: &str, now: UnixSeconds) -> Value {
        let lives = |claims: &&Map<String, Value>| {
            claims.get("exp").and_then(Value::as_u64).is_some_and(|end| end > now)
        };
        match self.0.get(token).filter(lives) {
            Some(claims) => {
                let mut answer = claims.clone();
                answer.insert("active".to_owned(), true.into());
                answer.insert("token_type".to_owned(), "Bearer".into());
                Value::Object(answer)
            }
            // RFC 7662 §2.2: nothing more is said about a token that is not active.
            None => json!({ "active": false }),
        }
    }
}

/// Answers `POST /introspect`.
pub(super) fn answer(realm: &Arc<Realm>, headers: &HeaderMap, text: &str) -> Reply {
    let Ok(form) = Form::parse(text) else {
        return body::no_store(body::json(StatusCode::BAD_REQUEST, &json!({ "error": "invalid_request" })));
    };
    let known = credentials(headers, &form).is_some_and(|(id, secret)| {
        id == INTROSPECTION_CLIENT && realm.introspection_secret.matches(&secret)
    });
    if !known {
        return body::no_store(body::json(StatusCode::UNAUTHORIZED, &json!({ "error": "invalid_client" })));
    }
    let described =
        realm.opaque_tokens().describe(form.value("token").unwrap_or_default(), realm.clock.now());
    body::no_store(body::json(StatusCode::OK, &described))
}
