//! Making checkpoints: in the store, and as a line of the log, which is where whoever can write to the store cannot reach.
//!
//! Whoever reads the ledger makes one that is due. So that there are some where nobody reads, an instance also looks after an
//! answer, rarely, and makes one if none was made lately; no call waits for it.

use std::cell::Cell;

use portcullis_identity::seal::Purpose;
use portcullis_ledger::{Key, Publish, PublishStep, UnixMillis};

use crate::gateway::Gateway;
use crate::notes;
use crate::ports::{Ports, StoreError, count, get_each};

/// How many values are read for one checkpoint.
const READS: usize = 16_384;
/// How old the last checkpoint is before calls bring another one about, in milliseconds.
const LATELY_MILLIS: u64 = 600_000;
/// How often an instance looks, in microseconds.
const LOOK_EVERY_US: u64 = 600_000_000;
/// By how much the clock of another instance may be ahead.
const SKEW_MILLIS: u64 = 60_000;
const PURPOSE: Purpose = Purpose::new("ledger-checked");

/// When an instance last looked whether a checkpoint is due, on the clock that only goes forward.
#[derive(Debug, Default)]
pub(crate) struct Looked(Cell<Option<u64>>);

impl Looked {
    /// Whether it is time to look.
    pub(crate) fn is_time(&self, now: u64) -> bool {
        self.0.get().is_none_or(|looked| now.saturating_sub(looked) >= LOOK_EVERY_US)
    }
}

/// Makes a checkpoint if none was made lately. Nobody waits for it, so the operator is told what is wrong.
pub(crate) async fn catch_up<P: Ports>(gateway: &Gateway, ports: &P) {
    gateway.checkpoints.0.set(Some(ports.monotonic()));
    let made = async {
        if is_known(gateway, ports).await? {
            return Ok(false);
        }
        // Others leave it to us, whether we come to its end or not.
        note(gateway, ports).await?;
        publish(gateway, ports, LATELY_MILLIS).await
    };
    if let Err(error) = made.await {
        ports.log(&format!("no checkpoint was made: {error}"));
    }
}

/// Whether one was made lately, as far as anybody has noted.
async fn is_known<P: Ports>(gateway: &Gateway, ports: &P) -> Result<bool, StoreError> {
    let noted = notes::read::<P, u64>((gateway, ports), PURPOSE, &Key::checked(gateway.app())).await?;
    let now = ports.now();
    let is_lately = |at: u64| at <= now.saturating_add(SKEW_MILLIS) && now.saturating_sub(at) < LATELY_MILLIS;
    Ok(noted.there().is_some_and(is_lately))
}

async fn note<P: Ports>(gateway: &Gateway, ports: &P) -> Result<(), StoreError> {
    notes::write((gateway, ports), PURPOSE, (&Key::checked(gateway.app()), &ports.now())).await
}

/// Makes and publishes a checkpoint if the last one is this old and there is something new to say. Whether it did.
pub(crate) async fn publish<P: Ports>(
    gateway: &Gateway,
    ports: &P,
    interval_millis: u64,
) -> Result<bool, StoreError> {
    let keys = gateway.ledger_keys();
    let signing = (keys.signing.clone(), keys.trusted.clone());
    let mut publish = Publish::new(gateway.app().clone(), signing, UnixMillis(ports.now()), interval_millis);
    let mut left = READS;
    loop {
        match publish.step() {
            PublishStep::Done(None) => return Ok(false),
            PublishStep::Done(Some(checkpoint)) => {
                let (serial, text) = (checkpoint.serial(), checkpoint.to_text());
                ports.log(&format!("checkpoint {serial} of the ledger: {text}"));
                return Ok(true);
            }
            PublishStep::Claim(key) => {
                // Some stores make a counter when it is first added to, and some then forget what was added.
                ports.increment(key.as_str(), 0)?;
                publish.counted(ports.increment(key.as_str(), 1)?);
            }
            PublishStep::Count(key) => publish.counted(count(ports, &key)?),
            PublishStep::Get(wanted) => {
                let enough = || StoreError("there is too much to read".to_owned());
                left = left.checked_sub(wanted.len()).ok_or_else(enough)?;
                get_each(ports, &wanted, |key, value| publish.got(key, value)).await?;
            }
            PublishStep::Set(put) => {
                ports.set(put.key.as_str(), &put.value).await?;
                publish.written();
            }
        }
    }
}
