//! Real MCP clients, old and new, through the gateway to the official server.
//!
//! Every client of the matrix visits the shared gateway: as finance, as the contractor, with a token that has expired,
//! and as a workload; and once, for comparison, the server itself. All do the same and must see the same. The clients
//! of other languages are the programs in `tests/clients`; `docs/clients.md` says how to install them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failing test is its report"
)]

mod approvals;
mod matrix;
mod programs;
mod rust_sdk;
mod steps;

use std::path::Path;
use std::sync::LazyLock;

use http::Method;
use portcullis_demo::billing::SeenRequest;
use portcullis_demo::oidc::{Forgery, Persona};
use portcullis_tests::{Gateway, client, run};
use serde_json::{Value, json};

use crate::matrix::{ROWS, Row};
use crate::steps::{Step, Want, at};

/// What one client saw.
struct Report {
    row: &'static Row,
    invoice: String,
    tokens: [String; 2],
    visits: Value,
}

/// Which visit of a report: their order in the plan. Not every client has the last.
const FINANCE: usize = 0;
const VENDOR: usize = 1;
const STRANGER: usize = 2;
const DIRECT: usize = 3;
const WORKLOAD: usize = 4;

/// How long a client may wait for one answer.
const SECONDS: u64 = 30;

/// How many clients run at once. More would only wait for each other, and the server remembers what seven ask of it.
const AT_ONCE: usize = 7;

/// What came of all clients.
struct Visited {
    missing: Vec<&'static str>,
    failed: Vec<String>,
    reports: Vec<Report>,
    /// Every request that reached the server.
    requests: Vec<SeenRequest>,
}

/// Every client that can run, once for all tests.
static VISITED: LazyLock<Visited> = LazyLock::new(|| {
    let missing = programs::missing();
    let scripts = programs::staged_scripts();
    let scripts = scripts.as_ref().map_or(Path::new(""), |folder| folder.path());
    let can_run = |row: &Row| row.client.program.folder().is_none_or(|folder| !missing.contains(&folder));
    let rows: Vec<(&Row, String)> = ROWS
        .iter()
        .filter(|row| can_run(row))
        .zip(paid_invoices(Gateway::shared(), Persona::Finance))
        .collect();
    let mut visited = Visited { missing, failed: Vec::new(), reports: Vec::new(), requests: Vec::new() };
    for rows in rows.chunks(AT_ONCE) {
        let before = Gateway::shared().billing.effects.request_counts().0;
        for outcome in visit_at_once(rows, scripts) {
            match outcome {
                Ok(report) => visited.reports.push(report),
                Err(failure) => visited.failed.push(failure),
            }
        }
        visited.requests.extend(requests_since(before));
    }
    visited
});

fn visit_at_once(rows: &[(&'static Row, String)], scripts: &Path) -> Vec<Result<Report, String>> {
    std::thread::scope(|scope| {
        let visits: Vec<_> =
            rows.iter().map(|(row, invoice)| scope.spawn(|| visit(row, invoice, scripts))).collect();
        visits.into_iter().map(|visit| visit.join().expect("the client is waited for")).collect()
    })
}

fn requests_since(before: u64) -> Vec<SeenRequest> {
    let effects = &Gateway::shared().billing.effects;
    let new = usize::try_from(effects.request_counts().0 - before).unwrap();
    let mut kept = effects.requests();
    assert!(new <= kept.len(), "the server remembers {} of {new} requests", kept.len());
    kept.split_off(kept.len() - new)
}

fn reports() -> impl Iterator<Item = &'static Report> {
    VISITED.reports.iter()
}

fn visit(row: &'static Row, invoice: &str, scripts: &Path) -> Result<Report, String> {
    let gateway = Gateway::shared();
    let asks = |steps: Vec<Step>| steps.into_iter().map(|step| step.ask).collect::<Value>();
    let url = gateway.resource("billing");
    let expired = gateway.provider.forge(Forgery::Expired, Persona::Finance, &url);
    let tokens = [Persona::Finance, Persona::Vendor].map(|persona| gateway.token(persona, "billing"));
    let direct = gateway.billing.url();
    let mut visits = vec![
        json!({ "url": url, "token": tokens[0], "steps": asks(steps::finance(row, invoice)) }),
        json!({ "url": url, "token": tokens[1], "steps": asks(steps::vendor(row)) }),
        json!({ "url": url, "token": expired.expose(), "steps": asks(steps::stranger()) }),
        json!({ "url": direct, "token": gateway.credential, "steps": asks(steps::direct(row, invoice)) }),
    ];
    if row.client.signs_in {
        let secret = gateway.provider.client_secret(Persona::Ci).expect("a workload has one").expose();
        let workload = json!({ "id": "ci", "secret": secret, "issuer": gateway.provider.issuer() });
        visits.push(json!({ "url": url, "workload": workload, "steps": asks(steps::workload()) }));
    }
    let plan = json!({ "mode": row.mode, "seconds": SECONDS, "visits": visits });
    let visits = row.client.program.run(scripts, &plan).map_err(|failure| format!("{row}: {failure}"))?;
    Ok(Report { row, invoice: invoice.to_owned(), tokens, visits })
}

/// One for each client to refund, so that each is told of its own refund.
fn paid_invoices(gateway: &Gateway, persona: Persona) -> Vec<String> {
    let paid = json!({ "name": "list_invoices", "arguments": { "status": "paid", "limit": ROWS.len() } });
    let answer = run(gateway.call("billing", persona, "tools/call", paid));
    let ids = at(&answer.message(), "/result/structuredContent/invoices/*/invoice_id");
    let ids: Vec<String> = serde_json::from_value(ids).expect("a list of invoices");
    assert_eq!(ids.len(), ROWS.len(), "{answer:?}");
    ids
}

/// What of a visit is not as wanted, one line each.
fn differences(report: &Report, visit: usize, steps: &[Step]) -> Vec<String> {
    let seen = &report.visits[visit];
    let mut wrong = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let outcome = &seen["steps"][number];
        for (place, want) in &step.wants {
            let found = at(outcome, place);
            let is_right = match want {
                Want::Is(value) => *value == found,
                Want::Says(text) => found.as_str().is_some_and(|found| found.contains(text)),
            };
            if !is_right {
                let row = report.row;
                wrong.push(format!("{row}: {}: {place} is {found}, not {want:?}, in {outcome}", step.ask));
            }
        }
    }
    if seen["closed"] != true {
        wrong.push(format!("{}: it does not end cleanly: {seen}", report.row));
    }
    wrong
}

