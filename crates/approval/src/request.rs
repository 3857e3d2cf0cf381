//! What is asked: a call, a group for a time, or a definition; what must be approved; and what reviewers are shown.

use std::collections::BTreeSet;

use portcullis_ledger::{KeyedDigest, UnixMillis};
use portcullis_settings::ConnectionName;

use crate::digest::ContentDigest;
use crate::id::RequestId;
use crate::name::{GroupName, Reason};
use crate::person::Requester;
use crate::requirement::Requirements;
use crate::time::later;

/// What somebody wants to do. A grant holds for exactly this.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// To be in a group for a time.
    Access(Access),
    /// To make a call.
    Call(Operation),
    /// That a definition of an upstream counts as approved, for everybody.
    Definition(Definition),
}

/// One call with these very arguments.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// Who calls.
    pub requester: Requester,
    /// Where.
    pub connection: ConnectionName,
    /// The JSON-RPC method.
    pub method: String,
    /// The tool, the prompt or the URI.
    pub name: String,
    /// The digest of the canonical arguments, from [`Vault::arguments`](crate::Vault::arguments).
    pub arguments: KeyedDigest,
    /// The digest of the definition that is called, if there is one.
    pub definition: Option<ContentDigest>,
}

/// Membership in one group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// Who would be in it.
    pub requester: Requester,
    /// Which group.
    pub group: GroupName,
}

/// A definition that differs from its pin, or has none. Everybody who calls it asks for the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Definition {
    /// Who called it first. Nothing is bound to them; they do not approve it.
    pub requester: Requester,
    /// Whose definition it is.
    pub connection: ConnectionName,
    /// What is defined, such as `tool`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The digest of the definition.
    pub digest: ContentDigest,
    /// The digest of what is pinned under the name, if anything is.
    pub pinned: Option<ContentDigest>,
}

/// What is asked for, and what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What somebody wants to do.
    pub subject: Subject,
    /// What must be approved before.
    pub requirements: Requirements,
}

/// A request for approval, as it was written once. Nothing about it changes later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its name.
    pub id: RequestId,
    /// What is asked for, and what it needs.
    pub asked: Asked,
    /// When it was asked.
    pub created: UnixMillis,
    /// What reviewers are shown besides.
    pub context: Context,
}

/// What reviewers are shown. None of it is unmasked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The arguments, masked; of a definition, the definition.
    pub arguments: MaskedText,
    /// The classes found in the call, such as `sql.destructive`.
    pub labels: BTreeSet<String>,
    /// The reasons of the policies, by policy; of a definition, in what it differs from its pin.
    pub reasons: Vec<String>,
    /// Why the requester asks.
    pub note: Option<Reason>,
}

/// The start of a text that was masked before, and how much of it is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MaskedText {
    pub(crate) text: String,
    pub(crate) n_omitted: u64,
}

impl Subject {
    /// Who asks; about a definition, who was the first to.
    #[must_use]
    pub const fn requester(&self) -> &Requester {
        match self {
            Self::Access(access) => &access.requester,
            Self::Call(operation) => &operation.requester,
            Self::Definition(definition) => &definition.requester,
        }
    }
}

impl Request {
    /// When nobody can approve it any more.
    #[must_use]
    pub fn deadline(&self) -> UnixMillis {
        later(self.created, self.asked.requirements.ttl())
    }
}

impl MaskedText {
    /// As much of a masked text as a request can hold: what takes 96 KiB in JSON.
    #[must_use]
    pub fn of(masked: &str) -> Self {
        let mut used = 0;
        let fits = |(_, character): &(usize, char)| {
            used += length_in_json(*character);
            used <= LONGEST_ARGUMENTS
        };
        let last = masked.char_indices().take_while(fits).last();
        let end = last.map_or(0, |(start, character)| start + character.len_utf8());
        let text = masked.get(..end).unwrap_or_default().to_owned();
        let n_omitted = u64::try_from(masked.len() - text.len()).unwrap_or(u64::MAX);
        Self { text, n_omitted }
    }

    /// What is kept of the text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many bytes are missing after it. Tell reviewers: what they do not see, they do not review.
    #[must_use]
    pub const fn n_omitted(&self) -> u64 {
        self.n_omitted
    }
}

fn length_in_json(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        plain => plain.len_utf8(),
    }
}

const LONGEST_ARGUMENTS: usize = 96 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_arguments_are_cut_at_a_character_and_say_so() {
        for (name, text) in
            [("plain", "a".repeat(200_000)), ("wide", "é".repeat(90_000)), ("nul", "\0".repeat(20_000))]
        {
            let masked = MaskedText::of(&text);
            let kept = masked.text().len();
            assert!(text.starts_with(masked.text()), "{name}");
            assert_eq!(kept + usize::try_from(masked.n_omitted()).unwrap(), text.len(), "{name}");
            let written = serde_json::to_string(masked.text()).unwrap().len() - 2;
            assert!((LONGEST_ARGUMENTS - 6..=LONGEST_ARGUMENTS).contains(&written), "{name}: {written}");
        }
        assert_eq!(MaskedText::of("{}").n_omitted(), 0);
    }
}
