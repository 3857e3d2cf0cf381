use proptest::prelude::*;

use super::*;
use crate::chain::testing::*;
use crate::{
    ChainId, ChainLimits, CheckpointDraft, Head, Item, Key, Next, Segment, SegmentId, SigningKey,
    TombstoneDraft, UnixMillis, Verdict, Writer,
};

const DAY: u64 = 86_400_000;

/// A ledger of two days, and everything that was ever published of it.
struct Ledger {
    store: Store,
    checkpoints: Vec<StoredCheckpoint>,
    tombstones: Vec<Tombstone>,
}

fn day(n: u64) -> Day {
    Day::of(UnixMillis(NOON + n * DAY))
}

fn chain(n: u64, serial: u32) -> ChainId {
    ChainId { day: day(n), serial }
}

fn at(n: u64, serial: u32, segment: u32) -> SegmentId {
    SegmentId { chain: chain(n, serial), n: segment }
}

impl Ledger {
    /// Chains 1 to 3 of each of two days with two, three and two segments, chain 4 of the first day without any; a
    /// checkpoint after each day.
    fn new() -> Self {
        let mut ledger = Self { store: Store::default(), checkpoints: Vec::new(), tombstones: Vec::new() };
        for n in 0..2 {
            let now = NOON + n * DAY;
            for segments in [2, 3, 2] {
                ledger.write_chain(now, segments);
            }
            if n == 0 {
                ledger.store.claim(&Key::chains(&app(), day(0)));
            }
            ledger.checkpoint(n);
        }
        ledger
    }

    fn write_chain(&mut self, now: u64, segments: u32) {
        let mut writer = Writer::new(author(ChainLimits { segments, ..ChainLimits::default() }));
        for n in 0..u64::from(segments) {
            let record = intent(n, now + n, Verdict::Allow);
            let item = Item {
                recording: recording(1),
                principal: Some(tag(1)),
                connection: Some(tag(2)),
                record: &record,
                fresh: fresh(now + n),
            };
            writer.push(item).unwrap();
            self.store.serve_all(&mut writer, now);
        }
        assert_eq!(writer.step(UnixMillis(now)), Next::Idle);
    }

    fn heads(&self, day: Day) -> Vec<Head> {
        (1..=self.store.count(day))
            .map(|serial| {
                let chain = ChainId { day, serial };
                let segments = self.store.chain(chain);
                let hash = segments.last().map(|bytes| Segment::parse(bytes).unwrap().hash());
                let hash = hash.unwrap_or(ContentHash::NOTHING);
                Head { chain, segments: u32::try_from(segments.len()).unwrap(), hash }
            })
            .collect()
    }

    fn checkpoint(&mut self, n: u64) {
        let previous = self.checkpoints.last().map(|last| last.checkpoint().hash());
        let draft = CheckpointDraft {
            app: app(),
            serial: n + 1,
            at: UnixMillis(NOON + n * DAY),
            previous: previous.unwrap_or(ContentHash::NOTHING),
            days: vec![(day(n), self.store.count(day(n)))],
            heads: self.heads(day(n)),
        };
        self.checkpoints.push(StoredCheckpoint::sign(draft, &signing()).unwrap());
    }

    fn prune(&mut self, n: u64, kept: Vec<u32>) {
        let heads = self.heads(day(n));
        for head in heads.iter().filter(|head| !kept.contains(&head.chain.serial)) {
            for n in 0..head.segments {
                self.store.values.remove(Key::segment(&app(), SegmentId { chain: head.chain, n }).as_str());
            }
        }
        let draft = TombstoneDraft { app: app(), day: day(n), heads, at: UnixMillis(NOON), kept };
        self.tombstones.push(Tombstone::sign(draft, &signing()).unwrap());
    }

    fn export(&self) -> Vec<Line> {
        let mut lines = vec![Line::Ledger(app())];
        lines.extend(self.tombstones.iter().map(|tombstone| Line::Tombstone(tombstone.encode())));
        lines.extend(self.checkpoints.iter().map(|checkpoint| Line::Checkpoint(checkpoint.encode())));
        for n in 0..2 {
            let chains = self.store.count(day(n));
            lines.push(Line::Day { day: day(n), chains });
            for serial in 1..=chains {
                let segments = (0..).zip(self.store.chain(chain(n, serial)));
                lines.extend(
                    segments.map(|(m, value)| Line::Segment { id: at(n, serial, m), value: value.to_vec() }),
                );
            }
        }
        lines
    }

