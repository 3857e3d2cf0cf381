//! `portcullis approvals watch`: what is asked from now on, and what becomes of it.
//!
//! It looks again and again at what waits. What has waited and does not any more is shown once with where it stands.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use serde_json::{Map, Value};

use super::arguments::Watch;
use super::{one, query, requests, shown};
use crate::exit::Exit;
use crate::remote::{Body, Refused, Remote, next};
use crate::terminal::{self, Style};
use crate::trial::problem::Reader;

/// How many pages are read at once; beyond, only the newest are watched.
const PAGES: usize = 64;

pub(super) async fn watch(arguments: &Watch) -> anyhow::Result<Exit> {
    let reader = Reader::of(arguments.gateway.json);
    let mut remote = Remote::find(&arguments.gateway).await?;
    let mut waiting = None;
    loop {
        let mut looked = pending(&remote, arguments.connection.as_deref()).await?;
        // A token lasts for a while. That of a persona, or what is in the file by now, is read once more.
        if waiting.is_some() && matches!(&looked, Err(refused) if refused.status == StatusCode::UNAUTHORIZED)
        {
            remote = Remote::find(&arguments.gateway).await?;
            looked = pending(&remote, arguments.connection.as_deref()).await?;
        }
        let pending = match looked {
            Ok(pending) => pending,
            Err(refused) => return Ok(refused.tell(reader)),
        };
        let (new, gone) = changes(&waiting.unwrap_or_default(), &pending);
        new.iter().for_each(|request| tell(request, reader));
        for id in gone {
            // Whoever may no longer look at it is told nothing more of it.
            if let Ok(request) = one(&remote, &id).await? {
                tell(&request, reader);
            }
        }
        waiting = Some(pending.iter().filter_map(id).collect::<BTreeSet<String>>());
        tokio::time::sleep(arguments.every).await;
    }
}

/// All that waits, oldest first.
async fn pending(remote: &Remote, connection: Option<&str>) -> anyhow::Result<Result<Vec<Value>, Refused>> {
    let (mut all, mut cursor) = (Vec::new(), None);
    for _ in 0..PAGES {
        let path = query("pending", connection, cursor.as_deref());
        let page = match remote.ask(Method::GET, &path, Body::None).await? {
            Ok(page) => page,
            Err(refused) => return Ok(Err(refused)),
        };
        all.extend(requests(&page).iter().cloned());
        cursor = next(&page);
        if cursor.is_none() {
            break;
        }
    }
    all.reverse();
    Ok(Ok(all))
}

/// What waits now and did not before, and what did and does not now.
pub(super) fn changes(before: &BTreeSet<String>, now: &[Value]) -> (Vec<Value>, Vec<String>) {
    let ids: BTreeSet<String> = now.iter().filter_map(id).collect();
    let new = now.iter().filter(|request| id(request).is_some_and(|id| !before.contains(&id)));
    (new.cloned().collect(), before.difference(&ids).cloned().collect())
}

/// The id, if it is one that can be asked for.
fn id(request: &Value) -> Option<String> {
    let id = request.get("id")?.as_str()?;
    let is_plain = id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_plain.then(|| id.to_owned())
}

fn tell(request: &Value, reader: Reader) {
    match reader {
        Reader::Person => terminal::line(&shown::line(request, Style::of_output())),
        Reader::Script => {
            let members =
                ["id", "state", "kind", "connection", "method", "name", "group", "requester", "labels"];
            let told: Map<String, Value> = members
                .iter()
                .filter_map(|member| Some(((*member).to_owned(), request.get(*member)?.clone())))
                .collect();
            terminal::line(&terminal::json(&told.into()));
        }
    }
}
