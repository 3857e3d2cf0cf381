//! Bundles are the policies that were put into them, or they are refused.

use std::fs;
use std::path::Path;

use portcullis_policy::{Bundle, BundleError, PolicySet, Section, Source, Target, Visibility};
use proptest::prelude::*;

use crate::generated::{any_condition, ask, rules, set, texts};
use crate::support::{Ask, line, observed, policies, user};

const TEXT: &str = r#"
    // Not part of any policy.
    @id("support.read") @reason("Support looks things up")
    permit (principal in Group::"demo:support", action == Action::"billing/get", resource);

    @id("all.small") permit (principal, action in Action::"billing", resource)
        when { context.input has amount && context.input.amount < 100 };
    @id("boss.approves") @approval("demo:boss") @approvers("2") @grant("30m")
    forbid (principal, action == Action::"billing/refund", resource) when { context.input.amount > 10 };
    @id("watch") @mode("observe") forbid (principal is User, action, resource is Tool);
    @id("watch.more") @mode("observe") permit (principal, action, resource in Connection::"billing");"#;

fn source(text: &str) -> [Source<'_>; 1] {
    [Source { file: "billing.cedar", text }]
}

fn built(text: &str) -> Bundle {
    Bundle::build(&source(text), &[]).unwrap_or_else(|problems| panic!("{problems}"))
}

