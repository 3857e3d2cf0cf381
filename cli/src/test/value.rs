//! TOML values as the JSON that a client would send.

use portcullis_mcp::json::{self, Bounds, Json, Object};
use toml::de::DeValue;

/// Reads a text as JSON, with the bounds of a request.
pub(super) fn parse(text: &str, depth: usize) -> Result<Json<'static>, String> {
    let parsed = json::parse(text.as_bytes(), Bounds::request(depth)).map(Json::into_owned);
    parsed.map_err(|error| format!("not JSON that the gateway takes: {error}"))
}

/// The same value in JSON. A number keeps its digits.
pub(super) fn json(value: &DeValue<'_>, depth: usize) -> Result<Json<'static>, String> {
    let Some(inner) = depth.checked_sub(1) else {
        return Err("it is nested deeper than a request may be".to_owned());
    };
    Ok(match value {
        DeValue::Boolean(flag) => Json::Bool(*flag),
        DeValue::String(text) => Json::from(text.to_string()),
        DeValue::Integer(integer) => number(&integer.to_string())?,
        DeValue::Float(float) => number(float.as_str())?,
        DeValue::Array(items) => {
            Json::Array(items.iter().map(|item| json(item.get_ref(), inner)).collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => {
            let mut object = Object::new();
            for (key, value) in table.iter() {
                object.insert(key.as_ref().to_string(), json(value.get_ref(), inner)?);
            }
            Json::Object(object)
        }
        DeValue::Datetime(time) => {
            return Err(format!("JSON has no times: write \"{time}\" if a text is meant"));
        }
    })
}

/// What a value is, for messages.
pub(super) const fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// TOML has numbers that JSON has not: `0xff`, `inf`, `nan`.
fn number(text: &str) -> Result<Json<'static>, String> {
    let plain = text.strip_prefix('+').unwrap_or(text);
    match json::parse(plain.as_bytes(), Bounds::request(1)) {
        Ok(number @ Json::Number(_)) => Ok(number.into_owned()),
        Ok(_) | Err(_) => Err(format!("`{text}` is not a number in JSON")),
    }
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::*;

    #[test]
    fn values_are_what_a_client_would_send() {
        for (toml, want) in [
            ("x = 1", Some(r#"{"x":1}"#)),
            ("x = +1_000", Some(r#"{"x":1000}"#)),
            ("x = 123456789012345678901234567890", Some(r#"{"x":123456789012345678901234567890}"#)),
            ("x = 99.50", Some(r#"{"x":99.50}"#)),
            ("x = [true, \"a\", { y = {} }]", Some(r#"{"x":[true,"a",{"y":{}}]}"#)),
            ("x = 0xff", None),
            ("x = nan", None),
            ("x = 2026-03-02", None),
            ("x = [[[[[[[[1]]]]]]]]", None),
        ] {
            let table = DeTable::parse(toml).unwrap();
            let value = json(&DeValue::Table(table.into_inner()), 8).map(|json| json.to_string());
            assert_eq!(value.ok().as_deref(), want, "case: {toml}");
        }
    }
}
