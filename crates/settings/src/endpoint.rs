//! A place that callers come to: one connection at `/mcp/<connection>`, those that take part in it at `/mcp`, or `/api`.

use std::collections::{BTreeMap, BTreeSet};

use crate::Settings;
use crate::anonymous::Anonymous;
use crate::connection::{Connection, Scope};
use crate::issuer::IssuerSettings;
use crate::name::{ConnectionName, IssuerName};
use crate::policy::Console;
use crate::url::Resource;

/// A place that callers come to.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint<'s> {
    settings: &'s Settings,
    at: At<'s>,
}

/// Which place it is.
#[derive(Clone, Copy, Debug)]
enum At<'s> {
    /// Where the connections are served that take part.
    Aggregate,
    /// Where one connection is served by itself.
    Connection(&'s Connection),
    /// `/api`
    Console(&'s Console),
}

impl Settings {
    /// The place of one connection.
    #[must_use]
    pub fn endpoint(&self, name: &ConnectionName) -> Option<Endpoint<'_>> {
        let connection = self.connections.get(name)?;
        Some(Endpoint { settings: self, at: At::Connection(connection) })
    }

    /// The place of all connections that take part in it, if any does.
    #[must_use]
    pub fn aggregate(&self) -> Option<Endpoint<'_>> {
        let endpoint = Endpoint { settings: self, at: At::Aggregate };
        endpoint.connections().next().is_some().then_some(endpoint)
    }

    /// The place where policies are pushed, if there is one.
    #[must_use]
    pub fn api(&self) -> Option<Endpoint<'_>> {
        let console = self.console.as_ref()?;
        Some(Endpoint { settings: self, at: At::Console(console) })
    }
}

impl<'s> Endpoint<'s> {
    /// What tokens must be meant for (RFC 8707).
    #[must_use]
    pub fn resource(&self) -> Resource {
        let url = &self.settings.public_url;
        match self.at {
            At::Aggregate => url.aggregate_resource(),
            At::Connection(connection) => url.resource(&connection.name),
            At::Console(_) => url.api_resource(),
        }
    }

    /// Where its metadata is (RFC 9728 section 3.1).
    #[must_use]
    pub fn metadata_url(&self) -> String {
        let url = &self.settings.public_url;
        match self.at {
            At::Aggregate => url.aggregate_metadata_url(),
            At::Connection(connection) => url.metadata_url(&connection.name),
            At::Console(_) => url.api_metadata_url(),
        }
    }

    /// What people may call it.
    #[must_use]
    pub fn display_name(&self) -> &'s str {
        match self.at {
            At::Aggregate => "portcullis",
            At::Connection(connection) => connection.name.as_str(),
            At::Console(_) => "portcullis console",
        }
    }

    /// The connections that are served here, in the order of their names.
    pub fn connections(&self) -> impl Iterator<Item = &'s Connection> + use<'s> {
        let at = self.at;
        self.settings.connections.values().filter(move |connection| match at {
            At::Aggregate => connection.aggregate,
            At::Connection(only) => only.name == connection.name,
            At::Console(_) => false,
        })
    }

    /// The issuers whose callers may come here, in the order of their names.
    pub fn issuers(&self) -> impl Iterator<Item = &'s IssuerSettings> + use<'s> {
        let names: BTreeSet<&IssuerName> = match self.at {
            At::Console(console) => console.issuers.iter().collect(),
            At::Aggregate | At::Connection(_) => {
                self.connections().flat_map(|connection| &connection.issuers).collect()
            }
        };
        let settings: &BTreeMap<IssuerName, IssuerSettings> = &self.settings.issuers;
        names.into_iter().filter_map(|name| settings.get(name))
    }

    /// The issuer whose issuer URL is exactly `url`, if its callers may come here.
    ///
    /// `url` may come from a token that nobody has verified: it only selects whose keys must verify it.
    #[must_use]
    pub fn issuer_for(&self, url: &str) -> Option<&'s IssuerSettings> {
        self.issuers().find(|issuer| issuer.url.as_str() == url)
    }

    /// The principal of requests without a token, if such requests may come here.
    #[must_use]
    pub fn anonymous(&self) -> Option<&'s Anonymous> {
        let anonymous = self.settings.anonymous.as_ref()?;
        let listed = |connection: &Connection| connection.issuers.contains(anonymous.issuer());
        self.connections().any(listed).then_some(anonymous)
    }

    /// The scopes that a token needs for everything here.
    #[must_use]
    pub fn scopes(&self) -> BTreeSet<&'s Scope> {
        match self.at {
            At::Console(console) => console.scopes.iter().collect(),
            At::Aggregate | At::Connection(_) => {
                self.connections().flat_map(|connection| &connection.scopes).collect()
            }
        }
    }

    /// The scopes that a token needs in order to come here at all: those of the connection. Of several, some may do
    /// without.
    #[must_use]
    pub fn required_scopes(&self) -> BTreeSet<&'s Scope> {
        match self.at {
            At::Aggregate => BTreeSet::new(),
            At::Connection(connection) => connection.scopes.iter().collect(),
            At::Console(console) => console.scopes.iter().collect(),
        }
    }
}
