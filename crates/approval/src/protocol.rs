//! What a step of a protocol asks of the store, and how it is answered.
//!
//! The protocols themselves ([`Find`](crate::Find), [`Create`](crate::Create), [`Read`](crate::Read),
//! [`Cast`](crate::Cast), [`Consume`](crate::Consume), [`Inbox`](crate::Inbox)) touch nothing: whoever has the store
//! does what they ask and tells them how it went, until they ask for nothing.

use crate::place::Key;

/// Something to be done with the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Add to a counter and say what it then is. It is never repeated after an error.
    Add(Key, u64),
    /// Read a value.
    Get(Key),
    /// Write a value.
    Set(Key, Vec<u8>),
}

/// How it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The counter is now at this.
    Count(u64),
    /// The store did not do it, or did not say so.
    Failed,
    /// The value, if there is one.
    Value(Option<Vec<u8>>),
    /// The store has acknowledged the value.
    Written,
}

/// Steps to be done with the store, one after the other.
pub trait Protocol {
    /// What is to be done now, all at the same time. Nothing: it is over.
    fn asks(&self) -> Vec<Ask>;

    /// Takes how it went, for each of [`Protocol::asks`] in order. What is missing has failed.
    fn learn(&mut self, answers: Vec<Answer>);
}

/// A value to be written; whoever finds it missing goes on without it, only slower.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Where.
    pub key: Key,
    /// What.
    pub value: Vec<u8>,
}

impl From<Write> for Ask {
    fn from(Write { key, value }: Write) -> Self {
        Self::Set(key, value)
    }
}

/// The store failed, or holds what cannot be used. The call is refused: nothing is known of its approval.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreTrouble {
    /// There are more requests about the same than can be looked through.
    #[error("there are too many requests about the same")]
    Endless,
    /// The store did not answer, or not in kind.
    #[error("the store failed at `{0}`")]
    Failed(Key),
    /// A value is not one that we wrote there.
    #[error("the store's value at `{key}` cannot be used: {why}")]
    Unusable {
        /// Where.
        key: Key,
        /// What is wrong with it.
        why: Unusable,
    },
}

/// Why a value of the store cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It was not sealed with a key that we have, or for another place.
    #[error("it was not written by this gateway for this place")]
    Forged,
    /// It is not in the form of any release.
    #[error("it is malformed: {0}")]
    Malformed(String),
    /// It was written by a newer release.
    #[error("it has version {0}, which this release does not know")]
    Newer(u64),
    /// It is longer than a store takes.
    #[error("it would be longer than a store takes")]
    TooLong,
}
