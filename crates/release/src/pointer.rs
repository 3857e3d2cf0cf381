//! Where to begin looking: a hint, and never more.

use std::fmt;

use portcullis_policy::{BundleDigest, Serial};

/// A serial that was the latest once, and what is needed to fetch its bundle before its entry was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// The serial.
    pub serial: Serial,
    /// The address of its bundle.
    pub bundle: BundleDigest,
    /// How long the bundle is, in bytes.
    pub length: usize,
}

impl Pointer {
    /// Reads what [`Pointer`] shows as; `None` for anything else, which is as good as no pointer.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut words = str::from_utf8(bytes).ok()?.split(' ');
        let (serial, bundle, length) = (words.next()?, words.next()?, words.next()?);
        let serial = serial.parse().ok().map(Serial)?;
        let pointer = Self { serial, bundle: BundleDigest::parse(bundle)?, length: length.parse().ok()? };
        words.next().is_none().then_some(pointer)
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { serial, bundle, length } = self;
        write!(f, "{serial} {bundle} {length}")
    }
}
