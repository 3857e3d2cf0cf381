//! `portcullis policy push` and `rollback`: sign what is to be in force, and put it there.

use std::time::SystemTime;

use anyhow::{Context as _, anyhow, bail};
use http::{Method, StatusCode};
use portcullis_identity::UnixSeconds;
use portcullis_policy::{BundleDigest, KeyId, Serial, SignedBundle, SigningKey};
use serde_json::Value;

use super::arguments::{Push, Rollback, Signer};
use super::{SecretKey, bundle};
use crate::exit::Exit;
use crate::remote::{Body, Gateway, Refused, Remote};
use crate::trial::folder::Folder;
use crate::trial::problem::{Reader, refuse};
use crate::up::{DEMO_KEY_FILE, DEMO_KEY_ID};
use crate::{check, terminal};

/// How often it is tried when somebody else pushes at the same time.
const ATTEMPTS: usize = 5;
const PATH: &str = "/api/policy";

/// Checks, signs and pushes the policies of a folder; exit code 3 if something is wrong with them.
pub(super) async fn push(arguments: &Push) -> anyhow::Result<Exit> {
    let reader = Reader::of(arguments.gateway.json);
    let checked = check::check(&arguments.folder)?;
    checked.tell_warnings();
    if !checked.problems.is_empty() {
        return Ok(refuse(&checked.problems, reader));
    }
    let bundle = match bundle::of(&Folder::read(&arguments.folder)?) {
        Ok(bundle) => bundle,
        Err(problems) => return Ok(refuse(&problems, reader)),
    };
    let signer = Key::of(&arguments.signer, &arguments.gateway)?;
    let remote = Remote::find(&arguments.gateway).await?;
    let body = |envelope: &SignedBundle| {
        Body::Bytes([envelope.to_json().as_bytes(), b"\n", bundle.as_bytes()].concat())
    };
    let done = signer.put_in_force(&remote, bundle.digest(), PATH, body).await?;
    told(done, reader)
}

/// Puts policies back in force that were before.
pub(super) async fn rollback(arguments: &Rollback) -> anyhow::Result<Exit> {
    let reader = Reader::of(arguments.gateway.json);
    let signer = Key::of(&arguments.signer, &arguments.gateway)?;
    let remote = Remote::find(&arguments.gateway).await?;
    let status = match remote.ask(Method::GET, PATH, Body::None).await? {
        Ok(status) => status,
        Err(refused) => return told(Err(refused), reader),
    };
    let digest = before(&status, arguments.serial)?;
    let body = |envelope: &SignedBundle| Body::Json(envelope.to_json());
    let done = signer.put_in_force(&remote, digest, "/api/policy/rollback", body).await?;
    told(done, reader)
}

/// The bundle to go back to.
fn before(status: &Value, serial: Option<u64>) -> anyhow::Result<BundleDigest> {
    let active = status.pointer("/active/digest").and_then(Value::as_str).unwrap_or_default();
    let number = |entry: &Value| entry.get("serial").and_then(Value::as_u64);
    let in_force = status.pointer("/active/entry").and_then(number);
    let mut usable =
        status.get("entries").and_then(Value::as_array).into_iter().flatten().filter_map(|entry| {
            let digest = entry.get("digest")?.as_str()?;
            Some((number(entry)?, digest, BundleDigest::parse(digest)?))
        });
    let found = match serial {
        Some(serial) => usable.find(|(number, ..)| *number == serial),
        None => {
            usable.find(|(number, digest, _)| in_force.is_some_and(|now| *number < now) && *digest != active)
        }
    };
    let missing = || match serial {
        Some(serial) => anyhow!("serial {serial} is not among the last ten that were pushed"),
        None => anyhow!("nothing else was pushed before: name a serial, or push the files"),
    };
    found.map(|(.., digest)| digest).ok_or_else(missing)
}

/// Who vouches.
struct Key {
    id: KeyId,
    key: SigningKey,
}

impl Key {
    fn of(signer: &Signer, gateway: &Gateway) -> anyhow::Result<Self> {
        let (file, id) = match (&signer.key, &signer.key_id, gateway.persona) {
            (Some(file), Some(id), _) => (file.clone(), id.as_str()),
            (_, _, Some(_)) => (gateway.state_dir.join(DEMO_KEY_FILE), DEMO_KEY_ID),
            _ => bail!("say who signs: `--key FILE --key-id NAME`"),
        };
        let id = KeyId::parse(id).with_context(|| format!("`{id}` is no name of a key"))?;
        Ok(Self { id, key: SecretKey::read(&file)?.signing_key() })
    }

    /// Signs for the next serial and sends it; once more if somebody else was faster.
    async fn put_in_force(
        &self,
        remote: &Remote,
        digest: BundleDigest,
        path: &str,
        body: impl Fn(&SignedBundle) -> Body,
    ) -> anyhow::Result<Result<Value, Refused>> {
        let mut lost = None;
        for _ in 0..ATTEMPTS {
            let status = match remote.ask(Method::GET, PATH, Body::None).await? {
                Ok(status) => status,
                Err(refused) => return Ok(Err(refused)),
            };
            let next = status.get("next_serial").and_then(Value::as_u64);
            let serial = Serial(next.context("the gateway does not say which serial is the next one")?);
            let envelope = SignedBundle::sign_digest(digest, (serial, now()?), (self.id.clone(), &self.key));
            match remote.ask(Method::POST, path, body(&envelope)).await? {
                Err(refused) if refused.status == StatusCode::CONFLICT => lost = Some(refused),
                answer => return Ok(answer),
            }
        }
        lost.map(Err).context("nothing was tried")
    }
}

fn told(done: Result<Value, Refused>, reader: Reader) -> anyhow::Result<Exit> {
    let answer = match done {
        Ok(answer) => answer,
        Err(refused) => return Ok(refused.tell(reader)),
    };
    if reader == Reader::Script {
        terminal::line(&terminal::json(&answer));
        return Ok(Exit::Ok);
    }
    let text = |member: &str| answer.get(member).and_then(Value::as_str).unwrap_or_default();
    let serial = answer.get("serial").and_then(Value::as_u64).unwrap_or_default();
    terminal::line(&format!("serial {serial}, {}", text("digest")));
    for kind in ["added", "changed", "removed"] {
        for id in answer.get(kind).and_then(Value::as_array).into_iter().flatten() {
            terminal::line(&format!("  {kind:8} {}", id.as_str().unwrap_or_default()));
        }
    }
    match answer.get("in_force").and_then(Value::as_bool) {
        Some(true) => terminal::line("in force everywhere within a second"),
        Some(false) | None => terminal::line(
            "NOT in force: the settings say `source = \"files\"`, so the mounted files are; remove that to use it",
        ),
    }
    Ok(Exit::Ok)
}

#[expect(clippy::disallowed_methods, reason = "the command line owns the clock")]
fn now() -> anyhow::Result<UnixSeconds> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Ok(UnixSeconds(since.context("the clock is before 1970")?.as_secs()))
}
