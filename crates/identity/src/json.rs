//! JSON objects from strangers, read so that no two readers can disagree about them.
//!
//! A repeated name is refused at any depth: one reader would take the first value, another the last. Depth is
//! bounded by the parser's own limit. Not here: MCP messages (`portcullis-mcp` has its own reader).

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Reads one JSON object without repeated names and with nothing after it.
pub(crate) fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    // Two passes, since `Value` keeps only the last of two equal names.
    serde_json::from_slice::<Distinct>(bytes).ok()?;
    serde_json::from_slice(bytes).ok()
}

/// Any JSON value whose objects have distinct names.
struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DistinctVisitor)
    }
}

struct DistinctVisitor;

impl<'de> Visitor<'de> for DistinctVisitor {
    type Value = Distinct;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated names")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_str<E>(self, _: &str) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_unit<E>(self) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Distinct, A::Error> {
        while items.next_element::<Distinct>()?.is_some() {}
        Ok(Distinct)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Distinct, A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = entries.next_key::<String>()? {
            if !names.insert(name) {
                entries.next_value::<IgnoredAny>()?;
                return Err(A::Error::custom("repeated name"));
            }
            entries.next_value::<Distinct>()?;
        }
        Ok(Distinct)
    }
}

#[cfg(test)]
mod tests {
    use super::object;

    #[test]
    fn repeated_names_are_refused_at_any_depth() {
        for good in
            [r#"{}"#, r#"{"a":1,"b":[{"a":1},{"a":2.5e3}],"c":null,"d":true,"e":-1}"#, r#" {"é":""} "#]
        {
            assert!(object(good.as_bytes()).is_some(), "case: {good}");
        }
        for bad in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"b":[{"a":1,"a":2}]}"#,
            r#"{"a":1} x"#,
            r#"{"a":1}{}"#,
            r#"[]"#,
            r#""#,
            r#"{"a":1,}"#,
            r#"{"a":NaN}"#,
        ] {
            assert!(object(bad.as_bytes()).is_none(), "case: {bad}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_without_a_crash() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(object(deep.as_bytes()).is_none());
    }
}
