//! The rows of the table: which exchange is measured, and on which way.

use crate::answer::Answer;
use crate::exchange::Exchange;

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
    /// How many policies there are that have nothing to do with what is asked, beside those that have.
    pub(crate) n_more_policies: usize,
    /// Whether instances get the policies in the form that needs no parsing.
    pub(crate) is_bundled: bool,
    /// How instances are used.
    pub(crate) instances: Instances,
    /// How many records the store has before.
    pub(crate) n_stored: u64,
}

/// How instances are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instances {
    /// As the host does unless told otherwise: up to 16 requests at a time, 128 in all.
    Usual,
    /// Each request gets an instance of its own.
    Cold,
    /// One request at a time, 128 in all.
    Single,
}

/// All rows, in the order of the table. The gateway has no switches: each row adds a stage by what it asks for.
pub(crate) const ROWS: [Row; 34] = [
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
    row("record-100k", Way::Gateway, Exchange::Call, "as +record, in a store with 100,000 records")
        .recorded(100_000),
    row("record-1m", Way::Gateway, Exchange::Call, "as +record, in a store with 1,000,000 records")
        .recorded(1_000_000),
    row(
        "record-single",
        Way::Gateway,
        Exchange::Call,
        "as +record, one request at a time in an instance: no two records share a write",
    )
    .single(),
    row(
        "list-recordings",
        Way::Gateway,
        Exchange::ListRecordings,
        "`GET /api/recordings`: the latest 100 of a week with 1,000,000 records",
    )
    .recorded(1_000_000),
    row(
        "open-recording",
        Way::Gateway,
        Exchange::OpenRecording,
        "`GET /api/recordings/…`: the records of one session among them",
    )
    .recorded(1_000_000),
    row(
        "+record-denied",
        Way::Gateway,
        Exchange::Denied,
        "`tools/call` that policy denies: one record on disk, then an answer: 40 ms would be Nagle's algorithm",
    ),
    row(
        "readyz",
        Way::Gateway,
        Exchange::Ready,
        "whether it can serve; an instance asks the store once a second",
    ),
    row("direct-stream", Way::Direct, Exchange::Stream, "no gateway: an answer of 100 events"),
    row(
        "bare-stream",
        Way::Bare,
        Exchange::Stream,
        "the same through the component that passes everything on",
    ),
    row("stream", Way::Gateway, Exchange::Stream, "`tools/call` whose answer is those events; all stages"),
    row("bare-list", Way::Bare, Exchange::List, "`tools/list` of 5,000 tools, passed on"),
    row("list-5000", Way::Gateway, Exchange::List, "the same list, filtered: all tools are shown but one"),
    row(
        "list-5000-named",
        Way::Gateway,
        Exchange::ListByName,
        "the same where a policy reads the name of each tool",
    ),
    row("list-5000-many", Way::Gateway, Exchange::List, "as list-5000, with 1,000 policies more").with(1000),
    row("policies-10", Way::Gateway, Exchange::Complete, "as +policy, with 10 policies more").with(10),
    row("policies-100", Way::Gateway, Exchange::Complete, "with 100 policies more").with(100),
    row("policies-1000", Way::Gateway, Exchange::Complete, "with 1,000 policies more").with(1000),
    row("policies-5000", Way::Gateway, Exchange::Complete, "with 5,000 policies more").with(5000),
    row("cold", Way::Gateway, Exchange::Complete, "as +policy, each request in an instance of its own")
        .cold(),
    row("cold-1000", Way::Gateway, Exchange::Complete, "as cold, with 1,000 policies more").with(1000).cold(),
    row("cold-1000-bundle", Way::Gateway, Exchange::Complete, "the same from `policy.bundle`")
        .with(1000)
        .bundled()
        .cold(),
    row(
        "cold-list-5000-many",
        Way::Gateway,
        Exchange::List,
        "as list-5000-many: the first list of an instance",
    )
    .with(1000)
    .bundled()
    .cold(),
    row("bare-stream-10m", Way::Bare, LONG, "an answer of 10 MB in events of 16 KB, passed on"),
    row("stream-10m", Way::Gateway, LONG, "the same through the gateway, with masking; all stages"),
    row("bare-stream-1g", Way::Bare, LONGEST, "an answer of 1 GB, passed on"),
    row(
        "stream-1g",
        Way::Gateway,
        LONGEST,
        "the same through the gateway: it takes no more memory than 10 MB",
    ),
];

/// The peak of memory for one must be that for the other.
const LONG: Exchange = Exchange::Long { megabytes: 10 };
const LONGEST: Exchange = Exchange::Long { megabytes: 1000 };

const fn row(name: &'static str, way: Way, exchange: Exchange, about: &'static str) -> Row {
    Row {
        name,
        way,
        exchange,
        about,
        n_more_policies: 0,
        is_bundled: false,
        instances: Instances::Usual,
        n_stored: 0,
    }
}

impl Row {
    const fn with(self, n_more_policies: usize) -> Self {
        Self { n_more_policies, ..self }
    }

    const fn bundled(self) -> Self {
        Self { is_bundled: true, ..self }
    }

    const fn cold(self) -> Self {
        Self { instances: Instances::Cold, ..self }
    }

    const fn single(self) -> Self {
        Self { instances: Instances::Single, ..self }
    }

    const fn recorded(self, n_stored: u64) -> Self {
        Self { n_stored, ..self }
    }

    /// The row that this one is compared with: the same answer on a way with less on it.
    pub(crate) fn compared_with(&self, way: Way) -> Option<&'static Self> {
        let same = |other: &Exchange| {
            (other.answer(), other.events()) == (self.exchange.answer(), self.exchange.events())
        };
        let comparable = |row: &&Self| row.way == way && same(&row.exchange);
        self.exchange.answer()?;
        ROWS.iter().find(comparable).filter(|_| way < self.way)
    }

    /// Whether one answer takes so long that it is measured from its beginning to its end, and by itself.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.exchange, Exchange::Long { .. })
    }

    /// Whether the answer is so long that bytes per second say more than requests.
    pub(crate) fn counts_bytes(&self) -> bool {
        matches!(self.exchange.answer(), Some(Answer::List | Answer::Long))
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
            ("record-1m", Some("direct-page"), Some("bare-page")),
            ("list-recordings", None, None),
            ("stream", Some("direct-stream"), Some("bare-stream")),
            ("list-5000-named", None, Some("bare-list")),
            ("stream-10m", None, Some("bare-stream-10m")),
            ("stream-1g", None, Some("bare-stream-1g")),
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
