//! Rules of the settings: what they name must exist, and what they become must fit the schema.

use portcullis_pins::Pins;
use portcullis_policy::{Explainer, Source, policy_of};
use portcullis_schema::{Findings, World, check_rules};
use portcullis_settings::{DenyRule, Draft};

use crate::check::{PINS, SETTINGS, told};

/// The rules of these lines, which start on line 18, and the world that they are in.
fn rules(lines: &str) -> (Vec<DenyRule>, World) {
    let draft = Draft::parse(&format!("{SETTINGS}{lines}"), "portcullis.toml");
    let draft = draft.unwrap_or_else(|problems| panic!("{problems}"));
    let pins = Pins::parse(&"billing".parse().unwrap(), PINS).unwrap();
    (draft.deny().to_vec(), World::new(&draft, [&pins]))
}

#[test]
fn what_a_rule_names_must_exist() {
    for (lines, want, warned) in [
        ("labels = [\"sql\", \"pii.card\", \"args.unrepresentable\"]", "", ""),
        (
            "labels = [\n  \"sql\",\n  \"sql.destuctive\",\n]",
            "s.toml:21: no request has the label `sql.destuctive`; did you mean `sql.destructive`?\n",
            "",
        ),
        ("tools = [\"refund\", \"list_*\"]\nconnections = [\"billing\"]", "", ""),
        (
            "tools = [\"refun\"]\nconnections = [\"billing\"]",
            "s.toml:19: `billing` has no pinned tool `refun`; did you mean `refund`? If not, approve it with `portcullis \
             pin billing`\n",
            "",
        ),
        (
            "tools = [\"drop_*\"]\nconnections = [\"billing\"]",
            "",
            "s.toml:19: no pinned tool fits `drop_*`, so it denies nothing yet\n",
        ),
        // Nothing is known of `wiki`.
        ("tools = [\"refun\", \"drop_*\"]", "", ""),
        ("tools = [\"refun\"]\nconnections = [\"billing\", \"wiki\"]", "", ""),
    ] {
        let (rules, world) = rules(&format!("[[deny]]\nid = \"r\"\n{lines}"));
        let Findings { problems, warnings } = check_rules(&world, &rules, "s.toml");
        assert_eq!((told(&problems).as_str(), told(&warnings).as_str()), (want, warned), "case: {lines}");
    }
}

#[test]
fn what_a_rule_becomes_fits_the_schema() {
    let (rules, world) = rules(
        "[[deny]]\nid = \"a\"\nlabels = [\"sql\", \"pii.card\"]\n\
         [[deny]]\nid = \"b\"\ntools = [\"refund\", \"list_*\"]\nconnections = [\"billing\", \"wiki\"]\n\
         groups = [\"okta:a\", \"github:b\"]\nexcept_groups = [\"okta:c\"]\n\
         [[deny]]\nid = \"c\"\nconnections = [\"wiki\"]\ngroups = [\"okta:a\"]\nreason = \"x\"\nmode = \"observe\"",
    );
    let text: String = rules.iter().map(policy_of).collect::<Vec<_>>().join("\n");
    let explainer = Explainer::parse(&[Source { file: "p.cedar", text: &text }]).unwrap();
    let Findings { problems, warnings } = portcullis_schema::check(&world, &explainer).unwrap();
    assert_eq!((told(&problems).as_str(), told(&warnings).as_str()), ("", ""));
}
