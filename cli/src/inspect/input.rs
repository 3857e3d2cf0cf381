//! Where texts come from: files and standard input.

use std::fmt;
use std::fs::File;
use std::io::{Read, stdin};
use std::path::PathBuf;

use anyhow::{Context as _, ensure};

/// The longest text, in bytes; what is found in it and the masked text take several times as much memory.
pub(super) const LONGEST: u64 = 64 << 20;

/// One source of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Standard,
    File(PathBuf),
}

impl Input {
    /// Those that the command line names.
    pub(super) fn all(files: &[PathBuf]) -> Vec<Self> {
        if files.is_empty() {
            return vec![Self::Standard];
        }
        let input =
            |file: &PathBuf| if file.as_os_str() == "-" { Self::Standard } else { Self::File(file.clone()) };
        files.iter().map(input).collect()
    }

    /// As messages name it.
    pub(super) fn name(&self) -> String {
        self.to_string()
    }

    /// Opens it for reading.
    pub(super) fn open(&self) -> anyhow::Result<Box<dyn Read>> {
        Ok(match self {
            Self::Standard => Box::new(stdin().lock()),
            Self::File(path) => Box::new(File::open(path).with_context(|| format!("cannot read {self}"))?),
        })
    }

    /// All of it as one text.
    pub(super) fn text(&self) -> anyhow::Result<String> {
        let mut bytes = Vec::new();
        self.open()?
            .take(LONGEST + 1)
            .read_to_end(&mut bytes)
            .with_context(|| format!("cannot read {self}"))?;
        ensure!(!is_too_long(&bytes), "{self} is longer than {} MiB", LONGEST >> 20);
        String::from_utf8(bytes).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            anyhow::anyhow!("{self} is not UTF-8: at byte {offset}")
        })
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard => f.write_str("stdin"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// Whether more than the longest text was read.
pub(super) fn is_too_long(bytes: &[u8]) -> bool {
    u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST)
}