    fn published(&self) -> Vec<Checkpoint> {
        self.checkpoints.iter().map(|stored| stored.checkpoint().clone()).collect()
    }

    fn verify(&self, lines: &[Line]) -> Report {
        verify(lines, self.published())
    }
}

/// Verifies the lines and an end that fits them.
fn verify(lines: &[Line], published: Vec<Checkpoint>) -> Report {
    let mut verifier = Verifier::new(trusted(), published);
    lines.iter().for_each(|line| verifier.line(&line.to_json()));
    verifier.line(&Line::End { lines: lines.len() as u64 + 1 }.to_json());
    verifier.finish()
}

fn problems(report: &Report) -> Vec<String> {
    report.findings.iter().map(|finding| finding.problem.to_string()).collect()
}

fn place(lines: &[Line], wanted: SegmentId) -> usize {
    lines.iter().position(|line| matches!(line, Line::Segment { id, .. } if *id == wanted)).unwrap()
}

fn value(lines: &mut [Line], wanted: SegmentId) -> &mut Vec<u8> {
    let place = place(lines, wanted);
    value_of(&mut lines[place]).unwrap()
}

#[test]
fn what_was_not_touched_is_proved() {
    let ledger = Ledger::new();
    let report = ledger.verify(&ledger.export());
    assert_eq!(problems(&report), [""; 0]);
    assert_eq!((report.segments, report.records, report.never_begun), (14, 14, 1));
    assert_eq!(report.vouched, Some(Vouched { serial: 2, at: UnixMillis(NOON + DAY) }));
    // Who keeps no checkpoint elsewhere is told that nothing is known of the ends.
    let unpublished = verify(&ledger.export(), Vec::new());
    assert!(unpublished.is_clean());
    assert_eq!(unpublished.vouched, None);
    let older = verify(&ledger.export(), ledger.published()[..1].to_vec());
    assert_eq!(older.vouched.map(|vouched| vouched.serial), Some(1));
}

#[test]
fn every_attack_on_the_segments_is_named() {
    type Attack = fn(&mut Vec<Line>);
    let attacks: [(Attack, &str); 9] = [
        (|lines| value(lines, at(0, 2, 1))[300] ^= 1, "2026-08-23/2/1: its signature is wrong"),
        (|lines| value(lines, at(0, 2, 1)).truncate(20), "2026-08-23/2/1: the segment is malformed"),
        (|lines| _ = lines.remove(place(lines, at(0, 2, 1))), "2026-08-23/2/1 is missing"),
        (|lines| _ = lines.remove(place(lines, at(0, 2, 0))), "2026-08-23/2/0 is missing"),
        (
            |lines| {
                let (a, b) = (value(lines, at(0, 2, 1)).clone(), value(lines, at(0, 2, 2)).clone());
                *value(lines, at(0, 2, 1)) = b;
                *value(lines, at(0, 2, 2)) = a;
            },
            "at 2026-08-23/2/1 is 2026-08-23/2/2: segments were moved",
        ),
        (
            |lines| lines.retain(|line| !matches!(line, Line::Segment { id, .. } if id.chain == chain(0, 2))),
            "2026-08-23/2 is missing: checkpoint 1 has seen it",
        ),
        (
            |lines| _ = lines.remove(place(lines, at(1, 3, 1))),
            "2026-08-24/3 ends after 1 segments, but checkpoint 2 has seen 2",
        ),
        (
            |lines| {
                let n = place(lines, at(0, 2, 1));
                lines.insert(n, lines[n].clone());
            },
            "2026-08-23/2/1 comes once more, or too late",
        ),
        (
            |lines| {
                let other = value(lines, at(0, 1, 1)).clone();
                *value(lines, at(0, 2, 1)) = other;
            },
            "at 2026-08-23/2/1 is 2026-08-23/1/1: segments were moved",
        ),
    ];
    let ledger = Ledger::new();
    for (attack, expected) in attacks {
        let mut lines = ledger.export();
        attack(&mut lines);
        let report = ledger.verify(&lines);
        assert_eq!(problems(&report).first().map(String::as_str), Some(expected));
    }
}

