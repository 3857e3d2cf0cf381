//! What the platform says about a request counts, what the caller says about itself does not.

use portcullis_demo::oidc::Persona;
use portcullis_ledger::Record;
use portcullis_tests::client::{self, full};
use portcullis_tests::{Gateway, Options, run};

#[test]
fn a_client_address_that_the_caller_sends_is_not_believed() {
    run(async {
        let gateway = Gateway::start(Options::default()).await;
        let token = gateway.token(Persona::Vendor, "scripted");
        for name in ["spin-client-addr", "Spin-Client-Addr", "spin-path-info", "spin-full-url"] {
            let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
            let mut request = client::post(gateway.address, "/mcp/scripted", Some(&token), full(list));
            let name: http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, "203.0.113.9:1".parse().unwrap());
            let answer = client::send(gateway.address, request).await;
            assert_eq!(answer.status, 400, "{answer:?}");
        }
        for record in gateway.records() {
            let Record::Refusal(refusal) = record else { panic!("not a refusal: {record:?}") };
            assert_eq!(refusal.kind, "forged_header");
            assert_eq!(refusal.client_address.as_deref(), Some("127.0.0.1"));
        }
    });
}

#[test]
fn probes_are_answered_without_a_token() {
    run(async {
        let gateway = Gateway::shared();
        for (path, want) in [("/healthz", "alive"), ("/readyz", "ready")] {
            // Orchestrators probe by address, whatever the public name is.
            let request = http::Request::get(path).header("host", "10.1.2.3:3000").body(full("")).unwrap();
            let answer = client::send(gateway.address, request).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            assert!(answer.text.contains(want), "{answer:?}");
        }
    });
}
