//! Callers on 2026-07-28 whose client opens pages: what they are asked, what they carry, and what of it counts.

use portcullis_approval::{RequestId, State};
use serde_json::{Value, json};

use super::{
    Client, POLICIES, SETTINGS, approve, held, later, now, of, pay, read, reject, text, tool, world,
};
use crate::support::{intents, refusals, request, sent, text_result, upstream, whole};
use crate::world::{Done, World};

pub(super) const PAGE: &str = "https://gw.example.com/approve/";

/// A client whose user can be asked to open a page.
pub(super) fn able<'w>(world: &'w World, name: &str) -> Client<'w> {
    Client::of(world, name, "staff").able(json!({"elicitation": {"url": {}}}))
}

/// A world in which the pauses of a hold end at once, and nothing else does.
pub(super) fn patient(world: World) -> World {
    world.ports.patience.set(std::time::Duration::from_secs(2));
    upstream(&world, |sent| whole(&sent.result(&text_result("done"))));
    world
}

/// The request whose page the caller's user is to open, and what the client carries.
pub(super) fn asked(done: &Done) -> (RequestId, String) {
    assert_eq!(done.status, 200, "{done:?}");
    let result = &done.json()["result"];
    let url = result["inputRequests"]["portcullis.approval"]["params"]["url"].as_str();
    let id = url.and_then(|url| url.strip_prefix(PAGE)).unwrap_or_else(|| panic!("no page: {done:?}"));
    (id.parse().unwrap(), result["requestState"].as_str().unwrap().to_owned())
}

/// What the client carries when it is asked to wait on.
pub(super) fn waits(done: &Done) -> String {
    let result = done.json()["result"].clone();
    let members: Vec<&str> = result.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["resultType", "requestState"], "{done:?}");
    assert_eq!(result["resultType"], "input_required");
    result["requestState"].as_str().unwrap().to_owned()
}

/// The same call with what it carries, and with what the user has said to the gateway's question.
pub(super) fn again(call: &Value, state: impl Into<Value>, action: Option<&str>) -> Value {
    let mut call = call.clone();
    call["id"] = json!("again");
    call["params"]["requestState"] = state.into();
    if let Some(action) = action {
        call["params"]["inputResponses"] = json!({"portcullis.approval": {"action": action}});
    }
    call
}

fn result(done: &Done) -> Value {
    done.json()["result"].clone()
}

fn is_refused(world: &World, done: &Done, name: &str) {
    assert_eq!((done.status, &done.json()["error"]["code"]), (200, &json!(-32602)), "{name}: {done:?}");
    assert!(sent(world).is_empty(), "{name}: nothing is forwarded");
    assert_eq!(refusals(world).pop().unwrap().kind, "protocol", "{name}");
}

#[test]
fn a_user_is_sent_to_the_page_wherever_calls_have_rounds() {
    for (method, params) in [
        ("tools/call", json!({"name": "pay", "arguments": {"amount": 1}})),
        ("prompts/get", json!({"name": "held"})),
        ("resources/read", json!({"uri": "crm://secret"})),
    ] {
        let world = world();
        let done = able(&world, "ada").send_modern(&request(7, method, params));
        let (id, state) = asked(&done);
        let text = "A call to `crm` needs approval by a person. The page shows what is asked for, and whoever may \
                    approve it can do so there.";
        let params = json!({"mode": "url", "message": text, "url": format!("{PAGE}{id}")});
        let question = json!({"method": "elicitation/create", "params": params});
        let want = json!({"jsonrpc": "2.0", "id": 7, "result": {
            "resultType": "input_required", "requestState": state,
            "inputRequests": {"portcullis.approval": question},
        }});
        assert_eq!(done.json(), want, "{method}");
        assert!(matches!(read(&world, id).state(now(&world)), State::Pending(_)), "{method}");
        let refusal = refusals(&world).pop().unwrap();
        assert_eq!((refusal.kind.as_str(), refusal.approval), ("needs_approval", Some(id.to_string())));
        assert!(sent(&world).is_empty());
    }
}

