use super::*;

fn matter() -> Matter {
    Matter {
        request: "ab12-1".into(),
        requester: "okta|ada".into(),
        about: About::Call {
            connection: "billing".into(),
            method: "tools/call".into(),
            name: "refund <!channel> `x`".into(),
        },
        policies: vec!["refunds".into()],
        url: "https://gw.example.com/approve/ab12-1".into(),
        created: UnixMillis(1_800_000_000_000),
        deadline: UnixMillis(1_800_000_900_007),
    }
}

fn body(event: &Event) -> Value {
    serde_json::from_str(&event.body(UnixMillis(1_800_000_000_123))).unwrap()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of all events")]
fn every_event_is_told_in_json_and_in_one_sentence() {
    let (by, reason) = ("okta|bob".to_owned(), Some("as [asked](for)\n*now*".to_owned()));
    let access = Matter { about: About::Access { group: "okta:dba".into() }, ..matter() };
    let denied = |policies: &[&str]| Event::CallDenied {
        principal: "okta|eve".into(),
        connection: Some("billing".into()),
        method: "tools/call".into(),
        name: Some("refund".into()),
        policies: policies.iter().map(|id| (*id).to_owned()).collect(),
    };
    let told = "tools/call refund ·!channel· ·x· on billing, asked for by okta|ada";
    let page = "https://gw.example.com/approve/ab12-1";
    for (event, kind, connection, text) in [
        (
            Event::ApprovalRequested { matter: matter() },
            "approval.requested",
            Some("billing"),
            format!("Approval is needed until 2027-01-15T08:15:00.007Z for {told}: {page}"),
        ),
        (
            Event::ApprovalDecided {
                matter: matter(),
                by: by.clone(),
                decision: Decision::Reject,
                state: "rejected".into(),
                reason: reason.clone(),
            },
            "approval.decided",
            Some("billing"),
            format!("okta|bob rejected {told} (as [asked](for)··now·); it is rejected now: {page}"),
        ),
        (
            Event::ApprovalExpired { matter: access },
            "approval.expired",
            None,
            format!("Nobody approved okta|ada to be in okta:dba in time: {page}"),
        ),
        (
            Event::ApprovalRevoked {
                matter: matter(),
                by: by.clone(),
                state: "revoked".into(),
                reason: None,
            },
            "approval.revoked",
            Some("billing"),
            format!("okta|bob revoked the approval of {told}: {page}"),
        ),
        (
            denied(&["no-refunds", "b", "c"]),
            "call.denied",
            Some("billing"),
            "okta|eve was denied tools/call refund on billing: policy no-refunds and 2 more say no".into(),
        ),
        (
            denied(&[]),
            "call.denied",
            Some("billing"),
            "okta|eve was denied tools/call refund on billing: no policy allows it".into(),
        ),
        (
            Event::DefinitionDrift {
                connection: "billing".into(),
                kind: "tool".into(),
                name: "refund".into(),
                setting: "hold".into(),
                pinned: None,
                live: Some("aa".into()),
                changed: vec!["/title".into()],
            },
            "definition.drift",
            Some("billing"),
            "The tool refund of billing is not what was approved; calls of it wait for approval".into(),
        ),
        (
            Event::PolicyPushed {
                by,
                serial: 7,
                bundle: "bb".into(),
                key_id: "k".into(),
                is_rollback: false,
            },
            "policy.pushed",
            None,
            "okta|bob pushed policies: serial 7".into(),
        ),
    ] {
        let body = body(&event);
        assert_eq!((body["type"].as_str(), event.connection()), (Some(kind), connection));
        assert_eq!(body["text"], text);
        assert_eq!(body["timestamp"], "2027-01-15T08:00:00.123Z");
        assert_eq!(body.as_object().unwrap().len(), 4, "{body}");
    }
}

#[test]
fn a_request_is_told_with_its_page_and_without_its_arguments() {
    let body = body(&Event::ApprovalRequested { matter: matter() });
    let want = json!({
        "connection": "billing", "created": "2027-01-15T08:00:00.000Z", "deadline": "2027-01-15T08:15:00.007Z",
        "method": "tools/call", "name": "refund <!channel> `x`", "policies": ["refunds"], "request": "ab12-1",
        "requester": "okta|ada", "state": "pending", "url": "https://gw.example.com/approve/ab12-1",
    });
    assert_eq!(body["data"], want);
}

#[test]
fn whatever_callers_send_is_short() {
    let long = "é".repeat(100_000);
    let name = Some(long.clone());
    let policies = vec![long.clone(); 1000];
    let event =
        Event::CallDenied { principal: long, connection: None, method: "tools/call".into(), name, policies };
    assert!(event.body(UnixMillis(0)).len() < 16 << 10);
    assert_eq!(shortened(&"é".repeat(257)).chars().count(), 257);
    assert_eq!(shortened(&"é".repeat(256)), "é".repeat(256));
}
