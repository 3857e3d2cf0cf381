//! Source hosts and what hosts write beside the source.

use super::Part::{Run, Text};
use super::alphabet::Alphabet::{Alphanumeric, Base64, Base64Url, Hex, LowerAlphanumeric};
use super::{Check, OPEN, Token};
use crate::catalog;

pub(super) const TOKENS: &[Token] = &[
    Token::new(catalog::TOKEN_ATLASSIAN, &[Text("ATATT3"), Run(Base64Url, 150, OPEN)]),
    Token::new(catalog::TOKEN_ATLASSIAN, &[Text("ATCTT3"), Run(Base64Url, 150, OPEN)]),
    Token::near(catalog::TOKEN_ATLASSIAN, &["jira", "atlassian", "confluence"], &[Run(Alphanumeric, 24, 24)]),
    Token::new(catalog::TOKEN_BITBUCKET, &[Text("ATBB"), Run(Alphanumeric, 32, 32)]),
    Token::new(catalog::TOKEN_BITBUCKET, &[Text("BBDC-"), Run(Base64, 44, 44)]),
    Token::near(catalog::TOKEN_BITBUCKET, &["bitbucket"], &[Run(Alphanumeric, 32, 32)]),
    Token::near(catalog::TOKEN_GITEA, &["gitea", "forgejo", "codeberg", "gogs"], &[Run(Hex, 40, 40)]),
    Token::new(catalog::TOKEN_GITHUB, &[Text("ghp_"), Run(Alphanumeric, 36, 36)]).checked(Check::Crc32Base62),
    Token::new(catalog::TOKEN_GITHUB, &[Text("gho_"), Run(Alphanumeric, 36, 36)]).checked(Check::Crc32Base62),
    Token::new(catalog::TOKEN_GITHUB, &[Text("ghu_"), Run(Alphanumeric, 36, 36)]).checked(Check::Crc32Base62),
    Token::new(catalog::TOKEN_GITHUB, &[Text("ghs_"), Run(Alphanumeric, 36, 36)]).checked(Check::Crc32Base62),
    Token::new(catalog::TOKEN_GITHUB, &[Text("ghr_"), Run(Alphanumeric, 36, 36)]).checked(Check::Crc32Base62),
    Token::new(catalog::TOKEN_GITHUB, &[Text("ghr_"), Run(Alphanumeric, 76, 76)]),
    Token::new(
        catalog::TOKEN_GITHUB,
        &[Text("github_pat_"), Run(Alphanumeric, 22, 22), Text("_"), Run(Alphanumeric, 59, 59)],
    ),
    Token::new(catalog::TOKEN_GITLAB, &[Text("glpat-"), Run(Base64Url, 20, 20)]),
    Token::new(
        catalog::TOKEN_GITLAB,
        &[
            Text("glpat-"),
            Run(Base64Url, 27, 300),
            Text("."),
            Run(LowerAlphanumeric, 2, 2),
            Run(LowerAlphanumeric, 7, 7),
        ],
    )
    .checked(Check::Crc32Base36),
    Token::new(
        catalog::TOKEN_GITLAB,
        &[Text("glpat-"), Run(Base64Url, 27, 300), Text(".01."), Run(LowerAlphanumeric, 9, 9)],
    )
    .checked(Check::Crc32Base36),
    Token::new(catalog::TOKEN_GITLAB, &[Text("glptt-"), Run(Hex, 40, 40)]),
    Token::new(catalog::TOKEN_GITLAB, &[Text("gldt-"), Run(Base64Url, 20, 20)]),
    Token::new(catalog::TOKEN_GITLAB, &[Text("glrt-"), Run(Base64Url, 20, 20)]),
    Token::new(catalog::TOKEN_GITLAB, &[Text("glrtr-"), Run(Base64Url, 20, 20)]),
    Token::new(catalog::TOKEN_GITLAB, &[Text("glcbt-"), Run(Hex, 1, 5), Text("_"), Run(Base64Url, 20, 20)]),
    Token::new(catalog::TOKEN_GITLAB, &[Text("glft-"), Run(Base64Url, 20, 20)]),
    Token::new(catalog::TOKEN_GITLAB, &[Text("glffct-"), Run(Base64Url, 20, 20)]),
    Token::new(catalog::TOKEN_GITLAB, &[Text("glsoat-"), Run(Base64Url, 20, 20)]),
    Token::new(catalog::TOKEN_GITLAB, &[Text("glagent-"), Run(Base64Url, 50, 50)]),
    Token::new(catalog::TOKEN_GITLAB, &[Text("glimt-"), Run(Base64Url, 25, 25)]),
    Token::new(catalog::TOKEN_GITLAB, &[Text("gloas-"), Run(Hex, 64, 64)]),
    Token::new(catalog::TOKEN_GITLAB, &[Text("GR1348941"), Run(Base64Url, 20, 20)]),
    Token::near(
        catalog::TOKEN_PHABRICATOR,
        &["phabricator", "conduit"],
        &[Text("api-"), Run(LowerAlphanumeric, 28, 28)],
    ),
    Token::near(
        catalog::TOKEN_PHABRICATOR,
        &["phabricator", "conduit"],
        &[Text("cli-"), Run(LowerAlphanumeric, 28, 28)],
    ),
    Token::new(catalog::TOKEN_SOURCEGRAPH, &[Text("sgp_"), Run(Hex, 40, 40)]),
    Token::new(catalog::TOKEN_SOURCEGRAPH, &[Text("sgp_"), Run(Hex, 16, 16), Text("_"), Run(Hex, 40, 40)]),
    Token::new(catalog::TOKEN_SOURCEGRAPH, &[Text("sgp_local_"), Run(Hex, 40, 40)]),
    Token::new(catalog::TOKEN_SOURCEGRAPH, &[Text("slk_"), Run(Hex, 64, 64)]),
    Token::new(catalog::TOKEN_SOURCEGRAPH, &[Text("sgd_"), Run(Hex, 64, 64)]),
];
