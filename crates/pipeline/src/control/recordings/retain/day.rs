//! Pruning one day: its tombstone, and then all that does not stay.
//!
//! Only who has the claim of the day writes its tombstone, or says that it stands. A hold that is written at the same time
//! either is seen when the holds are read once more after the tombstone was written, or sees the tombstone itself; so until
//! they were, nothing is deleted. Once it is noted that the tombstone stands, anybody goes on by it.

use futures_util::future::try_join_all;
use portcullis_ledger::{
    Day, Key, Prune, PruneStep, Pruned, Sighting, SightingStep, Tombstone, TombstoneDraft, UnixMillis,
};
use serde_json::{Value, json};

use super::Extent;
use super::left::{Left, Stop};
use super::survey::{note, noted};
use crate::control::recordings::holds::Holds;
use crate::control::recordings::store::{genuine, upkeep_of};
use crate::exchange::Exchange;
use crate::ports::{Ports, StoreError, count, get_each};

/// For how long a claim counts.
const SPAN_MILLIS: u64 = 600_000;
/// How long before its end whoever has it must have written what is to be.
const MARGIN_MILLIS: u64 = 30_000;
/// How many chains are deleted at once, each from its end.
const SEQUENCES: usize = 16;
/// How often the holds are read until they stay the same.
const LOOKS: u32 = 4;

/// A day that is pruned.
#[derive(Debug)]
pub(super) struct Done {
    chains: u32,
    kept: usize,
}

impl Done {
    /// Whether nothing of it is left.
    pub(super) const fn is_gone(&self) -> bool {
        self.kept == 0
    }

    pub(super) fn told(&self, day: Day) -> Value {
        json!({ "day": day.to_string(), "chains": self.chains, "kept": self.kept })
    }
}

/// Prunes a day, or goes on with it.
pub(super) async fn prune<P: Ports>(
    x: &Exchange<P>,
    day: Day,
    (left, deleted): (&mut Left, &mut u64),
) -> Result<Done, Stop> {
    let app = x.gateway.app();
    let before = stored(x, day).await?;
    let (tombstone, span, n_holds) = match (before, noted(x, day).await?) {
        (Some(tombstone), Some(Extent::Going(span))) => (tombstone, span, None),
        (before, _) => {
            let span = claim(x, day)?;
            let (tombstone, n_holds) = settled(x, (day, span), before, left).await?;
            (tombstone, span, Some(n_holds))
        }
    };
    let going_on = Prune::going_on(app.clone(), tombstone.clone(), portcullis_ledger::Held::default());
    let Pruned { delete, .. } = driven(x, going_on, left).await?;
    for some in delete.chunks(SEQUENCES) {
        let n_keys: usize = some.iter().map(Vec::len).sum();
        left.delete(&*x.ports, n_keys)?;
        try_join_all(some.iter().map(|keys| delete_all(&*x.ports, keys))).await?;
        *deleted = deleted.saturating_add(u64::try_from(n_keys).unwrap_or(u64::MAX));
    }
    let kept = tombstone.kept().len();
    // Whoever went on does not know what was held when it began, and looks at it once more next time.
    let extent = if kept == 0 { Extent::Gone } else { Extent::Kept(n_holds.unwrap_or(0)) };
    note(x, day, extent).await?;
    x.ports.delete(Key::pruning(app, day, span).as_str()).await?;
    Ok(Done { chains: tombstone.chains(), kept })
}

/// Deletes these, one after the other.
async fn delete_all<P: Ports>(ports: &P, keys: &[Key]) -> Result<(), StoreError> {
    for key in keys {
        ports.delete(key.as_str()).await?;
    }
    Ok(())
}

