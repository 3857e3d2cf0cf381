//! The calls of a busy gateway: people in sessions, tools of a few connections, answers of a page.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_ledger::{
    Arguments, CallResult, ContentHash, DecisionSummary, DigestKey, Excerpt, Intent, Item, Outcome,
    PolicyRef, PrincipalKind, Record, RecordId, RecordingId, Stage, Tag, UnixMillis, Verdict, Who,
};

/// The calls, by their numbers.
pub(crate) struct Calls {
    names: DigestKey,
    /// What a tool has answered.
    answer: String,
}

/// A call, as it is recorded.
pub(crate) struct Call<'c> {
    calls: &'c Calls,
    n: u64,
    at: UnixMillis,
    /// The session that it is of.
    pub(crate) recording: RecordingId,
    person: String,
    connection: &'static str,
}

/// How many people call.
const PEOPLE: u64 = 400;
/// How many sessions are open at a time, and how many calls one has.
const SESSIONS: u64 = 8;
const CALLS_OF_SESSION: u64 = 16;
const CONNECTIONS: [&str; 4] = ["page", "page", "small", "stream"];
/// How long a call takes.
const MILLIS: u64 = 40;
const ISSUER: &str = "demo";

impl Calls {
    pub(crate) fn new(names: DigestKey) -> Self {
        let row = "customer [name], [email], [card], [iban], 2026-03-14, open, 1,204.50 EUR\n";
        Self { names, answer: row.repeat(12) }
    }

    /// The call with this number of the day, made at `at`.
    pub(crate) fn call(&self, n: u64, at: UnixMillis) -> Call<'_> {
        // Sessions take turns, and are all replaced together.
        let session = n / (SESSIONS * CALLS_OF_SESSION) * SESSIONS + n % SESSIONS;
        let person = format!("person-{:03}@acme.example", session.wrapping_mul(2_654_435_761) % PEOPLE);
        let connection = usize::try_from(session % 4).ok().and_then(|n| CONNECTIONS.get(n));
        let connection = connection.copied().unwrap_or("page");
        let day = at.0 / 86_400_000;
        let id = self.names.digest("session", format!("{day} {session}").as_bytes());
        Call { calls: self, n, at, recording: RecordingId::of_session(&self.names, &id), person, connection }
    }
}

impl Call<'_> {
    pub(crate) fn intent(&self) -> Record {
        let policy =
            |id: &str| PolicyRef { id: id.to_owned(), digest: ContentHash::of(id.as_bytes()).to_string() };
        Record::Intent(Intent {
            id: self.id(),
            at: self.at,
            principal: Who {
                issuer: ISSUER.to_owned(),
                subject: self.person.clone(),
                kind: PrincipalKind::User,
                groups: vec!["demo:finance".to_owned()],
                granted: Vec::new(),
                attributes: None,
                client: None,
                actors: Vec::new(),
                token_id: None,
            },
            connection: self.connection.to_owned(),
            revision: "2025-11-25".to_owned(),
            session: Some(self.calls.names.digest("session", self.person.as_bytes())),
            method: "tools/call".to_owned(),
            name: Some("search_customers".to_owned()),
            definition: None,
            approval: None,
            arguments: Arguments {
                digest: self.calls.names.digest("arguments", &self.n.to_be_bytes()),
                text: Excerpt::whole(format!(
                    r#"{{"country":"DE","limit":12,"query":"customer {}"}}"#,
                    self.n
                )),
                restored: BTreeMap::new(),
            },
            labels: BTreeSet::new(),
            decision: DecisionSummary {
                outcome: Verdict::Allow,
                bundle: Some(ContentHash::of(b"bundle").to_string()),
                policies: vec![policy("bench.finance-calls")],
                observed: Vec::new(),
            },
            trace: None,
            client_address: Some("192.0.2.17".to_owned()),
            request_bytes: 170,
        })
    }

    pub(crate) fn outcome(&self) -> Record {
        let classes = ["pii.card", "pii.email", "pii.iban"].map(|class| (class.to_owned(), 12));
        Record::Outcome(Outcome {
            id: self.id(),
            at: UnixMillis(self.at.0 + MILLIS),
            result: CallResult::Completed { is_error: false },
            upstream_status: Some(200),
            bytes_out: 1_100,
            frames: 1,
            findings: classes.clone().into(),
            masked: classes.into(),
            text: Excerpt::whole(self.calls.answer.clone()),
            timings: BTreeMap::from([(Stage::Decide, 310), (Stage::Forward, 38_000)]),
        })
    }

    /// A record of it, with what it is found by.
    pub(crate) fn item<'r>(&self, record: &'r Record) -> Item<'r> {
        let names = &self.calls.names;
        Item {
            recording: self.recording,
            principal: Some(Tag::principal(names, ISSUER, &self.person)),
            connection: Some(Tag::connection(names, self.connection)),
            record,
            // Only the first of a recording in a chain counts, and it must differ for each of these.
            fresh: *ContentHash::of(format!("{} {}", self.at.0, self.n).as_bytes()).as_bytes(),
        }
    }

    fn id(&self) -> RecordId {
        let mut random = [0; 10];
        random.iter_mut().zip(self.n.to_be_bytes()).for_each(|(to, from)| *to = from);
        RecordId::new(self.at, random)
    }
}
