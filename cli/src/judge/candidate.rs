//! The folder whose policies judge, and its answers.
//!
//! A question is put as the gateway puts it, with the time of the record. What is not on record as it was is looked at
//! in the policies: only where one of them may read it, and may come out differently, the answer is no exact one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portcullis_danger::Danger;
use portcullis_detect::{Class, Detectors};
use portcullis_ledger::{PolicyRef, RecordId};
use portcullis_policy::{
    Decision, DenialKind, Detokenizing, Doubts, Gap, InputType, Policy, PolicySet, Question, Reasons,
    Requirement, Usage,
};
use portcullis_schema::World;
use portcullis_settings::{ClassName, ConnectionName, Draft};

use crate::judge::call::Call;
use crate::judge::change::{Fate, Judged, Mask, Now, Sight};
use crate::trial::folder::Parsed;
use crate::trial::wanted::{Aim, Wanted};
use crate::trial::{self, Trial, detection, told, usage};

/// Of how many principals it is remembered what they may see.
const MOST_REMEMBERED: usize = 10_000;
/// Of how many labels it is tried what comes of them and without them.
const MOST_TRIED: usize = 4;

/// What judges.
pub(super) struct Candidate<'c> {
    draft: &'c Draft,
    policies: &'c PolicySet,
    world: &'c World,
    detectors: &'c Detectors,
    /// The classes that its own detectors find.
    own: BTreeSet<ClassName>,
    /// What is taken for the usage of everybody.
    unused: Usage,
    doubts: Doubts<'c>,
    /// What the policies are by their ids.
    by_id: BTreeMap<&'c str, &'c Policy>,
    /// Who may see which class where, and whether that hangs on attributes.
    sights: BTreeMap<String, (bool, bool)>,
}

/// An answer, and what it comes from.
struct Answer {
    now: Now,
    by: Vec<Arc<Policy>>,
}

impl<'c> Candidate<'c> {
    pub(super) fn new(parsed: &'c Parsed<'_>, world: &'c World) -> Self {
        let policies = parsed.explainer.policies();
        Self {
            draft: &parsed.draft,
            policies,
            world,
            detectors: &parsed.detectors,
            own: parsed.classes().cloned().collect(),
            unused: usage::nothing(&parsed.detectors),
            doubts: Doubts::new(policies),
            by_id: policies.policies().map(|policy| (policy.id().as_str(), policy)).collect(),
            sights: BTreeMap::new(),
        }
    }

    /// What would be decided of a call now. The error says which record cannot be judged, and why.
    pub(super) fn judge(&mut self, call: Call) -> Result<Judged, (RecordId, String)> {
        let (on, answer, doubts, withheld) =
            match trial::connection(self.draft, &call.connection, &call.principal) {
                Err(why) => {
                    let now = Now::Deny(why);
                    (None, Answer { now, by: Vec::new() }, BTreeSet::new(), Vec::new())
                }
                Ok(connection) => {
                    let (answer, doubts) = self.ask(&call, &connection)?;
                    let withheld = match &answer.now {
                        Now::Allow | Now::Hold(_) => self.withheld(&call, &connection),
                        Now::Deny(_) => Vec::new(),
                    };
                    (Some(connection), answer, doubts, withheld)
                }
            };
        let Answer { now, by } = answer;
        let fates = call.was.policies.iter().map(|policy| self.fate(policy)).collect();
        let needs_new_approval = match &now {
            Now::Hold(wanted) => call.was.is_approved && !is_covered(wanted, &call.was.policies),
            Now::Allow | Now::Deny(_) => false,
        };
        Ok(Judged {
            id: call.id,
            at: call.at,
            caller: call.caller,
            connection: call.connection,
            on,
            method: call.method,
            name: call.wanted.subject().unwrap_or_default().to_owned(),
            knows_attributes: !call.gaps.contains(&Gap::Attributes),
            principal: call.principal,
            was: call.was,
            fates,
            now,
            by,
            masks: Vec::new(),
            withheld,
            doubts,
            needs_new_approval,
        })
    }

