//! What somebody wants to do, in owned parts.

use portcullis_mcp::ambiguity::is_plain_uri;
use portcullis_policy::{Completion, Target};
use portcullis_settings::{ClassName, GroupName};

use crate::trial::problem::suggest;

/// What is to be done, and to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    CompletePrompt(String),
    CompleteResource(String),
    /// A class of which a tool gets values in the place of tokens.
    Detokenize(ClassName, String),
    Prompt(String),
    Read(String),
    /// A group, to be in for a time.
    RequestAccess(String),
    /// Something that is done to a connection as a whole.
    Step(&'static str, Target<'static>),
    Subscribe(String),
    Tool(String),
    Unmask(ClassName),
}

/// The question that it puts to the policies.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Aim<'w> {
    /// Whether a class of data may be seen in clear.
    Class(&'w ClassName),
    /// Whether a tool may have a class of data in the place of tokens.
    ClassForTool(&'w ClassName, &'w str),
    /// Whether something may be done.
    Target(Target<'w>),
}

impl Wanted {
    /// The words that say what is wanted, in test files.
    pub(crate) const KEYS: [&str; 9] = [
        "action",
        "complete_prompt",
        "complete_resource",
        "prompt",
        "request_access",
        "resource",
        "subscribe",
        "tool",
        "unmask",
    ];

    /// Reads one of [`Wanted::KEYS`] and what is written for it.
    pub(crate) fn parse(key: &str, text: &str) -> Result<Self, String> {
        let name = || (!text.is_empty()).then(|| text.to_owned()).ok_or("it is empty".to_owned());
        match key {
            "action" => step(text),
            "complete_prompt" => name().map(Self::CompletePrompt),
            "complete_resource" => uri(text).map(Self::CompleteResource),
            "prompt" => name().map(Self::Prompt),
            "request_access" => group(text).map(Self::RequestAccess),
            "resource" => uri(text).map(Self::Read),
            "subscribe" => uri(text).map(Self::Subscribe),
            "tool" => name().map(Self::Tool),
            "unmask" => text.parse().map(Self::Unmask).map_err(|error| format!("{error}")),
            other => Err(suggest(other, &Self::KEYS)),
        }
    }

    /// Reads the class of which a tool gets values in the place of tokens.
    pub(crate) fn detokenize(class: &str, tool: &str) -> Result<Self, String> {
        if tool.is_empty() {
            return Err("it is empty".to_owned());
        }
        let class = class.parse().map_err(|error| format!("{error}"))?;
        Ok(Self::Detokenize(class, tool.to_owned()))
    }

    /// As policies know it.
    pub(crate) fn aim(&self) -> Aim<'_> {
        Aim::Target(match self {
            Self::CompletePrompt(name) => Target::Complete(Completion::Prompt { name }),
            Self::CompleteResource(uri) => Target::Complete(Completion::Resource { uri }),
            Self::Prompt(name) => Target::Prompt { name },
            Self::Read(uri) => Target::Read { uri },
            Self::RequestAccess(group) => Target::RequestAccess { group },
            Self::Step(_, target) => *target,
            Self::Subscribe(uri) => Target::Subscribe { uri },
            Self::Tool(name) => Target::Tool { name },
            Self::Detokenize(class, tool) => return Aim::ClassForTool(class, tool),
            Self::Unmask(class) => return Aim::Class(class),
        })
    }

    /// The name or URI that a request carries beside its arguments; detection looks at it too.
    pub(crate) fn subject(&self) -> Option<&str> {
        match self {
            Self::CompletePrompt(text)
            | Self::CompleteResource(text)
            | Self::Prompt(text)
            | Self::Read(text)
            | Self::Subscribe(text)
            | Self::Tool(text) => Some(text),
            Self::Detokenize(..) | Self::RequestAccess(_) | Self::Step(..) | Self::Unmask(_) => None,
        }
    }

    /// Whether policies see arguments of it.
    pub(crate) fn takes_arguments(&self) -> bool {
        match self {
            Self::Prompt(_) | Self::Tool(_) => true,
            Self::Step(_, target) => matches!(target, Target::Elicit | Target::ListRoots | Target::Sample),
            Self::CompletePrompt(_)
            | Self::CompleteResource(_)
            | Self::Detokenize(..)
            | Self::Read(_)
            | Self::RequestAccess(_)
            | Self::Subscribe(_)
            | Self::Unmask(_) => false,
        }
    }

    /// Whether a list of the server has it.
    pub(crate) fn is_listed(&self) -> bool {
        match self {
            Self::Prompt(_) | Self::Read(_) | Self::Tool(_) => true,
            Self::CompletePrompt(_)
            | Self::CompleteResource(_)
            | Self::Detokenize(..)
            | Self::RequestAccess(_)
            | Self::Step(..)
            | Self::Subscribe(_)
            | Self::Unmask(_) => false,
        }
    }

    /// What is wanted, after "may" and before "on a connection".
    pub(crate) fn told(&self) -> String {
        match self {
            Self::CompletePrompt(name) => format!("complete prompt {name}"),
            Self::CompleteResource(uri) => format!("complete resource {uri}"),
            Self::Detokenize(class, tool) => format!("detokenize {class} for {tool}"),
            Self::Prompt(name) => format!("get prompt {name}"),
            Self::Read(uri) => format!("read {uri}"),
            Self::RequestAccess(group) => format!("ask for {group}"),
            Self::Step(name, _) => (*name).to_owned(),
            Self::Subscribe(uri) => format!("subscribe to {uri}"),
            Self::Tool(name) => format!("call {name}"),
            Self::Unmask(class) => format!("unmask {class}"),
        }
    }
}

fn step(text: &str) -> Result<Wanted, String> {
    let names = STEPS.map(|(name, _)| name);
    let found = STEPS.into_iter().find(|(name, _)| *name == text);
    found
        .map(|(name, target)| Wanted::Step(name, target))
        .ok_or_else(|| format!("`{text}` is not an action on a connection; {}", suggest(text, &names)))
}

/// A group with its issuer, as settings name those that can be asked for.
fn group(text: &str) -> Result<String, String> {
    text.parse::<GroupName>().map(|group| group.to_string()).map_err(|error| error.to_string())
}

/// The gateway refuses other URIs before it asks the policies.
fn uri(text: &str) -> Result<String, String> {
    match is_plain_uri(text) {
        true => Ok(text.to_owned()),
        false => Err(format!("`{text}` is not a plain URI; the gateway refuses it")),
    }
}

/// What is done to a connection as a whole, by the name of its action.
const STEPS: [(&str, Target<'static>); 11] = [
    ("approve", Target::Approve),
    ("audit", Target::Audit),
    ("configure", Target::Configure),
    ("elicit", Target::Elicit),
    ("erase", Target::Erase),
    ("force_approve", Target::ForceApprove),
    ("legal_hold", Target::LegalHold),
    ("review", Target::Review),
    ("revoke", Target::Revoke),
    ("roots", Target::ListRoots),
    ("sample", Target::Sample),
];
