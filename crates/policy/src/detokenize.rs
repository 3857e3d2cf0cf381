//! Whether a tool may have the values that masking tokens stand for.
//!
//! The question is `action == Action::"detokenize"` with `resource` the `DataClass`, `context.connection` the
//! `Connection` and `context.tool` the `Tool`, which is in its connection:
//!
//! ```cedar
//! permit (principal in Group::"okta:support", action == Action::"detokenize", resource == DataClass::"pii.iban")
//!     when { context.tool == Tool::"billing/refund" };
//! ```

use portcullis_identity::Principal;
use portcullis_settings::{ClassName, ConnectionName};

use crate::decision::Decision;
use crate::facts::Facts;
use crate::set::PolicySet;

/// Who sends tokens to which tool.
#[derive(Clone, Copy, Debug)]
pub struct Detokenizing<'q> {
    /// Whose tokens they are; verified.
    pub principal: &'q Principal,
    /// The connection that the tool belongs to.
    pub connection: &'q ConnectionName,
    /// The tool's name.
    pub tool: &'q str,
}

impl PolicySet {
    /// Whether values of this class may be put in the place of the principal's own tokens in the arguments of the tool.
    ///
    /// Anything but a clear Allow is a no: an error, and also a soft forbid, since what waits for approval is the call
    /// and not what is in it.
    #[must_use]
    pub fn may_detokenize(&self, asked: Detokenizing<'_>, class: &ClassName) -> bool {
        match Facts::of_detokenizing(asked, class, &self.vocabulary) {
            Ok(facts) => match self.decide_on(&facts) {
                Decision::Allow(_permit) => true,
                Decision::Deny(_) | Decision::Hold(_) => false,
            },
            Err(_unexpressible) => false,
        }
    }
}