#[test]
fn the_first_bad_record_is_named() {
    let ledger = Ledger::new();
    let mut lines = ledger.export();
    value(&mut lines, at(0, 2, 1))[300] ^= 1;
    let report = ledger.verify(&lines);
    assert_eq!(report.findings[0].record, Some(id(1, NOON + 1)));
    assert_eq!(report.findings[0].line, place(&lines, at(0, 2, 1)) as u64 + 1);
}

#[test]
fn every_attack_on_days_and_checkpoints_is_named() {
    type Attack = fn(&mut Vec<Line>);
    let attacks: [(Attack, &str); 7] = [
        (
            |lines| lines[3] = Line::Day { day: day(0), chains: 3 },
            "2026-08-23 has 3 chains, but checkpoint 1 has seen 4",
        ),
        (
            |lines| lines[3] = Line::Day { day: day(0), chains: u32::MAX },
            "2026-08-23/5 is missing, and 4294967290 more after it: it was never begun, or it was removed",
        ),
        (
            |lines| lines.truncate(place(lines, at(0, 3, 1)) + 1),
            "2026-08-24 is missing, but checkpoint 2 has seen it",
        ),
        (|lines| _ = lines.remove(2), "checkpoint 2 was published and is missing"),
        (
            |lines| _ = lines.remove(1),
            "checkpoint 2 does not follow the ones before it: one was removed, added or moved",
        ),
        (
            |lines| lines.swap(1, 2),
            "checkpoint 2 does not follow the ones before it: one was removed, added or moved",
        ),
        (|lines| _ = lines.remove(0), "it is of another ledger"),
    ];
    let ledger = Ledger::new();
    for (attack, expected) in attacks {
        let mut lines = ledger.export();
        attack(&mut lines);
        let report = ledger.verify(&lines);
        assert_eq!(problems(&report).first().map(String::as_str), Some(expected));
    }
}

/// Who has the signing key can write everything anew, but not what was published.
#[test]
fn a_chain_that_was_written_anew_is_found() {
    let (ledger, mut forged) = (Ledger::new(), Ledger::new());
    forged.store = Store::default();
    for segments in [2, 3] {
        forged.write_chain(NOON, segments);
    }
    forged.write_chain(NOON + 1, 2);
    forged.store.claim(&Key::chains(&app(), day(0)));
    for segments in [2, 3, 2] {
        forged.write_chain(NOON + DAY, segments);
    }
    let report = ledger.verify(&forged.export());
    assert_eq!(problems(&report), ["2026-08-23/3/1 is not what checkpoint 1 has seen",]);
    forged.checkpoints.clear();
    forged.checkpoint(0);
    forged.checkpoint(1);
    let report = ledger.verify(&forged.export());
    assert_eq!(
        problems(&report),
        ["checkpoint 1 was published and is missing", "checkpoint 2 was published and is missing",]
    );
    assert_eq!(report.vouched, None);
}

