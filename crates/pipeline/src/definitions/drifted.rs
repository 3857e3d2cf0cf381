//! Judging one definition, and how people are told of one that is not the approved one.

use std::fmt;

use portcullis_mcp::json::Object;
use portcullis_pins::{Approved, DefinitionDigest, Kind, Pin, escaped};
use portcullis_settings::{Connection, ConnectionName, Drift};

/// A definition that differs from its pin, or has none. `Display` is for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drifted {
    pub(crate) kind: Kind,
    /// Its name, URI or URI template, as the upstream or the caller spells it.
    pub(crate) name: String,
    pub(crate) connection: ConnectionName,
    /// Whether anything at all is pinned on the connection.
    pub(crate) has_pins: bool,
    pub(crate) difference: Difference,
}

/// How it differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    /// It is another one.
    Changed {
        pinned: DefinitionDigest,
        live: DefinitionDigest,
        /// The paths of what differs, as far as they are known: some of them, in one line each.
        members: Vec<String>,
    },
    /// The upstream no longer lists it.
    Gone { pinned: DefinitionDigest },
    /// The upstream defines several under one name.
    Several { pinned: DefinitionDigest },
    /// Nobody has approved it.
    Unapproved { live: Option<DefinitionDigest> },
}

impl Difference {
    pub(crate) fn live(&self) -> Option<DefinitionDigest> {
        match self {
            Self::Changed { live, .. } => Some(*live),
            Self::Unapproved { live } => *live,
            Self::Gone { .. } | Self::Several { .. } => None,
        }
    }

    pub(crate) fn pinned(&self) -> Option<DefinitionDigest> {
        match self {
            Self::Changed { pinned, .. } | Self::Gone { pinned } | Self::Several { pinned } => Some(*pinned),
            Self::Unapproved { .. } => None,
        }
    }

    /// The paths of what differs, in one line each and not too many.
    pub(crate) fn members(&self) -> &[String] {
        match self {
            Self::Changed { members, .. } => members,
            Self::Gone { .. } | Self::Several { .. } | Self::Unapproved { .. } => &[],
        }
    }
}

/// Judges the definitions of one connection.
pub(crate) struct Judge<'j> {
    approved: &'j Approved,
    connection: &'j Connection,
    has_pins: bool,
}

impl<'j> Judge<'j> {
    /// `None` if nothing is checked on the connection: nothing is pinned, and the settings let everything pass.
    pub(crate) fn new(approved: &'j Approved, connection: &'j Connection) -> Option<Self> {
        let has_pins = approved.has_pins(&connection.name);
        let is_needed = has_pins || connection.drift != Drift::Log;
        is_needed.then_some(Self { approved, connection, has_pins })
    }

    /// What the settings say to definitions that are not the approved ones.
    pub(crate) fn setting(&self) -> Drift {
        self.connection.drift
    }

    /// What is pinned under a name.
    pub(crate) fn pin(&self, kind: Kind, name: &str) -> Pin {
        self.approved.pin(&self.connection.name, kind, name)
    }

    /// The digest of an item of an upstream's list, and that it differs from its pin if it does; in which members is
    /// for [`Judge::members`]. `None` if nothing of its kind is checked.
    pub(crate) fn item(&self, kind: Kind, item: &Object<'_>) -> Option<(DefinitionDigest, Option<Drifted>)> {
        self.named(kind, item.get_str(kind.key()), || DefinitionDigest::of(kind, item))
    }

    /// The same of an item with this name and this digest.
    pub(crate) fn named(
        &self,
        kind: Kind,
        name: Option<&str>,
        live: impl FnOnce() -> DefinitionDigest,
    ) -> Option<(DefinitionDigest, Option<Drifted>)> {
        let pin = self.pin(kind, name.unwrap_or_default());
        if pin == Pin::Unpinned {
            return None;
        }
        let live = live();
        let difference = match (pin, name) {
            (Pin::Approved(pinned), Some(_)) if pinned == live => return Some((live, None)),
            (Pin::Approved(pinned), Some(_)) => Difference::Changed { pinned, live, members: Vec::new() },
            // What has no name has no pin.
            (Pin::Approved(_) | Pin::Missing | Pin::Unpinned, _) => {
                Difference::Unapproved { live: Some(live) }
            }
        };
        Some((live, Some(self.drifted(kind, name.unwrap_or_default(), difference))))
    }

    /// The paths in which an item differs from its pin. The pin's text is read for it, which takes its time.
    pub(crate) fn members(&self, kind: Kind, item: &Object<'_>) -> Vec<String> {
        self.approved.changed(&self.connection.name, kind, item)
    }

    /// Something that is not what was approved.
    pub(crate) fn drifted(&self, kind: Kind, name: &str, difference: Difference) -> Drifted {
        let (connection, has_pins) = (self.connection.name.clone(), self.has_pins);
        Drifted { kind, name: name.to_owned(), connection, has_pins, difference }
    }
}

impl fmt::Display for Drifted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, connection, has_pins, difference } = self;
        let (kind, name) = (kind.as_str(), escaped(name));
        match difference {
            Difference::Unapproved { .. } if !has_pins => {
                write!(f, "`{connection}` has no pins, so nobody has approved its {kind} `{name}`")?;
            }
            Difference::Unapproved { .. } => {
                write!(f, "nobody has approved the {kind} `{name}` of `{connection}`")?;
            }
            Difference::Gone { .. } => {
                write!(f, "`{connection}` no longer lists the {kind} `{name}` that was approved")?;
            }
            Difference::Several { .. } => {
                write!(f, "`{connection}` defines the {kind} `{name}` in several ways")?;
            }
            Difference::Changed { .. } => {
                write!(f, "the {kind} `{name}` of `{connection}` is not what was approved")?;
                let members = difference.members();
                if !members.is_empty() {
                    write!(f, ": {} differ", members.join(", "))?;
                }
            }
        }
        write!(f, "; `portcullis pin {connection}` shows its definitions and approves them")
    }
}
