//! A question as Cedar wants it: a request, and the entities it is about.
//!
//! Entities are built for each question and hold only what the question is about; nothing goes through JSON.

use cedar_policy::{Context, Entities, Entity, EntityUid, Request, RestrictedExpression};
use portcullis_identity::{AttributeValue, Principal, UnixSeconds};
use portcullis_settings::{ClassName, ConnectionName};

use crate::arguments::{self, Arguments, InputError};
use crate::question::{Completion, Question, Session, Target};
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
        let now = datetime(question.session.now)?;
        let context = call_context(record, session(labels, now, &question.session)?)?;
        Self::new(question.principal, thing(question, vocabulary)?, context, vocabulary)
    }

    /// What is known before the call is made: neither the arguments nor what will be found in them.
    ///
    /// The time is an unknown too, but one to be bound right away with [`Facts::now`]: a `datetime` beside an
    /// unknown would keep Cedar from reading any other member of the session.
    pub(crate) fn of_listing(question: &Question<'_>, vocabulary: &Vocabulary) -> Result<Self, FactsError> {
        let context = listing_context(&question.session)?;
        Self::new(question.principal, thing(question, vocabulary)?, context, vocabulary)
    }

    /// Like [`Facts::of_listing`] for reading a resource of which only the connection is known.
    pub(crate) fn of_templates(question: &Question<'_>, vocabulary: &Vocabulary) -> Result<Self, FactsError> {
        let mut facts = Self::of_listing(question, vocabulary)?;
        facts.request = Request::builder()
            .principal(facts.principal.clone())
            .action(facts.action.clone())
            .unknown_resource_with_type(vocabulary.resource_type())
            .context(listing_context(&question.session)?)
            .build();
        Ok(facts)
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
        Self::new(principal, thing, context, vocabulary)
    }

    /// The binding of the unknown time of [`Facts::of_listing`].
    pub(crate) fn now(question: &Question<'_>) -> Result<(&'static str, RestrictedExpression), FactsError> {
        Ok((NOW, datetime(question.session.now)?))
    }

    fn new(
        principal: &Principal,
        thing: Thing,
        context: Context,
        vocabulary: &Vocabulary,
    ) -> Result<Self, FactsError> {
        let Thing { action, resource, parents, attribute } = thing;
        let mut entities = action.entities(vocabulary);
        let action = vocabulary.action(action.id());
        let attributes =
            attribute.map(|(name, text)| (name.to_owned(), RestrictedExpression::new_string(text)));
        let described = Entity::new_with_tags(resource.clone(), attributes, parents, [])
            .map_err(|_cedar| FactsError::Unexpressible("resource"))?;
        entities.push(described);
        entities.push(principal_entity(principal, vocabulary)?);
        let entities = Entities::from_entities(entities, None)
            .map_err(|_cedar| FactsError::Unexpressible("entities"))?;
        let principal = vocabulary.principal(principal);
        let request = Request::new(principal.clone(), action.clone(), resource.clone(), context, None)
            .map_err(|_cedar| FactsError::Unexpressible("request"))?;
        Ok(Self { request, entities, action, resource, principal })
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

fn call_context(input: RestrictedExpression, session: RestrictedExpression) -> Result<Context, FactsError> {
    Context::from_pairs([(INPUT.to_owned(), input), ("session".to_owned(), session)])
        .map_err(|_cedar| FactsError::Unexpressible("context"))
}

fn listing_context(known: &Session<'_>) -> Result<Context, FactsError> {
    let unknown = RestrictedExpression::new_unknown;
    call_context(unknown(INPUT), session(unknown(LABELS), unknown(NOW), known)?)
}

fn session(
    labels: RestrictedExpression,
    now: RestrictedExpression,
    known: &Session<'_>,
) -> Result<RestrictedExpression, FactsError> {
    let Session { labels: _, client, now: _ } = known;
    let client = client.map(|client| ("client", RestrictedExpression::new_string(client.to_owned())));
    let members = [(LABELS, labels), (NOW, now)].into_iter().chain(client);
    RestrictedExpression::new_record(members.map(|(name, value)| (name.to_owned(), value)))
        .map_err(|_cedar| FactsError::Unexpressible("session"))
}

fn labels(session: &Session<'_>, unrepresentable: bool) -> RestrictedExpression {
    let found = session.labels.iter().map(ClassName::as_str);
    let labels = found.chain(unrepresentable.then_some(UNREPRESENTABLE));
    RestrictedExpression::new_set(labels.map(|label| RestrictedExpression::new_string(label.to_owned())))
}

/// A time as a Cedar `datetime`, which ends with the year 9999.
fn datetime(UnixSeconds(seconds): UnixSeconds) -> Result<RestrictedExpression, FactsError> {
    if seconds > LAST_SECOND {
        return Err(FactsError::Unexpressible("time"));
    }
    let (days, second) = (seconds / SECONDS_PER_DAY, seconds % SECONDS_PER_DAY);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    Ok(RestrictedExpression::new_datetime(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
    )))
}

/// The date of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// Years are counted from March, so that the leap day is the last of its year, in eras of 400 years.
const fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + DAYS_TO_EPOCH;
    let (era, day_of_era) = (days / DAYS_PER_ERA, days % DAYS_PER_ERA);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

const INPUT: &str = "input";
const LABELS: &str = "labels";
const NOW: &str = "now";
/// The label of a call whose arguments Cedar cannot hold exactly.
const UNREPRESENTABLE: &str = "args.unrepresentable";

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;
const DAYS_PER_ERA: u64 = 146_097;
/// From 0000-03-01 to 1970-01-01.
const DAYS_TO_EPOCH: u64 = 719_468;
/// 9999-12-31T23:59:59Z.
const LAST_SECOND: u64 = 253_402_300_799;
