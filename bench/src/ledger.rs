//! A store that has recorded for a while: made once with the code that writes, and kept in the target folder.
//!
//! Its records are real ones, in chains that are signed and encrypted as the gateway would, with what maintenance derives
//! of them. Only the clock is not, and the file is not written as durably, since it is made in a minute.

mod calls;
mod file;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use portcullis_identity::seal::Sealer;
use portcullis_ledger::{
    AppName, Author, ChainId, ChainLimits, Day, Fate, Key, Next, Publish, PublishStep, RecordingId,
    UnixMillis, Upkeep, UpkeepStep, Writer,
};
use portcullis_pipeline::LedgerKeys;
use portcullis_settings::Secret;
use serde::{Deserialize, Serialize};

use crate::ledger::calls::{Call, Calls};
use crate::ledger::file::File;
use crate::{clock, terminal};

/// What such a store is written with, and read by the gateway. It is no secret: the store is for the benchmark.
pub(crate) const SECRET: &str = "the secret of a ledger that was made for the benchmark";

/// How many days have records: as many as one list shows.
const DAYS: u32 = 7;
const DAY_MILLIS: u64 = 86_400_000;
/// After how many days a store is made anew: checkpoints look back for a month.
const LONGEST_DAYS: u32 = 14;
/// What an instance of the gateway serves before another one takes its place, and so the calls of a chain.
const CALLS_OF_CHAIN: u64 = 128;
/// How many calls share a write, as at a few dozen calls a second.
const AT_ONCE: u64 = 2;
const RECORDS_OF_CALL: u64 = 2;
/// To be raised when what is stored changes.
const FORMAT: u32 = 1;

/// A store that is ready to be used.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    /// An SQLite file as the host and Spin have it. To be copied.
    pub(crate) file: PathBuf,
    pub(crate) about: About,
}

/// What is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct About {
    format: u32,
    /// How many records it has.
    pub(crate) records: u64,
    /// The last day that has some.
    pub(crate) last_day: String,
    /// A recording of that day.
    pub(crate) recording: String,
}

/// The store with so many records in `scratch`, which is made if it is not there.
pub(crate) fn stored(scratch: &Path, records: u64) -> anyhow::Result<Stored> {
    let file = scratch.join(format!("ledger-{records}.db"));
    let note = file.with_extension("json");
    let today = Day::of(UnixMillis(clock::unix_seconds().saturating_mul(1000)));
    let known = fs::read_to_string(&note).ok().and_then(|text| serde_json::from_str::<About>(&text).ok());
    if let Some(about) = known.filter(|about| is_good(about, today) && file.exists()) {
        return Ok(Stored { file, about });
    }
    terminal::progress(&format!("recording {records} records, for this and later runs"));
    if note.exists() {
        fs::remove_file(&note)?;
    }
    let about = make(&file, records, today)?;
    fs::write(&note, serde_json::to_string(&about)?)?;
    Ok(Stored { file, about })
}

fn is_good(about: &About, today: Day) -> bool {
    let age = about.last_day.parse::<Day>().map(|last| today.number().saturating_sub(last.number()));
    about.format == FORMAT && age.is_ok_and(|age| (1..=LONGEST_DAYS).contains(&age))
}

fn make(path: &Path, records: u64, today: Day) -> anyhow::Result<About> {
    let ledger = Ledger::new(File::create(path)?)?;
    let first = today.number().saturating_sub(DAYS);
    let calls_of_day = (records / RECORDS_OF_CALL).div_ceil(u64::from(DAYS));
    let mut recording = None;
    for number in first..today.number() {
        let day = Day::new(number).context("there is no such day")?;
        recording = Some(ledger.day(day, calls_of_day)?);
        ledger.upkeep(day)?;
        while ledger.publish(day)? {}
        terminal::progress(&format!("{day} is recorded"));
    }
    let last_day = Day::new(today.number().saturating_sub(1)).context("there is no day before")?;
    ledger.file.close()?;
    let recording = recording.context("no day was recorded")?.to_string();
    let records = calls_of_day * RECORDS_OF_CALL * u64::from(DAYS);
    Ok(About { format: FORMAT, records, last_day: last_day.to_string(), recording })
}

/// A gateway without requests.
struct Ledger {
    app: AppName,
    keys: LedgerKeys,
    file: File,
    calls: Calls,
}

impl Ledger {
    fn new(file: File) -> anyhow::Result<Self> {
        let sealer = Sealer::new(&Secret::new(SECRET.to_owned()), &[]);
        let keys = LedgerKeys::of(&sealer).map_err(anyhow::Error::msg)?;
        let calls = Calls::new(keys.names.clone());
        // The name that the components have.
        Ok(Self { app: "portcullis".parse()?, keys, file, calls })
    }

    fn author(&self) -> Author {
        let (signing, wrapping) = (self.keys.signing.clone(), self.keys.wrapping.clone());
        Author { app: self.app.clone(), signing, wrapping, limits: ChainLimits::default() }
    }

