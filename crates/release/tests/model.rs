//! Any interleaving of those who push and those who read, with writes that fail, that fail only by their answer, and
//! that come late: readers never go back, and all of them agree in the end.
#![expect(clippy::unwrap_used, reason = "a failing test is its report")]

use std::collections::BTreeMap;

use portcullis_identity::UnixSeconds;
use portcullis_ledger::UnixMillis;
use portcullis_policy::{Bundle, KeyId, Serial, SignedBundle, SigningKey, Source};
use portcullis_release::{Done, Effect, Entry, Keys, Lost, Push, Refused, Search, Trusted, open};
use portcullis_settings::{PolicyKey, PolicySettings};
use proptest::prelude::*;

/// A store that does as it is told.
#[derive(Default)]
struct Store {
    values: BTreeMap<String, Vec<u8>>,
    counters: BTreeMap<String, u64>,
}

/// What becomes of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Luck {
    Good,
    /// Nothing is done, and it is said.
    Fails,
    /// It is done, and the answer is that it is not.
    Lies,
}

fn keys() -> Keys {
    Keys::new(&"portcullis".parse().unwrap())
}

fn signing_key() -> SigningKey {
    SigningKey::from_seed([7; 32])
}

fn trusted() -> Trusted {
    let key = PolicyKey::from(signing_key().verifying_key().as_bytes());
    let keys = [("ops".parse().unwrap(), key)].into();
    Trusted::of(&PolicySettings { keys, ..PolicySettings::default() })
}

/// The bundle of the pusher with this number, so that all differ.
fn bundle(number: usize) -> Bundle {
    let text = format!("@id(\"p{number}\") permit (principal, action, resource);");
    Bundle::build(&[Source { file: "p.cedar", text: &text }], &[]).unwrap()
}

fn entry(bundle: &Bundle, serial: Serial) -> Entry {
    let key_id = KeyId::parse("ops").unwrap();
    let envelope = SignedBundle::sign(bundle, (serial, UnixSeconds(1)), (key_id, &signing_key()));
    Entry { envelope, by: "demo|ada".to_owned(), at: UnixMillis(1), length: bundle.as_bytes().len() }
}

impl Store {
    fn read(&self, search: &Search) -> Vec<Option<Vec<u8>>> {
        search.wants().iter().map(|want| self.values.get(&keys().wanted(*want)).cloned()).collect()
    }

    fn perform(&mut self, effect: &Effect<'_>, luck: Luck) -> Done {
        if luck == Luck::Fails {
            return Done::Failed;
        }
        let done = match effect {
            Effect::Claim(key) => {
                let counter = self.counters.entry(key.clone()).or_default();
                *counter += 1;
                Done::Counted(*counter)
            }
            Effect::Set(key, value) => {
                self.values.insert(key.clone(), value.to_vec());
                Done::Written
            }
        };
        if luck == Luck::Lies { Done::Failed } else { done }
    }

    /// The latest entry that anybody vouches for.
    fn latest(&self) -> Option<Serial> {
        let entries = self.values.iter().filter(|(key, _)| key.contains(":entry:"));
        entries.filter_map(|(_, value)| Some(Entry::parse(value).ok()?.envelope.serial())).max()
    }
}

/// Somebody who pushes once, one step at a time. It may never take its next one.
struct Pusher {
    bundle: Bundle,
    search: Search,
    /// What is left to be done, once the search is over: how many steps are done.
    push: Option<(Entry, Vec<Serial>, usize)>,
    result: Option<Result<(), Lost>>,
}

impl Pusher {
    fn new(number: usize) -> Self {
        Self { bundle: bundle(number), search: Search::after(None), push: None, result: None }
    }

    fn serial(&self) -> Option<Serial> {
        self.push.as_ref().map(|(entry, ..)| entry.envelope.serial())
    }

    fn step(&mut self, store: &mut Store, luck: Luck) {
        if self.result.is_some() {
            return;
        }
        if !self.search.wants().is_empty() {
            let values = store.read(&self.search);
            return self.search.learn(values);
        }
        let Some((entry, passed, n_done)) = &mut self.push else {
            let Serial(reached) = self.search.reached();
            let is_claimed = |serial: &Serial| store.counters.contains_key(&keys().claim(*serial));
            let passed: Vec<Serial> = (reached + 1..).map(Serial).take_while(is_claimed).collect();
            let serial = Serial(reached + 1 + u64::try_from(passed.len()).unwrap());
            self.push = Some((entry(&self.bundle, serial), passed, 0));
            return;
        };
        let mut push = Push::new(&keys(), &self.bundle, entry, passed);
        for _ in 0..*n_done {
            let claimed = matches!(push.next(), Some(Effect::Claim(_)));
            push.done(if claimed { Done::Counted(1) } else { Done::Written }).unwrap();
        }
        let Some(effect) = push.next() else {
            self.result = Some(Ok(()));
            return;
        };
        let done = store.perform(&effect, luck);
        *n_done += 1;
        self.result = push.done(done).err().map(Err);
    }
}

