//! Text with `{{ variable }}` expressions, as the manifest uses it for component variables and allowed hosts.
//!
//! Parsing and substitution only. Which variables exist, and their values, is the business of [`crate::variables`].

use std::fmt;

/// A text with the places where variables go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(String),
}

/// Why a text is not a template.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{{{{` without a matching `}}}}`")]
pub(crate) struct UnmatchedBraces;

impl Template {
    /// Reads `source`. Names inside the braces are trimmed and not checked.
    pub(crate) fn parse(source: &str) -> Result<Self, UnmatchedBraces> {
        let mut parts = Vec::new();
        let mut rest = source;
        while let Some((text, tail)) = rest.split_once("{{") {
            let (name, after) = tail.split_once("}}").ok_or(UnmatchedBraces)?;
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
            parts.push(Part::Variable(name.trim().to_owned()));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// Whether the text has no variable in it.
    pub(crate) fn is_literal(&self) -> bool {
        self.variables().next().is_none()
    }

    /// The names that this text needs, in order, with repetitions.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Variable(name) => Some(name.as_str()),
        })
    }

    /// Fills the text in; the error is the first name that `value_of` does not know.
    pub(crate) fn resolve<'t, 'v>(
        &'t self,
        value_of: impl Fn(&str) -> Option<&'v str>,
    ) -> Result<String, &'t str> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Variable(name) => text.push_str(value_of(name).ok_or(name.as_str())?),
            }
        }
        Ok(text)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Variable(name) => write!(f, "{{{{ {name} }}}}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_in_variables() {
        let value_of = |name: &str| match name {
            "host" => Some("api.example"),
            "empty" => Some(""),
            _ => None,
        };
        for (source, want) in [
            ("", Ok("")),
            ("plain", Ok("plain")),
            ("https://{{ host }}:443", Ok("https://api.example:443")),
            ("{{host}}{{ empty }}{{ host }}", Ok("api.exampleapi.example")),
            ("a }} b", Ok("a }} b")),
            ("{{ nobody }}", Err("nobody")),
        ] {
            let template = Template::parse(source).unwrap();
            assert_eq!(template.resolve(value_of), want.map(str::to_owned), "{source}");
        }
    }

    #[test]
    fn refuses_an_open_brace() {
        assert_eq!(Template::parse("{{ ok }} {{ open"), Err(UnmatchedBraces));
    }

    #[test]
    fn a_value_is_not_a_template() {
        let template = Template::parse("{{ a }}").unwrap();
        assert_eq!(template.resolve(|_| Some("{{ b }}")), Ok("{{ b }}".to_owned()));
    }
}
