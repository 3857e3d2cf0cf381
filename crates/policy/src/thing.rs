//! A target as Cedar knows it: an action, a resource, and what both are in.

use cedar_policy::{Entity, EntityTypeName, EntityUid, RestrictedExpression};
use portcullis_settings::{ClassName, ConnectionName};

use crate::facts::FactsError;
use crate::question::{Completion, Target};
use crate::vocabulary::{self, CALL, GET, Vocabulary, parent_classes};

/// What is done, and to what.
///
/// INVARIANT: on one connection, things of the same [`Kind`] differ only in the ids of what varies and in the text
/// of the attribute. What lists show is worked out once for all that does not differ.
#[derive(Clone, Debug)]
pub(crate) struct Thing {
    pub(crate) action: Action,
    pub(crate) resource: EntityUid,
    /// What the resource is in.
    parents: Vec<EntityUid>,
    attribute: Option<(&'static str, String)>,
}

/// An action and its place in the hierarchy.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    pub(crate) id: EntityUid,
    /// What it is in, nearest first, as `billing` and `call` for `billing/refund`; empty for an action by itself.
    within: Vec<EntityUid>,
}

/// What the things of one list have in common besides their connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    /// The action, or the outermost that it is in.
    action: EntityUid,
    resource: EntityTypeName,
    /// Whether each thing has an action of its own; its id then holds a `/`.
    pub(crate) action_varies: bool,
    /// Whether each thing is a resource of its own in the connection; if not, it is the connection.
    pub(crate) resource_varies: bool,
}

impl Thing {
    /// What the target of a question is.
    pub(crate) fn of_target(
        target: Target<'_>,
        connection: &ConnectionName,
        vocabulary: &Vocabulary,
    ) -> Result<Self, FactsError> {
        if vocabulary::is_reserved(connection) {
            return Err(FactsError::ReservedConnection);
        }
        let on = On { connection, vocabulary };
        Ok(match target {
            Target::Approve => on.connection("approve"),
            Target::Audit => on.connection("audit"),
            Target::Complete(Completion::Prompt { name }) => on.prompt(on.single("complete"), name),
            Target::Complete(Completion::Resource { uri }) => on.resource("complete", uri),
            Target::Configure => on.connection("configure"),
            Target::Elicit => on.connection("elicit"),
            Target::Erase => on.connection("erase"),
            Target::ForceApprove => on.connection("force_approve"),
            Target::LegalHold => on.connection("legal_hold"),
            Target::ListRoots => on.connection("roots"),
            Target::Prompt { name } => on.prompt(on.nested(&format!("prompt:{connection}"), name, GET), name),
            Target::Read { uri } => on.resource("read", uri),
            Target::RequestAccess { group } => on.group("request_access", group),
            Target::Review => on.connection("review"),
            Target::Revoke => on.connection("revoke"),
            Target::Sample => on.connection("sample"),
            Target::Subscribe { uri } => on.resource("subscribe", uri),
            Target::Tool { name } => on.tool(name),
        })
    }

    /// What is done with a class of data.
    pub(crate) fn of_class(action: &str, class: &ClassName, vocabulary: &Vocabulary) -> Self {
        Self {
            action: Action { id: vocabulary.action(action), within: Vec::new() },
            resource: vocabulary.data_class(class.as_str()),
            parents: parent_classes(class).map(|parent| vocabulary.data_class(parent)).collect(),
            attribute: None,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        let Action { id, within } = &self.action;
        Kind {
            action: within.last().unwrap_or(id).clone(),
            resource: self.resource.type_name().clone(),
            action_varies: !within.is_empty(),
            resource_varies: self.attribute.is_some(),
        }
    }

    /// The entities of the action and of the resource.
    pub(crate) fn entities(self) -> Result<impl Iterator<Item = Entity>, FactsError> {
        let action = self.action.clone();
        let resource = self.resource()?;
        Ok(action.entities().into_iter().chain([resource]))
    }

    /// The entity of the resource.
    pub(crate) fn resource(self) -> Result<Entity, FactsError> {
        let Self { action: _, resource, parents, attribute } = self;
        let attribute =
            attribute.map(|(name, text)| (name.to_owned(), RestrictedExpression::new_string(text)));
        Entity::new_with_tags(resource, attribute, parents, [])
            .map_err(|_cedar| FactsError::Unexpressible("resource"))
    }
}

impl Action {
    fn entities(self) -> Vec<Entity> {
        let Self { id, within } = self;
        if within.is_empty() {
            return vec![Entity::with_uid(id)];
        }
        let inner = std::iter::once(id).chain(within.clone());
        inner
            .zip(within)
            .map(|(inner, outer)| Entity::new_no_attrs(inner, [outer].into_iter().collect()))
            .collect()
    }
}

/// Makes the things of one connection.
#[derive(Clone, Copy)]
struct On<'a> {
    connection: &'a ConnectionName,
    vocabulary: &'a Vocabulary,
}

impl On<'_> {
    fn single(self, action: &str) -> Action {
        Action { id: self.vocabulary.action(action), within: Vec::new() }
    }

    fn nested(self, of_connection: &str, name: &str, top: &str) -> Action {
        let action = |id: &str| self.vocabulary.action(id);
        let id = action(&format!("{of_connection}/{name}"));
        Action { id, within: vec![action(of_connection), action(top)] }
    }

    fn connection(self, action: &str) -> Thing {
        Thing {
            action: self.single(action),
            resource: self.vocabulary.connection(self.connection),
            parents: Vec::new(),
            attribute: None,
        }
    }

    fn group(self, action: &str, group: &str) -> Thing {
        Thing {
            action: self.single(action),
            resource: self.vocabulary.group_of(group),
            parents: Vec::new(),
            attribute: None,
        }
    }

    fn prompt(self, action: Action, name: &str) -> Thing {
        let resource = self.vocabulary.prompt(self.connection, name);
        self.described(action, resource, ("name", name))
    }

    fn resource(self, action: &str, uri: &str) -> Thing {
        let resource = self.vocabulary.resource(self.connection, uri);
        self.described(self.single(action), resource, ("uri", uri))
    }

    fn tool(self, name: &str) -> Thing {
        let resource = self.vocabulary.tool(self.connection, name);
        self.described(self.nested(self.connection.as_str(), name, CALL), resource, ("name", name))
    }

    fn described(self, action: Action, resource: EntityUid, (name, text): (&'static str, &str)) -> Thing {
        let parents = vec![self.vocabulary.connection(self.connection)];
        Thing { action, resource, parents, attribute: Some((name, text.to_owned())) }
    }
}
