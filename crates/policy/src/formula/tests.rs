use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityUid, Policy, PolicySet, Request, RestrictedExpression,
};

use super::Formula;

/// What is left of a condition when arguments and labels are unknown, as a list sees it.
fn left(condition: &str) -> Formula {
    let text = format!("permit (principal, action, resource) when {{ {condition} }};");
    let policies = PolicySet::from_policies([Policy::parse(None, text).unwrap()]).unwrap();
    let unknown = RestrictedExpression::new_unknown;
    let session: EntityUid = "Session::\"current\"".parse().unwrap();
    let entity =
        Entity::new_with_tags(session.clone(), [("labels".to_owned(), unknown("labels"))], [], []).unwrap();
    let context = [
        ("input".to_owned(), unknown("input")),
        ("session".to_owned(), RestrictedExpression::new_entity_uid(session)),
    ];
    let ids = ["User::\"a\"", "Action::\"a\"", "Tool::\"a\""].map(|id| id.parse::<EntityUid>().unwrap());
    let [principal, action, resource] = ids;
    let request =
        Request::new(principal, action, resource, Context::from_pairs(context).unwrap(), None).unwrap();
    let entities = Entities::from_entities([entity], None).unwrap();
    let response = Authorizer::new().is_authorized_partial(&request, &policies, &entities);
    let residual = response.nontrivial_residuals().next().unwrap();
    Formula::of_policy(&residual)
}

/// A formula in one line.
fn shown(formula: &Formula) -> String {
    match formula {
        Formula::And(left, right) => format!("({} & {})", shown(left), shown(right)),
        Formula::Argument(name, fact) => format!("{name}:{fact:?}"),
        Formula::Constant(value) => value.to_string(),
        Formula::Error => "error".to_owned(),
        Formula::If(test, then, otherwise) => {
            format!("({} ? {} : {})", shown(test), shown(then), shown(otherwise))
        }
        Formula::Label(class) => format!("#{class}"),
        Formula::Not(inner) => format!("!{}", shown(inner)),
        Formula::Open => "?".to_owned(),
    }
}

#[test]
fn comparisons_of_one_argument_with_constants_are_read_and_nothing_else() {
    for (condition, want) in [
        ("context.input.a > 1", "!a:Less(1, Included)"),
        ("context.input.a >= 1", "!a:Less(1, Excluded)"),
        ("1 > context.input.a", "a:Less(1, Excluded)"),
        ("1 >= context.input.a", "a:Less(1, Included)"),
        ("1 < context.input.a", "!a:Less(1, Included)"),
        ("context.input.a <= -3", "a:Less(-3, Included)"),
        (r#"context.input["a b"] == "x""#, r#"a b:OneOf([Text("x")])"#),
        (r#""x" != context.input.a"#, r#"!a:OneOf([Text("x")])"#),
        ("[1, 2].contains(context.input.a)", "a:OneOf([Whole(1), Whole(2)])"),
        (r#"context.input.a.lessThan(decimal("1.5"))"#, "a:LessDecimal(Decimal(15000), Excluded)"),
        (r#"context.input.a.greaterThan(decimal("-0.05"))"#, "!a:LessDecimal(Decimal(-500), Included)"),
        (r#"decimal("1.0").lessThan(context.input.a)"#, "!a:LessDecimal(Decimal(10000), Included)"),
        (r#"context.input.a == decimal("2.0")"#, "a:OneOf([Decimal(Decimal(20000))])"),
        ("context.input has a && context.input.a", "(a:Exists & a:IsTrue)"),
        ("!context.input.a || context.input.b", "!(a:IsTrue & !b:IsTrue)"),
        ("if context.input.a then context.input has b else true", "(a:IsTrue ? b:Exists : true)"),
        (r#"context.session.labels.contains("pii.card")"#, "#pii.card"),
        // Not one argument, or not compared with constants.
        ("context.input.a == context.input.b", "?"),
        ("context.input.a < context.input.b", "?"),
        ("context.input.a + 1 > 2", "?"),
        ("context.input.o.a == 1", "?"),
        ("context.input has o.a", "?"),
        (r#"context.input.a like "x*""#, "?"),
        ("[1, context.input.b].contains(context.input.a)", "?"),
        ("context.input.a.contains(1)", "?"),
        ("context.session.labels.isEmpty()", "?"),
        (r#"context.input.a == [1]"#, "?"),
        (r#"context.input.a == Tool::"x""#, "?"),
        // What errs, if it is reached.
        ("context.input.a > 1 && principal.shoe_size > 40", "(!a:Less(1, Included) & error)"),
        ("!context.input.a || !(resource.name == \"x\")", "!(a:IsTrue & error)"),
        ("context.input.a == 1 && 9223372036854775807 + 1 > 0", "(a:OneOf([Whole(1)]) & error)"),
        ("context.input.a == {Var: \"principal\"}", "?"),
        (r#"(if context.input.a then principal.shoe_size else 1) == 2"#, "?"),
        ("(context.input.a && principal.shoe_size > 40) == false", "?"),
        (
            "context.input.a > 1 && (if context.input.b then 1 else 2) == principal.shoe_size",
            "(!a:Less(1, Included) & error)",
        ),
        (r#"context.input.a > 1 && context.input.l.isEmpty()"#, "(!a:Less(1, Included) & ?)"),
    ] {
        assert_eq!(shown(&left(condition)), want, "case: {condition}");
    }
}
