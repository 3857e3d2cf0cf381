//! The arguments of a call as Cedar values.
//!
//! Bounded and total: every JSON value becomes something, so that no spelling of an argument can make it look
//! absent to a rule. The one exception is a member that is `null`; the crate's documentation says why.

use cedar_policy::RestrictedExpression;
use portcullis_mcp::json::{Json, Object};

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

/// Converts the arguments of a call.
pub(crate) fn convert(input: Option<&Json<'_>>, vocabulary: &Vocabulary) -> Result<Arguments, InputError> {
    let mut conversion = Conversion { vocabulary, unrepresentable: false };
    let record = match input {
        None | Some(Json::Null) => conversion.record(&Object::new(), 0),
        Some(Json::Object(object)) => conversion.record(object, 0),
        Some(Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_)) => {
            Err(InputError::NotAnObject)
        }
    }?;
    Ok(Arguments { record, unrepresentable: conversion.unrepresentable })
}

struct Conversion<'v> {
    vocabulary: &'v Vocabulary,
    unrepresentable: bool,
}

impl Conversion<'_> {
    fn record(&mut self, object: &Object<'_>, depth: usize) -> Result<RestrictedExpression, InputError> {
        let members = object
            .iter()
            .filter(|(_, value)| **value != Json::Null)
            .map(|(key, value)| Ok((key.to_owned(), self.value(value, depth + 1)?)))
            .collect::<Result<Vec<_>, InputError>>()?;
        RestrictedExpression::new_record(members).map_err(|_duplicate| InputError::DuplicateKey)
    }

    fn value(&mut self, value: &Json<'_>, depth: usize) -> Result<RestrictedExpression, InputError> {
        if depth > DEEPEST {
            return Ok(self.opaque("nested too deeply"));
        }
        Ok(match value {
            Json::Null => self.opaque("null"),
            Json::Bool(value) => RestrictedExpression::new_bool(*value),
            Json::Number(number) => {
                number::exact(number.as_str()).unwrap_or_else(|| self.opaque(number.as_str()))
            }
            Json::String(text) => RestrictedExpression::new_string(text.as_ref().to_owned()),
            Json::Array(items) => {
                let items = items.iter().map(|item| self.value(item, depth + 1));
                RestrictedExpression::new_set(items.collect::<Result<Vec<_>, _>>()?)
            }
            Json::Object(object) => self.record(object, depth)?,
        })
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
