//! Sending: the first attempt of what this instance has seen, and what is due of what others have.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, join_all, select};
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Request, StatusCode};
use portcullis_ledger::UnixMillis;
use portcullis_settings::Webhook;
use portcullis_webhook::{ATTEMPTS, Due, Failed, Letter, Look, Receiver, headers};
use serde_json::{Value, json};

use super::{Fresh, Post, Shelf};
use crate::gateway::Gateway;
use crate::ports::{FetchError, Ports, fresh};

/// How long a receiver may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many are sent at the same time by one task, and how many tasks of an instance send.
const AT_ONCE: usize = 8;
const COURIERS: usize = 2;
/// How often an instance asks whether it is time to look for what is due, in microseconds.
const LOOK_EVERY_US: u64 = 10_000_000;
/// For how long maintenance goes on, in microseconds; the last attempts may end later.
const CATCH_UP_US: u64 = 20_000_000;

/// What became of attempts.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    delivered: u64,
    failed: u64,
    given_up: u64,
}

/// The place of a task among those that send.
struct Courier<'p>(&'p Post);

impl<'p> Courier<'p> {
    fn of(post: &'p Post) -> Option<Self> {
        if post.n_couriers.get() >= COURIERS {
            return None;
        }
        post.n_couriers.set(post.n_couriers.get() + 1);
        Some(Self(post))
    }
}

impl Drop for Courier<'_> {
    fn drop(&mut self) {
        self.0.n_couriers.set(self.0.n_couriers.get().saturating_sub(1));
    }
}

/// Whether [`deliver`] would do anything now.
pub(crate) fn has_work<P: Ports>(gateway: &Gateway, ports: &P) -> bool {
    let post = &gateway.post;
    let is_watched = !gateway.settings().webhooks.is_empty();
    is_watched
        && post.n_couriers.get() < COURIERS
        && (!post.fresh.borrow().is_empty() || must_look(post, ports.monotonic()))
}

/// Sends what is to be sent. It may take seconds, so it is for a task of its own, after the answer of a request.
pub(crate) async fn deliver<P: Ports>(gateway: &Gateway, ports: &P) {
    let Some(_courier) = Courier::of(&gateway.post) else { return };
    if gateway.settings().webhooks.is_empty() {
        return;
    }
    send_fresh(gateway, ports).await;
    if must_look(&gateway.post, ports.monotonic()) {
        gateway.post.looked.set(Some(ports.monotonic()));
        match gateway.post.outbox.is_time(&Shelf(ports), UnixMillis(ports.now())).await {
            Ok(true) => _ = send_due(gateway, ports).await,
            Ok(false) => {}
            Err(failed) => troubled(ports, &failed),
        }
    }
}

/// Sends what is to be sent until nothing is due, or for some time. What came of it, for whoever maintains.
pub(crate) async fn catch_up<P: Ports>(gateway: &Gateway, ports: &P) -> Value {
    let begun = ports.monotonic();
    let mut all = Tally::default();
    let waiting = loop {
        let first = send_fresh(gateway, ports).await;
        let (look, sent) = send_due(gateway, ports).await;
        for tally in [first, sent] {
            all.delivered += tally.delivered;
            all.failed += tally.failed;
            all.given_up += tally.given_up;
        }
        let is_over = ports.monotonic().saturating_sub(begun) >= CATCH_UP_US;
        if look.due.is_empty() || look.trouble.is_some() || is_over {
            break look.n_waiting;
        }
    };
    let Tally { delivered, failed, given_up } = all;
    let in_all = gateway.post.outbox.n_given_up(&Shelf(ports)).ok();
    json!({
        "delivered": delivered, "failed": failed, "waiting": waiting, "given_up": given_up, "given_up_in_all": in_all,
    })
}

fn must_look(post: &Post, now: u64) -> bool {
    post.looked.get().is_none_or(|looked| now.saturating_sub(looked) >= LOOK_EVERY_US)
}

/// Makes the first attempts that are ours.
async fn send_fresh<P: Ports>(gateway: &Gateway, ports: &P) -> Tally {
    let mut tally = Tally::default();
    loop {
        let batch: Vec<Fresh> = {
            let mut fresh = gateway.post.fresh.borrow_mut();
            let n = fresh.len().min(AT_ONCE);
            fresh.drain(..n).collect()
        };
        if batch.is_empty() {
            return tally;
        }
        let sent = batch.iter().map(|Fresh { letter, ticket }| async move {
            let has_arrived = attempt(gateway, ports, letter, 0).await;
            match ticket {
                Some(ticket) if has_arrived => settle(gateway, ports, *ticket).await,
                None if !has_arrived => ports.log(&format!("webhooks: {} is lost", named(letter))),
                Some(_) | None => {}
            }
            has_arrived
        });
        count(&mut tally, join_all(sent).await);
    }
}

