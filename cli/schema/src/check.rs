//! Everything that is wrong with policies in a world.

use std::collections::BTreeSet;

use portcullis_policy::{Explainer, Problem};
use portcullis_settings::ConnectionName;

use crate::cedar::SchemaError;
use crate::message::{Reason, Said};
use crate::place::Placed;
use crate::reach::Reach;
use crate::validate::{self, Verdict};
use crate::world::World;
use crate::{arguments, names};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Policies that do not mean anything, or not what they say.
    pub problems: Vec<Problem>,
    /// What may be meant and may not be: a policy that never matches, or that cannot be checked.
    pub warnings: Vec<Problem>,
}

/// Holds policies to what there is.
///
/// # Errors
/// [`SchemaError`], which is a defect of this crate.
pub fn check(world: &World, explainer: &Explainer<'_>) -> Result<Findings, SchemaError> {
    let policies = Placed::all(explainer);
    let unpinned: BTreeSet<String> =
        policies.iter().flat_map(|placed| names::unpinned_actions(placed, world)).collect();
    let mut verdicts = validate::validate(&policies, world, &unpinned)?;
    let mut findings = Findings::default();
    for placed in &policies {
        let verdict = verdicts.remove(placed.policy.id().as_str()).unwrap_or_default();
        findings.add(placed, verdict, world);
    }
    for list in [&mut findings.problems, &mut findings.warnings] {
        list.sort();
        list.dedup();
    }
    Ok(findings)
}

impl Findings {
    fn add(&mut self, placed: &Placed<'_>, Verdict { errors, warnings }: Verdict, world: &World) {
        let reach = Reach::of(placed.body(), world);
        let mut own = names::check(placed, world);
        let has_wrong_names = !own.is_empty();
        own.extend(arguments::check(placed, &reach));
        let lines: BTreeSet<usize> = own.iter().map(|problem| problem.line).collect();
        // Where it may be about calls of which nothing is known, what it reads of them may be right.
        let is_blind = !reach.unpinned.is_empty();
        let counts = |said: &Said| match &said.reason {
            Reason::UnknownName { .. } | Reason::Impossible { .. } => !has_wrong_names && !is_blind,
            Reason::Absent { .. } => {
                let line = placed.problem(said.offset, String::new(), String::new()).line;
                !(lines.contains(&line) || (is_blind && said.is_about_input(placed.text)))
            }
            Reason::Incompatible { .. }
            | Reason::Optional { .. }
            | Reason::Other { .. }
            | Reason::Tag { .. }
            | Reason::Type { .. } => !(is_blind && said.is_about_input(placed.text)),
        };
        let (errors, mut warnings): (Vec<Said>, Vec<Said>) =
            (errors.into_iter().filter(counts).collect(), warnings.into_iter().filter(counts).collect());
        // A policy that is wrong may well never match; that it does not is then no news.
        if !errors.is_empty() || !own.is_empty() {
            warnings.retain(|said| !matches!(said.reason, Reason::Impossible { .. }));
        }
        let says_why = warnings.iter().any(|said| said.reason == Reason::Impossible { scope: true });
        warnings.retain(|said| !(says_why && said.reason == Reason::Impossible { scope: false }));
        own.extend(validate::problems(placed, &errors));
        self.problems.extend(own);
        self.warnings.extend(validate::problems(placed, &warnings));
        if is_blind && arguments::reads_input(placed) {
            self.warnings.push(unchecked(placed, &reach.unpinned));
        }
    }
}

/// The arguments of a policy are not checked, since nothing is known of some calls that it may be about.
fn unchecked(placed: &Placed<'_>, unpinned: &[&ConnectionName]) -> Problem {
    let names: Vec<&str> = unpinned.iter().map(|connection| connection.as_str()).collect();
    let message = format!(
        "the arguments that `{}` reads are not checked, since nothing is pinned of `{}`",
        placed.policy.id(),
        names.join("`, `")
    );
    let commands: Vec<String> = names.iter().map(|name| format!("`portcullis pin {name}`")).collect();
    placed.problem(0, message, format!("run {}", commands.join(" and ")))
}
