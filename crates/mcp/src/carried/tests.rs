use proptest::prelude::*;

use super::*;

fn blob<'a>(kind: &'a str, data: &'a str) -> Object<'a> {
    Object::new().with("uri", "x:1").with("mimeType", kind).with("blob", data)
}

#[test]
fn what_is_called_text_and_is_text_is_read() {
    for (kind, is_text) in [
        ("text/plain", true),
        ("TEXT/Markdown; charset=UTF-8", true),
        ("text/plain;charset=\"us-ascii\"", true),
        ("text/plain; charset=utf-16", false),
        ("text/plain; charset=utf-7", false),
        ("application/json", true),
        ("application/vnd.api+json; charset=utf-8", true),
        ("application/xml", true),
        ("image/svg+xml", true),
        ("application/x-yaml", true),
        ("application/javascript", true),
        ("text/csv", true),
        ("application/octet-stream", false),
        ("application/pdf", false),
        ("image/png", false),
        ("text/", false),
        ("json", false),
        ("", false),
    ] {
        let carried = Carried::of_blob(&blob(kind, "NDExMQ==")).unwrap();
        assert_eq!((carried.text(), carried.is_called_text()), ("4111", is_text), "{kind}");
    }
}

#[test]
fn base64_is_read_as_clients_do_and_otherwise_not_at_all() {
    for (data, want) in [
        ("", Some("")),
        ("NDExMQ==", Some("4111")),
        ("NDExMQ", Some("4111")),
        ("ND\r\nEx\tMQ = =", Some("4111")),
        ("8J-SsyA_", Some("💳 ?")),
        ("8J+SsyA/", Some("💳 ?")),
        // Some stop at the sign, some go on.
        ("NDEx=NDEx", None),
        ("NDExMQ=", None),
        ("NDExMQ===", None),
        // Bits that mean nothing.
        ("NDExMR==", None),
        ("NDEx!", None),
        ("NDExM", None),
        ("%4eDEx", None),
        // Not UTF-8, or no text.
        ("gIA=", None),
        ("AAAA", None),
        ("bm90G1t0ZXh0", None),
        ("iVBORw0KGgo=", None),
    ] {
        let found = Carried::of_blob(&blob("text/plain", data));
        assert_eq!(found.as_ref().map(Carried::text), want, "{data}");
    }
    assert_eq!(Carried::of_blob(&Object::new().with("mimeType", "text/plain")), None);
    assert_eq!(Carried::of_blob(&Object::new().with("blob", 5)), None);
}

#[test]
fn data_urls_are_read_as_browsers_do() {
    for (url, want) in [
        ("data:,4111%201111", Some(("4111 1111", true))),
        ("data:text/plain,a,b", Some(("a,b", true))),
        ("data:text/plain;base64,NDExMQ==", Some(("4111", true))),
        (" \u{1}DATA:text/plain;BASE64,NDExMQ%3D%3d", Some(("4111", true))),
        ("da\nta:text/plain ; base64 ,NDEx\nMQ", Some(("4111", true))),
        ("data:text/plain;charset=utf-8;base64,NDExMQ", Some(("4111", true))),
        ("data:;base64,NDExMQ", Some(("4111", true))),
        ("data:text/plain;charset=utf-16,x", Some(("x", false))),
        ("data:application/json,{\"a\":1}", Some(("{\"a\":1}", true))),
        ("data:text/plain,100%", Some(("100%", true))),
        ("data:text/plain,%zz%4", Some(("%zz%4", true))),
        // What names no type is plain text, as in prose.
        ("Data: one, two", Some((" two", true))),
        ("data:image/png,abc", Some(("abc", false))),
        ("data:image/png;base64,iVBORw0KGgo=", None),
        ("data:text/plain,%80", None),
        ("data:text/plain,%00", None),
        ("data:text/plain;base64,!", None),
        ("data:text/plain", None),
        ("database,1", None),
        ("see data:text/plain,x", None),
        ("", None),
    ] {
        let found = Carried::of_url(url);
        let found = found.as_ref().map(|carried| (carried.text(), carried.is_called_text()));
        assert_eq!(found, want, "{url:?}");
    }
    for (url, is_one) in [
        ("data:image/png;base64,iVBORw0KGgo=", true),
        ("\tDATA:,", true),
        ("data:x", false),
        ("database: a, b", false),
        ("", false),
    ] {
        assert_eq!(is_data_url(url), is_one, "{url:?}");
    }
}

