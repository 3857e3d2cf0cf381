//! What policy was asked when a call was recorded, as far as the record says it.

use std::collections::BTreeSet;

use portcullis_identity::{AttributeValue, Principal, PrincipalKind, UnixSeconds};
use portcullis_ledger::{
    Arguments, Attribute, DecisionSummary, Excerpt, Intent, PolicyRef, RecordId, Refusal, UnixMillis,
    Verdict, Who,
};
use portcullis_mcp::json::{self, Bounds, Json};
use portcullis_policy::{Gap, Gaps};
use portcullis_settings::{ClassName, IssuerName};

use crate::judge::masked::Placeholders;
use crate::trial::wanted::Wanted;

/// The deepest nesting that settings allow.
const DEEPEST: usize = 120;

/// A recorded call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: RecordId,
    pub(super) at: UnixMillis,
    /// `issuer|subject`.
    pub(super) caller: String,
    pub(super) principal: Principal,
    pub(super) connection: String,
    pub(super) method: String,
    pub(super) wanted: Wanted,
    pub(super) input: Option<Json<'static>>,
    pub(super) labels: BTreeSet<ClassName>,
    /// The classes whose tokens were opened.
    pub(super) restored: Vec<ClassName>,
    /// What is not on record as it was.
    pub(super) gaps: Gaps,
    /// Whether what was asked for is not on record as it was.
    pub(super) is_name_masked: bool,
    pub(super) was: Was,
}

/// What policy said then.
#[derive(Debug)]
pub(super) struct Was {
    pub(super) verdict: Verdict,
    /// Whether people had approved it.
    pub(super) is_approved: bool,
    pub(super) policies: Vec<PolicyRef>,
}

/// Why a record is not judged.
#[derive(Debug)]
pub(super) enum Unjudged {
    /// It is not what a gateway writes.
    Damaged {
        /// The record.
        id: RecordId,
        /// What is wrong with it.
        why: &'static str,
    },
    /// It is of nothing that policy decides call by call.
    NoQuestion(String),
}

/// The parts that both kinds of records have.
struct Parts {
    id: RecordId,
    at: UnixMillis,
    principal: Who,
    connection: String,
    method: String,
    name: Option<String>,
    arguments: Option<Arguments>,
    labels: BTreeSet<String>,
    was: Was,
}

impl Call {
    pub(super) fn of_intent(intent: Intent) -> Result<Self, Unjudged> {
        let Intent { id, at, principal, connection, method, name, arguments, labels, .. } = intent;
        if intent.revision.is_empty() {
            return Err(Unjudged::NoQuestion(format!("{method} at /api")));
        }
        let DecisionSummary { outcome, policies, .. } = intent.decision;
        let is_approved = intent.approval.is_some();
        let verdict = if is_approved { Verdict::Hold } else { outcome };
        let was = Was { verdict, is_approved, policies };
        let arguments = Some(arguments);
        Self::of(Parts { id, at, principal, connection, method, name, arguments, labels, was })
    }

    pub(super) fn of_refusal(refusal: Refusal) -> Result<Self, Unjudged> {
        let Refusal { id, at, kind, principal, connection, method, name, arguments, labels, .. } = refusal;
        let (Some(decision), Some(principal)) = (refusal.decision, principal) else {
            return Err(Unjudged::NoQuestion(format!("refused before policy was asked: {kind}")));
        };
        let (Some(connection), Some(method)) = (connection, method) else {
            return Err(Unjudged::NoQuestion("refused at /api".to_owned()));
        };
        let DecisionSummary { outcome: verdict, policies, .. } = decision;
        let was = Was { verdict, is_approved: false, policies };
        Self::of(Parts { id, at, principal, connection, method, name, arguments, labels, was })
    }

