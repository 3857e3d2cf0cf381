//! Where things are in the bytes, and reading them in place.
//!
//! Nothing here trusts the bytes: a number that leads nowhere finds nothing, and what is not found is not approved.

use std::cmp::Ordering;
use std::ops::Range;

use portcullis_mcp::json::{self, Bounds, Json, Object};
use sha2::{Digest as _, Sha256};

use super::{ApprovedError, FORMAT, HEAD_START, MAGIC};
use crate::definition::Kind;
use crate::digest::DefinitionDigest;
use crate::file::DEPTH;

/// The bytes of a number.
const NUMBER: usize = 4;
/// The numbers at the start of the head.
const COUNTS: usize = 5;
/// What the table has of each connection: two numbers, and one for each kind.
pub(super) const CONNECTION: usize = (2 + Kind::ALL.len()) * NUMBER;
/// What the table has of each definition: four numbers and two digests.
pub(super) const DEFINITION: usize = 4 * NUMBER + 64;

/// Where the tables and texts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    connections: Range<usize>,
    definitions: Range<usize>,
    connection_names: Range<usize>,
    names: Range<usize>,
    texts: Range<usize>,
}

/// A connection of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connection {
    /// The end of the definitions of the connection before.
    start: usize,
    /// One bit for each pinned kind.
    kinds: usize,
    /// The end of the definitions of each kind.
    ends: [usize; Kind::ALL.len()],
}

/// A definition of the table.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) digest: DefinitionDigest,
    text_digest: [u8; 32],
    text: Range<usize>,
    schema: Range<usize>,
}

impl Layout {
    /// Finds everything and checks the head.
    pub(super) fn open(bytes: &[u8]) -> Result<Self, ApprovedError> {
        let magic = bytes.get(..MAGIC.len().min(bytes.len())).unwrap_or_default();
        if !MAGIC.starts_with(magic) {
            return Err(ApprovedError::NotApproved);
        }
        match number(bytes, MAGIC.len()).map(u32::try_from) {
            Some(Ok(FORMAT)) => {}
            Some(Ok(found)) if found > FORMAT => return Err(ApprovedError::NewerFormat { found }),
            Some(_) => return Err(ApprovedError::Damaged),
            None => return Err(ApprovedError::Truncated),
        }
        let mut counts = [0; COUNTS];
        for (index, count) in counts.iter_mut().enumerate() {
            *count = number(bytes, HEAD_START + index * NUMBER).ok_or(ApprovedError::Truncated)?;
        }
        let layout = Self::of(counts).ok_or(ApprovedError::Damaged)?;
        let head = bytes.get(HEAD_START..layout.texts.start).ok_or(ApprovedError::Truncated)?;
        let digest: [u8; 32] = Sha256::digest(head).into();
        if bytes.get(HEAD_START - digest.len()..HEAD_START) != Some(digest.as_slice()) {
            return Err(ApprovedError::Damaged);
        }
        match bytes.len().cmp(&layout.texts.end) {
            Ordering::Less => Err(ApprovedError::Truncated),
            Ordering::Equal => Ok(layout),
            Ordering::Greater => Err(ApprovedError::Damaged),
        }
    }

    /// Where everything is in bytes that were just written. Beyond what numbers can say there is nothing.
    pub(super) fn of_written(bytes: &[u8]) -> Self {
        Self::open(bytes).unwrap_or(Self {
            connections: 0..0,
            definitions: 0..0,
            connection_names: 0..0,
            names: 0..0,
            texts: 0..0,
        })
    }

    fn of(counts: [usize; COUNTS]) -> Option<Self> {
        let [connections, definitions, connection_names, names, texts] = counts;
        let mut at = HEAD_START + COUNTS * NUMBER;
        let mut next = |length: usize| {
            let start = at;
            at = at.checked_add(length)?;
            Some(start..at)
        };
        Some(Self {
            connections: next(connections.checked_mul(CONNECTION)?)?,
            definitions: next(definitions.checked_mul(DEFINITION)?)?,
            connection_names: next(connection_names)?,
            names: next(names)?,
            texts: next(texts)?,
        })
    }

    /// Where the texts are.
    #[cfg(test)]
    pub(super) const fn texts(&self) -> &Range<usize> {
        &self.texts
    }

