//! What is in force, where it comes from, and what is not in force although it was pushed.

use portcullis_policy::{Serial, Target};
use portcullis_release::Entry;
use portcullis_settings::PolicySource;
use serde_json::{Value, json};

use crate::control::on_any;
use crate::control::push::next;
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::refusal::Refusal;

/// How many of the last entries are told.
const TOLD: u64 = 10;

pub(super) async fn status<P: Ports>(x: &mut Exchange<P>) -> Result<Value, Refusal> {
    on_any(x, &[Target::Configure, Target::Review, Target::Audit])?;
    let (reached, _, next) = next(x).await?;
    let last = (0..TOLD).filter_map(|back| reached.0.checked_sub(back)).filter(|serial| *serial > 0);
    let entries = x.gateway.entries(&*x.ports, last.map(Serial)).await?;
    let in_force = x.active.release().map(|entry| entry.envelope.serial());
    let entries: Vec<Value> = entries.iter().map(|(at, bytes)| told(x, *at, bytes, in_force)).collect();
    let source = match x.gateway.settings().policy.source {
        PolicySource::Files => "files",
        PolicySource::Pushed => "pushed",
    };
    Ok(json!({
        "source": source,
        "active": {
            "from": if in_force.is_some() { "pushed" } else { "files" },
            "digest": x.active.policies().bundle_digest().to_string(),
            "entry": x.active.release().map(described),
        },
        "next_serial": next.0,
        "refused": x.gateway.releases.complaint(),
        "entries": entries,
    }))
}

fn told<P: Ports>(x: &Exchange<P>, at: Serial, bytes: &[u8], in_force: Option<Serial>) -> Value {
    match x.gateway.believed(at, bytes) {
        Ok(entry) => {
            let mut told = described(&entry);
            if let Some(members) = told.as_object_mut() {
                members.insert("in_force".to_owned(), (in_force == Some(at)).into());
            }
            told
        }
        Err(refused) => json!({ "serial": at.0, "in_force": false, "refused": refused.to_string() }),
    }
}

fn described(entry: &Entry) -> Value {
    let Entry { envelope, by, at, length } = entry;
    json!({
        "serial": envelope.serial().0, "digest": envelope.bundle().to_string(),
        "key_id": envelope.key_id().to_string(), "by": by, "at": at.0, "length": length,
    })
}
