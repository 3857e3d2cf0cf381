//! The sorted lists of a node: all postings, and those by recording, principal, connection and decision.
//!
//! A list is sorted by what it is by, and then the latest first. So whatever is asked for is one run of it, which the
//! directory of the list finds with one search.

use std::cmp::Reverse;

use super::PAGE_POSTINGS;
use super::posting::{Place, Posting};
use super::query::Filter;
use crate::bytes::{Reader, Unreadable, length};
use crate::day::Day;
use crate::intent::Verdict;

pub(super) const DIRECTORY: [u8; 5] = *b"pcdir";
pub(super) const PAGE: [u8; 5] = *b"pcpag";

/// What a list is by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum List {
    All,
    Connection,
    Principal,
    Recording,
    Verdict,
}

/// What a run of a list has in common.
pub(super) type Value = [u8; 16];

/// The place of a posting in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    pub(super) value: Value,
    pub(super) place: Reverse<Place>,
}

impl List {
    pub(super) const EACH: [Self; 5] =
        [Self::All, Self::Connection, Self::Principal, Self::Recording, Self::Verdict];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Connection => "connection",
            Self::Principal => "principal",
            Self::Recording => "recording",
            Self::Verdict => "verdict",
        }
    }

    /// Where in the list a posting is: not at all, once, or once for each decision.
    fn values(self, posting: &Posting) -> Vec<Value> {
        match self {
            Self::All => vec![[0; 16]],
            Self::Connection => posting.connection.iter().map(|tag| *tag.as_bytes()).collect(),
            Self::Principal => posting.principal.iter().map(|tag| *tag.as_bytes()).collect(),
            Self::Recording => vec![*posting.recording.as_bytes()],
            Self::Verdict => {
                let each = [Verdict::Allow, Verdict::Deny, Verdict::Hold].into_iter();
                each.filter(|verdict| posting.verdicts.contains(*verdict)).map(verdict_value).collect()
            }
        }
    }

    /// The list with the fewest postings that a filter lets through, and the run of it that has them.
    pub(super) fn narrowest(filter: &Filter) -> (Self, Value) {
        let Filter { recording, principal, connection, verdict } = filter;
        match (recording, principal, connection, verdict) {
            (Some(recording), _, _, _) => (Self::Recording, *recording.as_bytes()),
            (None, Some(principal), _, _) => (Self::Principal, *principal.as_bytes()),
            (None, None, Some(connection), _) => (Self::Connection, *connection.as_bytes()),
            (None, None, None, Some(verdict)) => (Self::Verdict, verdict_value(*verdict)),
            (None, None, None, None) => (Self::All, [0; 16]),
        }
    }
}

fn verdict_value(verdict: Verdict) -> Value {
    let code = match verdict {
        Verdict::Allow => 1,
        Verdict::Deny => 2,
        Verdict::Hold => 3,
    };
    [code; 16]
}

impl Slot {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.value);
        self.place.0.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Unreadable> {
        Ok(Self { value: reader.array()?, place: Reverse(Place::read(reader)?) })
    }
}

/// The postings of a list in its order, each with its slot.
pub(super) fn sorted(list: List, postings: &[Posting]) -> Vec<(Slot, Posting)> {
    let slots = postings.iter().flat_map(|posting| {
        let place = Reverse(posting.place());
        list.values(posting).into_iter().map(move |value| (Slot { value, place }, *posting))
    });
    let mut sorted: Vec<_> = slots.collect();
    sorted.sort_unstable_by_key(|(slot, _)| *slot);
    sorted
}

/// The pages of a list, and its directory: with what each page begins.
pub(super) fn encode(sorted: &[(Slot, Posting)]) -> (Vec<Vec<u8>>, Vec<u8>) {
    let pages = sorted.chunks(PAGE_POSTINGS).map(encode_page).collect();
    let starts: Vec<_> = sorted.chunks(PAGE_POSTINGS).filter_map(|page| page.first()).collect();
    let mut directory = DIRECTORY.to_vec();
    directory.push(1);
    directory.extend(length(starts.len()).to_be_bytes());
    starts.iter().for_each(|(slot, _)| slot.write(&mut directory));
    (pages, directory)
}

fn encode_page(page: &[(Slot, Posting)]) -> Vec<u8> {
    let mut out = PAGE.to_vec();
    out.push(1);
    out.extend(length(page.len()).to_be_bytes());
    for (slot, posting) in page {
        out.extend(slot.value);
        posting.write(&mut out);
    }
    out
}

pub(super) fn read_directory(reader: &mut Reader<'_>) -> Result<Vec<Slot>, Unreadable> {
    if reader.u8()? != 1 {
        return Err(Unreadable);
    }
    let n = reader.u32()?;
    let starts = (0..n).map(|_| Slot::read(reader)).collect::<Result<Vec<_>, _>>()?;
    reader.end().map(|()| starts)
}

pub(super) fn read_page(day: Day, reader: &mut Reader<'_>) -> Result<Vec<(Slot, Posting)>, Unreadable> {
    if reader.u8()? != 1 {
        return Err(Unreadable);
    }
    let n = reader.u32()?;
    let one = |reader: &mut Reader<'_>| {
        let value = reader.array()?;
        let posting = Posting::read(day, reader)?;
        Ok((Slot { value, place: Reverse(posting.place()) }, posting))
    };
    let page = (0..n).map(|_| one(reader)).collect::<Result<Vec<_>, Unreadable>>()?;
    reader.end().map(|()| page)
}
