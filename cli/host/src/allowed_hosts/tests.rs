use super::*;

fn host(entry: &str) -> Result<AllowedHost, &'static str> {
    entry.parse()
}

#[test]
fn entries_allow_what_they_say() {
    for (entry, allowed, refused) in [
        (
            "https://api.example.com",
            &["https://api.example.com/x?y", "https://API.EXAMPLE.com:443"][..],
            &[
                "http://api.example.com",
                "https://api.example.com:8443",
                "https://example.com",
                "https://x.api.example.com",
                "https://api.example.com.",
                "https://api.example.com.evil.net",
            ][..],
        ),
        ("http://api.example.com/", &["http://api.example.com"], &["http://api.example.com:81"]),
        (
            "http://localhost:3000",
            &["http://localhost:3000/mcp"],
            &["http://localhost", "http://127.0.0.1:3000"],
        ),
        (
            "https://*.example.com",
            &["https://a.example.com", "https://a.b.EXAMPLE.com"],
            &["https://example.com", "https://aexample.com", "https://.example.com", "http://a.example.com"],
        ),
        (
            "http://127.0.0.1:8000..8002",
            &["http://127.0.0.1:8000", "http://127.0.0.1:8001"],
            &["http://127.0.0.1:8002", "http://127.0.0.1", "http://0x7f.1:8000", "http://127.0.0.2:8000"],
        ),
        (
            "*://10.0.0.0/8:*",
            &["http://10.1.2.3", "https://10.255.0.1:9"],
            &["http://11.0.0.1", "http://[::ffff:10.0.0.1]"],
        ),
        (
            "http://[::1]:8080",
            &["http://[::1]:8080", "http://[0:0::1]:8080"],
            &["http://[::2]:8080", "http://[::1]"],
        ),
        ("http://[::1]", &["http://[::1]"], &["http://[::1]:81"]),
        ("http://fe80::/10", &["http://[fe80::1]"], &["http://[fec0::1]"]),
        ("http://0.0.0.0/0:80", &["http://1.2.3.4"], &["http://1.2.3.4:81", "http://name"]),
        ("https://*:443", &["https://anything", "https://1.2.3.4"], &["https://anything:444"]),
        ("*://*:*", &["http://a", "https://b:1", "http://[::1]:2"], &[]),
    ] {
        let entry_host = host(entry).unwrap();
        for (urls, want) in [(allowed, true), (refused, false)] {
            for url in urls {
                let uri: http::Uri = url.parse().unwrap();
                let got = Destination::of(&uri).is_some_and(|to| entry_host.allows(to));
                assert_eq!(got, want, "{entry} and {url}");
            }
        }
    }
}

#[test]
fn bad_entries_are_refused() {
    for (entry, want) in [
        ("", "write it as scheme://host:port"),
        ("*", "write it as scheme://host:port"),
        ("insecure:allow-all", "write it as scheme://host:port"),
        ("example.com", "write it as scheme://host:port"),
        ("http://example.com/path", "it has a path"),
        ("http://example.com:80/path", "its port is not a number, a range or `*`"),
        ("ftp://example.com", "it needs a port"),
        ("*://example.com", "it needs a port"),
        ("http://example.com:eighty", "its port is not a number, a range or `*`"),
        ("http://example.com:70000", "its port is not a number, a range or `*`"),
        ("{http,https}://example.com:80", "its scheme is not a word or `*`"),
        ("http://", "its host is not a name, an address, a network, `*.name` or `*`"),
        ("http://*.*.example.com", "its host is not a name, an address, a network, `*.name` or `*`"),
        ("http://a*b.example.com", "its host is not a name, an address, a network, `*.name` or `*`"),
        ("http://user@example.com", "its host is not a name, an address, a network, `*.name` or `*`"),
        ("http://10.0.0.0/33", "it has a path"),
        ("http://self", "requests of an application to itself are not supported by the embedded host"),
        ("http://other.spin.internal", "requests between components are not supported by the embedded host"),
        ("http://*.spin.internal", "requests between components are not supported by the embedded host"),
    ] {
        assert_eq!(host(entry), Err(want), "{entry}");
    }
}

#[test]
fn a_request_without_a_host_has_no_destination() {
    for uri in ["/path", "http://:80/path"] {
        let uri: Result<http::Uri, _> = uri.parse();
        assert!(uri.is_err() || uri.is_ok_and(|uri| Destination::of(&uri).is_none()));
    }
}

#[test]
fn a_destination_reads_as_the_entry_that_would_allow_it() {
    for url in ["http://127.0.0.1:80", "https://example.com", "https://example.com:8443", "http://[::1]:8080"]
    {
        let uri: http::Uri = format!("{url}/path").parse().unwrap();
        let destination = Destination::of(&uri).unwrap();
        assert_eq!(destination.to_string(), url);
        assert!(host(&destination.to_string()).unwrap().allows(destination), "{url}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(entry in ".{0,40}", url in ".{0,40}") {
        if let (Ok(host), Ok(uri)) = (host(&entry), url.parse::<http::Uri>())
            && let Some(destination) = Destination::of(&uri)
        {
            host.allows(destination);
        }
    }

    #[test]
    fn a_name_allows_only_itself(name in "[a-z]{1,8}(\\.[a-z]{1,8}){0,2}", other in "[a-z.]{1,20}") {
        let allowed = host(&format!("https://{name}")).unwrap();
        if let Ok(uri) = format!("https://{other}").parse::<http::Uri>()
            && let Some(destination) = Destination::of(&uri)
        {
            proptest::prop_assert_eq!(allowed.allows(destination), name == other);
        }
    }
}
