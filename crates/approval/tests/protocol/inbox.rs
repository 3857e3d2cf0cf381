//! What reviewers are shown.

use std::collections::BTreeSet;

use portcullis_approval::{Coverage, Cursor, Filter, Inbox, Page, RequestId, Which};
use portcullis_ledger::UnixMillis;

use crate::world::*;

fn page(store: &mut Store, filter: &Filter, cursor: Option<Cursor>, now: UnixMillis) -> Page {
    let vault = vault();
    let mut inbox = Inbox::new(&vault, filter.clone(), cursor, now);
    store.run(&mut inbox);
    inbox.finish().unwrap()
}

/// All pages, each found by the text of the cursor before it.
fn pages(store: &mut Store, filter: &Filter, now: UnixMillis) -> Vec<Vec<RequestId>> {
    let mut pages = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = page(store, filter, cursor, now);
        pages.push(page.cases.iter().map(|case| case.request().id).collect());
        match page.next {
            Some(next) => cursor = Some(next.to_string().parse().unwrap()),
            None => return pages,
        }
    }
}

fn every(which: Which) -> Filter {
    Filter { which, groups: None }
}

fn call(n: usize) -> String {
    format!("{{\"n\":{n}}}")
}

#[test]
fn all_that_waits_is_listed_once_newest_first() {
    let mut store = Store::default();
    let ids: Vec<RequestId> = (0..130).map(|n| store.request(&asked_with(&call(n), once()), NOW)).collect();
    let pages = pages(&mut store, &every(Which::Pending), after(60));
    assert!(pages.len() > 1 && pages.iter().all(|page| page.len() <= 81), "{}", pages.len());
    assert_eq!(pages.concat(), ids.into_iter().rev().collect::<Vec<_>>());
}

#[test]
fn states_are_told_apart() {
    let mut store = Store::default();
    let ids: Vec<RequestId> =
        (0..4).map(|n| store.request(&asked_with(&call(n), window(600)), NOW)).collect();
    store.approve(ids[1], "ben", after(1));
    store.reject(ids[2], "ben", after(1));
    store.approve(ids[3], "ben", after(1));
    store.revoke(ids[3], after(2));
    for (which, seconds, want) in [
        (Which::Pending, 3, vec![ids[0]]),
        (Which::Approved, 3, vec![ids[1]]),
        (Which::All, 3, vec![ids[3], ids[2], ids[1], ids[0]]),
        (Which::Pending, 900, vec![]),
        (Which::Approved, 601, vec![]),
    ] {
        assert_eq!(pages(&mut store, &every(which), after(seconds)).concat(), want, "{which:?} at {seconds}");
    }
}

#[test]
fn reviewers_see_what_asks_their_groups() {
    let mut store = Store::default();
    let legal = requirement("export", "okta:legal", 1, Coverage::Once);
    let finance = store.request(&asked_with(&call(0), once()), NOW);
    let both = store.request(&asked_with(&call(1), [once(), vec![legal.clone()]].concat()), NOW);
    let legal = store.request(&asked_with(&call(2), vec![legal]), NOW);
    for (groups, want) in [
        (vec!["okta:finance"], vec![both, finance]),
        (vec!["okta:legal"], vec![legal, both]),
        (vec!["okta:legal", "okta:finance"], vec![legal, both, finance]),
        (vec!["okta:support"], vec![]),
        (vec![], vec![]),
    ] {
        let groups: BTreeSet<_> = groups.into_iter().map(|group| group.parse().unwrap()).collect();
        let filter = Filter { which: Which::Pending, groups: Some(groups.clone()) };
        assert_eq!(pages(&mut store, &filter, after(1)).concat(), want, "{groups:?}");
    }
}

#[test]
fn days_back_are_listed_as_long_as_a_request_can_wait() {
    let mut patient = once();
    patient[0].ttl = std::time::Duration::from_secs(7 * 24 * 3600);
    let mut store = Store::default();
    let day = 24 * 3600;
    let first = store.request(&asked_with(&call(0), patient.clone()), NOW);
    let second = store.request(&asked_with(&call(1), patient.clone()), after(3 * day));
    // Written by an instance whose clock is ahead.
    let ahead = store.request(&asked_with(&call(2), patient), after(8 * day - 60));
    let list = |store: &mut Store, seconds| pages(store, &every(Which::Pending), after(seconds)).concat();
    assert_eq!(list(&mut store, 7 * day - 1), [ahead, second, first]);
    assert_eq!(list(&mut store, 7 * day), [ahead, second]);
}

/// Many that are decided do not make a page endless, and do not hide what is behind them.
#[test]
fn a_page_ends_also_where_little_is_found() {
    let mut store = Store::default();
    let oldest = store.request(&asked_with(&call(0), window(600)), NOW);
    for n in 1..300 {
        let id = store.request(&asked_with(&call(n), window(600)), NOW);
        store.reject(id, "ben", after(1));
    }
    let pages = pages(&mut store, &every(Which::Pending), after(2));
    assert_eq!((pages.len(), pages.concat()), (2, vec![oldest]));
}

/// Whoever died between the list and the request has asked nobody.
#[test]
fn an_item_without_its_request_is_passed_over() {
    let mut store = Store::default();
    let ids: Vec<RequestId> = (0..3).map(|n| store.request(&asked_with(&call(n), once()), NOW)).collect();
    store.values.remove(&format!("pc1:gateway:approval:request:{}", ids[1]));
    store.values.retain(|key, _| !key.contains(":entry:") || !key.ends_with(":3"));
    assert_eq!(pages(&mut store, &every(Which::All), after(1)).concat(), [ids[0]]);
}

#[test]
fn what_is_no_cursor_is_refused_and_no_cursor_is_too_far() {
    for text in ["", "1", "1.", ".1", "a.1", "1.2.3", "+1.2", "1.-2", "18446744073709551616.1"] {
        assert!(text.parse::<Cursor>().is_err(), "`{text}`");
    }
    let mut store = Store::default();
    let id = store.request(&asked(once()), NOW);
    for (cursor, want) in [
        ("18446744073709551615.18446744073709551615", vec![id]),
        ("0.0", vec![]),
        ("0.18446744073709551615", vec![]),
    ] {
        let page = page(&mut store, &every(Which::All), Some(cursor.parse().unwrap()), after(1));
        let ids: Vec<_> = page.cases.iter().map(|case| case.request().id).collect();
        assert_eq!((ids, page.next), (want, None), "{cursor}");
    }
}
