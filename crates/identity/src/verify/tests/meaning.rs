use std::collections::BTreeSet;

use portcullis_settings::Algorithm;
use proptest::prelude::*;
use serde_json::json;

use super::{claims_with, verify, verify_with};
use crate::test_issuer::{self as test, NOW};
use crate::{AttributeValue, Group, Principal, PrincipalKind, UnixSeconds};

#[test]
fn every_algorithm_is_verified() {
    let mut settings = test::settings();
    settings.issuers.get_mut(&"demo".parse().unwrap()).unwrap().algorithms = Algorithm::ALL.into();
    for algorithm in Algorithm::ALL {
        let token = test::token(algorithm.name(), &test::claims());
        let verified = verify_with(&token, &settings, &test::keys());
        assert_eq!(
            verified.map(|token| token.principal().id()).as_deref(),
            Ok("demo|u1"),
            "case: {algorithm:?}"
        );
    }
}

#[test]
fn a_verified_token_says_what_it_was_verified_for() {
    let claims = claims_with(json!({"jti": "t1", "scope": "read  write", "scp": ["admin"], "azp": "cli"}));
    let token = verify(&test::token("ES256", &claims)).unwrap();
    assert_eq!(token.resource().as_str(), test::AUDIENCE);
    assert_eq!(token.expires(), UnixSeconds(NOW.0 + 300));
    assert_eq!(token.token_id(), Some("t1"));
    assert_eq!(*token.scopes(), BTreeSet::from(["admin", "read", "write"].map(str::to_owned)));
    assert_eq!(token.principal().client.as_deref(), Some("cli"));
}

#[test]
fn audiences_may_be_a_list_or_one_that_the_settings_add() {
    for aud in [
        json!(test::AUDIENCE),
        json!([test::AUDIENCE]),
        json!(["x", test::AUDIENCE]),
        json!("api://portcullis"),
        json!(["api://portcullis", "x"]),
    ] {
        assert!(verify(&test::token("ES256", &claims_with(json!({"aud": aud})))).is_ok(), "case: {aud}");
    }
}

#[test]
fn groups_stay_in_the_namespace_of_their_issuer() {
    for (groups, want) in [
        (json!(["dba", "ops"]), vec!["demo:dba", "demo:ops"]),
        (json!("dba"), vec!["demo:dba"]),
        (json!([]), vec![]),
        (json!(null), vec![]),
        (json!(["okta:dba"]), vec!["demo:okta:dba"]),
        (json!([":dba", "demo:dba"]), vec!["demo::dba", "demo:demo:dba"]),
    ] {
        let token = verify(&test::token("ES256", &claims_with(json!({"groups": groups})))).unwrap();
        let got: Vec<&str> = token.principal().groups.iter().map(Group::as_str).collect();
        assert_eq!(got, want, "case: {groups}");
    }
}

#[test]
fn claims_become_what_the_settings_say() {
    let settings = test::settings_with(
        r#"
groups_claim = "/realm_access/roles"
attributes = ["repository", "run", "ok", "teams", "/kubernetes.io/namespace", "absent"]
workload_when = { claim = "idtyp", equals = "app" }"#,
    );
    let principal = |changes| -> Result<Principal, String> {
        let token = test::token("ES256", &claims_with(changes));
        let verified =
            verify_with(&token, &settings, &test::keys()).map_err(|refusal| refusal.to_string())?;
        Ok(verified.principal().clone())
    };
    let job = principal(json!({
        "idtyp": "app", "realm_access": {"roles": ["ci"]}, "groups": ["ignored"], "repository": "acme/app",
        "run": 7, "ok": true, "teams": ["a", "b"], "kubernetes.io": {"namespace": "prod"}, "other": {},
    }))
    .unwrap();
    assert_eq!(job.kind, PrincipalKind::Workload);
    assert_eq!(job.groups.iter().map(Group::as_str).collect::<Vec<_>>(), ["demo:ci"]);
    let want = [
        ("/kubernetes.io/namespace", AttributeValue::Text("prod".to_owned())),
        ("ok", AttributeValue::Bool(true)),
        ("repository", AttributeValue::Text("acme/app".to_owned())),
        ("run", AttributeValue::Integer(7)),
        ("teams", AttributeValue::TextList(vec!["a".to_owned(), "b".to_owned()])),
    ];
    assert_eq!(job.attributes, want.map(|(name, value)| (name.to_owned(), value)).into());
    for changes in [json!({"idtyp": "user"}), json!({"idtyp": ["app"]}), json!({})] {
        assert_eq!(principal(changes.clone()).unwrap().kind, PrincipalKind::User, "case: {changes}");
    }
    for changes in [json!({"run": 1.5}), json!({"teams": [1]}), json!({"repository": {}})] {
        assert!(principal(changes.clone()).unwrap_err().ends_with("cannot be used"), "case: {changes}");
    }
    let elsewhere = principal(json!({"_claim_names": {"realm_access": "src1"}})).unwrap_err();
    assert!(elsewhere.contains("too many groups"), "{elsewhere}");
}

#[test]
fn actors_are_listed_from_the_current_one_back() {
    let act = json!({"sub": "agent", "iss": "https://agents.example.com", "act": {"sub": "planner"}});
    let token = verify(&test::token("ES256", &claims_with(json!({"act": act})))).unwrap();
    let actors = &token.principal().actors;
    let actors: Vec<(&str, Option<&str>)> =
        actors.iter().map(|actor| (actor.subject.as_str(), actor.issuer.as_deref())).collect();
    assert_eq!(actors, [("agent", Some("https://agents.example.com")), ("planner", None)]);
    let deep = (0..9).fold(json!({"sub": "a"}), |inner, _| json!({"sub": "a", "act": inner}));
    assert!(verify(&test::token("ES256", &claims_with(json!({"act": deep})))).is_err());
}

proptest! {
    #[test]
    fn identities_are_injective(
        a in ("[a-z0-9][a-z0-9-]{0,5}", "[ -~]{1,8}"),
        b in ("[a-z0-9][a-z0-9-]{0,5}", "[ -~]{1,8}"),
    ) {
        let id = |(issuer, subject): &(String, String)| {
            Principal::for_test(issuer, subject, PrincipalKind::User, &[]).id()
        };
        prop_assert_eq!(id(&a) == id(&b), a == b);
    }
}
