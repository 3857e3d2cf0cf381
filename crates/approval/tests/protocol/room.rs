//! How many requests of one principal may wait, and who may be looked for.

use portcullis_approval::{
    Answer, Asked, Asks, HasAsked, NoRoom, PrincipalId, Protocol as _, RequestId, Room,
};
use portcullis_ledger::UnixMillis;

use crate::world::{Luck, NOW, Store, after, asked_with, once, vault};

const MOST: usize = 3;
/// How long requests wait here, in seconds.
const OPEN: u64 = 900;

fn wish(n: usize) -> Asked {
    asked_with(&format!(r#"{{"amount":{n}}}"#), once())
}

fn id(n: usize) -> RequestId {
    let generation = portcullis_approval::Generation::FIRST;
    RequestId { subject: vault().subject(&wish(n).subject), generation }
}

fn ada() -> PrincipalId {
    "okta|ada".parse().unwrap()
}

/// Asks for room and then, if there is any, for the thing.
fn ask(store: &mut Store, who: &PrincipalId, n: usize, now: UnixMillis) -> Result<(), NoRoom> {
    let vault = vault();
    let mut room = Room::new(&vault, who, (id(n), UnixMillis(now.0 + OPEN * 1000)), (MOST, now));
    store.run(&mut room);
    room.finish()?;
    assert_eq!(store.request(&wish(n), now), id(n));
    Ok(())
}

#[test]
fn as_many_wait_as_may_and_what_is_decided_makes_room() {
    let mut store = Store::default();
    for n in 0..MOST {
        assert_eq!(ask(&mut store, &ada(), n, NOW), Ok(()), "{n}");
    }
    let n_values = store.values.len();
    assert_eq!(ask(&mut store, &ada(), 3, NOW), Err(NoRoom::Full));
    assert_eq!(store.values.len(), n_values, "who finds no room writes nothing");
    assert_eq!(ask(&mut store, &"okta|eve".parse().unwrap(), 4, NOW), Ok(()), "others have their own");
    store.reject(id(1), "ben", after(1));
    assert_eq!(ask(&mut store, &ada(), 5, after(2)), Ok(()));
    assert_eq!(ask(&mut store, &ada(), 6, after(2)), Err(NoRoom::Full));
    store.approve(id(0), "ben", after(3));
    assert_eq!(ask(&mut store, &ada(), 6, after(4)), Ok(()), "nobody is waited for any more");
    store.revoke(id(2), after(5));
    assert_eq!(ask(&mut store, &ada(), 7, after(6)), Ok(()));
    assert_eq!(ask(&mut store, &ada(), 8, after(6)), Err(NoRoom::Full));
}

/// The oldest is not forgotten, however many come and go after it.
#[test]
fn what_waits_long_counts_all_the_time() {
    let mut store = Store::default();
    for n in 0..2 {
        assert_eq!(ask(&mut store, &ada(), n, NOW), Ok(()));
    }
    for n in 2..12 {
        assert_eq!(ask(&mut store, &ada(), n, NOW), Ok(()), "{n}");
        assert_eq!(ask(&mut store, &ada(), 99, NOW), Err(NoRoom::Full), "{n}");
        store.reject(id(n), "ben", NOW);
    }
    assert_eq!(ask(&mut store, &ada(), 50, after(OPEN - 1)), Ok(()));
    assert_eq!(ask(&mut store, &ada(), 51, after(OPEN - 1)), Err(NoRoom::Full));
    for n in 51..53 {
        assert_eq!(ask(&mut store, &ada(), n, after(OPEN)), Ok(()), "the first two are over: {n}");
    }
    assert_eq!(ask(&mut store, &ada(), 53, after(OPEN)), Err(NoRoom::Full));
}

/// Those who ask at the same time do not see each other; whoever comes later sees all of them.
#[test]
fn who_races_is_beyond_the_limit_once() {
    let (vault, mut store) = (vault(), Store::default());
    let until = after(OPEN);
    let mut rooms: Vec<Room<'_>> =
        (0..10).map(|n| Room::new(&vault, &ada(), (id(n), until), (MOST, NOW))).collect();
    while rooms.iter().any(|room| !room.asks().is_empty()) {
        for room in &mut rooms {
            let answers: Vec<Answer> = room.asks().iter().map(|ask| store.perform(ask, Luck::Good)).collect();
            if !answers.is_empty() {
                room.learn(answers);
            }
        }
    }
    for (n, room) in rooms.into_iter().enumerate() {
        assert_eq!(room.finish(), Ok(()));
        store.request(&wish(n), NOW);
    }
    assert_eq!(ask(&mut store, &ada(), 20, NOW), Err(NoRoom::Full));
}

#[test]
fn a_store_that_fails_at_any_step_leaves_no_room() {
    for luck in [Luck::Fails, Luck::Lies] {
        for failing in 0.. {
            let (vault, mut store) = (vault(), Store::default());
            ask(&mut store, &ada(), 0, NOW).unwrap();
            let mut room = Room::new(&vault, &ada(), (id(1), after(OPEN)), (MOST, NOW));
            let mut n_steps = 0;
            loop {
                let asks = room.asks();
                if asks.is_empty() {
                    break;
                }
                let mut answers = Vec::new();
                for ask in &asks {
                    answers.push(store.perform(ask, if n_steps == failing { luck } else { Luck::Good }));
                    n_steps += 1;
                }
                room.learn(answers);
            }
            match room.finish() {
                Ok(()) => {
                    assert!(
                        failing >= n_steps && n_steps > 4,
                        "step {failing} of {n_steps} failed unnoticed"
                    );
                    break;
                }
                Err(trouble) => assert!(matches!(trouble, NoRoom::Store(_)), "{failing}"),
            }
        }
    }
}

#[test]
fn who_has_asked_is_looked_for_as_long_as_it_can_matter() {
    let (vault, mut store) = (vault(), Store::default());
    let has_asked = |store: &mut Store, seconds: u64| {
        let vault = self::vault();
        let mut look = HasAsked::new(&vault, &ada());
        store.run(&mut look);
        look.finish(after(seconds))
    };
    assert_eq!(has_asked(&mut store, 0), Ok(false));
    let mut asks = Asks::new(&vault, &ada(), NOW).unwrap();
    store.run(&mut asks);
    assert_eq!(asks.finish(), Ok(()));
    let day = 24 * 60 * 60;
    for (days, want) in [(0, true), (14, true), (15, false)] {
        assert_eq!(has_asked(&mut store, days * day), Ok(want), "{days}");
    }
    let n_waits = store.n_waits;
    assert_eq!(has_asked(&mut store, 0), Ok(true));
    assert_eq!(store.n_waits, n_waits + 1);
    store.is_down = true;
    assert!(has_asked(&mut store, 0).is_err());
    let mut asks = Asks::new(&vault, &ada(), NOW).unwrap();
    store.run(&mut asks);
    assert!(asks.finish().is_err());
    store.is_down = false;
    // Nobody else's word counts for it.
    let eve: PrincipalId = "okta|eve".parse().unwrap();
    let mut asks = Asks::new(&vault, &eve, NOW).unwrap();
    store.run(&mut asks);
    let values: Vec<Vec<u8>> = store.values.values().cloned().collect();
    for (key, other) in store.values.iter_mut().zip(values.iter().rev()) {
        *key.1 = other.clone();
    }
    assert!(has_asked(&mut store, 0).is_err());
}
