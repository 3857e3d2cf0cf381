//! Everything that a policy may name.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_detect::Class;
use portcullis_pins::{Definition, Kind, Pins};
use portcullis_policy::{Completion, InputType, Target};
use portcullis_settings::{ClaimPath, ClassName, ConnectionName, Draft, IssuerName};

/// What there is according to settings and pins.
#[derive(Clone, Debug)]
pub struct World {
    /// What can be asked, by the id of its action.
    actions: BTreeMap<String, Action>,
    /// What actions are in.
    groups: BTreeSet<String>,
    connections: BTreeSet<ConnectionName>,
    /// The kinds of definitions of which nothing is pinned, so that anything may exist.
    unpinned: BTreeSet<(ConnectionName, Kind)>,
    issuers: BTreeSet<String>,
    attributes: BTreeSet<String>,
    /// The classes that are detected, and what they are in.
    classes: BTreeSet<String>,
    /// The classes that findings are counted in.
    counted: BTreeSet<String>,
}

/// One action that questions are about.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    /// What it is in, the nearest first.
    pub(crate) groups: Vec<String>,
    /// The types of its resources.
    pub(crate) resources: &'static [&'static str],
    pub(crate) asked: Asked,
    /// Whose it is, if it is not the same for all.
    pub(crate) connection: Option<ConnectionName>,
}

/// What the context of a question holds.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    /// The input, and the session.
    Call(InputType),
    /// The connection, and the tool.
    Detokenize,
    /// The connection.
    Unmask,
}

impl World {
    /// What these settings and pins say. A connection without pins can have any tools.
    #[must_use]
    pub fn new<'p>(draft: &Draft, pins: impl IntoIterator<Item = &'p Pins>) -> Self {
        let pins: BTreeMap<&ConnectionName, &Pins> =
            pins.into_iter().map(|pins| (pins.connection(), pins)).collect();
        let issuers = draft.issuers();
        let attributes = issuers.iter().filter_map(|issuer| draft.claim_rules(issuer));
        let attributes = attributes.flat_map(|rules| rules.attributes).map(ClaimPath::as_str);
        let mut world = Self {
            actions: fixed_actions(),
            groups: BTreeSet::from(["call".to_owned(), "get".to_owned()]),
            connections: draft.connections().cloned().collect(),
            unpinned: BTreeSet::new(),
            attributes: attributes.map(str::to_owned).collect(),
            issuers: issuers.iter().map(IssuerName::to_string).collect(),
            classes: BTreeSet::new(),
            counted: BTreeSet::new(),
        };
        Class::built_in().for_each(|class| world.add_class(class.as_str()));
        for connection in draft.connections() {
            for kind in [Kind::Tool, Kind::Prompt] {
                world.groups.insert(group(kind, connection));
                match pins.get(connection).and_then(|pins| pins.of(kind)) {
                    Some(definitions) => {
                        definitions.values().for_each(|definition| world.add(connection, definition));
                    }
                    None => _ = world.unpinned.insert((connection.clone(), kind)),
                }
            }
        }
        world
    }

    /// With classes that are not built in.
    #[must_use]
    pub fn with_classes<'c>(mut self, classes: impl IntoIterator<Item = &'c ClassName>) -> Self {
        classes.into_iter().for_each(|class| self.add_class(class.as_str()));
        self
    }

    /// A class, those that it is in, and the one that it is counted in.
    fn add_class(&mut self, class: &str) {
        self.counted.insert(Class::custom(class).counted_as().to_string());
        let parents = class.match_indices('.').filter_map(|(dot, _)| class.get(..dot));
        self.classes.extend(parents.chain([class]).map(str::to_owned));
    }

    fn add(&mut self, connection: &ConnectionName, definition: &Definition) {
        let kind = definition.kind();
        let types = match kind {
            Kind::Prompt => InputType::of_prompt(definition.members()),
            Kind::Resource | Kind::ResourceTemplate | Kind::Tool => {
                let schema = definition.members().get("inputSchema").and_then(|schema| schema.as_object());
                InputType::of_schema(schema.unwrap_or(&portcullis_mcp::json::Object::new()))
            }
        };
        let action = Action::of(connection, kind, types);
        self.actions.insert(action_id(kind, connection, definition.name()), action);
    }

    /// What the pinned definition of a tool or prompt says of its arguments.
    #[must_use]
    pub fn types(&self, connection: &ConnectionName, target: Target<'_>) -> Option<&InputType> {
        let id = match target {
            Target::Tool { name } => action_id(Kind::Tool, connection, name),
            Target::Prompt { name } => action_id(Kind::Prompt, connection, name),
            Target::Approve
            | Target::Audit
            | Target::Complete(Completion::Prompt { .. } | Completion::Resource { .. })
            | Target::Configure
            | Target::Elicit
            | Target::Erase
            | Target::ForceApprove
            | Target::LegalHold
            | Target::ListRoots
            | Target::Read { .. }
            | Target::RequestAccess { .. }
            | Target::Review
            | Target::Revoke
            | Target::Sample
            | Target::Subscribe { .. } => return None,
        };
        match &self.actions.get(&id)?.asked {
            Asked::Call(types) => Some(types),
            Asked::Detokenize | Asked::Unmask => None,
        }
    }

    /// The connections that have no pins at all.
    pub fn unpinned(&self) -> impl Iterator<Item = &ConnectionName> {
        let has_none = |connection: &&ConnectionName| {
            [Kind::Tool, Kind::Prompt].iter().all(|kind| self.is_unpinned(connection, *kind))
        };
        self.connections.iter().filter(has_none)
    }

    /// The pinned tools whose arguments have no types that policies know, as `connection/name`.
    pub fn untyped(&self) -> impl Iterator<Item = (&ConnectionName, &str)> {
        self.actions.iter().filter_map(|(id, action)| match &action.asked {
            Asked::Call(types) if types.record().is_none() => {
                Some((action.connection.as_ref()?, id.as_str()))
            }
            Asked::Call(_) | Asked::Detokenize | Asked::Unmask => None,
        })
    }

    pub(crate) fn actions(&self) -> &BTreeMap<String, Action> {
        &self.actions
    }

    pub(crate) fn groups(&self) -> &BTreeSet<String> {
        &self.groups
    }

    pub(crate) fn connections(&self) -> impl Iterator<Item = &str> {
        self.connections.iter().map(ConnectionName::as_str)
    }

    pub(crate) fn connection_names(&self) -> impl Iterator<Item = &ConnectionName> {
        self.connections.iter()
    }

    pub(crate) fn connection(&self, name: &str) -> Option<&ConnectionName> {
        self.connections.iter().find(|connection| connection.as_str() == name)
    }

    pub(crate) fn is_unpinned(&self, connection: &ConnectionName, kind: Kind) -> bool {
        self.unpinned.contains(&(connection.clone(), kind))
    }

    pub(crate) fn unpinned_kinds(&self) -> impl Iterator<Item = &(ConnectionName, Kind)> {
        self.unpinned.iter()
    }

    pub(crate) fn issuers(&self) -> Vec<&str> {
        self.issuers.iter().map(String::as_str).collect()
    }

    pub(crate) fn attributes(&self) -> Vec<&str> {
        self.attributes.iter().map(String::as_str).collect()
    }

    pub(crate) fn classes(&self) -> Vec<&str> {
        self.classes.iter().map(String::as_str).collect()
    }

    /// The classes that findings are counted in.
    pub(crate) fn counted(&self) -> impl Iterator<Item = &str> + Clone {
        self.counted.iter().map(String::as_str)
    }
}

