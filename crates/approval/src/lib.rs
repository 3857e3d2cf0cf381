//! Approvals: a call that is held until people have approved it, bound to exactly what they were shown.
//!
//! A request is written once; what people say about it is only ever added to it. Its [`State`] is a fold over what has
//! arrived, in any order ([`Case`]). A grant is not stored at all: it is an approved request, seen as a value, that
//! either [covers](Case::covers) what is asked now or says what differs.
//!
//! | of a call | what | then |
//! |---|---|---|
//! | [`Find`] | its request, by what it is | granted, pending, rejected, or one must be created |
//! | [`Create`] | writes one, so that of those who race one does | the caller is told where people can approve it |
//! | [`Room`] | sees that not too much of one principal waits for people | one more may be created, or not |
//! | [`HasAsked`] | whether groups can have been granted to who calls | then [`Find`] each, for [`AccessRule::admit`] |
//! | [`Consume`] | claims a grant for one call | [`Cleared`], the proof that forwarding takes |
//! | [`Pinned`] | which of many definitions people have approved, for a list | the list shows them |
//!
//! | of a person | what |
//! |---|---|
//! | [`Inbox`] | what waits for them |
//! | [`Read`] | one request with all that was said |
//! | [`Case::approve`], [`Case::reject`], [`Case::force`], [`Case::revoke`] | whether they may say it now |
//! | [`Cast`] | says it |
//!
//! All of these are [`Protocol`]s: they touch nothing, and whoever has the store does what they ask.
//!
//! What is in the store, each value sealed for its key:
//!
//! | key after `pc1:<app>:approval:` | what | written |
//! |---|---|---|
//! | `claim:<id>` | a counter: whoever raises it to 1 may write the request | by increments only |
//! | `index:<day>`, `entry:<day>:<n>` | a counter and the items of the day's list; day 0 is of what lasts | before the request, by who claimed it |
//! | `request:<id>` | the request | once, by who claimed it |
//! | `latest:<subject>` | where to begin looking; a hint | after the request |
//! | `opened:<principal>`, `open:<principal>:<n>` | a counter, and what waited for people when the number was taken | before the request, by who took the number |
//! | `asker:<principal>` | when the principal last asked for a group; a hint | before the request |
//! | `waiting:<id>` | the request is claimed and not there, and since when | by who found it so |
//! | `seats:<id>`, `vote:<id>:<n>` | a counter and the votes | each vote once, by who took the number |
//! | `settled:<id>` | the votes once more, in one value | when they are enough, by anybody who reads them |
//! | `rejected:<id>`, `revoked:<id>` | that it is over | by whoever says so; of two, each says all that counts |
//! | `spent:<id>` | a counter: whoever raises it to 1 may use the grant | by increments only |
//! | `used:<id>` | the trace of its use | after that, by who used it |
//!
//! What is not here: the store, the clock, who may approve, force or revoke (policy), and telling people.

#![forbid(unsafe_code)]

mod access;
mod asker;
mod ballot;
mod canonical;
mod case;
mod cast;
mod consume;
mod create;
mod definition;
mod digest;
mod find;
mod grant;
mod hold;
mod id;
mod inbox;
mod known;
mod name;
mod person;
mod pinned;
mod place;
mod protocol;
mod raise;
mod read;
mod request;
mod requirement;
mod room;
mod said;
#[cfg(test)]
mod samples;
mod stored;
mod time;
mod vault;

pub use access::{AccessRule, CannotAsk};
pub use asker::{Asks, HasAsked};
pub use ballot::{CannotRevoke, CannotVote, Seen};
pub use canonical::canonical;
pub use case::{Approval, Authority, Case, Expiry, Missing, State};
pub use cast::{Cast, CastTrouble};
pub use consume::{Consume, Lost};
pub use create::{Create, Creation};
pub use definition::{CannotAskAbout, DefinitionRule};
pub use digest::ContentDigest;
pub use find::{Find, Found};
pub use grant::{Cleared, Covered, NotCovered, Once};
pub use hold::{HoldRefused, HoldState};
pub use id::{Generation, InvalidRequestId, RequestId};
pub use inbox::{Cursor, Filter, Inbox, InvalidCursor, Page, Which};
pub use name::{GroupName, InvalidName, PolicyName, PrincipalId, Reason};
pub use person::{ActorName, NotAVoter, Requester, Voter};
pub use pinned::Pinned;
pub use place::Key;
pub use protocol::{Answer, Ask, Protocol, StoreTrouble, Unusable, Write};
pub use read::{Read, Reading};
pub use request::{Access, Asked, Context, Definition, MaskedText, Operation, Request, Subject};
pub use requirement::{
    Coverage, InvalidRequirements, MAX_APPROVERS, MAX_REQUIREMENTS, PolicyRef, Requirement, Requirements,
};
pub use room::{NoRoom, Room};
pub use said::{Consent, Rejection, Revocation, Use, Vote};
pub use time::later;
pub use vault::Vault;
