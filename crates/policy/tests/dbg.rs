use cedar_policy::*;
#[test]
fn dbg() {
    let u = RestrictedExpression::new_unknown;
    let sess = RestrictedExpression::new_record([("labels".to_string(), u("labels")),("now".to_string(), u("now"))]).unwrap();
    let ctx = Context::from_pairs([("input".to_string(), u("input")),("session".to_string(), sess)]).unwrap();
    let uid = |t: &str| -> EntityUid { t.parse().unwrap() };
    let req = Request::new(uid("User::\"a\""), uid("Action::\"a\""), uid("R::\"a\""), ctx, None).unwrap();
    for text in ["permit(principal,action,resource) when { context.input.amount <= 100 && principal in Group::\"x\" };",
      "permit(principal,action,resource) unless { if context.session.now.toTime() < duration(\"9h\") then true else (if context.session.client == \"cli\" then true else true) };"] {
        let ps: PolicySet = text.parse().unwrap();
        let a = Authorizer::new();
        let r = a.is_authorized_partial(&req, &ps, &Entities::empty());
        let now = RestrictedExpression::new_datetime("2026-03-02T10:30:00Z");
        for p in r.nontrivial_residuals() { println!("1 {p}\n  {:?}", p.to_pst()); }
        let r = r.reauthorize_with_bindings([("now", &now)], &a, &Entities::empty()).unwrap();
        for p in r.nontrivial_residuals() { println!("2 {p}\n  {:?}", p.to_pst()); }
        println!("{:?} {:?}", r.decision(), r.definitely_errored().collect::<Vec<_>>());
    }
}
