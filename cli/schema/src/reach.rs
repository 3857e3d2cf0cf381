//! What a policy can be about, by its scope.

use cedar_policy::pst::{ActionConstraint, EntityOrSlot, EntityUID, ResourceConstraint, Template};
use portcullis_pins::Kind;
use portcullis_settings::ConnectionName;

use crate::world::{Action, World, action_id, parts_of};

/// The actions whose questions a policy can match, as far as its scope says.
#[derive(Debug)]
pub(crate) struct Reach<'w> {
    /// The known ones, with their ids.
    pub(crate) actions: Vec<(&'w str, &'w Action)>,
    /// The connections of which it can match actions that are not known, since nothing of their kind is pinned.
    pub(crate) unpinned: Vec<&'w ConnectionName>,
}

impl<'w> Reach<'w> {
    pub(crate) fn of(policy: &Template, world: &'w World) -> Self {
        let named = match &policy.action {
            ActionConstraint::Any => None,
            ActionConstraint::Eq(action) => Some(vec![action.eid.as_str()]),
            ActionConstraint::In(actions) => Some(actions.iter().map(|action| action.eid.as_str()).collect()),
        };
        let about = About::of(&policy.resource);
        let is_named = |id: &str| named.as_ref().is_none_or(|named| named.contains(&id));
        let actions = world.actions().iter().filter(|(id, action)| {
            (is_named(id) || action.groups.iter().any(|group| is_named(group)))
                && about.resource.is_none_or(|resource| action.resources.contains(&resource))
                && about.connection.is_none_or(|connection| {
                    action.connection.as_ref().is_none_or(|its| its.as_str() == connection)
                })
        });
        let may_be_any_of = |kind: Kind, connection: &ConnectionName| {
            let groups =
                Action::of(connection, kind, portcullis_policy::InputType::of_prompt(&Default::default()))
                    .groups;
            groups.iter().any(|group| is_named(group))
                || named.iter().flatten().any(|id| {
                    parts_of(id).is_some_and(|(_, _, name)| action_id(kind, connection, name) == *id)
                })
        };
        let mut unpinned: Vec<&ConnectionName> = world
            .unpinned_kinds()
            .filter(|(connection, kind)| {
                about.connection.is_none_or(|its| its == connection.as_str())
                    && about.resource.is_none_or(|resource| resource == resource_of(*kind))
                    && may_be_any_of(*kind, connection)
            })
            .map(|(connection, _)| connection)
            .collect();
        unpinned.dedup();
        Self { actions: actions.map(|(id, action)| (id.as_str(), action)).collect(), unpinned }
    }
}

/// What a scope says of the resource.
#[derive(Default)]
struct About<'p> {
    resource: Option<&'p str>,
    connection: Option<&'p str>,
}

impl<'p> About<'p> {
    fn of(resource: &'p ResourceConstraint) -> Self {
        let (kind, place) = match resource {
            ResourceConstraint::Any => (None, None),
            ResourceConstraint::Eq(entity) | ResourceConstraint::In(entity) => (None, Some(entity)),
            ResourceConstraint::Is(kind) => (Some(kind), None),
            ResourceConstraint::IsIn(kind, entity) => (Some(kind), Some(entity)),
        };
        let place = place.and_then(|place| match place {
            EntityOrSlot::Entity(entity) => Some(entity),
            EntityOrSlot::Slot(_) => None,
        });
        let connection = place.and_then(|entity: &EntityUID| match entity.ty.0.id.as_str() {
            "Connection" => Some(entity.eid.as_str()),
            "Tool" | "Prompt" | "Resource" => entity.eid.split_once('/').map(|(connection, _)| connection),
            _ => None,
        });
        Self { resource: kind.map(|kind| kind.0.id.as_str()), connection }
    }
}

const fn resource_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Prompt => "Prompt",
        Kind::Resource | Kind::ResourceTemplate => "Resource",
        Kind::Tool => "Tool",
    }
}
