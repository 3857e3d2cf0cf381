//! What a list shows, and which answers of a client pass.
//!
//! INVARIANT: what some arguments could make allowed or held is never hidden. A list is asked for before the
//! arguments exist and before anything was found in them, and what will have been used by then is not known either.
//! So all three are unknown here, and only what no value of theirs can change hides an item. Rules that do not read
//! arguments are decided exactly, and so are rules that only compare single arguments with constants, together: what one
//! permits and another forbids for every argument is hidden. Any other condition counts only as far as it comes out the
//! same whatever the arguments are.
//!
//! A client's answer to a question of the upstream is judged in the same way once the question is forgotten: what
//! was found in the answer is known, the arguments of the question are not.

use crate::bundle::Group;
use crate::facts::{Facts, FactsError};
use crate::prospect::{self, Budget};
use crate::question::{Question, Target};
use crate::set::PolicySet;

/// How an item of a list, or the answer to a question of the upstream, appears to a principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// It would be denied with any arguments.
    Hidden,
    /// There may be arguments with which it is allowed or held.
    Shown,
    /// Like [`Visibility::Shown`], but never without approval.
    ShownNeedsApproval,
}

impl PolicySet {
    /// How the target of a question appears in a list. The question's input, labels and usage are not read.
    ///
    /// A whole list asks a [`PolicySet::listing`], which gives the same answers with less work.
    #[must_use]
    pub fn visibility(&self, question: &Question<'_>) -> Visibility {
        self.foresee(Facts::of_listing(question, &self.vocabulary))
    }

    /// Whether what a client answers to a question of the upstream may pass: like [`PolicySet::visibility`], but
    /// the labels are known, those of the answer, and the input and the usage are not read.
    ///
    /// Rules about what an answer holds decide; rules about what was asked have decided before and count only as
    /// far as they come out the same whatever it was. The label `args.unrepresentable` speaks of an input, and is
    /// there only if the question's labels have it.
    #[must_use]
    pub fn response_visibility(&self, question: &Question<'_>) -> Visibility {
        self.foresee(Facts::of_response(question, &self.vocabulary))
    }

    /// How the resource templates of a question's connection appear. Which resources a template yields is not
    /// known, so one answer holds for all: hidden if no resource of the connection could be read. The target of
    /// the question is not read either.
    #[must_use]
    pub fn template_visibility(&self, question: &Question<'_>) -> Visibility {
        let question = Question { target: Target::Read { uri: "" }, ..*question };
        self.foresee(Facts::of_templates(&question, &self.vocabulary))
    }

    fn foresee(&self, facts: Result<Facts, FactsError>) -> Visibility {
        // What cannot be put before the policies is denied by `decide` for the same reason.
        let Ok(facts) = facts else {
            return Visibility::Hidden;
        };
        let candidates = self.candidates(&facts);
        let foresee = |group| self.prepare(group, &candidates).foresee(&facts);
        prospect::visibility(&foresee(Group::Rules), &foresee(Group::Holds), &mut Budget::of_item())
    }
}
