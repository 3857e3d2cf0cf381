//! Which clients are driven, in which modes, and where a client differs from all others.

use std::fmt;

use crate::programs::Program;

/// One library, and what it does differently with the same answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    name: &'static str,
    pub(crate) program: Program,
    /// How it says that the token was refused: the kind of its error, and a part of the text.
    pub(crate) refusal: (&'static str, &'static str),
    /// Whether it fetches a token for itself. The Rust client is built without that feature.
    pub(crate) signs_in: bool,
    /// Whether it gives a resource that is not there the code of the newest revision, whatever the server said.
    pub(crate) translates_not_found: bool,
    /// Whether it opens pages that it is told of, on the newest revision.
    pub(crate) opens_pages: bool,
}

/// One client in one mode.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) client: Client,
    /// `legacy`, `auto`, `pin`, or the only revision that the client offers.
    pub(crate) mode: &'static str,
    /// What client and gateway must settle on.
    pub(crate) revision: &'static str,
    /// What the client calls the server.
    pub(crate) server: Option<&'static str>,
}

impl Row {
    pub(crate) fn is_modern(&self) -> bool {
        self.revision == "2026-07-28"
    }
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.client.name, self.mode)
    }
}

const TYPESCRIPT_1: Client = Client {
    name: "TypeScript 1",
    program: Program::TypeScript("typescript_v1.mjs"),
    refusal: ("StreamableHTTPError", "a valid bearer token is needed"),
    signs_in: true,
    translates_not_found: false,
    opens_pages: false,
};

const TYPESCRIPT_2: Client = Client {
    name: "TypeScript 2",
    program: Program::TypeScript("typescript_v2.mjs"),
    refusal: ("UnauthorizedError", "Unauthorized"),
    signs_in: true,
    translates_not_found: true,
    opens_pages: true,
};

const PYTHON_1: Client = Client {
    name: "Python 1",
    program: Program::Python { folder: "py1", script: "python_v1.py" },
    refusal: ("HTTPStatusError", "401 Unauthorized"),
    signs_in: true,
    translates_not_found: false,
    opens_pages: false,
};

const PYTHON_2: Client = Client {
    name: "Python 2",
    program: Program::Python { folder: "py2", script: "python_v2.py" },
    // It keeps the status to itself.
    refusal: ("MCPError", "a valid bearer token is needed"),
    signs_in: true,
    translates_not_found: false,
    opens_pages: true,
};

const RUST: Client = Client {
    name: "Rust",
    program: Program::Rust,
    refusal: ("ClientInitializeError", "the token has expired"),
    signs_in: false,
    translates_not_found: false,
    opens_pages: false,
};

pub(crate) const ROWS: [Row; 14] = [
    row(TYPESCRIPT_1, "legacy", "2025-11-25"),
    row(TYPESCRIPT_2, "legacy", "2025-11-25"),
    row(TYPESCRIPT_2, "auto", "2026-07-28"),
    row(TYPESCRIPT_2, "pin", "2026-07-28"),
    row(TYPESCRIPT_2, "2025-06-18", "2025-06-18"),
    row(TYPESCRIPT_2, "2025-03-26", "2025-03-26"),
    row(PYTHON_1, "legacy", "2025-11-25"),
    row(PYTHON_2, "legacy", "2025-11-25"),
    row(PYTHON_2, "auto", "2026-07-28"),
    // Pinned, this client does not ask who is there.
    Row { server: None, ..row(PYTHON_2, "pin", "2026-07-28") },
    row(RUST, "legacy", "2025-11-25"),
    row(RUST, "auto", "2026-07-28"),
    row(RUST, "pin", "2026-07-28"),
    row(RUST, "2025-03-26", "2025-03-26"),
];

const fn row(client: Client, mode: &'static str, revision: &'static str) -> Row {
    Row { client, mode, revision, server: Some("billing") }
}
