//! Which requests there are, newest first, a page at a time.

use std::collections::BTreeMap;

use portcullis_approval::{Case, Cursor, Filter, Inbox, Which};
use portcullis_settings::ConnectionName;
use serde_json::{Value, json};

use super::{LOOKING, Undecided, connection, driven, may_look, now, view};
use crate::control::{any_of, on_any};
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::refusal::Refusal;

/// How many pages are counted, at most.
const COUNTED_PAGES: usize = 8;

/// What is asked of the list.
struct Query {
    which: Which,
    connection: Option<ConnectionName>,
    cursor: Option<Cursor>,
}

/// A page of requests, of those that the caller may look at. It may be empty although there are more.
pub(super) async fn list<P: Ports>(x: &mut Exchange<P>) -> Result<Value, Refusal> {
    let Query { which, connection: wanted, cursor } = Query::parse(x.parts.uri.query().unwrap_or_default())?;
    match &wanted {
        Some(connection) => any_of(x, [connection], &LOOKING)?,
        None => on_any(x, &LOOKING)?,
    }
    let now = now(x);
    let filter = Filter { which, groups: None };
    let page = driven(x, Inbox::new(x.gateway.approvals(), filter, cursor, now)).await.finish();
    let page = page.map_err(Undecided::from)?;
    let mut may = BTreeMap::new();
    let mut may_be_seen =
        |case: &Case| *may.entry(connection(case).cloned()).or_insert_with(|| may_look(x, case).is_ok());
    let is_wanted = |case: &&Case| wanted.is_none() || connection(case) == wanted.as_ref();
    let requests: Vec<Value> = page
        .cases
        .iter()
        .filter(is_wanted)
        .filter(|case| may_be_seen(case))
        .map(|case| view::line(x, case, now).into())
        .collect();
    Ok(json!({ "requests": requests, "next": page.next.map(|next| next.to_string()) }))
}

/// How many requests wait for people on each connection where the caller may look at them, and of none if everywhere;
/// `None` if they are too many to count.
pub(in crate::control) async fn waiting<P: Ports>(
    x: &mut Exchange<P>,
) -> Result<Option<BTreeMap<Option<ConnectionName>, u64>>, Refusal> {
    let mut waiting = BTreeMap::new();
    for name in x.gateway.settings().connections.keys() {
        if any_of(x, [name], &LOOKING).is_ok() {
            waiting.insert(Some(name.clone()), 0);
        }
    }
    if waiting.is_empty() {
        return Ok(Some(waiting));
    }
    let (now, mut cursor) = (now(x), None);
    for _ in 0..COUNTED_PAGES {
        let filter = Filter { which: Which::Pending, groups: None };
        let page = driven(x, Inbox::new(x.gateway.approvals(), filter, cursor, now)).await.finish();
        let page = page.map_err(Undecided::from)?;
        for case in &page.cases {
            if may_look(x, case).is_ok() {
                *waiting.entry(connection(case).cloned()).or_default() += 1;
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(Some(waiting));
        }
    }
    Ok(None)
}

impl Query {
    /// Nothing in it needs escapes, so there are none.
    fn parse(text: &str) -> Result<Self, Undecided> {
        let mut members = BTreeMap::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(Undecided::Query)?;
            if members.insert(name, value).is_some() {
                return Err(Undecided::Query);
            }
        }
        let which = match members.remove("state") {
            None | Some("pending") => Which::Pending,
            Some("approved") => Which::Approved,
            Some("all") => Which::All,
            Some(_) => return Err(Undecided::Query),
        };
        let connection = members.remove("connection").map(|name| ConnectionName::try_from(name.to_owned()));
        let cursor = members.remove("cursor").map(str::parse);
        if !members.is_empty() {
            return Err(Undecided::Query);
        }
        Ok(Self {
            which,
            connection: connection.transpose().map_err(|_| Undecided::Query)?,
            cursor: cursor.transpose().map_err(|_| Undecided::Query)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_of_a_list_has_one_form() {
        for (text, is_fine) in [
            ("", true),
            ("state=pending", true),
            ("state=all&connection=crm&cursor=20833.7", true),
            ("connection=crm&state=approved", true),
            ("state=rejected", false),
            ("state", false),
            ("state=all&state=all", false),
            ("connection=CRM", false),
            ("connection=", false),
            ("cursor=x", false),
            ("cursor=20833.7%20", false),
            ("limit=5", false),
        ] {
            assert_eq!(Query::parse(text).is_ok(), is_fine, "query: {text}");
        }
    }
}
