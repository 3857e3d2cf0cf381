use portcullis_settings::Draft;
use serde_json::{Value, json};

use super::{
    AnswerError, Endpoints, EndpointsError, SecretPlace, SignIn, access_token, basic, error_code, form,
};

const ISSUER: &str = "https://idp.example.com";

/// A client with these lines in its table.
fn client(lines: &str) -> SignIn {
    let text = format!(
        "public_url = \"https://gw\"\nsecret_key = \"0123456789abcdef0123456789abcdef\"\n[issuers.demo]\n\
         issuer = \"{ISSUER}\"\n[console]\nissuers = [\"demo\"]\n[console.sign_in]\nissuer = \"demo\"\n\
         client_id = \"page\"\n{lines}"
    );
    let values = [("secret".parse().unwrap(), "hush".to_owned())].into();
    Draft::parse(&text, "t").unwrap().resolve(&values).unwrap().sign_in.unwrap()
}

/// A good document, with some members replaced, or (null) left out.
fn document(issuer: &str, changes: &Value) -> Vec<u8> {
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
        "token_endpoint": format!("{issuer}/token"),
        "response_types_supported": ["code", "id_token"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => _ = document.as_object_mut().unwrap().remove(name),
            value @ (Value::Array(_)
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Object(_)
            | Value::String(_)) => {
                document[name] = value.clone();
            }
        }
    }
    document.to_string().into_bytes()
}

fn parse(issuer: &str, changes: &Value, lines: &str) -> Result<Endpoints, EndpointsError> {
    Endpoints::parse(&document(issuer, changes), &issuer.parse().unwrap(), &client(lines))
}

#[test]
fn a_document_says_where_people_go_and_where_codes_go() {
    let found = parse(ISSUER, &json!({}), "").unwrap();
    assert_eq!(found.authorization.as_str(), "https://idp.example.com/authorize?tenant=1");
    assert_eq!(found.token.as_str(), "https://idp.example.com/token");
    assert!(found.names_issuer);
    // RFC 9207: what is not said is `false`, and nothing but `true` is.
    for value in [Value::Null, json!(false), json!("true")] {
        let changes = json!({"authorization_response_iss_parameter_supported": value});
        assert!(!parse(ISSUER, &changes, "").unwrap().names_issuer, "{changes}");
    }
}

