//! Reading a JSON Schema for the types in it.
//!
//! Each keyword says what values may be. Keywords of one schema hold together (`meet`), alternatives apart (`join`).
//! Where that leaves no one type of Cedar, nothing is said. References are followed within the schema, never around
//! in a circle; the number of steps is bounded, since references can be nested so that a short text has as many
//! paths as one likes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use portcullis_mcp::json::{Json, Object};

use super::{MemberType, RecordType, ValueType};
use crate::number;

/// The type of the values that a schema allows.
pub(super) fn read(schema: &Object<'_>) -> ValueType {
    let mut reader = Reader { root: schema, n_steps: STEPS, open: Vec::new() };
    reader.object(schema, 0).said.into_type()
}

/// What is known of the values that a schema allows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shape {
    said: Said,
    /// Whether `null` is among them. It is left out of a record, so it has no type.
    nullable: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    /// Values of any kind.
    Anything,
    /// No value, but for `null`.
    Nothing,
    /// Values of this type.
    One(ValueType),
}

struct Reader<'s> {
    root: &'s Object<'s>,
    /// How many schemas may still be looked at.
    n_steps: usize,
    /// The references that are being followed.
    open: Vec<&'s str>,
}

impl<'s> Reader<'s> {
    fn schema(&mut self, schema: &'s Json<'s>, depth: usize) -> Shape {
        match schema {
            Json::Object(object) => self.object(object, depth),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                Shape::ANYTHING
            }
        }
    }

    fn object(&mut self, schema: &'s Object<'s>, depth: usize) -> Shape {
        if depth > DEEPEST || self.n_steps == 0 {
            return Shape::ANYTHING;
        }
        self.n_steps -= 1;
        let mut shape = self.described(schema, depth);
        for keyword in ["anyOf", "oneOf"] {
            if let Some(branches) = schema.get(keyword).and_then(Json::as_array) {
                let shapes: Vec<Shape> =
                    branches.iter().map(|branch| self.schema(branch, depth + 1)).collect();
                shape = shape.meet(shapes.into_iter().reduce(Shape::join).unwrap_or(Shape::ANYTHING));
            }
        }
        for branch in schema.get("allOf").and_then(Json::as_array).into_iter().flatten() {
            shape = shape.meet(self.schema(branch, depth + 1));
        }
        if let Some(reference) = schema.get_str("$ref") {
            shape = shape.meet(self.referred(reference, depth + 1));
        }
        shape
    }

    /// What a schema says without its parts that are schemas for the same value.
    fn described(&mut self, schema: &'s Object<'s>, depth: usize) -> Shape {
        match schema.get("type") {
            Some(Json::String(name)) => self.named(name, schema, depth),
            Some(Json::Array(names)) => {
                let shapes: Vec<Shape> = names
                    .iter()
                    .map(|name| self.named(name.as_str().unwrap_or_default(), schema, depth))
                    .collect();
                shapes.into_iter().reduce(Shape::join).unwrap_or(Shape::ANYTHING)
            }
            _ if schema.get("const").is_some() => {
                schema.get("const").map_or(Shape::ANYTHING, Shape::of_value)
            }
            _ => match schema.get("enum").and_then(Json::as_array) {
                Some(values) => Shape::of_values(values),
                None if schema.get("properties").is_some() => self.named("object", schema, depth),
                None if schema.get("items").is_some() => self.named("array", schema, depth),
                None => Shape::ANYTHING,
            },
        }
    }

    fn named(&mut self, name: &str, schema: &'s Object<'s>, depth: usize) -> Shape {
        let one = |value| Shape { said: Said::One(value), nullable: false };
        match name {
            "boolean" => one(ValueType::Bool),
            "integer" => one(ValueType::Long),
            "number" => one(ValueType::Decimal),
            "string" => one(ValueType::String),
            "null" => Shape { said: Said::Nothing, nullable: true },
            "array" => {
                // Items that are told apart by their places have no one type.
                let items = schema.get("items").filter(|_| schema.get("prefixItems").is_none());
                let item = items.map_or(Shape::ANYTHING, |items| self.schema(items, depth + 1));
                // A `null` in an array has no counterpart, whether it may be there or not.
                one(ValueType::Set(Box::new(item.said.into_type())))
            }
            "object" => one(ValueType::Record(self.record(schema, depth))),
            _ => Shape::ANYTHING,
        }
    }

    fn record(&mut self, schema: &'s Object<'s>, depth: usize) -> RecordType {
        let required = schema.get("required").and_then(Json::as_array).unwrap_or_default();
        let is_required = |name: &str| required.iter().any(|required| required.as_str() == Some(name));
        let mut members = BTreeMap::new();
        for (name, property) in
            schema.get("properties").and_then(Json::as_object).iter().flat_map(|all| all.iter())
        {
            let shape = self.schema(property, depth + 1);
            let is_required = is_required(name) && !shape.nullable;
            members.insert(name.to_owned(), MemberType { value: shape.said.into_type(), is_required });
        }
        RecordType { members }
    }

    fn referred(&mut self, reference: &'s str, depth: usize) -> Shape {
        let found = reference.strip_prefix('#').and_then(|pointer| find(self.root, pointer));
        let Some(schema) = found.filter(|_| !self.open.contains(&reference)) else { return Shape::ANYTHING };
        self.open.push(reference);
        let shape = self.object(schema, depth);
        self.open.pop();
        shape
    }
}

impl Shape {
    const ANYTHING: Self = Self { said: Said::Anything, nullable: true };

