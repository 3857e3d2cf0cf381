//! The annotations that mean something, and what is wrong with all others.
//!
//! An unknown key is a problem and not a comment: a misspelt `@approval` would be a forbid that nobody can lift,
//! a misspelt `@mode` an experiment that denies for real.

use std::fmt;
use std::num::NonZeroU8;
use std::time::Duration;

use portcullis_identity::Principal;
use portcullis_settings::IssuerName;

use crate::policy::{Effect, PolicyId};

/// Whether a policy counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It takes part in decisions.
    Enforce,
    /// It is evaluated and reported, and changes nothing.
    Observe,
}

/// Who lifts a soft forbid, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRule {
    /// The group whose members may approve.
    pub group: ApprovalGroup,
    /// How many different people must.
    pub approvers: NonZeroU8,
    /// How long the request for approval stays open.
    pub ttl: Duration,
    /// What one approval covers.
    pub coverage: Coverage,
}

/// A group that may approve, as `issuer:group`. Whether anybody is in it only its issuer knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApprovalGroup(String);

/// What one approval covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// One call with exactly the approved arguments.
    Once,
    /// The same call any number of times within this time.
    Window(Duration),
}

/// The annotations of one policy, all checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Annotations {
    pub(crate) id: PolicyId,
    pub(crate) reason: Option<String>,
    pub(crate) mode: Mode,
    pub(crate) approval: Option<ApprovalRule>,
}

/// What is wrong with the annotations of a policy.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// The annotation to blame; `None` blames the policy.
    pub(crate) key: Option<String>,
    pub(crate) message: String,
    pub(crate) suggestion: Option<String>,
}

/// Reads the annotations of a policy, given as (key, value).
pub(crate) fn read<'a>(
    given: impl Iterator<Item = (&'a str, &'a str)>,
    effect: Effect,
) -> Result<Annotations, Vec<Complaint>> {
    let mut draft = Draft::default();
    let mut complaints = Vec::new();
    for (key, value) in given {
        complaints.extend(draft.take(key, value).err());
    }
    complaints.extend(draft.misplaced(effect));
    match draft.id.take() {
        Some(id) if complaints.is_empty() => Ok(draft.finish(id)),
        Some(_) => Err(complaints),
        None => {
            if !complaints.iter().any(|complaint| complaint.key.as_deref() == Some("id")) {
                complaints
                    .push(Complaint::of_policy("this policy has no `@id`", "write `@id(\"…\")` before it"));
            }
            Err(complaints)
        }
    }
}

impl ApprovalGroup {
    fn parse(text: &str) -> Option<Self> {
        let (issuer, group) = text.split_once(':')?;
        let plain = !group.is_empty() && group.len() <= LONGEST_GROUP && !group.chars().any(char::is_control);
        (issuer.parse::<IssuerName>().is_ok() && plain).then(|| Self(text.to_owned()))
    }

    /// The group as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the principal is in this group.
    #[must_use]
    pub fn has_member(&self, principal: &Principal) -> bool {
        principal.groups.iter().any(|group| group.as_str() == self.0)
    }
}

impl fmt::Display for ApprovalGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The annotations seen so far.
#[derive(Default)]
struct Draft {
    id: Option<PolicyId>,
    reason: Option<String>,
    mode: Option<Mode>,
    group: Option<ApprovalGroup>,
    approvers: Option<NonZeroU8>,
    ttl: Option<Duration>,
    coverage: Option<Coverage>,
    /// The keys that make sense only for a soft forbid, good or bad.
    for_approval: Vec<&'static str>,
}

impl Draft {
    fn take(&mut self, key: &str, value: &str) -> Result<(), Complaint> {
        let rule = match key {
            "id" => {
                self.id = PolicyId::parse(value);
                self.id.is_none().then_some("write 1 to 128 of A-Z, a-z, 0-9 and `.` `_` `-` `/` `:`")
            }
            "reason" => {
                self.reason = (!value.trim().is_empty()).then(|| value.to_owned());
                self.reason.is_none().then_some("say in one sentence why this policy exists")
            }
            "mode" => {
                self.mode = mode(value);
                self.mode.is_none().then_some("write `enforce` or `observe`")
            }
            "approval" => {
                self.for_approval.push("approval");
                self.group = ApprovalGroup::parse(value);
                self.group.is_none().then_some("write one group as `issuer:group`")
            }
            "approvers" => {
                self.for_approval.push("approvers");
                self.approvers = number(value).and_then(NonZeroU8::new).filter(|n| n.get() <= MOST_APPROVERS);
                self.approvers.is_none().then_some("write a number from 1 to 20")
            }
            "ttl" => {
                self.for_approval.push("ttl");
                self.ttl = duration(value);
                self.ttl.is_none().then_some(DURATION_RULE)
            }
            "grant" => {
                self.for_approval.push("grant");
                self.coverage = coverage(value);
                self.coverage.is_none().then_some("write `once` or a time like `30m`, from 1s to 7d")
            }
            unknown => return Err(unknown_key(unknown)),
        };
        rule.map_or(Ok(()), |rule| Err(bad_value(key, value, rule)))
    }