/// Segments that a trusted key has signed, of a writer that took the same chains.
#[test]
fn genuine_segments_of_another_chain_with_the_same_name_do_not_follow() {
    let (ledger, mut other) = (Ledger::new(), Ledger::new());
    other.store = Store::default();
    for _ in 0..3 {
        other.write_chain(NOON + 7, 3);
    }
    let theirs = |id: SegmentId| other.store.chain(id.chain)[id.n as usize].to_vec();
    let mut lines = ledger.export();
    *value(&mut lines, at(0, 2, 1)) = theirs(at(0, 2, 1));
    assert_eq!(
        problems(&ledger.verify(&lines)),
        [
            "2026-08-23/2/1 does not follow the segment before it",
            "2026-08-23/2/2 does not follow the segment before it",
        ]
    );
    let mut lines = ledger.export();
    let end = place(&lines, at(0, 1, 1)) + 1;
    lines.insert(end, Line::Segment { id: at(0, 1, 2), value: theirs(at(0, 1, 2)) });
    assert_eq!(
        problems(&ledger.verify(&lines)),
        [
            "2026-08-23/1/2 comes after the end of its chain",
            "2026-08-23/1/2 does not follow the segment before it",
        ]
    );
    let mut lines = ledger.export();
    let late = place(&lines, at(0, 3, 1)) + 1;
    let mut writer = Writer::new(author(ChainLimits::default()));
    let mut fifth = Store::default();
    fifth.counters.insert(Key::chains(&app(), day(0)).as_str().to_owned(), 4);
    let record = intent(0, NOON, Verdict::Allow);
    let (recording, fresh) = (recording(1), fresh(0));
    writer.push(Item { recording, principal: None, connection: None, record: &record, fresh }).unwrap();
    fifth.serve_all(&mut writer, NOON);
    lines.insert(late, Line::Segment { id: at(0, 5, 0), value: fifth.chain(chain(0, 5))[0].to_vec() });
    assert_eq!(problems(&ledger.verify(&lines)), ["2026-08-23/5 was never claimed"]);
}

#[test]
fn statements_that_were_altered_are_named() {
    let mut ledger = Ledger::new();
    ledger.prune(0, Vec::new());
    // The tombstone is in the second line, the first checkpoint in the third; its heads are at its end.
    for (line, from_end, expected) in [
        (1, 1, "the tombstone of 2026-08-23: its signature is wrong"),
        (2, 1, "the chains of checkpoint 1 were altered"),
        (2, 4 * 44 + 1, "checkpoint 1: its signature is wrong"),
    ] {
        let mut lines = ledger.export();
        let value = value_of(&mut lines[line]).unwrap();
        let n = value.len() - from_end;
        value[n] ^= 1;
        let report = ledger.verify(&lines);
        assert_eq!(problems(&report).first().map(String::as_str), Some(expected));
    }
}

#[test]
fn keys_that_are_not_trusted_vouch_for_nothing() {
    let ledger = Ledger::new();
    let other = SigningKey::from_seed("2026-09".parse().unwrap(), [9; 32]);
    let trusted = TrustedKeys::from_iter([(other.id().clone(), other.verifying_key())]);
    let mut verifier = Verifier::new(trusted, ledger.published());
    ledger.export().iter().for_each(|line| verifier.line(&line.to_json()));
    let report = verifier.finish();
    assert!(
        problems(&report).contains(&"the published checkpoint 1 is not signed by a trusted key".to_owned())
    );
    assert!(
        problems(&report).contains(
            &"2026-08-23/1/0: it is signed with the key `2026-08`, which is not trusted".to_owned()
        )
    );
    assert_eq!(report.vouched, None);
}

