//! The machine that was measured on: figures of two machines cannot be compared.

use std::fs;
use std::num::NonZero;

use serde::Serialize;

/// What decides how fast the machine is.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) processor: String,
    pub(crate) kernel: String,
}

impl Machine {
    /// The machine that this runs on. What it does not tell is empty.
    pub(crate) fn here() -> Self {
        Self {
            cores: std::thread::available_parallelism().map_or(0, NonZero::get),
            processor: processor(&read("/proc/cpuinfo")),
            kernel: read("/proc/sys/kernel/osrelease"),
        }
    }
}

/// How many processes wanted to run, over the last minute; the benchmark's own are among them.
pub(crate) fn load_average() -> String {
    read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

fn processor(cpuinfo: &str) -> String {
    let fields = cpuinfo.lines().filter_map(|line| line.split_once(':'));
    let mut models = fields.filter(|(name, _)| name.trim() == "model name");
    models.next().map(|(_, model)| model.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_model_name_is_the_processor() {
        for (text, want) in [
            (
                "processor\t: 0\nmodel name\t: Fast: 3 GHz\n\nprocessor\t: 1\nmodel name\t: Slow\n",
                "Fast: 3 GHz",
            ),
            ("processor\t: 0\nBogoMIPS\t: 48.00\n", ""),
            ("", ""),
        ] {
            assert_eq!(processor(text), want, "{text:?}");
        }
    }
}
