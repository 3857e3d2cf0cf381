//! The provider as relying parties and clients see it, over HTTP.

mod page;

use std::sync::atomic::{AtomicU64, Ordering};

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use jwt_compact::alg::{Ed25519, Es256, Rsa, RsaPublicKey};
use jwt_compact::jwk::JsonWebKey;
use jwt_compact::{AlgorithmExt as _, UntrustedToken};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::*;
use crate::http::client;
use crate::http::form::{Form, encode};

const VERIFIER: &str = "a-code-verifier-of-at-least-forty-three-characters";
const REDIRECT: &str = "http://127.0.0.1:7777/callback";
const RESOURCE: &str = "http://127.0.0.1:3000/mcp/billing";

/// The payload of a token, unverified.
pub(crate) fn claims(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, at: usize) -> Value {
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(token.split('.').nth(at).unwrap()).unwrap())
        .unwrap()
}

async fn provider() -> Provider {
    Provider::start(ProviderConfig::default()).await.unwrap()
}

/// A provider whose time stands still until it is moved.
async fn timed() -> (Provider, Arc<AtomicU64>) {
    let now = Arc::new(AtomicU64::new(1_800_000_000));
    let config = ProviderConfig { clock: Clock::manual(Arc::clone(&now)), ..ProviderConfig::default() };
    (Provider::start(config).await.unwrap(), now)
}

