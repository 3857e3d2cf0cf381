//! What a run through the gateway may not lose, and what it is known to lose.

use std::fmt;
use std::fs;

use portcullis_tests::components;

use crate::suite::{Check, Checks, Key, Status};

const FILE: &str = "tests/conformance/expected-failures.txt";

/// The failures that are known, each with its reason.
pub(crate) struct Expected(Vec<Line>);

/// One line of the file: `<revision> <scenario> <check>: <reason>`; the check may be `*`.
struct Line {
    text: String,
    scenario: String,
    check: String,
}

impl Line {
    fn covers(&self, key: &Key) -> bool {
        self.scenario == key.scenario && (self.check == "*" || self.check == key.id)
    }
}

impl Expected {
    /// The lines of the file about a revision.
    pub(crate) fn read(revision: &str) -> Self {
        let path = components::workspace().join(FILE);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{FILE}: {error}"));
        Self::parse(&text, revision)
    }

    fn parse(text: &str, revision: &str) -> Self {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let parsed = lines.map(|line| parse_line(line).unwrap_or_else(|| panic!("{FILE}: `{line}`")));
        Self(parsed.filter(|(of, _)| of == revision).map(|(_, line)| line).collect())
    }

    /// What the gateway loses and may not, and what it is said to lose and does not.
    pub(crate) fn compare(&self, direct: &Checks, through: &Checks) -> Verdict {
        let lost = lost(direct, through);
        let covered = |key: &Key| self.0.iter().any(|line| line.covers(key));
        let is_stale = |line: &&Line| !lost.iter().any(|(key, _)| line.covers(key));
        Verdict {
            unexpected: lost
                .iter()
                .filter(|(key, _)| !covered(key))
                .map(|(key, why)| format!("{key}: {why}"))
                .collect(),
            stale: self.0.iter().filter(is_stale).map(|line| line.text.clone()).collect(),
        }
    }
}

fn parse_line(line: &str) -> Option<(String, Line)> {
    let (place, reason) = line.split_once(": ")?;
    let words: Vec<&str> = place.split_whitespace().collect();
    let [revision, scenario, check] = words.as_slice() else { return None };
    let (scenario, check) = ((*scenario).to_owned(), (*check).to_owned());
    let is_explained = !reason.trim().is_empty();
    is_explained.then(|| ((*revision).to_owned(), Line { text: line.to_owned(), scenario, check }))
}

/// Checks that pass directly and not through the gateway, and checks that fail only through it.
fn lost(direct: &Checks, through: &Checks) -> Vec<(Key, String)> {
    let is_bad = |check: &Check| matches!(check.status, Status::Failure | Status::Warning);
    let passed = direct.iter().filter(|(_, check)| check.status == Status::Success);
    let no_more = passed.filter_map(|(key, _)| match through.get(key) {
        Some(check) if check.status == Status::Success => None,
        Some(check) => Some((key.clone(), format!("{:?}: {}", check.status, check.message))),
        None => Some((key.clone(), "it was not made".to_owned())),
    });
    let new = through.iter().filter(|(key, check)| is_bad(check) && !direct.contains_key(*key));
    no_more.chain(new.map(|(key, check)| (key.clone(), check.message.clone()))).collect()
}

/// What is wrong with a run.
pub(crate) struct Verdict {
    unexpected: Vec<String>,
    stale: Vec<String>,
}

impl Verdict {
    pub(crate) fn is_empty(&self) -> bool {
        self.unexpected.is_empty() && self.stale.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.unexpected {
            writeln!(f, "  lost: {line}")?;
        }
        for line in &self.stale {
            writeln!(f, "  passes again, remove it from {FILE}: {line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Expected;
    use crate::suite::{Check, Checks, Key, Status};

    fn checks(of: &[(&str, Status)]) -> Checks {
        let check = |status| Check { status, message: "why".to_owned() };
        of.iter().map(|(id, status)| (Key::first("ping", id, "Ping"), check(*status))).collect()
    }

    #[test]
    fn what_the_gateway_loses_must_be_listed_and_what_is_listed_must_be_lost() {
        use Status::{Failure, Info, Skipped, Success, Warning};
        let ok = [("a", Success)];
        for (name, direct, through, file, want) in [
            ("the same", ok, vec![("a", Success)], "", ""),
            ("a failure", ok, vec![("a", Failure)], "", "  lost: ping a (Ping 1): Failure: why\n"),
            ("a warning", ok, vec![("a", Warning)], "", "  lost: ping a (Ping 1): Warning: why\n"),
            ("left out", ok, vec![], "", "  lost: ping a (Ping 1): it was not made\n"),
            ("skipped", ok, vec![("a", Skipped)], "", "  lost: ping a (Ping 1): Skipped: why\n"),
            ("one more", ok, vec![("a", Success), ("b", Failure)], "", "  lost: ping b (Ping 1): why\n"),
            ("a remark more", ok, vec![("a", Success), ("b", Info)], "", ""),
            ("no better than direct", [("a", Failure)], vec![("a", Failure)], "", ""),
            ("better than direct", [("a", Failure)], vec![("a", Success)], "", ""),
            ("listed", ok, vec![("a", Failure)], "r1 ping a: known", ""),
            ("listed by scenario", ok, vec![("a", Failure)], "# all\n\nr1 ping *: known", ""),
            ("of another revision", ok, vec![("a", Success)], "r2 ping a: known", ""),
            (
                "listed in vain",
                ok,
                vec![("a", Success)],
                "r1 ping a: known",
                "  passes again, remove it from tests/conformance/expected-failures.txt: r1 ping a: known\n",
            ),
        ] {
            let verdict = Expected::parse(file, "r1").compare(&checks(&direct), &checks(&through));
            assert_eq!(verdict.to_string(), want, "case: {name}");
            assert_eq!(verdict.is_empty(), want.is_empty(), "case: {name}");
        }
    }
}
