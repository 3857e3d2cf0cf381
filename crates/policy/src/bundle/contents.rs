//! A bundle that was opened, read in place.

use std::fmt;
use std::ops::Range;

use cedar_policy as cedar;
use sha2::{Digest as _, Sha256};

use super::layout::{Cursor, Table, Texts};
use super::sections::Sections;
use super::{BundleDigest, BundleError, FORMAT, MAGIC, SECTIONS_SINCE, Section, VERSIONS_END};
use crate::annotations::Mode;
use crate::digest::{PolicyDigest, PolicySetDigest};
use crate::numbers::Numbers;
use crate::policy::{Effect, Policy, PolicyId};
use crate::scope::Part;
use crate::statement::Placed;

/// The policies that are evaluated together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// Enforced permits and hard forbids.
    Rules,
    /// Enforced soft forbids.
    Holds,
    /// Observed permits. Apart from the forbids, which would hide them in Cedar's answer.
    ObservedPermits,
    /// Observed forbids, hard and soft.
    ObservedForbids,
}

impl Group {
    const ALL: [Self; 4] = [Self::Rules, Self::Holds, Self::ObservedPermits, Self::ObservedForbids];

    pub(crate) const fn of(policy: &Policy) -> Self {
        match (policy.mode(), policy.effect(), policy.approval()) {
            (Mode::Enforce, Effect::Forbid, Some(_)) => Self::Holds,
            (Mode::Enforce, Effect::Forbid | Effect::Permit, _) => Self::Rules,
            (Mode::Observe, Effect::Forbid, _) => Self::ObservedForbids,
            (Mode::Observe, Effect::Permit, _) => Self::ObservedPermits,
        }
    }

    pub(crate) const fn mode(self) -> Mode {
        match self {
            Self::Rules | Self::Holds => Mode::Enforce,
            Self::ObservedPermits | Self::ObservedForbids => Mode::Observe,
        }
    }

    /// What its policies do. Rules are both; to forbid is the safe one of them.
    pub(crate) const fn effect(self) -> Effect {
        match self {
            Self::ObservedPermits => Effect::Permit,
            Self::Rules | Self::Holds | Self::ObservedForbids => Effect::Forbid,
        }
    }

    /// How the group is written in a bundle.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Rules => 0,
            Self::Holds => 1,
            Self::ObservedPermits => 2,
            Self::ObservedForbids => 3,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.code() == code)
    }
}

/// A bundle that was opened: its bytes, and where things are in them.
#[derive(Clone)]
pub(crate) struct Contents {
    bytes: Vec<u8>,
    set_digest: PolicySetDigest,
    texts_digest: [u8; 32],
    files: Texts,
    ids: Texts,
    keys: Texts,
    /// Where the numbers of the policies that have a key end in `postings`: all keys for the principal, then all
    /// for the action, then all for the resource.
    lists: Table,
    postings: Table,
    text_ends: Table,
    file_numbers: Table,
    lines: Table,
    digests: Range<usize>,
    groups: Range<usize>,
    texts: Range<usize>,
    sections: Sections,
}

impl Contents {
    /// Checks the preamble and the head of a bundle.
    pub(crate) fn open(bytes: Vec<u8>) -> Result<Self, BundleError> {
        let (format, head) = check_preamble(&bytes)?;
        let contents = Self::read(bytes, format, head).ok_or(BundleError::Damaged)?;
        let end = contents.sections.end(&contents.bytes).ok_or(BundleError::Damaged)?;
        if contents.bytes.len() < end {
            return Err(BundleError::Truncated);
        }
        if contents.bytes.len() > end || !contents.is_sound() {
            return Err(BundleError::Damaged);
        }
        Ok(contents)
    }

