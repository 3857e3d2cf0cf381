//! Registries of packages and images.

use super::Part::{Run, Text};
use super::alphabet::Alphabet::{Alphanumeric, Base64Url, Hex, LowerAlphanumeric};
use super::{Check, OPEN, Token};
use crate::catalog;

pub(super) const TOKENS: &[Token] = &[
    Token::new(catalog::TOKEN_ARTIFACTORY, &[Text("AKCp"), Run(Alphanumeric, 65, 75)]),
    Token::new(catalog::TOKEN_ARTIFACTORY, &[Text("cmVmdGtuO"), Run(Alphanumeric, 55, 55)]),
    Token::new(catalog::TOKEN_CLOJARS, &[Text("CLOJARS_"), Run(Hex, 60, 60)]),
    Token::near(catalog::TOKEN_CLOUDSMITH, &["cloudsmith"], &[Run(Hex, 40, 40)]),
    Token::new(catalog::TOKEN_CRATES, &[Text("cio"), Run(Alphanumeric, 32, 32)]),
    Token::new(catalog::TOKEN_CRATES, &[Text("cio_tp_"), Run(Alphanumeric, 32, 32)]),
    Token::new(catalog::TOKEN_DOCKER, &[Text("dckr_pat_"), Run(Base64Url, 27, 32)]),
    Token::new(catalog::TOKEN_DOCKER, &[Text("dckr_oat_"), Run(Base64Url, 27, 32)]),
    Token::near(catalog::TOKEN_GEMFURY, &["gemfury", "fury"], &[Run(Alphanumeric, 20, 20)]),
    Token::new(
        catalog::TOKEN_NEXUS,
        &[
            Text("NpmToken."),
            Run(Hex, 8, 8),
            Text("-"),
            Run(Hex, 4, 4),
            Text("-"),
            Run(Hex, 4, 4),
            Text("-"),
            Run(Hex, 4, 4),
            Text("-"),
            Run(Hex, 12, 12),
        ],
    ),
    Token::new(catalog::TOKEN_NPM, &[Text("npm_"), Run(Alphanumeric, 36, 36)]).checked(Check::Crc32Base62),
    Token::new(catalog::TOKEN_NUGET, &[Text("oy2"), Run(LowerAlphanumeric, 43, 43)]),
    Token::new(catalog::TOKEN_PACKAGIST, &[Text("packagist_ort_"), Run(Hex, 68, 68)]),
    Token::new(catalog::TOKEN_PACKAGIST, &[Text("packagist_uut_"), Run(Hex, 68, 68)]),
    Token::new(catalog::TOKEN_PACKAGIST, &[Text("packagist_ack_"), Run(Hex, 68, 68)]),
    Token::new(catalog::TOKEN_PYPI, &[Text("pypi-AgEIcHlwaS5vcmc"), Run(Base64Url, 50, OPEN)]),
    Token::new(catalog::TOKEN_PYPI, &[Text("pypi-AgENdGVzdC5weXBpLm9yZw"), Run(Base64Url, 50, OPEN)]),
    Token::new(catalog::TOKEN_RUBYGEMS, &[Text("rubygems_"), Run(Hex, 48, 48)]),
];
