//! What a call is, as people approve it and as a grant is bound to it.

use std::collections::BTreeSet;

use portcullis_approval::{
    Asked, ContentDigest, Context, Coverage, GroupName, InvalidName, MaskedText, Operation, Requester,
    Requirement, Requirements, Subject,
};
use portcullis_mcp::era::Call;
use portcullis_pins::DefinitionDigest;
use portcullis_policy::{self as policy, Hold, Reasons};
use portcullis_settings::ClassName;

use crate::approvals::Carried;
use crate::definitions;
use crate::detokenize::Restored;
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::record;
use crate::refusal::Refusal;

/// A call that is about to leave, with what was found out about it.
pub(crate) struct Matter<'m> {
    /// With values in the place of tokens, as it would leave.
    pub(crate) call: &'m Call<'m>,
    /// What became of the tokens.
    pub(crate) restored: &'m Restored<'m>,
    /// The definition that it is made under.
    pub(crate) definition: Option<DefinitionDigest>,
    /// What was found in it.
    pub(crate) labels: &'m BTreeSet<ClassName>,
    /// What its caller may be told, and has brought back.
    pub(crate) carried: &'m Carried,
}

impl Matter<'_> {
    /// What is asked of people.
    ///
    /// # Errors
    /// [`Refusal::Unapprovable`]: something about it has no form in which it could be stored or approved.
    pub(crate) fn asked<P: Ports>(&self, x: &Exchange<P>, hold: &Hold) -> Result<Asked, Refusal> {
        let unapprovable = |why: &dyn ToString| unapprovable(hold.reasons(), why);
        let requirements = hold.requirements().iter().map(requirement).collect::<Result<_, _>>();
        let requirements = requirements.map_err(|why| unapprovable(&why))?;
        Ok(Asked {
            subject: Subject::Call(self.operation(x, hold.reasons())?),
            requirements: Requirements::new(requirements).map_err(|why| unapprovable(&why))?,
        })
    }

    /// What the call is to people and to a grant.
    ///
    /// # Errors
    /// As for [`Matter::asked`], for these `reasons`.
    pub(super) fn operation<P: Ports>(
        &self,
        x: &Exchange<P>,
        reasons: &Reasons,
    ) -> Result<Operation, Refusal> {
        let caller = x.caller()?;
        let unapprovable = |why: &dyn ToString| unapprovable(reasons, why);
        let requester = Requester::of(caller.principal()).map_err(|why| unapprovable(&why))?;
        let name = self.call.subject().ok_or_else(|| unapprovable(&"it names nothing"))?;
        let definition = definitions::bound(x, self.call, self.definition)?;
        Ok(Operation {
            requester,
            connection: x.connection_name()?.clone(),
            method: self.call.method.as_str().to_owned(),
            name: name.to_owned(),
            arguments: x.gateway.approvals().arguments(record::bound(self.call).as_ref()),
            definition: definition.map(|digest| ContentDigest::from_bytes(*digest.as_bytes())),
        })
    }

    /// What reviewers are shown besides: no more than what is on record.
    pub(crate) fn context<P: Ports>(&self, x: &Exchange<P>, hold: &Hold) -> Context {
        let mut masker = x.masker().keeping(self.restored.tokenizer.clone());
        let given = record::given(self.restored.sent().unwrap_or(self.call));
        let arguments = given.map(|given| record::text(&mut masker, given)).unwrap_or_default();
        let reasons = hold.requirements().iter().filter_map(|one| one.policy.reason());
        Context {
            arguments: MaskedText::of(&arguments),
            labels: self.labels.iter().map(ToString::to_string).collect(),
            reasons: reasons.map(ToOwned::to_owned).collect(),
            note: None,
        }
    }
}

fn unapprovable(reasons: &Reasons, why: &dyn ToString) -> Refusal {
    Refusal::Unapprovable { reasons: reasons.clone(), why: why.to_string() }
}

/// What a soft forbid asks for, as it is stored.
fn requirement(asked: &policy::Requirement) -> Result<Requirement, InvalidName> {
    let group: GroupName = asked.rule.group.as_str().parse()?;
    Ok(Requirement {
        policy: asked.reference()?,
        group,
        approvers: asked.rule.approvers,
        ttl: asked.rule.ttl,
        coverage: match asked.rule.coverage {
            policy::Coverage::Once => Coverage::Once,
            policy::Coverage::Window(span) => Coverage::Window(span),
        },
    })
}
