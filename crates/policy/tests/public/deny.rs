//! Rules of the settings beside policies.

use std::collections::BTreeSet;

use portcullis_policy::{
    Bundle, DenyRules, Explainer, PolicySet, Problems, Source, Target, Visibility, policy_of,
};
use portcullis_settings::{ClassName, DenyRule, Draft, RuleMode};
use proptest::prelude::*;

use crate::support::{Ask, line, observed, policies, user};

const SETTINGS: &str = "public_url = \"https://gw.example.com\"\nsecret_key = \"{{ k }}\"\n\
                        [issuers.demo]\nissuer = \"https://a\"\n[connections.billing]\nurl = \"https://c\"\n\
                        issuers = [\"demo\"]\n[connections.crm]\nurl = \"https://b\"\nissuers = [\"demo\"]\n";
const EVERYTHING: &str = r#"@id("all") permit (principal, action, resource);"#;

fn rules(lines: &str) -> Vec<DenyRule> {
    let draft = Draft::parse(&format!("{SETTINGS}{lines}"), "portcullis.toml");
    draft.unwrap_or_else(|problems| panic!("{problems}")).deny().to_vec()
}

fn denying(text: &str, lines: &str) -> PolicySet {
    policies(text).with_rules(&DenyRules::of(&rules(lines), "portcullis.toml").unwrap())
}

#[test]
fn a_rule_denies_what_fits_all_of_its_lists() {
    let ask = |groups: &[&str], target: Target<'static>, labels: &'static [&'static str]| Ask {
        labels,
        ..Ask::new(user("ada", groups), target)
    };
    let run = Target::Tool { name: "run_sql" };
    for (name, lines, asks) in [
        (
            "a class, and those in it",
            "labels = [\"sql\", \"pii.card\"]",
            vec![
                (ask(&[], run, &[]), false),
                (ask(&[], run, &["sql.destructive"]), true),
                (ask(&[], run, &["pii.card"]), true),
                (ask(&[], run, &["pii.email"]), false),
                (ask(&[], Target::Prompt { name: "x" }, &["sql.read"]), true),
                (ask(&[], Target::Read { uri: "x:1" }, &["sql.read"]), true),
                (ask(&[], Target::Elicit, &["pii.card", "pii.email"]), true),
                (ask(&[], Target::Sample, &["sqlite"]), false),
            ],
        ),
        (
            "tools by pattern and by name",
            "tools = [\"run_*\", \"sql\"]",
            vec![
                (ask(&[], run, &[]), true),
                (ask(&[], Target::Tool { name: "sql" }, &[]), true),
                (ask(&[], Target::Tool { name: "sql2" }, &[]), false),
                (ask(&[], Target::Tool { name: "rerun_sql" }, &[]), false),
                (ask(&[], Target::Prompt { name: "run_sql" }, &[]), false),
                (ask(&[], Target::Configure, &[]), false),
            ],
        ),
        (
            "connections",
            "connections = [\"crm\"]",
            vec![
                (ask(&[], run, &[]), false),
                (Ask { connection: "crm", ..ask(&[], run, &[]) }, true),
                (Ask { connection: "crm", ..ask(&[], Target::Subscribe { uri: "x:1" }, &[]) }, true),
                (Ask { connection: "crm", ..ask(&[], Target::ListRoots, &[]) }, true),
                // What operators do is not about callers.
                (Ask { connection: "crm", ..ask(&[], Target::Configure, &[]) }, false),
                (Ask { connection: "crm", ..ask(&[], Target::Approve, &[]) }, false),
            ],
        ),
        (
            "groups, and those that are excepted",
            "groups = [\"demo:a\", \"demo:b\"]\nexcept_groups = [\"demo:c\"]\nlabels = [\"secret\"]",
            vec![
                (ask(&["demo:a"], run, &["secret.jwt"]), true),
                (ask(&["demo:b", "demo:d"], run, &["secret.jwt"]), true),
                (ask(&["demo:a", "demo:c"], run, &["secret.jwt"]), false),
                (ask(&["demo:d"], run, &["secret.jwt"]), false),
                (ask(&["demo:a"], run, &["pii.card"]), false),
            ],
        ),
    ] {
        let set = denying(EVERYTHING, &format!("[[deny]]\nid = \"r\"\n{lines}"));
        for (ask, is_denied) in asks {
            let want = if is_denied { "forbidden by r" } else { "allow by all" };
            assert_eq!(line(&ask.decide(&set)), want, "case: {name}: {ask:?}");
        }
    }
}

