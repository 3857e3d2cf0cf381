//! Laws that hold for all policies and all questions, tried on generated ones.

use portcullis_policy::{Completion, Decision, DenialKind, PolicySet, Source, Target, Visibility};
use proptest::prelude::*;

use crate::generated::{
    OBSERVED, Rule, SOFT, any_condition, ask, compared_inputs, comparing_condition, labelled_condition,
    plain_condition, rule, rules, set, usage,
};
use crate::support::{Ask, line, observed, user};

/// How much a decision lets through.
fn rank(decision: &Decision) -> u8 {
    match decision {
        Decision::Deny(_) => 0,
        Decision::Hold(_) => 1,
        Decision::Allow(_) => 2,
    }
}

fn failed(decision: &Decision) -> bool {
    match decision {
        Decision::Deny(denial) => matches!(denial.kind(), DenialKind::EvaluationError(_)),
        Decision::Allow(_) | Decision::Hold(_) => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lists_never_hide_what_could_be_called(rules in rules(any_condition()), ask in ask()) {
        let set = set(&rules);
        let decision = ask.decide(&set);
        if rank(&decision) > 0 {
            prop_assert_ne!(ask.visibility(&set), Visibility::Hidden, "{}", line(&decision));
            if let Target::Read { .. } = ask.target {
                prop_assert_ne!(ask.template_visibility(&set), Visibility::Hidden, "{}", line(&decision));
            }
        }
        if rank(&decision) == 2 {
            prop_assert_ne!(ask.visibility(&set), Visibility::ShownNeedsApproval);
        }
    }

    #[test]
    fn lists_are_exact_for_rules_that_read_no_arguments(rules in rules(plain_condition()), ask in ask()) {
        let set = set(&rules);
        let want = match ask.decide(&set) {
            Decision::Allow(_) => Visibility::Shown,
            Decision::Deny(_) => Visibility::Hidden,
            Decision::Hold(_) => Visibility::ShownNeedsApproval,
        };
        prop_assert_eq!(ask.visibility(&set), want);
    }

    #[test]
    fn usage_is_needed_only_where_a_policy_that_can_match_reads_it(
        rules in rules(any_condition()),
        target in prop::sample::select(vec![
            Target::Tool { name: "x" },
            Target::Tool { name: "y" },
            Target::Prompt { name: "x" },
            Target::Read { uri: "x:1" },
            Target::Complete(Completion::Prompt { name: "y" }),
            Target::Elicit,
        ]),
        ask in ask(),
        other in usage(),
    ) {
        let set = set(&rules);
        let ask = Ask { target, ..ask };
        let (lazy, always) = (Ask { usage: None, ..ask.clone() }, ask);
        let may_read = lazy.question(None, |question| {
            set.may_read_usage(question.principal, question.connection, question.target)
        });
        prop_assert!(!may_read || set.reads_usage());
        if !may_read {
            let (lazy, always) = (lazy.decide(&set), always.decide(&set));
            prop_assert_eq!(line(&lazy), line(&always));
            prop_assert_eq!(observed(&lazy), observed(&always));
        }
        // And whatever was used, lists are the same.
        let other = Ask { usage: other, ..always };
        prop_assert_eq!(lazy.visibility(&set), other.visibility(&set));
        prop_assert_eq!(lazy.response_visibility(&set), other.response_visibility(&set));
    }

    #[test]
    fn answers_are_never_stopped_for_what_was_asked(rules in rules(any_condition()), ask in ask()) {
        let set = set(&rules);
        // An input with its label for what has no type is judged with that label, and an answer has none.
        let ask = Ask { input: ask.input.replace("1e99", "7").replace("null", "8"), ..ask };
        let decision = ask.decide(&set);
        if rank(&decision) > 0 {
            prop_assert_ne!(ask.response_visibility(&set), Visibility::Hidden, "{}", line(&decision));
        }
        if rank(&decision) == 2 {
            prop_assert_ne!(ask.response_visibility(&set), Visibility::ShownNeedsApproval);
        }
    }

    #[test]
    fn answers_are_judged_exactly_by_rules_that_read_labels(
        rules in rules(labelled_condition()),
        ask in ask(),
    ) {
        let set = set(&rules);
        let ask = Ask { input: "{}".to_owned(), ..ask };
        let want = match ask.decide(&set) {
            Decision::Allow(_) => Visibility::Shown,
            Decision::Deny(_) => Visibility::Hidden,
            Decision::Hold(_) => Visibility::ShownNeedsApproval,
        };
        prop_assert_eq!(ask.response_visibility(&set), want);
    }

    #[test]
    fn adding_a_forbid_never_allows_more(
        mut rules in rules(any_condition()),
        more in rule(any_condition()),
        soft: bool,
        ask in ask(),
    ) {
        let before = rank(&ask.decide(&set(&rules)));
        rules.push(Rule { annotations: if soft { SOFT } else { "" }, effect: "forbid", ..more });
        prop_assert!(rank(&ask.decide(&set(&rules))) <= before);
    }

    #[test]
    fn removing_a_permit_never_allows_more(mut rules in rules(any_condition()), ask in ask()) {
        let before = ask.decide(&set(&rules));
        let permit = rules.iter().position(|rule| rule.effect == "permit" && rule.annotations.is_empty());
        // A permit that errs denies; taking it away may well allow.
        if let (Some(permit), false) = (permit, failed(&before)) {
            rules.remove(permit);
            prop_assert!(rank(&ask.decide(&set(&rules))) <= rank(&before));
        }
    }

    #[test]
    fn observing_changes_nothing(rules in rules(any_condition()), ask in ask()) {
        let enforced: Vec<Rule> = rules.iter().filter(|rule| rule.annotations != OBSERVED).cloned().collect();
        let (with, without) = (set(&rules), set(&enforced));
        prop_assert_eq!(rank(&ask.decide(&with)), rank(&ask.decide(&without)));
        prop_assert_eq!(ask.visibility(&with), ask.visibility(&without));
    }

    #[test]
    fn an_error_in_an_enforced_policy_denies(
        mut rules in rules(any_condition()),
        effect in prop::sample::select(vec![("", "permit"), ("", "forbid"), (SOFT, "forbid")]),
        ask in ask(),
    ) {
        let (annotations, effect) = effect;
        let text = "(principal, action, resource) when { principal.shoe_size > 40 };".to_owned();
        rules.push(Rule { annotations, effect, text });
        prop_assert!(failed(&ask.decide(&set(&rules))));
        prop_assert_eq!(ask.visibility(&set(&rules)), Visibility::Hidden);
    }

    #[test]
    fn the_order_of_policies_means_nothing(rules in rules(any_condition()), ask in ask()) {
        let texts: Vec<String> = rules
            .iter()
            .enumerate()
            .map(|(index, Rule { annotations, effect, text })| format!("@id(\"p{index}\") {annotations} {effect} {text}"))
            .collect();
        let parse = |texts: Vec<&String>| {
            let sources: Vec<Source<'_>> = texts.iter().map(|text| Source { file: "law.cedar", text }).collect();
            PolicySet::parse(&sources).unwrap()
        };
        let (forward, backward) = (parse(texts.iter().collect()), parse(texts.iter().rev().collect()));
        prop_assert_eq!(line(&ask.decide(&forward)), line(&ask.decide(&backward)));
        prop_assert_eq!(forward.digest(), backward.digest());
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC*", tail in "[@\"();{}a-z:/\\\\ \n]*") {
        for text in [text.clone(), tail.clone(), format!("@id(\"{text}\") permit (principal, action, resource); {tail}")] {
            let _ = PolicySet::parse(&[Source { file: "law.cedar", text: &text }]);
        }
    }

    #[test]
    fn names_are_injective(a in "[a-z0-9/:|]{1,6}", b in "[a-z0-9/:|]{1,6}") {
        let text = format!(r#"@id("p") permit (principal, action == Action::"c/{a}", resource == Tool::"c/{a}");"#);
        let ask = Ask { connection: "c", ..Ask::new(user("ada", &[]), Target::Tool { name: &b }) };
        prop_assert_eq!(rank(&ask.decide(&set_of(&text))) == 2, a == b);
    }
}

proptest! {
    // Every case decides on all inputs that make a difference.
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lists_are_exact_for_comparisons_of_single_arguments_with_constants(
        rules in rules(comparing_condition()),
        ask in ask(),
    ) {
        let set = set(&rules);
        let decisions = compared_inputs().into_iter().map(|input| rank(&ask.clone().with(&input).decide(&set)));
        let want = match decisions.max() {
            Some(2) => Visibility::Shown,
            Some(1) => Visibility::ShownNeedsApproval,
            _ => Visibility::Hidden,
        };
        prop_assert_eq!(ask.visibility(&set), want);
    }
}

fn set_of(text: &str) -> PolicySet {
    PolicySet::parse(&[Source { file: "law.cedar", text }]).unwrap()
}
