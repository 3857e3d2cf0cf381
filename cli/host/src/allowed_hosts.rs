//! Which destinations a component may connect to: its `allowed_outbound_hosts`.
//!
//! An entry is `scheme://host:port`. The scheme may be `*`; the host a name, an address, a network (`10.0.0.0/8`),
//! `*.domain` for any subdomain, or `*`; the port a number, a range `from..to` without its end, or `*`, and is the
//! scheme's own when left out. Names are compared as ASCII without regard to case and never looked up here, so an
//! unusual spelling of an address matches no entry but `*`: when in doubt, the answer is no.
//! Requests of an application to itself (`self`, `*.spin.internal`) are not implemented.

use std::fmt;
use std::net::IpAddr;
use std::ops::Range;

use crate::template::Template;
use crate::variables::Values;

/// Why an entry cannot be used. The entry is named as the manifest has it, never with variables filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{entry}` is not an allowed outbound host: {reason}")]
pub(crate) struct HostError {
    entry: String,
    reason: &'static str,
}

/// An entry whose variables are not filled in yet.
#[derive(Clone, Debug)]
pub(crate) struct HostTemplate(Template);

impl TryFrom<Template> for HostTemplate {
    type Error = HostError;

    fn try_from(template: Template) -> Result<Self, HostError> {
        if template.is_literal() {
            let entry = template.to_string();
            entry.parse::<AllowedHost>().map_err(|reason| HostError { entry, reason })?;
        }
        Ok(Self(template))
    }
}

/// The entries of one component.
#[derive(Clone, Debug, Default)]
pub(crate) struct AllowedHosts(Vec<AllowedHost>);

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
struct AllowedHost {
    scheme: Option<String>,
    host: Host,
    ports: Option<Range<u32>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Any,
    Name(String),
    Network(IpAddr, u32),
    /// With its leading dot.
    Suffix(String),
}

/// Where a request wants to go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Destination<'u> {
    scheme: &'u str,
    host: &'u str,
    port: Option<u16>,
}

impl AllowedHosts {
    /// Fills in and reads the entries. One that is empty but for its scheme is left out, so that a variable may be
    /// empty for a destination that is not used.
    pub(crate) fn resolve(templates: &[HostTemplate], values: &Values) -> Result<Self, HostError> {
        let mut hosts = Vec::new();
        for HostTemplate(template) in templates {
            let error = |reason| HostError { entry: template.to_string(), reason };
            let entry = values.fill(template).map_err(|_| error("it uses an unknown variable"))?;
            if !template.is_literal() && matches!(entry.as_str(), "" | "http://" | "https://") {
                continue;
            }
            hosts.push(entry.parse().map_err(error)?);
        }
        Ok(Self(hosts))
    }

    /// Whether a request may go to `destination`.
    pub(crate) fn allows(&self, destination: Destination<'_>) -> bool {
        self.0.iter().any(|host| host.allows(destination))
    }
}

impl<'u> Destination<'u> {
    /// The destination of a request for `uri`; `None` if it does not name one.
    pub(crate) fn of(uri: &'u http::Uri) -> Option<Self> {
        let (scheme, host) = (uri.scheme_str()?, uri.host()?);
        (!host.is_empty()).then_some(Self { scheme, host, port: uri.port_u16() })
    }

    /// The destination's port, its scheme's own if none is named.
    fn port(self) -> Option<u16> {
        self.port.or_else(|| well_known_port(self.scheme))
    }
}

/// `scheme://host:port`, as an entry that allows this destination is written.
impl fmt::Display for Destination<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl AllowedHost {
    fn allows(&self, to: Destination<'_>) -> bool {
        let scheme = self.scheme.as_ref().is_none_or(|scheme| scheme.eq_ignore_ascii_case(to.scheme));
        let port = self
            .ports
            .as_ref()
            .is_none_or(|ports| to.port().is_some_and(|port| ports.contains(&u32::from(port))));
        scheme && port && self.host.allows(to.host)
    }
}

