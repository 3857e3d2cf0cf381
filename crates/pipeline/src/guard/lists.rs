//! Lists show what the caller could call, and reads return what the caller may read.

use std::collections::BTreeSet;

use portcullis_identity::UnixSeconds;
use portcullis_mcp::ambiguity::is_plain_uri;
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::method::Method;
use portcullis_pins::Kind;
use portcullis_policy::{Decision, Question, Session, Target, Visibility};

use crate::access::tool;
use crate::guard::drift::Judging;
use crate::guard::{Guard, approval};

impl Guard {
    /// Takes out of a list what policy would deny whatever the arguments, and what is not as it was pinned; marks what
    /// policy never allows without approval. Cursors stay: a filtered page may be empty and still have a next one.
    pub(super) fn filter_list(&mut self, list: List, result: &mut Object<'_>) -> Result<(), &'static str> {
        let extent = self.extent(result);
        let has_own = list == List::Tools && self.gateway.settings().access.tool;
        let is_last = matches!(result.get("nextCursor"), None | Some(Json::Null));
        let items =
            result.get_mut(list.member()).and_then(Json::as_array_mut).ok_or("the list is missing")?;
        if list == List::Tools && self.is_modern() {
            self.gateway.tools.borrow_mut().learn(&self.connection, items, self.now);
        }
        let active = self.gateway.active();
        let policies = active.policies();
        let mut listing = policies.listing(&self.principal, &self.connection, self.session_of_policy());
        let mut judging = Judging::new(self, &active, list.kind());
        let mut is_shadowed = false;
        items.retain_mut(|item| {
            let Some(item) = item.as_object_mut() else { return false };
            if has_own && item.get_str("name") == Some(tool::NAME) {
                is_shadowed = true;
                return false;
            }
            let needs_approval = match list.target(item).map(|target| listing.visibility(target)) {
                Some(Visibility::Shown) => false,
                Some(Visibility::ShownNeedsApproval) => true,
                Some(Visibility::Hidden) | None => return false,
            };
            // As the upstream has sent it: before anything is written into it or taken out.
            if !judging.keeps(item) {
                return false;
            }
            approval::unmark(item);
            if needs_approval {
                approval::mark(item);
            }
            true
        });
        let judged = judging.done();
        self.note_judged((list.kind(), extent), judged);
        self.shadowed |= is_shadowed;
        if list == List::Tools {
            self.strip_claims(items);
        }
        // A masked value no longer fits its schema, and clients that check would throw the whole result away.
        if list == List::Tools && self.masker.breaks_schemas() {
            for tool in items.iter_mut().filter_map(Json::as_object_mut) {
                tool.remove("outputSchema");
            }
        }
        // Where several are served together it is there once.
        if has_own && is_last && !self.prefixed {
            let asks = (&*self.principal, &self.connection);
            let own = tool::item((&self.gateway, &active), asks, self.session_of_policy());
            items.extend(own.map(Json::from));
        }
        Ok(())
    }

    /// Empties the list of templates if the caller may read nothing on this connection. What nobody has approved is
    /// taken out.
    pub(super) fn filter_templates(&mut self, result: &mut Object<'_>) -> Result<(), &'static str> {
        let extent = self.extent(result);
        let templates =
            result.get_mut("resourceTemplates").and_then(Json::as_array_mut).ok_or("the list is missing")?;
        let target = Target::Read { uri: "" };
        match self.ask(target, |question| self.gateway.active().policies().template_visibility(question)) {
            Visibility::Shown | Visibility::ShownNeedsApproval => {}
            Visibility::Hidden => templates.clear(),
        }
        let active = self.gateway.active();
        let mut judging = Judging::new(self, &active, Kind::ResourceTemplate);
        templates.retain(|template| template.as_object().is_some_and(|template| judging.keeps(template)));
        let judged = judging.done();
        self.note_judged((Kind::ResourceTemplate, extent), judged);
        Ok(())
    }

    /// A read may answer with several resources; those that were not asked for need a permit of their own.
    pub(super) fn filter_contents(&self, result: &mut Object<'_>) -> Result<(), &'static str> {
        let contents =
            result.get_mut("contents").and_then(Json::as_array_mut).ok_or("`contents` is missing")?;
        let readable =
            self.readable(contents.iter().filter_map(|content| content.as_object()?.get_str("uri")));
        contents.retain(|content| {
            let uri = content.as_object().and_then(|content| content.get_str("uri"));
            uri.is_some_and(|uri| readable.contains(uri))
        });
        Ok(())
    }

    /// Replaces resources, and links to them, that the caller may not read by themselves.
    pub(super) fn filter_embedded(&self, result: &mut Object<'_>) {
        for member in ["content", "messages"] {
            let blocks = result.get_mut(member).and_then(Json::as_array_mut);
            let Some(blocks) = blocks else { continue };
            let all = blocks.iter().filter_map(Json::as_object).flat_map(|block| [Some(block), inner(block)]);
            let readable = self.readable(all.flatten().filter_map(embedded));
            for block in blocks.iter_mut().filter_map(Json::as_object_mut) {
                withhold_unread(block, &readable);
                if let Some(inner) = block.get_mut("content").and_then(Json::as_object_mut) {
                    withhold_unread(inner, &readable);
                }
            }
        }
    }

    pub(super) fn may_read(&self, uri: &str) -> bool {
        self.readable([uri].into_iter()).contains(uri)
    }

    /// Whether the caller may subscribe to a resource now. It could when it asked, but a subscription may last for hours.
    pub(super) fn may_subscribe(&self, uri: &str) -> bool {
        let (active, target) = (self.gateway.active(), Target::Subscribe { uri });
        let usage = self.gateway.usage(&active, (&self.principal, &self.connection), target, self.now);
        let question = Question {
            principal: &self.principal,
            connection: &self.connection,
            target,
            input: None,
            types: None,
            session: Session { usage: usage.as_ref(), ..self.session_of_policy() },
        };
        is_plain_uri(uri) && matches!(active.policies().decide(&question), Decision::Allow(_))
    }

    /// Which of these the caller may read: what it asked for, and what policy lets it read.
    fn readable<'u>(&self, uris: impl Iterator<Item = &'u str>) -> BTreeSet<String> {
        let asked = self.call.as_ref().filter(|call| call.method == Method::ResourcesRead);
        let asked = asked.and_then(|call| call.name.as_deref());
        let active = self.gateway.active();
        let policies = active.policies();
        let usage = self.gateway.usage(
            &active,
            (&self.principal, &self.connection),
            Target::Read { uri: "" },
            self.now,
        );
        let session = Session { usage: usage.as_ref(), ..self.session_of_policy() };
        let mut contents = policies.contents(&self.principal, &self.connection, session);
        uris.filter(|uri| {
            let uri = *uri;
            // What readers could take for another resource is not decided on.
            Some(uri) == asked
                || (is_plain_uri(uri) && contents.visibility(Target::Read { uri }) == Visibility::Shown)
        })
        .map(str::to_owned)
        .collect()
    }

    /// For questions that usage makes no difference to: what lists show.
    fn session_of_policy(&self) -> Session<'_> {
        Session {
            labels: self.gateway.no_labels(),
            client: self.principal.client.as_deref(),
            now: UnixSeconds(self.now / 1000),
            usage: None,
        }
    }

    fn ask<T>(&self, target: Target<'_>, ask: impl FnOnce(&Question<'_>) -> T) -> T {
        ask(&Question {
            principal: &self.principal,
            connection: &self.connection,
            target,
            input: None,
            types: None,
            session: self.session_of_policy(),
        })
    }
}

