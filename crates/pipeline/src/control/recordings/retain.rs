//! Retention, as maintenance does it: indexes and checkpoints are brought up to date, and days of which no more need be kept
//! are pruned.
//!
//! A day goes as a whole, the oldest first: a [tombstone](portcullis_ledger::Tombstone) is signed and written, then what is
//! to go is deleted. It may be stopped anywhere, and the next request goes on; each does a bounded part, and says whether
//! there is more. What is on legal hold stays, and so does a day of which something cannot be read or no checkpoint has seen:
//! that is told, and the others go all the same.
//!
//! What is noted on the way, the oldest day and how large days are, is sealed, and may be lost: then it is found again.

mod day;
mod left;
mod survey;

use portcullis_identity::seal::Purpose;
use portcullis_ledger::{Day, UnixMillis};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::left::{Left, Stop};
use super::store::{pruned, upkeep};
use crate::checkpoints;
use crate::exchange::Exchange;
use crate::ports::{Ports, StoreError};

const PURPOSE: Purpose = Purpose::new("ledger-retention");
/// How many days indexes are derived of.
const DAYS: u32 = 7;
/// How many checkpoints one request makes: each is of so many chains at most.
const CHECKPOINTS: u32 = 16;

/// What is noted of a day that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Extent {
    /// How many bytes of segments it has.
    Bytes(u64),
    /// It is being deleted, by the tombstone that is there, under the claim of this span.
    Going(u64),
    /// Nothing is left of it.
    Gone,
    /// What is left of it was held when there were so many entries about what is.
    Kept(u64),
}

/// What came of it.
#[derive(Debug)]
struct Report {
    checkpoints: u32,
    /// Whether there is no more to do now.
    is_complete: bool,
    deleted: u64,
    pruned: Vec<Value>,
    problems: Vec<String>,
}

/// Does what is due. Nothing of it refuses the request: what goes wrong is told.
pub(in crate::control) async fn retain<P: Ports>(x: &Exchange<P>) -> Value {
    let (pruned, problems) = (Vec::new(), Vec::new());
    let mut report = Report { checkpoints: 0, is_complete: true, deleted: 0, pruned, problems };
    up_to_date(x, &mut report).await;
    if x.gateway.settings().records.is_limited() {
        match prune(x, &mut report).await {
            Ok(()) => {}
            Err(Stop::Enough) => report.is_complete = false,
            Err(Stop::Store(error)) => {
                report.is_complete = false;
                report.problems.push(error.to_string());
            }
            Err(Stop::Stays(why)) => report.problems.push(why),
        }
    }
    let Report { checkpoints, is_complete, deleted, pruned, problems } = report;
    for problem in &problems {
        x.ports.log(&format!("retention: {problem}"));
    }
    json!({
        "checkpoints": checkpoints, "complete": is_complete, "deleted": deleted, "problems": problems, "pruned": pruned,
    })
}

/// Derives indexes of the last days, and makes the checkpoints that are due.
async fn up_to_date<P: Ports>(x: &Exchange<P>, report: &mut Report) {
    let today = Day::of(UnixMillis(x.now));
    let days = Day::new(today.number().saturating_sub(DAYS - 1)).unwrap_or(today)..=today;
    let made = async {
        let pruned = pruned(x, &days).await?;
        upkeep(x, &days, &pruned).await;
        while report.checkpoints < CHECKPOINTS && checkpoints::publish(&x.gateway, &*x.ports, 0).await? {
            report.checkpoints += 1;
        }
        Ok::<(), StoreError>(())
    };
    if let Err(error) = made.await {
        report.problems.push(format!("no checkpoint was made: {error}"));
    }
}

/// Prunes what is due.
async fn prune<P: Ports>(x: &Exchange<P>, report: &mut Report) -> Result<(), Stop> {
    let mut left = Left::of(&*x.ports);
    let survey = survey::survey(x, &mut left).await?;
    report.problems.extend(survey.problems.iter().cloned());
    report.is_complete &= survey.is_whole;
    let mut done = survey.done.clone();
    for day in survey.due.iter().copied() {
        match day::prune(x, day, (&mut left, &mut report.deleted)).await {
            Ok(pruned) => {
                report.pruned.push(pruned.told(day));
                if pruned.is_gone() {
                    done.insert(day);
                }
            }
            Err(Stop::Stays(why)) => report.problems.push(format!("{day} stays: {why}")),
            Err(Stop::Enough) => {
                report.is_complete = false;
                break;
            }
            Err(stop @ Stop::Store(_)) => return Err(stop),
        }
    }
    survey::note_oldest(x, &survey, &done).await
}
