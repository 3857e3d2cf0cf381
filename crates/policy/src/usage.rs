//! What a principal has used on a connection, as policies see it in `context.session.usage`.
//!
//! Counting it is not here. A question carries it or does not; a question that does not has usage that is not known,
//! and then to read it is an error, which denies. What is not known is never taken for zero.

use std::collections::BTreeMap;

use cedar_policy::RestrictedExpression;
use portcullis_settings::ClassName;

use crate::facts::FactsError;
use crate::vocabulary::Vocabulary;

/// What was used in each of the windows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// In the last minute.
    pub minute: Used,
    /// In the last hour.
    pub hour: Used,
    /// In the last day.
    pub day: Used,
}

/// What was used in one window.
///
/// A class that is in neither map does not exist for policies: to read it is an error. So whoever asks gives every
/// class that detection knows, with 0 where nothing was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Calls that policy let through.
    pub calls: u64,
    /// Calls that policy denied.
    pub denials: u64,
    /// Bytes that went out to the caller.
    pub bytes: u64,
    /// Items that went out: contents, members of lists, rows.
    pub items: u64,
    /// Findings in what went out, by class; `None` where the count is not known.
    pub findings: BTreeMap<ClassName, Option<u64>>,
    /// Different values among them, by class; `None` where the count is not known.
    pub distinct: BTreeMap<ClassName, Option<u64>>,
}

/// The attribute of the session.
pub(crate) const USAGE: &str = "usage";

/// The value of the attribute.
pub(crate) fn expression(
    usage: Option<&Usage>,
    vocabulary: &Vocabulary,
) -> Result<RestrictedExpression, FactsError> {
    // As a text it is there, so that no rule takes it for absent, and it has no members: to read one is an error, and so
    // is to ask whether there is one. Of an entity `has day` would be false, and a limit behind that would not hold.
    let Some(Usage { minute, hour, day }) = usage else {
        return Ok(RestrictedExpression::new_string("unknown".to_owned()));
    };
    let windows = [("minute", minute), ("hour", hour), ("day", day)];
    let windows = windows.map(|(name, used)| Ok((name, window(used, vocabulary)?)));
    record(windows.into_iter().collect::<Result<Vec<_>, FactsError>>()?)
}

fn window(used: &Used, vocabulary: &Vocabulary) -> Result<RestrictedExpression, FactsError> {
    let Used { calls, denials, bytes, items, findings, distinct } = used;
    let by_class = |counts: &BTreeMap<ClassName, Option<u64>>| {
        let each = counts
            .iter()
            .map(|(class, count)| (class.as_str(), count.map_or_else(|| unknown(vocabulary), long)));
        record(each)
    };
    record([
        ("calls", long(*calls)),
        ("denials", long(*denials)),
        ("bytes", long(*bytes)),
        ("items", long(*items)),
        ("findings", by_class(findings)?),
        ("distinct", by_class(distinct)?),
    ])
}

fn record<'n>(
    members: impl IntoIterator<Item = (&'n str, RestrictedExpression)>,
) -> Result<RestrictedExpression, FactsError> {
    RestrictedExpression::new_record(members.into_iter().map(|(name, value)| (name.to_owned(), value)))
        .map_err(|_cedar| FactsError::Unexpressible("usage"))
}

fn long(count: u64) -> RestrictedExpression {
    RestrictedExpression::new_long(i64::try_from(count).unwrap_or(i64::MAX))
}

fn unknown(vocabulary: &Vocabulary) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(vocabulary.unrepresentable(USAGE))
}
