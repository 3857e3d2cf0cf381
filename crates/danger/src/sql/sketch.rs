//! What a text that no parser reads would do: pairs of words that statements start with, wherever they stand, inside of
//! strings too. Such a text may be cut, decoded or put together before it is run, so that nothing says what is a string.

use std::collections::BTreeSet;

use super::lexis::{Item, Kind, items};
use super::words::{self, KINDS};
use crate::{Danger, work};

/// How far `SET` may be from its `UPDATE`, in words.
const SET: usize = 12;

/// Adds the classes that the words of a text tell.
pub(super) fn classify(all: &[Item<'_>], found: &mut BTreeSet<Danger>) {
    let words = lower(all);
    if words::reach_out(&words) {
        found.extend([Danger::SqlDestructive, Danger::SqlWrite]);
    }
    for at in 0..words.len() {
        work::add(1);
        found.extend(pair(words.get(at..).unwrap_or_default()));
    }
}

fn pair(words: &[String]) -> &'static [Danger] {
    const DESTRUCTIVE: &[Danger] = &[Danger::SqlDestructive, Danger::SqlWrite];
    const WRITE: &[Danger] = &[Danger::SqlWrite];
    const READ: &[Danger] = &[Danger::SqlRead];
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let second = word(1);
    match word(0) {
        "drop" | "alter" if KINDS.contains(&second) => DESTRUCTIVE,
        "truncate" if !second.is_empty() => DESTRUCTIVE,
        "delete" if second == "from" || words.iter().take(SET).any(|word| word == "where") => DESTRUCTIVE,
        "update" if words.iter().take(SET).any(|word| word == "set") => DESTRUCTIVE,
        "grant" | "revoke" | "deny"
            if words.iter().take(SET).any(|word| matches!(word.as_str(), "to" | "from")) =>
        {
            DESTRUCTIVE
        }
        "do" | "exec" | "execute" | "kill" | "shutdown" | "attach" | "detach" | "prepare" => DESTRUCTIVE,
        "insert" | "merge" | "replace" if matches!(second, "into" | "overwrite" | "or" | "ignore") => WRITE,
        "create" if matches!(second, "user" | "role" | "login" | "extension" | "server") => DESTRUCTIVE,
        "create" if KINDS.contains(&second) || matches!(second, "or" | "unique" | "temp" | "global") => WRITE,
        "call" | "pragma" | "rename" | "import" | "copy" | "load" => WRITE,
        "select" => READ,
        _ => &[],
    }
}

/// The words in lower case, those in strings after a word for the string.
fn lower(all: &[Item<'_>]) -> Vec<String> {
    let mut words = Vec::new();
    for item in all {
        if item.kind == Kind::String {
            words.push("'".to_owned());
            let inner = item.text.get(1..item.text.len() - 1).unwrap_or_default();
            words.extend(items(inner).iter().map(|item| item.text.to_ascii_lowercase()));
        } else {
            words.push(item.text.to_ascii_lowercase());
        }
    }
    words
}
