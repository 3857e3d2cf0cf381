//! A call that waits for people, or that they have rejected, and what its caller is told.
//!
//! The text is for a model and for who reads over its shoulder. It names the request and the page where it can be
//! approved, and nothing of the policies, of who may approve, or of what anybody has said.

use std::fmt;

use portcullis_approval::RequestId;
use portcullis_ledger::Verdict;
use portcullis_mcp::answer::{self, code};
use portcullis_mcp::json::Object;
use portcullis_mcp::message::Message;
use portcullis_mcp::method::Method;
use portcullis_policy::{Hold, Reasons};

use crate::approvals::carried::QUESTION;
use crate::approvals::task::Created;
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::refusal::{Addressee, Refusal, named};

/// A call that does not go on before people have approved it. `Display` is for the operator.
#[derive(Debug)]
pub struct Held {
    /// What policy says; nothing where the user has declined what policy no longer asks for.
    hold: Option<Box<Hold>>,
    pub(crate) request: RequestId,
    /// Where people can approve it.
    page: String,
    connection: String,
    standing: Standing,
    told: Told,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// People are asked from now on.
    Asked,
    /// The caller's user did not want to open the page.
    Declined,
    /// It was to happen, and nobody knows what came of it.
    Lost,
    /// What the caller waited for was used, taken back or not answered in time, or is not what is asked for now.
    Over,
    /// Somebody has said no.
    Rejected,
    /// People were asked before, and have not all answered.
    Waiting,
}

/// How its caller is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// To make the same call again, with what it is given to carry (2026-07-28).
    Again {
        /// The `requestState`.
        state: String,
    },
    /// To ask how the task stands that the call has become (2026-07-28, tasks extension).
    Task(Created),
    /// As a failure. Whoever makes the same call later is told anew.
    Finally,
    /// To let its user open the page, and then to make the same call again (2026-07-28).
    Page {
        /// The `requestState`.
        state: String,
    },
}

impl Held {
    pub(crate) fn new<P: Ports>(
        x: &Exchange<P>,
        hold: impl Into<Option<Box<Hold>>>,
        request: RequestId,
        (standing, told): (Standing, Told),
    ) -> Self {
        let page = x.gateway.settings().public_url.approval_page(request);
        let connection = x.connection.as_ref().map(ToString::to_string).unwrap_or_default();
        Self { hold: hold.into(), request, page, connection, standing, told }
    }

