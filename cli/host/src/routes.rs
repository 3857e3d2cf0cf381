//! Which component answers a path.
//!
//! The rules are Spin's: leading and trailing slashes of a path do not count; a segment is a literal, a named
//! `:parameter`, or a trailing wildcard (`/...`), which also matches nothing; literals beat parameters, parameters
//! beat the wildcard, and so the longest literal prefix wins. Paths are compared as they were sent, without decoding.

use std::collections::BTreeMap;

/// Paths that the host answers itself.
pub(crate) const WELL_KNOWN_PREFIX: &str = "/.well-known/spin/";

/// Why a route of the manifest cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RouteError {
    #[error("the route `{route}` matches the same paths as `{other}` of component `{component}`")]
    Duplicate { route: String, other: String, component: String },
    #[error("the route `{route}` has a parameter without a plain name")]
    Parameter { route: String },
    #[error("the route `{route}` is under `{WELL_KNOWN_PREFIX}`, which the host answers itself")]
    Reserved { route: String },
    #[error("the route `{route}` has a wildcard before its end")]
    Wildcard { route: String },
}

/// All routes of an application, the most specific first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Router {
    routes: Vec<Route>,
}

/// One route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    raw: String,
    segments: Vec<Segment>,
    component: String,
}

/// Declared in order of precedence, most specific first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    Parameter(String),
    Wildcard,
}

/// A path matched to its route.
#[derive(Debug)]
pub(crate) struct Match<'r, 'p> {
    route: &'r Route,
    parameters: BTreeMap<&'r str, &'p str>,
    /// What the trailing wildcard took, without slashes at its ends; `None` if the route has none.
    tail: Option<&'p str>,
    path: &'p str,
}

impl Router {
    /// Adds a route at its place in the precedence.
    pub(crate) fn add(&mut self, route: Route) -> Result<(), RouteError> {
        if let Some(other) = self.routes.iter().find(|other| other.shape().eq(route.shape())) {
            return Err(RouteError::Duplicate {
                route: route.raw,
                other: other.raw.clone(),
                component: other.component.clone(),
            });
        }
        let place = self.routes.partition_point(|other| other.shape().le(route.shape()));
        self.routes.insert(place, route);
        Ok(())
    }

    /// The best route for `path`, which has no query.
    pub(crate) fn route<'r, 'p>(&'r self, path: &'p str) -> Option<Match<'r, 'p>> {
        self.routes.iter().find_map(|route| route.captures(path))
    }

    /// The routes as written and their components' ids, in order of precedence.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.routes.iter().map(|route| (route.raw.as_str(), route.component.as_str()))
    }
}

impl Route {
    /// Reads a route as the manifest has it.
    pub(crate) fn parse(raw: &str, component: &str) -> Result<Self, RouteError> {
        let route = || raw.to_owned();
        let absolute = if raw.starts_with('/') { raw.to_owned() } else { format!("/{raw}") };
        let (prefix, wildcard) = match absolute.strip_suffix("/...").or_else(|| absolute.strip_suffix("/*")) {
            Some(prefix) => (prefix, Some(Segment::Wildcard)),
            None => (absolute.as_str(), None),
        };
        if format!("{prefix}/").starts_with(WELL_KNOWN_PREFIX) {
            return Err(RouteError::Reserved { route: route() });
        }
        let segments = prefix.trim_matches('/').split('/').filter(|segment| !segment.is_empty());
        let segments = segments.map(|segment| match segment.strip_prefix(':') {
            Some(name) if name.is_empty() || name.contains(['.', ':', '*']) => {
                Err(RouteError::Parameter { route: route() })
            }
            Some(name) => Ok(Segment::Parameter(name.to_owned())),
            None if segment == "..." || segment.contains('*') => Err(RouteError::Wildcard { route: route() }),
            None => Ok(Segment::Literal(segment.to_owned())),
        });
        let segments = segments.chain(wildcard.map(Ok)).collect::<Result<_, _>>()?;
        Ok(Self { raw: route(), segments, component: component.to_owned() })
    }

    /// What decides which paths match and with what precedence: at a fork, a literal (compared by its text, which
    /// cannot matter between two that match one path), then a parameter, then the wildcard, then the end.
    fn shape(&self) -> impl Iterator<Item = (u8, &str)> {
        let end = (!self.segments.contains(&Segment::Wildcard)).then_some((0, ""));
        let segments = self.segments.iter().map(|segment| match segment {
            Segment::Literal(text) => (1, text.as_str()),
            Segment::Parameter(_) => (2, ""),
            Segment::Wildcard => (3, ""),
        });
        segments.chain(end)
    }

    fn captures<'r, 'p>(&'r self, path: &'p str) -> Option<Match<'r, 'p>> {
        let trimmed = path.trim_matches('/');
        let mut rest = (!trimmed.is_empty()).then_some(trimmed);
        let mut parameters = BTreeMap::new();
        for segment in &self.segments {
            if *segment == Segment::Wildcard {
                return Some(Match { route: self, parameters, tail: Some(rest.unwrap_or_default()), path });
            }
            let current = rest?;
            let (head, tail) = match current.split_once('/') {
                Some((head, tail)) => (head, Some(tail)),
                None => (current, None),
            };
            match segment {
                Segment::Literal(text) if text == head => {}
                Segment::Parameter(name) if !head.is_empty() => {
                    parameters.insert(name.as_str(), head);
                }
                Segment::Literal(_) | Segment::Parameter(_) | Segment::Wildcard => return None,
            }
            rest = tail;
        }
        rest.is_none().then_some(Match { route: self, parameters, tail: None, path })
    }
}

impl<'r, 'p> Match<'r, 'p> {
    /// The component's id.
    pub(crate) fn component(&self) -> &'r str {
        &self.route.component
    }

    /// The route as the manifest has it.
    pub(crate) fn raw(&self) -> &'r str {
        &self.route.raw
    }

    /// The route as the manifest has it, without a trailing `/...`.
    pub(crate) fn raw_prefix(&self) -> &'r str {
        self.raw().strip_suffix("/...").unwrap_or(self.raw())
    }

    /// The route made absolute, without one trailing slash.
    pub(crate) fn absolute(&self) -> String {
        let raw = self.raw();
        let raw = raw.strip_suffix('/').unwrap_or(raw);
        if raw.is_empty() || raw.starts_with('/') { raw.to_owned() } else { format!("/{raw}") }
    }

    /// The named parameters.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&'r str, &'p str)> {
        self.parameters.iter().map(|(name, value)| (*name, *value))
    }

    /// What the trailing wildcard took, with its leading slash and the path's trailing one; empty without wildcard.
    pub(crate) fn path_info(&self) -> String {
        let slash = if self.path.ends_with('/') { "/" } else { "" };
        match self.tail {
            None => String::new(),
            Some("") => slash.to_owned(),
            Some(tail) => format!("/{tail}{slash}"),
        }
    }
}

#[cfg(test)]
mod tests;