#[test]
fn an_export_that_breaks_off_is_not_complete() {
    let ledger = Ledger::new();
    let mut verifier = Verifier::new(trusted(), ledger.published());
    ledger.export().iter().for_each(|line| verifier.line(&line.to_json()));
    assert_eq!(problems(&verifier.finish()), ["the export is not complete"]);
    for (text, expected) in [
        ("", "not a line of an export: EOF while parsing a value at line 1 column 0"),
        (r#"{"line":"ledger","v":2,"app":"a"}"#, "not a line of an export: the export is of a newer release"),
        (r#"{"line":"checkpoint","value":"!"}"#, "not a line of an export: `value` is not base64"),
        (r#"{"line":"checkpoint","value":"AAAA"}"#, "a checkpoint is malformed"),
        (r#"{"line":"tombstone","value":"AAAA"}"#, "a tombstone is malformed"),
    ] {
        let mut verifier = Verifier::new(trusted(), Vec::new());
        verifier.line(text);
        assert_eq!(problems(&verifier.finish()).first().map(String::as_str), Some(expected));
    }
}

#[test]
fn a_pruned_day_leaves_a_ledger_that_verifies() {
    let mut ledger = Ledger::new();
    ledger.prune(0, vec![2]);
    let report = ledger.verify(&ledger.export());
    assert_eq!(problems(&report), [""; 0]);
    assert_eq!(report.segments, 10);
    // What is kept is verified as ever.
    let mut lines = ledger.export();
    lines.remove(place(&lines, at(0, 2, 1)));
    assert_eq!(problems(&ledger.verify(&lines)), ["2026-08-23/2/1 is missing"]);
    // Without its tombstone, the day is missing.
    let mut lines = ledger.export();
    lines.remove(1);
    assert!(!ledger.verify(&lines).is_clean());
}

#[test]
fn a_tombstone_of_something_else_is_found() {
    let mut ledger = Ledger::new();
    let mut heads = ledger.heads(day(0));
    heads[1].segments = 2;
    let draft = TombstoneDraft { app: app(), day: day(0), heads, at: UnixMillis(NOON), kept: Vec::new() };
    ledger.tombstones = vec![Tombstone::sign(draft, &signing()).unwrap()];
    let expected = "the tombstone of 2026-08-23 is not of what the checkpoints have seen";
    assert_eq!(problems(&ledger.verify(&ledger.export())), [expected]);
    let bytes = ledger.tombstones[0].encode();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(Tombstone::decode(&flipped).map_or(true, |one| one.verify(&trusted()).is_err()), "bit {bit}");
    }
}

/// What somebody may do to one line.
#[derive(Clone, Copy, Debug)]
enum Mutation {
    CopyValue,
    Duplicate,
    Flip,
    Move,
    Remove,
    SwapValues,
}

fn value_of(line: &mut Line) -> Option<&mut Vec<u8>> {
    match line {
        Line::Checkpoint(value) | Line::Segment { value, .. } | Line::Tombstone(value) => Some(value),
        Line::Day { .. } | Line::Days { .. } | Line::End { .. } | Line::Ledger(_) => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_single_change_is_found(
        mutation in prop::sample::select(vec![
            Mutation::CopyValue, Mutation::Duplicate, Mutation::Flip, Mutation::Move, Mutation::Remove,
            Mutation::SwapValues,
        ]),
        first: prop::sample::Index,
        second: prop::sample::Index,
        bit: prop::sample::Index,
    ) {
        let mut ledger = Ledger::new();
        ledger.prune(0, vec![2]);
        let whole = ledger.export();
        let mut lines = whole.clone();
        let (a, b) = (first.index(lines.len()), second.index(lines.len()));
        match mutation {
            Mutation::CopyValue => {
                let copied = value_of(&mut lines[a]).cloned();
                if let (Some(copied), Some(value)) = (copied, value_of(&mut lines[b])) {
                    *value = copied;
                }
            }
            Mutation::Duplicate => lines.insert(b, whole[a].clone()),
            Mutation::Flip => {
                if let Some(value) = value_of(&mut lines[a]) {
                    let bit = bit.index(value.len() * 8);
                    value[bit / 8] ^= 1 << (bit % 8);
                }
            }
            Mutation::Move => {
                let line = lines.remove(a);
                lines.insert(b.min(lines.len()), line);
            }
            Mutation::Remove => _ = lines.remove(a),
            Mutation::SwapValues => {
                let (of_a, of_b) = (value_of(&mut lines[a]).cloned(), value_of(&mut lines[b]).cloned());
                if let (Some(of_a), Some(of_b)) = (of_a, of_b) {
                    *value_of(&mut lines[a]).unwrap() = of_b;
                    *value_of(&mut lines[b]).unwrap() = of_a;
                }
            }
        }
        prop_assert_eq!(ledger.verify(&lines).is_clean(), lines == whole, "{:?} of {} and {}", mutation, a, b);
    }

    #[test]
    fn any_text_can_be_verified_without_harm(text in "\\PC{0,40}", value: Vec<u8>) {
        let mut verifier = Verifier::new(trusted(), Vec::new());
        verifier.line(&Line::Ledger(app()).to_json());
        verifier.line(&text);
        verifier.line(&Line::Tombstone(value.clone()).to_json());
        verifier.line(&Line::Checkpoint(value.clone()).to_json());
        verifier.line(&Line::Day { day: day(0), chains: 1 }.to_json());
        verifier.line(&Line::Segment { id: at(0, 1, 0), value }.to_json());
        prop_assert!(!verifier.finish().is_clean());
    }
}
