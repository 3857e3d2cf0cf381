//! Reading what the ledger writes in binary: fixed fields in order, numbers with the highest byte first.
//!
//! Every read may find that too little is there, and [`Reader::end`] that too much is: so nothing is read two ways.

/// Bytes that are not what this release writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

/// The bytes that are not read yet.
#[derive(Debug)]
pub(crate) struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    pub(crate) const fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let (array, rest) = self.0.split_first_chunk().ok_or(Unreadable)?;
        self.0 = rest;
        Ok(*array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Unreadable> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Unreadable> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Unreadable> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Unreadable> {
        self.array().map(u64::from_be_bytes)
    }

    /// The next `n` bytes.
    pub(crate) fn take(&mut self, n: u32) -> Result<&'b [u8], Unreadable> {
        let n = usize::try_from(n).map_err(|_| Unreadable)?;
        let (taken, rest) = self.0.split_at_checked(n).ok_or(Unreadable)?;
        self.0 = rest;
        Ok(taken)
    }

    /// A text after its length in one byte, as [`put_name`] writes it.
    pub(crate) fn name(&mut self) -> Result<&'b str, Unreadable> {
        let length = self.u8()?;
        std::str::from_utf8(self.take(u32::from(length))?).map_err(|_| Unreadable)
    }

    pub(crate) const fn end(&self) -> Result<(), Unreadable> {
        if self.0.is_empty() { Ok(()) } else { Err(Unreadable) }
    }
}

/// Writes a name of an application or of a key. Both are at most 64 bytes long.
pub(crate) fn put_name(out: &mut Vec<u8>, name: &str) {
    out.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
    out.extend(name.as_bytes());
}

/// A length as formats have it. No value has more than 256 KiB.
pub(crate) fn length(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
