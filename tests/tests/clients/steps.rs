//! What every client does on its visits, and what it must see.
//!
//! The expectations are the same for all clients of a revision: a client that needs its own would be a finding.

use serde_json::{Value, json};

use crate::matrix::Row;

/// What a client may be seen to have got.
#[derive(Debug)]
pub(crate) enum Want {
    /// Exactly this.
    Is(Value),
    /// A text with this in it.
    Says(&'static str),
}

/// One request, and what must come of it.
#[derive(Debug)]
pub(crate) struct Step {
    /// The request, as the clients read it.
    pub(crate) ask: Value,
    /// Where in the outcome (a JSON pointer, `*` for each item of a list) must be what.
    pub(crate) wants: Vec<(&'static str, Want)>,
}

impl Step {
    fn new(method: &str, params: Value) -> Self {
        Self { ask: json!({ "method": method, "params": params }), wants: Vec::new() }
    }

    fn call(tool: &str, arguments: Value) -> Self {
        Self::new("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.ask[key] = value.into();
        self
    }

    fn is(mut self, place: &'static str, value: impl Into<Value>) -> Self {
        self.wants.push((place, Want::Is(value.into())));
        self
    }

    fn says(mut self, place: &'static str, text: &'static str) -> Self {
        self.wants.push((place, Want::Says(text)));
        self
    }

    /// A denied call of a tool is a result, so that the model reads it.
    fn denied_call(self) -> Self {
        self.is("/result/isError", true).is("/result/content/*/text", json!(["not allowed"]))
    }

    /// Whatever else is denied is an error.
    fn denied(self) -> Self {
        self.is("/error/code", 40301).says("/error/message", "not allowed")
    }

    /// What may not be watched is left out of the subscription, and the client is told which part of it counts.
    fn left_out(self) -> Self {
        self.says("/error/message", "is not honoured").is("/result", Value::Null)
    }

    /// Every finding in a customer is masked, in the structured form and in the text of it.
    fn masked_customer(self) -> Self {
        self.is("/result/structuredContent/customer/card", "[card]")
            .is("/result/structuredContent/customer/iban", "[iban]")
            .says("/result/content/0/text", r#""card":"[card]""#)
            .says("/result/content/0/text", r#""iban":"[iban]""#)
    }
}

fn customer(id: &str) -> Step {
    Step::call("get_customer", json!({ "customer_id": id }))
}

fn read(uri: &str) -> Step {
    Step::new("resources/read", json!({ "uri": uri }))
}

fn prompt(name: &str) -> Step {
    Step::new("prompts/get", json!({ "name": name, "arguments": { "customer_id": "cus_0001" } }))
}

fn complete(reference: Value, name: &str, value: &str) -> Step {
    let argument = json!({ "name": name, "value": value });
    Step::new("completion/complete", json!({ "ref": reference, "argument": argument }))
}

/// Finance: everything but SQL that writes and large refunds; e-mail addresses in clear. `invoice` is paid.
pub(crate) fn finance(row: &Row, invoice: &str) -> Vec<Step> {
    let mut steps = finance_calls();
    steps.extend(finance_reads(row));
    steps.extend([refund_watched(invoice), customer("cus_0003").masked_customer()]);
    steps
}

/// A change that the client causes itself, and is told of.
fn refund_watched(invoice: &str) -> Step {
    let uri = format!("billing://invoices/{invoice}");
    let refund = json!({ "invoice_id": invoice, "amount": 1, "reason": "goodwill" });
    Step::call("refund", refund)
        .with("watch", uri.as_str())
        .is("/result/structuredContent/invoice_id", invoice)
        .is("/updated", uri.as_str())
}

fn finance_calls() -> Vec<Step> {
    let shown = json!([
        "export_customers",
        "get_customer",
        "get_invoice",
        "list_customers",
        "list_invoices",
        "query",
        "reconcile",
        "refund",
    ]);
    let progress: Vec<String> = (1..=10).map(|step| format!("{step}/10")).collect();
    let too_much = json!({ "invoice_id": "inv_0001", "amount": 10_001, "reason": "goodwill" });
    vec![
        Step::new("tools/list", json!({})).is("/result/tools/*/name", shown),
        customer("cus_0001").masked_customer().says("/result/structuredContent/customer/email", "@"),
        Step::call("execute_sql", json!({ "sql": "DROP TABLE customers" })).denied_call(),
        Step::call("refund", too_much).denied_call(),
        Step::call("no_such_tool", json!({}))
            .is("/error/code", -32602)
            .says("/error/message", "unknown tool `no_such_tool`"),
        customer("cus_9999")
            .is("/result/isError", true)
            .is("/result/content/*/text", json!(["no customer `cus_9999`; list_customers shows the ids"])),
        customer("cus_0002").masked_customer(),
        Step::call("reconcile", json!({ "seconds": 0 }))
            .with("progress", true)
            .is("/progress", progress)
            .is("/result/structuredContent/mismatches", 0),
    ]
}

fn finance_reads(row: &Row) -> Vec<Step> {
    let not_found = if row.is_modern() || row.client.translates_not_found { -32602 } else { -32002 };
    let resources = json!([
        "billing://policy/refunds",
        "billing://invoices/inv_0001",
        "billing://invoices/inv_0002",
        "billing://invoices/inv_0003"
    ]);
    let templates = json!(["billing://customers/{id}", "billing://invoices/{id}"]);
    let of_prompt = json!({ "type": "ref/prompt", "name": "dunning_letter" });
    let of_resource = json!({ "type": "ref/resource", "uri": "billing://invoices/{id}" });
    vec![
        Step::new("resources/list", json!({})).is("/result/resources/*/uri", resources),
        Step::new("resources/templates/list", json!({}))
            .is("/result/resourceTemplates/*/uriTemplate", templates),
        read("billing://policy/refunds").says("/result/contents/0/text", "Up to 100 euros: support decides."),
        read("billing://customers/cus_0001").says("/result/contents/0/text", r#""card": "[card]""#),
        read("billing://customers/cus_9999").is("/error/code", not_found),
        Step::new("prompts/list", json!({}))
            .is("/result/prompts/*/name", json!(["dunning_letter", "summarise_account"])),
        prompt("summarise_account").says("/result/messages/0/content/text", "Card on file: [card]\n"),
        prompt("no_such_prompt").is("/error/code", -32602),
        complete(of_prompt, "tone", "f").is("/result/completion/values", json!(["firm", "friendly"])),
        complete(of_resource, "id", "inv_000").is("/result/completion/values/0", "inv_0001"),
    ]
}

/// The contractor: six tools that read, nothing else, and nothing in clear.
pub(crate) fn vendor(row: &Row) -> Vec<Step> {
    let shown =
        json!(["get_customer", "get_invoice", "list_customers", "list_invoices", "query", "reconcile"]);
    let refund = json!({ "invoice_id": "inv_0001", "amount": 1, "reason": "goodwill" });
    let of_prompt = json!({ "type": "ref/prompt", "name": "dunning_letter" });
    let after =
        || customer("cus_0001").masked_customer().is("/result/structuredContent/customer/email", "[email]");
    let mut steps = vec![
        Step::new("tools/list", json!({})).is("/result/tools/*/name", shown),
        Step::new("resources/list", json!({})).is("/result/resources", json!([])),
        Step::new("resources/templates/list", json!({})).is("/result/resourceTemplates", json!([])),
        Step::new("prompts/list", json!({})).is("/result/prompts", json!([])),
        Step::call("refund", refund).denied_call(),
        after(),
        // What it may not call and what does not exist look the same.
        Step::call("no_such_tool", json!({})).denied_call(),
        after(),
        read("billing://policy/refunds").denied(),
        after(),
        prompt("dunning_letter").denied(),
        after(),
        complete(of_prompt, "tone", "f").denied(),
        after(),
    ];
    let watched = customer("cus_0001").with("watch", "billing://customers/cus_0001");
    let watched =
        if row.is_modern() { watched.left_out() } else { watched.denied().is("/result", Value::Null) };
    steps.extend([watched, after()]);
    steps
}

/// Without the gateway: what a client is told of a change is no merit of the gateway, and no fault either.
pub(crate) fn direct(row: &Row, invoice: &str) -> Vec<Step> {
    let mut steps = vec![refund_watched(invoice)];
    if row.is_modern() {
        steps.push(customer("cus_0001").with("watch", "elsewhere://1").left_out());
    }
    steps
}

/// A workload that nothing is permitted to. It got here with a token that it fetched for itself.
pub(crate) fn workload() -> Vec<Step> {
    vec![
        Step::new("tools/list", json!({})).is("/result/tools", json!([])),
        customer("cus_0001").denied_call(),
    ]
}

/// A caller whose token has expired. A client that does not ask the server anything before fails here.
pub(crate) fn stranger() -> Vec<Step> {
    vec![Step::new("tools/list", json!({}))]
}

/// What is at a place: a JSON pointer in which `*` stands for each item of a list. `null` if there is nothing.
pub(crate) fn at(value: &Value, place: &str) -> Value {
    match place.split_once("/*") {
        None => value.pointer(place).cloned().unwrap_or_default(),
        Some((list, rest)) => {
            let items = value.pointer(list).and_then(Value::as_array);
            items.map_or(Value::Null, |items| items.iter().map(|item| at(item, rest)).collect())
        }
    }
}
