//! Webhooks: what is told of what happens, how it is signed, and the outbox that it waits in until it has arrived.
//!
//! | module | what it is about |
//! |---|---|
//! | `event`, `sentence` | what can be told, as JSON with one plain sentence |
//! | `sign` | signatures as Standard Webhooks has them |
//! | `schedule` | when an event is tried, and when it is given up |
//! | `outbox`, `stored`, `place` | events that have not arrived: numbering, finding what is due, settling; their form and keys |
//!
//! What is in the store:
//!
//! | key after `pc1:<app>:webhook:` | what | written |
//! |---|---|---|
//! | `count:<lane>` | a counter: how many events there were | by increments only |
//! | `entry:<lane>:<n>` | an event for one receiver, sealed | once, by whoever has the number |
//! | `try:<lane>:<n>:<k>` | a counter: whoever raises it to 1 makes the attempt | by increments only |
//! | `done:<lane>:<n>` | that the event is settled, and when | by whoever settles it; all that are written mean the same |
//! | `floor:<lane>` | up to where all events are settled; a hint | by whoever has seen that they are |
//! | `looked` | when somebody last looked for what is due; a hint | by whoever looks |
//! | `told:<request>` | that it was told that a request has expired | after that, by who told it |
//! | `expired` | up to when all of them were told; a hint | by whoever has seen that they were |
//! | `given-up` | a counter: how many events never arrived | by increments only |
//!
//! An event is in the outbox before anybody tries to send it, so one whose sender dies is sent by somebody else. The
//! time of each attempt follows from when the event happened, so nobody has to write down that one has failed.
//!
//! What is not here: the store, the clock, sending, and what is worth telling (`pipeline`).

#![forbid(unsafe_code)]

mod event;
mod outbox;
mod place;
mod schedule;
mod sentence;
mod sign;
mod stored;

pub use event::{About, Decision, Event, Matter, shortened};
pub use outbox::{Due, Failed, Lane, Look, Outbox, Store, Ticket, Trouble};
pub use place::Key;
pub use schedule::{ATTEMPTS, Step, step};
pub use sign::{Headers, headers};
pub use stored::{Letter, MessageId, Receiver};
