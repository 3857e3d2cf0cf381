//! Values of the application's variables, and what each component sees of them.
//!
//! A value comes from the caller, else from the environment that the caller passes in, else from the default in the
//! manifest. Everything is resolved before the application starts, so that a missing value is found at start. Values
//! are secrets: they have no `Display` and their `Debug` is redacted.

use std::collections::BTreeMap;
use std::fmt;

use crate::manifest::{Manifest, Variable};
use crate::template::Template;

/// Prefix of the environment's names, followed by the variable's name in upper case.
const ENVIRONMENT_PREFIX: &str = "SPIN_VARIABLE_";

/// Why the variables of an application have no values.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum VariableError {
    /// Required variables have no value; all of them are named.
    #[error("no value for the required variable{} {}", if .names.len() == 1 { "" } else { "s" }, list(.names))]
    Missing {
        /// The names, in order, at least one.
        names: Vec<String>,
    },
    /// Values were given for names that the manifest does not have.
    #[error("the manifest has no variable {}", list(.names))]
    Unknown {
        /// The names, in order, at least one.
        names: Vec<String>,
    },
}

fn list(names: &[String]) -> String {
    let quoted: Vec<_> = names
        .iter()
        .map(|name| format!("`{name}` (environment: {ENVIRONMENT_PREFIX}{})", name.to_ascii_uppercase()))
        .collect();
    quoted.join(", ")
}

/// Why a text is not a variable's name; the sentence is Spin's rule that it breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a variable name: {rule}")]
pub(crate) struct InvalidName {
    name: String,
    rule: &'static str,
}

/// Checks that `name` is a variable's name: `[a-z][a-z0-9]*(_[a-z0-9]+)*`.
pub(crate) fn check_name(name: &str) -> Result<(), InvalidName> {
    let rule = if name.contains(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')) {
        "use only lower-case letters, digits and underscores"
    } else if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        "begin with a letter"
    } else if name.ends_with('_') || name.contains("__") {
        "put underscores singly between other characters"
    } else {
        return Ok(());
    };
    Err(InvalidName { name: name.to_owned(), rule })
}

/// The value of every variable of an application.
pub(crate) struct Values(BTreeMap<String, String>);

impl Values {
    /// Takes each value from `given`, else from `environment`, else from the manifest.
    pub(crate) fn resolve(
        manifest: &Manifest,
        given: &BTreeMap<String, String>,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, VariableError> {
        Self::check(manifest, given)?;
        let mut values = BTreeMap::new();
        let mut missing = Vec::new();
        for (name, variable) in &manifest.variables {
            match Self::value(name, variable, given, environment) {
                Some(value) => {
                    values.insert(name.clone(), value.clone());
                }
                None => missing.push(name.clone()),
            }
        }
        if missing.is_empty() { Ok(Self(values)) } else { Err(VariableError::Missing { names: missing }) }
    }

    fn check(manifest: &Manifest, given: &BTreeMap<String, String>) -> Result<(), VariableError> {
        let unknown: Vec<_> =
            given.keys().filter(|name| !manifest.variables.contains_key(*name)).cloned().collect();
        if unknown.is_empty() { Ok(()) } else { Err(VariableError::Unknown { names: unknown }) }
    }

    fn value<'v>(
        name: &str,
        variable: &'v Variable,
        given: &'v BTreeMap<String, String>,
        environment: &'v BTreeMap<String, String>,
    ) -> Option<&'v String> {
        let key = format!("{ENVIRONMENT_PREFIX}{}", name.to_ascii_uppercase());
        given.get(name).or_else(|| environment.get(&key)).or(variable.default.as_ref())
    }

    /// Fills in `template`; the error is a name that the manifest does not have.
    pub(crate) fn fill<'t>(&self, template: &'t Template) -> Result<String, &'t str> {
        template.resolve(|name| self.0.get(name).map(String::as_str))
    }
}

impl Manifest {
    /// What the application's components would be told, by the components' own names, of the variables that have
    /// values: for tools that need some of them and must not ask for all. A name that two components have is the
    /// first one's.
    ///
    /// # Errors
    /// [`VariableError::Unknown`] for names in `given` that the manifest does not have.
    pub fn known_variables(
        &self,
        given: &BTreeMap<String, String>,
        environment: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, VariableError> {
        Values::check(self, given)?;
        let values = self.variables.iter().filter_map(|(name, variable)| {
            Some((name.clone(), Values::value(name, variable, given, environment)?.clone()))
        });
        let values = Values(values.collect());
        let mut known = BTreeMap::new();
        for component in self.components.values() {
            for (name, value) in ComponentVariables::new(&component.variables, &values).0 {
                known.entry(name).or_insert(value);
            }
        }
        Ok(known)
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        redacted(&self.0, f)
    }
}

/// What one component gets when it asks for its variables.
#[derive(Default)]
pub(crate) struct ComponentVariables(BTreeMap<String, String>);

impl ComponentVariables {
    /// Fills in the component's templates. The manifest was checked, so every name in them is known; a template
    /// with an unknown one would be left out, and the component told that the variable is undefined.
    pub(crate) fn new(templates: &BTreeMap<String, Template>, values: &Values) -> Self {
        let filled = templates
            .iter()
            .filter_map(|(name, template)| Some((name.clone(), values.fill(template).ok()?)))
            .collect();
        Self(filled)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl fmt::Debug for ComponentVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        redacted(&self.0, f)
    }
}

fn redacted(values: &BTreeMap<String, String>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.debug_map().entries(values.keys().map(|name| (name, format_args!("<redacted>")))).finish()
}

#[cfg(test)]
mod tests;