#[test]
fn whoever_cannot_open_pages_is_told_at_once() {
    let world = world();
    let call = pay(json!({"amount": 1}));
    let id = asked(&able(&world, "ada").send_modern(&call)).0;
    for capabilities in [
        json!({}),
        json!({"elicitation": {}}),
        json!({"elicitation": {"form": {}}}),
        json!({"elicitation": {"url": true}}),
        json!({"url": {}}),
    ] {
        let done = Client::new(&world).able(capabilities.clone()).send_modern(&call);
        assert_eq!(held(&done), id, "{capabilities}");
    }
    for revision in ["2025-03-26", "2025-06-18", "2025-11-25"] {
        assert_eq!(held(&able(&world, "ada").in_session(revision).send(&call)), id, "{revision}");
    }
    let subscribing = request(1, "resources/subscribe", json!({"uri": "crm://secret"}));
    let policies = POLICIES.replace(r#"action == Action::"read""#, "action");
    let other = of(&policies);
    let session = able(&other, "ada").in_session("2025-11-25");
    assert_eq!(session.send(&subscribing).json()["error"]["code"], 40302, "what has no rounds has none here");
}

#[test]
fn what_is_approved_goes_on_once_and_the_server_sees_a_plain_call() {
    for action in [Some("accept"), None] {
        let world = patient(world());
        let ada = able(&world, "ada");
        let call = pay(json!({"amount": 1e2, "n": 12_345_678_901_234_567_890_u64}));
        let (id, state) = asked(&ada.send_modern(&call));
        approve(&world, id, "bob");
        let done = ada.send_modern(&again(&call, state.clone(), action));
        assert_eq!((result(&done), &done.json()["id"]), (text_result("done"), &json!("again")));
        let params = sent(&world).pop().unwrap().body["params"].clone();
        let members: Vec<&str> = params.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["name", "arguments", "_meta"]);
        assert_eq!(params["arguments"], call["params"]["arguments"]);
        let intent = intents(&world).pop().unwrap();
        assert_eq!(intent.approval, Some(id.to_string()));
        let recorded: Value = serde_json::from_str(intent.arguments.text.text()).unwrap();
        assert_eq!(recorded, call["params"]["arguments"], "and so does the record");

        for _ in 0..2 {
            let replayed = ada.send_modern(&again(&call, state.clone(), action));
            assert_eq!(held(&replayed), id);
            assert!(text(&replayed).contains("is over"), "{replayed:?}");
        }
        assert!(sent(&world).is_empty(), "a replay does nothing");
        assert_eq!(refusals(&world).pop().unwrap().kind, "approval_over");
        assert_eq!(asked(&ada.send_modern(&call)).0, id.next(), "and asks nobody; a new call does");
    }
}

#[test]
fn the_state_alone_approves_nothing_and_is_asked_for_at_most_nine_times_more() {
    let world = patient(world());
    let ada = able(&world, "ada");
    let call = pay(json!({"amount": 1}));
    let (id, mut state) = asked(&ada.send_modern(&call));
    for n in 1..=8 {
        let action = (n == 1).then_some("accept");
        let next = waits(&ada.send_modern(&again(&call, state.clone(), action)));
        assert_ne!(next, state, "{n}");
        state = next;
    }
    let last = ada.send_modern(&again(&call, state, None));
    assert_eq!(held(&last), id);
    assert!(text(&last).contains("which is not there yet"), "{last:?}");
    assert!(sent(&world).is_empty());
    assert!(refusals(&world).iter().all(|refusal| refusal.kind == "needs_approval"));
    assert_eq!(refusals(&world).len(), 10);
    approve(&world, id, "bob");
    assert_eq!(result(&ada.send_modern(&call)), text_result("done"), "it needs no state either");
}

