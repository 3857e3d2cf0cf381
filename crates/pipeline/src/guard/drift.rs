//! Lists lose the definitions that nobody has approved, and the claims that nobody trusts.

use portcullis_mcp::json::{Json, Object};
use portcullis_pins::{Approved, Kind};
use portcullis_settings::{Connection, Drift};

use crate::definitions::{Drifted, Judge, Shown};
use crate::guard::Guard;

/// Judges the items of one list as the upstream has sent them.
pub(super) struct Judging<'j> {
    /// `None` if nothing is checked.
    judge: Option<Judge<'j>>,
    kind: Kind,
    judged: Judged,
}

/// What was found.
#[derive(Default)]
pub(super) struct Judged {
    shown: Shown,
    drifted: Vec<Drifted>,
    /// Whether nothing can be approved, since nobody knows the connection.
    is_lost: bool,
}

impl<'j> Judging<'j> {
    pub(super) fn new(approved: &'j Approved, connection: Option<&'j Connection>, kind: Kind) -> Self {
        let judge = connection.and_then(|connection| Judge::new(approved, connection));
        Self { judge, kind, judged: Judged { is_lost: connection.is_none(), ..Judged::default() } }
    }

    /// Whether the caller may see an item. One that is not what was approved is taken out: its text is what attacks a
    /// client's model. Where the settings only log, it stays.
    pub(super) fn keeps(&mut self, item: &Object<'_>) -> bool {
        let Some(judge) = &self.judge else { return !self.judged.is_lost };
        let Some((live, drifted)) = judge.item(self.kind, item) else { return true };
        self.judged.shown.add(item.get_str(self.kind.key()).unwrap_or_default(), live);
        let Some(drifted) = drifted else { return true };
        self.judged.drifted.push(drifted);
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
    pub(super) fn note_judged(&mut self, kind: Kind, judged: Judged) {
        self.drifted.extend(judged.drifted);
        if !judged.shown.is_empty() {
            self.gateway.definitions.borrow_mut().learn(&self.connection, kind, judged.shown, self.now);
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