    pub(super) fn connection(&self, bytes: &[u8], name: &str) -> Option<Connection> {
        let count = self.connections.len() / CONNECTION;
        let index = search(0..count, |index| {
            let end = entry(bytes, &self.connections, CONNECTION, index)?;
            let before = start(bytes, &self.connections, CONNECTION, index)?;
            within(bytes, &self.connection_names, before..number(end, 0)?)
                .map(|found| found.cmp(name.as_bytes()))
        })?;
        let found = entry(bytes, &self.connections, CONNECTION, index)?;
        let last = Kind::ALL.len() + 1;
        let start = match index.checked_sub(1) {
            Some(before) => number(entry(bytes, &self.connections, CONNECTION, before)?, last * NUMBER)?,
            None => 0,
        };
        let mut ends = [0; Kind::ALL.len()];
        for (kind, end) in ends.iter_mut().enumerate() {
            *end = number(found, (2 + kind) * NUMBER)?;
        }
        Some(Connection { start, kinds: number(found, NUMBER)?, ends })
    }

    pub(super) fn definition(
        &self,
        bytes: &[u8],
        connection: &Connection,
        kind: Kind,
        name: &str,
    ) -> Option<Member> {
        let table = &self.definitions;
        let index = search(connection.definitions(kind)?, |index| {
            let end = number(entry(bytes, table, DEFINITION, index)?, 0)?;
            let before = start(bytes, table, DEFINITION, index)?;
            within(bytes, &self.names, before..end).map(|found| found.cmp(name.as_bytes()))
        })?;
        let found = entry(bytes, table, DEFINITION, index)?;
        let text_start = match index.checked_sub(1) {
            Some(before) => number(entry(bytes, table, DEFINITION, before)?, NUMBER)?,
            None => 0,
        };
        let (digest, text_digest) = found.get(4 * NUMBER..)?.split_first_chunk::<32>()?;
        Some(Member {
            digest: DefinitionDigest::from_bytes(*digest),
            text_digest: text_digest.try_into().ok()?,
            text: text_start..number(found, NUMBER)?,
            schema: number(found, 2 * NUMBER)?..number(found, 3 * NUMBER)?,
        })
    }

    /// The definition itself, if its text is the one that was put in.
    pub(super) fn object(&self, bytes: &[u8], member: &Member) -> Option<Object<'static>> {
        let text = self.text(bytes, member)?;
        match json::parse(text, Bounds::answer(DEPTH)).ok()? {
            Json::Object(object) => Some(object.into_owned()),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => None,
        }
    }

    /// The schema in the text of a definition, if it has one. The outer `None` says that the text is damaged.
    pub(super) fn schema<'b>(&self, bytes: &'b [u8], member: &Member) -> Option<Option<&'b str>> {
        let text = self.text(bytes, member)?;
        if member.schema.is_empty() {
            return Some(None);
        }
        std::str::from_utf8(text.get(member.schema.clone())?).ok().map(Some)
    }

    fn text<'b>(&self, bytes: &'b [u8], member: &Member) -> Option<&'b [u8]> {
        let text = within(bytes, &self.texts, member.text.clone())?;
        (<[u8; 32]>::from(Sha256::digest(text)) == member.text_digest).then_some(text)
    }
}

impl Connection {
    pub(super) fn pins(&self, kind: Kind) -> bool {
        self.kinds & bit(kind) != 0
    }

    fn definitions(&self, kind: Kind) -> Option<Range<usize>> {
        let index = place(kind);
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => self.start,
        };
        Some(start..*self.ends.get(index)?)
    }
}

/// The place of a kind in tables.
pub(super) const fn place(kind: Kind) -> usize {
    match kind {
        Kind::Prompt => 0,
        Kind::Resource => 1,
        Kind::ResourceTemplate => 2,
        Kind::Tool => 3,
    }
}

/// The bit that says whether a kind is pinned.
pub(super) const fn bit(kind: Kind) -> usize {
    1 << place(kind)
}

/// The number at a place.
fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let number = bytes.get(at..at.checked_add(NUMBER)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(number)).ok()
}

/// One entry of a table whose entries have this size.
fn entry<'b>(bytes: &'b [u8], table: &Range<usize>, size: usize, index: usize) -> Option<&'b [u8]> {
    let start = index.checked_mul(size)?;
    within(bytes, table, start..start.checked_add(size)?)
}

/// Where the name of an entry starts: at the end of the name before.
fn start(bytes: &[u8], table: &Range<usize>, size: usize, index: usize) -> Option<usize> {
    match index.checked_sub(1) {
        Some(before) => number(entry(bytes, table, size, before)?, 0),
        None => Some(0),
    }
}

/// A part of an area.
fn within<'b>(bytes: &'b [u8], area: &Range<usize>, part: Range<usize>) -> Option<&'b [u8]> {
    bytes.get(area.clone())?.get(part)
}

/// Finds an entry of a sorted table.
fn search(range: Range<usize>, compare: impl Fn(usize) -> Option<Ordering>) -> Option<usize> {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low.midpoint(high);
        match compare(middle)? {
            Ordering::Less => low = middle + 1,
            Ordering::Equal => return Some(middle),
            Ordering::Greater => high = middle,
        }
    }
    None
}
