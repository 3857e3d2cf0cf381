//! What is asked, and what must come back.
//!
//! All requests are of the handshake era (revision 2025-11-25) and without a session: only there is a request,
//! `ping`, that reaches the upstream without policy and record. Ids are always 1, so answers never change.

use http::Method;
use serde_json::{Value, json};

use crate::answer::{Answer, CUSTOMERS, EVENTS, FORBIDDEN_TOOL};
use crate::ledger::About;
use crate::rows::Way;

/// A request with its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exchange {
    /// A tool is called and answers with a page.
    Call,
    /// An argument is completed.
    Complete,
    /// An argument is completed, with a page of text. No server does this; it is masking without a record.
    CompletePage,
    /// A tool is called that policy denies.
    Denied,
    /// The tools are listed.
    List,
    /// The tools are listed where a policy reads the name of each.
    ListByName,
    /// A tool is called and answers with a stream that is this long.
    Long {
        /// In decimal megabytes.
        megabytes: usize,
    },
    /// The latest recordings are listed.
    ListRecordings,
    /// A recording is read.
    OpenRecording,
    /// The server is asked whether it lives.
    Ping,
    /// The gateway is asked whether it can serve.
    Ready,
    /// A tool is called and answers with a stream.
    Stream,
}

/// The argument of a long stream that says how long. The upstream finds it in the request.
pub(crate) const MEGABYTES: &str = "megabytes";

impl Exchange {
    /// What the upstream answers; `None` where it is not asked.
    pub(crate) fn answer(self) -> Option<Answer> {
        match self {
            Self::Complete | Self::Ping => Some(Answer::Small),
            Self::Call | Self::CompletePage => Some(Answer::Page),
            Self::List | Self::ListByName => Some(Answer::List),
            Self::Long { .. } => Some(Answer::Long),
            Self::Stream => Some(Answer::Stream),
            Self::Denied | Self::ListRecordings | Self::OpenRecording | Self::Ready => None,
        }
    }