impl Host {
    fn allows(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Name(name) => name.eq_ignore_ascii_case(host),
            Self::Network(network, prefix) => address(host).is_some_and(|ip| within(ip, *network, *prefix)),
            Self::Suffix(suffix) => {
                address(host).is_none()
                    && host.to_ascii_lowercase().strip_suffix(suffix).is_some_and(|sub| !sub.is_empty())
            }
        }
    }
}

/// The address that `host` of a URI is, if it is one and not a name.
fn address(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse().ok()
}

fn within(ip: IpAddr, network: IpAddr, prefix: u32) -> bool {
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(prefix)).unwrap_or(0);
            ip.to_bits() & mask == network.to_bits() & mask
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(prefix)).unwrap_or(0);
            ip.to_bits() & mask == network.to_bits() & mask
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

impl std::str::FromStr for AllowedHost {
    type Err = &'static str;

    fn from_str(entry: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = entry.trim().split_once("://").ok_or("write it as scheme://host:port")?;
        let (host, port) = split_port(rest.strip_suffix('/').unwrap_or(rest));
        let ports = match port {
            None => Some(single(well_known_port(scheme).ok_or("it needs a port")?)),
            Some("*") => None,
            Some(port) => Some(ports(port).ok_or("its port is not a number, a range or `*`")?),
        };
        let scheme = match scheme {
            "*" => None,
            scheme if !scheme.is_empty() && scheme.chars().all(char::is_alphabetic) => {
                Some(scheme.to_owned())
            }
            _ => return Err("its scheme is not a word or `*`"),
        };
        Ok(Self { scheme, host: host.parse()?, ports })
    }
}

/// Cuts off a port. Colons inside brackets, or of a bare IPv6 address or network, are the host's.
fn split_port(rest: &str) -> (&str, Option<&str>) {
    if network(rest).is_some() {
        return (rest, None);
    }
    match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, (!port.is_empty()).then_some(port)),
        Some(_) | None => (rest, None),
    }
}

fn ports(text: &str) -> Option<Range<u32>> {
    match text.split_once("..") {
        Some((from, to)) => Some(u32::from(from.parse::<u16>().ok()?)..u32::from(to.parse::<u16>().ok()?)),
        None => Some(single(text.parse().ok()?)),
    }
}

fn single(port: u16) -> Range<u32> {
    u32::from(port)..u32::from(port) + 1
}

/// `address` or `address/prefix`.
fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (ip, prefix) = match text.split_once('/') {
        Some((ip, prefix)) => (address(ip)?, Some(prefix.parse::<u32>().ok()?)),
        None => (address(text)?, None),
    };
    let bits = if ip.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.unwrap_or(bits);
    (prefix <= bits).then_some((ip, prefix))
}

impl std::str::FromStr for Host {
    type Err = &'static str;

    fn from_str(host: &str) -> Result<Self, &'static str> {
        if host == "*" {
            return Ok(Self::Any);
        }
        if let Some((ip, prefix)) = network(host) {
            return Ok(Self::Network(ip, prefix));
        }
        let name = host.strip_prefix("*.").unwrap_or(host).to_ascii_lowercase();
        let is_name = name.split('.').all(|label| {
            !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        });
        match name.as_str() {
            "self" | "self.alt" => {
                Err("requests of an application to itself are not supported by the embedded host")
            }
            name if name == "spin.internal" || name.ends_with(".spin.internal") => {
                Err("requests between components are not supported by the embedded host")
            }
            _ if host.contains('/') => Err("it has a path"),
            _ if !is_name => Err("its host is not a name, an address, a network, `*.name` or `*`"),
            _ if host.starts_with("*.") => Ok(Self::Suffix(format!(".{name}"))),
            _ => Ok(Self::Name(name)),
        }
    }
}

fn well_known_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        "postgres" => Some(5432),
        "mysql" => Some(3306),
        "redis" => Some(6379),
        "mqtt" => Some(1883),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