/// An instance, one step at a time.
struct Reader {
    in_force: Option<Serial>,
    search: Search,
}

impl Reader {
    fn new() -> Self {
        Self { in_force: None, search: Search::after(None) }
    }

    fn step(&mut self, store: &Store) {
        if !self.search.wants().is_empty() {
            let values = store.read(&self.search);
            self.search.learn(values);
        }
        if self.search.wants().is_empty() {
            let search = std::mem::replace(&mut self.search, Search::after(self.in_force));
            let latest =
                search.into_found().into_iter().find(|(at, value)| put_in_force(store, *at, value).is_ok());
            if let Some((serial, _)) = latest {
                assert!(Some(serial) > self.in_force, "a reader went back");
                self.in_force = Some(serial);
            }
            self.search = Search::after(self.in_force);
        }
    }

    fn settle(&mut self, store: &Store) {
        for _ in 0..40 {
            self.step(store);
        }
    }
}

fn put_in_force(store: &Store, at: Serial, value: &[u8]) -> Result<(), Refused> {
    let entry = Entry::parse(value)?;
    entry.check(at, &trusted(), 0)?;
    let chunk = |index| store.values.get(&keys().chunk(entry.envelope.bundle(), index)).cloned();
    let chunks = (0..portcullis_release::n_chunks(entry.length)).map(chunk).collect();
    open(entry.envelope.bundle(), chunks, true).map(drop)
}

fn luck() -> impl Strategy<Value = Luck> {
    prop_oneof![6 => Just(Luck::Good), 1 => Just(Luck::Fails), 1 => Just(Luck::Lies)]
}

const PUSHERS: usize = 5;
const READERS: usize = 3;

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn readers_never_go_back_and_agree_in_the_end(
        steps in prop::collection::vec((0..PUSHERS + READERS, luck()), 0..200),
        loses_pointer: bool,
        dead in prop::collection::vec(any::<bool>(), PUSHERS),
    ) {
        let mut store = Store::default();
        let mut pushers: Vec<Pusher> = (0..PUSHERS).map(Pusher::new).collect();
        let mut readers: Vec<Reader> = (0..READERS).map(|_| Reader::new()).collect();
        for (who, luck) in steps {
            match who.checked_sub(PUSHERS) {
                None => pushers[who].step(&mut store, luck),
                Some(reader) => readers[reader].step(&store),
            }
        }
        // Some never go on; the others come late.
        for (pusher, _) in pushers.iter_mut().zip(&dead).filter(|(_, is_dead)| !**is_dead) {
            for _ in 0..40 {
                pusher.step(&mut store, Luck::Good);
            }
        }
        if loses_pointer {
            store.values.remove(&keys().pointer());
        }
        readers.push(Reader::new());
        let latest = store.latest();
        for reader in &mut readers {
            reader.settle(&store);
            prop_assert_eq!(reader.in_force, latest, "all find the latest");
        }
        let mut serials = Vec::new();
        for pusher in pushers.iter().filter(|pusher| pusher.result == Some(Ok(()))) {
            prop_assert!(pusher.serial() <= latest, "who was told that it is in force can be found");
            serials.extend(pusher.serial());
        }
        let n_told = serials.len();
        serials.sort_unstable();
        serials.dedup();
        prop_assert_eq!(serials.len(), n_told, "nobody has the serial of another");
    }

    #[test]
    fn those_who_died_block_nobody(
        at in prop::collection::vec(0_usize..7, 0..12),
    ) {
        let mut store = Store::default();
        for (number, n_steps) in at.iter().enumerate() {
            let mut pusher = Pusher::new(number);
            (0..*n_steps).for_each(|_| pusher.step(&mut store, Luck::Good));
        }
        let mut last = Pusher::new(99);
        for _ in 0..40 {
            last.step(&mut store, Luck::Good);
        }
        prop_assert_eq!(last.result, Some(Ok(())));
        let mut reader = Reader::new();
        reader.settle(&store);
        prop_assert_eq!(reader.in_force, last.serial());
    }

    #[test]
    fn whatever_lies_at_an_entry_the_last_good_one_stays(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        copied: bool,
    ) {
        let mut store = Store::default();
        let mut pusher = Pusher::new(0);
        (0..20).for_each(|_| pusher.step(&mut store, Luck::Good));
        let good = store.values[&keys().entry(Serial(1))].clone();
        let bytes = if copied { good } else { bytes };
        store.values.insert(keys().entry(Serial(2)), bytes.clone());
        prop_assert!(put_in_force(&store, Serial(2), &bytes).is_err());
        let mut reader = Reader::new();
        reader.settle(&store);
        prop_assert_eq!(reader.in_force, Some(Serial(1)));
    }
}

