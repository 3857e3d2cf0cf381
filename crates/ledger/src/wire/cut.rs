//! Cuts names and lists that are too long for a record, visibly.
//!
//! A cut string ends with `…[+12 bytes]`, a cut list with an entry `…[+3 more]`. With these limits the longest record
//! takes a fraction of what a store allows.

use std::collections::{BTreeMap, BTreeSet};

use crate::intent::{DecisionSummary, PolicyRef};
use crate::json;
use crate::principal::{Attribute, Granted, Who};

/// How many bytes of JSON are kept of a string.
const MAX_STRING: usize = 256;

/// How many entries are kept of a list.
const MAX_ENTRIES: usize = 32;

/// How many are kept of a list that is itself in a list.
const MAX_INNER_ENTRIES: usize = 8;

pub(super) fn string(text: &mut String) {
    if json::string_len(text) <= MAX_STRING {
        return;
    }
    let mut used = 0;
    let fits = |(_, ch): &(usize, char)| {
        used += json::char_len(*ch);
        used <= MAX_STRING
    };
    let kept: String = text.char_indices().take_while(fits).map(|(_, ch)| ch).collect();
    *text = format!("{kept}…[+{} bytes]", text.len() - kept.len());
}

pub(super) fn optional(text: &mut Option<String>) {
    text.iter_mut().for_each(string);
}

pub(super) fn list(entries: &mut Vec<String>) {
    each(entries, MAX_ENTRIES, string, |note| note);
}

/// Cuts each entry that is kept, and says in one more how many are not.
fn each<T>(entries: &mut Vec<T>, most: usize, cut: impl FnMut(&mut T), noted: impl FnOnce(String) -> T) {
    let more = note_of_cut(entries.len(), most);
    entries.truncate(most);
    entries.iter_mut().for_each(cut);
    entries.extend(more.map(noted));
}

pub(super) fn set(entries: &mut BTreeSet<String>) {
    let mut kept: Vec<String> = std::mem::take(entries).into_iter().collect();
    list(&mut kept);
    entries.extend(kept);
}

/// The counts of the entries that are cut are added up.
pub(super) fn counts(counts: &mut BTreeMap<String, u32>) {
    let more = note_of_cut(counts.len(), MAX_ENTRIES);
    let n_cut = counts.values().skip(MAX_ENTRIES).fold(0, |sum: u32, n| sum.saturating_add(*n));
    let kept = std::mem::take(counts).into_iter().take(MAX_ENTRIES).map(|(mut class, n)| {
        string(&mut class);
        (class, n)
    });
    counts.extend(kept);
    counts.extend(more.map(|note| (note, n_cut)));
}

pub(super) fn who(who: &mut Who) {
    let Who { issuer, subject, kind: _, groups, granted, attributes, client, actors, token_id } = who;
    string(issuer);
    string(subject);
    list(groups);
    self::granted(granted);
    attributes.iter_mut().for_each(self::attributes);
    optional(client);
    list(actors);
    optional(token_id);
}

/// What is said of an entry that is cut is its name.
fn attributes(entries: &mut BTreeMap<String, Attribute>) {
    let more = note_of_cut(entries.len(), MAX_ENTRIES);
    let kept = std::mem::take(entries).into_iter().take(MAX_ENTRIES).map(|(mut name, mut value)| {
        string(&mut name);
        match &mut value {
            Attribute::Flag(_) | Attribute::Number(_) => {}
            Attribute::Text(text) => string(text),
            Attribute::Texts(texts) => each(texts, MAX_INNER_ENTRIES, string, |note| note),
        }
        (name, value)
    });
    entries.extend(kept);
    entries.extend(more.map(|note| (note, Attribute::Texts(Vec::new()))));
}

/// Far fewer groups can be asked for than are kept, so none is cut but by hand.
fn granted(entries: &mut Vec<Granted>) {
    let parts = |Granted { group, request }: &mut Granted| {
        string(group);
        string(request);
    };
    each(entries, MAX_ENTRIES, parts, |group| Granted { group, request: String::new() });
}

pub(super) fn decision(decision: &mut DecisionSummary) {
    let DecisionSummary { outcome: _, bundle, policies: enforced, observed } = decision;
    optional(bundle);
    policies(enforced);
    policies(observed);
}

fn policies(entries: &mut Vec<PolicyRef>) {
    let parts = |PolicyRef { id, digest }: &mut PolicyRef| {
        string(id);
        string(digest);
    };
    each(entries, MAX_ENTRIES, parts, |id| PolicyRef { id, digest: String::new() });
}

fn note_of_cut(n_entries: usize, most: usize) -> Option<String> {
    let n_cut = n_entries.checked_sub(most).filter(|n| *n > 0)?;
    Some(format!("…[+{n_cut} more]"))
}