/// Looks for what is due, and sends it.
async fn send_due<P: Ports>(gateway: &Gateway, ports: &P) -> (Look, Tally) {
    let random = u64::from_be_bytes(fresh(ports));
    let look = gateway.post.outbox.look(&Shelf(ports), UnixMillis(ports.now()), random).await;
    tell(ports, &look);
    let mut tally =
        Tally { given_up: u64::try_from(look.given_up.len()).unwrap_or(u64::MAX), ..Tally::default() };
    for batch in look.due.chunks(AT_ONCE) {
        let sent = batch.iter().map(|Due { ticket, attempt: number, letter }| async move {
            let has_arrived = attempt(gateway, ports, letter, *number).await;
            if has_arrived {
                settle(gateway, ports, *ticket).await;
            }
            has_arrived
        });
        count(&mut tally, join_all(sent).await);
    }
    (look, tally)
}

fn count(tally: &mut Tally, arrived: Vec<bool>) {
    for has_arrived in arrived {
        let count = if has_arrived { &mut tally.delivered } else { &mut tally.failed };
        *count += 1;
    }
}

/// Sends a letter once. Whether nothing more is to be done about it; if it did not arrive, the operator is told.
async fn attempt<P: Ports>(gateway: &Gateway, ports: &P, letter: &Letter, number: usize) -> bool {
    let receiver = gateway.settings().webhooks.iter().find(|webhook| Receiver::of(&webhook.url) == letter.to);
    let Some(webhook) = receiver else {
        ports.log(&format!(
            "webhooks: {} is dropped: its receiver is no longer in the settings",
            named(letter)
        ));
        return true;
    };
    let sent = send(ports, webhook, letter).await;
    if let Err(why) = &sent {
        let (host, name, of) = (webhook.url.host(), named(letter), ATTEMPTS.len());
        ports.log(&format!("webhooks: {name} did not reach {host}, attempt {} of {of}: {why}", number + 1));
    }
    sent.is_ok()
}

async fn send<P: Ports>(ports: &P, webhook: &Webhook, letter: &Letter) -> Result<(), String> {
    let signed = headers(webhook, &letter.id, UnixMillis(ports.now()), &letter.body);
    let request = Request::post(webhook.url.uri())
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, "portcullis")
        .header("webhook-id", signed.id)
        .header("webhook-timestamp", signed.timestamp)
        .header("webhook-signature", signed.signature)
        .body(Bytes::from(letter.body.clone()))
        .map_err(|error| error.to_string())?;
    let answer = pin!(ports.fetch(request, PATIENCE));
    // Nothing of the answer is read but its status.
    match select(answer, pin!(ports.sleep(PATIENCE))).await {
        Either::Left((Ok(response), _)) => judged(response.status()),
        Either::Left((Err(error), _)) => Err(error.to_string()),
        Either::Right(_) => Err(FetchError::TimedOut.to_string()),
    }
}

fn judged(status: StatusCode) -> Result<(), String> {
    match status {
        status if status.is_success() => Ok(()),
        status if status.is_redirection() => {
            Err(format!("HTTP {}; redirects are not followed", status.as_u16()))
        }
        status => Err(format!("HTTP {}", status.as_u16())),
    }
}

async fn settle<P: Ports>(gateway: &Gateway, ports: &P, ticket: portcullis_webhook::Ticket) {
    let settled = gateway.post.outbox.settle(&Shelf(ports), ticket, UnixMillis(ports.now())).await;
    if let Err(failed) = settled {
        // It arrives once more, under the same id.
        troubled(ports, &failed);
    }
}

/// Tells the operator of what will not arrive.
fn tell<P: Ports>(ports: &P, look: &Look) {
    let Look { due: _, given_up, n_waiting: _, n_unreadable, n_overrun, trouble } = look;
    for letter in given_up {
        ports.log(&format!(
            "webhooks: {} is given up after the last of {} attempts",
            named(letter),
            ATTEMPTS.len()
        ));
    }
    if *n_unreadable > 0 {
        ports.log(&format!("webhooks: {n_unreadable} events in the outbox cannot be read, and are given up"));
    }
    if *n_overrun > 0 {
        ports.log(&format!(
            "webhooks: the outbox is full: up to {n_overrun} events are given up for later ones"
        ));
    }
    if let Some(failed) = trouble {
        troubled(ports, failed);
    }
}

fn troubled<P: Ports>(ports: &P, failed: &Failed) {
    ports.log(&format!("webhooks: the store failed at the outbox: {failed}"));
}

fn named(letter: &Letter) -> String {
    format!("{} {}", letter.kind.as_str(), letter.id.as_str())
}
