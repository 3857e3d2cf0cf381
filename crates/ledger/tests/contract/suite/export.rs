//! Reading all of a ledger: an export and what is wrong with it, its records, and what is listed.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_ledger::{
    AppName, ChainId, Checkpoint, Day, Filter, Key, Line, Query, QueryStep, Record, RecordingId, Report,
    Segment, SegmentId, SigningKey, TrustedKeys, Verifier, WrappingKeys, records_in,
};

use super::Store;

/// So many segments may be missing in a row before a chain counts as ended.
const AHEAD: u32 = 8;

pub(crate) fn signing() -> SigningKey {
    SigningKey::from_seed("2026-08".parse().unwrap(), [3; 32])
}

pub(crate) fn trusted() -> TrustedKeys {
    let key = signing();
    TrustedKeys::from_iter([(key.id().clone(), key.verifying_key())])
}

pub(crate) fn wrapping() -> WrappingKeys {
    WrappingKeys::new(&[4; 32], &[])
}

/// The ledger of one day, as it lies in a store that answers.
pub(crate) struct Copy {
    app: AppName,
    day: Day,
    lines: Vec<Line>,
    values: BTreeMap<String, Vec<u8>>,
}

impl Copy {
    pub(crate) fn of(store: &impl Store, app: &AppName, day: Day) -> Self {
        let mut copy = Self {
            app: app.clone(),
            day,
            lines: vec![Line::Ledger(app.clone()), Line::Days { first: day, last: day }],
            values: BTreeMap::new(),
        };
        let count = |key: Key| u32::try_from(store.increment(key.as_str(), 0).unwrap()).unwrap();
        for serial in 1..=count(Key::checkpoints(app)) {
            let value = store.get(Key::checkpoint(app, serial.into()).as_str()).unwrap();
            copy.lines.extend(value.map(Line::Checkpoint));
        }
        let chains = count(Key::chains(app, day));
        copy.lines.push(Line::Day { day, chains });
        for serial in 1..=chains {
            copy.add(store, ChainId { day, serial });
        }
        copy.lines.push(Line::End { lines: copy.lines.len() as u64 + 1 });
        copy
    }

    fn add(&mut self, store: &impl Store, chain: ChainId) {
        let (mut n, mut n_missing) = (0, 0);
        while n_missing < AHEAD {
            let id = SegmentId { chain, n };
            n += 1;
            let key = Key::segment(&self.app, id);
            let Some(value) = store.get(key.as_str()).unwrap() else {
                n_missing += 1;
                continue;
            };
            n_missing = 0;
            for entry in Segment::parse(&value).unwrap().entries() {
                let key = Key::recording(&self.app, entry.label.recording, chain);
                if !self.values.contains_key(key.as_str()) {
                    let value = store.get(key.as_str()).unwrap();
                    self.values.extend(value.map(|value| (key.as_str().to_owned(), value)));
                }
            }
            self.values.insert(key.as_str().to_owned(), value.clone());
            self.lines.push(Line::Segment { id, value });
        }
    }

    /// What is wrong with it, to somebody who has these checkpoints.
    pub(crate) fn verify(&self, published: &[Checkpoint]) -> Report {
        let mut verifier = Verifier::new(trusted(), published.to_vec());
        self.lines.iter().for_each(|line| verifier.line(&line.to_json()));
        verifier.finish()
    }

    /// Its records, each with its chain.
    pub(crate) fn records(&self) -> Vec<(ChainId, Record)> {
        let records = records_in(&self.app, &wrapping(), &self.values).unwrap();
        records.into_iter().map(|(id, record)| (id.chain, record)).collect()
    }

    /// The recordings that are listed, each with its chain.
    pub(crate) fn listed(&self, store: &impl Store) -> BTreeSet<(RecordingId, ChainId)> {
        let (mut listed, mut cursor) = (BTreeSet::new(), None);
        loop {
            let mut query = Query::new(self.app.clone(), &(self.day..=self.day), Filter::default(), cursor);
            let page = loop {
                match query.step() {
                    QueryStep::Count(key) => query.counted(store.increment(key.as_str(), 0).unwrap()),
                    QueryStep::Get(keys) => keys.iter().for_each(|key| {
                        query.got(key, store.get(key.as_str()).unwrap().as_deref());
                    }),
                    QueryStep::Page(page) => break page,
                }
            };
            listed.extend(page.postings.iter().map(|posting| (posting.recording, posting.chain)));
            cursor = page.next;
            if cursor.is_none() {
                return listed;
            }
        }
    }
}
