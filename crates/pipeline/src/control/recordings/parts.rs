//! Where the records of one recording are: it has a part in each chain of an instance that has served it.

use std::ops::RangeInclusive;

use portcullis_ledger::{Cursor, Day, Filter, Posting, Query as Finding, RecordingId};

use super::store::{Pruned, page};
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::refusal::Refusal;

/// In how many pages they are looked for.
const MAX_PAGES: usize = 10;

/// What was found of a recording on some days.
pub(super) struct Parts {
    pub(super) postings: Vec<Posting>,
    /// What is damaged, so that something may be missing.
    pub(super) problems: Vec<String>,
    /// Whether there are no more.
    pub(super) is_whole: bool,
}

/// Looks for a recording on some days, but for what was pruned of them.
pub(super) async fn parts<P: Ports>(
    x: &Exchange<P>,
    recording: RecordingId,
    days: &RangeInclusive<Day>,
    pruned: &Pruned,
) -> Result<Parts, Refusal> {
    let (mut postings, mut cursor) = (Vec::new(), None::<Cursor>);
    for n in 1.. {
        let filter = Filter { recording: Some(recording), ..Filter::default() };
        let finding = Finding::new(x.gateway.app().clone(), days, filter, cursor);
        let mut finding = finding.without(pruned.values().cloned());
        let found = page(x, &mut finding).await?;
        postings.extend(found.postings);
        cursor = found.next;
        if cursor.is_none() || n >= MAX_PAGES {
            let damaged = finding.damaged();
            let damaged =
                damaged.map(|chain| format!("chain {chain} is damaged: some of its records are not found"));
            return Ok(Parts { postings, problems: damaged.collect(), is_whole: cursor.is_none() });
        }
    }
    Ok(Parts { postings, problems: Vec::new(), is_whole: false })
}
