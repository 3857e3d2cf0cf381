//! A range of addresses, written as one address or in CIDR form.

use std::net::IpAddr;
use std::str::FromStr;

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    /// In its IPv4 form where it has one.
    address: IpAddr,
    prefix: u8,
}

/// Why a text is not a range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`proxies` takes addresses such as `10.0.0.7` and ranges such as `10.0.0.0/8`, not wider than /8")]
pub(crate) struct NetworkError;

impl Network {
    /// Whether the address lies in the range. An IPv4 address written as IPv6 is the IPv4 address.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                same_prefix(own.to_bits().into(), other.to_bits().into(), 32, self.prefix)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                same_prefix(own.to_bits(), other.to_bits(), 128, self.prefix)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let written: IpAddr = address.parse().map_err(|_| NetworkError)?;
        let address = written.to_canonical();
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => width,
            // The prefix of `::ffff:10.0.0.0/104` counts other bits than it seems to.
            Some(_) if written != address => return Err(NetworkError),
            Some(digits) => digits.parse().map_err(|_| NetworkError)?,
        };
        // `0.0.0.0/0` would let every caller choose its own address.
        if (WIDEST_PREFIX..=width).contains(&prefix) {
            Ok(Self { address, prefix })
        } else {
            Err(NetworkError)
        }
    }
}

fn same_prefix(own: u128, other: u128, width: u32, prefix: u8) -> bool {
    let ignored = width.saturating_sub(u32::from(prefix));
    (own ^ other).checked_shr(ignored).unwrap_or(0) == 0
}

const WIDEST_PREFIX: u8 = 8;
