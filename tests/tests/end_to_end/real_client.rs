//! The official Rust client, in both protocol eras, through the gateway to the official server.

use portcullis_demo::oidc::Persona;
use portcullis_tests::{Gateway, run};
use rmcp::model::{
    CallToolRequestParams, ClientConfig, GetPromptRequestParams, ProtocolVersion, ReadResourceRequestParams,
};
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt as _, RoleClient};
use serde_json::{Value, json};

pub(crate) type Client = RunningService<RoleClient, ClientConfig>;

pub(crate) const ERAS: [&str; 2] = ["2025-11-25", "2026-07-28"];

async fn connect(era: &str, persona: Persona) -> Client {
    connect_to("billing", era, persona).await
}

pub(crate) async fn connect_to(connection: &str, era: &str, persona: Persona) -> Client {
    let gateway = Gateway::shared();
    let config = StreamableHttpClientTransportConfig::with_uri(gateway.resource(connection))
        .auth_header(gateway.token(persona, connection));
    let transport = StreamableHttpClientTransport::from_config(config);
    let lifecycle = match era {
        "2025-11-25" => ClientLifecycleMode::Initialize,
        _ => ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] },
    };
    ClientConfig::default().serve_with_lifecycle(transport, lifecycle).await.expect("a connection")
}

async fn call(client: &Client, tool: &'static str, arguments: Value) -> Value {
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    let result = client.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await;
    serde_json::to_value(result.expect("a result")).unwrap()
}

#[test]
fn it_lists_calls_is_denied_and_goes_on() {
    run(async {
        for era in ERAS {
            let client = connect(era, Persona::Vendor).await;
            let tools = client.list_all_tools().await.unwrap();
            assert!(tools.iter().any(|tool| tool.name == "get_customer"), "{era}");
            assert!(!tools.iter().any(|tool| tool.name == "refund"), "{era}");

            let customer =
                call(&client, "get_customer", json!({ "customer_id": "cus_0001" })).await.to_string();
            assert!(customer.contains("[card]") && customer.contains("[email]"), "{era}: {customer}");

            let denied = call(&client, "execute_sql", json!({ "sql": "DROP TABLE customers" })).await;
            assert_eq!(denied["isError"], true, "{era}: {denied}");

            let again = call(&client, "get_customer", json!({ "customer_id": "cus_0002" })).await;
            assert_ne!(again["isError"], true, "{era}: the client survives a denial: {again}");
            client.cancel().await.unwrap();
        }
        assert_eq!(Gateway::shared().billing.effects.tool_count("execute_sql"), 0);
    });
}

#[test]
fn it_reads_resources_and_gets_prompts() {
    run(async {
        for era in ERAS {
            let client = connect(era, Persona::Finance).await;
            let read = ReadResourceRequestParams::new("billing://policy/refunds");
            let policy = client.read_resource(read).await.unwrap();
            assert_eq!(policy.contents.len(), 1, "{era}");

            let arguments = json!({ "customer_id": "cus_0001" }).as_object().cloned().unwrap();
            let prompt = GetPromptRequestParams::new("dunning_letter").with_arguments(arguments);
            let prompt = serde_json::to_string(&client.get_prompt(prompt).await.unwrap()).unwrap();
            assert!(!prompt.contains("4111"), "{era}: {prompt}");

            assert!(!client.list_all_resource_templates().await.unwrap().is_empty(), "{era}");
            client.cancel().await.unwrap();

            let client = connect(era, Persona::Vendor).await;
            let read = ReadResourceRequestParams::new("billing://policy/refunds");
            let denied = client.read_resource(read).await.unwrap_err().to_string();
            assert!(denied.contains("not allowed"), "{era}: {denied}");
            assert!(client.list_all_resources().await.unwrap().is_empty(), "{era}");
            client.cancel().await.unwrap();
        }
    });
}

#[test]
fn a_refund_that_is_allowed_happens_once() {
    run(async {
        let client = connect("2026-07-28", Persona::Finance).await;
        let before = Gateway::shared().billing.effects.refunds().len();
        let refund = json!({ "invoice_id": "inv_0001", "amount": 1, "reason": "goodwill" });
        let result = call(&client, "refund", refund).await;
        assert_ne!(result["isError"], true, "{result}");
        assert_eq!(Gateway::shared().billing.effects.refunds().len(), before + 1);
        client.cancel().await.unwrap();
    });
}

#[test]
fn many_callers_at_once_are_served_from_the_first_request_on() {
    run(async {
        let gateway = std::sync::Arc::new(Gateway::start(portcullis_tests::Options::default()).await);
        let calls: Vec<_> = (0..40)
            .map(|_| {
                let gateway = std::sync::Arc::clone(&gateway);
                tokio::spawn(async move {
                    let params =
                        json!({ "name": "get_customer", "arguments": { "customer_id": "cus_0001" } });
                    gateway.call("billing", Persona::Vendor, "tools/call", params).await
                })
            })
            .collect();
        for call in calls {
            let answer = call.await.unwrap();
            assert!(answer.text.contains("[card]"), "{answer:?}");
        }
        assert!(!gateway.log().contains("panicked"), "{}", gateway.log());
    });
}

#[test]
fn a_session_of_one_caller_is_no_use_to_another() {
    run(async {
        let gateway = Gateway::shared();
        let initialize = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } } });
        let vendor = gateway.token(Persona::Vendor, "billing");
        let answer = gateway.post("billing", Some(&vendor), &initialize.to_string()).await;
        let session = answer.header("mcp-session-id").to_owned();
        assert!(session.len() > 60, "{answer:?}");
        for (persona, want) in [(Persona::Vendor, 200), (Persona::Finance, 404)] {
            let list = r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#;
            let token = gateway.token(persona, "billing");
            let mut request = portcullis_tests::client::post(
                gateway.address,
                "/mcp/billing",
                Some(&token),
                portcullis_tests::client::full(list),
            );
            request.headers_mut().insert("mcp-session-id", session.parse().unwrap());
            assert_eq!(
                portcullis_tests::client::send(gateway.address, request).await.status,
                want,
                "{persona}"
            );
        }
    });
}
