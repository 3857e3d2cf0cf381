//! Reads a file of tests, completely: what is wrong is a problem with its line, before any test runs.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_detect::Detectors;
use portcullis_identity::{Principal, UnixSeconds};
use portcullis_mcp::json::Json;
use portcullis_policy::{PolicySet, Usage};
use portcullis_settings::{ClassName, Draft};
use toml::de::{DeTable, DeValue};

use crate::test::expected::Expected;
use crate::test::read::{Located, Report, Section};
use crate::trial::folder::File;
use crate::trial::principal::{self, Description};
use crate::trial::problem::{Problem, suggest};
use crate::trial::wanted::Wanted;
use crate::trial::{self, Trial, detection, usage};

/// One test.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) trial: Trial,
    pub(super) expected: Expected,
}

/// What tests are read against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    pub(super) draft: &'a Draft,
    pub(super) policies: &'a PolicySet,
    pub(super) detectors: &'a Detectors,
}

/// The tests of a file, or everything that is wrong with it.
pub(super) fn parse(file: &File, known: Known<'_>) -> Result<Vec<Case>, Vec<Problem>> {
    let mut report = Report::new(&file.name, &file.text, known.draft.limits().depth);
    let (document, errors) = DeTable::parse_recoverable(&file.text);
    for error in &errors {
        let line = error.span().map_or(1, |span| report.line(&span));
        report.add(line, format!("not TOML: {}", error.message().replace('\n', ", ")));
    }
    if !errors.is_empty() {
        return Err(report.into_problems());
    }
    let mut root = Section::root(document.get_ref());
    let shared = Shared::read(&mut root, &mut report, known);
    let tests = root.tables(&mut report, "test");
    root.finish(&mut report);
    let cases: Vec<Case> =
        tests.into_iter().filter_map(|section| case(section, &mut report, &shared, known)).collect();
    refuse_doubled_names(&cases, &mut report);
    let problems = report.into_problems();
    if problems.is_empty() { Ok(cases) } else { Err(problems) }
}

/// What the tests of a file have in common.
struct Shared {
    connection: Option<String>,
    now: UnixSeconds,
    /// `None` for one that has a problem.
    principals: BTreeMap<String, Option<Principal>>,
}

impl Shared {
    fn read(root: &mut Section<'_, '_>, report: &mut Report, known: Known<'_>) -> Self {
        let connection = root.text(report, "connection").map(|text| text.value);
        let now = root.time(report, "now").unwrap_or(DEFAULT_NOW);
        let principals = root
            .named(report, "principals")
            .into_iter()
            .map(|(name, section)| (name, read_principal(section, report, known.draft)))
            .collect();
        Self { connection, now, principals }
    }
}

fn case(
    mut section: Section<'_, '_>,
    report: &mut Report,
    shared: &Shared,
    known: Known<'_>,
) -> Option<Case> {
    let line = section.line;
    let name = section.text(report, "name");
    if name.is_none() {
        section.missing(report, "name");
    }
    let principal = principal_of(&mut section, report, shared, known.draft);
    let connection = section.text(report, "connection");
    let wanted = wanted(&mut section, report);
    let input = section.object(report, "arguments");
    let labels = labels(&mut section, report);
    let now = section.time(report, "now").unwrap_or(shared.now);
    let usage = usage(&mut section, report, known.detectors);
    let expected = Expected::read(&mut section, report, wanted.as_ref(), known.policies);
    section.finish(report);

    let (principal, wanted) = (principal?, wanted?);
    let connection =
        connection.unwrap_or(Located { line, value: shared.connection.clone().unwrap_or_default() });
    let connection =
        report.keep(connection.line, trial::connection(known.draft, &connection.value, &principal));
    if let Some(input) = input.as_ref().filter(|_| !wanted.takes_arguments()) {
        report.add(input.line, "policies see no `arguments` of this; only tools and prompts have them");
    }
    let input = input.map(|input| input.value);
    let labels = labels.unwrap_or_else(|| detection::labels(known.detectors, &wanted, input.as_ref()));
    let trial = Trial { principal, connection: connection?, wanted, input, labels, now, usage };
    Some(Case { name: name?.value, line, trial, expected: expected? })
}

/// Either the name of one of the principals of the file, or one of the test's own.
fn principal_of(
    section: &mut Section<'_, '_>,
    report: &mut Report,
    shared: &Shared,
    draft: &Draft,
) -> Option<Principal> {
    let Some(Located { line, value }) = section.value(report, "principal") else {
        section.missing(report, "principal");
        return None;
    };
    match value.get_ref() {
        DeValue::Table(_) => {
            let inner = section.as_section(report, "principal", value, line)?;
            read_principal(inner, report, draft)
        }
        DeValue::String(name) => match shared.principals.get(name.as_ref()) {
            Some(found) => found.clone(),
            None => {
                let names: Vec<&str> = shared.principals.keys().map(String::as_str).collect();
                report.add(line, format!("there is no `[principals.{name}]`; {}", suggest(name, &names)));
                None
            }
        },
        other @ (DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)) => {
            section.wrong_type(report, line, "principal", "a name or a table", other);
            None
        }
    }
}

