//! The rows of the table: which exchange is measured, and on which way.

use crate::exchange::{Answer, Exchange};

/// What stands between the load generator and the upstream, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    /// Nothing.
    Direct,
    /// A component that passes everything on.
    Bare,
    /// The gateway.
    Gateway,
}

/// One row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its name, in the table and on the command line.
    pub(crate) name: &'static str,
    /// What is measured.
    pub(crate) way: Way,
    /// What is asked and answered.
    pub(crate) exchange: Exchange,
    /// What it exercises, for people.
    pub(crate) about: &'static str,
}

/// All rows, in the order of the table. The gateway has no switches: each row adds a stage by what it asks for.
pub(crate) const ROWS: [Row; 13] = [
    row("direct", Way::Direct, Exchange::Ping, "no gateway: the upstream's small answer"),
    row("bare", Way::Bare, Exchange::Ping, "a component that passes everything on: what the platform costs"),
    row("+token", Way::Gateway, Exchange::Ping, "`ping`: token, parse, forward, guard; no policy, no record"),
    row("+policy", Way::Gateway, Exchange::Complete, "`completion/complete`: and a decision of Cedar"),
    row("direct-page", Way::Direct, Exchange::Call, "no gateway: an answer of about 4 KB"),
    row("bare-page", Way::Bare, Exchange::Call, "the same through the component that passes everything on"),
    row("+mask", Way::Gateway, Exchange::CompletePage, "as +policy, with 96 findings to mask in that answer"),
    row(
        "+record",
        Way::Gateway,
        Exchange::Call,
        "`tools/call`: and an intent and an outcome on disk; all stages",
    ),
    row(
        "+record-denied",
        Way::Gateway,
        Exchange::Denied,
        "`tools/call` that policy denies: one record, no upstream",
    ),
    row(
        "readyz",
        Way::Gateway,
        Exchange::Ready,
        "awaits the store, then answers: 40 ms would be Nagle's algorithm",
    ),
    row("direct-stream", Way::Direct, Exchange::Stream, "no gateway: an answer of 100 events"),
    row(
        "bare-stream",
        Way::Bare,
        Exchange::Stream,
        "the same through the component that passes everything on",
    ),
    row("stream", Way::Gateway, Exchange::Stream, "`tools/call` whose answer is those events; all stages"),
];

const fn row(name: &'static str, way: Way, exchange: Exchange, about: &'static str) -> Row {
    Row { name, way, exchange, about }
}

impl Row {
    /// The row that this one is compared with: the same answer on a way with less on it.
    pub(crate) fn compared_with(&self, way: Way) -> Option<&'static Self> {
        let answer = self.exchange.answer()?;
        let comparable = |row: &&Self| row.way == way && row.exchange.answer() == Some(answer);
        ROWS.iter().find(comparable).filter(|_| way < self.way)
    }

    /// Events in one answer, where that is counted.
    pub(crate) fn events(&self) -> Option<usize> {
        match self.exchange.answer() {
            Some(Answer::Stream) => Some(crate::exchange::EVENTS),
            Some(Answer::Page | Answer::Small) | None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_compared_with_the_same_answer_on_another_way() {
        let find = |name: &str| ROWS.iter().find(|row| row.name == name).unwrap();
        for (name, direct, bare) in [
            ("direct", None, None),
            ("bare", Some("direct"), None),
            ("+policy", Some("direct"), Some("bare")),
            ("+record", Some("direct-page"), Some("bare-page")),
            ("+record-denied", None, None),
            ("readyz", None, None),
            ("stream", Some("direct-stream"), Some("bare-stream")),
        ] {
            let compared = |way| find(name).compared_with(way).map(|row| row.name);
            assert_eq!((compared(Way::Direct), compared(Way::Bare)), (direct, bare), "{name}");
        }
    }

    #[test]
    fn names_are_unique() {
        for (index, row) in ROWS.iter().enumerate() {
            assert!(ROWS[..index].iter().all(|other| other.name != row.name), "{}", row.name);
        }
    }
}
