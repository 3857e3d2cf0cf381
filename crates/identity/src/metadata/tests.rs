use std::collections::BTreeMap;

use http::HeaderValue;
use portcullis_settings::{Draft, Settings};
use serde_json::{Value, json};

use super::{insufficient_scope, protected_resource, www_authenticate};
use crate::{Refusal, TokenError};

fn settings() -> Settings {
    let text = r#"
public_url = "https://gw.example.com"
secret_key = "0123456789abcdef0123456789abcdef"
[issuers.idp]
issuer = "https://idp.example.com"
[issuers.ci]
issuer = "https://ci.example.com"
[connections.billing]
url = "https://billing.example.com/mcp"
issuers = ["idp"]
scopes = ["billing:read", "billing:write"]
[connections.wiki]
url = "https://wiki.example.com/mcp"
issuers = ["idp", "ci"]
[connections.alone]
url = "https://alone.example.com/mcp"
issuers = ["idp"]
scopes = ["alone"]
aggregate = false
"#;
    Draft::parse(text, "t").unwrap().resolve(&BTreeMap::new()).unwrap()
}

#[test]
fn the_metadata_names_the_place_its_issuers_and_its_scopes() {
    let settings = settings();
    let document = |name: Option<&str>| -> Value {
        let endpoint = match name {
            Some(name) => settings.endpoint(&name.parse().unwrap()),
            None => settings.aggregate(),
        };
        serde_json::from_str(&protected_resource(&endpoint.unwrap())).unwrap()
    };
    let (idp, ci) = ("https://idp.example.com", "https://ci.example.com");
    for (name, want) in [
        (
            Some("billing"),
            json!({
                "resource": "https://gw.example.com/mcp/billing",
                "authorization_servers": [idp],
                "bearer_methods_supported": ["header"],
                "scopes_supported": ["billing:read", "billing:write"],
                "resource_name": "billing",
            }),
        ),
        (
            Some("wiki"),
            json!({
                "resource": "https://gw.example.com/mcp/wiki",
                "authorization_servers": [ci, idp],
                "bearer_methods_supported": ["header"],
                "resource_name": "wiki",
            }),
        ),
        (
            None,
            json!({
                "resource": "https://gw.example.com/mcp",
                "authorization_servers": [ci, idp],
                "bearer_methods_supported": ["header"],
                "scopes_supported": ["billing:read", "billing:write"],
                "resource_name": "portcullis",
            }),
        ),
    ] {
        assert_eq!(document(name), want, "{name:?}");
    }
}

#[test]
fn a_challenge_points_to_the_metadata_and_says_what_is_needed() {
    let settings = settings();
    let billing = settings.endpoint(&"billing".parse().unwrap()).unwrap();
    let pointer = "Bearer resource_metadata=\"https://gw.example.com/.well-known/oauth-protected-resource/mcp/billing\", \
                   scope=\"billing:read billing:write\"";
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
        let value = www_authenticate(&billing, refusal.as_ref());
        assert_eq!(value, format!("{pointer}{want}"));
        assert!(HeaderValue::from_str(&value).is_ok());
    }
    let value = insufficient_scope(&billing);
    assert!(value.starts_with(&format!("{pointer}, error=\"insufficient_scope\"")), "{value}");
    assert_eq!(
        www_authenticate(&settings.aggregate().unwrap(), None),
        "Bearer resource_metadata=\"https://gw.example.com/.well-known/oauth-protected-resource/mcp\"",
        "of several connections some may do without scopes"
    );
}
