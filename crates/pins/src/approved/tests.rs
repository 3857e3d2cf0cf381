use portcullis_mcp::json::{self, Bounds};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::definition::Definition;

fn name(text: &str) -> ConnectionName {
    text.parse().unwrap()
}

fn item(text: &str) -> Object<'static> {
    json::parse(text.as_bytes(), Bounds::answer(32)).unwrap().as_object().unwrap().clone().into_owned()
}

fn pins(connection: &str, members: &str) -> Pins {
    let text = format!(r#"{{"version":1,"connection":"{connection}",{members}}}"#);
    Pins::parse(&name(connection), &text).unwrap()
}

/// Tools and templates of one connection, tools and prompts of another, and a third that pins no tool.
fn some() -> Vec<Pins> {
    vec![
        pins(
            "crm",
            r#""tools":[{"name":"b","title":"B","inputSchema":{"type":"object","maximum":1.50}},{"name":"a"}],
               "resourceTemplates":[{"uriTemplate":"crm://{id}","name":"one"}]"#,
        ),
        pins("billing", r#""prompts":[],"tools":[{"inputSchema":true,"name":"b"}]"#),
        pins("wiki", r#""tools":[]"#),
    ]
}

/// Every question that the tests ask.
fn questions() -> Vec<(&'static str, Kind, &'static str)> {
    let items = [
        r#"{"title":"B","inputSchema":{"maximum":1.50,"type":"object"},"name":"b"}"#,
        r#"{"name":"b","title":"b","inputSchema":{"type":"object","maximum":1.5}}"#,
        r#"{"name":"b","inputSchema":true}"#,
        r#"{"name":"a"}"#,
        r#"{"name":""}"#,
        r#"{"name":"zzz"}"#,
        r#"{"title":"no name"}"#,
        r#"{"name":"one","uriTemplate":"crm://{id}"}"#,
    ];
    let connections = ["billing", "crm", "unheard-of", "wiki"];
    let all = connections.into_iter().flat_map(|connection| Kind::ALL.map(|kind| (connection, kind)));
    all.flat_map(|(connection, kind)| items.map(|item| (connection, kind, item))).collect()
}

fn standings(approved: &Approved) -> Vec<Standing> {
    let one = |(connection, kind, text): &(&str, Kind, &str)| {
        approved.standing(&name(connection), *kind, &item(text))
    };
    questions().iter().map(one).collect()
}

#[test]
fn the_compiled_form_says_what_the_files_say() {
    let files = some();
    let approved = Approved::from_bytes(Approved::of(&files).to_bytes()).unwrap();
    for (connection, kind, text) in questions() {
        let (item, connection) = (item(text), name(connection));
        let of_file = files.iter().find(|pins| *pins.connection() == connection);
        // A connection without a file has nothing approved.
        let want = of_file.map_or(Standing::Unknown, |pins| pins.standing(kind, &item));
        assert_eq!(approved.standing(&connection, kind, &item), want, "{connection} {kind:?} {text}");
        let digest =
            item.get_str(kind.key()).and_then(|name| of_file?.get(kind, name)).map(Definition::digest);
        let found = item.get_str(kind.key()).and_then(|name| approved.digest(&connection, kind, name));
        assert_eq!(found, digest, "{connection} {kind:?} {text}");
    }
    assert!(approved.has_pins(&name("wiki")) && !approved.has_pins(&name("unheard-of")));
    assert_eq!(approved.pin(&name("crm"), Kind::Prompt, "b"), Pin::Unpinned);
    assert_eq!(approved.pin(&name("billing"), Kind::Prompt, "b"), Pin::Missing);
}

#[test]
fn a_change_is_named_by_its_path() {
    let approved = Approved::of(&some());
    let live = item(r#"{"name":"b","title":"b","inputSchema":{"type":"object","x":1,"maximum":1.50}}"#);
    let want = Standing::Changed(vec!["inputSchema.x".to_owned(), "title".to_owned()]);
    assert_eq!(approved.standing(&name("crm"), Kind::Tool, &live), want);
}

#[test]
fn the_schema_of_a_tool_is_read_as_it_was_pinned() {
    let approved = Approved::of(&some());
    for (connection, tool, want) in [
        ("crm", "b", Some(r#"{"type":"object","maximum":1.50}"#)),
        ("crm", "a", None),
        ("billing", "b", Some("true")),
        ("billing", "a", None),
        ("unheard-of", "b", None),
    ] {
        assert_eq!(approved.input_schema(&name(connection), tool), Ok(want), "{connection} {tool}");
    }
}

#[test]
fn the_last_pins_of_a_connection_count_and_order_does_not() {
    let (one, other) = (pins("crm", r#""tools":[]"#), pins("crm", r#""tools":[{"name":"a"}]"#));
    assert!(Approved::of([&one, &other]).digest(&name("crm"), Kind::Tool, "a").is_some());
    assert!(Approved::of([&other, &one]).digest(&name("crm"), Kind::Tool, "a").is_none());
    let (mut files, bytes) = (some(), Approved::of(&some()).to_bytes());
    files.reverse();
    assert_eq!(Approved::of(&files).to_bytes(), bytes);
}

#[test]
fn what_is_no_such_form_is_refused() {
    let bytes = Approved::of(&some()).to_bytes();
    let with = |at: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = byte;
        bytes
    };
    for (name, bytes, want) in [
        ("something else", b"{\"version\":1}".to_vec(), ApprovedError::NotApproved),
        ("a later format", with(8, 2), ApprovedError::NewerFormat { found: 2 }),
        ("no format", with(8, 0), ApprovedError::Damaged),
        ("a digest of something else", with(12, bytes[12] ^ 1), ApprovedError::Damaged),
        ("more than all", [&bytes[..], b" "].concat(), ApprovedError::Damaged),
        ("nothing", Vec::new(), ApprovedError::Truncated),
    ] {
        assert_eq!(Approved::from_bytes(bytes), Err(want), "{name}");
    }
    for end in 0..bytes.len() {
        assert_eq!(Approved::from_bytes(bytes[..end].to_vec()), Err(ApprovedError::Truncated), "{end}");
    }
    assert_eq!(
        ApprovedError::NewerFormat { found: 7 }.to_string(),
        "the approved definitions have format 7 and this version reads up to format 1: upgrade the gateway first, \
         or build them with the gateway's own version"
    );
}

/// Of every byte. The texts say nothing about what is approved, and a damaged one says nothing at all.
#[test]
fn a_flipped_bit_never_approves_and_never_gives_another_schema() {
    let approved = Approved::of(&some());
    let (bytes, before) = (approved.to_bytes(), standings(&approved));
    let is_changed = |standing: &Standing| matches!(standing, Standing::Changed(_));
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << bit;
            let Ok(damaged) = Approved::from_bytes(bytes) else { continue };
            assert!(approved.layout.texts().contains(&at), "byte {at} is neither checked nor text");
            for (now, before) in standings(&damaged).iter().zip(&before) {
                assert!(
                    now == before || is_changed(now) && is_changed(before),
                    "byte {at}: {now:?}, {before:?}"
                );
            }
            for (connection, tool) in [("crm", "a"), ("crm", "b"), ("billing", "b")] {
                let schema = damaged.input_schema(&name(connection), tool);
                let want = approved.input_schema(&name(connection), tool);
                assert!(schema == want || schema == Err(ApprovedError::Damaged), "byte {at}: {schema:?}");
            }
        }
    }
}

/// A thousand tools with schemas of a kilobyte: what an instance reads before its first request.
#[test]
fn opening_reads_the_head_and_no_text() {
    let mut many = Pins::new(name("crm"), [Kind::Tool]);
    for number in 0..1000 {
        let text = format!(r#"{{"name":"tool-{number}","inputSchema":"{}"}}"#, "x".repeat(1000));
        many.insert(Definition::of(Kind::Tool, &item(&text)).unwrap());
    }
    let approved = Approved::of([&many]);
    let head = approved.layout.texts().start;
    assert!(head < 100_000, "{head} bytes are hashed");
    assert!(approved.to_bytes().len() > 1_000_000);
    assert!(approved.digest(&name("crm"), Kind::Tool, "tool-999").is_some());
}

/// The bytes with the digest that belongs to their head, whatever it says.
fn resealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let count = |index: usize| {
        let number = bytes[HEAD_START + index * 4..][..4].try_into().unwrap();
        u64::from(u32::from_le_bytes(number))
    };
    let head = 20 + count(0) * 24 + count(1) * 80 + count(2) + count(3);
    let end = HEAD_START + usize::try_from(head).unwrap();
    if let Some(head) = bytes.get(HEAD_START..end) {
        let digest: [u8; 32] = Sha256::digest(head).into();
        bytes[HEAD_START - 32..HEAD_START].copy_from_slice(&digest);
    }
    bytes
}

/// Connections, each with definitions of any kinds under names of any shape.
/// Kind, name and title of each definition, and the kinds that are pinned.
type OfOne = (Vec<(Kind, String, String)>, Vec<Kind>);

fn files() -> impl Strategy<Value = Vec<Pins>> {
    let definition = (prop::sample::select(Kind::ALL.to_vec()), "[a-c./é]{0,3}", "[xy\u{200b}\"]{0,4}");
    let of_one =
        (prop::collection::vec(definition, 0..8), prop::sample::subsequence(Kind::ALL.to_vec(), 0..=4));
    prop::collection::btree_map("[a-d]{1,2}", of_one, 0..4).prop_map(|connections| {
        let pins = |(connection, (definitions, kinds)): (String, OfOne)| {
            let mut pins = Pins::new(name(&connection), kinds);
            for (kind, name, title) in definitions {
                let item = Object::new().with(kind.key(), name).with("title", title);
                pins.insert(Definition::of(kind, &item.with("inputSchema", "s")).unwrap());
            }
            pins
        };
        connections.into_iter().map(pins).collect()
    })
}

proptest! {
    #[test]
    fn any_files_mean_the_same_when_compiled(
        files in files(),
        kind in prop::sample::select(Kind::ALL.to_vec()),
        called in "[a-c./é]{0,3}",
        title in "[xy\u{200b}\"]{0,4}",
        connection in "[a-d]{1,2}",
    ) {
        let approved = Approved::from_bytes(Approved::of(&files).to_bytes()).unwrap();
        let all: Vec<(ConnectionName, Kind, Object<'static>)> = files
            .iter()
            .flat_map(|pins| pins.kinds().flat_map(move |kind| pins.of(kind).into_iter().flatten().map(move |(_, one)| {
                (pins.connection().clone(), kind, one.members().clone())
            })))
            .collect();
        for (connection, kind, item) in all {
            prop_assert_eq!(approved.standing(&connection, kind, &item), Standing::Approved);
            if kind == Kind::Tool {
                let tool = item.get_str("name").unwrap();
                prop_assert_eq!(approved.input_schema(&connection, tool), Ok(Some("\"s\"")));
            }
        }
        let item = Object::new().with(kind.key(), called).with("title", title).with("inputSchema", "s");
        let connection = name(&connection);
        let of_file = files.iter().find(|pins| *pins.connection() == connection);
        let want = of_file.map_or(Standing::Unknown, |pins| pins.standing(kind, &item));
        prop_assert_eq!(approved.standing(&connection, kind, &item), want);
    }

    #[test]
    fn any_bytes_can_be_opened_and_asked_without_harm(
        at: prop::sample::Index,
        with in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        // A head of anyone's making, with the digest that belongs to it.
        let mut bytes = Approved::of(&some()).to_bytes();
        let start = HEAD_START + at.index(bytes.len() - HEAD_START);
        bytes.iter_mut().skip(start).zip(&with).for_each(|(to, from)| *to = *from);
        let bytes = resealed(bytes);
        if let Ok(approved) = Approved::from_bytes(bytes) {
            standings(&approved);
            let _ = approved.input_schema(&name("crm"), "b");
        }
    }
}
