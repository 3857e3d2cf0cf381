//! Reading and writing bytes in order. Numbers are little-endian and take four bytes.

use std::ops::Range;

/// Bytes that are read in order.
#[derive(Debug)]
pub(super) struct Cursor<'b> {
    bytes: &'b [u8],
    position: usize,
}

impl<'b> Cursor<'b> {
    pub(super) const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    pub(super) const fn all(&self) -> &'b [u8] {
        self.bytes
    }

    pub(super) const fn position(&self) -> usize {
        self.position
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.position == self.bytes.len()
    }

    /// The place of the next so many bytes.
    pub(super) fn take(&mut self, length: usize) -> Option<Range<usize>> {
        let end = self.position.checked_add(length).filter(|end| *end <= self.bytes.len())?;
        let range = self.position..end;
        self.position = end;
        Some(range)
    }

    pub(super) fn number(&mut self) -> Option<usize> {
        let range = self.take(4)?;
        let number = self.bytes.get(range)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(number)).ok()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let range = self.take(1)?;
        self.bytes.get(range)?.first().copied()
    }

    pub(super) fn text(&mut self) -> Option<&'b str> {
        let length = self.number()?;
        let range = self.take(length)?;
        str::from_utf8(self.bytes.get(range)?).ok()
    }

    pub(super) fn array(&mut self) -> Option<[u8; 32]> {
        let range = self.take(32)?;
        self.bytes.get(range)?.try_into().ok()
    }
}

/// Bytes that are written in order.
#[derive(Debug, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Beyond 4 GiB, which no memory of a component holds, a number leads nowhere, and then the bytes cannot be opened.
    pub(super) fn number(&mut self, number: usize) {
        self.bytes(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len());
        self.bytes(text.as_bytes());
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}