impl Action {
    /// The action of a tool or prompt.
    pub(crate) fn of(connection: &ConnectionName, kind: Kind, types: InputType) -> Self {
        let (everything, resources): (_, &[_]) = match kind {
            Kind::Prompt => ("get", &["Prompt"]),
            Kind::Resource | Kind::ResourceTemplate | Kind::Tool => ("call", &["Tool"]),
        };
        Self {
            groups: vec![group(kind, connection), everything.to_owned()],
            resources,
            asked: Asked::Call(types),
            connection: Some(connection.clone()),
        }
    }
}

/// The id of the action of a tool or prompt.
pub(crate) fn action_id(kind: Kind, connection: &ConnectionName, name: &str) -> String {
    format!("{}/{name}", group(kind, connection))
}

/// What the tools, or the prompts, of a connection are in.
fn group(kind: Kind, connection: &ConnectionName) -> String {
    match kind {
        Kind::Prompt => format!("prompt:{connection}"),
        Kind::Resource | Kind::ResourceTemplate | Kind::Tool => connection.to_string(),
    }
}

/// The kind, the connection and the name that the id of an action names.
pub(crate) fn parts_of(id: &str) -> Option<(Kind, &str, &str)> {
    let (group, name) = id.split_once('/')?;
    Some(match group.strip_prefix("prompt:") {
        Some(connection) => (Kind::Prompt, connection, name),
        None => (Kind::Tool, group, name),
    })
}

/// The actions that are the same whatever the upstreams are.
fn fixed_actions() -> BTreeMap<String, Action> {
    let resource = Target::Read { uri: "" };
    let fixed: [(&str, Target<'_>, &'static [&'static str]); 15] = [
        ("approve", Target::Approve, &["Connection"]),
        ("audit", Target::Audit, &["Connection"]),
        ("complete", Target::Complete(Completion::Resource { uri: "" }), &["Prompt", "Resource"]),
        ("configure", Target::Configure, &["Connection"]),
        ("elicit", Target::Elicit, &["Connection"]),
        ("erase", Target::Erase, &["Connection"]),
        ("force_approve", Target::ForceApprove, &["Connection"]),
        ("legal_hold", Target::LegalHold, &["Connection"]),
        ("read", resource, &["Resource"]),
        ("request_access", Target::RequestAccess { group: "" }, &["Group"]),
        ("review", Target::Review, &["Connection"]),
        ("revoke", Target::Revoke, &["Connection"]),
        ("roots", Target::ListRoots, &["Connection"]),
        ("sample", Target::Sample, &["Connection"]),
        ("subscribe", Target::Subscribe { uri: "" }, &["Resource"]),
    ];
    let of_classes = [("detokenize", Asked::Detokenize), ("unmask", Asked::Unmask)].map(|(id, asked)| {
        (id.to_owned(), Action { groups: Vec::new(), resources: &["DataClass"], asked, connection: None })
    });
    let calls = fixed.into_iter().filter_map(|(id, target, resources)| {
        let asked = Asked::Call(InputType::of_protocol(target)?);
        Some((id.to_owned(), Action { groups: Vec::new(), resources, asked, connection: None }))
    });
    calls.chain(of_classes).collect()
}
