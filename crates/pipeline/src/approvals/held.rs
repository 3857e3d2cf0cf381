//! A call that waits for people, or that they have rejected, and what its caller is told.
//!
//! The text is for a model and for who reads over its shoulder. It names the request and the page where it can be
//! approved, and nothing of the policies, of who may approve, or of what anybody has said.

use std::fmt;

use portcullis_approval::RequestId;
use portcullis_mcp::answer::{self, code};
use portcullis_mcp::json::Object;
use portcullis_mcp::message::Message;
use portcullis_mcp::method::Method;
use portcullis_policy::Hold;

use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::refusal::{Addressee, Refusal, named};

/// A call that does not go on before people have approved it. `Display` is for the operator.
#[derive(Debug)]
pub struct Held {
    pub(crate) hold: Box<Hold>,
    pub(crate) request: RequestId,
    /// Where people can approve it.
    page: String,
    standing: Standing,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// People are asked from now on.
    Asked,
    /// Somebody has said no.
    Rejected,
    /// People were asked before, and have not all answered.
    Waiting,
}

impl Held {
    pub(crate) fn new<P: Ports>(
        x: &Exchange<P>,
        hold: Box<Hold>,
        request: RequestId,
        standing: Standing,
    ) -> Self {
        let page = x.gateway.settings().public_url.approval_page(request);
        Self { hold, request, page, standing }
    }

    /// Why the call is refused, in one word.
    pub(crate) fn kind(&self) -> &'static str {
        match self.standing {
            Standing::Asked | Standing::Waiting => "needs_approval",
            Standing::Rejected => "approval_rejected",
        }
    }

    /// What the caller is told: a result of the tool, which every client shows to its model, or an error.
    pub(crate) fn message(&self, to: &Addressee) -> Message<'static> {
        if let (Some(id), Some(Method::ToolsCall), Some(era)) = (&to.id, to.method, to.era) {
            return answer::tool_error(id.clone(), era, self.text());
        }
        let (code, state) = match self.standing {
            Standing::Asked | Standing::Waiting => (code::NEEDS_APPROVAL, "pending"),
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
        let Self { hold: _, request, page, standing } = self;
        match standing {
            Standing::Asked => format!(
                "needs approval by a person, who is asked now (request {request}). Somebody who may approve it can do \
                 so at {page} , and only then it happens: call again with the same arguments once they have"
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
        let Self { hold, request, page: _, standing } = self;
        let standing = match standing {
            Standing::Asked => "people are asked",
            Standing::Rejected => "somebody has rejected it",
            Standing::Waiting => "people are asked already",
        };
        write!(f, "needs approval under {}: {standing}, request {request}", named(hold))
    }
}

impl From<Held> for Refusal {
    fn from(held: Held) -> Self {
        Self::Held(Box::new(held))
    }
}
