use super::{HEAD, KEY, settings};

/// What an operator is told about `HEAD` plus these lines, which start on line 4.
fn told(lines: &str) -> String {
    settings(
        &format!("{HEAD}{lines}"),
        &[KEY, ("evil", "https://x.example.com/?leak=hunter2"), ("blank", "")],
    )
    .map(|_| "nothing".to_owned())
    .unwrap_or_else(|problems| problems)
}

#[test]
fn every_problem_is_named_with_its_line() {
    for (name, lines, want) in [
        ("nothing wrong", "", "nothing"),
        (
            "unknown key",
            "[limits]\nbody_byte = 1",
            "portcullis.toml:5: unknown key `limits.body_byte`; did you mean `body_bytes`?",
        ),
        ("unknown table", "[limit]", "portcullis.toml:4: unknown key `limit`; did you mean `limits`?"),
        (
            "unknown key far from any",
            "[masking]\nfoo = 1",
            "portcullis.toml:5: unknown key `masking.foo`; expected `classes`, `strategies`",
        ),
        (
            "unknown strategy",
            "[masking]\nstrategies = { pii = \"replase\" }",
            "portcullis.toml:5: `masking.strategies`: `replase` is no strategy; did you mean `replace`?",
        ),
        (
            "wrong type",
            "[limits]\ndepth = \"9\"",
            "portcullis.toml:5: `limits.depth` must be a whole number, not a text",
        ),
        ("zero", "[limits]\ndepth = 0", "portcullis.toml:5: `limits.depth` must be from 8 to 120, not 0"),
        (
            "absurd",
            "[limits]\nbody_bytes = 99999999999999999999",
            "portcullis.toml:5: `limits.body_bytes` must be from 1024 to 67108864, not 99999999999999999999",
        ),
        (
            "negative",
            "[limits]\nbody_seconds = -1",
            "portcullis.toml:5: `limits.body_seconds` must be from 1 to 300, not -1",
        ),
        (
            "no requests at all",
            "[limits]\nrequests_per_minute = 0",
            "portcullis.toml:5: `limits.requests_per_minute` must be from 1 to 1000000, not 0",
        ),
        (
            "a hold that clients do not bear",
            "[approvals]\nhold_seconds = 51",
            "portcullis.toml:5: `approvals.hold_seconds` must be from 0 to 50, not 51",
        ),
        (
            "a fraction of a hold",
            "[approvals]\nhold_seconds = 2.5",
            "portcullis.toml:5: `approvals.hold_seconds` must be a whole number, not a fraction",
        ),
        (
            "an unknown key of approvals",
            "[approvals]\nhold = 5",
            "portcullis.toml:5: unknown key `approvals.hold`; expected `hold_seconds`, `open_per_principal`",
        ),
        ("not a table", "limits = 3", "portcullis.toml:4: `limits` must be a table, not a whole number"),
        (
            "not TOML",
            "x = ",
            "portcullis.toml:4: not TOML: string values must be quoted, expected literal string",
        ),
    ] {
        assert_eq!(told(lines), want, "case: {name}");
    }
}

