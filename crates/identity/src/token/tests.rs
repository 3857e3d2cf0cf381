use super::{BearerToken, TokenError};

#[test]
fn only_the_bearer_scheme_carries_a_token() {
    for (header, want) in [
        ("Bearer abc", Ok(3)),
        ("bearer abc", Ok(3)),
        ("BEARER  abc", Ok(3)),
        ("Bearer a.b_c-d~e+f/g==", Ok(15)),
        ("Bearer", Err(TokenError::NotBearer)),
        ("", Err(TokenError::NotBearer)),
        ("Basic abc", Err(TokenError::NotBearer)),
        ("DPoP abc", Err(TokenError::NotBearer)),
        ("Bearer ", Err(TokenError::Characters)),
        ("Bearer a b", Err(TokenError::Characters)),
        ("Bearer a, Bearer b", Err(TokenError::Characters)),
        ("Bearer a=b", Err(TokenError::Characters)),
        ("Bearer aaaaaaaaaaaaaaaaa", Err(TokenError::TooLong { limit: 16 })),
    ] {
        let got = BearerToken::from_header(header, 16).map(|token| token.as_bytes().len());
        assert_eq!(got, want, "case: {header}");
    }
}

#[test]
fn debug_does_not_show_a_token() {
    let token = BearerToken::parse("s3cret.s3cret.s3cret", 100).unwrap();
    assert_eq!(format!("{token:?}"), "BearerToken(… 20 bytes)");
}
