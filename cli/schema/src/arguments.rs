//! What a policy reads of a question: each part must be there in at least one of those that it can match.
//!
//! Cedar's validator finds most of this, but takes `has` with a name that nothing has for a test that fails, and a
//! rule with a misspelt name would then be one that never does anything.

use std::collections::BTreeSet;

use cedar_policy::pst::{Expr, Var};
use portcullis_policy::{MemberType, Problem, RecordType, ValueType};
use portcullis_settings::words::{nearest, suggest};

use crate::place::Placed;
use crate::reach::Reach;
use crate::world::Asked;

/// What is wrong with what a policy reads.
pub(crate) fn check(placed: &Placed<'_>, reach: &Reach<'_>) -> Vec<Problem> {
    let mut paths = BTreeSet::new();
    placed.conditions().for_each(|condition| collect(condition, &mut paths));
    let mut wrong: Vec<(&Path, (String, String))> =
        paths.iter().filter_map(|path| Some((path, wrong(path, reach)?))).collect();
    // What is read of something that is not there is not there either.
    let first: Vec<Path> = wrong.iter().map(|(path, _)| (*path).clone()).collect();
    wrong.retain(|(path, _)| !first.iter().any(|other| path.is_within(other)));
    let told = wrong.into_iter();
    told.map(|(path, (message, advice))| placed.problem(offset_of(placed, path), message, advice)).collect()
}

/// Whether a policy reads arguments.
pub(crate) fn reads_input(placed: &Placed<'_>) -> bool {
    let mut paths = BTreeSet::new();
    placed.conditions().for_each(|condition| collect(condition, &mut paths));
    paths
        .iter()
        .any(|path| path.root == Root::Context && path.steps.first().is_some_and(|step| step == "input"))
}

/// `context.input.amount`, however it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Path {
    root: Root,
    steps: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Root {
    Context,
    Principal,
    Resource,
}

impl Path {
    fn of(expression: &Expr) -> Option<Self> {
        match expression {
            Expr::Var(Var::Context) => Some(Self { root: Root::Context, steps: Vec::new() }),
            Expr::Var(Var::Principal) => Some(Self { root: Root::Principal, steps: Vec::new() }),
            Expr::Var(Var::Resource) => Some(Self { root: Root::Resource, steps: Vec::new() }),
            Expr::GetAttr { expr, attr } => Some(Self::of(expr)?.then(attr)),
            Expr::Var(Var::Action)
            | Expr::BinaryOp { .. }
            | Expr::HasAttr { .. }
            | Expr::IfThenElse { .. }
            | Expr::Is { .. }
            | Expr::Like { .. }
            | Expr::Literal(_)
            | Expr::Record(_)
            | Expr::Set(_)
            | Expr::Slot(_)
            | Expr::UnaryOp { .. }
            | Expr::Unknown { .. }
            | _ => None,
        }
    }

    /// Whether it begins with another path, and goes on.
    fn is_within(&self, other: &Self) -> bool {
        self.root == other.root
            && self.steps.len() > other.steps.len()
            && self.steps.starts_with(&other.steps)
    }

    fn then(mut self, step: &str) -> Self {
        self.steps.push(step.to_owned());
        self
    }

    /// As it is written in a policy.
    fn told(&self) -> String {
        let root = match self.root {
            Root::Context => "context",
            Root::Principal => "principal",
            Root::Resource => "resource",
        };
        self.steps.iter().fold(root.to_owned(), |path, step| match is_identifier(step) {
            true => format!("{path}.{step}"),
            false => format!("{path}[{step:?}]"),
        })
    }
}

