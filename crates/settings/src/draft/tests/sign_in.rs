use super::{HEAD, KEY, settings};
use crate::{Scope, Settings, SignIn};

/// Five lines, so that `[console]` is on line 9.
const ISSUERS: &str = r#"[issuers.okta]
issuer = "https://okta"
[issuers.keys-only]
issuer = "https://other"
jwks_url = "https://other/keys"
"#;

fn resolved(lines: &str, values: &[(&str, &str)]) -> Result<Settings, String> {
    let values: Vec<(&str, &str)> = values.iter().copied().chain([KEY]).collect();
    settings(&format!("{HEAD}{ISSUERS}{lines}"), &values)
}

/// `[console.sign_in]` on line 12.
fn sign_in(lines: &str, values: &[(&str, &str)]) -> Result<SignIn, String> {
    let console =
        "[console]\nissuers = [\"okta\", \"keys-only\"]\nscopes = [\"approve\"]\n[console.sign_in]\n";
    resolved(&format!("{console}{lines}"), values).map(|settings| settings.sign_in.unwrap())
}

#[test]
fn little_has_to_be_said() {
    let public = sign_in("issuer = \"okta\"\nclient_id = \"page\"", &[]).unwrap();
    assert_eq!((public.issuer.as_str(), public.client_id.as_str()), ("okta", "page"));
    assert!(public.client_secret.is_none() && public.tells_resource && !public.assumes_pkce);
    let scopes: Vec<&str> = public.scopes.iter().map(Scope::as_str).collect();
    assert_eq!(scopes, ["approve"], "what `/api` needs is asked for");
    let none = resolved("[console]\nissuers = [\"okta\"]", &[]).unwrap();
    assert!(none.sign_in.is_none(), "nothing is asked of an issuer unless it is said");
    assert_eq!(none.public_url.signed_in_page(), "https://gw.example.com/approve/signed-in");
}

#[test]
fn a_client_with_a_secret_has_it_from_a_variable() {
    let lines = "issuer = \"okta\"\nclient_id = \"{{ client }}\"\nclient_secret = \"{{ client_secret }}\"\n\
                 scopes = [\"openid\", \"email\"]\nresource = false\nassume_pkce = true";
    let values = [("client", "page"), ("client_secret", "s3cret of a client")];
    let told = sign_in(lines, &values).unwrap();
    assert_eq!(told.client_secret.as_ref().map(crate::Secret::expose), Some("s3cret of a client"));
    assert!(!format!("{told:?}").contains("s3cret"));
    let scopes: Vec<&str> = told.scopes.iter().map(Scope::as_str).collect();
    assert_eq!(scopes, ["approve", "email", "openid"]);
    assert!(!told.tells_resource && told.assumes_pkce);
    let text = format!("{HEAD}{ISSUERS}[console]\nissuers = [\"okta\"]\n[console.sign_in]\n{lines}");
    let draft = crate::Draft::parse(&text, "portcullis.toml").unwrap();
    let variables: Vec<String> = draft.variables().iter().map(ToString::to_string).collect();
    assert_eq!(variables, ["client", "client_secret", "secret_key"]);
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (name, lines, want) in [
        (
            "nothing",
            "",
            "portcullis.toml:12: `console.sign_in.issuer` is missing\n\
             portcullis.toml:12: `console.sign_in.client_id` is missing",
        ),
        (
            "another issuer",
            "issuer = \"octa\"\nclient_id = \"page\"",
            "portcullis.toml:13: issuer `octa` is none of `console.issuers`; did you mean `okta`?",
        ),
        (
            "an issuer without metadata",
            "issuer = \"keys-only\"\nclient_id = \"page\"",
            "portcullis.toml:13: issuer `keys-only` has `jwks_url`, so nothing says where to sign in; give it \
             `discovery_url` instead",
        ),
        (
            "a client that is none",
            "issuer = \"okta\"\nclient_id = \"pa ge\"",
            "portcullis.toml:14: `console.sign_in.client_id`: a client id is 1 to 512 visible ASCII characters",
        ),
        (
            "a secret in clear",
            "issuer = \"okta\"\nclient_id = \"page\"\nclient_secret = \"hunter2\"",
            "portcullis.toml:15: `console.sign_in.client_secret` would be in clear in this file; write \
             `\"{{ name_of_a_variable }}\"`, and give the variable its value",
        ),
        (
            "a secret without a value",
            "issuer = \"okta\"\nclient_id = \"page\"\nclient_secret = \"{{ nowhere }}\"",
            "portcullis.toml:15: `console.sign_in.client_secret`: variable `nowhere` has no value",
        ),
        (
            "an empty secret",
            "issuer = \"okta\"\nclient_id = \"page\"\nclient_secret = \"{{ empty }}\"",
            "portcullis.toml:15: `console.sign_in.client_secret`: variable `empty` is empty",
        ),
        (
            "a secret that no header can carry",
            "issuer = \"okta\"\nclient_id = \"page\"\nclient_secret = \"{{ odd }}\"",
            "portcullis.toml:15: `console.sign_in.client_secret`: a client secret is 1 to 512 printable ASCII \
             characters",
        ),
        (
            "a scope that is none, and a key that is none",
            "issuer = \"okta\"\nclient_id = \"page\"\nscopes = [\"a b\"]\nscope = \"a\"",
            "portcullis.toml:15: `console.sign_in.scopes`: a scope is 1 to 255 visible ASCII characters without \
             quotes and backslashes\n\
             portcullis.toml:16: unknown key `console.sign_in.scope`; did you mean `scopes`?",
        ),
        (
            "a flag that is none",
            "issuer = \"okta\"\nclient_id = \"page\"\nresource = \"https://a\"",
            "portcullis.toml:15: `console.sign_in.resource` must be true or false, not a text",
        ),
    ] {
        let values = [("empty", ""), ("odd", "line\nbreak")];
        assert_eq!(sign_in(lines, &values).unwrap_err(), want, "case: {name}");
    }
    let programs = "[issuers.ci]\nissuer = \"https://ci\"\nprincipal = \"workload\"\n[console]\nissuers = [\"ci\"]\n\
                    [console.sign_in]\nissuer = \"ci\"\nclient_id = \"page\"";
    assert_eq!(
        resolved(programs, &[]).unwrap_err(),
        "portcullis.toml:15: the callers of issuer `ci` are programs, which do not sign in"
    );
}