    fn of_values(values: &[Json<'_>]) -> Self {
        let shapes = values.iter().map(Self::of_value);
        shapes.reduce(Self::join).unwrap_or(Self::ANYTHING)
    }

    /// A value that is written out. What an array or an object holds is not looked at.
    fn of_value(value: &Json<'_>) -> Self {
        let value = match value {
            Json::Null => return Self { said: Said::Nothing, nullable: true },
            Json::Bool(_) => ValueType::Bool,
            Json::Number(number) if number::is_whole(number.as_str()) => ValueType::Long,
            Json::Number(_) => ValueType::Decimal,
            Json::String(_) => ValueType::String,
            Json::Array(_) => ValueType::Set(Box::new(ValueType::Any)),
            Json::Object(_) => ValueType::Record(RecordType::default()),
        };
        Self { said: Said::One(value), nullable: false }
    }

    /// What is known of values that either allows.
    fn join(self, other: Self) -> Self {
        let said = match (self.said, other.said) {
            (Said::Anything, _) | (_, Said::Anything) => Said::Anything,
            (Said::Nothing, said) | (said, Said::Nothing) => said,
            (Said::One(one), Said::One(other)) => match join(one, other) {
                ValueType::Any => Said::Anything,
                joined @ (ValueType::Bool
                | ValueType::Decimal
                | ValueType::Long
                | ValueType::Record(_)
                | ValueType::Set(_)
                | ValueType::String) => Said::One(joined),
            },
        };
        Self { said, nullable: self.nullable || other.nullable }
    }

    /// What is known of values that both allow.
    fn meet(self, other: Self) -> Self {
        let said = match (self.said, other.said) {
            (Said::Nothing, _) | (_, Said::Nothing) => Said::Nothing,
            (Said::Anything, said) | (said, Said::Anything) => said,
            (Said::One(one), Said::One(other)) => meet(one, other).map_or(Said::Nothing, Said::One),
        };
        Self { said, nullable: self.nullable && other.nullable }
    }
}

impl Said {
    fn into_type(self) -> ValueType {
        match self {
            Self::Anything | Self::Nothing => ValueType::Any,
            Self::One(value) => value,
        }
    }
}

/// The one type that has the values of both; [`ValueType::Any`] if there is none.
fn join(one: ValueType, other: ValueType) -> ValueType {
    match (one, other) {
        (one, other) if one == other => one,
        (ValueType::Long, ValueType::Decimal) | (ValueType::Decimal, ValueType::Long) => ValueType::Decimal,
        (ValueType::Set(one), ValueType::Set(other)) => ValueType::Set(Box::new(join(*one, *other))),
        (ValueType::Record(one), ValueType::Record(other)) => ValueType::Record(join_records(one, other)),
        _ => ValueType::Any,
    }
}

/// A member that only one of them names is optional; of the other's values, those of another type do not fit.
fn join_records(one: RecordType, mut other: RecordType) -> RecordType {
    let mut members = BTreeMap::new();
    for (name, MemberType { value, is_required }) in one.members {
        let member = match other.members.remove(&name) {
            Some(also) => {
                MemberType { value: join(value, also.value), is_required: is_required && also.is_required }
            }
            None => MemberType { value, is_required: false },
        };
        members.insert(name, member);
    }
    let rest = other.members.into_iter();
    members.extend(rest.map(|(name, member)| (name, MemberType { is_required: false, ..member })));
    RecordType { members }
}

/// The type of the values that both have; `None` if there are none.
fn meet(one: ValueType, other: ValueType) -> Option<ValueType> {
    Some(match (one, other) {
        (one, other) if one == other => one,
        (ValueType::Any, value) | (value, ValueType::Any) => value,
        (ValueType::Long, ValueType::Decimal) | (ValueType::Decimal, ValueType::Long) => ValueType::Long,
        (ValueType::Set(one), ValueType::Set(other)) => {
            ValueType::Set(Box::new(meet(*one, *other).unwrap_or(ValueType::Any)))
        }
        (ValueType::Record(one), ValueType::Record(other)) => ValueType::Record(meet_records(one, other)),
        _ => return None,
    })
}

fn meet_records(one: RecordType, mut other: RecordType) -> RecordType {
    let mut members = BTreeMap::new();
    for (name, MemberType { value, is_required }) in one.members {
        let member = match other.members.remove(&name) {
            Some(also) => MemberType {
                value: meet(value, also.value).unwrap_or(ValueType::Any),
                is_required: is_required || also.is_required,
            },
            None => MemberType { value, is_required },
        };
        members.insert(name, member);
    }
    members.extend(other.members);
    RecordType { members }
}

/// RFC 6901, within the document.
fn find<'s>(root: &'s Object<'s>, pointer: &str) -> Option<&'s Object<'s>> {
    let Some(path) = pointer.strip_prefix('/') else { return pointer.is_empty().then_some(root) };
    let mut steps = path.split('/').map(unescaped);
    let mut found = root.get(&steps.next()?)?;
    for step in steps {
        found = match found {
            Json::Object(object) => object.get(&step)?,
            Json::Array(items) => items.get(step.parse::<usize>().ok()?)?,
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => return None,
        };
    }
    found.as_object()
}

fn unescaped(step: &str) -> Cow<'_, str> {
    if step.contains('~') {
        Cow::Owned(step.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(step)
    }
}

/// How deep schemas may nest, references included. Arguments are read to a depth of 64, a schema has two levels for
/// one of theirs.
const DEEPEST: usize = 48;
/// How many schemas are looked at in one definition.
const STEPS: usize = 10_000;
