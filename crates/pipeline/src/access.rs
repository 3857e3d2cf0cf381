//! Groups that people grant for a time: who has which now, and asking for one.
//!
//! A group that was granted is looked up for each request and is part of nothing that is remembered: no token, no
//! session, no cache. So it is there on the next request after the last approval, and gone on the next one after its
//! time or its revocation. Where the store does not tell, nobody has one.
//!
//! | module | what it is about |
//! |---|---|
//! | `ask` | asking for a group, wherever somebody does |
//! | `member` | the groups that the caller of a request was granted |
//! | `tool` | the tool that the gateway itself offers to ask with |
//! | `unasked` | why nothing is asked |
//! | `wish` | what somebody asks for, as they write it |

pub(crate) mod ask;
mod member;
pub(crate) mod tool;
mod unasked;
mod wish;

use portcullis_approval::AccessRule;
use portcullis_settings::{AccessGroup, GroupName, Settings};

pub use crate::access::unasked::Unasked;

pub(crate) use crate::access::member::joined;
pub(crate) use crate::access::wish::Wish;

/// What can be asked for, by the settings.
///
/// # Errors
/// A group whose name no approval could hold. The settings allow none.
pub(crate) fn rules(settings: &Settings) -> Result<Vec<AccessRule>, String> {
    settings.access.groups.iter().map(rule).collect()
}

fn rule((name, group): (&GroupName, &AccessGroup)) -> Result<AccessRule, String> {
    let parsed = |name: &GroupName| name.as_str().parse().map_err(|error| format!("`{name}`: {error}"));
    let AccessGroup { approvers, needed, longest, open } = group;
    Ok(AccessRule {
        group: parsed(name)?,
        approvers: parsed(approvers)?,
        n_approvers: *needed,
        ttl: *open,
        longest: *longest,
    })
}
