//! `portcullis test`: the policy tests of a folder.
//!
//! Settings and policies are parsed once, every test file is read before the first test runs, and nothing but the
//! files is needed: no gateway, no server, no secret, no clock.

mod expected;
mod file;
mod read;
mod value;

use portcullis_policy::Explanation;
use portcullis_schema::World;
use serde_json::{Value, json};

use crate::arguments::Test;
use crate::exit::Exit;
use crate::terminal::{self, Style};
use crate::test::expected::Failure;
use crate::test::file::{Case, Known};
use crate::trial::folder::{self, Folder, Parsed};
use crate::trial::problem::{Reader, refuse};
use crate::trial::told;

/// The folder of the tests, in the folder of the policies.
const TESTS: &str = "tests";

/// Runs the tests; exit code 1 if one fails, 3 if a file is wrong.
pub(crate) fn run(arguments: &Test) -> anyhow::Result<Exit> {
    let Test { folder, json } = arguments;
    let reader = Reader::of(*json);
    let texts = Folder::read(folder)?;
    let parsed = match texts.parse() {
        Ok(parsed) => parsed,
        Err(problems) => return Ok(refuse(&problems, reader)),
    };
    let Parsed { draft, explainer, detectors, .. } = &parsed;
    let known = Known { draft, policies: explainer.policies(), detectors };
    let mut files = Vec::new();
    let mut problems = Vec::new();
    for file in folder::files(&folder.join(TESTS), "toml")? {
        match file::parse(&file, known) {
            Ok(cases) => files.push((file.name, cases)),
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Ok(refuse(&problems, reader));
    }
    if files.iter().all(|(_, cases)| cases.is_empty()) {
        anyhow::bail!("{} has no tests", folder.join(TESTS).display());
    }
    let world = parsed.world();
    let results: Vec<(String, Vec<Ran>)> =
        files.into_iter().map(|(file, cases)| (file, run_all(cases, &parsed, &world))).collect();
    match reader {
        Reader::Person => tell(&results),
        Reader::Script => terminal::line(&to_json(&results).to_string()),
    }
    Ok(if count(&results, false) == 0 { Exit::Ok } else { Exit::Failure })
}

/// A test that has run.
struct Ran {
    case: Case,
    explanation: Explanation,
    failures: Vec<Failure>,
}

fn run_all(cases: Vec<Case>, parsed: &Parsed<'_>, world: &World) -> Vec<Ran> {
    let Parsed { draft, explainer, detectors, .. } = parsed;
    let run = |case: Case| {
        let explanation = case.trial.explain(explainer, world);
        let failures =
            case.expected.compare(&case.trial, &explanation, (explainer.policies(), draft, detectors));
        Ran { case, explanation, failures }
    };
    cases.into_iter().map(run).collect()
}

fn count(results: &[(String, Vec<Ran>)], passed: bool) -> usize {
    results.iter().flat_map(|(_, ran)| ran).filter(|ran| ran.failures.is_empty() == passed).count()
}

fn tell(results: &[(String, Vec<Ran>)]) {
    let style = Style::of_output();
    for (file, ran) in results {
        let failed: Vec<&Ran> = ran.iter().filter(|ran| !ran.failures.is_empty()).collect();
        let passed = ran.len() - failed.len();
        match failed.len() {
            0 => terminal::line(&format!("{file}: {passed} passed")),
            n => terminal::line(&format!("{file}: {passed} passed, {n} failed")),
        }
        for Ran { case, explanation, failures } in failed {
            terminal::line("");
            terminal::line(&style.bold(&format!("FAILED {file}:{}: {}", case.line, case.name)));
            for Failure { what, expected, actual } in failures {
                terminal::line(&format!("  {what}: expected {expected}, got {actual}"));
            }
            told_reasons(explanation).iter().for_each(|line| terminal::line(&format!("  {line}")));
            terminal::line("");
        }
    }
    let (passed, failed) = (count(results, true), count(results, false));
    terminal::line(&style.bold(&format!("{passed} passed, {failed} failed")));
}

/// Why it is decided as it is, in lines.
fn told_reasons(explanation: &Explanation) -> Vec<String> {
    let Explanation { verdict, reasons, nearest } = explanation;
    let mut lines: Vec<String> =
        told::why(verdict).into_iter().map(|why| format!("{}: {why}", told::word(verdict))).collect();
    lines.extend(reasons.determining.iter().map(|policy| {
        let reason = policy.reason().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("determined by {}{reason}", told::place(policy))
    }));
    lines.extend(nearest.iter().map(|miss| format!("nearest: {miss}")));
    lines
}

fn to_json(results: &[(String, Vec<Ran>)]) -> Value {
    let tests: Vec<Value> =
        results.iter().flat_map(|(file, ran)| ran.iter().map(move |ran| ran_json(file, ran))).collect();
    json!({ "passed": count(results, true), "failed": count(results, false), "tests": tests })
}

fn ran_json(file: &str, Ran { case, explanation, failures }: &Ran) -> Value {
    let failures: Vec<Value> = failures
        .iter()
        .map(|Failure { what, expected, actual }| json!({ "what": what, "expected": expected, "actual": actual }))
        .collect();
    let mut told = told::json(explanation);
    told.insert("file".to_owned(), json!(file));
    told.insert("line".to_owned(), json!(case.line));
    told.insert("name".to_owned(), json!(case.name));
    told.insert("passed".to_owned(), json!(failures.is_empty()));
    told.insert("failures".to_owned(), json!(failures));
    Value::Object(told)
}
