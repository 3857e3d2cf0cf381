//! The types that a definition gives its arguments, as far as Cedar has them.
//!
//! One value decides both what a call's arguments become (`arguments`) and what a schema says that they are (the
//! command line), so the two cannot disagree: an argument has the type that is declared here, or it is there as an
//! `Unrepresentable`, and a rule that computes with it errs. How a JSON Schema is read can therefore only make a rule
//! harder to write, never a decision wrong.
//!
//! Not here: whether arguments are valid. A server checks what it is sent; what is checked here is only what a rule
//! could misread.

mod schema;

use std::collections::BTreeMap;

use portcullis_mcp::json::{Json, Object};

use crate::question::{Completion, Target};

/// What of a definition decides how arguments become Cedar values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputType {
    /// `None` if the definition does not say that the arguments are an object of its own making.
    record: Option<RecordType>,
}

/// The type of one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// Nothing that Cedar has a type for; each value decides its own type, and no rule can name it.
    Any,
    /// `true` and `false`.
    Bool,
    /// Every number, whole or not, as a `decimal`.
    Decimal,
    /// Whole numbers, as a `Long`.
    Long,
    /// Objects.
    Record(RecordType),
    /// Arrays whose items have this type.
    Set(Box<ValueType>),
    /// Texts.
    String,
}

/// The members that an object is known to have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordType {
    members: BTreeMap<String, MemberType>,
}

/// One member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberType {
    /// Its type.
    pub value: ValueType,
    /// Whether it must be there. A rule may read it without asking first; if it is not there, the rule errs.
    pub is_required: bool,
}

impl InputType {
    /// What the `inputSchema` of a tool says.
    ///
    /// `type`, `properties`, `required`, `items`, `enum`, `const`, `anyOf`, `oneOf`, `allOf` and local `$ref`s are
    /// read, a bounded number of them; what is beyond, or contradicts itself, counts as nothing said.
    #[must_use]
    pub fn of_schema(schema: &Object<'_>) -> Self {
        match schema::read(schema) {
            ValueType::Record(record) => Self { record: Some(record) },
            ValueType::Any
            | ValueType::Bool
            | ValueType::Decimal
            | ValueType::Long
            | ValueType::Set(_)
            | ValueType::String => Self { record: None },
        }
    }

    /// What the `arguments` of a prompt say: each is a text.
    #[must_use]
    pub fn of_prompt(prompt: &Object<'_>) -> Self {
        let arguments = prompt.get("arguments").and_then(Json::as_array).unwrap_or_default();
        let members = arguments.iter().filter_map(|argument| {
            let argument = argument.as_object()?;
            let is_required = argument.get("required") == Some(&Json::Bool(true));
            let member = MemberType { value: ValueType::String, is_required };
            Some((argument.get_str("name")?.to_owned(), member))
        });
        Self { record: Some(RecordType { members: members.collect() }) }
    }

    /// What the protocol says of a target whose input no definition describes: what a server asks of a client.
    /// `None` for tools and prompts.
    #[must_use]
    pub fn of_protocol(target: Target<'_>) -> Option<Self> {
        let members: &[(&str, ValueType)] = match target {
            Target::Elicit => &ELICIT,
            Target::Sample => &SAMPLE,
            Target::Prompt { .. } | Target::Tool { .. } => return None,
            Target::Approve
            | Target::Audit
            | Target::Complete(Completion::Prompt { .. } | Completion::Resource { .. })
            | Target::Configure
            | Target::Erase
            | Target::ForceApprove
            | Target::LegalHold
            | Target::ListRoots
            | Target::Read { .. }
            | Target::RequestAccess { .. }
            | Target::Review
            | Target::Revoke
            | Target::Subscribe { .. } => &[],
        };
        let optional = |value: &ValueType| MemberType { value: value.clone(), is_required: false };
        let members = members.iter().map(|(name, value)| ((*name).to_owned(), optional(value)));
        Some(Self { record: Some(RecordType { members: members.collect() }) })
    }

    /// What arguments become, and whether one of them is there as an `Unrepresentable`; `None` if they are not an
    /// object.
    #[cfg(feature = "test-util")]
    #[must_use]
    pub fn convert_for_test(&self, input: &Json<'_>) -> Option<(cedar_policy::RestrictedExpression, bool)> {
        let vocabulary = crate::vocabulary::Vocabulary::new().ok()?;
        let converted = crate::arguments::convert(Some(input), Some(self), &vocabulary).ok()?;
        Some((converted.record, converted.unrepresentable))
    }

    /// The arguments; `None` if nothing is said about them.
    #[must_use]
    pub const fn record(&self) -> Option<&RecordType> {
        self.record.as_ref()
    }
}

impl RecordType {
    /// The members, by name.
    pub fn members(&self) -> impl Iterator<Item = (&str, &MemberType)> {
        self.members.iter().map(|(name, member)| (name.as_str(), member))
    }

    /// One member.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&MemberType> {
        self.members.get(name)
    }
}

impl ValueType {
    /// Whether a schema of Cedar can say it. A member that it cannot is left out there, so that no rule can name it.
    #[must_use]
    pub fn is_expressible(&self) -> bool {
        match self {
            Self::Any => false,
            Self::Set(item) => item.is_expressible(),
            Self::Bool | Self::Decimal | Self::Long | Self::Record(_) | Self::String => true,
        }
    }
}

/// MCP `elicitation/create`. The schema of a form is data of any shape.
const ELICIT: [(&str, ValueType); 4] = [
    ("elicitationId", ValueType::String),
    ("message", ValueType::String),
    ("mode", ValueType::String),
    ("url", ValueType::String),
];

/// MCP `sampling/createMessage`. Messages are of several shapes.
const SAMPLE: [(&str, ValueType); 4] = [
    ("includeContext", ValueType::String),
    ("maxTokens", ValueType::Long),
    ("systemPrompt", ValueType::String),
    ("temperature", ValueType::Decimal),
];

#[cfg(test)]
mod tests;
