//! `Mcp-Param-*`: headers that repeat arguments of a tool call, as the tool's schema asks with `x-mcp-header`
//! (MCP 2026-07-28, Streamable HTTP, custom headers from tool parameters).
//!
//! A header must be there exactly when its argument is, and say the same. What goes to the server is built from
//! the arguments again, never copied. Not here: where a schema comes from.

#[cfg(test)]
mod tests;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::era::{Rejection, decode_value, encode_value};
use crate::json::{Json, Number, Object, whole};

/// What every such header begins with.
pub const PREFIX: &str = "mcp-param-";
/// The member of a property's schema that names its header.
const ANNOTATION: &str = "x-mcp-header";
/// The most headers of one tool.
const MOST: usize = 64;
/// How deep properties may nest.
const DEEPEST: usize = 16;
/// The most bytes of a header's name and the members that lead to its argument. A member that leads to many would
/// else be kept many times over.
const LONGEST: usize = 1024;

/// The headers that one tool asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParamHeaders(Vec<ParamHeader>);

/// One header and the argument that it repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ParamHeader {
    name: HeaderName,
    /// The members from the arguments down to the value.
    path: Vec<String>,
    kind: Kind,
}

/// What a repeated argument is; a `number` cannot be one, because its spelling is not unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Boolean,
    Integer,
    String,
}

/// Why the annotations of a schema do not count. Clients leave such a tool out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnnotationError {
    /// The name is no token of RFC 9110 §5.6.2, or empty.
    #[error("`x-mcp-header` is not a header name")]
    Name,
    /// Two properties ask for one header.
    #[error("two properties have the same `x-mcp-header`")]
    Doubled,
    /// The property is neither a string nor an integer nor a boolean.
    #[error("`x-mcp-header` on something that is no string, integer or boolean")]
    Kind,
    /// More annotations, or deeper or longer ones, than any tool needs.
    #[error("too many, too deep or too long `x-mcp-header`")]
    TooMany,
}

impl ParamHeaders {
    /// Reads the annotations of a tool's `inputSchema`. Only chains of `properties` lead to one; what stands
    /// below `items`, `oneOf`, `$ref` and the like does not count.
    ///
    /// # Errors
    /// [`AnnotationError`]
    pub fn of_schema(schema: &Object<'_>) -> Result<Self, AnnotationError> {
        let mut found = Vec::new();
        collect(schema, &mut Vec::new(), &mut found)?;
        Ok(Self(found))
    }

    /// Whether the tool asks for none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes of names there are in it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|header| bytes(header.name.as_str(), header.path.iter().map(String::as_str))).sum()
    }

    /// Compares the headers of a call with its arguments.
    ///
    /// # Errors
    /// [`Rejection::HeaderMismatch`] with the first header that is missing, too much, doubled or different.
    pub fn check(&self, headers: &HeaderMap, arguments: Option<&Json<'_>>) -> Result<(), Rejection> {
        for header in &self.0 {
            let mismatch = || Rejection::HeaderMismatch(header.name.clone());
            let mut values = headers.get_all(&header.name).iter();
            match (values.next(), values.next(), header.value(arguments)) {
                (None, None, None) => {}
                (Some(given), None, Some(value)) if header.kind.says(given, value) => {}
                _ => return Err(mismatch()),
            }
        }
        Ok(())
    }

    /// The headers that these arguments need.
    #[must_use]
    pub fn build(&self, arguments: Option<&Json<'_>>) -> HeaderMap {
        let built = self.0.iter().filter_map(|header| {
            let value = match header.value(arguments)? {
                Json::Bool(value) => encode_value(if *value { "true" } else { "false" }),
                Json::Number(number) => encode_value(number.as_str()),
                Json::String(text) => encode_value(text),
                Json::Null | Json::Array(_) | Json::Object(_) => None,
            };
            Some((header.name.clone(), value?))
        });
        built.collect()
    }
}

impl ParamHeader {
    /// The argument, if it is there and not null.
    fn value<'j, 'a>(&self, arguments: Option<&'j Json<'a>>) -> Option<&'j Json<'a>> {
        let value = self.path.iter().try_fold(arguments?, |value, member| value.as_object()?.get(member))?;
        (*value != Json::Null).then_some(value)
    }
}

impl Kind {
    fn parse(schema: &Object<'_>) -> Option<Self> {
        match schema.get_str("type")? {
            "boolean" => Some(Self::Boolean),
            "integer" => Some(Self::Integer),
            "string" => Some(Self::String),
            _ => None,
        }
    }

    fn says(self, header: &HeaderValue, value: &Json<'_>) -> bool {
        let text = header.to_str().ok().map(|text| text.trim_matches([' ', '\t'])).and_then(decode_value);
        let Some(text) = text else { return false };
        match (self, value) {
            (Self::Boolean, Json::Bool(value)) => text == if *value { "true" } else { "false" },
            (Self::Integer, Json::Number(number)) => is_same_integer(&text, number),
            (Self::String, Json::String(string)) => text == *string,
            _ => false,
        }
    }
}

fn collect<'s>(
    schema: &'s Object<'_>,
    path: &mut Vec<&'s str>,
    found: &mut Vec<ParamHeader>,
) -> Result<(), AnnotationError> {
    let Some(properties) = schema.get("properties").and_then(Json::as_object) else { return Ok(()) };
    if path.len() >= DEEPEST {
        return Err(AnnotationError::TooMany);
    }
    for (member, property) in properties.iter() {
        let Some(property) = property.as_object() else { continue };
        path.push(member);
        if let Some(name) = property.get(ANNOTATION) {
            let kind = Kind::parse(property).ok_or(AnnotationError::Kind)?;
            let name = name.as_str().filter(|name| !name.is_empty()).ok_or(AnnotationError::Name)?;
            let name = HeaderName::try_from(format!("{PREFIX}{name}")).map_err(|_| AnnotationError::Name)?;
            if found.iter().any(|header| header.name == name) {
                return Err(AnnotationError::Doubled);
            }
            if found.len() >= MOST || bytes(name.as_str(), path.iter().copied()) > LONGEST {
                return Err(AnnotationError::TooMany);
            }
            found.push(ParamHeader {
                name,
                path: path.iter().map(|member| (*member).to_owned()).collect(),
                kind,
            });
        }
        collect(property, path, found)?;
        path.pop();
    }
    Ok(())
}

fn bytes<'p>(name: &str, path: impl Iterator<Item = &'p str>) -> usize {
    path.map(str::len).fold(name.len(), usize::saturating_add)
}

/// Whole numbers are compared by value: `42.0` is 42. Beyond what every reader holds exactly, nothing is equal.
fn is_same_integer(text: &str, number: &Number<'_>) -> bool {
    match (whole(text), number.as_whole()) {
        (Some(left), Some(right)) => left == right,
        _ => false,
    }
}
