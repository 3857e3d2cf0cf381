//! How many requests may come: from one address before it is known who calls, and of one principal after.
//!
//! Each instance keeps these for itself. They hold off a flood; what a principal may use in all is policy's.

use std::cell::RefCell;
use std::net::IpAddr;
use std::time::Duration;

use portcullis_settings::{Limits, Pace};
use portcullis_usage::{Rate, Rates, Slot, Slots};

use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::refusal::Refusal;

/// How many addresses and principals are told apart. Beyond that, new ones share a limit.
const REMEMBERED: usize = 1024;
/// How many refusals for being too many are recorded of one principal in a minute: they must not fill the store.
const RECORDED_PER_MINUTE: u32 = 8;

/// What was taken of the limits.
#[derive(Debug)]
pub(crate) struct Paces {
    addresses: RefCell<Rates<Option<IpAddr>>>,
    principals: RefCell<Rates<String>>,
    slots: Slots<String>,
    records: RefCell<Rates<String>>,
}

impl Paces {
    pub(crate) fn new(limits: &Limits) -> Self {
        let rate = |Pace { per_minute, burst }| Rate { per_minute, burst };
        let recorded = RECORDED_PER_MINUTE.try_into().unwrap_or(std::num::NonZeroU32::MIN);
        Self {
            addresses: RefCell::new(Rates::new(rate(limits.address_requests), REMEMBERED)),
            principals: RefCell::new(Rates::new(rate(limits.requests), REMEMBERED)),
            slots: Slots::new(limits.concurrent_requests),
            records: RefCell::new(Rates::new(Rate { per_minute: recorded, burst: recorded }, REMEMBERED)),
        }
    }
}

/// Takes a request of the limit of its address.
///
/// # Errors
/// [`Refusal::TooManyFromAddress`].
pub(crate) fn of_address<P: Ports>(x: &Exchange<P>) -> Result<(), Refusal> {
    let taken = x.gateway.paces.addresses.borrow_mut().take(x.address, now(x));
    taken.map_err(|retry_after| Refusal::TooManyFromAddress { retry_after })
}

/// Takes a request of the limits of its principal. The place among those under way is kept until the answer has ended.
///
/// # Errors
/// [`Refusal::TooManyRequests`] or [`Refusal::TooManyAtOnce`].
pub(crate) fn of_principal<P: Ports>(x: &mut Exchange<P>) -> Result<(), Refusal> {
    let principal = x.caller()?.principal().id();
    let taken = x.gateway.paces.principals.borrow_mut().take(principal.clone(), now(x));
    taken.map_err(|retry_after| Refusal::TooManyRequests { retry_after })?;
    if x.slot.is_none() {
        let slot: Slot<String> = x.gateway.paces.slots.take(principal).ok_or(Refusal::TooManyAtOnce)?;
        x.slot = Some(slot);
    }
    Ok(())
}

/// Whether one more refusal of this kind is recorded.
pub(crate) fn is_recorded<P: Ports>(x: &Exchange<P>, refusal: &Refusal) -> bool {
    let Some(token) = &x.token else { return true };
    let is_flood = matches!(refusal, Refusal::TooManyRequests { .. } | Refusal::TooManyAtOnce);
    !is_flood || x.gateway.paces.records.borrow_mut().take(token.principal().id(), now(x)).is_ok()
}

fn now<P: Ports>(x: &Exchange<P>) -> Duration {
    Duration::from_micros(x.ports.monotonic())
}
