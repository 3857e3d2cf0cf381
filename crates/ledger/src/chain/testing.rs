//! What tests of chains, verification and indexes share: an author, records, and a store with a writer at it.

use std::collections::BTreeMap;

use super::*;
use crate::{
    AppName, Arguments, ContentHash, DecisionSummary, Excerpt, Intent, Key, KeyedDigest, PrincipalKind,
    Record, RecordId, RecordingId, Refusal, SigningKey, Stage, Tag, TrustedKeys, Verdict, Who, WrappingKeys,
};

/// Midday of 2026-08-23.
pub(crate) const NOON: u64 = 1_787_486_400_000;

pub(crate) fn app() -> AppName {
    "portcullis".parse().unwrap()
}

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

pub(crate) fn author(limits: ChainLimits) -> Author {
    Author { app: app(), signing: signing(), wrapping: wrapping(), limits }
}

pub(crate) fn id(n: u64, at: u64) -> RecordId {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&n.to_be_bytes());
    RecordId::new(UnixMillis(at), random)
}

pub(crate) fn refusal(n: u64, at: u64, text: &str) -> Record {
    Record::Refusal(Refusal {
        id: id(n, at),
        at: UnixMillis(at),
        stage: Stage::Parse,
        kind: "protocol".to_owned(),
        explanation: Excerpt::whole(text),
        principal: None,
        connection: None,
        method: None,
        name: None,
        arguments: None,
        labels: std::collections::BTreeSet::new(),
        decision: None,
        approval: None,
        trace: None,
        client_address: None,
        request_bytes: 0,
    })
}

pub(crate) fn intent(n: u64, at: u64, verdict: Verdict) -> Record {
    Record::Intent(Intent {
        id: id(n, at),
        at: UnixMillis(at),
        principal: Who {
            issuer: "okta".to_owned(),
            subject: "ana".to_owned(),
            kind: PrincipalKind::User,
            groups: Vec::new(),
            granted: Vec::new(),
            attributes: None,
            client: None,
            actors: Vec::new(),
            token_id: None,
        },
        connection: "billing".to_owned(),
        revision: "2025-11-25".to_owned(),
        session: None,
        method: "tools/call".to_owned(),
        name: Some("refund".to_owned()),
        definition: None,
        approval: None,
        arguments: Arguments {
            digest: KeyedDigest::new([1; 32]),
            text: Excerpt::whole("{}"),
            restored: BTreeMap::new(),
        },
        labels: std::collections::BTreeSet::new(),
        decision: DecisionSummary {
            outcome: verdict,
            bundle: None,
            policies: Vec::new(),
            observed: Vec::new(),
        },
        trace: None,
        client_address: None,
        request_bytes: 0,
    })
}

pub(crate) fn recording(n: u8) -> RecordingId {
    RecordingId::new([n; 16])
}

pub(crate) fn tag(n: u8) -> Tag {
    Tag::new([n; 16])
}

/// Fresh bytes that tests can foresee and that differ for each `n`.
pub(crate) fn fresh(n: u64) -> [u8; 32] {
    *ContentHash::of(&n.to_be_bytes()).as_bytes()
}

/// How a store takes a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// All is written and acknowledged.
    Acknowledged,
    /// Only the first value is written, and nothing acknowledged.
    Half,
    /// All is written, and the acknowledgement is lost.
    Landed,
    /// Nothing is written.
    Refused,
}

/// A store in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    pub(crate) values: BTreeMap<String, Vec<u8>>,
    pub(crate) counters: BTreeMap<String, u32>,
}

impl Store {
    pub(crate) fn get(&self, key: &Key) -> Option<&[u8]> {
        self.values.get(key.as_str()).map(Vec::as_slice)
    }

    pub(crate) fn claim(&mut self, counter: &Key) -> u32 {
        let count = self.counters.entry(counter.as_str().to_owned()).or_default();
        *count += 1;
        *count
    }

    pub(crate) fn count(&self, day: Day) -> u32 {
        self.counters.get(Key::chains(&app(), day).as_str()).copied().unwrap_or(0)
    }

    pub(crate) fn put(&mut self, puts: &[Put]) {
        for Put { key, value } in puts {
            assert!(value.len() <= crate::MAX_VALUE_BYTES && key.as_str().len() <= 255);
            self.values.insert(key.as_str().to_owned(), value.clone());
        }
    }

    /// Does one thing that a writer wants done. Returns whether there was anything.
    pub(crate) fn serve(&mut self, writer: &mut Writer, now: u64, answer: Answer) -> bool {
        match writer.step(UnixMillis(now)) {
            Next::Idle | Next::InFlight => return false,
            Next::Claim { counter, day } => {
                let serial = self.claim(&counter);
                if answer != Answer::Refused {
                    writer.begin(ChainId { day, serial }, UnixMillis(now));
                }
            }
            Next::Write(write) => {
                let id = write.id;
                match answer {
                    Answer::Acknowledged | Answer::Landed => self.put(&write.puts),
                    Answer::Half => self.put(&write.puts[..1]),
                    Answer::Refused => {}
                }
                match answer {
                    Answer::Acknowledged => writer.acknowledged(id, UnixMillis(now)),
                    Answer::Half | Answer::Landed | Answer::Refused => writer.failed(id),
                }
            }
        }
        true
    }

    pub(crate) fn serve_all(&mut self, writer: &mut Writer, now: u64) {
        while self.serve(writer, now, Answer::Acknowledged) {}
    }

    /// The segments of a chain.
    pub(crate) fn chain(&self, chain: ChainId) -> Vec<&[u8]> {
        (0..).map_while(|n| self.get(&Key::segment(&app(), SegmentId { chain, n }))).collect()
    }
}
