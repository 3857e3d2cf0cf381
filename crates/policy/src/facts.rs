//! A question as Cedar wants it: a request, and the entities it is about.
//!
//! Entities are built for each question and hold only what the question is about; nothing goes through JSON.

use cedar_policy::{Context, Entities, Entity, EntityUid, Request, RestrictedExpression};
use portcullis_identity::{AttributeValue, Principal};
use portcullis_settings::{ClassName, ConnectionName};

use crate::arguments::{self, Arguments, InputError};
use crate::question::{Completion, Question, Session, Target};
use crate::time::datetime;
use crate::vocabulary::{self, CALL, GET, UNMASK, Vocabulary, parent_classes};

/// Everything Cedar needs to evaluate a policy.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) request: Request,
    pub(crate) entities: Entities,
    /// What is asked, for a permit and for the operator.
    pub(crate) action: EntityUid,
    pub(crate) resource: EntityUid,
    pub(crate) principal: EntityUid,
}

/// Why a question cannot be put before the policies; it is denied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FactsError {
    /// The caller's fault.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The operator's fault.
    #[error("the connection has the name of a built-in action")]
    ReservedConnection,
    /// A clock that is wrong, or a defect. Cedar's text is left out, since it may quote an argument.
    #[error("the {0} could not be expressed in Cedar")]
    Unexpressible(&'static str),
}

impl Facts {
    /// All that is known when a call is decided.
    pub(crate) fn of_call(question: &Question<'_>, vocabulary: &Vocabulary) -> Result<Self, FactsError> {
        let Arguments { record, unrepresentable } = arguments::convert(question.input, vocabulary)?;
        let labels = labels(&question.session, unrepresentable);
        Self::of_question(question, (record, labels), vocabulary)
    }

    /// What is known before the call is made: neither the arguments nor what will be found in them.
    pub(crate) fn of_listing(question: &Question<'_>, vocabulary: &Vocabulary) -> Result<Self, FactsError> {
        let unknown = RestrictedExpression::new_unknown;
        Self::of_question(question, (unknown("input"), unknown("labels")), vocabulary)
    }

    /// What is known when the client answers a question of the upstream: what was found in the answer, but not the
    /// arguments, which were the question's.
    pub(crate) fn of_response(question: &Question<'_>, vocabulary: &Vocabulary) -> Result<Self, FactsError> {
        let unknown = RestrictedExpression::new_unknown("input");
        Self::of_question(question, (unknown, labels(&question.session, false)), vocabulary)
    }

    /// Like [`Facts::of_listing`] for reading a resource of which only the connection is known.
    pub(crate) fn of_templates(question: &Question<'_>, vocabulary: &Vocabulary) -> Result<Self, FactsError> {
        let facts = Self::of_listing(question, vocabulary)?;
        let context = call_context(RestrictedExpression::new_unknown("input"), vocabulary)?;
        let request = Request::builder()
            .principal(facts.principal.clone())
            .action(facts.action.clone())
            .unknown_resource_with_type(vocabulary.resource_type())
            .context(context)
            .build();
        Ok(Self { request, ..facts })
    }

    /// Seeing a class of data in clear on a connection.
    pub(crate) fn of_unmasking(
        principal: &Principal,
        connection: &ConnectionName,
        class: &ClassName,
        vocabulary: &Vocabulary,
    ) -> Result<Self, FactsError> {
        let connection = RestrictedExpression::new_entity_uid(vocabulary.connection(connection));
        let context = Context::from_pairs([("connection".to_owned(), connection)])
            .map_err(|_cedar| FactsError::Unexpressible("connection"))?;
        let thing = Thing {
            action: ActionIs::Single(UNMASK),
            resource: vocabulary.data_class(class.as_str()),
            parents: parent_classes(class).map(|parent| vocabulary.data_class(parent)).collect(),
            attribute: None,
        };
        let principal = principal_entity(principal, vocabulary)?;
        Parts { principal, thing, context, session: None }.assemble(vocabulary)
    }

