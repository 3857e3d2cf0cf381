use super::{Edge, EdgeDraft, Network};

fn edge(public_url: &str) -> Edge {
    let draft = EdgeDraft {
        hosts: vec!["gateway.internal:8080".parse().unwrap(), "other.example.com".parse().unwrap()],
        origins: vec!["https://console.example.com".parse().unwrap()],
        proxies: vec!["10.1.0.0/16".parse().unwrap(), "2001:db8::1".parse().unwrap()],
    };
    draft.resolve(&public_url.parse().unwrap())
}

#[test]
fn only_expected_hosts_are_allowed() {
    for (public_url, host, allowed) in [
        ("https://gw.example.com", "gw.example.com", true),
        ("https://gw.example.com", "GW.EXAMPLE.COM", true),
        ("https://gw.example.com", "gw.example.com:443", true),
        ("https://gw.example.com", "gw.example.com:80", false),
        ("https://gw.example.com", "gateway.internal:8080", true),
        ("https://gw.example.com", "gateway.internal", false),
        ("https://gw.example.com", "other.example.com", true),
        ("https://gw.example.com", "localhost", false),
        ("https://gw.example.com", "gw.example.com.", false),
        ("https://gw.example.com", "gw.example.com, evil.com", false),
        ("https://gw.example.com", "evil.com@gw.example.com", false),
        ("https://gw.example.com", "", false),
        ("http://localhost:3000", "127.0.0.1:3000", true),
        ("http://localhost:3000", "[::1]:3000", true),
        ("http://127.0.0.1:3000", "localhost:3000", true),
        ("http://127.0.0.1:3000", "localhost:3001", false),
        ("http://127.0.0.1:3000", "localhost", false),
        ("http://localhost", "127.0.0.1", true),
    ] {
        assert_eq!(edge(public_url).host_allowed(host), allowed, "case: {public_url} {host}");
    }
}

#[test]
fn only_expected_origins_are_allowed() {
    for (public_url, origin, allowed) in [
        ("https://gw.example.com", "https://gw.example.com", true),
        ("https://gw.example.com", "https://gw.example.com:443", true),
        ("https://gw.example.com", "http://gw.example.com", false),
        ("https://gw.example.com", "https://console.example.com", true),
        ("https://gw.example.com", "https://console.example.com.evil.com", false),
        ("https://gw.example.com", "null", false),
        ("https://gw.example.com", "https://gw.example.com/", false),
        ("https://gw.example.com", "", false),
        ("http://localhost:3000", "http://127.0.0.1:3000", true),
        ("http://localhost:3000", "http://[::1]:3000", true),
        ("http://localhost:3000", "http://localhost:8080", false),
    ] {
        assert_eq!(edge(public_url).origin_allowed(origin), allowed, "case: {public_url} {origin}");
    }
}

#[test]
fn only_listed_proxies_are_trusted() {
    let edge = edge("https://gw.example.com");
    for (peer, trusted) in [
        ("10.1.2.3", true),
        ("::ffff:10.1.2.3", true),
        ("10.2.0.1", false),
        ("2001:db8::1", true),
        ("2001:db8::2", false),
        ("127.0.0.1", false),
    ] {
        assert_eq!(edge.is_trusted_proxy(peer.parse().unwrap()), trusted, "case: {peer}");
    }
}

#[test]
fn ranges_that_cover_everyone_are_refused() {
    for bad in [
        "0.0.0.0/0",
        "::/0",
        "10.0.0.0/33",
        "10.0.0.0/7",
        "10.0.0.0/",
        "10.0.0",
        "::ffff:10.0.0.0/104",
        "proxy",
    ] {
        assert!(bad.parse::<Network>().is_err(), "case: {bad}");
    }
}