    /// The answer, and what may change it.
    fn ask(
        &mut self,
        call: &Call,
        connection: &ConnectionName,
    ) -> Result<(Answer, BTreeSet<String>), (RecordId, String)> {
        let not_a_call = || (call.id, "it is about no call".to_owned());
        let Aim::Target(target) = call.wanted.aim() else { return Err(not_a_call()) };
        let (labels, unsure) = self.labels(call);
        // What is not known is taken for nothing, and said. It is a long record, so only who reads it gets it.
        let reads_usage = self.policies.may_read_usage(&call.principal, connection, target);
        let mut trial = Trial {
            principal: call.principal.clone(),
            connection: connection.clone(),
            wanted: call.wanted.clone(),
            input: call.input.clone(),
            labels,
            now: call.now(),
            usage: reads_usage.then(|| self.unused.clone()),
        };
        let types = self.world.types(connection, target);
        let answer = self.answer(&trial, types).ok_or_else(not_a_call)?;
        let mut gaps = call.gaps.clone();
        if unsure.len() > MOST_TRIED {
            gaps.insert(Gap::Labels);
        }
        let mut doubts: BTreeSet<String> = {
            let question = trial.question(target, types);
            self.doubts.of_call(&question, &gaps).iter().map(|gap| reason(call, gap)).collect()
        };
        if call.is_name_masked {
            doubts.insert(format!("the name is masked: {}", call.wanted.told()));
        }
        if unsure.len() <= MOST_TRIED && !unsure.is_empty() {
            let all = trial.labels.clone();
            for without in subsets(&unsure) {
                trial.labels = all.difference(&without).cloned().collect();
                let other = self.answer(&trial, types).ok_or_else(not_a_call)?;
                if other.now.word() != answer.now.word() {
                    let names: Vec<&str> = without.iter().map(ClassName::as_str).collect();
                    doubts.insert(format!("label {} is of a value that is masked", names.join(", ")));
                }
            }
        }
        Ok((answer, doubts))
    }

    fn answer(&self, trial: &Trial, types: Option<&InputType>) -> Option<Answer> {
        let Aim::Target(target) = trial.wanted.aim() else { return None };
        let question: Question<'_> = trial.question(target, types);
        let determining = |reasons: &Reasons| reasons.determining.clone();
        Some(match self.policies.decide(&question) {
            Decision::Allow(permit) => Answer { now: Now::Allow, by: determining(permit.reasons()) },
            Decision::Deny(denial) => {
                Answer { now: Now::Deny(why(denial.kind())), by: determining(denial.reasons()) }
            }
            Decision::Hold(hold) => {
                Answer { now: Now::Hold(hold.requirements().to_vec()), by: determining(hold.reasons()) }
            }
        })
    }

    /// What would be found in the request, and which of it the record does not prove: its detector is not built in, and
    /// may be another one now, and the value is masked.
    fn labels(&self, call: &Call) -> (BTreeSet<ClassName>, Vec<ClassName>) {
        let found: BTreeSet<ClassName> = match self.own.is_empty() {
            true => BTreeSet::new(),
            false => {
                let found = detection::labels(self.detectors, &call.wanted, call.input.as_ref());
                found.intersection(&self.own).cloned().collect()
            }
        };
        let mut labels = found.clone();
        let mut unsure = Vec::new();
        for label in &call.labels {
            if self.own.contains(label) && !found.contains(label) {
                unsure.push(label.clone());
            }
            if self.own.contains(label) || is_of_gateway(label) {
                labels.insert(label.clone());
            }
        }
        (labels, unsure)
    }

    /// The classes whose tokens were opened for the tool, and would not be.
    fn withheld(&self, call: &Call, connection: &ConnectionName) -> Vec<String> {
        let Wanted::Tool(tool) = &call.wanted else { return Vec::new() };
        let asked = Detokenizing { principal: &call.principal, connection, tool };
        let refused = call.restored.iter().filter(|class| !self.policies.may_detokenize(asked, class));
        refused.map(ToString::to_string).collect()
    }

    fn fate(&self, policy: &PolicyRef) -> Fate {
        match self.by_id.get(policy.id.as_str()) {
            None => Fate::Gone,
            Some(now) if now.digest().to_string() == policy.digest => Fate::Same,
            Some(_) => Fate::Changed,
        }
    }

