//! Whether a class of data is shown in clear.
//!
//! The question is `action == Action::"unmask"` with `resource` the `DataClass` and `context.connection` the
//! `Connection`:
//!
//! ```cedar
//! permit (principal in Group::"okta:finance", action == Action::"unmask", resource in DataClass::"pii")
//!     when { context.connection == Connection::"billing" };
//! ```

use portcullis_identity::Principal;
use portcullis_settings::{ClassName, ConnectionName};

use crate::decision::Decision;
use crate::facts::Facts;
use crate::set::PolicySet;

impl PolicySet {
    /// Whether the principal may see this class of data in clear on this connection.
    ///
    /// Anything but a clear Allow is a no: an error, and also a soft forbid, since nobody can be asked while an
    /// answer is on its way.
    #[must_use]
    pub fn may_unmask(&self, principal: &Principal, connection: &ConnectionName, class: &ClassName) -> bool {
        match Facts::of_unmasking(principal, connection, class, &self.vocabulary) {
            Ok(facts) => match self.decide_on(&facts) {
                Decision::Allow(_permit) => true,
                Decision::Deny(_) | Decision::Hold(_) => false,
            },
            Err(_unexpressible) => false,
        }
    }
}
