use proptest::prelude::*;

use super::*;

const STREAM: &str = "\u{feff}: hello\r\nid: 1\r\ndata:\r\n\r\nevent: message\rid:2\rdata: {\"a\":1}\r\rretry: 500\ndata: x\ndata:  y\nfoo: bar\n\ndata: cut";

fn want() -> Vec<Item> {
    let event = |kind: Option<&str>, id: Option<&str>, retry, data: &str| {
        Item::Event(Event {
            kind: kind.map(Into::into),
            id: id.map(Into::into),
            retry,
            data: Some(data.into()),
        })
    };
    vec![
        Item::Comment,
        event(None, Some("1"), None, ""),
        event(Some("message"), Some("2"), None, "{\"a\":1}"),
        event(None, None, Some(500), "x\n y"),
    ]
}

fn decode(chunks: &[&[u8]]) -> Vec<Item> {
    let mut decoder = Decoder::new(1000);
    chunks.iter().flat_map(|chunk| decoder.push(chunk).unwrap()).collect()
}

#[test]
fn reads_all_line_ends_and_fields() {
    assert_eq!(decode(&[STREAM.as_bytes()]), want());
}

#[test]
fn where_chunks_are_cut_changes_nothing() {
    let bytes = STREAM.as_bytes();
    for first in 0..bytes.len() {
        for second in first..bytes.len() {
            let chunks = [&bytes[..first], &bytes[first..second], &bytes[second..]];
            assert_eq!(decode(&chunks), want(), "cut at {first} and {second}");
        }
    }
}

#[test]
fn an_event_over_the_limit_is_refused_however_it_is_cut() {
    for chunk in [1, 7, 64] {
        let text = format!("data: {}\ndata: {}\n\n", "a".repeat(40), "b".repeat(40));
        let mut decoder = Decoder::new(80);
        let outcome: Result<Vec<_>, _> =
            text.as_bytes().chunks(chunk).map(|part| decoder.push(part)).collect();
        assert_eq!(outcome, Err(SseError::TooLarge { limit: 80 }));
    }
}

#[test]
fn many_small_events_and_comments_do_not_add_up_to_the_limit() {
    let mut decoder = Decoder::new(80);
    for _ in 0..1000 {
        assert_eq!(decoder.push(b": keep-alive\n\ndata: x\n\n").unwrap().len(), 2);
    }
}

#[test]
fn bytes_that_are_not_text_are_refused() {
    assert_eq!(Decoder::new(80).push(b"data: \xff\n\n"), Err(SseError::NotUtf8));
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        kind in prop::option::of("[a-z/]{1,8}"), id in prop::option::of("[ -~]{1,8}"),
        retry in prop::option::of(any::<u64>()), data in "[^\r\0]{0,40}",
    ) {
        let id = id.map(|id: String| id.trim_start().to_owned());
        let event = Event { kind, id, retry, data: Some(data) };
        prop_assert_eq!(Decoder::new(1000).push(&event.to_bytes()).unwrap(), vec![Item::Event(event)]);
    }
}