async fn send(
    provider: &Provider,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response<Bytes> {
    let authority = provider.addr.to_string();
    let mut request = Request::builder().method(method).uri(target);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", &authority);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client::send(&authority, request.body(Full::new(Bytes::from(body.to_owned()))).unwrap()).await.unwrap()
}

async fn get(provider: &Provider, target: &str) -> Response<Bytes> {
    send(provider, "GET", target, &[], "").await
}

fn json(answer: &Response<Bytes>) -> Value {
    serde_json::from_slice(answer.body()).unwrap()
}

fn challenge() -> String {
    Base64UrlUnpadded::encode_string(&Sha256::digest(VERIFIER.as_bytes()))
}

/// The query of a good authorization request, with some fields replaced, added, or (empty) left out.
fn asking(changes: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let good = [
        ("response_type", "code"),
        ("client_id", DEMO_CLIENT),
        ("redirect_uri", REDIRECT),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("state", "a state & more"),
        ("scope", "openid mcp unknown"),
        ("nonce", "n-1"),
        ("resource", RESOURCE),
        ("prompt", "none"),
        ("login_hint", "vendor"),
    ];
    let kept = good.into_iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    format!("/authorize?{}", encode(kept.chain(changes.iter().copied())))
}

/// The fields that come back to the client.
async fn come_back(provider: &Provider, target: &str) -> Form {
    let answer = get(provider, target).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{target}");
    let location = answer.headers()["location"].to_str().unwrap();
    let query = location.strip_prefix("http://127.0.0.1:7777/callback?").unwrap();
    Form::parse(query).unwrap()
}

async fn code(provider: &Provider, changes: &[(&str, &str)]) -> String {
    come_back(provider, &asking(changes)).await.value("code").unwrap().to_owned()
}

async fn exchange(provider: &Provider, fields: &[(&str, &str)]) -> Response<Bytes> {
    send(provider, "POST", "/token", &[], &encode(fields.iter().copied())).await
}

/// Exchanges a code, with some fields replaced.
async fn exchange_code(provider: &Provider, code: &str, changes: &[(&str, &str)]) -> Response<Bytes> {
    let good = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", DEMO_CLIENT),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let kept = good.into_iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    exchange(provider, &kept.chain(changes.iter().copied()).collect::<Vec<_>>()).await
}

/// Whether a published key verifies the token.
fn verifies(jwks: &Value, token: &str) -> bool {
    let token = UntrustedToken::new(token).unwrap();
    let kid = part_kid(&token);
    let Some(jwk) = jwks["keys"].as_array().unwrap().iter().find(|jwk| jwk["kid"] == kid) else {
        return false;
    };
    let jwk = serde_json::from_value::<JsonWebKey<'_>>(jwk.clone()).unwrap();
    match token.algorithm() {
        "ES256" => Es256.validator::<Value>(&(&jwk).try_into().unwrap()).validate(&token).is_ok(),
        "EdDSA" => Ed25519.validator::<Value>(&(&jwk).try_into().unwrap()).validate(&token).is_ok(),
        "RS256" => {
            let key = RsaPublicKey::try_from(&jwk).unwrap();
            Rsa::rs256().validator::<Value>(&key).validate(&token).is_ok()
        }
        _ => false,
    }
}

fn part_kid<H>(token: &UntrustedToken<'_, H>) -> String {
    token.header().key_id.clone().unwrap_or_default()
}

#[tokio::test]
async fn discovery_announces_what_clients_need_under_both_names() {
    let provider = provider().await;
    let openid = json(&get(&provider, "/.well-known/openid-configuration").await);
    assert_eq!(openid, json(&get(&provider, "/.well-known/oauth-authorization-server").await));
    let issuer = provider.issuer();
    for (member, want) in [
        ("issuer", json!(issuer)),
        ("jwks_uri", json!(provider.jwks_uri())),
        ("authorization_endpoint", json!(format!("{issuer}/authorize"))),
        ("token_endpoint", json!(format!("{issuer}/token"))),
        ("registration_endpoint", json!(format!("{issuer}/register"))),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("id_token_signing_alg_values_supported", json!(["EdDSA", "ES256", "RS256"])),
        ("authorization_response_iss_parameter_supported", json!(true)),
    ] {
        assert_eq!(openid[member], want, "member: {member}");
    }
}

#[tokio::test]
async fn published_keys_verify_tokens_of_every_algorithm() {
    let provider = provider().await;
    let jwks = json(&get(&provider, "/jwks.json").await);
    assert_eq!(jwks["keys"].as_array().map(Vec::len), Some(3));
    assert!(jwks.to_string().matches("\"d\"").next().is_none(), "no private half is published");
    for algorithm in Algorithm::ALL {
        let token = provider.builder(Persona::Support, RESOURCE).algorithm(algorithm).sign();
        assert_eq!(part(token.expose(), 0)["alg"], algorithm.name());
        assert!(verifies(&jwks, token.expose()), "{algorithm:?}");
    }
    assert_eq!(provider.jwks_fetches(), 1);
}

#[tokio::test]
async fn access_tokens_say_who_for_whom_and_how_long() {
    let (provider, now) = timed().await;
    let now = now.load(Ordering::SeqCst);
    let token = provider.token(Persona::Vendor, RESOURCE);
    let (header, claims) = (part(token.expose(), 0), claims(token.expose()));
    assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!("ES256")));
    for (claim, want) in [
        ("iss", json!(provider.issuer())),
        ("sub", json!("v.moreau@contractor.example")),
        ("aud", json!(RESOURCE)),
        ("groups", json!(["vendors"])),
        ("client_id", json!(DEMO_CLIENT)),
        ("scope", json!("mcp")),
        ("iat", json!(now)),
        ("nbf", json!(now)),
        ("exp", json!(now + 900)),
    ] {
        assert_eq!(claims[claim], want, "claim: {claim}");
    }
    let ci = self::claims(provider.token(Persona::Ci, RESOURCE).expose());
    assert_eq!(
        (&ci["repository"], &ci["ref"], &ci["environment"]),
        (&json!("acme/billing-reports"), &json!("refs/heads/main"), &json!("production"))
    );
    let again = self::claims(provider.token(Persona::Vendor, RESOURCE).expose());
    assert_ne!(claims["jti"], again["jti"]);
}

