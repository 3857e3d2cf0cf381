//! Calls that people must approve, made by real clients.
//!
//! No client knows anything of approvals: it makes a call, its model reads why nothing happened, and the same call is
//! made again later, by another process and to another one of the gateway. Those that open pages wait instead.

use std::path::Path;
use std::time::Duration;

use portcullis_demo::oidc::Persona;
use portcullis_tests::{Gateway, Options, components, run};
use serde_json::{Value, json};

use crate::matrix::{ROWS, Row};
use crate::programs;
use crate::steps::at;
use crate::{SECONDS, paid_invoices};

/// How long something may take that is waited for.
const LONGEST: Duration = Duration::from_secs(60);

/// What finance says yes to, what it says no to, and what it leaves; as the policies in `tests/fixtures/approvals`
/// have it.
const REASONS: [&str; 3] = ["agreed", "refused", "nobody answers"];

/// A client, an invoice of its own, and what it saw.
struct Visit {
    row: &'static Row,
    invoice: String,
    seen: Value,
}

impl Visit {
    /// The text of an answer that is a failure.
    fn failure(&self, step: usize) -> &str {
        let result = &self.seen["steps"][step]["result"];
        assert_eq!(result["isError"], true, "{}: {}", self.row, self.seen);
        result["content"][0]["text"].as_str().unwrap()
    }

    /// The request that an answer says to wait for.
    fn request(&self, step: usize) -> &str {
        let text = self.failure(step);
        assert!(text.contains("needs approval"), "{}: {text}", self.row);
        let (_, rest) = text.split_once("/approve/").unwrap_or_else(|| panic!("no link in: {text}"));
        rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).next().unwrap()
    }

    /// The invoice that an answer says was refunded.
    fn refunded(&self, step: usize) -> Value {
        at(&self.seen, &format!("/steps/{step}/result/structuredContent/invoice_id"))
    }
}

async fn start() -> Gateway {
    let manifest = components::workspace().join("tests/fixtures/spin-approvals.toml");
    Gateway::start(Options { manifest, ..Options::default() }).await
}

/// The rows that are wanted and can run, each with an invoice of its own.
fn rows(gateway: &Gateway, is_wanted: impl Fn(&Row) -> bool) -> Vec<(&'static Row, String)> {
    let missing = programs::missing();
    let can_run = |row: &Row| row.client.program.folder().is_none_or(|folder| !missing.contains(&folder));
    ROWS.iter()
        .filter(|row| is_wanted(row) && can_run(row))
        .zip(paid_invoices(gateway, Persona::Support))
        .collect()
}

fn refund(invoice: &str, reason: &str) -> Value {
    let arguments = json!({ "invoice_id": invoice, "amount": 1, "reason": reason });
    json!({ "method": "tools/call", "params": { "name": "refund", "arguments": arguments } })
}

