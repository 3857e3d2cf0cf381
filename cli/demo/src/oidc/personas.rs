//! Who can sign in: the people and the workload of the demonstration's story.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value, json};

/// One of the demonstration's identities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Persona {
    /// A colleague of internal audit, who reads recordings.
    Auditor,
    /// A CI job of the reports repository.
    Ci,
    /// A colleague of the finance team, who may approve refunds.
    Finance,
    /// A colleague of the support team.
    Support,
    /// The contractor of the story.
    Vendor,
    /// A colleague of the platform team, who writes policies.
    Writer,
}

/// No persona has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no persona `{0}`: choose vendor, support, finance, writer, auditor or ci")]
pub struct UnknownPersona(String);

impl Persona {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Auditor, Self::Ci, Self::Finance, Self::Support, Self::Vendor, Self::Writer];

    /// The short name, for command lines and forms.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auditor => "auditor",
            Self::Ci => "ci",
            Self::Finance => "finance",
            Self::Support => "support",
            Self::Vendor => "vendor",
            Self::Writer => "writer",
        }
    }

    /// The `sub` claim.
    #[must_use]
    pub const fn subject(self) -> &'static str {
        match self {
            Self::Auditor => "a.novak@acme.example",
            Self::Ci => "repo:acme/billing-reports:ref:refs/heads/main",
            Self::Finance => "m.tanaka@acme.example",
            Self::Support => "s.okafor@acme.example",
            Self::Vendor => "v.moreau@contractor.example",
            Self::Writer => "w.lindqvist@acme.example",
        }
    }

    /// The name that pages show.
    #[must_use]
    pub const fn display_name(self) -> &'static str {
        match self {
            Self::Auditor => "Ana Novak, internal audit",
            Self::Ci => "CI of acme/billing-reports",
            Self::Finance => "Mei Tanaka, finance",
            Self::Support => "Sam Okafor, support",
            Self::Vendor => "Valérie Moreau, contractor",
            Self::Writer => "Wilma Lindqvist, platform team",
        }
    }

    /// The `groups` claim.
    #[must_use]
    pub const fn groups(self) -> &'static [&'static str] {
        match self {
            Self::Auditor => &["auditors"],
            Self::Ci => &["ci"],
            Self::Finance => &["finance"],
            Self::Support => &["support"],
            Self::Vendor => &["vendors"],
            Self::Writer => &["policy-writers"],
        }
    }

    /// Whether it is a program, which signs in with a client secret and not on a page.
    #[must_use]
    pub const fn is_workload(self) -> bool {
        match self {
            Self::Ci => true,
            Self::Auditor | Self::Finance | Self::Support | Self::Vendor | Self::Writer => false,
        }
    }

    /// The claims beside `sub` and `groups`.
    pub(super) fn attributes(self) -> Map<String, Value> {
        let attributes = match self {
            Self::Ci => json!({
                "repository": "acme/billing-reports",
                "ref": "refs/heads/main",
                "environment": "production",
            }),
            Self::Auditor | Self::Finance | Self::Support | Self::Vendor | Self::Writer => json!({
                "name": self.display_name(),
                "email": self.subject(),
                "email_verified": true,
            }),
        };
        attributes.as_object().cloned().unwrap_or_default()
    }
}

impl FromStr for Persona {
    type Err = UnknownPersona;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|persona| persona.name() == name)
            .ok_or_else(|| UnknownPersona(name.to_owned()))
    }
}

impl fmt::Display for Persona {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
