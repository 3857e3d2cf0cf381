//! The benchmark: `cargo xtask bench`. What the gateway costs, row by row, beside doing without it.
//!
//! Four processes take part, so that the cost of one is not counted as another's: this one, which also is the
//! identity provider, an upstream server, a load generator, and the host, whose processor time and memory are
//! what the rows show. All but a `spin up` are this same binary with a hidden command.
//!
//! There are no thresholds here: the figures are for people to compare, within one run.

mod answer;
mod arguments;
mod child;
mod clock;
mod exchange;
mod host;
mod latency;
mod ledger;
mod load;
mod machine;
mod measure;
mod policies;
mod processes;
mod report;
mod rows;
mod scan;
mod terminal;
mod upstream;

use clap::Parser as _;

use crate::arguments::{Arguments, Part};

fn main() -> anyhow::Result<()> {
    let Arguments { part, options } = Arguments::parse();
    match part {
        None => measure::run(&options),
        Some(Part::Host(arguments)) => host::embedded::serve(arguments),
        Some(Part::Load) => load::generate(),
        Some(Part::Scan(arguments)) => measure::scan(&arguments),
        Some(Part::Upstream) => upstream::serve(),
    }
}
