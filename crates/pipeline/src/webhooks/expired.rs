//! Finding requests that nobody has answered in time, for maintenance: nothing happens by itself when time is over.
//!
//! The event of a request always has the same id, and that it was told is noted after it is in the outbox: so it is told
//! at least once, and receivers know it again.

use portcullis_approval::{Case, Filter, Inbox, Which};
use portcullis_identity::seal::Purpose;
use portcullis_ledger::UnixMillis;
use portcullis_settings::WebhookEvent;
use portcullis_webhook::{Event, MessageId, Outbox};
use serde_json::{Value, json};

use super::{Shelf, is_wanted, made, raise_as};
use crate::approvals::drive;
use crate::exchange::Exchange;
use crate::ports::Ports;

const ID: Purpose = Purpose::new("webhook expired");
/// How many pages of the lists of requests are looked at.
const PAGES: usize = 16;
/// A request may be written this much later than its time says, and clocks differ.
const LATE_MS: u64 = 5 * 60 * 1000;

/// Tells of requests whose time is over and of which it was not told yet. What came of it, for whoever maintains.
pub(crate) async fn expire<P: Ports>(x: &Exchange<P>) -> Value {
    let is_watched =
        x.gateway.settings().connections.keys().any(|connection| {
            is_wanted(&x.gateway, WebhookEvent::ApprovalExpired, Some(connection.as_str()))
        });
    if !is_watched {
        return json!({ "expired": 0, "complete": true });
    }
    let mut n_told = 0_u64;
    let walked = walk(x, &mut n_told).await;
    if let Err(why) = &walked {
        x.ports.log(&format!("webhooks: not all requests that have expired were told: {why}"));
    }
    json!({ "expired": n_told, "complete": walked.is_ok() })
}

async fn walk<P: Ports>(x: &Exchange<P>, n_told: &mut u64) -> Result<(), String> {
    let (outbox, shelf) = (&x.gateway.post.outbox, Shelf(&*x.ports));
    let now = UnixMillis(x.ports.now());
    let until = outbox.told_until(&shelf).await.map_err(|failed| failed.to_string())?;
    let mut cursor = None;
    for _ in 0..PAGES {
        let filter = Filter { which: Which::Expired, groups: None };
        let mut inbox = Inbox::new(x.gateway.approvals(), filter, cursor, now);
        drive(&*x.ports, &mut inbox).await;
        let page = inbox.finish().map_err(|trouble| trouble.to_string())?;
        for case in page.cases.iter().filter(|case| case.request().deadline() > until) {
            *n_told += u64::from(tell(x, outbox, case).await?);
        }
        cursor = page.next;
        if cursor.is_none() {
            let until = UnixMillis(now.0.saturating_sub(LATE_MS));
            return outbox.note_told_until(&shelf, until).await.map_err(|failed| failed.to_string());
        }
    }
    Err("there are too many requests for one go".to_owned())
}

/// Whether it was told now.
async fn tell<P: Ports>(x: &Exchange<P>, outbox: &Outbox, case: &Case) -> Result<bool, String> {
    let shelf = Shelf(&*x.ports);
    let request = case.request().id.to_string();
    if outbox.is_told(&shelf, &request).await.map_err(|failed| failed.to_string())? {
        return Ok(false);
    }
    let event = Event::ApprovalExpired { matter: made::matter(x, case.request()) };
    if !is_wanted(&x.gateway, event.kind(), event.connection()) {
        return Ok(false);
    }
    let mut id = [0; 16];
    let digest = x.gateway.sealer().digest(ID, request.as_bytes());
    id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    if !raise_as(&x.gateway, &*x.ports, &event, &MessageId::of(id)).await {
        return Err("the outbox did not take one".to_owned());
    }
    outbox.note_told(&shelf, &request).await.map_err(|failed| failed.to_string())?;
    Ok(true)
}
