//! Which recordings there were, the latest first.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_ledger::{
    Access, ChainId, ChainReader, Cursor, Filter, Key, Posting, Query as Finding, Read, Record, Segment,
    SegmentId, Tag, Verdict, Who,
};
use portcullis_policy::Target;
use portcullis_settings::ConnectionName;
use serde_json::{Value, json};

use super::query::{Query, wrong};
use super::store::{page, pruned, publish, upkeep};
use super::{Scope, tags};
use crate::exchange::Exchange;
use crate::ports::{Ports, get_all};
use crate::refusal::Refusal;

const MEMBERS: [&str; 8] = ["day", "from", "to", "principal", "connection", "decision", "cursor", "limit"];
/// How many segments are read at once to learn who a principal is.
const AHEAD: u32 = 16;
/// How many segments one request reads for that.
const NAME_READS: u32 = 1_024;

/// A filter that an index has, and what is left for afterwards: a name has a tag under each secret.
struct Wanted {
    names: Names,
    verdict: Option<Verdict>,
}

/// The tags of the names that are asked for.
pub(super) struct Names {
    principals: Option<BTreeSet<Tag>>,
    connections: Option<BTreeSet<Tag>>,
}

impl Names {
    /// Whether something of this principal, on this connection, is asked for.
    pub(super) fn matches(&self, principal: Option<Tag>, connection: Option<Tag>) -> bool {
        let is_in = |tags: &Option<BTreeSet<Tag>>, tag: Option<Tag>| {
            tags.as_ref().is_none_or(|tags| tag.is_some_and(|tag| tags.contains(&tag)))
        };
        is_in(&self.principals, principal) && is_in(&self.connections, connection)
    }
}

impl Wanted {
    fn filter(&self) -> Filter {
        let only = |tags: &Option<BTreeSet<Tag>>| {
            tags.as_ref().filter(|tags| tags.len() == 1).and_then(|tags| tags.first().copied())
        };
        let (principal, connection) = (only(&self.names.principals), only(&self.names.connections));
        Filter { recording: None, principal, connection, verdict: self.verdict }
    }
}

pub(super) async fn list<P: Ports>(x: &Exchange<P>) -> Result<Value, Refusal> {
    let scope = Scope::of(x, Target::Audit)?;
    let query = Query::parse(x.parts.uri.query(), &MEMBERS)?;
    let (days, limit) = (query.days(x.now)?, query.limit()?);
    let wanted = Wanted { names: names(x, &query)?, verdict: query.decision()? };
    let cursor = query.get::<Cursor>("cursor")?;
    let pruned = pruned(x, &days).await?;
    upkeep(x, &days, &pruned).await;
    publish(x).await;
    let finding = Finding::new(x.gateway.app().clone(), &days, wanted.filter(), cursor);
    let mut finding = finding.with_size(limit).without(pruned.into_values());
    let found = page(x, &mut finding).await?;
    let problems: Vec<String> = finding
        .damaged()
        .map(|chain| {
            format!("a segment of chain {chain} is missing or cannot be read; what is in it is not listed")
        })
        .collect();
    let postings: Vec<Posting> = found
        .postings
        .into_iter()
        .filter(|posting| {
            wanted.names.matches(posting.principal, posting.connection) && scope.covers(posting.connection)
        })
        .collect();
    let principals = principals(x, &postings).await?;
    let told: Vec<Value> = postings.iter().map(|posting| told(posting, &scope, &principals)).collect();
    Ok(json!({
        "from": days.start().to_string(), "to": days.end().to_string(),
        "connections": scope.allowed.iter().map(ConnectionName::as_str).collect::<Vec<_>>(),
        "recordings": told,
        "next": found.next.map(|next| next.to_string()),
        "problems": problems,
    }))
}

