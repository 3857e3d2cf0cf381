//! What a principal may do, decided by Cedar policies.
//!
//! [`PolicySet::parse`] reads policy files, [`PolicySet::decide`] answers one [`Question`] with Allow, Deny or
//! Hold, [`PolicySet::visibility`] says what a list shows and [`PolicySet::listing`] says it for all of its items,
//! [`PolicySet::response_visibility`] whether a client's answer to a question of the upstream may pass, and
//! [`PolicySet::may_unmask`] whether a class of data is shown in clear, and [`PolicySet::may_detokenize`] whether a tool
//! may have it in the place of tokens. Everything here is pure: policies are text, time is a value.
//!
//! [`Bundle::build`] checks policy files and makes bytes of them that [`PolicySet::from_bundle`] opens without
//! parsing a policy, and a [`SignedBundle`] says who vouches for them.
//!
//! # What a policy sees
//!
//! Every id is namespaced by its connection or issuer, so no name of one can be taken for a name of another.
//!
//! | entity | id | in | attributes |
//! |---|---|---|---|
//! | `User`, `Workload` | `issuer\|subject` | `Group` per group | `issuer`, `subject`; token attributes as tags |
//! | `Group` | `issuer:group` | | |
//! | `Tool`, `Prompt` | `connection/name` | `Connection` | `name` |
//! | `Resource` | `connection/uri` | `Connection` | `uri` |
//! | `Connection` | `connection` | | |
//! | `DataClass` | `pii.card` | `DataClass::"pii"` | |
//! | `Session` | `current` | | `labels`, `now`, `client`, `usage` |
//!
//! | action | in | resource |
//! |---|---|---|
//! | `Action::"billing/refund"` | `Action::"billing"` in `Action::"call"` | `Tool` |
//! | `Action::"prompt:billing/letter"` | `Action::"prompt:billing"` in `Action::"get"` | `Prompt` |
//! | `read`, `subscribe` | | `Resource` |
//! | `complete` | | `Prompt` or `Resource`, whose argument is completed |
//! | `detokenize`, `unmask` | | `DataClass` |
//! | `approve`, `audit`, `configure`, `elicit`, `erase`, `force_approve`, `legal_hold`, `review`, `revoke`, `roots`, `sample` | | `Connection` |
//! | `request_access` | | `Group` |
//!
//! `context.input` holds the arguments of the call as they are (an empty record where there are none), and
//! `context.session` is an entity with `labels` (a set of strings: the classes that were found, and those that they are
//! in, as `pii` is there for `pii.card`), `now` (a `datetime`), `usage` and, if the token
//! names it, `client` (the OAuth client id). A question about `unmask` is not about a call: its context is
//! `context.connection`, a `Connection`, and nothing else, so a rule that covers `unmask` and reads
//! `context.input` errs, and the data stays masked. That of `detokenize` is `context.connection` and `context.tool`, the
//! `Tool` whose arguments hold tokens.
//!
//! # Arguments
//!
//! The [`InputType`] of a question, which follows from the definition of its tool or prompt, says what each argument
//! becomes: an `integer` is a `Long`, a `number` a `decimal`, whole or not, and so on. Strings, booleans, arrays (as
//! sets) and objects (as records) are what they are. A member whose value is `null` is left out: most clients write
//! it for an optional argument that they do not give.
//!
//! Where nothing is said of an argument, its value decides, never its spelling: a whole number that fits 64 bits is a
//! `Long` (`5`, `5.0`, `5e0`), any other a `decimal` if four digits after the point hold it exactly.
//!
//! Anything else, a value of another type than is declared, a number that its type does not hold, a `null` inside an
//! array, becomes an entity of the type `Unrepresentable`, and the session gets the label `args.unrepresentable`. So
//! does an array with such an item, where its items have a type: to look for something in a set never errs. Leaving such a value out would let
//! it pass as absent where a rule asks with `has`. As an entity it is there, equals nothing that a rule could
//! name by accident, and to compute or compare with it in any other way is an error, which denies.
//!
//! # Usage
//!
//! `context.session.usage` is a record of three windows, `minute`, `hour` and `day`. Each is a record of what the
//! principal has used on the connection in it: `calls`, `denials`, `bytes`, `items`, and by class `findings` and
//! `distinct`, as in `context.session.usage.day.distinct["pii.email"]`. All members are there; what was not used is 0.
//! What is not known is there all the same and has no members, so to read it errs, which denies: `usage` is a text then,
//! and the count of a class that is not known an entity of the type `Unrepresentable`.
//! In lists usage is unknown as arguments are, since it changes by itself: no quota hides a tool.
//!
//! # Rules of the settings
//!
//! [`DenyRules`] are what `[[deny]]` in the settings says, each as a hard `forbid`. They are put beside a set with
//! [`PolicySet::with_rules`] and are no part of its bundle, so that no pushed policies take them away.
//!
//! # What a policy may be
//!
//! At most 64 KiB of text, and 150 operators or 37 brackets deep; a set may be as long as fits. A group is written
//! with its issuer, `Group::"okta:support"`, since nobody could be in one without.
//!
//! # Annotations
//!
//! | annotation | meaning |
//! |---|---|
//! | `@id("vendors.read")` | required, unique across all files |
//! | `@reason("…")` | why the rule exists; shown to operators |
//! | `@mode("observe")` | evaluated and reported, changes nothing; the default is `enforce` |
//! | `@approval("okta:finance")` | on a `forbid`: members of the group may lift it, call by call |
//! | `@approvers("2")` | how many of them; 1 unless given |
//! | `@ttl("15m")` | how long the request for approval stays open; 15 minutes unless given |
//! | `@grant("once")`, `@grant("30m")` | what the approval covers: one call, which is the default, or a time window |
//!
//! # What is not here
//!
//! Who the caller is (`portcullis-identity`), what was found in a request (`portcullis-detect`), asking and
//! counting votes for a [`Hold`], counting what is used, and revocations. There is no schema either: policies are
//! checked against one by the command line (`portcullis-schema`), never on the data path.

