//! Values that must not be seen, in every way in which they could be written.

use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    Card,
    Credential,
}

impl Secret {
    /// As a person reads it.
    pub(crate) const fn bare(self) -> &'static str {
        match self {
            Self::Card => "4111111111111111",
            // Blanks, hyphens and the like are not read.
            Self::Credential => "q7K+9zR_p4/tW2x",
        }
    }

    pub(crate) const fn placeholder(self) -> &'static str {
        match self {
            Self::Card => "[card]",
            Self::Credential => "[credential]",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Disguise {
    pub(crate) name: &'static str,
    pub(crate) secret: Secret,
    /// As it is in a message.
    pub(crate) literal: String,
}

impl Disguise {
    pub(crate) fn plain(secret: Secret) -> Self {
        Self::text("plain", secret, secret.bare())
    }

    fn text(name: &'static str, secret: Secret, text: &str) -> Self {
        Self { name, secret, literal: Value::from(text).to_string() }
    }

    /// A message with this in every place that takes it.
    pub(crate) fn fill(&self, message: &Value) -> String {
        let is_text = self.literal.starts_with('"');
        let text: String = serde_json::from_str(&self.literal).unwrap_or_default();
        let blob = Value::from(Base64::encode_string(text.as_bytes())).to_string();
        let nothing = "\"kept\"";
        let message = message.to_string();
        let message = message.replace("\"@\"", if is_text { &self.literal } else { nothing });
        let message = message.replace("\"@k\"", if is_text { &self.literal } else { nothing });
        let message = message.replace("\"@n\"", if is_text { "1" } else { &self.literal });
        message.replace("\"@b\"", if is_text { &blob } else { "\"a2VwdA==\"" })
    }
}

/// Every way to write both of them.
pub(crate) fn disguises() -> Vec<Disguise> {
    let card = Secret::Card;
    let digits = "4111111111111111";
    let joined = |sign: &str| -> String {
        let parts: Vec<String> = digits.chars().map(String::from).collect();
        parts.join(sign)
    };
    let wide: String =
        digits.chars().map(|digit| char::from_u32(u32::from(digit) + 0xFEE0).unwrap()).collect();
    let escaped: String = digits.chars().map(|digit| format!("\\u{:04x}", u32::from(digit))).collect();
    let base64 = |text: &str| Base64::encode_string(text.as_bytes());
    let mut all = vec![
        Disguise::text("plain", card, "4111 1111 1111 1111"),
        Disguise::text("in a sentence", card, "pay with 4111-1111-1111-1111, please"),
        Disguise::text("full-width digits", card, &wide),
        Disguise::text("joined by nothing that is seen", card, &joined("\u{200b}")),
        Disguise::text("joined by other nothing", card, &joined("\u{2060}")),
        Disguise::text("soft hyphens", card, &joined("\u{ad}")),
        Disguise::text("a JSON document", card, &format!("{{\"card\":\"{digits}\"}}")),
        Disguise::text("a number of a JSON document", card, &format!("{{\"card\":{digits}}}")),
        Disguise::text("escapes of a JSON document", card, &format!("{{\"card\":\"{escaped}\"}}")),
        Disguise::text(
            "escapes of a JSON document in a JSON document",
            card,
            &Value::from(vec![format!("{{\"card\":\"{}\"}}", escaped)]).to_string(),
        ),
        Disguise::text("what cautious writers escape", card, &format!("[\"{}\"]", joined("\\u00ad"))),
        Disguise { name: "escaped", secret: card, literal: format!("\"{escaped}\"") },
        Disguise::text(
            "a data: URL",
            card,
            &format!("data:text/plain;charset=utf-8;base64,{}", base64(digits)),
        ),
        Disguise::text(
            "a data: URL of JSON with escapes",
            card,
            &format!("data:application/json;base64,{}", base64(&format!("{{\"a\":\"{escaped}\"}}"))),
        ),
        Disguise::text("a data: URL with percent signs", card, "data:text/csv,%34111%201111%201111%201111"),
        Disguise { name: "a number", secret: card, literal: digits.to_owned() },
        Disguise { name: "a number with a point", secret: card, literal: format!("{digits}.0") },
    ];
    let credential = Secret::Credential;
    let bare = credential.bare();
    let hex: String = bare.bytes().map(|byte| format!("{byte:02x}")).collect();
    all.extend([
        Disguise::text("plain", credential, bare),
        Disguise::text("in a header", credential, &format!("authorization: Bearer {bare}")),
        Disguise::text("base64", credential, &base64(bare)),
        Disguise::text("base64 at another place", credential, &base64(&format!("x{bare}"))),
        Disguise::text("base64 for URLs", credential, &Base64UrlUnpadded::encode_string(bare.as_bytes())),
        Disguise::text("hexadecimal", credential, &hex),
        Disguise::text("percent signs", credential, "q7K%2B9zR_p4%2FtW2x"),
        Disguise::text("escapes of JSON", credential, "q7K+9zR_p4\\/tW2x"),
        Disguise::text("a data: URL", credential, &format!("data:;base64,{}", base64(bare))),
    ]);
    all
}
