//! Putting a bundle in force: one that is sent, or one that is in the store already.

use std::collections::BTreeMap;

use futures_util::future::join;
use portcullis_ledger::UnixMillis;
use portcullis_policy::{
    Bundle, BundleDigest, PolicyDigest, PolicyId, PolicySet, Reasons, Serial, SignedBundle, Target,
};
use portcullis_release::{CHUNK_BYTES, Done, Effect, Entry, Lost, MAX_BUNDLE_BYTES, Push, Refused, open};
use portcullis_settings::PolicySource;
use serde_json::{Value, json};

use crate::active::Active;
use crate::body;
use crate::control::{Objection, on_all};
use crate::exchange::Exchange;
use crate::ports::{Ports, StoreError};
use crate::record::{self, End};
use crate::refusal::Refusal;
use crate::webhooks;

/// The longest envelope, in bytes.
const ENVELOPE_BYTES: usize = 4096;
/// How many serials may be passed over, one after the other.
const CLAIMS: u64 = 256;

/// Puts a bundle in force that comes with its envelope.
pub(super) async fn push<P: Ports>(x: &mut Exchange<P>, mut body: P::Body) -> Result<Value, Refusal> {
    let reasons = on_all(x, Target::Configure)?;
    let bytes = read(x, &mut body, ENVELOPE_BYTES + 1 + MAX_BUNDLE_BYTES).await?;
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(Objection::Malformed)?;
    let (envelope, rest) = bytes.split_at_checked(end).ok_or(Objection::Malformed)?;
    let envelope = SignedBundle::parse(envelope).map_err(Objection::from)?;
    believe(x, &envelope)?;
    let bundle = rest.get(1..).unwrap_or_default().to_vec();
    let bundle = Bundle::verify(bundle).map_err(Objection::from)?;
    put_in_force(x, envelope, bundle, &reasons).await
}

/// Puts a bundle in force that was before: its envelope is new, its bytes are in the store.
pub(super) async fn rollback<P: Ports>(x: &mut Exchange<P>, mut body: P::Body) -> Result<Value, Refusal> {
    let reasons = on_all(x, Target::Configure)?;
    let bytes = read(x, &mut body, ENVELOPE_BYTES).await?;
    let envelope = SignedBundle::parse(&bytes).map_err(Objection::from)?;
    believe(x, &envelope)?;
    let bundle = stored(x, envelope.bundle()).await?;
    put_in_force(x, envelope, bundle, &reasons).await
}

async fn read<P: Ports>(x: &mut Exchange<P>, body: &mut P::Body, limit: usize) -> Result<Vec<u8>, Refusal> {
    let bytes = body::read(&*x.ports, body, limit, x.gateway.settings().limits.body_time).await?;
    x.request_bytes = bytes.len().try_into().unwrap_or(u64::MAX);
    Ok(bytes)
}

/// Nothing is looked at that nobody vouches for.
fn believe<P: Ports>(x: &Exchange<P>, envelope: &SignedBundle) -> Result<(), Objection> {
    envelope.verify_signature(|id| x.gateway.releases.trusted.key(id))?;
    let (found, minimum) = (envelope.serial(), x.gateway.settings().policy.minimum_serial);
    if found < Serial(minimum) {
        return Err(Refused::BelowMinimum { found, minimum }.into());
    }
    Ok(())
}

/// A bundle in the store. How long it is is not known; its last chunk is shorter than the others.
async fn stored<P: Ports>(x: &Exchange<P>, digest: BundleDigest) -> Result<Bundle, Refusal> {
    let mut bytes = Vec::new();
    for index in 0.. {
        let chunk = x.ports.get(&x.gateway.releases.keys.chunk(digest, index)).await?.unwrap_or_default();
        bytes.extend_from_slice(&chunk);
        if chunk.len() < CHUNK_BYTES || bytes.len() > MAX_BUNDLE_BYTES {
            break;
        }
    }
    let bundle = Bundle::verify(bytes).ok().filter(|bundle| bundle.digest() == digest);
    bundle.ok_or_else(|| Objection::NotStored(digest).into())
}