/// What a search costs: an instance that has something reads twice at once; one that starts needs two rounds.
#[test]
fn a_search_is_short() {
    let mut store = Store::default();
    for number in 0..9 {
        let mut pusher = Pusher::new(number);
        (0..20).for_each(|_| pusher.step(&mut store, Luck::Good));
        assert_eq!(pusher.result, Some(Ok(())));
    }
    for (known, want) in [(Some(Serial(9)), vec![2]), (None, vec![3, 5]), (Some(Serial(8)), vec![2, 2])] {
        let mut search = Search::after(known);
        let mut rounds = Vec::new();
        while !search.wants().is_empty() {
            rounds.push(search.wants().len());
            let values = store.read(&search);
            search.learn(values);
        }
        assert_eq!(rounds, want, "{known:?}");
        assert_eq!(search.reached(), Serial(9), "{known:?}");
    }
    let mut search = Search::after(None);
    search.learn(vec![None; 3]);
    assert!(search.wants().is_empty() && search.into_found().is_empty(), "nothing was ever pushed");
}

#[test]
fn why_an_entry_is_refused() {
    let good = entry(&bundle(0), Serial(3));
    let text = String::from_utf8(good.encode()).unwrap();
    let check = |at, minimum, bytes: &[u8]| {
        let refused = Entry::parse(bytes).and_then(|entry| entry.check(Serial(at), &trusted(), minimum));
        refused.err().map(|refused| refused.to_string()).unwrap_or_default()
    };
    assert_eq!(check(3, 3, text.as_bytes()), "");
    for (name, at, minimum, text, want) in [
        ("copied", 4, 0, text.clone(), "the policy with serial 3 lies where serial 4 belongs"),
        ("too old", 3, 4, text.clone(), "the policy has serial 3, and `policy.minimum_serial` is 4"),
        ("later", 3, 0, text.replace("\"v\":1", "\"v\":2,\"x\":0"), "the entry of the policy has version 2"),
        (
            "unknown member",
            3,
            0,
            text.replace("\"v\":1", "\"v\":1,\"x\":0"),
            "the entry of the policy cannot be read",
        ),
        ("stranger", 3, 0, text.replace("ops", "eve"), "the policy is signed with the key `eve`"),
        (
            "another serial",
            4,
            0,
            text.replace(r#"\"serial\":3"#, r#"\"serial\":4"#),
            "the signature of the policy is wrong",
        ),
        (
            "newer envelope",
            3,
            0,
            text.replace(r#"{\"format\":1"#, r#"{\"format\":2"#),
            "the policy envelope has format 2",
        ),
        (
            "endless",
            3,
            0,
            text.replace("\"length\":", "\"length\":99999999"),
            "the entry of the policy cannot be read",
        ),
        ("no envelope", 3, 0, "{\"v\":1}".to_owned(), "the entry of the policy cannot be read"),
    ] {
        let told = check(at, minimum, text.as_bytes());
        assert!(told.starts_with(want), "case: {name}: {told}");
    }
}

#[test]
fn why_a_bundle_is_refused() {
    let bundle = bundle(0);
    let whole = |bytes: &[u8]| vec![Some(bytes.to_vec())];
    assert!(open(bundle.digest(), whole(bundle.as_bytes()), true).is_ok());
    let mut changed = bundle.as_bytes().to_vec();
    *changed.last_mut().unwrap() = b' ';
    let mut newer = bundle.as_bytes().to_vec();
    newer[8] = 9;
    let section = portcullis_policy::Section { name: "stricter", bytes: b"x" };
    let unknown = Bundle::build(&[], &[section]).unwrap();
    for (name, digest, chunks, is_replacing, want) in [
        (
            "another",
            self::bundle(1).digest(),
            whole(bundle.as_bytes()),
            true,
            "the policy envelope is for the bundle",
        ),
        ("nothing", bundle.digest(), vec![None], true, "part 0 of the policy bundle is not in the store"),
        ("damaged text", bundle.digest(), whole(&changed), true, "the policy bundle is damaged"),
        ("newer", bundle.digest(), whole(&newer), false, "the policy bundle has format 9"),
        (
            "short",
            bundle.digest(),
            whole(&changed[..changed.len() - 1]),
            false,
            "the policy bundle is cut short",
        ),
        (
            "unknown section",
            unknown.digest(),
            whole(unknown.as_bytes()),
            false,
            "the policy bundle has a section `stricter`",
        ),
    ] {
        let told = open(digest, chunks, is_replacing).unwrap_err().to_string();
        assert!(told.starts_with(want), "case: {name}: {told}");
    }
    assert!(
        open(bundle.digest(), whole(&changed), false).is_ok(),
        "an instance that starts looks at texts later"
    );
}
