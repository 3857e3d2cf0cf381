//! What the gateway hands out and gets back is good for whom it was handed to, and for nobody else.

use serde_json::{Value, json};

use crate::support::{
    Client, POLICIES, SETTINGS, accepted, call_of, events, messages, raw_stream, request, sent, text_result,
    upstream, whole,
};
use crate::world::World;

const REVISION: &str = "2025-11-25";

/// One caller, connection and session.
type Place = (&'static str, &'static str, &'static str);

fn places() -> Vec<Place> {
    let mut all = Vec::new();
    for subject in ["ada", "bob"] {
        for connection in ["crm", "photos"] {
            for session in ["one", "two"] {
                all.push((subject, connection, session));
            }
        }
    }
    all
}

/// Both connections may ask, and both say the same to everybody.
fn asking() -> World {
    let photos = r#"url = "https://photos.example.com/mcp""#;
    let settings = SETTINGS.replace(photos, &format!("{photos}\nclient_features = [\"elicitation\"]"));
    // Time stands still, and everybody tries everything.
    let settings = settings.replace("[limits]", "[limits]\nrequest_burst = 1000");
    let world = World::of(&settings, POLICIES);
    upstream(&world, |sent| match (sent.verb.as_str(), sent.method()) {
        ("POST", "tools/call") if sent.header("mcp-method").is_some() => {
            match sent.body["params"].get("requestState") {
                Some(_) => whole(&sent.result(&text_result("done"))),
                None => whole(&sent.result(&json!({"resultType": "input_required", "requestState": "s"}))),
            }
        }
        ("POST", "tools/call") => {
            let question = request(7, "elicitation/create", json!({"message": "m"}));
            raw_stream(&format!("id: e\ndata: {question}\n\n"), crate::world::End::Whole)
        }
        ("GET", _) => raw_stream("id: f\ndata:\n\n", crate::world::End::Whole),
        _ => accepted(),
    });
    world
}

fn client<'w>(world: &'w World, (subject, connection, session): Place) -> Client<'w> {
    Client::of(world, subject, "staff").on(connection).in_session_of(REVISION, session)
}

#[test]
fn ids_of_questions_and_events_open_where_they_were_given_out_and_nowhere_else() {
    let world = asking();
    let clients: Vec<_> = places().into_iter().map(|place| (place, client(&world, place))).collect();
    let mut handed = Vec::new();
    for (place, client) in &clients {
        let text = client.send(&call_of(1, "read")).text;
        let question = messages(&text).remove(0)["id"].as_str().unwrap().to_owned();
        handed.push((*place, question, events(&text).remove(0).id.unwrap()));
    }
    for (owner, question, event) in &handed {
        for (place, client) in &clients {
            sent(&world);
            let own = owner == place;
            let answer =
                client.send(&json!({"jsonrpc": "2.0", "id": question, "result": {"action": "cancel"}}));
            assert_eq!(answer.status, if own { 202 } else { 400 }, "{owner:?} at {place:?}");
            let resumed = client.listen(Some(event));
            assert_eq!(resumed.status, if own { 200 } else { 404 }, "{owner:?} at {place:?}");
            assert_eq!(sent(&world).len(), if own { 2 } else { 0 }, "{owner:?} at {place:?}");
            // One is not good for the other, either.
            assert_eq!(client.listen(Some(question)).status, 404);
            let answer = client.send(&json!({"jsonrpc": "2.0", "id": event, "result": {}}));
            assert_eq!(answer.status, 400);
        }
    }
    let mut distinct: Vec<_> = handed.iter().flat_map(|(_, question, event)| [question, event]).collect();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 16, "nobody can tell that they stand for the same");
}

#[test]
fn states_open_for_their_caller_and_connection_and_nowhere_else() {
    let world = asking();
    let places: Vec<Place> = places().into_iter().filter(|(_, _, session)| *session == "one").collect();
    let client = |(subject, connection, _): Place| Client::of(&world, subject, "staff").on(connection);
    for owner in &places {
        let state = client(*owner).send_modern(&call_of(1, "read")).json()["result"]["requestState"].clone();
        assert!(state.is_string());
        for place in &places {
            let mut next = call_of(2, "read");
            next["params"]["requestState"] = state.clone();
            let done = client(*place).send_modern(&next);
            let (want, code) =
                if owner == place { (json!("complete"), Value::Null) } else { (Value::Null, json!(-32602)) };
            assert_eq!(
                (&done.json()["result"]["resultType"], &done.json()["error"]["code"]),
                (&want, &code),
                "{owner:?} at {place:?}"
            );
        }
    }
}
