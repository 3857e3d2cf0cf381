use proptest::prelude::*;

use super::contents::head_digest;
use super::{Bundle, BundleError, DIGEST, HEAD_START, Section, VERSIONS_END};
use crate::facts::Facts;
use crate::question::{Question, Session, Target};
use crate::set::{PolicySet, Source};

const TEXT: &str = r#"
    @id("a") permit (principal in Group::"demo:g", action == Action::"billing/x", resource);
    @id("b") @mode("observe") forbid (principal, action, resource in Connection::"billing");
    @id("c") @approval("demo:boss") forbid (principal is User, action in Action::"call", resource);"#;

const SECTION: &[u8] = b"anything";

fn good() -> Vec<u8> {
    let sections = [Section { name: "pins", bytes: SECTION }];
    Bundle::build(&[Source { file: "p.cedar", text: TEXT }], &sections).unwrap().into_bytes()
}

/// Bytes whose digest is right whatever else they are: made by hand, or by somebody with a key.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = u32::from_le_bytes(bytes[VERSIONS_END - 4..VERSIONS_END].try_into().unwrap());
    let head_end = HEAD_START.saturating_add(usize::try_from(length).unwrap()).min(bytes.len());
    let digest = head_digest(&bytes[..VERSIONS_END], &bytes[HEAD_START..head_end]);
    bytes[DIGEST].copy_from_slice(&digest);
    bytes
}

/// Asks about everything that there is to be asked.
fn use_it(set: &PolicySet) {
    let principal = portcullis_identity::Principal::for_test(
        "demo",
        "ada",
        portcullis_identity::PrincipalKind::User,
        &["g"],
    );
    let (connection, labels) = ("billing".parse().unwrap(), std::collections::BTreeSet::new());
    let now = portcullis_identity::UnixSeconds(0);
    let question = Question {
        principal: &principal,
        connection: &connection,
        target: Target::Tool { name: "x" },
        input: None,
        types: None,
        session: Session { labels: &labels, client: None, now, usage: None },
    };
    let _ = set.decide(&question);
    let _ = (set.visibility(&question), set.template_visibility(&question));
    let _ = set.listing(&principal, &connection, question.session).visibility(question.target);
    let _ = (set.sections().count(), set.section("pins"), set.is_intact(), set.ids().count());
    let _ = (set.policies().count(), set.find("a"), set.find("z"));
    assert!(Facts::of_call(&question, &set.vocabulary).is_ok());
}

#[test]
fn what_follows_from_the_texts_is_checked_against_them() {
    let good = good();
    assert_eq!(sealed(good.clone()), good);
    let set = PolicySet::from_bundle(good.clone()).unwrap();
    let head_end = good.len() - SECTION.len() - TEXT.lines().map(|line| line.trim().len()).sum::<usize>();
    let places = |set: &PolicySet| -> Vec<(String, usize)> {
        let policies = set.policies().map(|policy| (policy.file().to_owned(), policy.line()));
        policies.chain(set.sections().map(|section| (section.name.to_owned(), 0))).collect()
    };
    // Any other head is one that hides a policy, has it decide elsewhere, or says something else that is not so.
    // Only where the policies were read from, and what sections are called, does not follow from what they say.
    for at in HEAD_START..head_end {
        let mut changed = good.clone();
        changed[at] ^= 1;
        if let Ok(accepted) = Bundle::verify(sealed(changed)) {
            let moved = PolicySet::from_bundle(accepted.into_bytes()).unwrap();
            assert_ne!(places(&moved), places(&set), "byte {at}");
        }
    }
    use_it(&set);
}

#[test]
fn a_later_language_is_refused() {
    let mut later = good();
    later[16] += 1;
    let refused = PolicySet::from_bundle(sealed(later)).map(|_| ());
    assert!(matches!(refused, Err(BundleError::NewerLanguage { .. })), "{refused:?}");
    let mut earlier = good();
    earlier[12] -= 1;
    let earlier = sealed(earlier);
    assert!(PolicySet::from_bundle(earlier.clone()).is_ok());
    assert_eq!(Bundle::verify(earlier.clone()).map(Bundle::into_bytes), Ok(earlier));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_head_made_by_hand_makes_nothing_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        large in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = good();
        for (at, to) in changes {
            let at = VERSIONS_END + at.index(bytes.len() - VERSIONS_END);
            bytes[at] = to;
        }
        if let Some(at) = large {
            let at = VERSIONS_END + at.index(bytes.len() - VERSIONS_END - 4);
            bytes[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        }
        if let Ok(set) = PolicySet::from_bundle(sealed(bytes)) {
            use_it(&set);
        }
    }
}
