//! Reading an upstream's list for the gateway itself: all of its pages, unguarded, with the caller's session.
//!
//! Whatever the gateway learns from a list is learned here and where lists pass by, and nowhere else.

use std::pin::pin;

use futures_util::future::{Either, select};
use http::{HeaderMap, HeaderValue};
use portcullis_mcp::era::{Era, META_CLIENT_CAPABILITIES, META_PROTOCOL_VERSION, METHOD, PROTOCOL_VERSION};
use portcullis_mcp::json::{self, Bounds, Json, Object};
use portcullis_mcp::message::{Message, Outcome, Request, RequestId, Response};
use portcullis_mcp::revision::Revision;
use portcullis_mcp::sse::Item;
use portcullis_pins::{DefinitionDigest, Kind};
use portcullis_policy::Lifecycle;

use crate::definitions::known::{MOST, Shown};
use crate::definitions::{Judge, News, Reported, report, stored};
use crate::exchange::Exchange;
use crate::forward::{self, Outbound};
use crate::mismatch;
use crate::ports::{Ports, fresh};
use crate::refusal::Refusal;
use crate::session::Session;
use crate::source::{Pulled, Source};

/// The most pages of a list that are read.
const MOST_PAGES: usize = 64;

/// What is listed, and to whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'s> {
    pub(crate) kind: Kind,
    pub(crate) era: Era,
    pub(crate) session: Option<&'s Session>,
}

impl Place<'_> {
    /// Who is shown the list: the upstream's session, if there is one.
    pub(super) fn reader(&self) -> Option<String> {
        self.session.map(|session| session.upstream.clone())
    }
}

/// Reads a list and remembers what is in it: definitions, and the headers that tools ask for.
///
/// # Errors
/// It cannot be read, or not in time.
pub(crate) async fn read<P: Ports>(x: &Exchange<P>, place: &Place<'_>) -> Result<(), Refusal> {
    let connection = x.connection_name()?;
    let mut reading = Reading::default();
    {
        // All of it has to be there in time: nobody sees a sign of life meanwhile.
        let late = x.ports.sleep(x.gateway.settings().limits.response_time);
        match select(pin!(pages(x, place, &mut reading)), pin!(late)).await {
            Either::Left((read, _)) => read?,
            Either::Right(((), _)) => return Err(too_slow(place.kind)),
        }
    }
    let Reading { shown, news } = reading;
    if !shown.is_empty() {
        stored::save(x, place.kind, &shown).await?;
    }
    {
        let mut known = x.gateway.definitions.borrow_mut();
        known.learn(connection, place.kind, shown, x.now);
        known.was_read(connection, place, x.now);
    }
    if place.kind == Kind::Tool && place.era == Era::Modern {
        x.gateway.tools.borrow_mut().was_read_whole(connection, x.now);
    }
    report(&x.gateway, &*x.ports, news).await;
    Ok(())
}

/// What was found so far.
#[derive(Default)]
struct Reading {
    shown: Shown,
    news: News,
}

impl Reading {
    fn take(&mut self, told: (&Reported, u64), judge: &Judge<'_>, (kind, items): (Kind, &[Json<'_>])) {
        for item in items.iter().filter_map(Json::as_object) {
            let Some((live, drifted)) = judge.item(kind, item) else { continue };
            self.shown.add(item.get_str(kind.key()).unwrap_or_default(), live);
            if let Some(drifted) = drifted {
                self.news.add(told, drifted, || judge.members(kind, item));
            }
        }
    }
}

async fn pages<P: Ports>(x: &Exchange<P>, place: &Place<'_>, reading: &mut Reading) -> Result<(), Refusal> {
    let (connection, kind) = (x.connection_name()?, place.kind);
    let judge = Judge::new(x.active.approved(), x.connection()?);
    let (mut cursor, mut n_items) = (None, 0_usize);
    for _ in 0..MOST_PAGES {
        let Some(result) = page(x, place, cursor).await? else { return Ok(()) };
        let items = result.get(kind.member()).and_then(Json::as_array).ok_or_else(|| unreadable(kind))?;
        if kind == Kind::Tool && place.era == Era::Modern {
            x.gateway.tools.borrow_mut().learn(connection, items, x.now);
        }
        if let Some(judge) = &judge {
            reading.take((&x.gateway.reported.borrow(), x.now), judge, (kind, items));
        }
        n_items = n_items.saturating_add(items.len());
        cursor = result.get_str("nextCursor").map(ToOwned::to_owned);
        if cursor.is_none() {
            return Ok(());
        }
        // What is beyond could not be remembered, and nobody may keep the gateway busy with it.
        if n_items >= MOST {
            break;
        }
    }
    let what = kind.member();
    let rest = match n_items >= MOST {
        true => format!("{MOST} {what}: what comes after them is not known"),
        false => format!("{MOST_PAGES} pages of {what}: what is on later ones is not known"),
    };
    x.ports.log(&format!("`{connection}` has more than {rest}"));
    Ok(())
}

/// The definition with this name and digest that the upstream shows now, in any page; `None` if it shows none.
///
/// # Errors
/// The list cannot be read, or not in time.
pub(super) async fn one<P: Ports>(
    x: &Exchange<P>,
    place: &Place<'_>,
    wanted: (&str, DefinitionDigest),
) -> Result<Option<Object<'static>>, Refusal> {
    let late = x.ports.sleep(x.gateway.settings().limits.response_time);
    match select(pin!(found(x, place, wanted)), pin!(late)).await {
        Either::Left((found, _)) => found,
        Either::Right(((), _)) => Err(too_slow(place.kind)),
    }
}

