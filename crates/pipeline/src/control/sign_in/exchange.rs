//! A code becomes a token at the issuer (RFC 6749 section 4.1.3, RFC 7636 section 4.5).

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, StatusCode};
use portcullis_identity::sign_in::{
    Endpoints, SecretPlace, access_token, basic, error_code, form, is_unreserved,
};
use portcullis_mcp::json::{self, Bounds, Json};
use portcullis_settings::{Secret, SignIn};

use super::NotSignedIn;
use crate::body;
use crate::exchange::Exchange;
use crate::ports::Ports;

/// How long the issuer may take to begin its answer, and again to end it.
const DEADLINE: Duration = Duration::from_secs(10);
/// The longest answer of an issuer.
const ANSWER_BYTES: usize = 128 << 10;
/// The longest code.
const CODE_BYTES: usize = 4096;

/// What a page comes back with. Neither part is ever shown.
pub(super) struct Proof {
    code: Secret,
    verifier: Secret,
}

impl Proof {
    /// Exactly a code and a verifier, as RFC 6749 (appendix A.11) and RFC 7636 (section 4.1) have them.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let Ok(Json::Object(members)) = json::parse(bytes, Bounds::request(8)) else { return None };
        let code = members.get_str("code")?;
        let verifier = members.get_str("code_verifier")?;
        let is_code =
            (1..=CODE_BYTES).contains(&code.len()) && code.bytes().all(|b| matches!(b, 0x20..=0x7e));
        let is_verifier = (43..=128).contains(&verifier.len()) && verifier.bytes().all(is_unreserved);
        (members.len() == 2 && is_code && is_verifier)
            .then(|| Self { code: Secret::new(code.to_owned()), verifier: Secret::new(verifier.to_owned()) })
    }
}

/// Takes the code to the issuer. What comes back is not verified yet.
pub(super) async fn perform<P: Ports>(
    x: &Exchange<P>,
    (client, known): (&SignIn, &Endpoints),
    proof: &Proof,
) -> Result<Secret, NotSignedIn> {
    let no_answer = |reason: String| NotSignedIn::NoAnswer { issuer: client.issuer.clone(), reason };
    let request = request(x, (client, known), proof).map_err(|reason| no_answer(reason.to_owned()))?;
    // Redirects are not followed: the code and the secret are for the issuer alone.
    let answer = x.ports.fetch(request, DEADLINE).await.map_err(|error| no_answer(error.to_string()))?;
    let (head, mut body) = answer.into_parts();
    let bytes = body::read(&*x.ports, &mut body, ANSWER_BYTES, DEADLINE).await;
    let bytes = bytes.map_err(|error| no_answer(error.to_string()))?;
    match head.status {
        StatusCode::OK => access_token(&bytes).map_err(|error| no_answer(error.to_string())),
        status if status.is_client_error() => {
            Err(NotSignedIn::Rejected { issuer: client.issuer.clone(), error: error_code(&bytes) })
        }
        status => Err(no_answer(format!("it answered {}", status.as_u16()))),
    }
}

fn request<P: Ports>(
    x: &Exchange<P>,
    (client, known): (&SignIn, &Endpoints),
    proof: &Proof,
) -> Result<Request<Bytes>, &'static str> {
    let public_url = &x.gateway.settings().public_url;
    let (redirect, resource) = (public_url.signed_in_page(), public_url.api_resource());
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", proof.code.expose()),
        ("redirect_uri", redirect.as_str()),
        ("client_id", client.client_id.as_str()),
        ("code_verifier", proof.verifier.expose()),
    ];
    if client.tells_resource {
        fields.push(("resource", resource.as_str()));
    }
    let mut authorization = None;
    match (&client.client_secret, known.secret) {
        (Some(secret), SecretPlace::Header) => {
            let value = basic(client.client_id.as_str(), secret);
            authorization = Some(sensitive(value.expose())?);
        }
        (Some(secret), SecretPlace::Form) => fields.push(("client_secret", secret.expose())),
        (None, SecretPlace::Form | SecretPlace::Header) => {}
    }
    let mut request = Request::new(Bytes::from(form(&fields)));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = known.token.as_str().parse().map_err(|_| "its URL cannot be used")?;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(value) = authorization {
        headers.insert(AUTHORIZATION, value);
    }
    Ok(request)
}

fn sensitive(value: &str) -> Result<HeaderValue, &'static str> {
    let mut value = HeaderValue::from_str(value).map_err(|_| "the client's secret cannot be sent")?;
    value.set_sensitive(true);
    Ok(value)
}
