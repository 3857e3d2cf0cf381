use std::collections::BTreeMap;

use portcullis_settings::Draft;

use super::*;

fn settings() -> Settings {
    let text = r#"
        public_url = "https://gw.example.com"
        secret_key = "0123456789abcdef0123456789abcdef"
        [edge]
        proxies = ["10.0.0.0/8"]
        [issuers.idp]
        issuer = "https://idp.example.com"
        [connections.crm]
        url = "https://crm.example.com/mcp"
        issuers = ["idp"]
    "#;
    Draft::parse(text, "t").unwrap().resolve(&BTreeMap::new()).unwrap()
}

#[test]
fn an_address_is_believed_only_from_the_platform_and_listed_proxies() {
    for (platform, forwarded, want) in [
        (None, None, None),
        (Some("192.0.2.7:4000"), None, Some("192.0.2.7")),
        (Some("[2001:db8::1]:4000"), None, Some("2001:db8::1")),
        (Some("192.0.2.7:4000"), Some("for=203.0.113.9"), Some("192.0.2.7")),
        (Some("10.0.0.1:4000"), Some("for=203.0.113.9"), Some("203.0.113.9")),
        (Some("10.0.0.1:4000"), Some("For=\"[2001:db8::9]:1\";proto=https"), Some("2001:db8::9")),
        (Some("10.0.0.1:4000"), Some("for=6.6.6.6, for=203.0.113.9, for=10.0.0.2"), Some("203.0.113.9")),
        (Some("10.0.0.1:4000"), Some("for=6.6.6.6, for=unknown"), Some("10.0.0.1")),
        // What the proxy quotes is the caller's text.
        (Some("10.0.0.1:4000"), Some("for=203.0.113.9;host=\"x, for=6.6.6.6\""), Some("203.0.113.9")),
        (Some("10.0.0.1:4000"), Some("host=\"x;for=6.6.6.6\";for=203.0.113.9"), Some("203.0.113.9")),
        (Some("10.0.0.1:4000"), Some("for=203.0.113.9;host=\"x\\\", for=6.6.6.6\""), Some("203.0.113.9")),
        (Some("10.0.0.1:4000"), Some("for=203.0.113.9;host=\"x\\\\\", for=192.0.2.4"), Some("192.0.2.4")),
        // What stands before is the caller's text too, and its quotes need not end.
        (Some("10.0.0.1:4000"), Some("for=6.6.6.6;host=\", for=203.0.113.9"), Some("203.0.113.9")),
        (
            Some("10.0.0.1:4000"),
            Some("for=6.6.6.6;host=\"\\, for=203.0.113.9;host=\"x\""),
            Some("203.0.113.9"),
        ),
        (Some("10.0.0.1:4000"), Some("for=10.0.0.3"), Some("10.0.0.1")),
        (Some("10.0.0.1:4000"), None, Some("10.0.0.1")),
    ] {
        let mut headers = HeaderMap::new();
        if let Some(address) = platform {
            headers.insert(CLIENT_ADDRESS, address.parse().unwrap());
        }
        if let Some(forwarded) = forwarded {
            headers.insert(FORWARDED, forwarded.parse().unwrap());
        }
        let found = client_address(&settings(), &headers).map(|address| address.to_string());
        assert_eq!(found.as_deref(), want, "{platform:?} {forwarded:?}");
    }
}
