//! JSON Schemas as small as they can be: what a policy engine and a person both read at a glance.
//!
//! Numeric `format`s (`uint32`, `double`) are Rust's, not JSON Schema's, and `default: null` says nothing; both go.

use std::sync::Arc;

use rmcp::model::JsonObject;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// The schema of what a tool accepts.
pub(super) fn input<T: JsonSchema>() -> Arc<JsonObject> {
    object::<T>(SchemaSettings::draft2020_12())
}

/// The schema of what a tool returns.
pub(super) fn output<T: JsonSchema>() -> Arc<JsonObject> {
    object::<T>(SchemaSettings::draft2020_12().for_serialize())
}

fn object<T: JsonSchema>(settings: SchemaSettings) -> Arc<JsonObject> {
    // Inlined: a reader finds each type where it is used, and there is no reference to resolve.
    let settings = settings.with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    RecursiveTransform(plain).transform(&mut schema);
    let mut object = schema.to_value().as_object().cloned().unwrap_or_default();
    object.remove("title");
    object.remove("description");
    Arc::new(object)
}

fn plain(schema: &mut Schema) {
    let numeric = matches!(schema.get("type").and_then(Value::as_str), Some("integer" | "number"));
    if numeric {
        schema.remove("format");
    }
    if schema.get("default") == Some(&Value::Null) {
        schema.remove("default");
    }
}
