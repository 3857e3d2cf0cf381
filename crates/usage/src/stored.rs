//! What stands in the store, and its encoding.
//!
//! A value is a version, a kind and its parts, in one way only: classes and digests ascend, numbers are big-endian,
//! nothing follows. So equal usage is equal bytes, whoever writes it, and what decodes was encoded here or is as good.

use std::collections::BTreeMap;

use portcullis_settings::ClassName;

use crate::bucket::{Bucket, Counts, Totals};
use crate::class::PerClass;
use crate::sketch::Sketch;
use crate::time::SLICES;

const VERSION: u8 = 1;

const OPEN: u8 = b'o';
const SHARE: u8 = b's';
const MINUTE: u8 = b'm';
const HOUR: u8 = b'h';

/// A value of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// The total of an hour.
    Hour(Totals),
    /// The total of a minute.
    Minute(Bucket),
    /// That a minute or an hour was used, and has no total yet.
    Open,
    /// What one instance has counted in a minute, as of a revision of it.
    Share {
        /// How often the instance had changed its share.
        revision: u32,
        /// The share.
        bucket: Bucket,
    },
}

/// Why a value of the store cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not what this crate writes.
    #[error("a value of usage is damaged")]
    Damaged,
    /// Written by a newer version of this crate.
    #[error("a value of usage has format {0}, which this version does not know; update every instance")]
    Newer(u8),
}

impl Stored {
    /// The value's one encoding; at most [`MAX_VALUE_BYTES`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        match self {
            Self::Open => out.push(OPEN),
            Self::Share { revision, bucket } => {
                out.push(SHARE);
                out.extend(revision.to_be_bytes());
                put_bucket(&mut out, bucket);
            }
            Self::Minute(bucket) => {
                out.push(MINUTE);
                put_bucket(&mut out, bucket);
            }
            Self::Hour(totals) => {
                out.push(HOUR);
                put_counts(&mut out, &totals.counts);
                put_per_class(&mut out, &totals.distinct, put_sketch);
            }
        }
        out
    }

    /// Reads a value.
    ///
    /// # Errors
    /// [`DecodeError::Newer`] for a format that is not known yet, [`DecodeError::Damaged`] for everything else that
    /// [`Stored::encode`] does not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        match bytes {
            [version, ..] if *version > VERSION => Err(DecodeError::Newer(*version)),
            [VERSION, kind, rest @ ..] => decode(*kind, rest).ok_or(DecodeError::Damaged),
            _ => Err(DecodeError::Damaged),
        }
    }
}

/// The longest encoding: six slices with all classes, and full sketches of all classes. A store takes 256 KiB.
pub const MAX_VALUE_BYTES: usize = 144 * 1024;

fn put_bucket(out: &mut Vec<u8>, bucket: &Bucket) {
    let Bucket { slices, distinct } = bucket;
    put_length(out, slices.len());
    for (slice, counts) in slices {
        out.push(*slice);
        put_counts(out, counts);
    }
    put_per_class(out, distinct, put_sketch);
}

fn put_counts(out: &mut Vec<u8>, counts: &Counts) {
    let Counts { calls, denials, bytes_out, items_out, findings } = counts;
    for n in [calls, denials, bytes_out, items_out] {
        out.extend(n.to_be_bytes());
    }
    put_per_class(out, findings, |out, n| out.extend(n.to_be_bytes()));
}

fn put_per_class<T: Default>(out: &mut Vec<u8>, values: &PerClass<T>, put: impl Fn(&mut Vec<u8>, &T)) {
    out.push(values.has_dropped().into());
    put_length(out, values.iter().len());
    for (class, value) in values.iter() {
        put_length(out, class.as_str().len());
        out.extend(class.as_str().as_bytes());
        put(out, value);
    }
}

fn put_sketch(out: &mut Vec<u8>, sketch: &Sketch) {
    out.push(sketch.has_dropped().into());
    out.extend(u16::try_from(sketch.digests().len()).unwrap_or(u16::MAX).to_be_bytes());
    for digest in sketch.digests() {
        out.extend(digest.to_be_bytes());
    }
}

/// Lengths here are bounded far below 255: slices, classes, and the bytes of a class's name.
fn put_length(out: &mut Vec<u8>, length: usize) {
    out.push(u8::try_from(length).unwrap_or(u8::MAX));
}

fn decode(kind: u8, rest: &[u8]) -> Option<Stored> {
    let mut reader = Reader(rest);
    let stored = match kind {
        OPEN => Stored::Open,
        SHARE => Stored::Share { revision: u32::from_be_bytes(reader.take()?), bucket: reader.bucket()? },
        MINUTE => Stored::Minute(reader.bucket()?),
        HOUR => {
            Stored::Hour(Totals { counts: reader.counts()?, distinct: reader.per_class(Reader::sketch)? })
        }
        _ => return None,
    };
    reader.0.is_empty().then_some(stored)
}