    /// Complains about annotations that make sense only for a soft forbid.
    fn misplaced(&self, effect: Effect) -> Vec<Complaint> {
        let has_approval = self.for_approval.contains(&"approval");
        let (why, remedy) = match effect {
            Effect::Permit => ("has no meaning on a permit", "put it on a forbid that approval lifts"),
            Effect::Forbid if has_approval => return Vec::new(),
            Effect::Forbid => ("has no meaning without `@approval`", "add `@approval(\"issuer:group\")`"),
        };
        let complain = |key: &&str| Complaint {
            key: Some((*key).to_owned()),
            message: format!("`@{key}` {why}"),
            suggestion: Some(remedy.to_owned()),
        };
        self.for_approval.iter().map(complain).collect()
    }

    fn finish(self, id: PolicyId) -> Annotations {
        let approval = self.group.map(|group| ApprovalRule {
            group,
            approvers: self.approvers.unwrap_or(NonZeroU8::MIN),
            ttl: self.ttl.unwrap_or(DEFAULT_TTL),
            coverage: self.coverage.unwrap_or(Coverage::Once),
        });
        Annotations { id, reason: self.reason, mode: self.mode.unwrap_or(Mode::Enforce), approval }
    }
}

impl Complaint {
    pub(crate) fn of_policy(message: &str, suggestion: &str) -> Self {
        Self { key: None, message: message.to_owned(), suggestion: Some(suggestion.to_owned()) }
    }
}

fn unknown_key(key: &str) -> Complaint {
    let nearest = KEYS
        .iter()
        .map(|known| (strsim::damerau_levenshtein(key, known), known))
        .min()
        .filter(|(distance, _)| *distance <= MOST_TYPOS)
        .map(|(_, known)| format!("did you mean `@{known}`?"));
    let all = || format!("known are {}", KEYS.map(|known| format!("`@{known}`")).join(", "));
    Complaint {
        key: Some(key.to_owned()),
        message: format!("unknown annotation `@{key}`"),
        suggestion: Some(nearest.unwrap_or_else(all)),
    }
}

fn bad_value(key: &str, value: &str, rule: &str) -> Complaint {
    let shown: String = value.chars().take(LONGEST_SHOWN).flat_map(char::escape_debug).collect();
    Complaint {
        key: Some(key.to_owned()),
        message: format!("`@{key}` cannot be `{shown}`"),
        suggestion: Some(rule.to_owned()),
    }
}

fn mode(value: &str) -> Option<Mode> {
    match value {
        "enforce" => Some(Mode::Enforce),
        "observe" => Some(Mode::Observe),
        _ => None,
    }
}

fn coverage(value: &str) -> Option<Coverage> {
    if value == "once" { Some(Coverage::Once) } else { duration(value).map(Coverage::Window) }
}

/// A whole number and a unit, as in `90s`, `15m`, `8h`, `7d`.
fn duration(value: &str) -> Option<Duration> {
    let (amount, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    let seconds_per_unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    let seconds = number::<u32>(amount)?.checked_mul(seconds_per_unit)?;
    let duration = Duration::from_secs(u64::from(seconds));
    (!duration.is_zero() && duration <= LONGEST_DURATION).then_some(duration)
}

/// A number in plain digits; Rust's own parser would also take a sign.
fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    plain.then(|| text.parse().ok()).flatten()
}

const KEYS: [&str; 7] = ["approval", "approvers", "grant", "id", "mode", "reason", "ttl"];
const DURATION_RULE: &str = "write a time like `90s`, `15m`, `8h` or `7d`, from 1s to 7d";
const DEFAULT_TTL: Duration = Duration::from_secs(15 * 60);
const LONGEST_DURATION: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// As for the groups of a principal, in bytes.
const LONGEST_GROUP: usize = 512;
const LONGEST_SHOWN: usize = 60;
const MOST_APPROVERS: u8 = 20;
/// Edits that still count as a misspelling.
const MOST_TYPOS: usize = 2;
