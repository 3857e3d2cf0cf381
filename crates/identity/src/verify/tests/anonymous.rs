use std::collections::BTreeMap;

use portcullis_settings::Draft;

use crate::test_issuer::NOW;
use crate::{Group, PrincipalKind, UnixSeconds, VerifiedToken};

#[test]
fn a_caller_without_a_token_stays_in_a_namespace_of_its_own() {
    let text = r#"
public_url = "http://127.0.0.1:3000"
secret_key = "0123456789abcdef0123456789abcdef"
[insecure_anonymous]
subject = "suite"
groups = ["testers", "dba"]
[connections.open]
url = "http://127.0.0.1:3001/mcp"
issuers = ["anonymous"]
"#;
    let settings = Draft::parse(text, "t").unwrap().resolve(&BTreeMap::new()).unwrap();
    let open = &settings.connections[&"open".parse().unwrap()];
    let anonymous = settings.endpoint(&open.name).unwrap().anonymous().unwrap();
    let token = VerifiedToken::anonymous(anonymous, &settings.public_url.resource(&open.name), NOW);
    assert_eq!(token.resource().as_str(), "http://127.0.0.1:3000/mcp/open");
    assert_eq!(token.expires(), UnixSeconds(NOW.0 + 3600));
    assert_eq!((token.token_id(), token.scopes().len()), (None, 0));
    let principal = token.principal();
    assert_eq!((principal.id().as_str(), principal.kind), ("anonymous|suite", PrincipalKind::Workload));
    let groups: Vec<&str> = principal.groups.iter().map(Group::as_str).collect();
    assert_eq!(groups, ["anonymous:dba", "anonymous:testers"]);
}
