//! What Cedar's validator says, in the words of this project.
//!
//! Its messages name policies where ours name places, types as the validator thinks of them, and fixes for its own
//! examples. The errors keep their parts to themselves, so the parts are taken from the texts; the version of Cedar
//! is fixed, and tests hold each of these texts. What is not recognised is passed on as it is.

use std::collections::BTreeSet;

use cedar_policy::{ValidationError, ValidationWarning};
use miette::Diagnostic;
use portcullis_settings::words::suggest;

use crate::names::ENTITY_TYPES;

/// One thing that the validator says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// Where in the text of the policy, in bytes, and how long it is.
    pub(crate) offset: usize,
    pub(crate) length: usize,
    /// The action of the questions that it is about, where it says so.
    pub(crate) action: Option<String>,
    pub(crate) reason: Reason,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Something is read that is not there for some of the questions.
    Absent { path: String, of_type: Option<String> },
    /// Names that the scope needs do not go together.
    Impossible { scope: bool },
    /// Two values are compared whose types can never be equal.
    Incompatible { types: String, advice: String },
    /// Something is read that may be absent.
    Optional { path: String },
    /// Anything else, as Cedar says it.
    Other { message: String, advice: String },
    /// A tag is read that may be absent.
    Tag { tag: String },
    /// A value is of another type than what is done with it needs.
    Type { expected: String, actual: String, advice: String },
    /// An entity type or an action that does not exist.
    UnknownName { message: String },
}

pub(crate) fn of_error(error: &ValidationError, (offset, length): (usize, usize)) -> Said {
    let text = without_policy(&error.to_string());
    let advice = error.help().map(|help| without_policy(&help.to_string())).unwrap_or_default();
    let (mut action, mut other) = (None, || Reason::Other { message: text.clone(), advice: advice.clone() });
    let reason = match error {
        ValidationError::UnsafeAttributeAccess(_) => {
            action = action_in(&text);
            match quoted(&text) {
                Some(path) => Reason::Absent { path: rooted(path, &text), of_type: type_in(&text) },
                None => other(),
            }
        }
        ValidationError::UnsafeOptionalAttributeAccess(_) => {
            action = action_in(&text);
            match quoted(&text) {
                Some(path) => Reason::Optional { path: rooted(path, &text) },
                None => other(),
            }
        }
        ValidationError::UnsafeTagAccess(_) => {
            quoted(&text).map_or_else(&mut other, |tag| Reason::Tag { tag: tag.to_owned() })
        }
        ValidationError::UnexpectedType(_) => match text
            .strip_prefix("unexpected type: expected ")
            .and_then(|rest| rest.split_once(" but saw "))
        {
            Some((expected, actual)) => {
                Reason::Type { expected: told_type(expected), actual: told_type(actual), advice }
            }
            None => other(),
        },
        ValidationError::IncompatibleTypes(_) => Reason::Incompatible { types: told_type(&text), advice },
        ValidationError::InvalidActionApplication(_) => Reason::Impossible { scope: true },
        ValidationError::UnrecognizedEntityType(_) | ValidationError::UnrecognizedActionId(_) => {
            Reason::UnknownName { message: text.clone() }
        }
        ValidationError::NoTagsAllowed(_)
        | ValidationError::UndefinedFunction(_)
        | ValidationError::WrongNumberArguments(_)
        | ValidationError::FunctionArgumentValidation(_)
        | ValidationError::EmptySetForbidden(_)
        | ValidationError::NonLitExtConstructor(_)
        | ValidationError::HierarchyNotRespected(_)
        | ValidationError::InternalInvariantViolation(_)
        | ValidationError::EntityDerefLevelViolation(_)
        | ValidationError::InvalidEnumEntity(_)
        | ValidationError::IncompleteSchema(_)
        | _ => other(),
    };
    Said { offset, length, action, reason }
}

