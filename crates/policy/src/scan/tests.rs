use super::{annotation_keys, line_of, statements, tokens};

#[test]
fn statements_end_at_their_own_semicolon() {
    for (text, want) in [
        ("", &[][..]),
        ("// a; b\n", &[]),
        ("a;b;", &["a;", "b;"]),
        ("  a ; // x\n b", &["a ;", "b"]),
        (r#"a ";" b; c"#, &[r#"a ";" b;"#, "c"]),
        (r#"a "\";" b; c"#, &[r#"a "\";" b;"#, "c"]),
        (r#"a "\\"; c"#, &[r#"a "\\";"#, "c"]),
        ("a // ; \"\n b; c", &["a // ; \"\n b;", "c"]),
        ("a // ;\r b; c", &["a // ;\r b;", "c"]),
        ("a \"x; y", &["a \"x; y"]),
        ("é;ü", &["é;", "ü"]),
    ] {
        let found: Vec<&str> = statements(text).iter().map(|statement| statement.text).collect();
        assert_eq!(found, want, "case: {text}");
        for statement in statements(text) {
            assert!(text.get(statement.offset..).unwrap().starts_with(statement.text));
        }
    }
}

#[test]
fn tokens_leave_out_blanks_and_comments() {
    let found: Vec<&str> =
        tokens("@id(\"a b\") // x\npermit(a1::\"x\")when{1<=22};").map(|token| token.text).collect();
    let want = [
        "@", "id", "(", "\"a b\"", ")", "permit", "(", "a1", ":", ":", "\"x\"", ")", "when", "{", "1", "<",
        "=", "22", "}", ";",
    ];
    assert_eq!(found, want);
}

#[test]
fn annotations_are_found_where_they_are() {
    let text = "@id(\"@no\") // @no\n@mode(\"x\")\npermit();";
    let found: Vec<(&str, usize)> =
        annotation_keys(text).map(|(key, offset)| (key, line_of(text, offset))).collect();
    assert_eq!(found, [("id", 1), ("mode", 2)]);
}
