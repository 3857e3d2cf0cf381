use portcullis_settings::IssuerUrl;
use serde_json::{Value, json};

use super::{Discovery, DiscoveryError, FirstFetch, discovery_url, first_fetch};
use crate::test_issuer::settings_with;

const ISSUER: &str = "https://idp.example.com/realms/a";

fn parse(issuer: &str, document: &Value) -> Result<Discovery, DiscoveryError> {
    Discovery::parse(document.to_string().as_bytes(), &issuer.parse().unwrap())
}

#[test]
fn a_document_says_where_the_keys_are() {
    let document = json!({
        "issuer": ISSUER,
        "jwks_uri": "https://keys.example.net/a",
        "introspection_endpoint": "https://idp.example.com/introspect",
        "claims_supported": ["sub"],
    });
    let discovery = parse(ISSUER, &document).unwrap();
    assert_eq!(discovery.jwks_uri.as_str(), "https://keys.example.net/a");
    assert_eq!(discovery.introspection.unwrap().as_str(), "https://idp.example.com/introspect");
}

#[test]
fn documents_that_are_not_used() {
    let near = "http://localhost:9000";
    for (issuer, document, want) in [
        (
            ISSUER,
            json!({"issuer": format!("{ISSUER}/"), "jwks_uri": "https://k"}),
            Some(DiscoveryError::Issuer),
        ),
        (ISSUER, json!({"issuer": "https://evil", "jwks_uri": "https://k"}), Some(DiscoveryError::Issuer)),
        (ISSUER, json!({"jwks_uri": "https://k"}), Some(DiscoveryError::Issuer)),
        (ISSUER, json!({"issuer": ISSUER}), Some(DiscoveryError::Url("jwks_uri"))),
        (ISSUER, json!({"issuer": ISSUER, "jwks_uri": "http://k"}), Some(DiscoveryError::Url("jwks_uri"))),
        // An issuer elsewhere must not send us to a service on this machine in plain text.
        (
            ISSUER,
            json!({"issuer": ISSUER, "jwks_uri": "http://localhost/k"}),
            Some(DiscoveryError::Url("jwks_uri")),
        ),
        (ISSUER, json!({"issuer": ISSUER, "jwks_uri": ["https://k"]}), Some(DiscoveryError::Url("jwks_uri"))),
        (ISSUER, json!({"issuer": ISSUER, "jwks_uri": "file:///k"}), Some(DiscoveryError::Url("jwks_uri"))),
        (
            ISSUER,
            json!({"issuer": ISSUER, "jwks_uri": "https://k", "introspection_endpoint": "http://i"}),
            Some(DiscoveryError::Url("introspection_endpoint")),
        ),
        (near, json!({"issuer": near, "jwks_uri": "http://127.0.0.1:9000/k"}), None),
        (
            near,
            json!({"issuer": near, "jwks_uri": "http://10.0.0.1/k"}),
            Some(DiscoveryError::Url("jwks_uri")),
        ),
        (ISSUER, json!([]), Some(DiscoveryError::Json)),
        (ISSUER, json!({"issuer": ISSUER, "pad": "x".repeat(256 << 10)}), Some(DiscoveryError::Json)),
    ] {
        assert_eq!(parse(issuer, &document).err(), want, "case: {issuer} {want:?}");
    }
}

#[test]
fn the_document_is_below_the_issuer() {
    for (issuer, want) in [
        ("https://a", "https://a/.well-known/openid-configuration"),
        ("https://a/", "https://a/.well-known/openid-configuration"),
        (ISSUER, "https://idp.example.com/realms/a/.well-known/openid-configuration"),
    ] {
        assert_eq!(discovery_url(&issuer.parse::<IssuerUrl>().unwrap()), want);
    }
}

#[test]
fn the_settings_choose_what_is_fetched_first() {
    for (lines, want) in [
        ("", FirstFetch::Metadata("https://idp.example.com/.well-known/openid-configuration".to_owned())),
        ("discovery_url = \"https://x/m?a=b\"", FirstFetch::Metadata("https://x/m?a=b".to_owned())),
        ("jwks_url = \"https://x/k\"", FirstFetch::KeySet("https://x/k".to_owned())),
    ] {
        let settings = settings_with(lines);
        assert_eq!(first_fetch(&settings.issuers[&"demo".parse().unwrap()]), want, "case: {lines}");
    }
}
