//! What has changed between two definitions, and between two sets of them.

use portcullis_mcp::json::{Json, Object};

use crate::definition::{Definition, Kind};
use crate::file::Pins;

/// What is new, gone or different in a set of definitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes<'p> {
    /// There now, and not before.
    pub added: Vec<&'p Definition>,
    /// There before and now, and different.
    pub changed: Vec<Change<'p>>,
    /// There before, and not now.
    pub removed: Vec<&'p Definition>,
}

/// One definition that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<'p> {
    /// As it was.
    pub before: &'p Definition,
    /// As it is.
    pub after: &'p Definition,
    /// Where it differs; never empty.
    pub members: Vec<MemberChange>,
}

/// One member that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberChange {
    /// Its path, as `inputSchema.properties.amount.type`.
    pub path: String,
    /// What it was, if it was there.
    pub before: Option<Json<'static>>,
    /// What it is, if it is there.
    pub after: Option<Json<'static>>,
}

impl<'p> Changes<'p> {
    /// What has changed from `before` to `after`, in the order of kinds and names. A kind that only one of them pins
    /// counts as empty in the other.
    #[must_use]
    pub fn between(before: &'p Pins, after: &'p Pins) -> Self {
        let mut changes = Self::default();
        for kind in Kind::ALL {
            let old = |name: &str| before.get(kind, name);
            for definition in after.of(kind).into_iter().flatten().map(|(_, definition)| definition) {
                match old(definition.name()) {
                    None => changes.added.push(definition),
                    Some(before) if before.digest() == definition.digest() => {}
                    Some(before) => {
                        let members = changed_members(before.members(), definition.members());
                        changes.changed.push(Change { before, after: definition, members });
                    }
                }
            }
            let gone = before.of(kind).into_iter().flatten().map(|(_, definition)| definition);
            changes.removed.extend(gone.filter(|definition| after.get(kind, definition.name()).is_none()));
        }
        changes
    }

    /// Whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

/// The members in which two definitions differ, as deep as both have objects there.
#[must_use]
pub fn changed_members(before: &Object<'_>, after: &Object<'_>) -> Vec<MemberChange> {
    let mut found = Vec::new();
    compare("", before, after, &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn compare(path: &str, before: &Object<'_>, after: &Object<'_>, found: &mut Vec<MemberChange>) {
    for (key, old) in before.iter() {
        let path = join(path, key);
        match after.get(key) {
            Some(new) if same(old, new) => {}
            Some(Json::Object(new)) if let Json::Object(old) = old => compare(&path, old, new, found),
            new => found.push(MemberChange {
                path,
                before: Some(old.clone().into_owned()),
                after: new.cloned().map(Json::into_owned),
            }),
        }
    }
    for (key, new) in after.iter().filter(|(key, _)| before.get(key).is_none()) {
        let after = Some(new.clone().into_owned());
        found.push(MemberChange { path: join(path, key), before: None, after });
    }
}

/// Equality without the order of members, as the digest has it.
fn same(one: &Json<'_>, other: &Json<'_>) -> bool {
    match (one, other) {
        (Json::Object(one), Json::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|found| same(value, found)))
        }
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (one, other) => one == other,
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests;
