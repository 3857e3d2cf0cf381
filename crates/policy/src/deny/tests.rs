use std::collections::BTreeMap;

use portcullis_settings::{DenyRule, Draft};

use super::{DenyRules, policy_of};

const WORLD: &str = "public_url = \"https://gw.example.com\"\nsecret_key = \"{{ k }}\"\n\
                     [issuers.okta]\nissuer = \"https://a\"\n[connections.crm]\nurl = \"https://c\"\n\
                     issuers = [\"okta\"]\n[connections.billing]\nurl = \"https://b\"\nissuers = [\"okta\"]\n[[deny]]\n";

fn rule(lines: &str) -> DenyRule {
    let draft =
        Draft::parse(&format!("{WORLD}{lines}"), "s.toml").unwrap_or_else(|problems| panic!("{problems}"));
    draft.deny().first().unwrap().clone()
}

#[test]
fn a_rule_becomes_a_policy() {
    let all = "call\", Action::\"complete\", Action::\"elicit\", Action::\"get\", Action::\"read\", Action::\"roots\", \
               Action::\"sample\", Action::\"subscribe";
    for (lines, want) in [
        (
            "id = \"a\"\nlabels = [\"sql\", \"pii.card\"]",
            format!(
                "@id(\"a\")\nforbid (principal, action in [Action::\"{all}\"], resource)\n\
                 when {{ context.session.labels.containsAny([\"sql\", \"pii.card\"]) }};"
            ),
        ),
        (
            "id = \"a\"\nconnections = [\"crm\"]\ngroups = [\"okta:v\"]\nreason = 'a \"reason\" \\ é'\nmode = \"observe\"",
            format!(
                "@id(\"a\")\n@reason(\"a \\\"reason\\\" \\\\ é\")\n@mode(\"observe\")\n\
                 forbid (principal in Group::\"okta:v\", action in [Action::\"{all}\"], resource in Connection::\"crm\");"
            ),
        ),
        (
            "id = \"a\"\ntools = [\"run_*\", \"sql\", \"a\\\"b\"]\nconnections = [\"crm\", \"billing\"]\n\
             groups = [\"okta:v\", \"okta:w\"]\nexcept_groups = [\"okta:x\"]",
            "@id(\"a\")\nforbid (principal, action in [Action::\"call\"], resource)\n\
             when { principal in [Group::\"okta:v\", Group::\"okta:w\"] }\n\
             when { resource in [Connection::\"billing\", Connection::\"crm\"] }\n\
             when { ([\"sql\", \"a\\\"b\"].contains(resource.name) || resource.name like \"run_*\") }\n\
             unless { principal in [Group::\"okta:x\"] };"
                .to_owned(),
        ),
    ] {
        assert_eq!(policy_of(&rule(lines)), want, "case: {lines}");
    }
}

/// The longest lists make no policy that is too large or too deep, unless what is in them is as long as nothing is: that is
/// told with its place, like everything else.
#[test]
fn what_settings_let_through_is_a_policy_or_told() {
    let list = |entry: &dyn Fn(usize) -> String| -> String {
        (0..DenyRule::MOST).map(|n| format!("'{}'", entry(n))).collect::<Vec<_>>().join(", ")
    };
    let of = |tools: &str, groups: &str| {
        let labels = list(&|n| format!("{n:a>60}"));
        let lines = format!(
            "id = \"{}\"\ntools = [{tools}]\ngroups = [{groups}]\nlabels = [{labels}]\nreason = '{}'",
            "i".repeat(128),
            "\\\"".repeat(512),
        );
        DenyRules::of(&[rule(&lines)], "s.toml").map(drop).map_err(|problems| problems.to_string())
    };
    let groups = list(&|n| format!("okta:{n:0>200}"));
    for tools in
        [list(&|n| format!("{n:0>250}*")), list(&|n| format!("{n:\">250}")), list(&|n| format!("\\*{n}*"))]
    {
        assert_eq!(of(&tools, &groups), Ok(()));
    }
    let told = of(&list(&|n| format!("{n:\">250}")), &list(&|n| format!("okta:{n:\"<500}"))).unwrap_err();
    assert!(told.starts_with("s.toml:11: this policy has ") && told.contains("split it"), "{told}");
}

/// Records and people refer to rules by their digests, so what a rule becomes must stay as it is.
#[test]
fn digests_of_rules_never_change() {
    let lines = "id = \"no-sql\"\nlabels = [\"sql\"]\nconnections = [\"crm\"]\ntools = [\"run_*\", \"sql\"]\n\
                 groups = [\"okta:v\"]\nexcept_groups = [\"okta:x\"]\nreason = \"why\"";
    let rules = DenyRules::of(&[rule(lines)], "s.toml").unwrap();
    let contents = rules.contents().unwrap();
    let found: BTreeMap<String, String> = (0..contents.len())
        .map(|number| {
            (contents.id(number).unwrap().to_string(), contents.digest_of(number).unwrap().to_string())
        })
        .collect();
    let want = [("no-sql".to_owned(), DIGEST.to_owned())].into();
    assert_eq!(found, want);
}

const DIGEST: &str = "sha256:28eed198c95a61a4b6cad60fc347e6ee9bef0564e86d00da5c592841bdd55286";
