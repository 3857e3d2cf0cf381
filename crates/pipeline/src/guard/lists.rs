//! Lists show what the caller could call, and reads return what the caller may read.

use portcullis_identity::UnixSeconds;
use portcullis_mcp::ambiguity::is_plain_uri;
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::method::Method;
use portcullis_policy::{Decision, Question, Session, Target, Visibility};

use crate::guard::Guard;

/// The most items of one page. Servers have cursors for more.
const LONGEST_LIST: usize = 2_000;

impl Guard {
    /// Takes out of a list what policy would deny whatever the arguments. Cursors stay: a filtered page may be
    /// empty and still have a next one.
    pub(super) fn filter_list(&self, list: List, result: &mut Object<'_>) -> Result<(), &'static str> {
        let items =
            result.get_mut(list.member()).and_then(Json::as_array_mut).ok_or("the list is missing")?;
        // Policy is asked item by item, and nothing else in the instance runs meanwhile.
        if items.len() > LONGEST_LIST {
            return Err("a list that is too long for one page");
        }
        if list == List::Tools && self.is_modern() {
            self.gateway.tools.borrow_mut().learn(&self.connection, items, self.now);
        }
        items.retain(|item| item.as_object().is_some_and(|item| self.is_shown(list, item)));
        // A masked value no longer fits its schema, and clients that check would throw the whole result away.
        if list == List::Tools && self.masker.masks_anything() {
            for tool in items.iter_mut().filter_map(Json::as_object_mut) {
                tool.remove("outputSchema");
            }
        }
        Ok(())
    }

    fn is_shown(&self, list: List, item: &Object<'_>) -> bool {
        let shown = list
            .target(item)
            .map(|target| self.ask(target, |question| self.gateway.policies().visibility(question)));
        match shown {
            Some(Visibility::Shown | Visibility::ShownNeedsApproval) => true,
            Some(Visibility::Hidden) | None => false,
        }
    }

    /// Empties the list of templates if the caller may read nothing on this connection.
    pub(super) fn filter_templates(&self, result: &mut Object<'_>) -> Result<(), &'static str> {
        let templates =
            result.get_mut("resourceTemplates").and_then(Json::as_array_mut).ok_or("the list is missing")?;
        let target = Target::Read { uri: "" };
        match self.ask(target, |question| self.gateway.policies().template_visibility(question)) {
            Visibility::Shown | Visibility::ShownNeedsApproval => {}
            Visibility::Hidden => templates.clear(),
        }
        Ok(())
    }

    /// A read may answer with several resources; those that were not asked for need a permit of their own.
    pub(super) fn filter_contents(&self, result: &mut Object<'_>) -> Result<(), &'static str> {
        let contents =
            result.get_mut("contents").and_then(Json::as_array_mut).ok_or("`contents` is missing")?;
        if contents.len() > LONGEST_LIST {
            return Err("too many contents in one read");
        }
        contents.retain(|content| {
            let uri = content.as_object().and_then(|content| content.get_str("uri"));
            uri.is_some_and(|uri| self.may_read(uri))
        });
        Ok(())
    }

    /// Replaces resources, and links to them, that the caller may not read by themselves.
    pub(super) fn filter_embedded(&self, result: &mut Object<'_>) {
        for member in ["content", "messages"] {
            let blocks = result.get_mut(member).and_then(Json::as_array_mut);
            for block in blocks.into_iter().flatten().filter_map(Json::as_object_mut) {
                match block.get_mut("content").and_then(Json::as_object_mut) {
                    Some(inner) => self.filter_block(inner),
                    None => self.filter_block(block),
                }
            }
        }
    }

    fn filter_block(&self, block: &mut Object<'_>) {
        let embedded = block.get("resource").and_then(Json::as_object);
        let uri = match block.get_str("type") {
            Some("resource") => embedded.and_then(|resource| resource.get_str("uri")),
            Some("resource_link") => block.get_str("uri"),
            Some(_) | None => return,
        };
        if !uri.is_some_and(|uri| self.may_read(uri)) {
            *block = Object::new().with("type", "text").with("text", "[a resource withheld by the gateway]");
        }
    }

    pub(super) fn may_read(&self, uri: &str) -> bool {
        let asked = self.call.as_ref().filter(|call| call.method == Method::ResourcesRead);
        if asked.and_then(|call| call.name.as_deref()) == Some(uri) {
            return true;
        }
        // What readers could take for another resource is not decided on.
        if !is_plain_uri(uri) {
            return false;
        }
        match self.ask(Target::Read { uri }, |question| self.gateway.policies().decide(question)) {
            Decision::Allow(_) => true,
            Decision::Deny(_) | Decision::Hold(_) => false,
        }
    }

    fn ask<T>(&self, target: Target<'_>, ask: impl FnOnce(&Question<'_>) -> T) -> T {
        let session = Session {
            labels: self.gateway.no_labels(),
            client: self.principal.client.as_deref(),
            now: UnixSeconds(self.now / 1000),
        };
        ask(&Question {
            principal: &self.principal,
            connection: &self.connection,
            target,
            input: None,
            session,
        })
    }
}

/// A list whose items policy can be asked about one by one. Resource templates are not among them: which URIs
/// a template stands for is not known before it is filled in, so policy is asked once for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Prompts,
    Resources,
    Tools,
}

impl List {
    /// The list that a method answers with, if it is one of these.
    pub(super) fn of(method: Method) -> Option<Self> {
        match method {
            Method::PromptsList => Some(Self::Prompts),
            Method::ResourcesList => Some(Self::Resources),
            Method::ToolsList => Some(Self::Tools),
            _ => None,
        }
    }

    fn member(self) -> &'static str {
        match self {
            Self::Prompts => "prompts",
            Self::Resources => "resources",
            Self::Tools => "tools",
        }
    }

    fn target<'i>(self, item: &'i Object<'_>) -> Option<Target<'i>> {
        match self {
            Self::Prompts => item.get_str("name").map(|name| Target::Prompt { name }),
            Self::Resources => item.get_str("uri").map(|uri| Target::Read { uri }),
            Self::Tools => item.get_str("name").map(|name| Target::Tool { name }),
        }
    }
}
