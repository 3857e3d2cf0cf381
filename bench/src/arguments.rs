//! The command line.

use std::net::SocketAddr;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Serialize;

use crate::rows::{ROWS, Row};

/// Measures the gateway on a host of this machine.
#[derive(Debug, Parser)]
#[command(name = "portcullis-bench", args_conflicts_with_subcommands = true, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) part: Option<Part>,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// What is measured, and how.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The host.
    #[arg(long, value_enum, default_value_t = Runtime::Embedded)]
    pub(crate) runtime: Runtime,
    /// The program that `--runtime spin` starts.
    #[arg(long, value_name = "FILE", env = "PORTCULLIS_SPIN", default_value = "spin")]
    pub(crate) spin: PathBuf,
    /// How long each row is measured, after two seconds to warm up.
    #[arg(long, default_value = "5")]
    pub(crate) seconds: NonZeroU64,
    /// How often everything is measured. The table shows medians and how far the rounds lie apart.
    #[arg(long, value_name = "COUNT", default_value = "1")]
    pub(crate) rounds: NonZeroUsize,
    /// Which rows, by name, with commas between them; all, and how fast texts are scanned, unless set.
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = row)]
    pub(crate) rows: Vec<&'static Row>,
    /// How many connections, each with one request at a time; each number is measured apart.
    #[arg(long, value_name = "COUNT", value_delimiter = ',', default_value = "1,16")]
    pub(crate) concurrency: Vec<NonZeroUsize>,
    /// Where the results go; `bench.json` in the target folder unless set.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

/// Which host runs the components.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Runtime {
    /// The host that `portcullis up` runs.
    Embedded,
    /// `spin up`
    Spin,
}

/// What else the binary does: one part of the benchmark, and the processes that it starts.
#[derive(Debug, Subcommand)]
pub(crate) enum Part {
    /// Only how fast detection scans texts in WebAssembly.
    Scan(Scan),
    /// The embedded host; the values of variables come from standard input.
    #[command(hide = true)]
    Host(Host),
    /// The load generator; what it sends comes from standard input.
    #[command(hide = true)]
    Load,
    /// The server behind the gateway.
    #[command(hide = true)]
    Upstream,
}

/// How scanning is measured.
#[derive(Debug, Args)]
pub(crate) struct Scan {
    /// How often everything is measured. The fastest scan of a text counts.
    #[arg(long, value_name = "COUNT", default_value = "1")]
    pub(crate) rounds: NonZeroUsize,
}

/// How the embedded host is started.
#[derive(Debug, Args)]
pub(crate) struct Host {
    #[arg(long)]
    pub(crate) from: PathBuf,
    #[arg(long)]
    pub(crate) listen: SocketAddr,
    #[arg(long)]
    pub(crate) state_dir: PathBuf,
    #[arg(long)]
    pub(crate) cache_dir: PathBuf,
    #[arg(long)]
    pub(crate) cold: bool,
    #[arg(long)]
    pub(crate) single: bool,
}

fn row(name: &str) -> Result<&'static Row, String> {
    let names = || ROWS.iter().map(|row| row.name).collect::<Vec<_>>().join(", ");
    ROWS.iter().find(|row| row.name == name).ok_or_else(|| format!("no such row; there are {}", names()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_named_with_commas_and_unknown_ones_are_refused() {
        let parsed = Arguments::try_parse_from(["bench", "--rows", "bare,+record", "--concurrency", "1,4"]);
        let options = parsed.unwrap().options;
        assert_eq!(options.rows.iter().map(|row| row.name).collect::<Vec<_>>(), ["bare", "+record"]);
        assert_eq!(options.concurrency.iter().map(|count| count.get()).collect::<Vec<_>>(), [1, 4]);
        assert!(Arguments::try_parse_from(["bench", "--rows", "fast"]).is_err());
        assert!(Arguments::try_parse_from(["bench", "--concurrency", "0"]).is_err());
    }
}