    /// Records a day, instance after instance. A recording of it.
    fn day(&self, day: Day, n_calls: u64) -> anyhow::Result<RecordingId> {
        let begin = day.end().0.saturating_sub(DAY_MILLIS);
        // All over by the end of the day.
        let step = (DAY_MILLIS - 3_600_000) / n_calls.max(1);
        let mut recording = None;
        let mut n = 0;
        while n < n_calls {
            let mut writer = Writer::new(self.author());
            let n_of_chain = CALLS_OF_CHAIN.min(n_calls - n);
            for some in (n..n + n_of_chain).step_by(usize::try_from(AT_ONCE)?) {
                let some = some..(some + AT_ONCE).min(n + n_of_chain);
                let at = UnixMillis(begin + some.start * step);
                recording = Some(self.together(&mut writer, some, at)?);
            }
            n += n_of_chain;
            self.file.commit()?;
        }
        recording.context("a day without calls")
    }

    /// Records calls that are made at the same time: their intents, and a moment later their outcomes.
    fn together(
        &self,
        writer: &mut Writer,
        calls: std::ops::Range<u64>,
        at: UnixMillis,
    ) -> anyhow::Result<RecordingId> {
        let calls: Vec<Call<'_>> = calls.map(|n| self.calls.call(n, at)).collect();
        let first = calls.first().context("no call")?.recording;
        let intents: Vec<_> = calls.iter().map(|call| (call, call.intent())).collect();
        let outcomes: Vec<_> = calls.iter().map(|call| (call, call.outcome())).collect();
        for records in [intents, outcomes] {
            let mut last = None;
            for (call, record) in &records {
                last = Some((writer.push(call.item(record))?, record.at()));
            }
            let (last, now) = last.context("no call")?;
            while writer.fate(last) == Fate::Pending {
                self.write(writer, now)?;
            }
        }
        Ok(first)
    }

    fn write(&self, writer: &mut Writer, now: UnixMillis) -> anyhow::Result<()> {
        match writer.step(now) {
            Next::Idle | Next::InFlight => {}
            Next::Claim { counter, day } => {
                let chain = ChainId { day, serial: self.file.increment(counter.as_str(), 1)?.try_into()? };
                self.file.increment(Key::chain_claim(&self.app, chain).as_str(), 1)?;
                writer.begin(chain, now);
            }
            Next::Write(write) => {
                for put in &write.puts {
                    self.file.set(put.key.as_str(), &put.value)?;
                }
                let id = write.id;
                writer.acknowledged(id, now);
            }
        }
        Ok(())
    }

    /// Derives the indexes of a day, as maintenance does.
    fn upkeep(&self, day: Day) -> anyhow::Result<()> {
        let chains = self.file.increment(Key::chains(&self.app, day).as_str(), 0)?;
        let mut upkeep = Upkeep::new(self.app.clone(), day, chains, after(day));
        loop {
            match upkeep.step() {
                UpkeepStep::Done => return self.file.commit(),
                UpkeepStep::Get(keys) => {
                    for key in keys {
                        upkeep.got(&key, self.file.get(key.as_str())?.as_deref());
                    }
                }
                UpkeepStep::Set(puts) => {
                    for put in puts {
                        self.file.set(put.key.as_str(), &put.value)?;
                    }
                    upkeep.written();
                }
            }
        }
    }

    /// Publishes a checkpoint. Whether one was due.
    fn publish(&self, day: Day) -> anyhow::Result<bool> {
        let keys = (self.keys.signing.clone(), self.keys.trusted.clone());
        let mut publish = Publish::new(self.app.clone(), keys, after(day), 0);
        loop {
            match publish.step() {
                PublishStep::Claim(key) => publish.counted(self.file.increment(key.as_str(), 1)?),
                PublishStep::Count(key) => publish.counted(self.file.increment(key.as_str(), 0)?),
                PublishStep::Done(done) => {
                    self.file.commit()?;
                    return Ok(done.is_some());
                }
                PublishStep::Get(keys) => {
                    for key in keys {
                        publish.got(&key, self.file.get(key.as_str())?.as_deref());
                    }
                }
                PublishStep::Set(put) => {
                    self.file.set(put.key.as_str(), &put.value)?;
                    publish.written();
                }
            }
        }
    }
}

/// When everything of a day has ended.
fn after(day: Day) -> UnixMillis {
    UnixMillis(day.end().0 + 600_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_is_made_once_and_has_what_it_says() {
        let scratch = tempfile::tempdir().unwrap();
        let made = stored(scratch.path(), 2_800).unwrap();
        assert_eq!(made.about.records, 2_800);
        let size = fs::metadata(&made.file).unwrap().len();
        assert!(size > 2_800 * 500, "{size} bytes");
        let again = stored(scratch.path(), 2_800).unwrap();
        assert_eq!((again.about, fs::metadata(&again.file).unwrap().len()), (made.about, size));
    }
}
