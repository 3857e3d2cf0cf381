//! `/approve/<id>`: the page that the link leads to which a caller is given.
//!
//! It is the same for every request and everybody: it says what to run, and has a script that shows the request to
//! whoever signs in or pastes a token, which stays in the memory of the page. Everything that it shows and does goes
//! through `/api`, as with the command line. There are no cookies, so nothing is sent by itself.
//!
//! `/approve/signed-in` is the same page, where people come back from an issuer. What the issuer sends along is for the
//! script alone: nothing here reads it.
//!
//! Only what is served here may run or be loaded, the page stands in no frame, and no form can be sent anywhere.

use bytes::Bytes;
use http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use portcullis_approval::RequestId;
use portcullis_settings::Settings;

use crate::edge;
use crate::refusal::{Refusal, respond};

const PAGE: &str = include_str!("page/approve.html");
const SCRIPT: &str = include_str!("page/approve.js");
const SIGN_IN_SCRIPT: &str = include_str!("page/sign-in.js");
const STYLE: &str = include_str!("page/approve.css");
/// Where the id of the request belongs in the page.
const ID: &str = "{{id}}";
/// Where it belongs whether one can sign in.
const WITH_BROWSER: &str = "{{with-browser}}";
/// The page where people come back, whichever request they came from.
const SIGNED_IN: &str = "signed-in";

/// What browsers are told about everything that is served here.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
];

/// The page, or what belongs to it; `None` for a path of another kind.
pub(super) fn serve(settings: &Settings, parts: &Parts) -> Option<Result<Response<Bytes>, Refusal>> {
    let name = parts.uri.path().strip_prefix("/approve/")?;
    Some(answer(settings, parts, name))
}

fn answer(settings: &Settings, parts: &Parts, name: &str) -> Result<Response<Bytes>, Refusal> {
    if settings.console.is_none() {
        return Err(Refusal::NotFound);
    }
    let (kind, text) = match name {
        "approve.css" => ("text/css; charset=utf-8", STYLE.to_owned()),
        "approve.js" => ("text/javascript; charset=utf-8", SCRIPT.to_owned()),
        "sign-in.js" => ("text/javascript; charset=utf-8", SIGN_IN_SCRIPT.to_owned()),
        SIGNED_IN if settings.sign_in.is_none() => return Err(Refusal::NotFound),
        SIGNED_IN => ("text/html; charset=utf-8", page(settings, "ID")),
        // An id is digits and a `-`, so nothing in it can be markup, and nothing else gets into the page.
        id => {
            let id: RequestId = id.parse().map_err(|_| Refusal::NotFound)?;
            ("text/html; charset=utf-8", page(settings, &id.to_string()))
        }
    };
    if ![Method::GET, Method::HEAD].contains(&parts.method) {
        return Err(Refusal::MethodNotAllowed { allow: "GET, HEAD" });
    }
    edge::check_source(settings, parts)?;
    let mut response = respond(StatusCode::OK, kind, text);
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

fn page(settings: &Settings, id: &str) -> String {
    let with_browser = if settings.sign_in.is_some() { "" } else { "hidden" };
    PAGE.replace(ID, id).replace(WITH_BROWSER, with_browser)
}