    /// The connection of the gateway that leads there, if it is asked at all.
    fn connection(self) -> &'static str {
        match self {
            Self::ListByName => "list-by-name",
            Self::Call
            | Self::Complete
            | Self::CompletePage
            | Self::Denied
            | Self::List
            | Self::Long { .. }
            | Self::ListRecordings
            | Self::OpenRecording
            | Self::Ping
            | Self::Ready
            | Self::Stream => self.answer().map_or("page", Answer::name),
        }
    }

    /// The HTTP method.
    pub(crate) fn method(self) -> Method {
        match self {
            Self::ListRecordings | Self::OpenRecording | Self::Ready => Method::GET,
            Self::Call
            | Self::Complete
            | Self::CompletePage
            | Self::Denied
            | Self::List
            | Self::ListByName
            | Self::Long { .. }
            | Self::Ping
            | Self::Stream => Method::POST,
        }
    }

    /// Whether the console is asked, and not the gateway.
    pub(crate) fn is_of_console(self) -> bool {
        matches!(self, Self::ListRecordings | Self::OpenRecording)
    }

    /// What its token must be made out to, below the host's address.
    pub(crate) fn resource(self) -> String {
        if self.is_of_console() { "/api".to_owned() } else { format!("/mcp/{}", self.connection()) }
    }

    /// The path on this way, with what is known of the store that it starts with. Through the pass-through, any would do.
    pub(crate) fn path(self, way: Way, stored: Option<&About>) -> String {
        let (day, recording) =
            stored.map_or(("", ""), |about| (about.last_day.as_str(), about.recording.as_str()));
        match (self, way) {
            (Self::ListRecordings, _) => format!("/api/recordings?to={day}"),
            (Self::OpenRecording, _) => format!("/api/recordings/{recording}?day={day}"),
            (Self::Ready, _) => "/readyz".to_owned(),
            (_, Way::Gateway) => format!("/mcp/{}", self.connection()),
            (_, Way::Bare | Way::Direct) => format!("/{}", self.answer().map_or("page", Answer::name)),
        }
    }

    /// The request's body.
    pub(crate) fn body(self) -> String {
        let reference = json!({ "type": "ref/prompt", "name": "letter" });
        let completed = json!({ "ref": reference, "argument": { "name": "customer", "value": "Ada" } });
        let query = json!({ "query": "Ada", "country": "DE", "limit": CUSTOMERS });
        let (method, params) = match self {
            Self::ListRecordings | Self::OpenRecording | Self::Ready => return String::new(),
            Self::Ping => return json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }).to_string(),
            Self::List | Self::ListByName => ("tools/list", json!({})),
            Self::Complete | Self::CompletePage => ("completion/complete", completed),
            Self::Call => ("tools/call", call("search_customers", &query)),
            Self::Stream => ("tools/call", call("check_invoices", &query)),
            Self::Long { megabytes } => ("tools/call", call("read_log", &json!({ MEGABYTES: megabytes }))),
            Self::Denied => ("tools/call", call("export_customers", &query)),
        };
        json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
    }

    /// The exchange that is tried before this one is measured, on the same connection: the same, but for one
    /// that takes long.
    pub(crate) fn trial(self) -> Self {
        match self {
            Self::Long { megabytes } => Self::Long { megabytes: megabytes.min(10) },
            Self::Call
            | Self::Complete
            | Self::CompletePage
            | Self::Denied
            | Self::List
            | Self::ListByName
            | Self::ListRecordings
            | Self::OpenRecording
            | Self::Ping
            | Self::Ready
            | Self::Stream => self,
        }
    }

    /// How many events the answer has, where that is counted; the last one ends the call.
    pub(crate) fn events(self) -> Option<usize> {
        match self {
            Self::Stream => Some(EVENTS),
            Self::Long { megabytes } => Some(Answer::Long.pieces(megabytes).count()),
            Self::Call
            | Self::Complete
            | Self::CompletePage
            | Self::Denied
            | Self::List
            | Self::ListByName
            | Self::ListRecordings
            | Self::OpenRecording
            | Self::Ping
            | Self::Ready => None,
        }
    }

    /// What the answer that arrives must contain, and what it must not: a row that is fast because something
    /// was left out is not measured.
    pub(crate) fn expected(self, way: Way) -> (&'static str, Option<&'static str>) {
        match (self, way) {
            (Self::Ready, _) => (r#""status":"ready""#, None),
            // A whole page, of which nothing is missing, and more to come.
            (Self::ListRecordings, _) => (r#""next":""#, Some("not listed")),
            (Self::OpenRecording, _) => (r#""kind":"outcome""#, Some("missing")),
            (Self::Denied, _) => (r#""isError":true"#, None),
            (Self::Complete | Self::Ping, _) => (r#""result":{"completion":{"values":[]}}"#, None),
            (Self::Stream, _) => (r#""result":{"content""#, None),
            (Self::List | Self::ListByName, Way::Gateway) => ("get_customer_4992", Some(FORBIDDEN_TOOL)),
            (Self::List | Self::ListByName, Way::Bare | Way::Direct) => (FORBIDDEN_TOOL, None),
            (Self::Call | Self::CompletePage | Self::Long { .. }, Way::Gateway) => {
                ("; [email]; [card]; [iban]; ", Some("4111"))
            }
            (Self::Call | Self::CompletePage | Self::Long { .. }, Way::Bare | Way::Direct) => {
                ("4111", Some("[card]"))
            }
        }
    }
}

fn call(tool: &str, arguments: &Value) -> Value {
    json!({ "name": tool, "arguments": arguments })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_hold_what_is_expected_without_a_gateway() {
        for exchange in [
            Exchange::Call,
            Exchange::Complete,
            Exchange::CompletePage,
            Exchange::List,
            Exchange::ListByName,
            Exchange::Long { megabytes: 1 },
            Exchange::Ping,
            Exchange::Stream,
        ] {
            let pieces =
                exchange.answer().unwrap().pieces(1).map(|piece| piece.as_ref()).collect::<Vec<_>>().concat();
            let body = std::str::from_utf8(&pieces).unwrap();
            let (present, absent) = exchange.expected(Way::Direct);
            assert!(body.contains(present), "{exchange:?} lacks {present}");
            assert!(!absent.is_some_and(|absent| body.contains(absent)), "{exchange:?} has {absent:?}");
            let (by_gateway, _) = exchange.expected(Way::Gateway);
            let is_list = exchange.answer() == Some(Answer::List);
            assert!(!is_list || body.contains(by_gateway), "a list that is filtered keeps {by_gateway}");
        }
    }
}