    fn read(bytes: Vec<u8>, format: u32, head: Range<usize>) -> Option<Self> {
        let mut cursor = Cursor::new(bytes.get(..head.end)?);
        cursor.take(head.start)?;
        let set_digest = PolicySetDigest::from_bytes(cursor.array()?);
        let texts_digest = cursor.array()?;
        let (n_policies, n_files, n_keys) = (cursor.number()?, cursor.number()?, cursor.number()?);
        let n_postings = cursor.number()?;
        let [files, ids, keys] = [cursor.table(n_files)?, cursor.table(n_policies)?, cursor.table(n_keys)?];
        let lists = cursor.table(n_keys.checked_mul(Part::ALL.len())?)?;
        let postings = cursor.table(n_postings)?;
        let text_ends = cursor.table(n_policies)?;
        let [file_numbers, lines] = [cursor.table(n_policies)?, cursor.table(n_policies)?];
        let digests = cursor.take(n_policies.checked_mul(DIGEST_LENGTH)?)?;
        let groups = cursor.take(n_policies)?;
        let [files, ids, keys] = [cursor.texts(files)?, cursor.texts(ids)?, cursor.texts(keys)?];
        let n_text_bytes = text_ends.last(&bytes)?;
        let texts = head.end..head.end.checked_add(n_text_bytes)?;
        let sections = match format {
            SECTIONS_SINCE.. => Sections::read(&mut cursor, texts.end)?,
            _ => Sections::none(texts.end),
        };
        if !cursor.is_at_end() {
            return None;
        }
        Some(Self {
            set_digest,
            texts_digest,
            files,
            ids,
            keys,
            lists,
            postings,
            text_ends,
            file_numbers,
            lines,
            digests,
            groups,
            texts,
            sections,
            bytes,
        })
    }

    /// Whether everything that is looked up will be there. What is not is treated as a policy that errs.
    fn is_sound(&self) -> bool {
        let (bytes, len) = (&self.bytes, self.len());
        self.files.are_sorted(bytes)
            && self.ids.are_sorted(bytes)
            && self.ids.iter(bytes).all(|id| id.is_some_and(PolicyId::fits))
            && self.keys.are_sorted(bytes)
            && (0..self.lists.len()).all(|list| self.lists.span(bytes, list).is_some())
            && self.lists.iter(bytes).last().unwrap_or_default() == self.postings.len()
            && self.postings.iter(bytes).all(|number| number < len)
            && self.file_numbers.iter(bytes).all(|file| file < self.files.len())
            && self.sections.are_sound(bytes)
            && (0..len).all(|number| self.placed(number).is_some() && self.group_of(number).is_some())
    }

    /// Whether every text and every section is the one that was put in. It takes as long as hashing all of them.
    pub(crate) fn is_intact(&self) -> bool {
        let texts = self.bytes.get(self.texts.clone()).unwrap_or_default();
        self.texts_digest == <[u8; 32]>::from(Sha256::digest(texts)) && self.sections.are_intact(&self.bytes)
    }

    /// A section, if it is the one that was put in; `None` if there is none of that name.
    pub(crate) fn section(&self, name: &str) -> Option<Result<&[u8], BundleError>> {
        self.sections.find(&self.bytes, name)
    }

