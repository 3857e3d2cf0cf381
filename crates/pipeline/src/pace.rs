//! How many requests may come: from one address before it is known who calls, and of one principal after.
//!
//! Each instance keeps these for itself. They hold off a flood; what a principal may use in all is policy's.

use std::cell::RefCell;
use std::net::IpAddr;
use std::time::Duration;

use portcullis_ledger::Stage;
use portcullis_settings::{Limits, Pace};
use portcullis_usage::{Rate, Rates, Slot, Slots};

use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::refusal::Refusal;

/// How many addresses and principals are told apart. Beyond that, new ones share a limit.
const REMEMBERED: usize = 1024;
/// How many refusals that cost their caller nothing are recorded of one principal in a minute: they must not fill the
/// store.
const RECORDED_PER_MINUTE: u32 = 8;

/// What was taken of the limits.
#[derive(Debug)]
pub(crate) struct Paces {
    addresses: RefCell<Rates<Option<IpAddr>>>,
    /// Lines in the log that an address beyond its limit is worth.
    lines: RefCell<Rates<Option<IpAddr>>>,
    principals: RefCell<Rates<String>>,
    slots: Slots<String>,
    /// Bodies that are being read. Whose they are is known, and not yet what they ask for.
    reading: Slots<String>,
    records: RefCell<Rates<String>>,
}

impl Paces {
    pub(crate) fn new(limits: &Limits) -> Self {
        let rate = |Pace { per_minute, burst }| Rate { per_minute, burst };
        let few = RECORDED_PER_MINUTE.try_into().unwrap_or(std::num::NonZeroU32::MIN);
        let few = Rate { per_minute: few, burst: few };
        Self {
            addresses: RefCell::new(Rates::new(rate(limits.address_requests), REMEMBERED)),
            principals: RefCell::new(Rates::new(rate(limits.requests), REMEMBERED)),
            slots: Slots::new(limits.concurrent_requests),
            reading: Slots::new(limits.concurrent_requests),
            lines: RefCell::new(Rates::new(few, REMEMBERED)),
            records: RefCell::new(Rates::new(few, REMEMBERED)),
        }
    }
}

/// Takes a request of the limit of its address.
///
/// # Errors
/// [`Refusal::TooManyFromAddress`].
pub(crate) fn of_address<P: Ports>(x: &Exchange<P>) -> Result<(), Refusal> {
    let taken = x.gateway.paces.addresses.borrow_mut().take(network(x.address), now(x));
    taken.map_err(|retry_after| Refusal::TooManyFromAddress { retry_after })
}

/// What counts as one address: of IPv6 the first 64 bits, since a caller has all that begin alike.
pub(crate) fn network(address: Option<IpAddr>) -> Option<IpAddr> {
    address.map(|address| match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & (u128::MAX << 64)).into()),
    })
}

/// A place among the bodies of its principal that are being read, until it is dropped.
///
/// # Errors
/// [`Refusal::TooManyAtOnce`].
pub(crate) fn to_read<P: Ports>(x: &Exchange<P>) -> Result<Slot<String>, Refusal> {
    x.gateway.paces.reading.take(x.caller()?.principal().id()).ok_or(Refusal::TooManyAtOnce)
}

/// Takes a message of the limits of its principal. The place among those under way is kept until the answer has ended.
///
/// # Errors
/// [`Refusal::TooManyRequests`] or [`Refusal::TooManyAtOnce`].
pub(crate) fn of_principal<P: Ports>(x: &mut Exchange<P>) -> Result<(), Refusal> {
    x.is_paced = true;
    let principal = x.caller()?.principal().id();
    let taken = x.gateway.paces.principals.borrow_mut().take(principal.clone(), now(x));
    taken.map_err(|retry_after| Refusal::TooManyRequests { retry_after })?;
    if x.slot.is_none() {
        let slot: Slot<String> = x.gateway.paces.slots.take(principal).ok_or(Refusal::TooManyAtOnce)?;
        x.slot = Some(slot);
    }
    Ok(())
}

/// Why a message is refused. One of a proven caller that was refused before it was taken of the limits, such as one that
/// nobody can read, is taken of them now: beyond them that is the reason.
pub(crate) fn refused<P: Ports>(x: &mut Exchange<P>, refusal: Refusal) -> Refusal {
    match x.token.is_some() && !x.is_paced {
        true => of_principal(x).err().unwrap_or(refusal),
        false => refusal,
    }
}

/// How many calls one instance would let through in what counts as a minute, which reaches back 70 seconds at most.
pub(crate) fn most_in_a_minute(limits: &Limits) -> u64 {
    let Pace { per_minute, burst } = limits.requests;
    let in_70_seconds = u64::from(per_minute.get()).saturating_mul(7).div_ceil(6);
    in_70_seconds.saturating_add(burst.get().into())
}

/// Whether one more refusal of this kind is logged and recorded. What policy and upstreams refuse always is. Of unproven
/// callers, what is beyond the limit of their address is not worth a line each.
pub(crate) fn is_recorded<P: Ports>(x: &Exchange<P>, refusal: &Refusal) -> bool {
    let paces = &x.gateway.paces;
    match (&x.token, refusal) {
        (Some(token), refusal) if is_cheap(refusal) => {
            paces.records.borrow_mut().take(token.principal().id(), now(x)).is_ok()
        }
        (None, Refusal::TooManyFromAddress { .. }) => {
            paces.lines.borrow_mut().take(network(x.address), now(x)).is_ok()
        }
        (Some(_) | None, _) => true,
    }
}

/// Whether a proven caller can have it at will, without anything being asked of policy or an upstream.
fn is_cheap(refusal: &Refusal) -> bool {
    let is_unread = matches!(refusal.stage(), Stage::Edge | Stage::Parse);
    is_unread
        || matches!(
            refusal,
            Refusal::InsufficientScope { .. } | Refusal::TooManyAtOnce | Refusal::TooManyRequests { .. }
        )
}

fn now<P: Ports>(x: &Exchange<P>) -> Duration {
    Duration::from_micros(x.ports.monotonic())
}