pub(crate) fn of_warning(warning: &ValidationWarning, (offset, length): (usize, usize)) -> Said {
    let reason = match warning {
        ValidationWarning::ImpossiblePolicy(_) => Reason::Impossible { scope: false },
        ValidationWarning::InvalidActionApplication(_) => Reason::Impossible { scope: true },
        ValidationWarning::MixedScriptString(_)
        | ValidationWarning::BidiCharsInString(_)
        | ValidationWarning::BidiCharsInIdentifier(_)
        | ValidationWarning::MixedScriptIdentifier(_)
        | ValidationWarning::ConfusableIdentifier(_)
        | _ => Reason::Other {
            message: without_policy(&warning.to_string()),
            advice: warning.help().map(|help| help.to_string()).unwrap_or_default(),
        },
    };
    Said { offset, length, action: None, reason }
}

impl Said {
    /// Whether it is about the arguments of a call.
    pub(crate) fn is_about_input(&self, text: &str) -> bool {
        let path = match &self.reason {
            Reason::Absent { path, .. } | Reason::Optional { path } => path.as_str(),
            Reason::Impossible { .. }
            | Reason::Incompatible { .. }
            | Reason::Other { .. }
            | Reason::Tag { .. }
            | Reason::Type { .. }
            | Reason::UnknownName { .. } => "",
        };
        let part = text.get(self.offset..self.offset.saturating_add(self.length)).unwrap_or_default();
        path.starts_with("context.input") || part.contains("context.input")
    }
}

impl Reason {
    /// The message, and what to do about it. `actions` are those of the questions that it is about.
    pub(crate) fn told(&self, actions: &BTreeSet<String>) -> (String, String) {
        match self {
            Self::Absent { path, of_type: Some(_) } if path.starts_with("context.session") => {
                (format!("`{path}` is not there: the session has no such attribute"), SESSION.to_owned())
            }
            Self::Absent { path, of_type: Some(of_type) } => (
                format!("`{path}` is read, and a {of_type} has no such attribute"),
                "say in the scope which type is meant, or ask first with `has`".to_owned(),
            ),
            Self::Absent { path, of_type: None } if path == "context.session" || path == "context.input" => (
                format!("`{path}` is read, and {} has none", list(actions)),
                "say in the scope which actions are meant, as `action in Action::\"call\"`".to_owned(),
            ),
            Self::Absent { path, of_type: None } => {
                (format!("`{path}` is read, and {} has none", list(actions)), ask_first(path))
            }
            Self::Impossible { scope: true } => (
                "it can never match: no action in its scope goes with such a principal and resource"
                    .to_owned(),
                "tools are of `Tool`, prompts of `Prompt`, `read` of `Resource`, `unmask` and `detokenize` of `DataClass`"
                    .to_owned(),
            ),
            Self::Impossible { scope: false } => (
                "it can never match, whatever is asked".to_owned(),
                "remove it, or mend its conditions".to_owned(),
            ),
            Self::Incompatible { types, advice } => match types {
                types if types.contains("decimal") && types.contains("Long") => {
                    ("a decimal and a whole number are never equal".to_owned(), DECIMALS.to_owned())
                }
                types => (types.clone(), advice.clone()),
            },
            Self::Optional { path } => (format!("`{path}` is read, and may be absent"), ask_first(path)),
            Self::Other { message, advice } => (message.clone(), advice.clone()),
            Self::Tag { tag } => (
                format!("the tag `{tag}` is read, and may be absent"),
                format!("ask first: `.hasTag({tag}) && …`"),
            ),
            Self::Type { expected, actual, advice } => {
                let advice = match (expected.as_str(), actual.as_str()) {
                    (expected, "decimal") if expected.contains("Long") => DECIMALS,
                    ("decimal", "Long") => "whole numbers are compared with `<`, `<=`, `>` and `>=`",
                    _ => advice,
                };
                (format!("this is of type {actual}, and {expected} is needed"), advice.to_owned())
            }
            Self::UnknownName { message } => match quoted(message) {
                Some(name) if message.starts_with("unrecognized entity type") => {
                    (format!("there are no entities of the type `{name}`"), suggest(name, &ENTITY_TYPES))
                }
                _ => (message.clone(), String::new()),
            },
        }
    }
}

