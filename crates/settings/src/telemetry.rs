//! `[telemetry]`: which traces are followed, and who is sent spans of them.
//!
//! Not here: what a trace is and what a span says (`telemetry`), and sending (`pipeline`).

use crate::connection::Credential;
use crate::webhook::WebhookUrl;

/// What is told to those who watch.
#[derive(Clone, Debug, Default)]
pub struct Telemetry {
    /// Who is sent spans; nobody, if it is absent.
    pub collector: Option<Collector>,
    /// How many of the traces that begin at the gateway are followed.
    pub sample: Sample,
}

/// A collector of spans (OTLP over HTTP).
#[derive(Clone, Debug)]
pub struct Collector {
    /// Where spans are posted.
    pub url: WebhookUrl,
    /// The headers that are sent along, such as a key.
    pub headers: Vec<Credential>,
}

/// A share of all traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    per_million: u32,
}

impl Sample {
    /// How many of a million traces.
    #[must_use]
    pub const fn per_million(self) -> u32 {
        self.per_million
    }

    /// Reads a number from 0 to 1 with at most six digits behind the point.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (whole, digits) = text.split_once('.').unwrap_or((text, ""));
        let is_short = digits.len() <= 6 && digits.bytes().all(|digit| digit.is_ascii_digit());
        let whole: u32 = whole.parse().ok().filter(|_| is_short)?;
        let part: u32 = format!("{digits:0<6}").parse().ok()?;
        let per_million = whole.checked_mul(1_000_000)?.checked_add(part)?;
        (per_million <= 1_000_000).then_some(Self { per_million })
    }
}

impl Default for Sample {
    /// All of them, as without a sampler in OpenTelemetry.
    fn default() -> Self {
        Self { per_million: 1_000_000 }
    }
}