async fn put_in_force<P: Ports>(
    x: &mut Exchange<P>,
    envelope: SignedBundle,
    bundle: Bundle,
    reasons: &Reasons,
) -> Result<Value, Refusal> {
    let (serial, digest) = (envelope.serial(), bundle.digest());
    envelope.verify_bundle(digest).map_err(Objection::from)?;
    let set = open(digest, vec![Some(bundle.as_bytes().to_vec())], true).map_err(Objection::from)?;
    let active =
        Active::of_bundle(set).map_err(|unusable| Objection::from(Refused::Section(unusable.to_string())))?;
    let passed = place(x, serial).await?;
    let previous = previous(x);
    let told = json!({
        "serial": serial.0, "bundle": digest.to_string(), "key_id": envelope.key_id().to_string(),
        "previous": previous.clone(),
    });
    let method = x.deed.unwrap_or_default();
    let record = record::administrative(x, (method, &digest.to_string()), &told, reasons).await?;
    let length = bundle.as_bytes().len();
    let entry = Entry { envelope, by: by(x)?, at: UnixMillis(x.ports.now()), length };
    let mut push = Push::new(&x.gateway.releases.keys, &bundle, &entry, &passed);
    let pushed = perform(&*x.ports, &mut push).await;
    let refusal = pushed.map_err(|lost| Refusal::from(Objection::from(lost)));
    let end = match &refusal {
        Ok(()) => End::Answered { failed: false, text: String::new() },
        Err(refusal) => End::Refused(refusal),
    };
    let is_pushed = refusal.is_ok();
    let others = async {
        if is_pushed {
            webhooks::of_push(x, &entry).await;
        }
    };
    let (closed, ()) = join(record.close_here(x, end), others).await;
    closed.map_err(Refusal::Withheld)?;
    refusal?;
    let [added, changed, removed] = differences(x.active.policies(), active.policies());
    let is_in_force = x.gateway.settings().policy.source == PolicySource::Pushed;
    // This instance need not wait for its next look. Whether it can look at all is not the pusher's concern.
    _ = x.gateway.look(&*x.ports).await;
    Ok(json!({
        "serial": serial.0, "digest": digest.to_string(), "previous": previous, "in_force": is_in_force,
        "added": added, "changed": changed, "removed": removed,
    }))
}

/// Who pushes, as policies name them.
fn by<P: Ports>(x: &Exchange<P>) -> Result<String, Refusal> {
    Ok(x.caller()?.principal().id().to_string())
}

/// What is in force until the push has ended.
fn previous<P: Ports>(x: &Exchange<P>) -> Value {
    let serial = x.active.release().map(|entry| entry.envelope.serial().0);
    json!({ "serial": serial, "digest": x.active.policies().bundle_digest().to_string() })
}

/// Whether the serial is the next one, and which others have been claimed before it without an entry.
async fn place<P: Ports>(x: &Exchange<P>, serial: Serial) -> Result<Vec<Serial>, Refusal> {
    let (reached, passed, next) = next(x).await?;
    serial.follows(Some(reached)).map_err(Objection::from)?;
    match serial == next {
        true => Ok(passed),
        false => Err(Objection::NotNext { found: serial, next }.into()),
    }
}

/// The last serial that has an entry, those after it that are claimed or too low, and the one after these.
pub(super) async fn next<P: Ports>(x: &Exchange<P>) -> Result<(Serial, Vec<Serial>, Serial), Refusal> {
    let (gateway, ports) = (&x.gateway, &*x.ports);
    let reached = gateway.search(ports).await?.reached();
    let mut passed = Vec::new();
    let minimum = Serial(gateway.settings().policy.minimum_serial);
    for ahead in 1..=CLAIMS {
        let serial = Serial(reached.0.saturating_add(ahead));
        // Adding 0 is how a counter is read.
        if serial >= minimum && ports.increment(&gateway.releases.keys.claim(serial), 0)? == 0 {
            return Ok((reached, passed, serial));
        }
        passed.push(serial);
    }
    Err(Objection::TooManyClaims.into())
}

/// Does what is to be done, one step after the other.
async fn perform<P: Ports>(ports: &P, push: &mut Push<'_>) -> Result<(), Lost> {
    loop {
        let done = match push.next() {
            None => return Ok(()),
            Some(Effect::Claim(key)) => claim(ports, &key).await.map_or(Done::Failed, Done::Counted),
            Some(Effect::Set(key, value)) => {
                ports.set(&key, value).await.map_or(Done::Failed, |()| Done::Written)
            }
        };
        push.done(done)?;
    }
}

/// Some stores make a counter when it is first added to, and some then forget what was added; so 0 comes first.
async fn claim<P: Ports>(ports: &P, key: &str) -> Result<u64, StoreError> {
    ports.increment(key, 0)?;
    ports.increment(key, 1)
}

/// The ids of the policies that only the new set has, that mean something else in it, and that only the old one has.
fn differences(old: &PolicySet, new: &PolicySet) -> [Vec<String>; 3] {
    let old: BTreeMap<PolicyId, PolicyDigest> = old.ids().collect();
    let new: BTreeMap<PolicyId, PolicyDigest> = new.ids().collect();
    let ids = |ids: &mut dyn Iterator<Item = &PolicyId>| ids.map(ToString::to_string).collect::<Vec<_>>();
    let differs = |id: &&PolicyId| old.get(*id).is_some_and(|digest| new.get(*id) != Some(digest));
    [
        ids(&mut new.keys().filter(|id| !old.contains_key(*id))),
        ids(&mut new.keys().filter(differs)),
        ids(&mut old.keys().filter(|id| !new.contains_key(*id))),
    ]
}
