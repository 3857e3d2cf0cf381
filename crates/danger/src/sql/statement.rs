//! What a parsed statement does.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser has a hundred statements and tokens; what is not named gets the strictest reading"
)]

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    AlterTableOperation, CopyTarget, Delete, Expr, LimitClause, Query, Select, SelectItem, SetExpr,
    Statement, TableFactor, Update, Visit, Visitor,
};
use sqlparser::tokenizer::Token;

use super::truth::is_always_true;
use super::words;
use crate::Danger;

/// Reads statements and gathers their classes.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) found: BTreeSet<Danger>,
}

impl Reader {
    /// A reader of `n_statements` statements.
    pub(super) fn new(n_statements: usize) -> Self {
        let mut reader = Self::default();
        if n_statements > 1 {
            reader.found.insert(Danger::SqlMultiple);
        }
        reader
    }

    /// Looks for what the tree does not tell: functions and clauses that reach out of the database.
    pub(super) fn tokens(&mut self, tokens: &[Token]) {
        let is_code = |token: &&Token| !matches!(token, Token::Whitespace(_) | Token::EOF);
        let words: Vec<String> = tokens.iter().filter(is_code).map(word).collect();
        if words::reach_out(&words) {
            self.destructive();
        }
    }

    /// Looks at a statement and all those inside it. What is explained is not run, unless it is to be analysed too.
    pub(super) fn statement(&mut self, statement: &Statement) {
        if matches!(statement, Statement::Explain { analyze: false, options: None, .. }) {
            self.found.insert(Danger::SqlRead);
        } else {
            let _done = statement.visit(self);
        }
    }

    fn destructive(&mut self) {
        self.found.extend([Danger::SqlDestructive, Danger::SqlWrite]);
    }

    fn every_row(&mut self) {
        self.found.insert(Danger::SqlUnbounded);
        self.destructive();
    }

    fn delete(&mut self, delete: &Delete) {
        self.found.insert(Danger::SqlWrite);
        self.changes(delete.selection.as_ref(), delete.limit.as_ref());
    }

    fn update(&mut self, update: &Update) {
        self.found.insert(Danger::SqlWrite);
        self.changes(update.selection.as_ref(), update.limit.as_ref());
    }

    fn changes(&mut self, selection: Option<&Expr>, limit: Option<&Expr>) {
        match (selection.is_none_or(is_always_true), limit) {
            (true, None) => self.every_row(),
            (true, Some(_)) => self.destructive(),
            (false, _) => {}
        }
    }

    fn query(&mut self, query: &Query) {
        self.found.insert(Danger::SqlRead);
        let limit = match &query.limit_clause {
            Some(LimitClause::LimitOffset { limit, limit_by, .. }) => limit.is_some() || !limit_by.is_empty(),
            Some(LimitClause::OffsetCommaLimit { .. }) => true,
            None => false,
        };
        if !limit && query.fetch.is_none() && fetches_all(&query.body) {
            self.found.insert(Danger::SqlUnbounded);
        }
    }
}

/// Whether a query without a limit fetches every row of a table.
fn fetches_all(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(select) => selects_all(select),
        SetExpr::Query(query) => {
            query.limit_clause.is_none() && query.fetch.is_none() && fetches_all(&query.body)
        }
        SetExpr::SetOperation { left, right, .. } => fetches_all(left) || fetches_all(right),
        SetExpr::Table(_) => true,
        SetExpr::Values(_)
        | SetExpr::Insert(_)
        | SetExpr::Update(_)
        | SetExpr::Delete(_)
        | SetExpr::Merge(_) => false,
    }
}

fn selects_all(select: &Select) -> bool {
    let is_star =
        |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
    let is_table = |factor: &TableFactor| matches!(factor, TableFactor::Table { args: None, .. });
    let is_bounded = select.top.is_some() || select.prewhere.is_some() || select.qualify.is_some();
    let tables = || select.from.iter().any(|from| is_table(&from.relation));
    let is_open = match &select.selection {
        Some(selection) => is_always_true(selection),
        None => select.projection.iter().any(is_star),
    };
    !is_bounded && is_open && tables()
}

impl Visitor for Reader {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        match statement {
            Statement::Query(query) => self.query(query),
            Statement::Delete(delete) => self.delete(delete),
            Statement::Update(update) => self.update(update),
            other if only_reads(other) => {
                self.found.insert(Danger::SqlRead);
            }
            other if only_writes(other) => {
                self.found.insert(Danger::SqlWrite);
            }
            // Dropping, handing out rights, and every statement that is not known to be harmless.
            _ => self.destructive(),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        if !select.from.is_empty() {
            self.found.insert(Danger::SqlRead);
        }
        if select.into.is_some() {
            self.found.insert(Danger::SqlWrite);
        }
        ControlFlow::Continue(())
    }
}

