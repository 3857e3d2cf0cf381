//! Opening the bytes.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::automaton::Table;
use super::layout::Cursor;
use super::place::{Path, Paths, Step, Target};
use super::{Custom, CustomError, Detector, FORMAT, Filter, Kind, MAGIC, REST_START, Validator, encode};
use crate::Class;
use crate::finding::Confidence;

pub(super) fn open(bytes: Arc<[u8]>) -> Result<Custom, CustomError> {
    check_preamble(&bytes)?;
    let mut cursor = Cursor::new(&bytes);
    read(&mut cursor, Arc::clone(&bytes)).ok_or(CustomError::Damaged)
}

/// Checks what is before the rest, and that the rest is what was written.
fn check_preamble(bytes: &[u8]) -> Result<(), CustomError> {
    let magic = bytes.get(..MAGIC.len().min(bytes.len())).unwrap_or_default();
    if !MAGIC.starts_with(magic) || bytes.is_empty() {
        return Err(CustomError::NotDetectors);
    }
    let mut cursor = Cursor::new(bytes);
    let found = cursor.take(MAGIC.len()).and_then(|_| cursor.number()).ok_or(CustomError::Truncated)?;
    let found = u32::try_from(found).unwrap_or(u32::MAX);
    if found > FORMAT {
        return Err(CustomError::NewerFormat { found });
    }
    let digest = cursor.array().ok_or(CustomError::Truncated)?;
    let length = cursor.number().ok_or(CustomError::Truncated)?;
    let end = cursor.position().checked_add(length).ok_or(CustomError::Damaged)?;
    if bytes.len() < end {
        return Err(CustomError::Truncated);
    }
    let rest = bytes.get(REST_START..).unwrap_or_default();
    let is_intact = found != 0 && bytes.len() == end && <[u8; 32]>::from(Sha256::digest(rest)) == digest;
    if is_intact { Ok(()) } else { Err(CustomError::Damaged) }
}

fn read(cursor: &mut Cursor<'_>, bytes: Arc<[u8]>) -> Option<Custom> {
    cursor.take(REST_START + 4)?;
    let source = cursor.array()?;
    let (n_detectors, n_paths, n_filters) = (cursor.number()?, cursor.number()?, cursor.number()?);
    let mut paths = Paths::default();
    for _ in 0..n_paths {
        let kind = kind(cursor)?;
        paths.add(path(cursor)?, kind)?;
    }
    let detectors = (0..n_detectors).map(|_| detector(cursor)).collect::<Option<Vec<_>>>()?;
    let filters = (0..n_filters).map(|_| filter(cursor, n_detectors)).collect::<Option<Vec<_>>>()?;
    cursor.is_at_end().then_some(Custom { bytes, source, detectors, filters, paths })
}

fn kind(cursor: &mut Cursor<'_>) -> Option<Kind> {
    let class = Class::custom(cursor.text()?);
    let code = cursor.byte()?;
    let all = [Confidence::Low, Confidence::Medium, Confidence::High];
    let confidence = all.into_iter().find(|confidence| encode::code(*confidence) == code)?;
    Some(Kind { class, confidence })
}

fn path(cursor: &mut Cursor<'_>) -> Option<Path> {
    let n_steps = cursor.number()?;
    let mut steps = Vec::new();
    for _ in 0..n_steps {
        let is_deep = flag(cursor.byte()?)?;
        let target = match cursor.byte()? {
            encode::ANY => Target::Any,
            encode::ITEM => Target::Item(cursor.number()?),
            encode::MEMBER => Target::Member(cursor.text()?.to_owned()),
            _ => return None,
        };
        steps.push(Step { is_deep, target });
    }
    Some(Path(steps))
}

fn detector(cursor: &mut Cursor<'_>) -> Option<Detector> {
    let kind = kind(cursor)?;
    let is_words = flag(cursor.byte()?)?;
    let validator = match cursor.byte()? {
        0 => None,
        code => Some(Validator::of_code(code)?),
    };
    let n_cues = cursor.number()?;
    let mut context = Vec::new();
    for _ in 0..n_cues {
        context.push(cursor.text()?.to_owned());
    }
    if !context.is_sorted() {
        return None;
    }
    let (forward, backward) = (Table::read(cursor)?, Table::read(cursor)?);
    Some(Detector { kind, forward, backward, is_words, context, validator })
}

fn filter(cursor: &mut Cursor<'_>, n_detectors: usize) -> Option<Filter> {
    let n = cursor.number().filter(|n| *n <= encode::MOST_JOINED)?;
    let detectors = (0..n).map(|_| cursor.number().filter(|number| *number < n_detectors));
    let detectors = detectors.collect::<Option<Vec<_>>>()?;
    Some(Filter { table: Table::read(cursor)?, detectors })
}

const fn flag(byte: u8) -> Option<bool> {
    match byte {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}
