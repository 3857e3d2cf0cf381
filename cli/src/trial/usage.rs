//! What a principal has used before the question is asked, as tests and the command line say it.
//!
//! What is not said is 0: nothing was used. That it is not known must be said.

use std::collections::BTreeMap;

use portcullis_detect::Detectors;
use portcullis_policy::{Usage, Used};
use portcullis_settings::ClassName;

use crate::trial::problem::suggest;

/// The word for usage that is not known.
pub(crate) const UNKNOWN: &str = "unknown";

/// Nothing was used, of any class that is counted.
pub(crate) fn nothing(detectors: &Detectors) -> Usage {
    let classes = || detectors.counted().into_iter().filter_map(|class| class.as_str().parse().ok());
    let zeros = || classes().map(|class: ClassName| (class, Some(0))).collect();
    let used = Used { findings: zeros(), distinct: zeros(), ..Used::default() };
    Usage { minute: used.clone(), hour: used.clone(), day: used }
}

/// Sets one count, named as in `day.calls` or `day.distinct.pii.email`; the error says what is wrong with the name.
pub(crate) fn set(usage: &mut Usage, name: &str, count: u64) -> Result<(), String> {
    let (window, rest) = name.split_once('.').unwrap_or((name, ""));
    let used = match window {
        "minute" => &mut usage.minute,
        "hour" => &mut usage.hour,
        "day" => &mut usage.day,
        other => {
            return Err(format!(
                "`{other}` is no window of usage; {}",
                suggest(other, &["minute", "hour", "day"])
            ));
        }
    };
    let (what, class) = rest.split_once('.').map_or((rest, None), |(what, class)| (what, Some(class)));
    let place = match (what, class) {
        ("calls", None) => &mut used.calls,
        ("denials", None) => &mut used.denials,
        ("bytes", None) => &mut used.bytes,
        ("items", None) => &mut used.items,
        ("findings", Some(class)) => return by_class(&mut used.findings, class, count),
        ("distinct", Some(class)) => return by_class(&mut used.distinct, class, count),
        ("findings" | "distinct", None) => {
            return Err(format!("`{name}` needs a class, as `{name}.pii.email`"));
        }
        (other, _) => {
            let counts = ["calls", "denials", "bytes", "items", "findings", "distinct"];
            return Err(format!("`{other}` is not counted in usage; {}", suggest(other, &counts)));
        }
    };
    *place = count;
    Ok(())
}

fn by_class(counts: &mut BTreeMap<ClassName, Option<u64>>, class: &str, count: u64) -> Result<(), String> {
    let known: Vec<&str> = counts.keys().map(ClassName::as_str).collect();
    let unknown = format!("nothing detects `{class}`; {}", suggest(class, &known));
    let place = class.parse::<ClassName>().ok().and_then(|class| counts.get_mut(&class)).ok_or(unknown)?;
    *place = Some(count);
    Ok(())
}