    fn of(parts: Parts) -> Result<Self, Unjudged> {
        let Parts { id, at, principal: who, connection, method, name, arguments, labels, was } = parts;
        let damaged = |why| Unjudged::Damaged { id, why };
        let wanted = wanted(&method, name)?;
        let placeholders = Placeholders::of_labels(&labels);
        let mut gaps = Gaps::from([Gap::Usage]);
        let (input, restored) = match &arguments {
            None => {
                gaps.extend([Gap::Labels, Gap::Argument(Vec::new())]);
                (None, Vec::new())
            }
            Some(Arguments { digest: _, text, restored }) => {
                let (input, missing) = input(text, &placeholders).map_err(damaged)?;
                gaps.extend(missing);
                (input, restored.keys().filter_map(|class| class.parse().ok()).collect())
            }
        };
        if !wanted.takes_arguments() {
            gaps.retain(|gap| !matches!(gap, Gap::Argument(_)));
        }
        let caller = format!("{}|{}", who.issuer, who.subject);
        let (principal, knows_attributes) =
            principal(who, &placeholders).ok_or_else(|| damaged("its principal is none"))?;
        if !knows_attributes {
            gaps.insert(Gap::Attributes);
        }
        let labels = labels.iter().map(|label| label.parse::<ClassName>()).collect::<Result<_, _>>();
        let labels = labels.map_err(|_| damaged("a label is no name of a class"))?;
        let is_name_masked = wanted.subject().is_some_and(|name| placeholders.are_in(name) || is_cut(name));
        let input = input.filter(|_| wanted.takes_arguments());
        Ok(Self {
            id,
            at,
            caller,
            principal,
            connection,
            method,
            wanted,
            input,
            labels,
            restored,
            gaps,
            is_name_masked,
            was,
        })
    }

    pub(super) fn now(&self) -> UnixSeconds {
        UnixSeconds(self.at.0 / 1000)
    }
}

/// What policy was asked about.
fn wanted(method: &str, name: Option<String>) -> Result<Wanted, Unjudged> {
    let no_question = |why: &str| Err(Unjudged::NoQuestion(format!("{method}: {why}")));
    let of_name: fn(String) -> Wanted = match method {
        "prompts/get" => Wanted::Prompt,
        "resources/read" => Wanted::Read,
        "resources/subscribe" => Wanted::Subscribe,
        "tools/call" => Wanted::Tool,
        "completion/complete" => return no_question("what is completed is not on record"),
        "elicitation/create" | "roots/list" | "sampling/createMessage" => {
            return no_question("an answer to a question of the server");
        }
        _ => return no_question("no call that policy decides on"),
    };
    name.map(of_name).map_or_else(|| no_question("what is asked for is not on record"), Ok)
}

