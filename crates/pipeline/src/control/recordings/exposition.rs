//! The text format of Prometheus, version 0.0.4.

use std::fmt::{Display, Write as _};

/// What `Content-Type` says of it.
pub(in crate::control) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A text that is written family by family.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
    /// The family that samples are of.
    name: &'static str,
}

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It only grows, or begins again.
    Counter,
    /// It goes up and down.
    Gauge,
}

impl Exposition {
    /// Begins a family. All samples of one come behind each other.
    pub(super) fn family(&mut self, name: &'static str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        self.name = name;
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        // Writing to a string does not fail.
        _ = write!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// A sample of the family.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        _ = writeln!(self.text, "{}{labels} {value}", self.name);
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_label_is_there_is_one_sample_to_a_line() {
        let mut exposition = Exposition::default();
        exposition.family("a_total", Kind::Counter, "One\nline \\ only.");
        exposition.sample(&[("connection", "a\"b\\c\nd{}, ="), ("decision", "deny")], 7);
        exposition.family("b", Kind::Gauge, "Another.");
        exposition.sample(&[], 0);
        let expected = concat!(
            "# HELP a_total One\\nline \\\\ only.\n",
            "# TYPE a_total counter\n",
            "a_total{connection=\"a\\\"b\\\\c\\nd{}, =\",decision=\"deny\"} 7\n",
            "# HELP b Another.\n",
            "# TYPE b gauge\n",
            "b 0\n",
        );
        assert_eq!(exposition.finish(), expected);
    }
}
