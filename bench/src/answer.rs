//! What the upstream answers.
//!
//! Answers are made once and never change, so that what differs between two measurements is not the answer.

use std::fmt::Write as _;
use std::iter::{Chain, RepeatN, repeat_n};
use std::slice::Iter;
use std::sync::LazyLock;

use bytes::Bytes;
use serde_json::{Value, json};

/// Events in the answer that is a stream; the last one ends the call.
pub(crate) const EVENTS: usize = 100;
/// Rows of the page; each has three findings.
pub(crate) const CUSTOMERS: usize = 32;
/// Tools in the list.
pub(crate) const TOOLS: usize = 5_000;
/// A tool of the list that the policies of the benchmark forbid by its name.
pub(crate) const FORBIDDEN_TOOL: &str = "delete_customer_0007";

/// Lines of one event of a long stream; each event has about 16 KB and three findings.
const LINES: usize = 180;
const BYTES_PER_MEGABYTE: usize = 1_000_000;

/// An answer of the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// 5,000 tools in one list.
    List,
    /// Events of about 16 KB, as many as the request asks for.
    Long,
    /// A result with a text of about 4 KB.
    Page,
    /// An almost empty result.
    Small,
    /// Small events.
    Stream,
}

/// The body of an answer, in the pieces that are sent apart.
pub(crate) type Pieces = Chain<RepeatN<&'static Bytes>, Iter<'static, Bytes>>;

impl Answer {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [Self::List, Self::Long, Self::Page, Self::Small, Self::Stream];

    /// The name of the upstream's path.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Long => "long",
            Self::Page => "page",
            Self::Small => "small",
            Self::Stream => "stream",
        }
    }

    /// Whether it is a stream of events and not JSON.
    pub(crate) fn is_stream(self) -> bool {
        match self {
            Self::Long | Self::Stream => true,
            Self::List | Self::Page | Self::Small => false,
        }
    }

    /// The body: one piece for JSON, one for each event of a stream. `megabytes` is how long a long stream is.
    pub(crate) fn pieces(self, megabytes: usize) -> Pieces {
        static LIST: LazyLock<[Bytes; 1]> = LazyLock::new(|| [result(&json!({ "tools": tools() }))]);
        static LONG: LazyLock<Bytes> = LazyLock::new(report);
        static LAST: LazyLock<[Bytes; 1]> = LazyLock::new(|| [event(&done())]);
        static PAGE: LazyLock<[Bytes; 1]> =
            LazyLock::new(|| [result(&json!({ "content": [text(&page())] }))]);
        static SMALL: LazyLock<[Bytes; 1]> =
            LazyLock::new(|| [result(&json!({ "completion": { "values": [] } }))]);
        static STREAM: LazyLock<Vec<Bytes>> = LazyLock::new(events);
        let times = (megabytes * BYTES_PER_MEGABYTE).div_ceil(LONG.len());
        match self {
            Self::List => repeat_n(&*LONG, 0).chain(LIST.iter()),
            Self::Long => repeat_n(&*LONG, times).chain(LAST.iter()),
            Self::Page => repeat_n(&*LONG, 0).chain(PAGE.iter()),
            Self::Small => repeat_n(&*LONG, 0).chain(SMALL.iter()),
            Self::Stream => repeat_n(&*LONG, 0).chain(STREAM.iter()),
        }
    }
}

fn result(result: &Value) -> Bytes {
    json!({ "jsonrpc": "2.0", "id": 1, "result": result }).to_string().into()
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

fn event(message: &Value) -> Bytes {
    format!("event: message\ndata: {message}\n\n").into()
}

/// A list of customers, as a tool over a database gives it: an address, a card and a bank account in each line.
fn page() -> String {
    (1..=CUSTOMERS).map(customer).collect()
}

fn customer(number: usize) -> String {
    format!(
        "cus_{number:04}; Ada Example {number}; ada.{number}@example.com; 4111 1111 1111 1111; \
         DE89 3704 0044 0532 0130 00; {number}0.50 EUR; open\n"
    )
}

fn events() -> Vec<Bytes> {
    let progress = (1..EVENTS).map(|number| {
        let message = format!("checked invoice inv_{number:04}");
        let params = json!({ "progressToken": 1, "progress": number, "total": EVENTS, "message": message });
        event(&json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params }))
    });
    progress.chain([event(&done())]).collect()
}

fn done() -> Value {
    let done = json!({ "content": [text("checked all invoices")] });
    json!({ "jsonrpc": "2.0", "id": 1, "result": done })
}

/// What a tool that reads a log sends while it reads: lines of which few hold anything to mask.
fn report() -> Bytes {
    let mut lines = String::new();
    for number in 1..LINES {
        // Writing to a string cannot fail.
        _ = writeln!(
            lines,
            "2026-03-02T10:{:02}:{:02}Z INFO billing::run invoice inv_{number:04} checked in {number} ms, 3 items, open",
            number / 60,
            number % 60
        );
    }
    lines += &customer(7);
    let params = json!({ "level": "info", "logger": "billing", "data": lines });
    event(&json!({ "jsonrpc": "2.0", "method": "notifications/message", "params": params }))
}

/// Tools as a server that wraps an API has them.
fn tools() -> Vec<Value> {
    const VERBS: [&str; 8] = ["get", "list", "search", "create", "update", "archive", "export", "delete"];
    let verbs = VERBS.iter().cycle();
    verbs.zip(0..TOOLS).map(|(verb, number)| tool(verb, number)).collect()
}

fn tool(verb: &str, number: usize) -> Value {
    let string = |description: &str| json!({ "type": "string", "description": description });
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 20 });
    json!({
        "name": format!("{verb}_customer_{number:04}"),
        "title": format!("{verb} customers of segment {number}"),
        "description": format!(
            "Use this to {verb} the customers of segment {number}. Takes the identifier of a customer or a query; \
             answers with one line for each customer, with the date of the last change. Does not send any mail."
        ),
        "inputSchema": {
            "type": "object",
            "properties": {
                "customer": string("The identifier of the customer, as in cus_0001."),
                "query": string("Words that the name of the customer holds."),
                "country": string("The country of the customer, in two letters."),
                "limit": limit,
            },
            "required": ["customer"],
            "additionalProperties": false,
        },
        "annotations": { "readOnlyHint": false, "idempotentHint": false },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(answer: Answer, megabytes: usize) -> usize {
        answer.pieces(megabytes).map(Bytes::len).sum()
    }

    #[test]
    fn answers_are_as_long_as_rows_say() {
        for (answer, megabytes, want) in [
            (Answer::Page, 0, 3_500..4_500),
            (Answer::Long, 10, 10_000_000..10_020_000),
            (Answer::Long, 1000, 1_000_000_000..1_000_020_000),
            // Less than the longest message that the gateway takes unless set otherwise.
            (Answer::List, 0, 3_000_000..8 << 20),
        ] {
            let length = length(answer, megabytes);
            assert!(want.contains(&length), "{answer:?}: {length}");
        }
        let longest = Answer::Long.pieces(1).map(Bytes::len).max().unwrap();
        assert!((15_000..17_000).contains(&longest), "{longest}");
        assert_eq!(Answer::Stream.pieces(0).count(), EVENTS);
    }

    #[test]
    fn the_list_has_as_many_tools_as_rows_say_and_the_forbidden_one() {
        let list: Value = serde_json::from_slice(Answer::List.pieces(0).next().unwrap()).unwrap();
        let tools = list["result"]["tools"].as_array().unwrap();
        assert_eq!(tools.len(), TOOLS);
        assert!(tools.iter().any(|tool| tool["name"] == FORBIDDEN_TOOL));
    }
}
