//! Reads all records in a copy of a store.

use std::collections::BTreeMap;

use crate::chain::{Access, ChainReader, Read, ReadError, Segment, SegmentId};
use crate::key::{AppName, Key};
use crate::record::Record;
use crate::recording::WrappingKeys;

/// The records in the values of a store, by their keys, chain by chain in the order in which they were written, each with
/// the segment in which it ends. What was erased is left out, and so is every value that is no segment of this
/// application.
///
/// All of it is in memory at once, and nothing is verified: for an export and for what is too large, see
/// [`Verifier`](crate::Verifier).
///
/// # Errors
/// [`ReadError`]: a segment is missing before one that is there, or a record cannot be read.
pub fn records_in(
    app: &AppName,
    keys: &WrappingKeys,
    values: &BTreeMap<String, Vec<u8>>,
) -> Result<Vec<(SegmentId, Record)>, ReadError> {
    let parsed = values.values().filter_map(|value| Segment::parse(value).ok());
    let ours = parsed.filter(|segment| segment.header().app == *app);
    let segments: BTreeMap<SegmentId, Segment<'_>> =
        ours.map(|segment| (segment.header().id, segment)).collect();
    let mut readers = BTreeMap::new();
    let mut records = Vec::new();
    for (id @ SegmentId { chain, .. }, segment) in &segments {
        let reader = readers.entry(*chain).or_insert_with(|| ChainReader::new(app.clone(), *chain));
        for recording in reader.wanted(segment) {
            let value = values.get(Key::recording(app, recording, *chain).as_str());
            reader.allow(recording, Access::of(value.map(Vec::as_slice), (recording, *chain), keys)?);
        }
        records.extend(reader.read(segment)?.into_iter().filter_map(|read| match read {
            Read::Erased(_) => None,
            Read::Record(_, record) => Some((*id, *record)),
        }));
    }
    Ok(records)
}