#[test]
fn another_text_has_the_form_that_the_first_had() {
    for (url, want) in [
        ("data:text/plain;base64,NDExMQ==", "data:text/plain;base64,W2NhcmRdIMOp"),
        ("data:text/plain;charset=utf-8,4111", "data:text/plain;charset=utf-8,%5Bcard%5D%20%C3%A9"),
        ("data:,4111", "data:,%5Bcard%5D%20%C3%A9"),
    ] {
        assert_eq!(Carried::of_url(url).unwrap().carry("[card] é"), want);
    }
    assert_eq!(Carried::of_blob(&blob("text/plain", "NDExMQ")).unwrap().carry("[card] é"), "W2NhcmRdIMOp");
}

#[test]
fn json_is_read_as_json() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let (fits, too_deep) = (deep(24), deep(25));
    for (kind, text, is_json) in [
        ("application/json", "\"x\"", true),
        ("application/json", "{", false),
        ("text/plain", " [1]", true),
        ("text/plain", "5", false),
        ("application/problem+json", "5", true),
        ("application/json", &fits, true),
        ("application/json", &too_deep, false),
    ] {
        let data = Base64::encode_string(text.as_bytes());
        let carried = Carried::of_blob(&blob(kind, &data)).unwrap();
        assert_eq!(carried.json().is_some(), is_json, "{kind} {text}");
    }
}

#[test]
fn documents_with_escapes_are_read_and_others_are_texts() {
    for (text, is_one) in [
        (r#" {"a":"\u0034111"}"#, true),
        (r#"["\u0034"]"#, true),
        (r#"{"a":"4111"}"#, false),
        (r#""\u0034""#, false),
        (r#"{"a":"\u0034111"} and more"#, false),
        (r#"{"a":"\u00"}"#, false),
        ("{ C:\\users }", false),
    ] {
        let document = Carried::of_document(text);
        assert_eq!(document.is_some(), is_one, "{text}");
        if let Some(document) = document {
            assert_eq!((document.text(), document.carry("{}").as_str()), (text, "{}"));
            assert!(document.json().is_some() && document.coding().is_none());
        }
    }
}

#[test]
fn pictures_in_a_text_are_noticed() {
    for (text, has) in [
        ("<image href=\"DATA:image/png;base64,AAAA\"/>", true),
        ("![x](data:image/svg+xml,%3Csvg%3E)", true),
        ("data:;base64,AA", true),
        ("data: a, b and 5/7, c", false),
        ("metadata:x/y z, data:5", false),
        ("", false),
    ] {
        let data = Base64::encode_string(text.as_bytes());
        assert_eq!(Carried::of_blob(&blob("text/plain", &data)).unwrap().has_data_urls(), has, "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_carried_is_read_again(text in "[^\\p{Cc}]{0,64}") {
        let data = Base64::encode_string(text.as_bytes());
        let first = Carried::of_blob(&blob("text/plain", &data)).unwrap();
        prop_assert_eq!(first.text(), &text);
        for url in ["data:text/plain,", "data:text/plain;base64,"] {
            let url = Carried::of_url(url).unwrap().carry(&text);
            let read = Carried::of_url(&url).unwrap();
            prop_assert_eq!(read.text(), &text);
        }
    }

    #[test]
    fn no_text_is_too_strange(text in any::<String>(), kind in any::<String>()) {
        _ = Carried::of_url(&text);
        _ = Carried::of_document(&format!("[\"{text}\\u0034"));
        _ = Carried::of_url(&format!("data:{text}"));
        _ = Carried::of_url(&format!("data:{kind};base64,{text}"));
        _ = Carried::of_blob(&blob(&kind, &text)).map(|carried| carried.has_data_urls());
    }
}