fn read_principal(mut section: Section<'_, '_>, report: &mut Report, draft: &Draft) -> Option<Principal> {
    let line = section.line;
    let issuer = section.text(report, "issuer").map(|text| text.value);
    if let Some(claims) = section.object(report, "claims") {
        section.finish(report);
        let claims_json = claims.value.to_bytes();
        return report.keep(claims.line, principal::of_claims(draft, issuer.as_deref(), &claims_json));
    }
    let kind = section.text(report, "kind");
    let kind = kind.map(|text| report.keep(text.line, principal::kind(&text.value)));
    let groups = section.texts(report, "groups").unwrap_or_default();
    let attributes = match section.object(report, "attributes") {
        Some(Located { value: Json::Object(object), .. }) => {
            object.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect()
        }
        Some(_) | None => Vec::new(),
    };
    let description = Description {
        issuer,
        subject: section.text(report, "subject").map(|text| text.value),
        kind: kind.flatten(),
        groups: groups.into_iter().map(|group| group.value).collect(),
        attributes,
        client: section.text(report, "client").map(|text| text.value),
    };
    section.finish(report);
    report.keep(line, description.principal(draft))
}

/// What the test does: exactly one of the keys, or a tool and the class of the tokens that are opened for it.
fn wanted(section: &mut Section<'_, '_>, report: &mut Report) -> Option<Wanted> {
    let mut found = Vec::new();
    for key in Wanted::KEYS {
        found.extend(section.text(report, key).map(|text| (key, text)));
    }
    let detokenized = section.text(report, "detokenize");
    match (found.as_slice(), detokenized) {
        ([("tool", tool)], Some(class)) => {
            let read = Wanted::detokenize(&class.value, &tool.value);
            report.keep(class.line, read.map_err(|error| format!("`test.detokenize`: {error}")))
        }
        (_, Some(class)) => {
            report
                .add(class.line, "`test.detokenize` is a class of which a tool gets values; give the `tool`");
            None
        }
        ([(key, text)], None) => {
            let read = Wanted::parse(key, &text.value).map_err(|error| format!("`test.{key}`: {error}"));
            report.keep(text.line, read)
        }
        ([], None) => {
            let keys = Wanted::KEYS.join("`, `");
            report.add(section.line, format!("the test does nothing; give one of `{keys}`"));
            None
        }
        ([_, (key, text), ..], None) => {
            report.add(text.line, format!("`test.{key}` is one thing too many; write a test for each"));
            None
        }
    }
}

/// The labels that are given; without them, detection says.
fn labels(section: &mut Section<'_, '_>, report: &mut Report) -> Option<BTreeSet<ClassName>> {
    let labels = section.texts(report, "labels")?;
    let mut read = BTreeSet::new();
    for Located { line, value } in labels {
        read.extend(report.keep(line, value.parse().map_err(|error| format!("`test.labels`: {error}"))));
    }
    Some(read)
}

/// What was used before: a table of counts, or the word for what is not known.
fn usage(section: &mut Section<'_, '_>, report: &mut Report, detectors: &Detectors) -> Option<Usage> {
    let mut used = usage::nothing(detectors);
    let Some(Located { line, value }) = section.value(report, "usage") else { return Some(used) };
    match value.get_ref() {
        DeValue::Table(table) => count_members(&mut used, "", table, report),
        DeValue::String(word) if word == usage::UNKNOWN => return None,
        other @ (DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)) => {
            section.wrong_type(report, line, "usage", "a table of counts or \"unknown\"", other);
        }
    }
    Some(used)
}

/// Takes the counts of a table. `day.distinct."pii.email"` and `day.distinct.pii.email` are the same to it.
fn count_members(used: &mut Usage, path: &str, table: &DeTable<'_>, report: &mut Report) {
    for (key, value) in table.iter() {
        let line = report.line(&key.span());
        let name =
            if path.is_empty() { key.as_ref().to_string() } else { format!("{path}.{}", key.as_ref()) };
        if let DeValue::Table(inner) = value.get_ref() {
            count_members(used, &name, inner, report);
            continue;
        }
        let count = match value.get_ref() {
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
            DeValue::String(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => None,
        };
        let set = match count {
            Some(count) => usage::set(used, &name, count).map_err(|error| format!("`test.usage`: {error}")),
            None => Err(format!("`test.usage.{name}` must be a whole number, 0 or more")),
        };
        report.keep(line, set);
    }
}

fn refuse_doubled_names(cases: &[Case], report: &mut Report) {
    let mut first = BTreeMap::new();
    for case in cases {
        let line = *first.entry(case.name.as_str()).or_insert(case.line);
        if line != case.line {
            let place = format!("{}:{line}", report.file());
            report.add(case.line, format!("the test at {place} is called `{}` too", case.name));
        }
    }
}

/// When tests run that do not say when: 2026-01-01T12:00:00Z, a Thursday. A clock would make them fail one day.
const DEFAULT_NOW: UnixSeconds = UnixSeconds(1_767_268_800);
