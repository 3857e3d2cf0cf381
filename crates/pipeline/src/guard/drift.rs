//! Lists lose the definitions that nobody has approved, and the claims that nobody trusts.

use std::borrow::Cow;
use std::cell::OnceCell;

use portcullis_mcp::json::{Json, Object};
use portcullis_pins::{DefinitionDigest, Kind};
use portcullis_settings::Drift;

use crate::active::Active;
use crate::definitions::{Extent, Judge, Lifted, News, Shown};
use crate::gateway::Gateway;
use crate::guard::Guard;

/// Judges the items of one list as the upstream has sent them.
pub(super) struct Judging<'j> {
    gateway: &'j Gateway,
    now: u64,
    /// `None` if nothing is checked.
    judge: Option<Judge<'j>>,
    lifted: &'j Lifted,
    kind: Kind,
    judged: Judged,
}

/// What was found.
#[derive(Default)]
pub(super) struct Judged {
    shown: Shown,
    news: News,
    /// Whether nothing can be approved, since nobody knows the connection.
    is_lost: bool,
}

impl<'j> Judging<'j> {
    pub(super) fn new(guard: &'j Guard, active: &'j Active, kind: Kind) -> Self {
        let connection = guard.gateway.connection(&guard.connection);
        let judge = connection.and_then(|connection| Judge::new(active.approved(), connection));
        let judged = Judged { is_lost: connection.is_none(), ..Judged::default() };
        Self { gateway: &guard.gateway, now: guard.now, judge, lifted: &guard.lifted, kind, judged }
    }

    /// Whether the caller may see an item. One that is not what was approved is taken out: its text is what attacks a
    /// client's model. Where the settings only log, it stays, and so does what its owners have approved.
    pub(super) fn keeps(&mut self, item: &Object<'_>) -> bool {
        self.keeps_named((item.get_str(self.kind.key()), &OnceCell::new()), || Cow::Borrowed(item))
    }

    /// The same of an item with this name, whose digest may be known. The item itself is read only where that is not
    /// enough.
    pub(super) fn keeps_named<'i, 'a: 'i>(
        &mut self,
        (name, digest): (Option<&str>, &OnceCell<DefinitionDigest>),
        item: impl Fn() -> Cow<'i, Object<'a>>,
    ) -> bool {
        let Some(judge) = &self.judge else { return !self.judged.is_lost };
        let live = || *digest.get_or_init(|| DefinitionDigest::of(self.kind, &item()));
        let Some((live, drifted)) = judge.named(self.kind, name, live) else { return true };
        self.judged.shown.add(name.unwrap_or_default(), live);
        let Some(drifted) = drifted else { return true };
        if self.lifted.contains(&(drifted.name.clone(), live, drifted.difference.pinned())) {
            return true;
        }
        let told = self.gateway.reported.borrow();
        self.judged.news.add((&told, self.now), drifted, || judge.members(self.kind, &item()));
        match judge.setting() {
            Drift::Block | Drift::Hold => false,
            Drift::Log => true,
        }
    }

    pub(super) fn done(self) -> Judged {
        self.judged
    }
}

impl Guard {
    /// Remembers what was seen, and what is to be told of it.
    pub(super) fn note_judged(&mut self, (kind, extent): (Kind, Extent), judged: Judged) {
        self.news = judged.news;
        if judged.shown.is_empty() {
            return;
        }
        let mut known = self.gateway.definitions.borrow_mut();
        match extent {
            Extent::Page => known.learn_page(&self.connection, kind, judged.shown, self.now),
            Extent::Whole => known.learn(&self.connection, kind, judged.shown, self.now),
        }
    }

    /// How much of a list a result is.
    pub(super) fn extent(&self, result: &Object<'_>) -> Extent {
        let begins = self.call.as_ref().is_some_and(|call| call.begins_list);
        match begins && result.get("nextCursor").is_none() {
            true => Extent::Whole,
            false => Extent::Page,
        }
    }

    /// MCP: clients must take annotations of tools for untrusted unless they trust the server. Many do not, so what is
    /// claimed there, such as that a tool only reads, does not reach them. The title is for people and stays.
    pub(super) fn strip_claims(&self, tools: &mut [Json<'_>]) {
        let is_trusted =
            self.gateway.connection(&self.connection).is_some_and(|connection| connection.trust_annotations);
        if is_trusted {
            return;
        }
        for tool in tools.iter_mut().filter_map(Json::as_object_mut) {
            let annotations = tool.get_mut("annotations").and_then(Json::as_object_mut);
            let is_left = annotations.is_some_and(|annotations| {
                annotations.retain(|member| member == "title");
                !annotations.is_empty()
            });
            if !is_left {
                tool.remove("annotations");
            }
        }
    }
}

/// The upstream says that its list of this kind has changed.
pub(super) fn changed(guard: &Guard, kind: Kind) {
    guard.gateway.definitions.borrow_mut().forget(&guard.connection, kind, guard.now);
    if kind == Kind::Tool {
        guard.gateway.tools.borrow_mut().forget(&guard.connection);
    }
}