/// The arguments as they are on record, and what of them is not as it was.
fn input(text: &Excerpt, placeholders: &Placeholders) -> Result<(Option<Json<'static>>, Gaps), &'static str> {
    let all = Gap::Argument(Vec::new());
    if text.n_omitted() > 0 {
        return Ok((None, Gaps::from([all])));
    }
    if text.text().is_empty() {
        return Ok((None, Gaps::new()));
    }
    let given = json::parse_text(text.text(), Bounds::request(DEEPEST));
    let given = given.map_err(|_| "its arguments are no JSON")?.into_owned();
    let (input, is_sure) = arguments_of(given);
    let mut gaps = input.as_ref().map(|input| placeholders.gaps(input)).unwrap_or_default();
    if !is_sure {
        gaps.insert(all);
    }
    Ok((input, gaps))
}

/// Arguments are on record by themselves, or with other parameters in an object of all. Also whether it is sure which.
fn arguments_of(mut given: Json<'static>) -> (Option<Json<'static>>, bool) {
    let Some(object) = given.as_object_mut() else { return (Some(given), true) };
    let has_others = object.len() > 1;
    let has_arguments = has_others && object.get("arguments").and_then(Json::as_object).is_some();
    let is_parameter = |(name, value): (&str, &Json<'_>)| match name {
        "_meta" | "arguments" | "inputResponses" | "task" => value.as_object().is_some(),
        "requestState" => value.as_str().is_some(),
        _ => false,
    };
    if has_arguments {
        let are_parameters = object.iter().all(is_parameter);
        return (object.remove("arguments"), are_parameters);
    }
    if !has_others && object.get("_meta").and_then(Json::as_object).is_some() {
        return (None, true);
    }
    // By themselves, these two are written without their names.
    let is_alone = !has_others && ["arguments", "inputResponses"].iter().any(|one| object.get(one).is_some());
    let is_sure = is_alone || !object.iter().any(is_parameter);
    (Some(given), is_sure)
}

/// The caller, and whether all of its attributes are known.
fn principal(who: Who, placeholders: &Placeholders) -> Option<(Principal, bool)> {
    let issuer: IssuerName = who.issuer.parse().ok()?;
    let kind = match who.kind {
        portcullis_ledger::PrincipalKind::User => PrincipalKind::User,
        portcullis_ledger::PrincipalKind::Workload => PrincipalKind::Workload,
    };
    let groups = who.groups.iter().map(String::as_str);
    let mut principal = Principal::recorded(&issuer, &who.subject, kind, groups)?;
    principal.client = who.client;
    let Some(attributes) = who.attributes else { return Some((principal, false)) };
    let is_whole = |text: &String| !placeholders.are_in(text) && !is_cut(text);
    let is_known = attributes.iter().all(|(name, value)| {
        is_whole(name)
            && match value {
                Attribute::Flag(_) | Attribute::Number(_) => true,
                Attribute::Text(text) => is_whole(text),
                Attribute::Texts(texts) => texts.iter().all(is_whole),
            }
    });
    principal.attributes.extend(attributes.into_iter().map(|(name, value)| {
        let value = match value {
            Attribute::Flag(flag) => AttributeValue::Bool(flag),
            Attribute::Number(number) => AttributeValue::Integer(number),
            Attribute::Text(text) => AttributeValue::Text(text),
            Attribute::Texts(texts) => AttributeValue::TextList(texts),
        };
        (name, value)
    }));
    Some((principal, is_known))
}

/// Whether a record had no room for all of a text.
fn is_cut(text: &str) -> bool {
    text.contains(CUT)
}

/// What the note of a cut begins with.
const CUT: &str = "…[+";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_told_from_other_parameters() {
        let all = |text: &str| {
            let given = json::parse_text(text, Bounds::request(64)).unwrap().into_owned();
            let (input, is_sure) = arguments_of(given);
            (input.map(|input| input.to_string()), is_sure)
        };
        for (text, input, is_sure) in [
            (r#"{"a":1}"#, Some(r#"{"a":1}"#), true),
            ("{}", Some("{}"), true),
            (r#"{"arguments":{"a":1},"_meta":{"traceparent":"x"}}"#, Some(r#"{"a":1}"#), true),
            (r#"{"arguments":{"a":1},"task":{},"requestState":"x"}"#, Some(r#"{"a":1}"#), true),
            (r#"{"_meta":{"x":1}}"#, None, true),
            // A tool's own argument of that name.
            (r#"{"arguments":{"a":1}}"#, Some(r#"{"arguments":{"a":1}}"#), true),
            (r#"{"task":"wash","arguments":"up"}"#, Some(r#"{"task":"wash","arguments":"up"}"#), true),
            // It may be one or the other.
            (r#"{"arguments":{"a":1},"b":2}"#, Some(r#"{"a":1}"#), false),
            (r#"{"task":{"ttl":1}}"#, Some(r#"{"task":{"ttl":1}}"#), false),
            (r#"{"_meta":{},"b":1}"#, Some(r#"{"_meta":{},"b":1}"#), false),
        ] {
            assert_eq!(all(text), (input.map(str::to_owned), is_sure), "{text}");
        }
    }
}
