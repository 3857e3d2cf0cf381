//! Definitions that nobody has approved: whoever owns the connection is asked, by the same requests and votes as for
//! calls.
//!
//! What they approve counts until it is taken back, for everybody who calls: it stands in for a pin.

use std::num::NonZeroU8;

use crate::digest::ContentDigest;
use crate::name::{GroupName, InvalidName};
use crate::request::{Asked, Definition, Subject};
use crate::requirement::{Coverage, InvalidRequirements, LONGEST, PolicyRef, Requirement, Requirements};

/// Who decides about the definitions of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionRule {
    /// Whose members do.
    pub owners: GroupName,
    /// How many different people must agree.
    pub n_owners: NonZeroU8,
}

/// Why nobody can be asked about a definition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotAskAbout {
    /// Something has a name that cannot be stored.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The rule is one that nobody can meet.
    #[error(transparent)]
    Rule(#[from] InvalidRequirements),
}

impl DefinitionRule {
    /// What whoever calls this definition asks for.
    ///
    /// # Errors
    /// [`CannotAskAbout`]: then it is not approved, and nobody can be asked.
    pub fn ask(&self, definition: Definition) -> Result<Asked, CannotAskAbout> {
        let requirement = Requirement {
            policy: PolicyRef { id: POLICY.parse()?, digest: self.digest() },
            group: self.owners.clone(),
            approvers: self.n_owners,
            ttl: LONGEST,
            coverage: Coverage::Lasting,
        };
        let requirements = Requirements::new(vec![requirement])?;
        Ok(Asked { subject: Subject::Definition(definition), requirements })
    }

    /// Of all that the rule says: what others have approved does not count for new owners.
    fn digest(&self) -> ContentDigest {
        let Self { owners, n_owners } = self;
        ContentDigest::of("portcullis definition rule 1", &[owners.as_str().as_bytes(), &[n_owners.get()]])
    }
}

/// All rules have one name: their digests tell them apart.
const POLICY: &str = "portcullis/definition";
