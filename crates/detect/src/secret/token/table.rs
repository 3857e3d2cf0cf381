//! The services, with the prefixes and lengths that their documentation or their own scanners publish.

use super::{Body, Token};
use crate::catalog;

pub(super) const TOKENS: &[Token] = &[
    Token { class: catalog::TOKEN_GITHUB, prefix: "ghp_", body: Body::Alphanumeric, length: (36, 36) },
    Token { class: catalog::TOKEN_GITHUB, prefix: "github_pat_", body: Body::Base64Url, length: (82, 82) },
];
