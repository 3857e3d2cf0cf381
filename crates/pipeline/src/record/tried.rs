//! What is on record of a call that policy has refused: the same as of one that it let through, so that it can be judged
//! again by other policies.

use std::collections::BTreeSet;

use portcullis_ledger::Arguments;
use portcullis_mcp::era::Call;
use portcullis_settings::ClassName;

use crate::detokenize::Restored;
use crate::exchange::Exchange;
use crate::ports::Ports;
use crate::record::{arguments, given};
use crate::refusal::Refusal;

/// A call that policy has not let through.
#[derive(Debug)]
pub(crate) struct Tried {
    pub(super) arguments: Arguments,
    pub(super) labels: BTreeSet<String>,
}

/// The refusal of a call. If it is policy that refuses, what was asked of it is kept for the record.
pub(crate) fn tried<P: Ports>(
    x: &mut Exchange<P>,
    refusal: Refusal,
    (call, restored, labels): (&Call<'_>, &Restored<'_>, &BTreeSet<ClassName>),
) -> Refusal {
    x.refused = refusal.decision().is_some().then(|| {
        let mut masker = x.masker().keeping(restored.tokenizer.clone());
        let given = (given(call), restored.sent().and_then(given));
        Tried {
            arguments: arguments(&x.gateway, &mut masker, given, restored),
            labels: labels.iter().map(ToString::to_string).collect(),
        }
    });
    refusal
}
