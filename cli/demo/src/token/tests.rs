//! Tokens over HTTP, from a provider that runs and from one that does not.

use std::collections::BTreeMap;

use super::*;
use crate::oidc::{Provider, ProviderConfig};

fn state(provider: &Provider) -> DemoState {
    DemoState {
        gateway_url: "http://127.0.0.1:1".into(),
        issuer: provider.issuer().into(),
        development_token_url: provider.development_token_url(),
        development_secret: provider.development_secret().clone(),
        connections: BTreeMap::from([("billing".into(), "http://127.0.0.1:1/mcp/billing".into())]),
        upstream: BTreeMap::new(),
        pid: std::process::id(),
    }
}

#[tokio::test]
async fn a_connections_name_stands_for_its_url() {
    let provider = Provider::start(ProviderConfig::default()).await.unwrap();
    let token = fetch(&state(&provider), Persona::Vendor, "billing").await.unwrap();
    let claims = crate::oidc::tests::claims(token.expose());
    assert_eq!(claims["aud"], "http://127.0.0.1:1/mcp/billing");
    assert_eq!(claims["sub"], "v.moreau@contractor.example");
}

#[tokio::test]
async fn a_stopped_provider_and_a_wrong_secret_are_told_apart() {
    let provider = Provider::start(ProviderConfig::default()).await.unwrap();
    let right = state(&provider);
    let wrong = DemoState { development_secret: Secret::new("old"), ..right.clone() };
    assert!(matches!(fetch(&wrong, Persona::Ci, "billing").await, Err(FetchError::OtherRun(_))));
    provider.stop().await;
    let gone = fetch(&right, Persona::Ci, "billing").await.unwrap_err();
    assert!(gone.to_string().contains("portcullis up --demo"), "{gone}");
}
