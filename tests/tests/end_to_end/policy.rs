//! What policy allows happens, and what it does not leaves no trace at the upstream.

use portcullis_demo::oidc::Persona;
use portcullis_tests::{Gateway, run};
use serde_json::{Value, json};

/// `allowed` or `denied`, as the model sees it.
async fn outcome(persona: Persona, tool: &str, arguments: Value) -> &'static str {
    let params = json!({ "name": tool, "arguments": arguments });
    let answer = Gateway::shared().call("billing", persona, "tools/call", params).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let result = &answer.message()["result"];
    match (result["isError"].as_bool(), result["content"][0]["text"].as_str()) {
        (Some(true), Some("not allowed")) => "denied",
        (Some(true), _) => panic!("the tool failed: {answer:?}"),
        _ => "allowed",
    }
}

#[test]
fn groups_and_arguments_decide() {
    run(async {
        let customer = || json!({ "customer_id": "cus_0001" });
        let refund = |amount: Value| json!({ "invoice_id": "inv_0001", "amount": amount, "reason": "test" });
        for (persona, tool, arguments, want) in [
            (Persona::Vendor, "get_customer", customer(), "allowed"),
            (Persona::Vendor, "refund", refund(json!(1)), "denied"),
            (Persona::Support, "get_customer", customer(), "denied"),
            (Persona::Finance, "refund", refund(json!(10_001)), "denied"),
            (Persona::Finance, "refund", refund(json!("1")), "denied"),
            (Persona::Finance, "execute_sql", json!({ "sql": "DELETE FROM customers" }), "denied"),
            (Persona::Vendor, "no_such_tool", json!({}), "denied"),
        ] {
            assert_eq!(outcome(persona, tool, arguments.clone()).await, want, "{persona} {tool} {arguments}");
        }
        let effects = &Gateway::shared().billing.effects;
        assert_eq!(effects.tool_count("refund"), 0, "no denied call reached the server");
        assert_eq!(effects.tool_count("execute_sql"), 0);
    });
}

#[test]
fn a_list_shows_what_its_reader_could_call() {
    run(async {
        for (persona, want) in [
            (Persona::Vendor, "get_customer get_invoice list_customers list_invoices query reconcile"),
            (Persona::Support, ""),
            (
                Persona::Finance,
                "export_customers get_customer get_invoice list_customers list_invoices query reconcile refund",
            ),
        ] {
            let answer = Gateway::shared().call("billing", persona, "tools/list", json!({})).await;
            let result = &answer.message()["result"];
            let tools: Vec<&str> = result["tools"]
                .as_array()
                .unwrap()
                .iter()
                .map(|tool| tool["name"].as_str().unwrap())
                .collect();
            assert_eq!(tools.join(" "), want, "{persona}");
            assert_eq!(result["cacheScope"], "private", "{persona}");
        }
    });
}

#[test]
fn a_refused_call_is_told_the_same_whatever_the_reason() {
    run(async {
        let gateway = Gateway::shared();
        let call = |name: &'static str| {
            gateway.call("scripted", Persona::Support, "tools/call", json!({ "name": name }))
        };
        let erroring = call("erroring").await;
        assert_eq!(erroring.message()["result"]["content"][0]["text"], "not allowed", "{erroring:?}");
        let held = call("dangerous").await;
        let text = held.message()["result"]["content"][0]["text"].as_str().unwrap_or_default().to_owned();
        assert!(text.starts_with("needs approval by a person, who is asked now"), "{held:?}");
        for answer in [erroring, held] {
            assert!(!answer.text.contains("tests."), "no policy is named: {answer:?}");
        }
        assert!(
            gateway.log().contains("tests.secret-reason"),
            "the operator is told which: {}",
            gateway.log()
        );
    });
}