/// `for policy …, what is wrong` without the policy, which we name by its place.
fn without_policy(text: &str) -> String {
    let text = match text.strip_prefix("for policy `").and_then(|rest| rest.split_once('`')) {
        Some((_, rest)) => rest.trim_start_matches([',', ':']).trim_start(),
        None => text,
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn quoted(text: &str) -> Option<&str> {
    text.split('`').nth(1)
}

/// A path as a policy writes it. Cedar leaves out where it begins and says of what it is.
fn rooted(path: &str, text: &str) -> String {
    let root = match type_in(text) {
        None if text.contains(" in context for ") => "context",
        None => return path.to_owned(),
        Some(of) if of.contains("`Session`") => "context.session",
        Some(of) if of.contains("`User`") || of.contains("`Workload`") => "principal",
        Some(_) => "resource",
    };
    let dot = if path.starts_with('[') { "" } else { "." };
    format!("{root}{dot}{path}")
}

/// The action of `in context for Action::"…"`.
fn action_in(text: &str) -> Option<String> {
    let (_, rest) = text.split_once(" in context for ")?;
    let entity = rest.strip_suffix(" not found").unwrap_or(rest);
    let entity: cedar_policy::EntityUid = entity.parse().ok()?;
    Some(entity.id().unescaped().to_owned())
}

/// The type of `on entity type ‹Prompt›`.
fn type_in(text: &str) -> Option<String> {
    let (_, rest) = text.split_once(" on entity type")?;
    Some(rest.trim_start_matches('s').trim_end_matches(" not found").trim().to_owned())
}

/// A type without the names that only the validator knows.
fn told_type(text: &str) -> String {
    let plain = [
        ("__cedar::internal::True", "Bool"),
        ("__cedar::internal::False", "Bool"),
        ("__cedar::internal::AnyEntity", "an entity"),
        ("__cedar::internal::Any", "anything"),
        ("__cedar::internal::Union", "one of "),
        ("__cedar::internal::OpenRecord", ""),
        ("__cedar::internal::Never", "nothing"),
    ];
    plain.iter().fold(text.to_owned(), |text, (internal, plain)| text.replace(internal, plain))
}

/// `context.input has amount && …` for `context.input.amount`.
fn ask_first(path: &str) -> String {
    let split = path.rfind('[').filter(|_| path.ends_with(']')).or_else(|| path.rfind('.'));
    let parts = split.and_then(|at| path.split_at_checked(at));
    match parts {
        Some((whole, last)) => {
            let last = last.trim_start_matches(['.', '[']).trim_end_matches(']');
            format!("ask first: `{whole} has {last} && …`")
        }
        None => format!("ask first with `has {path}`"),
    }
}

/// Actions in a sentence, the first and how many more.
fn list(actions: &BTreeSet<String>) -> String {
    match (actions.first(), actions.len()) {
        (None, _) => "what is asked".to_owned(),
        (Some(only), 1) => format!("`{only}`"),
        (Some(first), 2) => format!("`{first}`, like one other action,"),
        (Some(first), n) => format!("`{first}`, like {} other actions,", n - 1),
    }
}

/// Where to look for what the session has.
const SESSION: &str = "it has `client`, `labels`, `now` and `usage`, and that `minute`, `hour` and `day`";

/// What to write where a decimal is compared as if it were a whole number.
const DECIMALS: &str = "decimals are compared with `.lessThan(decimal(\"1.5\"))`, `.lessThanOrEqual(…)`, \
                        `.greaterThan(…)`, `.greaterThanOrEqual(…)` and `== decimal(\"1.5\")`";
