//! What the tools do to the data, and what their definitions say.

use serde_json::json;

use super::*;

fn desk() -> Desk {
    Desk { store: Store::seeded(1).unwrap(), effects: Effects::default(), changes: Changes::default() }
}

fn call(desk: &Desk, name: &str, arguments: Value) -> Result<Value, String> {
    let Run::Plain(run) = &toolbox().0.remove(name).unwrap().1 else { panic!("`{name}` is not plain") };
    run(desk, arguments.as_object().cloned().unwrap()).map_err(|failure| failure.to_string())
}

/// The first invoice in a state, with its total.
fn invoice(desk: &Desk, status: &str) -> (String, f64) {
    let page = call(desk, "list_invoices", json!({ "status": status, "limit": 1 })).unwrap();
    let first = &page["invoices"][0];
    (first["invoice_id"].as_str().unwrap().to_owned(), first["amount"].as_f64().unwrap())
}

#[test]
fn every_input_schema_is_a_closed_object_of_plainly_typed_properties() {
    for tool in toolbox().definitions() {
        let schema = Value::Object(tool.input_schema.as_ref().clone());
        assert_eq!(schema["type"], "object", "{}", tool.name);
        assert_eq!(schema["additionalProperties"], false, "{}", tool.name);
        for (name, property) in schema["properties"].as_object().unwrap() {
            assert!(property["type"].is_string(), "{}.{name}: {property}", tool.name);
            assert!(property["description"].is_string(), "{}.{name}", tool.name);
            assert!(property.get("format").is_none(), "{}.{name}", tool.name);
        }
        assert!(tool.output_schema.is_some(), "{}", tool.name);
    }
}

#[test]
fn annotations_tell_reading_from_writing() {
    let writing = toolbox()
        .definitions()
        .into_iter()
        .filter(|tool| tool.annotations.as_ref().and_then(|hints| hints.read_only_hint) != Some(true))
        .map(|tool| tool.name.into_owned())
        .collect::<Vec<_>>();
    assert_eq!(writing, ["execute_sql", "refund"]);
}

#[test]
fn pages_follow_each_other_without_gap_or_overlap() {
    let desk = desk();
    let (mut cursor, mut seen) = (Value::Null, Vec::new());
    loop {
        let mut arguments = json!({ "limit": 25 });
        if let Value::String(_) = &cursor {
            arguments["cursor"] = cursor.clone();
        }
        let page = call(&desk, "list_customers", arguments).unwrap();
        seen.extend(page["customers"].as_array().unwrap().iter().map(|one| one["customer_id"].to_string()));
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((seen.len(), &seen), (60, &sorted));
}

#[test]
fn filters_narrow_lists() {
    let desk = desk();
    let dutch = call(&desk, "list_customers", json!({ "country": "NL", "limit": 100 })).unwrap();
    let dutch = dutch["customers"].as_array().unwrap();
    assert!(!dutch.is_empty() && dutch.iter().all(|one| one["country"] == "NL"));
    let name = dutch[0]["name"].as_str().unwrap().to_uppercase();
    let found = call(&desk, "list_customers", json!({ "search": name })).unwrap();
    assert!(found["customers"].as_array().unwrap().contains(&dutch[0]));
}

#[test]
fn refunds_change_the_invoice_and_are_counted() {
    let desk = desk();
    let (id, total) = invoice(&desk, "paid");
    let part = call(&desk, "refund", json!({ "invoice_id": id, "amount": 10.5, "reason": "late" })).unwrap();
    assert_eq!((&part["invoice_status"], &part["amount"]), (&json!("partially_refunded"), &json!(10.5)));
    let rest = ((total - 10.5) * 100.0).round() / 100.0;
    let rest = call(&desk, "refund", json!({ "invoice_id": id, "amount": rest, "reason": "all" })).unwrap();
    assert_eq!(rest["invoice_status"], "refunded");
    let after = call(&desk, "get_invoice", json!({ "invoice_id": id })).unwrap();
    assert_eq!(
        (&after["invoice"]["status"], &after["invoice"]["refunded"]),
        (&json!("refunded"), &json!(total))
    );
    assert_eq!(desk.effects.refunds().len(), 2);
}

#[test]
fn a_repeated_idempotency_key_pays_once() {
    let desk = desk();
    let (id, _total) = invoice(&desk, "paid");
    let order = json!({ "invoice_id": id, "amount": 5, "reason": "late", "idempotency_key": "k" });
    let first = call(&desk, "refund", order.clone()).unwrap();
    assert_eq!(call(&desk, "refund", order).unwrap()["refund_id"], first["refund_id"]);
    assert_eq!(desk.effects.refunds().len(), 1);
    let other = json!({ "invoice_id": id, "amount": 6, "reason": "late", "idempotency_key": "k" });
    assert_eq!(
        call(&desk, "refund", other),
        Err("this idempotency_key was used for a different refund".to_owned())
    );
}

#[test]
fn refused_calls_say_what_is_wrong_and_change_nothing() {
    let desk = desk();
    let (paid, total) = invoice(&desk, "paid");
    let (open, _total) = invoice(&desk, "open");
    let refund =
        |id: &str, amount: f64| ("refund", json!({ "invoice_id": id, "amount": amount, "reason": "x" }));
    for ((name, arguments), want) in [
        (refund(&paid, total + 1.0), format!("at most {total:.2} can still be refunded")),
        (refund(&open, 1.0), format!("invoice `{open}` is open, so there is nothing to refund")),
        (refund("inv_9999", 1.0), "no invoice `inv_9999`".into()),
        (refund(&paid, 0.001), "amount must be positive, at most 1000000, with at most two decimals".into()),
        (refund(&paid, -1.0), "amount must be positive, at most 1000000, with at most two decimals".into()),
        (
            ("get_customer", json!({ "customer_id": "x" })),
            "no customer `x`; list_customers shows the ids".into(),
        ),
        (("get_invoice", json!({ "invoice_id": "x" })), "no invoice `x`; list_invoices shows the ids".into()),
        (("get_customer", json!({})), "the arguments do not fit: missing field `customer_id`".into()),
        (("query", json!({ "sql": "DELETE FROM notes" })), "SQL: not authorized".into()),
    ] {
        let refused = call(&desk, name, arguments.clone()).unwrap_err();
        assert_eq!(refused, want, "{name} {arguments}");
    }
    let typo = call(&desk, "list_customers", json!({ "limmit": 1 })).unwrap_err();
    assert!(typo.starts_with("the arguments do not fit: unknown field `limmit`"), "{typo}");
    assert!(desk.effects.refunds().is_empty());
}

#[test]
fn an_export_has_every_customer_and_every_field() {
    let export = call(&desk(), "export_customers", json!({})).unwrap();
    assert_eq!(export["count"], 60);
    assert!(export["customers"][59]["api_key"].as_str().unwrap().starts_with("sk_live_"));
}
