//! Reads `[telemetry]`.

use std::collections::BTreeSet;

use http::HeaderName;

use crate::connection::{Credential, credential_header};
use crate::draft::{Fill, is_empty};
use crate::name::VariableName;
use crate::read::{Located, Report, Section};
use crate::telemetry::{Collector, Sample, Telemetry};
use crate::template::Template;

/// The section, whose URL and headers may still name variables.
#[derive(Clone, Debug, Default)]
pub(super) struct TelemetryDraft {
    url: Option<Located<Template>>,
    headers: Vec<(HeaderName, Located<Template>)>,
    sample: Sample,
}

impl TelemetryDraft {
    pub(super) fn read(section: &mut Section<'_, '_>, report: &mut Report) -> Self {
        let url = section.parsed(report, "otlp_traces");
        let sample = section.share(report, "sample");
        let mut headers = Vec::new();
        for (name, value) in section.named_texts(report, "headers") {
            let path = format!("{}.{}", section.join("headers"), name.value);
            match credential_header(&name.value) {
                Ok(header) => headers.extend(report.parse(&path, &value).map(|value| (header, value))),
                Err(error) => report.add(name.line, format!("`{path}`: {error}")),
            }
        }
        if url.is_none() && !section.has("otlp_traces") && !headers.is_empty() {
            section.missing(report, "otlp_traces");
        }
        Self { url, headers, sample: sample.unwrap_or_default() }
    }

    pub(super) fn variables(&self, names: &mut BTreeSet<VariableName>) {
        for template in self.url.iter().chain(self.headers.iter().map(|(_, value)| value)) {
            template.value.variables(names);
        }
    }

    /// Fills in the variables. A URL that is an empty variable is how one says that there is no collector, and a header
    /// that is one is not sent.
    pub(super) fn resolve(&self, fill: &mut Fill<'_>) -> Telemetry {
        let url = self.url.as_ref().filter(|url| !is_empty(url, fill));
        let collector = url.and_then(|url| {
            let headers = self.headers.iter().filter_map(|(name, value)| header(name, value, fill)).collect();
            Some(Collector { url: fill.parse("telemetry.otlp_traces", url)?, headers })
        });
        Telemetry { collector, sample: self.sample }
    }
}

fn header(name: &HeaderName, value: &Located<Template>, fill: &mut Fill<'_>) -> Option<Credential> {
    if is_empty(value, fill) {
        return None;
    }
    let path = format!("telemetry.headers.{name}");
    fill.parse_with(&path, value, |value| Credential::new(name.clone(), value))
}