fn is_identifier(step: &str) -> bool {
    step.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && step.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Every path that an expression reads or asks for.
fn collect(expression: &Expr, paths: &mut BTreeSet<Path>) {
    paths.extend(Path::of(expression).filter(|path| !path.steps.is_empty()));
    match expression {
        Expr::HasAttr { expr, attrs } => {
            let asked = attrs.iter().scan(Path::of(expr), |path, attr| {
                *path = path.take().map(|path| path.then(attr));
                Some(path.clone())
            });
            paths.extend(asked.flatten());
            collect(expr, paths);
        }
        Expr::UnaryOp { expr, .. } | Expr::GetAttr { expr, .. } | Expr::Like { expr, .. } => {
            collect(expr, paths)
        }
        Expr::BinaryOp { left, right, .. } => {
            collect(left, paths);
            collect(right, paths);
        }
        Expr::Is { expr, in_expr, .. } => {
            collect(expr, paths);
            in_expr.iter().for_each(|outer| collect(outer, paths));
        }
        Expr::IfThenElse { cond, then_expr, else_expr } => {
            [cond, then_expr, else_expr].into_iter().for_each(|part| collect(part, paths));
        }
        Expr::Set(items) => items.iter().for_each(|item| collect(item, paths)),
        Expr::Record(members) => members.values().for_each(|member| collect(member, paths)),
        Expr::Literal(_) | Expr::Var(_) | Expr::Slot(_) | Expr::Unknown { .. } | _ => {}
    }
}

/// Where the last step of a path stands: where its name is first written.
fn offset_of(placed: &Placed<'_>, path: &Path) -> usize {
    let Some(last) = path.steps.last() else { return 0 };
    let quoted = format!("{last:?}");
    let conditions = placed.tokens().skip_while(|token| !matches!(token.text, "when" | "unless"));
    let mut named = conditions.filter(|token| token.text == last || token.text == quoted);
    named.next().map_or(0, |token| token.offset)
}

fn wrong(path: &Path, reach: &Reach<'_>) -> Option<(String, String)> {
    let (first, rest) = path.steps.split_first()?;
    match (path.root, first.as_str()) {
        (Root::Principal, name) => {
            unknown(path, name, &["issuer", "subject"], "`principal`").map(|(message, advice)| {
                (message, format!("{advice}; claims are tags: `principal.hasTag({name:?})`"))
            })
        }
        (Root::Resource, name) => unknown(path, name, &["name", "uri"], "`resource`"),
        (Root::Context, "input") => wrong_argument(path, rest, reach),
        (Root::Context, "session") => rest
            .first()
            .and_then(|name| unknown(path, name, &["client", "labels", "now", "usage"], "the session")),
        (Root::Context, name) => {
            unknown(path, name, &["connection", "input", "session", "tool"], "`context`")
        }
    }
}

fn unknown(path: &Path, name: &str, known: &[&str], whose: &str) -> Option<(String, String)> {
    (!known.contains(&name))
        .then(|| (format!("`{}` is not there: {whose} has no `{name}`", path.told()), suggest(name, known)))
}

/// An argument that none of the calls has. Where calls are possible of which nothing is known, it may be theirs.
fn wrong_argument(path: &Path, steps: &[String], reach: &Reach<'_>) -> Option<(String, String)> {
    if steps.is_empty() || !reach.unpinned.is_empty() {
        return None;
    }
    let records = || {
        reach.actions.iter().filter_map(|(id, action)| match &action.asked {
            Asked::Call(types) => Some((*id, types.record())),
            Asked::Detokenize | Asked::Unmask => None,
        })
    };
    let results: Vec<Step<'_>> = records()
        .map(|(_, record)| record.map_or(Step::Untyped, |record| Step::find(record, steps)))
        .collect();
    if results.is_empty() || results.contains(&Step::There) {
        return None;
    }
    let told = path.told();
    if results.contains(&Step::Untyped) {
        let message = format!("`{told}` has no one type in the pinned definition, so no rule can read it");
        return Some((message, "decide by another argument, or by `context.session.labels`".to_owned()));
    }
    let names = results.iter().flat_map(|step| match step {
        Step::Missing { name, among } => nearest(name, among.iter().copied()),
        Step::There | Step::Untyped => None,
    });
    let meant = names.min();
    let mut ids = records().map(|(id, _)| id);
    let whose = match (ids.next(), ids.next()) {
        (Some(only), None) => format!("of `{only}`"),
        _ => "of any call that this policy is about".to_owned(),
    };
    let advice = match meant {
        Some(name) => format!("did you mean `{name}`?"),
        None => "the pinned definition names them all".to_owned(),
    };
    Some((format!("`{told}` is no argument {whose}"), advice))
}

/// What is at the end of a path.
#[derive(Debug, PartialEq, Eq)]
enum Step<'r> {
    Missing {
        name: &'r str,
        among: Vec<&'r str>,
    },
    There,
    /// It is there, or what it would be in is, and nothing is known of its type.
    Untyped,
}

impl<'r> Step<'r> {
    fn find(record: &'r RecordType, steps: &'r [String]) -> Self {
        let Some((name, rest)) = steps.split_first() else { return Self::There };
        match record.member(name) {
            None => {
                let among = record.members().filter(|(_, member)| member.value.is_expressible());
                Self::Missing { name, among: among.map(|(name, _)| name).collect() }
            }
            Some(MemberType { value, .. }) if !value.is_expressible() => Self::Untyped,
            Some(MemberType { value: ValueType::Record(inner), .. }) => Self::find(inner, rest),
            // What is read of a text or a number is left to Cedar, which says it better.
            Some(_) => Self::There,
        }
    }
}