#[test]
fn nothing_lifts_a_rule_and_one_that_is_observed_changes_nothing() {
    let held = r#"@id("all") permit (principal, action, resource);
        @id("held") @approval("demo:boss") forbid (principal, action, resource);"#;
    let ask = Ask::new(user("ada", &[]), Target::Tool { name: "x" });
    let enforced = "[[deny]]\nid = \"r\"\ntools = [\"x\"]";
    assert_eq!(line(&ask.decide(&denying(held, enforced))), "forbidden by r");
    let set = denying(EVERYTHING, &format!("{enforced}\nmode = \"observe\""));
    let decision = ask.decide(&set);
    assert_eq!(line(&decision), "allow by all");
    assert_eq!(observed(&decision), "r forbids");
    // An error denies all the same, and says which policy it is.
    let errs = r#"@id("e") forbid (principal, action, resource) when { context.input.n > 1 };"#;
    assert!(line(&ask.decide(&denying(errs, enforced))).starts_with("error: "));
}

/// What a rule says of labels is not known when a list is made, and what it says of the rest is.
#[test]
fn lists_hide_what_a_rule_denies_for_certain() {
    for (lines, want) in [
        ("labels = [\"sql\"]", Visibility::Shown),
        ("labels = [\"sql\"]\ntools = [\"x\"]", Visibility::Shown),
        ("tools = [\"x\"]", Visibility::Hidden),
        ("tools = [\"y*\"]", Visibility::Shown),
        ("groups = [\"demo:a\"]", Visibility::Hidden),
        ("groups = [\"demo:b\"]", Visibility::Shown),
        ("connections = [\"billing\"]", Visibility::Hidden),
        ("tools = [\"x\"]\nmode = \"observe\"", Visibility::Shown),
    ] {
        let set = denying(EVERYTHING, &format!("[[deny]]\nid = \"r\"\n{lines}"));
        let ask = Ask::new(user("ada", &["demo:a"]), Target::Tool { name: "x" });
        assert_eq!(ask.visibility(&set), want, "case: {lines}");
    }
}

#[test]
fn what_is_pushed_takes_no_rule_away() {
    let source = [Source { file: "p.cedar", text: EVERYTHING }];
    let bundle = Bundle::build(&source, &[]).unwrap();
    let bare = PolicySet::from_bundle(bundle.clone().into_bytes()).unwrap();
    let rules =
        DenyRules::of(&rules("[[deny]]\nid = \"r\"\ntools = [\"x\"]\nreason = \"why\""), "s.toml").unwrap();
    let set = PolicySet::from_bundle(bundle.into_bytes()).unwrap().with_rules(&rules);
    let ask = Ask::new(user("ada", &[]), Target::Tool { name: "x" });
    assert_eq!(
        (line(&ask.decide(&bare)), line(&ask.decide(&set))),
        ("allow by all".into(), "forbidden by r".into())
    );
    // It is no part of what was pushed.
    assert_eq!((set.bundle_digest(), set.digest()), (bare.bundle_digest(), bare.digest()));
    assert_eq!(set.ids().collect::<Vec<_>>(), bare.ids().collect::<Vec<_>>());
    let rule = set.policies().last().unwrap();
    assert_eq!(
        (rule.id().as_str(), rule.reason(), rule.file(), rule.line()),
        ("r", Some("why"), "s.toml", 11)
    );
    // The rules that are given last count, and none are none.
    assert_eq!(line(&ask.decide(&set.with_rules(&DenyRules::default()))), "allow by all");
}

/// Nobody who writes settings knows what will be pushed, so an id may be there twice. Then both hold.
#[test]
fn a_policy_with_the_id_of_a_rule_does_not_replace_it() {
    let lines = "[[deny]]\nid = \"all\"\ntools = [\"x\"]";
    let (x, y) = (Target::Tool { name: "x" }, Target::Tool { name: "y" });
    let permitting = denying(EVERYTHING, lines);
    assert_eq!(line(&Ask::new(user("ada", &[]), x).decide(&permitting)), "forbidden by all");
    assert_eq!(line(&Ask::new(user("ada", &[]), y).decide(&permitting)), "allow by all");
    let forbidding = r#"@id("p") permit (principal, action, resource); @id("all") forbid (principal, action == Action::"billing/y", resource);"#;
    for target in [x, y] {
        let ask = Ask::new(user("ada", &[]), target);
        assert_eq!(line(&ask.decide(&denying(forbidding, lines))), "forbidden by all");
    }
}

#[test]
fn where_files_are_checked_an_id_is_there_once() {
    let rules = rules("[[deny]]\nid = \"other\"\ntools = [\"x\"]\n\n[[deny]]\nid = \"all\"\ntools = [\"x\"]");
    let explainer = Explainer::parse(&[Source { file: "p.cedar", text: EVERYTHING }]).unwrap();
    let problems: Problems = explainer.with_rules(&rules, "portcullis.toml").map(|_| ()).unwrap_err();
    let want = "portcullis.toml:15: the id `all` is taken by p.cedar:1; give this rule an id of its own";
    assert_eq!(problems.to_string(), want);
}

