//! Values for the tests of this crate.

use std::num::NonZeroU8;
use std::time::Duration;

use portcullis_identity::PrincipalKind;
use portcullis_identity::seal::Sealer;
use portcullis_ledger::{KeyedDigest, UnixMillis};
use portcullis_settings::Secret;

use crate::digest::ContentDigest;
use crate::id::{Generation, RequestId};
use crate::person::{ActorName, Requester};
use crate::request::{Asked, Context, MaskedText, Operation, Request, Subject};
use crate::requirement::{Coverage, PolicyRef, Requirement, Requirements};
use crate::vault::Vault;

pub(crate) const NOW: UnixMillis = UnixMillis(1_787_480_130_123);

pub(crate) fn after(seconds: u64) -> UnixMillis {
    UnixMillis(NOW.0 + seconds * 1000)
}

pub(crate) fn vault() -> Vault {
    let secret = Secret::new("0123456789abcdef0123456789abcdef".to_owned());
    Vault::new("gateway".parse().unwrap(), Sealer::new(&secret, &[]))
}

/// Asks this many people of a group, for 15 minutes.
pub(crate) fn requirement(policy: &str, group: &str, approvers: u8, coverage: Coverage) -> Requirement {
    Requirement {
        policy: PolicyRef { id: policy.parse().unwrap(), digest: ContentDigest::from_bytes([1; 32]) },
        group: group.parse().unwrap(),
        approvers: NonZeroU8::new(approvers).unwrap(),
        ttl: Duration::from_secs(900),
        coverage,
    }
}

pub(crate) fn operation() -> Operation {
    Operation {
        requester: Requester {
            id: "okta|ada".parse().unwrap(),
            kind: PrincipalKind::User,
            actors: vec![ActorName {
                issuer: Some("https://ci.example".to_owned()),
                subject: "bot".to_owned(),
            }],
        },
        connection: "billing".parse().unwrap(),
        method: "tools/call".to_owned(),
        name: "refund".to_owned(),
        arguments: KeyedDigest::new([2; 32]),
        definition: Some(ContentDigest::from_bytes([3; 32])),
    }
}

pub(crate) fn request(requirements: Vec<Requirement>) -> Request {
    Request {
        id: RequestId { subject: KeyedDigest::new([4; 32]), generation: Generation::FIRST },
        asked: Asked {
            subject: Subject::Call(operation()),
            requirements: Requirements::new(requirements).unwrap(),
        },
        created: NOW,
        context: Context {
            arguments: MaskedText::of(r#"{"amount":"[pii.amount]"}"#),
            labels: ["pii.card".to_owned()].into(),
            reasons: vec!["refunds over 1000 need finance".to_owned()],
            note: Some("the customer called".parse().unwrap()),
        },
    }
}
