//! Where things are in the bytes of a bundle, and reading them in place.
//!
//! Nothing is decoded when a bundle is opened: with a thousand policies that would cost more than answering the
//! question that an instance was started for. So tables have entries of one size, texts lie one after the other
//! with their ends in a table, and whatever is looked up by text is sorted. All numbers are little-endian.

use std::cmp::Ordering;
use std::ops::Range;

/// Takes one part after the other from the front of some bytes.
#[derive(Debug)]
pub(super) struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
}

/// Numbers of four bytes.
#[derive(Clone, Debug)]
pub(super) struct Table(Range<usize>);

/// Texts, by number.
#[derive(Clone, Debug)]
pub(super) struct Texts {
    ends: Table,
    bytes: Range<usize>,
}

impl<'b> Cursor<'b> {
    pub(super) const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn take(&mut self, length: usize) -> Option<Range<usize>> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len())?;
        let start = std::mem::replace(&mut self.at, end);
        Some(start..end)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let range = self.take(N)?;
        self.bytes.get(range)?.try_into().ok()
    }

    pub(super) fn number(&mut self) -> Option<usize> {
        self.array().map(u32::from_le_bytes).and_then(|number| usize::try_from(number).ok())
    }

    pub(super) fn table(&mut self, length: usize) -> Option<Table> {
        self.take(length.checked_mul(ENTRY)?).map(Table)
    }

    /// The texts whose ends are in this table.
    pub(super) fn texts(&mut self, ends: Table) -> Option<Texts> {
        let length = ends.last(self.bytes)?;
        Some(Texts { ends, bytes: self.take(length)? })
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.0.len() / ENTRY
    }

    pub(super) fn get(&self, bytes: &[u8], index: usize) -> Option<usize> {
        let start = self.0.start.checked_add(index.checked_mul(ENTRY)?)?;
        let end = start.checked_add(ENTRY).filter(|end| *end <= self.0.end)?;
        let number = bytes.get(start..end)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(number)).ok()
    }

    /// The last number; 0 if there is none.
    pub(super) fn last(&self, bytes: &[u8]) -> Option<usize> {
        self.len().checked_sub(1).map_or(Some(0), |last| self.get(bytes, last))
    }

    /// What lies between the end before this one and this one.
    pub(super) fn span(&self, bytes: &[u8], index: usize) -> Option<Range<usize>> {
        let start = index.checked_sub(1).map_or(Some(0), |before| self.get(bytes, before))?;
        let end = self.get(bytes, index)?;
        (start <= end).then_some(start..end)
    }

    pub(super) fn iter<'b>(&self, bytes: &'b [u8]) -> impl Iterator<Item = usize> + 'b {
        let table = bytes.get(self.0.clone()).unwrap_or_default();
        let (entries, _) = table.as_chunks::<ENTRY>();
        entries.iter().filter_map(|entry| usize::try_from(u32::from_le_bytes(*entry)).ok())
    }
}

impl Texts {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get<'b>(&self, bytes: &'b [u8], index: usize) -> Option<&'b str> {
        str::from_utf8(self.bytes_of(bytes, index)?).ok()
    }

    fn bytes_of<'b>(&self, bytes: &'b [u8], index: usize) -> Option<&'b [u8]> {
        let span = self.ends.span(bytes, index)?;
        bytes.get(self.bytes.clone())?.get(span)
    }

    pub(super) fn iter<'b>(&self, bytes: &'b [u8]) -> impl Iterator<Item = Option<&'b str>> {
        (0..self.len()).map(move |index| self.get(bytes, index))
    }

    /// The number of a text, if the texts are sorted.
    pub(super) fn find(&self, bytes: &[u8], text: &[u8]) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match compare(self.bytes_of(bytes, middle)?, text) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Some(middle),
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Whether each text can be read and comes after the one before it.
    pub(super) fn are_sorted(&self, bytes: &[u8]) -> bool {
        let mut before = None;
        self.iter(bytes).all(|text| {
            let follows = text.is_some() && before < text;
            before = text;
            follows
        })
    }
}

/// The order of two texts. WebAssembly compares byte by byte where the library does; names of tools begin alike.
fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let (left_words, _) = left.as_chunks::<WORD>();
    let (right_words, _) = right.as_chunks::<WORD>();
    let differ = left_words.iter().zip(right_words).find(|(left, right)| left != right);
    let shared = left_words.len().min(right_words.len()) * WORD;
    match differ {
        Some((left, right)) => u64::from_be_bytes(*left).cmp(&u64::from_be_bytes(*right)),
        None => left.get(shared..).cmp(&right.get(shared..)),
    }
}

const WORD: usize = size_of::<u64>();

/// The bytes of an entry of a table.
const ENTRY: usize = 4;

#[cfg(test)]
mod tests {
    use super::compare;

    proptest::proptest! {
        #[test]
        fn texts_have_the_order_of_their_bytes(left in "[ab]{0,20}", right in "[ab]{0,20}") {
            proptest::prop_assert_eq!(compare(left.as_bytes(), right.as_bytes()), left.cmp(&right));
        }
    }
}