    fn of_question(
        question: &Question<'_>,
        (input, labels): (RestrictedExpression, RestrictedExpression),
        vocabulary: &Vocabulary,
    ) -> Result<Self, FactsError> {
        let parts = Parts {
            principal: principal_entity(question.principal, vocabulary)?,
            thing: thing(question, vocabulary)?,
            context: call_context(input, vocabulary)?,
            session: Some(session_entity(&question.session, labels, vocabulary)?),
        };
        parts.assemble(vocabulary)
    }
}

/// What facts are made of.
struct Parts {
    principal: Entity,
    thing: Thing,
    context: Context,
    session: Option<Entity>,
}

impl Parts {
    fn assemble(self, vocabulary: &Vocabulary) -> Result<Facts, FactsError> {
        let Self { principal, thing: Thing { action, resource, parents, attribute }, context, session } =
            self;
        let principal_id = principal.uid();
        let action_id = vocabulary.action(action.id());
        let attribute =
            attribute.map(|(name, text)| (name.to_owned(), RestrictedExpression::new_string(text)));
        let described = Entity::new_with_tags(resource.clone(), attribute, parents, [])
            .map_err(|_cedar| FactsError::Unexpressible("resource"))?;
        let entities = action.entities(vocabulary).into_iter().chain([principal, described]).chain(session);
        let entities = Entities::from_entities(entities, None)
            .map_err(|_cedar| FactsError::Unexpressible("entities"))?;
        let request = Request::new(principal_id.clone(), action_id.clone(), resource.clone(), context, None)
            .map_err(|_cedar| FactsError::Unexpressible("request"))?;
        Ok(Facts { request, entities, action: action_id, resource, principal: principal_id })
    }
}

