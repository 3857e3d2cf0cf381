//! Whether a text starts as a statement does.
//!
//! Most of the words that start statements start sentences too. So what must follow is asked for, and a word that only
//! sentences have there ("Delete from *the* list") says that it is one.

use super::lexis::{Item, Kind, all_items};
use super::words::KINDS;

/// How many items are looked at.
const AHEAD: usize = 48;

/// How a text starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// Not as a statement.
    None,
    /// As a statement, and not as a sentence: if it cannot be read, it is a statement that cannot be read.
    Strong,
    /// As a statement and as a sentence. It is a statement if it can be read as one.
    Weak,
}

impl Start {
    /// How `text` starts, after blanks, comments, opening brackets and semicolons.
    pub(super) fn of(text: &str) -> Self {
        let is_lead = |item: &Item<'_>| item.is_sign(b'(') || item.is_sign(b';') || item.text == "\u{feff}";
        let code = all_items(text).filter(|item| item.kind != Kind::Comment).skip_while(is_lead);
        let items: Vec<Item<'_>> = code.take(AHEAD).collect();
        Self::of_items(&items)
    }

    /// How a statement of these items starts.
    pub(super) fn of_items(items: &[Item<'_>]) -> Self {
        let Some(verb) = items.first().filter(|verb| verb.kind == Kind::Word) else { return Self::None };
        let lower = verb.text.to_ascii_lowercase();
        let words = Words { all: items.get(..AHEAD.min(items.len())).unwrap_or_default() };
        match (verb_start(&lower, words), is_capitals(verb.text)) {
            // A sentence seldom starts with a verb in capitals that is followed by what follows it in SQL.
            (Self::Weak, true) => Self::Strong,
            (start, _) => start,
        }
    }
}

fn is_capitals(word: &str) -> bool {
    word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// The first items of a statement.
#[derive(Clone, Copy, Debug)]
struct Words<'i, 't> {
    all: &'i [Item<'t>],
}

impl<'i, 't> Words<'i, 't> {
    fn at(self, at: usize) -> Option<&'i Item<'t>> {
        self.all.get(at)
    }

    fn is(self, at: usize, words: &[&str]) -> bool {
        self.at(at).is_some_and(|item| item.is_any(words))
    }

    fn sign(self, at: usize, signs: &[u8]) -> bool {
        self.at(at).is_some_and(|item| signs.iter().any(|sign| item.is_sign(*sign)))
    }

    fn is_name(self, at: usize) -> bool {
        self.at(at).is_some_and(Item::is_name) && !self.is(at, OF_SENTENCES)
    }

    fn has(self, words: &[&str]) -> bool {
        self.position(words).is_some()
    }

    fn position(self, words: &[&str]) -> Option<usize> {
        self.all.iter().position(|item| item.is_any(words))
    }

    fn has_sign(self, signs: &[u8]) -> bool {
        self.all.iter().any(|item| signs.iter().any(|sign| item.is_sign(*sign)))
    }

    fn ends(self, at: usize) -> bool {
        self.at(at).is_none() || self.sign(at, b";")
    }

    fn skip(self, n: usize) -> Self {
        Self { all: self.all.get(n..).unwrap_or_default() }
    }

    /// Leaves out words that may stand before what must follow.
    fn without(self, words: &[&str]) -> Self {
        let n = self.all.iter().skip(1).take_while(|item| item.is_any(words)).count();
        self.skip(n)
    }

    /// Whether the item at `at` is a name that the statement could end behind, or that something of SQL follows.
    fn is_object(self, at: usize) -> bool {
        let after = |at: usize| self.ends(at) || self.sign(at, b".,(*") || self.is(at, AFTER_NAMES);
        self.is_name(at) && (after(at + 1) || self.sign(at, b"["))
    }
}

/// What follows the name of a table.
const AFTER_NAMES: &[&str] = &[
    "where",
    "set",
    "values",
    "select",
    "using",
    "returning",
    "limit",
    "order",
    "as",
    "cascade",
    "restrict",
    "add",
    "drop",
    "rename",
    "modify",
    "change",
    "alter",
    "with",
    "on",
    "partition",
    "output",
    "default",
    "enable",
    "disable",
    "owner",
    "purge",
    "restart",
    "continue",
    "identified",
    "password",
    "superuser",
    "nosuperuser",
    "for",
    "engine",
];

/// Words that stand where SQL has a name, and are none.
const OF_SENTENCES: &[&str] = &[
    "the", "your", "our", "my", "his", "their", "these", "those", "this", "that", "each", "every", "an",
    "some", "it", "them", "here", "there", "which", "whether", "if", "of", "to", "in", "at", "for", "and",
    "or", "is", "are", "be", "by", "when",
];

const WEAK: fn(bool) -> Start = |holds| if holds { Start::Weak } else { Start::None };
const STRONG: fn(bool) -> Start = |holds| if holds { Start::Strong } else { Start::None };

fn verb_start(verb: &str, words: Words<'_, '_>) -> Start {
    match verb {
        "select" => {
            select(words.without(&["distinct", "all", "straight_join", "sql_no_cache", "high_priority"]))
        }
        "insert" | "replace" | "merge" => insert(words.without(&[
            "or",
            "ignore",
            "replace",
            "rollback",
            "abort",
            "fail",
            "low_priority",
            "delayed",
            "high_priority",
        ])),
        "update" => update(words.without(&["only", "ignore", "low_priority", "or", "replace", "rollback"])),
        "delete" => delete(words.without(&["low_priority", "quick", "ignore"])),
        "drop" | "alter" => drop(words),
        "truncate" => truncate(words),
        "create" => create(words),
        "grant" | "revoke" | "deny" => grant(words),
        "with" => with(words.without(&["recursive"])),
        "explain" | "describe" | "desc" => explain(words),
        "copy" => STRONG(
            words.has(&["to", "from"]) && (words.has(&["program", "stdout", "stdin"]) || copies(words)),
        ),
        _ => other(verb, words),
    }
}

fn select(words: Words<'_, '_>) -> Start {
    let Some(first) = words.at(1) else { return Start::None };
    if words.is(1, OF_SENTENCES) {
        return Start::None;
    }
    let from = words.position(&["from", "into"]);
    if from.is_some_and(|from| words.is(from + 1, OF_SENTENCES)) {
        return Start::None;
    }
    let is_call = words.sign(2, b"(") && words.at(2).is_some_and(|open| open.start == first.end());
    let is_member = words.sign(2, b".")
        && words.at(2).zip(words.at(3)).is_some_and(|(dot, after)| dot.end() == after.start);
    let is_value = first.is_number()
        || first.kind == Kind::String
        || first.text.starts_with('@')
        || is_call
        || is_member;
    let is_clause = from.is_some_and(|from| {
        words.skip(from).has(&["where", "limit", "union", "join", "having"])
            || words
                .skip(from)
                .position(&["group", "order"])
                .is_some_and(|at| words.is(from + at + 1, &["by"]))
    });
    if words.sign(1, b"*(-+!~@'\"`") && (first.text != "(" || from.is_some())
        || (is_value && (from.is_some() || is_call))
    {
        return Start::Strong;
    }
    if is_clause && words.has_sign(b"=<>*") {
        return Start::Strong;
    }
    WEAK(from.is_some() || is_value || words.has(&["union"]))
}

fn insert(words: Words<'_, '_>) -> Start {
    let is_into = words.is(1, &["into", "overwrite"]);
    let is_table = if is_into {
        words.is_name(2)
    } else {
        words.is_name(1) && words.at(0).is_some_and(|verb| verb.is("insert"))
    };
    let follows = words.skip(2).has(&["values", "value", "select", "set", "using", "default", "exec"]);
    STRONG(is_table && follows && (is_into || words.has_sign(b"(")))
}

fn update(words: Words<'_, '_>) -> Start {
    match words.position(&["set"]) {
        Some(set) if words.is_name(1) && set > 1 && set < 12 => {
            if words.skip(set).has_sign(b"=") {
                Start::Strong
            } else {
                Start::None
            }
        }
        Some(_) | None => Start::None,
    }
}

fn delete(words: Words<'_, '_>) -> Start {
    let Some(from) = words.position(&["from"]) else {
        return WEAK(
            words.is_object(1)
                && (words.is(2, &["where"]) || words.at(0).is_some_and(|verb| is_capitals(verb.text))),
        );
    };
    let from = if words.is(from + 1, &["only"]) { from + 1 } else { from };
    match from {
        1 | 2 if words.is_object(from + 1) => Start::Strong,
        1..=4 => WEAK(words.is_name(from + 1) && !words.is(1, OF_SENTENCES)),
        _ => Start::None,
    }
}

fn drop(words: Words<'_, '_>) -> Start {
    let words = words.without(&[
        "temporary",
        "materialized",
        "foreign",
        "external",
        "unique",
        "public",
        "virtual",
        "system",
    ]);
    if !words.is(1, KINDS) {
        return STRONG(
            words.at(0).is_some_and(|verb| verb.is("alter")) && words.is(1, &["session", "system"]),
        );
    }
    let words = words.skip(1).without(&[
        "concurrently",
        "if",
        "not",
        "exists",
        "only",
        "mapping",
        "data",
        "wrapper",
        "family",
    ]);
    if words.is_object(1) { Start::Strong } else { WEAK(words.is_name(1)) }
}

fn truncate(words: Words<'_, '_>) -> Start {
    let words = words.without(&["only"]);
    if words.is(1, &["table", "partition"]) {
        let words = words.without(&["table", "only", "if", "exists", "partition"]);
        return if words.is_object(1) { Start::Strong } else { WEAK(words.is_name(1)) };
    }
    WEAK(words.is_object(1) && words.at(0).is_some_and(|verb| is_capitals(verb.text)))
}

fn create(words: Words<'_, '_>) -> Start {
    let words = words.without(&[
        "or",
        "replace",
        "temp",
        "temporary",
        "global",
        "local",
        "unlogged",
        "unique",
        "external",
        "foreign",
        "materialized",
        "definer",
        "trusted",
        "transient",
        "clustered",
        "nonclustered",
        "fulltext",
        "spatial",
        "virtual",
        "aggregate",
        "public",
    ]);
    if !words.is(1, KINDS) {
        return Start::None;
    }
    let words = words.skip(1).without(&["concurrently", "if", "not", "exists"]);
    match words.is_object(1) {
        true if words.has_sign(b"(=") || words.has(&["as", "identified", "password", "execute"]) => {
            Start::Strong
        }
        true => Start::Weak,
        false => WEAK(words.is_name(1) && words.has_sign(b"(=")),
    }
}

fn grant(words: Words<'_, '_>) -> Start {
    const PRIVILEGES: &[&str] = &[
        "all",
        "select",
        "insert",
        "update",
        "delete",
        "truncate",
        "references",
        "trigger",
        "usage",
        "execute",
        "create",
        "connect",
        "super",
        "file",
        "process",
        "alter",
        "drop",
        "dba",
        "control",
        "ownership",
        "impersonate",
    ];
    let has_party = words.has(&["to", "from"]);
    let is_right =
        words.is(1, PRIVILEGES) && (words.has(&["on"]) || words.is(2, &["privileges", "to", "from"]));
    match (has_party, is_right) {
        (true, true) => Start::Strong,
        (true, false) => WEAK(words.ends(4) && words.is_name(1) && words.is_name(3)),
        (false, _) => Start::None,
    }
}

fn with(words: Words<'_, '_>) -> Start {
    let as_at = words
        .position(&["as"])
        .filter(|at| words.sign(at + 1, b"(") || words.is(at + 1, &["materialized", "not"]));
    STRONG(words.is_name(1) && as_at.is_some_and(|at| at == 2 || words.sign(2, b"(")))
}

fn explain(words: Words<'_, '_>) -> Start {
    let skipped = words.without(&[
        "analyze",
        "analyse",
        "verbose",
        "extended",
        "query",
        "plan",
        "for",
        "formatted",
        "partitions",
    ]);
    let skipped = match skipped.all.iter().position(|item| item.is_sign(b')')) {
        Some(close) if skipped.sign(1, b"(") => skipped.skip(close),
        Some(_) | None => skipped,
    };
    let inner = skipped.skip(1);
    let Some(verb) = inner.at(0).filter(|verb| verb.kind == Kind::Word) else { return Start::None };
    match verb.text.to_ascii_lowercase().as_str() {
        // An `EXPLAIN` of an `EXPLAIN` is not SQL.
        "explain" | "describe" | "desc" => Start::None,
        verb => verb_start(verb, inner),
    }
}

fn copies(words: Words<'_, '_>) -> bool {
    let Some(at) = words.position(&["to", "from"]) else { return false };
    words.is_name(1) | words.sign(1, b"(")
        && (words.at(at + 1).is_some_and(|item| item.kind == Kind::String) || words.sign(at + 1, b"'@"))
}

fn other(verb: &str, words: Words<'_, '_>) -> Start {
    let is_capital = words.at(0).is_some_and(|verb| is_capitals(verb.text));
    let string = |at: usize| words.at(at).is_some_and(|item| item.kind == Kind::String);
    let starts = |at: usize, start: &str| {
        words
            .at(at)
            .and_then(|item| item.text.get(..start.len()))
            .is_some_and(|text| text.eq_ignore_ascii_case(start))
    };
    match verb {
        "exec" | "execute" => {
            let is_known =
                ["xp_", "sp_", "@"].iter().any(|start| starts(1, start)) || words.has_prefixed("xp_");
            STRONG(
                is_known
                    || words.sign(1, b"(") && string(2)
                    || string(1)
                    || words.is(1, &["immediate"]) && words.at(2).is_some()
                    || is_capital && words.is_name(1),
            )
        }
        "call" => STRONG(
            words.is_name(1)
                && words
                    .at(1)
                    .zip(words.at(2))
                    .is_some_and(|(name, open)| open.is_sign(b'(') && name.end() == open.start),
        ),
        "pragma" => STRONG(words.is_name(1) && (words.ends(2) || words.sign(2, b"=(."))),
        "load" => STRONG(words.is(1, &["data", "xml"]) && words.has(&["infile", "inpath"])),
        "bulk" => STRONG(words.is(1, &["insert"]) && words.has(&["from"]) && words.is_name(2)),
        "attach" => STRONG(string(1) || words.is(1, &["database"]) && string(2)),
        "do" => STRONG(starts(1, "$") || string(1) || words.is(1, &["language"]) && words.has_prefixed("$")),
        "declare" => STRONG(starts(1, "@") || is_capital && words.has_sign(b";")),
        "set" => STRONG(
            starts(1, "@")
                || words.is(1, &["global", "session", "local", "persist", "role"]) && words.has_sign(b"="),
        ),
        "show" => WEAK(is_capital && words.at(1).is_some_and(|item| item.kind == Kind::Word)),
        "rename" => STRONG(words.is(1, &["table"]) && words.has(&["to"]) && words.is_object_or_to(2)),
        "backup" | "restore" => STRONG(words.is(1, &["database", "log"]) && words.has(&["disk", "url"])),
        "prepare" => STRONG(
            words.is(2, &["from"]) && (string(3) || starts(3, "@")) || words.is(2, &["as"]) && is_capital,
        ),
        "install" | "detach" | "optimize" | "reindex" | "vacuum" | "flush" | "purge" | "kill"
        | "shutdown" | "lock" | "use" | "table" | "values" | "analyze" | "analyse" | "comment" | "unload"
        | "put" | "export" | "import" | "begin" | "start" | "commit" | "rollback" | "reset" | "handler"
        | "undrop" => WEAK(is_capital && words.at(1).is_some()),
        _ => Start::None,
    }
}

impl Words<'_, '_> {
    fn has_prefixed(self, start: &str) -> bool {
        self.all
            .iter()
            .any(|item| item.text.get(..start.len()).is_some_and(|text| text.eq_ignore_ascii_case(start)))
    }

    fn is_object_or_to(self, at: usize) -> bool {
        self.is_name(at) && (self.is(at + 1, &["to"]) || self.sign(at + 1, b"."))
    }
}
