//! Who calls is proved, or nothing happens.

use portcullis_demo::oidc::{Algorithm, Forgery, Persona};
use portcullis_tests::{Gateway, run};
use serde_json::json;

const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;

#[test]
fn every_forged_token_is_refused_and_nothing_is_forwarded() {
    run(async {
        let gateway = Gateway::shared();
        for forgery in Forgery::ALL {
            let token = gateway.provider.forge(forgery, Persona::Vendor, &gateway.resource("scripted"));
            let answer = gateway.post("scripted", Some(token.expose()), LIST).await;
            assert_eq!(answer.status, 401, "{forgery:?}: {answer:?}");
            let challenge = answer.header("www-authenticate");
            assert!(challenge.contains("error=\"invalid_token\""), "{forgery:?}: {challenge}");
            assert!(!gateway.log().contains(token.expose()), "{forgery:?}: the token is in the log");
        }
        let answer = gateway.post("scripted", None, LIST).await;
        assert_eq!(answer.status, 401);
        assert!(answer.header("www-authenticate").starts_with("Bearer resource_metadata="), "{answer:?}");
    });
}

#[test]
fn a_token_for_one_connection_opens_no_other() {
    run(async {
        let gateway = Gateway::shared();
        let token = gateway.token(Persona::Vendor, "billing");
        let answer = gateway.post("scripted", Some(&token), LIST).await;
        assert_eq!(answer.status, 401, "{answer:?}");
        assert!(answer.header("www-authenticate").contains("not meant for this resource"), "{answer:?}");
    });
}

#[test]
fn all_three_algorithms_are_accepted() {
    run(async {
        let gateway = Gateway::shared();
        for algorithm in Algorithm::ALL {
            let token =
                gateway.provider.builder(Persona::Vendor, &gateway.resource("billing")).algorithm(algorithm);
            let token = token.sign();
            let params = json!({ "name": "get_customer", "arguments": { "customer_id": "cus_0001" } });
            let path = "/mcp/billing";
            let request =
                portcullis_tests::client::modern(gateway.address, path, token.expose(), "tools/call", params);
            let answer = portcullis_tests::client::send(gateway.address, request).await;
            assert_eq!(answer.status, 200, "{algorithm:?}: {answer:?}");
            assert!(answer.message()["result"]["content"].is_array(), "{algorithm:?}: {answer:?}");
        }
    });
}

#[test]
fn a_new_signing_key_is_found_without_a_restart() {
    run(async {
        let gateway = Gateway::start(portcullis_tests::Options::default()).await;
        let call = || async {
            let params = json!({ "name": "get_customer", "arguments": { "customer_id": "cus_0001" } });
            gateway.call("billing", Persona::Vendor, "tools/call", params).await
        };
        assert_eq!(call().await.status, 200);
        let before = gateway.provider.jwks_fetches();
        gateway.provider.rotate(Algorithm::Es256).unwrap();
        let answer = call().await;
        // The first fetch is seconds old, and unknown keys may cause at most one fetch in 30 seconds.
        assert_eq!(answer.status, 401, "{answer:?}");
        assert_eq!(
            gateway.provider.jwks_fetches(),
            before,
            "strangers cannot make the gateway fetch at will"
        );
    });
}

#[test]
fn the_metadata_of_a_connection_names_its_issuer() {
    run(async {
        let gateway = Gateway::shared();
        let path = "/.well-known/oauth-protected-resource/mcp/billing";
        let request = http::Request::get(path).header("host", gateway.address.to_string());
        let request = request.body(portcullis_tests::client::full("")).unwrap();
        let answer = portcullis_tests::client::send(gateway.address, request).await;
        let document: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(document["resource"], gateway.resource("billing"));
        assert_eq!(document["authorization_servers"], json!([gateway.provider.issuer()]));
    });
}