    /// Why the call is refused, in one word.
    pub(crate) const fn kind(&self) -> &'static str {
        match self.standing {
            Standing::Asked | Standing::Waiting => "needs_approval",
            Standing::Declined => "approval_declined",
            Standing::Lost => "approval_lost",
            Standing::Over => "approval_over",
            Standing::Rejected => "approval_rejected",
        }
    }

    /// What policy said.
    pub(crate) fn decision(&self) -> Option<(Verdict, &Reasons)> {
        self.hold.as_ref().map(|hold| (Verdict::Hold, hold.reasons()))
    }

    /// Whether people may still answer.
    pub(crate) fn is_open(&self) -> bool {
        self.standing == Standing::Waiting
    }

    /// Whether people are asked, now or since before.
    pub(super) fn waits(&self) -> bool {
        matches!(self.standing, Standing::Asked | Standing::Waiting)
    }

    /// Whether they are asked from now on.
    pub(super) fn is_new(&self) -> bool {
        self.standing == Standing::Asked
    }

    /// Where people can approve it.
    pub(super) fn page(&self) -> &str {
        &self.page
    }

    /// What the caller is told: a question or a result, which every client shows to its model, or an error.
    pub(crate) fn message(&self, to: &Addressee) -> Message<'static> {
        match (&to.id, &self.told) {
            (Some(id), Told::Again { state }) => answer::input_required(id.clone(), None, state.clone()),
            (Some(id), Told::Page { state }) => {
                let questions = Object::new().with(QUESTION, self.question());
                answer::input_required(id.clone(), Some(questions), state.clone())
            }
            (Some(id), Told::Task(created)) => created.message(id.clone(), self.request, &self.page),
            (Some(_) | None, Told::Finally)
            | (None, Told::Again { .. } | Told::Page { .. } | Told::Task(_)) => self.failure(to),
        }
    }

    /// What the user is asked: to open the page. Nothing in it is of the caller, of policy or of the server.
    fn question(&self) -> Object<'static> {
        let text = format!(
            "A call to `{}` needs approval by a person. The page shows what is asked for, and whoever may approve it \
             can do so there.",
            self.connection
        );
        let params = Object::new().with("mode", "url").with("message", text).with("url", self.page.clone());
        Object::new().with("method", "elicitation/create").with("params", params)
    }

    fn failure(&self, to: &Addressee) -> Message<'static> {
        if let (Some(id), Some(Method::ToolsCall), Some(era)) = (&to.id, to.method, to.era) {
            return answer::tool_error(id.clone(), era, self.text());
        }
        let (code, state) = match self.standing {
            Standing::Asked | Standing::Waiting => (code::NEEDS_APPROVAL, "pending"),
            Standing::Declined => (code::NEEDS_APPROVAL, "declined"),
            Standing::Lost => (code::UNAVAILABLE, "lost"),
            Standing::Over => (code::NEEDS_APPROVAL, "over"),
            Standing::Rejected => (code::REJECTED, "rejected"),
        };
        let approval = Object::new()
            .with("request", self.request.to_string())
            .with("state", state)
            .with("url", self.page.clone());
        let data = Object::new().with("approval", approval);
        answer::error(to.id.clone(), code, self.text(), Some(data.into()))
    }

    fn text(&self) -> String {
        let Self { hold: _, request, page, connection: _, standing, told: _ } = self;
        match standing {
            Standing::Asked => format!(
                "needs approval by a person, who is asked now (request {request}). Somebody who may approve it can do \
                 so at {page} , and only then it happens: call again with the same arguments once they have"
            ),
            Standing::Declined => format!(
                "needs approval by a person, and the user did not open the page where it can be given (request \
                 {request}), so it did not happen. Somebody who may approve it can do so at {page} , and only then it \
                 happens: call again with the same arguments once they have"
            ),
            Standing::Lost => format!(
                "was approved, and it is not known what came of it (request {request}): the gateway was interrupted, so it may \
                 have happened or not. Do not take it for either; the records of the gateway tell more, and there is more \
                 at {page}"
            ),
            Standing::Over => format!(
                "did not happen: what it waited for is over (request {request}), because it was used by another call, \
                 taken back, or not answered in time. Call again with the same arguments to ask anew"
            ),
            Standing::Waiting => format!(
                "needs approval by a person, which is not there yet (request {request}). Somebody who may approve it \
                 can do so at {page} , and only then it happens: call again with the same arguments once they have"
            ),
            Standing::Rejected => format!(
                "rejected by a person, so it did not happen (request {request}). Do not call again with the same \
                 arguments; whoever may see it finds more at {page}"
            ),
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hold, request, page: _, connection: _, standing, told: _ } = self;
        let policies = hold.as_ref().map_or_else(|| "no policy any more".to_owned(), |hold| named(hold));
        let standing = match standing {
            Standing::Asked => "people are asked",
            Standing::Declined => "the user of the caller did not open the page",
            Standing::Lost => "it was to happen and nobody knows what came of it",
            Standing::Over => "what the caller waited for is over",
            Standing::Rejected => "somebody has rejected it",
            Standing::Waiting => "people are asked already",
        };
        write!(f, "needs approval under {policies}: {standing}, request {request}")
    }
}

impl From<Held> for Refusal {
    fn from(held: Held) -> Self {
        Self::Held(Box::new(held))
    }
}
