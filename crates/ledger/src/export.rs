//! An export of the ledger: JSON Lines, from which everything can be verified without the store.
//!
//! In this order, each value exactly as it is stored, in base64:
//!
//! ```text
//! {"line":"ledger","v":1,"app":"portcullis"}
//! {"line":"days","first":"2026-08-23","last":"2026-08-29"}               if it is of these days only
//! {"line":"tombstone","value":"…"}                                       of days that were pruned, by day
//! {"line":"checkpoint","value":"…"}                                      by serial
//! {"line":"day","day":"2026-08-23","chains":2}                           what the day's counter is
//! {"line":"segment","day":"2026-08-23","chain":1,"n":0,"value":"…"}      of that day, by chain and n
//! {"line":"end","lines":42}                                              all lines with this one
//! ```

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};

use crate::chain::{ChainId, SegmentId};
use crate::day::Day;
use crate::key::AppName;

/// One line of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// What lies at [`crate::Key::checkpoint`].
    Checkpoint(Vec<u8>),
    /// A day, and how many chains were claimed on it.
    Day {
        /// The day.
        day: Day,
        /// What its counter is.
        chains: u32,
    },
    /// That it is of these days only.
    Days {
        /// The first of them.
        first: Day,
        /// The last of them.
        last: Day,
    },
    /// The last line.
    End {
        /// How many lines there are, with this one.
        lines: u64,
    },
    /// The first line.
    Ledger(AppName),
    /// What lies at [`crate::Key::segment`].
    Segment {
        /// The segment that belongs there.
        id: SegmentId,
        /// What lies there.
        value: Vec<u8>,
    },
    /// What lies at [`crate::Key::tombstone`].
    Tombstone(Vec<u8>),
}

/// Text that is no line of an export.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a line of an export: {0}")]
pub struct InvalidLine(String);

#[derive(Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case", deny_unknown_fields)]
enum Form {
    Checkpoint { value: String },
    Day { day: String, chains: u32 },
    Days { first: String, last: String },
    End { lines: u64 },
    Ledger { v: u64, app: String },
    Segment { day: String, chain: u32, n: u32, value: String },
    Tombstone { value: String },
}

const VERSION: u64 = 1;

impl Line {
    /// The line, without the line break.
    #[must_use]
    pub fn to_json(&self) -> String {
        let form = match self {
            Self::Checkpoint(value) => Form::Checkpoint { value: Base64::encode_string(value) },
            Self::Day { day, chains } => Form::Day { day: day.to_string(), chains: *chains },
            Self::Days { first, last } => Form::Days { first: first.to_string(), last: last.to_string() },
            Self::End { lines } => Form::End { lines: *lines },
            Self::Ledger(app) => Form::Ledger { v: VERSION, app: app.as_str().to_owned() },
            Self::Segment { id: SegmentId { chain: ChainId { day, serial }, n }, value } => Form::Segment {
                day: day.to_string(),
                chain: *serial,
                n: *n,
                value: Base64::encode_string(value),
            },
            Self::Tombstone(value) => Form::Tombstone { value: Base64::encode_string(value) },
        };
        // Numbers and texts always serialise.
        serde_json::to_string(&form).unwrap_or_default()
    }

    /// Reads a line.
    ///
    /// # Errors
    /// [`InvalidLine`] if `text` is anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidLine> {
        let invalid = |what: &str| InvalidLine(what.to_owned());
        let bytes = |value: &str| Base64::decode_vec(value).map_err(|_| invalid("`value` is not base64"));
        let day_of = |day: &str| day.parse::<Day>().map_err(|error| InvalidLine(error.to_string()));
        match serde_json::from_str(text).map_err(|error| InvalidLine(error.to_string()))? {
            Form::Checkpoint { value } => Ok(Self::Checkpoint(bytes(&value)?)),
            Form::Day { day, chains } => Ok(Self::Day { day: day_of(&day)?, chains }),
            Form::Days { first, last } => Ok(Self::Days { first: day_of(&first)?, last: day_of(&last)? }),
            Form::End { lines } => Ok(Self::End { lines }),
            Form::Ledger { v, app: _ } if v != VERSION => Err(invalid("the export is of a newer release")),
            Form::Ledger { v: _, app } => {
                app.parse().map(Self::Ledger).map_err(|_| invalid("`app` is no name of an application"))
            }
            Form::Segment { day, chain, n, value } => {
                let id = SegmentId { chain: ChainId { day: day_of(&day)?, serial: chain }, n };
                Ok(Self::Segment { id, value: bytes(&value)? })
            }
            Form::Tombstone { value } => Ok(Self::Tombstone(bytes(&value)?)),
        }
    }
}
