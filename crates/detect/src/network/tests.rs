use crate::{Class, Detectors, catalog};

fn found<'t>(class: Class, key: &str, text: &'t str) -> Vec<&'t str> {
    let findings = Detectors::builtin().scan_member(key, text);
    let found = findings.iter().filter(|finding| finding.class == class);
    found.map(|finding| text.get(finding.range.clone()).unwrap()).collect()
}

#[test]
fn an_ip_address_is_found_whole_in_its_surroundings() {
    for address in [
        "192.0.2.1",
        "10.0.0.1",
        "255.255.255.255",
        "203.0.113.195",
        "2001:db8:85a3:8d3:1319:8a2e:370:7348",
        "2001:DB8::8a2e:370:7334",
        "2001:db8::1",
        "fe80::1",
        "fe80::1ff:fe23:4567:890a%eth0",
        "::ffff:192.0.2.128",
        "64:ff9b::192.0.2.33",
        "::1",
        "ff02::1:ff00:0",
        "1:2:3:4:5:6:7:8",
        "2001:db8::",
    ] {
        for text in [
            address.to_owned(),
            format!("from {address}, then"),
            format!("(at {address})"),
            format!("[{address}]"),
            format!("\"{address}\""),
            format!("peer={address};"),
            format!("see {address}."),
            format!(r"\n{address}\n"),
            format!("{address}/24"),
        ] {
            assert_eq!(found(catalog::IP, "", &text), [address], "text: {text}");
        }
    }
    for (text, want) in [
        ("10.0.0.1:8080, [::1]:443, fe80::1", vec!["10.0.0.1", "::1", "fe80::1"]),
        ("http://[2001:db8::7]:80/x", vec!["2001:db8::7"]),
        ("http://8.8.8.8/", vec!["8.8.8.8"]),
        ("dns server 1.1.1.1", vec!["1.1.1.1"]),
        ("localhost/127.0.0.1:80", vec!["127.0.0.1"]),
        ("ip address is ::2", vec!["::2"]),
        ("peers 192.0.2.1,192.0.2.2", vec!["192.0.2.1", "192.0.2.2"]),
    ] {
        assert_eq!(found(catalog::IP, "", text), want, "text: {text}");
    }
    assert_eq!(found(catalog::IP, "remote_ip", "1.2.3.4"), ["1.2.3.4"]);
}

#[test]
fn versions_times_and_code_are_not_ip_addresses() {
    for text in [
        "1.2.3.4",
        "v10.2.30.4",
        "version 10.20.30.40",
        "Version=14.0.25.0",
        "section 12.3.4.5",
        "Chrome/120.0.0.0 Safari/537.36",
        "1.2.3.4.5",
        "256.1.1.10",
        "01.23.45.67",
        "10.0.0.1-rc1",
        "1.3.6.1.4.1.311",
        "10.0.0",
        "10:15:30",
        "2026-08-23T10:15:30.123",
        "std::vec::Vec",
        "f64::EPSILON",
        "dead::beef",
        "ace::add(1)",
        "x[::2], y[1::2], z[::-1]",
        "a[::1]",
        "a::before",
        "16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "fe80::1::2",
        "12345::1",
        "10::20",
        "key::value",
        "::",
    ] {
        assert_eq!(found(catalog::IP, "", text), [""; 0], "text: {text}");
    }
    assert_eq!(found(catalog::IP, "appVersion", "10.20.30.40"), [""; 0]);
}

#[test]
fn a_mac_address_is_found_in_every_notation() {
    for address in [
        "00:1A:2b:3C:4d:5E",
        "00-1a-2b-3c-4d-5e",
        "01:23:45:67:89:01",
        "001a.2b3c.4d5e",
        "aabb.cc11.2233",
        "00:1a:2b:ff:fe:3c:4d:5e",
        "02-1a-2b-ff-fe-3c-4d-5e",
        "021a.2bff.fe3c.4d5e",
    ] {
        for text in [
            address.to_owned(),
            format!("at {address}, up"),
            format!("({address})"),
            format!("hw={address}."),
            format!("{address}: up"),
        ] {
            assert_eq!(found(catalog::MAC, "", &text), [address], "text: {text}");
            assert_eq!(found(catalog::IP, "", &text), [""; 0], "text: {text}");
        }
    }
    assert_eq!(found(catalog::MAC, "", "mac 12-34-56-78-90-12"), ["12-34-56-78-90-12"]);
    assert_eq!(found(catalog::MAC, "macAddress", "1234.5678.9012"), ["1234.5678.9012"]);
}

#[test]
fn fingerprints_times_and_identifiers_are_not_mac_addresses() {
    for text in [
        "16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48",
        "10:15:30",
        "12-34-56-78-90-12",
        "1234.5678.9012",
        "550e8400-e29b-41d4-a716-446655440000",
        "00:1A:2b:3C:4d",
        "00:1A-2b:3C:4d:5E",
        "00:1A:2b:3C:4d:5G",
        "x00:1A:2b:3C:4d:5E",
        "20-24-01-15",
        "face.b00k.feed",
    ] {
        assert_eq!(found(catalog::MAC, "", text), [""; 0], "text: {text}");
    }
}

#[test]
fn addresses_of_networks_are_labels() {
    assert!(!catalog::IP.is_sensitive() && !catalog::MAC.is_sensitive());
}
