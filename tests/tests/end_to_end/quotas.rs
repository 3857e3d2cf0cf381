//! A quota is kept by the compiled component, over the store, from one instance to the next.

use portcullis_demo::oidc::Persona;
use portcullis_tests::{Gateway, Options, components, run};
use serde_json::json;

/// What the model is told of this customer: what was found, or why nothing was.
async fn customer(gateway: &Gateway, persona: Persona, id: &str) -> String {
    let params = json!({ "name": "get_customer", "arguments": { "customer_id": id } });
    let answer = gateway.call("billing", persona, "tools/call", params).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let text = answer.message()["result"]["content"][0]["text"].as_str().unwrap_or_default().to_owned();
    if text.contains("[email]") { "found".to_owned() } else { text }
}

#[test]
fn a_vendor_sees_so_many_customers_and_no_more() {
    run(async {
        let manifest = components::workspace().join("tests/fixtures/spin-quotas.toml");
        let gateway = Gateway::start(Options { manifest, ..Options::default() }).await;
        for (id, want) in [
            ("cus_0001", "found"),
            ("cus_0001", "found"),
            ("cus_0002", "found"),
            ("cus_0003", "not allowed"),
            ("cus_0001", "not allowed"),
        ] {
            assert_eq!(customer(&gateway, Persona::Vendor, id).await, want, "{id}\n{}", gateway.log());
        }
        assert_eq!(customer(&gateway, Persona::Finance, "cus_0003").await, "found");
        // An instance serves 128 requests; whoever comes next knows of the limit from the store.
        for _ in 0..130 {
            assert_eq!(customer(&gateway, Persona::Support, "cus_0001").await, "found");
        }
        assert_eq!(customer(&gateway, Persona::Vendor, "cus_0004").await, "not allowed", "{}", gateway.log());
        let effects = gateway.billing.effects.tool_count("get_customer");
        assert_eq!(effects, 134, "nothing that was denied reached the server");
        let store = gateway.store_text();
        assert!(store.contains(":usage:") && !store.contains("@example"), "no address is at rest");
    });
}
