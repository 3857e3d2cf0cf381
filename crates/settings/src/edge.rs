//! Which `Host`, `Origin` and `Forwarded` values of a request are believed.
//!
//! A browser that was tricked by DNS rebinding sends a strange `Host` or `Origin`; both must be ones the operator
//! expects. What is expected derives from `public_url`, plus the lists in `[edge]`. Not here: reading the headers
//! (a missing or doubled one is the caller's to refuse).

mod network;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::str::FromStr;

pub(crate) use crate::edge::network::Network;
use crate::url::{Authority, HttpUrl, PublicUrl, Scheme, UrlError};

/// Which `Host`, `Origin` and `Forwarded` values of a request are believed.
#[derive(Clone, Debug)]
pub struct Edge {
    /// What the gateway is reached by; gives a `Host` without a port its port.
    scheme: Scheme,
    hosts: BTreeSet<Authority>,
    origins: BTreeSet<Origin>,
    proxies: Vec<Network>,
}

impl Edge {
    /// Whether a `Host` header, or the authority of a request target, names this gateway.
    #[must_use]
    pub fn host_allowed(&self, host: &str) -> bool {
        Authority::parse(host).is_ok_and(|host| self.hosts.contains(&host.with_port(self.scheme)))
    }

    /// Whether a page of this `Origin` may call the gateway. `null` never may.
    #[must_use]
    pub fn origin_allowed(&self, origin: &str) -> bool {
        origin.parse::<Origin>().is_ok_and(|origin| self.origins.contains(&origin))
    }

    /// Whether this peer's word about who it forwards for counts.
    #[must_use]
    pub fn is_trusted_proxy(&self, peer: IpAddr) -> bool {
        self.proxies.iter().any(|network| network.contains(peer))
    }
}

/// The `[edge]` section, before `public_url` is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct EdgeDraft {
    pub(crate) hosts: Vec<ListedHost>,
    pub(crate) origins: Vec<Origin>,
    pub(crate) proxies: Vec<Network>,
}

impl EdgeDraft {
    pub(crate) fn resolve(&self, public: &PublicUrl) -> Edge {
        let Self { hosts, origins, proxies } = self;
        let scheme = public.scheme();
        let own: Vec<Authority> = names_of(public.host()).iter().map(|host| host.with_port(scheme)).collect();
        let own_origins = own.iter().map(|host| Origin { scheme, host: host.clone() });
        Edge {
            scheme,
            origins: own_origins.chain(origins.iter().cloned()).collect(),
            hosts: own.iter().cloned().chain(hosts.iter().map(|host| host.0.with_port(scheme))).collect(),
            proxies: proxies.clone(),
        }
    }
}

/// The host of `public_url` and, on this machine, the other names of the same place.
fn names_of(host: &Authority) -> Vec<Authority> {
    let mut names = vec![host.clone()];
    if host.is_loopback() {
        names.extend(["localhost", "127.0.0.1", "[::1]"].map(|name| host.on_host(name)));
    }
    names
}

/// A further `Host` value: `name` or `name:port`.
#[derive(Clone, Debug)]
pub(crate) struct ListedHost(Authority);

impl FromStr for ListedHost {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        Authority::parse(text).map(Self)
    }
}

/// An `Origin` value, with its port always set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Origin {
    scheme: Scheme,
    host: Authority,
}

impl FromStr for Origin {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let HttpUrl { scheme, authority, path } = HttpUrl::parse(text)?;
        if !path.is_empty() {
            return Err(UrlError::Path);
        }
        Ok(Self { scheme, host: authority.with_port(scheme) })
    }
}

#[cfg(test)]
mod tests;