#[test]
fn a_rule_is_explained_as_it_is_written() {
    let written = "[[deny]]\nid = \"r\"\ntools = [\"x\"]";
    let explainer = Explainer::parse(&[Source { file: "p.cedar", text: EVERYTHING }]).unwrap();
    let explainer = explainer.with_rules(&rules(written), "portcullis.toml").unwrap();
    let texts: Vec<&str> =
        explainer.policies().policies().filter_map(|policy| explainer.text_of(policy)).collect();
    assert_eq!(texts, [EVERYTHING, written]);
    // Only what is in Cedar is checked as Cedar.
    assert_eq!(explainer.statements().map(|(_, text)| text).collect::<Vec<_>>(), [EVERYTHING]);
}

fn some(pool: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(pool, 0..=pool.len())
}

/// A rule as lists of what it names, and whether it only observes.
type Lists = ([Vec<&'static str>; 5], bool);

fn lists() -> impl Strategy<Value = Lists> {
    let labels = some(&["pii", "pii.card", "sql", "sql.read"]);
    let connections = some(&["billing", "crm"]);
    let tools = some(&["x", "y", "x*", "*_sql", "*"]);
    let (groups, except) = (some(&["demo:a", "demo:b"]), some(&["demo:b", "demo:c"]));
    (labels, connections, tools, groups, except, any::<bool>()).prop_map(
        |(labels, connections, tools, groups, except, observes)| {
            ([labels, connections, tools, groups, except], observes)
        },
    )
}

fn written(([labels, connections, tools, groups, except], observes): &Lists) -> Vec<DenyRule> {
    let keys = ["labels", "connections", "tools", "groups", "except_groups"];
    let lists = keys.into_iter().zip([labels, connections, tools, groups, except]);
    let lists = lists.filter(|(_, list)| !list.is_empty()).map(|(key, list)| format!("{key} = {list:?}\n"));
    let mode = if *observes { "mode = \"observe\"\n" } else { "" };
    rules(&format!("[[deny]]\nid = \"r\"\n{mode}{}", lists.collect::<String>()))
}

/// What the documentation says of a rule.
fn fits(rule: &DenyRule, ask: &Ask<'_>, labels: &[&str]) -> bool {
    let found: Vec<ClassName> = labels.iter().map(|label| label.parse().unwrap()).collect();
    let groups: BTreeSet<String> = ask.principal.groups.iter().map(ToString::to_string).collect();
    let has_group = |named: &BTreeSet<portcullis_settings::GroupName>| {
        named.iter().any(|group| groups.contains(group.as_str()))
    };
    let tool = match ask.target {
        Target::Tool { name } => rule.tools.is_empty() || rule.tools.iter().any(|tool| tool.value.fits(name)),
        Target::Approve
        | Target::Audit
        | Target::Complete(_)
        | Target::Configure
        | Target::Elicit
        | Target::Erase
        | Target::ForceApprove
        | Target::LegalHold
        | Target::ListRoots
        | Target::Prompt { .. }
        | Target::Read { .. }
        | Target::RequestAccess { .. }
        | Target::Review
        | Target::Revoke
        | Target::Sample
        | Target::Subscribe { .. } => rule.tools.is_empty(),
    };
    let is_label = |class: &ClassName| rule.labels.iter().any(|label| class.is_in(&label.value));
    tool && (rule.labels.is_empty() || found.iter().any(is_label))
        && (rule.connections.is_empty()
            || rule.connections.iter().any(|name| name.as_str() == ask.connection))
        && (rule.groups.is_empty() || has_group(&rule.groups))
        && !has_group(&rule.except_groups)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rules_mean_what_they_say(
        lists in lists().prop_filter("about everything", |(lists, _)| lists.iter().take(4).any(|list| !list.is_empty())),
        groups in prop::sample::subsequence(vec!["demo:a", "demo:b", "demo:c"], 0..=3),
        connection in prop::sample::select(vec!["billing", "crm"]),
        target in prop::sample::select(vec![
            Target::Tool { name: "x" },
            Target::Tool { name: "x_sql" },
            Target::Tool { name: "z" },
            Target::Prompt { name: "x" },
            Target::Read { uri: "x:1" },
            Target::Sample,
        ]),
        labels in prop::sample::select(vec![&[][..], &["pii.card"], &["pii.email", "sql.read"], &["secret.jwt"]]),
    ) {
        let rules = written(&lists);
        let set = policies(EVERYTHING).with_rules(&DenyRules::of(&rules, "s.toml").unwrap());
        let rule = rules.first().unwrap();
        let ask = Ask { connection, labels, ..Ask::new(user("ada", &groups), target) };
        let counts = rule.mode == RuleMode::Enforce;
        let fits_now = fits(rule, &ask, labels);
        let decision = ask.decide(&set);
        let want = if fits_now && counts { "forbidden by r" } else { "allow by all" };
        prop_assert_eq!(line(&decision), want, "{}", policy_of(rule));
        prop_assert_eq!(observed(&decision), if fits_now && !counts { "r forbids" } else { "" });
        // Hidden only if it is denied whatever is found in the call.
        let is_certain = counts && rule.labels.is_empty() && fits_now;
        let want = if is_certain { Visibility::Hidden } else { Visibility::Shown };
        prop_assert_eq!(ask.visibility(&set), want, "{}", policy_of(rule));
    }
}
