//! Lists show what the caller could call, and reads return what the caller may read.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeSet;

use portcullis_identity::UnixSeconds;
use portcullis_mcp::ambiguity::is_plain_uri;
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::method::Method;
use portcullis_pins::{DefinitionDigest, Kind};
use portcullis_policy::{Decision, Listing, Question, Session, Target, Visibility};

use crate::access::tool;
use crate::active::Active;
use crate::definitions::Extent;
use crate::guard::drift::{Judged, Judging};
use crate::guard::recalled::Kept;
use crate::guard::{Guard, approval};

impl Guard {
    /// Takes out of a list what policy would deny whatever the arguments, and what is not as it was pinned; marks what
    /// policy never allows without approval. Cursors stay: a filtered page may be empty and still have a next one.
    pub(super) fn filter_list(&mut self, list: List, result: &mut Object<'_>) -> Result<(), &'static str> {
        if let Some(known) = self.known(list, result)? {
            return self.filter_known(list, &known, result);
        }
        let extent = self.extent(result);
        let active = self.gateway.active();
        let fresh = self.fresh(list, result);
        let own = self.own_item(list, &active, result);
        let items =
            result.get_mut(list.member()).and_then(Json::as_array_mut).ok_or("the list is missing")?;
        if list == List::Tools && self.is_modern() {
            let mut known = self.gateway.tools.borrow_mut();
            match &fresh {
                Some(fresh) => known.learn_asking(&self.connection, &fresh.asking, self.now),
                None => known.learn(&self.connection, items, self.now),
            }
        }
        let mut sieve = Sieve::new(self, &active, list);
        let mut kept = Vec::new();
        let mut n_items = 0_usize;
        items.retain_mut(|item| {
            let index = n_items;
            n_items += 1;
            let Some(item) = item.as_object_mut() else { return false };
            let none = OnceCell::new();
            let entry = fresh.as_ref().and_then(|fresh| fresh.entries.get(index));
            let digest = entry.map_or(&none, |entry| &entry.digest);
            let name = item.get_str(list.kind().key());
            let Some(needs_approval) = sieve.passes((name, digest), || Cow::Borrowed(&*item)) else {
                return false;
            };
            approval::unmark(item);
            if needs_approval {
                approval::mark(item);
            }
            kept.push(Kept { index, needs_approval });
            true
        });
        let sifted = sieve.done();
        self.note_sifted((list.kind(), extent), sifted);
        self.strip(list, items);
        items.extend(own.map(Json::from));
        if let Some(fresh) = fresh {
            self.write_fresh(list, (fresh, &kept), result);
        }
        Ok(())
    }

    /// Takes out of items what does not reach the caller: claims, and schemas.
    pub(super) fn strip(&self, list: List, items: &mut [Json<'_>]) {
        if list != List::Tools {
            return;
        }
        self.strip_claims(items);
        // A masked value no longer fits its schema, and clients that check would throw the whole result away.
        if self.masker.breaks_schemas() {
            for tool in items.iter_mut().filter_map(Json::as_object_mut) {
                tool.remove("outputSchema");
            }
        }
    }

    pub(super) fn note_sifted(&mut self, of: (Kind, Extent), sifted: Sifted) {
        self.note_judged(of, sifted.judged);
        self.shadowed |= sifted.is_shadowed;
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
    pub(super) fn session_of_policy(&self) -> Session<'_> {
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

/// Says of the items of one list, one after the other, whether the caller may see them.
pub(super) struct Sieve<'g> {
    list: List,
    /// Whether the gateway offers a tool itself.
    has_own: bool,
    listing: Listing<'g>,
    judging: Judging<'g>,
    is_shadowed: bool,
}

/// What was found of a list.
pub(super) struct Sifted {
    judged: Judged,
    is_shadowed: bool,
}

impl<'g> Sieve<'g> {
    pub(super) fn new(guard: &'g Guard, active: &'g Active, list: List) -> Self {
        let session = guard.session_of_policy();
        Self {
            list,
            has_own: list == List::Tools && guard.gateway.settings().access.tool,
            listing: active.policies().listing(&guard.principal, &guard.connection, session),
            judging: Judging::new(guard, active, list.kind()),
            is_shadowed: false,
        }
    }

    /// `None` if the caller may not see an item, else whether it needs approval. The item is as the upstream has sent it:
    /// before anything is written into it or taken out.
    pub(super) fn passes<'i, 'a: 'i>(
        &mut self,
        (name, digest): (Option<&str>, &OnceCell<DefinitionDigest>),
        item: impl Fn() -> Cow<'i, Object<'a>>,
    ) -> Option<bool> {
        let known = name?;
        if self.has_own && known == tool::NAME {
            self.is_shadowed = true;
            return None;
        }
        let needs_approval = match self.listing.visibility(self.list.target(known)) {
            Visibility::Hidden => return None,
            Visibility::Shown => false,
            Visibility::ShownNeedsApproval => true,
        };
        self.judging.keeps_named((name, digest), item).then_some(needs_approval)
    }

    pub(super) fn done(self) -> Sifted {
        Sifted { judged: self.judging.done(), is_shadowed: self.is_shadowed }
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

    pub(super) fn member(self) -> &'static str {
        match self {
            Self::Prompts => "prompts",
            Self::Resources => "resources",
            Self::Tools => "tools",
        }
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Prompts => Kind::Prompt,
            Self::Resources => Kind::Resource,
            Self::Tools => Kind::Tool,
        }
    }

    fn target(self, name: &str) -> Target<'_> {
        match self {
            Self::Prompts => Target::Prompt { name },
            Self::Resources => Target::Read { uri: name },
            Self::Tools => Target::Tool { name },
        }
    }
}
