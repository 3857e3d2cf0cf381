//! Whether detectors find what they should, and nothing that they must not.

use portcullis_detect::{Class, Custom, Rules};
use portcullis_settings::read::Report;

use crate::compile;
use crate::read::{Detector, Finds, shown};

/// Holds every detector to its examples.
pub(crate) fn check(detectors: &[Detector], rules: &Rules, report: &mut Report) {
    for (number, detector) in detectors.iter().enumerate() {
        let opened = compile::alone(rules, number, detector).map(|rules| Custom::open(rules.to_bytes()));
        match opened {
            Some(Ok(custom)) => check_one(detector, detectors, &custom, report),
            Some(Err(_)) | None => {
                report.add(detector.line, "it cannot be compiled; this is a defect of portcullis")
            }
        }
    }
}

fn check_one(detector: &Detector, all: &[Detector], custom: &Custom, report: &mut Report) {
    let line = detector.line;
    for example in &detector.examples {
        if custom.findings(&example.value).is_empty() {
            let hint = hint(detector);
            report.add(
                example.line,
                format!("`examples`: nothing is found in `{}`{hint}", shown(&example.value)),
            );
        }
    }
    for example in &detector.counterexamples {
        if let Some(found) = custom.findings(&example.value).iter().next() {
            let value = example.value.get(found.range.clone()).unwrap_or_default();
            let message =
                format!("`counterexamples`: `{}` is found in `{}`", shown(value), shown(&example.value));
            report.add(example.line, message);
        }
    }
    let own = all.iter().map(|detector| Class::custom(detector.class.as_str()));
    let placeholders = Class::built_in().chain(own).map(Class::placeholder).chain(["[masked]".to_owned()]);
    if let Some(found) = placeholders.into_iter().find(|placeholder| !custom.findings(placeholder).is_empty())
    {
        let message = format!(
            "it finds something in `{found}`, which stands in the place of a masked value; make it \
             narrower, or name its class otherwise"
        );
        report.add(line, message);
    }
}

/// What else may be the reason that nothing is found.
fn hint(detector: &Detector) -> &'static str {
    match &detector.finds {
        Finds::Path(_) => "; an example of a path is a JSON document",
        Finds::Text { validator: Some(_), .. } => "; does it pass the `validator`?",
        Finds::Text { context, .. } if !context.is_empty() => "; is a word of `context` near?",
        Finds::Text { .. } => "",
    }
}
