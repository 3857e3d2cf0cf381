use http::HeaderValue;
use serde_json::{Value, json};

use super::{protected_resource, www_authenticate};
use crate::test_issuer::settings;
use crate::{Refusal, TokenError};

#[test]
fn the_metadata_names_the_route_and_its_issuers() {
    let settings = settings();
    let billing = &settings.connections[&"billing".parse().unwrap()];
    let document = |scopes: &[&str]| -> Value {
        serde_json::from_str(&protected_resource(&settings, billing, scopes)).unwrap()
    };
    let want = json!({
        "resource": "https://gw.example.com/mcp/billing",
        "authorization_servers": ["https://idp.example.com"],
        "bearer_methods_supported": ["header"],
        "resource_name": "billing",
    });
    assert_eq!(document(&[]), want);
    assert_eq!(document(&["mcp"])["scopes_supported"], json!(["mcp"]));
}

#[test]
fn a_challenge_points_to_the_metadata() {
    let url = "https://gw.example.com/.well-known/oauth-protected-resource/mcp/billing";
    for (refusal, want) in [
        (None, ""),
        (
            Some(Refusal::Malformed(TokenError::Base64)),
            r#", error="invalid_token", error_description="the token is malformed""#,
        ),
        (
            Some(Refusal::UnknownIssuer { issuer: "\"evil\"\r\n".to_owned() }),
            r#", error="invalid_token", error_description="the token is not accepted""#,
        ),
    ] {
        let value = www_authenticate(url, refusal.as_ref());
        assert_eq!(value, format!("Bearer resource_metadata=\"{url}\"{want}"));
        assert!(HeaderValue::from_str(&value).is_ok());
    }
}
