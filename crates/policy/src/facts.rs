//! A question as Cedar wants it: a request, and the entities it is about.
//!
//! Entities are built for each question and hold only what the question is about; nothing goes through JSON. What
//! questions about one request have in common is built once, as their [`Circumstances`].

use std::collections::BTreeSet;

use cedar_policy::{Context, Entities, Entity, EntityUid, Request, RestrictedExpression};
use portcullis_identity::{AttributeValue, Principal};
use portcullis_settings::{ClassName, ConnectionName};

use crate::arguments::{self, Arguments, InputError};
use crate::detokenize::Detokenizing;
use crate::input_type::InputType;
use crate::question::{Question, Session, Target};
use crate::thing::Thing;
use crate::time::datetime;
use crate::usage::{self, USAGE};
use crate::vocabulary::{DETOKENIZE, UNMASK, Vocabulary, parent_classes};

/// Everything Cedar needs to evaluate a policy.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) request: Request,
    pub(crate) entities: Entities,
    /// What is asked, for a permit and for the operator.
    pub(crate) action: EntityUid,
    pub(crate) resource: EntityUid,
    pub(crate) principal: EntityUid,
    /// Whether the question is about any resource of its type, and `resource` only stands for it.
    pub(crate) any_resource: bool,
}

/// Everything but what is done, and to what.
#[derive(Clone, Debug)]
pub(crate) struct Circumstances {
    principal: EntityUid,
    context: Context,
    entities: Entities,
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
        let of_protocol = InputType::of_protocol(question.target);
        let types = question.types.or(of_protocol.as_ref());
        let Arguments { record, unrepresentable } = arguments::convert(question.input, types, vocabulary)?;
        let session = known_session(&question.session, unrepresentable, vocabulary)?;
        Self::of_question(question, (record, session), vocabulary)
    }

    /// What is known of a call that was decided before: these arguments, in which something may be unknown, and not
    /// always what was found in it, or what had been used.
    pub(crate) fn of_incomplete(
        question: &Question<'_>,
        input: RestrictedExpression,
        (lacks_labels, lacks_usage): (bool, bool),
        vocabulary: &Vocabulary,
    ) -> Result<Self, FactsError> {
        let (known, unknown) = (known_session(&question.session, false, vocabulary)?, unknown_session());
        let session = SessionValues {
            labels: if lacks_labels { unknown.labels } else { known.labels },
            usage: if lacks_usage { unknown.usage } else { known.usage },
        };
        Self::of_question(question, (input, session), vocabulary)
    }

    /// What is known before the call is made: neither the arguments nor what will be found in them, nor what will have
    /// been used by then.
    pub(crate) fn of_listing(question: &Question<'_>, vocabulary: &Vocabulary) -> Result<Self, FactsError> {
        let unknown = RestrictedExpression::new_unknown("input");
        Self::of_question(question, (unknown, unknown_session()), vocabulary)
    }

    /// What is known when the client answers a question of the upstream: what was found in the answer, but not the
    /// arguments, which were the question's, nor what was used when it was asked.
    pub(crate) fn of_response(question: &Question<'_>, vocabulary: &Vocabulary) -> Result<Self, FactsError> {
        let unknown = RestrictedExpression::new_unknown;
        let session = SessionValues { labels: labels(&question.session, false), usage: unknown(USAGE) };
        Self::of_question(question, (unknown("input"), session), vocabulary)
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
        Ok(Self { request, any_resource: true, ..facts })
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
        let principal = principal_entity(principal, vocabulary)?;
        Circumstances::new(principal, None, context)?.of(Thing::of_class(UNMASK, class, vocabulary))
    }

    /// Putting values of a class in the place of tokens in what a tool gets.
    pub(crate) fn of_detokenizing(
        asked: Detokenizing<'_>,
        class: &ClassName,
        vocabulary: &Vocabulary,
    ) -> Result<Self, FactsError> {
        let Detokenizing { principal, connection, tool } = asked;
        let id = vocabulary.tool(connection, tool);
        let members = [("connection", vocabulary.connection(connection)), ("tool", id)];
        let members = members.map(|(name, id)| (name.to_owned(), RestrictedExpression::new_entity_uid(id)));
        let context = Context::from_pairs(members).map_err(|_cedar| FactsError::Unexpressible("tool"))?;
        let tool = Thing::of_target(Target::Tool { name: tool }, connection, vocabulary)?.resource()?;
        let principal = principal_entity(principal, vocabulary)?;
        Circumstances::new(principal, Some(tool), context)?.of(Thing::of_class(DETOKENIZE, class, vocabulary))
    }

    /// Who acts, and on what: enough to find the policies that can match, and not to evaluate them.
    pub(crate) fn of_actor(
        principal: &Principal,
        connection: &ConnectionName,
        target: Target<'_>,
        vocabulary: &Vocabulary,
    ) -> Result<Self, FactsError> {
        let thing = Thing::of_target(target, connection, vocabulary)?;
        let principal = principal_entity(principal, vocabulary)?;
        Circumstances::new(principal, None, Context::empty())?.of(thing)
    }

    fn of_question(
        question: &Question<'_>,
        known: (RestrictedExpression, SessionValues),
        vocabulary: &Vocabulary,
    ) -> Result<Self, FactsError> {
        let thing = Thing::of_target(question.target, question.connection, vocabulary)?;
        Circumstances::of_request(question.principal, &question.session, known, vocabulary)?.of(thing)
    }
}