#[test]
fn a_user_who_does_not_open_the_page_ends_the_call_and_not_the_request() {
    let open = POLICIES.replace(r#"Action::"crm/pay""#, r#"Action::"crm/nothing""#);
    for action in ["decline", "cancel"] {
        let world = patient(world());
        let ada = able(&world, "ada");
        let call = pay(json!({"amount": 1}));
        let (id, state) = asked(&ada.send_modern(&call));
        let declined = again(&call, state, Some(action));
        let first = ada.send_modern(&declined);
        assert_eq!(held(&first), id, "{action}");
        assert!(text(&first).contains("did not open the page"), "{first:?}");
        assert_eq!(refusals(&world).pop().unwrap().kind, "approval_declined");
        assert!(matches!(read(&world, id).state(now(&world)), State::Pending(_)), "{action}");
        approve(&world, id, "bob");
        assert_eq!(held(&ada.send_modern(&declined)), id, "{action}: the user has said no to this one");
        let other = world.instance(SETTINGS, &open);
        assert_eq!(
            held(&able(&other, "ada").send_modern(&declined)),
            id,
            "{action}: whatever policy says now"
        );
        assert!(sent(&world).is_empty());
        assert_eq!(result(&ada.send_modern(&call)), text_result("done"), "{action}");
    }
}

#[test]
fn what_is_rejected_or_over_meanwhile_is_told_and_not_asked_anew() {
    let world = patient(world());
    let ada = able(&world, "ada");
    let call = pay(json!({"amount": 1}));
    let (id, state) = asked(&ada.send_modern(&call));
    reject(&world, id, "bob");
    let rejected = ada.send_modern(&again(&call, state.clone(), Some("accept")));
    assert_eq!(held(&rejected), id);
    assert!(text(&rejected).starts_with("rejected by a person"), "{rejected:?}");
    later(&world, 301);
    let over = ada.send_modern(&again(&call, state.clone(), None));
    assert_eq!(held(&over), id);
    assert!(text(&over).contains("is over"), "{over:?}");
    // Somebody asks anew, and who waited for the first does not get into that by itself.
    let next = asked(&ada.send_modern(&call)).0;
    assert_eq!(next, id.next());
    assert_eq!(held(&ada.send_modern(&again(&call, state, None))), id);
    assert!(sent(&world).is_empty());
}

#[test]
fn a_state_is_good_for_its_caller_and_its_call_only() {
    let call = pay(json!({"amount": 1}));
    let granted = r#"@id("all") permit (principal in Group::"idp:guests", action, resource);"#;
    for (name, send) in [
        (
            "caller",
            &(|world: &World, state: &str| {
                able(world, "carl").send_modern(&again(&pay(json!({"amount": 1})), state, None))
            }) as &dyn Fn(&World, &str) -> Done,
        ),
        ("connection", &|world, state| {
            able(world, "ada").on("photos").send_modern(&again(&pay(json!({"amount": 1})), state, None))
        }),
        ("method", &|world, state| {
            let call = request(1, "prompts/get", json!({"name": "pay", "arguments": {"amount": 1}}));
            able(world, "ada").send_modern(&again(&call, state, None))
        }),
        ("name", &|world, state| {
            able(world, "ada").send_modern(&again(&tool("export", json!({"amount": 1})), state, None))
        }),
        ("an open one", &|world, state| {
            able(world, "ada").send_modern(&again(&tool("harmless", json!({"amount": 1})), state, None))
        }),
        ("arguments", &|world, state| {
            able(world, "ada").send_modern(&again(&pay(json!({"amount": 2})), state, None))
        }),
        ("altered", &|world, state| {
            let altered = format!("{}A{}", &state[..20], &state[21..]);
            able(world, "ada").send_modern(&again(&pay(json!({"amount": 1})), altered, None))
        }),
        ("cut", &|world, state| {
            able(world, "ada").send_modern(&again(
                &pay(json!({"amount": 1})),
                &state[..state.len() - 3],
                None,
            ))
        }),
        ("no text", &|world, _| {
            able(world, "ada").send_modern(&again(&pay(json!({"amount": 1})), json!(1), None))
        }),
        ("expired", &|world, state| {
            later(world, 600);
            able(world, "ada").send_modern(&again(&pay(json!({"amount": 1})), state, None))
        }),
        ("answers that are none", &|world, state| {
            let mut call = again(&pay(json!({"amount": 1})), state, None);
            call["params"]["inputResponses"] = json!([]);
            able(world, "ada").send_modern(&call)
        }),
        ("an answer that is none", &|world, state| {
            able(world, "ada").send_modern(&again(&pay(json!({"amount": 1})), state, Some("approve")))
        }),
    ] {
        let settings = format!(
            "{SETTINGS}[connections.photos]\nurl = \"https://photos.example.com/mcp\"\nissuers = [\"idp\"]\ndrift = \"log\"\n"
        );
        let world = patient(World::of(&settings, &format!("{POLICIES}{granted}")));
        let (id, state) = asked(&able(&world, "ada").send_modern(&call));
        // Even what people have approved does not go on with it.
        approve(&world, id, "bob");
        is_refused(&world, &send(&world, &state), name);
        if name != "expired" {
            let done = able(&world, "ada").send_modern(&again(&call, state, None));
            assert_eq!(result(&done), text_result("done"), "{name}: and it is good after that");
        }
    }
}

#[test]
fn a_further_round_that_is_held_reaches_the_server_with_its_state_and_answers() {
    const STATE: &str = "the server's own ü \u{2028} \" state";
    let form = json!({"method": "elicitation/create", "params": {"message": "which?", "requestedSchema": {"type": "object"}}});
    let settings =
        SETTINGS.replace("drift = \"log\"", "drift = \"log\"\nclient_features = [\"elicitation\"]");
    // The server's question has the name of the gateway's own.
    let first = json!({"resultType": "input_required", "inputRequests": {"portcullis.approval": form, "b": form}, "requestState": STATE});
    let world = patient(World::of(&settings, POLICIES));
    let last = json!({"resultType": "complete", "content": []});
    upstream(&world, move |sent| {
        let is_first = sent.body["params"].get("requestState").is_none();
        whole(&sent.result(if is_first { &first } else { &last }))
    });
    let ada = Client::new(&world).able(json!({"elicitation": {"form": {}, "url": {}}}));
    let call = pay(json!({"amount": 1}));
    let (id, state) = asked(&ada.send_modern(&call));
    approve(&world, id, "bob");
    let question = ada.send_modern(&again(&call, state, Some("accept")));
    assert_eq!(result(&question)["inputRequests"]["b"]["params"]["message"], "which?", "{question:?}");
    let of_server = result(&question)["requestState"].as_str().unwrap().to_owned();
    sent(&world);

    let answers = json!({
        "portcullis.approval": {"action": "decline"},
        "b": {"action": "accept", "content": {"n": 12_345_678_901_234_567_890_u64, "text": "blue"}},
        "never asked": {"action": "accept"},
    });
    let mut second = again(&call, of_server, None);
    second["params"]["inputResponses"] = answers.clone();
    let (other, state) = asked(&ada.send_modern(&second));
    assert_ne!(other.subject, id.subject, "the answers are part of what is approved");
    let shown = read(&world, other).request().context.arguments.text().to_owned();
    assert!(shown.contains("blue") && !shown.contains("never asked"), "{shown}");
    let state = waits(&ada.send_modern(&again(&call, state, Some("accept"))));
    approve(&world, other, "bob");
    let done = ada.send_modern(&again(&call, state.clone(), None));
    assert_eq!(result(&done), json!({"resultType": "complete", "content": []}), "{done:?}");
    let params = sent(&world).pop().unwrap().body["params"].clone();
    assert_eq!(params["requestState"], STATE, "exactly");
    let mut wanted = answers;
    wanted.as_object_mut().unwrap().remove("never asked");
    assert_eq!(params["inputResponses"], wanted);
    assert_eq!(params["arguments"], call["params"]["arguments"]);
    assert_eq!(held(&ada.send_modern(&again(&call, state, None))), other);
    assert!(sent(&world).is_empty());
    assert!(!world.traces().contains("the server's own"), "what the client carries is at rest nowhere");
}

#[test]
fn policy_is_asked_anew_in_each_round() {
    let denied =
        format!("{POLICIES}@id(\"no\") forbid (principal, action == Action::\"crm/pay\", resource);");
    let open = POLICIES.replace(r#"Action::"crm/pay""#, r#"Action::"crm/nothing""#);
    let edited = POLICIES.replace("money is gone when it is gone", "money is money");
    for (name, policies) in [("denied", &denied), ("open", &open), ("edited", &edited)] {
        let world = patient(world());
        let call = pay(json!({"amount": 1}));
        let (id, state) = asked(&able(&world, "ada").send_modern(&call));
        approve(&world, id, "bob");
        let other = world.instance(SETTINGS, policies);
        let done = able(&other, "ada").send_modern(&again(&call, state, Some("accept")));
        match name {
            "open" => assert_eq!(result(&done), text_result("done")),
            "denied" => assert_eq!(text(&done), "not allowed"),
            _ => assert!(text(&done).contains("is over") && held(&done) == id, "{done:?}"),
        }
        assert_eq!(sent(&world).len(), usize::from(name == "open"), "{name}");
    }
}

#[test]
fn what_could_not_be_sent_back_is_not_given_out() {
    let settings =
        format!("{SETTINGS}[x]").replace("[x]", "").replace("[limits]", "[limits]\nbody_bytes = 1024");
    let world = patient(World::of(&settings, POLICIES));
    let ada = able(&world, "ada");
    let short = pay(json!({"amount": 1}));
    assert!(result(&ada.send_modern(&short))["requestState"].is_string());
    let long = pay(json!({"amount": 1, "note": "n".repeat(600)}));
    held(&ada.send_modern(&long));
}

#[test]
fn where_all_connections_are_served_a_call_waits_in_the_same_way() {
    let world = patient(world());
    let everywhere = able(&world, "ada").on("");
    let call = tool("crm__pay", json!({"amount": 1}));
    let (id, state) = asked(&everywhere.send_modern(&call));
    let state = waits(&everywhere.send_modern(&again(&call, state, Some("accept"))));
    approve(&world, id, "bob");
    let done = everywhere.send_modern(&again(&call, state, None));
    assert_eq!(result(&done), text_result("done"), "{done:?}");
    assert_eq!(sent(&world).pop().unwrap().body["params"]["name"], "pay");
}
