//! Whatever a server says, and whatever a client sends.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::support::{
    Client, call_of, intents, messages, raw_stream, request, response, sent, upstream, world,
};
use crate::world::{End, World};

const CARD: &str = "4111111111111111";
/// So much of it that no digest holds it by chance.
const NEEDLE: &str = "41111111";

/// Names that mean something somewhere. Those that the protocol needs unchanged never hold a card here.
const KEYS: [&str; 24] = [
    "_meta",
    "arguments",
    "blob",
    "code",
    "content",
    "contents",
    "data",
    "error",
    "inputRequests",
    "isError",
    "message",
    "messages",
    "mimeType",
    "name",
    "requestState",
    "resource",
    "result",
    "resultType",
    "structuredContent",
    "task",
    "text",
    "tools",
    "type",
    "uri",
];

const METHODS: [&str; 14] = [
    "elicitation/create",
    "notifications/cancelled",
    "notifications/elicitation/complete",
    "notifications/message",
    "notifications/progress",
    "notifications/resources/updated",
    "notifications/subscriptions/acknowledged",
    "notifications/tasks",
    "notifications/tasks/status",
    "notifications/tools/list_changed",
    "ping",
    "roots/list",
    "sampling/createMessage",
    "surprise",
];

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        Just(json!(4_111_111_111_111_111_u64)),
        Just(json!(format!("card {CARD}."))),
        Just(json!(CARD)),
        prop::sample::select(vec![
            "complete",
            "input_required",
            "task",
            "text",
            "image",
            "resource",
            "crm://1",
            "crm://secret",
            "elicitation/create"
        ])
        .prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        let key = prop_oneof![9 => prop::sample::select(KEYS.to_vec()).prop_map(str::to_owned), 1 => Just(CARD.to_owned())];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..5).prop_map(object),
        ]
    })
}

fn object(members: Vec<(String, Value)>) -> Value {
    Value::Object(members.into_iter().collect::<Map<_, _>>())
}

fn members() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(KEYS.to_vec()).prop_map(str::to_owned);
    prop::collection::vec((key, value()), 0..5).prop_map(object)
}

/// Something like a message of a server; the call's id is 7.
fn message() -> impl Strategy<Value = Value> {
    let id = prop_oneof![3 => Just(json!(7)), 1 => leaf()];
    let method = prop::sample::select(METHODS.to_vec());
    prop_oneof![
        3 => (id.clone(), members()).prop_map(|(id, result)| json!({"jsonrpc": "2.0", "id": id, "result": result})),
        1 => (id.clone(), members()).prop_map(|(id, mut result)| {
            result["resultType"] = json!("complete");
            json!({"jsonrpc": "2.0", "id": id, "result": result})
        }),
        1 => (id.clone(), value(), value()).prop_map(|(id, text, data)| {
            json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32042, "message": text, "data": data}})
        }),
        3 => (method.clone(), members()).prop_map(|(method, params)| json!({"jsonrpc": "2.0", "method": method, "params": params})),
        2 => (id, method, members()).prop_map(|(id, method, params)| request(id, method, params)),
        1 => value(),
    ]
}

/// A response with such messages, in one of its forms.
fn answer() -> impl Strategy<Value = (u16, &'static str, String)> {
    let event = |message: Value| {
        prop_oneof![Just(format!("data: {message}\n\n")), Just(format!("id: {CARD}\ndata: {message}\n\n"))]
    };
    let events =
        prop::collection::vec(message().prop_flat_map(event), 0..5).prop_map(|events| events.concat());
    let lines = prop::collection::vec(message(), 0..3)
        .prop_map(|lines| lines.iter().map(|line| format!("{line}\n")).collect());
    prop_oneof![
        4 => events.prop_map(|text| (200, "text/event-stream", text)),
        2 => (prop::sample::select(vec![200, 200, 400, 404, 500]), message()).prop_map(|(status, message)| (status, "application/json", message.to_string())),
        1 => lines.prop_map(|text: String| (200, "application/json", text)),
    ]
}

/// A call in one of its forms.
fn call() -> impl Strategy<Value = (bool, Value)> {
    let call = prop_oneof![
        3 => Just(call_of(7, "read")),
        1 => Just(request(7, "tools/call", json!({"name": "read", "task": {}}))),
        1 => Just(request(7, "resources/read", json!({"uri": "crm://1"}))),
        1 => Just(request(7, "prompts/get", json!({"name": "p"}))),
        1 => Just(request(7, "tools/list", json!({}))),
        1 => Just(request(7, "completion/complete", json!({"ref": {"type": "ref/resource", "uri": "crm://{id}"}, "argument": {"name": "id", "value": ""}}))),
    ];
    let listen = request(
        7,
        "subscriptions/listen",
        json!({"notifications": {"toolsListChanged": true, "resourceSubscriptions": ["crm://1"]}}),
    );
    prop_oneof![6 => (any::<bool>(), call), 1 => Just((true, listen))]
}

