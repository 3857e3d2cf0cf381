//! `/mcp`: several connections as one server, with the official Rust client in both eras.

use portcullis_demo::oidc::Persona;
use portcullis_ledger::Record;
use portcullis_tests::{Gateway, client, run};
use rmcp::model::{CallToolRequestParams, ReadResourceRequestParams};
use serde_json::{Value, json};

use crate::real_client::{ERAS, connect_to};

#[test]
fn one_client_uses_all_connections_that_its_user_may() {
    run(async {
        for era in ERAS {
            let client = connect_to("", era, Persona::Finance).await;
            let tools: Vec<String> = client
                .list_all_tools()
                .await
                .unwrap()
                .into_iter()
                .map(|tool| tool.name.into_owned())
                .collect();
            for (name, listed) in [
                ("billing__refund", true),
                ("billing__execute_sql", false),
                ("billing-eu__list_customers", true),
                ("billing-eu__refund", false),
                ("scoped__list_customers", false),
                ("refund", false),
            ] {
                assert_eq!(tools.iter().any(|tool| tool == name), listed, "{era} {name}: {tools:?}");
            }
            let arguments = json!({ "customer_id": "cus_0001" }).as_object().cloned().unwrap();
            let call = |tool: &'static str| {
                client.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments.clone()))
            };
            let seen = serde_json::to_string(&call("billing-eu__get_customer").await.unwrap()).unwrap();
            assert!(seen.contains("[card]") && !seen.contains("4111"), "{era}: {seen}");
            for tool in ["billing-eu__refund", "scoped__get_customer", "nowhere__x", "get_customer"] {
                let denied = serde_json::to_value(call(tool).await.unwrap()).unwrap();
                assert_eq!(denied["isError"], true, "{era} {tool}: {denied}");
            }
            let uri = "billing-eu+billing://policy/refunds";
            let read = client.read_resource(ReadResourceRequestParams::new(uri)).await.unwrap();
            let read: Value = serde_json::to_value(read).unwrap();
            assert_eq!(read["contents"][0]["uri"], uri, "{era}");
            client.cancel().await.unwrap();
        }
        let records = Gateway::shared().records();
        let recorded = records.iter().any(|record| match record {
            Record::Intent(intent) => {
                intent.connection == "billing-eu" && intent.name.as_deref() == Some("get_customer")
            }
            Record::Drift(_) | Record::Outcome(_) | Record::Refusal(_) => false,
        });
        assert!(recorded, "a call is recorded as one of its connection");
    });
}

#[test]
fn a_token_for_one_connection_does_not_open_all() {
    run(async {
        let gateway = Gateway::shared();
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string();
        let token = gateway.token(Persona::Finance, "billing");
        assert_eq!(gateway.post("", Some(&token), &body).await.status, 401);
        let token = gateway.token(Persona::Finance, "");
        assert_eq!(gateway.post("billing", Some(&token), &body).await.status, 401);
    });
}

#[test]
fn only_a_missing_scope_is_told_as_one() {
    run(async {
        let gateway = Gateway::shared();
        let answer = gateway.call("scoped", Persona::Finance, "tools/list", json!({})).await;
        assert_eq!(answer.status, 403, "{answer:?}");
        let challenge = answer.header("www-authenticate");
        for part in
            ["error=\"insufficient_scope\"", "scope=\"billing:read billing:write\"", "resource_metadata="]
        {
            assert!(challenge.contains(part), "{part}: {challenge}");
        }
        let path = "/.well-known/oauth-protected-resource/mcp/scoped";
        let request = http::Request::get(path).header("host", gateway.address.to_string());
        let metadata = client::send(gateway.address, request.body(client::full("")).unwrap()).await;
        let metadata: Value = serde_json::from_str(&metadata.text).unwrap();
        assert_eq!(metadata["scopes_supported"], json!(["billing:read", "billing:write"]));
        let denied = gateway.call("billing", Persona::Vendor, "tools/call", json!({"name": "refund"})).await;
        assert_eq!((denied.status.as_u16(), denied.header("www-authenticate")), (200, ""));
    });
}