/// The `principal` and the `connection` of a query, as far as it has them.
pub(super) fn names<P: Ports>(x: &Exchange<P>, query: &Query) -> Result<Names, Refusal> {
    let principals = match query.text("principal") {
        None => None,
        Some(text) => {
            let (issuer, subject) = text.split_once('|').ok_or_else(|| {
                wrong("`principal` is the issuer, a `|` and the subject, as in records".to_owned())
            })?;
            Some(tags(x, |key| Tag::principal(key, issuer, subject)).collect())
        }
    };
    let connections =
        query.text("connection").map(|name| tags(x, |key| Tag::connection(key, name)).collect());
    Ok(Names { principals, connections })
}

fn told(posting: &Posting, scope: &Scope, principals: &BTreeMap<Tag, String>) -> Value {
    let Posting { recording, chain, principal, connection, first_at, last_at, records, verdicts } = posting;
    let decisions = [("allow", Verdict::Allow), ("deny", Verdict::Deny), ("hold", Verdict::Hold)];
    let decisions = decisions.iter().filter(|(_, verdict)| verdicts.contains(*verdict));
    let name = connection.and_then(|tag| scope.names.get(&tag)).map(ConnectionName::as_str);
    json!({
        "recording": recording.to_string(), "chain": chain.to_string(),
        "principal": principal.and_then(|tag| principals.get(&tag)),
        "principal_tag": principal.map(|tag| tag.to_string()),
        "connection": name,
        "connection_tag": connection.map(|tag| tag.to_string()),
        "first_at": first_at.0, "last_at": last_at.0, "records": records,
        "decisions": decisions.map(|(word, _)| *word).collect::<Vec<_>>(),
    })
}

/// Who the principals are, as far as that is soon found. Indexes know them by their tags only, so their names are read from
/// a record of each.
async fn principals<P: Ports>(
    x: &Exchange<P>,
    postings: &[Posting],
) -> Result<BTreeMap<Tag, String>, Refusal> {
    let (mut names, mut left) = (BTreeMap::new(), NAME_READS);
    for posting in postings {
        let Some(principal) = posting.principal.filter(|tag| !names.contains_key(tag)) else { continue };
        if let Some(name) = principal_in(x, posting.chain, principal, &mut left).await? {
            names.insert(principal, name);
        }
    }
    Ok(names)
}

async fn principal_in<P: Ports>(
    x: &Exchange<P>,
    chain: ChainId,
    principal: Tag,
    left: &mut u32,
) -> Result<Option<String>, Refusal> {
    let (app, keys) = (x.gateway.app(), x.gateway.ledger_keys());
    let mut reader = ChainReader::new(app.clone(), chain);
    let mut n: u32 = 0;
    while *left >= AHEAD {
        *left -= AHEAD;
        let ids = (n..n.saturating_add(AHEAD)).map(|n| Key::segment(app, SegmentId { chain, n }));
        for (_, value) in get_all(&*x.ports, ids.collect()).await? {
            let Some(value) = value else { return Ok(None) };
            let Ok(segment) = Segment::parse(&value) else { return Ok(None) };
            let of = segment.entries().iter().find(|entry| entry.label.principal == Some(principal));
            if let Some(recording) = of.map(|entry| entry.label.recording) {
                let key = x.ports.get(Key::recording(app, recording, chain).as_str()).await?;
                if let Ok(access) = Access::of(key.as_deref(), (recording, chain), &keys.wrapping) {
                    reader.allow(recording, access);
                }
            }
            // What is wrong with it is told to whoever reads the recording.
            let Ok(read) = reader.read(&segment) else { return Ok(None) };
            let found = read.into_iter().find_map(|read| match read {
                Read::Record(label, record) if label.principal == Some(principal) => named(&record),
                Read::Record(..) | Read::Erased(_) => None,
            });
            if found.is_some() {
                return Ok(found);
            }
        }
        n = n.saturating_add(AHEAD);
    }
    Ok(None)
}

fn named(record: &Record) -> Option<String> {
    let who = |who: &Who| format!("{}|{}", who.issuer, who.subject);
    match record {
        Record::Intent(intent) => Some(who(&intent.principal)),
        Record::Refusal(refusal) => refusal.principal.as_ref().map(who),
        Record::Drift(_) | Record::Outcome(_) => None,
    }
}
