use portcullis_mcp::era::Era;
use portcullis_mcp::json::Object;

use super::*;
use crate::session::Session;

fn connection() -> ConnectionName {
    "crm".parse().unwrap()
}

fn digest(title: &str) -> DefinitionDigest {
    DefinitionDigest::of(Kind::Tool, &Object::new().with("title", title.to_owned()))
}

fn shown(items: &[(&str, &str)]) -> Shown {
    let mut shown = Shown::default();
    items.iter().for_each(|(name, title)| shown.add(name, digest(title)));
    shown
}

const TOOLS: Place<'static> = Place { kind: Kind::Tool, era: Era::Modern, session: None };

fn standing(known: &Known, name: &str, now: u64) -> Option<Standing> {
    known.standing(&connection(), &TOOLS, name, digest("good"), now)
}

#[test]
fn what_was_seen_is_believed_for_a_minute() {
    let mut known = Known::default();
    known.learn(&connection(), Kind::Tool, shown(&[("a", "good"), ("b", "bad")]), 1000);
    let bad = Some(Standing::Seen(Seen::One(digest("bad"))));
    for (name, now, want) in [
        ("a", 1000, Some(Standing::Approved)),
        ("a", 60_999, Some(Standing::Approved)),
        ("a", 61_000, None),
        ("b", 1000, bad),
        ("b", 61_000, None),
        ("c", 1000, None),
    ] {
        assert_eq!(standing(&known, name, now), want, "{name} at {now}");
    }
    // Nor is anything believed of another list.
    let prompts = Place { kind: Kind::Prompt, ..TOOLS };
    assert_eq!(known.standing(&connection(), &prompts, "a", digest("good"), 1000), None);
    assert_eq!(known.standing(&"wiki".parse().unwrap(), &TOOLS, "a", digest("good"), 1000), None);
    known.learn(&connection(), Kind::Tool, shown(&[("a", "bad")]), 2000);
    assert_eq!(standing(&known, "a", 2000), bad, "the last one counts");
    known.forget(&connection(), Kind::Tool, 3000);
    assert_eq!(standing(&known, "a", 3000), None);
}

#[test]
fn a_name_with_several_definitions_has_none() {
    let twice = [("a", "good"), ("a", "bad"), ("a", "good"), ("b", "good"), ("b", "good")];
    let mut known = Known::default();
    assert_eq!(shown(&twice).digests().collect::<Vec<_>>(), [digest("good")], "that of `b`");
    known.learn(&connection(), Kind::Tool, shown(&twice), 0);
    assert_eq!(standing(&known, "a", 0), Some(Standing::Seen(Seen::Several)));
    assert_eq!(standing(&known, "b", 0), Some(Standing::Approved));
}

#[test]
fn a_page_approves_nothing_and_what_it_shows_otherwise_must_be_found_out() {
    let (good, bad, several) = (Some(("a", "good")), Some(("a", "bad")), [("a", "good"), ("a", "bad")]);
    let approved = Some(Standing::Approved);
    let changed = Some(Standing::Seen(Seen::One(digest("bad"))));
    let ambiguous = Some(Standing::Seen(Seen::Several));
    for (name, whole, pages, want) in [
        ("a page alone", None, vec![good], None),
        ("pages that differ", None, vec![bad, good], None),
        ("the same again", good, vec![good], approved),
        ("another one", good, vec![bad], None),
        ("another one, and back", good, vec![bad, good], None),
        ("still another", bad, vec![bad], changed),
        ("approved again", bad, vec![good], None),
        ("a page without it", good, vec![None], approved),
    ] {
        let mut known = Known::default();
        known.learn(&connection(), Kind::Tool, shown(whole.as_slice()), 0);
        for page in pages {
            known.learn_page(&connection(), Kind::Tool, shown(page.as_slice()), 1);
        }
        assert_eq!(standing(&known, "a", 1), want, "{name}");
        // Who reads all of it knows, and need not read again for what is not there.
        known.learn(&connection(), Kind::Tool, shown(&several), 2);
        for page in [good, bad] {
            known.learn_page(&connection(), Kind::Tool, shown(page.as_slice()), 3);
        }
        assert_eq!(standing(&known, "a", 60_001), ambiguous, "{name}");
        assert_eq!(standing(&known, "a", 60_002), None, "{name}: after a minute");
        known.learn_page(&connection(), Kind::Tool, shown(&[("b", "bad")]), 3);
        known.learn(&connection(), Kind::Tool, shown(&[]), 4);
        known.was_read(&connection(), &TOOLS, 4);
        assert_eq!(standing(&known, "b", 4), Some(Standing::Gone), "{name}");
    }
}

