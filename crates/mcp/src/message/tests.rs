use super::*;
use crate::json::{Bounds, parse};

fn outcome(text: &str) -> String {
    match Message::try_from(parse(text.as_bytes(), Bounds::request(16)).unwrap()) {
        Ok(message) => String::from_utf8(message.to_bytes()).unwrap(),
        Err(error) => format!("refused: {error}"),
    }
}

#[test]
fn messages_survive_a_round_trip() {
    for text in [
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"x"}}"#,
        r#"{"jsonrpc":"2.0","id":12345678901234567890123,"method":"ping","params":{}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no","data":[1]}}"#,
    ] {
        assert_eq!(outcome(text), text);
    }
}

#[test]
fn what_is_not_a_message_is_refused() {
    for (text, want) in [
        ("[]", "refused: a batch is not accepted"),
        ("1", "refused: a message is an object"),
        (r#"{"id":1,"method":"ping"}"#, "refused: `jsonrpc` must be \"2.0\""),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, "refused: `jsonrpc` must be \"2.0\""),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, "refused: `id` must be a string or a number"),
        (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, "refused: `id` must be a string or a number"),
        (r#"{"jsonrpc":"2.0","id":1,"method":1}"#, "refused: `method` has the wrong type"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"a","params":[]}"#, "refused: `params` has the wrong type"),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"a","result":{}}"#,
            "refused: not a request, notification or response",
        ),
        (r#"{"jsonrpc":"2.0","id":1,"result":[]}"#, "refused: `result` has the wrong type"),
        (
            r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#,
            "refused: not a request, notification or response",
        ),
        (r#"{"jsonrpc":"2.0","id":1,"error":{"code":"x"}}"#, "refused: `error` has the wrong type"),
        (r#"{"jsonrpc":"2.0"}"#, "refused: not a request, notification or response"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","extra":"x"}"#, "refused: unknown member in the message"),
    ] {
        assert_eq!(outcome(text), want, "text: {text}");
    }
}

#[test]
fn an_error_without_a_readable_id_is_still_an_answer() {
    let text = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"bad"}}"#;
    assert_eq!(outcome(text), r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"bad"}}"#);
}

#[test]
fn an_answer_is_known_by_the_value_of_its_id() {
    let id = |text: &str| {
        RequestId::try_from(parse(text.as_bytes(), Bounds::answer(4)).unwrap().into_owned()).unwrap()
    };
    for (answer, request, want) in [
        ("1", "1", true),
        ("1", "1.0", true),
        ("1.00", "1.0", true),
        ("0", "-0.0", true),
        ("1.5", "1.5", true),
        ("9007199254740993", "9007199254740993", true),
        (r#""a""#, r#""a""#, true),
        ("1", "2", false),
        ("-1", "1", false),
        ("1", "1.5", false),
        ("9007199254740992", "9007199254740992.0", false),
        (r#""1""#, "1", false),
        ("1", r#""1""#, false),
        (r#""a""#, r#""A""#, false),
    ] {
        assert_eq!(id(answer).answers(&id(request)), want, "{answer} {request}");
    }
}
