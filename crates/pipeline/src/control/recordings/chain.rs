//! A chain as readers of records take it: every segment is genuine and follows the one before, or nothing more is read.

use portcullis_ledger::{
    Access, ChainReader, ContentHash, Key, Label, Read, ReadError, RecordingId, Segment, SegmentId,
};

use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::refusal::Refusal;

/// A chain that is being read.
#[derive(Debug)]
pub(super) struct Chain {
    reader: ChainReader,
    /// The hash of the last segment; not known in the middle of a chain.
    head: Option<ContentHash>,
    /// Recordings whose keys are not there.
    keyless: Vec<RecordingId>,
}

impl Chain {
    /// Begins with this segment. A record that began before it is left out.
    pub(super) fn starting_at<P: Ports>(x: &Exchange<P>, begin: SegmentId) -> Self {
        Self {
            reader: ChainReader::starting_at(x.gateway.app().clone(), begin),
            head: (begin.n == 0).then_some(ContentHash::NOTHING),
            keyless: Vec::new(),
        }
    }

    /// Whether a record has begun and not ended: whoever continues later has to begin before it.
    pub(super) const fn has_begun(&self) -> bool {
        self.reader.has_begun()
    }

    /// The next segment. The error is for people.
    pub(super) fn check<'v, P: Ports>(
        &self,
        x: &Exchange<P>,
        at: SegmentId,
        value: &'v [u8],
    ) -> Result<Segment<'v>, String> {
        let segment = Segment::parse(value).map_err(|error| format!("{at}: {error}"))?;
        segment.verify(&x.gateway.ledger_keys().trusted).map_err(|error| format!("{at}: {error}"))?;
        if self.head.is_some_and(|head| head != segment.header().previous) {
            return Err(format!("{at} does not follow the segment before it"));
        }
        Ok(segment)
    }

    /// Asks for the keys of the recordings that are wanted of a segment. Whether all of them are there: those that are not
    /// count as erased once it is read, but a key may also be on its way to the store.
    pub(super) async fn unlock<P: Ports>(
        &mut self,
        x: &Exchange<P>,
        segment: &Segment<'_>,
        is_wanted: impl Fn(&Label) -> bool,
    ) -> Result<Result<bool, ReadError>, Refusal> {
        self.keyless.clear();
        let (wrapping, chain) = (&x.gateway.ledger_keys().wrapping, segment.header().id.chain);
        for recording in self.reader.wanted(segment) {
            let mut of = segment.entries().iter().filter(|entry| entry.label.recording == recording);
            if !of.any(|entry| is_wanted(&entry.label)) {
                continue;
            }
            let key = x.ports.get(Key::recording(x.gateway.app(), recording, chain).as_str()).await?;
            match (&key, Access::of(key.as_deref(), (recording, chain), wrapping)) {
                (None, _) => self.keyless.push(recording),
                (Some(_), Ok(access)) => self.reader.allow(recording, access),
                (Some(_), Err(error)) => return Ok(Err(error)),
            }
        }
        Ok(Ok(self.keyless.is_empty()))
    }

    /// What ends in a segment that was checked and unlocked. What nobody wanted counts as erased.
    pub(super) fn read(&mut self, segment: &Segment<'_>) -> Result<Vec<Read>, ReadError> {
        for recording in self.keyless.drain(..) {
            self.reader.allow(recording, Access::Erased { at: None });
        }
        self.head = Some(segment.hash());
        self.reader.read(segment)
    }
}