    /// All sections, by name.
    pub(crate) fn sections(&self) -> impl Iterator<Item = Section<'_>> {
        self.sections.iter(&self.bytes)
    }

    pub(crate) fn digest(&self) -> BundleDigest {
        super::digest_in(&self.bytes)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// How many policies there are. Their numbers are below, in the order of their ids.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(crate) const fn set_digest(&self) -> PolicySetDigest {
        self.set_digest
    }

    pub(crate) fn id(&self, number: usize) -> Option<PolicyId> {
        PolicyId::parse(self.ids.get(&self.bytes, number)?)
    }

    pub(crate) fn number_of(&self, id: &str) -> Option<usize> {
        self.ids.find(&self.bytes, id.as_bytes())
    }

    pub(crate) fn group_of(&self, number: usize) -> Option<Group> {
        self.bytes.get(self.groups.clone())?.get(number).copied().and_then(Group::from_code)
    }

    pub(crate) fn digest_of(&self, number: usize) -> Option<PolicyDigest> {
        let start = number.checked_mul(DIGEST_LENGTH)?;
        let digest = self.bytes.get(self.digests.clone())?.get(start..start.checked_add(DIGEST_LENGTH)?)?;
        digest.try_into().ok().map(PolicyDigest::from_bytes)
    }

    /// The text of a policy.
    pub(crate) fn placed(&self, number: usize) -> Option<Placed<'_>> {
        let span = self.text_ends.span(&self.bytes, number)?;
        let text = self.bytes.get(self.texts.clone())?.get(span)?;
        Some(Placed {
            text: str::from_utf8(text).ok()?,
            file: self.files.get(&self.bytes, self.file_numbers.get(&self.bytes, number)?)?,
            line: self.lines.get(&self.bytes, number)?,
        })
    }

    /// The policies that have any of these keys in a part of their scope.
    pub(crate) fn with_any<'k>(&self, part: Part, keys: impl IntoIterator<Item = &'k String>) -> Numbers {
        let mut numbers = Numbers::default();
        for key in keys {
            numbers.extend(self.with_key(part, key));
        }
        numbers
    }

    /// Whether any policy has this key in some part of its scope.
    pub(crate) fn has_key(&self, key: &[u8]) -> bool {
        self.keys.find(&self.bytes, key).is_some()
    }

    /// The policies that have this key in a part of their scope.
    pub(crate) fn with_key(&self, part: Part, key: &str) -> impl Iterator<Item = usize> {
        let list = self.keys.find(&self.bytes, key.as_bytes()).and_then(|key| {
            let before = Part::ALL.iter().take_while(|earlier| **earlier != part).count();
            self.lists.span(&self.bytes, before * self.keys.len() + key)
        });
        list.unwrap_or_default().filter_map(|index| self.postings.get(&self.bytes, index))
    }
}

/// Checks what is before the head, and finds the format and the head.
fn check_preamble(bytes: &[u8]) -> Result<(u32, Range<usize>), BundleError> {
    let magic = bytes.get(..MAGIC.len().min(bytes.len())).unwrap_or_default();
    if !MAGIC.starts_with(magic) || bytes.is_empty() {
        return Err(BundleError::NotABundle);
    }
    let mut cursor = Cursor::new(bytes);
    let versions = cursor.take(MAGIC.len()).and_then(|_| cursor.array());
    let found = versions.map(u32::from_le_bytes).ok_or(BundleError::Truncated)?;
    if found > FORMAT {
        return Err(BundleError::NewerFormat { found });
    }
    let (major, minor) = cursor.number().zip(cursor.number()).ok_or(BundleError::Truncated)?;
    let head_length = cursor.number().ok_or(BundleError::Truncated)?;
    let digest: [u8; 32] = cursor.array().ok_or(BundleError::Truncated)?;
    let head = cursor.take(head_length).ok_or(BundleError::Truncated)?;
    let preamble = bytes.get(..VERSIONS_END).unwrap_or_default();
    let is_intact = digest == head_digest(preamble, bytes.get(head.clone()).unwrap_or_default());
    if !is_intact || found == 0 {
        return Err(BundleError::Damaged);
    }
    if (major, minor) > language() {
        return Err(BundleError::NewerLanguage { major, minor });
    }
    Ok((found, head))
}

pub(super) fn head_digest(preamble: &[u8], head: &[u8]) -> [u8; 32] {
    Sha256::new_with_prefix(b"portcullis bundle\0")
        .chain_update(preamble)
        .chain_update(head)
        .finalize()
        .into()
}

/// The version of Cedar's language that policies are read in.
pub(super) fn language() -> (usize, usize) {
    let version = cedar::get_lang_version();
    let number = |part| usize::try_from(part).unwrap_or(usize::MAX);
    (number(version.major), number(version.minor))
}

impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contents").field("set", &self.set_digest).finish_non_exhaustive()
    }
}

const DIGEST_LENGTH: usize = 32;
