use std::collections::BTreeSet;
use std::time::Duration;

use super::{HEAD, KEY, settings};
use crate::{
    Algorithm, Approvals, Binary, Breaker, ClaimValue, Draft, Drift, KeySource, Limits, Masking, Pace,
    PrincipalRule, Strategy,
};

const FULL: &str = r#"
public_url = "{{ public_url }}"
secret_key = "{{ secret_key }}"
previous_secret_keys = ["{{ old_secret_key }}"]

[edge]
hosts = ["gateway.internal:8080"]
origins = ["https://console.example.com"]
proxies = ["10.0.0.0/8"]

[limits]
body_bytes = 2_048
body_seconds = 5
depth = 32
frame_bytes = 4096
response_seconds = 30
token_bytes = 0x1000
failures_per_minute = 10
requests_per_minute = 300
request_burst = 30
concurrent_requests = 8
address_requests_per_minute = 900
address_request_burst = 90

[approvals]
hold_seconds = 0

[issuers.okta]
issuer = "{{ oidc_issuer }}"
algorithms = ["RS256", "PS512"]
groups_claim = "/realm_access/roles"
audiences = ["api://portcullis"]
attributes = ["email", "/org/unit"]
clock_skew_seconds = 0
discovery_url = "http://idp.spin.internal/metadata"
workload_when = { claim = "idtyp", equals = "app" }

[issuers.ci]
issuer = "https://token.actions.githubusercontent.com"
principal = "workload"
jwks_url = "https://keys.example.com/{{ tenant }}"

[connections.billing]
url = "{{ billing_origin }}/mcp"
issuers = ["okta", "ci"]
credential = { header = "Authorization", value = "Bearer {{ billing_token }}" }
binary = "allow"
drift = "hold"
owners = { group = "okta:platform", approvers = 2 }
trust_annotations = true
breaker = { failures = 3, pause_seconds = 10, longest_pause_seconds = 120 }

[connections.wiki]
url = "http://10.0.0.7:8080/mcp"
plaintext = true
issuers = ["okta"]

[masking]
classes = ["pii.card"]
strategies = { pii = "hash", "pii.card" = "partial" }
"#;

const VALUES: [(&str, &str); 7] = [
    ("public_url", "https://gw.example.com"),
    ("secret_key", KEY.1),
    ("old_secret_key", "0123456789abcdef0123456789abcdef"),
    ("oidc_issuer", "https://acme.okta.com/"),
    ("tenant", "acme"),
    ("billing_origin", "https://billing.example.com"),
    ("billing_token", "s3cret"),
];

fn pace(per_minute: u32, burst: u32) -> Pace {
    Pace { per_minute: per_minute.try_into().unwrap(), burst: burst.try_into().unwrap() }
}

#[test]
fn a_full_file_means_what_it_says() {
    let settings = settings(FULL, &VALUES).unwrap();
    assert_eq!(settings.public_url.origin(), "https://gw.example.com");
    assert_eq!(settings.previous_secret_keys.len(), 1);
    assert!(settings.edge.host_allowed("gateway.internal:8080"));
    let limits = Limits {
        body_bytes: 2048,
        body_time: Duration::from_secs(5),
        depth: 32,
        frame_bytes: 4096,
        response_time: Duration::from_secs(30),
        token_bytes: 4096,
        failures_per_minute: 10,
        requests: pace(300, 30),
        concurrent_requests: 8.try_into().unwrap(),
        address_requests: pace(900, 90),
    };
    assert_eq!(settings.limits, limits);
    assert_eq!(settings.approvals, Approvals { hold: Duration::ZERO, open_per_principal: 20 });
    let breaker = Breaker {
        failures: 3.try_into().unwrap(),
        pause: Duration::from_secs(10),
        longest_pause: Duration::from_secs(120),
    };
    assert_eq!(settings.connections[&"billing".parse().unwrap()].breaker, breaker);
    assert_eq!(settings.connections[&"wiki".parse().unwrap()].breaker, Breaker::default());
    let covered =
        ["pii.card", "pii.email"].map(|class| settings.masking.covers(&class.parse().unwrap(), true));
    assert_eq!(covered, [true, false]);
    assert_eq!(settings.masking.strategy(&"pii.card".parse().unwrap()), Strategy::Partial);

    let okta = &settings.issuers[&"okta".parse().unwrap()];
    assert_eq!(okta.url.as_str(), "https://acme.okta.com/");
    assert_eq!(okta.algorithms, BTreeSet::from([Algorithm::Rs256, Algorithm::Ps512]));
    assert_eq!(okta.groups_claim.segments().collect::<Vec<_>>(), ["realm_access", "roles"]);
    assert_eq!(okta.clock_skew, Duration::ZERO);
    assert_eq!(okta.keys, KeySource::Discovery("http://idp.spin.internal/metadata".parse().unwrap()));
    let rule = PrincipalRule::WorkloadWhen {
        claim: "idtyp".parse().unwrap(),
        equals: ClaimValue::Text("app".to_owned()),
    };
    assert_eq!(okta.principal, rule);

    let ci = &settings.issuers[&"ci".parse().unwrap()];
    assert_eq!(ci.principal, PrincipalRule::Workload);
    assert_eq!(ci.keys, KeySource::Jwks("https://keys.example.com/acme".parse().unwrap()));

    let billing = &settings.connections[&"billing".parse().unwrap()];
    assert_eq!(billing.url.to_string(), "https://billing.example.com/mcp");
    assert_eq!(billing.binary, Binary::Allow);
    let credential = billing.credential.as_ref().unwrap();
    assert_eq!(
        (credential.name().as_str(), credential.value().to_str().unwrap()),
        ("authorization", "Bearer s3cret")
    );
    assert_eq!((billing.drift, billing.trust_annotations), (Drift::Hold, true));
    let owners = billing.owners.as_ref().map(|owners| (owners.group.as_str(), owners.approvers.get()));
    assert_eq!(owners, Some(("okta:platform", 2)));
    let wiki = &settings.connections[&"wiki".parse().unwrap()];
    assert_eq!(wiki.owners, None);
    assert_eq!(wiki.binary, Binary::Deny);
    assert_eq!((wiki.drift, wiki.trust_annotations), (Drift::Block, false));
    assert_eq!(wiki.credential, None);
}

