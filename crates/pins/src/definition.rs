//! One definition: what an upstream says of a tool, a prompt, a resource or a resource template.

use std::borrow::Cow;

use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::method::Method;

use crate::digest::DefinitionDigest;

/// What is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A prompt.
    Prompt,
    /// A resource.
    Resource,
    /// A template of resources.
    ResourceTemplate,
    /// A tool.
    Tool,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Prompt, Self::Resource, Self::ResourceTemplate, Self::Tool];

    /// What people call it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Resource => "resource",
            Self::ResourceTemplate => "resource template",
            Self::Tool => "tool",
        }
    }

    /// The method that lists its definitions.
    #[must_use]
    pub fn list(self) -> Method {
        match self {
            Self::Prompt => Method::PromptsList,
            Self::Resource => Method::ResourcesList,
            Self::ResourceTemplate => Method::ResourcesTemplatesList,
            Self::Tool => Method::ToolsList,
        }
    }

    /// The member of a list's result, and of a file of pins, that holds its definitions.
    #[must_use]
    pub fn member(self) -> &'static str {
        match self {
            Self::Prompt => "prompts",
            Self::Resource => "resources",
            Self::ResourceTemplate => "resourceTemplates",
            Self::Tool => "tools",
        }
    }

    /// The member of a definition that tells it from others of its kind.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Prompt | Self::Tool => "name",
            Self::Resource => "uri",
            Self::ResourceTemplate => "uriTemplate",
        }
    }

    /// What a definition says, without what is no part of it.
    ///
    /// Everything counts, `_meta` and `icons` too: clients show both, and some act on what they find there. Only the
    /// size of a resource and the time of its last change do not: they follow its contents, which no pin is about.
    pub(crate) fn counted<'d, 'a>(self, members: &'d Object<'a>) -> Cow<'d, Object<'a>> {
        if self != Self::Resource {
            return Cow::Borrowed(members);
        }
        let mut counted = members.clone();
        counted.remove("size");
        if let Some(annotations) = counted.get_mut("annotations").and_then(Json::as_object_mut) {
            annotations.remove("lastModified");
        }
        Cow::Owned(counted)
    }
}

/// What an upstream says of one thing, and its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    kind: Kind,
    name: String,
    members: Object<'static>,
    digest: DefinitionDigest,
}

impl Definition {
    /// The definition that an item of a list is; `None` if it does not name anything.
    #[must_use]
    pub fn of(kind: Kind, item: &Object<'_>) -> Option<Self> {
        let name = item.get_str(kind.key())?.to_owned();
        let members = kind.counted(item).into_owned().into_owned();
        let digest = DefinitionDigest::of(kind, &members);
        Some(Self { kind, name, members, digest })
    }

    /// What is defined.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its name, URI or URI template.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is said of it, in the order of the upstream.
    #[must_use]
    pub fn members(&self) -> &Object<'static> {
        &self.members
    }

    /// The digest of all that counts.
    #[must_use]
    pub fn digest(&self) -> DefinitionDigest {
        self.digest
    }
}
