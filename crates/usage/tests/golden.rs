//! Stored values of every release. They must decode to what they meant then, for as long as windows reach back to them.
//!
//! A file is never edited. A new encoding is a new version with files of its own beside these.
#![expect(clippy::unwrap_used, reason = "a golden that cannot be read is a failed test")]

use std::collections::BTreeMap;

use portcullis_ledger::{DigestKey, UnixMillis};
use portcullis_usage::{
    Amounts, Load, Pace, Publish, PublishStep, Reading, Scope, Step, Stored, Tally, Totals, ValueDigest,
};

const NOW: UnixMillis = UnixMillis(1_787_480_130_123);

const GOLDEN: [(&str, &str); 4] = [
    ("open.v1", include_str!("golden/open.v1.hex")),
    ("share.v1", include_str!("golden/share.v1.hex")),
    ("minute.v1", include_str!("golden/minute.v1.hex")),
    ("hour.v1", include_str!("golden/hour.v1.hex")),
];

type Values = BTreeMap<String, Vec<u8>>;

#[test]
fn what_is_stored_is_what_was_stored_at_every_release() {
    let store = store();
    for (kind, file) in [("m", "minute.v1"), ("h", "hour.v1"), ("s", "share.v1")] {
        let golden = golden(file);
        let is_kind = |key: &&String| key.contains(&format!(":{kind}:"));
        let keys: Vec<&String> = store.keys().filter(is_kind).collect();
        let found = keys.iter().any(|key| store.get(*key) == Some(&golden));
        assert!(
            found,
            "{file} is not among {:?}",
            keys.iter().map(|key| hex(&store[*key])).collect::<Vec<_>>()
        );
    }
}

#[test]
fn golden_values_decode_and_encode_to_themselves() {
    for (name, _) in GOLDEN {
        let bytes = golden(name);
        let stored = Stored::decode(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(stored.encode(), bytes, "{name}");
        let is_meant = match (name, &stored) {
            ("open.v1", Stored::Open) => true,
            ("share.v1", Stored::Share { revision: 1, .. }) | ("minute.v1", Stored::Minute(_)) => true,
            ("hour.v1", Stored::Hour(totals)) => is_what_was_counted(totals),
            _ => false,
        };
        assert!(is_meant, "{name}: {stored:?}");
    }
}

fn is_what_was_counted(totals: &Totals) -> bool {
    let class = "pii.email".parse().unwrap();
    let sums = [totals.calls(), totals.denials(), totals.bytes_out(), totals.items_out()];
    sums == [2, 1, 4096, 12] && totals.findings(&class) == Some(5) && totals.distinct(&class) == Some(2)
}

/// What is in the store after an instance has counted, and another has read it the next day.
fn store() -> Values {
    let (mut values, mut counters) = (Values::new(), BTreeMap::new());
    let key = DigestKey::new([7; 32]);
    let scope = Scope::of(&key, "okta|ana", &"billing".parse().unwrap());
    let class: portcullis_settings::ClassName = "pii.email".parse().unwrap();
    let digest = |text| (class.clone(), ValueDigest::of(&key, scope, &class, text));
    let amounts = Amounts {
        calls: 2,
        denials: 1,
        bytes_out: 4096,
        items_out: 12,
        findings: BTreeMap::from([(class.clone(), 5)]),
        values: vec![digest("ana@example.com"), digest("ben@example.com")],
    };
    // A minute later, and an hour later, what was counted before is over.
    for (later, amounts) in [(0, amounts), (120_000, Amounts::default()), (7_200_000, Amounts::default())] {
        let now = UnixMillis(NOW.0 + later);
        let mut tally = Tally::new("gateway".parse().unwrap());
        tally.admit(scope, now).unwrap();
        let load = tally.load(scope, now).unwrap();
        tally.loaded(read(load, &values, &mut counters), now);
        assert!(matches!(tally.read(scope, now), Reading::Known(_)));
        tally.count(scope, &amounts, now).unwrap();
        let publish = tally.publish(scope, Pace::Now, now).unwrap();
        let publish = write(&mut tally, publish, &mut values, &mut counters);
        tally.published(&publish, Ok(()), now);
    }
    values
}

fn read(mut load: Load, values: &Values, counters: &mut BTreeMap<String, u64>) -> Load {
    loop {
        match load.step() {
            Step::Done => return load,
            Step::Peek(peeks) => peeks.into_iter().for_each(|peek| {
                let count = *counters.entry(peek.key().to_string()).or_default();
                load.counted(peek, Ok(count));
            }),
            Step::Get(gets) => gets.into_iter().for_each(|get| {
                let value = values.get(get.key().as_str());
                load.read(get, Ok(value.map(Vec::as_slice)));
            }),
        }
    }
}

fn write(
    tally: &mut Tally,
    mut publish: Publish,
    values: &mut Values,
    counters: &mut BTreeMap<String, u64>,
) -> Publish {
    loop {
        match publish.step() {
            PublishStep::Done => return publish,
            PublishStep::Claim(key) => {
                let count = counters.entry(key.to_string()).or_default();
                *count += 1;
                tally.claimed(&mut publish, *count);
            }
            PublishStep::Write(more) => {
                values.extend(more.into_iter().map(|(key, value)| (key.to_string(), value)));
            }
        }
    }
}

fn golden(name: &str) -> Vec<u8> {
    let (_, text) = GOLDEN.iter().find(|(golden, _)| *golden == name).unwrap();
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
