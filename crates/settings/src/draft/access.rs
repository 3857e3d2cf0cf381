//! Reads `[access]`.

use std::collections::BTreeMap;
use std::num::NonZeroU8;
use std::time::Duration;

use crate::access::{Access, AccessGroup};
use crate::draft::deny::check_group;
use crate::name::GroupName;
use crate::read::{Report, Section};

/// Reads the table; its groups must be of issuers that are known.
pub(super) fn read(section: &mut Section<'_, '_>, report: &mut Report, issuers: &[&str]) -> Access {
    let tool = section.flag(report, "tool").unwrap_or_default();
    let path = section.join("groups");
    let listed = section.sections(report, "groups");
    if let Some((name, _)) = listed.get(Access::MOST) {
        report.add(name.line, format!("`{path}` lists more than {} groups", Access::MOST));
    }
    if listed.is_empty() {
        let told = "lists no group, so nothing can be asked for";
        report.add(section.line, format!("`{path}` {told}; add `[access.groups.\"<issuer>:<group>\"]`"));
    }
    let mut groups = BTreeMap::new();
    for (name, mut section) in listed {
        let name = report.parse::<GroupName>(&path, &name);
        if let Some(name) = &name {
            check_group((&path, name), report, issuers);
        }
        let group = group(&mut section, report, issuers);
        section.finish(report);
        if let (Some(name), Some(group)) = (name, group) {
            groups.insert(name.value, group);
        }
    }
    Access { groups, tool }
}

fn group(section: &mut Section<'_, '_>, report: &mut Report, issuers: &[&str]) -> Option<AccessGroup> {
    let path = section.join("approvers");
    let approvers = section.required_text(report, "approvers");
    let approvers = approvers.and_then(|text| report.parse::<GroupName>(&path, &text));
    if let Some(approvers) = &approvers {
        check_group((&path, approvers), report, issuers);
    }
    let needed = section.number(report, "needed", 1..=MOST_PEOPLE, 1);
    let mut minutes = |key| {
        let minutes = section.number(report, key, 1..=A_WEEK, AN_HOUR);
        Duration::from_secs(u64::from(minutes).saturating_mul(60))
    };
    let (longest, open) = (minutes("longest_minutes"), minutes("open_minutes"));
    Some(AccessGroup {
        approvers: approvers?.value,
        // The bounds leave out zero and what is too large, so the fallback is never taken.
        needed: u8::try_from(needed).ok().and_then(NonZeroU8::new).unwrap_or(NonZeroU8::MAX),
        longest,
        open,
    })
}

const MOST_PEOPLE: u32 = 64;
const AN_HOUR: u32 = 60;
const A_WEEK: u32 = 7 * 24 * 60;
