//! The authorization endpoint: what a client asks for, whom the user picks, where the answer goes.
//!
//! A request whose client or redirect is wrong is answered on the page itself; only afterwards may an error be sent
//! to the redirect (RFC 6749 §4.1.2.1), or this endpoint would forward users anywhere.

use std::sync::Arc;

use http::header::LOCATION;
use http::{HeaderValue, StatusCode};

use super::clients::Redirect;
use super::grants::SignIn;
use super::metadata::SCOPES;
use super::page;
use super::personas::Persona;
use super::realm::Realm;
use crate::http::form::{self, Form};
use crate::http::{Reply, body};

/// The longest text that is carried from request to answer.
const TEXT_LIMIT: usize = 2_000;

/// Why no code is issued, in RFC 6749's words; sent to the redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refusal(&'static str, &'static str);

/// Answers `GET /authorize`.
pub(super) fn ask(realm: &Arc<Realm>, query: &str) -> Reply {
    let Ok(query) = Form::parse(query) else {
        return page::refuse("The request is malformed or repeats a parameter.");
    };
    let client = query.value("client_id").and_then(|id| realm.clients().find(id));
    let Some(client) = client else {
        return page::refuse(
            "This client is not registered here. Clear its stored registration and sign in again.",
        );
    };
    let redirect = query.value("redirect_uri").and_then(|uri| client.redirect(uri));
    let Some(redirect) = redirect else {
        return page::refuse("The redirect_uri is not one that this client registered.");
    };
    let state = query.value("state").filter(|state| state.len() <= TEXT_LIMIT).map(str::to_owned);
    let sign_in = match check(&query, &client.id, redirect.clone(), state.clone()) {
        Ok(sign_in) => sign_in,
        Err(refusal) => return send_back(realm, &redirect, state.as_deref(), Err(refusal)),
    };
    match (query.value("prompt"), chosen(&query, "login_hint")) {
        // OpenID Connect Core §3.1.2.1: no page. The hint says who is "already signed in"; tests use this.
        (Some("none"), Some(persona)) => finish(realm, sign_in, persona),
        (Some("none"), None) => {
            let refusal = Refusal("login_required", "prompt=none needs a login_hint that names a persona");
            send_back(realm, &redirect, state.as_deref(), Err(refusal))
        }
        (Some(_) | None, _) => match realm.grants().open_page(sign_in, realm.clock.now()) {
            Some(ticket) => page::pick(&client.name, redirect.as_str(), ticket.expose()),
            None => page::refuse("Too many sign-ins are open. Try again in a few minutes."),
        },
    }
}

/// Answers `POST /authorize`, the button on the page.
pub(super) fn answer(realm: &Arc<Realm>, form: &str) -> Reply {
    let Ok(form) = Form::parse(form) else {
        return page::refuse("The answer is malformed.");
    };
    let Some(persona) = chosen(&form, "persona") else {
        return page::refuse("Nobody was chosen.");
    };
    let sign_in = form.value("request").and_then(|page| realm.grants().answer_page(page, realm.clock.now()));
    match sign_in {
        Some(sign_in) => finish(realm, sign_in, persona),
        None => page::refuse("This page was answered before or is too old. Start again in your client."),
    }
}

/// A person by name. Workloads have a client secret and no page.
fn chosen(form: &Form, field: &str) -> Option<Persona> {
    form.value(field)?.parse::<Persona>().ok().filter(|persona| !persona.is_workload())
}

fn check(
    query: &Form,
    client_id: &str,
    redirect: Redirect,
    state: Option<String>,
) -> Result<SignIn, Refusal> {
    if query.value("response_type") != Some("code") {
        return Err(Refusal("unsupported_response_type", "only response_type=code is supported"));
    }
    if query.value("code_challenge_method") != Some("S256") {
        return Err(Refusal("invalid_request", "PKCE with code_challenge_method=S256 is required"));
    }
    // A SHA-256 in base64url without padding has 43 characters.
    let challenge = query.value("code_challenge").filter(|challenge| {
        challenge.len() == 43
            && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    });
    let Some(challenge) = challenge else {
        return Err(Refusal("invalid_request", "code_challenge is not a base64url SHA-256"));
    };
    let Some(resources) = resources(query) else {
        return Err(Refusal(
            "invalid_target",
            "resource must be an absolute http or https URL without fragment",
        ));
    };
    Ok(SignIn {
        client_id: client_id.to_owned(),
        redirect,
        challenge: challenge.to_owned(),
        state,
        nonce: query.value("nonce").filter(|nonce| nonce.len() <= TEXT_LIMIT).map(str::to_owned),
        scope: granted_scope(query.value("scope")),
        resources,
    })
}

/// The `resource` parameters (RFC 8707 §2); `None` when one is not an absolute URL.
pub(super) fn resources(form: &Form) -> Option<Vec<String>> {
    let resources = form.values("resource");
    let is_absolute = |text: &String| {
        let known = text.starts_with("http://") || text.starts_with("https://");
        known && text.len() <= TEXT_LIMIT && !text.contains('#') && text.parse::<http::Uri>().is_ok()
    };
    (resources.len() <= 10 && resources.iter().all(is_absolute)).then(|| resources.to_vec())
}

/// The known ones among the asked scopes, or `mcp`.
pub(super) fn granted_scope(asked: Option<&str>) -> String {
    let granted =
        asked.unwrap_or_default().split(' ').filter(|scope| SCOPES.contains(scope)).collect::<Vec<_>>();
    if granted.is_empty() { "mcp".to_owned() } else { granted.join(" ") }
}

fn finish(realm: &Realm, sign_in: SignIn, persona: Persona) -> Reply {
    let (redirect, state) = (sign_in.redirect.clone(), sign_in.state.clone());
    let code = realm.grants().issue_code(sign_in, persona, realm.clock.now());
    let outcome = code.ok_or(Refusal("temporarily_unavailable", "too many codes are open"));
    send_back(
        realm,
        &redirect,
        state.as_deref(),
        outcome.as_ref().map(crate::Secret::expose).map_err(|refusal| *refusal),
    )
}

fn send_back(
    realm: &Realm,
    redirect: &Redirect,
    state: Option<&str>,
    outcome: Result<&str, Refusal>,
) -> Reply {
    let mut fields = match outcome {
        Ok(code) => vec![("code", code)],
        Err(Refusal(error, description)) => vec![("error", error), ("error_description", description)],
    };
    fields.extend(state.map(|state| ("state", state)));
    fields.push(("iss", &realm.issuer));
    let joint = if redirect.as_str().contains('?') { '&' } else { '?' };
    let target = format!("{}{joint}{}", redirect.as_str(), form::encode(fields));
    match HeaderValue::try_from(target) {
        Ok(target) => {
            // 303: whatever the browser sent here, it asks the client with GET.
            let mut reply = body::no_store(body::text(StatusCode::SEE_OTHER, "Back to the client.\n"));
            reply.headers_mut().insert(LOCATION, target);
            reply
        }
        Err(_unprintable) => page::refuse("The redirect_uri cannot be written into a header."),
    }
}
