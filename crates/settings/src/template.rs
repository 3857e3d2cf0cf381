//! Texts with variables in them, in the syntax of Spin: `Bearer {{ billing_token }}`.
//!
//! A template is split when the file is parsed and filled in later, so that the value of a variable is only ever
//! text inside the one field that names it. Not here: where the values come from.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use crate::name::{NameError, VariableName};

/// A text in which variables may be named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(VariableName),
}

/// Why a template cannot be read or filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    #[error("variable `{0}` is empty")]
    EmptyVariable(VariableName),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("`{{{{` has no `}}}}` after it")]
    Unclosed,
    #[error("variable `{0}` has no value")]
    UnknownVariable(VariableName),
}

impl FromStr for Template {
    type Err = TemplateError;

    /// Splits a text into its fixed parts and its variables.
    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").ok_or(TemplateError::Unclosed)?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Variable(name.trim().parse()?));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self { parts })
    }
}

impl Template {
    /// Adds the names of the variables to `names`.
    pub(crate) fn variables(&self, names: &mut BTreeSet<VariableName>) {
        names.extend(self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Variable(name) => Some(name.clone()),
        }));
    }

    /// The text with its variables filled in. What a variable holds is text: it is not looked into again.
    pub(crate) fn expand(&self, values: &BTreeMap<VariableName, String>) -> Result<String, TemplateError> {
        let mut text = String::new();
        for part in &self.parts {
            text.push_str(match part {
                Part::Text(fixed) => fixed,
                Part::Variable(name) => match values.get(name).map(String::as_str) {
                    None => return Err(TemplateError::UnknownVariable(name.clone())),
                    // An unset variable often arrives as an empty one; `Bearer ` with nothing behind it is no
                    // credential.
                    Some("") => return Err(TemplateError::EmptyVariable(name.clone())),
                    Some(value) => value,
                },
            });
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests;
