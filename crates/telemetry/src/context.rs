//! `traceparent` (W3C Trace Context §3.2).
//!
//! What a caller sends is read into values, and what leaves is written from them: no text of the caller passes. It is
//! written in version `00`, which every later version can be read as.

use std::fmt;

/// The trace that a request belongs to: sixteen bytes, not all of them zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TraceId([u8; 16]);

/// A span of a trace: eight bytes, not all of them zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpanId([u8; 8]);

/// Where a request stands: its trace, the span that it was sent from, and whether that is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace.
    pub trace: TraceId,
    /// The span of whoever sent the request.
    pub parent: SpanId,
    /// Whether whoever sent it may have recorded it, so that the others should too.
    pub sampled: bool,
}

/// The flag of §3.2.2.5.1. The others are not known here, and §3.2.2.5.2 says to clear what is not known.
const SAMPLED: u8 = 1;
/// The version that is written.
const VERSION: u8 = 0;
/// The one version that cannot be.
const INVALID_VERSION: u8 = 0xff;
/// The length of version `00`, and of what later versions begin with.
const LENGTH: usize = 55;

impl TraceId {
    /// The id of these bytes; `None` if all of them are zero.
    #[must_use]
    pub fn new(bytes: [u8; 16]) -> Option<Self> {
        bytes.iter().any(|byte| *byte != 0).then_some(Self(bytes))
    }

    /// The id of random bytes. In the one case in 2¹²⁸ in which they are no id it is a fixed one.
    #[must_use]
    pub fn random(bytes: [u8; 16]) -> Self {
        Self::new(bytes).unwrap_or(Self([1; 16]))
    }

    /// Whether this is one of `per_million` traces. The same trace is for everybody who asks the same, whatever it was
    /// made of.
    #[must_use]
    pub fn is_among(self, per_million: u32) -> bool {
        let random = self.0.iter().fold(0_u64, |bits, byte| bits.rotate_left(8) ^ u64::from(*byte));
        random % 1_000_000 < u64::from(per_million)
    }
}

impl SpanId {
    /// The id of these bytes; `None` if all of them are zero.
    #[must_use]
    pub fn new(bytes: [u8; 8]) -> Option<Self> {
        bytes.iter().any(|byte| *byte != 0).then_some(Self(bytes))
    }

    /// The id of random bytes. In the one case in 2⁶⁴ in which they are no id it is a fixed one.
    #[must_use]
    pub fn random(bytes: [u8; 8]) -> Self {
        Self::new(bytes).unwrap_or(Self([1; 8]))
    }
}

impl TraceParent {
    /// Reads a header's value, or what stands for it in `_meta`; `None` if it is not in its form, and then it counts as if it
    /// were not there (§4.2).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let head = text.get(..LENGTH)?;
        let rest = text.get(LENGTH..)?;
        let mut fields = head.split('-');
        let version = byte(fields.next()?)?;
        let (trace, parent) = (bytes::<16>(fields.next()?)?, bytes::<8>(fields.next()?)?);
        let flags = byte(fields.next()?)?;
        let is_over = match version {
            INVALID_VERSION => return None,
            VERSION => rest.is_empty(),
            // §3.2.4: of a later version this much is read, if it ends there or goes on with a field of its own.
            _ => rest.is_empty() || rest.starts_with('-'),
        };
        if fields.next().is_some() || !is_over {
            return None;
        }
        Some(Self {
            trace: TraceId::new(trace)?,
            parent: SpanId::new(parent)?,
            sampled: flags & SAMPLED == SAMPLED,
        })
    }
}

fn byte(text: &str) -> Option<u8> {
    bytes::<1>(text).map(|[byte]| byte)
}

/// Bytes in lower-case hexadecimal digits, which is the only way to write them (§3.2.2).
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |digit: &u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut read = [0; N];
    for (to, [high, low]) in read.iter_mut().zip(pairs) {
        *to = digit(high)? << 4 | digit(low)?;
    }
    Some(read)
}

fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceId({self})")
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpanId({self})")
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trace, parent, sampled } = self;
        write!(f, "{VERSION:02x}-{trace}-{parent}-{:02x}", u8::from(*sampled))
    }
}

#[cfg(test)]
mod tests {
    use super::{SpanId, TraceId, TraceParent};

    const SOUND: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_is_in_its_form_is_read_and_written_in_version_00() {
        for (text, want) in [
            (SOUND, SOUND),
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
            ),
            // Flags that are not known.
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", SOUND),
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
            ),
            // Later versions.
            ("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", SOUND),
            ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-all my text", SOUND),
            ("fe-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-", SOUND),
        ] {
            assert_eq!(
                TraceParent::parse(text).map(|read| read.to_string()).as_deref(),
                Some(want),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_in_its_form_is_not_there() {
        for text in [
            "",
            "-",
            "4111 1111 1111 1111",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "FE-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-011",
            "000-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736 00f067aa0ba902b7-01",
            " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-\u{e9}",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0\u{e9}",
            "00-4bf92f35-7b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceParent::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_id_is_never_zero() {
        assert_eq!((TraceId::new([0; 16]), SpanId::new([0; 8])), (None, None));
        let (trace, parent) = (TraceId::random([0; 16]), SpanId::random([0; 8]));
        let written = TraceParent { trace, parent, sampled: false }.to_string();
        assert!(TraceParent::parse(&written).is_some(), "{written}");
    }

    #[test]
    fn about_as_many_traces_are_among_the_sampled_as_are_asked_for() {
        let traces = |n: u64| {
            let mut bytes = [0; 16];
            bytes[8..].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
            TraceId::random(bytes)
        };
        let among = |per_million| (1..=10_000).filter(|n| traces(*n).is_among(per_million)).count();
        assert_eq!((among(0), among(1_000_000)), (0, 10_000));
        assert!((900..1100).contains(&among(100_000)), "{}", among(100_000));
    }
}
