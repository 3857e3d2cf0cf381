//! Databases and what holds data.

use super::Part::{Run, Text};
use super::Token;
use super::alphabet::Alphabet::{Alphanumeric, Base64, Base64Url, Digit, Dotted, Hex, LowerAlphanumeric};
use crate::catalog;

pub(super) const TOKENS: &[Token] = &[
    Token::new(
        catalog::TOKEN_AIRTABLE,
        &[Text("pat"), Run(Alphanumeric, 14, 14), Text("."), Run(Hex, 64, 64)],
    ),
    Token::near(catalog::TOKEN_AIRTABLE, &["airtable"], &[Text("key"), Run(Alphanumeric, 14, 14)]),
    Token::new(catalog::TOKEN_AIVEN, &[Text("AVNS_"), Run(Base64Url, 15, 25)]),
    Token::near(catalog::TOKEN_ALGOLIA, &["algolia"], &[Run(Hex, 32, 32)]),
    Token::new(
        catalog::TOKEN_ASTRA,
        &[Text("AstraCS"), Text(":"), Run(Alphanumeric, 24, 24), Text(":"), Run(Hex, 64, 64)],
    ),
    Token::new(catalog::TOKEN_CLICKHOUSE, &[Text("4b1d"), Run(Alphanumeric, 38, 38)]),
    Token::new(
        catalog::TOKEN_COCKROACH,
        &[Text("CCDB1_"), Run(Alphanumeric, 22, 22), Text("_"), Run(Alphanumeric, 40, 40)],
    ),
    Token::new(catalog::TOKEN_CONFLUENT, &[Text("cflt"), Run(Base64, 60, 60)]),
    Token::near(catalog::TOKEN_CONFLUENT, &["confluent", "kafka"], &[Run(Base64, 64, 64)]),
    Token::new(catalog::TOKEN_CONTENTFUL, &[Text("CFPAT-"), Run(Base64Url, 43, 43)]),
    Token::near(catalog::TOKEN_CONTENTFUL, &["contentful"], &[Run(Base64Url, 43, 43)]),
    Token::new(catalog::TOKEN_DATABRICKS, &[Text("dapi"), Run(Hex, 32, 32)]),
    Token::new(catalog::TOKEN_DATABRICKS, &[Text("dapi"), Run(Hex, 32, 32), Text("-"), Run(Digit, 1, 1)]),
    Token::new(catalog::TOKEN_DBT, &[Text("dbtu_"), Run(Base64Url, 36, 64)]),
    Token::new(catalog::TOKEN_DBT, &[Text("dbtc_"), Run(Base64Url, 36, 64)]),
    Token::near(
        catalog::TOKEN_ELASTIC,
        &["elastic", "elasticsearch", "elasticcloud"],
        &[Run(Base64, 58, 58), Text("==")],
    ),
    Token::new(catalog::TOKEN_FAUNA, &[Text("fnA"), Run(Base64Url, 37, 41)]),
    Token::near(catalog::TOKEN_HASURA, &["hasura"], &[Run(Alphanumeric, 64, 64)]),
    Token::new(catalog::TOKEN_MONGODB, &[Text("mdb_sa_sk_"), Run(Base64Url, 40, 40)]),
    Token::near(
        catalog::TOKEN_MONGODB,
        &["mongodb", "atlas"],
        &[
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
    Token::new(catalog::TOKEN_NEON, &[Text("napi_"), Run(LowerAlphanumeric, 64, 64)]),
    Token::new(catalog::TOKEN_PLANETSCALE, &[Text("pscale_tkn_"), Run(Dotted, 32, 64)]),
    Token::new(catalog::TOKEN_PLANETSCALE, &[Text("pscale_pw_"), Run(Dotted, 32, 64)]),
    Token::new(catalog::TOKEN_PLANETSCALE, &[Text("pscale_oauth_"), Run(Dotted, 32, 64)]),
    Token::near(catalog::TOKEN_SANITY, &["sanity"], &[Text("sk"), Run(Alphanumeric, 78, 200)]),
    Token::new(catalog::TOKEN_SUPABASE, &[Text("sbp_"), Run(Hex, 40, 40)]),
    Token::new(catalog::TOKEN_SUPABASE, &[Text("sbp_v0_"), Run(Hex, 40, 40)]),
    Token::new(
        catalog::TOKEN_SUPABASE,
        &[Text("sb_secret_"), Run(Base64Url, 22, 22), Text("_"), Run(Base64Url, 8, 8)],
    ),
    Token::new(
        catalog::TOKEN_TINYBIRD,
        &[Text("p.eyJ"), Run(Base64Url, 60, 200), Text("."), Run(Base64Url, 43, 43)],
    ),
    Token::new(catalog::TOKEN_XATA, &[Text("xao_"), Run(Alphanumeric, 32, 36)]),
    Token::new(catalog::TOKEN_XATA, &[Text("xau_"), Run(Alphanumeric, 32, 36)]),
];