/// Everything that any client did not see as wanted on a visit.
fn check(visit: usize, steps: impl Fn(&Report) -> Option<Vec<Step>>) {
    let visited = reports().filter_map(|report| Some((report, steps(report)?)));
    let wrong: Vec<String> = visited.flat_map(|(report, steps)| differences(report, visit, &steps)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_client_is_there_and_runs_to_its_end() {
    let Visited { missing, failed, reports: _, requests: _ } = &*VISITED;
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
    assert!(missing.is_empty() || !programs::are_required(), "{missing:?}: {}", programs::HOW_TO_INSTALL);
}

#[test]
fn each_client_settles_on_its_newest_revision() {
    for Report { row, visits, .. } in reports() {
        for seen in [&visits[FINANCE], &visits[VENDOR]] {
            assert_eq!(seen["revision"], row.revision, "{row}: {seen}");
            assert_eq!(seen["server"].as_str(), row.server, "{row}: {seen}");
        }
    }
}

#[test]
fn finance_gets_what_policy_gives_it_with_every_client() {
    check(FINANCE, |report| Some(steps::finance(report.row, &report.invoice)));
}

#[test]
fn a_contractor_is_denied_and_every_client_goes_on() {
    check(VENDOR, |report| Some(steps::vendor(report.row)));
    assert_eq!(Gateway::shared().billing.effects.tool_count("execute_sql"), 0);
}

#[test]
fn every_client_is_told_of_a_change_by_the_server_itself() {
    check(DIRECT, |report| Some(steps::direct(report.row, &report.invoice)));
}

#[test]
fn a_workload_finds_its_issuer_and_signs_in_with_every_client_that_can() {
    check(WORKLOAD, |report| report.row.client.signs_in.then(steps::workload));
}

#[test]
fn a_refused_token_is_an_error_and_not_a_wait_with_every_client() {
    for Report { row, visits, .. } in reports() {
        let seen = &visits[STRANGER];
        let refused = seen.get("refused").or_else(|| seen.pointer("/steps/0/error"));
        let refused = refused.unwrap_or_else(|| panic!("{row} goes on: {seen}"));
        let (kind, text) = row.client.refusal;
        assert_eq!(refused["kind"], kind, "{row}: {refused}");
        assert!(refused["message"].as_str().unwrap().contains(text), "{row}: {refused}");
    }
}

#[test]
fn every_session_is_ended_by_its_client() {
    let legacy = reports().filter(|report| !report.row.is_modern());
    // The stranger gets none.
    let sessions: usize = legacy.map(|report| report.visits.as_array().unwrap().len() - 1).sum();
    let ended = VISITED.requests.iter().filter(|request| request.method == Method::DELETE).count();
    assert_eq!(ended, sessions);
}

#[test]
fn nothing_is_in_clear_for_clients_and_no_token_reaches_the_server() {
    let gateway = Gateway::shared();
    let get = json!({ "name": "get_customer", "arguments": { "customer_id": "cus_0001" } });
    let request = client::modern(gateway.billing.addr, "/mcp", &gateway.credential, "tools/call", get);
    let direct = run(client::send(gateway.billing.addr, request)).message();
    let secrets = ["card", "iban"].map(|name| {
        let value = at(&direct, &format!("/result/structuredContent/customer/{name}"));
        value.as_str().expect("a customer has it").to_owned()
    });
    for report in reports() {
        let seen = report.visits.to_string();
        for secret in &secrets {
            assert!(!seen.contains(secret), "{} saw {secret}", report.row);
        }
        assert!(!seen.contains(&gateway.credential), "{} saw the credential", report.row);
    }
    for request in &VISITED.requests {
        let SeenRequest { method, target, headers, body, authorised } = request;
        assert!(authorised, "{method} without the credential");
        let all = format!("{target} {headers:?} {body}");
        assert!(!reports().flat_map(|report| &report.tokens).any(|token| all.contains(token)), "{all}");
    }
    assert!(!gateway.log().contains("panicked"), "{}", gateway.log());
}
