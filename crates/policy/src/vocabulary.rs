//! The names of entity types and actions, parsed once.
//!
//! Entity ids are put together here and nowhere else: a connection name holds no `/` and no `:`, so the
//! connection, the kind and the name can be told apart in every id.

use cedar_policy::{EntityId, EntityTypeName, EntityUid, ParseErrors};
use portcullis_identity::{Group, Principal, PrincipalKind};
use portcullis_settings::{ClassName, ConnectionName};

/// The entity types, ready to make ids from.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    action: EntityTypeName,
    connection: EntityTypeName,
    data_class: EntityTypeName,
    group: EntityTypeName,
    prompt: EntityTypeName,
    resource: EntityTypeName,
    session: EntityTypeName,
    tool: EntityTypeName,
    unrepresentable: EntityTypeName,
    user: EntityTypeName,
    workload: EntityTypeName,
}

/// Whether a connection of this name would share an action with the gateway itself: `Action::"read"` would be
/// both reading a resource and every tool of the connection `read`. Questions about such a connection are denied.
#[must_use]
pub fn is_reserved(connection: &ConnectionName) -> bool {
    RESERVED.contains(&connection.as_str())
}

impl Vocabulary {
    /// Fails only if a name below is not a Cedar name.
    pub(crate) fn new() -> Result<Self, Box<ParseErrors>> {
        Ok(Self {
            action: "Action".parse()?,
            connection: "Connection".parse()?,
            data_class: "DataClass".parse()?,
            group: "Group".parse()?,
            prompt: "Prompt".parse()?,
            resource: "Resource".parse()?,
            session: "Session".parse()?,
            tool: "Tool".parse()?,
            unrepresentable: "Unrepresentable".parse()?,
            user: "User".parse()?,
            workload: "Workload".parse()?,
        })
    }

    pub(crate) fn action(&self, id: &str) -> EntityUid {
        uid(&self.action, id)
    }

    pub(crate) fn connection(&self, name: &ConnectionName) -> EntityUid {
        uid(&self.connection, name.as_str())
    }

    /// A class, or what a class is in.
    pub(crate) fn data_class(&self, id: &str) -> EntityUid {
        uid(&self.data_class, id)
    }

    pub(crate) fn group(&self, group: &Group) -> EntityUid {
        self.group_of(group.as_str())
    }

    /// A group that is asked for, by its name.
    pub(crate) fn group_of(&self, name: &str) -> EntityUid {
        uid(&self.group, name)
    }

    pub(crate) fn principal(&self, principal: &Principal) -> EntityUid {
        let kind = match principal.kind {
            PrincipalKind::User => &self.user,
            PrincipalKind::Workload => &self.workload,
        };
        uid(kind, &principal.id())
    }

    pub(crate) fn prompt(&self, connection: &ConnectionName, name: &str) -> EntityUid {
        uid(&self.prompt, &format!("{connection}/{name}"))
    }

    pub(crate) fn resource(&self, connection: &ConnectionName, uri: &str) -> EntityUid {
        uid(&self.resource, &format!("{connection}/{uri}"))
    }

    pub(crate) fn resource_type(&self) -> EntityTypeName {
        self.resource.clone()
    }

    /// The session of the question; there is never another.
    pub(crate) fn session(&self) -> EntityUid {
        uid(&self.session, "current")
    }

    pub(crate) fn tool(&self, connection: &ConnectionName, name: &str) -> EntityUid {
        uid(&self.tool, &format!("{connection}/{name}"))
    }

    /// A value of an argument that Cedar has no type for.
    pub(crate) fn unrepresentable(&self, text: &str) -> EntityUid {
        uid(&self.unrepresentable, text)
    }
}

/// The classes that a class is in: `pii` for `pii.card`.
pub(crate) fn parent_classes(class: &ClassName) -> impl Iterator<Item = &str> {
    let class = class.as_str();
    class.match_indices('.').filter_map(move |(dot, _)| class.get(..dot))
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

/// What calls of tools are in.
pub(crate) const CALL: &str = "call";
/// What gets of prompts are in.
pub(crate) const GET: &str = "get";
/// Putting values of a class in the place of tokens.
pub(crate) const DETOKENIZE: &str = "detokenize";
/// Seeing a class of data in clear.
pub(crate) const UNMASK: &str = "unmask";

/// Every action id that is not made from a connection's name.
const RESERVED: [&str; 19] = [
    "approve",
    "audit",
    CALL,
    "complete",
    "configure",
    DETOKENIZE,
    "elicit",
    "erase",
    "force_approve",
    GET,
    "legal_hold",
    "read",
    "request_access",
    "review",
    "revoke",
    "roots",
    "sample",
    "subscribe",
    UNMASK,
];