/// What is done, and to what.
struct Thing {
    action: ActionIs,
    resource: EntityUid,
    parents: Vec<EntityUid>,
    attribute: Option<(&'static str, String)>,
}

/// An action and its place in the hierarchy.
enum ActionIs {
    /// An action of its own.
    Single(&'static str),
    /// One thing of one connection, as in `billing/refund` in `billing` in `call`.
    Nested { id: String, of_connection: String, top: &'static str },
}

impl ActionIs {
    fn id(&self) -> &str {
        match self {
            Self::Single(id) => id,
            Self::Nested { id, .. } => id,
        }
    }

    fn entities(&self, vocabulary: &Vocabulary) -> Vec<Entity> {
        let child = |id: &str, parent: &str| {
            Entity::new_no_attrs(vocabulary.action(id), [vocabulary.action(parent)].into_iter().collect())
        };
        match self {
            Self::Single(id) => vec![Entity::with_uid(vocabulary.action(id))],
            Self::Nested { id, of_connection, top } => {
                vec![child(id, of_connection), child(of_connection, top)]
            }
        }
    }
}

fn thing(question: &Question<'_>, vocabulary: &Vocabulary) -> Result<Thing, FactsError> {
    let connection = question.connection;
    if vocabulary::is_reserved(connection) {
        return Err(FactsError::ReservedConnection);
    }
    let parents = vec![vocabulary.connection(connection)];
    let on_connection = |action| Thing {
        action: ActionIs::Single(action),
        resource: vocabulary.connection(connection),
        parents: Vec::new(),
        attribute: None,
    };
    let on_resource = |action, uri: &str| Thing {
        action: ActionIs::Single(action),
        resource: vocabulary.resource(connection, uri),
        parents: parents.clone(),
        attribute: Some(("uri", uri.to_owned())),
    };
    let on_prompt = |action, name: &str| Thing {
        action,
        resource: vocabulary.prompt(connection, name),
        parents: parents.clone(),
        attribute: Some(("name", name.to_owned())),
    };
    Ok(match question.target {
        Target::Approve => on_connection("approve"),
        Target::Audit => on_connection("audit"),
        Target::Complete(Completion::Prompt { name }) => on_prompt(ActionIs::Single("complete"), name),
        Target::Complete(Completion::Resource { uri }) => on_resource("complete", uri),
        Target::Configure => on_connection("configure"),
        Target::Elicit => on_connection("elicit"),
        Target::ListRoots => on_connection("roots"),
        Target::Prompt { name } => {
            let id = format!("prompt:{connection}/{name}");
            on_prompt(ActionIs::Nested { id, of_connection: format!("prompt:{connection}"), top: GET }, name)
        }
        Target::Read { uri } => on_resource("read", uri),
        Target::Review => on_connection("review"),
        Target::Revoke => on_connection("revoke"),
        Target::Sample => on_connection("sample"),
        Target::Subscribe { uri } => on_resource("subscribe", uri),
        Target::Tool { name } => Thing {
            action: ActionIs::Nested {
                id: format!("{connection}/{name}"),
                of_connection: connection.to_string(),
                top: CALL,
            },
            resource: vocabulary.tool(connection, name),
            parents,
            attribute: Some(("name", name.to_owned())),
        },
    })
}

fn principal_entity(principal: &Principal, vocabulary: &Vocabulary) -> Result<Entity, FactsError> {
    let text =
        |name: &str, value: &str| (name.to_owned(), RestrictedExpression::new_string(value.to_owned()));
    Entity::new_with_tags(
        vocabulary.principal(principal),
        [text("issuer", principal.issuer.as_str()), text("subject", principal.subject.as_str())],
        principal.groups.iter().map(|group| vocabulary.group(group)),
        principal.attributes.iter().map(|(name, value)| (name.clone(), tag(value))),
    )
    .map_err(|_cedar| FactsError::Unexpressible("principal"))
}

fn tag(value: &AttributeValue) -> RestrictedExpression {
    match value {
        AttributeValue::Bool(value) => RestrictedExpression::new_bool(*value),
        AttributeValue::Integer(value) => RestrictedExpression::new_long(*value),
        AttributeValue::Text(text) => RestrictedExpression::new_string(text.clone()),
        AttributeValue::TextList(list) => {
            RestrictedExpression::new_set(list.iter().cloned().map(RestrictedExpression::new_string))
        }
    }
}

/// The session is an entity and not a record: Cedar can read the other members of an entity of which one is
/// unknown, whatever their types, but not those of a record that has a `datetime` beside an unknown.
fn call_context(input: RestrictedExpression, vocabulary: &Vocabulary) -> Result<Context, FactsError> {
    let session = RestrictedExpression::new_entity_uid(vocabulary.session());
    Context::from_pairs([("input".to_owned(), input), ("session".to_owned(), session)])
        .map_err(|_cedar| FactsError::Unexpressible("context"))
}

/// `labels` stands for those of the session.
fn session_entity(
    session: &Session<'_>,
    labels: RestrictedExpression,
    vocabulary: &Vocabulary,
) -> Result<Entity, FactsError> {
    let Session { labels: _, client, now } = session;
    let client = client.map(|client| ("client", RestrictedExpression::new_string(client.to_owned())));
    let attributes = [("labels", labels), ("now", datetime(*now).ok_or(FactsError::Unexpressible("time"))?)]
        .into_iter()
        .chain(client);
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value));
    Entity::new_with_tags(vocabulary.session(), attributes, [], [])
        .map_err(|_cedar| FactsError::Unexpressible("session"))
}

fn labels(session: &Session<'_>, unrepresentable: bool) -> RestrictedExpression {
    let found = session.labels.iter().map(ClassName::as_str);
    let labels = found.chain(unrepresentable.then_some(UNREPRESENTABLE));
    RestrictedExpression::new_set(labels.map(|label| RestrictedExpression::new_string(label.to_owned())))
}

/// The label of a call whose arguments Cedar cannot hold exactly.
const UNREPRESENTABLE: &str = "args.unrepresentable";
