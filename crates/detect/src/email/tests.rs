//! Addresses: where they start and end, and what only looks like one.

use crate::{Detectors, catalog};

fn emails(text: &str) -> Vec<&str> {
    let findings = Detectors::builtin().scan(text);
    findings
        .iter()
        .filter(|f| f.class == catalog::EMAIL)
        .map(|f| text.get(f.range.clone()).unwrap())
        .collect()
}

#[test]
fn an_address_is_found_whole_in_its_surroundings() {
    for address in [
        "ana@example.com",
        "ana.b.c@example.com",
        "ana+tag@mail.example.co.uk",
        "a_n-a%x@example.org",
        "_ana@example.com",
        "o'brien@example.ie",
        "1234@163.com",
        "a@b.co",
        "ANA@EXAMPLE.COM",
        "josé@exämple.com",
        "用户@例子.中国",
        "почта@пример.рф",
        "ana@xn--fsqu00a.xn--fiqs8s",
        "ana＠example．com",
        "ana\u{200b}@exam\u{ad}ple.com",
        "ana%40example.com",
        r"ana\u0040example.com",
    ] {
        for text in [
            address.to_owned(),
            format!("write to {address}."),
            format!("<{address}>, thanks"),
            format!("mailto:{address}?subject=x"),
            format!("email={address};"),
            format!("\"{address}\""),
            format!("'{address}'"),
            format!("(see {address})"),
            format!("...{address}... and more"),
            format!("--{address}--"),
        ] {
            assert_eq!(emails(&text), [address], "text: {text:?}");
        }
    }
}

#[test]
fn text_that_touches_an_address_does_not_hide_it() {
    for (text, expected) in [
        ("请联系ana@example.com谢谢", vec!["ana@example.com"]),
        (r#"{\"to\":\"x\",\nana@example.com\n}"#, vec!["ana@example.com"]),
        (r"\u003cana@example.com\u003e", vec!["ana@example.com"]),
        ("ana@example.com4", vec!["ana@example.com"]),
        ("ana@example.com-based", vec!["ana@example.com"]),
        ("ana@example.com_old", vec!["ana@example.com"]),
        ("ana@example.com.png", vec!["ana@example.com"]),
        ("ana@example.com.2024", vec!["ana@example.com"]),
        ("ana@example.com,bob@example.com", vec!["ana@example.com", "bob@example.com"]),
        ("@ana@social.example", vec!["ana@social.example"]),
        ("git@example.com is our address", vec!["git@example.com"]),
        ("ana..bob@example.com", vec!["bob@example.com"]),
    ] {
        assert_eq!(emails(text), expected, "text: {text:?}");
    }
}

#[test]
fn what_only_looks_like_an_address_is_not_one() {
    for text in [
        "@ana",
        "thanks @ana.b",
        "ana@localhost",
        "ana@",
        "@",
        "a @ b.com",
        "ana@.com",
        "ana@-example.com",
        "ana@example.c",
        "ana@example..com",
        "ana@192.0.2.1",
        "...@example.com",
        "lodash@4.17.21",
        "react@18.3.0-canary.next",
        "@types/node@18.0.0",
        "icon@2x.png",
        "git@github.com:team/repository.git",
        "image@sha256:deadbeef",
        "5 @ 3.50",
    ] {
        assert_eq!(emails(text), [""; 0], "text: {text:?}");
    }
}