    /// Says how the values of an answer would appear, where that is not as they did.
    pub(super) fn compare_masks(
        &mut self,
        judged: &mut Judged,
        findings: &BTreeMap<String, u32>,
        masked: &BTreeMap<String, u32>,
    ) {
        let Some(connection) = judged.on.clone().filter(|_| !matches!(judged.now, Now::Deny(_))) else {
            return;
        };
        for (class, n_values) in findings.iter().filter(|(_, n)| **n > 0) {
            let was = match masked.get(class) {
                Some(n) if *n > 0 => Sight::Masked,
                Some(_) | None => Sight::Clear,
            };
            let (now, is_open) = self.sight(class, judged, &connection);
            if now.is_seen() != was.is_seen() {
                judged.masks.push(Mask { class: class.clone(), was, now, n_values: *n_values });
            }
            if is_open && !judged.knows_attributes {
                judged.doubts.insert(format!("attributes are not on record, and {class} hangs on them"));
            }
        }
    }

    /// How values of a class appear, and whether that hangs on attributes.
    fn sight(&mut self, class: &str, judged: &Judged, connection: &ConnectionName) -> (Sight, bool) {
        let name = class.parse::<ClassName>();
        let (Ok(name), false) = (name, class == Class::CREDENTIAL.as_str()) else {
            return (Sight::Masked, false);
        };
        let built_in = class.parse::<Class>().ok();
        if built_in.is_none() && !self.own.contains(&name) {
            return (Sight::Unfound, false);
        }
        let is_sensitive = built_in.unwrap_or_else(|| Class::custom(class)).is_sensitive();
        if !self.draft.masking().covers(&name, is_sensitive) {
            return (Sight::Clear, false);
        }
        let key = format!("{:?} {connection} {class}", judged.principal);
        let (may_see, is_open) = match self.sights.get(&key) {
            Some(known) => *known,
            None => {
                let principal = &judged.principal;
                let may_see = self.policies.may_unmask(principal, connection, &name);
                let is_open = self.doubts.of_unmasking(principal, connection, &name);
                if self.sights.len() >= MOST_REMEMBERED {
                    self.sights.clear();
                }
                self.sights.insert(key, (may_see, is_open));
                (may_see, is_open)
            }
        };
        (if may_see { Sight::Clear } else { Sight::Masked }, is_open)
    }
}

/// Whether an approval of some policies covers everything that is waited for.
fn is_covered(wanted: &[Requirement], approved: &[PolicyRef]) -> bool {
    wanted.iter().all(|Requirement { policy, rule: _ }| {
        approved.iter().any(|it| it.id == policy.id().as_str() && it.digest == policy.digest().to_string())
    })
}

/// Every part of some labels but none of them.
fn subsets(labels: &[ClassName]) -> Vec<BTreeSet<ClassName>> {
    let mut all = vec![BTreeSet::new()];
    for label in labels {
        let with = all.iter().map(|some: &BTreeSet<ClassName>| some.iter().chain([label]).cloned().collect());
        let with: Vec<_> = with.collect();
        all.extend(with);
    }
    all.retain(|some| !some.is_empty());
    all
}

/// Whether a label is of a class that every gateway knows.
fn is_of_gateway(label: &ClassName) -> bool {
    let text = label.as_str();
    text.parse::<Class>().is_ok()
        || Danger::ALL.iter().any(|danger| danger.as_str() == text)
        || OF_TOKENS.contains(&text)
}

/// What is missing, and why.
fn reason(call: &Call, gap: &Gap) -> String {
    match gap {
        Gap::Argument(path) if path.is_empty() && call.input.is_none() => format!("{gap} are not on record"),
        Gap::Argument(path) if path.is_empty() => {
            format!("{gap} are masked, or cannot be told from other parameters")
        }
        Gap::Argument(_) => format!("{gap} is masked"),
        Gap::Attributes | Gap::Labels | Gap::Usage => format!("{gap} not on record"),
    }
}

/// Why something is denied, in a sentence.
fn why(kind: &DenialKind) -> String {
    told::why(&portcullis_policy::Verdict::Deny(kind.clone())).join("; ")
}

/// What is said of masking tokens in a request.
const OF_TOKENS: [&str; 2] = ["token.unopened", "token.withheld"];
