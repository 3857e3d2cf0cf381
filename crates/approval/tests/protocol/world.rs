//! A store that does as it is told, or as one of the real ones might; and people and programs who use it.

use std::collections::BTreeMap;
use std::num::NonZeroU8;
use std::time::Duration;

use portcullis_approval::{
    Answer, Ask, Asked, Case, Cast, ContentDigest, Context, Coverage, Create, Creation, Find, Found,
    MaskedText, Operation, PolicyRef, Protocol, Read, Reason, RequestId, Requester, Requirement,
    Requirements, Seen, StoreTrouble, Subject, Vault, Voter, Write,
};
use portcullis_identity::seal::Sealer;
use portcullis_identity::{Principal, PrincipalKind};
use portcullis_ledger::UnixMillis;
use portcullis_mcp::json::{Bounds, parse};
use portcullis_settings::{ClaimRules, PrincipalRule, Secret};

pub(crate) const NOW: UnixMillis = UnixMillis(1_787_480_130_123);

pub(crate) fn after(seconds: u64) -> UnixMillis {
    UnixMillis(NOW.0 + seconds * 1000)
}

pub(crate) fn vault() -> Vault {
    let secret = Secret::new("0123456789abcdef0123456789abcdef".to_owned());
    Vault::new("gateway".parse().unwrap(), Sealer::new(&secret, &[]))
}

pub(crate) fn person(subject: &str, groups: &[&str]) -> Principal {
    Principal::for_test("okta", subject, PrincipalKind::User, groups)
}

