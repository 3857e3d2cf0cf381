//! Who decides about definitions of a connection that nobody has approved.

use std::num::NonZeroU8;

use crate::name::GroupName;
use crate::read::{Report, Section};

/// Who is asked about a definition that drift holds, from `[connections.<name>.owners]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owners {
    /// Whose members decide.
    pub group: GroupName,
    /// How many different people must agree. `approvers`, 1 unless set, 1 to 16.
    pub approvers: NonZeroU8,
}

/// As they are read, with the place of the group for what is wrong with it.
#[derive(Clone, Debug)]
pub(crate) struct OwnersDraft {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) owners: Owners,
}

impl OwnersDraft {
    /// Reads `[connections.<name>.owners]`.
    pub(crate) fn read(mut section: Section<'_, '_>, report: &mut Report) -> Option<Self> {
        let group = section.required_text(report, "group");
        let path = section.join("group");
        let group = group.and_then(|group| report.parse::<GroupName>(&path, &group));
        let approvers = section.number(report, "approvers", 1..=MOST_APPROVERS, 1);
        let approvers = u8::try_from(approvers).ok().and_then(NonZeroU8::new).unwrap_or(NonZeroU8::MIN);
        section.finish(report);
        let group = group?;
        Some(Self { path, line: group.line, owners: Owners { group: group.value, approvers } })
    }
}

const MOST_APPROVERS: u32 = 16;
