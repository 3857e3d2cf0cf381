//! Mail and marketing.

use super::Part::{Run, Text};
use super::Token;
use super::alphabet::Alphabet::{Alphanumeric, Base64Url, Digit, Dotted, Hex, LowerAlphanumeric};
use crate::catalog;

pub(super) const TOKENS: &[Token] = &[
    Token::near(catalog::TOKEN_ACTIVECAMPAIGN, &["activecampaign"], &[Run(Hex, 72, 72)]),
    Token::new(
        catalog::TOKEN_BREVO,
        &[Text("xkeysib-"), Run(Hex, 64, 64), Text("-"), Run(Alphanumeric, 16, 16)],
    ),
    Token::new(
        catalog::TOKEN_BREVO,
        &[Text("xsmtpsib-"), Run(Hex, 64, 64), Text("-"), Run(Alphanumeric, 16, 16)],
    ),
    Token::near(catalog::TOKEN_CUSTOMERIO, &["customerio"], &[Run(Hex, 32, 32)]),
    Token::near(catalog::TOKEN_FRESHDESK, &["freshdesk"], &[Run(Alphanumeric, 20, 20)]),
    Token::new(
        catalog::TOKEN_HUBSPOT,
        &[
            Text("pat-na1-"),
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
    Token::new(
        catalog::TOKEN_HUBSPOT,
        &[
            Text("pat-na2-"),
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
    Token::new(
        catalog::TOKEN_HUBSPOT,
        &[
            Text("pat-eu1-"),
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
    Token::near(
        catalog::TOKEN_HUBSPOT,
        &["hubspot"],
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
    Token::near(catalog::TOKEN_ITERABLE, &["iterable"], &[Run(Hex, 32, 32)]),
    Token::new(catalog::TOKEN_KLAVIYO, &[Text("pk_"), Run(Hex, 34, 34)]),
    Token::new(catalog::TOKEN_MAILCHIMP, &[Run(Hex, 32, 32), Text("-us"), Run(Digit, 1, 2)]),
    Token::near(catalog::TOKEN_MAILGUN, &["mailgun"], &[Text("key-"), Run(LowerAlphanumeric, 32, 32)]),
    Token::near(
        catalog::TOKEN_MAILGUN,
        &["mailgun"],
        &[Run(Hex, 32, 32), Text("-"), Run(Hex, 8, 8), Text("-"), Run(Hex, 8, 8)],
    ),
    Token::near(catalog::TOKEN_MAILJET, &["mailjet"], &[Run(Hex, 32, 32)]),
    Token::near(catalog::TOKEN_MANDRILL, &["mandrill"], &[Text("md-"), Run(Base64Url, 22, 22)]),
    Token::new(catalog::TOKEN_ONESIGNAL, &[Text("os_v2_app_"), Run(LowerAlphanumeric, 100, 120)]),
    Token::near(catalog::TOKEN_ONESIGNAL, &["onesignal"], &[Run(Alphanumeric, 48, 48)]),
    Token::near(catalog::TOKEN_PIPEDRIVE, &["pipedrive"], &[Run(Hex, 40, 40)]),
    Token::near(
        catalog::TOKEN_POSTMARK,
        &["postmark"],
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
    Token::near(catalog::TOKEN_PUSHOVER, &["pushover"], &[Run(LowerAlphanumeric, 30, 30)]),
    Token::new(
        catalog::TOKEN_RESEND,
        &[Text("re_"), Run(Alphanumeric, 8, 8), Text("_"), Run(Alphanumeric, 24, 24)],
    ),
    Token::new(catalog::TOKEN_SALESFORCE, &[Run(Alphanumeric, 15, 15), Text("!AQ"), Run(Dotted, 80, 130)]),
    Token::new(catalog::TOKEN_SALESFORCE, &[Run(Alphanumeric, 18, 18), Text("!AQ"), Run(Dotted, 80, 130)]),
    Token::new(
        catalog::TOKEN_SENDGRID,
        &[Text("SG."), Run(Base64Url, 22, 22), Text("."), Run(Base64Url, 43, 43)],
    ),
    Token::near(catalog::TOKEN_SPARKPOST, &["sparkpost"], &[Run(Hex, 40, 40)]),
    Token::new(catalog::TOKEN_TYPEFORM, &[Text("tfp_"), Run(Dotted, 40, 59)]),
    Token::near(catalog::TOKEN_ZENDESK, &["zendesk"], &[Run(Alphanumeric, 40, 40)]),
];
