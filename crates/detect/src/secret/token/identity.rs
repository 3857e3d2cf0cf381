//! Who somebody is, and where they meet others.

use super::Part::{Run, Text};
use super::alphabet::Alphabet::{Alphanumeric, Base64Url, Hex, UrlEncoded};
use super::{OPEN, Token};
use crate::catalog;

pub(super) const TOKENS: &[Token] = &[
    Token::near(catalog::TOKEN_AUTH0, &["auth0"], &[Run(Base64Url, 64, 64)]),
    Token::near(catalog::TOKEN_DUO, &["duo", "duosecurity"], &[Run(Alphanumeric, 40, 40)]),
    Token::new(catalog::TOKEN_FACEBOOK, &[Text("EAACEdEose0cBA"), Run(Alphanumeric, 20, OPEN)]),
    Token::new(catalog::TOKEN_FACEBOOK, &[Text("EAAC"), Run(Alphanumeric, 100, OPEN)]),
    Token::new(catalog::TOKEN_FACEBOOK, &[Text("EAAM"), Run(Alphanumeric, 100, OPEN)]),
    Token::near(catalog::TOKEN_FACEBOOK, &["facebook", "fb"], &[Run(Hex, 32, 32)]),
    Token::new(catalog::TOKEN_INSTAGRAM, &[Text("IGQV"), Run(Base64Url, 100, OPEN)]),
    Token::new(catalog::TOKEN_JUMPCLOUD, &[Text("jca_"), Run(Alphanumeric, 36, 36)]),
    Token::near(catalog::TOKEN_JUMPCLOUD, &["jumpcloud"], &[Run(Hex, 40, 40)]),
    Token::new(catalog::TOKEN_LINKEDIN, &[Text("WPL_AP1."), Run(Alphanumeric, 16, 16)]),
    Token::near(catalog::TOKEN_LINKEDIN, &["linkedin"], &[Run(Alphanumeric, 16, 16)]),
    Token::near(catalog::TOKEN_OKTA, &["okta"], &[Text("00"), Run(Base64Url, 40, 40)]),
    Token::near(catalog::TOKEN_ONELOGIN, &["onelogin"], &[Run(Hex, 64, 64)]),
    Token::new(catalog::TOKEN_PINTEREST, &[Text("pina_"), Run(Alphanumeric, 32, 100)]),
    Token::near(catalog::TOKEN_REDDIT, &["reddit"], &[Run(Base64Url, 27, 30)]),
    Token::near(catalog::TOKEN_SPOTIFY, &["spotify"], &[Run(Hex, 32, 32)]),
    Token::near(catalog::TOKEN_STRAVA, &["strava"], &[Run(Hex, 40, 40)]),
    Token::new(catalog::TOKEN_STYTCH, &[Text("secret-live-"), Run(Base64Url, 36, 36), Text("=")]),
    Token::new(catalog::TOKEN_STYTCH, &[Text("secret-test-"), Run(Base64Url, 36, 36), Text("=")]),
    Token::new(catalog::TOKEN_TWITTER, &[Text("AAAAAAAAAAAAAAAAAAAAA"), Run(UrlEncoded, 80, 110)]),
    Token::near(catalog::TOKEN_TWITTER, &["twitter"], &[Run(Alphanumeric, 50, 50)]),
    Token::new(catalog::TOKEN_YAHOO, &[Text("dj0yJmk9"), Run(Alphanumeric, 60, 100)]),
];