/// A person for whom somebody acts, as a token tells it (RFC 8693).
pub(crate) fn person_with_actor(subject: &str, groups: &str, actor: &str) -> Principal {
    let claims = format!(r#"{{"sub":"{subject}","groups":["{groups}"],"act":{{"sub":"{actor}"}}}}"#);
    let (name, groups_claim) = ("okta".parse().unwrap(), "groups".parse().unwrap());
    let rules = ClaimRules {
        name: &name,
        groups_claim: &groups_claim,
        principal: &PrincipalRule::User,
        attributes: &[],
    };
    Principal::of_claims(claims.as_bytes(), rules).unwrap()
}

pub(crate) fn requirement(policy: &str, group: &str, approvers: u8, coverage: Coverage) -> Requirement {
    let digest = ContentDigest::from_bytes([1; 32]);
    Requirement {
        policy: PolicyRef { id: policy.parse().unwrap(), digest },
        group: group.parse().unwrap(),
        approvers: NonZeroU8::new(approvers).unwrap(),
        ttl: Duration::from_secs(900),
        coverage,
    }
}

pub(crate) fn once() -> Vec<Requirement> {
    vec![requirement("refunds", "okta:finance", 1, Coverage::Once)]
}

pub(crate) fn window(seconds: u64) -> Vec<Requirement> {
    vec![requirement("refunds", "okta:finance", 1, Coverage::Window(Duration::from_secs(seconds)))]
}

pub(crate) fn operation(arguments: &str) -> Operation {
    let json = parse(arguments.as_bytes(), Bounds::request(16)).unwrap();
    Operation {
        requester: Requester::of(&person("ada", &["support"])).unwrap(),
        connection: "billing".parse().unwrap(),
        method: "tools/call".to_owned(),
        name: "refund".to_owned(),
        arguments: vault().arguments(Some(&json)),
        definition: Some(ContentDigest::from_bytes([3; 32])),
    }
}

pub(crate) fn asked(requirements: Vec<Requirement>) -> Asked {
    asked_with(r#"{"amount":5000,"customer":"c1"}"#, requirements)
}

pub(crate) fn asked_with(arguments: &str, requirements: Vec<Requirement>) -> Asked {
    let requirements = Requirements::new(requirements).unwrap();
    Asked { subject: Subject::Call(operation(arguments)), requirements }
}

pub(crate) fn context() -> Context {
    Context { arguments: MaskedText::of("{}"), ..Context::default() }
}

pub(crate) fn reason() -> Reason {
    "because".parse().unwrap()
}

/// What becomes of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Luck {
    Good,
    /// It is done, and done once more when the client library tries again.
    Doubled,
    /// Nothing is done, and that is said.
    Fails,
    /// The value is acknowledged, or not, and seen later.
    Late,
    /// It is done, and the answer is that it is not.
    Lies,
}

#[derive(Default)]
pub(crate) struct Store {
    pub(crate) values: BTreeMap<String, Vec<u8>>,
    pub(crate) counters: BTreeMap<String, u64>,
    /// Acknowledged, and not to be seen yet.
    pub(crate) late: Vec<(String, Vec<u8>)>,
    pub(crate) is_down: bool,
    /// How many waits there were, and how many reads of counters.
    pub(crate) n_waits: usize,
    pub(crate) n_adds: usize,
}

impl Store {
    pub(crate) fn perform(&mut self, ask: &Ask, luck: Luck) -> Answer {
        if self.is_down || luck == Luck::Fails {
            return Answer::Failed;
        }
        let answer = match ask {
            Ask::Add(key, by) => {
                self.n_adds += 1;
                let counter = self.counters.entry(key.as_str().to_owned()).or_default();
                *counter += if luck == Luck::Doubled { 2 * by } else { *by };
                Answer::Count(*counter)
            }
            Ask::Get(key) => Answer::Value(self.values.get(key.as_str()).cloned()),
            Ask::Set(key, value) => {
                let item = (key.as_str().to_owned(), value.clone());
                if luck == Luck::Late {
                    self.late.push(item)
                } else {
                    self.values.extend([item])
                }
                Answer::Written
            }
        };
        if luck == Luck::Lies { Answer::Failed } else { answer }
    }

    /// What was late becomes visible, from the last to the first.
    pub(crate) fn settle(&mut self) {
        self.values.extend(self.late.drain(..).rev());
    }

    pub(crate) fn run(&mut self, protocol: &mut impl Protocol) {
        loop {
            let asks = protocol.asks();
            if asks.is_empty() {
                return;
            }
            self.n_waits += 1;
            let answers = asks.iter().map(|ask| self.perform(ask, Luck::Good)).collect();
            protocol.learn(answers);
        }
    }

    pub(crate) fn write(&mut self, write: Option<Write>) {
        if let Some(write) = write {
            let _ = self.perform(&write.into(), Luck::Good);
        }
    }

    pub(crate) fn find(&mut self, asked: &Asked, now: UnixMillis) -> Result<Found, StoreTrouble> {
        let vault = vault();
        let mut find = Find::new(&vault, asked.clone(), now);
        self.run(&mut find);
        find.finish()
    }

    /// Asks for approval, as a call does that finds none.
    pub(crate) fn request(&mut self, asked: &Asked, now: UnixMillis) -> RequestId {
        let Ok(Found::MustCreate { id, .. }) = self.find(asked, now) else { panic!("there is a request") };
        let vault = vault();
        let mut create = Create::new(&vault, (id, asked.clone()), context(), now).unwrap();
        self.run(&mut create);
        assert!(matches!(create.finish(), Ok(Creation::Created(_))));
        id
    }

    /// Reads a request, and writes what is then to be written.
    pub(crate) fn read(&mut self, id: RequestId, now: UnixMillis) -> Case {
        let vault = vault();
        let mut read = Read::new(&vault, id);
        self.run(&mut read);
        let reading = read.finish(now).unwrap().unwrap();
        self.write(reading.settle);
        reading.case
    }

    pub(crate) fn cast(&mut self, mut cast: Cast<'_>) {
        self.run(&mut cast);
        cast.finish().unwrap();
    }

    pub(crate) fn approve(&mut self, id: RequestId, who: &str, now: UnixMillis) {
        let vault = vault();
        let case = self.read(id, now);
        let voter = Voter::of(&person(who, &["finance"])).unwrap();
        let vote = case.approve(&voter, Seen { request: case.digest(), at: now }, None).unwrap();
        self.cast(Cast::vote(&vault, &case, vote));
        self.read(id, now);
    }

    pub(crate) fn reject(&mut self, id: RequestId, who: &str, now: UnixMillis) {
        let vault = vault();
        let case = self.read(id, now);
        let voter = Voter::of(&person(who, &["finance"])).unwrap();
        let rejection = case.reject(&voter, Seen { request: case.digest(), at: now }, reason()).unwrap();
        self.cast(Cast::reject(&vault, &case, rejection).unwrap());
    }

    pub(crate) fn revoke(&mut self, id: RequestId, now: UnixMillis) {
        let vault = vault();
        let case = self.read(id, now);
        let revocation = case.revoke("okta|eve".parse().unwrap(), now, reason()).unwrap();
        self.cast(Cast::revoke(&vault, &case, revocation).unwrap());
    }
}

/// What was found, in one word.
pub(crate) fn word(found: &Result<Found, StoreTrouble>) -> &'static str {
    match found {
        Ok(Found::Granted { .. }) => "granted",
        Ok(Found::MustCreate { .. }) => "must create",
        Ok(Found::Pending(_)) => "pending",
        Ok(Found::Rejected { .. }) => "rejected",
        Err(_) => "trouble",
    }
}
