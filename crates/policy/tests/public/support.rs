//! Principals, questions and a way to write a decision down in one line.

use std::collections::BTreeSet;

use portcullis_identity::{AttributeValue, Principal, PrincipalKind, UnixSeconds};
use portcullis_mcp::json;
use portcullis_policy::{
    Decision, DenialKind, InputType, ObservedOutcome, Policy, PolicySet, Question, Reasons, Session, Source,
    Target, Usage, Used, Visibility,
};
use portcullis_settings::{ClassName, ConnectionName};

/// 2026-03-02T10:30:00Z, a Monday.
pub(crate) const MONDAY: u64 = 1_772_447_400;

pub(crate) fn user(subject: &str, groups: &[&str]) -> Principal {
    principal(PrincipalKind::User, subject, groups)
}

pub(crate) fn workload(subject: &str, groups: &[&str], tags: &[(&str, &str)]) -> Principal {
    let mut principal = principal(PrincipalKind::Workload, subject, groups);
    let text = |value: &str| AttributeValue::Text(value.to_owned());
    principal.attributes = tags.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect();
    principal
}

/// The groups are written as policies see them, as `issuer:group`, and name the issuer of the principal.
pub(crate) fn principal(kind: PrincipalKind, subject: &str, groups: &[&str]) -> Principal {
    let groups: Vec<(&str, &str)> = groups.iter().map(|group| group.split_once(':').unwrap()).collect();
    let issuer = groups.first().map_or("demo", |(issuer, _)| issuer);
    assert!(groups.iter().all(|(of, _)| *of == issuer));
    let names: Vec<&str> = groups.iter().map(|(_, name)| *name).collect();
    Principal::for_test(issuer, subject, kind, &names)
}

pub(crate) fn policies(text: &str) -> PolicySet {
    PolicySet::parse(&[Source { file: "test.cedar", text }]).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A question in owned parts.
#[derive(Clone, Debug)]
pub(crate) struct Ask<'t> {
    pub(crate) principal: Principal,
    pub(crate) connection: &'static str,
    pub(crate) target: Target<'t>,
    pub(crate) input: String,
    /// The `inputSchema` of the tool, if there is one.
    pub(crate) schema: Option<&'static str>,
    pub(crate) labels: &'static [&'static str],
    pub(crate) client: Option<&'static str>,
    pub(crate) now: u64,
    pub(crate) usage: Option<Usage>,
}

impl<'t> Ask<'t> {
    pub(crate) fn new(principal: Principal, target: Target<'t>) -> Self {
        Self {
            principal,
            connection: "billing",
            target,
            input: "{}".to_owned(),
            schema: None,
            labels: &[],
            client: None,
            now: MONDAY,
            usage: None,
        }
    }

    pub(crate) fn with(self, input: &str) -> Self {
        Self { input: input.to_owned(), ..self }
    }

    pub(crate) fn decide(&self, policies: &PolicySet) -> Decision {
        let input = json::parse(self.input.as_bytes(), json::Bounds::request(64)).unwrap();
        self.question(Some(&input), |question| policies.decide(question))
    }

    pub(crate) fn visibility(&self, policies: &PolicySet) -> Visibility {
        self.question(None, |question| policies.visibility(question))
    }

    pub(crate) fn response_visibility(&self, policies: &PolicySet) -> Visibility {
        self.question(None, |question| policies.response_visibility(question))
    }

    pub(crate) fn template_visibility(&self, policies: &PolicySet) -> Visibility {
        self.question(None, |question| policies.template_visibility(question))
    }

    pub(crate) fn question<A>(
        &self,
        input: Option<&json::Json<'_>>,
        ask: impl FnOnce(&Question<'_>) -> A,
    ) -> A {
        let connection: ConnectionName = self.connection.parse().unwrap();
        let schema = self.schema.map(|text| json::parse(text.as_bytes(), json::Bounds::answer(64)).unwrap());
        let types = schema.as_ref().and_then(json::Json::as_object).map(InputType::of_schema);
        let labels: BTreeSet<ClassName> = self.labels.iter().map(|label| label.parse().unwrap()).collect();
        ask(&Question {
            principal: &self.principal,
            connection: &connection,
            target: self.target,
            input,
            types: types.as_ref(),
            session: Session {
                labels: &labels,
                client: self.client,
                now: UnixSeconds(self.now),
                usage: self.usage.as_ref(),
            },
        })
    }
}

/// A day with so many calls and so many different addresses, and an hour without anything.
pub(crate) fn used(calls: u64, addresses: u64) -> Usage {
    let email = |count| [("pii.email".parse().unwrap(), Some(count))].into();
    let day = Used { calls, findings: email(2 * addresses), distinct: email(addresses), ..Used::default() };
    Usage { day, ..Usage::default() }
}

/// A decision in one line, without what was observed.
pub(crate) fn line(decision: &Decision) -> String {
    match decision {
        Decision::Allow(permit) => format!("allow by {}", ids(permit.reasons())),
        Decision::Deny(denial) => match denial.kind() {
            DenialKind::EvaluationError(failures) => {
                let failures: Vec<String> = failures.iter().map(ToString::to_string).collect();
                format!("error: {}", failures.join("; "))
            }
            DenialKind::Forbidden => format!("forbidden by {}", ids(denial.reasons())),
            DenialKind::NoPolicyAllows => "no policy allows".to_owned(),
        },
        Decision::Hold(hold) => {
            let needs: Vec<String> = hold
                .requirements()
                .iter()
                .map(|need| {
                    let rule = &need.rule;
                    format!("{} needs {} of {}", need.policy.id(), rule.approvers, rule.group)
                })
                .collect();
            format!("hold: {}", needs.join(", "))
        }
    }
}

/// What was observed, in one line.
pub(crate) fn observed(decision: &Decision) -> String {
    let observations: Vec<String> = reasons(decision)
        .observed
        .iter()
        .map(|observation| {
            let outcome = match &observation.outcome {
                ObservedOutcome::Errs(message) => format!("errs: {message}"),
                ObservedOutcome::Forbids => "forbids".to_owned(),
                ObservedOutcome::Holds => "holds".to_owned(),
                ObservedOutcome::Permits => "permits".to_owned(),
            };
            format!("{} {outcome}", observation.policy.id())
        })
        .collect();
    observations.join(", ")
}

pub(crate) fn reasons(decision: &Decision) -> &Reasons {
    match decision {
        Decision::Allow(permit) => permit.reasons(),
        Decision::Deny(denial) => denial.reasons(),
        Decision::Hold(hold) => hold.reasons(),
    }
}

fn ids(reasons: &Reasons) -> String {
    let ids: Vec<&str> = reasons.determining.iter().map(|policy| Policy::id(policy).as_str()).collect();
    ids.join(", ")
}