impl Circumstances {
    /// Those of [`Facts::of_listing`].
    pub(crate) fn of_listing(
        principal: &Principal,
        session: &Session<'_>,
        vocabulary: &Vocabulary,
    ) -> Result<Self, FactsError> {
        let unknown = RestrictedExpression::new_unknown("input");
        Self::of_request(principal, session, (unknown, unknown_session()), vocabulary)
    }

    /// Those of [`Facts::of_call`] for calls without arguments.
    pub(crate) fn of_plain_calls(
        principal: &Principal,
        session: &Session<'_>,
        vocabulary: &Vocabulary,
    ) -> Result<Self, FactsError> {
        let Arguments { record, unrepresentable } = arguments::convert(None, None, vocabulary)?;
        let values = known_session(session, unrepresentable, vocabulary)?;
        Self::of_request(principal, session, (record, values), vocabulary)
    }

    fn of_request(
        principal: &Principal,
        session: &Session<'_>,
        (input, values): (RestrictedExpression, SessionValues),
        vocabulary: &Vocabulary,
    ) -> Result<Self, FactsError> {
        let principal = principal_entity(principal, vocabulary)?;
        let session = session_entity(session, values, vocabulary)?;
        Self::new(principal, Some(session), call_context(input, vocabulary)?)
    }

    /// `named` is what the context names: the session of a call, or the tool that is to get something.
    fn new(principal: Entity, named: Option<Entity>, context: Context) -> Result<Self, FactsError> {
        let id = principal.uid();
        let entities = Entities::from_entities(std::iter::once(principal).chain(named), None)
            .map_err(|_cedar| FactsError::Unexpressible("entities"))?;
        Ok(Self { principal: id, context, entities })
    }

    /// The facts of a question about this thing.
    pub(crate) fn of(self, thing: Thing) -> Result<Facts, FactsError> {
        let Self { principal, context, entities } = self;
        let (action, resource) = (thing.action.id.clone(), thing.resource.clone());
        let entities = entities
            .add_entities(thing.entities()?, None)
            .map_err(|_cedar| FactsError::Unexpressible("entities"))?;
        let request = Request::new(principal.clone(), action.clone(), resource.clone(), context, None)
            .map_err(|_cedar| FactsError::Unexpressible("request"))?;
        Ok(Facts { request, entities, action, resource, principal, any_resource: false })
    }
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

/// The values of those attributes of the session that are not always known.
struct SessionValues {
    labels: RestrictedExpression,
    usage: RestrictedExpression,
}

fn known_session(
    session: &Session<'_>,
    unrepresentable: bool,
    vocabulary: &Vocabulary,
) -> Result<SessionValues, FactsError> {
    let usage = usage::expression(session.usage, vocabulary)?;
    Ok(SessionValues { labels: labels(session, unrepresentable), usage })
}

fn unknown_session() -> SessionValues {
    let unknown = RestrictedExpression::new_unknown;
    SessionValues { labels: unknown("labels"), usage: unknown(USAGE) }
}

/// The `values` stand for those of the session.
fn session_entity(
    session: &Session<'_>,
    values: SessionValues,
    vocabulary: &Vocabulary,
) -> Result<Entity, FactsError> {
    let Session { labels: _, client, now, usage: _ } = session;
    let SessionValues { labels, usage } = values;
    let client = client.map(|client| ("client", RestrictedExpression::new_string(client.to_owned())));
    let now = datetime(*now).ok_or(FactsError::Unexpressible("time"))?;
    let attributes = [("labels", labels), ("now", now), (USAGE, usage)].into_iter().chain(client);
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value));
    Entity::new_with_tags(vocabulary.session(), attributes, [], [])
        .map_err(|_cedar| FactsError::Unexpressible("session"))
}

/// What was found, and what it is in: who asks for `pii` means `pii.card` too.
fn labels(session: &Session<'_>, unrepresentable: bool) -> RestrictedExpression {
    let found = session.labels.iter().flat_map(|class| parent_classes(class).chain([class.as_str()]));
    let labels: BTreeSet<&str> = found.chain(unrepresentable.then_some(UNREPRESENTABLE)).collect();
    RestrictedExpression::new_set(
        labels.into_iter().map(|label| RestrictedExpression::new_string(label.to_owned())),
    )
}

/// The label of a call whose arguments Cedar cannot hold exactly.
const UNREPRESENTABLE: &str = "args.unrepresentable";
