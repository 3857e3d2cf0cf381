//! Which request goes where, and what every answer carries.
//!
//! Only the provider's own names are accepted in `Host`: a web page that points its own name at this machine
//! (DNS rebinding) must not reach the endpoints.

use std::sync::Arc;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW,
    AUTHORIZATION, HOST,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;
use serde_json::json;

use super::clients::Registration;
use super::metadata::{
    AUTHORIZATION_SERVER, AUTHORIZE, DEVELOPMENT_TOKEN, INTROSPECT, JWKS, OPENID_CONFIGURATION, REGISTER,
    TOKEN, document,
};
use super::personas::Persona;
use super::realm::Realm;
use super::{authorize, introspection, token_endpoint};
use crate::http::form::Form;
use crate::http::listener::Handler;
use crate::http::{Reply, body};

/// The longest request body.
const BODY_LIMIT: usize = 64 * 1024;

/// The provider's endpoints.
#[derive(Clone, Debug)]
pub(super) struct Routes(pub(super) Arc<Realm>);

impl Handler for Routes {
    async fn handle(&self, request: Request<Incoming>) -> Reply {
        let realm = &self.0;
        if !is_own_host(realm, request.headers()) {
            return body::text(StatusCode::MISDIRECTED_REQUEST, "this provider has another name\n");
        }
        let (head, incoming) = request.into_parts();
        let Some(content) = body::read(incoming, BODY_LIMIT).await else {
            return body::text(StatusCode::PAYLOAD_TOO_LARGE, "the request body is too long\n");
        };
        let Ok(content) = std::str::from_utf8(&content) else {
            return body::text(StatusCode::BAD_REQUEST, "the request body is not UTF-8\n");
        };
        match (head.uri.path(), &head.method) {
            (OPENID_CONFIGURATION | AUTHORIZATION_SERVER, &Method::GET) => {
                shared(body::json(StatusCode::OK, &document(&realm.issuer)))
            }
            (JWKS, &Method::GET) => shared(body::json(StatusCode::OK, &realm.jwks())),
            (AUTHORIZE, &Method::GET) => authorize::ask(realm, head.uri.query().unwrap_or_default()),
            (AUTHORIZE, &Method::POST) => authorize::answer(realm, content),
            (TOKEN, &Method::POST) => shared(token_endpoint::answer(realm, &head.headers, content)),
            (REGISTER, &Method::POST) => shared(register(realm, content)),
            (INTROSPECT, &Method::POST) => introspection::answer(realm, &head.headers, content),
            (DEVELOPMENT_TOKEN, &Method::POST) => development_token(realm, &head.headers, content),
            (OPENID_CONFIGURATION | AUTHORIZATION_SERVER | JWKS | TOKEN | REGISTER, &Method::OPTIONS) => {
                shared(body::text(StatusCode::NO_CONTENT, ""))
            }
            (OPENID_CONFIGURATION | AUTHORIZATION_SERVER | JWKS, _) => wrong_method("GET"),
            (AUTHORIZE, _) => wrong_method("GET, POST"),
            (TOKEN | REGISTER | INTROSPECT | DEVELOPMENT_TOKEN, _) => wrong_method("POST"),
            _ => body::text(
                StatusCode::NOT_FOUND,
                "a development identity provider; see its openid-configuration\n",
            ),
        }
    }
}

/// The issuer's authority, or a loopback name with the port that is listened on.
fn is_own_host(realm: &Realm, headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(HOST).iter();
    let Some(host) = values.next().filter(|_| values.next().is_none()).and_then(|host| host.to_str().ok())
    else {
        return false;
    };
    let port = realm.addr.port();
    let issuer = realm.issuer.split_once("://").map_or("", |(_scheme, authority)| authority);
    let names = ["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{port}"));
    host.eq_ignore_ascii_case(issuer) || names.iter().any(|name| host.eq_ignore_ascii_case(name))
}

/// Lets clients that run in a browser read this answer. It holds nothing that another page could not ask for itself:
/// codes go to loopback redirects only, which no page can read.
fn shared(mut reply: Reply) -> Reply {
    let headers = reply.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, OPTIONS"));
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type, mcp-protocol-version"),
    );
    reply
}

fn wrong_method(allowed: &'static str) -> Reply {
    let mut reply = body::text(StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n");
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    reply
}

fn register(realm: &Realm, content: &str) -> Reply {
    let refuse = |code: &str, reason: String| {
        body::no_store(body::json(
            StatusCode::BAD_REQUEST,
            &json!({ "error": code, "error_description": reason }),
        ))
    };
    let asked = match serde_json::from_str::<Registration>(content) {
        Ok(asked) => asked,
        Err(error) => return refuse("invalid_client_metadata", error.to_string()),
    };
    let registered = realm.clients().register(&asked, realm.clock.now());
    match registered {
        Ok(answer) => body::no_store(body::json(StatusCode::CREATED, &answer)),
        Err(error) => refuse(error.code(), error.to_string()),
    }
}

/// Any persona's token for whoever holds the secret of the state file. Browsers are not invited: no sharing here.
fn development_token(realm: &Arc<Realm>, headers: &HeaderMap, content: &str) -> Reply {
    let presented = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let secret = presented.and_then(|value| value.strip_prefix("Bearer "));
    if !secret.is_some_and(|secret| realm.development_secret.matches(secret)) {
        return body::no_store(body::text(
            StatusCode::UNAUTHORIZED,
            "the secret is not the one of this run\n",
        ));
    }
    let Ok(form) = Form::parse(content) else {
        return body::no_store(body::text(StatusCode::BAD_REQUEST, "the form is malformed\n"));
    };
    let persona = form.value("persona").unwrap_or_default().parse::<Persona>();
    match (persona, form.value("audience")) {
        (Ok(persona), Some(audience)) => {
            let token = realm.access_token(persona, &[audience.to_owned()], super::DEMO_CLIENT, "mcp").sign();
            body::no_store(body::text(StatusCode::OK, token.expose().to_owned()))
        }
        (Err(unknown), _) => body::no_store(body::text(StatusCode::BAD_REQUEST, format!("{unknown}\n"))),
        (Ok(_), None) => body::no_store(body::text(StatusCode::BAD_REQUEST, "`audience` is missing\n")),
    }
}