#[test]
fn what_another_instance_has_found_does_not_outlive_a_page_that_shows_otherwise() {
    for (page, want) in [("good", Some(Standing::Approved)), ("bad", None)] {
        let mut known = Known::default();
        known.take(&connection(), Kind::Tool, Stored::found(0, [digest("good")].into_iter()));
        known.learn_page(&connection(), Kind::Tool, shown(&[("a", page)]), 1);
        assert_eq!(standing(&known, "a", 1), want, "{page}");
    }
}

#[test]
fn what_is_in_no_list_is_gone_for_who_has_read_it() {
    let session = |id: &str| Session {
        upstream: id.to_owned(),
        revision: portcullis_mcp::revision::Revision::V2025_11_25,
    };
    let (one, other) = (session("1"), session("2"));
    let mut known = Known::default();
    let of = |session| Place { session, ..TOOLS };
    known.was_read(&connection(), &of(Some(&one)), 0);
    let ask =
        |known: &Known, session, now| known.standing(&connection(), &of(session), "a", digest("good"), now);
    assert_eq!(ask(&known, Some(&one), 59_999), Some(Standing::Gone));
    assert_eq!(ask(&known, Some(&one), 60_000), None);
    assert_eq!(ask(&known, Some(&other), 0), None);
    assert_eq!(ask(&known, None, 0), None);
    for id in 0..1000 {
        let session = session(&id.to_string());
        known.was_read(&connection(), &Place { session: Some(&session), ..TOOLS }, 0);
        assert!(known.lists[&connection()][&Kind::Tool].read.len() <= MOST_READERS);
    }
}

#[test]
fn what_another_instance_has_found_approves_and_never_denies() {
    let mut known = Known::default();
    let found = |at, titles: &[&str]| Stored::found(at, titles.iter().map(|title| digest(title)));
    known.take(&connection(), Kind::Tool, found(1000, &["good", "other"]));
    assert_eq!(standing(&known, "a", 60_999), Some(Standing::Approved));
    assert_eq!(standing(&known, "a", 61_000), None);
    known.take(&connection(), Kind::Tool, found(2000, &["bad"]));
    assert_eq!(standing(&known, "a", 2000), None, "another session may be shown it");
    // What it has seen itself goes before, and what is older than the news of a change does not count.
    known.take(&connection(), Kind::Tool, found(3000, &["good"]));
    known.learn(&connection(), Kind::Tool, shown(&[("a", "bad")]), 3000);
    assert_eq!(standing(&known, "a", 3000), Some(Standing::Seen(Seen::One(digest("bad")))));
    known.forget(&connection(), Kind::Tool, 4000);
    known.take(&connection(), Kind::Tool, found(4000, &["good"]));
    assert_eq!(standing(&known, "a", 4000), None);
    known.take(&connection(), Kind::Tool, found(4001, &["good"]));
    assert_eq!(standing(&known, "a", 4001), Some(Standing::Approved));
}

#[test]
fn what_is_remembered_has_a_size() {
    let mut known = Known::default();
    for round in 0..5 {
        let mut many = Shown::default();
        (0..MOST).for_each(|number| many.add(&format!("{round}-{number}"), digest("good")));
        many.add("one-too-many", digest("good"));
        many.add(&"n".repeat(LONGEST_NAME + 1), digest("good"));
        assert_eq!(many.0.len(), MOST);
        known.learn(&connection(), Kind::Tool, many, round);
        assert_eq!(known.lists[&connection()][&Kind::Tool].items.len(), MOST);
    }
    assert_eq!(standing(&known, "4-0", 4), Some(Standing::Approved), "the last ones are there");
}