#[test]
fn issuers_are_checked() {
    for (name, lines, want) in [
        ("issuer without a URL", "[issuers.a]", "portcullis.toml:4: `issuers.a.issuer` is missing"),
        (
            "issuer in plain text",
            "[issuers.a]\nissuer = \"http://idp.example.com\"",
            "portcullis.toml:5: `issuers.a.issuer`: `https://` is required; plain `http://` is only for this machine",
        ),
        (
            "symmetric algorithm",
            "[issuers.a]\nissuer = \"https://a\"\nalgorithms = [\"HS256\"]",
            "portcullis.toml:6: `issuers.a.algorithms`: `HS256` is not an algorithm for tokens; did you mean `ES256`?",
        ),
        (
            "no algorithm",
            "[issuers.a]\nissuer = \"https://a\"\nalgorithms = []",
            "portcullis.toml:4: `issuers.a.algorithms` is empty, so no token of this issuer could be verified",
        ),
        (
            "kind of principal",
            "[issuers.a]\nissuer = \"https://a\"\nprincipal = \"users\"",
            "portcullis.toml:6: `issuers.a.principal` is not a kind of principal; did you mean `user`?",
        ),
        (
            "half a rule",
            "[issuers.a]\nissuer = \"https://a\"\nworkload_when = { claim = \"idtyp\" }",
            "portcullis.toml:6: `issuers.a.workload_when.equals` is missing",
        ),
        (
            "two sources of keys",
            "[issuers.a]\nissuer = \"https://a\"\njwks_url = \"https://a/j\"\ndiscovery_url = \"https://a/d\"",
            "portcullis.toml:6: `issuers.a` has both `discovery_url` and `jwks_url`; keep one",
        ),
        (
            "one issuer twice",
            "[issuers.a]\nissuer = \"https://x\"\n[issuers.b]\nissuer = \"https://x\"",
            "portcullis.toml:7: `issuers.b.issuer` is also the issuer of `issuers.a`",
        ),
        (
            "bad issuer name",
            "[issuers.\"a:b\"]\nissuer = \"https://a\"",
            "portcullis.toml:4: `issuers`: `a:b` is not an issuer name: use 1 to 63 of a-z, 0-9 and `-`, \
             starting with a letter or digit",
        ),
    ] {
        assert_eq!(told(lines), want, "case: {name}");
    }
}

#[test]
fn lists_are_checked() {
    for (name, lines, want) in [
        (
            "issuer that is not defined",
            "[issuers.okta]\nissuer = \"https://a\"\n[connections.c]\nurl = \"https://c\"\nissuers = [\"otka\"]",
            "portcullis.toml:8: issuer `otka` is not defined; did you mean `okta`?",
        ),
        (
            "nobody may call",
            "[connections.c]\nurl = \"https://c\"\nissuers = []",
            "portcullis.toml:4: `connections.c.issuers` names no issuer, so nobody could call it",
        ),
        (
            "a way to treat drift that there is not",
            "[issuers.a]\nissuer = \"https://a\"\n[connections.c]\nurl = \"https://c\"\nissuers = [\"a\"]\n\
             drift = \"blok\"",
            "portcullis.toml:9: `connections.c.drift` is none of them; did you mean `block`?",
        ),
        (
            "held, and nobody to decide",
            "[issuers.a]\nissuer = \"https://a\"\n[connections.c]\nurl = \"https://c\"\nissuers = [\"a\"]\n\
             drift = \"hold\"",
            "portcullis.toml:9: `connections.c.owners` is missing, so nobody could approve what drift holds; say who \
             decides, as in `owners = { group = \"okta:platform\" }`",
        ),
        (
            "owners without a group",
            "[issuers.a]\nissuer = \"https://a\"\n[connections.c]\nurl = \"https://c\"\nissuers = [\"a\"]\n\
             drift = \"hold\"\nowners = { approvers = 1 }",
            "portcullis.toml:10: `connections.c.owners.group` is missing",
        ),
        (
            "owners who are nobody",
            "[issuers.a]\nissuer = \"https://a\"\n[connections.c]\nurl = \"https://c\"\nissuers = [\"a\"]\n\
             owners = { group = \"b:x\", approvers = 0 }",
            "portcullis.toml:9: `connections.c.owners.approvers` must be from 1 to 16, not 0\n\
             portcullis.toml:9: `connections.c.owners.group`: issuer `b` of `b:x` is not defined; did you mean `a`?",
        ),
        (
            "a breaker that never opens",
            "[issuers.o]\nissuer = \"https://a\"\n[connections.c]\nurl = \"https://c\"\nissuers = [\"o\"]\n\
             breaker = { failures = 0 }",
            "portcullis.toml:9: `connections.c.breaker.failures` must be from 1 to 1000, not 0",
        ),
        (
            "a longest pause that is the shortest",
            "[issuers.o]\nissuer = \"https://a\"\n[connections.c]\nurl = \"https://c\"\nissuers = [\"o\"]\n\
             breaker = { pause_seconds = 9, longest_pause_seconds = 8 }",
            "portcullis.toml:9: `connections.c.breaker.longest_pause_seconds` is shorter than the first pause of 9 \
             seconds",
        ),
        (
            "proxies that are everyone",
            "[edge]\nproxies = [\"0.0.0.0/0\"]",
            "portcullis.toml:5: `edge.proxies`: `proxies` takes addresses such as `10.0.0.7` and ranges such as \
             `10.0.0.0/8`, not wider than /8",
        ),
        (
            "origin with a path",
            "[edge]\norigins = [\"https://a/\"]",
            "portcullis.toml:5: `edge.origins`: only `scheme://host:port` is allowed, without a path",
        ),
        (
            "class",
            "[masking]\nclasses = [\"pii.*\"]",
            "portcullis.toml:5: `masking.classes`: `pii.*` is not a class name: use words of a-z, 0-9, `-` and `_` \
             with dots between them, at most 63 characters",
        ),
    ] {
        assert_eq!(told(lines), want, "case: {name}");
    }
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_lines() {
    let text = "[limits]\ndepth = 0\nbody_byte = 1\n[edge]\nhosts = [\"a b\", 3]\n";
    let told = settings(text, &[]).unwrap_err();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines,
        [
            "portcullis.toml:1: `public_url` is missing",
            "portcullis.toml:1: `secret_key` is missing",
            "portcullis.toml:2: `limits.depth` must be from 8 to 120, not 0",
            "portcullis.toml:3: unknown key `limits.body_byte`; did you mean `body_bytes`?",
            "portcullis.toml:5: `edge.hosts` must be a text, not a whole number",
            "portcullis.toml:5: `edge.hosts`: the host is not valid; write an international name in its `xn--` form",
        ]
    );
}

