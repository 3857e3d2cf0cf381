//! The parser, with limits: one reading for each dialect.

use std::collections::BTreeSet;

use sqlparser::dialect::{
    BigQueryDialect, ClickHouseDialect, DatabricksDialect, Dialect, DuckDbDialect, GenericDialect,
    HiveDialect, MsSqlDialect, MySqlDialect, OracleDialect, PostgreSqlDialect, RedshiftSqlDialect,
    SQLiteDialect, SnowflakeDialect,
};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::lexis::Item;
use super::statement::Reader;
use crate::{Danger, work};

/// How deep expressions and queries may nest. The parser, which recurses, is run on the small stack of a component.
const DEPTH: usize = 24;
/// How many operators may stand in one text: the parser builds a tree as deep as a chain of them is long, and the tree is
/// visited and dropped recursively.
const LINKS: usize = 256;
/// How many brackets may be open at once. The parser tries several readings of each, inside each other.
const OPEN: usize = 8;

const DIALECTS: [&dyn Dialect; 13] = [
    &GenericDialect,
    &PostgreSqlDialect {},
    &MySqlDialect {},
    &MsSqlDialect {},
    &SQLiteDialect {},
    &SnowflakeDialect,
    &BigQueryDialect,
    &OracleDialect,
    &ClickHouseDialect {},
    &DuckDbDialect,
    &DatabricksDialect {},
    &RedshiftSqlDialect {},
    &HiveDialect {},
];

/// Adds the classes of a text that is one or more statements, and returns whether any dialect can read it.
pub(super) fn classify(text: &str, items: &[Item<'_>], found: &mut BTreeSet<Danger>) -> bool {
    if !fits(items) {
        return false;
    }
    let mut readers = DIALECTS.iter().filter_map(|dialect| read(*dialect, text)).peekable();
    let is_read = readers.peek().is_some();
    readers.for_each(|reader| found.extend(reader.found));
    is_read
}

/// Whether the parser may be given the text.
fn fits(items: &[Item<'_>]) -> bool {
    let (mut open, mut links) = (0_usize, 0_usize);
    for item in items {
        match item.text {
            "(" | "[" | "{" => open += 1,
            ")" | "]" | "}" => open = open.saturating_sub(1),
            "," | ";" | "." => {}
            _ if item.kind == super::lexis::Kind::Sign || item.is_any(LINKING) => links += 1,
            _ => {}
        }
        if open > OPEN || links > LINKS {
            return false;
        }
    }
    true
}

/// The words that chain what is left of them to what is right, or nest without brackets.
const LINKING: &[&str] = &[
    "and",
    "or",
    "xor",
    "not",
    "union",
    "intersect",
    "except",
    "minus",
    "case",
    "is",
    "in",
    "like",
    "ilike",
    "between",
    "collate",
    "div",
    "mod",
    "regexp",
    "rlike",
    "similar",
    "begin",
    "if",
    "while",
    "loop",
    "explain",
    "interval",
    "isnull",
    "notnull",
    "at",
    "binary",
    "prior",
    "exists",
    "select",
    "escape",
    "overlaps",
    "member",
];

fn read(dialect: &dyn Dialect, text: &str) -> Option<Reader> {
    work::add(text.len());
    let tokens = Tokenizer::new(dialect, text).tokenize_with_location().ok()?;
    let words: Vec<Token> = tokens.iter().map(|token| token.token.clone()).collect();
    let mut parser = Parser::new(dialect).with_recursion_limit(DEPTH).with_tokens_with_locations(tokens);
    let statements = parser.parse_statements().ok().filter(|statements| !statements.is_empty())?;
    let mut reader = Reader::new(statements.len());
    reader.tokens(&words);
    statements.iter().for_each(|statement| reader.statement(statement));
    Some(reader)
}
