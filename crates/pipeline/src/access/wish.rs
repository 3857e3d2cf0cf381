//! What somebody asks for, as they write it: `{"group": "demo:on-call", "for": "30m", "reason": "..."}`.

use std::borrow::Cow;
use std::time::Duration;

use portcullis_approval::Reason;
use portcullis_mcp::json::Object;

use crate::access::Unasked;
use crate::exchange::Exchange;
use crate::ports::Ports;

/// What somebody asks for.
pub(crate) struct Wish {
    pub(crate) group: String,
    pub(crate) duration: Duration,
    /// Masked: it is kept, and shown to others.
    pub(crate) reason: Reason,
}

impl Wish {
    /// Reads the members, each of which must be there.
    pub(crate) fn parse<P: Ports>(x: &Exchange<P>, members: &Object<'_>) -> Result<Self, Unasked> {
        let text = |member| members.get_str(member).ok_or(Unasked::Malformed);
        if members.len() != MEMBERS.len() {
            return Err(Unasked::Malformed);
        }
        let [group, duration, reason] = MEMBERS.map(text);
        let mut reason = Cow::Borrowed(reason?);
        x.masker().text(&mut reason);
        Ok(Self {
            group: group?.to_owned(),
            duration: time(duration?).ok_or(Unasked::Malformed)?,
            reason: reason.parse().map_err(Unasked::Reason)?,
        })
    }
}

/// A number and its unit. Whether so long can be asked for is another question.
fn time(text: &str) -> Option<Duration> {
    let (number, factor) = [("s", 1), ("m", 60), ("h", 60 * 60)]
        .into_iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    let is_plain =
        !number.is_empty() && number.len() <= LONGEST && number.bytes().all(|b| b.is_ascii_digit());
    let number: u64 = number.parse().ok().filter(|_| is_plain)?;
    Some(Duration::from_secs(number.saturating_mul(factor)))
}

pub(super) const MEMBERS: [&str; 3] = ["group", "for", "reason"];
/// In digits.
const LONGEST: usize = 7;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        for (text, want) in [
            ("30m", Some(1800)),
            ("90s", Some(90)),
            ("2h", Some(7200)),
            ("0m", Some(0)),
            ("30", None),
            ("m", None),
            ("", None),
            ("-1m", None),
            ("+1m", None),
            ("1.5h", None),
            ("1d", None),
            ("30 m", None),
            ("30m ", None),
            ("99999999s", None),
        ] {
            assert_eq!(time(text).map(|time| time.as_secs()), want, "`{text}`");
        }
    }
}
