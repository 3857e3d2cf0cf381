//! The Cedar schema of a world.
//!
//! It is one namespace, without a name, since that is where the ids of the data path are: `Action::"billing/refund"`
//! in `Action::"billing"` in `Action::"call"`. Ids are texts, so no name of a tool has to be made fit, and two that
//! differ only in a `-` or a `.` stay two.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::Schema;
use portcullis_policy::{InputType, RecordType, ValueType};
use serde_json::{Map, Value, json};

use crate::world::{Action, Asked, World, parts_of};

/// What tags hold. Cedar has one type for all tags of an entity, and claims are of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagType {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Long,
    /// A text; what most claims are.
    String,
    /// A list of texts.
    StringSet,
}

/// A schema that Cedar does not take. No settings and no pins lead to one; it would be a defect.
#[derive(Debug, thiserror::Error)]
#[error("the schema could not be made: {0}")]
pub struct SchemaError(#[from] Box<cedar_policy::SchemaError>);

impl TagType {
    /// All of them, the most usual first.
    pub(crate) const ALL: [Self; 4] = [Self::String, Self::StringSet, Self::Long, Self::Bool];

    fn json(self) -> Value {
        match self {
            Self::Bool => json!({ "type": "Boolean" }),
            Self::Long => json!({ "type": "Long" }),
            Self::String => json!({ "type": "String" }),
            Self::StringSet => json!({ "type": "Set", "element": { "type": "String" } }),
        }
    }
}

impl World {
    /// The schema of this world.
    ///
    /// # Errors
    /// [`SchemaError`], which is a defect of this crate.
    pub fn schema(&self, tags: TagType) -> Result<Schema, SchemaError> {
        self.schema_with(tags, &BTreeSet::new())
    }

    /// The schema with actions that nobody has pinned, of which no argument is known.
    pub(crate) fn schema_with(
        &self,
        tags: TagType,
        unpinned: &BTreeSet<String>,
    ) -> Result<Schema, SchemaError> {
        let mut actions = Map::new();
        actions
            .extend(self.groups().iter().map(|group| (group.clone(), json!({ "memberOf": above(group) }))));
        actions.extend(self.actions().iter().map(|(id, action)| (id.clone(), action_json(action))));
        let unpinned = unpinned.iter().filter_map(|id| {
            let (kind, connection, _) = parts_of(id)?;
            let connection = self.connection(connection)?;
            Some((id.clone(), Action::of(connection, kind, InputType::of_prompt(&Default::default()))))
        });
        actions.extend(unpinned.map(|(id, action)| (id, action_json(&action))));
        let schema = json!({ "": { "entityTypes": entity_types(tags, self.counted()), "actions": actions } });
        Ok(Schema::from_json_value(schema).map_err(Box::new)?)
    }
}

/// What a group of actions is in.
fn above(group: &str) -> Vec<Value> {
    match group {
        "call" | "get" => Vec::new(),
        other if other.starts_with("prompt:") => vec![json!({ "id": "get" })],
        _ => vec![json!({ "id": "call" })],
    }
}

fn action_json(action: &Action) -> Value {
    let context = match &action.asked {
        Asked::Call(types) => {
            let input = types.record().map_or_else(|| record(BTreeMap::new()), record_json);
            record(BTreeMap::from([("input", (input, true)), ("session", (entity("Session"), true))]))
        }
        Asked::Detokenize => {
            let tool = ("tool", (entity("Tool"), true));
            record(BTreeMap::from([("connection", (entity("Connection"), true)), tool]))
        }
        Asked::Unmask => record(BTreeMap::from([("connection", (entity("Connection"), true))])),
    };
    // The group next to an action is in the others.
    let member_of: Vec<Value> = action.groups.first().map(|id| json!({ "id": id })).into_iter().collect();
    json!({
        "memberOf": member_of,
        "appliesTo": {
            "principalTypes": ["User", "Workload"],
            "resourceTypes": action.resources,
            "context": context,
        },
    })
}

/// A type as Cedar writes it in JSON. Members that it cannot say are left out.
fn type_json(value: &ValueType) -> Value {
    match value {
        ValueType::Bool => json!({ "type": "Boolean" }),
        ValueType::Decimal => json!({ "type": "Extension", "name": "decimal" }),
        ValueType::Long => json!({ "type": "Long" }),
        ValueType::Record(members) => record_json(members),
        ValueType::Set(item) => json!({ "type": "Set", "element": type_json(item) }),
        ValueType::String => json!({ "type": "String" }),
        // Not asked for: only what is expressible is written.
        ValueType::Any => entity("Unrepresentable"),
    }
}

fn record_json(types: &RecordType) -> Value {
    let said = types.members().filter(|(_, member)| member.value.is_expressible());
    record(said.map(|(name, member)| (name, (type_json(&member.value), member.is_required))).collect())
}

fn record(members: BTreeMap<&str, (Value, bool)>) -> Value {
    let attributes: Map<String, Value> = members
        .into_iter()
        .map(|(name, (mut value, required))| {
            if let Some(value) = value.as_object_mut() {
                value.insert("required".to_owned(), json!(required));
            }
            (name.to_owned(), value)
        })
        .collect();
    json!({ "type": "Record", "attributes": attributes })
}

fn entity(name: &str) -> Value {
    json!({ "type": "Entity", "name": name })
}

fn entity_types<'w>(tags: TagType, counted: impl Iterator<Item = &'w str> + Clone) -> Value {
    let string = || (json!({ "type": "String" }), true);
    let principal = json!({
        "memberOfTypes": ["Group"],
        "shape": record(BTreeMap::from([("issuer", string()), ("subject", string())])),
        "tags": tags.json(),
    });
    let in_connection = |attribute| json!({ "memberOfTypes": ["Connection"], "shape": record(BTreeMap::from([(attribute, string())])) });
    let labels = json!({ "type": "Set", "element": { "type": "String" } });
    let now = json!({ "type": "Extension", "name": "datetime" });
    let session = BTreeMap::from([
        ("client", (json!({ "type": "String" }), false)),
        ("labels", (labels, true)),
        ("now", (now, true)),
        ("usage", (usage(counted), true)),
    ]);
    json!({
        "Connection": {},
        "DataClass": { "memberOfTypes": ["DataClass"] },
        "Group": {},
        "Prompt": in_connection("name"),
        "Resource": in_connection("uri"),
        "Session": { "shape": record(session) },
        "Tool": in_connection("name"),
        "Unrepresentable": {},
        "User": principal.clone(),
        "Workload": principal,
    })
}

/// What was used over the last minute, hour and day, by the classes that are counted.
fn usage<'w>(counted: impl Iterator<Item = &'w str> + Clone) -> Value {
    let long = || (json!({ "type": "Long" }), true);
    let by_class = || record(counted.clone().map(|class| (class, long())).collect());
    let window = || {
        record(BTreeMap::from([
            ("bytes", long()),
            ("calls", long()),
            ("denials", long()),
            ("distinct", (by_class(), true)),
            ("findings", (by_class(), true)),
            ("items", long()),
        ]))
    };
    record(["minute", "hour", "day"].map(|name| (name, (window(), true))).into())
}