#[test]
fn connections_and_credentials_are_checked() {
    let told = |body: &str| {
        told(&format!("[issuers.a]\nissuer = \"https://a\"\n[connections.c]\nissuers = [\"a\"]\n{body}"))
            .replace("portcullis.toml:", "")
    };
    let with_header = |header: &str| {
        told(&format!("url = \"https://c\"\ncredential = {{ header = \"{header}\", value = \"x\" }}"))
    };
    for header in ["Host", "Mcp-Session-Id", "Content-Type", "Transfer-Encoding", "Proxy-Authorization", "TE"]
    {
        assert!(
            with_header(header).contains("is a header that the gateway or the connection itself sets"),
            "case: {header}"
        );
    }
    assert_eq!(with_header("X-Api-Key"), "nothing");
    assert_eq!(with_header("X Y"), "9: `connections.c.credential.header`: `X Y` is not a header name");
    for (body, want) in [
        (
            "url = \"http://10.0.0.1\"",
            "8: `connections.c.url`: `https://` is required; plain `http://` is only for this machine or `*.internal`, or with `plaintext = true`",
        ),
        ("url = \"http://10.0.0.1\"\nplaintext = true", "nothing"),
        ("url = \"{{ evil }}\"", "8: `connections.c.url`: a query (`?…`) is not allowed"),
        ("url = \"{{ none }}\"", "8: `connections.c.url`: variable `none` has no value"),
        ("url = \"{{ none\"", "8: `connections.c.url`: `{{` has no `}}` after it"),
        (
            "url = \"https://c\"\nbinary = \"yes\"",
            "9: `connections.c.binary` is neither; expected `allow`, `deny`",
        ),
        (
            "url = \"https://c\"\ncredential = { header = \"Authorization\", value = \"Bearer {{ blank }}\" }",
            "9: `connections.c.credential.value`: variable `blank` is empty",
        ),
        (
            "url = \"https://c\"\ncredential = { header = \"Authorization\", value = \"a\\r\\nHost: b\" }",
            "9: `connections.c.credential.value`: the value is not a header value: only visible ASCII with single \
             spaces inside, at most 8 KiB",
        ),
        (
            "url = \"https://c\"\ncredential = { header = \"Authorization\" }",
            "9: `connections.c.credential.value` is missing",
        ),
    ] {
        assert_eq!(told(body), want, "case: {body}");
    }
}

#[test]
fn a_weak_secret_key_is_refused_and_not_repeated() {
    for key in ["short", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "changemechangemechangemech"] {
        let told = settings(HEAD, &[("secret_key", key)]).unwrap_err();
        assert!(told.starts_with("portcullis.toml:2: `secret_key` is too easy to guess"), "{told}");
        assert!(!told.contains(key), "{told}");
    }
}