/// Whether a statement changes nothing that lasts. Those inside it are looked at by themselves.
fn only_reads(statement: &Statement) -> bool {
    use Statement as S;
    matches!(
        statement,
        S::Explain { .. }
            | S::ExplainTable { .. }
            | S::ShowFunctions { .. }
            | S::ShowVariable { .. }
            | S::ShowStatus { .. }
            | S::ShowVariables { .. }
            | S::ShowCreate { .. }
            | S::ShowColumns { .. }
            | S::ShowCatalogs { .. }
            | S::ShowDatabases { .. }
            | S::ShowProcessList { .. }
            | S::ShowSchemas { .. }
            | S::ShowCharset(_)
            | S::ShowObjects(_)
            | S::ShowTables { .. }
            | S::ShowViews { .. }
            | S::ShowCollation { .. }
            | S::Use(_)
            | S::StartTransaction { .. }
            | S::Commit { .. }
            | S::Rollback { .. }
            | S::Savepoint { .. }
            | S::ReleaseSavepoint { .. }
            | S::Assert { .. }
            | S::Fetch { .. }
            | S::Open(_)
            | S::Close { .. }
            | S::Declare { .. }
            | S::If(_)
            | S::Case(_)
            | S::While(_)
            | S::Raise(_)
            | S::RaisError { .. }
            | S::Throw(_)
            | S::Print(_)
            | S::Return(_)
            | S::List(_)
            | S::Pragma { value: None, .. }
            | S::LISTEN { .. }
            | S::UNLISTEN { .. }
            | S::Deallocate { .. }
    )
}

/// Whether a statement changes data or structure, and neither destroys anything, hands out rights, nor reaches out.
fn only_writes(statement: &Statement) -> bool {
    use Statement as S;
    match statement {
        S::Insert(insert) => !insert.overwrite,
        S::CreateTable(table) => !table.or_replace,
        S::AlterTable(table) => !table.operations.iter().any(takes_away),
        S::Copy { target, .. } => matches!(target, CopyTarget::Stdin | CopyTarget::Stdout),
        other => matches!(
            other,
            S::Merge(_)
                | S::Analyze(_)
                | S::Call(_)
                | S::Execute { .. }
                | S::Prepare { .. }
                | S::Set(_)
                | S::Reset(_)
                | S::Pragma { value: Some(_), .. }
                | S::Comment { .. }
                | S::CreateView(_)
                | S::CreateIndex(_)
                | S::CreateSchema { .. }
                | S::CreateDatabase { .. }
                | S::CreateFunction(_)
                | S::CreateProcedure { .. }
                | S::CreateTrigger(_)
                | S::CreateMacro { .. }
                | S::CreateVirtualTable { .. }
                | S::CreateSequence { .. }
                | S::CreateDomain(_)
                | S::CreateType { .. }
                | S::CreateCollation(_)
                | S::CreateFileFormat { .. }
                | S::CreateWarehouse(_)
                | S::AlterIndex { .. }
                | S::AlterView { .. }
                | S::AlterFunction(_)
                | S::AlterType(_)
                | S::AlterSchema(_)
                | S::AlterSession { .. }
                | S::RenameTable(_)
                | S::Lock(_)
                | S::LockTables { .. }
                | S::UnlockTables
                | S::Vacuum(_)
                | S::OptimizeTable { .. }
                | S::RefreshMaterializedView { .. }
                | S::Cache { .. }
                | S::UNCache { .. }
                | S::NOTIFY { .. }
        ),
    }
}

/// Whether a change of a table destroys some of it or lifts a protection.
fn takes_away(operation: &AlterTableOperation) -> bool {
    use AlterTableOperation as A;
    matches!(
        operation,
        A::DropColumn { .. }
            | A::DropConstraint { .. }
            | A::DropPrimaryKey { .. }
            | A::DropForeignKey { .. }
            | A::DropIndex { .. }
            | A::DropPartitions { .. }
            | A::DropProjection { .. }
            | A::ClearProjection { .. }
            | A::DropClusteringKey
            | A::DetachPartition { .. }
            | A::DetachPartitionOf { .. }
            | A::DisableRowLevelSecurity
            | A::NoForceRowLevelSecurity
            | A::DisableRule { .. }
            | A::DisableTrigger { .. }
            | A::OwnerTo { .. }
            | A::SwapWith { .. }
    )
}

/// A token in lower case; of a string, only that it is one.
fn word(token: &Token) -> String {
    match token {
        Token::Word(word) => word.value.to_ascii_lowercase(),
        token => {
            let text = token.to_string();
            if text.len() > 1 && text.contains(['\'', '"', '$']) {
                "'".to_owned()
            } else {
                text.to_ascii_lowercase()
            }
        }
    }
}
