//! All files of pins of a policy folder, and everything that is wrong with them.

use std::fmt;

use portcullis_settings::ConnectionName;

use crate::file::Pins;
use crate::visible::escaped;

/// What the name of a file of pins ends with.
const EXTENSION: &str = ".json";

/// One thing that is wrong with a file of pins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, as it was named.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// What is wrong and what to do. One line.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, message } = self;
        write!(f, "{file}:{line}: {message}")
    }
}

/// Reads files of pins: each is its name, which is that of its connection with `.json`, and its text. A name may stand
/// behind folders.
///
/// # Errors
/// A problem for each file that is not one, or that is for a connection which does not exist.
pub fn parse_all<'f>(
    connections: &[ConnectionName],
    files: impl IntoIterator<Item = (&'f str, &'f str)>,
) -> Result<Vec<Pins>, Vec<Problem>> {
    let (mut all, mut problems) = (Vec::new(), Vec::new());
    for (file, text) in files {
        let mut wrong = |line, message| problems.push(Problem { file: escaped(file), line, message });
        let stem = file.rsplit(['/', '\\']).next().unwrap_or_default().strip_suffix(EXTENSION);
        match connections.iter().find(|connection| Some(connection.as_str()) == stem) {
            None => wrong(1, unknown(stem, connections)),
            Some(connection) => match Pins::parse(connection, text) {
                Ok(pins) => all.push(pins),
                Err(error) => wrong(error.line(text), error.to_string()),
            },
        }
    }
    if problems.is_empty() { Ok(all) } else { Err(problems) }
}

fn unknown(stem: Option<&str>, connections: &[ConnectionName]) -> String {
    let known: Vec<&str> = connections.iter().map(ConnectionName::as_str).collect();
    let known = match known.as_slice() {
        [] => "there is none".to_owned(),
        known => format!("there are `{}`", known.join("`, `")),
    };
    let stem = escaped(stem.unwrap_or_default());
    format!("it has the pins of a connection `{stem}`, and the settings have no such connection; {known}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_for_a_connection_and_every_problem_is_listed() {
        let connections = ["billing", "crm"].map(|name| name.parse().unwrap());
        let good = r#"{"version":1,"connection":"crm","tools":[]}"#;
        let read = parse_all(&connections, [("pins/crm.json", good)]).unwrap();
        assert_eq!(read.iter().map(|pins| pins.connection().as_str()).collect::<Vec<_>>(), ["crm"]);
        let found = parse_all(
            &connections,
            [
                ("pins/crm.json", good),
                ("pins/billing.json", "{\n\n oops"),
                ("pins/wiki.json", good),
                ("pins/\u{202e}.json", good),
            ],
        )
        .unwrap_err();
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        let wrong = "and the settings have no such connection; there are `billing`, `crm`";
        assert_eq!(shown.len(), 3, "{shown:?}");
        assert!(shown[0].starts_with("pins/billing.json:3: "), "{shown:?}");
        assert_eq!(shown[1], format!("pins/wiki.json:1: it has the pins of a connection `wiki`, {wrong}"));
        assert_eq!(
            shown[2],
            format!("pins/\\u{{202e}}.json:1: it has the pins of a connection `\\u{{202e}}`, {wrong}")
        );
    }
}