fn refund(set: &PolicySet, amount: u32) -> String {
    let ask = Ask::new(user("ada", &["demo:support"]), Target::Tool { name: "refund" });
    line(&ask.with(&format!(r#"{{"amount":{amount}}}"#)).decide(set))
}

#[test]
fn a_bundle_is_the_set_of_its_files() {
    let (of_files, bundle) = (policies(TEXT), built(TEXT));
    let of_bundle = PolicySet::from_bundle(bundle.clone().into_bytes()).unwrap();
    assert_eq!(of_bundle.digest(), of_files.digest());
    assert_eq!(refund(&of_bundle, 5), "allow by all.small");
    assert_eq!(refund(&of_bundle, 50), "hold: boss.approves needs 2 of demo:boss");
    assert_eq!(refund(&of_bundle, 500), "no policy allows");
    let described = |set: &PolicySet| -> Vec<String> {
        set.policies().map(|policy| format!("{:?}", (policy, policy.line()))).collect()
    };
    assert_eq!(
        described(&of_bundle),
        described(&PolicySet::parse(&source(TEXT)).unwrap()),
        "ids, reasons, annotations, files and lines"
    );
    assert_eq!(Bundle::verify(bundle.clone().into_bytes()), Ok(bundle));
}

#[test]
fn the_address_of_a_bundle_is_that_of_its_content() {
    let a = Source { file: "a.cedar", text: r#"@id("a") permit (principal, action, resource);"# };
    let b = Source { file: "b.cedar", text: r#"@id("b") forbid (principal, action, resource is Tool);"# };
    let bundle = |sources: &[Source<'_>]| Bundle::build(sources, &[]).unwrap();
    assert_eq!(bundle(&[a, b]), bundle(&[b, a]));
    assert_ne!(bundle(&[a, b]).digest(), bundle(&[a]).digest());
    assert_ne!(bundle(&[a]).digest(), bundle(&[Source { file: "c.cedar", ..a }]).digest());
    let shown = bundle(&[a]).digest().to_string();
    assert!(shown.starts_with("sha256:") && shown.len() == 71, "{shown}");
}

#[test]
fn nothing_at_all_is_a_bundle_that_denies() {
    let empty = built("// nothing");
    assert_eq!(refund(&PolicySet::from_bundle(empty.as_bytes().to_vec()).unwrap(), 1), "no policy allows");
    assert_eq!(Bundle::verify(empty.clone().into_bytes()), Ok(empty));
}

#[test]
fn what_is_wrong_with_files_is_found_when_a_bundle_is_built() {
    let text = "@id(\"a\")\npermit (principal in Group::\"support\", action, resource);";
    let problems = Bundle::build(&source(text), &[]).unwrap_err().to_string();
    assert_eq!(problems, PolicySet::parse(&source(text)).unwrap_err().to_string());
    assert!(problems.starts_with("billing.cedar:2: "), "{problems}");
}

#[test]
fn what_is_no_bundle_of_this_version_is_refused_and_says_what_to_do() {
    let good = built(TEXT).into_bytes();
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = good.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        changed
    };
    let longer = [good.as_slice(), b"x"].concat();
    for (name, bytes, want) in [
        ("nothing", Vec::new(), BundleError::NotABundle),
        ("a policy file", TEXT.as_bytes().to_vec(), BundleError::NotABundle),
        ("another magic", with(0, b"Q"), BundleError::NotABundle),
        ("only magic", good[..8].to_vec(), BundleError::Truncated),
        ("half a preamble", good[..30].to_vec(), BundleError::Truncated),
        ("half a head", good[..200].to_vec(), BundleError::Truncated),
        ("one byte short", good[..good.len() - 1].to_vec(), BundleError::Truncated),
        ("one byte more", longer, BundleError::Damaged),
        ("format 0", with(8, &[0]), BundleError::Damaged),
        ("another format", with(8, &[2]), BundleError::Damaged),
        ("format 3", with(8, &[3]), BundleError::NewerFormat { found: 3 }),
        ("another digest", with(24, &[0, 0, 0]), BundleError::Damaged),
        ("another head", with(60, &[0xff]), BundleError::Damaged),
    ] {
        assert_eq!(PolicySet::from_bundle(bytes.clone()).map(|_| ()), Err(want), "case: {name}");
        assert_eq!(Bundle::verify(bytes), Err(want), "case: {name}");
    }
    let newer = "the policy bundle has format 3 and this version reads up to format 2: upgrade the gateway first, \
                 or build the bundle with the gateway's own version";
    assert_eq!(BundleError::NewerFormat { found: 3 }.to_string(), newer);
}

#[test]
fn a_text_that_was_changed_denies_what_it_could_match_and_nothing_else() {
    let good = built(TEXT).into_bytes();
    let at = good.windows(6).position(|window| window == b"< 100 ").unwrap();
    let mut changed = good;
    changed[at + 2] = b'9';
    assert_eq!(Bundle::verify(changed.clone()), Err(BundleError::Damaged));
    let set = PolicySet::from_bundle(changed).unwrap();
    let want = "error: policy `all.small` could not be evaluated: its text in the policy bundle is damaged; build \
                the bundle again from its policy files";
    assert_eq!(refund(&set, 5), want);
    let elsewhere = Ask::new(user("ada", &[]), Target::Tool { name: "refund" });
    assert_eq!(elsewhere.visibility(&set), Visibility::Hidden);
    let elsewhere = Ask { connection: "crm", ..elsewhere };
    assert_eq!(line(&elsewhere.decide(&set)), "no policy allows");
}

#[test]
fn an_observed_policy_that_was_changed_is_reported_and_changes_nothing() {
    let good = built(TEXT).into_bytes();
    let at = good.windows(21).position(|window| window == b"(principal is User, a").unwrap();
    let mut changed = good;
    changed[at + 14..at + 18].copy_from_slice(b"Usex");
    let set = PolicySet::from_bundle(changed).unwrap();
    let decision =
        Ask::new(user("ada", &[]), Target::Tool { name: "refund" }).with(r#"{"amount":5}"#).decide(&set);
    assert_eq!(line(&decision), "allow by all.small");
    assert!(observed(&decision).starts_with("watch errs: its text"), "{}", observed(&decision));
}

/// Released bundles are read forever: these were written by the first version of each format.
#[test]
fn the_formats_do_not_change() {
    for (name, bundle, sections) in
        [("bundle-1.bin", built(TEXT), [].as_slice()), ("bundle-2.bin", built_with(&SECTIONS), &SECTIONS)]
    {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, bundle.as_bytes()).unwrap();
        }
        let stored = fs::read(&path).unwrap();
        assert_eq!(stored, bundle.clone().into_bytes(), "{name}");
        assert_eq!(Bundle::verify(stored.clone()), Ok(bundle), "{name}");
        let set = PolicySet::from_bundle(stored).unwrap();
        assert_eq!(set.digest(), policies(TEXT).digest(), "{name}");
        assert_eq!(refund(&set, 50), "hold: boss.approves needs 2 of demo:boss", "{name}");
        assert_eq!(set.sections().collect::<Vec<_>>(), sections, "{name}");
    }
}

const SECTIONS: [Section<'static>; 2] = [
    Section { name: "detectors", bytes: b"" },
    Section { name: "pins", bytes: b"\x00 anything at all \xff" },
];

fn built_with(sections: &[Section<'_>]) -> Bundle {
    Bundle::build(&source(TEXT), sections).unwrap()
}

#[test]
fn sections_come_back_as_they_were_and_belong_to_the_address() {
    let bundle = built_with(&SECTIONS);
    let [detectors, pins] = SECTIONS;
    assert_eq!(bundle, built_with(&[pins, detectors]), "their order does not matter");
    assert_ne!(bundle.digest(), built(TEXT).digest());
    assert_ne!(bundle.digest(), built_with(&[pins]).digest());
    assert_ne!(bundle.digest(), built_with(&[detectors, Section { bytes: b"other", ..pins }]).digest());
    let set = PolicySet::from_bundle(bundle.clone().into_bytes()).unwrap();
    assert_eq!(set.section("pins"), Ok(Some(pins.bytes)));
    assert_eq!(set.section("detectors"), Ok(Some(detectors.bytes)));
    assert_eq!(set.section("other"), Ok(None));
    assert_eq!(set.bundle_digest(), bundle.digest());
    let of_files = PolicySet::parse_with(&source(TEXT), &SECTIONS).unwrap();
    assert_eq!((of_files.bundle_digest(), of_files.digest()), (bundle.digest(), set.digest()));
    assert_eq!(policies(TEXT).section("pins"), Ok(None));
}

#[test]
fn a_section_that_was_changed_is_noticed_when_it_is_asked_for() {
    let bundle = built_with(&SECTIONS);
    let mut changed = bundle.clone().into_bytes();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(Bundle::verify(changed.clone()), Err(BundleError::Damaged));
    let set = PolicySet::from_bundle(changed).unwrap();
    assert_eq!(set.section("pins"), Err(BundleError::Damaged));
    assert_eq!(set.section("detectors"), Ok(Some(b"".as_slice())), "the others are as they were");
    assert!(!set.is_intact());
    let mut bytes = bundle.clone().into_bytes();
    assert!(PolicySet::from_bundle(bytes.clone()).unwrap().is_intact());
    bytes.pop();
    assert_eq!(PolicySet::from_bundle(bytes).map(|_| ()), Err(BundleError::Truncated));
    let longer = [bundle.as_bytes(), b"x"].concat();
    assert_eq!(PolicySet::from_bundle(longer).map(|_| ()), Err(BundleError::Damaged));
}

#[test]
fn a_text_that_was_changed_is_noticed_by_who_looks_at_all() {
    let mut changed = built(TEXT).into_bytes();
    *changed.last_mut().unwrap() = b' ';
    assert!(!PolicySet::from_bundle(changed).unwrap().is_intact());
    assert!(policies(TEXT).is_intact());
}

#[test]
fn sections_have_plain_names_of_their_own() {
    let named = |name| Section { name, bytes: b"x" };
    for (case, sections) in [
        ("none", vec![named("")]),
        ("capital", vec![named("Pins")]),
        ("long", vec![named("a-name-of-thirty-three-characters")]),
        ("twice", vec![named("pins"), named("other"), named("pins")]),
    ] {
        assert!(Bundle::build(&source(TEXT), &sections).is_err(), "case: {case}");
        assert!(PolicySet::parse_with(&source(TEXT), &sections).is_err(), "case: {case}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_bundle_decides_as_its_files(rules in rules(any_condition()), ask in ask()) {
        let texts = texts(&rules);
        let sources: Vec<Source<'_>> = texts.iter().map(|text| Source { file: "law.cedar", text }).collect();
        let bundle = Bundle::build(&sources, &[]).unwrap();
        prop_assert_eq!(Bundle::verify(bundle.as_bytes().to_vec()), Ok(bundle.clone()));
        let (of_bundle, of_files) = (PolicySet::from_bundle(bundle.into_bytes()).unwrap(), set(&rules));
        prop_assert_eq!(ask.visibility(&of_bundle), ask.visibility(&of_files));
        let decisions = (ask.decide(&of_bundle), ask.decide(&of_files));
        prop_assert_eq!(line(&decisions.0), line(&decisions.1));
        prop_assert_eq!(observed(&decisions.0), observed(&decisions.1));
        prop_assert_eq!(of_bundle.digest(), of_files.digest());
    }

    #[test]
    fn no_bytes_make_opening_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0_usize..2000) {
        let good = built(TEXT).into_bytes();
        let front = &good[..cut.min(good.len())];
        for bytes in [bytes.clone(), [b"PCBUNDLE\x01\0\0\0", bytes.as_slice()].concat(), [front, &bytes].concat()] {
            let is_good = bytes == good;
            prop_assert_eq!(PolicySet::from_bundle(bytes).is_ok(), is_good);
        }
    }

    #[test]
    fn a_changed_byte_is_noticed(at in any::<prop::sample::Index>(), to: u8, has_sections: bool) {
        let good = if has_sections { built_with(&SECTIONS) } else { built(TEXT) }.into_bytes();
        let mut changed = good.clone();
        changed[at.index(good.len())] = to;
        if changed != good {
            prop_assert!(Bundle::verify(changed).is_err());
        }
    }
}
