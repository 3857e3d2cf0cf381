use proptest::prelude::*;

use super::{IssuerUrl, KeysUrl, PublicUrl, UpstreamUrl, UrlError};

#[test]
fn a_public_url_is_an_origin() {
    for (text, want) in [
        ("https://gw.example.com", Ok("https://gw.example.com")),
        ("https://gw.example.com/", Ok("https://gw.example.com")),
        ("https://GW.Example.com:443", Ok("https://gw.example.com")),
        ("https://gw.example.com:8443", Ok("https://gw.example.com:8443")),
        ("http://localhost:3000", Ok("http://localhost:3000")),
        ("http://127.0.0.1:80", Ok("http://127.0.0.1")),
        ("http://[0:0::1]:3000", Ok("http://[::1]:3000")),
        ("http://gw.example.com", Err("`https://` is required; plain `http://` is only for this machine")),
        (
            "http://localhost.evil.com",
            Err("`https://` is required; plain `http://` is only for this machine"),
        ),
        ("https://gw.example.com/mcp", Err("only `scheme://host:port` is allowed, without a path")),
        ("https://gw.example.com?a", Err("a query (`?…`) is not allowed")),
        ("https://gw.example.com#a", Err("a fragment (`#…`) is not allowed")),
        ("https://a@gw.example.com", Err("a user name or password in a URL is not allowed")),
        ("HTTPS://gw.example.com", Err("it must begin with `https://` or `http://`, in lower case")),
        ("gw.example.com", Err("it must begin with `https://` or `http://`, in lower case")),
        ("https://gw:0", Err("the port is not a number from 1 to 65535")),
        ("https://gw:+80", Err("the port is not a number from 1 to 65535")),
        ("https://gw::80", Err("the port is not a number from 1 to 65535")),
        ("https://gw:", Err("the port is not a number from 1 to 65535")),
        ("https://gw:65536", Err("the port is not a number from 1 to 65535")),
    ] {
        let got = text.parse::<PublicUrl>().map(|url| url.origin()).map_err(|error| error.to_string());
        assert_eq!(got, want.map(str::to_owned).map_err(str::to_owned), "case: {text}");
    }
}

#[test]
fn hosts_that_readers_disagree_about_are_refused() {
    for host in [
        "",
        "a..b",
        ".a",
        "a.",
        "127.1",
        "0x7f.1",
        "1",
        "[::1",
        "::1]",
        "[1.2.3.4]",
        "é.com",
        "a b",
        "a%41",
        "a\\b",
    ] {
        assert!(format!("https://{host}").parse::<PublicUrl>().is_err(), "case: {host}");
    }
}

#[test]
fn a_resource_is_the_url_clients_dial() {
    let url: PublicUrl = "https://gw.example.com:8443/".parse().unwrap();
    let billing = "billing".parse().unwrap();
    assert_eq!(url.resource(&billing).as_str(), "https://gw.example.com:8443/mcp/billing");
    assert_eq!(
        url.metadata_url(&billing),
        "https://gw.example.com:8443/.well-known/oauth-protected-resource/mcp/billing"
    );
    assert_eq!(url.authority(), "gw.example.com:8443");
}

#[test]
fn an_upstream_is_near_or_behind_tls() {
    for (text, want) in [
        ("https://mcp.example.com/mcp", Ok("https://mcp.example.com/mcp")),
        ("https://mcp.example.com", Ok("https://mcp.example.com/")),
        ("http://billing.internal/mcp", Ok("http://billing.internal/mcp")),
        ("http://billing.spin.internal/mcp", Ok("http://billing.spin.internal/mcp")),
        ("http://127.0.0.9:1/mcp", Ok("http://127.0.0.9:1/mcp")),
        ("http://internal/mcp", Err(())),
        ("http://.internal/mcp", Err(())),
        ("http://notinternal/mcp", Err(())),
        ("http://10.0.0.1/mcp", Err(())),
        ("https://mcp.example.com/a/../mcp", Err(())),
        ("https://mcp.example.com/a/%2E%2e/mcp", Err(())),
        ("https://mcp.example.com/a%2fmcp", Err(())),
        ("https://mcp.example.com/m cp", Err(())),
        ("https://mcp.example.com/mcp?key=1", Err(())),
    ] {
        let got = UpstreamUrl::parse(text).map(|url| url.to_string()).map_err(|_| ());
        assert_eq!(got, want.map(str::to_owned), "case: {text}");
    }
    assert!(UpstreamUrl::parse_plaintext("http://10.0.0.1:8080/mcp").is_ok());
}

#[test]
fn an_issuer_keeps_its_exact_text() {
    for text in ["https://idp.example.com", "https://idp.example.com/", "https://IDP.example.com/realms/x"] {
        assert_eq!(text.parse::<IssuerUrl>().unwrap().as_str(), text);
    }
    let refused = "http://idp.example.com".parse::<IssuerUrl>();
    assert_eq!(refused, Err(UrlError::Plaintext { near: "this machine" }));
    assert!("http://localhost:9000/x".parse::<IssuerUrl>().unwrap().is_loopback());
}

#[test]
fn keys_are_fetched_where_nobody_can_answer_instead() {
    for good in
        ["https://idp.example.com/keys?p=a&v=1", "http://localhost:9/keys", "http://idp.spin.internal/keys"]
    {
        assert_eq!(good.parse::<KeysUrl>().unwrap().as_str(), good);
    }
    for bad in ["http://idp.internal/keys", "https://idp/keys?a b", "https://idp/keys?a#b", "file:///keys"] {
        assert!(bad.parse::<KeysUrl>().is_err(), "case: {bad}");
    }
}

proptest! {
    #[test]
    fn no_text_panics_and_what_parses_parses_again(text in "https?://.{0,40}") {
        if let Ok(url) = text.parse::<PublicUrl>() {
            prop_assert_eq!(url.origin().parse::<PublicUrl>(), Ok(url));
        }
    }
}
