//! The arguments of a call as Cedar values.
//!
//! Bounded and total: every JSON value becomes something, so that no spelling of an argument can make it look
//! absent to a rule. What a definition declares decides the type ([`InputType`]); where it says nothing, the value. The one exception is a member that is `null`; the crate's documentation says why.

use cedar_policy::RestrictedExpression;
use portcullis_mcp::json::{Json, Object};

use crate::input_type::{InputType, RecordType, ValueType};
use crate::number;
use crate::vocabulary::Vocabulary;

/// Arguments that cannot be put before the policies at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InputError {
    #[error("the arguments have a key twice")]
    DuplicateKey,
    #[error("the arguments are not an object")]
    NotAnObject,
}

/// Arguments, converted.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// A record.
    pub(crate) record: RestrictedExpression,
    /// Whether a value had no exact counterpart and is there as an `Unrepresentable`.
    pub(crate) unrepresentable: bool,
}

/// Converts the arguments of a call, each to the type that it is declared to have.
pub(crate) fn convert(
    input: Option<&Json<'_>>,
    types: Option<&InputType>,
    vocabulary: &Vocabulary,
) -> Result<Arguments, InputError> {
    let mut conversion = Conversion { vocabulary, unrepresentable: false };
    let types = types.and_then(InputType::record);
    let record = match input {
        None | Some(Json::Null) => conversion.record(&Object::new(), types, 0),
        Some(Json::Object(object)) => conversion.record(object, types, 0),
        Some(Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_)) => {
            Err(InputError::NotAnObject)
        }
    }?;
    Ok(Arguments { record, unrepresentable: conversion.unrepresentable })
}

/// Converts one member of the arguments of a call.
pub(crate) fn member(
    value: &Json<'_>,
    declared: &ValueType,
    vocabulary: &Vocabulary,
) -> Result<RestrictedExpression, InputError> {
    Conversion { vocabulary, unrepresentable: false }.value(value, declared, 1)
}

struct Conversion<'v> {
    vocabulary: &'v Vocabulary,
    unrepresentable: bool,
}

impl Conversion<'_> {
    fn record(
        &mut self,
        object: &Object<'_>,
        types: Option<&RecordType>,
        depth: usize,
    ) -> Result<RestrictedExpression, InputError> {
        let type_of =
            |key: &str| types.and_then(|types| types.member(key)).map_or(&ValueType::Any, |it| &it.value);
        let members = object
            .iter()
            .filter(|(_, value)| **value != Json::Null)
            .map(|(key, value)| Ok((key.to_owned(), self.value(value, type_of(key), depth + 1)?)))
            .collect::<Result<Vec<_>, InputError>>()?;
        RestrictedExpression::new_record(members).map_err(|_duplicate| InputError::DuplicateKey)
    }

    fn value(
        &mut self,
        value: &Json<'_>,
        declared: &ValueType,
        depth: usize,
    ) -> Result<RestrictedExpression, InputError> {
        if depth > DEEPEST {
            return Ok(self.opaque("nested too deeply"));
        }
        Ok(match (value, declared) {
            (Json::Bool(value), ValueType::Any | ValueType::Bool) => RestrictedExpression::new_bool(*value),
            (Json::String(text), ValueType::Any | ValueType::String) => {
                RestrictedExpression::new_string(text.as_ref().to_owned())
            }
            (Json::Number(number), declared) => {
                let text = number.as_str();
                let converted = match declared {
                    ValueType::Any => number::exact(text),
                    ValueType::Decimal => number::decimal(text),
                    ValueType::Long => number::long(text),
                    ValueType::Bool | ValueType::Record(_) | ValueType::Set(_) | ValueType::String => None,
                };
                converted.unwrap_or_else(|| self.opaque(text))
            }
            (Json::Array(items), ValueType::Any) => self.set(items, &ValueType::Any, depth)?.0,
            (Json::Array(items), ValueType::Set(item)) => match self.set(items, item, depth)? {
                // To look for something in a set never errs, so one item that is not there as itself would be
                // passed over.
                (_, true) if **item != ValueType::Any => self.opaque(&value.to_string()),
                (set, _) => set,
            },
            (Json::Object(object), ValueType::Any) => self.record(object, None, depth)?,
            (Json::Object(object), ValueType::Record(types)) => self.record(object, Some(types), depth)?,
            (Json::Null | Json::Bool(_) | Json::String(_) | Json::Array(_) | Json::Object(_), _) => {
                self.opaque(&value.to_string())
            }
        })
    }

    /// A set, and whether one of its items is not there as itself.
    fn set(
        &mut self,
        items: &[Json<'_>],
        declared: &ValueType,
        depth: usize,
    ) -> Result<(RestrictedExpression, bool), InputError> {
        let before = std::mem::take(&mut self.unrepresentable);
        let items = items.iter().map(|item| self.value(item, declared, depth + 1));
        let items = items.collect::<Result<Vec<_>, _>>()?;
        let incomplete = self.unrepresentable;
        self.unrepresentable |= before;
        Ok((RestrictedExpression::new_set(items), incomplete))
    }

    /// Stands for a value without a counterpart. It equals only what is written the same way.
    fn opaque(&mut self, text: &str) -> RestrictedExpression {
        self.unrepresentable = true;
        RestrictedExpression::new_entity_uid(self.vocabulary.unrepresentable(text))
    }
}

/// The parser stops at the same depth; this is for values that were made otherwise. Cedar recurses.
const DEEPEST: usize = 64;

#[cfg(test)]
mod tests;