fn serve(world: &World, (modern, body): &(bool, Value)) -> crate::world::Done {
    let client = Client::new(world)
        .able(json!({"elicitation": {}, "extensions": {"io.modelcontextprotocol/tasks": {}}}));
    match modern {
        true => client.send_modern(body),
        false => client.in_session("2025-11-25").send(body),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_server_says_no_card_passes_and_each_call_is_answered_and_recorded_once(call in call(), answer in answer()) {
        let world = world();
        let (status, kind, text) = answer.clone();
        upstream(&world, move |sent| match sent.body.get("id") == Some(&json!(7)) && sent.body.get("method").is_some() {
            true => response(status, kind, vec![text.clone().into_bytes()], End::Whole),
            false => crate::support::accepted(),
        });
        let done = serve(&world, &call);
        prop_assert!(!done.text.contains(NEEDLE), "{:?}", done);
        prop_assert!(!world.traces().contains(NEEDLE), "{}", world.traces());
        let listens = call.1["method"] == "subscriptions/listen";
        let seen = messages(&done.text);
        let answers = seen.iter().filter(|message| message.get("method").is_none()).count();
        let resumable = done.text.contains("\nid: ") || done.text.starts_with("id: ");
        prop_assert!(answers == 1 || (answers == 0 && (resumable || listens)), "{:?}", done);
        if answers == 1 {
            prop_assert_eq!(&seen.last().unwrap()["id"], &json!(7), "nothing follows the answer");
        }
        let outcomes = world.outcomes().len();
        match intents(&world).iter().filter(|intent| intent.method == call.1["method"]).count() {
            0 => prop_assert_eq!(outcomes, 0),
            intents => {
                prop_assert_eq!(intents, 1);
                prop_assert_eq!(outcomes, usize::from(answers == 1 || listens));
            }
        }
    }

    #[test]
    fn whatever_a_client_sends_nothing_recorded_leaves_unrecorded(
        modern in any::<bool>(),
        method in prop::sample::select(vec!["tools/call", "prompts/get", "resources/read", "resources/subscribe", "tasks/get", "tasks/update",
            "completion/complete", "subscriptions/listen", "initialize", "tools/list", "notifications/cancelled", "surprise"]),
        params in client_params(),
        id in prop_oneof![5 => Just(json!(7)), 1 => leaf(), 1 => Just(json!("seven"))],
    ) {
        let world = world();
        upstream(&world, |sent| crate::support::whole(&sent.result(&crate::support::text_result("done"))));
        let mut body = request(id, method, params);
        if body["id"].is_null() {
            body.as_object_mut().unwrap().remove("id");
        }
        serve(&world, &(modern, body.clone()));
        let unrecorded = ["initialize", "tools/list", "completion/complete"];
        for (index, left) in sent(&world).iter().filter(|left| left.body.get("id").is_some()).enumerate() {
            if left.method().is_empty() || unrecorded.contains(&left.method()) {
                continue;
            }
            prop_assert_eq!(left.method(), method, "{}", index);
            prop_assert_eq!(intents(&world).len(), 1, "{}", body);
            let denied = match left.method() {
                "tools/call" => left.body["params"]["name"] == "write",
                "resources/read" | "resources/subscribe" => left.body["params"]["uri"] == "crm://secret",
                _ => false,
            };
            prop_assert!(!denied, "policy denies it: {}", body);
        }
        prop_assert!(!world.traces().contains(NEEDLE), "{}", world.traces());
    }

    #[test]
    fn whatever_bytes_a_server_sends_the_call_is_answered(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in prop::sample::select(vec!["application/json", "text/event-stream"])) {
        let world = world();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        upstream(&world, move |_| match kind {
            "application/json" => response(200, kind, vec![bytes.clone()], End::Whole),
            _ => raw_stream(&text, End::Whole),
        });
        let done = Client::new(&world).send_modern(&call_of(7, "read"));
        prop_assert_eq!(messages(&done.text).len(), 1, "{:?}", done);
        prop_assert_eq!(world.outcomes().len(), 1);
    }
}

/// Parameters of a client: what its methods need, or nearly.
fn client_params() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec!["read", "write", "crm://1", "crm://secret", "CRM://1", ""]);
    let member = (
        prop::sample::select(vec![
            "name",
            "uri",
            "taskId",
            "arguments",
            "task",
            "inputResponses",
            "requestState",
            "notifications",
            "ref",
            "argument",
            "cursor",
            "x",
        ]),
        value(),
    );
    (name, prop::collection::vec(member, 0..5)).prop_map(|(name, members)| {
        let mut params = json!({"name": name, "uri": name, "taskId": name});
        for (key, value) in members {
            params[key] = value;
        }
        params
    })
}