/// Lets all clients make calls at once, one connection each.
fn visit(
    gateway: &Gateway,
    rows: &[(&'static Row, String)],
    opens: bool,
    steps: impl Fn(&str) -> Value + Sync,
) -> Vec<Visit> {
    let scripts = programs::staged_scripts();
    let scripts = scripts.as_ref().map_or(Path::new(""), |folder| folder.path());
    let (url, token) = (gateway.resource("billing"), gateway.token(Persona::Support, "billing"));
    std::thread::scope(|scope| {
        let visits: Vec<_> = rows
            .iter()
            .map(|(row, invoice)| {
                let visit = json!({ "url": url, "token": token, "opens": opens, "steps": steps(invoice) });
                let plan = json!({ "mode": row.mode, "seconds": SECONDS, "visits": [visit] });
                scope.spawn(move || {
                    let visits = row.client.program.run(scripts, &plan);
                    let seen = visits.unwrap_or_else(|failure| panic!("{row}: {failure}"))[0].clone();
                    Visit { row, invoice: invoice.clone(), seen }
                })
            })
            .collect();
        visits.into_iter().map(|visit| visit.join().unwrap()).collect()
    })
}

/// Waits until a request is in a state, which time brings about.
async fn until(gateway: &Gateway, id: &str, state: &str) {
    let waiting = async {
        loop {
            let shown = gateway.api(Persona::Finance, &format!("/api/approvals/{id}"), None).await;
            let shown: Value = serde_json::from_str(&shown.text).unwrap();
            if shown["state"] == state {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(LONGEST, waiting).await.is_ok(), "{id} is never {state}");
}

#[test]
fn what_people_decide_outlives_a_restart_with_every_client() {
    let gateway = run(start());
    let rows = rows(&gateway, |row| ["legacy", "pin"].contains(&row.mode));
    let all = |invoice: &str| REASONS.iter().map(|reason| refund(invoice, reason)).collect();
    let before = visit(&gateway, &rows, false, all);
    assert!(gateway.billing.effects.refunds().is_empty(), "nothing happens before");
    run(async {
        for asked in &before {
            let approved = gateway.say(Persona::Finance, asked.request(0), "approve").await;
            assert_eq!(approved.status, 200, "{approved:?}");
            let rejected = gateway.say(Persona::Finance, asked.request(1), "reject").await;
            assert_eq!(rejected.status, 200, "{rejected:?}");
        }
        for asked in &before {
            until(&gateway, asked.request(2), "expired").await;
        }
    });
    let gateway = run(gateway.restarted());
    let again =
        |invoice: &str| ["agreed"].iter().chain(&REASONS).map(|reason| refund(invoice, reason)).collect();
    let after = visit(&gateway, &rows, false, again);
    for (asked, Visit { row, invoice, .. }) in before.iter().zip(&after) {
        let told = after.iter().find(|told| told.invoice == asked.invoice).unwrap();
        assert_eq!(told.refunded(0), *invoice, "{row}: {}", told.seen);
        assert_ne!(told.request(1), asked.request(0), "{row}: an approval is for one call");
        assert!(told.failure(2).contains("rejected by a person"), "{row}: {}", told.failure(2));
        assert_ne!(told.request(3), asked.request(2), "{row}: what nobody answered is asked anew");
    }
    assert_eq!(gateway.billing.effects.refunds().len(), rows.len(), "one each");
}

#[test]
fn a_client_that_opens_pages_waits_until_somebody_has_decided() {
    let gateway = run(start());
    let rows = rows(&gateway, |row| row.mode == "pin" && row.client.opens_pages);
    let n_rows = rows.len();
    std::thread::scope(|scope| {
        let reviewer = scope.spawn(|| run(approve_all(&gateway, n_rows)));
        let visits = visit(&gateway, &rows, true, |invoice| json!([refund(invoice, "agreed")]));
        reviewer.join().unwrap();
        for waited in visits {
            assert_eq!(waited.refunded(0), waited.invoice, "{}: {}", waited.row, waited.seen);
            let page = at(&waited.seen, "/opened/0");
            let page = page.as_str().unwrap_or_else(|| panic!("{}: {}", waited.row, waited.seen));
            assert!(page.starts_with(&format!("http://{}/approve/", gateway.address)), "{page}");
        }
    });
    assert_eq!(gateway.billing.effects.refunds().len(), n_rows, "one each");
}

/// Approves what comes, until so many are approved.
async fn approve_all(gateway: &Gateway, n_wanted: usize) {
    let approving = async {
        let mut n_approved = 0;
        while n_approved < n_wanted {
            let waiting = gateway.api(Persona::Finance, "/api/approvals", None).await;
            let waiting: Value = serde_json::from_str(&waiting.text).unwrap();
            for request in waiting["requests"].as_array().unwrap() {
                let id = request["id"].as_str().unwrap();
                n_approved += usize::from(gateway.say(Persona::Finance, id, "approve").await.status == 200);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(LONGEST, approving).await.is_ok(), "not all clients ask");
}