async fn found<P: Ports>(
    x: &Exchange<P>,
    place: &Place<'_>,
    (name, digest): (&str, DefinitionDigest),
) -> Result<Option<Object<'static>>, Refusal> {
    let kind = place.kind;
    let mut cursor = None;
    for _ in 0..MOST_PAGES {
        let Some(mut result) = page(x, place, cursor).await? else { return Ok(None) };
        let items =
            result.get_mut(kind.member()).and_then(Json::as_array_mut).ok_or_else(|| unreadable(kind))?;
        let is_it = |item: &&mut Object<'static>| {
            item.get_str(kind.key()) == Some(name) && DefinitionDigest::of(kind, item) == digest
        };
        if let Some(item) = items.iter_mut().filter_map(Json::as_object_mut).find(is_it) {
            return Ok(Some(std::mem::take(item)));
        }
        cursor = result.get_str("nextCursor").map(ToOwned::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    Ok(None)
}

fn unreadable(kind: Kind) -> Refusal {
    Refusal::Upstream(format!("a list of its {} that cannot be read", kind.member()))
}

pub(super) fn too_slow(kind: Kind) -> Refusal {
    Refusal::Upstream(format!("too slow with a list of its {}", kind.member()))
}

/// One page; `None` if the upstream has nothing of this kind.
async fn page<P: Ports>(
    x: &Exchange<P>,
    place: &Place<'_>,
    cursor: Option<String>,
) -> Result<Option<Object<'static>>, Refusal> {
    let limits = x.gateway.settings().limits;
    let outbound = request(x, place, cursor);
    let caller = x.caller()?;
    let permit = x.active.policies().permit_lifecycle(caller.principal(), step(place.kind));
    let pending =
        forward::pending(permit, x.way().about(x, place.kind.list().as_str()), x.connection()?, outbound);
    let mut source = Source::<P>::new(pending, limits.frame_bytes, false);
    let answered = first_response(&mut source, place.kind, limits.depth).await;
    source.ended(answered.as_ref().err().map(Refusal::kind));
    let status = source.head().map(|head| head.status);
    match answered {
        Ok(Response { outcome: Outcome::Result(result), .. }) => Ok(Some(result)),
        Ok(Response { outcome: Outcome::Error(error), .. }) => {
            match mismatch::of_error(place.era, status, &error) {
                Some(mismatch) => Err(mismatch),
                None if error.code.as_i64() == Some(mismatch::METHOD_NOT_FOUND) => Ok(None),
                None => Err(unreadable(place.kind)),
            }
        }
        Err(Refusal::NoAnswer { status }) => Err(mismatch::of_status(place.era, place.session, status)),
        Err(refusal) => Err(refusal),
    }
}

fn step(kind: Kind) -> Lifecycle {
    match kind {
        Kind::Prompt => Lifecycle::ListPrompts,
        Kind::Resource => Lifecycle::ListResources,
        Kind::ResourceTemplate => Lifecycle::ListResourceTemplates,
        Kind::Tool => Lifecycle::ListTools,
    }
}

fn request<P: Ports>(x: &Exchange<P>, place: &Place<'_>, cursor: Option<String>) -> Outbound {
    let method = place.kind.list().as_str();
    let (mut params, mut headers) = (Object::new(), HeaderMap::new());
    let revision = match place.era {
        Era::Legacy(stated) => stated,
        Era::Modern => {
            let revision = Revision::V2026_07_28;
            let meta = Object::new()
                .with(META_PROTOCOL_VERSION, revision.as_str())
                .with(META_CLIENT_CAPABILITIES, Object::new());
            params.insert("_meta", meta);
            headers.insert(METHOD, HeaderValue::from_static(method));
            Some(revision)
        }
    };
    if let Some(revision) = revision {
        headers.insert(PROTOCOL_VERSION, HeaderValue::from_static(revision.as_str()));
    }
    if let Some(cursor) = cursor {
        params.insert("cursor", cursor);
    }
    // In a session it must not be an id that the client uses.
    let random: [u8; 8] = fresh(&*x.ports);
    let id = format!("portcullis-{:016x}", u64::from_be_bytes(random));
    let params = (!params.is_empty()).then_some(params);
    let request = Request { id: RequestId::String(id.into()), method: method.into(), params };
    Outbound::message(headers, Message::Request(request).to_bytes(), place.session)
}

async fn first_response<P: Ports>(
    source: &mut Source<P>,
    kind: Kind,
    depth: usize,
) -> Result<Response<'static>, Refusal> {
    loop {
        match source.pull().await? {
            Pulled::Item(Item::Event(event)) => {
                let text = event.data.unwrap_or_default();
                let message = json::parse(text.as_bytes(), Bounds::answer(depth));
                if let Ok(Ok(Message::Response(response))) =
                    message.map(|value| value.into_owned().try_into())
                {
                    return Ok(response);
                }
            }
            Pulled::Head | Pulled::Item(Item::Comment) => {}
            Pulled::Broken(_) | Pulled::End => {
                return Err(Refusal::Upstream(format!("no answer to a request for its {}", kind.member())));
            }
        }
    }
}
