use std::path::Path;

use super::*;

/// A stored record of the golden files.
fn golden(name: &str) -> Record {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.v1.json"));
    Record::decode(&std::fs::read(path).unwrap()).unwrap()
}

fn one(names: &[&str]) -> Value {
    let records: Vec<Record> = names.iter().map(|name| golden(name)).collect();
    let mut events = ocsf_events(&records);
    assert_eq!(events.len(), 1, "{events:?}");
    events.remove(0)
}

fn at<'e>(event: &'e Value, place: &str) -> &'e Value {
    event.pointer(place).unwrap_or(&Value::Null)
}

/// What the schema wants of every event of these classes.
fn check(event: &Value) {
    let whole = ["class_uid", "category_uid", "activity_id", "type_uid", "time", "severity_id", "status_id"];
    let known = ["action_id", "disposition_id"];
    for member in whole.iter().chain(&known) {
        assert!(event[member].is_u64(), "{member}: {event}");
    }
    let class = event["class_uid"].as_u64().unwrap();
    assert_eq!(event["type_uid"].as_u64(), Some(class * 100 + event["activity_id"].as_u64().unwrap()));
    assert_eq!(event["category_uid"].as_u64(), Some(class / 1000));
    for place in ["/metadata/version", "/metadata/product/vendor_name", "/metadata/correlation_uid"] {
        assert!(at(event, place).is_string(), "{place}: {event}");
    }
    let needed =
        if class == API_ACTIVITY { vec!["actor", "api", "src_endpoint"] } else { vec!["finding_info"] };
    for member in needed {
        assert!(event[member].as_object().is_some_and(|members| !members.is_empty()), "{member}: {event}");
    }
}

#[test]
fn a_call_and_its_end_are_one_event() {
    let (Record::Intent(intent), Record::Outcome(mut outcome)) = (golden("intent"), golden("outcome")) else {
        panic!("other records")
    };
    outcome.id = intent.id;
    let events = ocsf_events(&[Record::Intent(intent.clone()), Record::Outcome(outcome.clone())]);
    let [event] = events.as_slice() else { panic!("{events:?}") };
    check(event);
    assert_eq!(at(event, "/class_uid"), 6003);
    assert_eq!(at(event, "/api/operation"), intent.method.as_str());
    assert_eq!(at(event, "/api/service/name"), intent.connection.as_str());
    assert_eq!(at(event, "/metadata/correlation_uid"), intent.id.to_string().as_str());
    assert_eq!((at(event, "/action_id"), at(event, "/disposition_id")), (&json!(1), &json!(1)));
    assert_eq!(
        (at(event, "/start_time"), at(event, "/end_time")),
        (&json!(intent.at.0), &json!(outcome.at.0))
    );
    assert_eq!(at(event, "/api/response/code").as_u64(), outcome.upstream_status.map(u64::from));
    let uid = format!("{}|{}", intent.principal.issuer, intent.principal.subject);
    assert_eq!(at(event, "/actor/user/uid"), uid.as_str());
    assert_eq!(at(event, "/unmapped/findings"), &json!(outcome.findings));
    assert!(!event.to_string().contains(outcome.text.text()), "the answer stays in the record");
    assert!(!event.to_string().contains("null"), "what is not known is left out: {event}");
}

#[test]
fn either_half_of_a_call_is_an_event_where_the_other_is_not_there() {
    for names in [["intent-minimal"], ["outcome-failed"], ["outcome-interrupted"], ["outcome-cancelled"]] {
        let event = one(&names);
        check(&event);
        let want = if names == ["intent-minimal"] { 0 } else { 2 };
        assert_eq!(at(&event, "/status_id"), want, "{event}");
    }
    let both = ocsf_events(&[golden("outcome"), golden("intent-granted")]);
    assert_eq!(both.len(), 2, "they are not of one call");
    assert_eq!(at(&both[1], "/unmapped/granted_by/0").as_str().map(str::is_empty), Some(false));
}

#[test]
fn what_was_refused_is_denied_and_what_waits_is_held() {
    let denied = one(&["refusal"]);
    check(&denied);
    assert_eq!((at(&denied, "/status"), at(&denied, "/disposition")), (&json!("Failure"), &json!("Blocked")));
    let held = one(&["refusal-held"]);
    check(&held);
    assert_eq!((at(&held, "/disposition_id"), at(&held, "/disposition")), (&json!(99), &json!("Held")));
    assert!(at(&held, "/unmapped/approval").is_string(), "{held}");
    let stranger = one(&["refusal-unauthenticated"]);
    check(&stranger);
    assert_eq!(at(&stranger, "/actor/app_name"), "unknown", "nobody is named who proved nothing");
}

#[test]
fn drift_is_a_finding() {
    for (name, want) in [("drift", ["Blocked", "Logged"]), ("drift-held", ["Held", "Held"])] {
        let event = one(&[name]);
        check(&event);
        assert_eq!(at(&event, "/class_uid"), 2004);
        assert!(want.iter().any(|word| at(&event, "/disposition") == word), "{event}");
    }
}
