//! A strict parser of absolute `http` and `https` URLs without query and fragment.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::url::UrlError;

/// The two schemes there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Http => "http://",
            Self::Https => "https://",
        }
    }

    pub(crate) fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A host in lower case and its port, if one is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Authority {
    /// A name, an IPv4 address or a bracketed IPv6 address.
    host: String,
    port: Option<u16>,
}

impl Authority {
    pub(crate) fn parse(text: &str) -> Result<Self, UrlError> {
        // The colon of a port is the one after the bracket of an IPv6 address.
        let host_end = text.rfind(']').map_or(0, |bracket| bracket + 1);
        let port_at = text.bytes().enumerate().position(|(at, byte)| at >= host_end && byte == b':');
        let (host, port) = match port_at.and_then(|at| text.split_at_checked(at)) {
            Some((host, port)) => (host, Some(parse_port(port.trim_start_matches(':'), port)?)),
            None => (text, None),
        };
        Ok(Self { host: parse_host(host)?, port })
    }

    /// The port that is meant when `scheme` is spoken.
    pub(crate) fn port(&self, scheme: Scheme) -> u16 {
        self.port.unwrap_or_else(|| scheme.default_port())
    }

    /// The same host and port with the port always written.
    pub(crate) fn with_port(&self, scheme: Scheme) -> Self {
        Self { host: self.host.clone(), port: Some(self.port(scheme)) }
    }

    /// Another host on the same port.
    pub(crate) fn on_host(&self, host: &str) -> Self {
        Self { host: host.to_owned(), port: self.port }
    }

    /// As clients write it: the port only where it is not the scheme's own.
    pub(crate) fn written_for(&self, scheme: Scheme) -> String {
        match self.port {
            Some(port) if port != scheme.default_port() => format!("{}:{port}", self.host),
            Some(_) | None => self.host.clone(),
        }
    }

    pub(crate) fn is_loopback(&self) -> bool {
        let bare = self.host.trim_matches(['[', ']']);
        bare == "localhost"
            || self.is_under("localhost")
            || bare.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            || bare.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether the host is a name under `domain`, as `a.internal` is under `internal`.
    pub(crate) fn is_under(&self, domain: &str) -> bool {
        self.host.strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
    }
}

/// An absolute URL without query and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpUrl {
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    /// Empty, or begins with a slash; as written.
    pub(crate) path: String,
}

impl HttpUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = [Scheme::Https, Scheme::Http]
            .into_iter()
            .find_map(|scheme| text.strip_prefix(scheme.prefix()).map(|rest| (scheme, rest)))
            .ok_or(UrlError::Scheme)?;
        if rest.contains('#') {
            return Err(UrlError::Fragment);
        }
        if rest.contains('?') {
            return Err(UrlError::Query);
        }
        let path_at = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(path_at).ok_or(UrlError::Syntax)?;
        if authority.contains('@') {
            return Err(UrlError::UserInfo);
        }
        check_path(path)?;
        Ok(Self { scheme, authority: Authority::parse(authority)?, path: path.to_owned() })
    }

    /// `scheme://host`, with the port where it is not the scheme's own.
    pub(crate) fn origin(&self) -> String {
        format!("{}{}", self.scheme.prefix(), self.authority.written_for(self.scheme))
    }
}

fn parse_port(digits: &str, with_colon: &str) -> Result<u16, UrlError> {
    // `+80` and `::80` would parse or trim to a port; a URL has neither.
    let plain = digits.len() + 1 == with_colon.len() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse() {
        Ok(port) if plain && port != 0 => Ok(port),
        Ok(_) | Err(_) => Err(UrlError::Port),
    }
}

fn parse_host(host: &str) -> Result<String, UrlError> {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let address: Ipv6Addr = address.parse().map_err(|_| UrlError::Host)?;
        return Ok(format!("[{address}]"));
    }
    let host = host.to_ascii_lowercase();
    let is_name = host.len() <= LONGEST_HOST
        && host.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        });
    // A name that ends in a number is an IPv4 address to some readers and a name to others (`127.1`).
    let ends_in_number =
        host.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()));
    if is_name && (!ends_in_number || host.parse::<Ipv4Addr>().is_ok()) {
        Ok(host)
    } else {
        Err(UrlError::Host)
    }
}

fn check_path(path: &str) -> Result<(), UrlError> {
    let clean = path.bytes().all(|byte| byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte));
    let segments_are_plain = path.split('/').skip(1).all(|segment| {
        let segment = segment.to_ascii_lowercase().replace("%2e", ".");
        segment != "." && segment != ".." && !segment.contains("%2f") && !segment.contains("%5c")
    });
    if clean && segments_are_plain { Ok(()) } else { Err(UrlError::Syntax) }
}

const LONGEST_HOST: usize = 253;
