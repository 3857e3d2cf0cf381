//! Putting the bytes of a bundle together. The order of what is written is that in which
//! [`Contents`](super::contents::Contents) reads it.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::contents::{Group, head_digest, language};
use super::{FORMAT_WITHOUT_SECTIONS, MAGIC, SECTIONS_SINCE, Section};
use crate::digest::PolicySetDigest;
use crate::scope::{self, Part};
use crate::statement::Parsed;

/// A bundle of these policies, each with its text, and of these sections; `None` if it would be too large to be written.
///
/// What has no sections is written in the format that has none: there is one way to write a bundle, and versions that do
/// not know of sections can read whatever does not need them.
pub(crate) fn write(policies: &[(Parsed, &str)], sections: &[Section<'_>]) -> Option<Vec<u8>> {
    let by_id: BTreeMap<&str, &(Parsed, &str)> =
        policies.iter().map(|entry| (entry.0.policy.id().as_str(), entry)).collect();
    let texts: String = by_id.values().map(|(_, text)| *text).collect();
    let mut head = head(&by_id, &texts)?;
    let sections: BTreeMap<&str, &[u8]> =
        sections.iter().map(|section| (section.name, section.bytes)).collect();
    let format = if sections.is_empty() { FORMAT_WITHOUT_SECTIONS } else { SECTIONS_SINCE };
    if !sections.is_empty() {
        directory_into(&mut head, &sections)?;
    }
    let mut bytes = MAGIC.to_vec();
    let (major, minor) = language();
    for number in [usize::try_from(format).ok()?, major, minor, head.len()] {
        number_into(&mut bytes, number)?;
    }
    let digest = head_digest(&bytes, &head);
    let sections = sections.into_values().collect::<Vec<_>>().concat();
    Some([&bytes, digest.as_slice(), &head, texts.as_bytes(), &sections].concat())
}

/// Writes what sections there are, and what must be in them.
fn directory_into(head: &mut Vec<u8>, sections: &BTreeMap<&str, &[u8]>) -> Option<()> {
    number_into(head, sections.len())?;
    ends_into(head, sections.keys().map(|name| name.len()))?;
    ends_into(head, sections.values().map(|bytes| bytes.len()))?;
    sections.values().for_each(|bytes| head.extend(Sha256::digest(bytes)));
    sections.keys().for_each(|name| head.extend(name.as_bytes()));
    Some(())
}

fn head(by_id: &BTreeMap<&str, &(Parsed, &str)>, texts: &str) -> Option<Vec<u8>> {
    let policies = || by_id.values().map(|(parsed, _)| parsed);
    let files: BTreeSet<&str> = policies().map(|parsed| parsed.policy.file()).collect();
    let files: BTreeMap<&str, usize> = files.into_iter().zip(0..).collect();
    let postings = postings(policies());
    let keys: BTreeSet<&str> = postings.keys().map(|(key, _)| key.as_str()).collect();

    let set = policies().map(|parsed| (parsed.policy.id(), parsed.policy.digest()));
    let mut head = PolicySetDigest::of(set).as_bytes().to_vec();
    head.extend(Sha256::digest(texts));
    let n_postings = postings.values().map(Vec::len).sum();
    for number in [by_id.len(), files.len(), keys.len(), n_postings] {
        number_into(&mut head, number)?;
    }
    ends_into(&mut head, files.keys().map(|file| file.len()))?;
    ends_into(&mut head, by_id.keys().map(|id| id.len()))?;
    ends_into(&mut head, keys.iter().map(|key| key.len()))?;
    let lists = |part| keys.iter().map(move |key| ((*key).to_owned(), part));
    let lists = || Part::ALL.into_iter().flat_map(lists).map(|key| postings.get(&key));
    ends_into(&mut head, lists().map(|list| list.map_or(0, Vec::len)))?;
    for number in lists().flatten().flatten() {
        number_into(&mut head, *number)?;
    }
    ends_into(&mut head, by_id.values().map(|(_, text)| text.len()))?;
    for parsed in policies() {
        number_into(&mut head, *files.get(parsed.policy.file())?)?;
    }
    for parsed in policies() {
        number_into(&mut head, parsed.policy.line())?;
    }
    policies().for_each(|parsed| head.extend(parsed.policy.digest().as_bytes()));
    head.extend(policies().map(|parsed| Group::of(&parsed.policy).code()));
    for texts in
        [files.into_keys().collect::<String>(), by_id.keys().copied().collect(), keys.into_iter().collect()]
    {
        head.extend(texts.as_bytes());
    }
    Some(head)
}

/// The numbers of the policies that have a key, by key and part of the scope.
fn postings<'p>(policies: impl Iterator<Item = &'p Parsed>) -> BTreeMap<(String, Part), Vec<usize>> {
    let mut postings: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (number, parsed) in policies.enumerate() {
        for part in Part::ALL {
            let keys: BTreeSet<String> = scope::of_policy(&parsed.cedar, part).into_iter().collect();
            for key in keys {
                postings.entry((key, part)).or_default().push(number);
            }
        }
    }
    postings
}

/// Writes where each of some parts ends that lie one after the other.
fn ends_into(bytes: &mut Vec<u8>, lengths: impl Iterator<Item = usize>) -> Option<()> {
    let mut end = 0_usize;
    for length in lengths {
        end = end.checked_add(length)?;
        number_into(bytes, end)?;
    }
    Some(())
}

fn number_into(bytes: &mut Vec<u8>, number: usize) -> Option<()> {
    bytes.extend(u32::try_from(number).ok()?.to_le_bytes());
    Some(())
}
