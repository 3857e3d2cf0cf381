use super::{KEY, settings};
use crate::Draft;

/// A file that lets callers without a token in, as far as `public_url` and the rest allow; the section is on line 3.
fn file(public_url: &str, rest: &str) -> String {
    format!(
        "public_url = \"{public_url}\"\nsecret_key = \"{{{{ secret_key }}}}\"\n[insecure_anonymous]\n\
         subject = \"suite\"\ngroups = [\"testers\"]\n{rest}"
    )
}

const HERE: &str = "http://127.0.0.1:3000";
const OPEN: &str = "[connections.open]\nurl = \"http://localhost:3001/mcp\"\nissuers = [\"anonymous\"]\n";

/// What an operator is told about such a file.
fn told(public_url: &str, rest: &str) -> String {
    let values = [KEY, ("elsewhere", "https://gw.example.com"), ("token", "hunter2")];
    let told = settings(&file(public_url, rest), &values);
    told.map_or_else(|problems| problems, |_| "nothing".to_owned()).replace("portcullis.toml:", "")
}

#[test]
fn on_this_machine_callers_without_a_token_are_the_principal_that_is_named() {
    for public_url in [HERE, "http://localhost", "http://[::1]:3000", "https://127.0.0.1"] {
        let settings = settings(&file(public_url, OPEN), &[KEY]).unwrap();
        let open = &settings.connections[&"open".parse().unwrap()];
        let anonymous = settings.endpoint(&open.name).unwrap().anonymous().unwrap();
        assert_eq!(anonymous.issuer().as_str(), "anonymous");
        assert_eq!(anonymous.subject().as_str(), "suite");
        assert_eq!(anonymous.groups().iter().map(|group| group.as_str()).collect::<Vec<_>>(), ["testers"]);
    }
}

#[test]
fn only_connections_that_list_the_anonymous_let_them_in() {
    let closed = "[issuers.a]\nissuer = \"https://a\"\n[connections.closed]\nurl = \"https://c\"\n\
                  issuers = [\"a\"]\ncredential = { header = \"Authorization\", value = \"Bearer x\" }\n";
    let settings = settings(&file(HERE, &format!("{OPEN}{closed}")), &[KEY]).unwrap();
    assert_eq!(settings.endpoint(&"closed".parse().unwrap()).unwrap().anonymous(), None);
}

#[test]
fn without_the_section_nobody_is_let_in() {
    let text =
        file(HERE, OPEN).replace("[insecure_anonymous]\nsubject = \"suite\"\ngroups = [\"testers\"]\n", "");
    let told = settings(&text, &[KEY]).unwrap_err();
    assert_eq!(told, "portcullis.toml:5: issuer `anonymous` is not defined; there is no `[issuers.<name>]`");
}

#[test]
fn whatever_could_matter_refuses_the_section() {
    let elsewhere = "3: `insecure_anonymous` is for tests on this machine only, and `public_url` is elsewhere; remove \
                     the section, or set `public_url` to `http://127.0.0.1:3000` or alike";
    let listed = "3: `insecure_anonymous` is for tests on this machine only and takes no caller from elsewhere; \
                  remove what `[edge]` lists, or this section";
    for (name, public_url, rest, want) in [
        ("here", HERE, OPEN.to_owned(), "nothing"),
        ("elsewhere", "https://gw.example.com", OPEN.to_owned(), elsewhere),
        ("elsewhere by a variable", "{{ elsewhere }}", OPEN.to_owned(), elsewhere),
        ("almost here", "https://localhost.example.com", OPEN.to_owned(), elsewhere),
        ("a further host", HERE, format!("{OPEN}[edge]\nhosts = [\"gw.example.com\"]"), listed),
        ("a further origin", HERE, format!("{OPEN}[edge]\norigins = [\"https://gw.example.com\"]"), listed),
        ("a proxy", HERE, format!("{OPEN}[edge]\nproxies = [\"127.0.0.1\"]"), listed),
        (
            "a server elsewhere",
            HERE,
            OPEN.replace("http://localhost:3001", "https://crm.example.com"),
            "7: `connections.open.url` is not on this machine, but callers without a token would reach it; remove \
             `anonymous` from its `issuers`",
        ),
        (
            "a server of the same network",
            HERE,
            OPEN.replace("localhost", "crm.internal"),
            "7: `connections.open.url` is not on this machine, but callers without a token would reach it; remove \
             `anonymous` from its `issuers`",
        ),
        (
            "a credential",
            HERE,
            format!(
                "{OPEN}credential = {{ header = \"Authorization\", value = \"Bearer {{{{ token }}}}\" }}"
            ),
            "7: `connections.open.credential` is one that callers without a token would use; remove `anonymous` from \
             its `issuers`, or the credential",
        ),
        (
            "an issuer of that name",
            HERE,
            format!("{OPEN}[issuers.anonymous]\nissuer = \"https://a\""),
            "10: `issuers.anonymous` would share its namespace with `[insecure_anonymous]`; rename the issuer",
        ),
        (
            "no use",
            HERE,
            String::new(),
            "3: `insecure_anonymous` is of use to no connection; remove it, or add `anonymous` to the `issuers` of a \
             connection",
        ),
    ] {
        assert_eq!(told(public_url, &rest), want, "case: {name}");
    }
}

#[test]
fn the_names_of_the_anonymous_are_labels() {
    let told = |line: &str| {
        let text = file(HERE, OPEN).replace("subject = \"suite\"", line);
        settings(&text, &[KEY]).map_or_else(|problems| problems, |_| "nothing".to_owned())
    };
    let rule = "is not a name of the anonymous principal: use 1 to 63 of a-z, 0-9 and `-`, starting with a letter or digit";
    for name in ["a|b", ""] {
        let want = format!("portcullis.toml:4: `insecure_anonymous.subject`: `{name}` {rule}");
        let told = told(&format!("subject = \"{name}\""));
        assert!(told.starts_with(&want), "{told}");
    }
    assert!(told("").starts_with("portcullis.toml:3: `insecure_anonymous.subject` is missing"));
    assert!(told("subject = \"a\"\nsubjects = 1").contains("unknown key `insecure_anonymous.subjects`"));
}

#[test]
fn the_operator_is_warned_with_the_line_to_remove() {
    let warnings = Draft::parse(&file(HERE, OPEN), "portcullis.toml").unwrap().warnings();
    let want = "portcullis.toml:3: WARNING: `insecure_anonymous` is on: whoever calls from this machine without a token \
                is `anonymous|suite`. It is for tests; remove it from every gateway that matters";
    assert_eq!(warnings, [want]);
    let shipped = include_str!("../../../../../policies/portcullis.toml");
    assert!(Draft::parse(shipped, "portcullis.toml").unwrap().warnings().is_empty());
}
