//! What is asked and what the upstream answers.
//!
//! All requests are of the handshake era (revision 2025-11-25) and without a session: only there is a request,
//! `ping`, that reaches the upstream without policy and record. Ids are always 1, so answers never change.

use std::fmt::Write as _;
use std::sync::LazyLock;

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::rows::Way;

/// Events in the answer that is a stream; the last one ends the call.
pub(crate) const EVENTS: usize = 100;

/// Rows of the page; each has three findings.
const CUSTOMERS: usize = 32;

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
    /// The server is asked whether it lives.
    Ping,
    /// The gateway is asked whether it can serve.
    Ready,
    /// A tool is called and answers with a stream.
    Stream,
}

/// What the upstream answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A result with a text of about 4 KB.
    Page,
    /// An almost empty result.
    Small,
    /// Events.
    Stream,
}

impl Exchange {
    /// What the upstream answers; `None` where it is not asked.
    pub(crate) fn answer(self) -> Option<Answer> {
        match self {
            Self::Complete | Self::Ping => Some(Answer::Small),
            Self::Call | Self::CompletePage => Some(Answer::Page),
            Self::Stream => Some(Answer::Stream),
            Self::Denied | Self::Ready => None,
        }
    }

    /// The connection of the gateway that leads there.
    pub(crate) fn connection(self) -> &'static str {
        self.answer().map_or("page", Answer::name)
    }

    /// The HTTP method.
    pub(crate) fn method(self) -> Method {
        match self {
            Self::Ready => Method::GET,
            Self::Call | Self::Complete | Self::CompletePage | Self::Denied | Self::Ping | Self::Stream => {
                Method::POST
            }
        }
    }

    /// The path on this way. Through the pass-through, any would do.
    pub(crate) fn path(self, way: Way) -> String {
        match (self, way) {
            (Self::Ready, _) => "/readyz".to_owned(),
            (_, Way::Gateway) => format!("/mcp/{}", self.connection()),
            (_, Way::Bare | Way::Direct) => format!("/{}", self.connection()),
        }
    }

    /// The request's body.
    pub(crate) fn body(self) -> String {
        let reference = json!({ "type": "ref/prompt", "name": "letter" });
        let completed = json!({ "ref": reference, "argument": { "name": "customer", "value": "Ada" } });
        let (method, params) = match self {
            Self::Ready => return String::new(),
            Self::Ping => return json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }).to_string(),
            Self::Complete | Self::CompletePage => ("completion/complete", completed),
            Self::Call => ("tools/call", call("search_customers")),
            Self::Stream => ("tools/call", call("check_invoices")),
            Self::Denied => ("tools/call", call("export_customers")),
        };
        json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
    }

    /// What the answer that arrives must contain, and what it must not: a row that is fast because something
    /// was left out is not measured.
    pub(crate) fn expected(self, way: Way) -> (&'static str, Option<&'static str>) {
        match (self, way) {
            (Self::Ready, _) => (r#""status":"ready""#, None),
            (Self::Denied, _) => (r#""isError":true"#, None),
            (Self::Complete | Self::Ping, _) => (r#""result":{"completion":{"values":[]}}"#, None),
            (Self::Stream, _) => (r#""result":{"content""#, None),
            (Self::Call | Self::CompletePage, Way::Gateway) => ("; [email]; [card]; [iban]; ", Some("4111")),
            (Self::Call | Self::CompletePage, Way::Bare | Way::Direct) => ("4111", Some("[card]")),
        }
    }
}

fn call(tool: &str) -> Value {
    json!({ "name": tool, "arguments": { "query": "Ada", "country": "DE", "limit": CUSTOMERS } })
}

impl Answer {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Page, Self::Small, Self::Stream];

    /// The name of the upstream's path and of the gateway's connection.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Small => "small",
            Self::Stream => "stream",
        }
    }

    /// The body, in the pieces that are sent apart: one for JSON, one per event.
    pub(crate) fn pieces(self) -> &'static [Bytes] {
        static PAGE: LazyLock<Vec<Bytes>> =
            LazyLock::new(|| vec![result(&json!({ "content": [text(&page())] }))]);
        static SMALL: LazyLock<Vec<Bytes>> =
            LazyLock::new(|| vec![result(&json!({ "completion": { "values": [] } }))]);
        static STREAM: LazyLock<Vec<Bytes>> = LazyLock::new(events);
        match self {
            Self::Page => &PAGE,
            Self::Small => &SMALL,
            Self::Stream => &STREAM,
        }
    }
}

fn result(result: &Value) -> Bytes {
    json!({ "jsonrpc": "2.0", "id": 1, "result": result }).to_string().into()
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

/// A list of customers, as a tool over a database gives it: an address, a card and a bank account in each line.
fn page() -> String {
    let mut page = String::new();
    for number in 1..=CUSTOMERS {
        // Writing to a string cannot fail.
        _ = writeln!(
            page,
            "cus_{number:04}; Ada Example {number}; ada.{number}@example.com; 4111 1111 1111 1111; \
             DE89 3704 0044 0532 0130 00; {number}0.50 EUR; open"
        );
    }
    page
}

fn events() -> Vec<Bytes> {
    let progress = (1..EVENTS).map(|number| {
        let message = format!("checked invoice inv_{number:04}");
        let params = json!({ "progressToken": 1, "progress": number, "total": EVENTS, "message": message });
        json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params }).to_string()
    });
    let done = json!({ "content": [text("checked all invoices")] });
    let done = json!({ "jsonrpc": "2.0", "id": 1, "result": done }).to_string();
    progress.chain([done]).map(|message| format!("event: message\ndata: {message}\n\n").into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_hold_what_is_expected_without_a_gateway() {
        for exchange in
            [Exchange::Call, Exchange::Complete, Exchange::CompletePage, Exchange::Ping, Exchange::Stream]
        {
            let pieces = exchange.answer().unwrap().pieces().concat();
            let body = std::str::from_utf8(&pieces).unwrap();
            let (present, absent) = exchange.expected(Way::Direct);
            assert!(body.contains(present), "{exchange:?}: {body}");
            assert!(!absent.is_some_and(|absent| body.contains(absent)), "{exchange:?}: {body}");
        }
    }

    #[test]
    fn a_page_has_about_4_kb_and_a_stream_its_events() {
        let page = Answer::Page.pieces().concat().len();
        assert!((3_500..4_500).contains(&page), "{page}");
        assert_eq!(Answer::Stream.pieces().len(), EVENTS);
    }
}
