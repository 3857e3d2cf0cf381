//! Publishing checkpoints: in the store, and as a line of the log, which is where whoever can write to the store cannot
//! reach.

use portcullis_ledger::{Publish, PublishStep, UnixMillis};

use super::store::{count, get_all};
use crate::exchange::Exchange;
use crate::ports::{Ports, StoreError};

/// How old the last checkpoint is before another one follows.
const INTERVAL_MILLIS: u64 = 60_000;
/// How many values one request reads for a checkpoint.
const READS: usize = 16_384;

/// Makes and publishes a checkpoint if one is due. Whoever asked for something else need not know how that went.
pub(super) async fn publish<P: Ports>(x: &Exchange<P>) {
    if let Err(error) = due(x).await {
        x.ports.log(&format!("no checkpoint was made: {error}"));
    }
}

async fn due<P: Ports>(x: &Exchange<P>) -> Result<(), StoreError> {
    let (keys, ports) = (x.gateway.ledger_keys(), &*x.ports);
    let signing = (keys.signing.clone(), keys.trusted.clone());
    let mut publish = Publish::new(x.gateway.app().clone(), signing, UnixMillis(x.now), INTERVAL_MILLIS);
    let mut left = READS;
    loop {
        match publish.step() {
            PublishStep::Done(None) => return Ok(()),
            PublishStep::Done(Some(checkpoint)) => {
                let (serial, text) = (checkpoint.serial(), checkpoint.to_text());
                ports.log(&format!("checkpoint {serial} of the ledger: {text}"));
                return Ok(());
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
                for (key, value) in get_all(ports, wanted).await? {
                    publish.got(&key, value.as_deref());
                }
            }
            PublishStep::Set(put) => {
                ports.set(put.key.as_str(), &put.value).await?;
                publish.written();
            }
        }
    }
}
