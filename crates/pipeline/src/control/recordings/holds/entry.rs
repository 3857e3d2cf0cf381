//! What somebody has said about a recording, as it is stored.

use std::collections::BTreeSet;

use portcullis_approval::Reason;
use portcullis_identity::seal::Purpose;
use portcullis_ledger::{ChainId, Day, RecordingId, Tag};
use serde::{Deserialize, Serialize};

pub(super) const PURPOSE: Purpose = Purpose::new("ledger-hold");

/// What somebody has said about a recording. A later release has another `v`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    v: Version,
    pub(super) said: Said,
    recording: [u8; 16],
    pub(super) reason: String,
    /// Who, as policies name them.
    pub(super) by: String,
    /// When, in milliseconds since 1970-01-01T00:00:00Z.
    pub(super) at: u64,
    /// The connections that it is of, so that who may release it is known without looking for it.
    connections: BTreeSet<Option<[u8; 16]>>,
    /// The chains in which it was found, by day and serial: they stay, whatever an index says of them.
    chains: BTreeSet<(u32, u32)>,
}

/// The form of this release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Version {
    #[serde(rename = "1")]
    One,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Said {
    Hold,
    Release,
}

impl Entry {
    pub(super) fn new(said: Said, (recording, reason): (RecordingId, Reason), by: String, at: u64) -> Self {
        let (connections, chains) = (BTreeSet::new(), BTreeSet::new());
        let recording = *recording.as_bytes();
        Self { v: Version::One, said, recording, reason: reason.into(), by, at, connections, chains }
    }

    /// The same, of these connections and in these chains.
    pub(super) fn of(self, connections: &BTreeSet<Option<Tag>>, chains: &BTreeSet<ChainId>) -> Self {
        let connections = connections.iter().map(|tag| tag.map(|tag| *tag.as_bytes())).collect();
        let chains = chains.iter().map(|chain| (chain.day.number(), chain.serial)).collect();
        Self { connections, chains, ..self }
    }

    /// Adds what another one knows of the same recording, which two have held at once.
    pub(super) fn join(&mut self, other: &Self) {
        self.connections.extend(&other.connections);
        self.chains.extend(&other.chains);
    }

    pub(super) fn recording(&self) -> RecordingId {
        RecordingId::new(self.recording)
    }

    pub(super) fn connections(&self) -> BTreeSet<Option<Tag>> {
        self.connections.iter().map(|tag| tag.map(Tag::new)).collect()
    }

    pub(super) fn chains(&self) -> impl Iterator<Item = ChainId> {
        let chain = |(day, serial): &(u32, u32)| Some(ChainId { day: Day::new(*day)?, serial: *serial });
        self.chains.iter().filter_map(chain)
    }
}
