//! What callers use, for policies that read it: counted as it happens, published and read as `portcullis_usage` says.
//!
//! If no policy in force reads usage, nothing here counts, reads or writes. If one does, every request is admitted
//! before it is decided on, since what could not be counted must not leave; its share is published while something
//! else is waited for, or when it ends.
//!
//! Not here: what a limit is (policy), and how counts travel between instances (`portcullis_usage`).

mod account;
mod items;
mod meter;

use std::rc::Rc;
use std::time::Duration;

use portcullis_policy::Target;
use portcullis_usage::Amounts;

use crate::exchange::Exchange;
use crate::guard::Guard;
use crate::pace;
use crate::ports::Ports;
use crate::refusal::Refusal;

pub(crate) use crate::usage::account::Account;
pub(crate) use crate::usage::items::items;
pub(crate) use crate::usage::meter::{Meter, Seen};

/// After this a part of what was used is no longer of the last minute.
const SLICE: Duration = Duration::from_secs(10);

/// Opens the account of a request before it is decided on, and reads what was used if a policy that can match reads it.
/// `target` is what policy will be asked about, if it is asked at all.
///
/// # Errors
/// [`Refusal::Uncounted`]: what this request uses could not be counted. [`Refusal::TooManyRequests`]: the calls of all
/// instances together are more than one would let through.
pub(crate) async fn open<P: Ports>(x: &Exchange<P>, target: Option<Target<'_>>) -> Result<(), Refusal> {
    let active = &x.active;
    if !active.policies().reads_usage() {
        return Ok(());
    }
    let caller = x.caller()?;
    let (principal, connection) = (caller.principal(), x.connection_name()?);
    let account = Account::open(&x.gateway, &x.ports, principal, connection);
    account.admit().await.map_err(Refusal::Uncounted)?;
    let is_read =
        target.is_some_and(|target| active.policies().may_read_usage(principal, connection, target));
    if is_read {
        account.refresh().await;
    }
    // What is not known is left to the limit of this instance: it protects what is behind it, and is no quota.
    let calls = account.calls_of_a_minute().filter(|_| is_read);
    // What others have counted must be published, also if this request is refused.
    x.accounts.borrow_mut().push(account);
    match calls {
        Some(calls) if calls >= pace::most_in_a_minute(&x.gateway.settings().limits) => {
            Err(Refusal::TooManyRequests { retry_after: SLICE })
        }
        Some(_) | None => Ok(()),
    }
}

/// Opens an account for an answer that is under way, since a policy reads usage that did not when it was asked for.
///
/// # Errors
/// [`Refusal::AnswerUncounted`]: what goes out from now on could not be counted.
pub(crate) async fn open_late<P: Ports>(guard: &Guard, ports: &Rc<P>) -> Result<Account<P>, Refusal> {
    let account = Account::open(&guard.gateway(), ports, guard.principal(), guard.connection());
    account.admit().await.map_err(Refusal::AnswerUncounted)?;
    Ok(account)
}

/// Counts what policy has said.
///
/// # Errors
/// [`Refusal::Uncounted`]: a call that cannot be counted does not leave. A denial stays one, counted or not.
pub(crate) fn decided<P: Ports, T>(x: &Exchange<P>, decision: &Result<T, Refusal>) -> Result<(), Refusal> {
    let accounts = x.accounts.borrow();
    let Some(account) = accounts.last().filter(|account| account.is_of(x)) else { return Ok(()) };
    match decision {
        Ok(_) => account.count(&Amounts { calls: 1, ..Amounts::default() }).map_err(Refusal::Uncounted),
        Err(Refusal::Denied(_)) => {
            // It is denied either way, and what cannot be counted of it makes the next request one to refuse.
            _ = account.count(&Amounts { denials: 1, ..Amounts::default() });
            Ok(())
        }
        Err(_) => Ok(()),
    }
}

/// Publishes what is left of the requests that came to nothing.
pub(crate) async fn settle<P: Ports>(x: &Exchange<P>) {
    let accounts = std::mem::take(&mut *x.accounts.borrow_mut());
    for mut account in accounts {
        account.settle().await;
    }
}

/// The account of the request that is being forwarded, for its answer to be counted.
pub(crate) fn take<P: Ports>(x: &Exchange<P>) -> Option<Account<P>> {
    x.accounts.borrow_mut().pop_if(|account| account.is_of(x))
}

/// Refreshes what is known of the usage if a policy reads it that a frame may be put before.
pub(crate) async fn refresh_for_frames<P: Ports>(account: &Account<P>) {
    let (read, subscribe) = (Target::Read { uri: "" }, Target::Subscribe { uri: "" });
    let targets = [read, subscribe, Target::Elicit, Target::ListRoots, Target::Sample];
    let active = account.gateway().active();
    let (principal, connection) = (account.principal(), account.connection());
    if targets.into_iter().any(|target| active.policies().may_read_usage(principal, connection, target)) {
        account.refresh().await;
    }
}
