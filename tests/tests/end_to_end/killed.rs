//! A host that is killed in the middle of calls, again and again: nothing that happened is without its record.
//!
//! `PORTCULLIS_KILLS` says how often; a run of thousands takes minutes.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use portcullis_demo::oidc::Persona;
use portcullis_ledger::{CallResult, Problem, Record, RecordId};
use portcullis_tests::{Gateway, Options, client, run, serve_hosted};
use serde_json::json;

/// How often the host is killed unless the environment says otherwise.
const KILLS: u64 = 12;
/// How many callers there are, each with one call after the other.
const CALLERS: u64 = 6;
/// Calls are at their work when the host is killed: within this time after it has begun to serve.
const LONGEST_LIFE_US: u64 = 60_000;

/// No test by itself: the program is run once more with this one alone, to be the host that is killed.
#[test]
fn the_host() {
    serve_hosted();
}

/// What callers did and got.
#[derive(Default)]
struct Calls {
    n_made: AtomicU64,
}

/// A word that is in one call only.
fn mark(number: u64) -> String {
    format!("kill-{number:08}-")
}

/// Makes one call after the other until no answer comes. The marks of those whose answer came whole.
async fn calling(gateway: &Gateway, calls: &Calls, token: &str) -> Vec<String> {
    let mut released = Vec::new();
    loop {
        let mark = mark(calls.n_made.fetch_add(1, Ordering::Relaxed));
        let params = json!({ "name": "query", "arguments": { "sql": format!("SELECT '{mark}' AS mark") } });
        let request = client::modern(gateway.address, "/mcp/billing", token, "tools/call", params);
        let Some(answer) = client::attempt(gateway.address, request).await else { return released };
        assert_eq!(answer.status, 200, "{answer:?}");
        if answer.message()["result"]["isError"] != true && answer.text.contains(&mark) {
            released.push(mark);
        }
    }
}

/// The ids of the calls with these marks: intents, and outcomes that say that the answer was released.
fn recorded(records: &[Record], marks: &BTreeSet<String>) -> (BTreeSet<String>, BTreeSet<String>) {
    let marked = |text: &str| {
        let start = text.find("kill-")?;
        text.get(start..start + mark(0).len()).filter(|mark| marks.contains(*mark)).map(ToOwned::to_owned)
    };
    let completed: BTreeSet<RecordId> = records
        .iter()
        .filter_map(|record| match record {
            Record::Outcome(outcome) => {
                (outcome.result == CallResult::Completed { is_error: false }).then_some(outcome.id)
            }
            Record::Drift(_) | Record::Intent(_) | Record::Refusal(_) => None,
        })
        .collect();
    let (mut intended, mut ended) = (BTreeSet::new(), BTreeSet::new());
    for record in records {
        let Record::Intent(intent) = record else { continue };
        let Some(mark) = marked(intent.arguments.text.text()) else { continue };
        if completed.contains(&intent.id) {
            ended.insert(mark.clone());
        }
        intended.insert(mark);
    }
    (intended, ended)
}

#[test]
fn nothing_that_happened_is_without_its_record_however_often_the_host_is_killed() {
    let kills =
        std::env::var_os("PORTCULLIS_KILLS").map_or(KILLS, |kills| kills.to_str().unwrap().parse().unwrap());
    run(async {
        let options = Options { hosted: Some("killed::the_host"), ..Options::default() };
        let mut gateway = Gateway::start(options).await;
        let (calls, mut released) = (Calls::default(), BTreeSet::new());
        let mut kill = 0;
        // A machine that is busy with something else may not answer a call before each of these ends.
        while kill < kills || (released.is_empty() && kill < kills.saturating_mul(10)) {
            kill += 1;
            let token = gateway.token(Persona::Finance, "billing");
            // Any time is as likely as any other, and the same in every run.
            let life = Duration::from_micros(kill.wrapping_mul(0x9E37_79B9_7F4A_7C15) % LONGEST_LIFE_US);
            let callers = join_all((0..CALLERS).map(|_| calling(&gateway, &calls, &token)));
            let killed = async {
                tokio::time::sleep(life).await;
                gateway.end();
            };
            let (answers, ()) = futures_util::future::join(callers, killed).await;
            released.extend(answers.into_iter().flatten());
            gateway = gateway.restarted().await;
        }
        check(&gateway, &calls, &released, kill).await;
    });
}

async fn check(gateway: &Gateway, calls: &Calls, released: &BTreeSet<String>, kills: u64) {
    let n_made = calls.n_made.load(Ordering::Relaxed);
    let made: BTreeSet<String> = (0..n_made).map(mark).collect();
    let effects = gateway.billing.effects.calls();
    let effects: BTreeSet<String> = effects
        .iter()
        .filter_map(|call| call.arguments["sql"].as_str()?.split('\'').nth(1).map(ToOwned::to_owned))
        .collect();
    let (intended, ended) = recorded(&gateway.records(), &made);
    let counted = format!(
        "{kills} kills, {n_made} calls: {} reached the server, {} were answered, {} are begun and {} are ended on record\n",
        effects.len(),
        released.len(),
        intended.len(),
        ended.len()
    );
    // Not by a macro: what those write is shown only when a test fails.
    std::io::stderr().write_all(counted.as_bytes()).unwrap();
    assert!(effects.len() > released.len() / 2 && !released.is_empty(), "calls were at work");
    let unintended: Vec<&String> = effects.difference(&intended).collect();
    assert!(unintended.is_empty(), "effects without an intent: {unintended:?}");
    let unended: Vec<&String> = released.difference(&ended).collect();
    assert!(unended.is_empty(), "answers without an outcome: {unended:?}");
    let report = gateway.verified().await;
    // An instance that is killed between the claim of a chain and its first segment leaves the claim. Whether that is
    // so, or somebody has removed the chain, is for a checkpoint to say once nobody can begin it any more; here
    // nothing was removed, as all that was intended is there.
    let is_claim = |problem: &Problem| matches!(problem, Problem::MissingChain { checkpoint: None, .. });
    let wrong: Vec<_> = report.findings.iter().filter(|finding| !is_claim(&finding.problem)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
