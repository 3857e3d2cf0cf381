//! Signatures as Standard Webhooks 1.0 has them: HMAC-SHA256 over id, time and body.

use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, Mac as _};
use portcullis_ledger::UnixMillis;
use portcullis_settings::{Webhook, WebhookSecret};
use sha2::Sha256;

use crate::stored::MessageId;

/// What a receiver checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headers {
    /// `webhook-id`: the same at every attempt, so that a receiver can tell doubles.
    pub id: String,
    /// `webhook-timestamp`: when the attempt is made, in seconds.
    pub timestamp: String,
    /// `webhook-signature`: one for each secret, the current one's first.
    pub signature: String,
}

/// The headers of an attempt.
#[must_use]
pub fn headers(webhook: &Webhook, id: &MessageId, now: UnixMillis, body: &str) -> Headers {
    let timestamp = (now.0 / 1000).to_string();
    let signed = format!("{}.{timestamp}.{body}", id.as_str());
    let secrets = std::iter::once(&webhook.secret).chain(&webhook.previous_secret);
    let signatures: Vec<String> = secrets.map(|secret| signature(secret, &signed)).collect();
    Headers { id: id.as_str().to_owned(), timestamp, signature: signatures.join(" ") }
}

fn signature(secret: &WebhookSecret, signed: &str) -> String {
    // HMAC takes a key of any length.
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose()).map(|mac| mac.chain_update(signed));
    let tag = mac.map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default();
    format!("v1,{}", Base64::encode_string(&tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(previous: Option<&str>) -> Webhook {
        Webhook {
            url: "https://hooks.example.com".parse().unwrap(),
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap(),
            previous_secret: previous.map(|secret| secret.parse().unwrap()),
            events: [].into(),
            connections: [].into(),
        }
    }

    /// The literals come from `hmac` and `hashlib` of Python; the first one is that of the specification too.
    #[test]
    fn signatures_are_those_of_the_specification() {
        let id = MessageId::named("msg_p5jXN8AQM9LWM0D4loKWxJek");
        let now = UnixMillis(1_614_265_330_999);
        let body = r#"{"test": 2432232314}"#;
        let signed = headers(&webhook(None), &id, now, body);
        assert_eq!(
            (signed.id.as_str(), signed.timestamp.as_str()),
            ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330")
        );
        assert_eq!(signed.signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let both =
            headers(&webhook(Some("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")), &id, now, body);
        assert_eq!(
            both.signature,
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,O4Gjv1HqPqsMrjmczoggs/sWA8gZD0VyHG+fLh4+ktI="
        );
    }
}
