//! What a bundle holds besides policies: named sections, whose bytes mean something to others only.
//!
//! The head has their names, ends and digests, so the address of a bundle covers them. A section is checked against its
//! digest when it is asked for: opening a bundle must not take longer because of what lies in it.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

use super::BundleError;
use super::layout::{Cursor, Table, Texts};

/// What goes into a bundle besides policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Section<'s> {
    /// Its name: 1 to 32 of `a-z 0-9 -`.
    pub name: &'s str,
    /// What is in it. Only whoever put it in knows what it means.
    pub bytes: &'s [u8],
}

/// Where sections are in the bytes of a bundle.
#[derive(Clone, Debug)]
pub(super) struct Sections {
    names: Option<Texts>,
    ends: Option<Table>,
    digests: Range<usize>,
    /// Where the first one begins.
    start: usize,
}

impl Sections {
    /// There are none; the bundle ends at `start`.
    pub(super) const fn none(start: usize) -> Self {
        Self { names: None, ends: None, digests: 0..0, start }
    }

    /// Reads where they are; the first one begins at `start`.
    pub(super) fn read(cursor: &mut Cursor<'_>, start: usize) -> Option<Self> {
        let n_sections = cursor.number()?;
        let [names, ends] = [cursor.table(n_sections)?, cursor.table(n_sections)?];
        let digests = cursor.take(n_sections.checked_mul(DIGEST_LENGTH)?)?;
        Some(Self { names: Some(cursor.texts(names)?), ends: Some(ends), digests, start })
    }

    /// Where the last one ends.
    pub(super) fn end(&self, bytes: &[u8]) -> Option<usize> {
        let length = self.ends.as_ref().map_or(Some(0), |ends| ends.last(bytes))?;
        self.start.checked_add(length)
    }

    /// Whether everything that is looked up will be there.
    pub(super) fn are_sound(&self, bytes: &[u8]) -> bool {
        let names = self.names.as_ref();
        names.is_none_or(|names| {
            names.are_sorted(bytes) && names.iter(bytes).all(|name| name.is_some_and(fits))
        }) && (0..self.len()).all(|index| self.get(bytes, index).is_some())
    }

    /// Whether each is the one that was put in.
    pub(super) fn are_intact(&self, bytes: &[u8]) -> bool {
        (0..self.len()).all(|index| self.checked(bytes, index).is_some())
    }

    pub(super) fn find<'b>(&self, bytes: &'b [u8], name: &str) -> Option<Result<&'b [u8], BundleError>> {
        let index = self.names.as_ref()?.find(bytes, name.as_bytes())?;
        Some(self.checked(bytes, index).ok_or(BundleError::Damaged))
    }

    pub(super) fn iter<'b>(&self, bytes: &'b [u8]) -> impl Iterator<Item = Section<'b>> {
        (0..self.len()).filter_map(move |index| {
            Some(Section { name: self.names.as_ref()?.get(bytes, index)?, bytes: self.get(bytes, index)? })
        })
    }

    fn len(&self) -> usize {
        self.ends.as_ref().map_or(0, Table::len)
    }

    fn get<'b>(&self, bytes: &'b [u8], index: usize) -> Option<&'b [u8]> {
        bytes.get(self.start..)?.get(self.ends.as_ref()?.span(bytes, index)?)
    }

    fn checked<'b>(&self, bytes: &'b [u8], index: usize) -> Option<&'b [u8]> {
        let section = self.get(bytes, index)?;
        let start = index.checked_mul(DIGEST_LENGTH)?;
        let digest = bytes.get(self.digests.clone())?.get(start..start.checked_add(DIGEST_LENGTH)?)?;
        (*digest == Sha256::digest(section)[..]).then_some(section)
    }
}

/// Whether a text can be the name of a section.
pub(super) fn fits(name: &str) -> bool {
    let is_allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_allowed)
}

const DIGEST_LENGTH: usize = 32;
const LONGEST_NAME: usize = 32;
