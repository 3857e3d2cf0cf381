//! Which days there are, how large they are, and which of them are due.

use std::collections::BTreeSet;

use portcullis_ledger::{Day, DaySize, Key, Retention, Size, SizeStep, UnixMillis};

use super::left::{Left, Stop};
use super::{Extent, PURPOSE};
use crate::control::recordings::holds::Holds;
use crate::control::recordings::store::upkeep_of;
use crate::exchange::Exchange;
use crate::notes::{self, Noted};
use crate::ports::{Ports, count, get_all, get_each};

/// How many days before today are looked at, at least, if it is not noted which is the oldest.
const LOOK_BACK: u32 = 400;
/// How many days more than are kept are looked at then.
const MARGIN: u32 = 31;
/// How many chains are measured at once.
const CHAINS: u32 = 1_024;

/// What there is.
#[derive(Debug)]
pub(super) struct Survey {
    /// The oldest day that was looked at.
    first: Day,
    /// The first day that may not be over.
    open: Day,
    /// The days of which nothing is left.
    pub(super) done: BTreeSet<Day>,
    /// The days to be pruned, or to be gone on with.
    pub(super) due: BTreeSet<Day>,
    /// Whether all days were looked at.
    pub(super) is_whole: bool,
    pub(super) problems: Vec<String>,
}

/// Looks at all days. Nothing is due while it is not known what is on hold.
pub(super) async fn survey<P: Ports>(x: &Exchange<P>, left: &mut Left) -> Result<Survey, Stop> {
    let holds = Holds::read(x).await?;
    let today = Day::of(UnixMillis(x.now));
    let open = today.previous().unwrap_or(today);
    let first = oldest(x, today).await?;
    let (done, due) = (BTreeSet::new(), BTreeSet::new());
    let mut survey = Survey { first, open, done, due, is_whole: true, problems: holds.problems() };
    if holds.unknown.is_some() {
        return Ok(survey);
    }
    let days: Vec<Day> =
        std::iter::successors(Some(first), |day| day.next()).take_while(|day| *day <= today).collect();
    let app = x.gateway.app();
    left.read(&*x.ports, days.len().saturating_mul(2))?;
    let extents = get_all(&*x.ports, days.iter().map(|day| Key::extent(app, *day)).collect()).await?;
    let tombstones = get_all(&*x.ports, days.iter().map(|day| Key::tombstone(app, *day)).collect()).await?;
    let records = x.gateway.settings().records;
    let (mut sizes, mut is_sized) = (Vec::new(), true);
    for ((day, (key, value)), (_, tombstone)) in days.into_iter().zip(extents).zip(tombstones) {
        let noted = notes::opened::<Extent>(&x.gateway, PURPOSE, (&key, value.as_deref()));
        match noted {
            Noted::There(Extent::Gone) => _ = survey.done.insert(day),
            Noted::There(Extent::Kept(n)) if n == holds.n => {}
            _ if tombstone.is_some() => _ = survey.due.insert(day),
            Noted::There(Extent::Bytes(bytes)) => sizes.push(DaySize { day, bytes }),
            Noted::There(Extent::Going(_) | Extent::Kept(_)) | Noted::Absent | Noted::Unreadable => {
                if left.count(&*x.ports).is_err() {
                    (survey.is_whole, is_sized) = (false, false);
                    break;
                }
                let chains = count(&*x.ports, &Key::chains(app, day))?;
                if chains == 0 {
                    survey.done.insert(day);
                    continue;
                }
                let bytes = match records.keep_bytes {
                    None => Some(0),
                    Some(_) => measured(x, (day, chains, day < open), left).await?,
                };
                is_sized &= bytes.is_some();
                sizes.push(DaySize { day, bytes: bytes.unwrap_or(0) });
            }
        }
    }
    survey.is_whole &= is_sized;
    let bytes = records.keep_bytes.filter(|_| is_sized);
    survey.due.extend(Retention { days: records.keep_days, bytes }.due(&sizes, today));
    Ok(survey)
}

/// How large a day is, as far as its indexes say; `None` if one request cannot tell. It is noted once it cannot change.
async fn measured<P: Ports>(
    x: &Exchange<P>,
    (day, chains, is_over): (Day, u64, bool),
    left: &mut Left,
) -> Result<Option<u64>, Stop> {
    let app = x.gateway.app();
    if is_over {
        upkeep_of(x, day, &mut left.reads).await?;
    }
    let last = u32::try_from(chains).unwrap_or(u32::MAX);
    let (mut bytes, mut is_final) = (0_u64, is_over);
    let mut first: u32 = 1;
    while first <= last {
        let end = last.min(first.saturating_add(CHAINS - 1));
        let mut size = Size::new(app.clone(), day, first..=end);
        loop {
            match size.step() {
                SizeStep::Found { bytes: more, without_leaf } => {
                    bytes = bytes.saturating_add(more);
                    is_final &= without_leaf.is_none();
                    break;
                }
                SizeStep::Get(keys) => {
                    if left.read(&*x.ports, keys.len()).is_err() {
                        return Ok(None);
                    }
                    get_each(&*x.ports, &keys, |key, value| size.got(key, value)).await?;
                }
            }
        }
        first = end.saturating_add(1);
    }
    if is_final {
        note(x, day, Extent::Bytes(bytes)).await?;
    }
    Ok(Some(bytes))
}

/// The first day to look at.
async fn oldest<P: Ports>(x: &Exchange<P>, today: Day) -> Result<Day, Stop> {
    let key = Key::oldest(x.gateway.app());
    let noted = notes::read::<P, u32>((&x.gateway, &*x.ports), PURPOSE, &key).await?;
    let keep = x.gateway.settings().records.keep_days.unwrap_or(0);
    let back = LOOK_BACK.max(keep.saturating_add(MARGIN));
    let usual = today.number().saturating_sub(back);
    let number = noted.there().filter(|number| *number <= today.number()).unwrap_or(usual);
    Ok(Day::new(number).unwrap_or(today))
}

/// Notes the first day of which something is left. So the next request need not look at those before it.
pub(super) async fn note_oldest<P: Ports>(
    x: &Exchange<P>,
    survey: &Survey,
    done: &BTreeSet<Day>,
) -> Result<(), Stop> {
    let Survey { first, open, .. } = *survey;
    let days = std::iter::successors(Some(first), |day| day.next());
    let oldest = days.take_while(|day| *day < open).find(|day| !done.contains(day)).unwrap_or(open);
    if oldest > first {
        let key = Key::oldest(x.gateway.app());
        notes::write((&x.gateway, &*x.ports), PURPOSE, (&key, &oldest.number())).await?;
    }
    Ok(())
}

/// What is noted of a day.
pub(super) async fn noted<P: Ports>(x: &Exchange<P>, day: Day) -> Result<Option<Extent>, Stop> {
    let key = Key::extent(x.gateway.app(), day);
    Ok(notes::read((&x.gateway, &*x.ports), PURPOSE, &key).await?.there())
}

/// Notes something of a day.
pub(super) async fn note<P: Ports>(x: &Exchange<P>, day: Day, extent: Extent) -> Result<(), Stop> {
    let key = Key::extent(x.gateway.app(), day);
    Ok(notes::write((&x.gateway, &*x.ports), PURPOSE, (&key, &extent)).await?)
}
