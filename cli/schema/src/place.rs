//! One policy with its text, and where things stand in it.

use cedar_policy::pst::{Clause, Expr, Template};
use portcullis_policy::{Explainer, Policy, Problem, Token, tokens};

/// A policy that is checked.
#[derive(Debug)]
pub(crate) struct Placed<'p> {
    pub(crate) policy: &'p Policy,
    pub(crate) text: &'p str,
    pub(crate) cedar: cedar_policy::Policy,
    body: Template,
}

impl<'p> Placed<'p> {
    /// Every policy of a set that has been read. One that Cedar could not read is not in any.
    pub(crate) fn all(explainer: &'p Explainer<'p>) -> Vec<Self> {
        let policies = explainer.statements();
        policies
            .filter_map(|(policy, text)| {
                let id = cedar_policy::PolicyId::new(policy.id().as_str());
                let cedar = cedar_policy::Policy::parse(Some(id), text).ok()?;
                let body = cedar.to_pst().ok()?.body().clone();
                Some(Self { policy, text, cedar, body })
            })
            .collect()
    }

    pub(crate) const fn body(&self) -> &Template {
        &self.body
    }

    /// The conditions.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = &Expr> {
        self.body.clauses().iter().map(|clause| match clause {
            Clause::When(condition) | Clause::Unless(condition) => &**condition,
        })
    }

    pub(crate) fn tokens(&self) -> impl Iterator<Item = Token<'p>> {
        tokens(self.text)
    }

    /// Something to say about a byte of the text.
    pub(crate) fn problem(&self, offset: usize, message: String, suggestion: String) -> Problem {
        let before = self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
        Problem {
            file: self.policy.file().to_owned(),
            line: self.policy.line() + before,
            message,
            suggestion: (!suggestion.is_empty()).then_some(suggestion),
        }
    }
}

/// What a string literal says; `None` if the token is none.
pub(crate) fn literal(token: &str) -> Option<String> {
    if !token.starts_with('"') {
        return None;
    }
    let entity: cedar_policy::EntityUid = format!("T::{token}").parse().ok()?;
    Some(entity.id().unescaped().to_owned())
}
