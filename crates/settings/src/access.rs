//! `[access]`: groups that people can be in for a time, when others let them.
//!
//! A group that is not listed cannot be asked for. Whoever writes this file names each group whole, so a group of one
//! issuer is given to callers of another only if policy lets them ask. Not here: who may ask, which is policy.

use std::collections::BTreeMap;
use std::num::NonZeroU8;
use std::time::Duration;

use crate::name::GroupName;

/// `[access]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// What can be asked for; at most [`Access::MOST`].
    pub groups: BTreeMap<GroupName, AccessGroup>,
    /// Whether the gateway offers a tool to ask with, on every connection.
    pub tool: bool,
}

/// `[access.groups."<issuer>:<group>"]`: who grants a group, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessGroup {
    /// Whose members grant it.
    pub approvers: GroupName,
    /// How many different people must. `needed`, 1 unless set, 1 to 64.
    pub needed: NonZeroU8,
    /// The longest time that it can be asked for. `longest_minutes`, 60 unless set, 1 to 10,080.
    pub longest: Duration,
    /// How long a request waits for people. `open_minutes`, 60 unless set, 1 to 10,080.
    pub open: Duration,
}

impl Access {
    /// The most groups: each is looked up for whoever has asked for any.
    pub const MOST: usize = 32;
}