#[tokio::test]
async fn a_code_becomes_tokens_for_the_asked_resource() {
    let provider = provider().await;
    let back = come_back(&provider, &asking(&[])).await;
    assert_eq!((back.value("state"), back.value("iss")), (Some("a state & more"), Some(provider.issuer())));
    let answer = exchange_code(&provider, back.value("code").unwrap(), &[]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let answer = json(&answer);
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(answer["scope"], "openid mcp");
    let jwks = json(&get(&provider, "/jwks.json").await);
    let (access, id) = (answer["access_token"].as_str().unwrap(), answer["id_token"].as_str().unwrap());
    assert!(verifies(&jwks, access) && verifies(&jwks, id));
    assert_eq!(
        (&claims(access)["aud"], &claims(access)["sub"]),
        (&json!(RESOURCE), &json!(Persona::Vendor.subject()))
    );
    assert_eq!((&claims(id)["aud"], &claims(id)["nonce"]), (&json!(DEMO_CLIENT), &json!("n-1")));
}

#[tokio::test]
async fn the_page_lets_a_person_be_picked_once() {
    let provider = provider().await;
    let page = get(&provider, &asking(&[("prompt", ""), ("login_hint", "")])).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"));
    let html = std::str::from_utf8(page.body()).unwrap();
    assert!(html.contains("value=\"support\"") && !html.contains("value=\"ci\""));
    let request = html.split("name=\"request\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let workload = encode([("request", request), ("persona", "ci")]);
    assert_eq!(send(&provider, "POST", "/authorize", &[], &workload).await.status(), StatusCode::BAD_REQUEST);
    let pick = encode([("request", request), ("persona", "support")]);
    let picked = send(&provider, "POST", "/authorize", &[], &pick).await;
    assert_eq!(picked.status(), StatusCode::SEE_OTHER);
    assert!(picked.headers()["location"].to_str().unwrap().starts_with(REDIRECT));
    assert_eq!(send(&provider, "POST", "/authorize", &[], &pick).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_wrong_client_or_redirect_is_never_redirected() {
    let provider = provider().await;
    for changes in [
        [("client_id", "nobody")],
        [("client_id", "")],
        [("redirect_uri", "https://evil.example/")],
        [("redirect_uri", "http://127.0.0.1.evil.example/callback")],
        [("redirect_uri", "")],
    ] {
        let answer = get(&provider, &asking(&changes)).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{changes:?}");
        assert!(!answer.headers().contains_key("location"), "{changes:?}");
    }
    let doubled = format!("{}&client_id=x", asking(&[]));
    assert_eq!(get(&provider, &doubled).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_wrong_request_comes_back_with_an_error() {
    let provider = provider().await;
    for (change, want) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "too-short"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("resource", "/relative"), "invalid_target"),
        (("resource", "http://127.0.0.1/mcp#fragment"), "invalid_target"),
        (("login_hint", ""), "login_required"),
        (("login_hint", "ci"), "login_required"),
    ] {
        let back = come_back(&provider, &asking(&[change])).await;
        assert_eq!((back.value("error"), back.value("code")), (Some(want), None), "{change:?}");
        assert_eq!(
            (back.value("state"), back.value("iss")),
            (Some("a state & more"), Some(provider.issuer()))
        );
    }
}

#[tokio::test]
async fn a_code_is_bound_to_client_redirect_and_verifier_and_is_gone_after_one_try() {
    let provider = provider().await;
    for (change, want) in [
        (("client_id", "other"), "invalid_grant"),
        (("redirect_uri", "http://127.0.0.1:7777/other"), "invalid_grant"),
        (("code_verifier", "another-verifier-of-at-least-forty-three-chars"), "invalid_grant"),
        (("code_verifier", "short"), "invalid_grant"),
        (("resource", "http://127.0.0.1:3000/mcp/other"), "invalid_target"),
    ] {
        let code = code(&provider, &[]).await;
        let refused = exchange_code(&provider, &code, &[change]).await;
        assert_eq!(
            (refused.status(), &json(&refused)["error"]),
            (StatusCode::BAD_REQUEST, &json!(want)),
            "{change:?}"
        );
        let second = exchange_code(&provider, &code, &[]).await;
        assert_eq!(json(&second)["error"], "invalid_grant", "{change:?}");
    }
    let code = code(&provider, &[]).await;
    assert_eq!(exchange_code(&provider, &code, &[]).await.status(), StatusCode::OK);
    assert_eq!(exchange_code(&provider, &code, &[]).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_code_lives_for_a_minute() {
    let (provider, now) = timed().await;
    for (age, want) in [(59, StatusCode::OK), (60, StatusCode::BAD_REQUEST)] {
        let code = code(&provider, &[]).await;
        now.fetch_add(age, Ordering::SeqCst);
        assert_eq!(exchange_code(&provider, &code, &[]).await.status(), want, "age: {age}");
    }
}

#[tokio::test]
async fn refresh_tokens_rotate_and_stay_within_what_was_authorised() {
    let provider = provider().await;
    let first = json(&exchange_code(&provider, &code(&provider, &[]).await, &[]).await);
    let old = first["refresh_token"].as_str().unwrap();
    let renew = |token: &str, client: &str| {
        [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", client)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let ask = async |fields: [(String, String); 3]| {
        let fields = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>();
        exchange(&provider, &fields).await
    };
    let renewed = json(&ask(renew(old, DEMO_CLIENT)).await);
    assert_eq!(claims(renewed["access_token"].as_str().unwrap())["aud"], RESOURCE);
    assert_eq!(json(&ask(renew(old, DEMO_CLIENT)).await)["error"], "invalid_grant");
    let new = renewed["refresh_token"].as_str().unwrap();
    assert_eq!(json(&ask(renew(new, "other")).await)["error"], "invalid_grant");
}

#[tokio::test]
async fn a_workload_signs_in_with_its_secret_in_header_or_body() {
    let provider = provider().await;
    let secret = provider.client_secret(Persona::Ci).unwrap().expose().to_owned();
    let form = encode([("grant_type", "client_credentials"), ("resource", RESOURCE)]);
    let basic = |id: &str, secret: &str| {
        format!("Basic {}", Base64::encode_string(format!("{id}:{secret}").as_bytes()))
    };
    for (header, want) in [
        (basic("ci", &secret), StatusCode::OK),
        (basic("ci", "wrong"), StatusCode::UNAUTHORIZED),
        (basic("vendor", &secret), StatusCode::UNAUTHORIZED),
        (basic("nobody", &secret), StatusCode::UNAUTHORIZED),
        (format!("Bearer {secret}"), StatusCode::UNAUTHORIZED),
    ] {
        let answer = send(&provider, "POST", "/token", &[("authorization", &header)], &form).await;
        assert_eq!(answer.status(), want, "{}", header.split(' ').next().unwrap());
        assert_eq!(answer.headers().contains_key("www-authenticate"), want == StatusCode::UNAUTHORIZED);
    }
    let fields = [("grant_type", "client_credentials"), ("client_id", "ci"), ("client_secret", &secret)];
    let in_body = json(&exchange(&provider, &fields).await);
    let claims = claims(in_body["access_token"].as_str().unwrap());
    assert_eq!((&claims["client_id"], &claims["groups"]), (&json!("ci"), &json!(["ci"])));
    assert_eq!(claims["aud"], provider.issuer(), "without a resource the token opens nothing else");
    let two = [fields.as_slice(), &[("resource", "http://a/x"), ("resource", "http://a/y")]].concat();
    let two = json(&exchange(&provider, &two).await);
    assert_eq!(
        self::claims(two["access_token"].as_str().unwrap())["aud"],
        json!(["http://a/x", "http://a/y"])
    );
}

#[tokio::test]
async fn malformed_token_requests_name_the_error() {
    let provider = provider().await;
    for (body, want) in [
        ("", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=authorization_code", "invalid_request"),
        ("grant_type=authorization_code&code=a&code=b", "invalid_request"),
        ("grant_type=%zz", "invalid_request"),
        ("grant_type=client_credentials&client_id=ci", "invalid_client"),
    ] {
        let answer = send(&provider, "POST", "/token", &[], body).await;
        assert_eq!(json(&answer)["error"], want, "body: {body}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn a_registered_client_signs_in_through_its_own_redirect() {
    let provider = provider().await;
    let asked = json!({
        "redirect_uris": [REDIRECT], "client_name": "<script>alert(1)</script>",
        "token_endpoint_auth_method": "none", "application_type": "native",
    });
    let answer = send(&provider, "POST", "/register", &[], &asked.to_string()).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let id = json(&answer)["client_id"].as_str().unwrap().to_owned();

    let page = get(&provider, &asking(&[("client_id", &id), ("prompt", "")])).await;
    assert!(!std::str::from_utf8(page.body()).unwrap().contains("<script>"));
    let elsewhere = asking(&[("client_id", &id), ("redirect_uri", "http://127.0.0.1:7777/elsewhere")]);
    assert_eq!(get(&provider, &elsewhere).await.status(), StatusCode::BAD_REQUEST);
    let code = code(&provider, &[("client_id", &id)]).await;
    let tokens = json(&exchange_code(&provider, &code, &[("client_id", &id)]).await);
    assert_eq!(claims(tokens["access_token"].as_str().unwrap())["client_id"], id);

    let remote = json!({ "redirect_uris": ["https://evil.example/"] });
    let refused = send(&provider, "POST", "/register", &[], &remote.to_string()).await;
    assert_eq!(
        (refused.status(), &json(&refused)["error"]),
        (StatusCode::BAD_REQUEST, &json!("invalid_redirect_uri"))
    );
}

#[tokio::test]
async fn rotation_publishes_the_new_key_beside_the_old_one_until_it_is_withdrawn() {
    let provider = provider().await;
    let before = provider.token(Persona::Vendor, RESOURCE);
    let new = provider.rotate(Algorithm::Es256).unwrap();
    let after = provider.token(Persona::Vendor, RESOURCE);
    assert_eq!(part(after.expose(), 0)["kid"], new.kid());
    let both = json(&get(&provider, "/jwks.json").await);
    assert!(verifies(&both, before.expose()) && verifies(&both, after.expose()));
    provider.withdraw_old_keys();
    let one = json(&get(&provider, "/jwks.json").await);
    assert!(!verifies(&one, before.expose()) && verifies(&one, after.expose()));
}

#[tokio::test]
async fn forgeries_carry_our_signature_only_when_they_lie_in_what_they_say() {
    let provider = provider().await;
    for forgery in Forgery::ALL {
        let token = provider.forge(forgery, Persona::Vendor, RESOURCE);
        let signed_by_us = match forgery {
            // Well signed, and wrong in what they say.
            Forgery::CriticalHeader
            | Forgery::DuplicateClaim
            | Forgery::Expired
            | Forgery::ExpiryAsText
            | Forgery::MissingAudience
            | Forgery::MissingExpiry
            | Forgery::MissingIssuer
            | Forgery::MissingSubject
            | Forgery::NotYetValid
            | Forgery::WrongAudience
            | Forgery::WrongIssuer
            | Forgery::WrongType => true,
            Forgery::AlgorithmMismatch
            | Forgery::AlteredPayload
            | Forgery::EmbeddedKey
            | Forgery::EmptySignature
            | Forgery::HmacWithDer
            | Forgery::HmacWithJwk
            | Forgery::HmacWithPem
            | Forgery::None
            | Forgery::NoneInMixedCase
            | Forgery::ShortSignature
            | Forgery::UnknownKey
            | Forgery::WrongKey => false,
        };
        assert_eq!(signature_holds(&provider, token.expose()), signed_by_us, "{forgery:?}");
    }
}

/// Whether the current ES256 key made this signature, whatever the header says.
fn signature_holds(provider: &Provider, token: &str) -> bool {
    use jwt_compact::{Algorithm as _, AlgorithmSignature as _};

    let (message, signature) = token.rsplit_once('.').unwrap();
    let jwk = provider.key(Algorithm::Es256).jwk();
    let jwk = serde_json::from_value::<JsonWebKey<'_>>(jwk).unwrap();
    let signature = Base64UrlUnpadded::decode_vec(signature).unwrap();
    let signature = <Es256 as jwt_compact::Algorithm>::Signature::try_from_slice(&signature);
    signature.is_ok_and(|signature| {
        Es256.verify_signature(&signature, &(&jwk).try_into().unwrap(), message.as_bytes())
            && part(token, 0)["alg"] == "ES256"
    })
}

#[tokio::test]
async fn opaque_tokens_are_described_to_the_gateway_alone_until_they_end() {
    let (provider, now) = timed().await;
    let token = provider.opaque_token(Persona::Vendor, RESOURCE);
    let secret = provider.introspection_secret().expose().to_owned();
    let ask = async |token: &str, secret: &str| {
        let form = encode([("token", token), ("client_id", INTROSPECTION_CLIENT), ("client_secret", secret)]);
        send(&provider, "POST", "/introspect", &[], &form).await
    };
    assert_eq!(ask(token.expose(), "wrong").await.status(), StatusCode::UNAUTHORIZED);
    let described = json(&ask(token.expose(), &secret).await);
    assert_eq!((&described["active"], &described["aud"]), (&json!(true), &json!(RESOURCE)));
    assert_eq!(described["groups"], json!(["vendors"]));
    assert_eq!(json(&ask("other", &secret).await), json!({ "active": false }));
    now.fetch_add(ACCESS_TOKEN_LIFETIME, Ordering::SeqCst);
    assert_eq!(json(&ask(token.expose(), &secret).await), json!({ "active": false }));
    let revoked = provider.opaque_token(Persona::Vendor, RESOURCE);
    provider.revoke_opaque(&revoked);
    assert_eq!(json(&ask(revoked.expose(), &secret).await), json!({ "active": false }));
}

#[tokio::test]
async fn another_host_name_reaches_nothing() {
    let config = ProviderConfig { issuer: Some("http://demo:9000".into()), ..ProviderConfig::default() };
    let provider = Provider::start(config).await.unwrap();
    let port = provider.addr.port();
    for (host, want) in [
        ("demo:9000".to_owned(), StatusCode::OK),
        (format!("localhost:{port}"), StatusCode::OK),
        ("evil.example".to_owned(), StatusCode::MISDIRECTED_REQUEST),
        (format!("evil.example:{port}"), StatusCode::MISDIRECTED_REQUEST),
        ("127.0.0.1".to_owned(), StatusCode::MISDIRECTED_REQUEST),
    ] {
        let answer = send(&provider, "GET", "/jwks.json", &[("host", &host)], "").await;
        assert_eq!(answer.status(), want, "host: {host}");
    }
}

#[test]
fn an_issuer_is_an_origin() {
    for (issuer, want) in [
        ("http://demo:9000", true),
        ("https://id.example", true),
        ("http://demo:9000/", false),
        ("http://demo/realm", false),
        ("http://demo?x", false),
        ("ftp://demo", false),
        ("demo", false),
        ("", false),
    ] {
        assert_eq!(origin(issuer).is_ok(), want, "issuer: {issuer}");
    }
}

#[test]
fn personas_are_found_by_name() {
    for persona in Persona::ALL {
        assert_eq!(persona.name().parse(), Ok(persona));
    }
    assert_eq!(
        "root".parse::<Persona>().unwrap_err().to_string(),
        "no persona `root`: choose vendor, support, finance, writer, auditor or ci"
    );
}