/// What is left of a value.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn bucket(&mut self) -> Option<Bucket> {
        let mut slices = BTreeMap::new();
        for _ in 0..self.byte()? {
            let slice = self.byte()?;
            let ascends = slices.last_key_value().is_none_or(|(last, _)| *last < slice);
            if slice >= SLICES || !ascends {
                return None;
            }
            slices.insert(slice, self.counts()?);
        }
        Some(Bucket { slices, distinct: self.per_class(Self::sketch)? })
    }

    fn counts(&mut self) -> Option<Counts> {
        Some(Counts {
            calls: self.number()?,
            denials: self.number()?,
            bytes_out: self.number()?,
            items_out: self.number()?,
            findings: self.per_class(Self::number)?,
        })
    }

    fn per_class<T: Default>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<PerClass<T>> {
        let dropped = self.flag()?;
        let mut parts = Vec::new();
        for _ in 0..self.byte()? {
            let class = self.class()?;
            parts.push((class, read(self)?));
        }
        PerClass::from_parts(parts, dropped)
    }

    fn class(&mut self) -> Option<ClassName> {
        let length = self.byte()?;
        let (name, rest) = self.0.split_at_checked(length.into())?;
        self.0 = rest;
        std::str::from_utf8(name).ok()?.parse().ok()
    }

    fn sketch(&mut self) -> Option<Sketch> {
        let dropped = self.flag()?;
        let length = u16::from_be_bytes(self.take()?);
        let digests: Option<Vec<u64>> = (0..length).map(|_| self.number()).collect();
        Sketch::from_parts(&digests?, dropped)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn byte(&mut self) -> Option<u8> {
        self.take().map(|[byte]: [u8; 1]| byte)
    }

    fn number(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }
}

#[cfg(test)]
mod tests {
    use portcullis_ledger::UnixMillis;
    use proptest::prelude::*;

    use super::*;
    use crate::bucket::Amounts;
    use crate::class::CLASSES;
    use crate::key::ValueDigest;
    use crate::sketch::K;

    fn bucket(seeds: &[(u64, u64)]) -> Bucket {
        let mut bucket = Bucket::default();
        for (at, n) in seeds {
            let class: ClassName = format!("c.{}", n % 20).parse().unwrap();
            let amounts = Amounts {
                calls: n % 3,
                denials: n % 2,
                bytes_out: *n,
                items_out: n % 7,
                findings: BTreeMap::from([(class.clone(), *n)]),
                values: vec![(class, ValueDigest(*n))],
            };
            bucket.add(&amounts, UnixMillis(*at));
        }
        bucket
    }

    fn stored(seeds: &[(u64, u64)]) -> [Stored; 4] {
        let bucket = bucket(seeds);
        let mut totals = Totals::default();
        totals.add(&bucket);
        [
            Stored::Open,
            Stored::Share { revision: 7, bucket: bucket.clone() },
            Stored::Minute(bucket),
            Stored::Hour(totals),
        ]
    }

    #[test]
    fn the_longest_value_fits_every_store() {
        let mut bucket = Bucket::default();
        for class in 0..=CLASSES {
            let class: ClassName = format!("{class:02}{}", "c".repeat(61)).parse().unwrap();
            let values = (0..=K as u64).map(|n| (class.clone(), ValueDigest(n))).collect();
            let amounts = Amounts { findings: BTreeMap::from([(class, 1)]), values, ..Amounts::default() };
            (0..6).for_each(|slice| bucket.add(&amounts, UnixMillis(slice * 10_000)));
        }
        let stored = Stored::Share { revision: u32::MAX, bucket };
        let bytes = stored.encode();
        assert!((130 * 1024..=MAX_VALUE_BYTES).contains(&bytes.len()), "{}", bytes.len());
        assert_eq!(Stored::decode(&bytes), Ok(stored));
    }

    #[test]
    fn a_newer_format_is_told_from_damage() {
        assert_eq!(Stored::decode(&[2, b'o']), Err(DecodeError::Newer(2)));
        for bytes in [&[][..], &[0], &[1], &[1, b'x'], &[1, b'o', 0], &[0, b'o'], b"5"] {
            assert!(Stored::decode(bytes).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn values_decode_to_what_was_encoded(seeds in proptest::collection::vec((0_u64..60_000, any::<u64>()), 0..60)) {
            for stored in stored(&seeds) {
                prop_assert_eq!(Stored::decode(&stored.encode()), Ok(stored));
            }
        }

        #[test]
        fn any_bytes_decode_to_what_encodes_to_them_or_not_at_all(bytes: Vec<u8>) {
            if let Ok(stored) = Stored::decode(&bytes) {
                prop_assert_eq!(stored.encode(), bytes);
            }
        }

        #[test]
        fn changed_bytes_decode_to_what_encodes_to_them_or_not_at_all(
            seeds in proptest::collection::vec((0_u64..60_000, 0_u64..300), 0..12),
            kind in 0_usize..4,
            place: prop::sample::Index,
            byte: u8,
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let mut bytes = stored(&seeds)[kind].encode();
            let place = place.index(bytes.len());
            bytes[place] = byte;
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            if let Ok(stored) = Stored::decode(&bytes) {
                prop_assert_eq!(stored.encode(), bytes);
            }
        }
    }
}