#[test]
fn a_connection_finds_only_the_issuers_it_trusts() {
    let settings = settings(FULL, &VALUES).unwrap();
    let wiki = &settings.connections[&"wiki".parse().unwrap()];
    assert_eq!(
        settings
            .endpoint(&wiki.name)
            .unwrap()
            .issuer_for("https://acme.okta.com/")
            .map(|issuer| issuer.name.as_str()),
        Some("okta")
    );
    assert_eq!(settings.endpoint(&wiki.name).unwrap().issuer_for("https://acme.okta.com"), None);
    assert_eq!(
        settings.endpoint(&wiki.name).unwrap().issuer_for("https://token.actions.githubusercontent.com"),
        None
    );
}

#[test]
fn what_is_left_out_takes_the_documented_default() {
    let text = format!("{HEAD}[issuers.a]\nissuer = \"https://idp.example.com\"\n[limits]\n");
    let settings = settings(&text, &[KEY]).unwrap();
    assert_eq!(settings.limits, Limits::default());
    assert_eq!(settings.approvals, Approvals { hold: Duration::from_secs(25), open_per_principal: 20 });
    assert_eq!(settings.masking, Masking::default());
    let issuer = &settings.issuers[&"a".parse().unwrap()];
    assert_eq!(issuer.algorithms, BTreeSet::from(Algorithm::DEFAULT));
    assert_eq!(issuer.groups_claim.as_str(), "groups");
    assert_eq!(issuer.principal, PrincipalRule::User);
    assert_eq!(issuer.clock_skew, Duration::from_secs(60));
    assert_eq!(issuer.keys, KeySource::WellKnown);
}

#[test]
fn every_variable_of_the_file_is_listed() {
    let draft = Draft::parse(FULL, "portcullis.toml").unwrap();
    let names: BTreeSet<String> = draft.variables().into_iter().map(String::from).collect();
    assert_eq!(names, VALUES.iter().map(|(name, _)| (*name).to_owned()).collect());
}

#[test]
fn a_value_cannot_reach_another_field() {
    let value = "https://gw.example.com\"\n[connections.evil]\nurl = \"https://evil.example.com";
    let text = "public_url = \"{{ url }}\"\nsecret_key = \"{{ secret_key }}\"\n";
    assert!(settings(text, &[("url", value), KEY]).is_err());
}

#[test]
fn nothing_secret_is_shown_by_debug() {
    let shown = format!("{:?}", settings(FULL, &VALUES).unwrap());
    for secret in ["s3cret", KEY.1, "0123456789abcdef"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// The file that ships must be good, or the demo does not start.
#[test]
fn the_shipped_file_is_good() {
    let text = include_str!("../../../../../policies/portcullis.toml");
    let draft = Draft::parse(text, "portcullis.toml").unwrap_or_else(|problems| panic!("{problems}"));
    let values = draft.variables().into_iter().map(|name| {
        let value = match name.as_str() {
            "secret_key" => KEY.1,
            // Only the demo pushes policies.
            "policy_key" => "",
            _ => "http://127.0.0.1:9000",
        };
        (name, value.to_owned())
    });
    let settings = draft.resolve(&values.collect()).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(!settings.connections.is_empty());
}

/// Tools that try policies have no secrets, and must read claims as the gateway does.
#[test]
fn what_no_variable_changes_is_known_without_them() {
    let draft = Draft::parse(FULL, "portcullis.toml").unwrap();
    let settings = settings(FULL, &VALUES).unwrap();
    assert_eq!(draft.issuers(), settings.issuers.keys().cloned().collect::<Vec<_>>());
    assert!(draft.connections().eq(settings.connections.keys()));
    assert_eq!((draft.masking(), draft.limits()), (&settings.masking, &settings.limits));
    for (name, connection) in &settings.connections {
        assert_eq!(draft.drift(name), Some(connection.drift));
    }
    assert_eq!(draft.drift(&"none".parse().unwrap()), None);
    for (name, issuer) in &settings.issuers {
        let without = draft.claim_rules(name).unwrap();
        assert_eq!(format!("{without:?}"), format!("{:?}", issuer.claim_rules()));
        for (connection, resolved) in &settings.connections {
            assert_eq!(draft.takes_callers_of(connection, name), resolved.issuers.contains(name));
        }
    }
}