/// The block of a prompt's message.
fn inner<'o, 'a>(message: &'o Object<'a>) -> Option<&'o Object<'a>> {
    message.get("content").and_then(Json::as_object)
}

/// The URI of an embedded resource or of a link, if the block is one. One without a URI is withheld.
fn embedded<'o>(block: &'o Object<'_>) -> Option<&'o str> {
    match block.get_str("type")? {
        "resource" => Some(block.get("resource")?.as_object()?.get_str("uri").unwrap_or_default()),
        "resource_link" => Some(block.get_str("uri").unwrap_or_default()),
        _ => None,
    }
}

fn withhold_unread(block: &mut Object<'_>, readable: &BTreeSet<String>) {
    let is_resource = matches!(block.get_str("type"), Some("resource" | "resource_link"));
    if is_resource && !embedded(block).is_some_and(|uri| readable.contains(uri)) {
        *block = Object::new().with("type", "text").with("text", "[a resource withheld by the gateway]");
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
        [Self::Prompts, Self::Resources, Self::Tools]
            .into_iter()
            .find(|list| method.list_member() == Some(list.member()))
    }

    fn member(self) -> &'static str {
        match self {
            Self::Prompts => "prompts",
            Self::Resources => "resources",
            Self::Tools => "tools",
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Prompts => Kind::Prompt,
            Self::Resources => Kind::Resource,
            Self::Tools => Kind::Tool,
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