#![forbid(unsafe_code)]

mod annotations;
mod arguments;
mod bundle;
mod decide;
mod decision;
mod deny;
mod detokenize;
mod digest;
mod doubt;
mod evaluate;
mod explain;
mod facts;
mod formula;
mod groups;
mod input_type;
mod layers;
mod listing;
mod nesting;
mod number;
mod numbers;
mod policy;
mod problem;
mod prospect;
mod question;
mod reads;
mod residual;
mod scan;
mod scope;
mod set;
mod statement;
mod thing;
mod time;
mod unmask;
mod usage;
mod visibility;
mod vocabulary;
mod witness;

pub use annotations::{ApprovalGroup, ApprovalRule, Coverage, Mode};
pub use bundle::{
    Bundle, BundleDigest, BundleError, EnvelopeError, KeyId, Section, Serial, SignedBundle, SigningKey,
    VerifyingKey,
};
pub use decision::{
    Decision, Denial, DenialKind, EvaluationFailure, Hold, Observation, ObservedOutcome, Permit, Reasons,
    Requirement, Scope,
};
pub use deny::{DenyRules, policy_of};
pub use detokenize::Detokenizing;
pub use digest::{PolicyDigest, PolicySetDigest};
pub use doubt::{Doubts, Gap, Gaps};
pub use explain::{Asked, Difference, Explainer, Explanation, Failing, NearMiss, Verdict};
pub use input_type::{InputType, MemberType, RecordType, ValueType};
pub use listing::Listing;
pub use policy::{Effect, Policy, PolicyId};
pub use problem::{Problem, Problems};
pub use question::{Completion, Lifecycle, Question, Session, Target};
pub use scan::{Token, tokens};
pub use set::{PolicySet, Source};
pub use usage::{Usage, Used};
pub use visibility::Visibility;
pub use vocabulary::is_reserved;