/// The tombstone of a day, which stands: it is of what checkpoints have seen, and keeps what is held. And how many entries
/// there were about what is.
async fn settled<P: Ports>(
    x: &Exchange<P>,
    (day, span): (Day, u64),
    mut tombstone: Option<Tombstone>,
    left: &mut Left,
) -> Result<(Tombstone, u64), Stop> {
    let app = x.gateway.app();
    for _ in 0..LOOKS {
        let holds = Holds::read(x).await?;
        if let Some(n) = holds.unknown {
            return Err(Stop::Stays(format!("it is not known whether entry {n} holds something of it")));
        }
        let now = UnixMillis(x.ports.now());
        let signing = &x.gateway.ledger_keys().signing;
        let draft = match &tombstone {
            Some(tombstone) => {
                let prune = Prune::going_on(app.clone(), tombstone.clone(), holds.held());
                let Pruned { kept, .. } = driven(x, prune, left).await?;
                if kept == tombstone.kept() {
                    in_span(x, span)?;
                    note(x, day, Extent::Going(span)).await?;
                    return Ok((tombstone.clone(), holds.n));
                }
                tombstone.keeping(&kept, now, signing)
            }
            None => {
                upkeep_of(x, day, &mut left.reads).await?;
                let chains = count(&*x.ports, &Key::chains(app, day))?;
                let prune = Prune::new(app.clone(), day, chains, holds.held());
                let Pruned { heads, kept, .. } = driven(x, prune, left).await?;
                seen(x, day, &heads, left).await?;
                let draft = TombstoneDraft { app: app.clone(), day, heads, at: now, kept };
                Tombstone::sign(draft, signing).map_err(|error| Stop::Stays(error.to_string()))?
            }
        };
        in_span(x, span)?;
        x.ports.set(Key::tombstone(app, day).as_str(), &draft.encode()).await?;
        let (n_chains, n_kept) = (draft.chains(), draft.kept().len());
        x.ports.log(&format!(
            "retention: {day} is pruned: {n_chains} chains, of which {n_kept} are held and stay"
        ));
        tombstone = Some(draft);
    }
    Err(Stop::Stays("what is held changes all the time: ask again".to_owned()))
}

/// What says that the day was pruned.
async fn stored<P: Ports>(x: &Exchange<P>, day: Day) -> Result<Option<Tombstone>, Stop> {
    let value = x.ports.get(Key::tombstone(x.gateway.app(), day).as_str()).await?;
    let Some(value) = value else { return Ok(None) };
    let changed = || Stop::Stays("its tombstone is not genuine: somebody has changed it".to_owned());
    genuine(x, day, &value).map(Some).ok_or_else(changed)
}

/// The right to write the tombstone of a day, until the end of this span.
fn claim<P: Ports>(x: &Exchange<P>, day: Day) -> Result<u64, Stop> {
    let span = x.ports.now() / SPAN_MILLIS;
    in_span(x, span)?;
    let key = Key::pruning(x.gateway.app(), day, span);
    // Some stores make a counter when it is first added to, and some then forget what was added.
    x.ports.increment(key.as_str(), 0)?;
    match x.ports.increment(key.as_str(), 1)? {
        1 => Ok(span),
        _ => Err(Stop::Stays(
            "another request has begun with it, or was stopped: ask again in ten minutes".to_owned(),
        )),
    }
}

/// That the span is not over, nor soon.
fn in_span<P: Ports>(x: &Exchange<P>, span: u64) -> Result<(), Stop> {
    let end = span.saturating_add(1).saturating_mul(SPAN_MILLIS);
    if x.ports.now().saturating_add(MARGIN_MILLIS) < end {
        return Ok(());
    }
    Err(Stop::Stays("there was no time left to begin with it: ask again in a minute".to_owned()))
}

async fn driven<P: Ports>(x: &Exchange<P>, mut prune: Prune, left: &mut Left) -> Result<Pruned, Stop> {
    loop {
        match prune.step() {
            PruneStep::Pruned(pruned) => return Ok(pruned),
            PruneStep::Open(chain) => {
                let text = format!("chain {chain} has no end: it is damaged, or may still be written to");
                return Err(Stop::Stays(text));
            }
            PruneStep::Get(keys) => {
                left.read(&*x.ports, keys.len())?;
                get_each(&*x.ports, &keys, |key, value| prune.got(key, value)).await?;
            }
        }
    }
}

/// That checkpoints have seen these heads.
async fn seen<P: Ports>(
    x: &Exchange<P>,
    day: Day,
    heads: &[portcullis_ledger::Head],
    left: &mut Left,
) -> Result<(), Stop> {
    let (app, trusted) = (x.gateway.app().clone(), x.gateway.ledger_keys().trusted.clone());
    let mut sighting = Sighting::new(app, trusted, day, heads);
    loop {
        match sighting.step() {
            SightingStep::Seen => return Ok(()),
            SightingStep::Unseen(chain) => {
                let text = format!(
                    "no checkpoint has seen all of chain {chain}: without one, nobody could tell that it was not cut"
                );
                return Err(Stop::Stays(text));
            }
            SightingStep::Count(key) => sighting.counted(count(&*x.ports, &key)?),
            SightingStep::Get(keys) => {
                left.read(&*x.ports, keys.len())?;
                get_each(&*x.ports, &keys, |key, value| sighting.got(key, value)).await?;
            }
        }
    }
}
