//! The stored form of drift.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::parts::id;
use super::{Readable, cut};
use crate::drift::Drift;
use crate::error::DecodeError;
use crate::excerpt::Excerpt;
use crate::id::UnixMillis;
use crate::json::Object;
use crate::record::Stored;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Form {
    #[serde(rename = "v")]
    _v: IgnoredAny,
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    id: String,
    at: u64,
    connection: String,
    defines: String,
    name: String,
    pinned: Option<String>,
    live: Option<String>,
    setting: String,
    #[serde(default)]
    changed: Vec<String>,
    approval: Option<String>,
}

impl Stored for Drift {
    const KIND: &'static str = "drift";

    fn write(&self, object: &mut Object) {
        // Every field is named, so that a new one cannot be forgotten here.
        let Self { id, at, connection, kind, name, pinned, live, setting, changed, approval } = self;
        object.string("id", &id.to_string());
        object.plain("at", at.0);
        object.string("connection", connection);
        object.string("defines", kind);
        object.string("name", name);
        object.optional_string("pinned", pinned.as_deref());
        object.optional_string("live", live.as_deref());
        object.string("setting", setting);
        object.strings("changed", changed);
        object.optional_string("approval", approval.as_deref());
    }

    fn body(&mut self) -> Option<&mut Excerpt> {
        None
    }

    fn cut_names(&mut self) {
        let Self { id: _, at: _, connection, kind, name, pinned, live, setting, changed, approval } = self;
        cut::string(connection);
        cut::string(kind);
        cut::string(name);
        cut::optional(pinned);
        cut::optional(live);
        cut::string(setting);
        cut::list(changed);
        cut::optional(approval);
    }
}

impl Readable for Drift {
    type Form = Form;
}

impl TryFrom<Form> for Drift {
    type Error = DecodeError;

    fn try_from(form: Form) -> Result<Self, DecodeError> {
        Ok(Self {
            id: id(&form.id)?,
            at: UnixMillis(form.at),
            connection: form.connection,
            kind: form.defines,
            name: form.name,
            pinned: form.pinned,
            live: form.live,
            setting: form.setting,
            changed: form.changed,
            approval: form.approval,
        })
    }
}