#[test]
fn documents_with_which_nobody_signs_in() {
    let near = "http://127.0.0.1:9000";
    let url = EndpointsError::Url;
    for (issuer, changes, want) in [
        (ISSUER, json!({"issuer": "https://evil"}), EndpointsError::Issuer),
        (ISSUER, json!({"issuer": format!("{ISSUER}/")}), EndpointsError::Issuer),
        (ISSUER, json!({"authorization_endpoint": null}), url("authorization_endpoint")),
        (
            ISSUER,
            json!({"authorization_endpoint": "http://idp.example.com/a"}),
            url("authorization_endpoint"),
        ),
        (ISSUER, json!({"authorization_endpoint": "javascript:alert(1)"}), url("authorization_endpoint")),
        (
            ISSUER,
            json!({"authorization_endpoint": "https://idp.example.com/a#b"}),
            url("authorization_endpoint"),
        ),
        (ISSUER, json!({"token_endpoint": ["https://idp.example.com/token"]}), url("token_endpoint")),
        // An issuer elsewhere must not send us to a service on this machine in plain text.
        (ISSUER, json!({"token_endpoint": "http://127.0.0.1/token"}), url("token_endpoint")),
        (ISSUER, json!({"token_endpoint": "http://keys.spin.internal/token"}), url("token_endpoint")),
        (near, json!({"token_endpoint": "http://10.0.0.1/token"}), url("token_endpoint")),
        (near, json!({"token_endpoint": "http://keys.spin.internal/token"}), url("token_endpoint")),
        (ISSUER, json!({"response_types_supported": ["id_token"]}), EndpointsError::NoCode),
        (ISSUER, json!({"code_challenge_methods_supported": null}), EndpointsError::Pkce { is_silent: true }),
        (
            ISSUER,
            json!({"code_challenge_methods_supported": ["plain"]}),
            EndpointsError::Pkce { is_silent: false },
        ),
        (
            ISSUER,
            json!({"code_challenge_methods_supported": "S256"}),
            EndpointsError::Pkce { is_silent: false },
        ),
    ] {
        assert_eq!(parse(issuer, &changes, "").err(), Some(want), "case: {issuer} {changes}");
    }
    let read = |bytes: &[u8]| Endpoints::parse(bytes, &ISSUER.parse().unwrap(), &client("")).err();
    assert_eq!(read(b"[]"), Some(EndpointsError::Json));
    assert_eq!(read(br#"{"issuer":"a","issuer":"b"}"#), Some(EndpointsError::Json));
    assert_eq!(read(&document(ISSUER, &json!({"pad": "x".repeat(256 << 10)}))), Some(EndpointsError::Json));
    assert!(parse(near, &json!({}), "").is_ok(), "an issuer on this machine may use plain HTTP");
}

#[test]
fn pkce_is_taken_for_granted_only_where_the_settings_say_so_and_nothing_speaks_against_it() {
    let lines = "assume_pkce = true";
    assert!(parse(ISSUER, &json!({"code_challenge_methods_supported": null}), lines).is_ok());
    let plain = parse(ISSUER, &json!({"code_challenge_methods_supported": ["plain"]}), lines);
    assert_eq!(plain.err(), Some(EndpointsError::Pkce { is_silent: false }));
}

#[test]
fn a_secret_goes_where_the_issuer_takes_it() {
    let secret = "client_secret = \"{{ secret }}\"";
    let methods = |list: &Value| json!({"token_endpoint_auth_methods_supported": list});
    for (list, lines, want) in [
        (json!(null), secret, Ok(SecretPlace::Header)),
        (json!(["client_secret_post", "client_secret_basic"]), secret, Ok(SecretPlace::Header)),
        (json!(["client_secret_post", "none"]), secret, Ok(SecretPlace::Form)),
        (json!(["private_key_jwt"]), secret, Err(EndpointsError::ClientSecret)),
        (json!(["none"]), "", Ok(SecretPlace::Header)),
    ] {
        let found = parse(ISSUER, &methods(&list), lines).map(|endpoints| endpoints.secret);
        assert_eq!(found, want, "case: {list}");
    }
}

#[test]
fn only_a_bearer_token_is_taken_out_of_an_answer() {
    for (answer, want) in [
        (r#"{"access_token":"a.b.c","token_type":"Bearer","id_token":"d"}"#, Ok("a.b.c")),
        (r#"{"access_token":"opaque","token_type":"bearer"}"#, Ok("opaque")),
        (r#"{"access_token":"a","token_type":"DPoP"}"#, Err(AnswerError::NotBearer)),
        (r#"{"access_token":"a"}"#, Err(AnswerError::NotBearer)),
        (r#"{"id_token":"a.b.c","token_type":"Bearer"}"#, Err(AnswerError::NoToken)),
        (r#"{"access_token":"","token_type":"Bearer"}"#, Err(AnswerError::NoToken)),
        (r#"{"access_token":"a\r\nb","token_type":"Bearer"}"#, Err(AnswerError::NoToken)),
        (r#"{"access_token":"a","access_token":"b","token_type":"Bearer"}"#, Err(AnswerError::Json)),
        ("access_token=a&token_type=bearer", Err(AnswerError::Json)),
    ] {
        let found = access_token(answer.as_bytes());
        assert_eq!(
            found.as_ref().map(portcullis_settings::Secret::expose),
            want.as_ref().copied(),
            "{answer}"
        );
    }
}

#[test]
fn of_an_error_only_words_that_everybody_knows_are_told() {
    for (answer, want) in [
        (r#"{"error":"invalid_grant","error_description":"code abc is used"}"#, "invalid_grant"),
        (r#"{"error":"code abc is used"}"#, "nothing that OAuth knows"),
        ("<html>", "nothing that OAuth knows"),
    ] {
        assert_eq!(error_code(answer.as_bytes()), want, "{answer}");
    }
}

#[test]
fn values_are_written_so_that_they_cannot_become_fields() {
    let fields = [("code", "a&client_id=other"), ("redirect_uri", "https://gw/a b+c"), ("empty", "")];
    assert_eq!(form(&fields), "code=a%26client_id%3Dother&redirect_uri=https%3A%2F%2Fgw%2Fa%20b%2Bc&empty=");
    // `a:b` and `c` must not be read as `a` and `b:c`.
    assert_eq!(
        basic("a:b", &portcullis_settings::Secret::new("c/".to_owned())).expose(),
        "Basic YSUzQWI6YyUyRg=="
    );
}
